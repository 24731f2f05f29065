//! What can go wrong around the steps.

use std::{fmt, io, path::PathBuf};

use crate::TransitionError;

/// Why a workflow could not be built, run or resumed.
///
/// A step that fails is no error of the engine: see [`crate::Run`].
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The graph can not be built: a cycle, a name used twice, a handle of another workflow.
    Graph,
    /// Another process works on the same journal.
    Locked,
    /// A journal record or a stored value is not what was written.
    Damaged,
    /// The journal belongs to another graph or another run.
    Changed,
    /// Reading or writing failed.
    Io,
    /// The state machine has no such transition.
    State,
    /// An artifact or a value is not what was expected.
    Artifact,
    /// An effect key was used in a way that contradicts the journal.
    Effect,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[error("the steps wait for each other: {}", Chain(path))]
    Cycle { path: Vec<String> },
    #[error("two steps are called `{name}`")]
    DuplicateStep { name: String },
    #[error("`{name}` is no name for a step: {reason}")]
    StepName { name: String, reason: &'static str },
    #[error("`{step}` was given a handle that comes from another workflow")]
    ForeignHandle { step: String },
    #[error(
        "another run{} works on `{}`; wait for it, or end it first",
        Owner(*pid),
        path.display()
    )]
    Locked { path: PathBuf, pid: Option<u32> },
    #[error("line {line} of `{}` is damaged: {reason}; the journal was changed after it was written", path.display())]
    Record {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error(
        "the stored value of step `{step}` has sha256 `{seen}`, the journal says `{expected}`; delete `{file}` to run the step again"
    )]
    StoredValue {
        step: String,
        file: String,
        seen: String,
        expected: String,
    },
    #[error("the stored value of step `{step}` is not a `{expected}`")]
    ValueType {
        step: String,
        expected: String,
        source: serde_json::Error,
    },
    #[error("the output of step `{step}` can not be stored as JSON")]
    ValueWrite {
        step: String,
        source: serde_json::Error,
    },
    #[error(
        "the output of step `{step}` was written as JSON that can not be read back as `{expected}`"
    )]
    ValueReadBack {
        step: String,
        expected: String,
        source: serde_json::Error,
    },
    #[error(
        "the journal was written by another version of the workflow, it can not be resumed ({difference}); start again in an empty folder"
    )]
    ChangedGraph { difference: String },
    #[error("the journal belongs to run `{found}`, not to run `{wanted}`")]
    ChangedRun { found: String, wanted: String },
    #[error("cannot {verb} `{}`", path.display())]
    Io {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("the journal takes no more records: {reason}")]
    Broken { reason: String },
    #[error("the crash that was asked for, at record {record}")]
    Crash { record: u64 },
    #[error(transparent)]
    Transition(#[from] TransitionError),
    #[error("`{}`: {reason}", path.display())]
    Artifact { path: PathBuf, reason: String },
    #[error("{}:{line}:{column}: {reason}", path.display())]
    ArtifactSyntax {
        path: PathBuf,
        line: usize,
        column: usize,
        reason: String,
    },
    #[error("`{name}` is no name for an artifact: expected a file name without a folder")]
    ArtifactName { name: String },
    #[error("effect key `{key}`: {reason}")]
    Effect { key: String, reason: String },
}

impl Error {
    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::Cycle { .. }
            | Repr::DuplicateStep { .. }
            | Repr::StepName { .. }
            | Repr::ForeignHandle { .. } => ErrorKind::Graph,
            Repr::Locked { .. } => ErrorKind::Locked,
            Repr::Record { .. } | Repr::StoredValue { .. } => ErrorKind::Damaged,
            Repr::ChangedGraph { .. } | Repr::ChangedRun { .. } => ErrorKind::Changed,
            Repr::Io { .. } | Repr::Broken { .. } | Repr::Crash { .. } => ErrorKind::Io,
            Repr::Transition(_) => ErrorKind::State,
            Repr::ValueType { .. }
            | Repr::ValueWrite { .. }
            | Repr::ValueReadBack { .. }
            | Repr::Artifact { .. }
            | Repr::ArtifactSyntax { .. }
            | Repr::ArtifactName { .. } => ErrorKind::Artifact,
            Repr::Effect { .. } => ErrorKind::Effect,
        }
    }

    pub(crate) fn io(
        verb: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Repr::Io { verb, path, source }.into()
    }
}

impl From<TransitionError> for Error {
    fn from(error: TransitionError) -> Self {
        Self(Repr::Transition(error))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

/// Names joined by arrows.
struct Chain<'a>(&'a [String]);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, name) in self.0.iter().enumerate() {
            if idx != 0 {
                f.write_str(" → ")?;
            }
            write!(f, "`{name}`")?;
        }
        Ok(())
    }
}

/// Who holds a lock, where known.
struct Owner(Option<u32>);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, " (process {pid})"),
            None => Ok(()),
        }
    }
}
