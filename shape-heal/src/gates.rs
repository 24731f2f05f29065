//! The gates: what a candidate has to pass before it may be deployed.

use std::{collections::BTreeSet, path::PathBuf, time::Instant};

use shape_sli::Indicator;
use shape_telemetry::{ComponentId, Measurements};

use crate::{
    CandidateState, CommandReport, Comparison, EnvironmentError, Error, Gate, GateResult,
    HealStage, Patch, Strategy, StrategyKind,
    candidate::Work,
    compare::{Figures, Judgement, compare_events, compare_latency, figures},
    patch::{Captured, capture},
    run::{Before, Run},
    worktree::Worktree,
};

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
        for (gate, ask) in [
            (
                Gate::ReproducesBefore,
                Self::reproduces as fn(&mut Self, &mut Work) -> _,
            ),
            (Gate::Builds, Self::builds),
            (Gate::TestsPass, Self::tests_pass),
        ] {
            self.check_cancel()?;
            let began = Instant::now();
            let said: Said = ask(self, work)?;
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
        let word = match (said.passed, passes) {
            (Some(true), _) => "passed",
            (_, true) => "not tried",
            _ => "refused",
        };
        let stage = match gate {
            Gate::Preconditions | Gate::Applies | Gate::Guards => HealStage::Fixing,
            _ => HealStage::Validating,
        };
        let message = format!("{}: {word}: {}", gate_name(gate), said.detail);
        if passes {
            self.say(stage, Some(&work.id()), message);
        } else {
            self.warn(stage, Some(&work.id()), message);
        }
        work.gate(gate, said, began.elapsed());
        passes
    }

    fn apply(&mut self, work: &mut Work, worktree: &Worktree) -> Result<Said, Error> {
        let (strategy, detail) = match &work.recipe.strategy {
            Strategy::Rewrite(_) => match self.apply_rewrite(work, worktree)? {
                Ok(done) => done,
                Err(why) => return Ok(Said::no(why)),
            },
            Strategy::Revert(limits) => {
                let Some(suspect) = &work.suspect else {
                    return Ok(Said::no("there is no suspect"));
                };
                let others = work.place.as_ref().map_or(&[][..], |place| &place.suspects);
                let done = crate::revert::revert(
                    &self.git,
                    worktree,
                    limits,
                    &suspect.id,
                    others,
                    &self.base,
                )?;
                match done {
                    Ok(done) => (
                        StrategyKind::Revert {
                            suspect: suspect.id.clone(),
                            commits: done.commits,
                        },
                        done.how,
                    ),
                    Err(why) => return Ok(Said::no(why)),
                }
            }
        };
        if worktree.tree(None)? == self.git.tree(&self.base)? {
            return Ok(Said::no(format!(
                "the change changes nothing against {}: what it would do is done there",
                self.base.short()
            )));
        }
        let test = match self.generate_test(work, worktree)? {
            Ok(test) => test,
            Err(why) => return Ok(Said::no(why)),
        };
        let base = self.base.clone();
        let Captured { tree, diff, files } = capture(
            &self.git,
            worktree,
            &base,
            test.as_ref().map(|(path, _)| path.as_str()),
        )?;
        work.candidate.strategy = Some(strategy.clone());
        work.candidate.diff.clone_from(&diff);
        work.candidate.test_path = test.as_ref().map(|(path, _)| path.clone());
        let (test_path, test_commands) = test.unzip();
        work.patch = Some(Patch {
            candidate: work.id(),
            recipe: work.recipe.id.clone(),
            title: work.candidate.title.clone(),
            strategy,
            base,
            tree,
            diff,
            files,
            test_path,
            test_commands: test_commands.unwrap_or_default(),
        });
        Ok(Said::yes(detail))
    }

    #[cfg(not(feature = "rewrite"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the twin needs both"
    )]
    fn apply_rewrite(
        &self,
        _: &Work,
        _: &Worktree,
    ) -> Result<Result<(StrategyKind, String), String>, Error> {
        Ok(Err(
            "this build has no language for rewrites; switch on a feature such as `rust`"
                .to_owned(),
        ))
    }

    #[cfg(feature = "rewrite")]
    fn apply_rewrite(
        &self,
        work: &Work,
        worktree: &Worktree,
    ) -> Result<Result<(StrategyKind, String), String>, Error> {
        let (Strategy::Rewrite(rule), Some(place)) = (&work.recipe.strategy, &work.place) else {
            return Ok(Err("there is no traced place".to_owned()));
        };
        let statement = &place.statement;
        let path = &statement.location.path;
        let Some(source) = self.git.file(&self.base, path)? else {
            return Ok(Err(format!("`{path}` is not in {}", self.base.short())));
        };
        let traced = statement.location.line.get();
        let function = statement
            .symbol_lines
            .map(|(first, last)| (first.get(), last.get()));
        // The trace speaks of the file as it was searched; where it has changed since, the lines are followed.
        let mapped = self.follow(path, &statement.blob, traced, function)?;
        let (line, function) = match mapped {
            Ok(mapped) => mapped,
            Err(why) => return Ok(Err(why)),
        };
        let done = match crate::rewrite::rewrite(rule, &source, line, function) {
            Ok(done) => done,
            Err(why) => return Ok(Err(format!("{path}: {why}"))),
        };
        worktree.write(path, &done.text)?;
        let at = shape_telemetry::SourceLocation {
            path: path.clone(),
            line: std::num::NonZeroU32::new(done.line).unwrap_or(statement.location.line),
            column: None,
        };
        let edits: Vec<String> = done
            .edits
            .iter()
            .map(|(rule, line)| format!("`{rule}` at {path}:{line}"))
            .collect();
        let unsure = if place.is_ambiguous {
            " (one of several places that the message fits)"
        } else {
            ""
        };
        let detail = format!("rule {}{unsure}", edits.join(", "));
        Ok(Ok((StrategyKind::Rewrite { at }, detail)))
    }

    /// Follows lines of a file from the version that was searched (a blob) to the base.
    #[cfg(feature = "rewrite")]
    #[expect(
        clippy::type_complexity,
        reason = "a line and a function's lines, or why not"
    )]
    fn follow(
        &self,
        path: &str,
        blob: &str,
        line: u32,
        function: Option<(u32, u32)>,
    ) -> Result<Result<(u32, Option<(u32, u32)>), String>, Error> {
        let now = self.git.blob(&self.base, path)?;
        if blob.is_empty() || now.as_deref() == Some(blob) {
            return Ok(Ok((line, function)));
        }
        let target = now.unwrap_or_default();
        let diff = self.git.attempt(
            self.git.root(),
            &["diff", "-U0", "--no-color", blob, &target],
        )?;
        if !diff.is_success {
            return Ok(Err(format!(
                "`{path}` was searched in a version that git does not have; commit it first"
            )));
        }
        let Some(new_line) = follow_line(&diff.stdout, line) else {
            return Ok(Err(format!(
                "{path}:{line} was changed after the source was searched; trace it again at {}",
                self.base.short()
            )));
        };
        let function = function.and_then(|(first, last)| {
            Some((
                follow_line(&diff.stdout, first)?,
                follow_line(&diff.stdout, last)?,
            ))
        });
        Ok(Ok((new_line, function)))
    }

    /// The test of a recipe, written into the worktree: its path and commands.
    #[expect(
        clippy::type_complexity,
        reason = "a path with commands, if any, or why not"
    )]
    fn generate_test(
        &self,
        work: &Work,
        worktree: &Worktree,
    ) -> Result<Result<Option<(String, Vec<String>)>, String>, Error> {
        let (Some(template), Some(place)) = (&work.recipe.test, &work.place) else {
            return Ok(Ok(None));
        };
        let values = place.placeholders(&self.fault);
        let name = format!("test of recipe {}", work.recipe.id);
        let filled = values.fill(&template.path, &name).and_then(|path| {
            let commands: Result<Vec<String>, Error> = template
                .commands
                .iter()
                .map(|command| values.fill(command, &name))
                .collect();
            Ok((path, values.fill(&template.text, &name)?, commands?))
        });
        let (path, text, commands) = match filled {
            Ok(filled) => filled,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let is_inside = PathBuf::from(&path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_inside {
            return Ok(Err(format!(
                "the test's path `{path}` leaves the repository"
            )));
        }
        if self.git.blob(&self.base, &path)?.is_some() {
            return Ok(Err(format!(
                "the test's path `{path}` exists in {} already",
                self.base.short()
            )));
        }
        worktree.write(&path, &text)?;
        Ok(Ok(Some((path, commands))))
    }

    fn before(&mut self) -> Result<&mut Before, Error> {
        if self.before.is_none() {
            let base = self.base.clone();
            let worktree = self.worktree("before", &base)?;
            let said = match report_of(self.environment.build(worktree.path()))? {
                Ok(report) if report.is_success() => Said::yes("it builds").with(report),
                Ok(report) => Said::no(format!(
                    "the deployed revision {} does not build as it is",
                    base.short()
                ))
                .with(report),
                Err(said) => said,
            };
            self.before = Some(Before {
                worktree,
                build: said,
                own_tests: None,
                reproduction: None,
            });
        }
        self.before
            .as_mut()
            .ok_or_else(|| crate::error::Repr::Config("no worktree".to_owned()).into())
    }

    fn reproduces(&mut self, work: &mut Work) -> Result<Said, Error> {
        let before = self.before()?;
        if before.build.passed != Some(true) {
            return Ok(before.build.clone());
        }
        let Some((path, commands)) = work.patch.as_ref().and_then(|patch| {
            let path = patch.test_path.clone()?;
            Some((path, patch.test_commands.clone()))
        }) else {
            return self.reproduces_by_load();
        };
        if commands.is_empty() && !self.own_tests_pass()? {
            return Ok(Said::no(
                "the service's own tests fail at the deployed revision already, so that they can not show the fault; \
                 give the recipe a `command` that runs only its test",
            ));
        }
        let text = work
            .worktree
            .as_ref()
            .map(|worktree| worktree.path().join(&path))
            .map(std::fs::read_to_string)
            .transpose()
            .map_err(|error| Error::state("read", path.as_str(), error))?
            .unwrap_or_default();
        let Some(before) = self.before.take() else {
            return Ok(Said::no("there is no worktree"));
        };
        before.worktree.write(&path, &text)?;
        let result = self.run_test(&before.worktree, &commands);
        before.worktree.remove_file(&path)?;
        self.before = Some(before);
        let report = match report_of(result)? {
            Ok(report) => report,
            Err(said) => return Ok(said),
        };
        let base = self.base.short();
        Ok(match report.exit_code {
            Some(0) => Said::no(format!(
                "`{path}` passes at {base} without the change: it does not show the fault"
            ))
            .with(report),
            Some(126 | 127) => {
                Said::no(format!("`{}` could not be run", report.command)).with(report)
            }
            Some(code) => {
                Said::yes(format!("`{path}` fails at {base} (exit code {code})")).with(report)
            }
            None => Said::no(format!("`{}` was ended by a signal", report.command)).with(report),
        })
    }

    fn run_test(
        &mut self,
        worktree: &Worktree,
        commands: &[String],
    ) -> Result<CommandReport, EnvironmentError> {
        if commands.is_empty() {
            self.environment.test(worktree.path())
        } else {
            self.environment.run_test(worktree.path(), commands)
        }
    }

    fn own_tests_pass(&mut self) -> Result<bool, Error> {
        let Some(before) = self.before.take() else {
            return Ok(false);
        };
        let known = before.own_tests;
        let result = match known {
            Some(known) => Ok(known),
            None => report_of(self.environment.test(before.worktree.path()))
                .map(|result| result.is_ok_and(|report| report.is_success())),
        };
        let own_tests = result.as_ref().ok().copied();
        self.before = Some(Before {
            own_tests,
            ..before
        });
        result
    }

    fn reproduces_by_load(&mut self) -> Result<Said, Error> {
        if !self.environment.can_replay() {
            return Ok(Said::no(
                "the recipe has no test and load can not be replayed: nothing shows the fault without the change",
            ));
        }
        let Some(before) = self.before.take() else {
            return Ok(Said::no("there is no worktree"));
        };
        let said = match &before.reproduction {
            Some(said) => Ok(said.clone()),
            None => self.replay_breaks_promise(&before.worktree),
        };
        let reproduction = said.as_ref().ok().cloned();
        self.before = Some(Before {
            reproduction,
            ..before
        });
        said
    }

    fn replay_breaks_promise(&mut self, worktree: &Worktree) -> Result<Said, Error> {
        let (slo, seed) = (self.breach.slo.clone(), self.settings.replay_seed);
        let label = format!("replay of {} (reproduction)", self.base.short());
        let measured = match report_of(self.environment.replay(worktree.path(), &label, seed))? {
            Ok(observation) => observation.measurements,
            Err(said) => return Ok(said),
        };
        let events = match figures(&measured, &slo.component, slo.indicator) {
            Ok(figures) => figures.events,
            Err(why) => return Ok(Said::no(why)),
        };
        let counts = format!("{} of {} good", events.good(), events.total());
        Ok(match slo.target.is_met_by(events) {
            Some(false) => Said::yes(format!(
                "replayed load breaks the promise at {}: {counts}",
                self.base.short()
            )),
            Some(true) => Said::no(format!(
                "replayed load does not break the promise: {counts}"
            )),
            None => Said::no(format!(
                "replayed load holds no request of {}",
                slo.component
            )),
        })
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
            let path = patch.test_path.as_deref().unwrap_or_default();
            match report_of(
                self.environment
                    .run_test(worktree.path(), &patch.test_commands),
            )? {
                Ok(report) if report.is_success() => {}
                Ok(report) => {
                    return Ok(Said::no(format!("`{path}` fails with the change")).with(report));
                }
                Err(said) => return Ok(said),
            }
        }
        Ok(match report_of(self.environment.test(worktree.path()))? {
            Ok(report) if report.is_success() => Said::yes(match &patch.test_path {
                Some(path) => format!("the service's tests and `{path}` pass"),
                None => "the service's tests pass".to_owned(),
            })
            .with(report),
            Ok(report) => Said::no("the service's tests fail with the change").with(report),
            Err(said) => said,
        })
    }

    fn replay_improves(&mut self, work: &mut Work) -> Result<Said, Error> {
        if !self.environment.can_replay() {
            return Ok(Said::skipped(
                "load can not be replayed in this environment; new traffic will have to tell",
            ));
        }
        let (Some(before), Some(after)) = (self.before.take(), work.worktree.take()) else {
            return Ok(Said::no("there is no worktree"));
        };
        let id = work.id();
        let said = self.compare_arms(&before.worktree, &after, &id);
        self.before = Some(before);
        work.worktree = Some(after);
        let (said, comparisons) = said?;
        work.candidate.comparisons = comparisons;
        let is_vacuous = said.passed == Some(false);
        if is_vacuous
            && work.recipe.test.is_none()
            && let Some(StrategyKind::Revert { suspect, .. }) = &work.candidate.strategy
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

    /// Replays both arms by turns with the same seeds, and compares them.
    fn compare_arms(
        &mut self,
        before: &Worktree,
        after: &Worktree,
        id: &str,
    ) -> Result<(Said, Vec<Comparison>), Error> {
        let mut arms = Arms::default();
        let base = self.base.clone();
        for pair in 0..self.settings.replay_pairs {
            let seed = self.settings.replay_seed.wrapping_add(u64::from(pair));
            // Which arm goes first alternates, so that a machine that gets slower favours neither.
            let order = if pair % 2 == 0 {
                [true, false]
            } else {
                [false, true]
            };
            let mut figures = [Figures::default(), Figures::default()];
            for is_before in order {
                self.check_cancel()?;
                let (worktree, label) = if is_before {
                    (
                        before,
                        format!("replay of {} (pair {})", base.short(), pair + 1),
                    )
                } else {
                    (after, format!("replay of {id} (pair {})", pair + 1))
                };
                let message = format!("{label}, seed {seed}");
                self.say(HealStage::Validating, Some(id), message);
                let measured =
                    match report_of(self.environment.replay(worktree.path(), &label, seed))? {
                        Ok(observation) => observation.measurements,
                        Err(said) => return Ok((said, Vec::new())),
                    };
                let index = usize::from(!is_before);
                let slo = &self.breach.slo;
                match crate::compare::figures(&measured, &slo.component, slo.indicator) {
                    Ok(one) => figures[index] = one,
                    Err(why) => return Ok((Said::no(why), Vec::new())),
                }
                arms.add(index, &measured);
            }
            arms.pair(&figures);
        }
        Ok(self.judge_arms(&arms))
    }

    fn judge_arms(&self, arms: &Arms) -> (Said, Vec<Comparison>) {
        let slo = &self.breach.slo;
        let judgement = self.settings.judgement;
        let (mut comparisons, others_worse) = self.compare_all(
            &arms.breached[0],
            &arms.breached[1],
            &arms.measured[0],
            &arms.measured[1],
        );
        let (share_before, share_after) = (arms.breached[0].events, arms.breached[1].events);
        let counts = format!(
            "{}: {} of {} good before, {} of {} after (p = {:.2e}; better in {} of {} pairs)",
            slo.id,
            share_before.good(),
            share_before.total(),
            share_after.good(),
            share_after.total(),
            comparisons
                .first()
                .map_or(1.0, |comparison| comparison.p_value),
            arms.better,
            arms.pairs
        );
        comparisons.retain(|comparison| comparison.p_value.is_finite());
        let is_better = comparisons
            .first()
            .is_some_and(|comparison| comparison.is_better);
        let said = if let Some(other) = others_worse {
            Said::no(format!("{counts}, but {other} got worse"))
        } else if share_before.total().min(share_after.total()) < judgement.min_events {
            Said::no(format!("too few requests to compare; {counts}"))
        } else if !is_better {
            Said::no(format!("no better; {counts}"))
        } else if arms.better * 2 <= arms.pairs {
            Said::no(format!("better in too few pairs; {counts}"))
        } else {
            Said::yes(counts)
        };
        (said, comparisons)
    }

    /// The breached indicator first, then latencies, then the availability of other components where it got worse;
    /// and the name of such a component.
    pub(crate) fn compare_all(
        &self,
        before: &Figures,
        after: &Figures,
        measured_before: &[Measurements],
        measured_after: &[Measurements],
    ) -> (Vec<Comparison>, Option<String>) {
        let slo = &self.breach.slo;
        let judgement = self.settings.judgement;
        let mut comparisons = vec![compare_events(
            slo.id.as_str(),
            before.events,
            after.events,
            judgement,
        )];
        let mut affected = vec![&slo.component];
        if self.fault.component != slo.component {
            affected.push(&self.fault.component);
        }
        for component in affected {
            let x = pooled(measured_before, component);
            let y = pooled(measured_after, component);
            let what = format!("{component} latency");
            comparisons.extend(compare_latency(&what, &x, &y, judgement));
        }
        let components: BTreeSet<&ComponentId> = measured_before
            .iter()
            .chain(measured_after)
            .flat_map(|measured| measured.components.keys())
            .filter(|component| **component != slo.component)
            .collect();
        let strict = Judgement {
            // Bonferroni: with many components one gets worse by chance.
            alpha: judgement.alpha
                / f64::from(u32::try_from(components.len()).unwrap_or(u32::MAX).max(1)),
            ..judgement
        };
        let mut worse = None;
        for component in components {
            let x = pooled(measured_before, component);
            let y = pooled(measured_after, component);
            let what = format!("{component}/availability");
            let comparison = compare_events(&what, x.events, y.events, strict);
            if comparison.is_worse {
                worse.get_or_insert_with(|| what.clone());
                comparisons.push(comparison);
            }
        }
        (comparisons, worse)
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

/// Availability and durations of a component over several measurements.
fn pooled(measured: &[Measurements], component: &ComponentId) -> Figures {
    let mut sum = Figures::default();
    for one in measured {
        if let Ok(figures) = figures(one, component, Indicator::Availability) {
            sum.add(&figures);
        }
    }
    sum
}

/// What was measured of both arms: before and after.
#[derive(Default)]
struct Arms {
    breached: [Figures; 2],
    measured: [Vec<Measurements>; 2],
    pairs: u32,
    better: u32,
}

impl Arms {
    fn add(&mut self, index: usize, measured: &Measurements) {
        self.measured[index].push(measured.clone());
    }

    fn pair(&mut self, figures: &[Figures; 2]) {
        let [before, after] = figures;
        self.breached[0].add(before);
        self.breached[1].add(after);
        self.pairs += 1;
        let (x, y) = (before.events, after.events);
        // good/total compared by cross-multiplication: exact.
        let lhs = u128::from(y.good()) * u128::from(x.total());
        let rhs = u128::from(x.good()) * u128::from(y.total());
        self.better += u32::from(rhs < lhs);
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

/// Where a line of the old file stands in the new one, by the hunk headers of a `-U0` diff; `None` when it changed.
#[cfg_attr(
    not(feature = "rewrite"),
    allow(dead_code, reason = "only rewrites follow lines")
)]
fn follow_line(diff: &str, line: u32) -> Option<u32> {
    let mut offset = 0_i64;
    for header in diff.lines().filter(|line| line.starts_with("@@ ")) {
        let mut ranges = header.split(' ').skip(1);
        let (old_start, old_count) = range(ranges.next()?)?;
        let (_, new_count) = range(ranges.next()?)?;
        // A pure insertion names the line before it.
        let first = if old_count == 0 {
            old_start + 1
        } else {
            old_start
        };
        if i64::from(line) < first {
            break;
        }
        if i64::from(line) < first + old_count {
            return None;
        }
        offset += new_count - old_count;
    }
    u32::try_from(i64::from(line) + offset).ok()
}

fn range(text: &str) -> Option<(i64, i64)> {
    let text = text.get(1..)?;
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::follow_line;

    #[test]
    fn lines_are_followed_through_a_diff() {
        let diff = "@@ -3,2 +3,4 @@ fn a\n-x\n@@ -10,0 +13,1 @@\n+y\n";
        assert_eq!(follow_line(diff, 2), Some(2));
        assert_eq!(follow_line(diff, 3), None);
        assert_eq!(follow_line(diff, 5), Some(7));
        assert_eq!(follow_line(diff, 10), Some(12));
        assert_eq!(follow_line(diff, 11), Some(14));
    }
}
