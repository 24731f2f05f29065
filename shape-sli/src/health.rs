//! The health score: its type, its tiers, and the trait of models.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_telemetry::LatencySketch;

pub use self::{apdex::Apdex, budget::BudgetHealth, legacy::LegacyHealth};
use crate::{Error, Events, error::Repr};

mod apdex;
mod budget;
mod legacy;

/// A health score in hundredths, 0..=10000; prints as `49.14`.
///
/// ```
/// use shape_sli::Score;
///
/// assert_eq!(Score::from_hundredths(4_914).to_string(), "49.14");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Score(u16);

impl Score {
    /// The best score, 100.00.
    pub const MAX: Self = Self(10_000);

    /// From hundredths, cut at 10,000.
    pub fn from_hundredths(hundredths: u16) -> Self {
        Self(hundredths.min(10_000))
    }

    /// In hundredths.
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// From a share in 0..=1, cut to hundredths (towards bad); what is not a number scores 0.
    pub(crate) fn from_share(share: f64) -> Self {
        Self::from_points(share * 100.0)
    }

    /// From points in 0..=100. The margin undoes the last-bit error of a sum that should be a round number.
    fn from_points(points: f64) -> Self {
        Self::floor_hundredths(points * 100.0 + 1e-7)
    }

    /// From points in 0..=100, to the nearest hundredth.
    pub(crate) fn from_points_nearest(points: f64) -> Self {
        Self::floor_hundredths(points * 100.0 + 0.5)
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=10000 just before; `as` makes not-a-number 0"
    )]
    fn floor_hundredths(hundredths: f64) -> Self {
        Self(hundredths.clamp(0.0, 10_000.0) as u16)
    }
}

impl TryFrom<u16> for Score {
    type Error = Error;
    fn try_from(hundredths: u16) -> Result<Self, Error> {
        if hundredths <= 10_000 {
            Ok(Self(hundredths))
        } else {
            Err(Repr::ScoreTooHigh { hundredths }.into())
        }
    }
}

impl From<Score> for u16 {
    fn from(score: Score) -> Self {
        score.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0 / 100, self.0 % 100))
    }
}

/// The one tier table of the system.
///
/// | tier | score | with one indicator that means |
/// |---|---|---|
/// | `Excellent` | 80 to 100 | at most a quarter of what the reference objective allows |
/// | `Good` | 50 to 80 | the objective holds |
/// | `Fair` | 25 to 50 | missed, up to three times the allowed failures |
/// | `Poor` | 10 to 25 | up to nine times: one nine is lost |
/// | `Critical` | below 10 | worse |
///
/// The middle column is exact and holds for every model; the right one is for [`BudgetHealth`](crate::BudgetHealth).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthTier {
    /// Most users are hit.
    Critical,
    /// Users notice.
    Poor,
    /// The objective is missed.
    Fair,
    /// The objective holds.
    Good,
    /// Hardly any budget is used.
    Excellent,
}

impl HealthTier {
    /// The tier of a score.
    ///
    /// ```
    /// use shape_sli::{HealthTier, Score};
    ///
    /// assert_eq!(HealthTier::of(Score::from_hundredths(5_000)), HealthTier::Good);
    /// assert_eq!(HealthTier::of(Score::from_hundredths(4_999)), HealthTier::Fair);
    /// ```
    pub fn of(score: Score) -> Self {
        match score.0 {
            8_000.. => Self::Excellent,
            5_000.. => Self::Good,
            2_500.. => Self::Fair,
            1_000.. => Self::Poor,
            _ => Self::Critical,
        }
    }
}

impl fmt::Display for HealthTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Critical => "critical",
            Self::Poor => "poor",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        })
    }
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

/// What a model sees of a component.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HealthInput<'a> {
    /// Requests that did not fail, of all requests.
    pub availability: Events,
    /// By rising limit in nanoseconds: good requests within the limit, of all that carry a duration.
    pub within: &'a [(u64, Events)],
    /// The durations, of good and bad requests.
    pub latency: &'a LatencySketch,
}

impl<'a> HealthInput<'a> {
    /// What was seen of a component.
    pub fn new(
        availability: Events,
        within: &'a [(u64, Events)],
        latency: &'a LatencySketch,
    ) -> Self {
        Self {
            availability,
            within,
            latency,
        }
    }

    /// The events of the smallest counted limit that is at least `limit_ns`; the largest one when all are smaller.
    pub fn within_at_least(&self, limit_ns: u64) -> Option<(u64, Events)> {
        self.within
            .iter()
            .find(|(counted, _)| limit_ns <= *counted)
            .or(self.within.last())
            .copied()
    }
}

/// A rule that turns what was measured into a [`Health`].
///
/// A model must be deterministic, and monotone: a failure more never raises the score. Implement it for a score of
/// your own:
///
/// ```
/// use shape_sli::{Health, HealthInput, HealthModel, HealthTier, Score};
///
/// #[derive(Debug)]
/// struct PassFail;
///
/// impl HealthModel for PassFail {
///     fn name(&self) -> &str {
///         "pass-fail"
///     }
///
///     fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
///         let ratio = input.availability.ratio()?;
///         let score = Score::from_hundredths(if ratio < 0.99 { 0 } else { 10_000 });
///         Some(Health {
///             model: self.name().to_owned(),
///             score,
///             tier: HealthTier::of(score),
///             terms: vec![("availability".to_owned(), ratio, 1.0)],
///         })
///     }
/// }
/// ```
pub trait HealthModel: fmt::Debug {
    /// The name that reports carry.
    fn name(&self) -> &str;

    /// The health, `None` without anything to judge by.
    fn assess(&self, input: &HealthInput<'_>) -> Option<Health>;
}

impl<M: HealthModel + ?Sized> HealthModel for &M {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
        (**self).assess(input)
    }
}

impl<M: HealthModel + ?Sized> HealthModel for Box<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
        (**self).assess(input)
    }
}
