//! Whether a change measures better: counts by an exact or a two-proportion test, durations by Mann and Whitney.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shape_sli::{Events, Indicator};
use shape_telemetry::{ComponentId, LatencySketch, Measurements};
use statrs::{
    distribution::{ContinuousCDF, Normal},
    stats_tests::{Alternative, fisher::fishers_exact},
};

use crate::Comparison;

/// From which effect on, and how surely, a change counts as better or worse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Judgement {
    /// The level of significance of the two-sided tests.
    pub alpha: f64,
    /// The least change of the good share that counts, in percentage points.
    pub min_points: f64,
    /// The least change of a latency that counts, as a share of the one before.
    pub min_latency_change: f64,
    /// Below this number of events on one side nothing is said.
    pub min_events: u64,
}

impl Default for Judgement {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            min_points: 0.1,
            min_latency_change: 0.05,
            min_events: 30,
        }
    }
}

/// What is compared of one component: an indicator's events and all durations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) events: Events,
    pub(crate) latency: LatencySketch,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.latency.merge(&other.latency);
    }
}

/// The figures of a component; an explanation when its indicator was not counted.
pub(crate) fn figures(
    measurements: &Measurements,
    component: &ComponentId,
    indicator: Indicator,
) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let limit = match indicator.limit() {
        None => None,
        Some(limit) => {
            let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
            let index = measurements
                .latency_limits_ns
                .iter()
                .position(|known| *known == nanos);
            Some(index.ok_or_else(|| {
                format!(
                    "the logs were not counted at the limit of {} ms; give it to the log reader",
                    limit.as_secs_f64() * 1e3
                )
            })?)
        }
    };
    let Some(measured) = measurements.components.get(component) else {
        return Ok(figures);
    };
    for bucket in measured.buckets.values().chain([&measured.untimed]) {
        let (good, total) = match limit {
            None => (bucket.good, bucket.good + bucket.bad),
            Some(index) => (
                bucket.good_within.get(index).copied().unwrap_or(0),
                bucket.timed,
            ),
        };
        figures.events += Events::new(good.min(total), total).unwrap_or_default();
        figures.latency.merge(&bucket.latency);
    }
    Ok(figures)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts of events in statistics; beyond 2^53 a rounding of 1 in 10^16 does not matter"
)]
fn float(n: u64) -> f64 {
    n as f64
}

/// The two-sided quantile of the normal distribution for 95 %.
const Z95: f64 = 1.959_963_984_540_054;

/// Compares the good share of two runs.
pub(crate) fn compare_events(
    what: &str,
    before: Events,
    after: Events,
    judgement: Judgement,
) -> Comparison {
    let cells = [after.good(), after.bad(), before.good(), before.bad()];
    let total = float(before.total() + after.total());
    let least_expected = [before.total(), after.total()]
        .into_iter()
        .flat_map(|row| {
            [before.good() + after.good(), before.bad() + after.bad()].map(|column| (row, column))
        })
        .map(|(row, column)| float(row) * float(column) / total.max(1.0))
        .fold(f64::INFINITY, f64::min);
    let (p_value, test) = if least_expected < 5.0 {
        let p = fishers_exact(&cells, Alternative::TwoSided).unwrap_or(1.0);
        (p, "Fisher's exact test")
    } else {
        (two_proportions(before, after), "two-proportion z test")
    };
    let (change, lower, upper) = newcombe(before, after);
    let enough = judgement.min_events <= before.total().min(after.total());
    let is_significant = enough && p_value < judgement.alpha;
    Comparison {
        what: what.to_owned(),
        before,
        after,
        p95_before_ms: None,
        p95_after_ms: None,
        change: 100.0 * change,
        change_lower: 100.0 * lower,
        change_upper: 100.0 * upper,
        unit: "percentage points of good events".to_owned(),
        test: test.to_owned(),
        p_value: if p_value.is_finite() {
            p_value.clamp(0.0, 1.0)
        } else {
            1.0
        },
        is_better: is_significant && judgement.min_points <= 100.0 * change,
        is_worse: is_significant && 100.0 * change <= -judgement.min_points,
    }
}

fn two_proportions(before: Events, after: Events) -> f64 {
    let (n1, n2) = (float(before.total()), float(after.total()));
    let pooled = (float(before.good()) + float(after.good())) / (n1 + n2);
    let error = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    if error <= 0.0 || !error.is_finite() {
        return 1.0;
    }
    let z = (float(after.good()) / n2 - float(before.good()) / n1) / error;
    2.0 * normal_cdf(-z.abs())
}

fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// Wilson's interval of a share.
fn wilson(events: Events) -> (f64, f64, f64) {
    let n = float(events.total());
    if n <= 0.0 {
        return (0.0, 0.0, 1.0);
    }
    let p = float(events.good()) / n;
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    (p, centre - half, centre + half)
}

/// The difference of two shares and its 95 % interval by Newcombe's method 10.
fn newcombe(before: Events, after: Events) -> (f64, f64, f64) {
    let (p1, l1, u1) = wilson(after);
    let (p2, l2, u2) = wilson(before);
    if before.total() == 0 || after.total() == 0 {
        return (0.0, -1.0, 1.0);
    }
    let change = p1 - p2;
    let lower = change - ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt();
    let upper = change + ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt();
    (change, lower, upper)
}

/// Compares the durations of two runs; `None` when one side has none.
pub(crate) fn compare_latency(
    what: &str,
    before: &Figures,
    after: &Figures,
    judgement: Judgement,
) -> Option<Comparison> {
    let x = bins(&before.latency);
    let y = bins(&after.latency);
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let (u, spread, n1, n2) = mann_whitney(&x, &y);
    let mean = n1 * n2 / 2.0;
    let p_value = if spread <= 0.0 {
        1.0
    } else {
        // The continuity correction moves U half a step towards its mean.
        let z = ((u - mean).abs() - 0.5).max(0.0) / spread;
        2.0 * normal_cdf(-z)
    };
    let (change, lower, upper) = shift(&x, &y, spread, mean);
    let p95 = |latency: &LatencySketch| latency.quantile(0.95).map(ms);
    let median = before.latency.quantile(0.5).map_or(0.0, ms);
    let least = judgement.min_latency_change * median;
    let enough = judgement.min_events <= before.latency.count().min(after.latency.count());
    let is_significant = enough && p_value < judgement.alpha;
    Some(Comparison {
        what: what.to_owned(),
        before: before.events,
        after: after.events,
        p95_before_ms: p95(&before.latency),
        p95_after_ms: p95(&after.latency),
        change,
        change_lower: lower,
        change_upper: upper,
        unit: "ms".to_owned(),
        test: "Mann-Whitney U, Hodges-Lehmann shift".to_owned(),
        p_value: p_value.clamp(0.0, 1.0),
        is_better: is_significant && change <= -least && change < 0.0,
        is_worse: is_significant && least <= change && 0.0 < change,
    })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn bins(sketch: &LatencySketch) -> Vec<(f64, f64)> {
    sketch
        .bins()
        .filter(|(_, count)| 0 < *count)
        .map(|(duration, count)| (ms(duration), float(count)))
        .collect()
}

/// U of `y` over `x` with ties by average ranks, its standard deviation, and both sample sizes.
fn mann_whitney(x: &[(f64, f64)], y: &[(f64, f64)]) -> (f64, f64, f64, f64) {
    let n1: f64 = x.iter().map(|(_, count)| count).sum();
    let n2: f64 = y.iter().map(|(_, count)| count).sum();
    let mut values: Vec<(f64, f64, f64)> = x
        .iter()
        .map(|&(value, count)| (value, count, 0.0))
        .chain(y.iter().map(|&(value, count)| (value, 0.0, count)))
        .collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut u, mut below, mut ties, mut index) = (0.0, 0.0, 0.0, 0);
    while index < values.len() {
        let value = values[index].0;
        let (mut in_x, mut in_y) = (0.0, 0.0);
        while index < values.len() && values[index].0.total_cmp(&value).is_eq() {
            in_x += values[index].1;
            in_y += values[index].2;
            index += 1;
        }
        u += in_y * (below + in_x / 2.0);
        below += in_x;
        let equal = in_x + in_y;
        ties += equal * equal * equal - equal;
    }
    let n = n1 + n2;
    let variance = if n < 2.0 {
        0.0
    } else {
        n1 * n2 / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)))
    };
    (u, variance.max(0.0).sqrt(), n1, n2)
}

/// The Hodges-Lehmann estimate of `y − x` and its 95 % interval (Moses), over the bins of the sketches.
fn shift(x: &[(f64, f64)], y: &[(f64, f64)], spread: f64, mean: f64) -> (f64, f64, f64) {
    let mut differences: Vec<(f64, f64)> = y
        .iter()
        .flat_map(|&(b, m)| x.iter().map(move |&(a, n)| (b - a, m * n)))
        .collect();
    differences.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |rank: f64| {
        let mut below = 0.0;
        for (difference, weight) in &differences {
            below += weight;
            if rank <= below {
                return *difference;
            }
        }
        differences
            .last()
            .map_or(0.0, |(difference, _)| *difference)
    };
    let half = Z95 * spread;
    (at(mean), at((mean - half).max(1.0)), at(mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn events(good: u64, total: u64) -> Events {
        Events::new(good, total).unwrap()
    }

    #[test]
    fn a_clear_gain_is_better_and_its_mirror_worse() {
        let judgement = Judgement::default();
        let (few, many) = (events(800, 1_000), events(990, 1_000));
        let gain = compare_events("x", few, many, judgement);
        assert!(gain.is_better && !gain.is_worse);
        assert!((gain.change - 19.0).abs() < 1e-9);
        assert!(gain.change_lower < 19.0 && 19.0 < gain.change_upper);
        let loss = compare_events("x", many, few, judgement);
        assert!(loss.is_worse && !loss.is_better);
    }

    #[test]
    fn nothing_is_said_of_no_or_few_events() {
        let judgement = Judgement::default();
        for (before, after) in [
            (Events::NONE, Events::NONE),
            (events(0, 10), events(10, 10)),
            (events(1_000, 1_000), events(1_000, 1_000)),
        ] {
            let same = compare_events("x", before, after, judgement);
            assert!(!same.is_better && !same.is_worse, "{same:?}");
            assert!(same.p_value.is_finite() && same.change.is_finite());
        }
    }

    /// `scipy.stats.mannwhitneyu([1,2,3,4,5], [3,4,5,6,7,8], method="asymptotic")` gives U2 = 25.5 and p = 0.0657…
    #[test]
    fn mann_whitney_agrees_with_statrs() {
        use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};
        let before = [1.0, 2.0, 3.0, 4.0, 5.0];
        let after = [3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let weighted = |values: &[f64]| values.iter().map(|&v| (v, 1.0)).collect::<Vec<_>>();
        let (u, spread, n1, n2) = mann_whitney(&weighted(&before), &weighted(&after));
        let z = ((u - n1 * n2 / 2.0).abs() - 0.5) / spread;
        let p = 2.0 * normal_cdf(-z);
        let (_, expected) = mannwhitneyu(
            &before,
            &after,
            MannWhitneyUMethod::AsymptoticInclContinuityCorrection,
            Alternative::TwoSided,
        )
        .unwrap();
        assert!((p - expected).abs() < 1e-9, "{p} against {expected}");
        let (change, lower, upper) =
            shift(&weighted(&before), &weighted(&after), spread, n1 * n2 / 2.0);
        assert!((change - 2.5).abs() < 0.51, "{change}");
        assert!(lower <= change && change <= upper);
    }
}
