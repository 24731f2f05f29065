//! The health score.

use serde::{Deserialize, Serialize};

/// A health score in hundredths, 0..=10000; prints as `49.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(u16);

impl Score {
    /// From hundredths, cut at 10,000.
    pub fn from_hundredths(hundredths: u16) -> Self {
        Self(hundredths.min(10_000))
    }

    /// In hundredths.
    pub fn hundredths(self) -> u16 {
        self.0
    }
}

/// The one tier table of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthTier {
    /// Below every promise.
    Critical,
    /// Users notice.
    Poor,
    /// At the edge of the promise.
    Fair,
    /// Within the promise.
    Good,
    /// Hardly any budget used.
    Excellent,
}

/// A score with what it was computed from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The model's name.
    pub model: String,
    /// The score.
    pub score: Score,
    /// Its tier.
    pub tier: HealthTier,
    /// The terms: name, value in 0..=1, weight.
    pub terms: Vec<(String, f64, f64)>,
}
