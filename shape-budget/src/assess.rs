//! From promises and measurements to budgets.

use jiff::{SignedDuration, Timestamp};
use shape_sli::{Events, Sli, SliPoint, SliReport};
use shape_slo::{BudgetingMethod, Slo, SloSet};
use shape_telemetry::Period;

use crate::{
    Alert, BudgetAlert, BudgetConfig, BudgetReport, BudgetRule, BurnWindow, BurndownPoint, Error,
    ExcludedShare, SloBudget, UntimedEvents,
    budget_rule::{Recent, Standing},
    burn::Cumulated,
    error::Repr,
    exclusion::Excluded,
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
            let points: &[SliPoint] = sli.map_or(&[], |sli| &sli.points);
            let untimed = sli.map_or(Events::NONE, Sli::untimed);
            assess_slo(slo, points, untimed, measured.bucket_ms, now, config)
        })
        .collect::<Result<_, _>>()?;
    Ok(BudgetReport {
        schema_version: BudgetReport::SCHEMA_VERSION,
        now,
        budgets,
    })
}

/// The budget of one promise at `now`, from its events by time bucket in time order.
///
/// What [`assess`] does for one promise whose events come from elsewhere: a [`BurnMeter`](crate::BurnMeter), a log of
/// counts. `untimed` are events that carry no time.
///
/// # Errors
///
/// When the promise's window has no period at `now` (an unknown time zone), or its slices have no length.
pub fn assess_slo(
    slo: &Slo,
    points: &[SliPoint],
    untimed: Events,
    bucket_ms: u64,
    now: Timestamp,
    config: &BudgetConfig,
) -> Result<SloBudget, Error> {
    let period = slo.window.period_at(now).map_err(|source| Repr::Window {
        slo: slo.id.to_string(),
        source,
    })?;
    let window_seconds = period.length().as_secs();
    // A look-back may begin before a calendar window does.
    let reach = Period {
        start: period.start.min(back(now, window_seconds)),
        end: period.end,
    };
    let excluded = Excluded::of(&config.exclusions, &slo.id, reach)?;
    let kept = excluded.keep(points);
    let cumulated = Cumulated::new(&kept);
    let past = Period {
        start: period.start,
        end: period.end.min(now),
    };
    let untimed = match config.untimed {
        UntimedEvents::InWindow => untimed,
        UntimedEvents::Ignored => Events::NONE,
    };
    let points_past = cumulated.points_in(past);
    let events = cumulated.events_in(past) + untimed;
    let first = points_past.first().map(|point| point.start);
    let slices = SliceWindow {
        period,
        now: past.end,
        is_rolling: slo.window.is_rolling(),
        first,
        no_data: config.no_data,
        excluded: &excluded,
    };
    let spend =
        Spend::of(slo.method, slo.target, events, points_past, &slices).ok_or_else(|| {
            Repr::Slice {
                slo: slo.id.to_string(),
            }
        })?;
    let view = View {
        slo,
        config,
        now,
        past,
        window_seconds,
        events,
        cumulated: &cumulated,
        slices: &slices,
        spend: &spend,
    };
    let mut burn = view.look_backs(bucket_ms);
    let forecast = Outlook {
        slo,
        period,
        now: past.end,
        first,
        events,
        untimed,
        cumulated: &cumulated,
        spend: &spend,
        excluded: &excluded,
    }
    .forecast(&burn);
    burn.push(BurnWindow::new(window_seconds, slo.target, events));
    let burndown = burndown(
        slo,
        points_past,
        untimed,
        &slices,
        &spend,
        bucket_ms,
        config,
    );
    let missed_since = missed_since(slo, points_past, untimed, &burndown);
    Ok(SloBudget {
        slo: slo.id.clone(),
        component: slo.component.clone(),
        indicator: slo.indicator,
        target: slo.target,
        period,
        events,
        untimed: untimed.total(),
        excluded: ExcludedShare::of(&excluded, points, past),
        min_events: slo.min_events,
        unit: spend.unit,
        slices: spend.slices,
        allowed: spend.allowed(),
        remaining: spend.remaining(),
        consumed_ppm: spend.consumed_ppm(),
        missed_since,
        burn,
        alerts: view.alerts(),
        budget_alerts: view.budget_alerts(),
        forecast,
        burndown,
    })
}

/// So many seconds before an instant.
fn back(now: Timestamp, seconds: u64) -> Timestamp {
    let length = i64::try_from(seconds).map(SignedDuration::from_secs);
    let start = length.ok().and_then(|length| now.checked_sub(length).ok());
    start.unwrap_or(Timestamp::MIN)
}

/// The window of one promise as look-backs and alerts see it.
struct View<'a> {
    slo: &'a Slo,
    config: &'a BudgetConfig,
    now: Timestamp,
    /// The part of the window that has been.
    past: Period,
    window_seconds: u64,
    events: Events,
    cumulated: &'a Cumulated<'a>,
    slices: &'a SliceWindow<'a>,
    spend: &'a Spend,
}

impl View<'_> {
    fn events_back(&self, seconds: u64) -> Events {
        self.cumulated.events_in(Period {
            start: back(self.now, seconds),
            end: self.now,
        })
    }

    fn look_backs(&self, bucket_ms: u64) -> Vec<BurnWindow> {
        let is_shown = |seconds: &&u64| {
            bucket_ms <= seconds.saturating_mul(1_000) && **seconds < self.window_seconds
        };
        let shown = self.config.look_backs.iter().filter(is_shown);
        shown
            .map(|&seconds| BurnWindow::new(seconds, self.slo.target, self.events_back(seconds)))
            .collect()
    }

    fn alerts(&self) -> Vec<Alert> {
        let rules = self.config.rules.iter();
        rules
            .filter(|rule| rule.long_seconds <= self.window_seconds)
            .filter_map(|rule| {
                rule.fires(
                    self.slo.target,
                    self.window_seconds,
                    self.events_back(rule.long_seconds),
                    self.events_back(rule.short_seconds),
                    self.config.confidence,
                )
            })
            .collect()
    }

    fn budget_alerts(&self) -> Vec<BudgetAlert> {
        let Self { slo, past, .. } = self;
        let seen = past
            .end
            .duration_since(self.slices.first.unwrap_or(past.end));
        let standing = Standing {
            slo,
            events: self.events,
            spend: self.spend,
            covered_seconds: seen.as_secs().unsigned_abs(),
            confidence: self.config.confidence,
        };
        let fires = |rule: &BudgetRule| {
            let seconds = rule.look_back_seconds().min(self.window_seconds);
            let period = Period {
                start: back(self.now, seconds).max(past.start),
                end: past.end,
            };
            let events = self.cumulated.events_in(period);
            let points = self.cumulated.points_in(period);
            let recent = Recent {
                seconds,
                events,
                spend: Spend::of(slo.method, slo.target, events, points, self.slices)?,
            };
            rule.fires(&standing, &recent)
        };
        self.config.budget_rules.iter().filter_map(fires).collect()
    }
}

/// The remaining budget after each bucket of the window, against what the whole window allows.
fn burndown(
    slo: &Slo,
    points: &[SliPoint],
    untimed: Events,
    slices: &SliceWindow<'_>,
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
    points: &[SliPoint],
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
