//! Half-open periods of time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A half-open period `start <= t < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after.
    pub end: Timestamp,
}

impl Period {
    /// Whether `instant` lies in the period.
    pub fn contains(self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// The length; zero when `end` is not after `start`.
    pub fn length(self) -> std::time::Duration {
        std::time::Duration::try_from(self.end.duration_since(self.start)).unwrap_or_default()
    }

    /// The smallest period that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}
