//! What can be wrong with a promise.

use std::fmt;

/// Why a target, a window or a document was rejected.
///
/// ```
/// use shape_slo::{ErrorKind, Target};
///
/// let error = "99.9".parse::<Target>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Target);
/// assert_eq!(error.to_string(), "target `99.9`, expected a percentage such as `99.9%` or a ratio such as `0.999`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Repr);

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A target that is no share in `0 < target <= 1` with at most nine decimals.
    Target,
    /// A window that can not be read or computed.
    Window,
    /// A time zone that is not known.
    TimeZone,
    /// A configuration value out of range.
    Config,
    /// A row of a history that is none.
    History,
    /// A dependency that leads back to where it comes from.
    Circle,
    /// One or more mistakes in a document; see [`Error::mistakes`].
    Document,
    /// A report written by another version of this crate.
    UnsupportedVersion,
    /// JSON that is not the expected artifact.
    Json,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Repr {
    #[error("target `{seen}`, expected {expected}")]
    Target {
        seen: String,
        expected: &'static str,
    },
    #[error("window `{seen}`, expected {expected}")]
    Window {
        seen: String,
        expected: &'static str,
    },
    #[error("time zone `{seen}`, expected {expected}")]
    TimeZone {
        seen: String,
        expected: &'static str,
    },
    #[error("{what} of {seen}, expected {expected}")]
    Config {
        what: &'static str,
        seen: String,
        expected: &'static str,
    },
    #[error("{message}")]
    History { message: String },
    #[error("`{service}` can not depend on `{on}`, which depends on `{service}`")]
    Circle { service: String, on: String },
    #[cfg_attr(
        not(feature = "yaml"),
        expect(dead_code, reason = "only files have mistakes")
    )]
    #[error("{}", Listed(.0))]
    Document(Vec<Mistake>),
    #[error("`slo-targets` version {seen}, this crate reads version {expected}")]
    UnsupportedVersion { seen: u32, expected: u32 },
    #[error("not a set of objectives: {message}")]
    Json { message: String },
}

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The line, from 1; `None` when the whole document is meant.
    pub line: Option<u64>,
    /// The column in characters, from 1.
    pub column: Option<u64>,
    /// What was seen and what is expected.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        f.write_str(&self.message)
    }
}

struct Listed<'a>(&'a [Mistake]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index != 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl Error {
    /// What kind of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        match self.0 {
            Repr::Target { .. } => ErrorKind::Target,
            Repr::Window { .. } => ErrorKind::Window,
            Repr::TimeZone { .. } => ErrorKind::TimeZone,
            Repr::Config { .. } => ErrorKind::Config,
            Repr::History { .. } => ErrorKind::History,
            Repr::Circle { .. } => ErrorKind::Circle,
            Repr::Document(_) => ErrorKind::Document,
            Repr::UnsupportedVersion { .. } => ErrorKind::UnsupportedVersion,
            Repr::Json { .. } => ErrorKind::Json,
        }
    }

    /// The mistakes of a document, in the order of their place; empty for other kinds.
    pub fn mistakes(&self) -> &[Mistake] {
        match &self.0 {
            Repr::Document(mistakes) => mistakes,
            _ => &[],
        }
    }
}
