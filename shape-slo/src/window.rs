//! The windows that promises are kept over.

use serde::{Deserialize, Serialize};

/// A compliance window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Window {
    /// The last so many seconds.
    Rolling {
        /// The length in seconds.
        seconds: u64,
    },
    /// A calendar unit in a time zone.
    Calendar {
        /// The unit.
        unit: CalendarUnit,
        /// The IANA name, `Europe/Berlin` for example.
        time_zone: String,
    },
}

/// A calendar unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarUnit {
    /// A day.
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}
