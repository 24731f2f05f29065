//! The tests behind the anomalies. Distributions come from `statrs`; all p values are finite and in 0..=1.

use std::collections::BTreeMap;

use statrs::{
    distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, Normal},
    stats_tests::{Alternative, fisher::fishers_exact},
};

use crate::{LatencySketch, number::to_f64};

/// A probability made fit for reports.
fn sound(p: f64) -> f64 {
    if p.is_finite() {
        p.clamp(0.0, 1.0)
    } else {
        1.0
    }
}

/// The upper tail of the standard normal distribution.
pub(crate) fn normal_tail(z: f64) -> f64 {
    if !z.is_finite() {
        return if z < 0.0 { 1.0 } else { 0.0 };
    }
    sound(Normal::standard().sf(z))
}

/// How a count compares with one in another time of exposure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateTest {
    /// The rate now over the rate before, with half an event added to both.
    pub(crate) ratio: f64,
    /// Two-sided, at most 1.
    pub(crate) p: f64,
}

/// Two Poisson counts: given their sum, the first is binomial with the share of its exposure (Przyborowski and
/// Wilenski, 1940). `dispersion` is variance over mean of the counts; above 1 both counts are divided by it, so that
/// bursts do not pass for evidence.
pub(crate) fn rate(
    now: u64,
    exposure: f64,
    before: u64,
    exposure_before: f64,
    dispersion: f64,
) -> RateTest {
    let total = exposure + exposure_before;
    let ratio = if 0.0 < exposure && 0.0 < exposure_before {
        ((to_f64(now) + 0.5) / exposure) / ((to_f64(before) + 0.5) / exposure_before)
    } else {
        1.0
    };
    let scale = if dispersion.is_finite() {
        dispersion.max(1.0)
    } else {
        1.0
    };
    let shrink = |n: u64| crate::number::to_u64((to_f64(n) / scale).round());
    let (x, y) = (shrink(now), shrink(before));
    let p = if 0.0 < total && 0 < x + y && ratio.is_finite() {
        binomial_two_sided(x, x + y, exposure / total)
    } else {
        1.0
    };
    RateTest {
        ratio: if ratio.is_finite() { ratio } else { 1.0 },
        p,
    }
}

/// Twice the smaller tail.
fn binomial_two_sided(x: u64, n: u64, share: f64) -> f64 {
    let Ok(binomial) = Binomial::new(share.clamp(0.0, 1.0), n) else {
        return 1.0;
    };
    let lower = binomial.cdf(x);
    let upper = if x == 0 { 1.0 } else { binomial.sf(x - 1) };
    sound(2.0 * lower.min(upper))
}

/// The probability of at least `x` successes in `n` trials, each with probability `share`.
pub(crate) fn at_least(x: u64, n: u64, share: f64) -> f64 {
    match Binomial::new(share.clamp(0.0, 1.0), n) {
        Ok(binomial) if 0 < x => sound(binomial.sf(x - 1)),
        _ => 1.0,
    }
}

/// How the share of something compares in two groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShareTest {
    pub(crate) name: &'static str,
    pub(crate) statistic: f64,
    /// That the share now is higher.
    pub(crate) p: f64,
}

#[expect(
    clippy::many_single_char_names,
    reason = "the cells of a two by two table"
)]
/// Whether `hits` of `n` is more than `hits_before` of `n_before`: Fisher's exact test while all counts are small,
/// else chi-squared with one degree of freedom, halved for one side.
pub(crate) fn share(hits: u64, n: u64, hits_before: u64, n_before: u64) -> ShareTest {
    let (a, b) = (hits, n.saturating_sub(hits));
    let (c, d) = (hits_before, n_before.saturating_sub(hits_before));
    let least = a.min(b).min(c).min(d);
    if least < 10
        && n + n_before < 100_000
        && let Ok(p) = fishers_exact(&[a, b, c, d], Alternative::Greater)
    {
        let odds =
            ((to_f64(a) + 0.5) * (to_f64(d) + 0.5)) / ((to_f64(b) + 0.5) * (to_f64(c) + 0.5));
        return ShareTest {
            name: "Fisher's exact",
            statistic: odds,
            p: sound(p),
        };
    }
    let (a, b, c, d) = (to_f64(a), to_f64(b), to_f64(c), to_f64(d));
    let denominator = (a + b) * (c + d) * (a + c) * (b + d);
    if denominator <= 0.0 {
        return ShareTest {
            name: "chi-squared",
            statistic: 0.0,
            p: 1.0,
        };
    }
    let difference = a * d - b * c;
    let statistic = (a + b + c + d) * difference * difference / denominator;
    let tail = ChiSquared::new(1.0).map_or(1.0, |chi| sound(chi.sf(statistic)));
    let p = if 0.0 < difference {
        tail / 2.0
    } else {
        1.0 - tail / 2.0
    };
    ShareTest {
        name: "chi-squared",
        statistic,
        p: sound(p),
    }
}

/// How two samples of durations compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RankTest {
    /// The normal score, with ties and continuity corrected.
    pub(crate) z: f64,
    /// That `now` is not longer.
    pub(crate) p: f64,
    /// The probability that a duration now is longer than one before, a tie counting half.
    pub(crate) superiority: f64,
}

/// Mann and Whitney's test on the bins of two sketches: durations in one bin are ties.
pub(crate) fn mann_whitney(now: &LatencySketch, before: &LatencySketch) -> Option<RankTest> {
    let (n, m) = (to_f64(now.count()), to_f64(before.count()));
    if now.is_empty() || before.is_empty() {
        return None;
    }
    let mut bins: BTreeMap<u16, (u64, u64)> = BTreeMap::new();
    for (bin, count) in now.raw_bins() {
        bins.entry(bin).or_default().0 += count;
    }
    for (bin, count) in before.raw_bins() {
        bins.entry(bin).or_default().1 += count;
    }
    let (mut u, mut below, mut ties) = (0.0, 0.0, 0.0);
    for &(here, there) in bins.values() {
        let (here, there) = (to_f64(here), to_f64(there));
        u += here * (below + there / 2.0);
        below += there;
        let both = here + there;
        ties += both * (both * both - 1.0);
    }
    let total = n + m;
    let variance = n * m / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)));
    let superiority = u / (n * m);
    let z = if 0.0 < variance {
        (u - n * m / 2.0 - 0.5) / variance.sqrt()
    } else {
        0.0
    };
    Some(RankTest {
        z,
        p: normal_tail(z),
        superiority,
    })
}

/// Benjamini and Hochberg's q values of p values, in the same order.
pub(crate) fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let m = to_f64(crate::number::len(p.len()));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank_from_top, &index) in order.iter().enumerate() {
        let rank = m - to_f64(crate::number::len(rank_from_top));
        least = least.min(p[index] * m / rank);
        q[index] = sound(least);
    }
    q
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

    use super::*;

    #[test]
    fn mann_whitney_agrees_with_statrs() {
        // Values that lie in bins of their own, with ties inside and across the samples.
        let x = [100_u64, 200, 300, 300, 500, 900, 900, 1_500];
        let y = [100_u64, 100, 200, 250, 300, 400, 500];
        let sketch = |values: &[u64]| -> LatencySketch {
            values.iter().map(|&us| Duration::from_micros(us)).collect()
        };
        let ours = mann_whitney(&sketch(&x), &sketch(&y)).unwrap();
        let float = |values: &[u64]| values.iter().map(|&v| to_f64(v)).collect::<Vec<_>>();
        let (u, p) = mannwhitneyu(
            &float(&x),
            &float(&y),
            MannWhitneyUMethod::AsymptoticInclContinuityCorrection,
            Alternative::Greater,
        )
        .unwrap();
        assert!((ours.superiority * 56.0 - u).abs() < 1e-9, "{ours:?} {u}");
        assert!((ours.p - p).abs() < 1e-9, "{ours:?} {p}");
    }

    #[test]
    fn identical_samples_are_no_evidence() {
        let sketch: LatencySketch = std::iter::repeat_n(Duration::from_millis(3), 50).collect();
        let test = mann_whitney(&sketch, &sketch).unwrap();
        assert!((test.superiority - 0.5).abs() < 1e-12);
        assert!(0.49 < test.p);
    }

    #[test]
    fn rates_by_hand() {
        // 10 of 10 in half the exposure: two-sided 2 * 0.5^10.
        let test = rate(10, 1.0, 0, 1.0, 1.0);
        assert!((test.p - 2.0 / 1_024.0).abs() < 1e-12, "{test:?}");
        assert!((test.ratio - 21.0).abs() < 1e-12);
        assert!(
            0.05 < rate(10, 1.0, 0, 1.0, 5.0).p,
            "bursts are weaker evidence"
        );
        assert!((rate(0, 1.0, 0, 1.0, 1.0).p - 1.0).abs() < 1e-12);
        assert!((rate(3, 0.0, 3, 0.0, f64::NAN).p - 1.0).abs() < 1e-12);
    }

    #[test]
    fn shares_by_hand() {
        // Fisher's tea: 3 of 4 against 1 of 4, one-sided 17/70.
        let test = share(3, 4, 1, 4);
        assert!((test.p - 17.0 / 70.0).abs() < 1e-9, "{test:?}");
        assert!(share(300, 1_000, 100, 1_000).p < 1e-20);
        assert!(0.99 < share(100, 1_000, 300, 1_000).p);
        assert!((share(0, 0, 0, 0).p - 1.0).abs() < 1e-9);
    }

    #[test]
    fn q_values_by_hand() {
        let q = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.20]);
        let expected = [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.20];
        for (q, expected) in q.iter().zip(expected) {
            assert!((q - expected).abs() < 1e-12, "{q} {expected}");
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
