//! What the dashboard keeps of the events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;
use shape_budget::BudgetReport;
use shape_compliance::{ComplianceReport, Status};
use shape_heal::{HealEvent, HealOutcome, HealReport};
use shape_lineage::LineageReport;
use shape_sli::SliReport;
use shape_slo::SloSet;
use shape_telemetry::TelemetryReport;
use shape_workflow::{Artifact, Event, EventKind, LoopState};

/// How many healing events and transitions are kept.
const KEPT: usize = 200;

/// Everything the page shows comes from here. Reports are shared, so that a copy for rendering is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) seq: u64,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) is_replay: bool,
    pub(crate) run: Option<Run>,
    pub(crate) steps: Vec<Step>,
    pub(crate) position: Option<LoopState>,
    pub(crate) history: VecDeque<Transition>,
    pub(crate) activity: VecDeque<Activity>,
    pub(crate) reports: Reports,
}

/// The latest reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    pub(crate) telemetry: Option<Arc<TelemetryReport>>,
    pub(crate) lineage: Option<Arc<LineageReport>>,
    pub(crate) sli: Option<Arc<SliReport>>,
    pub(crate) slo: Option<Arc<SloSet>>,
    pub(crate) budget: Option<Arc<BudgetReport>>,
    pub(crate) compliance: Option<Arc<ComplianceReport>>,
    pub(crate) heal: Option<Arc<HealReport>>,
}

/// The run under way, or the last one.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) workflow: String,
    pub(crate) started_at: Timestamp,
    pub(crate) duration: Option<Duration>,
}

/// One step of the run.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) progress: Progress,
}

/// How far a step is.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    Waiting,
    Running {
        fraction: Option<f64>,
        message: String,
    },
    Finished {
        input: String,
        output: String,
        duration: Duration,
        resumed: bool,
    },
    Skipped {
        reason: String,
    },
    Failed {
        error: String,
        duration: Duration,
    },
}

/// One move of the state machine.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    pub(crate) at: Timestamp,
    pub(crate) from: LoopState,
    pub(crate) to: LoopState,
    pub(crate) reason: String,
}

/// One healing event.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) at: Timestamp,
    pub(crate) event: HealEvent,
}

impl State {
    /// Takes in one event. Kinds that this version does not know only move the clock.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.seq = event.seq;
        self.updated_at = self.updated_at.max(Some(event.at));
        match &event.kind {
            EventKind::RunStarted { workflow, steps } => {
                self.run = Some(Run {
                    workflow: workflow.clone(),
                    started_at: event.at,
                    duration: None,
                });
                self.steps = steps.iter().map(|name| Step::waiting(name)).collect();
            }
            EventKind::StepStarted { step } => {
                let step = self.step(step);
                step.started_at = Some(event.at);
                step.progress = Progress::Running {
                    fraction: None,
                    message: String::new(),
                };
            }
            EventKind::StepProgress {
                step,
                fraction,
                message,
            } => {
                let step = self.step(step);
                step.started_at.get_or_insert(event.at);
                step.progress = Progress::Running {
                    fraction: *fraction,
                    message: message.clone(),
                };
            }
            EventKind::StepFinished {
                step,
                input,
                output,
                duration,
                resumed,
            } => {
                self.step(step).progress = Progress::Finished {
                    input: input.clone(),
                    output: output.clone(),
                    duration: *duration,
                    resumed: *resumed,
                };
            }
            EventKind::StepSkipped { step, reason } => {
                self.step(step).progress = Progress::Skipped {
                    reason: reason.clone(),
                };
            }
            EventKind::StepFailed {
                step,
                error,
                duration,
            } => {
                self.step(step).progress = Progress::Failed {
                    error: error.clone(),
                    duration: *duration,
                };
            }
            EventKind::StateChanged { from, to, reason } => {
                self.position = Some(*to);
                push(
                    &mut self.history,
                    Transition {
                        at: event.at,
                        from: *from,
                        to: *to,
                        reason: reason.clone(),
                    },
                );
            }
            EventKind::Heal(heal) => push(
                &mut self.activity,
                Activity {
                    at: event.at,
                    event: heal.clone(),
                },
            ),
            EventKind::Report(artifact) => self.keep(artifact),
            EventKind::RunFinished { state, duration } => {
                self.position = Some(*state);
                if let Some(run) = &mut self.run {
                    run.duration = Some(*duration);
                }
            }
            _ => {}
        }
    }

    /// Keeps a report in the place of the former one.
    fn keep(&mut self, artifact: &Artifact) {
        let reports = &mut self.reports;
        match artifact {
            Artifact::Telemetry(report) => reports.telemetry = Some(Arc::clone(report)),
            Artifact::Lineage(report) => reports.lineage = Some(Arc::clone(report)),
            Artifact::Sli(report) => reports.sli = Some(Arc::clone(report)),
            Artifact::Slo(report) => reports.slo = Some(Arc::clone(report)),
            Artifact::Budget(report) => reports.budget = Some(Arc::clone(report)),
            Artifact::Compliance(report) => {
                reports.compliance = Some(Arc::clone(report));
                // The machine tells only of moves; without one, a kept promise means that it is where it began.
                if self.position.is_none() && matches!(report.worst(), Status::Met | Status::AtRisk)
                {
                    self.position = Some(LoopState::Healthy);
                }
            }
            Artifact::Heal(report) => reports.heal = Some(Arc::clone(report)),
            _ => {}
        }
    }

    /// The state that the reports of a finished run imply.
    pub(crate) fn settle(&mut self) {
        let of_healing = self
            .reports
            .heal
            .as_ref()
            .and_then(|heal| match heal.outcome {
                HealOutcome::Healed => Some(LoopState::Recovered),
                HealOutcome::RolledBack => Some(LoopState::RolledBack),
                HealOutcome::Escalated => Some(LoopState::Escalated),
                _ => None,
            });
        let of_promises =
            self.reports
                .compliance
                .as_ref()
                .and_then(|report| match report.worst() {
                    Status::Breached => Some(LoopState::Breached),
                    Status::Met | Status::AtRisk => Some(LoopState::Healthy),
                    Status::NoData => None,
                });
        self.position = of_healing.or(of_promises);
    }

    fn step(&mut self, name: &str) -> &mut Step {
        let at = self
            .steps
            .iter()
            .position(|step| step.name == name)
            .unwrap_or_else(|| {
                self.steps.push(Step::waiting(name));
                self.steps.len() - 1
            });
        &mut self.steps[at]
    }
}

impl Step {
    fn waiting(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            started_at: None,
            progress: Progress::Waiting,
        }
    }
}

fn push<T>(queue: &mut VecDeque<T>, value: T) {
    if queue.len() == KEPT {
        queue.pop_front();
    }
    queue.push_back(value);
}
