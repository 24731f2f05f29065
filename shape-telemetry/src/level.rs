//! Severity levels of log records.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::key;

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

/// The words of up to eight letters by their length, as numbers; the frequent ones first.
const SHORT: [&[(u64, Level)]; 9] = [
    &[],
    &[],
    &[],
    &[
        (key("err"), Level::Error),
        (key("log"), Level::Info),
        (key("dbg"), Level::Debug),
        (key("inf"), Level::Info),
        (key("wrn"), Level::Warn),
        (key("trc"), Level::Trace),
        (key("ftl"), Level::Fatal),
        (key("vrb"), Level::Trace),
    ],
    &[
        (key("info"), Level::Info),
        (key("warn"), Level::Warn),
        (key("crit"), Level::Fatal),
        (key("note"), Level::Info),
        (key("fine"), Level::Debug),
        (key("trac"), Level::Trace),
        (key("debg"), Level::Debug),
        (key("erro"), Level::Error),
    ],
    &[
        (key("error"), Level::Error),
        (key("debug"), Level::Debug),
        (key("trace"), Level::Trace),
        (key("fatal"), Level::Fatal),
        (key("alert"), Level::Fatal),
        (key("emerg"), Level::Fatal),
        (key("panic"), Level::Fatal),
        (key("finer"), Level::Trace),
    ],
    &[
        (key("notice"), Level::Info),
        (key("severe"), Level::Error),
        (key("system"), Level::Info),
        (key("config"), Level::Debug),
        (key("finest"), Level::Trace),
    ],
    &[
        (key("warning"), Level::Warn),
        (key("failure"), Level::Error),
        (key("verbose"), Level::Trace),
    ],
    &[(key("critical"), Level::Fatal)],
];

const LONG: [(&str, Level); 3] = [
    ("emergency", Level::Fatal),
    ("information", Level::Info),
    ("informational", Level::Info),
];

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
        let length = word.len();
        if 8 < length {
            return LONG
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(word))
                .map(|&(_, level)| level);
        }
        // Letters become small ones, and nothing else becomes a letter.
        let key = word
            .bytes()
            .rev()
            .fold(0, |key, b| key << 8 | u64::from(b | 0x20));
        let words = SHORT.get(length).copied().unwrap_or_default();
        words
            .iter()
            .find(|&&(name, _)| name == key)
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
