//! How a run ended.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{LoopState, Outcome, Output, RunStatus, StepStatus, Value, input::Slots};

/// How one step of a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// The step.
    pub step: String,
    /// How it ended.
    pub ending: StepEnding,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ending")]
#[non_exhaustive]
pub enum StepEnding {
    /// It has a value.
    Finished {
        /// What went in, in a few words.
        input: String,
        /// What came out, in a few words.
        output: String,
        /// How long it took, when it really ran.
        duration: Duration,
        /// Whether the value was taken from the journal.
        resumed: bool,
    },
    /// It was left out.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It failed.
    Failed {
        /// The error with its causes.
        error: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// Somebody asked to stop before it was done.
    Cancelled,
}

/// A run that has ended, well or not.
pub struct Run {
    pub(crate) id: String,
    pub(crate) workflow: u64,
    pub(crate) slots: Slots,
    pub(crate) steps: Vec<StepReport>,
    pub(crate) status: RunStatus,
    pub(crate) state: LoopState,
    pub(crate) duration: Duration,
}

impl Run {
    /// The name of the run.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How it ended.
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// Whether no step failed and nobody asked to stop.
    pub fn is_success(&self) -> bool {
        self.status == RunStatus::Succeeded
    }

    /// The state the loop ended in.
    pub fn state(&self) -> LoopState {
        self.state
    }

    /// How long it took.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The steps in the order in which they ran.
    pub fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// The steps that failed, with the error and its causes.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.steps.iter().filter_map(|report| match &report.ending {
            StepEnding::Failed { error, .. } => Some((report.step.as_str(), error.as_str())),
            _ => None,
        })
    }

    /// The value of a step; `None` when it has none, or the handle is of another workflow.
    pub fn value<T: Value>(&self, output: Output<T>) -> Option<Arc<T>> {
        self.outcome(output)?.value()
    }

    /// How a step ended; `None` when the run was stopped before, or the handle is of another workflow.
    pub fn outcome<T: Value>(&self, output: Output<T>) -> Option<Outcome<T>> {
        if output.id().workflow != self.workflow {
            return None;
        }
        self.slots.outcome(output.id())
    }

    /// The status of every step, for [`crate::Outline::to_dot`].
    pub fn statuses(&self) -> BTreeMap<String, StepStatus> {
        let status = |ending: &StepEnding| match ending {
            StepEnding::Finished { .. } => StepStatus::Finished,
            StepEnding::Skipped { .. } => StepStatus::Skipped,
            StepEnding::Failed { .. } => StepStatus::Failed,
            StepEnding::Cancelled => StepStatus::Pending,
        };
        self.steps
            .iter()
            .map(|report| (report.step.clone(), status(&report.ending)))
            .collect()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("run_id", &self.id)
            .field("status", &self.status)
            .field("state", &self.state)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
