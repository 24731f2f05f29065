//! Durations counted coarsely, where there are many distributions to keep.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::number;

/// Durations, counted by quarters of a doubling from a microsecond on: merging adds the counts.
///
/// It takes a few words, where a [`LatencySketch`](crate::LatencySketch) takes some hundred, and tells apart durations
/// that differ by a quarter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OctaveCounts {
    /// By bin, rising.
    counts: Vec<(u8, u64)>,
}

/// Bins of a doubling.
const QUARTERS: u64 = 4;

impl OctaveCounts {
    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|&(_, count)| count).sum()
    }

    /// How many of them are longer than a limit that [`OctaveCounts::limit`] gave.
    pub fn count_above(&self, limit: Duration) -> u64 {
        let last = bin(limit);
        self.counts
            .iter()
            .filter(|&&(bin, _)| last < bin)
            .map(|&(_, count)| count)
            .sum()
    }

    /// The least duration, not below this one, that durations are told apart by: `count_above` is exact for it.
    pub fn limit(duration: Duration) -> Duration {
        let next = lower(bin(duration).saturating_add(1));
        Duration::from_nanos(next.saturating_mul(UNIT_NS) - 1)
    }

    pub(crate) fn add(&mut self, duration: Duration) {
        self.put(bin(duration), 1);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for &(bin, count) in &other.counts {
            self.put(bin, count);
        }
    }

    fn put(&mut self, bin: u8, more: u64) {
        match self.counts.binary_search_by_key(&bin, |&(bin, _)| bin) {
            Ok(at) => self.counts[at].1 += more,
            Err(at) => self.counts.insert(at, (bin, more)),
        }
    }
}

/// A microsecond, near enough: durations are counted in these.
const UNIT_NS: u64 = 1_024;

/// The bin of a duration.
fn bin(duration: Duration) -> u8 {
    let units = (number::nanos(duration) / UNIT_NS).max(QUARTERS);
    let octave = u64::from(units.ilog2());
    let quarter = (units >> (octave - 2)) & (QUARTERS - 1);
    u8::try_from((octave - 2) * QUARTERS + quarter).unwrap_or(u8::MAX)
}

/// The first duration of a bin, in units.
fn lower(bin: u8) -> u64 {
    let (octave, quarter) = (u64::from(bin) / QUARTERS, u64::from(bin) % QUARTERS);
    (QUARTERS + quarter) << octave.min(60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_the_durations(ns in prop::collection::vec(0_u64..1 << 50, 0..40), limit in 0_u64..1 << 50, cut in 0_usize..40) {
            let of = |ns: &[u64]| {
                let mut counts = OctaveCounts::default();
                for &ns in ns {
                    counts.add(Duration::from_nanos(ns));
                }
                counts
            };
            let all = of(&ns);
            let limit = OctaveCounts::limit(Duration::from_nanos(limit));
            let above = ns.iter().filter(|&&ns| limit < Duration::from_nanos(ns)).count();
            prop_assert_eq!(all.count_above(limit), number::len(above));
            prop_assert_eq!(all.count(), number::len(ns.len()));
            let (a, b) = ns.split_at(cut.min(ns.len()));
            let (mut ab, mut ba) = (of(a), of(b));
            ab.merge(&of(b));
            ba.merge(&of(a));
            prop_assert_eq!(&ab, &all);
            prop_assert_eq!(&ba, &all);
        }

        #[test]
        fn a_limit_is_near(ns in 10_000_u64..1 << 50) {
            let duration = Duration::from_nanos(ns);
            let limit = OctaveCounts::limit(duration);
            prop_assert!(duration <= limit && limit < duration.mul_f64(1.3));
            prop_assert_eq!(OctaveCounts::limit(limit), limit);
        }
    }
}
