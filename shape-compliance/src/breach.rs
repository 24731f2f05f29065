//! The typed trigger of healing.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::SloBudget;
use shape_slo::Slo;
use shape_telemetry::ComponentId;

/// A stable name of an incident: the promise and when it began to be broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BreachId(Arc<str>);

impl BreachId {
    /// An id from its text form.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BreachId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A ratified promise that is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breach {
    /// The incident.
    pub id: BreachId,
    /// The component.
    pub component: ComponentId,
    /// The promise.
    pub slo: Slo,
    /// When the window's events first missed the target.
    pub started_at: Timestamp,
    /// When it was noticed.
    pub detected_at: Timestamp,
    /// The budget at that time.
    pub budget: SloBudget,
    /// Whether this incident was reported before (it must not trigger again).
    pub is_new: bool,
    /// The figures in one sentence.
    pub explanation: String,
}
