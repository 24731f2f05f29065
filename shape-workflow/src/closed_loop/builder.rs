//! Puts the loop together.

use std::fmt;

use shape_budget::BudgetConfig;
use shape_compliance::JudgeConfig;
use shape_heal::{HealEvent, HealOutcome, HealReport, Mode, Observation};
use shape_lineage::LineageReport;
use shape_sli::MeasureConfig;
use shape_telemetry::{Analyzer, Baseline, TelemetryReport};

use super::{
    ClosedLoop, DiagnosisReport, HealRequest, LoopOutputs, Promises,
    steps::{end_of, measured, observed, promise, recover, run_healing, traced, verdict},
};
use crate::{Artifact, Error, LoopState, StepContext, StepError, Workflow};

type ObserveFn<'a> = Box<dyn FnMut(&StepContext<'_>) -> Result<Observation, StepError> + 'a>;
type TraceFn<'a> =
    Box<dyn FnMut(&StepContext<'_>, &TelemetryReport) -> Result<LineageReport, StepError> + 'a>;
pub(super) type HealFn<'a> = Box<
    dyn FnMut(
            &StepContext<'_>,
            &HealRequest<'_>,
            &mut dyn FnMut(&HealEvent),
        ) -> Result<HealReport, StepError>
        + 'a,
>;

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

impl fmt::Debug for ClosedLoopBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedLoopBuilder")
            .field("promises", &self.promises)
            .finish_non_exhaustive()
    }
}

impl<'a> ClosedLoopBuilder<'a> {
    pub(super) fn new() -> Self {
        Self {
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
    #[expect(
        clippy::too_many_lines,
        reason = "the whole graph stands in one place, read from top to bottom"
    )]
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
        // When the baseline fails, there is no point in loading the service again.
        let observation = steps.step("observe", baseline.optional(), move |ctx, _| {
            observed(ctx, observe(ctx))
        });

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
            if let Some(breach) = report.triggers().next() {
                ctx.enter(LoopState::Breached, breach.explanation.clone())?;
            }
            Ok(report)
        });
        let healed = steps.step(
            "heal",
            (compliance, telemetry, lineage.optional(), observation),
            move |ctx, (compliance, telemetry, lineage, seen)| {
                let Some(breach) = compliance.triggers().next() else {
                    ctx.output_summary("no promise is being broken: nothing to heal");
                    return Ok(HealReport::nothing_to_heal(Mode::Observe, ctx.now()));
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
