//! The error of this crate.

use std::{io, path::PathBuf};

/// Why something could not be done.
///
/// The [`kind`](Error::kind) is for programs, the text for people.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The `git` program could not be started.
    GitNotFound,
    /// The folder is not inside a git repository.
    NotARepository,
    /// A git command ended with an exit code other than 0; see [`Error::git_failure`].
    GitFailed,
    /// Git answered something that this crate does not understand.
    GitOutput,
    /// A source root does not exist or is not a folder or file.
    SourceRoot,
    /// A file could not be read or written.
    Io,
    /// A lineage ledger was changed, cut or is not one.
    Ledger,
}

/// A git command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitFailure {
    /// The command line, for people.
    pub command: String,
    /// The exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// What it wrote to stdout; `git merge` explains conflicts there.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[error("cannot start `git`; is it installed and on the path?")]
    GitNotFound { source: io::Error },
    #[error("`{}` is not inside a git repository: {detail}", path.display())]
    NotARepository { path: PathBuf, detail: String },
    #[error("`{}` {}: {}", .0.command, ended(.0.exit_code), said(.0))]
    GitFailed(Box<GitFailure>),
    #[error("unexpected output of `{command}`: {detail}")]
    GitOutput { command: String, detail: String },
    #[error("cannot search the source root `{}`", path.display())]
    SourceRoot { path: PathBuf, source: io::Error },
    #[error("{action} `{}`", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("ledger line {line}: {detail}")]
    Ledger { line: u64, detail: String },
}

impl Error {
    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Repr::GitNotFound { .. } => ErrorKind::GitNotFound,
            Repr::NotARepository { .. } => ErrorKind::NotARepository,
            Repr::GitFailed(_) => ErrorKind::GitFailed,
            Repr::GitOutput { .. } => ErrorKind::GitOutput,
            Repr::SourceRoot { .. } => ErrorKind::SourceRoot,
            Repr::Io { .. } => ErrorKind::Io,
            Repr::Ledger { .. } => ErrorKind::Ledger,
        }
    }

    /// The command that failed, its exit code and output, when a git command failed.
    pub fn git_failure(&self) -> Option<&GitFailure> {
        match &self.0 {
            Repr::GitFailed(failure) => Some(failure),
            _ => None,
        }
    }
}

fn ended(exit_code: Option<i32>) -> String {
    exit_code.map_or_else(
        || "was ended by a signal".to_owned(),
        |code| format!("ended with exit code {code}"),
    )
}

/// The part of the output worth showing: stderr, else stdout, else a word.
fn said(failure: &GitFailure) -> &str {
    [failure.stderr.trim(), failure.stdout.trim(), "no output"]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}
