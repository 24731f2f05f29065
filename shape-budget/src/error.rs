//! What can be wrong with an assessment.

/// Why budgets could not be assessed, or a configuration was rejected.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A window that has no period at this time, or a time zone that is not known.
    Window,
    /// A slice of no length.
    Slice,
    /// A configuration value out of range.
    Config,
    /// A row of recorded counts that is none.
    Counts,
    /// A report written by another version of this crate.
    UnsupportedVersion,
    /// JSON that is not the expected artifact.
    Json,
    /// A budget policy that is none.
    Policy,
}

#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Repr {
    #[error("`{slo}`")]
    Window {
        slo: String,
        source: shape_slo::Error,
    },
    #[error("exclusion `{exclusion}`: {message}")]
    Zone { exclusion: String, message: String },
    #[error("`{slo}`: slices of 0 s, expected at least 1 s")]
    Slice { slo: String },
    #[error("{what} of {seen}, expected {expected}")]
    Config {
        what: &'static str,
        seen: String,
        expected: &'static str,
    },
    #[error("line {line}: `{seen}`, expected `minute,good,bad` in whole numbers")]
    Counts { line: usize, seen: String },
    #[error("`error-budgets` version {seen}, this crate reads version {expected}")]
    UnsupportedVersion { seen: u32, expected: u32 },
    #[error("not a budget policy: {message}")]
    Policy { message: String },
    #[error("not a budget report: {message}")]
    Json { message: String },
}

impl Error {
    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::Window { .. } | Repr::Zone { .. } => ErrorKind::Window,
            Repr::Slice { .. } => ErrorKind::Slice,
            Repr::Config { .. } => ErrorKind::Config,
            Repr::Counts { .. } => ErrorKind::Counts,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            Repr::Json { .. } => ErrorKind::Json,
            Repr::Policy { .. } => ErrorKind::Policy,
        }
    }
}
