//! The last rows of a series, one after the other in memory.

use serde::{Deserialize, Serialize};

/// Rows that the views look back on: the baseline of level and roughness and 100 rows more.
pub(super) const KEPT: usize = 4_100;

/// At least the last [`KEPT`] values, at most twice as many; they are always one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct History {
    values: Vec<f64>,
}

impl History {
    pub(super) fn push(&mut self, value: f64) {
        if 2 * KEPT <= self.values.len() {
            self.values.drain(..KEPT);
        }
        self.values.push(value);
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value so many rows ago; the last one is 0 rows ago.
    pub(super) fn ago(&self, rows: usize) -> Option<f64> {
        let index = self.values.len().checked_sub(rows + 1)?;
        self.values.get(index).copied()
    }

    /// The mean of the last `rows` values, of which there must be as many.
    pub(super) fn mean(&self, rows: usize) -> Option<f64> {
        let start = self.values.len().checked_sub(rows)?;
        let sum: f64 = self.values.get(start..)?.iter().sum();
        Some(sum / crate::number::to_f64(crate::number::len(rows)))
    }

    pub(super) fn is_sound(&self) -> bool {
        self.values.len() <= 2 * KEPT && self.values.iter().all(|value| value.is_finite())
    }
}
