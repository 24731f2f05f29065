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
}
