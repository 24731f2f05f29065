//! What can go wrong.

use std::{io, path::PathBuf};

use crate::EnvironmentError;

/// Why healing, or something it needs, did not work.
///
/// A fix that a gate or a guard rail refuses is not an error: it is part of the [`HealReport`](crate::HealReport).
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// What kind of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A recipe, its rule or its test template has a mistake.
    Recipe,
    /// The settings contradict each other or name something that does not exist.
    Config,
    /// Git is missing, or a git command failed.
    Git,
    /// Tracked files of the repository have uncommitted changes.
    DirtyRepository,
    /// Another run works in the same scratch folder.
    Locked,
    /// The service could not be built, tested or run at all.
    Environment,
    /// The effect journal could not be written.
    Journal,
    /// A file of state (knowledge, history) or of scratch space could not be read or written.
    State,
    /// A text is not a heal report, or one of another version.
    Report,
    /// Somebody asked to stop.
    Cancelled,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[error("{place}: {message}")]
    Recipe { place: String, message: String },
    #[error("{0}")]
    Config(String),
    #[error("cannot run git: {0}; install git 2.38 or newer and have it in PATH")]
    NoGit(io::Error),
    #[error("`git {command}` in `{}`: {message}", dir.display())]
    Git {
        command: String,
        dir: PathBuf,
        message: String,
    },
    #[error(
        "`{}` has uncommitted changes to tracked files ({files}); commit or stash them, then run again",
        dir.display()
    )]
    Dirty { dir: PathBuf, files: String },
    #[error("another run holds `{}`; wait for it or give another scratch folder", .0.display())]
    Locked(PathBuf),
    #[error("the service: {0}")]
    Environment(EnvironmentError),
    #[error("cannot write the effect journal: {0}")]
    Journal(io::Error),
    #[error("cannot {doing} `{}`: {message}", path.display())]
    State {
        doing: &'static str,
        path: PathBuf,
        message: String,
    },
    #[error("not a heal report: {0}")]
    Report(String),
    #[error("interrupted")]
    Cancelled,
}

impl Error {
    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Repr::Recipe { .. } => ErrorKind::Recipe,
            Repr::Config(_) => ErrorKind::Config,
            Repr::NoGit(_) | Repr::Git { .. } => ErrorKind::Git,
            Repr::Dirty { .. } => ErrorKind::DirtyRepository,
            Repr::Locked(_) => ErrorKind::Locked,
            Repr::Environment(_) => ErrorKind::Environment,
            Repr::Journal(_) => ErrorKind::Journal,
            Repr::State { .. } => ErrorKind::State,
            Repr::Report(_) => ErrorKind::Report,
            Repr::Cancelled => ErrorKind::Cancelled,
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.kind() == ErrorKind::Cancelled
    }

    pub(crate) fn state(
        doing: &'static str,
        path: impl Into<PathBuf>,
        cause: impl std::fmt::Display,
    ) -> Self {
        Self(Repr::State {
            doing,
            path: path.into(),
            message: cause.to_string(),
        })
    }
}

impl From<EnvironmentError> for Error {
    fn from(error: EnvironmentError) -> Self {
        match error {
            EnvironmentError::Cancelled => Self(Repr::Cancelled),
            other => Self(Repr::Environment(other)),
        }
    }
}
