//! A tiny random number generator: the same seed gives the same numbers everywhere.

/// `SplitMix64` of Steele, Lea and Flood (OOPSLA 2014): one addition and three xor-shifts.
///
/// ```
/// use studio::random::Random;
/// let (mut a, mut b) = (Random::new(7), Random::new(7));
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert!(a.below(10) < 10);
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; zero when `bound` is zero.
    ///
    /// The bias of the remainder is below 2⁻³² here and does not matter for drawing or load.
    pub fn below(&mut self, bound: u32) -> u32 {
        let remainder = self.next_u64() % u64::from(bound.max(1));
        // A remainder is below its 32-bit bound.
        u32::try_from(remainder).unwrap_or_default()
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// One of `choices`, or `None` when there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let len = u32::try_from(choices.len()).ok()?;
        choices.get(usize::try_from(self.below(len)).ok()?)
    }
}
