//! A fast hash for tables in memory. Nothing that is written, and no order, may depend on it.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map that is asked for every record, with keys that the source decides: it needs no defence against keys that
/// were chosen to collide.
pub(super) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// Eight bytes at a time, a multiplication each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FastHasher(u64);

impl FastHasher {
    fn mix(&mut self, word: u64) {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = (self.0 ^ word).wrapping_mul(FACTOR);
        self.0 = state ^ (state >> 29);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        // Tables look at the highest bits and at the lowest.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<8>();
        for block in blocks {
            self.mix(u64::from_le_bytes(*block));
        }
        if !rest.is_empty() {
            let word = rest
                .iter()
                .fold(0, |word, byte| (word << 8) | u64::from(*byte));
            self.mix(word);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }
}
