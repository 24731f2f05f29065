//! What counts as a good event.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use shape_telemetry::ComponentId;

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
    /// A latency indicator; limits above 584 years are cut.
    pub fn latency(limit: Duration) -> Self {
        Self::Latency {
            limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// The name of this indicator of a component: `canvas/latency-100ms`.
    ///
    /// ```
    /// use shape_sli::Indicator;
    /// use shape_telemetry::ComponentId;
    ///
    /// let indicator = Indicator::Latency { limit_ns: 100_000_000 };
    /// assert_eq!(indicator.sli_id(&ComponentId::new("canvas")), "canvas/latency-100ms");
    /// ```
    pub fn sli_id(self, component: &ComponentId) -> String {
        format!("{component}/{self}")
    }

    /// The latency limit, if this is a latency indicator.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Availability => None,
            Self::Latency { limit_ns } => Some(Duration::from_nanos(limit_ns)),
        }
    }
}

/// `availability`, `latency-100ms`, `latency-1.5s`: the shortest exact form.
impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Availability => f.pad("availability"),
            // `Duration`'s `Debug` is exact: `100ms`, `1.5s`, `250µs`.
            Self::Latency { limit_ns } => {
                f.pad(&format!("latency-{:?}", Duration::from_nanos(*limit_ns)))
            }
        }
    }
}
