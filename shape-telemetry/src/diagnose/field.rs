//! Values of fields that stand out among failed requests.

use super::{MAX_Q, MIN_LIFT, Suspect, positions, ratio};
use crate::{
    Anomaly, CauseKind, ComponentId,
    analyze::{View, share},
    statistics,
    wording::percent,
};

/// The field value that stands out most among the failed requests: a test of two by two for each, corrected for all.
pub(super) fn suspect(view: &View<'_>, id: &ComponentId, anomaly: &Anomaly) -> Option<Suspect> {
    let measured = view.now.components.get(id)?;
    let totals = view.now.totals(id.as_str(), None);
    let mut found = Vec::new();
    for (name, values) in &measured.fields {
        for (value, counts) in values {
            let n = counts.good + counts.bad;
            // A value that nearly all requests have tells nothing.
            if counts.bad < 3
                || 20 * (totals.requests() - n.min(totals.requests())) < totals.requests()
            {
                continue;
            }
            let (bad_without, n_without) = (
                totals.bad.saturating_sub(counts.bad),
                totals.requests().saturating_sub(n),
            );
            let test = statistics::share(counts.bad, n, bad_without, n_without);
            let lift = ratio(share(counts.bad, n), share(bad_without, n_without));
            found.push((test.p, lift, name, value, *counts));
        }
    }
    let p: Vec<f64> = found.iter().map(|&(p, ..)| p).collect();
    let q = statistics::benjamini_hochberg(&p);
    let (q, (_, lift, name, value, counts)) = q
        .into_iter()
        .zip(found)
        .filter(|(q, (_, lift, ..))| *q <= MAX_Q && MIN_LIFT <= *lift)
        .max_by(|(_, a), (_, b)| {
            a.4.bad
                .cmp(&b.4.bad)
                .then_with(|| a.1.total_cmp(&b.1))
                .then_with(|| (b.2, b.3).cmp(&(a.2, a.3)))
        })?;
    let explained = share(counts.bad, totals.bad);
    // Leave the group out: are the others as well off as in the baseline?
    let without = share(
        totals.bad.saturating_sub(counts.bad),
        totals.requests().saturating_sub(counts.good + counts.bad),
    );
    let baseline = view
        .baseline
        .and_then(|baseline| baseline.components.get(id))
        .map(|known| share(known.bad, known.good + known.bad));
    let all = share(totals.bad, totals.requests());
    let usual = baseline.unwrap_or(0.0);
    let attribution = if usual < all {
        ((all - without) / (all - usual)).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let others = match baseline {
        Some(usual) => format!(
            "without them {} fail, {} in the baseline",
            percent(without),
            percent(usual)
        ),
        None => format!("without them {} fail", percent(without)),
    };
    let lift_text = if lift < 1e6 {
        format!("{lift:.1} times as often as others")
    } else {
        "others never".to_owned()
    };
    Some(Suspect {
        kind: CauseKind::FieldValue,
        component: id.clone(),
        summary: format!(
            "requests of {id} with {name}={value} fail {lift_text}: {} of {}, {} of all failures; {others} (q = {q:.1e})",
            counts.bad,
            counts.good + counts.bad,
            percent(explained),
        ),
        strength: (0.6 + 0.1 * attribution) * explained * (1.0 - 1.0 / lift.max(1.0)),
        explains: counts.bad,
        anomalies: vec![anomaly.id.clone()],
        positions: positions(anomaly),
        is_new: false,
    })
}
