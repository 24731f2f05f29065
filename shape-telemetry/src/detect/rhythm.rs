//! How evenly records come, and which times without them break that.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    baseline::{self, Gap},
    number::{self, to_f64},
};

/// Fewer groups of slots or buckets do not show how records spread.
const MIN_GROUPS: u64 = 8;

/// A silence of so many times all the time in which anything was written, and of an hour at least, is none of a program that
/// runs: a tool that is called now and then, a machine that is mostly off. Shorter silences tell nothing of those either.
const NOT_RUNNING: u64 = 10;
const HOUR_MS: u64 = 3_600_000;

/// How many come in a second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    pub(super) records: f64,
    /// Records divided by the variance over mean of their counts: as many independent events as spread alike.
    pub(super) bursts: f64,
    /// The time in which they were written.
    pub(super) active_ms: u64,
}

/// What a series of records says of its gaps.
pub(super) struct Rhythm {
    pub(super) records: u64,
    pub(super) rate: Rate,
    pub(super) gaps: Vec<Gap>,
    /// The least length of a gap.
    pub(super) least_ms: u64,
}

impl Rhythm {
    /// The gaps that break the rhythm, and the p value of the longest.
    pub(super) fn breaks(&self) -> (Vec<Gap>, f64) {
        let shortest = (10.0 / self.rate.bursts).max(to_f64(self.least_ms) / 1e3);
        let longest = self.gaps.iter().map(|gap| gap.ms()).max().unwrap_or(0);
        let most = self.rate.active_ms.saturating_mul(NOT_RUNNING).max(HOUR_MS);
        if most < longest {
            return (Vec::new(), 1.0);
        }
        let found: Vec<Gap> = self
            .gaps
            .iter()
            .copied()
            .filter(|gap| shortest <= to_f64(gap.ms()) / 1e3)
            .collect();
        let n = to_f64(number::len(self.gaps.len()).max(1));
        let p = (n * (-self.rate.bursts * to_f64(longest) / 1e3).exp()).min(1.0);
        (found, p)
    }
}

/// The longest times without a record that may be a habit: one in so many records.
const HABIT: usize = 100;
/// So many long silences of about the same length are one, too.
const MIN_PERIODIC: usize = 12;

/// From which length on a gap is none that the log has all the time, and the gaps that are as long.
pub(super) fn unusual(gaps: &[Gap], least_ms: u64, records: u64) -> (u64, Vec<Gap>) {
    let mut lengths: Vec<u64> = gaps.iter().map(|gap| gap.ms()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let rank = usize::try_from(records).unwrap_or(usize::MAX) / HABIT + 1;
    let habit = lengths.get(rank).copied().unwrap_or(0);
    let mut least = least_ms.max(3 * habit);
    let n_long = lengths.partition_point(|&ms| least <= ms);
    if MIN_PERIODIC <= n_long {
        least = least.max(3 * lengths.get(n_long / 2).copied().unwrap_or(0));
    }
    let found = gaps.iter().copied().filter(|gap| least <= gap.ms());
    (least, found.collect())
}

/// Some records next to each other in time: those of a slot or of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) records: u64,
}

/// The rate of the time outside of some gaps.
///
/// Counts are taken per stretch and per groups of 4, 16, 64, … of them: the burstiest width tells how many records come
/// together, and bursts come as seldom as there are few of them.
pub(super) fn rate_outside(stretches: &[Stretch], width_ms: u64, gaps: &[Gap]) -> Rate {
    let (mut cut_ms, mut gaps) = (0_u64, gaps.iter().peekable());
    let Some(begin) = stretches.first().map(|stretch| stretch.first) else {
        return Rate::default();
    };
    let ms = |from: Timestamp, to: Timestamp| {
        u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
    };
    let (mut counts, mut end_ms): (Vec<(u64, u64)>, u64) = (Vec::new(), 0);
    let mut records = 0;
    for stretch in stretches {
        while let Some(gap) = gaps.next_if(|gap| gap.to <= stretch.first) {
            cut_ms += gap.ms();
        }
        let at = ms(begin, stretch.first).saturating_sub(cut_ms);
        counts.push((at / width_ms, stretch.records));
        end_ms = ms(begin, stretch.last).saturating_sub(cut_ms);
        records += stretch.records;
    }
    let (mut most, mut group) = (1.0_f64, 1);
    // Groups at both ends are cut, which fewer than these would feel.
    while MIN_GROUPS <= end_ms / width_ms / group + 1 {
        let n = end_ms / width_ms / group + 1;
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        for &(at, count) in &counts {
            *sums.entry(at / group).or_insert(0) += count;
        }
        let squares = sums
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(n.saturating_mul(*n)));
        most = most.max(baseline::dispersion(records, squares, n));
        group *= 4;
    }
    let records_a_second = to_f64(records) * 1e3 / to_f64(end_ms.max(width_ms));
    Rate {
        records: records_a_second,
        bursts: records_a_second / most,
        active_ms: end_ms.max(width_ms),
    }
}
