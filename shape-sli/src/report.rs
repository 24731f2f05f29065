//! The measured indicators.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_telemetry::{ComponentId, Period};

use crate::{Error, Events, Health, Indicator, Interval, error::Repr};

/// Events in one time bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliPoint {
    /// The start of the bucket; it ends where `SliReport::bucket_ms` says.
    pub start: Timestamp,
    /// The events.
    pub events: Events,
}

/// One indicator of one component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sli {
    /// `component/availability`, `component/latency-100ms`.
    pub id: Arc<str>,
    /// What is counted.
    pub indicator: Indicator,
    /// All events, timed or not.
    pub events: Events,
    /// The Wilson interval at 95 %; `None` without events.
    pub interval: Option<Interval>,
    /// Events by bucket, in time order; events without a time are in `events` only.
    pub points: Vec<SliPoint>,
}

/// Latency of a component's requests, within the sketch's relative error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencySummary {
    /// Requests that carry a duration.
    pub count: u64,
    /// Median in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile in milliseconds.
    pub p95_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
    /// Maximum in milliseconds.
    pub max_ms: f64,
}

/// The indicators of one component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentSli {
    /// The component.
    pub component: ComponentId,
    /// Availability first, then latency by rising limit.
    pub slis: Vec<Sli>,
    /// The latency; `None` when no request carries a duration.
    pub latency: Option<LatencySummary>,
    /// The health score; `None` without requests.
    pub health: Option<Health>,
}

/// The measured indicators of all components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliReport {
    /// The version of this format.
    pub schema_version: u32,
    /// What was covered; `None` without timed records.
    pub period: Option<Period>,
    /// The width of a bucket in milliseconds.
    pub bucket_ms: u64,
    /// By component name.
    pub components: Vec<ComponentSli>,
}

impl SliReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "sli-metrics.json";

    /// Reads the artifact `sli-metrics.json`.
    ///
    /// # Errors
    ///
    /// When the text is not such an artifact (an unknown field, a contradiction: the message has line and column), or
    /// one of another version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let report: Self = serde_json::from_str(text).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        if report.schema_version == Self::SCHEMA_VERSION {
            Ok(report)
        } else {
            Err(Repr::UnsupportedVersion {
                seen: report.schema_version,
                expected: Self::SCHEMA_VERSION,
            }
            .into())
        }
    }

    /// Writes the artifact, indented, with a final line feed; the same report gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a figure is not a number, which no measurement of this crate yields.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        text.push('\n');
        Ok(text)
    }

    /// The indicators of one component.
    pub fn component(&self, component: &ComponentId) -> Option<&ComponentSli> {
        self.components
            .iter()
            .find(|entry| entry.component == *component)
    }

    /// One indicator of one component.
    pub fn find(&self, component: &ComponentId, indicator: Indicator) -> Option<&Sli> {
        self.component(component)?
            .slis
            .iter()
            .find(|sli| sli.indicator == indicator)
    }
}

impl Sli {
    /// Events that carry a time and lie in `period`, by the start of their bucket.
    pub fn events_in(&self, period: Period) -> Events {
        self.points
            .iter()
            .filter(|point| period.contains(point.start))
            .map(|point| point.events)
            .sum()
    }

    /// Events without a time.
    pub fn untimed(&self) -> Events {
        let timed: Events = self.points.iter().map(|point| point.events).sum();
        self.events.checked_sub(timed).unwrap_or(Events::NONE)
    }
}
