//! What was measured: a commutative monoid over log records.

use std::{collections::BTreeMap, num::NonZeroU64, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ComponentId, Gauge, LatencySketch, Level, Limits, LineCounts, LogPosition, OctaveCounts,
    Presence, SessionSample, SourceLocation, TemplateId, limits::is_never,
};

/// Counts and latencies per component and time bucket, and counts per message template.
///
/// A commutative monoid: merging the measurements of shards in any order and grouping gives the same value as one pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurements {
    /// The width of a time bucket in milliseconds; buckets start at multiples of it since the epoch.
    pub bucket_ms: NonZeroU64,
    /// How often the width of the buckets was doubled, because there were too many of them ([`Limits::buckets`]).
    #[serde(default, skip_serializing_if = "is_never")]
    pub bucket_doublings: u32,
    /// The latency limits at which requests are counted exactly, rising.
    pub latency_limits_ns: Vec<u64>,
    /// How much is told apart.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
    /// What became of the lines read.
    pub lines: LineCounts,
    /// Per component.
    pub components: BTreeMap<ComponentId, ComponentMeasurements>,
    /// Per template.
    pub templates: BTreeMap<TemplateId, TemplateSeries>,
    /// The records of a sample of the requests, by the id that they carry.
    #[serde(default, skip_serializing_if = "SessionSample::is_empty")]
    pub sessions: SessionSample,
    /// When anything was written at all.
    #[serde(default, skip_serializing_if = "Presence::is_empty")]
    pub presence: Presence,
}

/// What was measured of one component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentMeasurements {
    /// By the start of the bucket.
    pub buckets: BTreeMap<Timestamp, Bucket>,
    /// Of records without a time.
    pub untimed: Bucket,
    /// Requests by field name and value, for fields with few values (`method`, `path`, `status`, …); bounded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, BTreeMap<String, FieldCounts>>,
    /// Numeric fields (`queue_depth=17`, `rss=12MiB`) by name and the start of the bucket; bounded. A unit in the value
    /// is written behind the name: `rss_bytes`, `lag_ms`, `cpu_percent`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, BTreeMap<Timestamp, Gauge>>,
    /// How many values were seen, whether they are counted above or not.
    #[serde(default, skip_serializing_if = "ValuesSeen::is_none")]
    pub seen: ValuesSeen,
}

/// How many values of fields a component had: more than are counted, where [`Limits`] cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuesSeen {
    /// Values that may be counted in [`ComponentMeasurements::fields`].
    pub fields: u64,
    /// Values that may be counted in [`ComponentMeasurements::metrics`].
    pub metrics: u64,
}

impl ValuesSeen {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The requests that carry one value of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldCounts {
    /// Requests that ended well.
    pub good: u64,
    /// Requests that failed.
    pub bad: u64,
    /// How long they took, as far as they say.
    #[serde(default, skip_serializing_if = "OctaveCounts::is_empty")]
    pub durations: OctaveCounts,
}

/// What was measured of one component in one time bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Requests that ended well.
    pub good: u64,
    /// Requests that failed.
    pub bad: u64,
    /// Records that report no request.
    pub other: u64,
    /// Durations of requests, good and bad.
    pub latency: LatencySketch,
    /// For each limit of [`Measurements::latency_limits_ns`], the good requests that took no longer.
    pub good_within: Vec<u64>,
    /// Requests that carry a duration: the total that `good_within` is a share of.
    pub timed: u64,
    /// The slowest requests, the slowest first; bounded.
    pub exemplars: Vec<Exemplar>,
    /// The first failed requests in the order of their time; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Exemplar>,
    /// The time of the first record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The time of the last record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// A record kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemplar {
    /// Where it stands.
    pub position: LogPosition,
    /// When, where the record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Its level, where the record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Its target, logger or program, where the record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its message without the fields, cut at 1 KiB.
    pub message: String,
    /// Its fields (`status`, `request_id`, …), values cut at 256 bytes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The duration that it reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// The source location that the emitter wrote into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emitter: Option<SourceLocation>,
    /// Stack frames that follow it, innermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<SourceLocation>,
}

/// How often a template occurred, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSeries {
    /// The message with `<*>` for each variable.
    pub text: String,
    /// The component whose records carry it.
    pub component: ComponentId,
    /// The highest level it was written at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Occurrences by the start of the bucket.
    pub buckets: BTreeMap<Timestamp, u64>,
    /// Occurrences without a time.
    pub untimed: u64,
    /// Durations that its records report.
    pub durations: LatencySketch,
    /// The first occurrences in the order of their time; bounded.
    pub exemplars: Vec<Exemplar>,
}

impl TemplateSeries {
    /// All occurrences.
    pub fn count(&self) -> u64 {
        self.untimed + self.buckets.values().sum::<u64>()
    }
}
