//! When a budget will be spent, with what is not known about it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shape_sli::Events;
use statrs::distribution::{Beta, ContinuousCDF, Normal};

use crate::forecast::real;

/// The middle 80 % of the times at which a budget may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExhaustionBand {
    /// Spent before this with a probability of 10 %.
    pub earliest: Timestamp,
    /// Spent before this with a probability of 90 %; `None` when it may as well last.
    pub latest: Option<Timestamp>,
}

/// What is known of a burn.
pub(crate) struct Burn {
    /// The events of the look-back.
    pub(crate) events: Events,
    /// Events a second.
    pub(crate) rate: f64,
    /// The share that may be bad.
    pub(crate) allowed: f64,
    /// Bad events that are left.
    pub(crate) left: f64,
    /// Bad events a second that the window loses or gains as old ones leave it.
    pub(crate) leaving: f64,
}

/// So many error ratios, equally likely, stand for the posterior.
const RATIOS: u32 = 48;

impl Burn {
    /// The band from `now` on; `None` when the budget is spent before the far future with less than 10 %.
    ///
    /// The error ratio is as uncertain as the look-back leaves it (Jeffreys' posterior); events come as a Poisson process,
    /// so that what is spent is a random walk with drift, whose first passage is inverse Gaussian (Chhikara and Folks,
    /// *The Inverse Gaussian Distribution*, 1989). The chance to be spent by a time is the mean over the ratios.
    pub(crate) fn band(&self, now: Timestamp) -> Option<ExhaustionBand> {
        let (bad, good) = (real(self.events.bad()), real(self.events.good()));
        let posterior = Beta::new(bad + 0.5, good + 0.5).ok()?;
        let ratios: Vec<f64> = (0..RATIOS)
            .map(|n| posterior.inverse_cdf((f64::from(n) + 0.5) / f64::from(RATIOS)))
            .collect();
        let normal = Normal::standard();
        let spent_by = |seconds: f64| {
            let each = ratios
                .iter()
                .map(|ratio| self.spent_by(*ratio, seconds, &normal));
            each.sum::<f64>() / f64::from(RATIOS)
        };
        let quantile = |share: f64| {
            let (mut low, mut high) = (0.0, FAR);
            if spent_by(high) < share {
                return None;
            }
            for _ in 0..48 {
                let middle = f64::midpoint(low, high);
                if spent_by(middle) < share {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            now.checked_add(SignedDuration::try_from_secs_f64(high).ok()?)
                .ok()
        };
        Some(ExhaustionBand {
            earliest: quantile(0.1)?,
            latest: quantile(0.9),
        })
    }

    /// The chance that the budget is spent by then, if this is the error ratio.
    fn spent_by(&self, ratio: f64, seconds: f64, normal: &Normal) -> f64 {
        let kept = 1.0 - self.allowed;
        let drift = self.rate * (ratio - self.allowed) + self.leaving;
        let variance =
            self.rate * (ratio * kept * kept + (1.0 - ratio) * self.allowed * self.allowed);
        let spread = (variance * seconds).sqrt();
        // A whole event more than what is left: half of it, as counts are whole.
        let left = self.left + 0.5;
        if spread <= 0.0 {
            return if left <= drift * seconds { 1.0 } else { 0.0 };
        }
        let direct = normal.cdf((drift * seconds - left) / spread);
        let tail = normal.cdf(-(drift * seconds + left) / spread);
        let back = if tail <= 0.0 {
            0.0
        } else {
            (2.0 * drift * left / variance + tail.ln()).exp()
        };
        (direct + back).clamp(0.0, 1.0)
    }
}

/// Three hundred years in seconds, as for the exhaustion date.
const FAR: f64 = 1e10;
