//! How fast a budget is spent.

use serde::{Deserialize, Serialize};
use shape_sli::Events;

/// The error ratio as a multiple of the allowed one: 1 spends the budget exactly over the window. Finite, not negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BurnRate(f64);

impl BurnRate {
    /// A burn rate; `None` unless finite and not negative.
    pub fn new(rate: f64) -> Option<Self> {
        (rate.is_finite() && 0.0 <= rate).then_some(Self(rate))
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The burn over one look-back window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnWindow {
    /// The length of the look-back in seconds.
    pub seconds: u64,
    /// The events in it.
    pub events: Events,
    /// The burn; `None` without events, or when the target allows no failure at all.
    pub burn: Option<BurnRate>,
}

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// In working hours.
    Ticket,
    /// Now.
    Page,
}

/// A burn alert that fires: both windows burn faster than the threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// How urgent.
    pub severity: AlertSeverity,
    /// The long window in seconds.
    pub long_seconds: u64,
    /// The short window in seconds.
    pub short_seconds: u64,
    /// The burn that both exceed.
    pub threshold: f64,
    /// One sentence with the figures.
    pub explanation: String,
}
