//! What can be wrong with a judgement.

/// Why a configuration, a contract or an artifact was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A configuration value out of range.
    Config,
    /// Credit tiers that overlap, rise, or leave a gap.
    Contract,
    /// A report written by another version of this crate.
    UnsupportedVersion,
    /// JSON that is not the expected artifact.
    Json,
    /// A history or an outbox that is damaged, or a fact that contradicts it.
    History,
    /// A file that can not be read or written.
    Io,
    /// A budget that can not be assessed.
    Budget,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Repr {
    #[error("{what} of {seen}, expected {expected}")]
    Config {
        what: &'static str,
        seen: String,
        expected: &'static str,
    },
    #[error("contract `{contract}`: {message}")]
    Contract { contract: String, message: String },
    #[error("`sla-compliance` version {seen}, this crate reads version {expected}")]
    UnsupportedVersion { seen: u32, expected: u32 },
    #[error("not a compliance report: {message}")]
    Json { message: String },
    #[error("{file}: line {line}: {message}")]
    Line {
        file: String,
        line: usize,
        message: String,
    },
    #[error("{message}")]
    Fact { message: String },
    #[error("cannot {action} `{file}`: {message}")]
    Io {
        action: &'static str,
        file: String,
        message: String,
    },
    #[error("{message}")]
    Budget { message: String },
}

impl Error {
    pub(crate) fn io(action: &'static str, file: &std::path::Path, error: &std::io::Error) -> Self {
        let (file, message) = (file.display().to_string(), error.to_string());
        Repr::Io {
            action,
            file,
            message,
        }
        .into()
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::Config { .. } => ErrorKind::Config,
            Repr::Contract { .. } => ErrorKind::Contract,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            Repr::Json { .. } => ErrorKind::Json,
            Repr::Line { .. } | Repr::Fact { .. } => ErrorKind::History,
            Repr::Io { .. } => ErrorKind::Io,
            Repr::Budget { .. } => ErrorKind::Budget,
        }
    }
}
