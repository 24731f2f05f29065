//! Merkle trees as in RFC 6962, section 2.1.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::blob::hex;

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// What a ledger was at one time: keep it elsewhere (a git note, a build log), and nobody can cut or rewrite the ledger
/// unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Entries in the ledger.
    pub size: u64,
    /// The root of their Merkle tree (RFC 6962 with SHA-256), in hex.
    pub root: String,
}

impl TreeHead {
    pub(crate) fn of(leaves: &[Hash]) -> Self {
        Self {
            size: u64::try_from(leaves.len()).unwrap_or(u64::MAX),
            root: hex(&root(leaves)),
        }
    }
}

pub(crate) fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(data);
    hasher.finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The largest power of two below `n`, for `n` of 2 and more.
fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The hashes that prove that leaf `at` is in the tree, nearest first; `None` when it is not.
pub(crate) fn inclusion(at: usize, leaves: &[Hash]) -> Option<Vec<Hash>> {
    match leaves {
        [] => None,
        [_] => (at == 0).then(Vec::new),
        leaves => {
            let n_left = split(leaves.len());
            let (left, right) = leaves.split_at(n_left);
            let (mut path, other) = if at < n_left {
                (inclusion(at, left)?, root(right))
            } else {
                (inclusion(at - n_left, right)?, root(left))
            };
            path.push(other);
            Some(path)
        }
    }
}

/// The root that a proof of inclusion leads to; `None` when the proof has the wrong length.
pub(crate) fn root_of_inclusion(at: usize, size: usize, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    if size <= at {
        return None;
    }
    if size == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (other, path) = path.split_last()?;
    let n_left = split(size);
    if at < n_left {
        Some(node_hash(
            &root_of_inclusion(at, n_left, leaf, path)?,
            other,
        ))
    } else {
        let inner = root_of_inclusion(at - n_left, size - n_left, leaf, path)?;
        Some(node_hash(other, &inner))
    }
}

/// The hashes that prove that a tree begins with its first `n_old` leaves, as in section 2.1.2; `None` when it has fewer.
pub(crate) fn consistency(n_old: usize, leaves: &[Hash]) -> Option<Vec<Hash>> {
    if leaves.len() < n_old {
        return None;
    }
    let mut path = Vec::new();
    if 0 < n_old {
        subproof(n_old, leaves, true, &mut path);
    }
    Some(path)
}

/// `is_known`: the subtree's root is the head that the verifier has.
fn subproof(n_old: usize, leaves: &[Hash], is_known: bool, path: &mut Vec<Hash>) {
    if n_old == leaves.len() {
        if !is_known {
            path.push(root(leaves));
        }
        return;
    }
    let n_left = split(leaves.len());
    let (left, right) = leaves.split_at(n_left);
    if n_old <= n_left {
        subproof(n_old, left, is_known, path);
        path.push(root(right));
    } else {
        subproof(n_old - n_left, right, false, path);
        path.push(root(left));
    }
}

/// The roots of the old and the new tree that a proof of consistency leads to (RFC 9162, section 2.1.4.2); `None` when
/// the proof has the wrong length. The old tree has a leaf and is smaller than the new one.
pub(crate) fn roots_of_consistency(
    n_old: usize,
    n_new: usize,
    old_root: Hash,
    path: &[Hash],
) -> Option<(Hash, Hash)> {
    let mut hashes = path.iter();
    // A whole subtree is its own first hash.
    let first = if n_old.is_power_of_two() {
        old_root
    } else {
        *hashes.next()?
    };
    let shift = (n_old - 1).trailing_ones();
    let (mut old_at, mut new_at) = ((n_old - 1) >> shift, (n_new - 1) >> shift);
    let (mut old, mut new) = (first, first);
    for hash in hashes {
        if new_at == 0 {
            return None;
        }
        if old_at % 2 == 1 || old_at == new_at {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while old_at % 2 == 0 && old_at != 0 {
                old_at >>= 1;
                new_at >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        old_at >>= 1;
        new_at >>= 1;
    }
    (new_at == 0).then_some((old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and roots that the Certificate Transparency project tests its own code with.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_the_reference() {
        let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
        for (size, expected) in ROOTS.iter().enumerate() {
            assert_eq!(hex(&root(&leaves[..size])), *expected, "{size}");
        }
    }

    #[test]
    fn inclusion_is_proved_for_each_leaf_and_no_other() {
        let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
        for size in 1..=leaves.len() {
            for at in 0..size {
                let path = inclusion(at, &leaves[..size]).unwrap();
                let expected = Some(root(&leaves[..size]));
                assert_eq!(root_of_inclusion(at, size, leaves[at], &path), expected);
                let other = leaf_hash(b"other");
                assert_ne!(root_of_inclusion(at, size, other, &path), expected);
            }
            assert_eq!(inclusion(size, &leaves[..size]), None);
        }
    }

    #[test]
    fn consistency_is_that_of_the_reference() {
        let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
        let check = |n_old: usize, n_new: usize, expected: &[&str]| {
            let path = consistency(n_old, &leaves[..n_new]).unwrap();
            let path: Vec<String> = path.iter().map(|hash| hex(hash)).collect();
            assert_eq!(path, expected, "{n_old} in {n_new}");
        };
        check(1, 1, &[]);
        check(
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        );
        check(
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        );
        check(
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        );
    }

    #[test]
    fn consistency_is_proved_for_each_beginning_and_no_other() {
        let leaves: Vec<Hash> = (0_u8..40).map(|leaf| leaf_hash(&[leaf])).collect();
        for n_new in 1..=leaves.len() {
            let new = root(&leaves[..n_new]);
            for n_old in 1..n_new {
                let path = consistency(n_old, &leaves[..n_new]).unwrap();
                let old = root(&leaves[..n_old]);
                let found = roots_of_consistency(n_old, n_new, old, &path);
                assert_eq!(found, Some((old, new)), "{n_old} in {n_new}");
                let mut other = path.clone();
                other.push(leaf_hash(b"one more"));
                assert_ne!(
                    roots_of_consistency(n_old, n_new, old, &other),
                    Some((old, new))
                );
                let mut changed = path;
                changed[0][0] ^= 1;
                assert_ne!(
                    roots_of_consistency(n_old, n_new, old, &changed),
                    Some((old, new))
                );
            }
            assert_eq!(consistency(n_new + 1, &leaves[..n_new]), None);
        }
    }
}
