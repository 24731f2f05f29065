//! The order of things: resume, choose, prove, deploy, verify, learn.

use std::collections::BTreeMap;

use crate::{
    Attempt, AttemptResult, CandidateState, Deployment, Error, Gate, HealOutcome, HealStage,
    KnownOutcome, Lesson, Mode, Recipe, Refusal, Verification, VerificationVerdict,
    candidate::Work, deploy::Deployed, error::Repr, fault::digest, run::Run,
};

/// Whether there is anything left to try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Stop,
    TryAnother,
}

impl Run<'_> {
    /// Heals; a wish to stop is an outcome, not an error.
    pub(crate) fn heal(&mut self) -> Result<(), Error> {
        let mut works = Vec::new();
        let result = self.attempt(&mut works);
        let is_cancelled = result.as_ref().is_err_and(Error::is_cancelled);
        if result.is_ok() || is_cancelled {
            self.learn_from_gates(&works)?;
        }
        self.report
            .candidates
            .extend(works.into_iter().map(|work| work.candidate));
        self.before = None;
        match result {
            Err(error) if !error.is_cancelled() => Err(error),
            Err(_) => {
                let what = match &self.report.deployment {
                    Some(deployment) if deployment.merge.is_some() => {
                        "stopped on request; what was deployed is taken back"
                    }
                    _ => "stopped on request; nothing was deployed",
                };
                self.end(HealOutcome::Interrupted, what.to_owned());
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn end(&mut self, outcome: HealOutcome, explanation: String) {
        self.report.outcome = outcome;
        self.report.explanation = explanation;
    }

    fn refuse(&mut self, stage: HealStage, refusal: Refusal) {
        let message = format!("{}: {}", refusal.rule, refusal.detail);
        self.warn(stage, refusal.candidate.clone().as_deref(), message);
        self.report.refusals.push(refusal);
    }

    fn attempt(&mut self, works: &mut Vec<Work>) -> Result<(), Error> {
        let message = format!(
            "{}: {} anomalies, {} places in the source, the cause lies in {}",
            self.breach.slo.id,
            self.fault.anomalies.len(),
            self.fault.places.len(),
            self.fault.component
        );
        self.say(HealStage::Diagnosing, None, message);
        self.check_cancel()?;
        if let Err(refusal) = self.settings.policy.kill_switch(self.now()) {
            let explanation = refusal.detail.clone();
            self.refuse(HealStage::Diagnosing, refusal);
            self.end(HealOutcome::Escalated, explanation);
            return Ok(());
        }
        self.find_base()?;
        if self.settings.mode != Mode::Observe && self.resume()? == Next::Stop {
            return Ok(());
        }
        let signature = self.fault.signature.clone();
        let may = self
            .settings
            .policy
            .may_begin(signature.as_ref(), &self.history, self.now());
        // The pause is between runs; a run that has just finished an earlier one's rollback goes on.
        let is_continued = self.report.deployment.is_some();
        if let Err(refusal) = may
            && self.settings.mode != Mode::Observe
            && !is_continued
        {
            let explanation = refusal.detail.clone();
            self.refuse(HealStage::Diagnosing, refusal);
            self.end(HealOutcome::Escalated, explanation);
            return Ok(());
        }
        *works = self.candidates()?;
        self.prove_cheaply(works)?;
        if self.settings.mode == Mode::Observe {
            let n = works.iter().filter(|work| work.is_open()).count();
            let best = works.iter().find(|work| work.is_open());
            let explanation = best.map_or_else(
                || "no fix applies".to_owned(),
                |best| {
                    format!(
                        "{n} fixes apply; the first to try would be: {}",
                        best.candidate.title
                    )
                },
            );
            self.end(HealOutcome::Observed, explanation);
            return Ok(());
        }
        for work in works.iter_mut() {
            if !work.is_open() || work.patch.is_none() {
                continue;
            }
            if !self.replay_gate(work)? {
                work.worktree = None;
                continue;
            }
            let next = self.release(work)?;
            work.worktree = None;
            if next == Next::Stop {
                return Ok(());
            }
        }
        if self.report.deployment.is_some() {
            let explanation =
                "what was deployed did not help and is taken back; nothing else passed".to_owned();
            self.end(HealOutcome::RolledBack, explanation);
        } else {
            let explanation = format!("no fix passed: {}", reasons(works));
            self.end(HealOutcome::Escalated, explanation);
        }
        Ok(())
    }

    /// What candidates are built on: the head of the deployed branch.
    fn find_base(&mut self) -> Result<(), Error> {
        let remotes = self.git.text(self.git.root(), &["remote"])?;
        if remotes.lines().any(|name| name == self.settings.remote) {
            self.base = self.fetch()?;
            return Ok(());
        }
        if self.settings.mode == Mode::Observe {
            return Ok(());
        }
        Err(Repr::Config(format!(
            "`{}` has no remote `{}` to push a fix to; add one (`git remote add {} URL`) or observe only",
            self.git.root().display(),
            self.settings.remote,
            self.settings.remote
        ))
        .into())
    }

    /// Patches of all candidates up to the limit, and the gates that need no load.
    fn prove_cheaply(&mut self, works: &mut [Work]) -> Result<(), Error> {
        let mut n_tried = 0;
        let mut trees: Vec<(String, String)> = Vec::new();
        for work in works.iter_mut() {
            if !work.is_open() || self.settings.max_candidates <= n_tried {
                continue;
            }
            n_tried += 1;
            if !self.make_patch(work, n_tried)? {
                work.worktree = None;
                continue;
            }
            if self.settings.mode == Mode::Observe {
                work.worktree = None;
                continue;
            }
            let tree = work.patch.as_ref().map(|patch| patch.tree.clone());
            let tree = tree.unwrap_or_default();
            if let Some((_, same)) = trees.iter().find(|(known, _)| *known == tree) {
                let said = crate::gates::Said::no(format!("the same change as {same}"));
                work.gate(Gate::Applies, said, std::time::Duration::ZERO);
                work.worktree = None;
                continue;
            }
            trees.push((tree, work.id()));
            if !self.cheap_gates(work)? {
                work.worktree = None;
            }
        }
        Ok(())
    }

    /// Proposes or deploys a validated candidate.
    fn release(&mut self, work: &mut Work) -> Result<Next, Error> {
        let id = work.id();
        let Some(patch) = work.validated.take() else {
            return Ok(Next::TryAnother);
        };
        self.check_cancel()?;
        let approval = match self.leave(work, &patch)? {
            Ok(approval) => approval,
            Err(next) => return Ok(next),
        };
        let key = self.key(&id);
        self.note(&key, work, AttemptResult::Begun)?;
        let deployed = match &approval {
            Some(approval) => self.deploy(&patch, approval)?,
            None => self.propose(&patch)?,
        };
        let deployment = match deployed {
            Deployed::Done(deployment) => deployment,
            Deployed::Refused(why) => {
                self.warn(HealStage::Deploying, Some(&id), why.clone());
                work.candidate.state = CandidateState::Refused;
                let refusal = crate::policy::refusal("remote", why, self.now());
                self.report.refusals.push(Refusal {
                    candidate: Some(id),
                    ..refusal
                });
                self.note(&key, work, AttemptResult::Failed)?;
                return Ok(Next::TryAnother);
            }
        };
        self.report.deployment = Some(deployment.clone());
        let Some(merge) = &deployment.merge else {
            work.candidate.state = CandidateState::Proposed;
            let explanation = format!(
                "`{}` waits on branch `{}` for a person to merge",
                work.candidate.title, deployment.branch
            );
            self.say(HealStage::Deploying, Some(&id), explanation.clone());
            self.note(&key, work, AttemptResult::Proposed)?;
            self.end(HealOutcome::Proposed, explanation);
            return Ok(Next::Stop);
        };
        let message = format!(
            "merged as {} into `{}`",
            merge.short(),
            self.settings.branch
        );
        self.say(HealStage::Deploying, Some(&id), message);
        work.candidate.state = CandidateState::Deployed;
        let recipe = work.recipe.clone();
        let settled = self.settle(&recipe, &key, &deployment);
        if self.is_taken_back(&key) {
            work.candidate.state = CandidateState::RolledBack;
        }
        settled
    }

    /// Leave to deploy; `None` when the fix may only be proposed, `Err` when nothing may be done with it.
    #[expect(clippy::type_complexity, reason = "leave, none, or what to do instead")]
    fn leave(
        &mut self,
        work: &Work,
        patch: &crate::Validated<crate::Patch>,
    ) -> Result<Result<Option<crate::Approval>, Next>, Error> {
        let now = self.now();
        if let Some(signature) = &self.fault.signature {
            let key = self.key(&work.candidate.id);
            let is_resumed = self.history.attempts().iter().any(|known| known.key == key);
            let left = self
                .settings
                .policy
                .attempts_left(signature, &self.history, now);
            if let Err(refusal) = left
                && !is_resumed
            {
                let explanation = refusal.detail.clone();
                self.refuse(HealStage::Deploying, refusal);
                self.end(HealOutcome::Escalated, explanation);
                return Ok(Err(Next::Stop));
            }
        }
        if self.settings.mode == Mode::Auto {
            let leave = self.settings.policy.approve(
                patch,
                self.breach,
                &self.fault.component,
                &self.history,
                now,
            );
            match leave {
                Ok(approval) => return Ok(Ok(Some(approval))),
                Err(refusal) => self.refuse(HealStage::Deploying, refusal),
            }
        } else {
            self.report.refusals.push(Refusal {
                candidate: Some(work.candidate.id.clone()),
                ..crate::policy::refusal(
                    "mode",
                    "mode `propose`: a person merges the branch".to_owned(),
                    now,
                )
            });
        }
        let asked = self.approver.as_mut().and_then(|approver| approver(patch));
        Ok(Ok(asked))
    }

    /// Restarts, verifies, and keeps or takes back what is merged.
    fn settle(
        &mut self,
        recipe: &Recipe,
        key: &str,
        deployment: &Deployment,
    ) -> Result<Next, Error> {
        let id = deployment.candidate.clone();
        let merge = deployment.merge.clone();
        let target = merge.clone().unwrap_or_else(|| deployment.commit.clone());
        let restart = format!("{key}/restart");
        let verification = match self.restart(&id, &restart, &target, HealStage::Deploying)? {
            Ok(()) => self.verify(deployment),
            Err(why) => Ok(Verification {
                verdict: VerificationVerdict::Worse,
                promise_kept: None,
                comparisons: Vec::new(),
                explanation: why,
            }),
        };
        let verification = match verification {
            Ok(verification) => verification,
            Err(error) if error.is_cancelled() => {
                let message = "stopped before new traffic was judged".to_owned();
                self.warn(HealStage::Verifying, Some(&id), message);
                let done = self.roll_back(key, deployment)?;
                let result = if done.is_ok() {
                    AttemptResult::Interrupted
                } else {
                    AttemptResult::Unclear
                };
                self.note_key(key, result)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        self.report.verification = Some(verification.clone());
        let explanation = verification.explanation;
        match verification.verdict {
            VerificationVerdict::Improved => {
                self.learn(recipe, Some(true))?;
                self.note_key(key, AttemptResult::Healed)?;
                if verification.promise_kept == Some(false) {
                    let text = format!("better, but a person is needed: {explanation}");
                    self.end(HealOutcome::Escalated, text);
                } else {
                    self.end(HealOutcome::Healed, explanation);
                }
                Ok(Next::Stop)
            }
            VerificationVerdict::Inconclusive => {
                self.learn(recipe, None)?;
                self.note_key(key, AttemptResult::Unclear)?;
                let text = format!(
                    "deployed, but new traffic does not say whether it helps: {explanation}"
                );
                self.end(HealOutcome::Escalated, text);
                Ok(Next::Stop)
            }
            VerificationVerdict::NotImproved | VerificationVerdict::Worse => {
                self.warn(HealStage::RollingBack, Some(&id), explanation);
                let done = self.roll_back(key, deployment)?;
                self.learn(recipe, Some(false))?;
                match done {
                    Ok(()) => {
                        self.note_key(key, AttemptResult::RolledBack)?;
                        self.look_after_rollback(&id);
                        if merge.is_some() {
                            // The branch has moved: later candidates are built on what runs now.
                            self.move_base()?;
                        }
                        Ok(Next::TryAnother)
                    }
                    Err(why) => {
                        self.note_key(key, AttemptResult::Unclear)?;
                        let text = format!("the fix does not help and is not taken back: {why}");
                        self.end(HealOutcome::Escalated, text);
                        Ok(Next::Stop)
                    }
                }
            }
        }
    }

    /// After a rollback the head has the tree of the old base, on which the other candidates were proven; their
    /// patches stay as they are and are merged on top.
    fn move_base(&mut self) -> Result<(), Error> {
        self.fetch().map(|_| ())
    }

    fn is_taken_back(&self, key: &str) -> bool {
        self.history.attempts().iter().any(|attempt| {
            attempt.key == key
                && matches!(
                    attempt.result,
                    AttemptResult::RolledBack | AttemptResult::Interrupted
                )
        })
    }

    /// Goes on with what a killed run has begun, or says that an earlier run has done it.
    fn resume(&mut self) -> Result<Next, Error> {
        let attempts: Vec<Attempt> = self
            .history
            .attempts()
            .iter()
            .filter(|attempt| attempt.breach == self.breach.id)
            .filter(|attempt| !attempt.result.is_ended())
            .cloned()
            .collect();
        for attempt in attempts {
            let Some(deployment) = self.find_deployment(&attempt)? else {
                continue;
            };
            let id = attempt.candidate.clone();
            let recipe = self.settings.recipes.get(&attempt.recipe).cloned();
            let recipe = recipe.unwrap_or_else(Recipe::revert_suspect);
            self.report.deployment = Some(deployment.clone());
            if attempt.result == AttemptResult::Healed {
                let text = format!(
                    "healed before, by {}; the budget recovers as bad events leave the window",
                    deployment
                        .merge
                        .as_ref()
                        .unwrap_or(&deployment.commit)
                        .short()
                );
                self.say(HealStage::Diagnosing, Some(&id), text.clone());
                self.end(HealOutcome::Healed, text);
                return Ok(Next::Stop);
            }
            let message = format!(
                "goes on with an earlier run: {} is merged",
                deployment
                    .merge
                    .as_ref()
                    .unwrap_or(&deployment.commit)
                    .short()
            );
            self.say(HealStage::Deploying, Some(&id), message);
            let value = format!("{}/rollback", attempt.key);
            let undone =
                self.git
                    .with_trailer(&[self.base.as_str()], "Shape-Idempotency-Key", &value)?;
            if undone.is_some() {
                if let Err(why) = self.roll_back(&attempt.key, &deployment)? {
                    self.end(HealOutcome::Escalated, why);
                    return Ok(Next::Stop);
                }
                self.learn(&recipe, Some(false))?;
                self.note_key(&attempt.key, AttemptResult::RolledBack)?;
                continue;
            }
            if self.settle(&recipe, &attempt.key, &deployment)? == Next::Stop {
                return Ok(Next::Stop);
            }
        }
        Ok(Next::TryAnother)
    }

    /// The deployment of an attempt, as git tells it.
    fn find_deployment(&self, attempt: &Attempt) -> Result<Option<Deployment>, Error> {
        let trailer = |what: &str| {
            let value = format!("{}/{what}", attempt.key);
            self.git
                .with_trailer(&[self.base.as_str()], "Shape-Idempotency-Key", &value)
        };
        let (merge, commit, previous) = match (trailer("merge")?, trailer("commit")?) {
            (Some(merge), _) => {
                let mut parents = self.git.parents(&merge)?.into_iter();
                let previous = parents.next().unwrap_or_else(|| merge.clone());
                let commit = parents.next().unwrap_or_else(|| merge.clone());
                (Some(merge), commit, previous)
            }
            // A person has merged the proposal.
            (None, Some(commit)) => {
                let previous = self.git.parents(&commit)?.into_iter().next();
                (None, commit.clone(), previous.unwrap_or(commit))
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Deployment {
            candidate: attempt.candidate.clone(),
            branch: format!("shape/heal-{}", attempt.key),
            commit,
            merge,
            previous,
            remote_output: String::new(),
            at: attempt.at,
        }))
    }

    fn note(&mut self, key: &str, work: &Work, result: AttemptResult) -> Result<(), Error> {
        let Some(signature) = self.fault.signature.clone() else {
            return Ok(());
        };
        self.history.note(Attempt {
            key: key.to_owned(),
            breach: self.breach.id.clone(),
            signature,
            component: self.fault.component.clone(),
            recipe: work.recipe.id.clone(),
            candidate: work.candidate.id.clone(),
            at: self.now(),
            result,
        });
        self.save_history()
    }

    fn note_key(&mut self, key: &str, result: AttemptResult) -> Result<(), Error> {
        let known = self
            .history
            .attempts()
            .iter()
            .find(|known| known.key == key);
        if let Some(known) = known.cloned() {
            self.history.note(Attempt { result, ..known });
        }
        self.save_history()
    }

    /// Stores an outcome and says what it changes.
    fn learn(&mut self, recipe: &Recipe, helped: Option<bool>) -> Result<(), Error> {
        let Some(signature) = self.fault.signature.clone() else {
            return Ok(());
        };
        let now = self.now();
        let probability = |run: &Self| {
            run.knowledge
                .posterior(&signature, &recipe.id, recipe.prior, now)
                .mean()
        };
        let before = probability(self);
        self.knowledge.record(KnownOutcome {
            key: format!("{}/{}", digest(self.breach.id.as_str(), 8), recipe.id),
            signature: signature.clone(),
            recipe: recipe.id.clone(),
            helped,
            at: now,
        });
        let after = probability(self);
        self.save_knowledge()?;
        let word = match helped {
            Some(true) => "helped",
            Some(false) => "did not help",
            None => "says nothing yet",
        };
        let message = format!(
            "{} {word}: probability of success {:.0} % -> {:.0} %",
            recipe.id,
            100.0 * before,
            100.0 * after
        );
        self.say(HealStage::Learning, None, message);
        self.report
            .lessons
            .retain(|lesson| lesson.recipe != recipe.id);
        self.report.lessons.push(Lesson {
            signature,
            recipe: recipe.id.clone(),
            helped,
            probability: (before, after),
        });
        Ok(())
    }

    /// A recipe all of whose candidates were proven bad by build, tests or replay did not help either.
    fn learn_from_gates(&mut self, works: &[Work]) -> Result<(), Error> {
        let mut bad: BTreeMap<&str, (bool, &Recipe)> = BTreeMap::new();
        for work in works {
            let last = work.candidate.gates.last();
            let is_bad = last.is_some_and(|result| {
                result.passed == Some(false)
                    && matches!(
                        result.gate,
                        Gate::Builds | Gate::TestsPass | Gate::ReplayImproves
                    )
            });
            let is_neutral = work.candidate.state == CandidateState::Refused && !is_bad;
            if is_neutral {
                continue;
            }
            let entry = bad.entry(&work.recipe.id).or_insert((true, &work.recipe));
            entry.0 &= is_bad;
        }
        let lessons: Vec<Recipe> = bad
            .into_values()
            .filter(|(is_bad, recipe)| {
                *is_bad
                    && !self
                        .report
                        .lessons
                        .iter()
                        .any(|lesson| lesson.recipe == recipe.id)
            })
            .map(|(_, recipe)| recipe.clone())
            .collect();
        for recipe in &lessons {
            self.learn(recipe, Some(false))?;
        }
        Ok(())
    }
}

/// Why each candidate was refused, shortly.
fn reasons(works: &[Work]) -> String {
    let reasons: Vec<String> = works
        .iter()
        .filter_map(|work| {
            let last = work.candidate.gates.last()?;
            Some(format!("{} ({})", work.candidate.id, last.detail))
        })
        .collect();
    if reasons.is_empty() {
        "there is no recipe for it".to_owned()
    } else {
        reasons.join("; ")
    }
}
