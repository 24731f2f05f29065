//! Before and after: whether a share of good events changed.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{
    Error, Events,
    error::Repr,
    figures::{real, share},
    interval::{two_sided_z, wilson},
};

/// What a comparison says about the later sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Better, beyond chance.
    Better,
    /// Worse, beyond chance.
    Worse,
    /// No difference that chance does not explain.
    Unclear,
    /// One of the samples is empty.
    NoData,
}

/// Which test gave a p-value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TestKind {
    /// Fisher's exact test of two shares.
    FisherExact,
    /// The z-test of two shares with a pooled variance, for many events.
    TwoProportionZ,
    /// The rank test of Mann, Whitney and Wilcoxon, with the correction for ties.
    MannWhitney,
}

/// A confidence interval for a difference or a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// The confidence, 0.95 for example.
    pub confidence: f64,
}

/// Two samples of events side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The earlier sample.
    pub before: Events,
    /// The later sample.
    pub after: Events,
    /// The good share before, in 0..=1.
    pub ratio_before: Option<f64>,
    /// The good share after, in 0..=1.
    pub ratio_after: Option<f64>,
    /// After less before.
    pub difference: Option<f64>,
    /// Newcombe's hybrid score interval of the difference.
    pub difference_interval: Option<Bounds>,
    /// The bad share after, as a multiple of the one before; `None` unless both samples have bad events.
    pub failure_ratio: Option<f64>,
    /// Katz' interval of that ratio, on the logarithmic scale.
    pub failure_ratio_interval: Option<Bounds>,
    /// The probability of a difference like this by chance, two-sided.
    pub p_value: Option<f64>,
    /// The test that gave it.
    pub test: TestKind,
    /// What it says at a level of one less the confidence.
    pub change: Change,
}

/// Up to so many events in both samples Fisher's exact test is used; its time grows with them.
const EXACT: u64 = 100_000;

/// Compares two samples of events at 95 % confidence; see [`compare_events_at`].
///
/// ```
/// use shape_sli::{Change, Events, compare_events};
///
/// let before = Events::new(7_200, 8_000)?;
/// let after = Events::new(4_000, 4_000)?;
/// let comparison = compare_events(before, after);
/// assert_eq!(comparison.change, Change::Better);
/// assert_eq!(compare_events(before, before).change, Change::Unclear);
/// assert_eq!(compare_events(before, Events::NONE).change, Change::NoData);
/// # Ok::<(), shape_sli::Error>(())
/// ```
pub fn compare_events(before: Events, after: Events) -> Comparison {
    compare(before, after, 0.95)
}

/// Compares two independent samples of events.
///
/// The p-value is that of Fisher's exact test, for more than 100,000 events that of the two-proportion z-test. The
/// interval of the difference is method 10 of Newcombe (1998), *Interval estimation for the difference between
/// independent proportions*; that of the ratio of failures is Katz et al. (1978), *Obtaining confidence intervals for
/// the risk ratio in cohort studies*.
///
/// # Errors
///
/// When `confidence` is not strictly between 0 and 1.
pub fn compare_events_at(
    before: Events,
    after: Events,
    confidence: f64,
) -> Result<Comparison, Error> {
    if !crate::interval::is_confidence(confidence) {
        return Err(Repr::BadConfidence {
            seen: confidence.to_string(),
        }
        .into());
    }
    Ok(compare(before, after, confidence))
}

fn compare(before: Events, after: Events, confidence: f64) -> Comparison {
    let (ratio_before, ratio_after) = (before.ratio(), after.ratio());
    // `after - before` of the bad shares keeps the digits that shares near 1 lose.
    let difference = match (before.error_ratio(), after.error_ratio()) {
        (Some(before), Some(after)) => Some(before - after),
        _ => None,
    };
    let (p_value, test) = p_value(before, after);
    let change = match (p_value, difference) {
        (Some(p), Some(difference)) if p < 1.0 - confidence => {
            if 0.0 < difference {
                Change::Better
            } else {
                Change::Worse
            }
        }
        (Some(_), _) => Change::Unclear,
        (None, _) => Change::NoData,
    };
    let failures = failure_ratio(before, after, confidence);
    Comparison {
        before,
        after,
        ratio_before,
        ratio_after,
        difference,
        difference_interval: newcombe(before, after, confidence),
        failure_ratio: failures.map(|(ratio, _)| ratio),
        failure_ratio_interval: failures.map(|(_, bounds)| bounds),
        p_value,
        test,
        change,
    }
}

fn p_value(before: Events, after: Events) -> (Option<f64>, TestKind) {
    let total = before.total().saturating_add(after.total());
    let is_exact = total <= EXACT;
    let test = if is_exact {
        TestKind::FisherExact
    } else {
        TestKind::TwoProportionZ
    };
    if before.is_none() || after.is_none() {
        return (None, test);
    }
    let bad = before.bad().saturating_add(after.bad());
    if bad == 0 || bad == total {
        // Nothing differs.
        return (Some(1.0), test);
    }
    let p = if is_exact {
        Some(fisher(before, after))
    } else {
        two_proportions(before, after)
    };
    (p.map(share), test)
}

/// Fisher's exact test, two-sided: the probability of all tables with the same margins that are no likelier than this one.
///
/// `fishers_exact` of statrs 0.19 gives half of it for some tables (1162, 14; 963, 43) and cancels below 1e-12; here
/// the weights of the tables are summed outwards from the likeliest one and never subtracted.
fn fisher(before: Events, after: Events) -> f64 {
    let (n1, n2) = (real(before.total()), real(after.total()));
    let bad = real(before.bad()) + real(after.bad());
    let (least, most) = ((bad - n2).max(0.0), bad.min(n1));
    // The weight of `x + 1` bad events before, over that of `x`.
    let up = |x: f64| (n1 - x) * (bad - x) / ((x + 1.0) * (n2 - bad + x + 1.0));
    let mode = (((bad + 1.0) * (n1 + 1.0) / (n1 + n2 + 2.0)).floor()).clamp(least, most);
    let weights = |rising: bool, each: &mut dyn FnMut(f64, f64)| {
        let (mut x, mut weight) = (mode, 1.0);
        loop {
            if rising {
                weight *= up(x);
                x += 1.0;
            } else {
                x -= 1.0;
                weight /= up(x);
            }
            // What is too small for a float adds nothing.
            if x < least || most < x || weight <= 0.0 {
                return;
            }
            each(x, weight);
        }
    };
    let observed = real(before.bad());
    let mut seen = if (observed - mode).abs() < 0.5 {
        1.0
    } else {
        0.0
    };
    for rising in [true, false] {
        weights(rising, &mut |x, weight| {
            if (x - observed).abs() < 0.5 {
                seen = weight;
            }
        });
    }
    // Equal weights differ in their last digits.
    let limit = seen * (1.0 + 1e-7);
    let (mut all, mut tail) = (1.0, if 1.0 <= limit { 1.0 } else { 0.0 });
    for rising in [true, false] {
        weights(rising, &mut |_, weight| {
            all += weight;
            if weight <= limit {
                tail += weight;
            }
        });
    }
    tail / all
}

fn two_proportions(before: Events, after: Events) -> Option<f64> {
    let (n1, n2) = (real(before.total()), real(after.total()));
    let pooled = (real(before.bad()) + real(after.bad())) / (n1 + n2);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    let z = (before.error_ratio()? - after.error_ratio()?).abs() / deviation;
    z.is_finite().then(|| 2.0 * Normal::standard().sf(z))
}

fn newcombe(before: Events, after: Events, confidence: f64) -> Option<Bounds> {
    let (p1, p2) = (before.ratio()?, after.ratio()?);
    let (i1, i2) = (wilson(before, confidence)?, wilson(after, confidence)?);
    let difference = p2 - p1;
    Some(Bounds {
        lower: difference - (p2 - i2.lower).hypot(i1.upper - p1),
        upper: difference + (i2.upper - p2).hypot(p1 - i1.lower),
        confidence,
    })
}

fn failure_ratio(before: Events, after: Events, confidence: f64) -> Option<(f64, Bounds)> {
    if before.bad() == 0 || after.bad() == 0 {
        return None;
    }
    let ratio = after.error_ratio()? / before.error_ratio()?;
    let variance = 1.0 / real(after.bad()) - 1.0 / real(after.total()) + 1.0 / real(before.bad())
        - 1.0 / real(before.total());
    let half = two_sided_z(confidence)? * variance.max(0.0).sqrt();
    let bounds = Bounds {
        lower: (ratio.ln() - half).exp(),
        upper: (ratio.ln() + half).exp(),
        confidence,
    };
    Some((ratio, bounds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_newcombe_and_fisher() {
        // Newcombe (1998), table II, contrast (a): 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10.
        let after = Events::new(56, 70).unwrap();
        let before = Events::new(48, 80).unwrap();
        let bounds = compare_events(before, after).difference_interval.unwrap();
        assert!((bounds.lower - 0.0524).abs() < 5e-5, "{bounds:?}");
        assert!((bounds.upper - 0.3339).abs() < 5e-5, "{bounds:?}");
        // Fisher's tea tasting: 3 and 1 of 4, two-sided 0.4857.
        let tea = compare_events(Events::new(3, 4).unwrap(), Events::new(1, 4).unwrap());
        assert!((tea.p_value.unwrap() - 0.485_714).abs() < 1e-6);
        // Summed in Python with `lgamma`: 9.495_955e-6, whichever way the table is turned.
        let (before, after) = (
            Events::new(1_162, 1_176).unwrap(),
            Events::new(963, 1_006).unwrap(),
        );
        for p in [compare_events(before, after), compare_events(after, before)] {
            assert!((p.p_value.unwrap() - 9.495_955e-6).abs() < 1e-11);
        }
        assert_eq!(tea.change, Change::Unclear);
    }

    #[test]
    fn the_z_test_joins_the_exact_one() {
        let near = compare_events(
            Events::new(49_700, 50_000).unwrap(),
            Events::new(49_780, 50_000).unwrap(),
        );
        let beyond = compare_events(
            Events::new(49_700, 50_000).unwrap(),
            Events::new(49_781, 50_001).unwrap(),
        );
        assert_eq!(near.test, TestKind::FisherExact);
        assert_eq!(beyond.test, TestKind::TwoProportionZ);
        let (near, beyond) = (near.p_value.unwrap(), beyond.p_value.unwrap());
        assert!((near - beyond).abs() < 1e-3, "{near} {beyond}");
    }

    #[test]
    fn degenerate_samples_give_no_nan() {
        for before in [
            Events::NONE,
            Events::from_good_bad(0, 5),
            Events::from_good_bad(5, 0),
            Events::from_good_bad(u64::MAX, 0),
            Events::from_good_bad(1, u64::MAX - 1),
        ] {
            for after in [
                Events::NONE,
                Events::from_good_bad(5, 0),
                Events::from_good_bad(0, 1),
                Events::from_good_bad(u64::MAX - 7, 7),
            ] {
                let text = format!("{:?}", compare_events(before, after));
                assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            }
        }
    }
}
