//! Whether the last rows look like anything before.

use serde::{Deserialize, Serialize};

use super::history::History;
use crate::number::{len, to_f64};

/// How far back similar rows are looked for.
const REACH: usize = 3_000;
/// Neighbours that count; with only one, a single odd stretch in the past would excuse all that follow.
const NEIGHBOURS: usize = 3;
/// Fewer candidates are too few to say that nothing is like this.
const LEAST: usize = 4 * NEIGHBOURS + 20;
/// Sums compared at once.
const LANES: usize = 16;

/// The distance between the last `length` rows and the most similar ones before.
///
/// For each offset `o` from `length` (no overlap) on, the squared distance of the two stretches slides along with the
/// series: one square comes in and one goes out, exactly, since all values are whole numbers (see `Lattice`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recurrence {
    length: usize,
    /// `sums[i]` belongs to the offset `length + REACH - 1 - i`, so that it rises with the position in the history.
    sums: Vec<f64>,
}

impl Recurrence {
    pub(super) fn new(length: usize) -> Self {
        Self {
            length,
            sums: vec![0.0; REACH],
        }
    }

    /// The root of the mean squared distance to the three nearest stretches, per row. The row judged is the last of
    /// the history.
    pub(super) fn push(&mut self, history: &History) -> Option<f64> {
        let values = history.values();
        let (&now, last) = (values.last()?, values.len() - 1);
        // Stretches end at the positions `oldest..=newest`.
        let newest = last.checked_sub(self.length)?;
        let oldest = (newest + 1).saturating_sub(REACH);
        let sums = self.sums.get_mut(REACH - (newest + 1 - oldest)..)?;
        let past = values.get(oldest..=newest)?;
        for (sum, past) in sums.iter_mut().zip(past) {
            *sum += (now - past) * (now - past);
        }
        // What leaves: the row `length` ago, against those as far before each end. The series may begin after them.
        let gone = *values.get(newest)?;
        let absent = self.length.saturating_sub(oldest);
        let left = values.get((oldest + absent).saturating_sub(self.length)..)?;
        for (sum, past) in sums.iter_mut().skip(absent).zip(left) {
            *sum -= (gone - past) * (gone - past);
        }
        let complete = sums.get(absent.saturating_sub(1)..)?;
        if complete.len() <= LEAST {
            return None;
        }
        let mean = smallest(complete).iter().sum::<f64>() / to_f64(len(NEIGHBOURS));
        Some((mean / to_f64(len(self.length))).sqrt())
    }

    pub(super) fn is_sound(&self, length: usize) -> bool {
        self.length == length
            && self.sums.len() == REACH
            && self.sums.iter().all(|sum| sum.is_finite())
    }
}

/// The three smallest numbers.
fn smallest(sums: &[f64]) -> [f64; NEIGHBOURS] {
    let mut nearest = [f64::INFINITY; NEIGHBOURS];
    let (chunks, rest) = sums.as_chunks::<LANES>();
    for chunk in chunks {
        // Most chunks hold none of the nearest: one comparison after a minimum that takes no branches.
        let least = chunk
            .iter()
            .fold(f64::INFINITY, |a, &b| if b < a { b } else { a });
        if least < nearest[NEIGHBOURS - 1] {
            for &sum in chunk {
                insert(&mut nearest, sum);
            }
        }
    }
    for &sum in rest {
        insert(&mut nearest, sum);
    }
    nearest
}

/// Keeps the smallest numbers, the smallest first.
fn insert(nearest: &mut [f64; NEIGHBOURS], mut sum: f64) {
    for slot in nearest {
        if sum < *slot {
            std::mem::swap(slot, &mut sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, without anything that slides.
    fn by_definition(values: &[f64], length: usize) -> Option<f64> {
        let last = values.len() - 1;
        let mut sums: Vec<f64> = (length..length + REACH)
            .filter(|offset| offset + length <= last + 1)
            .map(|offset| {
                (0..length)
                    .map(|row| (values[last - row] - values[last - row - offset]).powi(2))
                    .sum()
            })
            .collect();
        sums.sort_by(f64::total_cmp);
        (LEAST < sums.len()).then(|| {
            let mean = sums[..NEIGHBOURS].iter().sum::<f64>() / 3.0;
            (mean / to_f64(len(length))).sqrt()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn sliding_is_the_definition(
            values in prop::collection::vec(-4_000_000_i32..4_000_000, 1..260),
            repeats in 1_usize..40,
            length in prop::sample::select(vec![1_usize, 3, 8, 24, 48]),
        ) {
            let mut history = History::default();
            let mut recurrence = Recurrence::new(length);
            let rows = values.len() * repeats;
            let (mut all, mut seen) = (Vec::new(), None);
            for value in values.iter().cycle().take(rows).map(|&value| f64::from(value)) {
                history.push(value);
                all.push(value);
                seen = recurrence.push(&history);
            }
            let expected = by_definition(&all, length);
            prop_assert_eq!(seen.is_some(), expected.is_some());
            if let (Some(seen), Some(expected)) = (seen, expected) {
                prop_assert!((seen - expected).abs() <= 1e-9 * expected.max(1.0), "{} {}", seen, expected);
            }
        }
    }
}
