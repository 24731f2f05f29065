//! Exact targets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use shape_sli::Events;

use crate::{Error, error::Repr};

/// A target in integer parts per billion: `99.9%` is 999,000,000.
///
/// Read digit by digit from a percentage or a ratio, never through a float; above 0 and at most 1. Serialises as the
/// string that `Display` gives.
///
/// ```
/// use shape_sli::Events;
/// use shape_slo::Target;
///
/// let target: Target = "99.5%".parse()?;
/// assert_eq!(target, "0.995".parse()?);
/// assert_eq!(target.to_string(), "99.5%");
/// assert_eq!(target.is_met_by(Events::new(9_971, 10_000)?), Some(true));
/// assert_eq!(target.is_met_by(Events::NONE), None); // nothing seen is not a success
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(u32);

impl Target {
    /// One, in parts per billion.
    pub const DENOMINATOR: u32 = 1_000_000_000;

    /// From parts per billion, above 0 and at most [`Self::DENOMINATOR`].
    pub const fn from_ppb(ppb: u32) -> Option<Self> {
        if 0 < ppb && ppb <= Self::DENOMINATOR {
            Some(Self(ppb))
        } else {
            None
        }
    }

    /// In parts per billion.
    pub fn ppb(self) -> u32 {
        self.0
    }

    /// The share that may be bad, in parts per billion.
    pub fn allowed_ppb(self) -> u32 {
        Self::DENOMINATOR - self.0
    }

    /// As a ratio in 0..=1, for statistics; decisions use [`Target::is_met_by`].
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / f64::from(Self::DENOMINATOR)
    }

    /// Whether the good share reaches the target, decided exactly; `None` when there were no events.
    pub fn is_met_by(self, events: Events) -> Option<bool> {
        if events.total() == 0 {
            return None;
        }
        // good/total >= ppb/1e9, cross-multiplied: both sides fit in 94 bits.
        let good = u128::from(events.good()) * u128::from(Self::DENOMINATOR);
        Some(u128::from(events.total()) * u128::from(self.0) <= good)
    }

    /// The bad events that `total` events allow, rounded down.
    ///
    /// ```
    /// use shape_slo::Target;
    ///
    /// let target: Target = "99.9%".parse()?;
    /// assert_eq!(target.allowed_bad(20_000_000), 20_000);
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn allowed_bad(self, total: u64) -> u64 {
        let allowed =
            u128::from(total) * u128::from(self.allowed_ppb()) / u128::from(Self::DENOMINATOR);
        u64::try_from(allowed).unwrap_or(u64::MAX)
    }

    /// The fewest events of which one may be bad; `None` for a target of 100 %, which never allows one.
    ///
    /// ```
    /// use shape_slo::Target;
    ///
    /// assert_eq!("99.9%".parse::<Target>()?.events_for_one_failure(), Some(1_000));
    /// assert_eq!("100%".parse::<Target>()?.events_for_one_failure(), None);
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn events_for_one_failure(self) -> Option<u64> {
        match self.allowed_ppb() {
            0 => None,
            allowed => Some(u64::from(Self::DENOMINATOR).div_ceil(u64::from(allowed))),
        }
    }
}

const EXPECTED: &str = "a percentage such as `99.9%` or a ratio such as `0.999`";

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |expected| {
            Error::from(Repr::Target {
                seen: text.to_owned(),
                expected,
            })
        };
        let trimmed = text.trim();
        let (number, decimals) = match trimmed.strip_suffix('%') {
            Some(number) => (number.trim_end(), 7),
            None => (trimmed, 9),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_fraction = number.contains('.');
        if whole.is_empty()
            || (has_fraction && fraction.is_empty())
            || !is_digits(whole)
            || !is_digits(fraction)
        {
            return Err(wrong(EXPECTED));
        }
        let fraction = fraction.trim_end_matches('0');
        if decimals < fraction.len() {
            return Err(wrong(
                "at most nine decimals of a ratio, seven of a percentage",
            ));
        }
        let whole = whole.trim_start_matches('0');
        if 3 < whole.len() {
            return Err(wrong("at most 100%"));
        }
        let digits = format!("{whole}{fraction:0<decimals$}");
        let ppb: u64 = digits.parse().map_err(|_| wrong(EXPECTED))?;
        if ppb == 0 {
            return Err(wrong("more than 0%"));
        }
        if u64::from(Self::DENOMINATOR) < ppb {
            // `99.9` without a sign is the likeliest slip: say how to write it.
            return Err(wrong(if decimals == 9 && ppb <= 100_000_000_000 {
                EXPECTED
            } else {
                "at most 100%"
            }));
        }
        u32::try_from(ppb)
            .ok()
            .and_then(Self::from_ppb)
            .ok_or_else(|| wrong(EXPECTED))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_000_000, self.0 % 10_000_000);
        if fraction == 0 {
            return f.pad(&format!("{whole}%"));
        }
        let fraction = format!("{fraction:07}");
        f.pad(&format!("{whole}.{}%", fraction.trim_end_matches('0')))
    }
}

impl TryFrom<String> for Target {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_digit_by_digit() {
        for (text, ppb, shown) in [
            ("99.9%", 999_000_000, "99.9%"),
            ("99.9 %", 999_000_000, "99.9%"),
            (" 0.999 ", 999_000_000, "99.9%"),
            ("99.90000000%", 999_000_000, "99.9%"),
            ("100%", 1_000_000_000, "100%"),
            ("1", 1_000_000_000, "100%"),
            ("1.0", 1_000_000_000, "100%"),
            ("99.99999%", 999_999_900, "99.99999%"),
            ("0.0000001%", 1, "0.0000001%"),
            ("0.000000001", 1, "0.0000001%"),
            ("050%", 500_000_000, "50%"),
            ("0.5", 500_000_000, "50%"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.ppb(), ppb, "{text}");
            assert_eq!(target.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_says_so() {
        for (text, part) in [
            ("99.9", "`99.9%`"),
            ("99,9%", "`99.9%`"),
            ("", "`99.9%`"),
            ("%", "`99.9%`"),
            (".9", "`99.9%`"),
            ("9.%", "`99.9%`"),
            ("-1%", "`99.9%`"),
            ("+1%", "`99.9%`"),
            ("1e-1", "`99.9%`"),
            ("NaN", "`99.9%`"),
            ("٩٩%", "`99.9%`"),
            ("99.9%%", "`99.9%`"),
            ("100.0000001%", "at most 100%"),
            ("1.000000001", "`99.9%`"),
            ("99999999999999999999%", "at most 100%"),
            ("0", "more than 0%"),
            ("0.00%", "more than 0%"),
            ("99.99999999%", "seven of a percentage"),
            ("0.9999999999", "nine decimals"),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(error.contains(&format!("`{text}`")), "{text}: {error}");
        }
    }

    #[test]
    fn allowances_that_floats_get_wrong() {
        for (target, total, allowed) in [
            ("99.995%", 100_000, 5),
            ("99.99%", 10_000, 1),
            ("99.9%", 20_000_000, 20_000),
            ("99.5%", 10_000, 50),
            ("99.9%", 999, 0),
            ("100%", u64::MAX, 0),
        ] {
            let target: Target = target.parse().unwrap();
            assert_eq!(target.allowed_bad(total), allowed, "{target} of {total}");
        }
    }
}
