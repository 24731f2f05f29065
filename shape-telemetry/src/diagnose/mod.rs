//! Why it is so: ranked causes, and what may help.

use crate::{
    Anomaly, AnomalyId, AnomalyKind, Attribution, Cause, CauseKind, ComponentGraph, ComponentId,
    Diagnosis, Level, LogPosition, Severity,
    analyze::{View, share},
    coincidence::Coincidence,
    detect::messages::{self, buckets_around},
    number::{self, to_f64},
    statistics,
    wording::{self, count, percent},
};

mod change;
mod field;
mod recommend;
mod upstream;

/// Causes beyond these are not worth reading.
const MAX_CAUSES: usize = 8;
const MAX_POSITIONS: usize = 5;
/// Corrected p value of a field value that stands out.
const MAX_Q: f64 = 0.01;
const MIN_LIFT: f64 = 2.0;

/// A cause before the weights are brought to a sum of 1.
struct Suspect {
    kind: CauseKind,
    component: ComponentId,
    summary: String,
    /// The share of the component's affected requests that it explains, times how sure that is; 0..=1.
    strength: f64,
    /// The affected requests that it explains.
    explains: u64,
    anomalies: Vec<AnomalyId>,
    positions: Vec<LogPosition>,
    /// It was not there in the baseline.
    is_new: bool,
    /// Of a field value: what leaving its requests out shows.
    attribution: Option<Attribution>,
}

/// One diagnosis for each component that has an anomaly of at least medium severity, the worst first.
pub(crate) fn diagnose(view: &View<'_>, anomalies: &[Anomaly]) -> Vec<Diagnosis> {
    let mut order: Vec<&ComponentId> = Vec::new();
    for anomaly in anomalies {
        if Severity::Medium <= anomaly.severity && !order.contains(&&anomaly.component) {
            order.push(&anomaly.component);
        }
    }
    let graph = match view.baseline {
        Some(baseline) => view.now.dependencies().merge(baseline.dependencies.clone()),
        None => view.now.dependencies(),
    };
    order
        .into_iter()
        .map(|id| one(view, &graph, id, anomalies))
        .collect()
}

fn one(
    view: &View<'_>,
    graph: &ComponentGraph,
    id: &ComponentId,
    anomalies: &[Anomaly],
) -> Diagnosis {
    let own: Vec<&Anomaly> = anomalies
        .iter()
        .filter(|anomaly| anomaly.component == *id)
        .collect();
    // A stall hurts requests of other components too: those are theirs to count.
    let affected = match view.affected(id) {
        0 => own.iter().map(|a| a.affected_requests).max().unwrap_or(0),
        affected => affected,
    };
    let mut suspects = Vec::new();
    for anomaly in anomalies {
        match anomaly.kind {
            AnomalyKind::RepeatedBlocking => suspects.extend(blocking(view, id, anomaly)),
            AnomalyKind::NewTemplate | AnomalyKind::RateSurge => {
                // Of messages that come together the one that explains most speaks, the first of several.
                let told = anomaly
                    .all()
                    .filter_map(|one| new_behaviour(view, id, one, affected));
                suspects.extend(told.reduce(|best, other| {
                    if best.strength < other.strength {
                        other
                    } else {
                        best
                    }
                }));
            }
            AnomalyKind::ErrorRatio if anomaly.component == *id => {
                suspects.push(failing(id, anomaly));
                if graph.callees(id).next().is_some() {
                    suspects.extend(upstream::suspect(graph, id, anomaly, anomalies));
                }
                suspects.extend(field::of_failures(view, id, anomaly));
            }
            AnomalyKind::LatencyShift if anomaly.component == *id => {
                suspects.extend(field::of_slowness(view, id, anomaly));
                suspects.extend(upstream::suspect(graph, id, anomaly, anomalies));
            }
            _ => {}
        }
    }
    suspects.extend(change::suspects(view, graph, id));
    // A component that is slow because another one is blocked is explained.
    let explained = suspects.iter().any(|suspect| {
        matches!(suspect.kind, CauseKind::Blocking | CauseKind::NewBehaviour)
            && 0.5 <= suspect.strength
    });
    suspects.retain(|suspect| !(explained && suspect.kind == CauseKind::Upstream));
    suspects.sort_by(|a, b| {
        b.strength
            .total_cmp(&a.strength)
            .then_with(|| a.kind.cmp(&b.kind))
            .then_with(|| a.component.cmp(&b.component))
            .then_with(|| a.summary.cmp(&b.summary))
    });
    suspects.truncate(MAX_CAUSES);
    let recommendations = recommend::recommend(id, &suspects, affected, &own);
    let sum: f64 = suspects.iter().map(|suspect| suspect.strength).sum();
    let causes = suspects
        .into_iter()
        .map(|suspect| Cause {
            kind: suspect.kind,
            component: suspect.component,
            summary: suspect.summary,
            weight: suspect.strength / sum.max(1.0),
            anomalies: suspect.anomalies,
            positions: suspect.positions,
            attribution: suspect.attribution,
        })
        .collect();
    Diagnosis {
        component: id.clone(),
        anomalies: own.iter().map(|anomaly| anomaly.id.clone()).collect(),
        causes,
        recommendations,
    }
}

fn positions(anomaly: &Anomaly) -> Vec<LogPosition> {
    anomaly
        .exemplars
        .iter()
        .take(MAX_POSITIONS)
        .map(|exemplar| exemplar.position.clone())
        .collect()
}

/// Whether the requests of a component are slow, or fail, when messages of a stall are written.
fn blocking(view: &View<'_>, id: &ComponentId, anomaly: &Anomaly) -> Option<Suspect> {
    let series = view.now.templates.get(anomaly.template.as_ref()?)?;
    let times = buckets_around(view.now, series);
    let (mut inside, mut outside) = ((0_u64, 0_u64), (0_u64, 0_u64));
    for (start, bucket) in view.now.buckets(id.as_str()) {
        let hurt = (view.slow(id, &bucket.latency) + bucket.bad).min(bucket.requests());
        let sums = if times.contains(&start) {
            &mut inside
        } else {
            &mut outside
        };
        sums.0 += hurt;
        sums.1 += bucket.requests();
    }
    let all = inside.0 + outside.0;
    let at_home = series.component == *id;
    let test = statistics::share(inside.0, inside.1, outside.0, outside.1);
    let (in_share, out_share) = (share(inside.0, inside.1), share(outside.0, outside.1));
    let lift = ratio(in_share, out_share);
    // What would be slow anyway is not explained.
    let expected = out_share * to_f64(inside.1);
    let explained = (to_f64(inside.0) - expected).max(0.0);
    let coincides = 0 < all && test.p < MAX_Q && 1.2 <= lift;
    // A component that is blocked all the time has no time outside to compare with.
    let always = 0 < inside.0 && to_f64(outside.1) < 0.1 * to_f64(inside.1);
    let strength = if coincides || always {
        let explained = if always { to_f64(inside.0) } else { explained };
        (explained / to_f64(all.max(1))).clamp(0.0, 1.0)
    } else if at_home {
        0.3
    } else {
        return None;
    };
    // A component's own stall is the better explanation of two that coincide as well.
    let strength = if at_home {
        strength.max(0.3)
    } else {
        strength * 0.95
    };
    let effect = if inside.1 + outside.1 == 0 {
        format!("nothing is known of requests of {id}")
    } else {
        format!(
            "{} of the requests of {id} in these times are slow or fail, {} in the others",
            percent(in_share),
            percent(out_share)
        )
    };
    Some(Suspect {
        kind: CauseKind::Blocking,
        component: series.component.clone(),
        summary: format!(
            "{} is blocked: `{}` {}; {effect}",
            series.component,
            series.text,
            wording::times(anomaly.count),
        ),
        strength,
        explains: if coincides && !always {
            number::to_u64(explained.round())
        } else {
            inside.0
        },
        anomalies: vec![anomaly.id.clone()],
        positions: positions(anomaly),
        is_new: is_new(view, anomaly),
        attribution: None,
    })
}

fn ratio(a: f64, b: f64) -> f64 {
    if 0.0 < b {
        a / b
    } else if 0.0 < a {
        f64::MAX
    } else {
        1.0
    }
}

/// Whether an anomaly came after the baseline, so that undoing what changed since may help.
fn is_new(view: &View<'_>, anomaly: &Anomaly) -> bool {
    view.baseline.is_some() && !view.within && anomaly.evidence.test != messages::WITHOUT_BASELINE
}

/// A warning or error that is new or comes more often: its own component's, or one that goes with the slow and failed
/// requests of this component.
fn new_behaviour(
    view: &View<'_>,
    id: &ComponentId,
    anomaly: &Anomaly,
    affected: u64,
) -> Option<Suspect> {
    let at_home = anomaly.component == *id;
    let series = view.now.templates.get(anomaly.template.as_ref()?)?;
    let found = Some(Level::Warn)
        .filter(|least| Some(*least) <= series.level)
        .and_then(|_| Coincidence::of(view, id, series));
    let failed = if at_home {
        messages::failures(view, series, anomaly.count)
    } else {
        0
    };
    if !at_home && found.is_none() || (anomaly.kind == AnomalyKind::RateSurge && found.is_none()) {
        return None;
    }
    let by_failures = match anomaly.severity {
        _ if 0 < failed => 0.2 + 0.75 * share(failed, affected),
        _ if !at_home => 0.0,
        Severity::Low => 0.05,
        _ => 0.2,
    };
    let by_time = found.map_or(0.0, |found| found.coverage * found.certainty());
    // A message about the requests themselves is what comes of it, not where it comes from.
    let by_time = if tells_of_requests(&series.text) {
        0.8 * by_time
    } else {
        by_time
    };
    let effect = match found {
        Some(found) if by_failures <= by_time => {
            let others = match found.outside {
                Some(outside) => format!("{} at other times", percent(outside)),
                None => "it is written all the time".to_owned(),
            };
            format!(
                "{} of the requests of {id} are slow or fail while it is written, {others}",
                percent(found.inside)
            )
        }
        _ if view.now.totals(id.as_str(), None).requests() == 0 => {
            format!("nothing is known of requests of {id}")
        }
        _ => format!("{} of {id} failed with it", count(failed, "request")),
    };
    Some(Suspect {
        kind: CauseKind::NewBehaviour,
        component: series.component.clone(),
        summary: format!("{}; {effect}", anomaly.summary),
        strength: by_failures.max(by_time),
        explains: failed.max(found.map_or(0, |found| found.explained)),
        anomalies: vec![anomaly.id.clone()],
        positions: positions(anomaly),
        is_new: is_new(view, anomaly),
        attribution: None,
    })
}

/// Whether a template reports on requests: a method, or the word.
fn tells_of_requests(text: &str) -> bool {
    text.split(' ').any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        matches!(word, "GET" | "POST" | "PUT" | "DELETE" | "PATCH")
            || word.eq_ignore_ascii_case("request")
            || word.eq_ignore_ascii_case("response")
    })
}

fn failing(id: &ComponentId, anomaly: &Anomaly) -> Suspect {
    Suspect {
        kind: CauseKind::Failing,
        component: id.clone(),
        summary: anomaly.summary.clone(),
        strength: 0.15,
        explains: anomaly.affected_requests,
        anomalies: vec![anomaly.id.clone()],
        positions: positions(anomaly),
        is_new: true,
        attribution: None,
    }
}
