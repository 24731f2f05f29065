//! The states of the loop.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where the loop stands.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum LoopState {
    /// Every promise holds, or nothing is known yet.
    #[default]
    Healthy,
    /// A promise is broken.
    Breached,
    /// Choosing what to try.
    Diagnosing,
    /// Making a patch.
    Fixing,
    /// Proving it.
    Validating,
    /// Putting it into production.
    Deploying,
    /// Measuring new traffic.
    Verifying,
    /// The fix helps.
    Recovered,
    /// The fix was taken back.
    RolledBack,
    /// A person is needed.
    Escalated,
}

/// A transition that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the loop can not go from `{from}` to `{to}`")]
pub struct TransitionError {
    /// The state it is in.
    pub from: LoopState,
    /// The state asked for.
    pub to: LoopState,
}

impl LoopState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Healthy,
        Self::Breached,
        Self::Diagnosing,
        Self::Fixing,
        Self::Validating,
        Self::Deploying,
        Self::Verifying,
        Self::Recovered,
        Self::RolledBack,
        Self::Escalated,
    ];

    /// The name in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Breached => "breached",
            Self::Diagnosing => "diagnosing",
            Self::Fixing => "fixing",
            Self::Validating => "validating",
            Self::Deploying => "deploying",
            Self::Verifying => "verifying",
            Self::Recovered => "recovered",
            Self::RolledBack => "rolled_back",
            Self::Escalated => "escalated",
        }
    }

    /// Whether the machine has a transition to `to`.
    ///
    /// A state may always be left for [`LoopState::Escalated`] while healing is under way; the three end states lead
    /// back to [`LoopState::Healthy`] or [`LoopState::Breached`] when the next measurement says so.
    pub fn leads_to(self, to: Self) -> bool {
        use LoopState::{
            Breached, Deploying, Diagnosing, Escalated, Fixing, Healthy, Recovered, RolledBack,
            Validating, Verifying,
        };
        matches!(
            (self, to),
            (Healthy | Recovered | RolledBack | Escalated, Breached)
                | (Breached, Diagnosing | Healthy)
                | (Diagnosing, Fixing)
                | (Fixing, Validating)
                | (Validating, Fixing | Deploying)
                | (Deploying, Verifying | Fixing | Validating)
                | (Verifying, Recovered | RolledBack)
                | (RolledBack, Fixing | Validating | Deploying)
                | (
                    Breached
                        | Diagnosing
                        | Fixing
                        | Validating
                        | Deploying
                        | Verifying
                        | RolledBack,
                    Escalated
                )
                | (Recovered | RolledBack | Escalated, Healthy)
        )
    }

    /// The state after the transition to `to`.
    pub fn enter(self, to: Self) -> Result<Self, TransitionError> {
        if self.leads_to(to) {
            Ok(to)
        } else {
            Err(TransitionError { from: self, to })
        }
    }
}

impl fmt::Display for LoopState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
