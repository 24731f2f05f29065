//! The default health model.

use crate::{
    Error, Events, Health, HealthInput, HealthModel, HealthTier, Score,
    error::Repr,
    figures::{real, share},
};

/// The default model: how the odds of a good event compare with the odds that the reference objectives ask for.
///
/// Each indicator with a good share `g` and a reference target `t` gives a term
///
/// ```text
/// u = odds(g) / (odds(g) + odds(t))        odds(p) = p / (1 - p)
/// ```
///
/// so `u` is 1 without a failure, ½ exactly at the target, 0 when everything fails, and strictly falling in between:
/// no term saturates. Near the target it is `1 / (1 + burn)`, where burn is the share of failures as a multiple of the
/// allowed one. The score is the weighted geometric mean of the terms: one dead indicator makes the component dead,
/// whatever the others say. An indicator without events is left out and its weight with it.
///
/// The reference objectives are those of the model, not a promise to anybody: the same for every component, so that
/// scores of different components compare.
///
/// ```
/// use shape_sli::{BudgetHealth, Events, HealthInput, HealthModel, HealthTier};
/// use shape_telemetry::LatencySketch;
///
/// let model = BudgetHealth::new();
/// let sketch = LatencySketch::default();
/// let at_target = HealthInput::new(Events::new(999, 1_000)?, &[], &sketch);
/// let health = model.assess(&at_target).ok_or("no events")?;
/// assert_eq!(health.score.to_string(), "50.00");
/// assert_eq!(health.tier, HealthTier::Good);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetHealth {
    availability_ppb: u32,
    availability_weight: u32,
    latency_limit_ns: u64,
    latency_ppb: u32,
    latency_weight: u32,
}

impl Default for BudgetHealth {
    fn default() -> Self {
        Self::new()
    }
}

impl BudgetHealth {
    /// 99.9 % of requests succeed, 99 % within 100 ms; both weigh the same.
    pub fn new() -> Self {
        Self {
            availability_ppb: 999_000_000,
            availability_weight: 1,
            latency_limit_ns: 100_000_000,
            latency_ppb: 990_000_000,
            latency_weight: 1,
        }
    }

    /// The reference for availability, in parts per billion.
    ///
    /// # Errors
    ///
    /// When it is not in 1..=1,000,000,000.
    pub fn availability(mut self, target_ppb: u32, weight: u32) -> Result<Self, Error> {
        self.availability_ppb = ppb(target_ppb)?;
        self.availability_weight = weight;
        self.checked()
    }

    /// The reference for latency: so many parts per billion of the requests within the limit.
    ///
    /// The smallest counted limit that is not below `limit_ns` is used, or the largest one when all are below.
    ///
    /// # Errors
    ///
    /// When the target is not in 1..=1,000,000,000.
    pub fn latency(mut self, limit_ns: u64, target_ppb: u32, weight: u32) -> Result<Self, Error> {
        self.latency_limit_ns = limit_ns;
        self.latency_ppb = ppb(target_ppb)?;
        self.latency_weight = weight;
        self.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        if self.availability_weight == 0 && self.latency_weight == 0 {
            return Err(Repr::BadObjective {
                what: "sum of weights",
                seen: 0,
                expected: "at least one positive weight",
            }
            .into());
        }
        Ok(self)
    }
}

impl HealthModel for BudgetHealth {
    fn name(&self) -> &'static str {
        "budget"
    }

    fn assess(&self, input: &HealthInput<'_>) -> Option<Health> {
        let mut terms = Vec::new();
        if let Some(term) = odds_share(input.availability, self.availability_ppb) {
            terms.push((
                "availability".to_owned(),
                term,
                f64::from(self.availability_weight),
            ));
        }
        if let Some((_, events)) = input.within_at_least(self.latency_limit_ns)
            && let Some(term) = odds_share(events, self.latency_ppb)
        {
            terms.push(("latency".to_owned(), term, f64::from(self.latency_weight)));
        }
        let total: f64 = terms.iter().map(|(_, _, weight)| weight).sum();
        if total <= 0.0 {
            return None;
        }
        for (_, _, weight) in &mut terms {
            *weight /= total;
        }
        let product: f64 = terms
            .iter()
            .map(|(_, value, weight)| value.powf(*weight))
            .product();
        let score = Score::from_share(product);
        Some(Health {
            model: self.name().to_owned(),
            score,
            tier: HealthTier::of(score),
            terms,
        })
    }
}

fn ppb(target_ppb: u32) -> Result<u32, Error> {
    if (1..=1_000_000_000).contains(&target_ppb) {
        Ok(target_ppb)
    } else {
        Err(Repr::BadObjective {
            what: "reference target",
            seen: u64::from(target_ppb),
            expected: "1 to 1,000,000,000 parts per billion",
        }
        .into())
    }
}

/// `odds(good) / (odds(good) + odds(target))`, multiplied out so that nothing is divided by zero.
fn odds_share(events: Events, target_ppb: u32) -> Option<f64> {
    if events.is_none() {
        return None;
    }
    if events.bad() == 0 {
        return Some(1.0);
    }
    let good = real(events.good()) * f64::from(1_000_000_000 - target_ppb);
    let bad = real(events.bad()) * f64::from(target_ppb);
    Some(share(good / (good + bad)))
}
