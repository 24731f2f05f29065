//! What was learned of recipes.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::{Error, FaultSignature, state_file};

/// Outcomes of fixes, by fault and recipe, and the probability of success that follows from them.
///
/// The probability is the mean of a Beta distribution. Its prior comes from a hierarchy: what is known of the recipe
/// for the same kind of anomaly elsewhere, below it what is known of the recipe at all, below it the recipe's own
/// prior; each level weighs as much as [`Knowledge::PRIOR_WEIGHT`] outcomes. An outcome loses 2 % of its weight a week.
/// An outcome that says nothing (too little traffic) counts neither way.
///
/// ```
/// use shape_heal::{FaultSignature, Knowledge, KnownOutcome};
/// use shape_telemetry::{AnomalyKind, ComponentId};
///
/// let fault = FaultSignature {
///     component: ComponentId::new("canvas"),
///     kind: AnomalyKind::RepeatedBlocking,
///     template: None,
/// };
/// let now = "2026-03-01T00:00:00Z".parse()?;
/// let mut knowledge = Knowledge::default();
/// let before = knowledge.posterior(&fault, "coalesce", 0.5, now);
/// knowledge.record(KnownOutcome {
///     key: "incident 1".to_owned(),
///     signature: fault.clone(),
///     recipe: "coalesce".to_owned(),
///     helped: Some(true),
///     at: now,
/// });
/// let after = knowledge.posterior(&fault, "coalesce", 0.5, now);
/// assert_eq!(before.mean(), 0.5);
/// assert!((after.mean() - 0.6).abs() < 1e-9);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    schema_version: u32,
    outcomes: Vec<KnownOutcome>,
}

/// One outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownOutcome {
    /// The idempotency key of the fix; the same key counts once.
    pub key: String,
    /// The fault.
    pub signature: FaultSignature,
    /// The recipe.
    pub recipe: String,
    /// Whether it helped; `None` when that can not be said.
    pub helped: Option<bool>,
    /// When.
    pub at: Timestamp,
}

/// What is known of one recipe for one fault: a Beta distribution of the probability that it helps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    alpha: f64,
    beta: f64,
    successes: f64,
    failures: f64,
}

impl Default for Knowledge {
    fn default() -> Self {
        Self {
            schema_version: Self::SCHEMA_VERSION,
            outcomes: Vec::new(),
        }
    }
}

impl Knowledge {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// How many outcomes the prior of each level weighs as much as.
    pub const PRIOR_WEIGHT: f64 = 4.0;

    /// What an outcome keeps of its weight after a week.
    pub const WEEKLY_DISCOUNT: f64 = 0.98;

    /// Reads a file; nothing is known when there is none.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let known: Self = state_file::load(path)?;
        if known.schema_version == Self::SCHEMA_VERSION {
            Ok(known)
        } else {
            let message = format!(
                "`schema_version` is {}, expected {}",
                known.schema_version,
                Self::SCHEMA_VERSION
            );
            Err(Error::state("understand", path, message))
        }
    }

    /// Writes the file, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        state_file::save(path, self)
    }

    /// Notes an outcome; one with the same key is replaced. `false` when that changes nothing.
    pub fn record(&mut self, outcome: KnownOutcome) -> bool {
        let known = self
            .outcomes
            .iter_mut()
            .find(|known| known.key == outcome.key);
        match known {
            Some(known) if known.helped == outcome.helped => false,
            Some(known) => {
                *known = outcome;
                true
            }
            None => {
                self.outcomes.push(outcome);
                true
            }
        }
    }

    /// All outcomes, oldest first.
    pub fn outcomes(&self) -> &[KnownOutcome] {
        &self.outcomes
    }

    /// What is known of a recipe for a fault; `prior` is the probability to begin with, in 0..=1.
    pub fn posterior(
        &self,
        signature: &FaultSignature,
        recipe: &str,
        prior: f64,
        now: Timestamp,
    ) -> Posterior {
        let exact = |known: &KnownOutcome| known.signature == *signature;
        let class = |known: &KnownOutcome| known.signature.kind == signature.kind;
        // Each level counts only what the finer levels do not, so that no outcome counts twice.
        let whole = self.level(recipe, prior, now, |known| !class(known));
        let same_kind = self.level(recipe, whole.mean(), now, |known| {
            class(known) && !exact(known)
        });
        self.level(recipe, same_kind.mean(), now, exact)
    }

    fn level(
        &self,
        recipe: &str,
        prior: f64,
        now: Timestamp,
        belongs: impl Fn(&KnownOutcome) -> bool,
    ) -> Posterior {
        let prior = if prior.is_finite() {
            prior.clamp(0.01, 0.99)
        } else {
            0.5
        };
        let (mut successes, mut failures) = (0.0, 0.0);
        for known in &self.outcomes {
            if known.recipe != recipe || !belongs(known) {
                continue;
            }
            let weight = Self::weight(known.at, now);
            match known.helped {
                Some(true) => successes += weight,
                Some(false) => failures += weight,
                None => {}
            }
        }
        Posterior {
            alpha: Self::PRIOR_WEIGHT * prior + successes,
            beta: Self::PRIOR_WEIGHT * (1.0 - prior) + failures,
            successes,
            failures,
        }
    }

    fn weight(at: Timestamp, now: Timestamp) -> f64 {
        let weeks = now.duration_since(at).as_secs_f64() / 604_800.0;
        Self::WEEKLY_DISCOUNT.powf(weeks.max(0.0))
    }
}

impl Posterior {
    /// The expected probability of success.
    pub fn mean(self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// Successes and failures for this very fault and recipe, discounted with age.
    pub fn experience(self) -> (f64, f64) {
        (self.successes, self.failures)
    }

    /// The quantile `u` in 0..=1: with a uniform random `u` this is a draw for Thompson sampling, with 0.05 the bound
    /// that the probability exceeds with 95 % confidence.
    pub fn quantile(self, u: f64) -> f64 {
        let u = if u.is_finite() {
            u.clamp(0.0, 1.0)
        } else {
            0.5
        };
        Beta::new(self.alpha, self.beta).map_or_else(|_| self.mean(), |beta| beta.inverse_cdf(u))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds of the reference table: a flat prior, all successes.
    #[test]
    fn lower_bounds_agree_with_the_table() {
        for (n, expected) in [(3.0, 0.47), (5.0, 0.61), (8.0, 0.72), (28.0, 0.90)] {
            let posterior = Posterior {
                alpha: 1.0 + n,
                beta: 1.0,
                successes: n,
                failures: 0.0,
            };
            assert!((posterior.quantile(0.05) - expected).abs() < 0.005);
        }
    }
}
