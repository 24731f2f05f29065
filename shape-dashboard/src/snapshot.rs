//! What the page shows, computed in full: sentences, figures, order, colours and the geometry of bars.
//!
//! The page itself computes nothing. Labels are for people, in UTC, and rounded towards bad; what other programs
//! should read are the reports themselves (`api/artifacts/…`).

use jiff::Timestamp;
use serde::Serialize;
use shape_compliance::Status;

use crate::{artifacts, figures, state::State, stream};

pub use self::{
    anomaly::{AnomalyView, CauseView, DiagnosisView, LogLine},
    candidate::{CandidateView, GateView},
    chart::{Chart, Series},
    component::{ComponentTile, Term},
    diff::{DiffLine, DiffLineKind},
    heal::{ActivityView, ComparisonView, HealView, LessonView},
    progress::{LoopView, Phase, StepView, StripState, TransitionView},
    promise::{BurnBar, SloRow},
    source::{CommitView, SourceLine, SourceView, StatementView},
};

mod anomaly;
mod candidate;
mod chart;
mod component;
mod diff;
mod heal;
mod progress;
mod promise;
mod source;

/// The whole page at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The version of this format.
    pub schema_version: u32,
    /// The service.
    pub service: String,
    /// The number of the last event; 0 before the first.
    pub seq: u64,
    /// Counts the changes of the dashboard, over all runs.
    pub revision: u64,
    /// The time of the last event.
    pub updated_at: Option<Timestamp>,
    /// The same for people, or what is awaited.
    pub updated_label: String,
    /// Whether this is a finished run, read from its artifacts.
    pub is_replay: bool,
    /// Milliseconds between heartbeats of `api/events`.
    pub heartbeat_ms: u64,
    /// Without a heartbeat for so many milliseconds, what is shown is stale.
    pub stale_after_ms: u64,
    /// How many promises hold, as badges, the worst first.
    pub totals: Vec<Badge>,
    /// Where the loop stands.
    #[serde(rename = "loop")]
    pub loop_view: LoopView,
    /// The steps of the run, in order.
    pub steps: Vec<StepView>,
    /// The components, the worst first.
    pub components: Vec<ComponentTile>,
    /// The promises, the worst first.
    pub slos: Vec<SloRow>,
    /// Their charts, in the same order.
    pub charts: Vec<Chart>,
    /// The anomalies, the most severe first.
    pub anomalies: Vec<AnomalyView>,
    /// The diagnoses, the most severe first.
    pub diagnoses: Vec<DiagnosisView>,
    /// What was read, in one sentence; empty before telemetry.
    pub telemetry_label: String,
    /// What healing did.
    pub heal: Option<HealView>,
    /// What happened while healing, the latest first.
    pub activity: Vec<ActivityView>,
    /// The reports behind all this.
    pub artifacts: Vec<ArtifactLink>,
    /// What empty sections wait for.
    pub awaited: Awaited,
}

/// Good or bad, for colour and shape; the text beside it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Watch,
    /// Broken.
    Bad,
    /// Under way.
    Active,
    /// Neither: unknown, waiting, left out.
    Neutral,
}

/// A word or two with a tone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// The words.
    pub text: String,
    /// The tone.
    pub tone: Tone,
}

/// A labelled figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What it is.
    pub name: String,
    /// The figure, with its unit.
    pub value: String,
}

/// A report that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArtifactLink {
    /// The file name.
    pub name: String,
    /// What it says.
    pub title: String,
    /// The address, relative to the page.
    pub href: String,
    /// Whether it is there yet.
    pub is_there: bool,
}

/// What each section waits for; `None` where there is something to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Awaited {
    /// The steps.
    pub steps: Option<String>,
    /// The components.
    pub components: Option<String>,
    /// The promises.
    pub slos: Option<String>,
    /// The charts.
    pub charts: Option<String>,
    /// The anomalies.
    pub anomalies: Option<String>,
    /// Healing.
    pub heal: Option<String>,
}

impl Snapshot {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    pub(crate) fn of(service: &str, revision: u64, state: &State) -> Self {
        let reports = &state.reports;
        let loop_view = progress::loop_view(state);
        let steps = progress::steps(state);
        let slos = promise::rows(reports);
        let components = component::tiles(reports, &slos);
        let charts = chart::charts(reports, &slos);
        let anomalies = anomaly::anomalies(reports);
        let heal = heal::view(reports.heal.as_deref());
        let activity = heal::activity(state);
        Self {
            schema_version: Self::SCHEMA_VERSION,
            service: service.to_owned(),
            seq: state.seq,
            revision,
            updated_at: state.updated_at,
            updated_label: state.updated_at.map_or_else(
                || "no event yet".to_owned(),
                |at| format!("as of {}", figures::instant(at)),
            ),
            is_replay: state.is_replay,
            heartbeat_ms: millis(stream::HEARTBEAT),
            stale_after_ms: millis(stream::STALE_AFTER),
            totals: totals(&slos),
            awaited: awaited(
                state,
                &steps,
                &components,
                &slos,
                &charts,
                &anomalies,
                heal.is_some() || !activity.is_empty(),
            ),
            loop_view,
            steps,
            components,
            slos,
            charts,
            anomalies,
            diagnoses: anomaly::diagnoses(reports),
            telemetry_label: anomaly::telemetry_label(reports),
            heal,
            activity,
            artifacts: artifacts::NAMES
                .iter()
                .map(|(name, title)| ArtifactLink {
                    name: (*name).to_owned(),
                    title: (*title).to_owned(),
                    href: format!("api/artifacts/{name}"),
                    is_there: artifacts::is_there(reports, name),
                })
                .collect(),
        }
    }
}

impl Badge {
    pub(crate) fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl Field {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// The badge of a status; `None` is a promise that nobody has judged yet.
fn status_badge(status: Option<Status>) -> Badge {
    match status {
        Some(Status::Breached) => Badge::new("breached", Tone::Bad),
        Some(Status::AtRisk) => Badge::new("at risk", Tone::Watch),
        Some(Status::Met) => Badge::new("met", Tone::Good),
        Some(Status::NoData) => Badge::new("too little data", Tone::Neutral),
        None => Badge::new("not judged yet", Tone::Neutral),
    }
}

/// Worst first. What is not known stands before what is known to be good.
fn status_rank(status: Option<Status>) -> u8 {
    match status {
        Some(Status::Breached) => 0,
        Some(Status::AtRisk) => 1,
        Some(Status::NoData) => 2,
        None => 3,
        Some(Status::Met) => 4,
    }
}

fn totals(slos: &[SloRow]) -> Vec<Badge> {
    let mut totals: Vec<(Badge, u64)> = Vec::new();
    for row in slos {
        match totals.iter_mut().find(|(badge, _)| *badge == row.status) {
            Some((_, count)) => *count += 1,
            None => totals.push((row.status.clone(), 1)),
        }
    }
    totals
        .into_iter()
        .map(|(badge, count)| Badge::new(format!("{count} {}", badge.text), badge.tone))
        .collect()
}

fn awaited(
    state: &State,
    steps: &[StepView],
    components: &[ComponentTile],
    slos: &[SloRow],
    charts: &[Chart],
    anomalies: &[AnomalyView],
    has_healing: bool,
) -> Awaited {
    let reports = &state.reports;
    let when = |is_empty: bool, text: &str| is_empty.then(|| text.to_owned());
    Awaited {
        steps: when(
            steps.is_empty(),
            if state.is_replay {
                "A finished run, read from its artifacts: they do not tell its steps."
            } else {
                "No events yet: the steps appear when a run of the loop begins."
            },
        ),
        components: when(
            components.is_empty(),
            if reports.sli.is_some() {
                "The logs name no component that serves requests."
            } else {
                "No events yet: components appear when the first logs are measured (sli-metrics.json)."
            },
        ),
        slos: when(
            slos.is_empty(),
            if reports.slo.is_some() {
                "No promise is made: the set of objectives is empty."
            } else {
                "No promises yet: they appear when objectives are read or recommended (slo-targets.json)."
            },
        ),
        charts: when(
            charts.is_empty(),
            "No charts yet: they need objectives and measurements with times (error-budgets.json, sli-metrics.json).",
        ),
        anomalies: when(
            anomalies.is_empty(),
            if reports.telemetry.is_some() {
                "Nothing out of the ordinary was found in the logs."
            } else {
                "No findings yet: they appear when the logs have been read (anomalies.json)."
            },
        ),
        heal: when(
            !has_healing,
            "Nothing is being healed: candidates, their checks and the patch appear here when a ratified promise breaks.",
        ),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
