//! The state machine of a run.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Error, EventBus, EventKind, Journal, LoopState, RecordKind};

/// Where a run stands: moves along the transitions of [`LoopState`] only; each move is journalled, then told. Clones
/// share it.
///
/// ```
/// use std::sync::Arc;
/// use shape_workflow::{EventBus, Journal, LoopState, ManualClock, StateMachine};
///
/// let clock = Arc::new(ManualClock::at("2026-03-01T10:00:00Z".parse()?));
/// let machine = StateMachine::new(
///     LoopState::Healthy,
///     Journal::in_memory(clock.clone()),
///     EventBus::new(clock),
/// );
/// machine.enter(LoopState::Breached, "availability 99.71 % < 99.9 %")?;
/// let refused = machine.enter(LoopState::Deploying, "in a hurry").unwrap_err();
/// assert_eq!(refused.to_string(), "the loop can not go from `breached` to `deploying`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StateMachine {
    state: Arc<Mutex<LoopState>>,
    journal: Journal,
    bus: EventBus,
}

impl StateMachine {
    /// A machine in `state`.
    pub fn new(state: LoopState, journal: Journal, bus: EventBus) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
            journal,
            bus,
        }
    }

    fn lock(&self) -> MutexGuard<'_, LoopState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands.
    pub fn state(&self) -> LoopState {
        *self.lock()
    }

    /// Moves to `to`.
    pub fn enter(&self, to: LoopState, reason: impl Into<String>) -> Result<(), Error> {
        let reason = reason.into();
        let mut state = self.lock();
        let from = *state;
        from.enter(to)?;
        self.journal.append(RecordKind::StateChanged {
            from,
            to,
            reason: reason.clone(),
        })?;
        *state = to;
        // An event callback may ask for the state.
        drop(state);
        self.bus.emit(EventKind::StateChanged { from, to, reason });
        Ok(())
    }

    /// Puts the machine back to where a step begins; a step that runs again goes through its states again.
    pub(crate) fn restore(&self, to: LoopState, reason: &str) -> Result<(), Error> {
        let mut state = self.lock();
        let from = *state;
        if from == to {
            return Ok(());
        }
        self.journal.append(RecordKind::StateRestored {
            from,
            to,
            reason: reason.to_owned(),
        })?;
        *state = to;
        drop(state);
        let reason = reason.to_owned();
        self.bus.emit(EventKind::StateChanged { from, to, reason });
        Ok(())
    }

    /// The machine as a Graphviz graph; `current` is filled.
    pub fn to_dot(current: Option<LoopState>) -> String {
        let mut dot = String::from(
            "digraph \"loop\" {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f6f8fa\"];\n",
        );
        for state in LoopState::ALL {
            let fill = if Some(state) == current {
                " [fillcolor=\"#ffd33d\"]"
            } else {
                ""
            };
            // Writing to a string can not go wrong, here and below.
            let _ = writeln!(dot, "  {state}{fill};");
        }
        for (from, to) in transitions() {
            let _ = writeln!(dot, "  {from} -> {to};");
        }
        dot.push_str("}\n");
        dot
    }

    /// The machine as a Mermaid state diagram; `current` is filled.
    pub fn to_mermaid(current: Option<LoopState>) -> String {
        let mut mermaid = String::from("stateDiagram-v2\n  [*] --> healthy\n");
        for (from, to) in transitions() {
            let _ = writeln!(mermaid, "  {from} --> {to}");
        }
        if let Some(state) = current {
            let _ = writeln!(
                mermaid,
                "  classDef current fill:#ffd33d,color:#24292f\n  class {state} current"
            );
        }
        mermaid
    }
}

fn transitions() -> impl Iterator<Item = (LoopState, LoopState)> {
    LoopState::ALL.into_iter().flat_map(|from| {
        let targets = LoopState::ALL
            .into_iter()
            .filter(move |to| from.leads_to(*to));
        targets.map(move |to| (from, to))
    })
}
