//! The forecast of one budget.

use jiff::{SignedDuration, Timestamp};
use shape_sli::{Events, Grouped};
use shape_slo::{Slo, Window};
use shape_telemetry::Period;

use crate::{
    BudgetUnit, BurnWindow, ExhaustionBand, Forecast, NoDataPolicy,
    alert::span,
    breach_probability,
    burn::Cumulated,
    exclusion::Excluded,
    exhaustion::Burn,
    forecast::real,
    spend::{SliceWindow, Spend},
};

/// What a forecast looks at.
pub(crate) struct Outlook<'a> {
    pub(crate) slo: &'a Slo,
    pub(crate) period: Period,
    pub(crate) now: Timestamp,
    pub(crate) first: Option<Timestamp>,
    pub(crate) events: Events,
    pub(crate) untimed: Events,
    pub(crate) cumulated: &'a Cumulated<'a>,
    pub(crate) spend: &'a Spend,
    pub(crate) excluded: &'a Excluded,
}

impl Outlook<'_> {
    pub(crate) fn forecast(&self, burn: &[BurnWindow]) -> Forecast {
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
        // A look-back without a failure says that the budget lasts, not when it ends.
        let exhaustion = recent
            .filter(|recent| !is_spent && 0 < recent.events.bad())
            .and_then(|recent| self.exhaustion(recent));
        let recovers_at = if is_spent { self.recovers_at() } else { None };
        let explanation =
            self.explain(breach_probability, ahead, recent, exhausted_at, recovers_at);
        Forecast {
            breach_probability,
            exhausted_at,
            exhaustion,
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
        let end = self.now;
        let covered = end.duration_since(start).as_secs_f64();
        let covered = covered - real(self.excluded.seconds_in(Period { start, end }));
        (0.0 < covered).then_some(covered)
    }

    /// The length of the window in seconds, without what is excluded.
    fn window_seconds(&self) -> f64 {
        self.period.length().as_secs_f64() - real(self.excluded.seconds_in(self.period))
    }

    /// The events still to come until the window is full, at the mean rate so far.
    fn events_ahead(&self) -> Option<u64> {
        let covered = self.covered_seconds()?;
        let ahead = (self.window_seconds() - covered).max(0.0);
        Some(floor(real(self.events.total()) / covered * ahead))
    }

    /// The burn of a look-back against what is left: events come at the recent rate, and leave a rolling window that is
    /// full as they came.
    fn burn(&self, recent: &BurnWindow) -> Option<Burn> {
        if self.spend.unit != BudgetUnit::Events || recent.events.is_none() {
            return None;
        }
        let covered = self.covered_seconds()?;
        let window = self.window_seconds();
        let allowed = 1.0 - self.slo.target.ratio();
        // A look-back that is longer than the service has been seen holds only what was seen.
        let rate = real(recent.events.total()) / real(recent.seconds).min(covered);
        let left = real(self.events.total()) * allowed - real(self.events.bad());
        let is_full = self.slo.window.is_rolling() && window <= covered;
        (0.0 <= left).then_some(Burn {
            events: recent.events,
            rate,
            allowed,
            left,
            leaving: if is_full { left / window } else { 0.0 },
        })
    }

    /// When the promise is missed if the recent burn goes on.
    fn exhausted_at(&self, recent: &BurnWindow) -> Option<Timestamp> {
        let burn = self.burn(recent)?;
        let loss = burn.rate * (recent.events.error_ratio()? - burn.allowed) + burn.leaving;
        if loss <= 0.0 {
            return None;
        }
        let seconds = burn.left / loss;
        if 1e10 < seconds {
            return None;
        }
        let at = SignedDuration::try_from_secs_f64(seconds).ok()?;
        let at = self.now.checked_add(at).ok()?;
        self.is_in_window(at).then_some(at)
    }

    /// The band around [`Self::exhausted_at`].
    fn exhaustion(&self, recent: &BurnWindow) -> Option<ExhaustionBand> {
        let band = self.burn(recent)?.band(self.now)?;
        self.is_in_window(band.earliest).then(|| ExhaustionBand {
            latest: band.latest.filter(|at| self.is_in_window(*at)),
            ..band
        })
    }

    /// A calendar window ends, and its budget with it.
    fn is_in_window(&self, at: Timestamp) -> bool {
        self.slo.window.is_rolling() || at < self.period.end
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
        let slices = SliceWindow {
            period: self.period,
            now: self.now,
            is_rolling: true,
            first: None,
            no_data: NoDataPolicy::Exclude,
            excluded: self.excluded,
        };
        let (method, target) = (self.slo.method, self.slo.target);
        let tails = Spend::remaining_of_tails(method, target, self.untimed, points, &slices)?;
        // The window drops the oldest bucket first, and all that start with it.
        let is_last = |index: usize| {
            let next = points.get(index + 1);
            next.is_none_or(|next| next.start != points[index].start)
        };
        let last = (0..points.len()).find(|&index| 0 <= tails[index + 1] && is_last(index))?;
        // A bucket is outside once the window starts after it.
        let leaves = points[last].start.checked_add(length).ok()?;
        leaves.checked_add(SignedDuration::from_nanos(1)).ok()
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
