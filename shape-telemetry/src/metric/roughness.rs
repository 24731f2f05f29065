//! Whether the series became restless, or strangely quiet.

use serde::{Deserialize, Serialize};

use super::history::History;
use crate::number::{len, to_f64};

/// Rows before those judged.
const BASELINE: usize = 4_000;
/// Fewer rows are no baseline.
const LEAST: usize = 60;
/// The share of the baseline added to the steps now: a flat line is as odd as noise of twenty times the usual size.
const FLAT: f64 = 0.05;
/// A thousandth of a quantum: keeps the ratio finite where nothing ever moved.
const NOTHING: f64 = 1e-3;

/// The mean step from row to row of the last rows against that of the rows before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roughness {
    rows: usize,
    now: f64,
    before: f64,
    steps: usize,
}

impl Roughness {
    pub(super) fn new(rows: usize) -> Self {
        Self {
            rows,
            now: 0.0,
            before: 0.0,
            steps: 0,
        }
    }

    /// `|ln((now + before/20) / before)|`.
    pub(super) fn push(&mut self, history: &History) -> Option<f64> {
        let step = |ago: usize| Some((history.ago(ago)? - history.ago(ago + 1)?).abs());
        self.now += step(0)?;
        if let Some(passed) = step(self.rows) {
            self.now -= passed;
            self.before += passed;
            self.steps += 1;
        }
        if BASELINE < self.steps
            && let Some(gone) = step(self.rows + BASELINE)
        {
            self.before -= gone;
            self.steps -= 1;
        }
        if self.steps < LEAST {
            return None;
        }
        let now = self.now / to_f64(len(self.rows));
        let before = self.before / to_f64(len(self.steps));
        Some(
            ((now + FLAT * before + NOTHING) / (before + NOTHING))
                .ln()
                .abs(),
        )
    }

    pub(super) fn is_sound(&self, rows: usize) -> bool {
        self.rows == rows
            && self.steps <= BASELINE + 1
            && (0.0..=f64::MAX).contains(&self.now)
            && (0.0..=f64::MAX).contains(&self.before)
    }
}
