//! The metrics of a component over time: when they changed, and when they were out of the ordinary.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Anomaly, AnomalyKind, Bucket, ChangePoint, ComponentId, Evidence, Exemplar, Measurements,
    MetricConfig, MetricDetector, MetricScore, Period, Severity,
    analyze::{View, share},
    draft::{Draft, Drafts},
    exemplar::{self, Order},
    metric::{Cell, Direction},
    number::{len, to_f64},
    severity::Effect,
};

/// Longer logs are looked at through wider buckets.
const MAX_CELLS: u64 = 4_000;
/// Anomalies that are dated in one report; each takes a few milliseconds.
const MAX_DATED: usize = 256;
/// Components looked at, the busiest.
const MAX_COMPONENTS: usize = 100;
/// Fewer buckets or requests are too few to speak of a rate that changed.
const LEAST_CELLS: usize = 30;
const LEAST_REQUESTS: u64 = 100;
/// Fewer rows teach the detector too little.
const LEAST_ROWS: usize = 300;
/// Rows that the detector reads in one report, some two seconds of work.
const MAX_ROWS: usize = 200_000;
/// Rows that depend on each other: the longest stretch that the detector compares.
const STRETCH: f64 = 48.0;

/// Rates that changed, and metrics out of the ordinary. `view` is the whole log; the other detectors have had their say.
pub(crate) fn detect(view: &View<'_>, drafts: &mut Drafts) {
    let mut components: Vec<(u64, &ComponentId)> = view
        .now
        .components
        .keys()
        .map(|id| (view.now.totals(id.as_str(), None).requests(), id))
        .collect();
    components.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut rows = MAX_ROWS;
    for (requests, id) in components.into_iter().take(MAX_COMPONENTS) {
        if requests < LEAST_REQUESTS {
            break;
        }
        let cells = Grid::of(view.now).map_or_else(Vec::new, |grid| grid.requests(view.now, id));
        rate(view, id, &cells, drafts);
        for metric in Metric::OF_REQUESTS {
            if metric.is_told(id, drafts) {
                continue;
            }
            let series = metric.series(view.now, id, &cells);
            if LEAST_ROWS <= series.len() && series.len() <= rows {
                rows -= series.len();
                odd(view, id, metric, &series, drafts);
            }
        }
    }
    fields(view, rows, drafts);
}

/// Numeric fields out of the ordinary, of all components, whether they have requests or not.
fn fields(view: &View<'_>, mut rows: usize, drafts: &mut Drafts) {
    for (id, component) in view.now.components.iter().take(MAX_COMPONENTS) {
        for name in component.metrics.keys() {
            let metric = Metric::Field(name);
            let series = metric.series(view.now, id, &[]);
            if LEAST_ROWS <= series.len() && series.len() <= rows {
                rows -= series.len();
                odd(view, id, metric, &series, drafts);
            }
        }
    }
}

/// Says of anomalies when they began, where the log goes back before that; of the most severe ones when there are many.
pub(crate) fn date(view: &View<'_>, anomalies: &mut [Anomaly]) {
    for anomaly in anomalies.iter_mut().take(MAX_DATED) {
        let Some(change) = onset(view, anomaly) else {
            continue;
        };
        let dated = match change.until {
            None => format!("; since {}", change.at),
            Some(until) => format!("; from {} to {until}", change.at),
        };
        anomaly.summary.push_str(&dated);
        anomaly.change = Some(change);
    }
}

fn onset(view: &View<'_>, anomaly: &Anomaly) -> Option<ChangePoint> {
    let grid = Grid::of(view.now)?;
    let id = &anomaly.component;
    let (cells, direction) = match anomaly.kind {
        AnomalyKind::RateSurge | AnomalyKind::RateDrop => {
            let series = view.now.templates.get(anomaly.template.as_ref()?)?;
            let counts = series.buckets.iter().map(|(&start, &count)| (start, count));
            let direction = if anomaly.kind == AnomalyKind::RateSurge {
                Direction::Up
            } else {
                Direction::Down
            };
            (grid.per_time(counts), direction)
        }
        AnomalyKind::ErrorRatio => {
            let counts = |bucket: &Bucket| (bucket.bad, bucket.requests());
            (grid.per_request(view.now, id, counts), Direction::Up)
        }
        AnomalyKind::LatencyShift => {
            let counts = |bucket: &Bucket| (view.slow(id, &bucket.latency), bucket.latency.count());
            (grid.per_request(view.now, id, counts), Direction::Up)
        }
        AnomalyKind::ChangePoint => {
            let direction = if anomaly.evidence.effect < 1.0 {
                Direction::Down
            } else {
                Direction::Up
            };
            (grid.requests(view.now, id), direction)
        }
        _ => return None,
    };
    ChangePoint::find(&cells, direction).filter(|change| change.p_value <= view.config.max_q)
}

/// A component that gets many more requests, or many fewer, from some time on.
fn rate(view: &View<'_>, id: &ComponentId, cells: &[Cell], drafts: &mut Drafts) {
    if cells.len() < LEAST_CELLS {
        return;
    }
    let told = |kind| drafts.have(kind, id);
    let up = (!told(AnomalyKind::RateSurge)).then_some(Direction::Up);
    let down = (!told(AnomalyKind::RateDrop) && !told(AnomalyKind::SilentComponent))
        .then_some(Direction::Down);
    let changes = [up, down].into_iter().flatten();
    let Some(change) = changes
        .filter_map(|direction| ChangePoint::find(cells, direction))
        .min_by(|a, b| a.p_value.total_cmp(&b.p_value))
    else {
        return;
    };
    let factor = change.ratio.max(1.0 / change.ratio);
    if factor < view.config.min_rate_ratio {
        drafts.tested(change.p_value);
        return;
    }
    let end = change
        .until
        .or_else(|| cells.last().map(|cell| cell.period.end));
    let period = end.map(|end| Period {
        start: change.at,
        end,
    });
    let meanwhile = view.now.totals(id.as_str(), period);
    let exemplars = period.map_or_else(Vec::new, |period| exemplars(view, id, period));
    let more = if 1.0 < change.ratio { "more" } else { "fewer" };
    drafts.push(Draft {
        kind: AnomalyKind::ChangePoint,
        component: id.clone(),
        template: None,
        signature: format!("request rate, {more}"),
        effect_size: Effect::graded(factor, 5.0, 10.0),
        share: 0.0,
        cap: Severity::Medium,
        summary: format!(
            "{id} gets {more} requests, {:.2} times as many",
            change.ratio
        ),
        period,
        count: if exemplars.is_empty() {
            0
        } else {
            meanwhile.requests()
        },
        affected_requests: 0,
        evidence: Evidence {
            test: "scan statistic".to_owned(),
            n: meanwhile.requests(),
            n_baseline: cells
                .iter()
                .map(|cell| cell.events)
                .sum::<u64>()
                .saturating_sub(meanwhile.requests()),
            statistic: change.ratio.ln(),
            p_value: change.p_value,
            q_value: 1.0,
            effect: change.ratio,
            effect_name: "rate ratio".to_owned(),
        },
        exemplars,
        gated: true,
    });
}

/// What is measured of a component in every bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metric<'n> {
    RequestRate,
    FailedShare,
    Latency,
    /// A numeric field.
    Field(&'n str),
}

impl<'n> Metric<'n> {
    const OF_REQUESTS: [Self; 3] = [Self::RequestRate, Self::FailedShare, Self::Latency];

    fn name(self) -> &'n str {
        match self {
            Self::Field(name) => name,
            Self::RequestRate => "request rate",
            Self::FailedShare => "share of failed requests",
            Self::Latency => "95th percentile of the latency",
        }
    }

    fn show(self, value: f64, width: Option<SignedDuration>) -> String {
        match self {
            Self::RequestRate => {
                let seconds = width.map_or(1.0, |width| width.as_secs_f64().max(1e-3));
                format!("{:.3} a second", value / seconds)
            }
            Self::FailedShare => crate::wording::percent(value),
            Self::Latency => format!("{value:.2} ms"),
            Self::Field(_) => format!("{value:.3}"),
        }
    }

    /// Whether another anomaly says it already, with a better test.
    fn is_told(self, id: &ComponentId, drafts: &Drafts) -> bool {
        let kinds: &[AnomalyKind] = match self {
            Self::RequestRate => &[AnomalyKind::ChangePoint, AnomalyKind::SilentComponent],
            Self::FailedShare => &[AnomalyKind::ErrorRatio],
            Self::Latency => &[AnomalyKind::LatencyShift],
            Self::Field(_) => &[],
        };
        kinds.iter().any(|&kind| drafts.have(kind, id))
    }

    /// Buckets in which there is nothing to measure are left out; the last one is not over yet.
    fn series(self, now: &Measurements, id: &ComponentId, cells: &[Cell]) -> Vec<(Timestamp, f64)> {
        let mut series: Vec<(Timestamp, f64)> = match self {
            Self::RequestRate => cells
                .iter()
                .map(|cell| (cell.period.start, to_f64(cell.events)))
                .collect(),
            Self::FailedShare => now
                .buckets(id.as_str())
                .filter(|(_, bucket)| 0 < bucket.requests())
                .map(|(start, bucket)| (start, share(bucket.bad, bucket.requests())))
                .collect(),
            Self::Latency => now
                .buckets(id.as_str())
                .filter_map(|(start, bucket)| {
                    let p95 = bucket.latency.quantile(0.95)?;
                    Some((start, p95.as_secs_f64() * 1e3))
                })
                .collect(),
            Self::Field(name) => now
                .components
                .get(id)
                .and_then(|component| component.metrics.get(name))
                .into_iter()
                .flatten()
                .map(|(&start, gauge)| (start, gauge.mean()))
                .collect(),
        };
        series.pop();
        series
    }
}

/// Rows of a metric that the detector raises an alarm for: one anomaly, dated by the most surprising.
fn odd(
    view: &View<'_>,
    id: &ComponentId,
    metric: Metric<'_>,
    series: &[(Timestamp, f64)],
    drafts: &mut Drafts,
) {
    let mut detector = MetricDetector::new(MetricConfig::new());
    let judged: Vec<(Timestamp, f64, MetricScore)> = series
        .iter()
        .filter_map(|&(time, value)| Some((time, value, detector.push(time, value).ok()?)))
        .collect();
    let most = judged
        .iter()
        .map(|(_, _, score)| score.surprise)
        .fold(0.0, f64::max);
    // The rows are looked at for the oddest one; so many of them are independent.
    let p = |surprise: f64| {
        let looked_at = (to_f64(len(judged.len())) / STRETCH).max(1.0);
        (10_f64.powf(-surprise) * looked_at).min(1.0)
    };
    let alarms = judged.iter().filter(|(_, _, score)| score.alarm);
    let oddest = alarms
        .clone()
        .reduce(|a, b| if a.2.surprise < b.2.surprise { b } else { a });
    let Some(&(time, value, score)) = oddest else {
        drafts.tested(p(most));
        return;
    };
    let Some(reason) = score.reason else {
        return;
    };
    let values: Vec<f64> = series.iter().map(|&(_, value)| value).collect();
    let usual = crate::metric::median(&values).unwrap_or_default();
    let width = match series {
        [(first, _), (second, _), ..] => Some(second.duration_since(*first)),
        _ => None,
    };
    let bucket = Period {
        start: time,
        end: width
            .and_then(|width| time.checked_add(width).ok())
            .unwrap_or(time),
    };
    let meanwhile = view.now.totals(id.as_str(), Some(bucket));
    let exemplars = match metric {
        Metric::Field(name) => extremes(view, id, name, time, usual < value),
        _ => exemplars(view, id, bucket),
    };
    let times = alarms.count();
    drafts.push(Draft {
        kind: AnomalyKind::MetricAnomaly,
        component: id.clone(),
        template: None,
        signature: metric.name().to_owned(),
        effect_size: Effect::graded(score.surprise, 4.0, 5.0),
        share: share(meanwhile.bad, view.now.totals(id.as_str(), None).requests()),
        cap: Severity::Medium,
        summary: format!(
            "the {} of {id} is out of the ordinary at {time} ({reason}): {}, {} is usual{}",
            metric.name(),
            metric.show(value, width),
            metric.show(usual, width),
            match times {
                1 => String::new(),
                n => format!("; {n} alarms in all"),
            }
        ),
        period: view.period_of(
            judged
                .iter()
                .filter(|(_, _, score)| score.alarm)
                .map(|&(time, _, _)| time),
        ),
        count: if exemplars.is_empty() {
            0
        } else {
            meanwhile.records()
        },
        affected_requests: meanwhile.bad,
        evidence: Evidence {
            test: format!("online ensemble, {reason}"),
            n: len(judged.len()),
            n_baseline: 0,
            statistic: score.surprise,
            p_value: p(score.surprise),
            q_value: 1.0,
            effect: if 0.0 < usual { value / usual } else { value },
            effect_name: if 0.0 < usual {
                "ratio to the median"
            } else {
                "value, where 0 is the median"
            }
            .to_owned(),
        },
        exemplars,
        gated: true,
    });
}

/// Failed and slow requests of a component in a period.
fn exemplars(view: &View<'_>, id: &ComponentId, period: Period) -> Vec<Exemplar> {
    let mut list = Vec::new();
    for (_, bucket) in view
        .now
        .buckets(id.as_str())
        .filter(|(start, _)| period.contains(*start))
    {
        for more in [&bucket.failures, &bucket.exemplars] {
            exemplar::merge(
                &mut list,
                more.clone(),
                Order::Slowest,
                exemplar::PER_TEMPLATE,
            );
        }
    }
    list.dedup();
    list
}

/// Where a field had its largest value (or its smallest) in the bucket that starts at a time.
fn extremes(
    view: &View<'_>,
    id: &ComponentId,
    name: &str,
    start: Timestamp,
    largest: bool,
) -> Vec<Exemplar> {
    let gauge = view
        .now
        .components
        .get(id)
        .and_then(|component| component.metrics.get(name)?.get(&start));
    let exemplar = gauge.map(|gauge| {
        let (at, micro) = if largest {
            (&gauge.max_at, gauge.max_micro)
        } else {
            (&gauge.min_at, gauge.min_micro)
        };
        let value = crate::number::signed_to_f64(micro) / 1e6;
        Exemplar {
            position: at.clone(),
            time: Some(start),
            level: None,
            target: None,
            message: format!("{name}={value}"),
            fields: std::collections::BTreeMap::new(),
            duration: None,
            emitter: None,
            frames: Vec::new(),
        }
    });
    exemplar.into_iter().collect()
}

/// The time of a log in cells of equal width, a multiple of the buckets'.
#[derive(Clone, Copy, Debug)]
struct Grid {
    whole: Period,
    start_ms: i64,
    width_ms: i64,
    cells: usize,
}

impl Grid {
    fn of(now: &Measurements) -> Option<Self> {
        let whole = now.period()?;
        let start_ms = now.bucket_start(whole.start).as_millisecond();
        let length = u64::try_from(whole.end.as_millisecond() - start_ms).ok()? + 1;
        let buckets = length.div_ceil(now.bucket_ms.get());
        let width = now
            .bucket_ms
            .get()
            .checked_mul(buckets.div_ceil(MAX_CELLS))?;
        Some(Self {
            whole,
            start_ms,
            width_ms: i64::try_from(width).ok()?,
            cells: usize::try_from(length.div_ceil(width)).ok()?,
        })
    }

    /// Cells with an exposure each and no events.
    fn empty(self, exposure: impl Fn(Period) -> u64) -> Vec<Cell> {
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(self.whole.end);
        (0_i64..)
            .take(self.cells)
            .map(|index| {
                let start = self.start_ms + index * self.width_ms;
                let period = Period {
                    start: time(start),
                    end: time(start + self.width_ms),
                };
                Cell {
                    period,
                    events: 0,
                    exposure: exposure(period),
                }
            })
            .collect()
    }

    fn fill(self, cells: &mut [Cell], counts: impl Iterator<Item = (Timestamp, u64, u64)>) {
        for (start, events, exposure) in counts {
            let index = (start.as_millisecond() - self.start_ms).div_euclid(self.width_ms);
            if let Some(cell) = usize::try_from(index)
                .ok()
                .and_then(|index| cells.get_mut(index))
            {
                cell.events += events;
                cell.exposure += exposure;
            }
        }
    }

    /// Events per time; the first and the last cell are as long as the log is in them.
    fn per_time(self, counts: impl Iterator<Item = (Timestamp, u64)>) -> Vec<Cell> {
        let mut cells = self.empty(|period| {
            let start = period.start.max(self.whole.start).as_millisecond();
            let end = period.end.min(self.whole.end).as_millisecond();
            u64::try_from(end - start).unwrap_or(0).max(1)
        });
        self.fill(&mut cells, counts.map(|(start, events)| (start, events, 0)));
        cells
    }

    fn requests(self, now: &Measurements, id: &ComponentId) -> Vec<Cell> {
        self.per_time(
            now.buckets(id.as_str())
                .map(|(start, bucket)| (start, bucket.requests())),
        )
    }

    /// Events of a component per request: each bucket counts both.
    fn per_request(
        self,
        now: &Measurements,
        id: &ComponentId,
        counts: impl Fn(&Bucket) -> (u64, u64),
    ) -> Vec<Cell> {
        let mut cells = self.empty(|_| 0);
        let buckets = now.buckets(id.as_str()).map(|(start, bucket)| {
            let (events, requests) = counts(bucket);
            (start, events, requests)
        });
        self.fill(&mut cells, buckets);
        cells
    }
}
