//! The loop: observe, detect, trace, measure, promise, spend, keep, heal, measure again.

use std::{cell::Cell, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::{BudgetConfig, BudgetReport};
use shape_compliance::{Breach, ComplianceReport, JudgeConfig, Status};
use shape_heal::{HealEvent, HealOutcome, HealReport, HealStage, Mode, Observation};
use shape_lineage::LineageReport;
use shape_sli::{MeasureConfig, SliReport};
use shape_slo::{RecommendConfig, SloSet};
use shape_telemetry::{Analyzer, Baseline, Diagnosis, LineCounts, TelemetryReport};

use crate::{
    Artifact, Engine, Error, LoopState, Outline, Output, Run, StepContext, StepError, Workflow,
};

type ObserveFn<'a> = Box<dyn FnMut(&StepContext<'_>) -> Result<Observation, StepError> + 'a>;
type TraceFn<'a> =
    Box<dyn FnMut(&StepContext<'_>, &TelemetryReport) -> Result<LineageReport, StepError> + 'a>;
type HealFn<'a> = Box<
    dyn FnMut(
            &StepContext<'_>,
            &HealRequest<'_>,
            &mut dyn FnMut(&HealEvent),
        ) -> Result<HealReport, StepError>
        + 'a,
>;

/// What healing is given: the worst new breach and all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct HealRequest<'r> {
    /// The breach.
    pub breach: &'r Breach,
    /// What the logs say.
    pub telemetry: &'r TelemetryReport,
    /// Where in the source it comes from.
    pub lineage: &'r LineageReport,
    /// The traffic that broke the promise.
    pub breached: &'r Observation,
}

/// The diagnoses of a telemetry report, as an artifact of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagnosisReport {
    /// The version of this format.
    pub schema_version: u32,
    /// The diagnoses, the most severe first.
    pub diagnoses: Vec<Diagnosis>,
}

impl DiagnosisReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;
}

/// What was measured after a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The version of this format.
    pub schema_version: u32,
    /// The new traffic's lines.
    pub lines: LineCounts,
    /// The indicators of the new traffic alone.
    pub new_sli: SliReport,
    /// The promises judged by the new traffic alone: whether the burn has stopped.
    pub new_traffic: ComplianceReport,
    /// The promises judged over the whole window, the bad events before the fix included: a fix does not refill a budget.
    pub whole_window: ComplianceReport,
    /// Whether the new traffic keeps the promise that was broken; `None` with too few events.
    pub promise_kept: Option<bool>,
    /// One sentence for people.
    pub explanation: String,
}

impl Recovery {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;
}

/// Where promises come from.
#[derive(Clone, Debug)]
pub enum Promises {
    /// Written by people.
    Given(SloSet),
    /// Recommended from the baseline; `ratified_by` stands behind them, without a name they trigger nothing.
    Recommended {
        /// How to recommend.
        config: RecommendConfig,
        /// Who accepts the recommendation.
        ratified_by: Option<String>,
    },
}

/// Builds a [`ClosedLoop`].
#[must_use]
pub struct ClosedLoopBuilder<'a> {
    parameters: String,
    analyzer: Analyzer,
    measure: MeasureConfig,
    budget: BudgetConfig,
    compliance: JudgeConfig,
    promises: Option<Promises>,
    baseline: Option<ObserveFn<'a>>,
    observe: Option<ObserveFn<'a>>,
    trace: Option<TraceFn<'a>>,
    heal: Option<HealFn<'a>>,
    remeasure: Option<ObserveFn<'a>>,
}

/// The outputs of the steps of a [`ClosedLoop`], to ask a [`Run`] for.
#[derive(Clone, Copy, Debug)]
pub struct LoopOutputs {
    /// The healthy traffic.
    pub baseline: Output<Observation>,
    /// The indicators of the healthy traffic.
    pub baseline_sli: Output<SliReport>,
    /// The traffic judged.
    pub observation: Output<Observation>,
    /// What the logs say.
    pub telemetry: Output<TelemetryReport>,
    /// Why it is so.
    pub diagnosis: Output<DiagnosisReport>,
    /// Where in the source it comes from.
    pub lineage: Output<LineageReport>,
    /// What was measured.
    pub sli: Output<SliReport>,
    /// What is promised.
    pub slo: Output<SloSet>,
    /// What may still fail.
    pub budget: Output<BudgetReport>,
    /// Whether the promises hold.
    pub compliance: Output<ComplianceReport>,
    /// What healing did.
    pub heal: Output<HealReport>,
    /// The traffic after a deployment.
    pub remeasured: Output<Observation>,
    /// What it says.
    pub recovery: Output<Recovery>,
}

/// The closed loop as a workflow of typed steps.
pub struct ClosedLoop<'a> {
    workflow: Workflow<'a>,
    outputs: LoopOutputs,
}

impl<'a> ClosedLoop<'a> {
    /// A loop with default settings.
    pub fn builder() -> ClosedLoopBuilder<'a> {
        ClosedLoopBuilder {
            parameters: String::new(),
            analyzer: Analyzer::default(),
            measure: MeasureConfig::default(),
            budget: BudgetConfig::default(),
            compliance: JudgeConfig::default(),
            promises: None,
            baseline: None,
            observe: None,
            trace: None,
            heal: None,
            remeasure: None,
        }
    }

    /// The shape of the graph, for drawing.
    pub fn outline(&self) -> Outline {
        self.workflow.outline()
    }

    /// What to ask a [`Run`] for.
    pub fn outputs(&self) -> LoopOutputs {
        self.outputs
    }

    /// Runs the loop once.
    ///
    /// # Errors
    /// When the journal can not be written or belongs to another workflow. A step that fails is no error here: see
    /// [`Run::failures`].
    pub fn run(&mut self, engine: &Engine) -> Result<Run, Error> {
        engine.run(&mut self.workflow)
    }
}

impl fmt::Debug for ClosedLoop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedLoop")
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClosedLoopBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedLoopBuilder")
            .field("promises", &self.promises)
            .finish_non_exhaustive()
    }
}

impl<'a> ClosedLoopBuilder<'a> {
    /// What else the run depends on (the text of a configuration): an interrupted run is only resumed with the same.
    pub fn parameters(mut self, parameters: impl Into<String>) -> Self {
        self.parameters = parameters.into();
        self
    }

    /// How anomalies are found.
    pub fn analyzer(mut self, analyzer: Analyzer) -> Self {
        self.analyzer = analyzer;
        self
    }

    /// How indicators are measured.
    pub fn measure(mut self, config: MeasureConfig) -> Self {
        self.measure = config;
        self
    }

    /// How budgets are counted.
    pub fn budget(mut self, config: BudgetConfig) -> Self {
        self.budget = config;
        self
    }

    /// How promises are judged.
    pub fn compliance(mut self, config: JudgeConfig) -> Self {
        self.compliance = config;
        self
    }

    /// What is promised.
    pub fn promises(mut self, promises: Promises) -> Self {
        self.promises = Some(promises);
        self
    }

    /// How healthy traffic is observed. Without it anomalies are judged within the observed traffic alone.
    pub fn baseline(
        mut self,
        observe: impl FnMut(&StepContext<'_>) -> Result<Observation, StepError> + 'a,
    ) -> Self {
        self.baseline = Some(Box::new(observe));
        self
    }

    /// How the traffic to judge is observed.
    pub fn observe(
        mut self,
        observe: impl FnMut(&StepContext<'_>) -> Result<Observation, StepError> + 'a,
    ) -> Self {
        self.observe = Some(Box::new(observe));
        self
    }

    /// How anomalies are traced to the source. Without it lineage and healing are skipped.
    pub fn trace(
        mut self,
        trace: impl FnMut(&StepContext<'_>, &TelemetryReport) -> Result<LineageReport, StepError> + 'a,
    ) -> Self {
        self.trace = Some(Box::new(trace));
        self
    }

    /// How a breach is healed. Without it the loop ends with the verdict.
    ///
    /// The closure passes on what happens through its last argument; the state machine follows that.
    pub fn heal(
        mut self,
        heal: impl FnMut(
            &StepContext<'_>,
            &HealRequest<'_>,
            &mut dyn FnMut(&HealEvent),
        ) -> Result<HealReport, StepError>
        + 'a,
    ) -> Self {
        self.heal = Some(Box::new(heal));
        self
    }

    /// How traffic is observed after a deployment.
    pub fn remeasure(
        mut self,
        observe: impl FnMut(&StepContext<'_>) -> Result<Observation, StepError> + 'a,
    ) -> Self {
        self.remeasure = Some(Box::new(observe));
        self
    }

    /// The loop.
    ///
    /// # Errors
    /// When the graph can not be built.
    ///
    /// # Panics
    /// When `observe` or `promises` was not given: a loop needs both.
    pub fn build(self) -> Result<ClosedLoop<'a>, Error> {
        let Self {
            parameters,
            analyzer,
            measure,
            budget: budget_config,
            compliance: compliance_config,
            promises,
            mut baseline,
            observe,
            mut trace,
            mut heal,
            mut remeasure,
        } = self;
        let mut observe = observe.expect("a closed loop needs `observe`");
        let promises = promises.expect("a closed loop needs `promises`");
        let mut steps = Workflow::builder("closed loop");
        steps.parameters(parameters);

        let baseline = steps.step("baseline", (), move |ctx, ()| match &mut baseline {
            Some(observe) => observed(ctx, observe(ctx)),
            None => Err(StepError::skip("no baseline is configured")),
        });
        let measure_baseline = measure.clone();
        let baseline_sli = steps.step("baseline-sli", baseline, move |ctx, seen| {
            Ok(measured(ctx, &seen, &measure_baseline))
        });
        let observation = steps.step("observe", (), move |ctx, ()| observed(ctx, observe(ctx)));
        steps.after(observation, baseline);

        let telemetry = steps.step(
            "telemetry",
            (observation, baseline.optional()),
            move |ctx, (seen, healthy)| {
                ctx.input_summary(format!("{} lines", seen.measurements.lines.total));
                let healthy = healthy.map(|healthy| Baseline::learn(&healthy.measurements));
                let report =
                    analyzer.analyze(&seen.measurements, healthy.as_ref(), seen.sources.clone());
                ctx.output_summary(format!(
                    "{} templates, {} anomalies",
                    report.templates.len(),
                    report.anomalies.len()
                ));
                Ok(report)
            },
        );
        let diagnosis = steps.step("diagnosis", telemetry, |ctx, report| {
            ctx.input_summary(format!("{} anomalies", report.anomalies.len()));
            let leading = report
                .diagnoses
                .first()
                .and_then(|diagnosis| diagnosis.causes.first());
            ctx.output_summary(leading.map_or_else(
                || "nothing to explain".to_owned(),
                |cause| cause.summary.clone(),
            ));
            Ok(DiagnosisReport {
                schema_version: DiagnosisReport::SCHEMA_VERSION,
                diagnoses: report.diagnoses.clone(),
            })
        });
        let lineage = steps.step("lineage", telemetry, move |ctx, report| {
            let Some(trace) = &mut trace else {
                return Err(StepError::skip("no source tree is configured"));
            };
            ctx.input_summary(format!("{} anomalies", report.anomalies.len()));
            let lineage = trace(ctx, &report)?;
            ctx.output_summary(traced(&lineage));
            Ok(lineage)
        });
        let measure_now = measure.clone();
        let sli = steps.step("sli", observation, move |ctx, seen| {
            Ok(measured(ctx, &seen, &measure_now))
        });
        let slo = steps.step("slo", baseline_sli.optional(), move |ctx, healthy| {
            promise(ctx, &promises, healthy.as_deref())
        });
        let config = budget_config.clone();
        let budget = steps.step("budget", (slo, sli), move |ctx, (slos, sli)| {
            ctx.input_summary(format!("{} promises", slos.slos.len()));
            let report = shape_budget::assess(&slos, &sli, end_of(&sli, ctx.now()), &config)?;
            let overspent = report
                .budgets
                .iter()
                .filter(|budget| budget.remaining < 0)
                .count();
            ctx.output_summary(format!(
                "{overspent} of {} budgets overspent",
                report.budgets.len()
            ));
            Ok(report)
        });
        let config = compliance_config.clone();
        let compliance = steps.step("compliance", (slo, budget), move |ctx, (slos, budget)| {
            let report = shape_compliance::judge(&slos, &budget, None, &config);
            ctx.input_summary(format!("{} budgets", budget.budgets.len()));
            ctx.output_summary(verdict(&report));
            if let Some(breach) = report.breaches.first() {
                ctx.enter(LoopState::Breached, breach.explanation.clone())?;
            }
            Ok(report)
        });
        let healed = steps.step(
            "heal",
            (compliance, telemetry, lineage.optional(), observation),
            move |ctx, (compliance, telemetry, lineage, seen)| {
                let Some(breach) = compliance.breaches.first() else {
                    ctx.output_summary("no promise is broken: nothing to heal");
                    return Ok(nothing_to_heal(ctx));
                };
                let (Some(heal), Some(lineage)) = (&mut heal, lineage) else {
                    return Err(StepError::skip("healing is not configured"));
                };
                let request = HealRequest {
                    breach,
                    telemetry: &telemetry,
                    lineage: &lineage,
                    breached: &seen,
                };
                run_healing(ctx, &request, heal)
            },
        );
        let remeasured = steps.step("remeasure", healed, move |ctx, report| {
            if report.outcome != HealOutcome::Healed {
                return Err(StepError::skip("nothing was deployed that stayed"));
            }
            match &mut remeasure {
                Some(observe) => observed(ctx, observe(ctx)),
                None => Err(StepError::skip("measuring again is not configured")),
            }
        });
        let recovery = steps.step(
            "recovery",
            (remeasured, observation, slo, compliance),
            move |ctx, (after, before, slos, compliance)| {
                let recovery = recover(
                    ctx,
                    &after,
                    &before,
                    &slos,
                    &compliance,
                    (&measure, &budget_config, &compliance_config),
                )?;
                ctx.output_summary(recovery.explanation.clone());
                Ok(recovery)
            },
        );

        steps.publish(telemetry, |report| Some(Artifact::Telemetry(report)));
        steps.publish(lineage, |report| Some(Artifact::Lineage(report)));
        steps.publish(sli, |report| Some(Artifact::Sli(report)));
        steps.publish(slo, |report| Some(Artifact::Slo(report)));
        steps.publish(budget, |report| Some(Artifact::Budget(report)));
        steps.publish(compliance, |report| Some(Artifact::Compliance(report)));
        steps.publish(healed, |report| Some(Artifact::Heal(report)));
        steps.artifact(telemetry, "anomalies.json");
        steps.artifact(diagnosis, "diagnosis-results.json");
        steps.artifact(lineage, "log-source-lineage.json");
        steps.artifact(sli, "sli-metrics.json");
        steps.artifact(slo, "slo-targets.json");
        steps.artifact(budget, "error-budgets.json");
        steps.artifact(compliance, "sla-compliance.json");
        steps.artifact(healed, "heal-report.json");
        steps.artifact(recovery, "recovery.json");

        let outputs = LoopOutputs {
            baseline,
            baseline_sli,
            observation,
            telemetry,
            diagnosis,
            lineage,
            sli,
            slo,
            budget,
            compliance,
            heal: healed,
            remeasured,
            recovery,
        };
        Ok(ClosedLoop {
            workflow: steps.build()?,
            outputs,
        })
    }
}

/// When the data ends: budgets are judged at that time, so that the same logs give the same report tomorrow.
fn end_of(sli: &SliReport, now: Timestamp) -> Timestamp {
    sli.period.map_or(now, |period| period.end)
}

fn observed(
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

fn measured(ctx: &StepContext<'_>, seen: &Observation, config: &MeasureConfig) -> SliReport {
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

fn traced(lineage: &LineageReport) -> String {
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

fn promise(
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

fn verdict(report: &ComplianceReport) -> String {
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

/// The report of a loop in which every promise holds.
fn nothing_to_heal(ctx: &StepContext<'_>) -> HealReport {
    HealReport {
        schema_version: HealReport::SCHEMA_VERSION,
        breach: None,
        component: None,
        signature: None,
        anomalies: Vec::new(),
        mode: Mode::Observe,
        started_at: ctx.now(),
        ended_at: ctx.now(),
        outcome: HealOutcome::NothingToHeal,
        explanation: "no promise is broken: nothing was changed".to_owned(),
        candidates: Vec::new(),
        deployment: None,
        verification: None,
        refusals: Vec::new(),
        lessons: Vec::new(),
    }
}

/// Heals, and lets the state machine follow what happens.
fn run_healing(
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
fn recover(
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
    let id = breached.breaches.first().map(|breach| &breach.slo.id);
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
