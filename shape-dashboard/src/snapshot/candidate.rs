//! One possible fix with its gates and its patch.

use serde::Serialize;
use shape_heal::{Candidate, CandidateState, Gate, GateResult, StrategyKind};

use super::{Badge, ComparisonView, DiffLine, Field, Tone, diff, heal::comparison};
use crate::figures;

/// One possible fix and how it fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CandidateView {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// How far it came.
    pub state: Badge,
    /// How it changes the code.
    pub strategy_label: String,
    /// What the ranking goes by.
    pub ranking: Vec<Field>,
    /// Every gate, tried or not, in order.
    pub gates: Vec<GateView>,
    /// The change.
    pub diff: Vec<DiffLine>,
    /// How large the change is, or that there is none.
    pub diff_label: String,
    /// The replay's comparisons.
    pub comparisons: Vec<ComparisonView>,
    /// Whether the page shows it open.
    pub is_leading: bool,
}

/// One gate of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GateView {
    /// What it checks.
    pub label: String,
    /// What it said.
    pub result: Badge,
    /// What was seen.
    pub detail: String,
    /// How long it took, or empty.
    pub time_label: String,
    /// The command behind it, or empty.
    pub command: String,
    /// How the command ended and its last lines, or empty.
    pub output: String,
}

const GATES: [(Gate, &str); 7] = [
    (Gate::Preconditions, "preconditions hold"),
    (Gate::Applies, "change applies"),
    (Gate::Guards, "within the guard rails"),
    (Gate::ReproducesBefore, "fault reproduced without it"),
    (Gate::Builds, "builds"),
    (Gate::TestsPass, "tests pass"),
    (Gate::ReplayImproves, "replayed load measures better"),
];

pub(super) fn candidate(candidate: &Candidate, is_leading: bool) -> CandidateView {
    let diff = diff::lines(&candidate.diff);
    let count = |kind| diff.iter().filter(|line| line.kind == kind).count();
    let (added, removed) = (
        count(diff::DiffLineKind::Added),
        count(diff::DiffLineKind::Removed),
    );
    CandidateView {
        id: candidate.id.clone(),
        title: candidate.title.clone(),
        state: match candidate.state {
            CandidateState::NotTried => Badge::new("not tried", Tone::Neutral),
            CandidateState::Refused => Badge::new("refused", Tone::Bad),
            CandidateState::Validated => Badge::new("validated", Tone::Good),
            CandidateState::Proposed => Badge::new("proposed", Tone::Active),
            CandidateState::Deployed => Badge::new("deployed", Tone::Good),
            CandidateState::RolledBack => Badge::new("rolled back", Tone::Watch),
            _ => Badge::new("other", Tone::Neutral),
        },
        strategy_label: match &candidate.strategy {
            Some(StrategyKind::Rewrite { at }) => {
                format!("recipe {}: rewrite at {at}", candidate.recipe)
            }
            Some(StrategyKind::Revert { suspect, commits }) => format!(
                "recipe {}: revert {} ({} in all)",
                candidate.recipe,
                suspect.short(),
                if commits.len() == 1 {
                    "1 commit".into()
                } else {
                    format!("{} commits", commits.len())
                }
            ),
            _ => format!("recipe {}", candidate.recipe),
        },
        ranking: vec![
            Field::new(
                "expected benefit",
                figures::number(candidate.expected_benefit),
            ),
            Field::new(
                "chance of success",
                figures::share(candidate.success_probability),
            ),
            Field::new(
                "experience",
                format!(
                    "{} good, {} bad",
                    figures::number(candidate.experience.0),
                    figures::number(candidate.experience.1)
                ),
            ),
            Field::new("would help", figures::share(candidate.benefit)),
            Field::new("cost of failure", figures::number(candidate.cost)),
        ],
        gates: gates(candidate),
        diff_label: if diff.is_empty() {
            "no change was made".into()
        } else {
            let test = candidate
                .test_path
                .as_ref()
                .map_or_else(String::new, |path| format!(", with the new test {path}"));
            format!("{added} lines added, {removed} removed{test}")
        },
        diff,
        comparisons: candidate.comparisons.iter().map(comparison).collect(),
        is_leading,
    }
}

fn gates(candidate: &Candidate) -> Vec<GateView> {
    let pending = if candidate.state == CandidateState::NotTried {
        "not tried"
    } else {
        "not reached"
    };
    GATES
        .iter()
        .map(
            |(gate, label)| match candidate.gates.iter().find(|it| it.gate == *gate) {
                Some(result) => tried(label, result),
                None => GateView {
                    label: (*label).to_owned(),
                    result: Badge::new(pending, Tone::Neutral),
                    detail: String::new(),
                    time_label: String::new(),
                    command: String::new(),
                    output: String::new(),
                },
            },
        )
        .collect()
}

fn tried(label: &str, result: &GateResult) -> GateView {
    GateView {
        label: label.to_owned(),
        result: match result.passed {
            Some(true) => Badge::new("passed", Tone::Good),
            Some(false) => Badge::new("refused", Tone::Bad),
            None => Badge::new("could not be tried", Tone::Watch),
        },
        detail: result.detail.clone(),
        time_label: figures::length(result.duration),
        command: result
            .command
            .as_ref()
            .map_or_else(String::new, |it| it.command.clone()),
        output: result.command.as_ref().map_or_else(String::new, |it| {
            let ended = it.exit_code.map_or_else(
                || "ended by a signal".into(),
                |code| format!("exit code {code}"),
            );
            format!(
                "{ended} after {}\n{}",
                figures::length(it.duration),
                it.output_tail
            )
        }),
    }
}
