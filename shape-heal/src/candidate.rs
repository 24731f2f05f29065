//! Which fixes are possible, and in what order they are tried.

use std::time::{Duration, Instant};

use shape_lineage::SuspectCommit;

use crate::{
    Candidate, CandidateState, Error, Gate, GateResult, Patch, Recipe, Strategy, StrategyKind,
    Validated,
    fault::{Fault, Place},
    revert,
    run::Run,
    worktree::Worktree,
};

/// A candidate with what it takes to try it.
pub(crate) struct Work {
    pub(crate) candidate: Candidate,
    pub(crate) recipe: Recipe,
    pub(crate) place: Option<Place>,
    pub(crate) suspect: Option<SuspectCommit>,
    /// A suspect that is far less suspect than another one.
    pub(crate) is_unlikely: bool,
    pub(crate) patch: Option<Patch>,
    pub(crate) worktree: Option<Worktree>,
    pub(crate) validated: Option<Validated<Patch>>,
}

/// A suspect below this share of the highest score is tried only when nothing better is left.
const UNLIKELY: f64 = 0.25;

impl Work {
    pub(crate) fn is_open(&self) -> bool {
        self.candidate.state == CandidateState::NotTried
    }

    pub(crate) fn gate(&mut self, gate: Gate, said: crate::gates::Said, duration: Duration) {
        if said.passed != Some(true) && !said.is_optional {
            self.candidate.state = CandidateState::Refused;
        }
        self.candidate.gates.push(GateResult {
            gate,
            passed: said.passed,
            detail: said.detail,
            command: said.command,
            duration,
        });
    }

    pub(crate) fn id(&self) -> String {
        self.candidate.id.clone()
    }
}

impl Run<'_> {
    /// All candidates, the best expected benefit first; those that a precondition rules out last.
    pub(crate) fn candidates(&mut self) -> Result<Vec<Work>, Error> {
        let mut works = Vec::new();
        for recipe in self.settings.recipes.recipes() {
            let place = |place: &&Place| place.mismatch(&recipe.when).is_none();
            let places: Vec<Place> = self.fault.places.iter().filter(place).cloned().collect();
            if places.is_empty() {
                works.push(self.ruled_out(recipe));
                continue;
            }
            match &recipe.strategy {
                Strategy::Rewrite(_) => works.extend(self.rewrites(recipe, places)),
                Strategy::Revert(limits) => {
                    let found = self.reverts(recipe, limits.max_suspects, &places)?;
                    works.extend(found);
                }
            }
        }
        works.sort_by(|a, b| {
            let (x, y) = (&a.candidate, &b.candidate);
            b.is_open()
                .cmp(&a.is_open())
                .then(a.is_unlikely.cmp(&b.is_unlikely))
                .then(y.expected_benefit.total_cmp(&x.expected_benefit))
                .then(a.recipe.effort_minutes.cmp(&b.recipe.effort_minutes))
                .then_with(|| suspicion(b).total_cmp(&suspicion(a)))
                .then(x.id.cmp(&y.id))
        });
        Ok(works)
    }

    fn rewrites(&self, recipe: &Recipe, places: Vec<Place>) -> Vec<Work> {
        let mut works: Vec<Work> = Vec::new();
        for place in places {
            let location = place.statement.location.clone();
            let id = format!("{}@{}:{}", recipe.id, location.path, location.line);
            if works.iter().any(|work| work.candidate.id == id) {
                continue;
            }
            let title = format!("{} at {}:{}", recipe.title, location.path, location.line);
            let mut work = self.work(recipe, id, title, Some(place));
            work.candidate.strategy = Some(StrategyKind::Rewrite { at: location });
            works.push(work);
        }
        works
    }

    fn reverts(
        &self,
        recipe: &Recipe,
        max_suspects: usize,
        places: &[Place],
    ) -> Result<Vec<Work>, Error> {
        let suspects = Fault::suspects(places.iter());
        if suspects.is_empty() {
            let mut work = self.work(recipe, recipe.id.clone(), recipe.title.clone(), None);
            let detail = "lineage names no commit that changed the traced lines".to_owned();
            work.gate(
                Gate::Preconditions,
                crate::gates::Said::no(detail),
                Duration::ZERO,
            );
            return Ok(vec![work]);
        }
        let most = suspects.first().map_or(0.0, |(suspect, _)| suspect.score);
        let mut works = Vec::new();
        for (suspect, place) in suspects.into_iter().take(max_suspects) {
            let began = Instant::now();
            let id = format!("{}:{}", recipe.id, suspect.id.short());
            let title = format!(
                "{}: {} {}",
                recipe.title,
                suspect.id.short(),
                suspect.summary
            );
            let mut work = self.work(recipe, id, title, Some(place.clone()));
            work.candidate.strategy = Some(StrategyKind::Revert {
                suspect: suspect.id.clone(),
                commits: Vec::new(),
            });
            if let Strategy::Revert(limits) = &recipe.strategy
                && let Some(why) =
                    revert::refusal(&self.git, limits, &suspect, &self.base, self.now())?
            {
                let detail = format!("{} is not reverted: {why}", suspect.id.short());
                work.gate(
                    Gate::Preconditions,
                    crate::gates::Said::no(detail),
                    began.elapsed(),
                );
            }
            work.is_unlikely = suspect.score < UNLIKELY * most;
            work.suspect = Some(suspect);
            works.push(work);
        }
        Ok(works)
    }

    /// A candidate whose preconditions hold nowhere: it is reported, with the reason, and not tried.
    fn ruled_out(&self, recipe: &Recipe) -> Work {
        let why = match self.fault.places.first() {
            Some(place) => place.mismatch(&recipe.when).unwrap_or_default(),
            None if self.fault.untraced.is_empty() => {
                "no anomaly of this breach was traced to the source".to_owned()
            }
            None => format!(
                "no anomaly of this breach was traced to the source: {}",
                self.fault.untraced.join("; ")
            ),
        };
        let mut work = self.work(recipe, recipe.id.clone(), recipe.title.clone(), None);
        work.gate(
            Gate::Preconditions,
            crate::gates::Said::no(why),
            Duration::ZERO,
        );
        work
    }

    fn work(&self, recipe: &Recipe, id: String, title: String, place: Option<Place>) -> Work {
        let is_revert = matches!(recipe.strategy, Strategy::Revert(_));
        let (p, experience) = self.probability(recipe);
        let benefit = self.fault.benefit(is_revert);
        let cost = recipe.risk.cost();
        let mut work = Work {
            candidate: Candidate {
                id,
                recipe: recipe.id.clone(),
                title,
                strategy: None,
                success_probability: p,
                experience,
                benefit,
                cost,
                expected_benefit: p * benefit - (1.0 - p) * cost,
                state: CandidateState::NotTried,
                gates: Vec::new(),
                diff: String::new(),
                test_path: None,
                comparisons: Vec::new(),
            },
            recipe: recipe.clone(),
            place,
            suspect: None,
            is_unlikely: false,
            patch: None,
            worktree: None,
            validated: None,
        };
        if let Some(earlier) = self.history.earlier(&self.breach.id, &work.candidate.id)
            && earlier.result.is_failure()
        {
            let detail = format!(
                "it was tried for this incident at {} and failed",
                earlier.at
            );
            work.gate(
                Gate::Preconditions,
                crate::gates::Said::no(detail),
                Duration::ZERO,
            );
        }
        work
    }

    /// The probability that the recipe helps, and the experience behind it.
    pub(crate) fn probability(&self, recipe: &Recipe) -> (f64, (f64, f64)) {
        let Some(signature) = &self.fault.signature else {
            return (recipe.prior, (0.0, 0.0));
        };
        let posterior = self
            .knowledge
            .posterior(signature, &recipe.id, recipe.prior, self.now());
        let p = self.settings.explore_seed.map_or_else(
            || posterior.mean(),
            |seed| {
                let text = format!("{seed} {} {}", recipe.id, self.breach.id);
                let digits = crate::fault::digest(&text, 8);
                let draw = u32::from_str_radix(&digits, 16).unwrap_or(0);
                posterior.quantile((f64::from(draw) + 0.5) / (f64::from(u32::MAX) + 1.0))
            },
        );
        (p, posterior.experience())
    }
}

fn suspicion(work: &Work) -> f64 {
    work.suspect.as_ref().map_or(0.0, |suspect| suspect.score)
}
