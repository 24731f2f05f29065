//! What the journal of an interrupted run says of its steps.

use std::{collections::BTreeMap, time::Duration};

use crate::{Error, LoopState, Record, RecordKind, error::Repr};

/// The steps of a run as the journal left them.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) run: Option<RunHead>,
    steps: BTreeMap<String, Past>,
    /// The state of the loop at the end of the journal.
    pub(crate) state: Option<LoopState>,
}

/// How the first `RunStarted` describes the run.
pub(crate) struct RunHead {
    pub(crate) run_id: String,
    pub(crate) fingerprint: String,
    pub(crate) graph: Vec<String>,
    pub(crate) state: LoopState,
}

#[derive(Default)]
struct Past {
    state_before: LoopState,
    last: Option<Last>,
}

/// How a step ended last.
#[derive(Clone)]
pub(crate) enum Last {
    Finished(PastFinish),
    /// The key is missing when the step was skipped because of others.
    Skipped {
        key: Option<String>,
        reason: String,
        state: LoopState,
    },
}

/// What a `StepFinished` record says, and the state before the step.
#[derive(Clone)]
pub(crate) struct PastFinish {
    pub(crate) key: String,
    pub(crate) sha256: String,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) duration: Duration,
    pub(crate) state_before: LoopState,
    pub(crate) state_after: LoopState,
}

impl History {
    pub(crate) fn of(records: Vec<Record>) -> Self {
        let mut history = Self::default();
        for record in records {
            history.note(record.kind);
        }
        history
    }

    fn note(&mut self, kind: RecordKind) {
        match kind {
            RecordKind::RunStarted {
                run_id,
                fingerprint,
                graph,
                state,
                ..
            } => {
                self.run.get_or_insert(RunHead {
                    run_id,
                    fingerprint,
                    graph,
                    state,
                });
                self.state.get_or_insert(state);
            }
            RecordKind::StepStarted { step, state, .. } => {
                let past = self.steps.entry(step).or_default();
                past.state_before = state;
                // Its stored value may be overwritten from here on.
                past.last = None;
            }
            RecordKind::StepFinished {
                step,
                key,
                sha256,
                input,
                output,
                duration,
                state,
            } => {
                let past = self.steps.entry(step).or_default();
                past.last = Some(Last::Finished(PastFinish {
                    key,
                    sha256,
                    input,
                    output,
                    duration,
                    state_before: past.state_before,
                    state_after: state,
                }));
            }
            RecordKind::StepSkipped {
                step,
                key,
                reason,
                state,
            } => {
                let past = self.steps.entry(step).or_default();
                past.last = Some(Last::Skipped { key, reason, state });
            }
            RecordKind::StateChanged { to, .. } | RecordKind::StateRestored { to, .. } => {
                self.state = Some(to);
            }
            RecordKind::StepFailed { .. }
            | RecordKind::EffectBegun { .. }
            | RecordKind::EffectFinished { .. }
            | RecordKind::RunFinished { .. } => {}
        }
    }

    /// How `step` ended last, if it has not begun again since.
    pub(crate) fn last(&self, step: &str) -> Option<&Last> {
        self.steps.get(step)?.last.as_ref()
    }

    /// Refuses a journal of another graph or run.
    pub(crate) fn check(
        &self,
        run_id: Option<&str>,
        fingerprint: &str,
        graph: &[String],
    ) -> Result<(), Error> {
        let Some(run) = &self.run else {
            return Ok(());
        };
        if run.fingerprint != fingerprint {
            let difference = difference(&run.graph, graph);
            return Err(Repr::ChangedGraph { difference }.into());
        }
        match run_id {
            Some(wanted) if wanted != run.run_id => Err(Repr::ChangedRun {
                found: run.run_id.clone(),
                wanted: wanted.to_owned(),
            }
            .into()),
            _ => Ok(()),
        }
    }
}

/// The first line that is only in one of the two descriptions, for each of them.
fn difference(old: &[String], new: &[String]) -> String {
    let only_in = |these: &[String], others: &[String]| {
        these.iter().find(|line| !others.contains(line)).cloned()
    };
    match (only_in(old, new), only_in(new, old)) {
        (Some(was), Some(is)) => format!("it had {was}; now it has {is}"),
        (Some(was), None) => format!("it had {was}"),
        (None, Some(is)) => format!("new is {is}"),
        (None, None) => "the steps come in another order".to_owned(),
    }
}
