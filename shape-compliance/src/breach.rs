//! The typed trigger of healing.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::SloBudget;
use shape_slo::{Slo, SloId};
use shape_telemetry::ComponentId;

/// A stable name of an incident: the promise and when it began to be broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BreachId(Arc<str>);

impl BreachId {
    /// The incident of a promise that began to be broken at this time: `canvas/availability@2026-11-24T08:00:03Z`.
    ///
    /// Made of what it names, so that the same data always give the same id.
    pub fn of(slo: &SloId, started_at: Timestamp) -> Self {
        Self::new(&format!("{slo}@{started_at}"))
    }

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

/// Whether an incident still spends the budget.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Recent events miss the target, as far as is known.
    #[default]
    Burning,
    /// Recent events keep the target; the budget stays overspent until bad events leave the window.
    Mitigated,
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
    /// Whether this incident is reported for the first time; one that was reported before must not trigger again.
    pub is_new: bool,
    /// Whether it goes on.
    #[serde(default)]
    pub state: IncidentState,
    /// When the burn was first seen to have stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigated_at: Option<Timestamp>,
    /// The figures in one sentence.
    pub explanation: String,
}

impl Breach {
    /// Whether it calls for healing: reported for the first time, and going on.
    pub fn calls_for_healing(&self) -> bool {
        self.is_new && self.state == IncidentState::Burning
    }
}
