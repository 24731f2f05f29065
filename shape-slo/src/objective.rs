//! Objectives.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use crate::{Target, Window};

/// The name of an objective, `canvas/latency-100ms` for example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SloId(Arc<str>);

impl SloId {
    /// An id from its text form.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a budget is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum BudgetingMethod {
    /// Good events of all events.
    #[default]
    Occurrences,
    /// Good slices of all slices that have data.
    Timeslices {
        /// The length of a slice in seconds.
        slice_seconds: u64,
        /// The share of good events that makes a slice good.
        slice_target: Target,
    },
    /// The mean of the slices' good shares.
    RatioTimeslices {
        /// The length of a slice in seconds.
        slice_seconds: u64,
    },
}

/// Whether somebody stands behind a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum Standing {
    /// Computed from history; a proposal.
    Derived,
    /// Accepted or written by a person.
    Ratified {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// Why a derived target is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rationale {
    /// Good events in the history.
    pub good: u64,
    /// Events in the history.
    pub total: u64,
    /// Non-overlapping windows in the history.
    pub windows: u64,
    /// The confidence that the history supports, in 0..=1.
    pub confidence: f64,
    /// One sentence for people.
    pub explanation: String,
}

/// One promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// The name.
    pub id: SloId,
    /// The component.
    pub component: ComponentId,
    /// What is counted.
    pub indicator: Indicator,
    /// The share that must be good.
    pub target: Target,
    /// Over which time.
    pub window: Window,
    /// How the budget is counted.
    pub method: BudgetingMethod,
    /// Below this number of events the answer is "too few events".
    pub min_events: u64,
    /// Whether somebody stands behind it.
    pub standing: Standing,
    /// Why, for a derived target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<Rationale>,
}

/// All promises of a service, by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloSet {
    /// The version of this format.
    pub schema_version: u32,
    /// The service.
    pub service: String,
    /// The promises, sorted by id.
    pub slos: Vec<Slo>,
}

impl SloSet {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// A promise by name.
    pub fn find(&self, id: &SloId) -> Option<&Slo> {
        self.slos.iter().find(|slo| slo.id == *id)
    }

    /// Turns every derived promise into a ratified one.
    #[must_use]
    pub fn ratify(mut self, by: &str, at: Timestamp) -> Self {
        for slo in &mut self.slos {
            if slo.standing == Standing::Derived {
                slo.standing = Standing::Ratified {
                    by: by.to_owned(),
                    at,
                };
            }
        }
        self
    }
}
