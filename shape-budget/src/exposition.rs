//! Budgets for a Prometheus server to scrape.

use std::time::Duration;

use shape_sli::{ExpositionWriter, MetricKind};

use crate::{AlertSeverity, BudgetReport, SloBudget};

const GAUGES: [(&str, &str); 6] = [
    (
        "shape_budget_allowed_events",
        "Bad events or slices that the window allows.",
    ),
    (
        "shape_budget_remaining_events",
        "Allowed less bad ones; negative when overspent.",
    ),
    (
        "shape_budget_consumed_ratio",
        "The part of the budget that is used, 1 is all of it; no sample where nothing is known.",
    ),
    (
        "shape_burn_rate",
        "How many times as fast as it may the budget burns, by look-back.",
    ),
    (
        "shape_budget_breach_probability",
        "The probability that the promise is broken at the end of the window.",
    ),
    ("shape_burn_alerts", "Burn alerts that fire, by severity."),
];

impl BudgetReport {
    /// Adds what is left of every budget, how fast it burns, and the alerts that fire. Where there are no events there is no
    /// sample of a share, and never one of 0 or 1.
    ///
    /// ```
    /// use shape_budget::BudgetReport;
    /// use shape_sli::ExpositionWriter;
    ///
    /// # let report = BudgetReport { schema_version: 1, now: "2026-11-24T08:00:00Z".parse()?, budgets: Vec::new() };
    /// let mut writer = ExpositionWriter::new();
    /// report.write_metrics(&mut writer);
    /// println!("{writer}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_metrics(&self, writer: &mut ExpositionWriter) {
        for (name, help) in GAUGES {
            writer.family(name, MetricKind::Gauge, help);
        }
        for budget in &self.budgets {
            budget.write_metrics(writer);
        }
    }
}

impl SloBudget {
    fn write_metrics(&self, writer: &mut ExpositionWriter) {
        let labels = [
            ("component", self.component.as_str()),
            ("slo", self.slo.as_str()),
        ];
        let with = |name: &'static str,
                    value: &str,
                    number: f64,
                    writer: &mut ExpositionWriter,
                    metric: &str| {
            writer.sample(metric, &[labels[0], labels[1], (name, value)], number);
        };
        writer.sample("shape_budget_allowed_events", &labels, whole(self.allowed));
        let remaining = whole(self.remaining.unsigned_abs());
        let signed = if self.remaining < 0 {
            -remaining
        } else {
            remaining
        };
        writer.sample("shape_budget_remaining_events", &labels, signed);
        if let Some(ppm) = self.consumed_ppm {
            writer.sample("shape_budget_consumed_ratio", &labels, whole(ppm) / 1e6);
        }
        for window in &self.burn {
            if let Some(burn) = window.burn {
                let seconds = window.seconds.to_string();
                with(
                    "window_seconds",
                    &seconds,
                    burn.get(),
                    writer,
                    "shape_burn_rate",
                );
            }
        }
        if let Some(probability) = self.forecast.breach_probability {
            writer.sample("shape_budget_breach_probability", &labels, probability);
        }
        for (severity, name) in [
            (AlertSeverity::Page, "page"),
            (AlertSeverity::Ticket, "ticket"),
        ] {
            let firing = self
                .alerts
                .iter()
                .filter(|alert| alert.severity == severity);
            let count = u32::try_from(firing.count()).unwrap_or(u32::MAX);
            with(
                "severity",
                name,
                f64::from(count),
                writer,
                "shape_burn_alerts",
            );
        }
    }
}

/// A count as a number, above 2^53 the nearest one.
fn whole(count: u64) -> f64 {
    // `Duration` has the conversion that std lacks for integers.
    Duration::from_secs(count).as_secs_f64()
}
