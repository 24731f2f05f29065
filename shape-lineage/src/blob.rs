//! File contents as git names them.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// The name that git gives to a file with this content (`git hash-object --no-filters`), in hex.
///
/// ```
/// assert_eq!(shape_lineage::blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
/// ```
pub fn blob_id(content: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", content.len()));
    hasher.update(content);
    hex(&hasher.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
