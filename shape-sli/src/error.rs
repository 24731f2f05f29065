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
    /// A row of counts that is none.
    Counts,
    /// A scrape that is not in a format of Prometheus.
    Exposition,
    /// A selector of samples that can not be read.
    Selector,
    /// A sample that counts nothing: a negative or broken number.
    NotACount,
    /// A latency limit between the bounds of a histogram.
    Limit,
    /// A query that got no answer, or one that can not be read.
    Query,
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
    #[error("line {line}: {message}")]
    Counts { line: usize, message: String },
    #[cfg_attr(
        not(feature = "prometheus"),
        expect(dead_code, reason = "only scrapes are read")
    )]
    #[error("line {line}, column {column}: {message}")]
    Exposition {
        line: usize,
        column: usize,
        message: String,
    },
    #[cfg_attr(
        not(feature = "prometheus"),
        expect(dead_code, reason = "only scrapes have samples")
    )]
    #[error("selector `{seen}`: {message}")]
    Selector { seen: String, message: String },
    #[cfg_attr(
        not(feature = "prometheus"),
        expect(dead_code, reason = "only scrapes have samples")
    )]
    #[error("`{sample}` is {seen}, expected a whole number of events")]
    NotACount { sample: String, seen: String },
    #[cfg_attr(
        not(feature = "prometheus"),
        expect(dead_code, reason = "only scrapes have histograms")
    )]
    #[error("{limit:?} is no bucket bound of `{histogram}`: {nearest}")]
    Limit {
        histogram: String,
        limit: std::time::Duration,
        nearest: String,
    },
    #[cfg_attr(
        not(feature = "prometheus-client"),
        expect(dead_code, reason = "only the client asks")
    )]
    #[error("query `{query}`: {message}")]
    Query { query: String, message: String },
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
            Repr::Counts { .. } => ErrorKind::Counts,
            Repr::Exposition { .. } => ErrorKind::Exposition,
            Repr::Selector { .. } => ErrorKind::Selector,
            Repr::NotACount { .. } => ErrorKind::NotACount,
            Repr::Limit { .. } => ErrorKind::Limit,
            Repr::Query { .. } => ErrorKind::Query,
        }
    }
}
