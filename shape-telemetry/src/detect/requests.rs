//! Failed and slow requests against the baseline.

use crate::{
    AnomalyKind, ComponentId, Evidence, Exemplar, LatencySketch, Severity,
    analyze::{View, share},
    baseline::BaselineComponent,
    draft::{Draft, Drafts},
    exemplar::{self, Order},
    number::to_f64,
    severity::Effect,
    statistics,
    wording::{length, percent},
};

/// Fewer requests than this on either side are too few to compare.
const MIN_REQUESTS: u64 = 10;

pub(crate) fn detect(view: &View<'_>, drafts: &mut Drafts) {
    let Some(baseline) = view.baseline else {
        return;
    };
    for id in view.now.components.keys() {
        let Some(known) = baseline.components.get(id) else {
            continue;
        };
        errors(view, id, known, drafts);
        latency(view, id, known, drafts);
    }
}

/// The exemplars of a component's buckets, in an order, at most five.
fn exemplars(view: &View<'_>, id: &ComponentId, order: Order) -> Vec<Exemplar> {
    let mut list = Vec::new();
    let Some(measured) = view.now.components.get(id) else {
        return list;
    };
    for bucket in measured.buckets.values().chain([&measured.untimed]) {
        let more = match order {
            Order::First => &bucket.failures,
            Order::Slowest => &bucket.exemplars,
        };
        exemplar::merge(&mut list, more.clone(), order, exemplar::PER_TEMPLATE);
    }
    list
}

fn earlier(view: &View<'_>) -> &'static str {
    if view.within {
        "earlier in the log"
    } else {
        "in the baseline"
    }
}

fn errors(view: &View<'_>, id: &ComponentId, known: &BaselineComponent, drafts: &mut Drafts) {
    let totals = view.now.totals(id.as_str(), None);
    let (n, n_before) = (totals.requests(), known.good + known.bad);
    if n < MIN_REQUESTS || n_before < MIN_REQUESTS {
        return;
    }
    let test = statistics::share(totals.bad, n, known.bad, n_before);
    let (now, before) = (share(totals.bad, n), share(known.bad, n_before));
    let ratio = ((to_f64(totals.bad) + 0.5) / (to_f64(n) + 1.0))
        / ((to_f64(known.bad) + 0.5) / (to_f64(n_before) + 1.0));
    let excess = now - before;
    if totals.bad < 3
        || ratio < view.config.min_error_ratio
        || excess < view.config.min_error_excess
    {
        drafts.tested(test.p);
        return;
    }
    let starts = view
        .now
        .buckets(id.as_str())
        .filter(|(_, bucket)| 0 < bucket.bad);
    drafts.push(Draft {
        kind: AnomalyKind::ErrorRatio,
        component: id.clone(),
        template: None,
        signature: String::new(),
        effect_size: Effect::graded(ratio, 3.0, 10.0),
        share: excess,
        cap: Severity::Critical,
        summary: format!(
            "{} of {n} requests of {id} failed ({}), {} {}",
            totals.bad,
            percent(now),
            percent(before),
            earlier(view)
        ),
        period: view.period_of(starts.map(|(start, _)| start)),
        count: totals.bad,
        affected_requests: totals.bad,
        evidence: Evidence {
            test: test.name.to_owned(),
            n,
            n_baseline: n_before,
            statistic: test.statistic,
            p_value: test.p,
            q_value: 1.0,
            effect: ratio,
            effect_name: "risk ratio".to_owned(),
        },
        exemplars: exemplars(view, id, Order::First),
        gated: true,
    });
}

fn latency(view: &View<'_>, id: &ComponentId, known: &BaselineComponent, drafts: &mut Drafts) {
    let now = view.now.latency(id.as_str(), None);
    let before = &known.latency;
    let Some(limits) = view.limits.get(id) else {
        return;
    };
    if now.count() < MIN_REQUESTS || before.count() < MIN_REQUESTS {
        return;
    }
    let Some(ranks) = statistics::mann_whitney(&now, before) else {
        return;
    };
    let (clearly, clearly_before) = (
        now.count_above(limits.clearly_slow),
        before.count_above(limits.clearly_slow),
    );
    let tail = statistics::share(clearly, now.count(), clearly_before, before.count());
    let (clear_share, clear_before) = (
        share(clearly, now.count()),
        share(clearly_before, before.count()),
    );
    let tail_ratio = ((to_f64(clearly) + 0.5) / (to_f64(now.count()) + 1.0))
        / ((to_f64(clearly_before) + 0.5) / (to_f64(before.count()) + 1.0));
    let grows = |q| grows(view, &now, before, q);
    let body = view.config.min_superiority <= ranks.superiority && (grows(0.5) || grows(0.95));
    let tails = 0.03 <= clear_share && 5.0 <= tail_ratio && 5 <= clearly;
    if !body && !tails {
        drafts.tested(ranks.p.min(tail.p));
        return;
    }
    let body_grade = Effect::graded(ranks.superiority, 0.7, 0.8);
    let tail_grade = Effect::graded(tail_ratio, 8.0, 15.0);
    // The stronger of the two speaks; on equal terms the whole of the requests.
    let by_body = body && (!tails || tail_grade <= body_grade);
    let at = |sketch: &LatencySketch, q| length(sketch.quantile(q).unwrap_or_default());
    let slow = now.count_above(limits.slow);
    drafts.push(Draft {
        kind: AnomalyKind::LatencyShift,
        component: id.clone(),
        template: None,
        signature: String::new(),
        effect_size: if by_body { body_grade } else { tail_grade },
        share: clear_share - clear_before,
        cap: Severity::Critical,
        summary: format!(
            "requests of {id} take {} at the median and {} at the 95th percentile, {} and {} {}; {slow} of {} are slower than {}",
            at(&now, 0.5),
            at(&now, 0.95),
            at(before, 0.5),
            at(before, 0.95),
            earlier(view),
            now.count(),
            length(limits.slow),
        ),
        period: view.period_of(
            view.now
                .buckets(id.as_str())
                .filter(|(_, bucket)| 0 < bucket.latency.count_above(limits.slow))
                .map(|(start, _)| start),
        ),
        count: slow,
        affected_requests: slow,
        evidence: Evidence {
            test: if by_body { "Mann-Whitney" } else { tail.name }.to_owned(),
            n: now.count(),
            n_baseline: before.count(),
            statistic: if by_body { ranks.z } else { tail.statistic },
            p_value: if by_body { ranks.p } else { tail.p },
            q_value: 1.0,
            effect: if by_body { ranks.superiority } else { tail_ratio },
            effect_name: if by_body { "probability of superiority" } else { "ratio of slow requests" }.to_owned(),
        },
        exemplars: exemplars(view, id, Order::Slowest),
        gated: true,
    });
}

/// Whether a quantile grew by both the least ratio and the least shift.
fn grows(view: &View<'_>, now: &LatencySketch, before: &LatencySketch, q: f64) -> bool {
    let (Some(now), Some(before)) = (now.quantile(q), before.quantile(q)) else {
        return false;
    };
    before.mul_f64(view.config.min_latency_ratio) <= now
        && before + view.config.min_latency_shift <= now
}
