//! Stable fingerprints: the same text has the same one in every run, on every machine, in every version.

/// A 64-bit fingerprint of several texts; `["ab", "c"]` and `["a", "bc"]` differ.
///
/// Blocks of eight bytes are folded by a 128-bit product (the mixing step of wyhash by Wang Yi).
pub(crate) fn of(parts: &[&str]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for part in parts {
        state = absorb(state, part.as_bytes());
    }
    fold(state, 0x5899_65cc_7537_4cc3)
}

/// A 64-bit fingerprint of bytes.
#[cfg(feature = "files")]
pub(crate) fn bytes(bytes: &[u8]) -> u64 {
    let state = absorb(0x9e37_79b9_7f4a_7c15, bytes);
    fold(state, 0x5899_65cc_7537_4cc3)
}

fn absorb(mut state: u64, bytes: &[u8]) -> u64 {
    for block in bytes.chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(block) {
            *to = *from;
        }
        state = fold(state ^ u64::from_le_bytes(word), 0xa076_1d64_78bd_642f);
    }
    fold(
        state ^ crate::number::len(bytes.len()).wrapping_add(0xe703_7ed1_a0b4_28db),
        0x8ebc_6af0_9c88_c6e3,
    )
}

/// One fingerprint of two.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    fold(
        a ^ 0x2d35_8dcc_aa6c_78a5,
        b.wrapping_add(0x8bb8_4b93_962e_acc9),
    )
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let bytes = product.to_le_bytes();
    let (mut low, mut high) = ([0; 8], [0; 8]);
    low.copy_from_slice(&bytes[..8]);
    high.copy_from_slice(&bytes[8..]);
    u64::from_le_bytes(low) ^ u64::from_le_bytes(high)
}

#[cfg(test)]
mod tests {
    #[test]
    fn stable_and_told_apart() {
        assert_eq!(
            super::of(&["canvas", "ready"]),
            super::of(&["canvas", "ready"])
        );
        assert_ne!(super::of(&["ab", "c"]), super::of(&["a", "bc"]));
        assert_ne!(super::of(&[""]), super::of(&["", ""]));
        assert_ne!(super::of(&["a\0"]), super::of(&["a"]));
        let all: std::collections::BTreeSet<u64> =
            (0..10_000).map(|n| super::of(&[&n.to_string()])).collect();
        assert_eq!(all.len(), 10_000);
    }
}
