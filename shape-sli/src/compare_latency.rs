//! Before and after: whether requests became faster.

use serde::{Deserialize, Serialize};
use shape_telemetry::LatencySketch;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{
    Bounds, Change, TestKind,
    figures::{real, share},
    interval::two_sided_z,
};

/// Two samples of durations side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyComparison {
    /// Durations before.
    pub count_before: u64,
    /// Durations after.
    pub count_after: u64,
    /// Median before, in milliseconds.
    pub p50_before_ms: Option<f64>,
    /// Median after, in milliseconds.
    pub p50_after_ms: Option<f64>,
    /// 95th percentile before, in milliseconds.
    pub p95_before_ms: Option<f64>,
    /// 95th percentile after, in milliseconds.
    pub p95_after_ms: Option<f64>,
    /// The Hodges–Lehmann shift, in milliseconds: the median of all differences after less before. Negative is faster.
    pub shift_ms: Option<f64>,
    /// Its confidence interval, in milliseconds.
    pub shift_interval_ms: Option<Bounds>,
    /// The probability that a request after is faster than one before, ties half.
    pub faster_probability: Option<f64>,
    /// Mann and Whitney's U of the later sample: pairs in which the later request took longer, ties half.
    pub u: Option<f64>,
    /// The probability of such ranks by chance, two-sided.
    pub p_value: Option<f64>,
    /// The test that gave it.
    pub test: TestKind,
    /// What it says at a level of 5 %; `Better` is faster.
    pub change: Change,
}

/// Compares two samples of durations by the rank test of Mann and Whitney (1947), with the correction for ties and for
/// continuity, at 95 % confidence.
///
/// Two durations in the same bin of the sketch count as equal: they differ by less than twice its relative error. The
/// estimate and interval of the shift are those of Hodges and Lehmann (1963) and Moses, over the bins.
///
/// The test is the normal approximation, good from about ten durations a sample.
///
/// ```
/// use std::time::Duration;
/// use shape_sli::{Change, compare_latency};
/// use shape_telemetry::LatencySketch;
///
/// let sketch = |from_ms: u64| {
///     let mut sketch = LatencySketch::default();
///     for ms in from_ms..from_ms + 50 {
///         sketch.insert(Duration::from_millis(ms));
///     }
///     sketch
/// };
/// let comparison = compare_latency(&sketch(70), &sketch(5));
/// assert_eq!(comparison.change, Change::Better);
/// let shift = comparison.shift_ms.ok_or("no durations")?;
/// assert!((-66.5..=-63.5).contains(&shift));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare_latency(before: &LatencySketch, after: &LatencySketch) -> LatencyComparison {
    let ranks = Ranks::new(before, after);
    let p_value = ranks.as_ref().map(Ranks::p_value);
    let faster_probability = ranks.as_ref().map(Ranks::faster);
    let change = match (p_value, faster_probability) {
        (Some(p), Some(faster)) if p < 0.05 => {
            if 0.5 < faster {
                Change::Better
            } else {
                Change::Worse
            }
        }
        (Some(_), _) => Change::Unclear,
        (None, _) => Change::NoData,
    };
    let shift = ranks.as_ref().map(|ranks| ranks.shift(before, after, 0.95));
    let quantile = |sketch: &LatencySketch, q| {
        let nanoseconds = sketch.quantile(q)?.as_nanos();
        Some(real(u64::try_from(nanoseconds).unwrap_or(u64::MAX)) / 1e6)
    };
    LatencyComparison {
        count_before: before.count(),
        count_after: after.count(),
        p50_before_ms: quantile(before, 0.5),
        p50_after_ms: quantile(after, 0.5),
        p95_before_ms: quantile(before, 0.95),
        p95_after_ms: quantile(after, 0.95),
        shift_ms: shift.map(|(shift, _)| shift),
        shift_interval_ms: shift.and_then(|(_, bounds)| bounds),
        faster_probability,
        u: ranks.as_ref().map(|ranks| ranks.u_after),
        p_value,
        test: TestKind::MannWhitney,
        change,
    }
}

/// What the rank test needs of two samples that are not empty.
struct Ranks {
    pairs: f64,
    u_after: f64,
    deviation: f64,
}

impl Ranks {
    fn new(before: &LatencySketch, after: &LatencySketch) -> Option<Self> {
        let before_bins = milliseconds(before);
        let after_bins = milliseconds(after);
        let count = |bins: &[(f64, f64)]| bins.iter().map(|(_, count)| count).sum::<f64>();
        let (n1, n2) = (count(&before_bins), count(&after_bins));
        if n1 <= 0.0 || n2 <= 0.0 {
            return None;
        }
        let mut u_after = 0.0;
        let mut ties = 0.0;
        let mut below = 0.0; // earlier durations below the present value
        let (mut i, mut j) = (0, 0);
        while i < before_bins.len() || j < after_bins.len() {
            let next = |bins: &[(f64, f64)], index: usize| {
                bins.get(index).map_or(f64::INFINITY, |(value, _)| *value)
            };
            let value = next(&before_bins, i).min(next(&after_bins, j));
            let take = |bins: &[(f64, f64)], index: &mut usize| match bins.get(*index) {
                Some((here, count)) if *here <= value => {
                    *index += 1;
                    *count
                }
                _ => 0.0,
            };
            let same_before = take(&before_bins, &mut i);
            let same_after = take(&after_bins, &mut j);
            u_after += same_after * (below + same_before / 2.0);
            below += same_before;
            let equal = same_before + same_after;
            ties += equal * equal * equal - equal;
        }
        let n = n1 + n2;
        let variance = n1 * n2 / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0).max(1.0)));
        Some(Self {
            pairs: n1 * n2,
            u_after,
            deviation: variance.max(0.0).sqrt(),
        })
    }

    fn p_value(&self) -> f64 {
        let distance = (self.u_after - self.pairs / 2.0).abs() - 0.5;
        if self.deviation <= 0.0 || distance <= 0.0 {
            return 1.0;
        }
        share(2.0 * Normal::standard().sf(distance / self.deviation))
    }

    fn faster(&self) -> f64 {
        share(1.0 - self.u_after / self.pairs)
    }

    fn shift(
        &self,
        before: &LatencySketch,
        after: &LatencySketch,
        confidence: f64,
    ) -> (f64, Option<Bounds>) {
        let before_bins = milliseconds(before);
        let mut differences: Vec<(f64, f64)> = milliseconds(after)
            .iter()
            .flat_map(|(later, n2)| {
                before_bins
                    .iter()
                    .map(move |(earlier, n1)| (later - earlier, n1 * n2))
            })
            .collect();
        differences.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at = |rank: f64| {
            let mut seen = 0.0;
            for (difference, count) in &differences {
                seen += count;
                if rank <= seen {
                    return *difference;
                }
            }
            differences
                .last()
                .map_or(0.0, |(difference, _)| *difference)
        };
        let middle = self.pairs / 2.0;
        let bounds = two_sided_z(confidence).map(|z| {
            let half = z * self.deviation;
            Bounds {
                lower: at((middle - half).max(0.0)),
                upper: at((middle + half).min(self.pairs)),
                confidence,
            }
        });
        (at(middle), bounds)
    }
}

fn milliseconds(sketch: &LatencySketch) -> Vec<(f64, f64)> {
    sketch
        .bins()
        .map(|(duration, count)| (duration.as_secs_f64() * 1e3, real(count)))
        .filter(|(_, count)| 0.0 < *count)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use statrs::stats_tests::{
        Alternative,
        mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu},
    };

    use super::*;

    fn sketch(milliseconds: &[u64]) -> LatencySketch {
        let mut sketch = LatencySketch::default();
        for ms in milliseconds {
            sketch.insert(Duration::from_millis(*ms));
        }
        sketch
    }

    /// The durations as the sketch sees them.
    fn expanded(sketch: &LatencySketch) -> Vec<f64> {
        let repeat = |(value, count): (f64, f64)| {
            let count = usize::try_from(Duration::from_secs_f64(count).as_secs()).unwrap();
            std::iter::repeat_n(value, count)
        };
        milliseconds(sketch).into_iter().flat_map(repeat).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_statrs(
            before in prop::collection::vec(1_u64..200, 8..60),
            after in prop::collection::vec(1_u64..200, 8..60),
        ) {
            let (before, after) = (sketch(&before), sketch(&after));
            let seen = compare_latency(&before, &after);
            let (u, p) = mannwhitneyu(
                &expanded(&after),
                &expanded(&before),
                MannWhitneyUMethod::AsymptoticInclContinuityCorrection,
                Alternative::TwoSided,
            ).unwrap();
            prop_assert!((seen.u.unwrap() - u).abs() < 1e-6, "{:?} {u}", seen.u);
            prop_assert!((seen.p_value.unwrap() - p.min(1.0)).abs() < 1e-9, "{:?} {p}", seen.p_value);
            let bounds = seen.shift_interval_ms.unwrap();
            let shift = seen.shift_ms.unwrap();
            prop_assert!(bounds.lower <= shift && shift <= bounds.upper);
        }

        /// Swapping the samples turns the answer round.
        #[test]
        fn is_antisymmetric(
            before in prop::collection::vec(1_u64..200, 1..40),
            after in prop::collection::vec(1_u64..200, 1..40),
        ) {
            let (before, after) = (sketch(&before), sketch(&after));
            let (one, other) = (compare_latency(&before, &after), compare_latency(&after, &before));
            prop_assert!((one.p_value.unwrap() - other.p_value.unwrap()).abs() < 1e-12);
            let faster = one.faster_probability.unwrap() + other.faster_probability.unwrap();
            prop_assert!((faster - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_and_empty_samples() {
        let constant = sketch(&[5; 20]);
        let same = compare_latency(&constant, &constant);
        assert_eq!(same.change, Change::Unclear);
        assert_eq!(same.p_value.map(f64::to_bits), Some(1.0_f64.to_bits()));
        let none = compare_latency(&constant, &LatencySketch::default());
        assert_eq!(none.change, Change::NoData);
        assert_eq!(none.shift_ms, None);
    }
}
