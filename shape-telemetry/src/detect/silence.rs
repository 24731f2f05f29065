//! Components that fell silent, and times in which nothing was written.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    AnomalyKind, BaselineComponent, ComponentId, Evidence, Exemplar, Presence, Severity,
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
            summary: format!(
                "{id} is silent; {expected:.0} records were to be expected{}",
                match last_seen(known) {
                    Some(time) => format!(", one of the last was at {time}"),
                    None => String::new(),
                }
            ),
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
            exemplars: known.exemplars.clone(),
            gated: true,
        });
    }
}

/// The time of the last record that the baseline keeps of a component.
fn last_seen(known: &BaselineComponent) -> Option<Timestamp> {
    known
        .exemplars
        .iter()
        .filter_map(|exemplar| exemplar.time)
        .max()
}

/// What a series of records says of its gaps.
struct Rhythm {
    records: u64,
    /// Records a second, divided by their dispersion.
    rate: f64,
    gaps: Vec<Gap>,
    /// The least length of a gap.
    least_ms: u64,
}

/// The least length of a gap that may be one, by the configuration, what times are told apart by, and the baseline.
fn least_ms(view: &View<'_>, width_ms: u64, known_ms: u64) -> u64 {
    u64::try_from(view.config.min_gap.as_millis())
        .unwrap_or(u64::MAX)
        .max(2 * width_ms)
        .max(3 * known_ms)
}

impl Rhythm {
    /// The gaps that break the rhythm, and the p value of the longest.
    fn breaks(&self) -> (Vec<Gap>, f64) {
        let shortest = (10.0 / self.rate).max(to_f64(self.least_ms) / 1e3);
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
    least_ms: u64,
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
        least_ms,
    })
}

/// The gaps while there were requests: a service that waits for load is silent, and well.
fn under_load(view: &View<'_>, mut gaps: Vec<Gap>) -> Vec<Gap> {
    let presence = &view.now.presence;
    gaps.retain(|gap| {
        presence.first_request.is_none_or(|first| first < gap.to)
            && presence.last_request.is_none_or(|last| gap.from < last)
    });
    gaps
}

/// The longest times without a record that may be a habit: one in so many records.
const HABIT: usize = 100;
/// So many long silences of about the same length are one, too.
const MIN_PERIODIC: usize = 12;

/// From which length on a gap is none that the log has all the time, and the gaps that are as long.
fn unusual(gaps: &[Gap], least_ms: u64, records: u64) -> (u64, Vec<Gap>) {
    let mut lengths: Vec<u64> = gaps.iter().map(|gap| gap.ms()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let rank = usize::try_from(records).unwrap_or(usize::MAX) / HABIT + 1;
    let habit = lengths.get(rank).copied().unwrap_or(0);
    let mut least = least_ms.max(3 * habit);
    let n_long = lengths.partition_point(|&ms| least <= ms);
    if MIN_PERIODIC <= n_long {
        least = least.max(3 * lengths.get(n_long / 2).copied().unwrap_or(0));
    }
    let found = gaps.iter().copied().filter(|gap| least <= gap.ms());
    (least, found.collect())
}

/// Records a second of the time outside of some gaps, divided by variance over mean of their counts by slot, or by
/// groups of slots where these vary more.
fn rate_outside(presence: &Presence, gaps: &[Gap]) -> f64 {
    let (mut cut_ms, mut gaps) = (0_u64, gaps.iter().peekable());
    let Some(begin) = presence.slots.values().next().map(|slot| slot.first) else {
        return 0.0;
    };
    let slot_ms = presence.slot_ms.get();
    let ms = |from: Timestamp, to: Timestamp| {
        u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
    };
    let (mut counts, mut end_ms): (Vec<(u64, u64)>, u64) = (Vec::new(), 0);
    let mut records = 0;
    for slot in presence.slots.values() {
        while let Some(gap) = gaps.next_if(|gap| gap.to <= slot.first) {
            cut_ms += gap.ms();
        }
        let at = ms(begin, slot.first).saturating_sub(cut_ms);
        counts.push((at / slot_ms, slot.records));
        end_ms = ms(begin, slot.last).saturating_sub(cut_ms);
        records += slot.records;
    }
    let mut most = 1.0_f64;
    for width in [1, 4, 16] {
        let n = end_ms / slot_ms / width + 1;
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        for &(at, count) in &counts {
            *sums.entry(at / width).or_insert(0) += count;
        }
        let squares = sums
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(n.saturating_mul(*n)));
        // Groups at both ends are cut, which fewer than these would feel.
        if 8 <= n {
            most = most.max(baseline::dispersion(records, squares, n));
        }
    }
    to_f64(records) * 1e3 / to_f64(end_ms.max(slot_ms)) / most
}

/// Times in which no component wrote, by the times of records next to each other, whatever the buckets.
fn all(view: &View<'_>, drafts: &mut Drafts) -> Vec<Gap> {
    let presence = &view.now.presence;
    let records: u64 = presence.slots.values().map(|slot| slot.records).sum();
    let gaps = baseline::all_gaps(presence);
    if records < MIN_RECORDS || gaps.is_empty() {
        return Vec::new();
    }
    let known_ms = view.baseline.map_or(0, |baseline| baseline.max_gap_ms);
    let least_ms = least_ms(view, presence.slot_ms.get(), known_ms);
    let (least_ms, outside) = unusual(&gaps, least_ms, records);
    let rhythm = Rhythm {
        records,
        rate: rate_outside(presence, &outside),
        gaps: under_load(view, gaps),
        least_ms,
    };
    let (found, p) = rhythm.breaks();
    let Some(longest) = found
        .iter()
        .copied()
        .max_by_key(|gap| (gap.ms(), std::cmp::Reverse(gap.from)))
    else {
        drafts.tested(p);
        return found;
    };
    let id = before(view, longest);
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

/// Who is the first to ask: the component that wrote last before the silence, as far as that is known; else the one
/// that wrote most in that bucket.
fn before(view: &View<'_>, gap: Gap) -> ComponentId {
    let start = view.now.bucket_start(gap.from);
    let candidates = view.now.components.iter().filter_map(|(id, component)| {
        let bucket = component.buckets.get(&start)?;
        let is_before = bucket.first.is_some_and(|first| first <= gap.from);
        is_before.then_some((
            bucket.last == Some(gap.from),
            bucket.records(),
            std::cmp::Reverse(id),
        ))
    });
    candidates.max().map_or_else(
        || ComponentId::new(ComponentId::UNKNOWN),
        |(_, _, std::cmp::Reverse(id))| id.clone(),
    )
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
    let bucket_ms = view.now.bucket_ms.get();
    let least_ms = least_ms(view, bucket_ms, known_ms);
    let (least_ms, _) = unusual(&gaps, least_ms, counts.values().sum());
    let Some(rhythm) = rhythm(&counts, bucket_ms, gaps, least_ms) else {
        return;
    };
    let (mut found, p) = rhythm.breaks();
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
