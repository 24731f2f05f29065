//! Objectives made of others.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shape_sli::Events;

use crate::{Error, SloId, Target, error::Repr};

/// How the parts of a composite are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CompositeMethod {
    /// The weighted sum of what each part has used of its own budget (`OpenSLO`, occurrences): the composite is kept while it
    /// is at most one.
    Burn,
    /// The weighted sum of what is missing from each part (`OpenSLO`, ratio-timeslices): two parts at 95 % give 90 %.
    Missing {
        /// The target of the whole.
        target: Target,
    },
    /// The weighted mean of the good shares: two parts at 95 % give 95 %.
    Mean {
        /// The target of the whole.
        target: Target,
    },
}

/// What a part without events counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompositeNoData {
    /// The composite has no data either: nobody knows whether it holds.
    #[default]
    Unknown,
    /// The part is left out, and its weight with it.
    LeftOut,
    /// As if all of its events were bad.
    Bad,
}

/// An objective over several others, each with a target and a weight. Decided exactly, by cross multiplication.
///
/// ```
/// use shape_sli::Events;
/// use shape_slo::{CompositeMethod, CompositeSlo};
///
/// let journey = CompositeSlo::new(CompositeMethod::Burn)
///     .part("search/availability", "99%".parse()?, "1")?
///     .part("checkout/availability", "99.9%".parse()?, "0.5")?;
/// // Half of the one budget, and all of the other, which weighs half: all of the composite's.
/// let seen = [Events::new(995, 1_000)?, Events::new(999, 1_000)?];
/// assert_eq!(journey.is_met_by(&seen)?, Some(true));
/// assert_eq!(journey.consumed(&seen)?, Some(1.0));
/// let worse = [Events::new(994, 1_000)?, seen[1]];
/// assert_eq!(journey.is_met_by(&worse)?, Some(false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositeSlo {
    method: CompositeMethod,
    parts: Vec<CompositePart>,
    no_data: CompositeNoData,
}

/// A part of a composite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CompositePart {
    /// The objective.
    pub id: SloId,
    /// Its own target.
    pub target: Target,
    /// Its weight in parts per million.
    pub weight_ppm: u64,
}

const MILLION: u64 = 1_000_000;

impl CompositeSlo {
    /// A composite without parts.
    pub fn new(method: CompositeMethod) -> Self {
        Self {
            method,
            parts: Vec::new(),
            no_data: CompositeNoData::Unknown,
        }
    }

    /// Adds a part. The weight is a decimal number above 0 (`1`, `0.5`, `100`) with at most six decimals.
    ///
    /// # Errors
    ///
    /// When the weight is no such number, or above a million, or the part is there already.
    pub fn part(mut self, id: &str, target: Target, weight: &str) -> Result<Self, Error> {
        let wrong = |expected| {
            Error::from(Repr::Config {
                what: "weight",
                seen: format!("`{weight}` for `{id}`"),
                expected,
            })
        };
        let weight_ppm = ppm(weight)
            .filter(|ppm| (1..=MILLION * MILLION).contains(ppm))
            .ok_or_else(|| {
                wrong("a number above 0, at most a million, with at most six decimals")
            })?;
        let id = SloId::new(id);
        if self.parts.iter().any(|part| part.id == id) {
            return Err(wrong("every part once"));
        }
        self.parts.push(CompositePart {
            id,
            target,
            weight_ppm,
        });
        Ok(self)
    }

    /// What a part without events counts as.
    #[must_use]
    pub fn no_data(mut self, policy: CompositeNoData) -> Self {
        self.no_data = policy;
        self
    }

    /// The parts, in the order in which events are given.
    pub fn parts(&self) -> &[CompositePart] {
        &self.parts
    }

    /// Whether the composite is kept; `None` without data.
    ///
    /// # Errors
    ///
    /// When there are not as many counts as parts.
    pub fn is_met_by(&self, seen: &[Events]) -> Result<Option<bool>, Error> {
        let fractions = self.fractions(seen)?;
        Ok(fractions.map(|fractions| sum_is_at_most_one(&fractions)))
    }

    /// How much of the composite's budget is used: 1 is all of it; `None` without data, or when something failed of which
    /// nothing may. For people: [`CompositeSlo::is_met_by`] decides.
    ///
    /// # Errors
    ///
    /// When there are not as many counts as parts.
    pub fn consumed(&self, seen: &[Events]) -> Result<Option<f64>, Error> {
        let Some(fractions) = self.fractions(seen)? else {
            return Ok(None);
        };
        let consumed: f64 = fractions
            .iter()
            .map(|fraction| product(&fraction.over) / product(&fraction.under))
            .sum();
        Ok(consumed.is_finite().then_some(consumed))
    }

    /// Whether a slice is good (`OpenSLO`, timeslices): it is bad when it is bad for any part, whatever its weight. `None`
    /// for a part, and as the answer, is no data.
    ///
    /// # Errors
    ///
    /// When there are not as many slices as parts.
    pub fn judge_slice(&self, slices: &[Option<bool>]) -> Result<Option<bool>, Error> {
        self.expect_one_each(slices.len())?;
        if slices.contains(&Some(false)) {
            return Ok(Some(false));
        }
        let is_known = slices.contains(&Some(true));
        Ok(if slices.contains(&None) {
            match self.no_data {
                CompositeNoData::Unknown => None,
                CompositeNoData::LeftOut => is_known.then_some(true),
                CompositeNoData::Bad => Some(false),
            }
        } else {
            is_known.then_some(true)
        })
    }

    fn expect_one_each(&self, seen: usize) -> Result<(), Error> {
        if seen == self.parts.len() {
            return Ok(());
        }
        Err(Repr::Config {
            what: "composite",
            seen: format!("{seen} counts for {} parts", self.parts.len()),
            expected: "one for each part, in their order",
        }
        .into())
    }

    /// What each part uses of the budget, as fractions that are not reduced.
    fn fractions(&self, seen: &[Events]) -> Result<Option<Vec<Fraction>>, Error> {
        self.expect_one_each(seen.len())?;
        let mut counted = Vec::new();
        for (part, events) in self.parts.iter().zip(seen) {
            match (events.is_none(), self.no_data) {
                (false, _) => counted.push((part, *events)),
                (true, CompositeNoData::Unknown) => return Ok(None),
                (true, CompositeNoData::LeftOut) => {}
                (true, CompositeNoData::Bad) => counted.push((part, Events::from_good_bad(0, 1))),
            }
        }
        if counted.is_empty() {
            return Ok(None);
        }
        let weights: u64 = counted.iter().map(|(part, _)| part.weight_ppm).sum();
        let fractions = counted.iter().map(|(part, events)| {
            let (allowed, whole) = match self.method {
                CompositeMethod::Burn => (part.target.allowed_ppb(), MILLION),
                CompositeMethod::Missing { target } => (target.allowed_ppb(), MILLION),
                CompositeMethod::Mean { target } => (target.allowed_ppb(), weights),
            };
            Fraction {
                over: [
                    part.weight_ppm,
                    events.bad(),
                    u64::from(Target::DENOMINATOR),
                ],
                under: [whole, events.total(), u64::from(allowed)],
            }
        });
        // Nothing failed: nothing of a budget is used, even of one that allows nothing.
        Ok(Some(
            fractions.filter(|fraction| fraction.over[1] != 0).collect(),
        ))
    }
}

/// A decimal number in millionths.
fn ppm(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fraction_digits = fraction.trim_end_matches('0');
    if !is_digits(whole) || !is_digits(fraction) || 6 < fraction_digits.len() {
        return None;
    }
    let fraction: u64 = format!("{fraction_digits:0<6}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(MILLION)?
        .checked_add(fraction)
}

/// The product of the first over the product of the second.
struct Fraction {
    over: [u64; 3],
    under: [u64; 3],
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a figure for people"
)]
fn product(factors: &[u64; 3]) -> f64 {
    factors.iter().map(|factor| *factor as f64).product()
}

/// Whether fractions add up to one at most; one over nothing never does.
fn sum_is_at_most_one(fractions: &[Fraction]) -> bool {
    let (mut over, mut under) = (Natural::from(0), Natural::from(1));
    for fraction in fractions {
        let mut scaled = under.clone();
        for factor in fraction.over {
            scaled.multiply(factor);
        }
        for factor in fraction.under {
            over.multiply(factor);
            under.multiply(factor);
        }
        over.add(&scaled);
    }
    over.compare(&under) != Ordering::Greater
}

/// A natural number of any size, the lowest digit (of base 2^64) first and none of them zero at the end.
#[derive(Clone)]
struct Natural(Vec<u64>);

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        Self(if value == 0 { Vec::new() } else { vec![value] })
    }
}

impl Natural {
    fn multiply(&mut self, factor: u64) {
        if factor == 0 {
            self.0.clear();
            return;
        }
        let mut carry = 0;
        for digit in &mut self.0 {
            let wide = u128::from(*digit) * u128::from(factor) + carry;
            *digit = low(wide);
            carry = wide >> 64;
        }
        if carry != 0 {
            self.0.push(low(carry));
        }
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut carry = 0;
        for (index, digit) in self.0.iter_mut().enumerate() {
            let more = other.0.get(index).copied().unwrap_or(0);
            let wide = u128::from(*digit) + u128::from(more) + carry;
            *digit = low(wide);
            carry = wide >> 64;
        }
        if carry != 0 {
            self.0.push(low(carry));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(u64::MAX)
}
