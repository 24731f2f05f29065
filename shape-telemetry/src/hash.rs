//! Hashes for tables in memory: fast, and of no meaning outside. Nothing that is written may depend on them.

use std::hash::{BuildHasherDefault, Hasher};

/// Eight bytes at a time, a multiplication each.
#[inline]
pub(crate) fn text(text: &str) -> u64 {
    bytes(text.as_bytes())
}

/// As [`text`].
#[inline]
pub(crate) fn bytes(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = crate::number::len(bytes.len()).wrapping_mul(FACTOR);
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        state = (state ^ u64::from_le_bytes(*block)).wrapping_mul(FACTOR);
        state ^= state >> 29;
    }
    // The last eight bytes overlap with those before; shorter texts are put together.
    let last = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => rest.iter().fold(0, |word, &b| (word << 8) | u64::from(b)),
    };
    state = (state ^ last).wrapping_mul(FACTOR);
    state ^ (state >> 32)
}

/// A place in a table.
#[inline]
pub(crate) fn index(hash: u64, length: usize) -> usize {
    let length = crate::number::len(length).max(1);
    usize::try_from(hash % length).unwrap_or_default()
}

/// A map whose keys are fingerprints: they need no further hashing.
pub(crate) type ByFingerprint<T> =
    std::collections::HashMap<u64, T, BuildHasherDefault<Fingerprint>>;

/// Takes a `u64` as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fingerprint(u64);

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}
