//! The gates: what a candidate has to pass before it may be deployed.

use std::time::Instant;

use crate::{
    CandidateState, CommandReport, Comparison, EnvironmentError, Error, Gate, GateResult,
    HealStage, Patch, StrategyKind, candidate::Work, run::Run, worktree::Worktree,
};

mod apply;
mod replay;
mod reproduce;

/// A value that has passed every gate. Only the gates make one.
///
/// A [`Patch`] can not be deployed; a `Validated<Patch>` can, with an [`Approval`](crate::Approval).
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Validated<T> {
    value: T,
    gates: Vec<GateResult>,
    comparisons: Vec<Comparison>,
    was_replayed: bool,
}

impl<T> Validated<T> {
    /// The value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// What the gates said.
    pub fn gates(&self) -> &[GateResult] {
        &self.gates
    }

    /// What the replayed load says; empty where none could be replayed.
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// Whether load was replayed against it.
    pub fn was_replayed(&self) -> bool {
        self.was_replayed
    }
}

/// What a gate said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) passed: Option<bool>,
    pub(crate) detail: String,
    pub(crate) command: Option<CommandReport>,
    /// A gate that could not be tried lets through only where it is optional.
    pub(crate) is_optional: bool,
}

impl Said {
    pub(crate) fn yes(detail: impl Into<String>) -> Self {
        Self::new(Some(true), detail.into())
    }

    pub(crate) fn no(detail: impl Into<String>) -> Self {
        Self::new(Some(false), detail.into())
    }

    fn new(passed: Option<bool>, detail: String) -> Self {
        Self {
            passed,
            detail,
            command: None,
            is_optional: false,
        }
    }

    fn skipped(detail: impl Into<String>) -> Self {
        Self {
            is_optional: true,
            ..Self::new(None, detail.into())
        }
    }

    fn with(mut self, command: CommandReport) -> Self {
        self.command = Some(command);
        self
    }
}

/// A report, or what the environment said instead; only a wish to stop ends the run.
fn report_of<T>(result: Result<T, EnvironmentError>) -> Result<Result<T, Said>, Error> {
    match result {
        Ok(report) => Ok(Ok(report)),
        Err(EnvironmentError::Cancelled) => Err(EnvironmentError::Cancelled.into()),
        Err(EnvironmentError::Command { message, report }) => {
            let mut said = Said::no(message);
            said.command = report.map(|report| *report);
            Ok(Err(said))
        }
        Err(other) => Ok(Err(Said::no(other.to_string()))),
    }
}

impl Run<'_> {
    /// Makes the change of a candidate in a worktree; whether it applies and is small enough.
    pub(crate) fn make_patch(&mut self, work: &mut Work, number: usize) -> Result<bool, Error> {
        let id = work.id();
        self.check_cancel()?;
        self.say(HealStage::Fixing, Some(&id), work.candidate.title.clone());
        let began = Instant::now();
        let name = format!("{}-{number}", work.recipe.id);
        let base = self.base.clone();
        let worktree = self.worktree(&name, &base)?;
        let said = self.apply(work, &worktree)?;
        if !self.pass(work, Gate::Applies, said, began) {
            return Ok(false);
        }
        work.worktree = Some(worktree);
        let began = Instant::now();
        let said = match work
            .patch
            .as_ref()
            .map(|patch| self.settings.policy.blast_radius(patch))
        {
            Some(Ok(detail)) => Said::yes(detail),
            Some(Err((rule, detail))) => {
                let refusal = crate::policy::refusal(rule, detail.clone(), self.now());
                self.report.refusals.push(crate::Refusal {
                    candidate: Some(id.clone()),
                    ..refusal
                });
                Said::no(format!("{rule}: {detail}"))
            }
            None => Said::no("there is no patch"),
        };
        Ok(self.pass(work, Gate::Guards, said, began))
    }

    /// The gates that need no load: reproduction, build, tests.
    pub(crate) fn cheap_gates(&mut self, work: &mut Work) -> Result<bool, Error> {
        for gate in [Gate::ReproducesBefore, Gate::Builds, Gate::TestsPass] {
            self.check_cancel()?;
            let began = Instant::now();
            let said = match gate {
                Gate::ReproducesBefore => self.reproduces(work)?,
                Gate::Builds => self.builds(work)?,
                _ => self.tests_pass(work)?,
            };
            if !self.pass(work, gate, said, began) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The last gate; after it the candidate is validated.
    pub(crate) fn replay_gate(&mut self, work: &mut Work) -> Result<bool, Error> {
        self.check_cancel()?;
        let began = Instant::now();
        let said = self.replay_improves(work)?;
        let was_replayed = said.passed == Some(true);
        if !self.pass(work, Gate::ReplayImproves, said, began) {
            return Ok(false);
        }
        let Some(patch) = work.patch.clone() else {
            return Ok(false);
        };
        work.candidate.state = CandidateState::Validated;
        work.validated = Some(Validated {
            value: patch,
            gates: work.candidate.gates.clone(),
            comparisons: work.candidate.comparisons.clone(),
            was_replayed,
        });
        Ok(true)
    }

    fn pass(&mut self, work: &mut Work, gate: Gate, said: Said, began: Instant) -> bool {
        let passes = said.passed == Some(true) || (said.passed.is_none() && said.is_optional);
        let verdict = match (said.passed, passes) {
            (Some(true), _) => "passed",
            (_, true) => "not tried",
            _ => "refused",
        };
        let stage = match gate {
            Gate::Preconditions | Gate::Applies | Gate::Guards => HealStage::Fixing,
            _ => HealStage::Validating,
        };
        let message = format!("{}: {verdict}: {}", gate_name(gate), said.detail);
        if passes {
            self.say(stage, Some(&work.id()), message);
        } else {
            self.warn(stage, Some(&work.id()), message);
        }
        work.gate(gate, said, began.elapsed());
        passes
    }

    fn builds(&mut self, work: &mut Work) -> Result<Said, Error> {
        let Some(worktree) = &work.worktree else {
            return Ok(Said::no("there is no worktree"));
        };
        Ok(match report_of(self.environment.build(worktree.path()))? {
            Ok(report) if report.is_success() => {
                Said::yes("the changed service builds").with(report)
            }
            Ok(report) => Said::no("the changed service does not build").with(report),
            Err(said) => said,
        })
    }

    fn tests_pass(&mut self, work: &mut Work) -> Result<Said, Error> {
        let (Some(worktree), Some(patch)) = (work.worktree.take(), work.patch.clone()) else {
            return Ok(Said::no("there is no worktree"));
        };
        let said = self.all_tests(&worktree, &patch);
        work.worktree = Some(worktree);
        let said = said?;
        // A revert after which the test still fails took back an innocent commit.
        if said.passed == Some(false)
            && let StrategyKind::Revert { suspect, .. } = &patch.strategy
        {
            return Ok(Said {
                detail: format!(
                    "revert of {} does not change the reproduction: {}",
                    suspect.short(),
                    said.detail
                ),
                ..said
            });
        }
        Ok(said)
    }

    /// The generated test first, since it is the quicker one to fail, then the service's own.
    pub(crate) fn all_tests(&mut self, worktree: &Worktree, patch: &Patch) -> Result<Said, Error> {
        if !patch.test_commands.is_empty() {
            let test = patch.test_path.as_deref().unwrap_or_default();
            match report_of(
                self.environment
                    .run_test(worktree.path(), &patch.test_commands),
            )? {
                Ok(report) if report.is_success() => {}
                Ok(report) => {
                    return Ok(Said::no(format!("`{test}` fails with the change")).with(report));
                }
                Err(said) => return Ok(said),
            }
        }
        Ok(match report_of(self.environment.test(worktree.path()))? {
            Ok(report) if report.is_success() => Said::yes(match &patch.test_path {
                Some(test) => format!("the service's tests and `{test}` pass"),
                None => "the service's tests pass".to_owned(),
            })
            .with(report),
            Ok(report) => Said::no("the service's tests fail with the change").with(report),
            Err(said) => said,
        })
    }

    /// A worktree with a commit merged into the moved head of the branch, to be tested once more.
    pub(crate) fn retest(&mut self, worktree: &Worktree, patch: &Patch) -> Result<Said, Error> {
        match report_of(self.environment.build(worktree.path()))? {
            Ok(report) if report.is_success() => {}
            Ok(report) => {
                return Ok(Said::no("it does not build on the moved branch").with(report));
            }
            Err(said) => return Ok(said),
        }
        self.all_tests(worktree, patch)
    }
}

fn gate_name(gate: Gate) -> &'static str {
    match gate {
        Gate::Preconditions => "preconditions",
        Gate::Applies => "applies",
        Gate::Guards => "guard rails",
        Gate::ReproducesBefore => "reproduces before",
        Gate::Builds => "builds",
        Gate::TestsPass => "tests pass",
        Gate::ReplayImproves => "replay improves",
    }
}
