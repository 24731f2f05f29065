//! Good and total events.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Good events out of a total; `good <= total` always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Events {
    good: u64,
    total: u64,
}

/// More good events than events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{good} good events out of only {total}")]
pub struct EventsError {
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
    type Error = EventsError;
    fn try_from(raw: Raw) -> Result<Self, EventsError> {
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
    pub fn new(good: u64, total: u64) -> Result<Self, EventsError> {
        if total < good {
            Err(EventsError { good, total })
        } else {
            Ok(Self { good, total })
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
}

impl Add for Events {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let total = self.total.saturating_add(other.total);
        Self {
            good: self.good.saturating_add(other.good).min(total),
            total,
        }
    }
}

impl AddAssign for Events {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
