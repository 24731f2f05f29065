//! What counts as a good event.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What an SLI counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum Indicator {
    /// Requests that did not fail, of all requests.
    Availability,
    /// Requests that did not fail and took no longer than the limit, of all requests that carry a duration.
    Latency {
        /// The limit in nanoseconds.
        limit_ns: u64,
    },
}

impl Indicator {
    /// The latency limit, if this is a latency indicator.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Availability => None,
            Self::Latency { limit_ns } => Some(Duration::from_nanos(limit_ns)),
        }
    }
}
