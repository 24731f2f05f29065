//! A slow and obvious reckoning of a budget: every number by counting, second by second.

use std::collections::{BTreeMap, BTreeSet};

use shape_budget::{NoDataPolicy, SloBudget};
use shape_slo::BudgetingMethod;

/// Events lie where their slot of so many seconds starts.
pub(crate) const SLOT: i64 = 60;

/// What the reckoning finds, each number by counting.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reckoned {
    good: u64,
    bad: u64,
    good_slices: u64,
    bad_slices: u64,
    empty_slices: u64,
    slices_ahead: u64,
    allowed: u64,
    remaining: i128,
}

impl Reckoned {
    /// What the library found.
    pub(crate) fn of(budget: &SloBudget) -> Self {
        let slices = budget.slices.unwrap_or_default();
        Self {
            good: budget.events.good(),
            bad: budget.events.bad(),
            good_slices: slices.good,
            bad_slices: slices.bad,
            empty_slices: slices.no_data,
            slices_ahead: slices.ahead,
            allowed: budget.allowed,
            remaining: i128::from(budget.remaining),
        }
    }
}

pub(crate) struct Case<'a> {
    pub(crate) events: &'a [(i64, u64, u64)],
    pub(crate) excluded: &'a [(i64, i64)],
    pub(crate) target_ppb: u128,
    pub(crate) method: BudgetingMethod,
    pub(crate) no_data: NoDataPolicy,
    /// The first second of the window, and the first after it.
    pub(crate) window: (i64, i64),
    pub(crate) is_rolling: bool,
    pub(crate) now: i64,
    /// Every so many seconds one is looked at: 60 where all times are whole minutes.
    pub(crate) step: i64,
}

impl Case<'_> {
    fn is_excluded(&self, second: i64) -> bool {
        self.excluded
            .iter()
            .any(|(from, to)| *from <= second && second < *to)
    }

    pub(crate) fn reckon(&self) -> Reckoned {
        let mut seen = Reckoned::default();
        let mut slots: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for (second, good, bad) in self.events {
            let slot = second.div_euclid(SLOT) * SLOT;
            let is_inside = self.window.0 <= slot && slot < self.window.1 && slot < self.now;
            if is_inside && !self.is_excluded(slot) && 0 < good + bad {
                let sum = slots.entry(slot).or_default();
                *sum = (sum.0 + good, sum.1 + bad);
                seen.good += good;
                seen.bad += bad;
            }
        }
        let allowed_ppb = 1_000_000_000 - self.target_ppb;
        let (seconds, slice_ppb, by_ratio) = match self.method {
            BudgetingMethod::Timeslices {
                slice_seconds,
                slice_target,
            } => (slice_seconds, u128::from(slice_target.ppb()), false),
            BudgetingMethod::RatioTimeslices { slice_seconds } => {
                (slice_seconds, self.target_ppb, true)
            }
            _ => {
                let allowed = u128::from(seen.good + seen.bad) * allowed_ppb / 1_000_000_000;
                seen.allowed = u64::try_from(allowed).unwrap();
                seen.remaining = i128::from(seen.allowed) - i128::from(seen.bad);
                return seen;
            }
        };
        let seconds = i64::try_from(seconds).unwrap();
        let origin = if self.is_rolling { 0 } else { self.window.0 };
        // Every second that is not excluded makes its slice exist; the past and what is ahead apart.
        let from = if self.is_rolling {
            slots.keys().next().copied().unwrap_or(self.now)
        } else {
            self.window.0
        };
        let to = if self.is_rolling {
            self.now
        } else {
            self.window.1
        };
        let mut past: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        let mut all: BTreeSet<i64> = BTreeSet::new();
        let step = usize::try_from(self.step).unwrap();
        for second in (from..to).step_by(step) {
            if self.is_excluded(second) {
                continue;
            }
            let slice = (second - origin).div_euclid(seconds);
            all.insert(slice);
            if second < self.now {
                past.entry(slice).or_default();
            }
        }
        for (slot, (good, bad)) in &slots {
            let slice = past.get_mut(&(slot - origin).div_euclid(seconds)).unwrap();
            *slice = (slice.0 + good, slice.1 + bad);
        }
        let mut ratios: u128 = 0;
        for (good, bad) in past.values() {
            let total = u128::from(good + bad);
            if total == 0 {
                seen.empty_slices += 1;
                continue;
            }
            if total * slice_ppb <= u128::from(*good) * 1_000_000_000 {
                seen.good_slices += 1;
            } else {
                seen.bad_slices += 1;
            }
            ratios += (u128::from(*bad) * 1_000_000_000).div_ceil(total);
        }
        if !self.is_rolling {
            seen.slices_ahead = u64::try_from(all.len() - past.len()).unwrap();
        }
        let (more, more_bad) = match self.no_data {
            NoDataPolicy::Exclude => (0, 0),
            NoDataPolicy::Good => (seen.empty_slices, 0),
            NoDataPolicy::Bad => (seen.empty_slices, seen.empty_slices),
        };
        let scale: u128 = if by_ratio { 1_000_000_000 } else { 1 };
        let total =
            u128::from(seen.good_slices + seen.bad_slices + seen.slices_ahead + more) * scale;
        let spent = if by_ratio {
            ratios
        } else {
            u128::from(seen.bad_slices)
        };
        let spent = spent + u128::from(more_bad) * scale;
        seen.allowed = u64::try_from(total * allowed_ppb / 1_000_000_000).unwrap();
        seen.remaining = i128::from(seen.allowed) - i128::try_from(spent).unwrap();
        seen
    }
}
