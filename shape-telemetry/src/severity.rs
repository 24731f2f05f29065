//! One table for the severity of every anomaly.

use crate::Severity;

/// How large an effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    Small,
    Medium,
    Large,
}

impl Effect {
    /// Large from `large` on, medium from `medium` on.
    pub(crate) fn graded(value: f64, medium: f64, large: f64) -> Self {
        if large <= value {
            Self::Large
        } else if medium <= value {
            Self::Medium
        } else {
            Self::Small
        }
    }
}

impl Severity {
    /// The severity of an effect that touches a share of all requests. For a message that requests suffer with, it is
    /// the share of the requests of the components that suffer, and the effect is at least large when the message
    /// explains half of the slow and failed ones, medium for a fifth.
    ///
    /// | effect | 10 % and more | 1 % and more | less |
    /// |---|---|---|---|
    /// | large | critical | high | medium |
    /// | medium | high | medium | low |
    /// | small | medium | low | low |
    pub(crate) fn of(effect: Effect, share: f64) -> Self {
        match (effect, Effect::graded(share, 0.01, 0.10)) {
            (Effect::Large, Effect::Large) => Self::Critical,
            (Effect::Large, Effect::Medium) | (Effect::Medium, Effect::Large) => Self::High,
            (Effect::Large, Effect::Small)
            | (Effect::Medium, Effect::Medium)
            | (Effect::Small, Effect::Large) => Self::Medium,
            (Effect::Medium, Effect::Small) | (Effect::Small, Effect::Medium | Effect::Small) => {
                Self::Low
            }
        }
    }
}
