//! Severity levels of log records.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How serious a record says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For developers.
    Debug,
    /// Normal operation (`notice` included).
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
    /// The program can not go on (`critical`, `alert`, `emergency`, `panic`).
    Fatal,
}

impl Level {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level that a word names in any of the usual logging systems, in any case.
    ///
    /// ```
    /// use shape_telemetry::Level;
    ///
    /// assert_eq!(Level::from_word("SEVERE"), Some(Level::Error));
    /// assert_eq!(Level::from_word("notice"), Some(Level::Info));
    /// assert_eq!(Level::from_word("failed"), None);
    /// ```
    pub fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Level); 36] = [
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("error", Level::Error),
            ("debug", Level::Debug),
            ("warning", Level::Warn),
            ("trace", Level::Trace),
            ("fatal", Level::Fatal),
            ("notice", Level::Info),
            ("err", Level::Error),
            ("crit", Level::Fatal),
            ("critical", Level::Fatal),
            ("alert", Level::Fatal),
            ("emerg", Level::Fatal),
            ("emergency", Level::Fatal),
            ("panic", Level::Fatal),
            ("severe", Level::Error),
            ("failure", Level::Error),
            ("information", Level::Info),
            ("informational", Level::Info),
            ("log", Level::Info),
            ("note", Level::Info),
            ("system", Level::Info),
            ("config", Level::Debug),
            ("verbose", Level::Trace),
            ("fine", Level::Debug),
            ("finer", Level::Trace),
            ("finest", Level::Trace),
            ("trac", Level::Trace),
            ("debg", Level::Debug),
            ("erro", Level::Error),
            ("dbg", Level::Debug),
            ("inf", Level::Info),
            ("wrn", Level::Warn),
            ("trc", Level::Trace),
            ("ftl", Level::Fatal),
            ("vrb", Level::Trace),
        ];
        if 13 < word.len() || word.len() < 3 {
            return None;
        }
        WORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|&(_, level)| level)
    }

    /// The level of a syslog severity, 0 (emergency) to 7 (debug).
    pub fn from_syslog(severity: u64) -> Option<Self> {
        Some(match severity {
            0..=2 => Self::Fatal,
            3 => Self::Error,
            4 => Self::Warn,
            5 | 6 => Self::Info,
            7 => Self::Debug,
            _ => return None,
        })
    }

    /// The level of a number as bunyan and pino write it, 10 (trace) to 60 (fatal).
    pub fn from_bunyan(number: u64) -> Option<Self> {
        Some(match number {
            10..20 => Self::Trace,
            20..30 => Self::Debug,
            30..40 => Self::Info,
            40..50 => Self::Warn,
            50..60 => Self::Error,
            60..70 => Self::Fatal,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
