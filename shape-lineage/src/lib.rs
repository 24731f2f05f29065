//! Traces a log line to the source statement that wrote it, and to the commit that put it there.
//!
//! A log line says what happened; the person or program that has to mend it needs to know where. This crate reads source
//! trees, finds their log statements, and answers for a record: this statement, one of these, or none that is known. It
//! never guesses: an answer says how it was found and how sure it is. With a git repository it also says which commits
//! changed the statement or its function, and which of them are worth a suspicion.
//!
//! # Example
//!
//! ```
//! use shape_lineage::{Query, SourceIndex, Verdict};
//! use shape_telemetry::Level;
//!
//! let index = SourceIndex::from_sources([
//!     ("Cargo.toml", "[package]\nname = \"studio\""),
//!     (
//!         "src/canvas.rs",
//!         r#"
//! fn run(log: &Logger) {
//!     warn!(log, "ResizeCanvas blocked main thread for {:.1}ms", blocked_ms; events = n);
//! }
//! "#,
//!     ),
//! ]);
//! // Logged as `WARN studio::canvas: ResizeCanvas blocked main thread for 71.9ms events=31`.
//! let query = Query::message("ResizeCanvas blocked main thread for 71.9ms events=31")
//!     .level(Level::Warn)
//!     .target("studio::canvas");
//! let answer = index.locate(&query);
//!
//! let Verdict::Unique { statement, .. } = &answer.verdict else {
//!     return Err("not found".into());
//! };
//! assert_eq!(statement.location.to_string(), "src/canvas.rs:3:5");
//! assert_eq!(statement.symbol.as_deref(), Some("canvas::run"));
//! assert_eq!(answer.variables[0], ("blocked_ms".to_owned(), "71.9".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//! - [`SourceIndex`] holds the log statements of source trees: [`SourceIndex::builder`] reads folders,
//!   [`SourceIndex::from_sources`] texts in memory. What could not be read is in [`SourceIndex::problems`].
//! - [`SourceIndex::locate`] answers a [`Query`] (an exemplar, a record and an event of telemetry are one, by
//!   `Query::from`): by the source position that the record names, else by its text and its stack frames. A [`Locator`]
//!   does that for many records, and gives places without excerpts.
//! - [`trace()`] does that for all anomalies of a report and gives a [`LineageReport`].
//! - [`suspects`] ranks the commits behind a place; [`Git`] is the `git` program, typed.
//! - [`Anchor`] pins a statement and finds it again after edits; [`Ledger`] keeps what was traced so that no entry can be
//!   changed unseen.
//!
//! # How a record is found
//! **A position first.** The emitter that the reader knows, fields (`code.file.path` and `code.line.number` of OpenTelemetry
//! and the names before, `pathname` and `lineno`, `log.origin`, `caller`), `Net.java:44` in the place of the target or in
//! front of the message, a class and a line (`Net@44`). A position in the message or behind a class counts only if the
//! statement there fits the text. Paths may be longer or shorter than the index's.
//!
//! **Then the text.** Each statement becomes a template: constant texts with variables between them, fields as the formatter
//! prints them. A message is compared only with the templates that start or end with a text that it starts or ends with,
//! and with those whose longest text one automaton finds in it. Records of another level or of another module or class than
//! the statement's are not its records. Of those that fit, the one with most constant text wins; equals are an
//! [`Ambiguous`](Verdict::Ambiguous) set, and so are those with half its text or more where the record names neither's
//! module. A template with variables and fewer than 5 constant characters, blanks not counted, is no answer, nor one with
//! fewer than 3 in the very module that the record names; see [`Query::by_elimination`] for a way to get more answers at some
//! risk.
//!
//! **Stack frames** choose among statements with the same text, and are the answer where no text of 10 characters is known:
//! they say where something failed, not which statement tells it. Frames and positions in generated JavaScript are first
//! followed to its sources, through source maps beside it or in it.
//!
//! **Neighbours**: of statements with the same text, [`Sequence`] takes the one that must stand beside the statement of the
//! record before or behind, in a log that names threads.
//!
//! A call of a logging wrapper is a statement too; [`LogStatement::emit_sites`] and [`Answer::emit_sites`] are the log calls
//! in the wrapper, which a runtime would name.
//!
//! # Features
//! | feature | default | adds |
//! |---|---|---|
//! | `rust` | yes | Rust: `log`, `tracing`, `slog`, macros named like theirs or wrapping them, `println!`, panics |
//! | `go` | no | Go: `log`, `slog`, zap, logrus, zerolog, klog, `fmt.Print`, panics |
//! | `java` | no | Java: log4j, slf4j, commons-logging, `java.util.logging`, `System.out`, exceptions |
//! | `javascript` | no | JavaScript: console, winston, pino, exceptions |
//! | `kotlin` | no | Kotlin: loggers of Java, loggers that take a lambda, Android |
//! | `python` | no | Python: `logging` and what is named like it, functions that wrap it, `print` |
//! | `typescript` | no | TypeScript, as JavaScript |
//! | `git` | yes | [`Git`] and [`suspects`] |
//! | `ledger` | yes | [`Ledger`] |
//!
//! # What it does not do
//! It does not run or compile the source. What stands behind a function call (`log.warn(text())`) is a variable to it, a
//! logger whose name has no `log` in it is none to it, and two statements with the same text, level and module stay a set
//! of two unless the log names lines or a neighbour decides.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
// Without a feature, what only it uses stays behind.
#![cfg_attr(
    not(all(feature = "rust", feature = "git", feature = "ledger")),
    allow(
        dead_code,
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "parts are features"
    )
)]

pub use crate::{
    anchor::{Anchor, Drift, Rung},
    blob::blob_id,
    error::{Error, ErrorKind, GitFailure},
    export::{AttributeValue, Attributes, InTotoStatement, InTotoSubject},
    index::{SourceIndex, SourceIndexBuilder},
    language::Language,
    locate::{Answer, Found, Locator, Place, TextMatch},
    owner::CodeOwners,
    query::Query,
    report::{
        EvidenceKind, LineageReport, RepositoryState, SourceRef, Trace, TraceCounts, Verdict,
    },
    sequence::{Sequence, Told},
    source_file::SourceFile,
    statement::{Field, LogStatement, StatementKind, Target},
    suspect::{CommitId, SuspectCommit},
    template::{MessageTemplate, Part},
    trace::{TraceOptions, trace},
};
#[cfg(feature = "git")]
pub use crate::{
    blame::suspects,
    git::{Commit, Git, GitOutput, LineChange},
};
#[cfg(feature = "ledger")]
pub use crate::{
    ledger::{ConsistencyProof, InclusionProof, Ledger, LedgerEntry, verify_ledger},
    merkle::TreeHead,
    record::{LineageRecord, RecordedPlace, RecordedVerdict},
};

mod anchor;
#[cfg(feature = "git")]
mod blame;
mod blob;
mod cache;
#[cfg(feature = "ledger")]
mod canonical;
mod error;
#[cfg(feature = "java")]
mod exception;
mod export;
mod extract;
#[cfg(feature = "git")]
mod git;
mod index;
#[cfg(feature = "java")]
mod java_classes;
mod language;
#[cfg(feature = "ledger")]
mod ledger;
mod locate;
mod matcher;
#[cfg(feature = "ledger")]
mod merkle;
mod owner;
mod package;
mod place;
mod position;
mod query;
#[cfg(feature = "ledger")]
mod record;
mod report;
mod sequence;
mod source_file;
#[cfg(feature = "javascript")]
mod source_map;
mod statement;
mod suspect;
mod target;
mod template;
#[cfg(feature = "git")]
mod tokens;
mod trace;
mod walk;
mod wrapper;

#[doc = include_str!("../README.md")]
#[cfg(all(doctest, feature = "rust", feature = "git"))]
struct Readme;
