//! Where the loop and its steps stand.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use shape_compliance::Status;
use shape_workflow::LoopState;

use super::{Badge, Tone};
use crate::{
    figures,
    state::{Progress, State, Step},
};

/// Where the loop stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LoopView {
    /// The state; `None` when nothing is known yet.
    pub state: Option<LoopState>,
    /// The state in a word.
    pub badge: Badge,
    /// What that means, in one sentence.
    pub headline: String,
    /// Why, as the loop said it.
    pub reason: String,
    /// The states in the order of an incident.
    pub strip: Vec<StripState>,
    /// The moves so far, the latest first.
    pub history: Vec<TransitionView>,
    /// The run: its name, whether it is under way, since when or how long.
    pub run_label: String,
    /// Whether a run is under way.
    pub is_running: bool,
}

/// Whether the present incident has been in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not so far.
    Ahead,
    /// It has been left.
    Passed,
    /// It is there now.
    Current,
}

/// One state of the strip.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StripState {
    /// The state.
    pub state: LoopState,
    /// Its name for people.
    pub label: String,
    /// Whether it was reached.
    pub phase: Phase,
    /// The tone when it is the present one.
    pub tone: Tone,
    /// Whether it is one of the ends of an incident.
    pub is_end: bool,
    /// When it was entered last, or empty.
    pub entered_label: String,
}

/// One move of the state machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TransitionView {
    /// When.
    pub at: Timestamp,
    /// The same for people.
    pub at_label: String,
    /// From.
    pub from_label: String,
    /// To.
    pub to: Badge,
    /// Why.
    pub reason: String,
}

/// One step of the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StepView {
    /// Its name.
    pub name: String,
    /// How far it is.
    pub badge: Badge,
    /// How long it took, or since when it runs.
    pub time_label: String,
    /// What went in, or empty.
    pub input: String,
    /// What came out, what it is at, why it failed or was left out.
    pub detail: String,
    /// Where its bar begins, in thousandths of the run.
    pub bar_start_permille: u32,
    /// How long its bar is, in thousandths of the run.
    pub bar_length_permille: u32,
    /// Done, in thousandths, where known.
    pub done_permille: Option<u32>,
}

pub(super) fn label(state: LoopState) -> &'static str {
    match state {
        LoopState::RolledBack => "rolled back",
        other => other.as_str(),
    }
}

fn tone(state: LoopState) -> Tone {
    match state {
        LoopState::Healthy | LoopState::Recovered => Tone::Good,
        LoopState::Breached | LoopState::Escalated => Tone::Bad,
        LoopState::RolledBack => Tone::Watch,
        LoopState::Diagnosing
        | LoopState::Fixing
        | LoopState::Validating
        | LoopState::Deploying
        | LoopState::Verifying => Tone::Active,
    }
}

fn headline(state: LoopState) -> &'static str {
    match state {
        LoopState::Healthy => "Every promise holds.",
        LoopState::Breached => "A promise is broken.",
        LoopState::Diagnosing => "A promise is broken; choosing what to try.",
        LoopState::Fixing => "A promise is broken; making a patch.",
        LoopState::Validating => "A promise is broken; proving a patch in a throw-away worktree.",
        LoopState::Deploying => "A validated fix is going into production.",
        LoopState::Verifying => "A fix is deployed; measuring new traffic.",
        LoopState::Recovered => "The fix helps: new traffic is better.",
        LoopState::RolledBack => "The fix did not help and was taken back.",
        LoopState::Escalated => "A person is needed.",
    }
}

pub(super) fn loop_view(state: &State) -> LoopView {
    let worst = state.reports.compliance.as_ref().map(|it| it.worst());
    let (badge, headline) = match state.position {
        // The machine calls it healthy as well when nothing is known; on the page that would be a claim.
        Some(LoopState::Healthy) if matches!(worst, None | Some(Status::NoData)) => (
            Badge::new("healthy", Tone::Neutral),
            "No promise is known to be broken, and none is known to hold.".to_owned(),
        ),
        Some(LoopState::Healthy) if worst == Some(Status::AtRisk) => (
            Badge::new("healthy", Tone::Watch),
            "Every promise holds, and a budget burns fast.".to_owned(),
        ),
        // A fix stops the burn; it does not refill the budget.
        Some(LoopState::Recovered) if worst == Some(Status::Breached) => (
            Badge::new("recovered", Tone::Good),
            "The fix helps: new traffic is better. A broken promise holds again when the bad events have left its window."
                .to_owned(),
        ),
        Some(state) => (
            Badge::new(label(state), tone(state)),
            headline(state).to_owned(),
        ),
        None => (
            Badge::new("not known yet", Tone::Neutral),
            "No events yet: the state is known when the first promises have been judged."
                .to_owned(),
        ),
    };
    let is_running = state.run.as_ref().is_some_and(|run| run.duration.is_none());
    let run_label = match &state.run {
        _ if state.is_replay => "a finished run, read from its artifacts".to_owned(),
        None => "no run yet".to_owned(),
        Some(run) => match run.duration {
            None => format!(
                "{}: running since {} UTC",
                run.workflow,
                figures::clock(run.started_at)
            ),
            Some(duration) => format!(
                "{}: finished after {}",
                run.workflow,
                figures::length(duration)
            ),
        },
    };
    LoopView {
        state: state.position,
        badge,
        headline,
        reason: state
            .history
            .back()
            .filter(|last| Some(last.to) == state.position)
            .map_or_else(String::new, |last| last.reason.clone()),
        strip: strip(state),
        history: state
            .history
            .iter()
            .rev()
            .map(|it| TransitionView {
                at: it.at,
                at_label: format!("{} UTC", figures::clock(it.at)),
                from_label: label(it.from).to_owned(),
                to: Badge::new(label(it.to), tone(it.to)),
                reason: it.reason.clone(),
            })
            .collect(),
        run_label,
        is_running,
    }
}

fn strip(state: &State) -> Vec<StripState> {
    // The present incident begins at the last move out of rest.
    let begin = state
        .history
        .iter()
        .rposition(|it| it.to == LoopState::Breached)
        .unwrap_or(0);
    LoopState::ALL
        .into_iter()
        .map(|entry| {
            let incident = || state.history.iter().skip(begin);
            let entered = incident().rfind(|it| it.to == entry);
            let was_left = incident().any(|it| it.from == entry);
            StripState {
                state: entry,
                label: label(entry).to_owned(),
                phase: if state.position == Some(entry) {
                    Phase::Current
                } else if entered.is_some() || was_left {
                    Phase::Passed
                } else {
                    Phase::Ahead
                },
                tone: tone(entry),
                is_end: matches!(
                    entry,
                    LoopState::Recovered | LoopState::RolledBack | LoopState::Escalated
                ),
                entered_label: entered.map_or_else(String::new, |it| figures::clock(it.at)),
            }
        })
        .collect()
}

pub(super) fn steps(state: &State) -> Vec<StepView> {
    let begin = state
        .run
        .as_ref()
        .map(|run| run.started_at)
        .or_else(|| state.steps.iter().filter_map(|step| step.started_at).min());
    let span = |from: Timestamp, to: Timestamp| {
        Duration::try_from(to.duration_since(from)).unwrap_or_default()
    };
    let whole = match (
        state.run.as_ref().and_then(|run| run.duration),
        begin,
        state.updated_at,
    ) {
        (Some(duration), ..) => duration,
        (None, Some(begin), Some(now)) => span(begin, now),
        _ => Duration::ZERO,
    }
    .as_secs_f64();
    state
        .steps
        .iter()
        .map(|step| {
            let offset = match (begin, step.started_at) {
                (Some(begin), Some(at)) => span(begin, at).as_secs_f64(),
                _ => 0.0,
            };
            let taken = match &step.progress {
                Progress::Finished { duration, .. } | Progress::Failed { duration, .. } => {
                    duration.as_secs_f64()
                }
                Progress::Running { .. } => whole - offset,
                Progress::Waiting | Progress::Skipped { .. } => 0.0,
            };
            view(
                step,
                figures::permille(offset, whole),
                figures::permille(taken, whole),
            )
        })
        .collect()
}

fn view(step: &Step, bar_start_permille: u32, bar_length_permille: u32) -> StepView {
    let mut done_permille = None;
    let (badge, time_label, input, detail) = match &step.progress {
        Progress::Waiting => (
            Badge::new("waiting", Tone::Neutral),
            String::new(),
            String::new(),
            String::new(),
        ),
        Progress::Running { fraction, message } => {
            done_permille = fraction.map(|done| figures::permille(done, 1.0));
            let since = step.started_at.map_or_else(String::new, |at| {
                format!("since {} UTC", figures::clock(at))
            });
            (
                Badge::new("running", Tone::Active),
                since,
                String::new(),
                message.clone(),
            )
        }
        Progress::Finished {
            input,
            output,
            duration,
            resumed,
        } => (
            if *resumed {
                Badge::new("from the journal", Tone::Good)
            } else {
                Badge::new("done", Tone::Good)
            },
            figures::length(*duration),
            input.clone(),
            output.clone(),
        ),
        Progress::Skipped { reason } => (
            Badge::new("left out", Tone::Neutral),
            String::new(),
            String::new(),
            reason.clone(),
        ),
        Progress::Failed { error, duration } => (
            Badge::new("failed", Tone::Bad),
            figures::length(*duration),
            String::new(),
            error.clone(),
        ),
    };
    StepView {
        name: step.name.clone(),
        badge,
        time_label,
        input,
        detail,
        bar_start_permille,
        bar_length_permille: bar_length_permille.min(1_000 - bar_start_permille.min(1_000)),
        done_permille,
    }
}
