//! The typed trigger of healing.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::{PolicyDecision, SloBudget};
use shape_sli::{Events, Grouped};
use shape_slo::{Slo, SloId};
use shape_telemetry::{ComponentId, Period};

use crate::figures;

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
    /// The stretch of time that half of the bad events fell in; `None` where none carries a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<BadStretch>,
    /// What the budget policy allows to be changed, as the incident was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDecision>,
    /// The figures in one sentence.
    pub explanation: String,
}

/// The shortest stretch of the window that holds at least half of the bad events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadStretch {
    /// The time, exact to the points of the burndown.
    pub period: Period,
    /// The events in it.
    pub events: Events,
    /// Bad events of the whole window.
    pub bad_in_window: u64,
}

impl BadStretch {
    /// The stretch of a budget, from its burndown.
    pub fn of(budget: &SloBudget) -> Option<Self> {
        let before = |index: usize| match index.checked_sub(1) {
            Some(index) => budget
                .burndown
                .get(index)
                .map(|point| (point.time, point.events)),
            None => Some((budget.period.start, Events::NONE)),
        };
        let (_, first) = before(0)?;
        let all = budget.burndown.last()?.events.checked_sub(first)?.bad();
        let needed = all.div_ceil(2);
        let mut best: Option<Self> = None;
        let mut from = 0;
        for point in &budget.burndown {
            // The latest beginning that still holds enough.
            while let Some((start, earlier)) = before(from) {
                let events = point.events.checked_sub(earlier)?;
                if events.bad() < needed || events.bad() == 0 {
                    break;
                }
                let period = Period {
                    start,
                    end: point.time,
                };
                if best.is_none_or(|best| period.length() < best.period.length()) {
                    best = Some(Self {
                        period,
                        events,
                        bad_in_window: all,
                    });
                }
                from += 1;
            }
        }
        best
    }
}

/// `600 of 620 bad events between 2026-11-24T02:00:00Z and 2026-11-24T03:00:00Z`
impl fmt::Display for BadStretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} bad events between {} and {}",
            Grouped(self.events.bad()),
            Grouped(self.bad_in_window),
            figures::to_the_second(self.period.start),
            figures::to_the_second(self.period.end)
        )
    }
}

impl Breach {
    /// Whether it calls for healing: reported for the first time, and going on.
    pub fn calls_for_healing(&self) -> bool {
        self.is_new && self.state == IncidentState::Burning
    }
}
