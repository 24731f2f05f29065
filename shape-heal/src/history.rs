//! What healing has tried, for the guard rails.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_compliance::BreachId;
use shape_telemetry::ComponentId;

use crate::{Error, FaultSignature, state_file};

/// Every attempt to deploy, kept in a small JSON file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealHistory {
    schema_version: u32,
    attempts: Vec<Attempt>,
}

/// One attempt to deploy a fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The idempotency key; the same key is one attempt, also when it was resumed.
    pub key: String,
    /// The incident.
    pub breach: BreachId,
    /// The fault.
    pub signature: FaultSignature,
    /// The component that the cause lies in.
    pub component: ComponentId,
    /// The recipe.
    pub recipe: String,
    /// The candidate.
    pub candidate: String,
    /// When it began.
    pub at: Timestamp,
    /// How it ended.
    pub result: AttemptResult,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttemptResult {
    /// It has begun; when no later word follows, the run was cut short.
    Begun,
    /// A branch waits for a person.
    Proposed,
    /// The remote refused it, or the service did not start.
    Failed,
    /// It runs and is better.
    Healed,
    /// It runs, and nothing can be said yet.
    Unclear,
    /// It was taken back.
    RolledBack,
    /// Somebody asked to stop; what was deployed was taken back.
    Interrupted,
}

impl AttemptResult {
    /// Whether it calls for a pause before the next attempt.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::RolledBack)
    }

    /// Whether nothing of it is left to do.
    pub(crate) fn is_ended(self) -> bool {
        matches!(self, Self::Failed | Self::RolledBack | Self::Interrupted)
    }
}

impl Default for HealHistory {
    fn default() -> Self {
        Self {
            schema_version: Self::SCHEMA_VERSION,
            attempts: Vec::new(),
        }
    }
}

impl HealHistory {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// Attempts older than this are dropped when one is added.
    const KEPT: Duration = Duration::from_secs(400 * 86_400);

    /// Reads a file; empty when there is none.
    pub fn load(path: &Path) -> Result<Self, Error> {
        state_file::load(path)
    }

    /// Writes the file, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        state_file::save(path, self)
    }

    /// All attempts, oldest first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Notes an attempt, or how it ended when its key is known.
    pub fn note(&mut self, attempt: Attempt) {
        if let Some(known) = self
            .attempts
            .iter_mut()
            .find(|known| known.key == attempt.key)
        {
            known.result = attempt.result;
            return;
        }
        let newest = attempt.at;
        self.attempts.push(attempt);
        self.attempts
            .retain(|known| since(known.at, newest) <= Self::KEPT);
    }

    /// Attempts of a fault within the last `window`, oldest first.
    pub fn recent<'a>(
        &'a self,
        signature: &'a FaultSignature,
        window: Duration,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Attempt> {
        self.attempts.iter().filter(move |attempt| {
            attempt.signature == *signature && since(attempt.at, now) <= window
        })
    }

    /// Fixes of a component that were taken back within the last `window`.
    pub fn rolled_back(&self, component: &ComponentId, window: Duration, now: Timestamp) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| attempt.component == *component)
            .filter(|attempt| attempt.result == AttemptResult::RolledBack)
            .filter(|attempt| since(attempt.at, now) <= window)
            .count()
    }

    /// How this candidate fared in this incident, when it was tried before.
    pub fn earlier(&self, breach: &BreachId, candidate: &str) -> Option<&Attempt> {
        self.attempts
            .iter()
            .rev()
            .find(|attempt| attempt.breach == *breach && attempt.candidate == candidate)
    }
}

/// The time from `then` to `now`; zero when `then` is later.
pub(crate) fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}
