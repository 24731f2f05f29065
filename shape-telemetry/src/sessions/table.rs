//! How often values were seen, and how surprising a value is.

use std::collections::BTreeMap;

use crate::number::to_f64;

/// Counts of discrete values that say how rare a value is.
///
/// The surprise of a value is `-ln p` with p the share of everything that is at most as frequent as it: a p value with
/// the frequency as the test statistic. Where rare values are common (a count that is different each time) no single
/// one surprises. A value never seen has the share of those seen once (Good and Turing's estimate).
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    weights: BTreeMap<u64, u64>,
    total: u64,
    /// Frequencies, rising, each with the sum of all frequencies up to it.
    tail: Vec<(u64, u64)>,
}

impl Table {
    pub(super) fn add(&mut self, value: u64, weight: u64) {
        if 0 < weight {
            *self.weights.entry(value).or_insert(0) += weight;
            self.total += weight;
        }
    }

    /// To be called when all was added.
    pub(super) fn close(&mut self) {
        let mut weights: Vec<u64> = self.weights.values().copied().collect();
        weights.sort_unstable();
        let mut sum = 0;
        self.tail.clear();
        for weight in weights {
            sum += weight;
            match self.tail.last_mut() {
                Some(last) if last.0 == weight => last.1 = sum,
                _ => self.tail.push((weight, sum)),
            }
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn weight(&self, value: u64) -> u64 {
        self.weights.get(&value).copied().unwrap_or(0)
    }

    /// The most frequent value, the smallest of several.
    pub(super) fn mode(&self) -> Option<u64> {
        let mut best = None;
        for (&value, &weight) in &self.weights {
            if best.is_none_or(|(_, most)| most < weight) {
                best = Some((value, weight));
            }
        }
        best.map(|(value, _)| value)
    }

    /// Everything that is at most `weight` frequent.
    fn at_most(&self, weight: u64) -> u64 {
        let end = self.tail.partition_point(|&(of, _)| of <= weight);
        end.checked_sub(1)
            .and_then(|at| self.tail.get(at))
            .map_or(0, |&(_, sum)| sum)
    }

    /// How surprising a value is, in nats. `own` of its occurrences are those of the session that is judged.
    pub(super) fn surprise(&self, value: u64, own: u64) -> f64 {
        let weight = self.weight(value);
        let others = weight.saturating_sub(own);
        let own = own.min(weight);
        let tail = if others == 0 {
            self.at_most(1).saturating_sub(own)
        } else if own == 0 {
            self.at_most(others)
        } else {
            // Without its own occurrence the value itself is one less frequent.
            self.at_most(others) + others
        };
        let total = self.total - own;
        let p = (to_f64(tail) + 0.5) / (to_f64(total) + 1.0);
        (-p.ln()).max(0.0)
    }

    /// Every value with its frequency.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.weights.iter().map(|(&value, &weight)| (value, weight))
    }
}

/// The natural logarithm of 1.25.
const STEP: f64 = 0.223_143_551_314_209_76;

/// A count as a class: exact up to 16, then in steps of a quarter.
pub(super) fn class(count: u64) -> u64 {
    if count <= 16 {
        count
    } else {
        16 + crate::number::to_u64(((to_f64(count) / 16.0).ln() / STEP - 1e-9).ceil())
    }
}

/// The value below which a share of the weight lies; 0 without any.
pub(super) fn quantile(values: &mut [(f64, u64)], share: f64) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = values.iter().map(|&(_, weight)| weight).sum();
    let mut sum = 0;
    for &(value, weight) in values.iter() {
        sum += weight;
        if share * to_f64(total) <= to_f64(sum) {
            return value;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_by_hand() {
        let mut table = Table::default();
        for (value, weight) in [(3, 96), (2, 2), (1, 1), (0, 1)] {
            table.add(value, weight);
        }
        table.close();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(table.surprise(3, 0), -(100.5_f64 / 101.0).ln()));
        assert!(near(table.surprise(2, 0), -(4.5_f64 / 101.0).ln()));
        assert!(near(table.surprise(7, 0), -(2.5_f64 / 101.0).ln()));
        // Of the two that were seen once, one is the session itself.
        assert!(near(table.surprise(1, 1), -(1.5_f64 / 100.0).ln()));
        assert_eq!(table.mode(), Some(3));
    }

    #[test]
    fn values_that_always_differ_do_not_surprise() {
        let mut table = Table::default();
        for value in 0..1_000 {
            table.add(value, 1);
        }
        table.close();
        assert!(table.surprise(5_000, 0) < 0.01);
        assert!(table.surprise(5, 1) < 0.01);
    }

    #[test]
    fn classes_rise_and_are_exact_where_counts_are_small() {
        let classes: Vec<u64> = (0..2_000).map(class).collect();
        assert!(classes.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(classes[..17], (0..17).collect::<Vec<u64>>());
        assert_eq!(
            (class(17), class(20), class(21), class(1_000)),
            (17, 17, 18, 35)
        );
    }

    #[test]
    fn quantiles_count_weights() {
        let mut values = [(5.0, 1), (1.0, 8), (9.0, 1)];
        assert!((quantile(&mut values, 0.5) - 1.0).abs() < 1e-12);
        assert!((quantile(&mut values, 0.9) - 5.0).abs() < 1e-12);
        assert!((quantile(&mut values, 1.0) - 9.0).abs() < 1e-12);
    }
}
