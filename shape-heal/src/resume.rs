//! Going on with what a killed run has begun.

use crate::{
    Attempt, AttemptResult, Deployment, Error, HealOutcome, HealStage, Recipe, flow::Next, run::Run,
};

impl Run<'_> {
    /// Goes on with what a killed run has begun, or says that an earlier run has done it.
    pub(crate) fn resume(&mut self) -> Result<Next, Error> {
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
}
