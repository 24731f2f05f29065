//! The service that is healed: building, testing, running, loading it.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_telemetry::{Measurements, SourceSummary};

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandReport {
    /// The command line.
    pub command: String,
    /// The exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// How long it took.
    pub duration: Duration,
    /// The last lines of its output.
    pub output_tail: String,
}

impl CommandReport {
    /// Whether it exited with 0.
    pub fn is_success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// What the service's logs say of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// `baseline`, `release`, `replay of …`, …
    pub label: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What was measured.
    pub measurements: Measurements,
    /// The log sources read.
    pub sources: Vec<SourceSummary>,
}

/// Why the environment could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A command could not be started or did not do its work.
    #[error("{message}")]
    Command {
        /// What was seen and what to do.
        message: String,
        /// The command's report, when it ran.
        report: Option<Box<CommandReport>>,
    },
    /// The service did not come up.
    #[error("{message}")]
    Start {
        /// What was seen and what to do.
        message: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// The environment can not do this (a service that is not ours to start).
    #[error("{message}")]
    Unsupported {
        /// What can not be done and what would allow it.
        message: String,
    },
    /// Reading logs failed.
    #[error("{message}")]
    Logs {
        /// What was seen and what to do.
        message: String,
    },
}

/// Builds, tests, runs and observes the service; implement it for your own platform.
pub trait Environment {
    /// Builds the service in a checkout.
    fn build(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError>;

    /// Runs the service's tests in a checkout.
    fn test(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError>;

    /// Runs the service of a built checkout under replayed load, apart from the live one, and reads its logs.
    fn replay(
        &mut self,
        checkout: &Path,
        label: &str,
        seed: u64,
    ) -> Result<Observation, EnvironmentError>;

    /// Makes the live service run the built state of its deployment at `revision`.
    fn restart(&mut self, revision: &str) -> Result<(), EnvironmentError>;

    /// Observes new traffic of the live service.
    fn observe(&mut self, label: &str) -> Result<Observation, EnvironmentError>;

    /// Whether [`Environment::replay`] is possible.
    fn can_replay(&self) -> bool;

    /// Whether [`Environment::restart`] is possible.
    fn can_restart(&self) -> bool;
}
