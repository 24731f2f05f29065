//! The shape of a workflow, drawn.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

use crate::{EventKind, input::Need};

/// The steps of a workflow and how they depend on each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// The name of the workflow.
    pub name: String,
    /// The steps in the order in which they run.
    pub steps: Vec<OutlineStep>,
    /// Who depends on whom, sorted.
    pub edges: Vec<OutlineEdge>,
}

/// One step of an [`Outline`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlineStep {
    /// Its name.
    pub name: String,
    /// The short name of the type it yields.
    pub output_type: String,
}

/// One dependency of an [`Outline`]; steps are named by their place in [`Outline::steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlineEdge {
    /// The step that comes first.
    pub from: usize,
    /// The step that depends on it.
    pub to: usize,
    /// How.
    pub kind: DependencyKind,
}

/// How a step depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// It needs the value.
    Value,
    /// It takes the value when there is one.
    Optional,
    /// It takes note of how the other ended.
    Outcome,
    /// It runs later.
    Order,
}

impl From<Need> for DependencyKind {
    fn from(need: Need) -> Self {
        match need {
            Need::Value => Self::Value,
            Need::NoFailure => Self::Optional,
            Need::End => Self::Outcome,
            Need::Order => Self::Order,
        }
    }
}

/// Where a step stands.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// It has not begun.
    #[default]
    Pending,
    /// It is under way.
    Running,
    /// It has a value.
    Finished,
    /// It was left out.
    Skipped,
    /// It failed.
    Failed,
}

impl StepStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Running,
        Self::Finished,
        Self::Skipped,
        Self::Failed,
    ];

    /// What an event says of a step: keep the last one of each step in a map and hand it to [`Outline::to_dot`] for a
    /// live picture.
    pub fn of(event: &EventKind) -> Option<(&str, Self)> {
        match event {
            EventKind::StepStarted { step } => Some((step, Self::Running)),
            EventKind::StepFinished { step, .. } => Some((step, Self::Finished)),
            EventKind::StepSkipped { step, .. } => Some((step, Self::Skipped)),
            EventKind::StepFailed { step, .. } => Some((step, Self::Failed)),
            _ => None,
        }
    }

    /// The name in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// Light enough for dark text on it.
    fn colour(self) -> &'static str {
        match self {
            Self::Pending => "#f6f8fa",
            Self::Running => "#ffd33d",
            Self::Finished => "#8ddb8c",
            Self::Skipped => "#d0d7de",
            Self::Failed => "#ff8182",
        }
    }
}

impl Outline {
    /// The graph for Graphviz, steps coloured by their status; one that is not in the map is pending.
    ///
    /// Needed values are solid lines, optional ones and outcomes dashed, mere order dotted.
    pub fn to_dot(&self, statuses: &BTreeMap<String, StepStatus>) -> String {
        let mut dot = format!(
            "digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n",
            dot_text(&self.name)
        );
        for (idx, step) in self.steps.iter().enumerate() {
            let status = statuses.get(&step.name).copied().unwrap_or_default();
            // Writing to a string can not go wrong, here and below.
            let _ = writeln!(
                dot,
                "  s{idx} [label=\"{}\\n{}\", fillcolor=\"{}\"];",
                dot_text(&step.name),
                dot_text(&step.output_type),
                status.colour()
            );
        }
        for edge in &self.edges {
            let style = match edge.kind {
                DependencyKind::Value => "",
                DependencyKind::Optional | DependencyKind::Outcome => " [style=dashed]",
                DependencyKind::Order => " [style=dotted]",
            };
            let _ = writeln!(dot, "  s{} -> s{}{style};", edge.from, edge.to);
        }
        dot.push_str("}\n");
        dot
    }

    /// The graph as a Mermaid flowchart, steps coloured by their status; one that is not in the map is pending.
    pub fn to_mermaid(&self, statuses: &BTreeMap<String, StepStatus>) -> String {
        let mut mermaid = String::from("flowchart LR\n");
        for (idx, step) in self.steps.iter().enumerate() {
            let _ = writeln!(
                mermaid,
                "  s{idx}[\"{}<br/><small>{}</small>\"]",
                mermaid_text(&step.name),
                mermaid_text(&step.output_type)
            );
        }
        for edge in &self.edges {
            let arrow = match edge.kind {
                DependencyKind::Value => "-->",
                DependencyKind::Optional => "-. optional .->",
                DependencyKind::Outcome => "-. outcome .->",
                DependencyKind::Order => "-. then .->",
            };
            let _ = writeln!(mermaid, "  s{} {arrow} s{}", edge.from, edge.to);
        }
        for status in StepStatus::ALL {
            let members: Vec<String> = self
                .steps
                .iter()
                .enumerate()
                .filter(|(_, step)| statuses.get(&step.name) == Some(&status))
                .map(|(idx, _)| format!("s{idx}"))
                .collect();
            if !members.is_empty() {
                let _ = writeln!(
                    mermaid,
                    "  classDef {0} fill:{1},color:#24292f\n  class {2} {0}",
                    status.as_str(),
                    status.colour(),
                    members.join(",")
                );
            }
        }
        mermaid
    }
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Mermaid has its own entities, and reads `<` as markup.
fn mermaid_text(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, c| {
        match c {
            '#' => safe.push_str("#35;"),
            '"' => safe.push_str("#quot;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '`' => safe.push_str("#96;"),
            _ => safe.push(c),
        }
        safe
    })
}
