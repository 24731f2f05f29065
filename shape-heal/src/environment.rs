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

    /// Runs only the test that a recipe brings, by the recipe's commands, in a checkout.
    ///
    /// Where commands can not be run, all tests of the checkout do as well.
    fn run_test(
        &mut self,
        checkout: &Path,
        commands: &[String],
    ) -> Result<CommandReport, EnvironmentError> {
        let _ = commands;
        self.test(checkout)
    }

    /// Runs the service of a built checkout under replayed load, apart from the live one, and reads its logs.
    fn replay(
        &mut self,
        checkout: &Path,
        label: &str,
        seed: u64,
    ) -> Result<Observation, EnvironmentError>;

    /// Makes the live service run the built state of its deployment at `revision`.
    ///
    /// It is called to take a fix back as well, so a wish to stop must not keep it from its work.
    fn restart(&mut self, revision: &str) -> Result<(), EnvironmentError>;

    /// Observes new traffic of the live service.
    fn observe(&mut self, label: &str) -> Result<Observation, EnvironmentError>;

    /// Whether the live service runs `revision`; `None` when that is not known.
    ///
    /// A resumed run asks before it trusts its journal that the restart is done.
    fn runs(&mut self, revision: &str) -> Option<bool> {
        let _ = revision;
        None
    }

    /// Whether [`Environment::replay`] is possible.
    fn can_replay(&self) -> bool;

    /// Whether [`Environment::restart`] is possible.
    fn can_restart(&self) -> bool;
}
