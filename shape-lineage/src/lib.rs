//! Traces a log line to the source statement that wrote it, and to the commit that put it there.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    report::{EvidenceKind, LineageReport, RepositoryState, SourceRef, Trace, TraceCounts, Verdict},
    suspect::{CommitId, SuspectCommit},
};

mod report;
mod suspect;
