//! Components that fell silent, and times in which nothing was written.

use std::time::Duration;

use jiff::Timestamp;

use super::rhythm::{Rhythm, Stretch, rate_outside, unusual};
use crate::{
    AnomalyKind, BaselineComponent, ComponentId, Evidence, Exemplar, Severity,
    analyze::{View, share},
    baseline::{self, Gap},
    draft::{Draft, Drafts},
    number::{self, to_f64},
    severity::Effect,
    wording::length,
};

/// Fewer records than this do not show a rhythm that a gap could break.
const MIN_RECORDS: u64 = 50;

pub(crate) fn detect(view: &View<'_>, drafts: &mut Drafts) {
    silent(view, drafts);
    let everywhere = all(view, drafts);
    let mut silences: Vec<Silence<'_>> = view
        .now
        .components
        .keys()
        .filter_map(|id| one(view, id, &everywhere, drafts))
        .collect();
    // What falls silent together is one silence, told of the component that lacks most records.
    silences.sort_by(|a, b| {
        b.missing()
            .total_cmp(&a.missing())
            .then_with(|| a.id.cmp(b.id))
    });
    let mut told: Vec<(Silence<'_>, Vec<&ComponentId>)> = Vec::new();
    for silence in silences {
        match told
            .iter_mut()
            .find(|(other, _)| other.longest.is_about(silence.longest))
        {
            Some((_, with)) => with.push(silence.id),
            None => told.push((silence, Vec::new())),
        }
    }
    for (silence, mut with) in told {
        with.sort_unstable();
        let what = match with.as_slice() {
            [] => format!("{} wrote nothing", silence.id),
            [other] => format!("{} and {other} wrote nothing", silence.id),
            many => format!(
                "{} and {} others ({}, …) wrote nothing",
                silence.id,
                many.len(),
                many.iter()
                    .take(2)
                    .map(|id| id.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        drafts.push(draft(view, &silence, "", &what));
    }
}

/// Times in which something did not write.
struct Silence<'v> {
    id: &'v ComponentId,
    found: Vec<Gap>,
    longest: Gap,
    p: f64,
    rhythm: Rhythm,
}

impl Silence<'_> {
    /// The records that were to be expected in the longest of them.
    fn missing(&self) -> f64 {
        self.rhythm.rate.records * to_f64(self.longest.ms()) / 1e3
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

/// The least length of a gap that may be one, by the configuration, what times are told apart by, and the baseline.
fn least_ms(view: &View<'_>, width_ms: u64, known_ms: u64) -> u64 {
    u64::try_from(view.config.min_gap.as_millis())
        .unwrap_or(u64::MAX)
        .max(2 * width_ms)
        .max(3 * known_ms)
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
    let stretches: Vec<Stretch> = presence
        .slots
        .values()
        .map(|slot| Stretch {
            first: slot.first,
            last: slot.last,
            records: slot.records,
        })
        .collect();
    let rhythm = Rhythm {
        records,
        rate: rate_outside(&stretches, presence.slot_ms.get(), &outside),
        gaps: under_load(view, gaps),
        least_ms,
    };
    let (found, p) = rhythm.breaks();
    let Some(longest) = longest(&found) else {
        drafts.tested(p);
        return found;
    };
    let id = before(view, longest);
    let silence = Silence {
        id: &id,
        found,
        longest,
        p,
        rhythm,
    };
    drafts.push(draft(view, &silence, "all", "nothing was written"));
    silence.found
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
fn one<'v>(
    view: &View<'v>,
    id: &'v ComponentId,
    everywhere: &[Gap],
    drafts: &mut Drafts,
) -> Option<Silence<'v>> {
    let measured = view.now.components.get(id)?;
    let known_ms = view
        .baseline
        .and_then(|baseline| baseline.components.get(id))
        .map_or(0, |known| known.max_gap_ms);
    let stretches: Vec<Stretch> = measured
        .buckets
        .values()
        .filter_map(|bucket| {
            Some(Stretch {
                first: bucket.first?,
                last: bucket.last?,
                records: bucket.records(),
            })
        })
        .collect();
    let records = stretches.iter().map(|stretch| stretch.records).sum();
    let gaps = baseline::gaps(measured.buckets.values());
    if records < MIN_RECORDS || gaps.is_empty() {
        return None;
    }
    let bucket_ms = view.now.bucket_ms.get();
    let (least_ms, outside) = unusual(&gaps, least_ms(view, bucket_ms, known_ms), records);
    let rhythm = Rhythm {
        records,
        rate: rate_outside(&stretches, bucket_ms, &outside),
        gaps: under_load(view, gaps),
        least_ms,
    };
    let (mut found, p) = rhythm.breaks();
    found.retain(|gap| {
        !everywhere
            .iter()
            .any(|all| gap.from <= all.from && all.to <= gap.to)
    });
    let Some(longest) = longest(&found) else {
        drafts.tested(p);
        return None;
    };
    Some(Silence {
        id,
        found,
        longest,
        p,
        rhythm,
    })
}

/// The longest gap, the first of several.
fn longest(found: &[Gap]) -> Option<Gap> {
    let rank = |gap: &Gap| (gap.ms(), std::cmp::Reverse(gap.from));
    found.iter().copied().max_by_key(rank)
}

fn draft(view: &View<'_>, silence: &Silence<'_>, signature: &str, what: &str) -> Draft {
    let (found, longest) = (&silence.found, silence.longest);
    let lasted = Duration::from_millis(longest.ms());
    let missing = silence.missing();
    let total_ms: u64 = found.iter().map(|gap| gap.ms()).sum();
    let of_time = to_f64(total_ms) / 1e3 / view.exposure_s;
    Draft {
        kind: AnomalyKind::TimeGap,
        component: silence.id.clone(),
        template: None,
        signature: signature.to_owned(),
        effect_size: Effect::graded(lasted.as_secs_f64(), 2.0, 5.0),
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
            "{what} for {}{} from {} on; {missing:.0} records were to be expected",
            length(lasted),
            if found.len() == 1 {
                String::new()
            } else {
                format!(
                    " ({} such times, {} in all)",
                    found.len(),
                    length(Duration::from_millis(total_ms))
                )
            },
            longest.from,
        ),
        period: Some(crate::Period {
            start: longest.from,
            end: longest.to,
        }),
        count: number::len(found.len()),
        affected_requests: 0,
        evidence: Evidence {
            test: "exponential, by number of gaps".to_owned(),
            n: silence.rhythm.records,
            n_baseline: 0,
            statistic: lasted.as_secs_f64(),
            p_value: silence.p,
            q_value: 1.0,
            effect: missing,
            effect_name: "records expected".to_owned(),
        },
        exemplars: nearest(view, silence.id, longest),
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
