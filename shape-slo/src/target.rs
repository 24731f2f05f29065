//! Exact targets.

use serde::{Deserialize, Serialize};
use shape_sli::Events;

/// A target in integer parts per billion: `99.9%` is 999,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(u32);

impl Target {
    /// One, in parts per billion.
    pub const DENOMINATOR: u32 = 1_000_000_000;

    /// From parts per billion, above 0 and at most [`Self::DENOMINATOR`].
    pub fn from_ppb(ppb: u32) -> Option<Self> {
        (0 < ppb && ppb <= Self::DENOMINATOR).then_some(Self(ppb))
    }

    /// In parts per billion.
    pub fn ppb(self) -> u32 {
        self.0
    }

    /// Whether the good share reaches the target, decided exactly; `None` when there were no events.
    pub fn is_met_by(self, events: Events) -> Option<bool> {
        if events.total() == 0 {
            return None;
        }
        let good = u128::from(events.good()) * u128::from(Self::DENOMINATOR);
        Some(u128::from(events.total()) * u128::from(self.0) <= good)
    }

    /// The bad events that `total` events allow, rounded down.
    pub fn allowed_bad(self, total: u64) -> u64 {
        let allowed = u128::from(total) * u128::from(Self::DENOMINATOR - self.0)
            / u128::from(Self::DENOMINATOR);
        u64::try_from(allowed).unwrap_or(u64::MAX)
    }
}
