//! Numbers that look random and are the same in every run.

/// `SplitMix64` (Steele, Lea, Flood 2014, *Fast splittable pseudorandom number generators*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; `n` is not 0 and small, so that the bias of the remainder does not matter.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let n = u64::try_from(words.len()).unwrap_or(1);
        let at = usize::try_from(self.below(n)).unwrap_or(0);
        words[at]
    }
}
