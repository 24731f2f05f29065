//! What happens while healing.

use serde::{Deserialize, Serialize};

/// The stages of healing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealStage {
    /// Choosing what to try.
    Diagnosing,
    /// Making a patch.
    Fixing,
    /// Proving it in a throw-away worktree.
    Validating,
    /// Commit, push, merge, restart.
    Deploying,
    /// Measuring new traffic.
    Verifying,
    /// Taking it back.
    RollingBack,
    /// Storing the outcome.
    Learning,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealEvent {
    /// The stage.
    pub stage: HealStage,
    /// The candidate it is about, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// One sentence for people.
    pub message: String,
    /// Whether something went wrong (a gate that refused, a hook that declined).
    pub is_problem: bool,
}
