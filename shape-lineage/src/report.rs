//! What lineage found.

use serde::{Deserialize, Serialize};
use shape_telemetry::{AnomalyId, ComponentId, Level, LogPosition, SourceLocation};

use crate::{CommitId, Drift, SuspectCommit};

/// A log statement in a source tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRef {
    /// Where the statement starts; the path is relative to the source root's repository.
    pub location: SourceLocation,
    /// The last line of the statement.
    pub end_line: std::num::NonZeroU32,
    /// The path of the enclosing function, `canvas::render::run` for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// First and last line of the enclosing function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_lines: Option<(std::num::NonZeroU32, std::num::NonZeroU32)>,
    /// The level that the statement logs at, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Where the record is written, if the statement calls a logging wrapper: the log call in it, which is the place that
    /// a runtime names; the statement is the caller, which is the place that a person looks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emit_sites: Vec<SourceLocation>,
    /// The message template with `<*>` for variables.
    pub template: String,
    /// The lines around the statement; the first is line `excerpt_start`.
    pub excerpt: String,
    /// The line number of the excerpt's first line.
    pub excerpt_start: std::num::NonZeroU32,
    /// Hash of the file as git stores it (`git hash-object`).
    pub blob: String,
}

/// How a source position was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum EvidenceKind {
    /// The record names file and line.
    EmitterMetadata,
    /// A stack frame names file and line.
    StackFrame,
    /// The message fits the statement's text.
    Text {
        /// Constant characters of the statement found in the message, blanks not counted.
        literal_chars: u32,
    },
}

/// The answer for one anomaly: never a forced guess.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Verdict {
    /// Exactly one statement fits.
    Unique {
        /// The statement.
        statement: SourceRef,
        /// How it was found.
        evidence: EvidenceKind,
    },
    /// Several fit equally well.
    Ambiguous {
        /// They, likeliest first.
        candidates: Vec<SourceRef>,
        /// How they were found.
        evidence: EvidenceKind,
    },
    /// None fits.
    Unmapped {
        /// Why not.
        reason: String,
    },
}

impl Verdict {
    /// The statement, if there is exactly one.
    pub fn unique(&self) -> Option<&SourceRef> {
        match self {
            Self::Unique { statement, .. } => Some(statement),
            Self::Ambiguous { .. } | Self::Unmapped { .. } => None,
        }
    }
}

/// From an anomaly to its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The anomaly.
    pub anomaly: AnomalyId,
    /// Its component.
    pub component: ComponentId,
    /// The log lines traced.
    pub positions: Vec<LogPosition>,
    /// The message traced, as logged.
    pub message: String,
    /// The answer.
    pub verdict: Verdict,
    /// How sure, in 0..=1.
    pub confidence: f64,
    /// The values of the statement's variables in the message, by name where the source names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, String)>,
    /// Where the deployed commit has the statement, as seen from the source that was searched: `Pinned` where both have
    /// the same file. `None` without a repository or an only answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The owners of the file, as `CODEOWNERS` names them; empty without such a file or an only answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The commits that changed the line or its function, most suspect first; empty without a repository.
    pub suspects: Vec<SuspectCommit>,
}

/// How many anomalies were traced, and how many were not.
///
/// In JSON the [`trace_rate`](Self::trace_rate) stands beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "CountsWithRate", try_from = "CountsWithRate")]
pub struct TraceCounts {
    /// With exactly one statement.
    pub unique: u64,
    /// With several.
    pub ambiguous: u64,
    /// With none.
    pub unmapped: u64,
    /// Anomalies that stand for no log line (a silent component), so that there is nothing to trace.
    pub not_applicable: u64,
}

impl TraceCounts {
    /// The share of anomalies with log lines that were traced to exactly one statement, in 0..=1; `None` when there were
    /// none to trace.
    pub fn trace_rate(&self) -> Option<f64> {
        let n = self.unique + self.ambiguous + self.unmapped;
        let float = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        (0 < n).then(|| float(self.unique) / float(n))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountsWithRate {
    unique: u64,
    ambiguous: u64,
    unmapped: u64,
    not_applicable: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_rate: Option<f64>,
}

impl From<TraceCounts> for CountsWithRate {
    fn from(counts: TraceCounts) -> Self {
        Self {
            unique: counts.unique,
            ambiguous: counts.ambiguous,
            unmapped: counts.unmapped,
            not_applicable: counts.not_applicable,
            trace_rate: counts.trace_rate(),
        }
    }
}

impl TryFrom<CountsWithRate> for TraceCounts {
    type Error = String;

    fn try_from(json: CountsWithRate) -> Result<Self, String> {
        let counts = Self {
            unique: json.unique,
            ambiguous: json.ambiguous,
            unmapped: json.unmapped,
            not_applicable: json.not_applicable,
        };
        let same = |a: f64, b: f64| (a - b).abs() < 1e-9;
        match (json.trace_rate, counts.trace_rate()) {
            (Some(written), Some(rate)) if !same(written, rate) => Err(format!(
                "trace_rate is {written}, but the counts give {rate}"
            )),
            (Some(written), None) => Err(format!(
                "trace_rate is {written}, but the counts say that nothing was to be traced"
            )),
            _ => Ok(counts),
        }
    }
}

/// The state of the source tree that was searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryState {
    /// Where it comes from: the address of the remote `origin`, without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit that is checked out.
    pub commit: CommitId,
    /// Whether tracked files differ from it.
    pub is_dirty: bool,
}

/// Anomalies and where in the source they come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageReport {
    /// The version of this format.
    pub schema_version: u32,
    /// The repository, where the source lies in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryState>,
    /// Source files indexed.
    pub files_indexed: u64,
    /// Log statements found in them.
    pub statements_indexed: u64,
    /// Files that could not be read or parsed, each with the reason.
    pub problems: Vec<String>,
    /// The counts.
    pub counts: TraceCounts,
    /// One per anomaly, in the order of the anomalies.
    pub traces: Vec<Trace>,
}

impl LineageReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The trace of an anomaly.
    pub fn trace(&self, anomaly: &AnomalyId) -> Option<&Trace> {
        self.traces.iter().find(|trace| trace.anomaly == *anomaly)
    }
}
