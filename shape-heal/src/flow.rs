//! The order of things: resume, choose, prove, deploy, verify, learn.

use crate::{
    AttemptResult, CandidateState, Deployment, Error, Gate, HealOutcome, HealStage, Mode, Recipe,
    Refusal, Verification, VerificationVerdict, candidate::Work, deploy::Deployed, error::Repr,
    run::Run,
};

/// Whether there is anything left to try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
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

    pub(crate) fn end(&mut self, outcome: HealOutcome, explanation: String) {
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
        let may = self.settings.policy.may_begin(
            self.breach,
            signature.as_ref(),
            &self.history,
            self.now(),
        );
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
        let mut n_tried = 0;
        loop {
            self.prove_cheaply(works, &mut n_tried)?;
            if self.settings.mode == Mode::Observe {
                self.end_observation(works);
                return Ok(());
            }
            let mut is_exhausted = true;
            for work in works.iter_mut() {
                if !work.is_open() || work.patch.is_none() {
                    continue;
                }
                is_exhausted = false;
                let next = if self.replay_gate(work)? {
                    self.release(work)?
                } else {
                    Next::TryAnother
                };
                work.worktree = None;
                if next == Next::Stop {
                    return Ok(());
                }
            }
            if is_exhausted {
                break;
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

    fn end_observation(&mut self, works: &[Work]) {
        let open = || {
            works
                .iter()
                .filter(|work| work.is_open() && work.patch.is_some())
        };
        let explanation = open().next().map_or_else(
            || "no fix applies".to_owned(),
            |best| {
                format!(
                    "{} fixes apply; the first to try would be: {}",
                    open().count(),
                    best.candidate.title
                )
            },
        );
        self.end(HealOutcome::Observed, explanation);
    }

    /// Patches of all candidates up to the limit, and the gates that need no load. Unlikely suspects are left alone
    /// while there is anything better.
    fn prove_cheaply(&mut self, works: &mut [Work], n_tried: &mut usize) -> Result<(), Error> {
        for index in 0..works.len() {
            let (earlier, rest) = works.split_at_mut(index);
            let Some(work) = rest.first_mut() else {
                continue;
            };
            let has_better = || {
                earlier
                    .iter()
                    .any(|other| other.is_open() && other.patch.is_some())
            };
            if !work.is_open()
                || work.patch.is_some()
                || self.settings.max_candidates <= *n_tried
                || (work.is_unlikely && has_better())
            {
                continue;
            }
            if !self.make_patch(work, index + 1)? {
                work.worktree = None;
                continue;
            }
            if let Some(same) = same_change(earlier, work) {
                let detail = format!("the same change as {same}");
                self.say(HealStage::Fixing, Some(&work.id()), detail.clone());
                let said = crate::gates::Said::no(detail);
                work.gate(Gate::Applies, said, std::time::Duration::ZERO);
                work.worktree = None;
                continue;
            }
            *n_tried += 1;
            if self.settings.mode == Mode::Observe || !self.cheap_gates(work)? {
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
        let approval = match self.leave(work, &patch) {
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
    fn leave(
        &mut self,
        work: &Work,
        patch: &crate::Validated<crate::Patch>,
    ) -> Result<Option<crate::Approval>, Next> {
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
                return Err(Next::Stop);
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
                Ok(approval) => return Ok(Some(approval)),
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
        Ok(self.approver.as_mut().and_then(|approver| approver(patch)))
    }

    /// Restarts, verifies, and keeps or takes back what is merged.
    pub(crate) fn settle(
        &mut self,
        recipe: &Recipe,
        key: &str,
        deployment: &Deployment,
    ) -> Result<Next, Error> {
        let id = deployment.candidate.clone();
        let target = deployment
            .merge
            .clone()
            .unwrap_or_else(|| deployment.commit.clone());
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

    fn is_taken_back(&self, key: &str) -> bool {
        self.history.attempts().iter().any(|attempt| {
            attempt.key == key
                && matches!(
                    attempt.result,
                    AttemptResult::RolledBack | AttemptResult::Interrupted
                )
        })
    }
}

/// An earlier candidate with the same change, unless it failed to show the fault: that was its test's failure, not the
/// change's.
fn same_change(earlier: &[Work], work: &Work) -> Option<String> {
    let code = &work.patch.as_ref()?.code;
    earlier
        .iter()
        .filter(|other| {
            other
                .patch
                .as_ref()
                .is_some_and(|patch| patch.code == *code)
        })
        .find(|other| {
            other
                .candidate
                .gates
                .last()
                .is_none_or(|last| last.passed == Some(true) || last.gate != Gate::ReproducesBefore)
        })
        .map(Work::id)
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
