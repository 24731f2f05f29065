//! Traces a log line to the source statement that wrote it, and to the commit that put it there.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "git")]
pub use crate::{
    blame::suspects,
    git::{Commit, Git, GitOutput, LineChange},
};
pub use crate::{
    blob::blob_id,
    error::{Error, ErrorKind, GitFailure},
    index::{SourceFile, SourceIndex, SourceIndexBuilder},
    language::Language,
    locate::{Answer, TextMatch},
    query::Query,
    report::{
        EvidenceKind, LineageReport, RepositoryState, SourceRef, Trace, TraceCounts, Verdict,
    },
    statement::{Field, LogStatement, StatementKind, Target},
    suspect::{CommitId, SuspectCommit},
    template::{MessageTemplate, Part},
    trace::{TraceOptions, trace},
};

#[cfg(feature = "git")]
mod blame;
mod blob;
mod error;
mod extract;
#[cfg(feature = "git")]
mod git;
mod index;
mod language;
mod locate;
mod matcher;
mod package;
mod query;
mod report;
mod statement;
mod suspect;
mod target;
mod template;
#[cfg(feature = "git")]
mod tokens;
mod trace;
mod walk;
