//! Whether the values moved away from where they were.

use serde::{Deserialize, Serialize};

use super::{calibrate::single, history::History, sorted::SortedWindow};
use crate::number::{len, to_f64};

/// Rows whose mean is the level now.
const NOW: usize = 12;
/// The longest shift looked for; the baseline ends before it.
const SHIFT: usize = 100;
/// The shortest: one or two odd rows are a spike.
const LEAST_SHIFT: usize = 3;
/// Rows of the baseline.
const BASELINE: usize = 4_000;
/// Fewer rows are no baseline.
const LEAST: usize = 60;

/// Ten per cent of the baseline lie below its lower decile, as many above the upper; they are so many standard deviations
/// apart when it is normal. One absurd value does not move them, as it moves the standard deviation itself.
const DECILES_APART: f64 = 2.563;

/// The rows from 100 to 4,100 ago: their median and spread, sliding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Level {
    baseline: SortedWindow,
}

/// How far the level has moved, in robust standard deviations of the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moved {
    /// The mean of the last 12 rows from the median.
    pub(super) mean: f64,
    /// The generalised likelihood ratio of a shift of the mean that began 3 to 100 rows ago: `max (Σ z)² / 2i`
    /// (Basseville and Nikiforov, 1993).
    pub(super) shift: f64,
}

impl Level {
    pub(super) fn new() -> Self {
        Self {
            baseline: SortedWindow::new(),
        }
    }

    pub(super) fn push(&mut self, history: &History) -> Option<Moved> {
        let joining = history.ago(SHIFT)?;
        self.baseline.push(single(joining), BASELINE);
        if self.baseline.len() < LEAST {
            return None;
        }
        let median = f64::from(self.baseline.median()?);
        // A quantum at least: what the lattice does not tell apart is no movement.
        let deviation = (f64::from(self.baseline.between_deciles()?) / DECILES_APART).max(1.0);
        let (mut sum, mut rows, mut shift) = (0.0, 0.0, 0.0_f64);
        for value in history.values().iter().rev().take(SHIFT) {
            sum += (value - median) / deviation;
            rows += 1.0;
            if to_f64(len(LEAST_SHIFT)) <= rows {
                shift = shift.max(sum * sum / (2.0 * rows));
            }
        }
        Some(Moved {
            mean: (history.mean(NOW)? - median).abs() / deviation,
            shift,
        })
    }

    pub(super) fn is_sound(&self) -> bool {
        self.baseline.is_sound(BASELINE)
    }
}
