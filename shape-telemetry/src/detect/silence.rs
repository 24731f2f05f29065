//! Components that fell silent, and times in which nothing was written.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    AnomalyKind, ComponentId, Evidence, Exemplar, Severity,
    analyze::{Draft, Drafts, View, share, show},
    baseline::{self, Gap},
    number::{self, to_f64},
    severity::Effect,
};

/// Fewer records than this do not show a rhythm that a gap could break.
const MIN_RECORDS: u64 = 50;
/// Fewer buckets do not show how records spread.
const MIN_WHOLE: usize = 5;

pub(crate) fn detect(view: &View<'_>, drafts: &mut Drafts) {
    silent(view, drafts);
    let everywhere = all(view, drafts);
    for id in view.now.components.keys() {
        one(view, id, &everywhere, drafts);
    }
}

/// Components of the baseline of which nothing is heard.
fn silent(view: &View<'_>, drafts: &mut Drafts) {
    let Some(baseline) = view.baseline.filter(|_| !view.now.components.is_empty()) else {
        return;
    };
    let requests: u64 = baseline
        .components
        .values()
        .map(|component| component.good + component.bad)
        .sum();
    for (id, known) in &baseline.components {
        if view.now.components.contains_key(id) {
            continue;
        }
        let records = known.good + known.bad + known.other;
        let expected = to_f64(records) * view.exposure_s / view.baseline_exposure_s();
        let p = (-expected).exp();
        if expected < 20.0 {
            drafts.tested(p);
            continue;
        }
        drafts.push(Draft {
            kind: AnomalyKind::SilentComponent,
            component: id.clone(),
            template: None,
            signature: String::new(),
            effect_size: Effect::Large,
            share: share(known.good + known.bad, requests),
            cap: Severity::Critical,
            summary: format!("{id} is silent; {expected:.0} records were to be expected"),
            period: view.now.period(),
            count: 0,
            affected_requests: 0,
            evidence: Evidence {
                test: "Poisson".to_owned(),
                n: 0,
                n_baseline: records,
                statistic: expected,
                p_value: p,
                q_value: 1.0,
                effect: expected,
                effect_name: "records expected".to_owned(),
            },
            exemplars: Vec::new(),
            gated: true,
        });
    }
}

/// What a series of records says of its gaps.
struct Rhythm {
    records: u64,
    /// Records a second, divided by their dispersion.
    rate: f64,
    gaps: Vec<Gap>,
    /// The longest gap of the baseline.
    known_ms: u64,
}

impl Rhythm {
    /// The gaps that break the rhythm, and the p value of the longest.
    fn breaks(&self, view: &View<'_>) -> (Vec<Gap>, f64) {
        let least_ms = [
            u64::try_from(view.config.min_gap.as_millis()).unwrap_or(u64::MAX),
            2 * view.now.bucket_ms.get(),
            3 * self.known_ms,
        ]
        .into_iter()
        .max()
        .unwrap_or(u64::MAX);
        let shortest = (10.0 / self.rate).max(to_f64(least_ms) / 1e3);
        let found: Vec<Gap> = self
            .gaps
            .iter()
            .copied()
            .filter(|gap| shortest <= to_f64(gap.ms()) / 1e3)
            .collect();
        let longest = self.gaps.iter().map(|gap| gap.ms()).max().unwrap_or(0);
        let n = to_f64(number::len(self.gaps.len()).max(1));
        let p = (n * (-self.rate * to_f64(longest) / 1e3).exp()).min(1.0);
        (found, p)
    }
}

/// The buckets with records right before and right after them: those at the edge of a gap hold only a part of their time,
/// which is no sign of bursts. All of them where that leaves too few.
fn whole(counts: &BTreeMap<Timestamp, u64>, bucket_ms: u64) -> Vec<u64> {
    let width = SignedDuration::from_millis(i64::try_from(bucket_ms).unwrap_or(i64::MAX));
    let is_there = |start: Result<Timestamp, jiff::Error>| {
        start.is_ok_and(|start| counts.contains_key(&start))
    };
    let whole: Vec<u64> = counts
        .iter()
        .filter(|(start, _)| {
            is_there(start.checked_sub(width)) && is_there(start.checked_add(width))
        })
        .map(|(_, &count)| count)
        .collect();
    if whole.len() < MIN_WHOLE {
        counts.values().copied().collect()
    } else {
        whole
    }
}

/// Records a second while there were any, divided by variance over mean of their counts per bucket.
fn rhythm(
    counts: &BTreeMap<Timestamp, u64>,
    bucket_ms: u64,
    gaps: Vec<Gap>,
    known_ms: u64,
) -> Option<Rhythm> {
    let records: u64 = counts.values().sum();
    if records < MIN_RECORDS || gaps.is_empty() {
        return None;
    }
    let whole = whole(counts, bucket_ms);
    let of_whole: u64 = whole.iter().sum();
    let squares = whole
        .iter()
        .fold(0_u64, |sum, n| sum.saturating_add(n.saturating_mul(*n)));
    let n = number::len(whole.len());
    let dispersion = baseline::dispersion(of_whole, squares, n).max(1.0);
    let rate = to_f64(of_whole) * 1e3 / to_f64(n.max(1) * bucket_ms) / dispersion;
    Some(Rhythm {
        records,
        rate,
        gaps,
        known_ms,
    })
}

/// The gaps that do not end before, or with, the first request: a service that waits for load is silent, and well.
fn under_load(view: &View<'_>, mut gaps: Vec<Gap>) -> Vec<Gap> {
    let first = view
        .now
        .components
        .values()
        .filter_map(|component| {
            let mut buckets = component.buckets.iter();
            buckets.find(|(_, bucket)| 0 < bucket.requests())
        })
        .map(|(&start, _)| start)
        .min();
    if let Some(first) = first {
        gaps.retain(|gap| first < view.now.bucket_start(gap.to));
    }
    gaps
}

/// Times in which no component wrote.
fn all(view: &View<'_>, drafts: &mut Drafts) -> Vec<Gap> {
    let mut counts: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for component in view.now.components.values() {
        for (&start, bucket) in &component.buckets {
            *counts.entry(start).or_insert(0) += bucket.records();
        }
    }
    let known_ms = view.baseline.map_or(0, |baseline| baseline.max_gap_ms);
    let gaps = under_load(view, baseline::all_gaps(view.now));
    let Some(rhythm) = rhythm(&counts, view.now.bucket_ms.get(), gaps, known_ms) else {
        return Vec::new();
    };
    let (found, p) = rhythm.breaks(view);
    let Some(longest) = found
        .iter()
        .copied()
        .max_by_key(|gap| (gap.ms(), std::cmp::Reverse(gap.from)))
    else {
        drafts.tested(p);
        return found;
    };
    // Who wrote last before the silence is the first to ask.
    let last = view.now.components.iter().find(|(_, component)| {
        component
            .buckets
            .values()
            .any(|bucket| bucket.last == Some(longest.from))
    });
    let id = last.map_or_else(
        || ComponentId::new(ComponentId::UNKNOWN),
        |(id, _)| id.clone(),
    );
    drafts.push(draft(
        view,
        &id,
        "all",
        "nothing was written",
        &found,
        longest,
        p,
        &rhythm,
    ));
    found
}

/// Times in which one component did not write while others did.
fn one(view: &View<'_>, id: &ComponentId, everywhere: &[Gap], drafts: &mut Drafts) {
    let Some(measured) = view.now.components.get(id) else {
        return;
    };
    let counts: BTreeMap<Timestamp, u64> = measured
        .buckets
        .iter()
        .map(|(&start, bucket)| (start, bucket.records()))
        .collect();
    let known_ms = view
        .baseline
        .and_then(|baseline| baseline.components.get(id))
        .map_or(0, |known| known.max_gap_ms);
    let gaps = under_load(view, baseline::gaps(measured.buckets.values()));
    let Some(rhythm) = rhythm(&counts, view.now.bucket_ms.get(), gaps, known_ms) else {
        return;
    };
    let (mut found, p) = rhythm.breaks(view);
    found.retain(|gap| {
        !everywhere
            .iter()
            .any(|all| gap.from <= all.from && all.to <= gap.to)
    });
    let Some(longest) = found
        .iter()
        .copied()
        .max_by_key(|gap| (gap.ms(), std::cmp::Reverse(gap.from)))
    else {
        drafts.tested(p);
        return;
    };
    let what = format!("{id} wrote nothing");
    drafts.push(draft(view, id, "", &what, &found, longest, p, &rhythm));
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call site each for all and for one component"
)]
fn draft(
    view: &View<'_>,
    id: &ComponentId,
    signature: &str,
    what: &str,
    found: &[Gap],
    longest: Gap,
    p: f64,
    rhythm: &Rhythm,
) -> Draft {
    let length = std::time::Duration::from_millis(longest.ms());
    let missing = rhythm.rate * length.as_secs_f64();
    let total_ms: u64 = found.iter().map(|gap| gap.ms()).sum();
    let of_time = to_f64(total_ms) / 1e3 / view.exposure_s;
    Draft {
        kind: AnomalyKind::TimeGap,
        component: id.clone(),
        template: None,
        signature: signature.to_owned(),
        effect_size: Effect::graded(length.as_secs_f64(), 2.0, 5.0),
        // Without a baseline nobody knows whether silence is normal.
        share: if view.baseline.is_some() {
            of_time
        } else {
            0.0
        },
        cap: if view.baseline.is_some() {
            Severity::High
        } else {
            Severity::Medium
        },
        summary: format!(
            "{what} for {} ({} such times, {} in all), {missing:.0} records were to be expected",
            show(length),
            found.len(),
            show(std::time::Duration::from_millis(total_ms)),
        ),
        period: Some(crate::Period {
            start: longest.from,
            end: longest.to,
        }),
        count: number::len(found.len()),
        affected_requests: 0,
        evidence: Evidence {
            test: "exponential, by number of gaps".to_owned(),
            n: rhythm.records,
            n_baseline: 0,
            statistic: length.as_secs_f64(),
            p_value: p,
            q_value: 1.0,
            effect: missing,
            effect_name: "records expected".to_owned(),
        },
        exemplars: nearest(view, id, longest),
        gated: true,
    }
}

/// The kept records closest to the end of a gap, of the component if it has any.
fn nearest(view: &View<'_>, id: &ComponentId, gap: Gap) -> Vec<Exemplar> {
    let of = |own: bool| {
        let mut list: Vec<&Exemplar> = view
            .now
            .templates
            .values()
            .filter(|series| !own || series.component == *id)
            .flat_map(|series| &series.exemplars)
            .chain(
                view.now
                    .components
                    .iter()
                    .filter(|(other, _)| !own || *other == id)
                    .flat_map(|(_, component)| component.buckets.values())
                    .flat_map(|bucket| &bucket.exemplars),
            )
            .filter(|exemplar| exemplar.time.is_some())
            .collect();
        let distance = |exemplar: &Exemplar| {
            exemplar.time.map(|time| {
                time.duration_since(gap.to)
                    .unsigned_abs()
                    .min(time.duration_since(gap.from).unsigned_abs())
            })
        };
        list.sort_by(|a, b| distance(a).cmp(&distance(b)).then_with(|| a.cmp(b)));
        list.dedup();
        list.into_iter().take(2).cloned().collect::<Vec<_>>()
    };
    let own = of(true);
    if own.is_empty() { of(false) } else { own }
}
