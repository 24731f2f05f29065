//! Replayed load: both arms by turns with the same seeds, compared by a test.

use std::collections::BTreeSet;

use shape_sli::Indicator;
use shape_telemetry::{ComponentId, Measurements};

use super::{Said, report_of};
use crate::{
    Comparison, Error, HealStage, StrategyKind,
    candidate::Work,
    compare::{Figures, Judgement, compare_events, compare_latency, figures},
    run::Run,
    worktree::Worktree,
};

impl Run<'_> {
    pub(super) fn replay_improves(&mut self, work: &mut Work) -> Result<Said, Error> {
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
