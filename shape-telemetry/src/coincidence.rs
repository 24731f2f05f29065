//! Whether requests are slow, or fail, when messages of a kind are written.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    ComponentId, TemplateSeries,
    analyze::{View, share},
    detect::messages::buckets_around,
    number::{self, to_f64},
    statistics,
};

/// P value from which on times with and without a message are called different.
pub(crate) const MAX_P: f64 = 0.01;
/// The least ratio of the shares of hurt requests in these times and outside of them.
pub(crate) const MIN_LIFT: f64 = 1.2;
/// A component is hurt when this share of its requests is slow or failed, and three times that of the baseline.
const MIN_HURT: f64 = 0.03;

/// The requests of a component that were slow or failed, by bucket.
pub(crate) struct Hurt {
    buckets: Vec<(Timestamp, u64, u64)>,
    all: u64,
    /// How much longer the slow requests take than in the baseline.
    excess: Duration,
}

/// The components that are clearly worse off than in the baseline.
pub(crate) fn hurt(view: &View<'_>) -> BTreeMap<ComponentId, Hurt> {
    let mut found = BTreeMap::new();
    let Some(baseline) = view.baseline else {
        return found;
    };
    for (id, measured) in &view.now.components {
        let buckets: Vec<(Timestamp, u64, u64)> = measured
            .buckets
            .iter()
            .filter(|(_, bucket)| 0 < bucket.requests())
            .map(|(&start, bucket)| {
                let hurt = view.slow(id, &bucket.latency) + bucket.bad;
                (start, hurt.min(bucket.requests()), bucket.requests())
            })
            .collect();
        let all: u64 = buckets.iter().map(|&(_, hurt, _)| hurt).sum();
        let requests: u64 = buckets.iter().map(|&(_, _, requests)| requests).sum();
        let Some(known) = baseline.components.get(id) else {
            continue;
        };
        // One in a hundred is slow by definition.
        let before = 0.01 + share(known.bad, known.good + known.bad);
        if share(all, requests) < MIN_HURT.max(3.0 * before) || known.good + known.bad == 0 {
            continue;
        }
        let p95 = |latency: &crate::LatencySketch| latency.quantile(0.95).unwrap_or_default();
        let excess = p95(&view.now.latency(id.as_str(), None)).saturating_sub(p95(&known.latency));
        let hurt = Hurt {
            buckets,
            all,
            excess,
        };
        found.insert(id.clone(), hurt);
    }
    found
}

/// How the hurt requests of a component and the messages of a template fall together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coincidence {
    /// The hurt requests that the template may stand for.
    pub(crate) explained: u64,
    /// Their share of all hurt requests of the component.
    pub(crate) coverage: f64,
    /// The share of hurt requests while the template occurs.
    pub(crate) inside: f64,
    /// The share of hurt requests at other times; `None` when there are no such times to compare with.
    pub(crate) outside: Option<f64>,
    /// The durations in the messages are as long as what the requests take more than before.
    pub(crate) accounts: bool,
}

impl Coincidence {
    /// Of a template and a hurt component; `None` when the requests are no worse off while the template occurs.
    ///
    /// Where the template occurs at nearly all times there is nothing to compare with: then each message stands for
    /// at most one request.
    pub(crate) fn of(view: &View<'_>, id: &ComponentId, series: &TemplateSeries) -> Option<Self> {
        let hurt = view.hurt.get(id)?;
        let times = buckets_around(view.now, series);
        let (mut inside, mut outside) = ((0_u64, 0_u64), (0_u64, 0_u64));
        for &(start, bad, requests) in &hurt.buckets {
            let sums = if times.contains(&start) {
                &mut inside
            } else {
                &mut outside
            };
            sums.0 += bad;
            sums.1 += requests;
        }
        if inside.0 == 0 {
            return None;
        }
        let (in_share, out_share) = (share(inside.0, inside.1), share(outside.0, outside.1));
        let always = to_f64(outside.1) < 0.1 * to_f64(inside.1);
        let (explained, outside) = if always {
            (inside.0.min(series.count()), None)
        } else {
            let test = statistics::share(inside.0, inside.1, outside.0, outside.1);
            if MAX_P <= test.p || in_share < MIN_LIFT * out_share {
                return None;
            }
            // What would be hurt anyway is not explained.
            let expected = out_share * to_f64(inside.1);
            let more = number::to_u64((to_f64(inside.0) - expected).max(0.0).round());
            (more, Some(out_share))
        };
        let duration = series.durations.quantile(0.5).unwrap_or_default();
        Some(Self {
            explained,
            coverage: share(explained, hurt.all),
            inside: in_share,
            outside,
            accounts: !hurt.excess.is_zero() && hurt.excess.mul_f64(0.3) <= duration,
        })
    }

    /// How sure it is that the template names the cause, 0..=1: times to compare with and durations that account for
    /// the wait count most.
    pub(crate) fn certainty(self) -> f64 {
        match (self.outside.is_some(), self.accounts) {
            (true, true) => 0.98,
            (_, true) => 0.95,
            (true, false) => 0.9,
            (false, false) => 0.6,
        }
    }
}

/// What a template means for all components that are hurt while it occurs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// The requests that it may stand for.
    pub(crate) affected: u64,
    /// All requests of these components.
    pub(crate) requests: u64,
    /// The largest share of the hurt requests of a component that it explains, times how sure that is.
    pub(crate) strength: f64,
}

/// The reach of a template.
pub(crate) fn reach(view: &View<'_>, series: &TemplateSeries) -> Reach {
    let mut reach = Reach::default();
    for (id, hurt) in &view.hurt {
        if let Some(found) = Coincidence::of(view, id, series) {
            reach.affected += found.explained;
            reach.requests += hurt.buckets.iter().map(|&(_, _, n)| n).sum::<u64>();
            reach.strength = reach.strength.max(found.coverage * found.certainty());
        }
    }
    reach
}
