//! The arithmetic of Prometheus over the rules of Sloth, for replays that have to agree with them to the minute: at an
//! outage exactly at a threshold the last digit decides there. Budgets are never decided here.

use shape_sli::Events;
use shape_slo::Target;

use crate::{AlertRule, forecast::real};

/// Whether `sum(rate(bad[w])) / sum(rate(all[w]))` exceeds `factor * budget`, step by step as both compute it.
pub(crate) fn exceeds(
    rule: AlertRule,
    target: Target,
    window_seconds: u64,
    range_seconds: u64,
    events: Events,
) -> bool {
    // `rate` multiplies what a counter grew by with one over the range.
    let a_second = 1.0 / real(range_seconds);
    let (bad, good) = (
        real(events.bad()) * a_second,
        real(events.good()) * a_second,
    );
    let ratio = bad / (good + bad);
    // Without events the ratio is not a number, which exceeds nothing.
    threshold(rule, target, window_seconds) < ratio
}

/// `getBurnRateFactor` times the error budget, as Sloth writes them into a rule.
fn threshold(rule: AlertRule, target: Target, window_seconds: u64) -> f64 {
    let hours = |seconds: u64| real(seconds) / 3_600.0;
    let percent = f64::from(rule.budget_ppm) / 1e4;
    let factor = percent * hours(window_seconds) / 100.0 / hours(rule.long_seconds);
    let objective = f64::from(target.ppb()) / 1e7;
    factor * ((100.0 - objective) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 99.9 % the budget in Sloth's rules is a hair below a thousandth, at 99.99 % a hair above a ten-thousandth.
    #[test]
    fn a_tie_is_decided_as_prometheus_decides_it() {
        let rule = AlertRule::SRE_WORKBOOK[0];
        let fires = |target: &str, bad, total| {
            let events = Events::new(total - bad, total).unwrap();
            exceeds(rule, target.parse().unwrap(), 30 * 86_400, 3_600, events)
        };
        assert!(fires("99.9%", 8_640, 600_000));
        assert!(!fires("99.9%", 8_639, 600_000));
        assert!(!fires("99.99%", 864, 600_000));
        assert!(fires("99.99%", 865, 600_000));
        assert!(!fires("99.9%", 0, 0));
    }
}
