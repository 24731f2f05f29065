//! What a ledger keeps of a trace.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shape_telemetry::{AnomalyId, LogPosition};

use crate::{
    Anchor, Drift, EvidenceKind, LineageReport, RepositoryState, SourceIndex, SourceRef, Verdict,
    blob::hex,
};

/// A trace as a [`Ledger`](crate::Ledger) keeps it: enough to check every step of it later.
///
/// No time and no text of the log is in it; the message is there as a hash.
///
/// ```
/// use shape_lineage::{Ledger, LineageRecord, LineageReport, SourceIndex};
///
/// fn keep(
///     report: &LineageReport,
///     index: &SourceIndex,
///     ledger: &mut Ledger,
/// ) -> Result<(), shape_lineage::Error> {
///     ledger.append_all(&report.records(index))?;
///     println!("keep this elsewhere: {:?}", ledger.head());
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineageRecord {
    /// The version of this format.
    pub schema_version: u32,
    /// The program that traced, with its version.
    pub tool: String,
    /// The repository and commit that were searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryState>,
    /// The anomaly.
    pub anomaly: AnomalyId,
    /// The log lines.
    pub positions: Vec<LogPosition>,
    /// SHA-256 of the message traced, in hex.
    pub message_sha256: String,
    /// How sure, in 0..=1.
    pub confidence: f64,
    /// What was found.
    pub verdict: RecordedVerdict,
    /// Where the deployed commit had the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
}

/// A [`Verdict`] with the statements pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum RecordedVerdict {
    /// Exactly one statement.
    Unique {
        /// How it was found.
        evidence: EvidenceKind,
        /// The place, pinned.
        place: RecordedPlace,
    },
    /// Several.
    Ambiguous {
        /// How they were found.
        evidence: EvidenceKind,
        /// The places, likeliest first.
        places: Vec<RecordedPlace>,
    },
    /// None.
    Unmapped {
        /// Why not.
        reason: String,
    },
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedPlace {
    /// A log statement, which can be found again.
    Statement(Box<Anchor>),
    /// A line that is no log statement, named by a stack frame or by the record.
    Line {
        /// Where.
        location: shape_telemetry::SourceLocation,
        /// Hash of the file as git stores it.
        blob: String,
    },
}

impl LineageRecord {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;
}

impl LineageReport {
    /// What a ledger should keep of each trace; `index` is the one that was searched.
    pub fn records(&self, index: &SourceIndex) -> Vec<LineageRecord> {
        let commit = self.repository.as_ref().map(|state| &state.commit);
        let place = |place: &SourceRef| {
            let anchor = index
                .statement_at(&place.location)
                .and_then(|statement| Anchor::pin(index, statement));
            match anchor {
                Some(anchor) => RecordedPlace::Statement(Box::new(match commit {
                    Some(commit) => anchor.at_commit(commit.clone()),
                    None => anchor,
                })),
                None => RecordedPlace::Line {
                    location: place.location.clone(),
                    blob: place.blob.clone(),
                },
            }
        };
        self.traces
            .iter()
            .map(|trace| LineageRecord {
                schema_version: LineageRecord::SCHEMA_VERSION,
                tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
                repository: self.repository.clone(),
                anomaly: trace.anomaly.clone(),
                positions: trace.positions.clone(),
                message_sha256: hex(&Sha256::digest(trace.message.as_bytes())),
                confidence: trace.confidence,
                verdict: match &trace.verdict {
                    Verdict::Unique {
                        statement,
                        evidence,
                    } => RecordedVerdict::Unique {
                        evidence: evidence.clone(),
                        place: place(statement),
                    },
                    Verdict::Ambiguous {
                        candidates,
                        evidence,
                    } => RecordedVerdict::Ambiguous {
                        evidence: evidence.clone(),
                        places: candidates.iter().map(place).collect(),
                    },
                    Verdict::Unmapped { reason } => RecordedVerdict::Unmapped {
                        reason: reason.clone(),
                    },
                },
                drift: trace.drift.clone(),
            })
            .collect()
    }
}
