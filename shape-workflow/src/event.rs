//! What the loop tells its subscribers.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::BudgetReport;
use shape_compliance::ComplianceReport;
use shape_heal::{HealEvent, HealReport};
use shape_lineage::LineageReport;
use shape_sli::SliReport;
use shape_slo::SloSet;
use shape_telemetry::TelemetryReport;

use crate::LoopState;

/// A report that a step produced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "artifact", content = "report")]
#[non_exhaustive]
pub enum Artifact {
    /// What the logs say.
    Telemetry(Arc<TelemetryReport>),
    /// Where in the source it comes from.
    Lineage(Arc<LineageReport>),
    /// What was measured.
    Sli(Arc<SliReport>),
    /// What is promised.
    Slo(Arc<SloSet>),
    /// What may still fail.
    Budget(Arc<BudgetReport>),
    /// Whether the promises hold.
    Compliance(Arc<ComplianceReport>),
    /// What healing did.
    Heal(Arc<HealReport>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[non_exhaustive]
pub enum EventKind {
    /// A run of the graph began.
    RunStarted {
        /// The name of the workflow.
        workflow: String,
        /// Its steps in the order of execution.
        steps: Vec<String>,
    },
    /// A step began.
    StepStarted {
        /// The step.
        step: String,
    },
    /// A step is under way.
    StepProgress {
        /// The step.
        step: String,
        /// Done, in 0..=1, where known.
        fraction: Option<f64>,
        /// What it is at.
        message: String,
    },
    /// A step ended well.
    StepFinished {
        /// The step.
        step: String,
        /// What went in, in a few words.
        input: String,
        /// What came out, in a few words.
        output: String,
        /// How long it took.
        duration: Duration,
        /// Whether its result was taken from the journal of an earlier run.
        resumed: bool,
    },
    /// A step was left out.
    StepSkipped {
        /// The step.
        step: String,
        /// Why.
        reason: String,
    },
    /// A step failed.
    StepFailed {
        /// The step.
        step: String,
        /// The error with its causes.
        error: String,
        /// How long it took.
        duration: Duration,
    },
    /// The state machine moved.
    StateChanged {
        /// From.
        from: LoopState,
        /// To.
        to: LoopState,
        /// Why.
        reason: String,
    },
    /// Something happened while healing.
    Heal(HealEvent),
    /// A report is there.
    Report(Artifact),
    /// The run ended.
    RunFinished {
        /// The state it ended in.
        state: LoopState,
        /// How long it took.
        duration: Duration,
    },
}

/// One event with its number and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 within a run, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}
