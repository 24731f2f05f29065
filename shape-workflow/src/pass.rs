//! One pass of the engine over the steps of a workflow.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    Engine, Error, EventKind, LoopState, RecordKind, Run, RunStatus, StateMachine, StepContext,
    StepEnding, StepReport,
    clock::elapsed,
    digest::{sha256, sha256_parts},
    error::Repr,
    history::{History, Last, PastFinish},
    input::{Need, Port, Slot, Slots},
    journal::value_file,
    step::{Ending, Summary, with_causes},
    workflow::{Node, Produced},
};

/// A run asked to stop looks up this often while it waits to try a step again.
const LOOK_UP: Duration = Duration::from_millis(50);

/// One pass over the steps.
pub(crate) struct Pass<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) run_id: String,
    pub(crate) machine: StateMachine,
    pub(crate) history: History,
    /// The state that the steps so far lead to. The machine is elsewhere when a step was interrupted.
    pub(crate) expected_state: LoopState,
    pub(crate) slots: Slots,
    pub(crate) steps: Vec<StepReport>,
    pub(crate) is_stopped: bool,
}

impl Pass<'_> {
    /// Runs a step, takes its value from the journal, or leaves it out.
    pub(crate) fn step(&mut self, node: &mut Node<'_>) -> Result<Slot, Error> {
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
                file: format!("steps/{}", value_file(&node.name)),
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

    pub(crate) fn finish(self, workflow: u64, started_at: Timestamp) -> Result<Run, Error> {
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
