//! Whether a change measures better: the tests of `shape-sli`, and from which effect on they count.

use serde::{Deserialize, Serialize};
use shape_sli::{Events, Indicator, TestKind};
use shape_telemetry::{ComponentId, LatencySketch, Measurements};

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
    /// The least change of a latency that counts, in milliseconds: users do not notice microseconds.
    pub min_latency_ms: f64,
    /// Below this number of events on one side nothing is said.
    pub min_events: u64,
}

impl Default for Judgement {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            min_points: 0.1,
            min_latency_change: 0.05,
            min_latency_ms: 1.0,
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

/// Compares the good share of two runs.
pub(crate) fn compare_events(
    what: &str,
    before: Events,
    after: Events,
    judgement: Judgement,
) -> Comparison {
    let result = shape_sli::compare_events(before, after);
    let change = 100.0 * result.difference.unwrap_or(0.0);
    let bounds = result.difference_interval;
    let p_value = result.p_value.unwrap_or(1.0);
    let enough = judgement.min_events <= before.total().min(after.total());
    let is_significant = enough && p_value < judgement.alpha;
    Comparison {
        what: what.to_owned(),
        before,
        after,
        p95_before_ms: None,
        p95_after_ms: None,
        change,
        change_lower: bounds.map_or(-100.0, |bounds| 100.0 * bounds.lower),
        change_upper: bounds.map_or(100.0, |bounds| 100.0 * bounds.upper),
        unit: "percentage points of good events".to_owned(),
        test: name(result.test).to_owned(),
        p_value,
        is_better: is_significant && judgement.min_points <= change,
        is_worse: is_significant && change <= -judgement.min_points,
    }
}

/// Compares the durations of two runs; `None` when one side has none.
pub(crate) fn compare_latency(
    what: &str,
    before: &Figures,
    after: &Figures,
    judgement: Judgement,
) -> Option<Comparison> {
    let result = shape_sli::compare_latency(&before.latency, &after.latency);
    let (change, p_value) = (result.shift_ms?, result.p_value?);
    let least = judgement
        .min_latency_ms
        .max(judgement.min_latency_change * result.p50_before_ms.unwrap_or(0.0));
    let enough = judgement.min_events <= result.count_before.min(result.count_after);
    let is_significant = enough && p_value < judgement.alpha;
    let bounds = result.shift_interval_ms;
    Some(Comparison {
        what: what.to_owned(),
        before: before.events,
        after: after.events,
        p95_before_ms: result.p95_before_ms,
        p95_after_ms: result.p95_after_ms,
        change,
        change_lower: bounds.map_or(change, |bounds| bounds.lower),
        change_upper: bounds.map_or(change, |bounds| bounds.upper),
        unit: "ms".to_owned(),
        test: name(result.test).to_owned(),
        p_value,
        is_better: is_significant && change <= -least,
        is_worse: is_significant && least <= change,
    })
}

fn name(test: TestKind) -> &'static str {
    match test {
        TestKind::FisherExact => "Fisher's exact test",
        TestKind::TwoProportionZ => "two-proportion z test",
        TestKind::MannWhitney => "Mann-Whitney U, Hodges-Lehmann shift",
        _ => "test of shape-sli",
    }
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
}
