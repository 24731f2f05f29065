//! Whether new traffic is better, and taking back what is not.

use shape_lineage::CommitId;
use shape_telemetry::Measurements;

use crate::{
    Deployment, EffectKind, EnvironmentError, Error, HealStage, Verification, VerificationVerdict,
    compare::{Figures, figures},
    run::Run,
};

impl Run<'_> {
    /// Makes the live service run a commit; an explanation when it does not come up.
    pub(crate) fn restart(
        &mut self,
        candidate: &str,
        key: &str,
        commit: &CommitId,
        stage: HealStage,
    ) -> Result<Result<(), String>, Error> {
        if !self.environment.can_restart() {
            let message = format!(
                "the service is not ours to restart; {} is on `{}`",
                commit.short(),
                self.settings.branch
            );
            self.say(stage, Some(candidate), message);
            return Ok(Ok(()));
        }
        let detail = format!("restart the service at {}", commit.short());
        let mut was_done = false;
        let done = self.once(EffectKind::Restart, key, detail, |run| {
            was_done = true;
            Ok(run.start(commit))
        })?;
        let done = match done {
            // The journal says that it is done, but the service may be gone since.
            Ok(_) if !was_done && self.environment.runs(commit.as_str()) == Some(false) => {
                self.start(commit)
            }
            other => other,
        };
        if done.is_ok() {
            let message = format!("the service runs {}", commit.short());
            self.say(stage, Some(candidate), message);
        }
        Ok(done.map(|_| ()))
    }

    fn start(&mut self, commit: &CommitId) -> Result<String, String> {
        if self.environment.runs(commit.as_str()) == Some(true) {
            return Ok(commit.as_str().to_owned());
        }
        match self.environment.restart(commit.as_str()) {
            Ok(()) => Ok(commit.as_str().to_owned()),
            Err(error) => Err(format!(
                "the service does not come up at {}: {error}",
                commit.short()
            )),
        }
    }

    /// Measures new traffic until something can be said, or often enough.
    pub(crate) fn verify(&mut self, deployment: &Deployment) -> Result<Verification, Error> {
        let candidate = deployment.candidate.clone();
        let slo = self.breach.slo.clone();
        let before = figures(&self.breached.measurements, &slo.component, slo.indicator);
        let before = match before {
            Ok(figures) => figures,
            Err(why) => return Ok(inconclusive(why)),
        };
        let commit = deployment
            .merge
            .as_ref()
            .unwrap_or(&deployment.commit)
            .short()
            .to_owned();
        let mut after = Figures::default();
        let mut measured: Vec<Measurements> = Vec::new();
        let mut last = inconclusive("nothing was observed".to_owned());
        for n in 1..=self.settings.max_observations.max(1) {
            self.check_cancel()?;
            let label = if n == 1 {
                format!("new traffic at {commit}")
            } else {
                format!("new traffic at {commit} ({n})")
            };
            let observation = match self.environment.observe(&label) {
                Ok(observation) => observation,
                Err(EnvironmentError::Cancelled) => return Err(EnvironmentError::Cancelled.into()),
                Err(error) => {
                    // A service that can not be observed any more is worse than a slow one.
                    return Ok(Verification {
                        verdict: VerificationVerdict::Worse,
                        promise_kept: None,
                        comparisons: Vec::new(),
                        explanation: format!("new traffic can not be observed: {error}"),
                    });
                }
            };
            match figures(&observation.measurements, &slo.component, slo.indicator) {
                Ok(figures) => after.add(&figures),
                Err(why) => return Ok(inconclusive(why)),
            }
            measured.push(observation.measurements);
            last = self.judge(&before, &after, &measured);
            self.say(
                HealStage::Verifying,
                Some(&candidate),
                last.explanation.clone(),
            );
            if last.verdict != VerificationVerdict::Inconclusive {
                return Ok(last);
            }
        }
        // Enough was seen, and it is neither better nor does it keep the promise.
        let enough = self.settings.judgement.min_events <= after.events.total();
        if enough && last.promise_kept == Some(false) {
            last.verdict = VerificationVerdict::NotImproved;
        }
        Ok(last)
    }

    fn judge(&self, before: &Figures, after: &Figures, measured: &[Measurements]) -> Verification {
        let slo = &self.breach.slo;
        let earlier = std::slice::from_ref(&self.breached.measurements);
        let (comparisons, others_worse) = self.compare_all(before, after, earlier, measured);
        let min = self.settings.judgement.min_events;
        let events = after.events;
        let promise_kept = (min <= events.total())
            .then(|| slo.target.is_met_by(events))
            .flatten();
        let first = comparisons.first();
        let is_better = first.is_some_and(|comparison| comparison.is_better);
        let is_worse = first.is_some_and(|comparison| comparison.is_worse);
        let verdict = if is_worse || others_worse.is_some() {
            VerificationVerdict::Worse
        } else if is_better {
            VerificationVerdict::Improved
        } else {
            VerificationVerdict::Inconclusive
        };
        let word = match promise_kept {
            Some(true) => "the promise is kept",
            Some(false) => "the promise is still broken",
            None => "too few events to say whether the promise is kept",
        };
        let mut explanation = format!(
            "{}: {} of {} good before, {} of {} in new traffic (p = {:.2e}); {word}",
            slo.id,
            before.events.good(),
            before.events.total(),
            events.good(),
            events.total(),
            first.map_or(1.0, |comparison| comparison.p_value),
        );
        if let Some(other) = others_worse {
            explanation = format!("{explanation}; {other} got worse");
        }
        Verification {
            verdict,
            promise_kept,
            comparisons,
            explanation,
        }
    }

    /// Takes a deployed fix back and restarts the service without it. An explanation when that needs a person.
    pub(crate) fn roll_back(
        &mut self,
        key: &str,
        deployment: &Deployment,
    ) -> Result<Result<(), String>, Error> {
        let candidate = deployment.candidate.clone();
        let Some(merge) = &deployment.merge else {
            return Ok(Ok(()));
        };
        let undone = self.revert_merge(&candidate, key, merge)?;
        // Even when the branch could not be put right, the service must not go on with the fix.
        let target = undone.as_ref().unwrap_or(&deployment.previous).clone();
        let back = format!("{key}/restart-back");
        let started = self.restart(&candidate, &back, &target, HealStage::RollingBack)?;
        if let Err(why) = &started {
            self.warn(HealStage::RollingBack, Some(&candidate), why.clone());
        }
        if let Err(why) = &undone {
            self.warn(HealStage::RollingBack, Some(&candidate), why.clone());
        }
        Ok(undone.map(|_| ()).and(started))
    }

    /// Looks once whether the service is as it was before the fix. Only said, since there is nothing left to decide.
    pub(crate) fn look_after_rollback(&mut self, candidate: &str) {
        if self.cancel.is_cancelled() {
            return;
        }
        let slo = &self.breach.slo;
        let (id, component, indicator) = (slo.id.clone(), slo.component.clone(), slo.indicator);
        match self.environment.observe("after the rollback") {
            Ok(observation) => {
                let events = figures(&observation.measurements, &component, indicator)
                    .map(|figures| figures.events)
                    .unwrap_or_default();
                let message = format!(
                    "back as it was: {id} {} of {} good",
                    events.good(),
                    events.total()
                );
                self.say(HealStage::RollingBack, Some(candidate), message);
            }
            Err(error) => {
                let message = format!("nothing can be observed after the rollback: {error}");
                self.warn(HealStage::RollingBack, Some(candidate), message);
            }
        }
    }
}

fn inconclusive(explanation: String) -> Verification {
    Verification {
        verdict: VerificationVerdict::Inconclusive,
        promise_kept: None,
        comparisons: Vec::new(),
        explanation,
    }
}
