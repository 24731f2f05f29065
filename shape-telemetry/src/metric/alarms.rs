//! When a surprise is worth an alarm.

use serde::{Deserialize, Serialize};

use crate::number::{len, to_f64};

/// When a [`MetricDetector`](crate::MetricDetector) raises an alarm.
///
/// The defaults were chosen on plateaus: see the crate's README for what moves when they do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricConfig {
    threshold: f64,
    rest: u32,
}

impl Default for MetricConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricConfig {
    /// The defaults that each method names.
    pub fn new() -> Self {
        Self {
            threshold: 2.1,
            rest: 150,
        }
    }

    /// The surprise from which on a row may be an alarm: −log10 of a probability, 2.1 by default; 0.5 to 6.
    #[must_use]
    pub fn threshold(mut self, surprise: f64) -> Self {
        if surprise.is_finite() {
            self.threshold = surprise.clamp(0.5, 6.0);
        }
        self
    }

    /// Rows without another alarm after one, 150 by default: an incident is one alarm, not one a row. Early in a series
    /// it is less, a tenth of the rows so far.
    #[must_use]
    pub fn rest(mut self, rows: u32) -> Self {
        self.rest = rows;
        self
    }

    pub(super) fn is_sound(self) -> bool {
        (0.5..=6.0).contains(&self.threshold)
    }
}

/// Rows before the first alarm: until then too little is known.
const WARM_UP: u64 = 150;
/// The alarms of a series are forgotten with this half-life, in rests: 1,500 rows.
const HALF_LIFE: f64 = 10.0;
/// How much each doubling of the alarms remembered adds to the threshold.
const DEARER: f64 = 0.2;

/// The alarms of a series so far.
///
/// Each alarm makes the next one dearer, for a while: a series that is odd all the time (bursts are its nature) would
/// otherwise drown those that are odd once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alarms {
    rows: u64,
    last: Option<u64>,
    load: f64,
}

impl Alarms {
    /// Whether a row is an alarm, and its score: at least 0.5 for an alarm, less otherwise.
    pub(super) fn judge(&mut self, config: MetricConfig, surprise: f64) -> (bool, f64) {
        let row = self.rows;
        self.rows += 1;
        let rest = f64::from(config.rest);
        self.load *= (-std::f64::consts::LN_2 / (HALF_LIFE * rest.max(1.0))).exp();
        let surprise = (surprise - DEARER * self.load.ln_1p() / std::f64::consts::LN_2).max(0.0);
        let resting = self
            .last
            .is_some_and(|last| to_f64(row - last) <= rest.min(to_f64(row) / 10.0));
        if config.threshold <= surprise && WARM_UP <= row && !resting {
            self.last = Some(row);
            self.load += 1.0;
            (true, 1.0 - 0.5 * 10_f64.powf(config.threshold - surprise))
        } else {
            (false, 0.495 * (surprise / config.threshold).min(1.0))
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn is_sound(&self) -> bool {
        (0.0..=to_f64(len(usize::MAX))).contains(&self.load)
            && self.last.is_none_or(|last| last < self.rows)
    }
}
