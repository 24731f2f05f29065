//! What is to be expected.

use shape_sli::{Events, probability_below};
use shape_slo::Target;
use statrs::function::{beta::ln_beta, gamma::ln_gamma};

/// The probability that a promise is broken once `ahead` more events have come, if they are of the same kind as those
/// seen: `P(bad + X > allowed)`, where `X` is beta-binomial with Jeffreys' posterior `Beta(bad + ½, good + ½)`.
///
/// `None` without events.
///
/// ```
/// use shape_budget::breach_probability;
/// use shape_sli::Events;
///
/// let seen = Events::from_good_bad(49_950, 50);
/// let risk = breach_probability("99.9%".parse()?, seen, 50_000).ok_or("no events")?;
/// assert_eq!(format!("{risk:.6}"), "0.480117");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn breach_probability(target: Target, seen: Events, ahead: u64) -> Option<f64> {
    if seen.is_none() {
        return None;
    }
    let allowed = target.allowed_bad(seen.total().saturating_add(ahead));
    let Some(left) = allowed.checked_sub(seen.bad()) else {
        return Some(1.0);
    };
    if ahead <= left {
        return Some(0.0);
    }
    let probability = if EXACT < ahead {
        // The share of bad events among very many is the posterior itself.
        let errors = Events::from_good_bad(seen.bad(), seen.good());
        1.0 - probability_below(errors, real(left) / real(ahead))?
    } else {
        let (a, b) = (real(seen.bad()) + 0.5, real(seen.good()) + 0.5);
        above(real(left), real(ahead), a, b)
    };
    Some(probability.clamp(0.0, 1.0))
}

/// Up to so many events ahead the sum is exact; beyond, the granularity of single events is below the posterior's.
const EXACT: u64 = 2_000_000;

/// `P(X > k)` for `X ~ BetaBinomial(n, a, b)`: the tail that does not hold the mean, summed outwards from `k`.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the distribution's definition"
)]
fn above(k: f64, n: f64, a: f64, b: f64) -> f64 {
    let mean = n * a / (a + b);
    let ln_pmf = |x: f64| {
        let ln_choose = ln_gamma(n + 1.0) - ln_gamma(x + 1.0) - ln_gamma(n - x + 1.0);
        ln_choose + ln_beta(x + a, n - x + b) - ln_beta(a, b)
    };
    // pmf(x + 1) / pmf(x)
    let ratio = |x: f64| (n - x) * (x + a) / ((x + 1.0) * (n - x - 1.0 + b));
    let (mut x, upwards) = if k < mean {
        (k, false)
    } else {
        (k + 1.0, true)
    };
    let mut term = ln_pmf(x).exp();
    let mut sum = 0.0;
    while 0.0 <= x && x <= n {
        sum += term;
        if term <= sum * 1e-17 {
            break;
        }
        if upwards {
            term *= ratio(x);
            x += 1.0;
        } else {
            x -= 1.0;
            if x < 0.0 {
                break;
            }
            term /= ratio(x);
        }
    }
    if upwards { sum } else { 1.0 - sum }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a forecast needs no exact count above 2^53"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values computed elsewhere (`SciPy`).
    #[test]
    fn agrees_with_the_reference() {
        for (good, bad, ahead, target, expected) in [
            (49_950, 50, 50_000, "99.9%", 0.480_117),
            (49_940, 60, 50_000, "99.9%", 0.974_451),
            (9_990, 10, 20_000, "99.9%", 0.483_143),
            (99, 1, 200, "99%", 0.453_783),
            (500, 0, 500, "99.9%", 0.115_918),
            (49_975, 25, 50_000, "99.9%", 0.0),
        ] {
            let seen = Events::from_good_bad(good, bad);
            let risk = breach_probability(target.parse().unwrap(), seen, ahead).unwrap();
            assert!((risk - expected).abs() < 1e-6, "{good} {bad}: {risk}");
        }
    }

    #[test]
    fn the_limit_of_many_events_joins_the_sum() {
        let target = "99.9%".parse().unwrap();
        for bad in [5, 9, 10, 11, 15] {
            let seen = Events::from_good_bad(10_000 - bad, bad);
            let exact = breach_probability(target, seen, EXACT).unwrap();
            let limit = breach_probability(target, seen, EXACT + 1).unwrap();
            assert!((exact - limit).abs() < 2e-3, "{bad}: {exact} {limit}");
        }
    }

    #[test]
    fn the_ends() {
        let target = "99%".parse().unwrap();
        assert_eq!(breach_probability(target, Events::NONE, 10), None);
        let lost = Events::from_good_bad(10, 10);
        assert!(0.999 < breach_probability(target, lost, 0).unwrap());
        let kept = Events::from_good_bad(1_000, 0);
        assert!(breach_probability(target, kept, 0).unwrap() < 1e-9);
        assert!(
            breach_probability(target, kept, u64::MAX)
                .unwrap()
                .is_finite()
        );
    }
}
