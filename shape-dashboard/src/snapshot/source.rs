//! Where in the source an anomaly comes from.

use serde::Serialize;
use shape_lineage::{Drift, EvidenceKind, SourceRef, SuspectCommit, Trace, Verdict};

use super::{Badge, Field, Tone, anomaly::count};
use crate::figures;

/// Where in the source an anomaly comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SourceView {
    /// `unique`, `ambiguous` or `unmapped`.
    pub verdict: Badge,
    /// How it was found and how sure that is, or why it was not found.
    pub how: String,
    /// The statements, likeliest first.
    pub statements: Vec<StatementView>,
    /// The values of the statement's variables.
    pub variables: Vec<Field>,
    /// Whose code it is by `CODEOWNERS`, or empty.
    pub owners_label: String,
    /// What became of the statement between the deployed commit and the source that was searched, or empty.
    pub drift_label: String,
    /// The commits that may have brought it, most suspect first.
    pub suspects: Vec<CommitView>,
    /// What to say where there are none.
    pub suspects_label: String,
}

/// A log statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatementView {
    /// File and line.
    pub location_label: String,
    /// The enclosing function, or empty.
    pub symbol: String,
    /// The log call in the wrapper that the statement calls, or empty.
    pub emitted_label: String,
    /// The lines around it.
    pub lines: Vec<SourceLine>,
}

/// A line of source code.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SourceLine {
    /// Its number, from 1.
    pub number: u32,
    /// Its text.
    pub text: String,
    /// Whether it belongs to the statement.
    pub is_statement: bool,
}

/// A commit that may have brought the trouble.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CommitView {
    /// The first digits of its hash.
    pub short_id: String,
    /// The first line of its message.
    pub summary: String,
    /// Author and time.
    pub by_label: String,
    /// How suspect.
    pub score: Badge,
    /// Why.
    pub reason: String,
    /// What else is known of it.
    pub notes: Vec<String>,
}

pub(super) fn source(trace: &Trace) -> SourceView {
    let sure = figures::share(trace.confidence);
    let (verdict, how, statements): (_, _, Vec<&SourceRef>) = match &trace.verdict {
        Verdict::Unique {
            statement,
            evidence,
        } => (
            Badge::new("unique", Tone::Good),
            format!("{}; {sure} sure", found(evidence)),
            vec![statement],
        ),
        Verdict::Ambiguous {
            candidates,
            evidence,
        } => (
            Badge::new("ambiguous", Tone::Watch),
            format!(
                "{}; {} fit equally well",
                found(evidence),
                figures::counted(count(candidates), "statement", "statements")
            ),
            candidates.iter().collect(),
        ),
        Verdict::Unmapped { reason } => (
            Badge::new("unmapped", Tone::Neutral),
            reason.clone(),
            Vec::new(),
        ),
    };
    SourceView {
        verdict,
        how,
        statements: statements.into_iter().map(statement).collect(),
        variables: trace
            .variables
            .iter()
            .map(|(name, value)| Field::new(name.clone(), value.clone()))
            .collect(),
        owners_label: match trace.owners.as_slice() {
            [] => String::new(),
            owners => format!("owned by {}", owners.join(", ")),
        },
        drift_label: trace.drift.as_ref().map_or_else(String::new, drift),
        suspects: trace.suspects.iter().map(commit).collect(),
        suspects_label: if trace.suspects.is_empty() {
            "No commit is suspected: the source has no history, or no line to follow.".into()
        } else {
            String::new()
        },
    }
}

fn drift(drift: &Drift) -> String {
    match drift {
        Drift::Pinned | Drift::Current => "the deployed commit has this very file".into(),
        Drift::Lost => "the deployed commit has no such statement".into(),
        other => format!("in the deployed commit: {other}"),
    }
}

fn found(evidence: &EvidenceKind) -> String {
    match evidence {
        EvidenceKind::EmitterMetadata => "the record names file and line".into(),
        EvidenceKind::StackFrame => "a stack frame names file and line".into(),
        EvidenceKind::Text { literal_chars } => {
            format!("the message fits the statement's text ({literal_chars} constant characters)")
        }
        _ => "found by other evidence".into(),
    }
}

fn statement(statement: &SourceRef) -> StatementView {
    let first = statement.location.line.get();
    let own = first..=statement.end_line.get();
    StatementView {
        location_label: statement.location.to_string(),
        symbol: statement.symbol.clone().unwrap_or_default(),
        emitted_label: match statement.emit_sites.as_slice() {
            [] => String::new(),
            sites => {
                let sites: Vec<String> = sites.iter().map(ToString::to_string).collect();
                format!("written at {}", sites.join(" or "))
            }
        },
        lines: statement
            .excerpt
            .lines()
            .zip(statement.excerpt_start.get()..)
            .map(|(text, number)| SourceLine {
                number,
                text: text.to_owned(),
                is_statement: own.contains(&number),
            })
            .collect(),
    }
}

fn commit(commit: &SuspectCommit) -> CommitView {
    let mut notes = Vec::new();
    if commit.since_baseline {
        notes.push("newer than the baseline".to_owned());
    }
    if commit.only_whitespace {
        notes.push("changes the layout only".to_owned());
    }
    if commit.is_root {
        notes.push("the first commit: never reverted".to_owned());
    }
    CommitView {
        short_id: commit.id.short().to_owned(),
        summary: commit.summary.clone(),
        by_label: format!("{}, {}", commit.author, figures::instant(commit.time)),
        score: Badge::new(
            format!("{} suspect", figures::share(commit.score)),
            if 0.5 <= commit.score {
                Tone::Bad
            } else {
                Tone::Neutral
            },
        ),
        reason: commit.reason.clone(),
        notes,
    }
}
