//! Runs a workflow, step by step.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use shape_heal::Cancel;

use crate::{
    Clock, Error, EventBus, EventKind, Journal, LoopState, RecordKind, Run, RunStatus,
    StateMachine, StepContext, StepEnding, StepReport, Workflow,
    clock::elapsed,
    digest::{sha256, sha256_parts},
    error::Repr,
    history::{History, Last, PastFinish},
    input::{Need, Port, Slot, Slots},
    step::{Ending, Summary, with_causes},
    workflow::{Node, Produced},
};

/// Runs workflows one step after the other, always in the same order.
///
/// Before a step runs, its start is durable in the journal; when it has ended, so are its value and its end. Run again
/// on the same journal, the engine takes the values of finished steps from there and runs the others; a step whose
/// inputs have changed since (one that failed before has a value now) runs again.
///
/// A step that fails does not end the run: steps that need its value are skipped, the others run.
pub struct Engine {
    clock: Arc<dyn Clock>,
    journal: Journal,
    bus: EventBus,
    cancel: Cancel,
    run_id: Option<String>,
    state: LoopState,
}

/// A run asked to stop looks up this often while it waits to try a step again.
const LOOK_UP: Duration = Duration::from_millis(50);

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

/// One pass over the steps.
struct Pass<'e> {
    engine: &'e Engine,
    run_id: String,
    machine: StateMachine,
    history: History,
    /// The state that the steps so far lead to. The machine is elsewhere when a step was interrupted.
    expected_state: LoopState,
    slots: Slots,
    steps: Vec<StepReport>,
    is_stopped: bool,
}

impl Pass<'_> {
    /// Runs a step, takes its value from the journal, or leaves it out.
    fn step(&mut self, node: &mut Node<'_>) -> Result<Slot, Error> {
        if self.is_stopped || self.engine.cancel.is_cancelled() {
            self.is_stopped = true;
            self.engine.bus.emit(EventKind::StepSkipped {
                step: node.name.clone(),
                reason: "the run was stopped before".to_owned(),
            });
            self.report(node, StepEnding::Cancelled);
            return Ok(Slot::Cancelled);
        }
        if let Some((because, is_blocked)) = self.obstacle(&node.ports) {
            self.skip(node, None, &because)?;
            return Ok(Slot::Skipped {
                reason: because.clone(),
                because,
                is_blocked,
            });
        }
        let key = self.key(node);
        match self.history.last(&node.name).cloned() {
            Some(Last::Finished(past)) if past.key == key => {
                if let Some(slot) = self.resume(node, past)? {
                    return Ok(slot);
                }
            }
            Some(Last::Skipped {
                key: Some(past_key),
                reason,
                state,
            }) if past_key == key => {
                self.expected_state = state;
                return self.skip_itself(node, key, reason);
            }
            _ => {}
        }
        self.attempts(node, &key)
    }

    /// Why a step can not run, and whether a failure is behind it. A failure is the better reason.
    fn obstacle(&self, ports: &[Port]) -> Option<(String, bool)> {
        let mut skipped = None;
        for port in ports {
            match (self.slots.get(port.id), port.need) {
                (
                    Some(
                        Slot::Failed { because, .. }
                        | Slot::Skipped {
                            because,
                            is_blocked: true,
                            ..
                        },
                    ),
                    Need::Value | Need::NoFailure,
                ) => return Some((because.clone(), true)),
                (Some(Slot::Skipped { because, .. }), Need::Value) => {
                    skipped.get_or_insert((because.clone(), false));
                }
                _ => {}
            }
        }
        skipped
    }

    /// The idempotency key of a step: the run, the step and what it is given.
    fn key(&self, node: &Node<'_>) -> String {
        let mut parts = vec![self.run_id.clone(), node.name.clone()];
        for port in &node.ports {
            parts.push(match self.slots.get(port.id) {
                Some(Slot::Finished { sha256, .. }) => format!("value {sha256}"),
                Some(Slot::Skipped { reason, .. }) => format!("skipped {reason}"),
                Some(Slot::Failed { error, .. }) => format!("failed {error}"),
                Some(Slot::Cancelled) | None => "nothing".to_owned(),
            });
        }
        sha256_parts(parts.iter().map(String::as_str))
    }

    /// Takes the value of a finished step from the journal; `None` when it has to run after all.
    fn resume(&mut self, node: &Node<'_>, past: PastFinish) -> Result<Option<Slot>, Error> {
        let journal = &self.engine.journal;
        let Some(bytes) = journal.load_value(&node.name)? else {
            journal.notice(format!(
                "the stored value of step `{}` is gone; the step runs again",
                node.name
            ));
            return Ok(None);
        };
        let seen = sha256(&bytes);
        if seen != past.sha256 {
            return Err(Repr::StoredValue {
                step: node.name.clone(),
                file: format!("steps/{}", crate::journal::value_file(&node.name)),
                seen,
                expected: past.sha256,
            }
            .into());
        }
        let value = (node.load)(&bytes).map_err(|source| Repr::ValueType {
            step: node.name.clone(),
            expected: node.output_type.clone(),
            source,
        })?;
        // A step that did not move the machine says nothing about where it is.
        if past.state_before != past.state_after {
            self.expected_state = past.state_after;
        }
        self.engine.bus.emit(EventKind::StepStarted {
            step: node.name.clone(),
        });
        let ending = StepEnding::Finished {
            input: past.input,
            output: past.output,
            duration: past.duration,
            resumed: true,
        };
        let slot = Slot::Finished {
            value,
            sha256: past.sha256,
        };
        self.publish(node, &slot)?;
        self.report(node, ending);
        Ok(Some(slot))
    }

    /// Tries a step as often as it may be.
    fn attempts(&mut self, node: &mut Node<'_>, key: &str) -> Result<Slot, Error> {
        let engine = self.engine;
        for attempt in 1.. {
            self.machine.restore(
                self.expected_state,
                &format!("step `{}` begins again", node.name),
            )?;
            engine.journal.append(RecordKind::StepStarted {
                step: node.name.clone(),
                key: key.to_owned(),
                attempt,
                state: self.expected_state,
            })?;
            if attempt == 1 {
                engine.bus.emit(EventKind::StepStarted {
                    step: node.name.clone(),
                });
            }
            let started_at = engine.clock.now();
            let ctx = StepContext {
                step: &node.name,
                key,
                attempt,
                journal: &engine.journal,
                machine: &self.machine,
                bus: &engine.bus,
                cancel: &engine.cancel,
                clock: engine.clock.as_ref(),
                summary: Summary::default().into(),
            };
            let result = (node.run)(&ctx, &self.slots);
            let summary = ctx.summary().clone();
            let duration = elapsed(started_at, engine.clock.now());
            let (error, is_final) = match result {
                Ok(produced) => return self.succeed(node, key, produced, summary, duration),
                Err(error) => match error.0 {
                    Ending::Skipped(reason) => {
                        self.expected_state = self.machine.state();
                        return self.skip_itself(node, key.to_owned(), reason);
                    }
                    Ending::Cancelled => {
                        self.is_stopped = true;
                        engine.bus.emit(EventKind::StepFailed {
                            step: node.name.clone(),
                            error: "interrupted".to_owned(),
                            duration,
                        });
                        self.report(node, StepEnding::Cancelled);
                        return Ok(Slot::Cancelled);
                    }
                    Ending::Failed { error, is_final } => (with_causes(error.as_ref()), is_final),
                },
            };
            let max = node.retry.max_attempts();
            let is_last = is_final || max <= attempt || engine.cancel.is_cancelled();
            let retry_in = (!is_last).then(|| node.retry.wait_after(attempt, key));
            engine.journal.append(RecordKind::StepFailed {
                step: node.name.clone(),
                key: key.to_owned(),
                attempt,
                error: error.clone(),
                retry_in,
            })?;
            let Some(wait) = retry_in else {
                return Ok(self.fail(node, error, attempt, duration));
            };
            engine.bus.emit(EventKind::StepProgress {
                step: node.name.clone(),
                fraction: None,
                message: format!("attempt {attempt} of {max}: {error}; next in {wait:?}"),
            });
            if !self.wait(wait) {
                return Ok(self.fail(node, error, attempt, duration));
            }
        }
        unreachable!("invariant: the last attempt returns")
    }

    /// Waits unless somebody asks to stop; whether the whole time passed.
    fn wait(&self, mut rest: Duration) -> bool {
        while !rest.is_zero() {
            if self.engine.cancel.is_cancelled() {
                return false;
            }
            let part = rest.min(LOOK_UP);
            self.engine.clock.sleep(part);
            rest -= part;
        }
        true
    }

    fn succeed(
        &mut self,
        node: &Node<'_>,
        key: &str,
        produced: Produced,
        summary: Summary,
        duration: Duration,
    ) -> Result<Slot, Error> {
        let Produced {
            value,
            bytes,
            sha256,
        } = produced;
        let journal = &self.engine.journal;
        // The value first: a step that the journal calls finished has one.
        journal.store_value(&node.name, bytes)?;
        self.expected_state = self.machine.state();
        journal.append(RecordKind::StepFinished {
            step: node.name.clone(),
            key: key.to_owned(),
            sha256: sha256.clone(),
            input: summary.input.clone(),
            output: summary.output.clone(),
            duration,
            state: self.expected_state,
        })?;
        let slot = Slot::Finished { value, sha256 };
        self.publish(node, &slot)?;
        let ending = StepEnding::Finished {
            input: summary.input,
            output: summary.output,
            duration,
            resumed: false,
        };
        self.report(node, ending);
        Ok(slot)
    }

    /// Writes the artifacts of a value and publishes it.
    fn publish(&self, node: &Node<'_>, slot: &Slot) -> Result<(), Error> {
        let Slot::Finished { value, .. } = slot else {
            return Ok(());
        };
        if let Some(folder) = self.engine.journal.folder() {
            for write in &node.write {
                write(&folder, value)?;
            }
        }
        for artifact in node.publish.iter().filter_map(|publish| publish(value)) {
            self.engine.bus.emit(EventKind::Report(artifact));
        }
        Ok(())
    }

    fn fail(&mut self, node: &Node<'_>, error: String, attempts: u32, duration: Duration) -> Slot {
        self.expected_state = self.machine.state();
        self.engine.bus.emit(EventKind::StepFailed {
            step: node.name.clone(),
            error: error.clone(),
            duration,
        });
        let because = format!("`{}` failed", node.name);
        let slot = Slot::Failed {
            error: error.clone(),
            because,
        };
        self.report(node, StepEnding::Failed { error, attempts });
        slot
    }

    /// The step itself said that there is nothing to do.
    fn skip_itself(&mut self, node: &Node<'_>, key: String, reason: String) -> Result<Slot, Error> {
        self.skip(node, Some(key), &reason)?;
        let because = format!("`{}` was skipped: {reason}", node.name);
        Ok(Slot::Skipped {
            reason,
            because,
            is_blocked: false,
        })
    }

    fn skip(&mut self, node: &Node<'_>, key: Option<String>, reason: &str) -> Result<(), Error> {
        let is_known = matches!(
            self.history.last(&node.name),
            Some(Last::Skipped { key: past_key, reason: past, .. }) if *past_key == key && past == reason
        );
        if !is_known {
            self.engine.journal.append(RecordKind::StepSkipped {
                step: node.name.clone(),
                key,
                reason: reason.to_owned(),
                state: self.expected_state,
            })?;
        }
        self.engine.bus.emit(EventKind::StepSkipped {
            step: node.name.clone(),
            reason: reason.to_owned(),
        });
        let reason = reason.to_owned();
        self.report(node, StepEnding::Skipped { reason });
        Ok(())
    }

    fn report(&mut self, node: &Node<'_>, ending: StepEnding) {
        if let StepEnding::Finished {
            input,
            output,
            duration,
            resumed,
        } = &ending
        {
            self.engine.bus.emit(EventKind::StepFinished {
                step: node.name.clone(),
                input: input.clone(),
                output: output.clone(),
                duration: *duration,
                resumed: *resumed,
            });
        }
        self.steps.push(StepReport {
            step: node.name.clone(),
            ending,
        });
    }

    fn finish(self, workflow: u64, started_at: Timestamp) -> Result<Run, Error> {
        let has_failed = self
            .steps
            .iter()
            .any(|report| matches!(report.ending, StepEnding::Failed { .. }));
        // A step that fails while the run is being stopped most likely fails because of that.
        let is_interrupted = has_failed && self.engine.cancel.is_cancelled();
        let status = if self.is_stopped || is_interrupted {
            RunStatus::Cancelled
        } else if has_failed {
            RunStatus::Failed
        } else {
            RunStatus::Succeeded
        };
        if !self.is_stopped {
            // A crash may have happened between a step and the record of its end.
            self.machine
                .restore(self.expected_state, "every step has ended")?;
        }
        let state = self.machine.state();
        self.engine
            .journal
            .append(RecordKind::RunFinished { status, state })?;
        let duration = elapsed(started_at, self.engine.clock.now());
        self.engine
            .bus
            .emit(EventKind::RunFinished { state, duration });
        Ok(Run {
            id: self.run_id,
            workflow,
            slots: self.slots,
            steps: self.steps,
            status,
            state,
            duration,
        })
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
