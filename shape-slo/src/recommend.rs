//! Targets derived from a healthy history.

use shape_sli::{
    ComponentSli, Events, Grouped, Indicator, Sli, SliReport, confidence_at_least, lower_bound,
};
use shape_telemetry::Period;

use crate::{
    BudgetingMethod, Error, Rationale, Skipped, Slo, SloId, SloSet, Standing, Target, Window,
    ladder::{LADDER_PPB, step, step_below},
    tolerance::{ToleranceBound, open_share},
};

/// How targets are derived from history.
///
/// ```
/// use shape_slo::{RecommendConfig, Window};
///
/// let config = RecommendConfig::new("studio").window(Window::rolling_days(7)).confidence(0.9)?;
/// # let _ = config;
/// # Ok::<(), shape_slo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RecommendConfig {
    service: String,
    window: Window,
    confidence: f64,
    risk: f64,
    min_events: u64,
    max_target: Target,
    latency_target: Target,
    latency_headroom_percent: u32,
    budget_use_percent: u32,
}

const MAX_TARGET: Target = step(999_000_000);
const LATENCY_TARGET: Target = step(990_000_000);

impl RecommendConfig {
    /// 28 rolling days, 95 % confidence, 5 % risk, at least 30 events, availability up to 99.9 %, 99 % of requests
    /// within a limit of at least twice the 99th percentile, at most half of the budget used by the history itself.
    pub fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            window: Window::rolling_days(28),
            confidence: 0.95,
            risk: 0.05,
            min_events: 30,
            max_target: MAX_TARGET,
            latency_target: LATENCY_TARGET,
            latency_headroom_percent: 200,
            budget_use_percent: 50,
        }
    }

    /// The window of the promises.
    #[must_use]
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// The confidence that the true share reaches the target.
    ///
    /// # Errors
    ///
    /// When it is not strictly between 0 and 1.
    pub fn confidence(mut self, confidence: f64) -> Result<Self, Error> {
        self.confidence = open_share("confidence", confidence)?;
        Ok(self)
    }

    /// The share of later windows that may miss the target, where the history holds several windows.
    ///
    /// # Errors
    ///
    /// When it is not strictly between 0 and 1.
    pub fn risk(mut self, risk: f64) -> Result<Self, Error> {
        self.risk = open_share("risk", risk)?;
        Ok(self)
    }

    /// An indicator with fewer events gets no objective.
    #[must_use]
    pub fn min_events(mut self, min_events: u64) -> Self {
        self.min_events = min_events.max(1);
        self
    }

    /// No target is set above this.
    #[must_use]
    pub fn max_target(mut self, target: Target) -> Self {
        self.max_target = target;
        self
    }

    /// The share of requests that a latency limit is chosen for.
    #[must_use]
    pub fn latency_target(mut self, target: Target) -> Self {
        self.latency_target = target;
        self
    }

    /// A latency limit is at least this percentage of the 99th percentile of the history.
    #[must_use]
    pub fn latency_headroom_percent(mut self, percent: u32) -> Self {
        self.latency_headroom_percent = percent;
        self
    }

    /// The history itself may use up at most this percentage of the budget that its target would give it.
    #[must_use]
    pub fn budget_use_percent(mut self, percent: u32) -> Self {
        self.budget_use_percent = percent.min(100);
        self
    }
}

/// Derives objectives from the indicators of a healthy time: availability and one latency limit per component.
///
/// A target is the lower confidence bound (Clopper and Pearson) of what was seen, rounded **down** to a ladder of
/// targets that people name, so that an ordinary later run still keeps it. Where the history holds several of the
/// promise's windows, the distribution-free tolerance bound over them (Wilks 1941) must hold too. What has too few
/// events, or is too unreliable for any target, gets none and is listed in [`SloSet::skipped`] with the reason.
///
/// All objectives are [`Standing::Derived`]: proposals, until [`SloSet::ratify`].
///
/// ```
/// use shape_sli::{MeasureConfig, SliReport};
/// use shape_slo::{RecommendConfig, recommend};
/// # let measurements = shape_telemetry::Measurements::empty(std::time::Duration::from_secs(1), []);
/// let baseline = SliReport::measure(&measurements, &MeasureConfig::new());
/// let proposal = recommend(&baseline, &RecommendConfig::new("studio"));
/// let promises = proposal.ratify("on-call", "2026-11-24T08:00:00Z".parse()?);
/// # let _ = promises;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn recommend(baseline: &SliReport, config: &RecommendConfig) -> SloSet {
    let mut set = SloSet::new(&config.service, Vec::new());
    for component in &baseline.components {
        for outcome in [
            availability(baseline, component, config),
            latency(baseline, component, config),
        ] {
            match outcome {
                Ok(slo) => set.slos.push(slo),
                Err(skipped) => set.skipped.push(skipped),
            }
        }
    }
    set.slos.sort_by(|a, b| a.id.cmp(&b.id));
    set
}

fn availability(
    baseline: &SliReport,
    component: &ComponentSli,
    config: &RecommendConfig,
) -> Result<Slo, Skipped> {
    let sli = component
        .slis
        .iter()
        .find(|sli| sli.indicator == Indicator::Availability);
    let events = sli.map_or(Events::NONE, |sli| sli.events);
    let skipped = |reason: String| Skipped {
        component: component.component.clone(),
        indicator: Some(Indicator::Availability),
        events,
        reason,
    };
    let Some(sli) = sli.filter(|_| config.min_events <= events.total()) else {
        return Err(skipped(too_few(events.total(), config)));
    };
    let found = supported(baseline, sli, config.max_target, config)
        .ok_or_else(|| skipped(unreliable(events)))?;
    Ok(objective(component, sli, &found, config, ""))
}

fn latency(
    baseline: &SliReport,
    component: &ComponentSli,
    config: &RecommendConfig,
) -> Result<Slo, Skipped> {
    let counted: Vec<&Sli> = component
        .slis
        .iter()
        .filter(|sli| sli.indicator.limit().is_some())
        .collect();
    let widest = counted.last();
    let events = widest.map_or(Events::NONE, |sli| sli.events);
    let skipped = |reason: String| Skipped {
        component: component.component.clone(),
        indicator: widest.map(|sli| sli.indicator),
        events,
        reason,
    };
    if counted.is_empty() {
        return Err(skipped("no latency limit is counted".to_owned()));
    }
    if events.total() < config.min_events {
        return Err(skipped(too_few(events.total(), config)));
    }
    let goal = config.latency_target.min(config.max_target);
    // What the same number of requests would support without a single slow one: a limit that gets there is wide enough.
    let flawless = Events::from_good_bad(events.total(), 0);
    let reachable = highest_step(flawless, goal, config);
    let needed_ms = component
        .latency
        .map(|latency| latency.p99_ms * f64::from(config.latency_headroom_percent) / 100.0);
    let has_headroom = |sli: &Sli| {
        let limit_ms = sli.indicator.limit().map(|limit| limit.as_secs_f64() * 1e3);
        !matches!((limit_ms, needed_ms), (Some(limit), Some(needed)) if limit < needed)
    };
    let mut found: Vec<(&Sli, Supported)> = counted
        .iter()
        .filter_map(|sli| Some((*sli, supported(baseline, sli, goal, config)?)))
        .collect();
    let best = found
        .iter()
        .position(|(sli, found)| reachable <= Some(found.target) && has_headroom(sli))
        // No limit is wide enough: the widest that supports any target.
        .or_else(|| found.len().checked_sub(1));
    let Some(best) = best else {
        return Err(skipped(unreliable(events)));
    };
    let (sli, found) = found.swap_remove(best);
    let note = component.latency.map_or(String::new(), |latency| {
        let headroom = if has_headroom(sli) {
            String::new()
        } else {
            format!(
                ", less than {} % of it: no wider limit is counted",
                config.latency_headroom_percent
            )
        };
        format!(
            "; the 99th percentile was {:.1} ms{headroom}",
            latency.p99_ms
        )
    });
    Ok(objective(component, sli, &found, config, &note))
}

/// A target with the confidence that the history gives it.
struct Supported {
    target: Target,
    confidence: f64,
    windows: Vec<Events>,
}

fn supported(
    baseline: &SliReport,
    sli: &Sli,
    cap: Target,
    config: &RecommendConfig,
) -> Option<Supported> {
    let mut target = highest_step(sli.events, cap, config)?;
    let windows = whole_windows(baseline, sli, config);
    let mut confidence = confidence_at_least(sli.events, target.ratio())?;
    if let Some(bound) = ToleranceBound::of(&windows, config.risk, config.confidence) {
        target = step_below(bound.good_ppb.min(target.ppb()))?;
        confidence = bound.confidence.min(confidence);
    }
    Some(Supported {
        target,
        confidence,
        windows,
    })
}

fn highest_step(events: Events, cap: Target, config: &RecommendConfig) -> Option<Target> {
    let bound = floor_ppb(lower_bound(events, config.confidence)?);
    LADDER_PPB
        .iter()
        .rev()
        .filter_map(|&ppb| Target::from_ppb(ppb))
        .filter(|target| *target <= cap && target.ppb() <= bound)
        .find(|target| {
            let allowed = u128::from(events.total()) * u128::from(target.allowed_ppb());
            let used = u128::from(events.bad()) * u128::from(Target::DENOMINATOR) * 100;
            used <= allowed * u128::from(config.budget_use_percent)
        })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share in 0..=1, cut towards bad; `as` saturates"
)]
fn floor_ppb(share: f64) -> u32 {
    (share * 1e9) as u32
}

/// The events of each whole window of the history, the latest window first; windows with too few events are left out.
fn whole_windows(baseline: &SliReport, sli: &Sli, config: &RecommendConfig) -> Vec<Events> {
    let Some(history) = baseline.period else {
        return Vec::new();
    };
    let mut windows = Vec::new();
    let mut end = history.end;
    // A calendar unit that is still running at the end of the history is not whole.
    if let Window::Calendar { .. } = config.window
        && let Ok(running) = config.window.period_at(end)
    {
        end = running.start;
    }
    loop {
        let probe = match config.window {
            Window::Rolling { .. } => end,
            Window::Calendar { .. } => match end.checked_sub(jiff::SignedDuration::from_nanos(1)) {
                Ok(before) => before,
                Err(_) => return windows,
            },
        };
        let Ok(Period { start, .. }) = config.window.period_at(probe) else {
            return windows;
        };
        if start < history.start || end <= start {
            return windows;
        }
        let events = sli.events_in(Period { start, end });
        if config.min_events <= events.total() {
            windows.push(events);
        }
        end = start;
    }
}

fn objective(
    component: &ComponentSli,
    sli: &Sli,
    found: &Supported,
    config: &RecommendConfig,
    note: &str,
) -> Slo {
    let Supported {
        target,
        confidence,
        ref windows,
    } = *found;
    let history = match windows.len() {
        0 => format!("less than one window of {}", config.window),
        1 => format!("one window of {}", config.window),
        n => format!("{n} windows of {}", config.window),
    };
    let bound = lower_bound(sli.events, config.confidence).unwrap_or(0.0);
    let explanation = format!(
        "{} of {} events good in {history} support up to {} at {} % confidence, rounded down to {target} ({} % confidence), as far as requests fail independently{note}",
        Grouped(sli.events.good()),
        Grouped(sli.events.total()),
        percent_down(bound),
        config.confidence * 100.0,
        match percent_down(confidence).as_str() {
            "100.00%" => "more than 99.99".to_owned(),
            shown => shown.trim_end_matches('%').to_owned(),
        },
    );
    let one_failure = target.events_for_one_failure().unwrap_or(u64::MAX);
    Slo {
        id: SloId::of(&component.component, sli.indicator),
        component: component.component.clone(),
        indicator: sli.indicator,
        target,
        window: config.window.clone(),
        method: BudgetingMethod::Occurrences,
        // With fewer events a single failure would already break the promise.
        min_events: config.min_events.max(one_failure),
        standing: Standing::Derived,
        rationale: Some(Rationale {
            good: sli.events.good(),
            total: sli.events.total(),
            windows: u64::try_from(windows.len()).unwrap_or(u64::MAX),
            confidence,
            explanation,
        }),
    }
}

/// A share in percent, cut to two decimals: it is never shown better than it is.
fn percent_down(share: f64) -> String {
    let hundredths = (floor_ppb(share) / 100_000).min(10_000);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn too_few(seen: u64, config: &RecommendConfig) -> String {
    format!(
        "{} events, too few for a target: at least {} are needed",
        Grouped(seen),
        Grouped(config.min_events)
    )
}

fn unreliable(events: Events) -> String {
    format!(
        "{} of {} events good ({events}): not enough for the lowest target on the ladder",
        Grouped(events.good()),
        Grouped(events.total())
    )
}
