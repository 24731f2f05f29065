//! The status of all promises.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::SloBudget;
use shape_slo::SloId;
use shape_telemetry::ComponentId;

use crate::Breach;

/// Whether a promise holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Met,
    /// It holds, but the budget burns fast.
    AtRisk,
    /// It does not hold.
    Breached,
    /// Nothing is known: no events, or too few.
    NoData,
}

/// The status of one promise, with the numbers behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloStatus {
    /// The promise.
    pub slo: SloId,
    /// Its component.
    pub component: ComponentId,
    /// The status.
    pub status: Status,
    /// Since when, as far as the data and the history tell.
    pub since: Timestamp,
    /// The figures in one sentence: `9,971 of 10,000 good (99.71 %) against 99.5 %: 58 % of the budget used`.
    pub explanation: String,
    /// The budget it was judged by.
    pub budget: SloBudget,
}

/// The status of all promises at one time, and the breaches that call for healing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplianceReport {
    /// The version of this format.
    pub schema_version: u32,
    /// The time it speaks of.
    pub now: Timestamp,
    /// By promise.
    pub statuses: Vec<SloStatus>,
    /// New and open breaches, the worst first.
    pub breaches: Vec<Breach>,
}

impl ComplianceReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The worst status; `NoData` when there is nothing else.
    pub fn worst(&self) -> Status {
        let known = self
            .statuses
            .iter()
            .map(|entry| entry.status)
            .filter(|status| *status != Status::NoData);
        known.max().unwrap_or(Status::NoData)
    }
}
