//! Times that come again: the recurrence rules of RFC 5545.

use std::{fmt, str::FromStr};

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::Error;

mod dates;
mod parse;

/// How often a recurrence rule takes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A day of the week, or the `n`-th such day of the month or year; from the end when negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Day {
    pub(crate) nth: Option<i16>,
    pub(crate) weekday: Weekday,
}

/// When a rule ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum End {
    #[default]
    Never,
    /// After so many occurrences.
    Count(u32),
    /// With the last occurrence that is not after this.
    Until(Until),
}

/// The last time that an occurrence may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Until {
    /// All of this day, where the recurrence takes place.
    Day(Date),
    /// This time of the clock, where the recurrence takes place.
    Local(jiff::civil::DateTime),
    /// This instant.
    Instant(jiff::Timestamp),
}

/// A recurrence rule as in RFC 5545, section 3.3.10: `FREQ=WEEKLY;BYDAY=SU`.
///
/// Rules by days: `FREQ` of `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY` with `INTERVAL`, `BYDAY` (with `2SU`, `-1FR`),
/// `BYMONTHDAY`, `BYMONTH`, `BYSETPOS`, `WKST`, `COUNT` and `UNTIL`. What a rule leaves open it takes from the start of
/// the recurrence, as the standard says. The other parts (`BYHOUR`, `BYWEEKNO`, …) are refused by name: a maintenance at
/// three times of a day is three exclusions.
///
/// `COUNT` counts the occurrences of the rule; a start that is none of them is not counted, as in `python-dateutil`.
///
/// ```
/// use shape_budget::Recurrence;
///
/// let last_sunday: Recurrence = "RRULE:FREQ=MONTHLY;BYDAY=-1SU".parse()?;
/// assert_eq!(last_sunday.to_string(), "FREQ=MONTHLY;BYDAY=-1SU");
/// let dates: Vec<String> = last_sunday
///     .dates(jiff::civil::date(2026, 1, 1))
///     .take(3)
///     .map(|date| date.to_string())
///     .collect();
/// assert_eq!(dates, ["2026-01-25", "2026-02-22", "2026-03-29"]);
///
/// let error = "FREQ=HOURLY".parse::<Recurrence>().unwrap_err();
/// assert!(error.to_string().contains("expected FREQ=DAILY, WEEKLY, MONTHLY or YEARLY"), "{error}");
/// # Ok::<(), shape_budget::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recurrence {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u16,
    pub(crate) by_day: Vec<Day>,
    /// Days of the month; from the end when negative.
    pub(crate) by_month_day: Vec<i8>,
    pub(crate) by_month: Vec<i8>,
    /// Places in what a step yields; from the end when negative.
    pub(crate) by_set_pos: Vec<i16>,
    pub(crate) week_start: Weekday,
    pub(crate) end: End,
}

impl Recurrence {
    /// The days of the rule from a first day on, in order, without regard to `UNTIL`, which needs a time of the day.
    ///
    /// Endless for a rule without `COUNT`, up to the year 9999.
    pub fn dates(&self, first: Date) -> impl Iterator<Item = Date> + '_ {
        self.dates_until(first, Date::MAX)
    }

    /// [`Recurrence::dates`] up to a last day.
    pub(crate) fn dates_until(&self, first: Date, last: Date) -> impl Iterator<Item = Date> + '_ {
        let count = match self.end {
            End::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            End::Never | End::Until(_) => usize::MAX,
        };
        dates::Steps::new(self, first, last).take(count)
    }
}

impl FromStr for Recurrence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse::rule(text)
    }
}

impl TryFrom<String> for Recurrence {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Recurrence> for String {
    fn from(rule: Recurrence) -> Self {
        rule.to_string()
    }
}

/// Without the prefix `RRULE:`; reading it back gives the same rule.
impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&parse::text(self))
    }
}
