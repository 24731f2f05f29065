//! Counts by bin in little memory: bins that are used lie near each other.

use std::collections::BTreeMap;

/// Bins of a page.
const PAGE: usize = 8;

/// How often each bin was counted. Pages of neighbouring bins lie one after another, mostly without a gap, so that the
/// place of a bin is known from the first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bins {
    /// Rising, none of them empty.
    pages: Vec<Page>,
    /// What a count has beyond 32 bits, which is rare.
    high: BTreeMap<u16, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    index: u16,
    counts: [u32; PAGE],
}

impl Page {
    fn bin(&self, within: usize) -> u16 {
        u16::try_from(usize::from(self.index) * PAGE + within).unwrap_or(u16::MAX)
    }
}

/// The page of a bin, and the place therein.
fn place(bin: u16) -> (u16, usize) {
    let bin = usize::from(bin);
    (u16::try_from(bin / PAGE).unwrap_or(u16::MAX), bin % PAGE)
}

impl Bins {
    /// Counts so many times.
    pub(crate) fn add(&mut self, bin: u16, count: u64) {
        if count == 0 {
            return;
        }
        let (index, within) = place(bin);
        let at = self.page(index);
        let slot = self
            .pages
            .get_mut(at)
            .and_then(|page| page.counts.get_mut(within));
        if let Some(slot) = slot {
            let sum = u64::from(*slot).saturating_add(count);
            *slot = low(sum);
            self.carry(bin, high(sum));
        }
    }

    fn carry(&mut self, bin: u16, carry: u32) {
        if carry != 0 {
            let high = self.high.entry(bin).or_insert(0);
            *high = high.saturating_add(carry);
        }
    }

    /// Where a page is, which is there from now on.
    #[inline]
    fn page(&mut self, index: u16) -> usize {
        self.find(index).unwrap_or_else(|at| {
            self.insert(at, index);
            at
        })
    }

    /// Where a page is, or where it would be.
    #[inline]
    fn find(&self, index: u16) -> Result<usize, usize> {
        let Some(first) = self.pages.first() else {
            return Err(0);
        };
        // Further on it cannot lie; where no page is missing before it, it lies there.
        let latest = usize::from(index.saturating_sub(first.index));
        if self
            .pages
            .get(latest)
            .is_some_and(|page| page.index == index)
        {
            return Ok(latest);
        }
        let until = self.pages.len().min(latest + 1);
        let before = self.pages.get(..until).unwrap_or_default();
        before.binary_search_by_key(&index, |page| page.index)
    }

    fn insert(&mut self, at: usize, index: u16) {
        if self.pages.len() == self.pages.capacity() {
            // There are many of these: they grow by less than to the double.
            self.pages.reserve_exact(1 + self.pages.len() / 4);
        }
        let counts = [0; PAGE];
        self.pages.insert(at, Page { index, counts });
    }

    /// Adds the counts of others.
    pub(crate) fn merge(&mut self, other: &Self) {
        for page in &other.pages {
            let at = self.page(page.index);
            let mut carries = [0; PAGE];
            if let Some(own) = self.pages.get_mut(at) {
                let counts = own.counts.iter_mut().zip(page.counts);
                for ((own, more), carry) in counts.zip(&mut carries) {
                    let sum = u64::from(*own) + u64::from(more);
                    *own = low(sum);
                    *carry = high(sum);
                }
            }
            if carries != [0; PAGE] {
                for (within, carry) in carries.into_iter().enumerate() {
                    self.carry(page.bin(within), carry);
                }
            }
        }
        for (&bin, &high) in &other.high {
            self.carry(bin, high);
        }
    }

    /// The bins that were counted, rising, and how often.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.pages.iter().flat_map(move |page| {
            page.counts
                .iter()
                .enumerate()
                .map(move |(within, &low)| {
                    let bin = page.bin(within);
                    (bin, self.whole(bin, low))
                })
                .filter(|&(_, count)| count != 0)
        })
    }

    fn whole(&self, bin: u16, low: u32) -> u64 {
        let high = if self.high.is_empty() {
            0
        } else {
            self.high.get(&bin).copied().unwrap_or(0)
        };
        u64::from(high) << 32 | u64::from(low)
    }
}

fn low(sum: u64) -> u32 {
    u32::try_from(sum & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn high(sum: u64) -> u32 {
    u32::try_from(sum >> 32).unwrap_or(u32::MAX)
}

impl FromIterator<(u16, u64)> for Bins {
    fn from_iter<I: IntoIterator<Item = (u16, u64)>>(counts: I) -> Self {
        let mut bins = Self::default();
        for (bin, count) in counts {
            bins.add(bin, count);
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::Bins;

    fn added(counts: &[(u16, u64)]) -> BTreeMap<u16, u64> {
        let mut sums = BTreeMap::new();
        for &(bin, count) in counts {
            if count != 0 {
                *sums.entry(bin).or_insert(0) += count;
            }
        }
        sums
    }

    fn counts() -> impl Strategy<Value = Vec<(u16, u64)>> {
        let bin = prop_oneof![0..40_u16, 900..960_u16, any::<u16>()];
        let count = prop_oneof![0..3_u64, Just(u64::from(u32::MAX)), 0..1_u64 << 40];
        vec((bin, count), 0..60)
    }

    proptest! {
        #[test]
        fn they_count_what_a_map_counts(first in counts(), second in counts()) {
            let mut bins: Bins = first.iter().copied().collect();
            prop_assert_eq!(bins.iter().collect::<BTreeMap<_, _>>(), added(&first));
            bins.merge(&second.iter().copied().collect());
            let both = [first, second].concat();
            prop_assert!(bins.iter().is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(bins.iter().collect::<BTreeMap<_, _>>(), added(&both));
            prop_assert_eq!(bins, both.iter().rev().copied().collect::<Bins>());
        }
    }
}
