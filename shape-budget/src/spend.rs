//! What a promise allows, and what was spent of it: integers only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_sli::{Events, SliPoint};
use shape_slo::{BudgetingMethod, Target};
use shape_telemetry::Period;

use crate::exclusion::Excluded;

/// What a budget is counted in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BudgetUnit {
    /// Bad events.
    #[default]
    Events,
    /// Bad slices.
    Slices,
    /// Billionths of a slice: the error ratios of the slices, added up.
    SliceBillionths,
}

/// The slices of a window; `good + bad + no_data + ahead` is the length of the window in slices, but for the cut ones
/// at the ends of a rolling window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceCounts {
    /// Slices that reach the slice target.
    pub good: u64,
    /// Slices that miss it.
    pub bad: u64,
    /// Past slices without events.
    pub no_data: u64,
    /// Slices still to come before a calendar window ends.
    pub ahead: u64,
}

/// How a slice without events counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NoDataPolicy {
    /// Neither for nor against: it leaves the total.
    #[default]
    Exclude,
    /// As a good slice.
    Good,
    /// As a bad slice.
    Bad,
}

/// What was allowed and spent, in one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spend {
    pub(crate) unit: BudgetUnit,
    pub(crate) slices: Option<SliceCounts>,
    /// What the target's share is a share of.
    total: u128,
    spent: u128,
    allowed_ppb: u32,
}

impl Spend {
    pub(crate) fn events(target: Target, events: Events) -> Self {
        Self {
            unit: BudgetUnit::Events,
            slices: None,
            total: u128::from(events.total()),
            spent: u128::from(events.bad()),
            allowed_ppb: target.allowed_ppb(),
        }
    }

    /// The spend by `method`; `past` is the part of the window that has been, `points` lie in it in time order.
    ///
    /// `None` for slices of no length.
    pub(crate) fn of(
        method: BudgetingMethod,
        target: Target,
        events: Events,
        points: &[SliPoint],
        window: &SliceWindow<'_>,
    ) -> Option<Self> {
        let Some((seconds, slice_target)) = slicing(method) else {
            return Some(Self::events(target, events));
        };
        let mut tally = Tally::new(slice_target, target);
        for slice in slices(points, window, seconds)? {
            tally.add(slice);
        }
        let seen = tally.good + tally.bad;
        let past = window.past_slices(seconds);
        let counts = SliceCounts {
            good: tally.good,
            bad: tally.bad,
            no_data: past.saturating_sub(seen),
            ahead: window.all_slices(seconds).saturating_sub(past.max(seen)),
        };
        let no_data = match window.no_data {
            NoDataPolicy::Exclude => (0, 0),
            NoDataPolicy::Good => (counts.no_data, 0),
            NoDataPolicy::Bad => (counts.no_data, counts.no_data),
        };
        Some(Self {
            slices: Some(counts),
            ..tally.spend(counts.ahead, no_data)
        })
    }

    /// What is left of `points[from..]` alone for every `from`, the last of them no points at all: one pass from the end.
    /// Slices without data do not count. The points lie in a rolling window, in time order.
    ///
    /// `None` for slices of no length.
    pub(crate) fn remaining_of_tails(
        method: BudgetingMethod,
        target: Target,
        untimed: Events,
        points: &[SliPoint],
        window: &SliceWindow<'_>,
    ) -> Option<Vec<i64>> {
        let mut tails = Vec::with_capacity(points.len() + 1);
        let Some((seconds, slice_target)) = slicing(method) else {
            let mut events = untimed;
            tails.push(Self::events(target, events).remaining());
            for point in points.iter().rev() {
                events += point.events;
                tails.push(Self::events(target, events).remaining());
            }
            tails.reverse();
            return Some(tails);
        };
        // The slice that the points so far end in is not whole: another point may still join it.
        let (mut whole, mut cut) = (Tally::new(slice_target, target), (None, Events::NONE));
        tails.push(whole.spend(0, (0, 0)).remaining());
        for point in points.iter().rev() {
            let index = Some(window.index(point.start, seconds)?);
            if cut.0 == index {
                cut.1 += point.events;
            } else {
                whole.add(cut.1);
                cut = (index, point.events);
            }
            let mut all = whole;
            all.add(cut.1);
            tails.push(all.spend(0, (0, 0)).remaining());
        }
        tails.reverse();
        Some(tails)
    }

    /// Allowed, rounded down.
    pub(crate) fn allowed(&self) -> u64 {
        let billion = u128::from(Target::DENOMINATOR);
        let share = u128::from(self.allowed_ppb);
        // Whole billions apart, so that the product fits in 128 bits for any total.
        let allowed = self.total / billion * share + self.total % billion * share / billion;
        u64::try_from(allowed).unwrap_or(u64::MAX)
    }

    /// Whether so much spent is at least this part of the exact allowance.
    pub(crate) fn is_part(&self, spent: u128, ppm: u32) -> bool {
        let billion = u128::from(Target::DENOMINATOR);
        let (mut spent, mut total) = (spent, self.total);
        loop {
            let left = spent.checked_mul(billion * 1_000_000);
            let right = total.checked_mul(u128::from(self.allowed_ppb) * u128::from(ppm));
            if let (Some(left), Some(right)) = (left, right) {
                return right <= left;
            }
            (spent, total) = (spent >> 1, total >> 1);
        }
    }

    pub(crate) fn spent(&self) -> u128 {
        self.spent
    }

    /// Allowed less spent.
    pub(crate) fn remaining(&self) -> i64 {
        remaining(u128::from(self.allowed()), self.spent)
    }

    /// Spent as a share of the exact (not rounded) allowance, in parts per million, rounded up.
    pub(crate) fn consumed_ppm(&self) -> Option<u64> {
        let allowed = self.total.checked_mul(u128::from(self.allowed_ppb))?;
        if allowed == 0 {
            return None;
        }
        let spent = self
            .spent
            .checked_mul(u128::from(Target::DENOMINATOR))
            .and_then(|spent| spent.checked_mul(1_000_000))?;
        Some(u64::try_from(spent.div_ceil(allowed)).unwrap_or(u64::MAX))
    }
}

/// The verdicts of slices, added up.
#[derive(Clone, Copy, Debug)]
struct Tally {
    /// The share that makes a slice good, where slices are good or bad.
    slice_target: Option<Target>,
    target: Target,
    good: u64,
    bad: u64,
    billionths: u128,
}

impl Tally {
    fn new(slice_target: Option<Target>, target: Target) -> Self {
        Self {
            slice_target,
            target,
            good: 0,
            bad: 0,
            billionths: 0,
        }
    }

    /// Adds a slice; one without events is none.
    fn add(&mut self, slice: Events) {
        match self.slice_target.unwrap_or(self.target).is_met_by(slice) {
            Some(true) => self.good += 1,
            Some(false) => self.bad += 1,
            None => return,
        }
        // Rounded up: a slice is never shown better than it was.
        self.billionths += (u128::from(slice.bad()) * u128::from(Target::DENOMINATOR))
            .div_ceil(u128::from(slice.total()));
    }

    /// The spend of these, of slices still to come, and of slices without data (all that count, and the bad of them).
    fn spend(&self, ahead: u64, (no_data, no_data_bad): (u64, u64)) -> Spend {
        let seen = u128::from(self.good) + u128::from(self.bad);
        let total = seen + u128::from(no_data) + u128::from(ahead);
        let billion = u128::from(Target::DENOMINATOR);
        let (unit, total, spent) = if self.slice_target.is_some() {
            let spent = u128::from(self.bad) + u128::from(no_data_bad);
            (BudgetUnit::Slices, total, spent)
        } else {
            let spent = self.billionths + u128::from(no_data_bad) * billion;
            (BudgetUnit::SliceBillionths, total * billion, spent)
        };
        Spend {
            unit,
            slices: None,
            total,
            spent,
            allowed_ppb: self.target.allowed_ppb(),
        }
    }
}

/// Allowed less spent, at the bounds of an `i64`.
pub(crate) fn remaining(allowed: u128, spent: u128) -> i64 {
    if spent <= allowed {
        i64::try_from(allowed - spent).unwrap_or(i64::MAX)
    } else {
        i64::try_from(spent - allowed).map_or(i64::MIN, |over| -over)
    }
}

/// Where slices lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SliceWindow<'a> {
    pub(crate) period: Period,
    pub(crate) now: Timestamp,
    /// Slices of a rolling window start at multiples of their length since the epoch, so that the same moment always
    /// falls in the same slice; those of a calendar window at its start.
    pub(crate) is_rolling: bool,
    /// Where the data begins: before it, a rolling window has no slices.
    pub(crate) first: Option<Timestamp>,
    pub(crate) no_data: NoDataPolicy,
    /// Slices that lie in excluded time are none.
    pub(crate) excluded: &'a Excluded,
}

impl SliceWindow<'_> {
    fn origin_second(&self) -> i64 {
        if self.is_rolling {
            0
        } else {
            self.period.start.as_second()
        }
    }

    fn index(&self, instant: Timestamp, seconds: u64) -> Option<i64> {
        let seconds = i64::try_from(seconds).ok().filter(|seconds| 0 < *seconds)?;
        Some((instant.as_second() - self.origin_second()).div_euclid(seconds))
    }

    fn past_slices(&self, seconds: u64) -> u64 {
        let start = if self.is_rolling {
            // What was before the first event is not known to have been part of the service's life.
            self.first.unwrap_or(self.now).max(self.period.start)
        } else {
            self.period.start
        };
        let end = self.now.min(self.period.end);
        self.count(Period { start, end }, seconds)
    }

    fn all_slices(&self, seconds: u64) -> u64 {
        if self.is_rolling {
            0
        } else {
            self.count(self.period, seconds)
        }
    }

    /// The slices that lie in a stretch of time, cut ones at its ends included, those in excluded time not.
    fn count(&self, within: Period, seconds: u64) -> u64 {
        let last_instant = |end: Timestamp| end.checked_sub(NANOSECOND).unwrap_or(end);
        let touched = |period: Period| {
            let first = self.index(period.start, seconds)?;
            Some((first, self.index(last_instant(period.end), seconds)?))
        };
        let Some((first, last)) = touched(within).filter(|_| within.start < within.end) else {
            return 0;
        };
        let is_excluded = |index: i64| {
            let edge = |index: i64| {
                let second = i64::try_from(seconds).ok()?.checked_mul(index)?;
                Timestamp::from_second(second.checked_add(self.origin_second())?).ok()
            };
            let start = edge(index).unwrap_or(Timestamp::MIN).max(within.start);
            let end = edge(index + 1).unwrap_or(Timestamp::MAX).min(within.end);
            self.excluded.covers(start, end)
        };
        let excluded: usize = self
            .excluded
            .periods()
            .iter()
            .filter_map(|period| touched(*period))
            .map(|(from, to)| {
                (from.max(first)..=to.min(last))
                    .filter(|at| is_excluded(*at))
                    .count()
            })
            .sum();
        let all = u64::try_from(last - first + 1).unwrap_or(0);
        all.saturating_sub(u64::try_from(excluded).unwrap_or(u64::MAX))
    }
}

const NANOSECOND: jiff::SignedDuration = jiff::SignedDuration::from_nanos(1);

/// How long a slice is, and the target of one where it has its own; `None` where events are counted.
fn slicing(method: BudgetingMethod) -> Option<(u64, Option<Target>)> {
    match method {
        BudgetingMethod::Timeslices {
            slice_seconds,
            slice_target,
        } => Some((slice_seconds, Some(slice_target))),
        BudgetingMethod::RatioTimeslices { slice_seconds } => Some((slice_seconds, None)),
        _ => None,
    }
}

/// The events of each slice that has some, in time order.
fn slices(points: &[SliPoint], window: &SliceWindow<'_>, seconds: u64) -> Option<Vec<Events>> {
    let mut slices: Vec<(i64, Events)> = Vec::new();
    window.index(window.now, seconds)?;
    for point in points {
        let index = window.index(point.start, seconds)?;
        match slices.last_mut() {
            Some((last, events)) if *last == index => *events += point.events,
            _ => slices.push((index, point.events)),
        }
    }
    let slices = slices.into_iter().map(|(_, events)| events);
    Some(slices.filter(|events| !events.is_none()).collect())
}
