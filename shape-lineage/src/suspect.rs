//! The commits that may have brought a line.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A full commit hash in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(String);

impl CommitId {
    /// A commit by its full hash.
    pub fn new(hash: &str) -> Self {
        Self(hash.to_owned())
    }

    /// The full hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A commit that changed the traced line or the function around it, by `git log -L` at the deployed commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspectCommit {
    /// The commit.
    pub id: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// Its author, `Name <mail>`.
    pub author: String,
    /// When it was committed.
    pub time: Timestamp,
    /// Whether it has no parent; such a commit is never reverted.
    pub is_root: bool,
    /// Whether the change keeps every token of the lines (a reformat).
    pub only_whitespace: bool,
    /// Whether it is newer than the baseline revision, where one is known.
    pub since_baseline: bool,
    /// How suspect, in 0..=1; the list is sorted by it, highest first, newest first among equals.
    pub score: f64,
    /// Why, in one sentence.
    pub reason: String,
}
