//! The last values of a series, in order of size.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A sliding window that keeps its values sorted: ranks, quantiles and the median at any row.
///
/// Replacing the oldest value moves the values between its place and that of the new one, a few kilobytes at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "VecDeque<f32>", into = "VecDeque<f32>")]
pub(super) struct SortedWindow {
    by_age: VecDeque<f32>,
    by_size: Vec<f32>,
}

impl From<VecDeque<f32>> for SortedWindow {
    fn from(by_age: VecDeque<f32>) -> Self {
        let mut by_size = Vec::from(by_age.clone());
        by_size.sort_unstable_by(f32::total_cmp);
        Self { by_age, by_size }
    }
}

impl From<SortedWindow> for VecDeque<f32> {
    fn from(window: SortedWindow) -> Self {
        window.by_age
    }
}

impl SortedWindow {
    pub(super) fn new() -> Self {
        Self {
            by_age: VecDeque::new(),
            by_size: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_size.len()
    }

    /// Takes a value in; with `max` values in it the oldest leaves.
    pub(super) fn push(&mut self, value: f32, max: usize) {
        let leaving = if max <= self.by_age.len() {
            self.by_age.pop_front()
        } else {
            None
        };
        self.by_age.push_back(value);
        let to = self.below(value);
        let Some(old) = leaving else {
            self.by_size.insert(to, value);
            return;
        };
        let from = self.below(old);
        if from < to {
            self.by_size.copy_within(from + 1..to, from);
            self.by_size[to - 1] = value;
        } else {
            self.by_size.copy_within(to..from, to + 1);
            self.by_size[to] = value;
        }
    }

    /// How many values are smaller.
    pub(super) fn below(&self, value: f32) -> usize {
        self.by_size
            .partition_point(|other| other.total_cmp(&value).is_lt())
    }

    /// Those from rank `from` on, the smallest first.
    pub(super) fn since_rank(&self, from: usize) -> &[f32] {
        self.by_size.get(from..).unwrap_or_default()
    }

    pub(super) fn median(&self) -> Option<f32> {
        self.by_size.get(self.len().checked_sub(1)? / 2).copied()
    }

    /// From the lower to the upper decile.
    pub(super) fn between_deciles(&self) -> Option<f32> {
        let outside = self.len() / 10;
        let upper = self.by_size.get(self.len().checked_sub(outside + 1)?)?;
        Some(upper - self.by_size.get(outside)?)
    }

    /// After reading: no more than `max` values, all finite.
    pub(super) fn is_sound(&self, max: usize) -> bool {
        self.len() <= max && self.by_size.iter().all(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_sorted_tail(values in prop::collection::vec(-20_i8..20, 0..60), max in 1_usize..12) {
            let mut window = SortedWindow::new();
            for (index, &value) in values.iter().enumerate() {
                window.push(f32::from(value), max);
                let start = (index + 1).saturating_sub(max);
                let mut tail: Vec<f32> = values[start..=index].iter().map(|&v| f32::from(v)).collect();
                tail.sort_by(f32::total_cmp);
                prop_assert_eq!(window.since_rank(0), tail.as_slice());
            }
        }
    }
}
