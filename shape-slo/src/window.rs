//! The windows that promises are kept over.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan, ZonedDateTime,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use shape_telemetry::Period;

use crate::{Error, error::Repr};

/// A compliance window.
///
/// Written as `28d`, `12h`, `30m`, `calendar month` (in UTC) or `calendar month Europe/Berlin`.
///
/// ```
/// use shape_slo::Window;
///
/// let window: Window = "28d".parse()?;
/// assert_eq!(window, Window::Rolling { seconds: 28 * 86_400 });
/// assert_eq!("4w".parse::<Window>()?.to_string(), "28d");
///
/// let february = "calendar month".parse::<Window>()?.period_at("2024-02-10T12:00:00Z".parse()?)?;
/// assert_eq!(february.end, "2024-03-01T00:00:00Z".parse()?); // a leap year
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

impl Window {
    /// A rolling window of so many days of 24 hours.
    pub const fn rolling_days(days: u32) -> Self {
        // `u64::from` is not const.
        #[expect(clippy::as_conversions, reason = "lossless")]
        let seconds = days as u64 * 86_400;
        Self::Rolling { seconds }
    }

    /// The period of this window at an instant.
    ///
    /// A rolling window ends at `now`, which is not part of it. A calendar window is the whole unit that `now` lies
    /// in, in its zone: a month has 28 to 31 days and is an hour shorter or longer when the clocks change.
    ///
    /// # Errors
    ///
    /// When the time zone is not known, or the period leaves the years -9999 to 9999. Zones other than `UTC` need the
    /// feature `calendar`.
    pub fn period_at(&self, now: Timestamp) -> Result<Period, Error> {
        match self {
            Self::Rolling { seconds } => {
                let out_of_range = || Repr::Window {
                    seen: self.to_string(),
                    expected: "a window that starts after the year -9999",
                };
                let length = i64::try_from(*seconds).map_err(|_| out_of_range())?;
                let start = now
                    .checked_sub(jiff::SignedDuration::from_secs(length))
                    .map_err(|_| out_of_range())?;
                Ok(Period { start, end: now })
            }
            Self::Calendar { unit, time_zone } => {
                let zone = self::time_zone(time_zone)?;
                let local = now.to_zoned_datetime(zone.clone());
                let out_of_range = |_: jiff::Error| Repr::Window {
                    seen: self.to_string(),
                    expected: "a window within the years -9999 to 9999",
                };
                let first = unit.first_day(local.date()).map_err(out_of_range)?;
                let next = unit.next(first).map_err(out_of_range)?;
                let start = midnight(first, &zone).map_err(out_of_range)?;
                let end = midnight(next, &zone).map_err(out_of_range)?;
                Ok(Period {
                    start: start.timestamp(),
                    end: end.timestamp(),
                })
            }
        }
    }

    /// Whether it moves with the clock.
    pub fn is_rolling(&self) -> bool {
        matches!(self, Self::Rolling { .. })
    }
}

/// The first instant of a day; where the clocks change at midnight, the first one that exists.
fn midnight(date: Date, zone: &TimeZone) -> Result<ZonedDateTime, jiff::Error> {
    date.to_datetime(Time::midnight())
        .to_zoned_datetime(zone.clone())?
        .start_of_day()
}

/// A time zone by its IANA name.
///
/// ```
/// assert!(shape_slo::time_zone("UTC").is_ok());
/// assert!(shape_slo::time_zone("Europe/Berlyn").is_err());
/// ```
///
/// # Errors
///
/// When the name is not known. Zones other than `UTC` need the feature `calendar`.
pub fn time_zone(name: &str) -> Result<TimeZone, Error> {
    if name.eq_ignore_ascii_case("UTC") || name.eq_ignore_ascii_case("Etc/UTC") {
        return Ok(TimeZone::UTC);
    }
    if cfg!(feature = "calendar") {
        TimeZone::get(name).map_err(|_| {
            Repr::TimeZone {
                seen: name.to_owned(),
                expected: "an IANA name such as `Europe/Berlin` or `UTC`",
            }
            .into()
        })
    } else {
        Err(Repr::TimeZone {
            seen: name.to_owned(),
            expected: "`UTC`, or the feature `calendar` of `shape-slo`",
        }
        .into())
    }
}

impl CalendarUnit {
    fn first_day(self, date: Date) -> Result<Date, jiff::Error> {
        match self {
            Self::Day => Ok(date),
            Self::Week => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(days.days())
            }
            Self::Month => Ok(date.first_of_month()),
            Self::Quarter => {
                let months = i64::from((date.month() - 1) % 3);
                date.first_of_month().checked_sub(months.months())
            }
            Self::Year => Ok(date.first_of_year()),
        }
    }

    fn next(self, first: Date) -> Result<Date, jiff::Error> {
        first.checked_add(match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        })
    }

    /// Whether a window of this unit begins on that day.
    #[cfg(feature = "yaml")]
    pub(crate) fn begins_on(self, date: Date) -> bool {
        self.first_day(date).is_ok_and(|first| first == date)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

impl fmt::Display for CalendarUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling { seconds } => f.pad(&seconds_text(*seconds)),
            Self::Calendar { unit, time_zone } => f.pad(&format!("calendar {unit} {time_zone}")),
        }
    }
}

/// Seconds in the largest unit that divides them: `28d`, `90m`, `45s`.
pub(crate) fn seconds_text(seconds: u64) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds != 0 && seconds.is_multiple_of(length) {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

const EXPECTED: &str = "a length such as `28d` (units w, d, h, m, s), or `calendar day|week|month|quarter|year` and a time zone";

impl FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |expected| {
            Error::from(Repr::Window {
                seen: text.to_owned(),
                expected,
            })
        };
        let mut words = text.split_whitespace();
        let first = words.next().ok_or_else(|| wrong(EXPECTED))?;
        if first.eq_ignore_ascii_case("calendar") {
            let unit = match words.next().unwrap_or("") {
                "day" => CalendarUnit::Day,
                "week" => CalendarUnit::Week,
                "month" => CalendarUnit::Month,
                "quarter" => CalendarUnit::Quarter,
                "year" => CalendarUnit::Year,
                _ => return Err(wrong(EXPECTED)),
            };
            let time_zone = words.next().unwrap_or("UTC").to_owned();
            if words.next().is_some() {
                return Err(wrong(EXPECTED));
            }
            self::time_zone(&time_zone)?;
            return Ok(Self::Calendar { unit, time_zone });
        }
        if words.next().is_some() {
            return Err(wrong(EXPECTED));
        }
        let seconds = parse_seconds(first).ok_or_else(|| wrong(EXPECTED))?;
        if seconds == 0 {
            return Err(wrong("a length above zero"));
        }
        Ok(Self::Rolling { seconds })
    }
}

/// `28d`, `4w`, `90m`: whole seconds of one unit.
pub(crate) fn parse_seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit = match &text[digits.len()..] {
        "w" => 7 * 86_400,
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn minutes(window: &str, now: &str, expected: u64) {
        let window: Window = window.parse().unwrap();
        let period = window.period_at(now.parse().unwrap()).unwrap();
        assert!(period.contains(now.parse().unwrap()) || window.is_rolling());
        assert_eq!(
            period.length().as_secs() / 60,
            expected,
            "{window} at {now}"
        );
    }

    #[test]
    fn months_differ_and_clocks_change() {
        minutes("28d", "2026-11-24T00:00:00Z", 40_320);
        minutes("calendar month UTC", "2024-02-29T23:59:59Z", 29 * 1440);
        minutes("calendar month UTC", "2025-02-01T00:00:00Z", 28 * 1440);
        minutes("calendar quarter", "2024-02-29T00:00:00Z", 91 * 1440);
        minutes("calendar year", "2024-07-01T00:00:00Z", 366 * 1440);
        minutes("calendar year", "2026-07-01T00:00:00Z", 365 * 1440);
        minutes("calendar week", "2026-11-24T00:00:00Z", 7 * 1440);
    }

    #[cfg(feature = "calendar")]
    #[test]
    fn zones_with_daylight_saving() {
        // The reference: March 2026 in New York has 44,580 minutes.
        minutes(
            "calendar month America/New_York",
            "2026-03-15T00:00:00Z",
            44_580,
        );
        minutes(
            "calendar month America/New_York",
            "2026-11-15T00:00:00Z",
            30 * 1440 + 60,
        );
        minutes(
            "calendar day Europe/Berlin",
            "2026-03-29T12:00:00Z",
            23 * 60,
        );
        minutes(
            "calendar day Europe/Berlin",
            "2026-10-25T12:00:00Z",
            25 * 60,
        );
        minutes(
            "calendar week Europe/Berlin",
            "2026-03-29T12:00:00Z",
            7 * 1440 - 60,
        );
        // Clocks change at midnight: the day starts at 01:00.
        minutes(
            "calendar day America/Havana",
            "2026-03-08T12:00:00Z",
            23 * 60,
        );
        // A day that never was: Samoa skipped 2011-12-30.
        minutes(
            "calendar month Pacific/Apia",
            "2011-12-15T00:00:00Z",
            30 * 1440,
        );
        assert!("calendar month Europe/Berlyn".parse::<Window>().is_err());
    }

    #[test]
    fn weeks_start_on_monday() {
        let window: Window = "calendar week".parse().unwrap();
        let period = window
            .period_at("2026-11-29T23:59:59Z".parse().unwrap())
            .unwrap();
        assert_eq!(period.start, "2026-11-23T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_no_window_says_so() {
        for text in [
            "",
            "28",
            "d",
            "-1d",
            "1.5d",
            "28 d",
            "28y",
            "month",
            "calendar",
            "calendar fortnight",
            "calendar month UTC x",
            "0d",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            let error = text.parse::<Window>().unwrap_err().to_string();
            assert!(error.contains("expected"), "{text}: {error}");
        }
        let endless = Window::Rolling { seconds: u64::MAX };
        assert!(endless.period_at(Timestamp::UNIX_EPOCH).is_err());
    }
}
