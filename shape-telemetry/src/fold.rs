//! New messages that appear together are one anomaly.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    Anomaly, AnomalyKind, Bond, Companion, Measurements, TemplateId, TemplateSeries, detect,
    number::{self, to_f64},
    statistics,
};

/// That two messages come together is no chance at this p value, corrected for the pairs looked at.
const MAX_P: f64 = 0.05;
/// The least share of the rarer one's times (or requests) in which the other one is written.
const LEAST_COMMON: f64 = 0.8;
/// Times are not told apart more finely than this, where they have fractions of a second; else than a second.
const FINE_MS: u64 = 10;
const SECOND_MS: u64 = 1_000;

/// Puts new messages that come together under the first of them: the anomalies are given the most severe first.
///
/// Three things bind two messages, each with a test of its own: they begin at the same time, they are written in the same
/// time buckets, they are written for the same requests.
pub(crate) fn fold(now: &Measurements, anomalies: Vec<Anomaly>) -> Vec<Anomaly> {
    let traces: Vec<Option<Trace<'_>>> = anomalies
        .iter()
        .map(|anomaly| Trace::of(now, anomaly))
        .collect();
    let n = number::len(traces.iter().flatten().count());
    let scene = Scene {
        buckets: number::len(starts(now).len()),
        requests: number::len(now.sessions.len()),
        length_ms: crate::baseline::exposure_ms(now),
        pairs: to_f64((n * n.saturating_sub(1) / 2).max(1)),
    };
    let mut heads: Vec<(Anomaly, Option<Trace<'_>>)> = Vec::new();
    for (mut anomaly, trace) in anomalies.into_iter().zip(traces) {
        let group = heads.iter_mut().find_map(|(head, other)| {
            let (bond, p_value) = scene.bond(other.as_ref()?, trace.as_ref()?)?;
            Some((head, bond, p_value))
        });
        match group {
            Some((head, bond, p_value)) => {
                head.affected_requests = head.affected_requests.max(anomaly.affected_requests);
                let more = std::mem::take(&mut anomaly.together);
                head.together.push(Companion {
                    anomaly,
                    bond,
                    p_value,
                });
                head.together.extend(more);
            }
            None => heads.push((anomaly, trace)),
        }
    }
    heads
        .into_iter()
        .map(|(mut head, _)| {
            match head.together.len() {
                0 => {}
                1 => head.summary.push_str("; another message comes with it"),
                n => {
                    let more = format!("; {n} other messages come with it");
                    head.summary.push_str(&more);
                }
            }
            head
        })
        .collect()
}

/// Where and when a new message is written.
struct Trace<'m> {
    buckets: BTreeSet<Timestamp>,
    requests: BTreeSet<usize>,
    /// When it began, if it was not there before.
    began: Option<Timestamp>,
    series: &'m TemplateSeries,
}

impl<'m> Trace<'m> {
    fn of(now: &'m Measurements, anomaly: &Anomaly) -> Option<Self> {
        let template: &TemplateId = anomaly.template.as_ref()?;
        let series = now
            .templates
            .get(template)
            .filter(|_| anomaly.kind == AnomalyKind::NewTemplate)?;
        let requests = now
            .sessions
            .sessions()
            .enumerate()
            .filter(|(_, steps)| steps.iter().any(|step| step.template == *template))
            .map(|(at, _)| at)
            .collect();
        // Of a log that there is nothing to compare with nobody knows what is new.
        let is_new = anomaly.evidence.test != detect::messages::WITHOUT_BASELINE;
        Some(Self {
            buckets: series.buckets.keys().copied().collect(),
            requests,
            began: series
                .exemplars
                .iter()
                .filter_map(|exemplar| exemplar.time)
                .min()
                .filter(|_| is_new),
            series,
        })
    }

    fn is_fine(&self) -> bool {
        self.series
            .exemplars
            .iter()
            .filter_map(|exemplar| exemplar.time)
            .any(|time| time.subsec_nanosecond() != 0)
    }
}

fn starts(now: &Measurements) -> BTreeSet<Timestamp> {
    now.components
        .values()
        .flat_map(|component| component.buckets.keys().copied())
        .collect()
}

/// What the messages are written in.
struct Scene {
    buckets: u64,
    requests: u64,
    length_ms: u64,
    pairs: f64,
}

impl Scene {
    /// What binds two messages best, with its p value, corrected for the pairs.
    fn bond(&self, a: &Trace<'_>, b: &Trace<'_>) -> Option<(Bond, f64)> {
        let common = |a: u64, b: u64, both: u64| {
            let least = a.min(b);
            0 < least && LEAST_COMMON * to_f64(least) <= to_f64(both)
        };
        let overlap = |a: &BTreeSet<Timestamp>, b: &BTreeSet<Timestamp>| {
            let both = number::len(a.intersection(b).count());
            (number::len(a.len()), number::len(b.len()), both)
        };
        let (n_a, n_b, both) = overlap(&a.buckets, &b.buckets);
        let mut bonds: Vec<(Bond, f64)> = Vec::new();
        if let (Some(from), Some(other)) = (a.began, b.began) {
            let apart_ms =
                u64::try_from(from.duration_since(other).unsigned_abs().as_millis()).ok()?;
            let fine = if a.is_fine() && b.is_fine() {
                FINE_MS
            } else {
                SECOND_MS
            };
            // Two times of a log are as close as this with so much probability.
            let p = to_f64(2 * apart_ms + fine) / to_f64(self.length_ms);
            bonds.push((Bond::Beginning { apart_ms }, p));
        }
        if common(n_a, n_b, both) {
            let p = statistics::share(both, n_a, n_b - both, self.buckets.saturating_sub(n_a)).p;
            let bond = Bond::Times {
                both,
                of: n_a.min(n_b),
            };
            bonds.push((bond, p));
        }
        let both_requests = number::len(a.requests.intersection(&b.requests).count());
        let (n_a, n_b) = (number::len(a.requests.len()), number::len(b.requests.len()));
        if common(n_a, n_b, both_requests) {
            let rest = self.requests.saturating_sub(n_a);
            let p = statistics::share(both_requests, n_a, n_b - both_requests, rest).p;
            let bond = Bond::Requests {
                both: both_requests,
                of: n_a.min(n_b),
            };
            bonds.push((bond, p));
        }
        bonds
            .into_iter()
            .map(|(bond, p)| (bond, (p * self.pairs).min(1.0)))
            .filter(|&(_, p)| p <= MAX_P)
            .min_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)))
    }
}
