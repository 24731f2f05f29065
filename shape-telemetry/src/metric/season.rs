//! Whether a value is usual for its time of day.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lattice::median;
use crate::number::{len, to_f64};

/// Slots of five minutes in a day (UTC).
const SLOTS: i64 = 288;
const SLOT_S: i64 = 86_400 / SLOTS;
/// Days remembered.
const DAYS: i64 = 28;
/// Fewer earlier values are too few to say what is usual.
const LEAST: usize = 10;
/// Rows on either side of the time of day that count as the same time.
const AROUND: i64 = 2;
/// Nothing further off than two hours is the same time.
const FURTHEST: i64 = 2 * 3_600 / SLOT_S;
/// Residuals in the smoothed view.
const SMOOTH: usize = 12;
/// Steps whose median is the step of the series.
const STEPS: usize = 32;

/// One slot of one day: the mean of its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cell {
    day: i64,
    rows: u32,
    sum: f64,
}

/// What was usual at each time of day over the last four weeks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Season {
    /// By slot, then by day modulo [`DAYS`].
    cells: Vec<Cell>,
    residuals: VecDeque<f64>,
    steps: VecDeque<i64>,
    last: Option<i64>,
    /// The median step in seconds, refreshed every [`STEPS`] rows.
    step_s: i64,
    rows: u64,
}

/// How far a row is from what is usual for its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unusual {
    /// This row.
    pub(super) row: f64,
    /// The mean of the last 12 rows, which noise does not reach.
    pub(super) smooth: f64,
}

impl Season {
    pub(super) fn new() -> Self {
        Self {
            cells: vec![Cell::default(); index(SLOTS * DAYS)],
            residuals: VecDeque::new(),
            steps: VecDeque::new(),
            last: None,
            step_s: SLOT_S,
            rows: 0,
        }
    }

    pub(super) fn push(&mut self, time: Timestamp, value: f64) -> Option<Unusual> {
        let second = time.as_second();
        self.measure_step(second);
        let (day, slot) = (
            second.div_euclid(86_400),
            second.rem_euclid(86_400) / SLOT_S,
        );
        let usual = self.usual(day, slot);
        if let Some(cell) = self.cells.get_mut(place(day, slot)) {
            if cell.day != day || cell.rows == 0 {
                *cell = Cell {
                    day,
                    rows: 0,
                    sum: 0.0,
                };
            }
            cell.rows = cell.rows.saturating_add(1);
            cell.sum += value;
        }
        let residual = usual.map(|usual| value - usual);
        if SMOOTH <= self.residuals.len() {
            self.residuals.pop_front();
        }
        self.residuals.push_back(residual.unwrap_or(0.0));
        let sum: f64 = self.residuals.iter().sum();
        Some(Unusual {
            row: residual?.abs(),
            smooth: sum.abs() / to_f64(len(SMOOTH)),
        })
    }

    /// The median of the values around a time of day on earlier days.
    fn usual(&self, day: i64, slot: i64) -> Option<f64> {
        let reach = (AROUND * self.step_s / SLOT_S).clamp(AROUND, FURTHEST);
        let mut values = Vec::with_capacity(index((2 * reach + 1) * DAYS));
        for near in slot - reach..=slot + reach {
            let start = place(0, near.rem_euclid(SLOTS));
            let cells = self.cells.get(start..start + index(DAYS))?;
            values.extend(
                cells
                    .iter()
                    .filter(|cell| 0 < cell.rows && (1..=DAYS).contains(&(day - cell.day)))
                    .map(|cell| cell.sum / f64::from(cell.rows)),
            );
        }
        if values.len() < LEAST {
            return None;
        }
        median(&values)
    }

    fn measure_step(&mut self, second: i64) {
        if let Some(last) = self.last.replace(second)
            && 0 < second - last
        {
            if STEPS <= self.steps.len() {
                self.steps.pop_front();
            }
            self.steps.push_back(second - last);
        }
        self.rows += 1;
        if self.rows.is_multiple_of(len(STEPS)) && !self.steps.is_empty() {
            let mut steps = Vec::from(self.steps.clone());
            steps.sort_unstable();
            self.step_s = steps[steps.len() / 2];
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.cells.len() == index(SLOTS * DAYS)
            && self.cells.iter().all(|cell| cell.sum.is_finite())
            && self.residuals.len() <= SMOOTH
            && self.residuals.iter().all(|residual| residual.is_finite())
            && self.steps.len() <= STEPS
            && self.steps.iter().all(|&step| 0 < step)
            && 0 < self.step_s
    }
}

fn place(day: i64, slot: i64) -> usize {
    index(slot * DAYS + day.rem_euclid(DAYS))
}

/// Never negative here.
fn index(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
