//! What is out of the ordinary, with its evidence.

use serde::Serialize;
use shape_lineage::{LineageReport, Verdict};
use shape_telemetry::{
    Anomaly, AnomalyKind, CauseKind, Diagnosis, Exemplar, RecommendationKind, Severity,
};

use super::{
    Badge, Field, Tone,
    source::{SourceView, source},
};
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
        AnomalyKind::VanishedTemplate => "message that is gone",
        AnomalyKind::RateSurge => "more often than usual",
        AnomalyKind::RateDrop => "less often than usual",
        AnomalyKind::ErrorRatio => "more failures",
        AnomalyKind::LatencyShift => "slower",
        AnomalyKind::TimeGap => "gap in the log",
        AnomalyKind::RepeatedBlocking => "blocking, again and again",
        AnomalyKind::RareSession => "unusual requests",
        AnomalyKind::OrderViolation => "unusual order",
        AnomalyKind::MetricAnomaly => "unlike its past",
        AnomalyKind::ChangePoint => "changed its rate",
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
                    CauseKind::Change => "a change",
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

pub(super) fn count<T>(slice: &[T]) -> u64 {
    u64::try_from(slice.len()).unwrap_or(u64::MAX)
}
