//! From promises and measurements to budgets.

use jiff::{SignedDuration, Timestamp};
use shape_sli::{Events, Sli, SliReport};
use shape_slo::{BudgetingMethod, Slo, SloSet};
use shape_telemetry::Period;

use crate::{
    BudgetConfig, BudgetReport, BurnWindow, BurndownPoint, Error, SloBudget, UntimedEvents,
    burn::Cumulated,
    error::Repr,
    outlook::Outlook,
    spend::{SliceWindow, Spend, remaining},
};

/// The budget of every promise at `now`.
///
/// Events from `now` on are not seen. An event lies where its time bucket starts, so that windows are exact to the
/// width of a bucket ([`SliReport::bucket_ms`]). An indicator that was not measured is a budget without events, not an
/// error: [`SloBudget::is_met`] is `None` then.
///
/// # Errors
///
/// When a promise's window has no period at `now` (an unknown time zone), or its slices have no length.
///
/// # Examples
///
/// ```
/// use shape_budget::{BudgetConfig, assess};
/// use shape_sli::{ComponentSli, Events, Indicator, Sli, SliPoint, SliReport};
/// use shape_slo::{Slo, SloSet, Window};
/// use shape_telemetry::ComponentId;
///
/// let canvas = ComponentId::new("canvas");
/// let start = "2026-11-24T08:00:00Z".parse()?;
/// let events = Events::new(9_971, 10_000)?;
/// let measured = SliReport {
///     schema_version: SliReport::SCHEMA_VERSION,
///     period: None,
///     bucket_ms: 1_000,
///     components: vec![ComponentSli {
///         component: canvas.clone(),
///         slis: vec![Sli {
///             id: "canvas/availability".into(),
///             indicator: Indicator::Availability,
///             events,
///             interval: None,
///             points: vec![SliPoint { start, events }],
///         }],
///         latency: None,
///         health: None,
///     }],
/// };
/// let promise = |target: &str| -> Result<SloSet, shape_slo::Error> {
///     let window = Window::rolling_days(28);
///     let slo = Slo::new(&canvas, Indicator::Availability, target.parse()?, window);
///     Ok(SloSet::new("studio", vec![slo]))
/// };
/// let now = "2026-11-24T08:00:10Z".parse()?;
/// let config = BudgetConfig::new();
///
/// let kept = &assess(&promise("99.5%")?, &measured, now, &config)?.budgets[0];
/// assert_eq!((kept.allowed, kept.remaining), (50, 21));
/// assert_eq!(kept.consumed_ppm, Some(580_000)); // 58 %
///
/// let missed = &assess(&promise("99.9%")?, &measured, now, &config)?.budgets[0];
/// assert_eq!((missed.allowed, missed.remaining), (10, -19));
/// assert_eq!(missed.is_met(), Some(false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assess(
    promises: &SloSet,
    measured: &SliReport,
    now: Timestamp,
    config: &BudgetConfig,
) -> Result<BudgetReport, Error> {
    let budgets = promises
        .slos
        .iter()
        .map(|slo| {
            let sli = measured.find(&slo.component, slo.indicator);
            budget(slo, sli, measured.bucket_ms, now, config)
        })
        .collect::<Result<_, _>>()?;
    Ok(BudgetReport {
        schema_version: BudgetReport::SCHEMA_VERSION,
        now,
        budgets,
    })
}

fn budget(
    slo: &Slo,
    sli: Option<&Sli>,
    bucket_ms: u64,
    now: Timestamp,
    config: &BudgetConfig,
) -> Result<SloBudget, Error> {
    let period = slo.window.period_at(now).map_err(|source| Repr::Window {
        slo: slo.id.to_string(),
        source,
    })?;
    let cumulated = Cumulated::new(sli.map_or(&[], |sli| &sli.points));
    let past = Period {
        start: period.start,
        end: period.end.min(now),
    };
    let untimed = match config.untimed {
        UntimedEvents::InWindow => sli.map_or(Events::NONE, Sli::untimed),
        UntimedEvents::Ignored => Events::NONE,
    };
    let points = cumulated.points_in(past);
    let events = cumulated.events_in(past) + untimed;
    let first = points.first().map(|point| point.start);
    let slices = SliceWindow {
        period,
        now: past.end,
        is_rolling: slo.window.is_rolling(),
        first,
        no_data: config.no_data,
    };
    let spend =
        Spend::of(slo.method, slo.target, events, points, &slices).ok_or_else(|| Repr::Slice {
            slo: slo.id.to_string(),
        })?;
    let window_seconds = period.length().as_secs();
    let events_back = |seconds: u64| {
        let start = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| now.checked_sub(SignedDuration::from_secs(seconds)).ok())
            .unwrap_or(Timestamp::MIN);
        cumulated.events_in(Period { start, end: now })
    };
    let mut burn: Vec<BurnWindow> = config
        .look_backs
        .iter()
        .filter(|seconds| bucket_ms <= seconds.saturating_mul(1_000) && **seconds < window_seconds)
        .map(|&seconds| BurnWindow::new(seconds, slo.target, events_back(seconds)))
        .collect();
    let alerts = config
        .rules
        .iter()
        .filter(|rule| rule.long_seconds <= window_seconds)
        .filter_map(|rule| {
            rule.fires(
                slo.target,
                window_seconds,
                events_back(rule.long_seconds),
                events_back(rule.short_seconds),
                config.confidence,
            )
        })
        .collect();
    let forecast = Outlook {
        slo,
        period,
        now: past.end,
        first,
        events,
        untimed,
        cumulated: &cumulated,
        spend: &spend,
    }
    .forecast(&burn);
    burn.push(BurnWindow::new(window_seconds, slo.target, events));
    let burndown = burndown(slo, points, untimed, &slices, &spend, bucket_ms, config);
    let missed_since = missed_since(slo, points, untimed, &burndown);
    Ok(SloBudget {
        slo: slo.id.clone(),
        component: slo.component.clone(),
        indicator: slo.indicator,
        target: slo.target,
        period,
        events,
        untimed: untimed.total(),
        min_events: slo.min_events,
        unit: spend.unit,
        slices: spend.slices,
        allowed: spend.allowed(),
        remaining: spend.remaining(),
        consumed_ppm: spend.consumed_ppm(),
        missed_since,
        burn,
        alerts,
        forecast,
        burndown,
    })
}

/// The remaining budget after each bucket of the window, against what the whole window allows.
fn burndown(
    slo: &Slo,
    points: &[shape_sli::SliPoint],
    untimed: Events,
    slices: &SliceWindow,
    spend: &Spend,
    bucket_ms: u64,
    config: &BudgetConfig,
) -> Vec<BurndownPoint> {
    let width = SignedDuration::from_millis(i64::try_from(bucket_ms).unwrap_or(i64::MAX));
    let every = points.len().div_ceil(config.max_burndown).max(1);
    let allowed = u128::from(spend.allowed());
    let mut events = untimed;
    let mut burndown = Vec::with_capacity(points.len() / every + 1);
    for (index, point) in points.iter().enumerate() {
        events += point.events;
        if (index + 1) % every != 0 && index + 1 != points.len() {
            continue;
        }
        let used = match slo.method {
            BudgetingMethod::Occurrences => u128::from(events.bad()),
            _ => Spend::of(slo.method, slo.target, events, &points[..=index], slices)
                .map_or(0, |spend| spend.spent()),
        };
        burndown.push(BurndownPoint {
            time: point.start.checked_add(width).unwrap_or(Timestamp::MAX),
            events,
            remaining: remaining(allowed, used),
        });
    }
    burndown
}

/// The bucket since which the window's events, up to there, miss the target.
fn missed_since(
    slo: &Slo,
    points: &[shape_sli::SliPoint],
    untimed: Events,
    burndown: &[BurndownPoint],
) -> Option<Timestamp> {
    if slo.method != BudgetingMethod::Occurrences {
        // By slices: since more is spent than the whole window allows.
        let last_kept = burndown.iter().rposition(|point| 0 <= point.remaining);
        let first = last_kept.map_or(0, |index| index + 1);
        return burndown.get(first).map(|point| point.time);
    }
    let mut since = None;
    let mut events = untimed;
    for point in points {
        events += point.events;
        if slo.target.is_met_by(events) == Some(false) {
            since = since.or(Some(point.start));
        } else {
            since = None;
        }
    }
    since
}
