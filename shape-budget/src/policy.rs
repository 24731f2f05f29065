//! What may be changed at which remaining budget.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_slo::{SloId, Target};

use crate::{Error, SloBudget, error::Repr};

/// What may be changed by itself; each allows what the later ones allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// Nothing, not even a proposal.
    Nothing,
    /// Proposals that a person applies.
    Proposals,
    /// Taking back a change.
    Reverts,
    /// Validated fixes, and taking back a change.
    Fixes,
    /// Every change, new features too.
    Changes,
}

/// A step of a [`BudgetPolicy`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyStep {
    /// The step begins when no more than this part of the budget is left: `50%`, `0%`.
    pub left_at_most: BudgetPart,
    /// What is allowed then.
    pub allow: Allowed,
    /// Why, or who was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A part of a budget in parts per million, written as a percentage with at most four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BudgetPart(u32);

/// What may be changed at which remaining budget: an error budget policy as data.
///
/// ```
/// use shape_budget::{Allowed, BudgetPolicy};
///
/// let policy = BudgetPolicy::from_json(r#"{
///     "name": "storefront",
///     "steps": [
///         {"left_at_most": "50%", "allow": "fixes", "reason": "no new features"},
///         {"left_at_most": "0%", "allow": "reverts", "reason": "freeze"}
///     ]
/// }"#)?;
/// assert_eq!(policy.allowed_at(510_000), Allowed::Changes);
/// assert_eq!(policy.allowed_at(500_000), Allowed::Fixes);
/// assert_eq!(policy.allowed_at(-1), Allowed::Reverts);
///
/// let error = BudgetPolicy::from_json(r#"{"name": "x", "steps": [
///     {"left_at_most": "0%", "allow": "fixes"}, {"left_at_most": "50%", "allow": "changes"}]}"#).unwrap_err();
/// assert!(error.to_string().contains("from more left to less"), "{error}");
/// # Ok::<(), shape_budget::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct BudgetPolicy {
    name: String,
    slos: Vec<SloId>,
    steps: Vec<PolicyStep>,
    no_data: Allowed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    /// Of these promises; of all when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slos: Vec<SloId>,
    steps: Vec<PolicyStep>,
    /// What is allowed when too few events were seen to judge.
    #[serde(default = "changes")]
    no_data: Allowed,
}

fn changes() -> Allowed {
    Allowed::Changes
}

/// What a policy says about a budget, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDecision {
    /// The policy.
    pub policy: String,
    /// What is allowed.
    pub allowed: Allowed,
    /// What is left in parts per million of what the window allows, negative when overspent; `None` when nothing is
    /// allowed at all, or too few events were seen.
    pub left_ppm: Option<i64>,
    /// One sentence with the figures.
    pub explanation: String,
}

impl BudgetPolicy {
    /// A policy by its steps, from more left to less. Above the first step every change is allowed.
    ///
    /// # Errors
    ///
    /// When there is no step, or a later one does not begin at less or allows more.
    pub fn new(name: &str, steps: Vec<PolicyStep>) -> Result<Self, Error> {
        let wrong = |seen: String, expected| Repr::Config {
            what: "budget policy",
            seen: format!("`{name}` with {seen}"),
            expected,
        };
        if steps.is_empty() {
            return Err(wrong("no step".to_owned(), "at least one").into());
        }
        for pair in steps.windows(2) {
            let (one, next) = (&pair[0], &pair[1]);
            if one.left_at_most <= next.left_at_most {
                let seen = format!("{} after {}", next.left_at_most, one.left_at_most);
                return Err(wrong(seen, "steps from more left to less").into());
            }
            if one.allow < next.allow {
                let seen = format!("`{}` after `{}`", next.allow, one.allow);
                return Err(wrong(seen, "that less left allows no more").into());
            }
        }
        Ok(Self {
            name: name.to_owned(),
            slos: Vec::new(),
            steps,
            no_data: Allowed::Changes,
        })
    }

    /// Only for these promises; without this it holds for all.
    #[must_use]
    pub fn only_for(mut self, slos: impl IntoIterator<Item = SloId>) -> Self {
        self.slos = slos.into_iter().collect();
        self
    }

    /// What is allowed when too few events were seen to judge; every change by default.
    #[must_use]
    pub fn without_data(mut self, allowed: Allowed) -> Self {
        self.no_data = allowed;
        self
    }

    /// Reads a policy from JSON.
    ///
    /// # Errors
    ///
    /// When the text is no policy, with line and column; or its steps contradict each other.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            Repr::Policy {
                message: error.to_string(),
            }
            .into()
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The steps, from more left to less.
    pub fn steps(&self) -> &[PolicyStep] {
        &self.steps
    }

    /// Whether it speaks of a promise.
    pub fn holds_for(&self, slo: &SloId) -> bool {
        self.slos.is_empty() || self.slos.contains(slo)
    }

    /// What is allowed with so much left, in parts per million of what the window allows.
    pub fn allowed_at(&self, left_ppm: i64) -> Allowed {
        self.step_at(left_ppm)
            .map_or(Allowed::Changes, |step| step.allow)
    }

    fn step_at(&self, left_ppm: i64) -> Option<&PolicyStep> {
        let begins = |step: &&PolicyStep| left_ppm <= i64::from(step.left_at_most.0);
        self.steps.iter().rfind(begins)
    }

    /// What is allowed with this budget; every change when the policy does not speak of its promise.
    ///
    /// What is left is taken from the exact allowance, not the rounded one: a budget of half an event that lost one is
    /// overspent by 100 %.
    pub fn decide(&self, budget: &SloBudget) -> PolicyDecision {
        let say = |allowed, left_ppm, explanation| PolicyDecision {
            policy: self.name.clone(),
            allowed,
            left_ppm,
            explanation,
        };
        if !self.holds_for(&budget.slo) {
            let text = format!("`{}` does not speak of {}", self.name, budget.slo);
            return say(Allowed::Changes, None, text);
        }
        if !budget.has_enough_events() {
            let text = format!(
                "too few events (n = {}) to judge {}: `{}` allows {}",
                budget.events.total(),
                budget.slo,
                self.name,
                self.no_data
            );
            return say(self.no_data, None, text);
        }
        // With nothing allowed, a promise is kept or it is overspent without measure.
        let left = match budget.consumed_ppm {
            Some(consumed) => 1_000_000 - i64::try_from(consumed).unwrap_or(i64::MAX),
            None if budget.remaining < 0 => i64::MIN,
            None => 1_000_000,
        };
        let step = self.step_at(left);
        let allowed = step.map_or(Allowed::Changes, |step| step.allow);
        let state = match budget.consumed_ppm {
            Some(consumed) if 1_000_000 < consumed => format!(
                "overspent by {} % of it",
                (consumed - 1_000_000).div_ceil(10_000)
            ),
            Some(_) => format!("{} % left", left / 10_000),
            None if left < 0 => "overspent, and none is allowed".to_owned(),
            None => "kept, although no failure is allowed".to_owned(),
        };
        let mut text = format!("the budget of {} is {state}", budget.slo);
        if state.ends_with("left") {
            text = format!("the budget of {} has {state}", budget.slo);
        }
        text = format!("{text}: `{}` allows {allowed}", self.name);
        if let Some(step) = step.filter(|step| !step.reason.is_empty()) {
            text = format!("{text} ({})", step.reason);
        }
        let left_ppm = budget.consumed_ppm.map(|_| left);
        say(allowed, left_ppm, text)
    }
}

impl TryFrom<Raw> for BudgetPolicy {
    type Error = Error;
    fn try_from(raw: Raw) -> Result<Self, Error> {
        let policy = Self::new(&raw.name, raw.steps)?;
        Ok(policy.only_for(raw.slos).without_data(raw.no_data))
    }
}

impl From<BudgetPolicy> for Raw {
    fn from(policy: BudgetPolicy) -> Self {
        Self {
            name: policy.name,
            slos: policy.slos,
            steps: policy.steps,
            no_data: policy.no_data,
        }
    }
}

impl BudgetPart {
    /// From parts per million, at most 1,000,000.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= 1_000_000 {
            Some(Self(ppm))
        } else {
            None
        }
    }

    /// In parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for BudgetPart {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let is_zero = text
            .trim_end_matches('%')
            .trim()
            .bytes()
            .all(|byte| matches!(byte, b'0' | b'.'));
        if is_zero && text.ends_with('%') && text.starts_with('0') {
            return Ok(Self(0));
        }
        // A target is read digit by digit, never through a float.
        let target: Option<Target> = text.parse().ok().filter(|_| text.ends_with('%'));
        target
            .filter(|target| target.ppb().is_multiple_of(1_000))
            .map(|target| Self(target.ppb() / 1_000))
            .ok_or_else(|| {
                Repr::Config {
                    what: "part of the budget",
                    seen: format!("`{text}`"),
                    expected: "a percentage such as `50%`, with at most four decimals",
                }
                .into()
            })
    }
}

impl From<BudgetPart> for String {
    fn from(part: BudgetPart) -> Self {
        part.to_string()
    }
}

impl fmt::Display for BudgetPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Target::from_ppb(self.0 * 1_000) {
            Some(target) => fmt::Display::fmt(&target, f),
            None => f.pad("0%"),
        }
    }
}

/// `every change`, `fixes and reverts`.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "nothing",
            Self::Proposals => "only proposals",
            Self::Reverts => "only reverts",
            Self::Fixes => "fixes and reverts",
            Self::Changes => "every change",
        })
    }
}
