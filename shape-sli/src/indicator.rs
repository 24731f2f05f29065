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
    /// Looks at which the data were no older than the limit.
    Freshness {
        /// The limit in nanoseconds.
        limit_ns: u64,
    },
    /// Looks at which enough was done.
    Throughput {
        /// What has to be done in an hour at least.
        per_hour: u64,
    },
    /// Looks at which no more than the limit was used.
    Saturation {
        /// The share that may be used, in parts per billion.
        limit_ppb: u32,
    },
    /// Looks at which it answered.
    Probe,
}

impl Indicator {
    /// A latency indicator; limits above 584 years are cut.
    pub fn latency(limit: Duration) -> Self {
        Self::Latency {
            limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// A freshness indicator; limits above 584 years are cut.
    pub fn freshness(limit: Duration) -> Self {
        Self::Freshness {
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
            Self::Latency { limit_ns } => Some(Duration::from_nanos(limit_ns)),
            _ => None,
        }
    }
}

/// `availability`, `latency-100ms`, `freshness-600s`, `throughput-3600-per-hour`, `saturation-80%`, `probe`: the shortest
/// exact form.
impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Availability => f.pad("availability"),
            // `Duration`'s `Debug` is exact: `100ms`, `1.5s`, `250µs`.
            Self::Latency { limit_ns } => {
                f.pad(&format!("latency-{:?}", Duration::from_nanos(*limit_ns)))
            }
            Self::Freshness { limit_ns } => {
                f.pad(&format!("freshness-{:?}", Duration::from_nanos(*limit_ns)))
            }
            Self::Throughput { per_hour } => f.pad(&format!("throughput-{per_hour}-per-hour")),
            Self::Saturation { limit_ppb } => {
                let (whole, rest) = (limit_ppb / 10_000_000, limit_ppb % 10_000_000);
                let fraction = format!(".{rest:07}");
                f.pad(&format!(
                    "saturation-{whole}{}%",
                    fraction.trim_end_matches('0').trim_end_matches('.')
                ))
            }
            Self::Probe => f.pad("probe"),
        }
    }
}
