//! From promises and measurements to budgets.

use jiff::{SignedDuration, Timestamp};
use shape_sli::{Events, Grouped, Sli, SliReport};
use shape_slo::{BudgetingMethod, Slo, SloSet, Window};
use shape_telemetry::Period;

use crate::{
    AlertRule, BudgetReport, BudgetUnit, BurnRate, BurnWindow, BurndownPoint, Error, Forecast,
    NoDataPolicy, SloBudget,
    alert::span,
    breach_probability,
    burn::Cumulated,
    error::Repr,
    forecast::real,
    spend::{SliceWindow, Spend, remaining},
};

/// What becomes of events that carry no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UntimedEvents {
    /// They count in every promise's window: a log without times that is read now speaks of now. They are in no
    /// look-back and in no slice.
    #[default]
    InWindow,
    /// They count nowhere.
    Ignored,
}

/// How budgets are assessed.
///
/// ```
/// use shape_budget::{AlertRule, BudgetConfig};
///
/// let config = BudgetConfig::new()
///     .look_backs([10, 60, 3_600])?
///     .alert_rules(AlertRule::SRE_WORKBOOK)?;
/// # let _ = config;
/// # Ok::<(), shape_budget::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetConfig {
    look_backs: Vec<u64>,
    rules: Vec<AlertRule>,
    confidence: f64,
    no_data: NoDataPolicy,
    untimed: UntimedEvents,
    max_burndown: usize,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl BudgetConfig {
    /// Look-backs of 5 s, 30 s, 1 min, 5 min, 1 h, 6 h and 3 d, the alerts of the SRE workbook at 95 % confidence,
    /// slices without data excluded, events without a time in the window, at most 300 burndown points.
    pub fn new() -> Self {
        Self {
            look_backs: vec![5, 30, 60, 300, 3_600, 21_600, 259_200],
            rules: AlertRule::SRE_WORKBOOK.to_vec(),
            confidence: 0.95,
            no_data: NoDataPolicy::Exclude,
            untimed: UntimedEvents::InWindow,
            max_burndown: 300,
        }
    }

    /// The look-backs in seconds whose burn is reported. Those shorter than a time bucket, or not shorter than the
    /// promise's window, are left out of its budget; the whole window is always there.
    ///
    /// # Errors
    ///
    /// When one is zero.
    pub fn look_backs(mut self, seconds: impl IntoIterator<Item = u64>) -> Result<Self, Error> {
        self.look_backs = seconds.into_iter().collect();
        self.look_backs.sort_unstable();
        self.look_backs.dedup();
        if self.look_backs.first() == Some(&0) {
            return Err(Repr::Config {
                what: "look-back",
                seen: "0 s".to_owned(),
                expected: "at least 1 s",
            }
            .into());
        }
        Ok(self)
    }

    /// The alert rules. Those whose long window is longer than the promise's window do not apply to it.
    ///
    /// # Errors
    ///
    /// When a short window is longer than its long one, or a part of the budget is not in 1..=1,000,000 ppm.
    pub fn alert_rules(
        mut self,
        rules: impl IntoIterator<Item = AlertRule>,
    ) -> Result<Self, Error> {
        self.rules = rules
            .into_iter()
            .map(AlertRule::checked)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// How sure an alert must be that the error ratio exceeds its threshold.
    ///
    /// # Errors
    ///
    /// When it is not strictly between 0 and 1.
    pub fn confidence(mut self, confidence: f64) -> Result<Self, Error> {
        if !(0.0 < confidence && confidence < 1.0) {
            return Err(Repr::Config {
                what: "confidence",
                seen: confidence.to_string(),
                expected: "a number between 0 and 1, both excluded",
            }
            .into());
        }
        self.confidence = confidence;
        Ok(self)
    }

    /// How slices without events count.
    #[must_use]
    pub fn no_data(mut self, policy: NoDataPolicy) -> Self {
        self.no_data = policy;
        self
    }

    /// What becomes of events that carry no time.
    #[must_use]
    pub fn untimed(mut self, untimed: UntimedEvents) -> Self {
        self.untimed = untimed;
        self
    }

    /// At most so many burndown points a promise; neighbours are merged, keeping the later one. At least 2.
    #[must_use]
    pub fn max_burndown(mut self, points: usize) -> Self {
        self.max_burndown = points.max(2);
        self
    }
}

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

/// What a forecast looks at.
struct Outlook<'a> {
    slo: &'a Slo,
    period: Period,
    now: Timestamp,
    first: Option<Timestamp>,
    events: Events,
    untimed: Events,
    cumulated: &'a Cumulated<'a>,
    spend: &'a Spend,
}

impl Outlook<'_> {
    fn forecast(&self, burn: &[BurnWindow]) -> Forecast {
        let ahead = self.events_ahead();
        let breach_probability = ahead
            .filter(|_| {
                self.spend.unit == BudgetUnit::Events && self.slo.min_events <= self.events.total()
            })
            .and_then(|ahead| breach_probability(self.slo.target, self.events, ahead));
        let is_spent = self.spend.remaining() < 0;
        let recent = burn
            .iter()
            .find(|window| self.slo.min_events.max(1) <= window.events.total());
        let exhausted_at = if is_spent {
            None
        } else {
            recent.and_then(|recent| self.exhausted_at(recent))
        };
        let recovers_at = if is_spent { self.recovers_at() } else { None };
        let explanation =
            self.explain(breach_probability, ahead, recent, exhausted_at, recovers_at);
        Forecast {
            breach_probability,
            exhausted_at,
            recovers_at,
            explanation,
        }
    }

    /// The time that the window's events cover so far, in seconds.
    fn covered_seconds(&self) -> Option<f64> {
        let start = match self.slo.window {
            Window::Rolling { .. } => self.first?,
            Window::Calendar { .. } => self.period.start,
        };
        let covered = self.now.duration_since(start).as_secs_f64();
        (0.0 < covered).then_some(covered)
    }

    /// The events still to come until the window is full, at the mean rate so far.
    fn events_ahead(&self) -> Option<u64> {
        let covered = self.covered_seconds()?;
        let window = self.period.length().as_secs_f64();
        let ahead = real(self.events.total()) / covered * (window - covered).max(0.0);
        Some(floor(ahead))
    }

    /// When the promise is missed if the recent burn goes on: events come at the recent rate, and leave a rolling
    /// window that is full as they came.
    fn exhausted_at(&self, recent: &BurnWindow) -> Option<Timestamp> {
        if self.spend.unit != BudgetUnit::Events {
            return None;
        }
        let covered = self.covered_seconds()?;
        let window = self.period.length().as_secs_f64();
        let allowed_share = 1.0 - self.slo.target.ratio();
        // A look-back that is longer than the service has been seen holds only what was seen.
        let rate = real(recent.events.total()) / real(recent.seconds).min(covered);
        let left = real(self.events.total()) * allowed_share - real(self.events.bad());
        let mut loss = rate * (recent.events.error_ratio()? - allowed_share);
        if self.slo.window.is_rolling() && window <= covered {
            loss += left / window;
        }
        if loss <= 0.0 || left < 0.0 {
            return None;
        }
        let seconds = left / loss;
        if 1e10 < seconds {
            return None;
        }
        let at = SignedDuration::try_from_secs_f64(seconds).ok()?;
        let at = self.now.checked_add(at).ok()?;
        (self.slo.window.is_rolling() || at < self.period.end).then_some(at)
    }

    /// When the promise holds again although nothing more comes.
    fn recovers_at(&self) -> Option<Timestamp> {
        if !self.slo.window.is_rolling() {
            return Some(self.period.end);
        }
        let length = SignedDuration::try_from(self.period.length()).ok()?;
        let points = self.cumulated.points_in(Period {
            start: self.period.start,
            end: self.now,
        });
        // The window drops the oldest bucket first.
        for (index, point) in points.iter().enumerate() {
            let left = &points[index + 1..];
            if left.first().is_some_and(|next| next.start == point.start) {
                continue;
            }
            let events: Events =
                self.untimed + left.iter().map(|point| point.events).sum::<Events>();
            let slices = SliceWindow {
                period: self.period,
                now: self.now,
                is_rolling: true,
                first: left.first().map(|point| point.start),
                no_data: NoDataPolicy::Exclude,
            };
            let spend = Spend::of(self.slo.method, self.slo.target, events, left, &slices)?;
            if 0 <= spend.remaining() {
                // A bucket is outside once the window starts after it.
                let leaves = point.start.checked_add(length).ok()?;
                return leaves.checked_add(SignedDuration::from_nanos(1)).ok();
            }
        }
        None
    }

    fn explain(
        &self,
        probability: Option<f64>,
        ahead: Option<u64>,
        recent: Option<&BurnWindow>,
        exhausted_at: Option<Timestamp>,
        recovers_at: Option<Timestamp>,
    ) -> String {
        let total = self.events.total();
        if total == 0 {
            return "nothing to forecast from: no events in the window".to_owned();
        }
        if total < self.slo.min_events {
            return format!("too few events to forecast from (n = {})", Grouped(total));
        }
        let burning = recent.and_then(|recent| Some((recent, recent.burn?)));
        let now = match burning {
            Some((recent, burn)) => {
                let verdict = match self.slo.target.is_met_by(recent.events) {
                    Some(true) => "which keeps the target",
                    _ => "which misses the target",
                };
                format!(
                    "over the last {} the burn is {burn}, {verdict}",
                    span(recent.seconds)
                )
            }
            None => "the recent burn is not known".to_owned(),
        };
        let is_spent = self.spend.remaining() < 0;
        let then = match (recovers_at, exhausted_at) {
            (Some(at), _) if self.slo.window.is_rolling() => format!(
                "the budget is overspent: without new events the promise holds again from {}, when enough bad ones have left the window",
                seconds(at)
            ),
            (Some(at), _) => format!(
                "the budget is overspent until the next window begins at {}",
                seconds(at)
            ),
            (None, _) if is_spent => {
                "the budget is overspent by events without a time, which never leave".to_owned()
            }
            (None, Some(at)) => format!("at that rate the budget is spent at {}", seconds(at)),
            (None, None) => "at that rate the budget lasts".to_owned(),
        };
        let risk = match (probability, ahead) {
            (Some(probability), Some(ahead)) if 0 < ahead && !is_spent => format!(
                "; {:.0} % likely to be missed once the window is full, if the {} events to come are like the {} seen",
                probability * 100.0,
                Grouped(ahead),
                Grouped(total)
            ),
            _ => String::new(),
        };
        format!("{now}; {then}{risk}")
    }
}

fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of events to come; `as` saturates"
)]
fn floor(estimate: f64) -> u64 {
    estimate as u64
}

impl SloBudget {
    /// Whether the promise holds, decided exactly and whatever the number of events; `None` when nothing was seen.
    pub fn is_met(&self) -> Option<bool> {
        (!self.events.is_none()).then_some(0 <= self.remaining)
    }

    /// Whether there are enough events to decide at all.
    pub fn has_enough_events(&self) -> bool {
        !self.events.is_none() && self.min_events <= self.events.total()
    }

    /// The shortest look-back that holds at least so many events: what happens now.
    pub fn recent(&self, min_events: u64) -> Option<&BurnWindow> {
        self.burn
            .iter()
            .find(|window| min_events.max(1) <= window.events.total())
    }

    /// The burn over the whole window.
    pub fn window_burn(&self) -> Option<BurnRate> {
        self.burn.last()?.burn
    }
}
