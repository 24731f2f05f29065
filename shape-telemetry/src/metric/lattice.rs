//! Values as whole numbers, so that every later sum is exact.

use serde::{Deserialize, Serialize};

/// Where the values of a series lie, and how finely they are told apart.
///
/// All views work on whole numbers of at most 2²²: differences, squares and sums of up to 48 of them stay below 2⁵³ and
/// are exact in `f64`. So sliding sums never drift, one absurd value is cut off instead of drowning its neighbours, and a
/// series and its multiple `a·x + b` look the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lattice {
    centre: f64,
    quantum: f64,
}

/// The range is ±2²² quanta, 32,768 times the spread.
const MOST: f64 = 4_194_304.0;
/// Quanta in one spread.
const FINENESS: f64 = 128.0;
/// A lattice whose spread is wrong by more than this is replaced.
const STALE: f64 = 8.0;

impl Lattice {
    /// Centred at the median; the spread is the median distance from it, or the mean distance when half of the values are
    /// the same. `None` when all are.
    pub(super) fn fit(values: &[f64]) -> Option<Self> {
        let centre = median(values)?;
        let distances: Vec<f64> = values
            .iter()
            .map(|value| (value / 2.0 - centre / 2.0).abs() * 2.0)
            .map(|distance| distance.min(f64::MAX))
            .collect();
        let mut spread = median(&distances)?;
        if spread <= 0.0 {
            let n = crate::number::to_f64(crate::number::len(distances.len()));
            spread = distances.iter().map(|distance| distance / n).sum();
        }
        let quantum = spread / FINENESS;
        (0.0 < quantum).then_some(Self { centre, quantum })
    }

    /// Whether values at `newer` would be told apart too coarsely, or cut off, here.
    pub(super) fn is_stale(self, newer: Self) -> bool {
        let ratio = newer.quantum / self.quantum;
        !(1.0 / STALE..=STALE).contains(&ratio)
            || MOST / 1024.0 < ((newer.centre - self.centre) / self.quantum).abs()
    }

    pub(super) fn place(self, value: f64) -> f64 {
        ((value - self.centre) / self.quantum)
            .round()
            .clamp(-MOST, MOST)
    }

    /// Both numbers make sense, after reading.
    pub(super) fn is_sound(self) -> bool {
        self.centre.is_finite() && self.quantum.is_finite() && 0.0 < self.quantum
    }
}

/// The lower median; `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    let middle = values.len().checked_sub(1)? / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_has_no_lattice_and_a_spike_has() {
        assert_eq!(Lattice::fit(&[]), None);
        assert_eq!(Lattice::fit(&[3.0; 10]), None);
        let mut values = [3.0; 10];
        values[4] = 7.0;
        let lattice = Lattice::fit(&values).unwrap();
        assert!((lattice.place(3.0)).abs() < 1e-12);
        assert!((lattice.place(7.0) - 1_280.0).abs() < 1e-9);
    }

    #[test]
    fn absurd_values_are_cut_off() {
        let lattice = Lattice::fit(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((lattice.place(1e300) - MOST).abs() < 1e-9);
        assert!((lattice.place(-1e300) + MOST).abs() < 1e-9);
        let wild = Lattice::fit(&[f64::MAX, -f64::MAX, 0.0, 1.0]).unwrap();
        assert!(wild.place(f64::MAX).is_finite());
    }
}
