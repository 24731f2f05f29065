//! What a step sees of its run, and how it ends.

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use shape_heal::{Cancel, HealEvent};

use crate::{Artifact, Clock, Error, EventBus, EventKind, Journal, LoopState, StateMachine};

/// What can pass from step to step: anything that is stored as JSON and read back.
///
/// Implemented for every type that qualifies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not pass between steps",
    note = "a step's output is `Serialize + DeserializeOwned + Send + Sync + 'static`, so that it survives a crash"
)]
pub trait Value: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for T {}

/// Why a step has no value.
///
/// Made from any error by `?`, which stands for "failed, try again if the step may". It is no `std::error::Error`
/// itself, for the same reason.
pub struct StepError(pub(crate) Ending);

pub(crate) enum Ending {
    Failed {
        error: Box<dyn std::error::Error + Send + Sync>,
        is_final: bool,
    },
    Skipped(String),
    Cancelled,
}

impl StepError {
    /// The step failed; it is tried again if its [`crate::Retry`] allows.
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Ending::Failed {
            error: error.into(),
            is_final: false,
        })
    }

    /// The step failed, and trying again will not help.
    pub fn permanent(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Ending::Failed {
            error: error.into(),
            is_final: true,
        })
    }

    /// There is nothing to do. Steps that need the value are skipped for the same reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self(Ending::Skipped(reason.into()))
    }

    /// Somebody asked to stop, and the step did. The run ends; resumed, the step runs again.
    pub fn cancelled() -> Self {
        Self(Ending::Cancelled)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self::failed(error)
    }
}

impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ending::Failed { error, .. } => write!(f, "failed: {}", with_causes(error.as_ref())),
            Ending::Skipped(reason) => write!(f, "skipped: {reason}"),
            Ending::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// The text of an error followed by that of its causes.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// What a running step can ask and tell. Every method takes `&self`, so that several can be lent out at once.
pub struct StepContext<'r> {
    pub(crate) step: &'r str,
    pub(crate) key: &'r str,
    pub(crate) attempt: u32,
    pub(crate) journal: &'r Journal,
    pub(crate) machine: &'r StateMachine,
    pub(crate) bus: &'r EventBus,
    pub(crate) cancel: &'r Cancel,
    pub(crate) clock: &'r dyn Clock,
    pub(crate) summary: Mutex<Summary>,
}

/// What went in and what came out, in a few words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) input: String,
    pub(crate) output: String,
}

impl StepContext<'_> {
    /// The name of the step.
    pub fn step(&self) -> &str {
        self.step
    }

    /// The idempotency key: a digest over the run, the step and its inputs. The same after a crash and in every
    /// attempt; the stem of the keys of effects.
    pub fn key(&self) -> &str {
        self.key
    }

    /// Which attempt this is, counting from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock of the run.
    pub fn clock(&self) -> &dyn Clock {
        self.clock
    }

    /// The run folder; `None` when the journal is in memory.
    pub fn folder(&self) -> Option<PathBuf> {
        self.journal.folder()
    }

    /// Says what goes in, in a few words.
    pub fn input_summary(&self, summary: impl Into<String>) {
        self.summary().input = summary.into();
    }

    /// Says what comes out, in a few words.
    pub fn output_summary(&self, summary: impl Into<String>) {
        self.summary().output = summary.into();
    }

    pub(crate) fn summary(&self) -> std::sync::MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how far the step is, in 0..=1 where known, and what it is at.
    pub fn progress(&self, fraction: impl Into<Option<f64>>, message: impl Into<String>) {
        let fraction = fraction.into().filter(|fraction| fraction.is_finite());
        self.bus.emit(EventKind::StepProgress {
            step: self.step.to_owned(),
            fraction: fraction.map(|fraction| fraction.clamp(0.0, 1.0)),
            message: message.into(),
        });
    }

    /// Passes on what healing tells.
    pub fn heal_event(&self, event: HealEvent) {
        self.bus.emit(EventKind::Heal(event));
    }

    /// Publishes a report before the step ends. What the step returns is better published by
    /// [`crate::WorkflowBuilder::publish`], which does so in a resumed run too.
    pub fn report(&self, artifact: Artifact) {
        self.bus.emit(EventKind::Report(artifact));
    }

    /// The write-ahead journal for effects; clones are cheap and share it.
    pub fn effects(&self) -> Journal {
        self.journal.clone()
    }

    /// Where the loop stands.
    pub fn state(&self) -> LoopState {
        self.machine.state()
    }

    /// Moves the state machine. When the step is run again, the state is put back to what it was before the step.
    pub fn enter(&self, to: LoopState, reason: impl Into<String>) -> Result<(), Error> {
        self.machine.enter(to, reason)
    }

    /// The flag that asks the run to stop.
    pub fn cancel(&self) -> &Cancel {
        self.cancel
    }

    /// Ends the step when somebody asked to stop: `ctx.check_cancelled()?`.
    pub fn check_cancelled(&self) -> Result<(), StepError> {
        if self.cancel.is_cancelled() {
            Err(StepError::cancelled())
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for StepContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepContext")
            .field("step", &self.step)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
