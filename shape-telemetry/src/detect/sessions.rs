//! Requests whose records are not those of other requests: missing, too many, or in another order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    AnomalyKind, Evidence, Exemplar, Measurements, SessionDetector, SessionStep, Severity,
    TemplateId,
    analyze::{View, share},
    draft::{Draft, Drafts},
    number,
    sessions::Lead,
    severity::Effect,
    statistics,
};

/// Fewer requests do not say what is usual.
const MIN_LEARNED: u64 = 100;
const MIN_JUDGED: usize = 50;
/// Fewer requests with one peculiarity are left to chance.
const MIN_ALIKE: u64 = 3;
const MAX_EXEMPLARS: usize = 5;

/// The requests that share a peculiarity.
#[derive(Default)]
struct Alike<'s> {
    reason: String,
    sessions: Vec<&'s [SessionStep]>,
}

pub(crate) fn detect(view: &View<'_>, drafts: &mut Drafts) {
    let Some(baseline) = view.baseline else {
        return;
    };
    let sessions = &view.now.sessions;
    if baseline.sessions.sampled() < MIN_LEARNED || sessions.len() < MIN_JUDGED {
        return;
    }
    let detector = baseline.sessions.detector();
    let edges = Edges::of(view.now);
    let mut n = 0;
    let mut found: BTreeMap<Lead, Alike<'_>> = BTreeMap::new();
    for steps in sessions.sessions() {
        if !edges.begins_inside(steps) {
            continue;
        }
        n += 1;
        if let Some((lead, reason)) = judge(&detector, steps, edges.ends_inside(steps)) {
            let alike = found.entry(lead).or_default();
            if alike.sessions.is_empty() {
                alike.reason = reason;
            }
            alike.sessions.push(steps);
        }
    }
    if found.is_empty() {
        return;
    }
    let mut before: BTreeMap<Lead, u64> = BTreeMap::new();
    for events in baseline.sessions.texts() {
        let (verdict, lead) = detector.judge_with_lead(events.split(' '), false);
        if let Some(lead) = lead.filter(|_| verdict.anomalous) {
            *before.entry(lead).or_insert(0) += 1;
        }
    }
    for (lead, alike) in found {
        let known = before.get(&lead).copied().unwrap_or(0);
        report(
            view,
            drafts,
            &lead,
            &alike,
            n,
            known,
            baseline.sessions.sampled(),
        );
    }
}

fn judge(
    detector: &SessionDetector,
    steps: &[SessionStep],
    is_whole: bool,
) -> Option<(Lead, String)> {
    let events = steps.iter().map(|step| step.template.as_str());
    let (verdict, lead) = detector.judge_with_lead(events, !is_whole);
    let reason = verdict.reasons.into_iter().next()?;
    lead.filter(|_| verdict.anomalous)
        .map(|lead| (lead, reason))
}

/// Where the log begins and ends, less as long as a request usually takes.
struct Edges {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Edges {
    fn of(now: &Measurements) -> Self {
        let mut lengths: Vec<SignedDuration> = now
            .sessions
            .sessions()
            .filter_map(|steps| Some(steps.last()?.time?.duration_since(steps.first()?.time?)))
            .collect();
        lengths.sort();
        let usual = lengths
            .get(lengths.len() * 99 / 100)
            .copied()
            .unwrap_or_default();
        let period = now.period();
        Self {
            first: period.and_then(|period| period.start.checked_add(usual).ok()),
            last: period.and_then(|period| period.end.checked_sub(usual).ok()),
        }
    }

    /// What begins with the log may have begun before it.
    fn begins_inside(&self, steps: &[SessionStep]) -> bool {
        let begin = steps.first().and_then(|step| step.time);
        begin.is_none() || self.first <= begin
    }

    fn ends_inside(&self, steps: &[SessionStep]) -> bool {
        let end = steps.last().and_then(|step| step.time);
        steps.len() < crate::SessionSample::MAX_STEPS && (end.is_none() || end <= self.last)
    }
}

fn report(
    view: &View<'_>,
    drafts: &mut Drafts,
    lead: &Lead,
    alike: &Alike<'_>,
    n: u64,
    known: u64,
    n_known: u64,
) {
    let count = number::len(alike.sessions.len());
    let test = statistics::share(count, n, known, n_known);
    // A message that is reported by itself needs no second report.
    let is_told = lead
        .events
        .iter()
        .any(|event| drafts.tells_of(&TemplateId::new(event)));
    let Some(first) = alike.sessions.first().and_then(|steps| steps.first()) else {
        return;
    };
    if is_told || count < MIN_ALIKE {
        drafts.tested(test.p);
        return;
    }
    let template = lead.events.first().map(|event| TemplateId::new(event));
    let component = template
        .as_ref()
        .and_then(|id| {
            view.now
                .templates
                .get(id)
                .map(|series| &series.component)
                .or_else(|| {
                    view.baseline?
                        .templates
                        .get(id)
                        .map(|known| &known.component)
                })
        })
        .unwrap_or(&first.component);
    let here = share(count, n);
    let before = share(known, n_known);
    drafts.push(Draft {
        kind: if lead.is_order {
            AnomalyKind::OrderViolation
        } else {
            AnomalyKind::RareSession
        },
        component: component.clone(),
        template,
        signature: lead.signature(),
        effect_size: Effect::graded(here - before, 0.01, 0.10),
        share: here,
        // What it means for the requests, other anomalies say.
        cap: Severity::Medium,
        summary: format!(
            "{count} of {n} sampled requests are unusual: {}",
            names(view, lead, &alike.reason)
        ),
        period: view.period_of(
            alike
                .sessions
                .iter()
                .filter_map(|steps| Some(view.now.bucket_start(steps.first()?.time?))),
        ),
        count,
        affected_requests: count,
        evidence: Evidence {
            test: test.name.to_owned(),
            n,
            n_baseline: n_known,
            statistic: test.statistic,
            p_value: test.p,
            q_value: 1.0,
            effect: here,
            effect_name: "share of requests".to_owned(),
        },
        exemplars: exemplars(view, lead, &alike.sessions),
        gated: true,
    });
}

/// The reason with the texts of templates for their ids.
fn names(view: &View<'_>, lead: &Lead, reason: &str) -> String {
    let mut text = reason.to_owned();
    for event in &lead.events {
        let id = TemplateId::new(event);
        let name = view
            .now
            .templates
            .get(&id)
            .map(|series| &series.text)
            .or_else(|| view.baseline?.templates.get(&id).map(|known| &known.text));
        if let Some(name) = name {
            text = text.replace(event.as_str(), name);
        }
    }
    text
}

/// For each of the first requests the record of the template concerned, or else its last one.
fn exemplars(view: &View<'_>, lead: &Lead, sessions: &[&[SessionStep]]) -> Vec<Exemplar> {
    sessions
        .iter()
        .take(MAX_EXEMPLARS)
        .filter_map(|steps| {
            let of_lead = steps.iter().find(|step| {
                lead.events
                    .iter()
                    .any(|event| event == step.template.as_str())
            });
            let step = of_lead.or(steps.last())?;
            let series = view.now.templates.get(&step.template);
            Some(Exemplar {
                position: step.position.clone(),
                time: step.time,
                level: series.and_then(|series| series.level),
                target: None,
                message: series
                    .map_or_else(|| step.template.to_string(), |series| series.text.clone()),
                fields: BTreeMap::new(),
                duration: None,
                emitter: None,
                frames: Vec::new(),
            })
        })
        .collect()
}
