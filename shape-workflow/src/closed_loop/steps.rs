//! What the steps of the loop do.

use std::{cell::Cell, sync::Arc};

use jiff::Timestamp;
use shape_budget::BudgetConfig;
use shape_compliance::{ComplianceReport, JudgeConfig, Status};
use shape_heal::{HealEvent, HealOutcome, HealReport, HealStage, Observation};
use shape_lineage::LineageReport;
use shape_sli::{MeasureConfig, SliReport};
use shape_slo::SloSet;

use super::{HealRequest, Promises, Recovery, builder::HealFn};
use crate::{Artifact, LoopState, StepContext, StepError};

/// When the data ends: budgets are judged at that time, so that the same logs give the same report tomorrow.
pub(super) fn end_of(sli: &SliReport, now: Timestamp) -> Timestamp {
    sli.period.map_or(now, |period| period.end)
}

pub(super) fn observed(
    ctx: &StepContext<'_>,
    observation: Result<Observation, StepError>,
) -> Result<Observation, StepError> {
    let observation = observation?;
    let lines = observation.measurements.lines;
    ctx.input_summary(observation.label.clone());
    ctx.output_summary(format!(
        "{} lines = {} parsed + {} kept unparsed, {} components",
        lines.total,
        lines.parsed,
        lines.unparsed,
        observation.measurements.components.len()
    ));
    Ok(observation)
}

pub(super) fn measured(
    ctx: &StepContext<'_>,
    seen: &Observation,
    config: &MeasureConfig,
) -> SliReport {
    let report = SliReport::measure(&seen.measurements, config);
    let requests: u64 = report
        .components
        .iter()
        .filter_map(|entry| entry.slis.first())
        .map(|sli| sli.events.total())
        .sum();
    ctx.input_summary(format!("{requests} requests"));
    let worst = report
        .components
        .iter()
        .filter_map(|entry| Some((entry.health.as_ref()?.score, &entry.component)))
        .min();
    ctx.output_summary(worst.map_or_else(
        || "no requests".to_owned(),
        |(score, component)| {
            format!(
                "{} components, lowest health {score} ({component})",
                report.components.len()
            )
        },
    ));
    report
}

pub(super) fn traced(lineage: &LineageReport) -> String {
    let counts = lineage.counts;
    let first = lineage
        .traces
        .iter()
        .find_map(|trace| trace.verdict.unique());
    let place = first.map_or_else(String::new, |statement| {
        format!(", first {}", statement.location)
    });
    format!(
        "{} traced to one line, {} ambiguous, {} unmapped{place}",
        counts.unique, counts.ambiguous, counts.unmapped
    )
}

pub(super) fn promise(
    ctx: &StepContext<'_>,
    promises: &Promises,
    healthy: Option<&SliReport>,
) -> Result<SloSet, StepError> {
    let set = match promises {
        Promises::Given(set) => {
            ctx.input_summary("SLO file");
            set.clone()
        }
        Promises::Recommended {
            config,
            ratified_by,
        } => {
            let healthy = healthy.ok_or_else(|| {
                StepError::permanent("there is no baseline to recommend promises from; name one, or give an SLO file")
            })?;
            ctx.input_summary("healthy baseline");
            let set = shape_slo::recommend(healthy, config);
            match ratified_by {
                Some(by) => set.ratify(by, end_of(healthy, ctx.now())),
                None => set,
            }
        }
    };
    let ratified = set
        .slos
        .iter()
        .filter(|slo| matches!(slo.standing, shape_slo::Standing::Ratified { .. }))
        .count();
    ctx.output_summary(format!("{} promises, {ratified} ratified", set.slos.len()));
    Ok(set)
}

pub(super) fn verdict(report: &ComplianceReport) -> String {
    let number = |status| {
        report
            .statuses
            .iter()
            .filter(|entry| entry.status == status)
            .count()
    };
    format!(
        "{} met, {} at risk, {} breached, {} without data",
        number(Status::Met),
        number(Status::AtRisk),
        number(Status::Breached),
        number(Status::NoData)
    )
}

/// Heals, and lets the state machine follow what happens.
pub(super) fn run_healing(
    ctx: &StepContext<'_>,
    request: &HealRequest<'_>,
    heal: &mut HealFn<'_>,
) -> Result<HealReport, StepError> {
    ctx.input_summary(format!(
        "{} of {}",
        request.breach.slo.id, request.breach.component
    ));
    let problem = Cell::new(None);
    let enter = |to: LoopState, reason: &str| {
        let from = ctx.state();
        if from != to
            && from.leads_to(to)
            && let Err(error) = ctx.enter(to, reason)
        {
            problem.set(Some(error));
        }
    };
    let report = heal(ctx, request, &mut |event: &HealEvent| {
        let to = match event.stage {
            HealStage::Diagnosing => Some(LoopState::Diagnosing),
            HealStage::Fixing => Some(LoopState::Fixing),
            HealStage::Validating => Some(LoopState::Validating),
            HealStage::Deploying => Some(LoopState::Deploying),
            HealStage::Verifying => Some(LoopState::Verifying),
            HealStage::RollingBack | HealStage::Learning => None,
        };
        if let Some(to) = to {
            enter(to, &event.message);
        }
        ctx.heal_event(event.clone());
    })?;
    match report.outcome {
        HealOutcome::Interrupted => return Err(StepError::cancelled()),
        HealOutcome::Healed => enter(LoopState::Recovered, &report.explanation),
        HealOutcome::RolledBack => {
            enter(LoopState::RolledBack, &report.explanation);
            enter(LoopState::Escalated, "a person is needed");
        }
        _ => enter(LoopState::Escalated, &report.explanation),
    }
    if let Some(error) = problem.take() {
        return Err(error.into());
    }
    ctx.output_summary(report.explanation.clone());
    Ok(report)
}

/// Judges the traffic after a fix, alone and together with what was before.
pub(super) fn recover(
    ctx: &StepContext<'_>,
    after: &Observation,
    before: &Observation,
    slos: &SloSet,
    breached: &ComplianceReport,
    (measure, budget, compliance): (&MeasureConfig, &BudgetConfig, &JudgeConfig),
) -> Result<Recovery, StepError> {
    let judge = |observation: &SliReport, previous| {
        let budgets =
            shape_budget::assess(slos, observation, end_of(observation, ctx.now()), budget)?;
        let report = shape_compliance::judge(slos, &budgets, previous, compliance);
        Ok::<_, StepError>((budgets, report))
    };
    let new_sli = SliReport::measure(&after.measurements, measure);
    let (_, new_traffic) = judge(&new_sli, None)?;
    let together = before
        .measurements
        .clone()
        .merge(after.measurements.clone())?;
    let whole_sli = SliReport::measure(&together, measure);
    let (whole_budget, whole_window) = judge(&whole_sli, Some(breached))?;
    let id = breached.triggers().next().map(|breach| &breach.slo.id);
    let status = |report: &ComplianceReport| {
        report
            .statuses
            .iter()
            .find(|entry| Some(&entry.slo) == id)
            .map(|entry| (entry.status, entry.budget.clone()))
    };
    let (now, window) = (status(&new_traffic), status(&whole_window));
    let promise_kept = now.as_ref().and_then(|(status, _)| match status {
        Status::Met | Status::AtRisk => Some(true),
        Status::Breached => Some(false),
        Status::NoData => None,
    });
    let remaining = window.map_or(0, |(_, budget)| budget.remaining);
    let explanation = match (promise_kept, id) {
        (Some(true), Some(id)) => format!(
            "the promise {id} is kept on new traffic; the window's budget stays at {remaining} bad events until the old ones leave it"
        ),
        (Some(false), Some(id)) => format!("the promise {id} is still broken on new traffic"),
        _ => "too few new events to say whether the promise is kept".to_owned(),
    };
    ctx.input_summary(format!("{} new lines", after.measurements.lines.total));
    ctx.report(Artifact::Sli(Arc::new(whole_sli)));
    ctx.report(Artifact::Budget(Arc::new(whole_budget)));
    ctx.report(Artifact::Compliance(Arc::new(whole_window.clone())));
    Ok(Recovery {
        schema_version: Recovery::SCHEMA_VERSION,
        lines: after.measurements.lines,
        new_sli,
        new_traffic,
        whole_window,
        promise_kept,
        explanation,
    })
}
