//! Values of fields that stand out among failed or slow requests, found by leaving their requests out.

use std::time::Duration;

use super::{MAX_Q, MIN_LIFT, Suspect, positions, ratio};
use crate::{
    Anomaly, Attribution, CauseKind, ComponentId, FieldCounts, OctaveCounts,
    analyze::{View, share},
    number::to_f64,
    statistics,
    wording::{length, percent},
};

/// A value that explains less than this share of the slowness is not named.
const MIN_SLOW_SHARE: f64 = 0.5;

/// What is wrong with requests.
#[derive(Clone, Copy)]
enum Wrong {
    Failed,
    /// They take longer than this.
    Slow(Duration),
}

/// Requests of which something is wrong, and all.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    wrong: u64,
    all: u64,
}

impl Part {
    fn without(self, other: Self) -> Self {
        Self {
            wrong: self.wrong.saturating_sub(other.wrong),
            all: self.all.saturating_sub(other.all),
        }
    }

    fn share(self) -> f64 {
        share(self.wrong, self.all)
    }
}

impl Wrong {
    fn of(self, counts: &FieldCounts) -> Part {
        match self {
            Self::Failed => Part {
                wrong: counts.bad,
                all: counts.good + counts.bad,
            },
            Self::Slow(limit) => Part {
                wrong: counts.durations.count_above(limit),
                all: counts.durations.count(),
            },
        }
    }

    fn of_component(self, view: &View<'_>, id: &ComponentId) -> Part {
        match self {
            Self::Failed => {
                let totals = view.now.totals(id.as_str(), None);
                Part {
                    wrong: totals.bad,
                    all: totals.requests(),
                }
            }
            Self::Slow(limit) => {
                let latency = view.now.latency(id.as_str(), None);
                Part {
                    wrong: latency.count_above(limit),
                    all: latency.count(),
                }
            }
        }
    }

    fn usual(self, view: &View<'_>, id: &ComponentId) -> Option<f64> {
        let known = view.baseline?.components.get(id)?;
        Some(match self {
            Self::Failed => share(known.bad, known.good + known.bad),
            Self::Slow(limit) => share(known.latency.count_above(limit), known.latency.count()),
        })
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Failed => "fail",
            Self::Slow(_) => "are slow",
        }
    }
}

/// The field value that stands out most among the failed requests: a test of two by two for each, corrected for all.
pub(super) fn of_failures(view: &View<'_>, id: &ComponentId, anomaly: &Anomaly) -> Option<Suspect> {
    suspect(view, id, anomaly, Wrong::Failed)
}

/// The field value without whose requests the others are about as fast as in the baseline.
pub(super) fn of_slowness(view: &View<'_>, id: &ComponentId, anomaly: &Anomaly) -> Option<Suspect> {
    let limit = OctaveCounts::limit(view.limits.get(id)?.slow);
    suspect(view, id, anomaly, Wrong::Slow(limit))
}

fn suspect(view: &View<'_>, id: &ComponentId, anomaly: &Anomaly, wrong: Wrong) -> Option<Suspect> {
    let (lift, told) = attribution(view, id, wrong)?;
    let explained = share(told.affected, told.affected + told.affected_without);
    let without = share(told.affected_without, told.requests_without);
    let others = match told.usual {
        Some(usual) => format!(
            "without them {} {}, {} in the baseline",
            percent(without),
            wrong.verb(),
            percent(usual)
        ),
        None => format!("without them {} {}", percent(without), wrong.verb()),
    };
    let lift_text = if lift < 1e6 {
        format!(" {lift:.1} times as often as others")
    } else {
        ", others never".to_owned()
    };
    let (longer, weight) = match wrong {
        Wrong::Failed => (String::new(), explained),
        Wrong::Slow(limit) => (format!(" take longer than {}", length(limit)), told.share),
    };
    let all = match wrong {
        Wrong::Failed => "failures",
        Wrong::Slow(_) => "slow ones",
    };
    Some(Suspect {
        kind: CauseKind::FieldValue,
        component: id.clone(),
        summary: format!(
            "requests of {id} with {}={} {}{lift_text}: {} of {}{longer}, {} of all {all}; {others} (q = {:.1e})",
            told.field,
            told.value,
            wrong.verb(),
            told.affected,
            told.requests,
            percent(explained),
            told.q_value,
        ),
        strength: (0.6 + 0.1 * told.share) * weight * (1.0 - 1.0 / lift.max(1.0)),
        explains: told.affected,
        anomalies: vec![anomaly.id.clone()],
        positions: positions(anomaly),
        is_new: false,
        attribution: Some(told),
    })
}

/// The value that explains most, with how many times as often something is wrong with its requests.
fn attribution(view: &View<'_>, id: &ComponentId, wrong: Wrong) -> Option<(f64, Attribution)> {
    let measured = view.now.components.get(id)?;
    let total = wrong.of_component(view, id);
    let usual = wrong.usual(view, id);
    let mut found: Vec<(f64, f64, Attribution)> = Vec::new();
    for (field, values) in &measured.fields {
        for (value, counts) in values {
            let group = wrong.of(counts);
            let others = total.without(group);
            // A value that nearly all requests have tells nothing.
            if group.wrong < 3 || 20 * others.all < total.all {
                continue;
            }
            let test = statistics::share(group.wrong, group.all, others.wrong, others.all);
            let lift = ratio(group.share(), others.share());
            let told = Attribution {
                field: field.clone(),
                value: value.clone(),
                affected: group.wrong,
                requests: group.all,
                affected_without: others.wrong,
                requests_without: others.all,
                usual,
                share: restored(total.share(), others.share(), usual.unwrap_or(0.0)),
                q_value: 1.0,
            };
            found.push((test.p, lift, told));
        }
    }
    let p: Vec<f64> = found.iter().map(|&(p, ..)| p).collect();
    let q = statistics::benjamini_hochberg(&p);
    // Of failures the value with most of them, of slowness the one without which it is gone.
    let rank = |told: &Attribution| match wrong {
        Wrong::Failed => to_f64(told.affected),
        Wrong::Slow(_) => told.share,
    };
    q.into_iter()
        .zip(found)
        .filter(|(q, (_, lift, told))| {
            let enough = matches!(wrong, Wrong::Failed) || MIN_SLOW_SHARE <= told.share;
            *q <= MAX_Q && MIN_LIFT <= *lift && enough
        })
        .map(|(q_value, (_, lift, told))| (lift, Attribution { q_value, ..told }))
        .max_by(|(a_lift, a), (b_lift, b)| {
            rank(a)
                .total_cmp(&rank(b))
                .then_with(|| a_lift.total_cmp(b_lift))
                .then_with(|| (&b.field, &b.value).cmp(&(&a.field, &a.value)))
        })
}

/// How much of the rise above the usual share is gone without a group: 1 when the others are as usual.
fn restored(all: f64, without: f64, usual: f64) -> f64 {
    if usual < all {
        ((all - without) / (all - usual)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::restored;

    proptest! {
        #[test]
        fn what_is_restored_is_a_share(all in 0.0..1.0_f64, without in 0.0..1.0_f64, usual in 0.0..1.0_f64) {
            prop_assert!((0.0..=1.0).contains(&restored(all, without, usual)));
            prop_assert!(restored(all, all, usual) <= 0.0, "leaving nobody out restores nothing");
            if usual < all {
                prop_assert!((restored(all, usual, usual) - 1.0).abs() < 1e-12);
                // The better off the others are, the more it was this group.
                let better = without / 2.0;
                prop_assert!(restored(all, without, usual) <= restored(all, better, usual));
            }
        }
    }
}
