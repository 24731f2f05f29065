//! A mergeable latency sketch with a stated relative error.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{bins::Bins, number};

/// Counts of durations in logarithmic bins: merges exactly, quantiles within 1 %.
///
/// The mapping is that of `DDSketch` (Masson, Rim, Lee, 2019) with a relative accuracy of 1 %. Counts are integers and
/// the sum is kept in nanoseconds, so merging is associative and commutative to the last bit; a `u64` of nanoseconds
/// needs at most some 2,200 bins, so that nothing is ever collapsed.
///
/// ```
/// use std::time::Duration;
/// use shape_telemetry::LatencySketch;
///
/// let mut sketch = LatencySketch::default();
/// for ms in 1..=1_000 {
///     sketch.insert(Duration::from_millis(ms));
/// }
/// let p95 = sketch.quantile(0.95).expect("it is not empty").as_secs_f64();
/// assert!((p95 - 0.950).abs() <= 0.0095);
/// assert_eq!(sketch.max(), Some(Duration::from_millis(1_000)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Repr", into = "Repr")]
pub struct LatencySketch {
    bins: Bins,
    count: u64,
    sum_ns: u128,
    min_ns: Option<u64>,
    max_ns: Option<u64>,
}

impl LatencySketch {
    /// The relative error of a quantile.
    pub const RELATIVE_ERROR: f64 = 0.01;

    const GAMMA: f64 = (1.0 + Self::RELATIVE_ERROR) / (1.0 - Self::RELATIVE_ERROR);
    /// The natural logarithm of [`Self::GAMMA`].
    const LN_GAMMA: f64 = 0.020_000_666_706_669_524;

    /// Adds one duration.
    pub fn insert(&mut self, duration: Duration) {
        let ns = number::nanos(duration);
        self.bins.add(bin_of(ns), 1);
        self.count += 1;
        self.sum_ns += u128::from(ns);
        self.min_ns = Some(self.min_ns.map_or(ns, |min| min.min(ns)));
        self.max_ns = Some(self.max_ns.map_or(ns, |max| max.max(ns)));
    }

    /// The number of durations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The quantile `q` in 0..=1 (nearest rank), within [`Self::RELATIVE_ERROR`]; `None` when empty.
    ///
    /// The smallest and the largest duration are exact. A `q` outside 0..=1 is taken as the nearer end, NaN as 0.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let (min, max) = (self.min_ns?, self.max_ns?);
        let rank = number::to_u64((q.clamp(0.0, 1.0) * number::to_f64(self.count)).ceil())
            .clamp(1, self.count);
        if rank == 1 {
            return Some(Duration::from_nanos(min));
        }
        if rank == self.count {
            return Some(Duration::from_nanos(max));
        }
        let mut below = 0;
        let found = self.bins.iter().find(|(_, count)| {
            below += count;
            rank <= below
        });
        let ns = found.map_or(max, |(bin, _)| value_of(bin).clamp(min, max));
        Some(Duration::from_nanos(ns))
    }

    /// The mean, exact to the nanosecond (rounded down); `None` when empty.
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.sum_ns.checked_div(u128::from(self.count))?;
        Some(Duration::from_nanos(
            u64::try_from(mean).unwrap_or(u64::MAX),
        ))
    }

    /// The shortest duration, exact.
    pub fn min(&self) -> Option<Duration> {
        self.min_ns.map(Duration::from_nanos)
    }

    /// The longest duration, exact.
    pub fn max(&self) -> Option<Duration> {
        self.max_ns.map(Duration::from_nanos)
    }

    /// The sum of all durations in nanoseconds, exact.
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Adds the counts of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.bins.merge(&other.bins);
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.min_ns = match (self.min_ns, other.min_ns) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// The bins in rising order: a representative duration and its count.
    pub fn bins(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.bins
            .iter()
            .map(|(bin, count)| (Duration::from_nanos(value_of(bin)), count))
    }

    /// How many durations are longer than `limit`, within [`Self::RELATIVE_ERROR`] of the limit.
    ///
    /// A bin counts when its representative lies above; 0 is certain when the limit is not below [`Self::max`].
    pub fn count_above(&self, limit: Duration) -> u64 {
        let limit = number::nanos(limit);
        if self.max_ns.is_none_or(|max| max <= limit) {
            return 0;
        }
        if self.min_ns.is_some_and(|min| limit < min) {
            return self.count;
        }
        let first = bin_of(limit);
        self.bins
            .iter()
            .filter(|&(bin, _)| first <= bin && limit < value_of(bin))
            .map(|(_, count)| count)
            .sum()
    }

    /// The raw bins: equal indexes mean equal durations, as far as the sketch can tell.
    pub(crate) fn raw_bins(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.bins.iter()
    }
}

impl Extend<Duration> for LatencySketch {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, durations: I) {
        for duration in durations {
            self.insert(duration);
        }
    }
}

impl FromIterator<Duration> for LatencySketch {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut sketch = Self::default();
        sketch.extend(durations);
        sketch
    }
}

/// Bin 0 holds zero; bin `i + 1` holds `(gamma^(i-1), gamma^i]`.
fn bin_of(ns: u64) -> u16 {
    if ns == 0 {
        return 0;
    }
    let index = (number::to_f64(ns).ln() / LatencySketch::LN_GAMMA).ceil();
    u16::try_from(number::to_u64(index) + 1).unwrap_or(u16::MAX)
}

/// The value whose relative distance to both ends of the bin is the same.
fn value_of(bin: u16) -> u64 {
    if bin == 0 {
        return 0;
    }
    let power = LatencySketch::GAMMA.powi(i32::from(bin) - 1);
    number::to_u64((2.0 * power / (1.0 + LatencySketch::GAMMA)).round()).max(1)
}

/// What is written: the sum as text, since few JSON readers hold 128 bits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repr {
    count: u64,
    sum_ns: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_ns: Option<u64>,
    /// Bin and count, rising.
    bins: Vec<(u16, u64)>,
}

impl From<LatencySketch> for Repr {
    fn from(sketch: LatencySketch) -> Self {
        Self {
            count: sketch.count,
            sum_ns: sketch.sum_ns.to_string(),
            min_ns: sketch.min_ns,
            max_ns: sketch.max_ns,
            bins: sketch.bins.iter().collect(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("latency sketch: {0}")]
struct InvalidSketch(&'static str);

impl TryFrom<Repr> for LatencySketch {
    type Error = InvalidSketch;

    fn try_from(repr: Repr) -> Result<Self, InvalidSketch> {
        let sum_ns: u128 = repr
            .sum_ns
            .parse()
            .map_err(|_| InvalidSketch("`sum_ns` is not an unsigned integer"))?;
        if !repr.bins.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(InvalidSketch("`bins` do not rise"));
        }
        if repr.bins.iter().any(|&(_, count)| count == 0) {
            return Err(InvalidSketch("a bin counts nothing"));
        }
        let total: u128 = repr.bins.iter().map(|&(_, count)| u128::from(count)).sum();
        if total != u128::from(repr.count) {
            return Err(InvalidSketch("`count` is not the sum of the bins"));
        }
        match (repr.min_ns, repr.max_ns) {
            (None, None) if repr.count == 0 && sum_ns == 0 => {}
            (Some(min), Some(max)) if 0 < repr.count => {
                let count = u128::from(repr.count);
                let lowest = u128::from(min).checked_mul(count);
                let highest = u128::from(max).checked_mul(count);
                let in_range = lowest.is_some_and(|lowest| lowest <= sum_ns)
                    && highest.is_some_and(|highest| sum_ns <= highest);
                if max < min || !in_range {
                    return Err(InvalidSketch(
                        "`min_ns`, `max_ns` and `sum_ns` contradict each other",
                    ));
                }
                let ends = (repr.bins.first(), repr.bins.last());
                if ends.0.is_none_or(|first| first.0 != bin_of(min))
                    || ends.1.is_none_or(|last| last.0 != bin_of(max))
                {
                    return Err(InvalidSketch("`min_ns` or `max_ns` contradicts the bins"));
                }
            }
            _ => {
                return Err(InvalidSketch(
                    "`min_ns` and `max_ns` must be given when there are durations, and only then",
                ));
            }
        }
        Ok(Self {
            bins: repr.bins.into_iter().collect(),
            count: repr.count,
            sum_ns,
            min_ns: repr.min_ns,
            max_ns: repr.max_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_monotone_and_their_values_lie_in_them() {
        let mut last = 0;
        for shift in 0..64 {
            for factor in [1_u64, 3] {
                let ns = factor.saturating_mul(1 << shift);
                let bin = bin_of(ns);
                assert!(last <= bin || factor == 1, "{ns}");
                last = bin;
                let (value, exact) = (number::to_f64(value_of(bin)), number::to_f64(ns));
                assert!(
                    (value - exact).abs() <= 0.0101 * exact + 0.5,
                    "{ns} {value}"
                );
            }
        }
        assert!(bin_of(u64::MAX) < 2_300);
        assert!((LatencySketch::GAMMA.ln() - LatencySketch::LN_GAMMA).abs() < 1e-16);
    }

    #[test]
    fn json_round_trip_keeps_a_sum_beyond_64_bits() {
        let sketch: LatencySketch = [Duration::from_nanos(u64::MAX); 3].into_iter().collect();
        let json = serde_json::to_string(&sketch).unwrap();
        assert_eq!(
            serde_json::from_str::<LatencySketch>(&json).unwrap(),
            sketch
        );
        let value = serde_json::to_value(&sketch).unwrap();
        assert_eq!(
            serde_json::from_value::<LatencySketch>(value).unwrap(),
            sketch
        );
    }

    #[test]
    fn contradictions_are_refused() {
        for json in [
            r#"{"count":1,"sum_ns":"5","bins":[]}"#,
            r#"{"count":0,"sum_ns":"5","bins":[]}"#,
            r#"{"count":0,"sum_ns":"x","bins":[]}"#,
            r#"{"count":1,"sum_ns":"1","min_ns":1,"max_ns":1,"bins":[[7,1]]}"#,
            r#"{"count":0,"sum_ns":"0","bins":[],"extra":1}"#,
        ] {
            assert!(
                serde_json::from_str::<LatencySketch>(json).is_err(),
                "{json}"
            );
        }
        let empty = r#"{"count":0,"sum_ns":"0","bins":[]}"#;
        assert_eq!(
            serde_json::from_str::<LatencySketch>(empty).unwrap(),
            LatencySketch::default()
        );
    }

    #[test]
    fn above_a_limit() {
        let sketch: LatencySketch = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(sketch.count_above(Duration::from_millis(100)), 0);
        assert_eq!(sketch.count_above(Duration::ZERO), 100);
        let above = sketch.count_above(Duration::from_millis(50));
        assert!((49..=51).contains(&above), "{above}");
    }
}
