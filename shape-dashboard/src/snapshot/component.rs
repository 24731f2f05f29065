//! One tile per component.

use std::collections::BTreeMap;

use serde::Serialize;
use shape_sli::{ComponentSli, HealthTier, Indicator};
use shape_telemetry::Severity;

use super::{Badge, SloRow, Tone, anomaly, status_rank};
use crate::{figures, state::Reports};

/// One component at a glance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ComponentTile {
    /// Its name.
    pub name: String,
    /// The worst status of its promises.
    pub status: Badge,
    /// The health score, `49.14`, or a dash.
    pub score_label: String,
    /// The score's tier.
    pub tier: Badge,
    /// The score in thousandths.
    pub score_permille: u32,
    /// What the score was computed from.
    pub terms: Vec<Term>,
    /// The model of the score, or empty.
    pub model: String,
    /// The worst promise in one sentence.
    pub sentence: String,
    /// 95th percentile of the latency.
    pub p95_label: String,
    /// Median, 99th percentile and maximum.
    pub latency_label: String,
    /// Requests and failures.
    pub requests_label: String,
    /// Its anomalies.
    pub anomalies: Badge,
}

/// One term of a health score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Term {
    /// Its name.
    pub name: String,
    /// Its value, rounded down.
    pub value_label: String,
    /// Its weight.
    pub weight_label: String,
    /// Its value in thousandths.
    pub value_permille: u32,
}

#[derive(Default)]
struct Known<'a> {
    sli: Option<&'a ComponentSli>,
    /// The first is the worst.
    slos: Vec<&'a SloRow>,
    anomalies: u64,
    severity: Option<Severity>,
}

pub(super) fn tiles(reports: &Reports, slos: &[SloRow]) -> Vec<ComponentTile> {
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for sli in reports.sli.iter().flat_map(|it| &it.components) {
        known.entry(sli.component.as_str()).or_default().sli = Some(sli);
    }
    for row in slos {
        known.entry(&row.component).or_default().slos.push(row);
    }
    for anomaly in reports.telemetry.iter().flat_map(|it| &it.anomalies) {
        let entry = known.entry(anomaly.component.as_str()).or_default();
        entry.anomalies += 1;
        entry.severity = entry.severity.max(Some(anomaly.severity));
    }
    let mut tiles: Vec<_> = known
        .into_iter()
        .map(|(name, it)| {
            // Without a promise it stands between "too little data" and "met".
            let rank = it.slos.first().map_or(3, |row| status_rank(row.judged));
            let score = it
                .sli
                .and_then(|sli| sli.health.as_ref())
                .map_or(u16::MAX, |health| health.score.hundredths());
            ((rank, score, name), tile(name, &it))
        })
        .collect();
    tiles.sort_by(|a, b| a.0.cmp(&b.0));
    tiles.into_iter().map(|(_, tile)| tile).collect()
}

fn tile(name: &str, known: &Known<'_>) -> ComponentTile {
    let health = known.sli.and_then(|it| it.health.as_ref());
    let latency = known.sli.and_then(|it| it.latency.as_ref());
    let requests = known
        .sli
        .and_then(|it| {
            it.slis
                .iter()
                .find(|sli| sli.indicator == Indicator::Availability)
        })
        .map(|sli| sli.events);
    ComponentTile {
        name: name.to_owned(),
        status: known.slos.first().map_or_else(
            || Badge::new("no promise", Tone::Neutral),
            |row| row.status.clone(),
        ),
        score_label: health.map_or_else(
            || "\u{2013}".into(),
            |it| {
                let hundredths = it.score.hundredths();
                format!("{}.{:02}", hundredths / 100, hundredths % 100)
            },
        ),
        tier: health.map_or_else(|| Badge::new("no score", Tone::Neutral), |it| tier(it.tier)),
        score_permille: health.map_or(0, |it| u32::from(it.score.hundredths() / 10)),
        terms: health.map_or_else(Vec::new, |it| {
            it.terms
                .iter()
                .map(|(name, value, weight)| Term {
                    name: name.clone(),
                    value_label: figures::share(*value),
                    weight_label: format!("weight {}", figures::share(*weight)),
                    value_permille: figures::permille(*value, 1.0),
                })
                .collect()
        }),
        model: health.map_or_else(String::new, |it| it.model.clone()),
        sentence: known.slos.first().map_or_else(
            || "Nothing is promised for this component.".into(),
            |row| format!("{}: {}", row.id, row.explanation),
        ),
        p95_label: latency.map_or_else(|| "no durations".into(), |it| figures::millis(it.p95_ms)),
        latency_label: latency.map_or_else(String::new, |it| {
            format!(
                "p50 {}, p99 {}, max {}",
                figures::millis(it.p50_ms),
                figures::millis(it.p99_ms),
                figures::millis(it.max_ms)
            )
        }),
        requests_label: match requests {
            Some(events) if events.total() != 0 => format!(
                "{}, {} failed",
                figures::counted(events.total(), "request", "requests"),
                figures::grouped(events.bad())
            ),
            _ => "no requests".into(),
        },
        anomalies: Badge::new(
            match known.anomalies {
                0 => "no anomaly".into(),
                count => figures::counted(count, "anomaly", "anomalies"),
            },
            known
                .severity
                .map_or(Tone::Neutral, |it| anomaly::severity(it).tone),
        ),
    }
}

fn tier(tier: HealthTier) -> Badge {
    match tier {
        HealthTier::Critical => Badge::new("critical", Tone::Bad),
        HealthTier::Poor => Badge::new("poor", Tone::Bad),
        HealthTier::Fair => Badge::new("fair", Tone::Watch),
        HealthTier::Good => Badge::new("good", Tone::Good),
        HealthTier::Excellent => Badge::new("excellent", Tone::Good),
    }
}
