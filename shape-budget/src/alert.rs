//! Burn alerts over pairs of windows.

use serde::{Deserialize, Serialize};
use shape_sli::{Events, Grouped, lower_bound};
use shape_slo::Target;

use crate::{BurnRate, Error, error::Repr, prometheus};

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// In working hours.
    Ticket,
    /// Now.
    Page,
}

/// A burn alert that fires: both windows burn faster than the threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// How urgent.
    pub severity: AlertSeverity,
    /// The long window in seconds.
    pub long_seconds: u64,
    /// The short window in seconds.
    pub short_seconds: u64,
    /// The burn that both exceed.
    pub threshold: f64,
    /// One sentence with the figures.
    pub explanation: String,
}

/// A pair of windows that, both burning so fast, call for somebody.
///
/// The threshold is a part of the budget: "5 % of it within six hours". As a burn rate that is
/// `budget_ppm / 1,000,000 · window / long`: 6 for a window of 30 days, 5.6 for 28 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// How urgent.
    pub severity: AlertSeverity,
    /// The long window in seconds: is it worth somebody's time?
    pub long_seconds: u64,
    /// The short window in seconds: is it still going on?
    pub short_seconds: u64,
    /// The part of the budget that burns in the long window, in parts per million.
    pub budget_ppm: u32,
}

impl AlertRule {
    /// The four pairs of Sloth, and of table 5-8 of *The Site Reliability Workbook*: pages at 2 % of the budget in an
    /// hour and 5 % in six hours, tickets at 10 % in a day and in three days.
    pub const SRE_WORKBOOK: [Self; 4] = [
        Self::new(AlertSeverity::Page, 3_600, 300, 20_000),
        Self::new(AlertSeverity::Page, 21_600, 1_800, 50_000),
        Self::new(AlertSeverity::Ticket, 86_400, 7_200, 100_000),
        Self::new(AlertSeverity::Ticket, 259_200, 21_600, 100_000),
    ];

    const fn new(severity: AlertSeverity, long: u64, short: u64, budget_ppm: u32) -> Self {
        Self {
            severity,
            long_seconds: long,
            short_seconds: short,
            budget_ppm,
        }
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        if 0 < self.short_seconds
            && self.short_seconds <= self.long_seconds
            && 0 < self.budget_ppm
            && self.budget_ppm <= 1_000_000
        {
            return Ok(self);
        }
        Err(Repr::Config {
            what: "alert rule",
            seen: format!(
                "{} ppm in {} s and {} s",
                self.budget_ppm, self.long_seconds, self.short_seconds
            ),
            expected: "0 < short <= long and a part of the budget up to 1,000,000 ppm",
        }
        .into())
    }

    /// The burn that both windows must exceed, for a promise over so many seconds.
    ///
    /// ```
    /// use shape_budget::AlertRule;
    ///
    /// let days = |days: u64| days * 86_400;
    /// let [hour, six_hours, day, three_days] = AlertRule::SRE_WORKBOOK;
    /// assert_eq!(hour.threshold(days(30)), 14.4);
    /// assert_eq!(six_hours.threshold(days(28)), 5.6);
    /// assert_eq!(day.threshold(days(90)), 9.0);
    /// assert_eq!(three_days.threshold(days(30)), 1.0);
    /// ```
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a figure for people; `exceeds` decides with integers"
    )]
    pub fn threshold(self, window_seconds: u64) -> f64 {
        let budget = f64::from(self.budget_ppm) * window_seconds as f64;
        budget / (1e6 * self.long_seconds as f64)
    }

    /// Whether `bad` of `total` burn faster than the threshold, decided exactly.
    fn exceeds(self, bad: u128, total: u128, target: Target, window_seconds: u64) -> bool {
        // bad/total > allowed · budget · window/long; at most 64 bits of counts, so at most two of the four small
        // factors on a side leave 128 bits, and a common shift then costs less than one part in 2^24.
        let mut counts = (bad, total);
        loop {
            let left = counts
                .0
                .checked_mul(1_000_000_000 * 1_000_000)
                .and_then(|left| left.checked_mul(u128::from(self.long_seconds)));
            let right = counts
                .1
                .checked_mul(u128::from(target.allowed_ppb()) * u128::from(self.budget_ppm))
                .and_then(|right| right.checked_mul(u128::from(window_seconds)));
            if let (Some(left), Some(right)) = (left, right) {
                return right < left;
            }
            counts = (counts.0 >> 1, counts.1 >> 1);
        }
    }

    /// As [`AlertRule::fires`], with the arithmetic of Prometheus over Sloth's rules where that is asked for, and without
    /// new evidence where no `confidence` is.
    pub(crate) fn fires_as(
        self,
        arithmetic: Arithmetic,
        target: Target,
        window_seconds: u64,
        long: Events,
        short: Events,
        confidence: Option<f64>,
    ) -> Option<Alert> {
        let burns = |events: Events, range_seconds: u64| match arithmetic {
            Arithmetic::Exact => {
                let (bad, total) = (u128::from(events.bad()), u128::from(events.total()));
                self.exceeds(bad, total, target, window_seconds)
            }
            Arithmetic::Prometheus => {
                prometheus::exceeds(self, target, window_seconds, range_seconds, events)
            }
        };
        let surely_burns = |surely_bad| {
            let billion = u128::from(Target::DENOMINATOR);
            self.exceeds(surely_bad, billion, target, window_seconds)
        };
        let is_evident = |confidence: f64| {
            is_sure(long, confidence, surely_burns) || is_sure(short, confidence, surely_burns)
        };
        if !burns(long, self.long_seconds)
            || !burns(short, self.short_seconds)
            || !confidence.is_none_or(is_evident)
        {
            return None;
        }
        let threshold = self.threshold(window_seconds);
        let burn =
            |events| BurnRate::of(target, events).map_or("any".to_owned(), |burn| burn.to_string());
        Some(Alert {
            severity: self.severity,
            long_seconds: self.long_seconds,
            short_seconds: self.short_seconds,
            threshold,
            explanation: format!(
                "burns {} times what {target} allows over {} ({} of {} events bad) and {} times over {}; the threshold is {threshold:.2}",
                burn(long),
                span(self.long_seconds),
                Grouped(long.bad()),
                Grouped(long.total()),
                burn(short),
                span(self.short_seconds),
            ),
        })
    }

    /// The alert, if it fires on these events of the long and the short window.
    ///
    /// Both error ratios must exceed the threshold. So that few requests do not page, one of the windows must also hold
    /// enough evidence: 30 bad events, or at least two and a lower bound of its error ratio (Clopper and Pearson,
    /// one-sided) that exceeds the threshold with `confidence`. One failure in ten requests is no outage; two failures
    /// of five in the short window are, though in the long one they are two of sixty.
    pub fn fires(
        self,
        target: Target,
        window_seconds: u64,
        long: Events,
        short: Events,
        confidence: f64,
    ) -> Option<Alert> {
        self.fires_as(
            Arithmetic::Exact,
            target,
            window_seconds,
            long,
            short,
            Some(confidence),
        )
    }

    /// Whether an alert is one of this rule.
    pub(crate) fn made(self, alert: &Alert) -> bool {
        let of_alert = (alert.severity, alert.long_seconds, alert.short_seconds);
        of_alert == (self.severity, self.long_seconds, self.short_seconds)
    }
}

/// How a burn is compared with its threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// By the counts.
    #[default]
    Exact,
    /// To the last digit as Prometheus does.
    Prometheus,
}

/// Whether the evidence of these events is enough: many bad ones, or two and a lower bound of the error ratio, in parts
/// per billion, that still `exceeds`.
pub(crate) fn is_sure(events: Events, confidence: f64, exceeds: impl FnOnce(u128) -> bool) -> bool {
    if ENOUGH_BAD <= events.bad() {
        return true;
    }
    let errors = Events::from_good_bad(events.bad(), events.good());
    2 <= events.bad()
        && lower_bound(errors, confidence).is_some_and(|surely_bad| exceeds(floor_ppb(surely_bad)))
}

/// From so many bad events on the error ratio is known to less than a fifth of itself, and the ratio decides, as in
/// Prometheus.
const ENOUGH_BAD: u64 = 30;

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share in 0..=1, cut; `as` saturates"
)]
fn floor_ppb(share: f64) -> u128 {
    (share * 1e9) as u128
}

/// Seconds in the largest unit that divides them.
pub(crate) fn span(seconds: u64) -> String {
    shape_slo::Window::Rolling { seconds }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bad: u64, total: u64, fires: bool) {
        check_pair((bad, total), (bad, total), fires);
    }

    #[track_caller]
    fn check_pair(long: (u64, u64), short: (u64, u64), fires: bool) {
        let events = |(bad, total): (u64, u64)| Events::new(total - bad, total).unwrap();
        let target = "99.9%".parse().unwrap();
        let hour = AlertRule::SRE_WORKBOOK[0];
        let alert = hour.fires(target, 30 * 86_400, events(long), events(short), 0.95);
        assert_eq!(alert.is_some(), fires, "{long:?} and {short:?}");
    }

    #[test]
    fn either_window_may_be_the_evidence() {
        // A request a minute, all failing: sure from the second minute on, and as long as the hour is.
        check_pair((1, 60), (1, 5), false);
        check_pair((2, 60), (2, 5), true);
        check_pair((4, 60), (1, 5), true);
        check_pair((4, 60), (0, 5), false);
        // Two failures an hour apart are none.
        check_pair((2, 60), (1, 5), false);
    }

    #[test]
    fn few_requests_do_not_page() {
        check(0, 0, false);
        check(1, 1, false);
        check(1, 10, false);
        check(2, 10, true);
        check(1_440, 100_000, false); // exactly at the threshold
        check(1_441, 100_000, true);
        check(10, 690, false);
        check(3, 200, false); // 1.5 %, above the threshold, not surely
        check(15, 1_000, false);
        check(29, 1_000, true);
        check(u64::MAX, u64::MAX, true);
        check(1, u64::MAX, false);
    }
}
