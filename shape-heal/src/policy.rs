//! The guard rails.

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::{Allowed, BudgetPolicy, PolicyDecision};
use shape_compliance::Breach;
use shape_telemetry::{ComponentId, Period};

use crate::{
    FaultSignature, HealHistory, Patch, Refusal, StrategyKind, history::since, revert::first_match,
};

const DAY: Duration = Duration::from_secs(86_400);

/// What healing may do by itself. The default is meant for a service that people use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Policy {
    /// At most so many attempts to deploy for one fault in 24 hours; then a person is asked.
    pub max_attempts: usize,
    /// The wait after an attempt that failed, in seconds; it doubles with each further one.
    pub cooldown_seconds: u64,
    /// The longest wait, in seconds.
    pub max_cooldown_seconds: u64,
    /// After so many fixes of a component taken back within 24 hours, fixes are only proposed.
    pub breaker: usize,
    /// At most so many files in a fix, its test not counted.
    pub max_files: usize,
    /// At most so many lines added and removed in a fix, its test not counted.
    pub max_lines: u64,
    /// No fix that touches such a path.
    pub deny_paths: Vec<String>,
    /// Nothing is deployed in these periods.
    pub freezes: Vec<Freeze>,
    /// While this file exists, healing does nothing at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_switch: Option<PathBuf>,
    /// Ids of recipes that may be deployed by themselves in mode `auto`, as patterns; the others are proposed.
    pub auto_recipes: Vec<String>,
    /// What is allowed when the error budget is overspent.
    pub overspent: OverspentPolicy,
    /// What is allowed at which remaining error budget, where that is to depend on more than whether it is overspent.
    /// The decision that a breach carries ([`Breach::policy`]) binds as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetPolicy>,
    /// Whether a fix may be deployed by itself where no load can be replayed.
    pub allow_without_replay: bool,
}

/// A period without deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// From.
    pub start: Timestamp,
    /// Until (not included).
    pub end: Timestamp,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What may be deployed by itself when the error budget is overspent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverspentPolicy {
    /// Every validated fix.
    #[default]
    AllowAll,
    /// Only taking back a change; other fixes are proposed.
    RevertOnly,
    /// Nothing; fixes are proposed.
    ProposeOnly,
}

impl Default for Policy {
    fn default() -> Self {
        let deny = [
            "migrations/**",
            "**/migrations/**",
            "**/*.sql",
            "**/*.proto",
            "**/Cargo.lock",
            ".github/**",
            "**/auth/**",
        ];
        Self {
            max_attempts: 3,
            cooldown_seconds: 15 * 60,
            max_cooldown_seconds: 6 * 3_600,
            breaker: 2,
            max_files: 5,
            max_lines: 120,
            deny_paths: deny.map(str::to_owned).to_vec(),
            freezes: Vec::new(),
            kill_switch: None,
            auto_recipes: vec!["*".to_owned()],
            overspent: OverspentPolicy::AllowAll,
            budget: None,
            allow_without_replay: true,
        }
    }
}

impl Policy {
    /// Whether healing is switched off.
    pub(crate) fn kill_switch(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.kill_switch.as_deref().filter(|path| path.exists()) {
            Some(path) => {
                let detail = format!("`{}` exists; remove it to allow healing", path.display());
                Err(refusal("kill_switch", detail, now))
            }
            None => Ok(()),
        }
    }

    /// What the budget policies say of a breach: the strictest of the breach's own and the one configured here.
    fn budget_decision(&self, breach: &Breach) -> Option<PolicyDecision> {
        let configured = self.budget.as_ref();
        let configured = configured.map(|policy| policy.decide(&breach.budget));
        let decisions = [breach.policy.clone(), configured];
        let decisions = decisions.into_iter().flatten();
        decisions.min_by_key(|decision| decision.allowed)
    }

    /// Whether healing may begin for a fault.
    pub(crate) fn may_begin(
        &self,
        breach: &Breach,
        signature: Option<&FaultSignature>,
        history: &HealHistory,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if let Some(decision) = self.budget_decision(breach)
            && decision.allowed < Allowed::Proposals
        {
            return Err(refusal("budget", decision.explanation, now));
        }
        let Some(signature) = signature else {
            return Ok(());
        };
        self.attempts_left(signature, history, now)?;
        let failed: Vec<_> = history
            .recent(signature, DAY, now)
            .filter(|attempt| attempt.result.is_failure())
            .collect();
        let n_failed = failed.len();
        if let Some(last) = failed.last() {
            let wait = self.cooldown(n_failed);
            let waited = since(last.at, now);
            if waited < wait {
                let detail = format!(
                    "attempt {n_failed} for this fault failed {} s ago; the next is allowed after {} s",
                    waited.as_secs(),
                    wait.as_secs()
                );
                return Err(refusal("cooldown", detail, now));
            }
        }
        Ok(())
    }

    /// The wait after the `n`-th failed attempt.
    pub(crate) fn cooldown(&self, n: usize) -> Duration {
        let doublings = u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u64.checked_pow(doublings).unwrap_or(u64::MAX);
        let seconds = self.cooldown_seconds.saturating_mul(factor);
        Duration::from_secs(seconds.min(self.max_cooldown_seconds))
    }

    pub(crate) fn attempts_left(
        &self,
        signature: &FaultSignature,
        history: &HealHistory,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let n = history.recent(signature, DAY, now).count();
        if n < self.max_attempts {
            return Ok(());
        }
        let detail = format!(
            "{n} attempts for this fault in 24 hours, {} are allowed; a person is needed",
            self.max_attempts
        );
        Err(refusal("max_attempts", detail, now))
    }

    /// Whether a change is small and harmless enough.
    pub(crate) fn blast_radius(&self, patch: &Patch) -> Result<String, (&'static str, String)> {
        let n_files = patch.files().count();
        let n_lines: u64 = patch.files().map(|change| change.n_lines).sum();
        if self.max_files < n_files {
            let detail = format!("{n_files} files, `max_files` is {}", self.max_files);
            return Err(("blast_radius", detail));
        }
        if self.max_lines < n_lines {
            let detail = format!("{n_lines} lines, `max_lines` is {}", self.max_lines);
            return Err(("blast_radius", detail));
        }
        for change in patch.files() {
            if let Some(pattern) = first_match(&self.deny_paths, &change.path) {
                let detail = format!("`{}` is protected by `{pattern}`", change.path);
                return Err(("deny_paths", detail));
            }
        }
        Ok(format!(
            "{n_files} files, {n_lines} lines, no protected path"
        ))
    }

    /// Whether this change may be deployed by itself now; else it is only proposed.
    pub(crate) fn may_deploy(
        &self,
        breach: &Breach,
        component: &ComponentId,
        patch: &Patch,
        was_replayed: bool,
        history: &HealHistory,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_allowed = first_match(&self.auto_recipes, &patch.recipe).is_some();
        if !is_allowed {
            let detail = format!("`auto_recipes` does not name `{}`", patch.recipe);
            return Err(refusal("auto_recipes", detail, now));
        }
        let frozen = self.freezes.iter().find(|freeze| {
            let period = Period {
                start: freeze.start,
                end: freeze.end,
            };
            period.contains(now)
        });
        if let Some(freeze) = frozen {
            let detail = format!("no deployment before {}: {}", freeze.end, freeze.reason);
            return Err(refusal("freeze", detail, now));
        }
        let n_rolled_back = history.rolled_back(component, DAY, now);
        if self.breaker <= n_rolled_back {
            let detail = format!(
                "{n_rolled_back} fixes of {component} were taken back in 24 hours; this one is only proposed"
            );
            return Err(refusal("breaker", detail, now));
        }
        if !was_replayed && !self.allow_without_replay {
            let detail = "no load was replayed and `allow_without_replay` is off".to_owned();
            return Err(refusal("replay", detail, now));
        }
        let is_revert = matches!(patch.strategy, StrategyKind::Revert { .. });
        let needed = if is_revert {
            Allowed::Reverts
        } else {
            Allowed::Fixes
        };
        if let Some(decision) = self.budget_decision(breach)
            && decision.allowed < needed
        {
            return Err(refusal("budget", decision.explanation, now));
        }
        if breach.budget.remaining < 0 {
            let is_allowed = match self.overspent {
                OverspentPolicy::AllowAll => true,
                OverspentPolicy::RevertOnly => is_revert,
                OverspentPolicy::ProposeOnly => false,
            };
            if !is_allowed {
                let detail = format!(
                    "the budget is overspent by {} events and `overspent` allows {}",
                    breach.budget.remaining.unsigned_abs(),
                    if self.overspent == OverspentPolicy::RevertOnly {
                        "only reverts"
                    } else {
                        "only proposals"
                    }
                );
                return Err(refusal("budget", detail, now));
            }
        }
        Ok(())
    }
}

pub(crate) fn refusal(rule: &str, detail: String, at: Timestamp) -> Refusal {
    Refusal {
        rule: rule.to_owned(),
        detail,
        candidate: None,
        at,
    }
}
