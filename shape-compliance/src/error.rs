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
}

impl Error {
    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::Config { .. } => ErrorKind::Config,
            Repr::Contract { .. } => ErrorKind::Contract,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            Repr::Json { .. } => ErrorKind::Json,
        }
    }
}
