//! How fast a budget is spent.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_sli::{Events, SliPoint};
use shape_slo::Target;
use shape_telemetry::Period;

use crate::{Error, error::Repr};

/// The error ratio as a multiple of the allowed one: 1 spends the budget exactly over the window. Finite, not negative.
///
/// A figure for people; what is decided is decided by the counts.
///
/// ```
/// use shape_budget::BurnRate;
/// use shape_sli::Events;
///
/// let burn = BurnRate::of("99.9%".parse()?, Events::new(9_971, 10_000)?).ok_or("no events")?;
/// assert_eq!(burn.to_string(), "2.9");
/// assert_eq!(BurnRate::of("99.9%".parse()?, Events::NONE), None);
/// assert_eq!(BurnRate::of("100%".parse()?, Events::new(9, 10)?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct BurnRate(f64);

impl BurnRate {
    /// A burn rate; `None` unless finite and not negative.
    pub fn new(rate: f64) -> Option<Self> {
        (rate.is_finite() && 0.0 <= rate).then_some(Self(rate))
    }

    /// The burn of these events; `None` without events, or when the target allows no failure at all.
    pub fn of(target: Target, events: Events) -> Option<Self> {
        let ratio = events.error_ratio()?;
        // Infinite for a target of 100 %, not a number when nothing failed: `new` refuses both.
        Self::new(ratio * f64::from(Target::DENOMINATOR) / f64::from(target.allowed_ppb()))
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for BurnRate {
    type Error = Error;
    fn try_from(rate: f64) -> Result<Self, Error> {
        Self::new(rate).ok_or_else(|| {
            Repr::Config {
                what: "burn rate",
                seen: rate.to_string(),
                expected: "a finite number that is not negative",
            }
            .into()
        })
    }
}

impl From<BurnRate> for f64 {
    fn from(rate: BurnRate) -> Self {
        rate.0
    }
}

/// With one decimal from 1 upwards, two below; another precision as asked.
impl fmt::Display for BurnRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(if self.0 < 0.995 { 2 } else { 1 });
        write!(f, "{:.decimals$}", self.0)
    }
}

/// The burn over one look-back window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnWindow {
    /// The length of the look-back in seconds.
    pub seconds: u64,
    /// The events in it.
    pub events: Events,
    /// The burn; `None` without events, or when the target allows no failure at all.
    pub burn: Option<BurnRate>,
}

impl BurnWindow {
    pub(crate) fn new(seconds: u64, target: Target, events: Events) -> Self {
        Self {
            seconds,
            events,
            burn: BurnRate::of(target, events),
        }
    }
}

/// Sums of events over any stretch of time, each in two binary searches.
pub(crate) struct Cumulated<'a> {
    points: &'a [SliPoint],
    /// `sums[i]` is the sum of the first `i` points.
    sums: Vec<Events>,
}

impl<'a> Cumulated<'a> {
    /// `points` in time order.
    pub(crate) fn new(points: &'a [SliPoint]) -> Self {
        let mut sums = Vec::with_capacity(points.len() + 1);
        let mut sum = Events::NONE;
        sums.push(sum);
        for point in points {
            sum += point.events;
            sums.push(sum);
        }
        Self { points, sums }
    }

    /// The points in a period.
    pub(crate) fn points_in(&self, period: Period) -> &'a [SliPoint] {
        let (from, to) = self.range(period);
        &self.points[from..to]
    }

    /// The events of the points in a period.
    pub(crate) fn events_in(&self, period: Period) -> Events {
        let (from, to) = self.range(period);
        // The sums only grow, so that the earlier one is part of the later one.
        self.sums[to]
            .checked_sub(self.sums[from])
            .unwrap_or(Events::NONE)
    }

    fn range(&self, period: Period) -> (usize, usize) {
        let from = self
            .points
            .partition_point(|point| point.start < period.start);
        let to = self
            .points
            .partition_point(|point| point.start < period.end);
        (from, to.max(from))
    }
}
