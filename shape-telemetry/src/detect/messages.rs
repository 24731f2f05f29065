//! New templates, templates that come more or less often, and messages that report a stall.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use crate::{
    AnomalyKind, Baseline, ComponentId, Evidence, Level, Measurements, Severity, TemplateId,
    TemplateSeries,
    analyze::{View, share},
    baseline::BaselineTemplate,
    blocking::is_blocking,
    coincidence,
    draft::{Draft, Drafts},
    mine::vary::Variation,
    number::to_f64,
    severity::Effect,
    statistics::{self, RateTest},
    wording::{count as counted, length, percent, times},
};

/// How many error templates are reported as such when there is nothing to compare with.
const MAX_WITHOUT_BASELINE: usize = 50;
/// The test of an anomaly that there is nothing to compare with for.
pub(crate) const WITHOUT_BASELINE: &str = "none, without a baseline";
/// So often a warning is written before it is named without a baseline.
const MIN_WARNINGS: u64 = 10;

pub(crate) fn detect(view: &View<'_>, whole: &Measurements, drafts: &mut Drafts) {
    let mut blocking = BTreeSet::new();
    // A stall is one in the earlier part of a log too: without a baseline all of the log counts.
    let all = if view.within { whole } else { view.now };
    for (id, series) in &all.templates {
        if is_other(id) || !is_blocking(series) {
            continue;
        }
        blocking.insert(id.clone());
        self::blocking(view, all, id, series, drafts);
    }
    match view.baseline {
        Some(baseline) => compare(view, baseline, &blocking, drafts),
        None => known_errors(view, view.now, &blocking, drafts),
    }
    if view.within && view.baseline.is_some() {
        known_errors(view, whole, &blocking, drafts);
    }
    if let Some(baseline) = view.baseline.filter(|_| !view.within) {
        vanished(view, baseline, drafts);
    }
}

/// The template that counts what exceeded the limit is no message.
fn is_other(id: &TemplateId) -> bool {
    id.as_str() == Measurements::OTHER
}

fn level_name(series: &TemplateSeries) -> &'static str {
    series.level.map_or("message", Level::as_str)
}

fn test(
    view: &View<'_>,
    count: u64,
    baseline: &Baseline,
    known: Option<&BaselineTemplate>,
    series: Option<&TemplateSeries>,
) -> RateTest {
    let n_buckets =
        crate::number::to_u64((view.exposure_s * 1e3 / to_f64(view.now.bucket_ms.get())).ceil());
    let dispersion = known
        .map_or(1.0, |known| baseline.dispersion(known))
        .max(series.map_or(1.0, |series| series.dispersion(n_buckets)));
    statistics::rate(
        count,
        view.exposure_s,
        known.map_or(0, |known| known.count),
        view.baseline_exposure_s(),
        dispersion,
    )
}

/// `blocked`, `stalled`, `took 512 ms`: with how often, how long, and how many slow requests fall into these times.
fn blocking(
    view: &View<'_>,
    all: &Measurements,
    id: &TemplateId,
    series: &TemplateSeries,
    drafts: &mut Drafts,
) {
    let count = series.count();
    let known = view
        .baseline
        .filter(|_| !view.within)
        .and_then(|baseline| baseline.templates.get(id));
    let blocked =
        Duration::from_nanos(u64::try_from(series.durations.sum_ns()).unwrap_or(u64::MAX));
    let exposure_s = to_f64(crate::baseline::exposure_ms(all)) / 1e3;
    let blocked_share = (blocked.as_secs_f64() / exposure_s).min(1.0);
    let test = view
        .baseline
        .filter(|_| !view.within)
        .map(|baseline| test(view, count, baseline, known, None));
    if let Some(test) = test {
        drafts.tested(test.p);
        // As often as ever is no news.
        if known.is_some() && test.ratio < view.config.min_rate_ratio {
            return;
        }
    }
    if count < view.config.min_blocking_count {
        return;
    }
    let slow = slow_meanwhile(view, all, series);
    let timed = !series.durations.is_empty();
    let effect_size = if timed {
        Effect::graded(blocked_share, 0.02, 0.10)
    } else {
        Effect::graded(to_f64(count) / exposure_s, 0.1, 1.0)
    };
    let longest = series.durations.max().unwrap_or_default();
    let median = series.durations.quantile(0.5).unwrap_or_default();
    let durations = if timed {
        format!(
            ", {} each at the median and {} at the longest, {} of the time",
            length(median),
            length(longest),
            percent(blocked_share)
        )
    } else {
        String::new()
    };
    let requests: u64 = all
        .components
        .keys()
        .map(|id| all.totals(id.as_str(), None).requests())
        .sum();
    drafts.push(Draft {
        kind: AnomalyKind::RepeatedBlocking,
        component: series.component.clone(),
        template: Some(id.clone()),
        signature: id.as_str().to_owned(),
        effect_size,
        share: share(slow, requests),
        cap: Severity::Critical,
        summary: format!(
            "`{}` {}{durations}; {} in these times{}",
            series.text,
            times(count),
            counted(slow, "slow request"),
            match known {
                Some(known) => format!(" ({} in the baseline)", times(known.count)),
                None if test.is_some() => " (never in the baseline)".to_owned(),
                None => String::new(),
            }
        ),
        period: view.period_of(series.buckets.keys().copied()),
        count,
        affected_requests: slow,
        evidence: Evidence {
            test: if test.is_some() {
                "exact binomial"
            } else {
                "stated rule on words, durations and count"
            }
            .to_owned(),
            n: count,
            n_baseline: known.map_or(0, |known| known.count),
            statistic: test.map_or(to_f64(count), |test| test.ratio),
            p_value: test.map_or(1.0, |test| test.p),
            q_value: 1.0,
            effect: if timed {
                blocked_share
            } else {
                to_f64(count) / exposure_s
            },
            effect_name: if timed {
                "share of time blocked"
            } else {
                "messages a second"
            }
            .to_owned(),
        },
        exemplars: series.exemplars.clone(),
        gated: false,
    });
}

/// The buckets in which a template occurs, and those after them: what was blocked ends a little later.
pub(crate) fn buckets_around(all: &Measurements, series: &TemplateSeries) -> BTreeSet<Timestamp> {
    let width = i64::try_from(all.bucket_ms.get()).unwrap_or(i64::MAX);
    series
        .buckets
        .keys()
        .flat_map(|&start| {
            let next = start
                .checked_add(jiff::SignedDuration::from_millis(width))
                .ok();
            [Some(start), next]
        })
        .flatten()
        .collect()
}

/// Slow requests of all components while a template occurs.
fn slow_meanwhile(view: &View<'_>, all: &Measurements, series: &TemplateSeries) -> u64 {
    let times = buckets_around(all, series);
    all.components
        .iter()
        .flat_map(|(id, measured)| {
            let times = &times;
            measured
                .buckets
                .iter()
                .filter(move |(start, _)| times.contains(start))
                .map(move |(_, bucket)| view.slow(id, &bucket.latency))
        })
        .sum()
}

/// Templates of the measured time against the baseline.
fn compare(
    view: &View<'_>,
    baseline: &Baseline,
    blocking: &BTreeSet<TemplateId>,
    drafts: &mut Drafts,
) {
    // A text that differs from known ones only by a word that varies is known.
    let texts = baseline.templates.values().map(|known| known.text.as_str());
    let more = view.now.templates.values().map(|series| &*series.text);
    let variation = Variation::learn(texts.chain(more));
    let alike: BTreeSet<(&ComponentId, String)> = baseline
        .templates
        .values()
        .map(|known| (&known.component, variation.apply(&known.text)))
        .collect();
    for (id, series) in &view.now.templates {
        if is_other(id) || blocking.contains(id) {
            continue;
        }
        let known = baseline.templates.get(id);
        let warns = Some(Level::Warn) <= series.level
            && (known.is_some()
                || !alike.contains(&(&series.component, variation.apply(&series.text))));
        match known {
            None if warns => new_template(view, baseline, id, series, drafts),
            None => {}
            Some(known) => rate(view, baseline, id, series, known, drafts),
        }
    }
}

/// Failed requests of the template's component that it may stand for: at level error, at most one each.
pub(crate) fn failures(view: &View<'_>, series: &TemplateSeries, count: u64) -> u64 {
    if series.level < Some(Level::Error) {
        return 0;
    }
    view.now
        .totals(series.component.as_str(), None)
        .bad
        .min(count)
}

fn share_of_component(view: &View<'_>, series: &TemplateSeries, affected: u64, count: u64) -> f64 {
    let totals = view.now.totals(series.component.as_str(), None);
    if totals.requests() == 0 {
        // Nothing is known of requests: errors count by their share of the records.
        return if series.level < Some(Level::Error) {
            0.0
        } else {
            share(count, totals.records()) / 10.0
        };
    }
    share(affected, totals.requests())
}

fn grade_new(series: &TemplateSeries, count: u64) -> Effect {
    let severe = Some(Level::Error) <= series.level;
    match (severe, 10 <= count) {
        (true, true) => Effect::Large,
        (true, false) | (false, true) => Effect::Medium,
        (false, false) => Effect::Small,
    }
}

/// The effect, the share of requests and the affected requests of a warning or error that is new or surges: by
/// itself, or by the requests of any component that are slow or fail when it is written.
fn grade(
    view: &View<'_>,
    series: &TemplateSeries,
    alone: Effect,
    count: u64,
) -> (Effect, f64, u64) {
    let failed = failures(view, series, count);
    let share_alone = share_of_component(view, series, failed, count);
    if series.level < Some(Level::Warn) {
        return (alone, share_alone, failed);
    }
    let reach = coincidence::reach(view, series);
    if reach.affected == 0 {
        return (alone, share_alone, failed);
    }
    (
        alone.max(Effect::graded(reach.strength, 0.2, 0.5)),
        share_alone.max(share(reach.affected, reach.requests)),
        failed.max(reach.affected),
    )
}

fn new_template(
    view: &View<'_>,
    baseline: &Baseline,
    id: &TemplateId,
    series: &TemplateSeries,
    drafts: &mut Drafts,
) {
    let count = series.count();
    let test = test(view, count, baseline, None, None);
    let (effect_size, share, affected) = grade(view, series, grade_new(series, count), count);
    drafts.push(Draft {
        kind: AnomalyKind::NewTemplate,
        component: series.component.clone(),
        template: Some(id.clone()),
        signature: id.as_str().to_owned(),
        effect_size,
        share,
        cap: Severity::Critical,
        summary: format!(
            "new {} `{}`, {}, never {}",
            level_name(series),
            series.text,
            times(count),
            if view.within {
                "earlier in the log"
            } else {
                "in the baseline"
            }
        ),
        period: view.period_of(series.buckets.keys().copied()),
        count,
        affected_requests: affected,
        evidence: Evidence {
            test: "exact binomial".to_owned(),
            n: count,
            n_baseline: 0,
            statistic: to_f64(count),
            p_value: test.p,
            q_value: 1.0,
            effect: test.ratio,
            effect_name: "rate ratio".to_owned(),
        },
        exemplars: series.exemplars.clone(),
        gated: false,
    });
}

fn rate(
    view: &View<'_>,
    baseline: &Baseline,
    id: &TemplateId,
    series: &TemplateSeries,
    known: &BaselineTemplate,
    drafts: &mut Drafts,
) {
    let count = series.count();
    let test = test(view, count, baseline, Some(known), Some(series));
    let ratio = test.ratio;
    let surge = view.config.min_rate_ratio <= ratio;
    let drop = ratio <= 1.0 / view.config.min_rate_ratio;
    // Within one log, times of day and phases of a program are no anomaly.
    let told = if view.within {
        surge && Some(Level::Warn) <= series.level
    } else {
        surge || drop
    };
    if !told || (surge && count < 5) {
        drafts.tested(test.p);
        return;
    }
    let warns = Some(Level::Warn) <= series.level;
    let factor = if surge { ratio } else { 1.0 / ratio };
    let alone = Effect::graded(factor, 5.0, 10.0);
    let (effect_size, share, affected) = if surge {
        grade(view, series, alone, count)
    } else {
        (alone, 0.0, 0)
    };
    drafts.push(Draft {
        kind: if surge {
            AnomalyKind::RateSurge
        } else {
            AnomalyKind::RateDrop
        },
        component: series.component.clone(),
        template: Some(id.clone()),
        signature: id.as_str().to_owned(),
        effect_size,
        share,
        cap: if warns && surge {
            Severity::Critical
        } else {
            Severity::Low
        },
        summary: format!(
            "{} `{}` {}, {factor:.1} times {} often than {}",
            level_name(series),
            series.text,
            times(count),
            if surge { "more" } else { "less" },
            if view.within {
                "earlier in the log"
            } else {
                "in the baseline"
            }
        ),
        period: view.period_of(series.buckets.keys().copied()),
        count,
        affected_requests: affected,
        evidence: Evidence {
            test: "exact binomial".to_owned(),
            n: count,
            n_baseline: known.count,
            statistic: ratio,
            p_value: test.p,
            q_value: 1.0,
            effect: ratio,
            effect_name: "rate ratio".to_owned(),
        },
        exemplars: series.exemplars.clone(),
        gated: true,
    });
}

/// Templates of the baseline that are gone, their components being there.
fn vanished(view: &View<'_>, baseline: &Baseline, drafts: &mut Drafts) {
    for (id, known) in &baseline.templates {
        if is_other(id)
            || view.now.templates.contains_key(id)
            || !view.now.components.contains_key(&known.component)
        {
            continue;
        }
        let test = test(view, 0, baseline, Some(known), None);
        if 1.0 / view.config.min_rate_ratio < test.ratio {
            drafts.tested(test.p);
            continue;
        }
        drafts.push(Draft {
            kind: AnomalyKind::VanishedTemplate,
            component: known.component.clone(),
            template: Some(id.clone()),
            signature: id.as_str().to_owned(),
            effect_size: Effect::graded(1.0 / test.ratio, 5.0, 10.0),
            share: 0.0,
            cap: Severity::Medium,
            summary: format!(
                "`{}` is gone; {} in the baseline",
                known.text,
                times(known.count)
            ),
            period: view.now.period(),
            count: 0,
            affected_requests: 0,
            evidence: Evidence {
                test: "exact binomial".to_owned(),
                n: 0,
                n_baseline: known.count,
                statistic: test.ratio,
                p_value: test.p,
                q_value: 1.0,
                effect: test.ratio,
                effect_name: "rate ratio".to_owned(),
            },
            exemplars: known.exemplars.clone(),
            gated: true,
        });
    }
}

/// Errors of a log that there is nothing to compare with.
fn known_errors(
    view: &View<'_>,
    all: &Measurements,
    blocking: &BTreeSet<TemplateId>,
    drafts: &mut Drafts,
) {
    let mut errors: Vec<(&TemplateId, &TemplateSeries)> = all
        .templates
        .iter()
        .filter(|(id, series)| {
            let is_repeated_warning =
                series.level == Some(Level::Warn) && MIN_WARNINGS <= series.count();
            (Some(Level::Error) <= series.level || is_repeated_warning)
                && !is_other(id)
                && !blocking.contains(*id)
        })
        .collect();
    errors.sort_by_key(|(id, series)| {
        let is_warning = series.level < Some(Level::Error);
        (is_warning, std::cmp::Reverse(series.count()), *id)
    });
    for (id, series) in errors.into_iter().take(MAX_WITHOUT_BASELINE) {
        let count = series.count();
        let affected = all.totals(series.component.as_str(), None).bad.min(count);
        drafts.push(Draft {
            kind: AnomalyKind::NewTemplate,
            component: series.component.clone(),
            template: Some(id.clone()),
            signature: id.as_str().to_owned(),
            effect_size: grade_new(series, count),
            share: share_of_component(view, series, affected, count),
            // A warning may be as usual as it is frequent: it is named, so that it can be traced, and no more.
            cap: if series.level < Some(Level::Error) {
                Severity::Low
            } else {
                Severity::High
            },
            summary: format!(
                "{} `{}`, {}; there is no baseline to compare with",
                level_name(series),
                series.text,
                times(count)
            ),
            period: view.period_of(series.buckets.keys().copied()),
            count,
            affected_requests: affected,
            evidence: Evidence {
                test: WITHOUT_BASELINE.to_owned(),
                n: count,
                n_baseline: 0,
                statistic: to_f64(count),
                p_value: 1.0,
                q_value: 1.0,
                effect: to_f64(count) / view.exposure_s,
                effect_name: "messages a second".to_owned(),
            },
            exemplars: series.exemplars.clone(),
            gated: false,
        });
    }
}
