//! What is out of the ordinary, with its evidence.

use serde::Serialize;
use shape_lineage::{EvidenceKind, LineageReport, SourceRef, SuspectCommit, Trace, Verdict};
use shape_telemetry::{
    Anomaly, AnomalyKind, CauseKind, Diagnosis, Exemplar, RecommendationKind, Severity,
};

use super::{Badge, Field, Tone};
use crate::{figures, state::Reports};

/// More anomalies than this are left to `anomalies.json`.
const MOST_ANOMALIES: usize = 200;

/// One anomaly with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AnomalyView {
    /// The stable fingerprint.
    pub id: String,
    /// How serious.
    pub severity: Badge,
    /// What kind.
    pub kind_label: String,
    /// The component.
    pub component: String,
    /// One sentence.
    pub summary: String,
    /// When, or empty.
    pub period_label: String,
    /// How many records, how many requests.
    pub count_label: String,
    /// The corrected p value.
    pub q_label: String,
    /// The test behind it.
    pub evidence: Vec<Field>,
    /// Log lines that show it.
    pub lines: Vec<LogLine>,
    /// Where in the source it comes from; `None` before lineage.
    pub source: Option<SourceView>,
    /// The place in a few words.
    pub source_label: String,
}

/// A log line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogLine {
    /// Source and line number.
    pub position_label: String,
    /// When, or empty.
    pub time_label: String,
    /// The level, or empty.
    pub level: String,
    /// The message as logged: text, never markup.
    pub message: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

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

/// The causes of a component's trouble and what may help.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DiagnosisView {
    /// The component.
    pub component: String,
    /// Likeliest first.
    pub causes: Vec<CauseView>,
    /// Best first.
    pub recommendations: Vec<CauseView>,
}

/// A cause or a recommendation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CauseView {
    /// What kind.
    pub kind_label: String,
    /// One sentence.
    pub summary: String,
    /// Its weight or benefit.
    pub weight_label: String,
    /// The same in thousandths.
    pub weight_permille: u32,
}

pub(super) fn severity(severity: Severity) -> Badge {
    match severity {
        Severity::Critical => Badge::new("critical", Tone::Bad),
        Severity::High => Badge::new("high", Tone::Bad),
        Severity::Medium => Badge::new("medium", Tone::Watch),
        Severity::Low => Badge::new("low", Tone::Neutral),
    }
}

pub(super) fn kind_label(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::NewTemplate => "new message",
        AnomalyKind::SilentComponent => "silent component",
        AnomalyKind::RateSurge => "more often than usual",
        AnomalyKind::RateDrop => "less often than usual",
        AnomalyKind::ErrorRatio => "more failures",
        AnomalyKind::LatencyShift => "slower",
        AnomalyKind::TimeGap => "gap in the log",
        AnomalyKind::RepeatedBlocking => "blocking, again and again",
        _ => "other",
    }
}

pub(super) fn anomalies(reports: &Reports) -> Vec<AnomalyView> {
    let Some(telemetry) = &reports.telemetry else {
        return Vec::new();
    };
    let mut worst_first: Vec<&Anomaly> = telemetry.anomalies.iter().collect();
    // Stable: among equals the report's order stands.
    worst_first.sort_by_key(|it| std::cmp::Reverse(it.severity));
    worst_first
        .into_iter()
        .take(MOST_ANOMALIES)
        .map(|it| anomaly(it, reports.lineage.as_deref()))
        .collect()
}

fn anomaly(anomaly: &Anomaly, lineage: Option<&LineageReport>) -> AnomalyView {
    let trace = lineage.and_then(|report| report.trace(&anomaly.id));
    let test = &anomaly.evidence;
    let affected = match anomaly.affected_requests {
        0 => String::new(),
        count => format!(
            ", {} affected",
            figures::counted(count, "request", "requests")
        ),
    };
    AnomalyView {
        id: anomaly.id.as_str().to_owned(),
        severity: severity(anomaly.severity),
        kind_label: kind_label(anomaly.kind).to_owned(),
        component: anomaly.component.as_str().to_owned(),
        summary: anomaly.summary.clone(),
        period_label: anomaly
            .period
            .map_or_else(String::new, |it| figures::period(it.start, it.end)),
        count_label: format!(
            "{}{affected}",
            figures::counted(anomaly.count, "record", "records")
        ),
        q_label: format!("q {}", figures::probability(test.q_value)),
        evidence: vec![
            Field::new("test", test.test.clone()),
            Field::new(test.effect_name.clone(), figures::number(test.effect)),
            Field::new("observations", figures::grouped(test.n)),
            Field::new(
                "in the baseline",
                match test.n_baseline {
                    0 => "no baseline".into(),
                    n => figures::grouped(n),
                },
            ),
            Field::new("statistic", figures::number(test.statistic)),
            Field::new("p", figures::probability(test.p_value)),
            Field::new(
                "q (p corrected for the number of tests)",
                figures::probability(test.q_value),
            ),
        ],
        lines: anomaly.exemplars.iter().map(line).collect(),
        source_label: trace.map_or_else(String::new, |it| match &it.verdict {
            Verdict::Unique { statement, .. } => statement.location.to_string(),
            Verdict::Ambiguous { candidates, .. } => format!(
                "one of {}",
                figures::counted(count(candidates), "place", "places")
            ),
            Verdict::Unmapped { .. } => "no source line found".into(),
        }),
        source: trace.map(source),
    }
}

fn line(exemplar: &Exemplar) -> LogLine {
    let mut fields: Vec<Field> = exemplar
        .fields
        .iter()
        .map(|(name, value)| Field::new(name.clone(), value.clone()))
        .collect();
    if let Some(duration) = exemplar.duration {
        fields.push(Field::new("took", figures::length(duration)));
    }
    if let Some(emitter) = &exemplar.emitter {
        fields.push(Field::new("emitted at", emitter.to_string()));
    }
    for frame in &exemplar.frames {
        fields.push(Field::new("frame", frame.to_string()));
    }
    LogLine {
        position_label: exemplar.position.to_string(),
        time_label: exemplar.time.map_or_else(String::new, figures::instant),
        level: exemplar
            .level
            .map_or_else(String::new, |it| it.as_str().to_owned()),
        message: exemplar.message.clone(),
        fields,
    }
}

fn source(trace: &Trace) -> SourceView {
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
        suspects: trace.suspects.iter().map(commit).collect(),
        suspects_label: if trace.suspects.is_empty() {
            "No commit is suspected: the source has no history, or no line to follow.".into()
        } else {
            String::new()
        },
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

pub(super) fn diagnoses(reports: &Reports) -> Vec<DiagnosisView> {
    let diagnoses = reports.telemetry.iter().flat_map(|it| &it.diagnoses);
    diagnoses.map(diagnosis).collect()
}

fn diagnosis(diagnosis: &Diagnosis) -> DiagnosisView {
    DiagnosisView {
        component: diagnosis.component.as_str().to_owned(),
        causes: diagnosis
            .causes
            .iter()
            .map(|it| CauseView {
                kind_label: match it.kind {
                    CauseKind::Blocking => "blocking",
                    CauseKind::NewBehaviour => "new behaviour",
                    CauseKind::Failing => "failing",
                    CauseKind::Upstream => "upstream",
                    CauseKind::FieldValue => "a field's value",
                    _ => "other",
                }
                .to_owned(),
                summary: it.summary.clone(),
                weight_label: format!("weight {}", figures::share(it.weight)),
                weight_permille: figures::permille(it.weight, 1.0),
            })
            .collect(),
        recommendations: diagnosis
            .recommendations
            .iter()
            .map(|it| CauseView {
                kind_label: match it.kind {
                    RecommendationKind::FixCode => "fix the code",
                    RecommendationKind::Revert => "revert",
                    RecommendationKind::Investigate => "look closer",
                    _ => "other",
                }
                .to_owned(),
                summary: it.summary.clone(),
                weight_label: format!(
                    "helps {} ({})",
                    figures::counted(it.requests_helped, "request", "requests"),
                    figures::share(it.benefit)
                ),
                weight_permille: figures::permille(it.benefit, 1.0),
            })
            .collect(),
    }
}

pub(super) fn telemetry_label(reports: &Reports) -> String {
    let Some(report) = &reports.telemetry else {
        return String::new();
    };
    let lines = report.lines;
    let shown = report.anomalies.len().min(MOST_ANOMALIES);
    let rest = match report.anomalies.len() - shown {
        0 => String::new(),
        rest => format!("; {rest} more anomalies in anomalies.json"),
    };
    format!(
        "{} from {}: {} parsed, {} kept as unparsed{rest}",
        figures::counted(lines.total, "line", "lines"),
        figures::counted(count(&report.sources), "source", "sources"),
        figures::grouped(lines.parsed),
        figures::grouped(lines.unparsed),
    )
}

fn count<T>(slice: &[T]) -> u64 {
    u64::try_from(slice.len()).unwrap_or(u64::MAX)
}
