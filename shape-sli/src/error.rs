//! What can be wrong with a measurement.

/// Why a value was rejected.
///
/// ```
/// use shape_sli::{ErrorKind, Events};
///
/// let error = Events::new(11, 10).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::GoodExceedsTotal);
/// assert_eq!(error.to_string(), "11 good events out of only 10");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// More good events than events.
    GoodExceedsTotal,
    /// A score above 100.
    ScoreTooHigh,
    /// An interval that is not `0 <= lower <= upper <= 1`, or a confidence outside `0..1`.
    BadInterval,
    /// A confidence level outside `0..1`.
    BadConfidence,
    /// A reference objective outside `1..=1,000,000,000` parts per billion, or weights that are all zero.
    BadObjective,
    /// A report written by another version of this crate.
    UnsupportedVersion,
    /// JSON that is not the expected artifact.
    Json,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Repr {
    #[error("{good} good events out of only {total}")]
    GoodExceedsTotal { good: u64, total: u64 },
    #[error("score of {hundredths} hundredths, expected at most 10000")]
    ScoreTooHigh { hundredths: u16 },
    #[error(
        "interval {lower} to {upper} at confidence {confidence}, expected 0 <= lower <= upper <= 1 and a confidence between 0 and 1"
    )]
    BadInterval {
        lower: String,
        upper: String,
        confidence: String,
    },
    #[error("confidence {seen}, expected a number between 0 and 1, both excluded")]
    BadConfidence { seen: String },
    #[error("{what} of {seen}, expected {expected}")]
    BadObjective {
        what: &'static str,
        seen: u64,
        expected: &'static str,
    },
    #[error("`sli-metrics` version {seen}, this crate reads version {expected}")]
    UnsupportedVersion { seen: u32, expected: u32 },
    #[error("not an SLI report: {message}")]
    Json { message: String },
}

impl Error {
    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::GoodExceedsTotal { .. } => ErrorKind::GoodExceedsTotal,
            Repr::ScoreTooHigh { .. } => ErrorKind::ScoreTooHigh,
            Repr::BadInterval { .. } => ErrorKind::BadInterval,
            Repr::BadConfidence { .. } => ErrorKind::BadConfidence,
            Repr::BadObjective { .. } => ErrorKind::BadObjective,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            Repr::Json { .. } => ErrorKind::Json,
        }
    }
}
