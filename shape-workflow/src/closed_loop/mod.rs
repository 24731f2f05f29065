//! The loop: observe, detect, trace, measure, promise, spend, keep, heal, measure again.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_budget::BudgetReport;
use shape_compliance::{Breach, ComplianceReport};
use shape_heal::{HealReport, Observation};
use shape_lineage::LineageReport;
use shape_sli::SliReport;
use shape_slo::{RecommendConfig, SloSet};
use shape_telemetry::{Diagnosis, LineCounts, TelemetryReport};

pub use self::builder::ClosedLoopBuilder;
use crate::{Engine, Error, Outline, Output, Run, Workflow};

mod builder;
mod steps;

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
///
/// Observing, tracing and healing are closures of yours, since they touch the world; everything between them is done
/// here. Without `trace` and `heal` the loop ends with the verdict.
///
/// ```
/// use std::sync::Arc;
///
/// use shape_heal::Observation;
/// use shape_sli::Indicator;
/// use shape_slo::{Slo, SloSet, Window};
/// use shape_telemetry::{Collector, CollectorConfig, ComponentId};
/// use shape_workflow::{ClosedLoop, Engine, ManualClock, Promises};
///
/// let log = "2026-03-01T10:00:00Z  INFO shop::cart: request completed status=200 duration_ms=3.1\n".repeat(200);
/// let availability = Slo::new(
///     &ComponentId::new("cart"),
///     Indicator::Availability,
///     "99%".parse()?,
///     Window::rolling_days(28),
/// );
/// let mut closed_loop = ClosedLoop::builder()
///     .promises(Promises::Given(SloSet::new("shop", vec![availability])))
///     .observe(|ctx| {
///         let mut logs = Collector::new(CollectorConfig::new());
///         logs.read("cart.log", log.as_bytes());
///         let (measurements, sources) = logs.finish();
///         let now = ctx.now();
///         Ok(Observation { label: "cart.log".into(), started_at: now, ended_at: now, measurements, sources })
///     })
///     .build()?;
///
/// let outputs = closed_loop.outputs();
/// let clock = ManualClock::at("2026-03-01T10:05:00Z".parse()?);
/// let run = closed_loop.run(&Engine::new(Arc::new(clock)))?;
/// let sli = run.value(outputs.sli).ok_or("no indicators")?;
/// assert_eq!(sli.components[0].slis[0].events.total(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ClosedLoop<'a> {
    workflow: Workflow<'a>,
    outputs: LoopOutputs,
}

impl<'a> ClosedLoop<'a> {
    /// A loop with default settings.
    pub fn builder() -> ClosedLoopBuilder<'a> {
        ClosedLoopBuilder::new()
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
