//! Writing down what was tried and what came of it.

use std::collections::BTreeMap;

use crate::{
    Attempt, AttemptResult, CandidateState, Error, Gate, HealStage, KnownOutcome, Lesson, Recipe,
    candidate::Work, fault::digest, run::Run,
};

impl Run<'_> {
    pub(crate) fn note(
        &mut self,
        key: &str,
        work: &Work,
        result: AttemptResult,
    ) -> Result<(), Error> {
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

    pub(crate) fn note_key(&mut self, key: &str, result: AttemptResult) -> Result<(), Error> {
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
    pub(crate) fn learn(&mut self, recipe: &Recipe, helped: Option<bool>) -> Result<(), Error> {
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
    pub(crate) fn learn_from_gates(&mut self, works: &[Work]) -> Result<(), Error> {
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
