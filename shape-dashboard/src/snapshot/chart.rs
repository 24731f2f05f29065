//! What the charts draw: the remaining budget and the indicator against its target, over time.

use jiff::Timestamp;
use serde::Serialize;
use shape_budget::{BurndownPoint, SloBudget};
use shape_sli::{Events, SliPoint};

use super::{SloRow, promise};
use crate::{figures, state::Reports};

/// More points than this are put together, since a screen shows no more.
const MOST_POINTS: usize = 300;

/// The two charts of one promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Chart {
    /// The promise.
    pub slo: String,
    /// How it is called in the list of charts, with its status.
    pub title: String,
    /// Bad events that may still come; the line that matters is 0.
    pub burndown: Series,
    /// The good share in percent against the target.
    pub sli: Series,
}

/// Values over time, with a label for each.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// What is drawn, in one line.
    pub caption: String,
    /// The times in seconds since the epoch.
    pub times_unix_s: Vec<f64>,
    /// The values, in the unit that `unit` names.
    pub values: Vec<f64>,
    /// The values for people.
    pub labels: Vec<String>,
    /// The unit of the values.
    pub unit: String,
    /// The line to compare with.
    pub reference: f64,
    /// What that line is.
    pub reference_label: String,
}

pub(super) fn charts(reports: &Reports, slos: &[SloRow]) -> Vec<Chart> {
    slos.iter()
        .filter_map(|row| {
            let budget = budget(reports, &row.id)?;
            let points = reports
                .sli
                .as_ref()
                .and_then(|report| report.find(&budget.component, budget.indicator))
                .map_or(&[][..], |sli| &sli.points);
            let chart = Chart {
                slo: row.id.clone(),
                title: format!("{} ({})", row.id, row.status.text),
                burndown: burndown(budget),
                sli: indicator(budget, points),
            };
            (!chart.burndown.values.is_empty() || !chart.sli.values.is_empty()).then_some(chart)
        })
        .collect()
}

fn budget<'a>(reports: &'a Reports, id: &str) -> Option<&'a SloBudget> {
    let judged = reports.compliance.as_ref().and_then(|it| {
        let status = it
            .statuses
            .iter()
            .find(|status| status.slo.as_str() == id)?;
        Some((it.now, &status.budget))
    });
    let counted = reports.budget.as_ref().and_then(|it| {
        let budget = it.budgets.iter().find(|budget| budget.slo.as_str() == id)?;
        Some((it.now, budget))
    });
    match (judged, counted) {
        (Some((then, _)), Some((now, budget))) if then < now => Some(budget),
        (Some((_, budget)), _) | (None, Some((_, budget))) => Some(budget),
        (None, None) => None,
    }
}

fn burndown(budget: &SloBudget) -> Series {
    let mut series = Series {
        caption: format!(
            "Bad events that may still come, of {} allowed",
            figures::grouped(budget.allowed)
        ),
        unit: "bad events".into(),
        reference: 0.0,
        reference_label: "budget spent".into(),
        ..Series::default()
    };
    // The lowest of each group, so that a short dip below zero is not lost.
    let lowest = |group: &[BurndownPoint]| group.iter().copied().min_by_key(|it| it.remaining);
    for point in groups(&budget.burndown).filter_map(lowest) {
        series.push(
            point.time,
            count(point.remaining),
            format!("{} remaining", figures::signed(point.remaining)),
        );
    }
    series
}

fn indicator(budget: &SloBudget, points: &[SliPoint]) -> Series {
    let target = f64::from(budget.target.ppb()) / 1e7;
    let mut series = Series {
        caption: format!(
            "Share of {}, by time",
            promise::indicator_label(budget.indicator)
        ),
        unit: "percent".into(),
        reference: target,
        reference_label: format!("target {}", figures::exact_percent(budget.target.ppb())),
        ..Series::default()
    };
    for group in groups(points) {
        let good = group.iter().map(|it| it.events.good()).sum();
        let total = group.iter().map(|it| it.events.total()).sum();
        let (Some(first), Ok(events)) = (group.first(), Events::new(good, total)) else {
            continue;
        };
        let Some(label) = figures::good_share(good, total) else {
            continue;
        };
        series.push(
            first.start,
            100.0 * figures::real(good) / figures::real(total),
            format!("{label} ({})", promise::events_label(events)),
        );
    }
    series
}

impl Series {
    fn push(&mut self, at: Timestamp, value: f64, label: String) {
        self.times_unix_s.push(at.as_duration().as_secs_f64());
        self.values.push(value);
        self.labels.push(label);
    }
}

fn groups<T>(points: &[T]) -> impl Iterator<Item = &[T]> {
    points.chunks(points.len().div_ceil(MOST_POINTS).max(1))
}

fn count(remaining: i64) -> f64 {
    let size = figures::real(remaining.unsigned_abs());
    if remaining < 0 { -size } else { size }
}
