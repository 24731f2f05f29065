//! What healing did.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use shape_heal::{
    Candidate, CandidateState, Comparison, Deployment, HealOutcome, HealReport, HealStage, Mode,
    VerificationVerdict,
};

use super::{
    Badge, Field, Tone, anomaly,
    candidate::{CandidateView, candidate},
    promise,
};
use crate::{figures, state::State};

/// What healing did and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HealView {
    /// How it ended.
    pub outcome: Badge,
    /// Why.
    pub explanation: String,
    /// Incident, fault, mode, duration.
    pub facts: Vec<Field>,
    /// The candidates, best expected benefit first.
    pub candidates: Vec<CandidateView>,
    /// What was deployed; empty when nothing was.
    pub deployment: Vec<Field>,
    /// What the remote said.
    pub remote_output: String,
    /// What new traffic says; `None` when nothing was verified.
    pub verdict: Option<Badge>,
    /// The same in one sentence.
    pub verification: String,
    /// The figures of new traffic.
    pub comparisons: Vec<ComparisonView>,
    /// What the guard rails refused: rule and reason.
    pub refusals: Vec<Field>,
    /// What was learned.
    pub lessons: Vec<LessonView>,
}

/// Two runs compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComparisonView {
    /// What was compared.
    pub what: String,
    /// The good share before, with n.
    pub before_label: String,
    /// The good share after, with n.
    pub after_label: String,
    /// 95th percentiles before and after, or empty.
    pub p95_label: String,
    /// The change with its unit.
    pub change_label: String,
    /// Its 95 % interval.
    pub interval_label: String,
    /// Test and p value.
    pub test_label: String,
    /// Better, worse or no difference shown.
    pub verdict: Badge,
}

/// What was learned of one recipe.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LessonView {
    /// The recipe.
    pub recipe: String,
    /// Whether it helped.
    pub verdict: Badge,
    /// Probability of success before and after.
    pub probability_label: String,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActivityView {
    /// When.
    pub at: Timestamp,
    /// The same for people.
    pub at_label: String,
    /// The stage.
    pub stage: Badge,
    /// The candidate, or empty.
    pub candidate: String,
    /// One sentence.
    pub message: String,
}

pub(super) fn activity(state: &State) -> Vec<ActivityView> {
    let view = |it: &crate::state::Activity| ActivityView {
        at: it.at,
        at_label: figures::clock(it.at),
        stage: Badge::new(
            match it.event.stage {
                HealStage::Diagnosing => "diagnosing",
                HealStage::Fixing => "fixing",
                HealStage::Validating => "validating",
                HealStage::Deploying => "deploying",
                HealStage::Verifying => "verifying",
                HealStage::RollingBack => "rolling back",
                HealStage::Learning => "learning",
            },
            if it.event.is_problem {
                Tone::Bad
            } else {
                Tone::Neutral
            },
        ),
        candidate: it.event.candidate.clone().unwrap_or_default(),
        message: it.event.message.clone(),
    };
    state.activity.iter().rev().map(view).collect()
}

pub(super) fn view(report: Option<&HealReport>) -> Option<HealView> {
    let report = report?;
    let deployed = report.deployment.as_ref().map(|it| it.candidate.as_str());
    let leading = deployed.or_else(|| {
        let tried = |it: &&Candidate| it.state != CandidateState::NotTried;
        report
            .candidates
            .iter()
            .find(tried)
            .map(|it| it.id.as_str())
    });
    let verification = report.verification.as_ref();
    Some(HealView {
        outcome: outcome(report.outcome),
        explanation: report.explanation.clone(),
        facts: facts(report),
        candidates: report
            .candidates
            .iter()
            .map(|it| candidate(it, leading == Some(it.id.as_str())))
            .collect(),
        deployment: report.deployment.as_ref().map_or_else(Vec::new, deployment),
        remote_output: report
            .deployment
            .as_ref()
            .map_or_else(String::new, |it| it.remote_output.clone()),
        verdict: verification.map(|it| verdict(it.verdict)),
        verification: verification.map_or_else(String::new, |it| {
            let kept = match it.promise_kept {
                Some(true) => "New traffic alone keeps the promise. ",
                Some(false) => "New traffic alone does not keep the promise. ",
                None => "",
            };
            format!("{kept}{}", it.explanation)
        }),
        comparisons: verification.map_or_else(Vec::new, |it| {
            it.comparisons.iter().map(comparison).collect()
        }),
        refusals: report
            .refusals
            .iter()
            .map(|it| Field::new(it.rule.clone(), it.detail.clone()))
            .collect(),
        lessons: report
            .lessons
            .iter()
            .map(|it| LessonView {
                recipe: it.recipe.clone(),
                verdict: match it.helped {
                    Some(true) => Badge::new("helped", Tone::Good),
                    Some(false) => Badge::new("did not help", Tone::Bad),
                    None => Badge::new("can not be said", Tone::Neutral),
                },
                probability_label: format!(
                    "chance of success {} \u{2192} {}",
                    figures::share(it.probability.0),
                    figures::share(it.probability.1)
                ),
            })
            .collect(),
    })
}

fn facts(report: &HealReport) -> Vec<Field> {
    let mut facts = vec![Field::new(
        "mode",
        match report.mode {
            Mode::Observe => "observe: only says what it would try",
            Mode::Propose => "propose: a person merges",
            Mode::Auto => "auto: deploys what is validated",
        },
    )];
    if let Some(breach) = &report.breach {
        facts.push(Field::new("incident", breach.as_str()));
    }
    if let Some(fault) = &report.signature {
        facts.push(Field::new(
            "fault",
            format!("{}: {}", fault.component, anomaly::kind_label(fault.kind)),
        ));
    }
    let taken = report.ended_at.duration_since(report.started_at);
    facts.push(Field::new(
        "took",
        figures::length(Duration::try_from(taken).unwrap_or_default()),
    ));
    facts.push(Field::new("ended", figures::instant(report.ended_at)));
    facts
}

fn outcome(outcome: HealOutcome) -> Badge {
    match outcome {
        HealOutcome::NothingToHeal => Badge::new("nothing to heal", Tone::Good),
        HealOutcome::Observed => Badge::new("observed only", Tone::Watch),
        HealOutcome::Proposed => Badge::new("proposed", Tone::Active),
        HealOutcome::Healed => Badge::new("healed", Tone::Good),
        HealOutcome::RolledBack => Badge::new("rolled back", Tone::Watch),
        HealOutcome::Escalated => Badge::new("escalated", Tone::Bad),
        HealOutcome::Interrupted => Badge::new("interrupted", Tone::Neutral),
        _ => Badge::new("other", Tone::Neutral),
    }
}

fn verdict(verdict: VerificationVerdict) -> Badge {
    match verdict {
        VerificationVerdict::Improved => Badge::new("improved", Tone::Good),
        VerificationVerdict::NotImproved => Badge::new("not improved", Tone::Watch),
        VerificationVerdict::Worse => Badge::new("worse", Tone::Bad),
        VerificationVerdict::Inconclusive => Badge::new("inconclusive", Tone::Neutral),
    }
}

pub(super) fn comparison(it: &Comparison) -> ComparisonView {
    let share = |events: shape_sli::Events| {
        figures::good_share(events.good(), events.total()).map_or_else(
            || "no events".into(),
            |share| format!("{share} ({})", promise::events_label(events)),
        )
    };
    let p95 = |ms: Option<f64>| ms.map_or_else(|| "unknown".into(), figures::millis);
    ComparisonView {
        what: it.what.clone(),
        before_label: share(it.before),
        after_label: share(it.after),
        p95_label: if it.p95_before_ms.is_none() && it.p95_after_ms.is_none() {
            String::new()
        } else {
            format!(
                "{} \u{2192} {}",
                p95(it.p95_before_ms),
                p95(it.p95_after_ms)
            )
        },
        change_label: format!("{} {}", figures::change(it.change), it.unit),
        interval_label: format!(
            "95% interval {} to {}",
            figures::change(it.change_lower),
            figures::change(it.change_upper)
        ),
        test_label: format!("{}, p {}", it.test, figures::probability(it.p_value)),
        verdict: match (it.is_better, it.is_worse) {
            (_, true) => Badge::new("worse", Tone::Bad),
            (true, false) => Badge::new("better", Tone::Good),
            (false, false) => Badge::new("no difference shown", Tone::Neutral),
        },
    }
}

fn deployment(deployment: &Deployment) -> Vec<Field> {
    vec![
        Field::new("candidate", deployment.candidate.clone()),
        Field::new("branch", deployment.branch.clone()),
        Field::new("commit", deployment.commit.short()),
        Field::new(
            "merged as",
            deployment
                .merge
                .as_ref()
                .map_or("not merged: waits for a person", |it| it.short()),
        ),
        Field::new("before it", deployment.previous.short()),
        Field::new("at", figures::instant(deployment.at)),
    ]
}
