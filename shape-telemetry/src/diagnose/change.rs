//! Changes that the caller knows of: deployments, settings.

use super::{MAX_Q, MIN_LIFT, Suspect, ratio};
use crate::{
    CauseKind, ChangeEvent, ComponentGraph, ComponentId,
    analyze::{View, share},
    number::{self, to_f64},
    statistics::{self, ShareTest},
    wording::percent,
};

/// Fewer requests before a change say nothing; the baseline is asked instead.
const MIN_BEFORE: u64 = 20;

/// The requests of a component that are slow or fail, of all, before and after a time.
struct Halves {
    before: (u64, u64),
    after: (u64, u64),
    test: ShareTest,
}

/// The changes after which the requests of a component are clearly worse off than before.
pub(super) fn suspects(view: &View<'_>, graph: &ComponentGraph, id: &ComponentId) -> Vec<Suspect> {
    let found: Vec<(&ChangeEvent, Halves)> = view
        .config
        .changes
        .iter()
        .filter_map(|change| Some((change, halves(view, id, change)?)))
        .collect();
    // The change at which the halves differ most is the likeliest of several.
    let most = found
        .iter()
        .map(|(_, halves)| halves.gain())
        .fold(0.0, f64::max);
    found
        .into_iter()
        .map(|(change, halves)| {
            let (before, after) = (
                share(halves.before.0, halves.before.1),
                share(halves.after.0, halves.after.1),
            );
            let expected = before * to_f64(halves.after.1);
            let explained = (to_f64(halves.after.0) - expected).max(0.0);
            let hurt = to_f64(halves.after.0 + halves.before.0).max(1.0);
            let sharp = if 0.0 < most { halves.gain() / most } else { 0.0 };
            let component = change.component.clone().unwrap_or_else(|| id.clone());
            Suspect {
                kind: CauseKind::Change,
                summary: format!(
                    "{} at {}{}: {} of the requests of {id} are slow or fail after it, {} before (p = {:.1e})",
                    change.summary,
                    change.at,
                    match &change.component {
                        Some(component) => format!(" in {component}"),
                        None => String::new(),
                    },
                    percent(after),
                    percent(before),
                    halves.test.p
                ),
                strength: 0.85 * (explained / hurt) * sharp * nearness(graph, id, change),
                component,
                explains: number::to_u64(explained.round()),
                anomalies: Vec::new(),
                positions: Vec::new(),
                is_new: true,
                attribution: None,
            }
        })
        .collect()
}

impl Halves {
    /// The gain in log likelihood of two shares over one.
    fn gain(&self) -> f64 {
        let of = |(hits, n): (u64, u64)| {
            let (hits, n) = (to_f64(hits), to_f64(n).max(1.0));
            let term = |k: f64| if 0.0 < k { k * (k / n).ln() } else { 0.0 };
            term(hits) + term(n - hits)
        };
        let (a, b) = (self.before, self.after);
        of(a) + of(b) - of((a.0 + b.0, a.1 + b.1))
    }
}

fn halves(view: &View<'_>, id: &ComponentId, change: &ChangeEvent) -> Option<Halves> {
    let at = view.now.bucket_start(change.at);
    let (mut before, mut after) = ((0_u64, 0_u64), (0_u64, 0_u64));
    for (start, bucket) in view.now.buckets(id.as_str()) {
        let sums = if start < at { &mut before } else { &mut after };
        sums.0 += (view.slow(id, &bucket.latency) + bucket.bad).min(bucket.requests());
        sums.1 += bucket.requests();
    }
    if before.1 < MIN_BEFORE {
        // The log begins with the change: by definition one request in a hundred of the baseline is slow.
        let known = view.baseline?.components.get(id)?;
        let n = known.good + known.bad;
        before = (known.bad + n / 100, n);
    }
    let test = statistics::share(after.0, after.1, before.0, before.1);
    let lift = ratio(share(after.0, after.1), share(before.0, before.1));
    (test.p < MAX_Q && MIN_LIFT <= lift).then_some(Halves {
        before,
        after,
        test,
    })
}

/// How near a change is to a component: in it, in one that it calls, or who knows where.
fn nearness(graph: &ComponentGraph, id: &ComponentId, change: &ChangeEvent) -> f64 {
    match &change.component {
        None => 0.8,
        Some(component) if component == id => 1.0,
        Some(component) if graph.contains(id) && graph.contains(component) => {
            if graph.distances(id).contains_key(component) {
                0.9
            } else {
                0.2
            }
        }
        Some(_) => 0.5,
    }
}
