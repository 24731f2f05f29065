//! The status of all promises.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::SloBudget;
use shape_slo::SloId;
use shape_telemetry::ComponentId;

use crate::{Breach, Error, error::Repr};

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

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Met => "met",
            Self::AtRisk => "at risk",
            Self::Breached => "breached",
            Self::NoData => "no data",
        })
    }
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
    /// Whether recent events miss the target; `None` when there are too few of them. A promise can be breached and not
    /// burn: a fix does not refill a budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_burning: Option<bool>,
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

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "sla-compliance.json";

    /// The status of a promise.
    pub fn status(&self, slo: &SloId) -> Option<&SloStatus> {
        self.statuses.iter().find(|entry| entry.slo == *slo)
    }

    /// The open incident of a promise.
    pub fn breach(&self, slo: &SloId) -> Option<&Breach> {
        self.breaches.iter().find(|breach| breach.slo.id == *slo)
    }

    /// The incidents that call for healing: reported for the first time and going on, the worst first.
    pub fn triggers(&self) -> impl Iterator<Item = &Breach> {
        self.breaches
            .iter()
            .filter(|breach| breach.calls_for_healing())
    }

    /// Reads the artifact `sla-compliance.json`.
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
    /// When a figure is not a number, which no judgement of this crate yields.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        text.push('\n');
        Ok(text)
    }

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
