//! The measured indicators.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_telemetry::{ComponentId, Period};

use crate::{Events, Health, Indicator};

/// A confidence interval for the true share of good events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower bound, in 0..=1.
    pub lower: f64,
    /// Upper bound, in 0..=1.
    pub upper: f64,
    /// The confidence, 0.95 for example.
    pub confidence: f64,
}

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

    /// One indicator of one component.
    pub fn find(&self, component: &ComponentId, indicator: Indicator) -> Option<&Sli> {
        self.components
            .iter()
            .find(|entry| entry.component == *component)?
            .slis
            .iter()
            .find(|sli| sli.indicator == indicator)
    }
}
