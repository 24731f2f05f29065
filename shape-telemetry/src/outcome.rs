//! What an event says about a request.

use serde::{Deserialize, Serialize};

/// What a record says about the success of a request or task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A request or task ended well.
    Good,
    /// A request or task failed.
    Bad,
    /// The record does not report the end of a request or task.
    NotARequest,
}
