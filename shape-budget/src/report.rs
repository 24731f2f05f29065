//! The state of all budgets.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_sli::{Events, Indicator, SliPoint};
use shape_slo::{SloId, Target};
use shape_telemetry::{ComponentId, Period};

use crate::{
    Alert, BudgetAlert, BudgetUnit, BurnRate, BurnWindow, Error, ExhaustionBand, SliceCounts,
    error::Repr, exclusion::Excluded,
};

/// The remaining budget at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurndownPoint {
    /// The end of the bucket.
    pub time: Timestamp,
    /// Events in the window up to then.
    pub events: Events,
    /// Bad events allowed, of the events that the whole window holds, less the bad ones so far.
    pub remaining: i64,
}

/// What is to be expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Probability that the promise is broken at the end of the window, in 0..=1; `None` with too few events.
    pub breach_probability: Option<f64>,
    /// When the budget is spent at the present burn; `None` when it is not, or is spent already.
    pub exhausted_at: Option<Timestamp>,
    /// Within this time it is spent with a probability of 80 %, if the events to come are like those of the recent
    /// look-back; `None` when it is not, or is spent already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhaustion: Option<ExhaustionBand>,
    /// When enough bad events have left a rolling window for the promise to hold again, if no more events come; the end
    /// of a calendar window. `None` when the promise holds.
    pub recovers_at: Option<Timestamp>,
    /// One sentence for people.
    pub explanation: String,
}

/// What exclusions left out of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedShare {
    /// Seconds of the window so far.
    pub seconds: u64,
    /// The events in them.
    pub events: Events,
}

impl ExcludedShare {
    /// `None` when nothing is excluded.
    pub(crate) fn of(excluded: &Excluded, points: &[SliPoint], past: Period) -> Option<Self> {
        if excluded.is_empty() {
            return None;
        }
        let seconds = excluded.seconds_in(past);
        let is_left_out =
            |point: &&SliPoint| past.contains(point.start) && excluded.contains(point.start);
        let events: Events = points
            .iter()
            .filter(is_left_out)
            .map(|point| point.events)
            .sum();
        (0 < seconds || !events.is_none()).then_some(Self { seconds, events })
    }
}

/// The budget of one promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloBudget {
    /// The promise.
    pub slo: SloId,
    /// Its component.
    pub component: ComponentId,
    /// What is counted.
    pub indicator: Indicator,
    /// The target.
    pub target: Target,
    /// The window's period at the time of the report.
    pub period: Period,
    /// The events in it.
    pub events: Events,
    /// Those of them that carry no time.
    #[serde(default)]
    pub untimed: u64,
    /// What exclusions left out of the window; `None` when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<ExcludedShare>,
    /// Below this number of events nothing is decided.
    pub min_events: u64,
    /// What `allowed` and `remaining` count: bad events, unless the promise is kept by slices.
    #[serde(default)]
    pub unit: BudgetUnit,
    /// The slices, for a promise that is kept by slices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<SliceCounts>,
    /// Bad events (or slices) allowed, rounded down.
    pub allowed: u64,
    /// Allowed less bad; negative when overspent.
    pub remaining: i64,
    /// Budget used in parts per million of it, rounded up; `None` when nothing is allowed or nothing happened.
    pub consumed_ppm: Option<u64>,
    /// The start of the bucket since which the window's events miss the target; `None` when they do not, or carry no
    /// time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_since: Option<Timestamp>,
    /// The burn over several look-backs, the shortest first, the whole window last.
    pub burn: Vec<BurnWindow>,
    /// The alerts that fire.
    pub alerts: Vec<Alert>,
    /// The alerts on the budget itself that fire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budget_alerts: Vec<BudgetAlert>,
    /// What is to be expected.
    pub forecast: Forecast,
    /// The remaining budget over time.
    pub burndown: Vec<BurndownPoint>,
}

/// The state of all budgets at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetReport {
    /// The version of this format.
    pub schema_version: u32,
    /// The time it speaks of.
    pub now: Timestamp,
    /// By promise, in the order of the `SloSet`.
    pub budgets: Vec<SloBudget>,
}

impl BudgetReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "error-budgets.json";

    /// The budget of a promise.
    pub fn find(&self, slo: &SloId) -> Option<&SloBudget> {
        self.budgets.iter().find(|budget| budget.slo == *slo)
    }

    /// Reads the artifact `error-budgets.json`.
    ///
    /// # Errors
    ///
    /// When the text is not such an artifact (an unknown field, a contradiction: the message has line and column), or
    /// one of another version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let report: Self = serde_json::from_str(text).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        if report.schema_version == Self::SCHEMA_VERSION {
            Ok(report)
        } else {
            Err(Repr::UnsupportedVersion {
                seen: report.schema_version,
                expected: Self::SCHEMA_VERSION,
            }
            .into())
        }
    }

    /// Writes the artifact, indented, with a final line feed; the same report gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a figure is not a number, which no assessment of this crate yields.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        text.push('\n');
        Ok(text)
    }
}

impl SloBudget {
    /// Whether the promise holds, decided exactly and whatever the number of events; `None` when nothing was seen.
    pub fn is_met(&self) -> Option<bool> {
        (!self.events.is_none()).then_some(0 <= self.remaining)
    }

    /// Whether there are enough events to decide at all.
    pub fn has_enough_events(&self) -> bool {
        !self.events.is_none() && self.min_events <= self.events.total()
    }

    /// The shortest look-back that holds at least so many events: what happens now.
    pub fn recent(&self, min_events: u64) -> Option<&BurnWindow> {
        self.burn
            .iter()
            .find(|window| min_events.max(1) <= window.events.total())
    }

    /// The burn over the whole window.
    pub fn window_burn(&self) -> Option<BurnRate> {
        self.burn.last()?.burn
    }
}
