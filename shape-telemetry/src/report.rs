//! The report of a telemetry run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Anomaly, ComponentId, Diagnosis, Level, Overflow, Period, TemplateId};

/// What became of the lines read. `parsed + unparsed == total` always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineCounts {
    /// Lines read, blank ones included.
    pub total: u64,
    /// Lines that are, or belong to, a record.
    pub parsed: u64,
    /// Lines kept as they are because no format fits.
    pub unparsed: u64,
    /// Lines that were cut at the length limit (they count above as well).
    pub cut: u64,
    /// Lines with bytes that are not UTF-8 (they count above as well).
    pub not_utf8: u64,
}

impl LineCounts {
    /// The sums.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            parsed: self.parsed + other.parsed,
            unparsed: self.unparsed + other.unparsed,
            cut: self.cut + other.cut,
            not_utf8: self.not_utf8 + other.not_utf8,
        }
    }
}

/// One log source that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSummary {
    /// Its name, usually the path as given.
    pub name: Arc<str>,
    /// The format that most of its lines have.
    pub format: String,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// What became of its lines.
    pub lines: LineCounts,
    /// What went wrong while reading, where something did; what was read before it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One template in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSummary {
    /// The stable id.
    pub id: TemplateId,
    /// The text with `<*>` for variables.
    pub text: String,
    /// The component.
    pub component: ComponentId,
    /// The highest level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Occurrences.
    pub count: u64,
}

/// What the logs say: sources, templates, anomalies, diagnoses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryReport {
    /// The version of this format.
    pub schema_version: u32,
    /// From the first to the last record with a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What became of all lines.
    pub lines: LineCounts,
    /// What was not told apart, because of the limits.
    #[serde(default, skip_serializing_if = "Overflow::is_none")]
    pub overflow: Overflow,
    /// The sources, by name.
    pub sources: Vec<SourceSummary>,
    /// The templates, the most frequent first.
    pub templates: Vec<TemplateSummary>,
    /// The anomalies, the most severe first.
    pub anomalies: Vec<Anomaly>,
    /// The diagnoses, the most severe first.
    pub diagnoses: Vec<Diagnosis>,
}

impl TelemetryReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// All anomalies, those that come together with another one right behind it.
    pub fn all_anomalies(&self) -> impl Iterator<Item = &Anomaly> {
        self.anomalies.iter().flat_map(Anomaly::all)
    }
}
