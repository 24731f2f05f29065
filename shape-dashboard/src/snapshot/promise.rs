//! The promises with their budgets.

use std::collections::BTreeMap;

use serde::Serialize;
use shape_budget::{AlertSeverity, BurnRate, BurnWindow, SloBudget};
use shape_compliance::{SloStatus, Status};
use shape_sli::{Events, Indicator};
use shape_slo::{CalendarUnit, Slo, Standing, Target, Window};
use shape_telemetry::ComponentId;

use super::{Badge, Tone, status_badge, status_rank};
use crate::{figures, state::Reports};

/// One promise with its budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SloRow {
    /// Its name, `canvas/latency-100ms` for example.
    pub id: String,
    /// Its component.
    pub component: String,
    /// Whether it holds.
    pub status: Badge,
    /// Since when, or empty.
    pub since_label: String,
    /// What is counted.
    pub indicator_label: String,
    /// The target.
    pub target_label: String,
    /// Over which time.
    pub window_label: String,
    /// Whether somebody stands behind it.
    pub standing_label: String,
    /// Why the target is what it is, or empty.
    pub rationale: String,
    /// Good of all events, or what is missing.
    pub events_label: String,
    /// The good share, rounded down.
    pub sli_label: String,
    /// Bad events allowed.
    pub allowed_label: String,
    /// Bad events that may still come; signed; empty without events.
    pub remaining_label: String,
    /// The same as a share of the budget; signed.
    pub remaining_percent_label: String,
    /// The tone of what remains.
    pub remaining_tone: Tone,
    /// The budget used, rounded up, or why there is none.
    pub consumed_label: String,
    /// The budget used in thousandths, at most 1,000.
    pub consumed_permille: u32,
    /// The burn by look-back.
    pub burn: Vec<BurnBar>,
    /// The alerts that fire.
    pub alerts: Vec<Badge>,
    /// When the budget is spent or whole again, in a few words; or empty.
    pub outlook_label: String,
    /// What is to be expected, in one sentence.
    pub forecast: String,
    /// The figures in one sentence, by the crate that judged it.
    pub explanation: String,
    #[serde(skip)]
    pub(super) judged: Option<Status>,
    #[serde(skip)]
    pub(super) consumed_ppm: Option<u64>,
}

/// The burn over one look-back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BurnBar {
    /// The look-back.
    pub window_label: String,
    /// The burn, rounded up.
    pub label: String,
    /// The tone: above 1 the budget will not last.
    pub tone: Tone,
    /// The length of the bar in thousandths of the longest shown.
    pub length_permille: u32,
    /// Where a burn of 1 lies, in thousandths.
    pub one_permille: u32,
}

pub(super) fn indicator_label(indicator: Indicator) -> String {
    match indicator {
        Indicator::Availability => "requests that did not fail".into(),
        Indicator::Latency { .. } => format!(
            "good requests within {}",
            figures::length(indicator.limit().unwrap_or_default())
        ),
        _ => "good events".into(),
    }
}

fn window_label(window: &Window) -> String {
    match window {
        Window::Rolling { seconds } => format!("rolling {}", figures::window(*seconds)),
        Window::Calendar { unit, time_zone } => {
            let unit = match unit {
                CalendarUnit::Day => "day",
                CalendarUnit::Week => "week",
                CalendarUnit::Month => "month",
                CalendarUnit::Quarter => "quarter",
                CalendarUnit::Year => "year",
            };
            format!("calendar {unit} ({time_zone})")
        }
    }
}

/// What the reports say of one promise.
#[derive(Default)]
struct Known<'a> {
    slo: Option<&'a Slo>,
    status: Option<&'a SloStatus>,
    budget: Option<&'a SloBudget>,
}

pub(super) fn rows(reports: &Reports) -> Vec<SloRow> {
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for slo in reports.slo.iter().flat_map(|set| &set.slos) {
        known.entry(slo.id.as_str()).or_default().slo = Some(slo);
    }
    for status in reports.compliance.iter().flat_map(|it| &it.statuses) {
        let entry = known.entry(status.slo.as_str()).or_default();
        entry.status = Some(status);
        entry.budget = Some(&status.budget);
    }
    // The status carries the budget it was judged by; a newer report of budgets takes its place.
    let judged_at = reports.compliance.as_ref().map(|it| it.now);
    for report in reports.budget.iter().filter(|it| judged_at < Some(it.now)) {
        for budget in &report.budgets {
            known.entry(budget.slo.as_str()).or_default().budget = Some(budget);
        }
    }
    let mut rows: Vec<SloRow> = known.iter().filter_map(|(id, it)| row(id, it)).collect();
    rows.sort_by(|a, b| {
        status_rank(a.judged)
            .cmp(&status_rank(b.judged))
            .then(b.consumed_ppm.cmp(&a.consumed_ppm))
            .then(a.id.cmp(&b.id))
    });
    rows
}

fn row(id: &str, known: &Known<'_>) -> Option<SloRow> {
    let (component, indicator, target): (&ComponentId, Indicator, Target) =
        match (known.budget, known.slo) {
            (Some(it), _) => (&it.component, it.indicator, it.target),
            (None, Some(it)) => (&it.component, it.indicator, it.target),
            (None, None) => return None,
        };
    let judged = known.status.map(|it| it.status);
    let budget = known.budget;
    let counted = budget.filter(|it| it.events.total() != 0);
    let consumed_ppm = budget.and_then(|it| it.consumed_ppm);
    let standing_label = match known.slo.map(|it| &it.standing) {
        None => String::new(),
        Some(Standing::Derived) => "derived from history, not ratified".into(),
        Some(Standing::Ratified { by, at }) => {
            format!("ratified by {by}, {}", figures::instant(*at))
        }
    };
    Some(SloRow {
        id: id.to_owned(),
        component: component.as_str().to_owned(),
        status: status_badge(judged),
        since_label: known.status.map_or_else(String::new, |it| {
            format!("since {}", figures::instant(it.since))
        }),
        indicator_label: indicator_label(indicator),
        target_label: figures::exact_percent(target.ppb()),
        window_label: known
            .slo
            .map_or_else(String::new, |it| window_label(&it.window)),
        standing_label,
        rationale: known
            .slo
            .and_then(|it| it.rationale.as_ref())
            .map_or_else(String::new, |it| it.explanation.clone()),
        events_label: budget
            .map_or_else(|| "not measured yet".into(), |it| events_label(it.events)),
        sli_label: budget
            .and_then(|it| figures::good_share(it.events.good(), it.events.total()))
            .unwrap_or_else(|| "no events".into()),
        allowed_label: budget.map_or_else(String::new, |it| figures::grouped(it.allowed)),
        remaining_label: counted.map_or_else(String::new, |it| figures::signed(it.remaining)),
        remaining_percent_label: consumed_ppm.map_or_else(String::new, figures::left_percent),
        remaining_tone: match (budget, consumed_ppm) {
            (Some(it), _) if it.remaining < 0 => Tone::Bad,
            (Some(_), Some(800_000..)) => Tone::Watch,
            (Some(_), Some(_)) => Tone::Good,
            _ => Tone::Neutral,
        },
        consumed_label: match (budget, counted, consumed_ppm) {
            (.., Some(ppm)) => figures::used_percent(ppm),
            (None, ..) => "not counted yet".into(),
            (_, None, _) => "no events to count".into(),
            (_, Some(_), None) => "no failure is allowed".into(),
        },
        consumed_permille: consumed_ppm.map_or(0, |ppm| {
            u32::try_from(ppm.div_ceil(1_000))
                .unwrap_or(u32::MAX)
                .min(1_000)
        }),
        burn: budget.map_or_else(Vec::new, |it| bars(&it.burn)),
        alerts: budget.map_or_else(Vec::new, |it| it.alerts.iter().map(alert).collect()),
        outlook_label: budget.map_or_else(String::new, outlook),
        forecast: budget.map_or_else(String::new, |it| it.forecast.explanation.clone()),
        explanation: known.status.map_or_else(
            || "nobody has judged this promise yet".into(),
            |it| it.explanation.clone(),
        ),
        judged,
        consumed_ppm,
    })
}

pub(super) fn events_label(events: Events) -> String {
    if events.total() == 0 {
        "no events".into()
    } else {
        format!(
            "{} of {} good",
            figures::grouped(events.good()),
            figures::grouped(events.total())
        )
    }
}

fn alert(alert: &shape_budget::Alert) -> Badge {
    let (word, tone) = match alert.severity {
        AlertSeverity::Page => ("page", Tone::Bad),
        AlertSeverity::Ticket => ("ticket", Tone::Watch),
    };
    Badge::new(format!("{word}: {}", alert.explanation), tone)
}

fn outlook(budget: &SloBudget) -> String {
    let forecast = &budget.forecast;
    if let Some(at) = forecast.recovers_at {
        format!("recovers {}", figures::instant(at))
    } else if let Some(at) = forecast.exhausted_at {
        format!("spent {}", figures::instant(at))
    } else if budget.remaining < 0 {
        "overspent".into()
    } else {
        String::new()
    }
}

fn bars(burn: &[BurnWindow]) -> Vec<BurnBar> {
    let rates = burn.iter().filter_map(|it| it.burn).map(BurnRate::get);
    // At least 2, so that a quiet budget is not drawn as a full bar.
    let scale = rates.fold(2.0_f64, f64::max);
    burn.iter()
        .map(|it| {
            let rate = it.burn.map(BurnRate::get);
            BurnBar {
                window_label: figures::window(it.seconds),
                label: rate.map_or_else(|| "no data".into(), figures::multiple),
                tone: match rate {
                    None => Tone::Neutral,
                    Some(rate) if 1.0 < rate => Tone::Bad,
                    Some(rate) if 0.8 < rate => Tone::Watch,
                    Some(_) => Tone::Good,
                },
                length_permille: rate.map_or(0, |rate| figures::permille(rate, scale)),
                one_permille: figures::permille(1.0, scale),
            }
        })
        .collect()
}
