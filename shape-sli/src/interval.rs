//! Confidence intervals for a share.

use serde::{Deserialize, Serialize};
use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::beta::beta_reg,
};

use crate::{
    Error, Events,
    error::Repr,
    figures::{real, share},
};

/// A confidence interval for the true share of good events.
///
/// Made by [`wilson`], [`clopper_pearson`] or [`jeffreys`]; `0 <= lower <= upper <= 1`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "RawInterval")]
pub struct Interval {
    /// Lower bound, in 0..=1.
    pub lower: f64,
    /// Upper bound, in 0..=1.
    pub upper: f64,
    /// The confidence, 0.95 for example.
    pub confidence: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInterval {
    lower: f64,
    upper: f64,
    confidence: f64,
}

impl TryFrom<RawInterval> for Interval {
    type Error = Error;
    fn try_from(raw: RawInterval) -> Result<Self, Error> {
        let ordered = 0.0 <= raw.lower && raw.lower <= raw.upper && raw.upper <= 1.0;
        if !ordered || !is_confidence(raw.confidence) {
            return Err(Repr::BadInterval {
                lower: raw.lower.to_string(),
                upper: raw.upper.to_string(),
                confidence: raw.confidence.to_string(),
            }
            .into());
        }
        Ok(Self {
            lower: raw.lower,
            upper: raw.upper,
            confidence: raw.confidence,
        })
    }
}

/// The score interval of Wilson (1927), *Probable inference, the law of succession, and statistical inference*.
///
/// Two-sided; close to its nominal confidence even for few events and shares near 1. `None` without events, or when
/// `confidence` is not strictly between 0 and 1.
///
/// ```
/// use shape_sli::{Events, wilson};
///
/// let interval = wilson(Events::new(9_971, 10_000)?, 0.95).ok_or("no events")?;
/// assert!(0.9958 < interval.lower && interval.upper < 0.998);
/// assert_eq!(wilson(Events::NONE, 0.95), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wilson(events: Events, confidence: f64) -> Option<Interval> {
    let p = events.ratio()?;
    let z = two_sided_z(confidence)?;
    let n = real(events.total());
    let z2 = z * z;
    let centre = p + z2 / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    let lower = (centre - half) / scale;
    let upper = (centre + half) / scale;
    Some(ends(events, lower, upper, confidence))
}

/// The interval of Clopper and Pearson (1934): its confidence is never below the nominal one.
///
/// `None` without events, or when `confidence` is not strictly between 0 and 1.
pub fn clopper_pearson(events: Events, confidence: f64) -> Option<Interval> {
    let tail = tail(events, confidence)?;
    let (k, bad) = (real(events.good()), real(events.bad()));
    let lower = if events.good() == 0 {
        0.0
    } else {
        beta_quantile(k, bad + 1.0, tail)
    };
    let upper = if events.bad() == 0 {
        1.0
    } else {
        beta_quantile(k + 1.0, bad, 1.0 - tail)
    };
    Some(ends(events, lower, upper, confidence))
}

/// The equal-tailed interval of Jeffreys' prior, with the end rules of Brown, Cai and `DasGupta` (2001), *Interval
/// estimation for a binomial proportion*: the lower bound is 0 without good events, the upper one 1 without bad ones.
///
/// `None` without events, or when `confidence` is not strictly between 0 and 1.
pub fn jeffreys(events: Events, confidence: f64) -> Option<Interval> {
    let tail = tail(events, confidence)?;
    let (a, b) = (real(events.good()) + 0.5, real(events.bad()) + 0.5);
    let lower = beta_quantile(a, b, tail);
    let upper = beta_quantile(a, b, 1.0 - tail);
    Some(ends(events, lower, upper, confidence))
}

/// The probability that the true share of good events lies below `target` (Jeffreys' posterior): `I_target(good + ½,
/// bad + ½)`.
///
/// `None` without events, or when `target` is not in 0..=1.
///
/// ```
/// use shape_sli::{Events, probability_below};
///
/// // A hundred successes do not prove 99.9 %.
/// let doubt = probability_below(Events::new(100, 100)?, 0.999).ok_or("no events")?;
/// assert_eq!(format!("{doubt:.3}"), "0.654");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn probability_below(events: Events, target: f64) -> Option<f64> {
    if events.is_none() || !(0.0..=1.0).contains(&target) {
        return None;
    }
    let (a, b) = (real(events.good()) + 0.5, real(events.bad()) + 0.5);
    Some(share(beta_cdf(a, b, target)))
}

/// The one-sided lower bound of Clopper and Pearson: with this confidence the true share is at least this.
///
/// `None` without events, or when `confidence` is not strictly between 0 and 1. Without a failure it is
/// `(1 - confidence)^(1/n)`, the "rule of three".
pub fn lower_bound(events: Events, confidence: f64) -> Option<f64> {
    if events.is_none() || !is_confidence(confidence) {
        return None;
    }
    if events.good() == 0 {
        return Some(0.0);
    }
    let alpha = 1.0 - confidence;
    if events.bad() == 0 {
        return Some(share(alpha.powf(1.0 / real(events.total()))));
    }
    let bound = beta_quantile(real(events.good()), real(events.bad()) + 1.0, alpha);
    Some(share(bound))
}

/// The confidence with which the true share is at least `target`: the inverse of [`lower_bound`].
///
/// `None` without events, or when `target` is not in 0..=1.
///
/// ```
/// use shape_sli::{Events, confidence_at_least};
///
/// let claim = confidence_at_least(Events::new(299, 299)?, 0.99).ok_or("no events")?;
/// assert_eq!(format!("{claim:.2}"), "0.95");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn confidence_at_least(events: Events, target: f64) -> Option<f64> {
    if events.is_none() || !(0.0..=1.0).contains(&target) {
        return None;
    }
    if events.good() == 0 {
        return Some(if target <= 0.0 { 1.0 } else { 0.0 });
    }
    if events.bad() == 0 {
        return Some(share(1.0 - target.powf(real(events.total()))));
    }
    let doubt = beta_cdf(real(events.good()), real(events.bad()) + 1.0, target);
    Some(share(1.0 - doubt))
}

fn ends(events: Events, lower: f64, upper: f64, confidence: f64) -> Interval {
    let lower = if events.good() == 0 {
        0.0
    } else {
        share(lower)
    };
    let upper = if events.bad() == 0 { 1.0 } else { share(upper) };
    Interval {
        lower: lower.min(upper),
        upper,
        confidence,
    }
}

pub(crate) fn is_confidence(confidence: f64) -> bool {
    0.0 < confidence && confidence < 1.0
}

pub(crate) fn two_sided_z(confidence: f64) -> Option<f64> {
    if !is_confidence(confidence) {
        return None;
    }
    let z = Normal::standard().inverse_cdf(0.5 + confidence / 2.0);
    z.is_finite().then_some(z)
}

fn tail(events: Events, confidence: f64) -> Option<f64> {
    (!events.is_none() && is_confidence(confidence)).then(|| (1.0 - confidence) / 2.0)
}

/// Above so many good and bad events the continued fraction of statrs no longer converges in its 141 steps; the
/// normal approximation is then better than a thousandth of a standard error.
const MANY: f64 = 5_000.0;

/// Above so many events the difference of log-gammas in a beta function loses the last digits that matter.
const HUGE: f64 = 1e12;

fn is_normal(a: f64, b: f64) -> bool {
    MANY < a.min(b) || HUGE < a + b
}

fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if 1.0 <= x {
        1.0
    } else if is_normal(a, b) {
        let n = a + b;
        let mean = a / n;
        let deviation = (mean * (b / n) / (n + 1.0)).sqrt();
        Normal::standard().cdf((x - mean) / deviation)
    } else {
        share(beta_reg(a, b, x))
    }
}

/// The quantile of a beta distribution, bisected to the last bits.
///
/// `inv_beta_reg` of statrs 0.19 does not return for large parameters, so only its distribution function is used.
fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // Near 1 neighbouring floats are 2^-53 apart, so that 64 halvings reach the last bit of any bound that matters.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if beta_cdf(a, b, middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(seen: f64, expected: f64) {
        assert!(
            (seen - expected).abs() < 1e-9,
            "saw {seen:.12}, expected {expected:.12}"
        );
    }

    /// Reference values computed elsewhere (`SciPy`), nine digits.
    #[test]
    fn intervals_agree_with_the_reference_table() {
        type Row = (u64, u64, [f64; 2], [f64; 2], [f64; 2]);
        let rows: [Row; 8] = [
            (
                99,
                100,
                [0.945_513_804, 0.998_232_568],
                [0.945_540_615, 0.999_746_854],
                [0.954_221_103, 0.998_918_898],
            ),
            (
                100,
                100,
                [0.963_006_502, 1.0],
                [0.963_783_307, 1.0],
                [0.975_254_730, 1.0],
            ),
            (
                995,
                1000,
                [0.988_349_045, 0.997_862_464],
                [0.988_370_529, 0.998_374_580],
                [0.989_075_336, 0.998_089_647],
            ),
            (
                999,
                1000,
                [0.994_357_441, 0.999_823_454],
                [0.994_441_076, 0.999_974_683],
                [0.995_335_541, 0.999_892_081],
            ),
            (
                9985,
                10_000,
                [0.997_526_415, 0.999_090_738],
                [0.997_527_183, 0.999_160_226],
                [0.997_589_565, 0.999_122_812],
            ),
            (
                9971,
                10_000,
                [0.995_838_225, 0.997_980_003],
                [0.995_837_751, 0.998_056_991],
                [0.995_896_709, 0.998_016_047],
            ),
            (
                5,
                10,
                [0.236_593_091, 0.763_406_909],
                [0.187_086_028, 0.812_913_972],
                [0.223_528_670, 0.776_471_330],
            ),
            (
                1,
                1,
                [0.206_549_314, 1.0],
                [0.025, 1.0],
                [0.146_746_316, 1.0],
            ),
        ];
        for (good, total, w, cp, j) in rows {
            let events = Events::new(good, total).unwrap();
            for (interval, expected) in [
                (wilson(events, 0.95), w),
                (clopper_pearson(events, 0.95), cp),
                (jeffreys(events, 0.95), j),
            ] {
                let interval = interval.unwrap();
                close(interval.lower, expected[0]);
                close(interval.upper, expected[1]);
            }
        }
    }

    #[test]
    fn probability_below_agrees_with_the_reference_table() {
        for (good, total, below_99, below_999) in [
            (99, 100, 0.571_364, 0.977_654),
            (100, 100, 0.155_741, 0.654_236),
            (995, 1000, 0.044_587, 0.998_508),
            (999, 1000, 0.000_162, 0.572_303),
            (9985, 10_000, 0.0, 0.935_900),
            (9971, 10_000, 0.0, 1.0),
            (1, 1, 0.872_889, 0.959_743),
        ] {
            let events = Events::new(good, total).unwrap();
            let seen = [0.99, 0.999].map(|target| probability_below(events, target).unwrap());
            assert!(
                (seen[0] - below_99).abs() < 6e-7,
                "{good}/{total}: {seen:?}"
            );
            assert!(
                (seen[1] - below_999).abs() < 6e-7,
                "{good}/{total}: {seen:?}"
            );
        }
    }

    /// The rule of three: so many events without a failure support a target at 95 %.
    #[test]
    fn zero_failures_needed_for_a_target() {
        for (target, needed) in [
            (0.9, 29),
            (0.99, 299),
            (0.999, 2_995),
            (0.9999, 29_956),
            (0.99999, 299_572),
        ] {
            let bound = |n| lower_bound(Events::new(n, n).unwrap(), 0.95).unwrap();
            assert!(target <= bound(needed), "{target}");
            assert!(bound(needed - 1) < target, "{target}");
        }
    }

    #[test]
    fn huge_and_degenerate_inputs_stay_finite() {
        for events in [
            Events::new(u64::MAX, u64::MAX).unwrap(),
            Events::new(u64::MAX - 1, u64::MAX).unwrap(),
            Events::new(0, u64::MAX).unwrap(),
            Events::new(0, 1).unwrap(),
            Events::new(1_000_000_000_000, 1_000_000_300_000).unwrap(),
        ] {
            for interval in [
                wilson(events, 0.95),
                clopper_pearson(events, 0.95),
                jeffreys(events, 0.95),
            ] {
                let Interval { lower, upper, .. } = interval.unwrap();
                assert!(0.0 <= lower && lower <= upper && upper <= 1.0, "{events:?}");
            }
        }
        for confidence in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(wilson(Events::from_good_bad(1, 1), confidence), None);
        }
    }
}
