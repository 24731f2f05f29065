//! How rare a value of a view is in that view's own past.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::sorted::SortedWindow;
use crate::number::{len, to_f64};

/// Past values that count. Shorter memories forget what a rare event looks like and cry wolf.
const MEMORY: usize = 5_000;
/// Rows before a value counts as past: as long as the longest stretch that a view looks at. Otherwise an event excuses
/// itself, since a view rises over as many rows as it is long.
const DELAY: usize = 48;
/// Fewer past values are too few to call anything rare.
const LEAST: usize = 200;
/// Beyond so many of the largest values per hundred, ranks give way to a fitted tail …
const TAIL_PER_HUNDRED: usize = 3;
/// … of no fewer than these.
const LEAST_TAIL: usize = 10;
/// Nothing is more surprising than one in a million: the tail is fitted to 150 values at best.
const MOST: f64 = 6.0;

/// The past of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calibration {
    past: SortedWindow,
    present: VecDeque<f32>,
}

impl Calibration {
    pub(super) fn new() -> Self {
        Self {
            past: SortedWindow::new(),
            present: VecDeque::new(),
        }
    }

    /// −log10 of the probability of so large a value, 0 to 6; then remembers it.
    ///
    /// Within the past the probability is the conformal rank `(#{past >= v} + 1) / (n + 1)` (Vovk, Gammerman and Shafer,
    /// 2005). Beyond the 97th percentile `q` (the tenth largest of few) a Pareto tail takes over, whose exponent is Hill's (1975) mean log excess of
    /// `v + u` over `q + u`, with the shift `u` the median of the positive past values: it makes the tail independent of
    /// the scale of the view without a constant of its own.
    pub(super) fn surprise(&mut self, value: f64) -> f64 {
        let value = single(value);
        let surprise = self.judge(value);
        self.present.push_back(value);
        if DELAY < self.present.len()
            && let Some(passed) = self.present.pop_front()
        {
            self.past.push(passed, MEMORY);
        }
        surprise
    }

    fn judge(&self, value: f32) -> f64 {
        let n = self.past.len();
        if n < LEAST {
            return 0.0;
        }
        let total = to_f64(len(n));
        let tail = self.past.since_rank(n - tail_len(n));
        let (Some(&threshold), below) = (tail.first(), self.past.below(value)) else {
            return 0.0;
        };
        let p = if value <= threshold {
            (to_f64(len(n - below)) + 1.0) / (total + 1.0)
        } else {
            let positive = self.past.since_rank(self.past.below(f32::MIN_POSITIVE));
            let Some(&shift) = positive.get(positive.len() / 2) else {
                // Never anything but 0 before.
                return MOST;
            };
            let shift = f64::from(shift);
            let base = f64::from(threshold) + shift;
            let excess = |v: f32| ((f64::from(v) + shift) / base).ln();
            let mean = tail.iter().map(|&v| excess(v)).sum::<f64>() / to_f64(len(tail.len()));
            to_f64(len(tail.len())) / total * (-excess(value) / mean.max(1e-9)).exp()
        };
        (-p.log10()).clamp(0.0, MOST)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.past.is_sound(MEMORY)
            && self.present.len() <= DELAY
            && self.present.iter().all(|value| value.is_finite())
    }
}

/// The number of values in the tail.
fn tail_len(n: usize) -> usize {
    (n * TAIL_PER_HUNDRED / 100).clamp(LEAST_TAIL.min(n), n)
}

/// Views are statistics of at most eight significant figures.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "there is no lossless way; views are finite and far from the limits of `f32`"
)]
pub(super) fn single(value: f64) -> f32 {
    let value = value as f32;
    if value.is_finite() { value } else { f32::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_then_a_tail() {
        let mut calibration = Calibration::new();
        for n in 0_u16..1_000 {
            // Every remainder once per hundred rows, in a scattered order.
            let surprise = calibration.surprise(f64::from(n * 37 % 100));
            assert!(248 <= n || surprise <= 0.0, "{n}");
        }
        let half = calibration.judge(50.0);
        assert!((half - 0.301).abs() < 0.01, "{half}");
        let largest = calibration.judge(99.0);
        assert!((1.5..2.6).contains(&largest), "{largest}");
        assert!(largest < calibration.judge(110.0));
        assert!((calibration.judge(1e9) - MOST).abs() < 1e-12);
    }

    #[test]
    fn anything_after_nothing_is_a_surprise() {
        let mut calibration = Calibration::new();
        for _ in 0..300 {
            assert!(calibration.surprise(0.0) < 1e-9);
        }
        assert!((calibration.surprise(1e-3) - MOST).abs() < 1e-12);
    }
}
