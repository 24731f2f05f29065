//! From measurements to a report.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    Baseline, ChangeEvent, ComponentId, LatencySketch, Measurements, Period, SourceSummary,
    TelemetryReport, TemplateSummary,
    baseline::exposure_ms,
    coincidence::{self, Hurt},
    detect, diagnose,
    draft::Drafts,
    fold,
    number::{self, to_f64},
};

/// What it takes for something to be called an anomaly.
///
/// A p value alone never suffices: with many requests every difference is significant. Each limit on an effect has a
/// default that the scheduling noise of a small machine does not reach.
#[derive(Clone, Debug)]
pub struct AnalyzerConfig {
    pub(crate) max_q: f64,
    pub(crate) min_rate_ratio: f64,
    pub(crate) min_superiority: f64,
    pub(crate) min_latency_ratio: f64,
    pub(crate) min_latency_shift: Duration,
    pub(crate) min_error_ratio: f64,
    pub(crate) min_error_excess: f64,
    pub(crate) min_gap: Duration,
    pub(crate) min_blocking_count: u64,
    pub(crate) changes: Vec<ChangeEvent>,
}

impl Default for AnalyzerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl AnalyzerConfig {
    /// The defaults that each method names.
    pub fn new() -> Self {
        Self {
            max_q: 0.001,
            min_rate_ratio: 3.0,
            min_superiority: 0.6,
            min_latency_ratio: 2.0,
            min_latency_shift: Duration::from_millis(5),
            min_error_ratio: 2.0,
            min_error_excess: 0.005,
            min_gap: Duration::from_secs(1),
            min_blocking_count: 3,
            changes: Vec::new(),
        }
    }

    /// The highest corrected p value of what is reported, 0.001 by default.
    #[must_use]
    pub fn max_q(mut self, q: f64) -> Self {
        self.max_q = finite(q, self.max_q).clamp(0.0, 1.0);
        self
    }

    /// A template surges at this many times its rate and drops at one over it; 3 by default.
    #[must_use]
    pub fn min_rate_ratio(mut self, ratio: f64) -> Self {
        self.min_rate_ratio = finite(ratio, self.min_rate_ratio).max(1.0);
        self
    }

    /// Requests are slower when the median or the 95th percentile grows to this many times its value, 2 by default.
    #[must_use]
    pub fn min_latency_ratio(mut self, ratio: f64) -> Self {
        self.min_latency_ratio = finite(ratio, self.min_latency_ratio).max(1.0);
        self
    }

    /// Requests are slower when the median or the 95th percentile grows by this much, 5 ms by default; or when 3 % of
    /// them, five times as many as before, lie four times as much beyond the 99th percentile of the baseline (and
    /// beyond three times that percentile).
    #[must_use]
    pub fn min_latency_shift(mut self, shift: Duration) -> Self {
        self.min_latency_shift = shift;
        self
    }

    /// The least rise of the share of failed requests, 0.005 by default (half a percentage point).
    #[must_use]
    pub fn min_error_excess(mut self, excess: f64) -> Self {
        self.min_error_excess = finite(excess, self.min_error_excess).clamp(0.0, 1.0);
        self
    }

    /// Changes of the system that may be causes: those after which requests are clearly worse off are named.
    #[must_use]
    pub fn changes(mut self, changes: impl IntoIterator<Item = ChangeEvent>) -> Self {
        self.changes = changes.into_iter().collect();
        self
    }

    /// The shortest time without records that may be an anomaly, a second by default.
    #[must_use]
    pub fn min_gap(mut self, gap: Duration) -> Self {
        self.min_gap = gap;
        self
    }
}

fn finite(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value } else { otherwise }
}

/// Says what is out of the ordinary, and why.
///
/// With a baseline, every component and template is compared with what is normal for it. Without one, the later part
/// of the log is compared with the earlier, split where failures and warnings change most, and error messages are
/// reported as such.
///
/// ```
/// use shape_telemetry::{Analyzer, AnomalyKind, Collector, CollectorConfig};
///
/// let mut log = String::new();
/// for second in 10..40 {
///     log += &format!("2026-11-23T23:41:{second}.1Z  WARN studio::canvas: ResizeCanvas blocked main thread for 71.9ms events=31\n");
/// }
/// let mut collector = Collector::new(CollectorConfig::new());
/// collector.read("studio.log", log.as_bytes());
/// let (measurements, sources) = collector.finish();
///
/// let report = Analyzer::default().analyze(&measurements, None, sources);
/// let blocking = &report.anomalies[0];
/// assert_eq!(blocking.kind, AnomalyKind::RepeatedBlocking);
/// assert_eq!(blocking.exemplars[0].position.line.get(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Analyzer {
    config: AnalyzerConfig,
}

impl Analyzer {
    /// An analyzer with limits of its own.
    pub fn new(config: AnalyzerConfig) -> Self {
        Self { config }
    }

    /// What the measurements say: templates, anomalies and diagnoses, the most severe first.
    ///
    /// The same measurements and baseline give the same report, to the byte.
    pub fn analyze(
        &self,
        now: &Measurements,
        baseline: Option<&Baseline>,
        sources: Vec<SourceSummary>,
    ) -> TelemetryReport {
        let split;
        let view = if let Some(baseline) = baseline {
            View::new(&self.config, now, Some(baseline), false)
        } else {
            split = split_in_time(now);
            match &split {
                Some((learned, later)) => View::new(&self.config, later, Some(learned), true),
                None => View::new(&self.config, now, None, true),
            }
        };
        let mut drafts = Drafts::default();
        detect::messages::detect(&view, now, &mut drafts);
        detect::requests::detect(&view, &mut drafts);
        detect::sessions::detect(&view, &mut drafts);
        // Silence is judged over all of the log: a gap has no later part.
        let whole = View::new(&self.config, now, baseline, baseline.is_none());
        detect::silence::detect(&whole, &mut drafts);
        detect::metrics::detect(&whole, &mut drafts);
        let mut anomalies = fold::fold(now, drafts.finish(self.config.max_q));
        detect::metrics::date(&whole, &mut anomalies);
        let diagnoses = diagnose::diagnose(&view, &anomalies);
        TelemetryReport {
            schema_version: TelemetryReport::SCHEMA_VERSION,
            period: now.period(),
            lines: now.lines,
            overflow: now.overflow(),
            sources,
            templates: summaries(now),
            anomalies,
            diagnoses,
        }
    }
}

fn summaries(now: &Measurements) -> Vec<TemplateSummary> {
    let mut templates: Vec<TemplateSummary> = now
        .templates
        .iter()
        .map(|(id, series)| TemplateSummary {
            id: id.clone(),
            text: series.text.clone(),
            component: series.component.clone(),
            level: series.level,
            count: series.count(),
        })
        .collect();
    templates.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
    templates
}

/// What the detectors look at.
pub(crate) struct View<'v> {
    pub(crate) config: &'v AnalyzerConfig,
    pub(crate) now: &'v Measurements,
    pub(crate) baseline: Option<&'v Baseline>,
    /// The baseline, if any, is the earlier part of the same log.
    pub(crate) within: bool,
    /// How long was watched, in seconds.
    pub(crate) exposure_s: f64,
    /// The latency above which a request is slow, per component.
    pub(crate) limits: BTreeMap<ComponentId, Limits>,
    /// The components whose requests are clearly worse off than in the baseline.
    pub(crate) hurt: BTreeMap<ComponentId, Hurt>,
}

/// From which duration on a request is called slow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The 99th percentile of the baseline; without one, three times the median now.
    pub(crate) slow: Duration,
    /// Three times that, and four times the least shift beyond it: what the noise of a busy machine rarely reaches.
    pub(crate) clearly_slow: Duration,
}

impl<'v> View<'v> {
    fn new(
        config: &'v AnalyzerConfig,
        now: &'v Measurements,
        baseline: Option<&'v Baseline>,
        within: bool,
    ) -> Self {
        let limits = now
            .components
            .keys()
            .filter_map(|id| {
                let latency = now.latency(id.as_str(), None);
                let learned = baseline
                    .and_then(|baseline| baseline.components.get(id))
                    .and_then(|component| component.latency.quantile(0.99));
                let slow = match learned {
                    Some(p99) => p99,
                    None => 3 * latency.quantile(0.5)?,
                };
                let clearly_slow = (3 * slow).max(slow + 4 * config.min_latency_shift);
                Some((id.clone(), Limits { slow, clearly_slow }))
            })
            .collect();
        let mut view = Self {
            config,
            now,
            baseline,
            within,
            exposure_s: to_f64(exposure_ms(now)) / 1e3,
            limits,
            hurt: BTreeMap::new(),
        };
        view.hurt = coincidence::hurt(&view);
        view
    }

    /// How long the baseline was watched, in seconds.
    pub(crate) fn baseline_exposure_s(&self) -> f64 {
        self.baseline
            .map_or(0.0, |baseline| to_f64(baseline.exposure_ms) / 1e3)
    }

    /// Slow requests among these latencies of a component.
    pub(crate) fn slow(&self, component: &ComponentId, latency: &LatencySketch) -> u64 {
        self.limits
            .get(component)
            .map_or(0, |limits| latency.count_above(limits.slow))
    }

    /// The requests of a component that failed or were slow.
    pub(crate) fn affected(&self, component: &ComponentId) -> u64 {
        self.now
            .components
            .get(component)
            .into_iter()
            .flat_map(|measured| measured.buckets.values().chain([&measured.untimed]))
            .map(|bucket| {
                (bucket.bad + self.slow(component, &bucket.latency)).min(bucket.requests())
            })
            .sum()
    }

    /// From the first to the last bucket in a set of starts.
    pub(crate) fn period_of(&self, starts: impl IntoIterator<Item = Timestamp>) -> Option<Period> {
        let width = i64::try_from(self.now.bucket_ms.get()).unwrap_or(i64::MAX);
        let mut period: Option<Period> = None;
        for start in starts {
            let end = start
                .checked_add(jiff::SignedDuration::from_millis(width))
                .unwrap_or(start);
            let one = Period { start, end };
            period = Some(period.map_or(one, |all| all.union(one)));
        }
        let measured = self.now.period()?;
        period.map(|period| Period {
            start: period.start.max(measured.start),
            end: period.end.min(measured.end).max(period.start),
        })
    }
}

/// A share that is 0 when there is nothing to share.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        to_f64(part.min(whole)) / to_f64(whole)
    }
}

/// Learns from the part of a log before its sharpest change, and gives the part after it.
///
/// The change is where the likelihood of failures and of warnings per bucket gains most from two rates in place of
/// one (a Poisson likelihood ratio); without any such event the middle. `None` for fewer than 10 buckets.
fn split_in_time(now: &Measurements) -> Option<(Baseline, Measurements)> {
    let mut series: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for component in now.components.values() {
        for (&start, bucket) in &component.buckets {
            *series.entry(start).or_insert(0) += bucket.bad;
        }
    }
    for template in now.templates.values() {
        if Some(crate::Level::Warn) <= template.level {
            for (&start, &count) in &template.buckets {
                *series.entry(start).or_insert(0) += count;
            }
        }
    }
    if series.len() < 10 {
        return None;
    }
    let counts: Vec<(Timestamp, u64)> = series.into_iter().collect();
    let total: u64 = counts.iter().map(|&(_, count)| count).sum();
    let n = to_f64(number::len(counts.len()));
    let margin = counts.len() / 5;
    let log_likelihood = |events: u64, buckets: f64| {
        if events == 0 {
            0.0
        } else {
            to_f64(events) * (to_f64(events) / buckets).ln()
        }
    };
    let mut best = (0.0, counts.len() / 2);
    let mut before = 0;
    for (index, &(_, count)) in counts.iter().enumerate() {
        let k = to_f64(number::len(index));
        if margin <= index && index < counts.len() - margin {
            let gain = log_likelihood(before, k) + log_likelihood(total - before, n - k)
                - log_likelihood(total, n);
            if best.0 < gain {
                best = (gain, index);
            }
        }
        before += count;
    }
    let whole = now.period()?;
    let at = counts.get(best.1)?.0;
    let earlier = Period {
        start: now.bucket_start(whole.start),
        end: at,
    };
    let later = Period {
        start: at,
        end: whole.end,
    };
    Some((Baseline::learn(&now.restrict(earlier)), now.restrict(later)))
}
