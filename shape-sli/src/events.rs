//! Good and total events.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign},
};

use serde::{Deserialize, Serialize};

use crate::{Error, error::Repr, figures::real};

/// Good events out of a total; `good <= total` always.
///
/// A commutative monoid: [`Events::NONE`] is the identity of `+`, which saturates at `u64::MAX` events. A ratio is a
/// figure for people ([`Events::ratio`]); decisions compare the counts.
///
/// ```
/// use shape_sli::Events;
///
/// let monday = Events::new(9_971, 10_000)?;
/// let tuesday = Events::new(500, 500)?;
/// assert_eq!(monday + tuesday, Events::new(10_471, 10_500)?);
/// assert_eq!(monday.bad(), 29);
/// assert_eq!(Events::NONE.ratio(), None); // nothing seen is not a success
/// # Ok::<(), shape_sli::Error>(())
/// ```
///
/// `Display` cuts, so that a share is never shown better than it is; the precision is the number of decimals:
///
/// ```
/// # use shape_sli::Events;
/// let nearly = Events::new(99_996, 100_000)?;
/// assert_eq!(nearly.to_string(), "99.99%");
/// assert_eq!(format!("{nearly:.3}"), "99.996%");
/// assert_eq!(Events::NONE.to_string(), "no events");
/// # Ok::<(), shape_sli::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Events {
    good: u64,
    total: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    good: u64,
    total: u64,
}

impl TryFrom<Raw> for Events {
    type Error = Error;
    fn try_from(raw: Raw) -> Result<Self, Error> {
        Self::new(raw.good, raw.total)
    }
}

impl From<Events> for Raw {
    fn from(events: Events) -> Self {
        Self {
            good: events.good,
            total: events.total,
        }
    }
}

impl Events {
    /// No events: not a success, not a failure.
    pub const NONE: Self = Self { good: 0, total: 0 };

    /// Events by their counts.
    ///
    /// # Errors
    ///
    /// When there are more good events than events.
    pub fn new(good: u64, total: u64) -> Result<Self, Error> {
        if total < good {
            Err(Repr::GoodExceedsTotal { good, total }.into())
        } else {
            Ok(Self { good, total })
        }
    }

    /// Events by the counts of good and of bad ones; saturates at `u64::MAX` in total, keeping the bad ones.
    ///
    /// ```
    /// use shape_sli::Events;
    ///
    /// assert_eq!(Events::from_good_bad(9_971, 29), Events::new(9_971, 10_000)?);
    /// # Ok::<(), shape_sli::Error>(())
    /// ```
    pub fn from_good_bad(good: u64, bad: u64) -> Self {
        let total = good.saturating_add(bad);
        Self {
            good: total - bad,
            total,
        }
    }

    /// Good events.
    pub fn good(self) -> u64 {
        self.good
    }

    /// Bad events.
    pub fn bad(self) -> u64 {
        self.total - self.good
    }

    /// All events.
    pub fn total(self) -> u64 {
        self.total
    }

    /// Whether nothing was seen.
    pub fn is_none(self) -> bool {
        self.total == 0
    }

    /// The share of good events in 0..=1, for people and statistics; `None` without events.
    pub fn ratio(self) -> Option<f64> {
        (self.total != 0).then(|| real(self.good) / real(self.total))
    }

    /// The share of bad events in 0..=1, for people and statistics; `None` without events.
    pub fn error_ratio(self) -> Option<f64> {
        (self.total != 0).then(|| real(self.bad()) / real(self.total))
    }

    /// The good share in parts per billion, rounded down (towards bad); `None` without events.
    pub fn good_ppb(self) -> Option<u32> {
        let scaled = (u128::from(self.good) * 1_000_000_000).checked_div(u128::from(self.total))?;
        u32::try_from(scaled).ok()
    }

    /// What is left when `earlier` is taken away, `None` when `earlier` is not a part of these events.
    ///
    /// Monotone counters are read this way: the counts now less the counts then; a counter that went backwards was
    /// reset and gives `None`.
    pub fn checked_sub(self, earlier: Self) -> Option<Self> {
        let good = self.good.checked_sub(earlier.good)?;
        let bad = self.bad().checked_sub(earlier.bad())?;
        Some(Self::from_good_bad(good, bad))
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total == 0 {
            // `pad` would take the number of decimals for a width to cut at.
            return match f.width() {
                Some(width) => write!(f, "{:>width$}", "no events"),
                None => f.write_str("no events"),
            };
        }
        let decimals = f.precision().unwrap_or(2).min(9);
        let scale = 10_u128.pow(u32::try_from(decimals).unwrap_or(9));
        let scaled = u128::from(self.good) * 100 * scale / u128::from(self.total);
        let (whole, fraction) = (scaled / scale, scaled % scale);
        let text = if decimals == 0 {
            format!("{whole}%")
        } else {
            format!("{whole}.{fraction:0decimals$}%")
        };
        match f.width() {
            Some(width) => write!(f, "{text:>width$}"),
            None => f.write_str(&text),
        }
    }
}

impl Add for Events {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        // Good and bad saturate apart and bad wins, which keeps the sum associative and never hides a failure.
        Self::from_good_bad(
            self.good.saturating_add(other.good),
            self.bad().saturating_add(other.bad()),
        )
    }
}

impl AddAssign for Events {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Events {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::NONE, Add::add)
    }
}
