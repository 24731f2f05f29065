//! Samples for a Prometheus server to scrape.

use std::{collections::BTreeMap, fmt};

use shape_telemetry::ComponentId;

use super::MetricKind;
use crate::{Sli, SliReport, figures::real};

/// Collects samples and writes them in Prometheus' text format 0.0.4: families by name, samples by labels.
///
/// What is not a number is left out: no sample is the honest answer where there is no data.
///
/// ```
/// use shape_sli::{ExpositionWriter, MetricKind};
///
/// let mut writer = ExpositionWriter::new();
/// writer.family("shop_orders_total", MetricKind::Counter, "Orders so far.");
/// writer.sample("shop_orders_total", &[("state", "paid")], 7.0);
/// assert_eq!(writer.to_string(), "\
/// ## HELP shop_orders_total Orders so far.
/// ## TYPE shop_orders_total counter
/// shop_orders_total{state=\"paid\"} 7
/// ");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpositionWriter {
    families: BTreeMap<String, Family>,
}

#[derive(Clone, Debug, PartialEq)]
struct Family {
    kind: MetricKind,
    help: String,
    /// By the labels as they are written.
    samples: BTreeMap<String, f64>,
}

impl ExpositionWriter {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what a family is; the last word counts.
    pub fn family(&mut self, name: &str, kind: MetricKind, help: &str) {
        let family = self.families.entry(name.to_owned());
        let family = family.or_insert_with(|| Family::unknown(""));
        family.kind = kind;
        help.clone_into(&mut family.help);
    }

    /// Adds a sample of a family, of unknown kind unless [`ExpositionWriter::family`] says otherwise. A later value of the
    /// same labels replaces an earlier one; what is not a number is left out.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        if value.is_nan() {
            return;
        }
        let mut labels: Vec<&(&str, &str)> = labels.iter().collect();
        labels.sort_unstable();
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        let family = self.families.entry(name.to_owned());
        let family = family.or_insert_with(|| Family::unknown("No description."));
        family.samples.insert(labels.join(","), value);
    }

    /// Adds what a report measured: events and shares with their intervals, latencies, health.
    pub fn add_report(&mut self, report: &SliReport) {
        let gauges = [
            (
                "shape_sli_events",
                "Events of the period that was measured, by outcome.",
            ),
            (
                "shape_sli_good_ratio",
                "The share of good events, in 0 to 1; no sample without events.",
            ),
            (
                "shape_sli_good_ratio_lower",
                "The lower end of the interval of the share (Wilson).",
            ),
            (
                "shape_sli_good_ratio_upper",
                "The upper end of the interval of the share (Wilson).",
            ),
            (
                "shape_latency_seconds",
                "Latency of requests by percentile, within one percent.",
            ),
            ("shape_health_score", "The health score, in 0 to 100."),
        ];
        for (name, help) in gauges {
            self.family(name, MetricKind::Gauge, help);
        }
        for component in &report.components {
            let name = component.component.as_str();
            for sli in &component.slis {
                self.add_sli(&component.component, sli);
            }
            if let Some(latency) = component.latency {
                for (percentile, ms) in [
                    ("50", latency.p50_ms),
                    ("95", latency.p95_ms),
                    ("99", latency.p99_ms),
                    ("100", latency.max_ms),
                ] {
                    let labels = [("component", name), ("percentile", percentile)];
                    self.sample("shape_latency_seconds", &labels, ms / 1e3);
                }
            }
            if let Some(health) = &component.health {
                let labels = [("component", name), ("model", health.model.as_str())];
                let score = f64::from(health.score.hundredths()) / 100.0;
                self.sample("shape_health_score", &labels, score);
            }
        }
    }

    fn add_sli(&mut self, component: &ComponentId, sli: &Sli) {
        let indicator = sli.indicator.to_string();
        let labels = [("component", component.as_str()), ("sli", &*indicator)];
        for (outcome, count) in [("good", sli.events.good()), ("bad", sli.events.bad())] {
            let labels = [labels[0], labels[1], ("outcome", outcome)];
            self.sample("shape_sli_events", &labels, real(count));
        }
        let interval = sli.interval;
        for (name, value) in [
            ("shape_sli_good_ratio", sli.events.ratio()),
            (
                "shape_sli_good_ratio_lower",
                interval.map(|interval| interval.lower),
            ),
            (
                "shape_sli_good_ratio_upper",
                interval.map(|interval| interval.upper),
            ),
        ] {
            if let Some(value) = value {
                self.sample(name, &labels, value);
            }
        }
    }
}

impl Family {
    fn unknown(help: &str) -> Self {
        Self {
            kind: MetricKind::Unknown,
            help: help.to_owned(),
            samples: BTreeMap::new(),
        }
    }
}

impl fmt::Display for ExpositionWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, family) in &self.families {
            if family.samples.is_empty() {
                continue;
            }
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            writeln!(f, "# HELP {name} {help}\n# TYPE {name} {}", family.kind)?;
            for (labels, value) in &family.samples {
                f.write_str(name)?;
                if !labels.is_empty() {
                    write!(f, "{{{labels}}}")?;
                }
                if value.is_infinite() {
                    writeln!(f, " {}", if 0.0 < *value { "+Inf" } else { "-Inf" })?;
                } else {
                    writeln!(f, " {value}")?;
                }
            }
        }
        Ok(())
    }
}

/// A text in quotes, as the formats of Prometheus write it.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}
