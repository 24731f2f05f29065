//! Runs a workflow, step by step.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use shape_heal::Cancel;

use crate::{
    Clock, Error, EventBus, EventKind, Journal, LoopState, RecordKind, Run, StateMachine, Workflow,
    digest::sha256_parts, history::History, input::Slots, pass::Pass,
};

/// Runs workflows one step after the other, always in the same order.
///
/// Before a step runs, its start is durable in the journal; when it has ended, so are its value and its end. Run again
/// on the same journal, the engine takes the values of finished steps from there and runs the others; a step whose
/// inputs have changed since (one that failed before has a value now) runs again.
///
/// A step that fails does not end the run: steps that need its value are skipped, the others run.
pub struct Engine {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Journal,
    pub(crate) bus: EventBus,
    pub(crate) cancel: Cancel,
    run_id: Option<String>,
    state: LoopState,
}

impl Engine {
    /// An engine with a journal in memory and an event bus of its own.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            journal: Journal::in_memory(Arc::clone(&clock)),
            bus: EventBus::new(Arc::clone(&clock)),
            cancel: Cancel::new(),
            run_id: None,
            state: LoopState::Healthy,
            clock,
        }
    }

    /// Writes to this journal, and resumes what it holds.
    #[must_use]
    pub fn journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// Tells events to this bus.
    #[must_use]
    pub fn events(self, bus: EventBus) -> Self {
        Self { bus, ..self }
    }

    /// Stops at the next safe point when this flag is set.
    #[must_use]
    pub fn cancel(self, cancel: Cancel) -> Self {
        Self { cancel, ..self }
    }

    /// Names the run; otherwise the name is derived from the workflow, the time and the place of the journal. It is part
    /// of every idempotency key.
    #[must_use]
    pub fn run_id(self, run_id: impl Into<String>) -> Self {
        Self {
            run_id: Some(run_id.into()),
            ..self
        }
    }

    /// The state in which a new run begins; a resumed one goes on in its own.
    #[must_use]
    pub fn state(self, state: LoopState) -> Self {
        Self { state, ..self }
    }

    /// The bus, to subscribe to.
    pub fn bus(&self) -> &EventBus {
        &self.bus
    }

    /// Runs the steps of `workflow`.
    ///
    /// # Errors
    /// The journal can not be written, belongs to another workflow or run, or a stored value is damaged. Steps that
    /// fail are in the [`Run`].
    pub fn run(&self, workflow: &mut Workflow<'_>) -> Result<Run, Error> {
        let started_at = self.clock.now();
        let history = History::of(self.journal.records());
        let graph = workflow.description();
        let fingerprint = workflow.fingerprint();
        history.check(self.run_id.as_deref(), &fingerprint, &graph)?;
        let run_id = match (&history.run, &self.run_id) {
            (Some(run), _) => run.run_id.clone(),
            (None, Some(run_id)) => run_id.clone(),
            (None, None) => self.new_run_id(&workflow.name, started_at),
        };
        let initial = history.run.as_ref().map_or(self.state, |run| run.state);
        let current = history.state.unwrap_or(initial);
        self.journal.append(RecordKind::RunStarted {
            schema_version: RecordKind::SCHEMA_VERSION,
            run_id: run_id.clone(),
            workflow: workflow.name.clone(),
            fingerprint,
            graph,
            state: current,
        })?;
        self.bus.emit(EventKind::RunStarted {
            workflow: workflow.name.clone(),
            steps: workflow.steps().map(str::to_owned).collect(),
        });

        let mut pass = Pass {
            engine: self,
            run_id,
            machine: StateMachine::new(current, self.journal.clone(), self.bus.clone()),
            history,
            expected_state: initial,
            slots: Slots(vec![None; workflow.order.len()]),
            steps: Vec::new(),
            is_stopped: false,
        };
        for index in workflow.order.clone() {
            let node = &mut workflow.graph[index];
            let slot = pass.step(node)?;
            if let Some(place) = pass.slots.0.get_mut(index.index()) {
                *place = Some(slot);
            }
        }
        pass.finish(workflow.id, started_at)
    }

    fn new_run_id(&self, workflow: &str, at: Timestamp) -> String {
        let folder = self.journal.folder();
        let folder = folder.map(|folder| folder.canonicalize().unwrap_or(folder));
        let folder = folder.unwrap_or_default().display().to_string();
        let digest = sha256_parts([workflow, &at.to_string(), &folder]);
        digest.get(..16).unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("journal", &self.journal)
            .field("run_id", &self.run_id)
            .finish_non_exhaustive()
    }
}
