//! What the detectors found, before the correction for the number of tests, and the anomalies after it.

use std::collections::BTreeMap;

use crate::{
    Anomaly, AnomalyId, AnomalyKind, ComponentId, Evidence, Exemplar, Period, Severity, TemplateId,
    fingerprint, severity::Effect, statistics,
};

/// What a detector found, before the correction for the number of tests.
pub(crate) struct Draft {
    pub(crate) kind: AnomalyKind,
    pub(crate) component: ComponentId,
    pub(crate) template: Option<TemplateId>,
    /// What makes the fingerprint, beside component and kind.
    pub(crate) signature: String,
    pub(crate) effect_size: Effect,
    /// The share of the requests that it touches.
    pub(crate) share: f64,
    pub(crate) cap: Severity,
    pub(crate) summary: String,
    pub(crate) period: Option<Period>,
    pub(crate) count: u64,
    pub(crate) affected_requests: u64,
    pub(crate) evidence: Evidence,
    pub(crate) exemplars: Vec<Exemplar>,
    /// Whether it is reported only when its corrected p value is small.
    pub(crate) gated: bool,
}

/// All tests of a report, those without a finding too: they count for the correction.
#[derive(Default)]
pub(crate) struct Drafts {
    tests: Vec<(f64, Option<Box<Draft>>)>,
}

impl Drafts {
    /// A test that found nothing worth a word.
    pub(crate) fn tested(&mut self, p: f64) {
        self.tests.push((p, None));
    }

    /// Whether a message is reported by itself.
    pub(crate) fn tells_of(&self, template: &TemplateId) -> bool {
        self.tests
            .iter()
            .filter_map(|(_, draft)| draft.as_ref())
            .any(|draft| draft.template.as_ref() == Some(template))
    }

    pub(crate) fn push(&mut self, draft: Draft) {
        self.tests
            .push((draft.evidence.p_value, Some(Box::new(draft))));
    }

    /// Whether there is already something of this kind to say about a component.
    pub(crate) fn have(&self, kind: AnomalyKind, component: &ComponentId) -> bool {
        self.tests.iter().any(|(_, draft)| {
            draft
                .as_ref()
                .is_some_and(|draft| draft.kind == kind && draft.component == *component)
        })
    }

    pub(crate) fn finish(self, max_q: f64) -> Vec<Anomaly> {
        let p: Vec<f64> = self.tests.iter().map(|(p, _)| *p).collect();
        let q = statistics::benjamini_hochberg(&p);
        let mut anomalies: BTreeMap<AnomalyId, Anomaly> = BTreeMap::new();
        for ((_, draft), q) in self.tests.into_iter().zip(q) {
            let Some(draft) = draft else {
                continue;
            };
            if draft.gated && max_q < q {
                continue;
            }
            let anomaly = draft.finish(q);
            anomalies.entry(anomaly.id.clone()).or_insert(anomaly);
        }
        let mut anomalies: Vec<Anomaly> = anomalies.into_values().collect();
        anomalies.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then_with(|| names_a_line(b).cmp(&names_a_line(a)))
                .then_with(|| b.affected_requests.cmp(&a.affected_requests))
                .then_with(|| b.count.cmp(&a.count))
                .then_with(|| a.id.cmp(&b.id))
        });
        anomalies
    }
}

/// Whether an anomaly names the message that affected requests go with: of one incident it says more than the
/// requests alone do.
fn names_a_line(anomaly: &Anomaly) -> bool {
    anomaly.template.is_some()
        && 0 < anomaly.affected_requests
        && !matches!(
            anomaly.kind,
            AnomalyKind::RateDrop | AnomalyKind::VanishedTemplate
        )
}

impl Draft {
    fn finish(self, q: f64) -> Anomaly {
        let kind = match self.kind {
            AnomalyKind::NewTemplate => "new-template",
            AnomalyKind::SilentComponent => "silent-component",
            AnomalyKind::VanishedTemplate => "vanished-template",
            AnomalyKind::RateSurge => "rate-surge",
            AnomalyKind::RateDrop => "rate-drop",
            AnomalyKind::ErrorRatio => "error-ratio",
            AnomalyKind::LatencyShift => "latency-shift",
            AnomalyKind::TimeGap => "time-gap",
            AnomalyKind::RepeatedBlocking => "repeated-blocking",
            AnomalyKind::RareSession => "rare-session",
            AnomalyKind::OrderViolation => "order-violation",
            AnomalyKind::MetricAnomaly => "metric-anomaly",
            AnomalyKind::ChangePoint => "change-point",
        };
        let print = fingerprint::of(&[self.component.as_str(), kind, &self.signature]);
        let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
        Anomaly {
            id: AnomalyId::new(&format!("{kind}-{print:016x}")),
            kind: self.kind,
            severity: Severity::of(self.effect_size, self.share).min(self.cap),
            component: self.component,
            template: self.template,
            summary: self.summary,
            period: self.period,
            change: None,
            count: self.count,
            affected_requests: self.affected_requests,
            evidence: Evidence {
                statistic: finite(self.evidence.statistic),
                effect: finite(self.evidence.effect),
                q_value: q,
                ..self.evidence
            },
            exemplars: self.exemplars,
            together: Vec::new(),
        }
    }
}
