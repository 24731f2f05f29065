//! A ledger of what was traced, in which no entry can be changed unseen.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    blob::hex,
    canonical::canonical_json,
    error::{Error, Repr},
    merkle::{
        Hash, TreeHead, consistency, inclusion, leaf_hash, root_of_inclusion, roots_of_consistency,
    },
};

/// The `previous` of the first entry.
const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An append-only file of JSON lines, each of which carries the hash of the one before.
///
/// Edits, insertions, lost and swapped entries break the chain. Whoever can rewrite the whole file can make a new chain,
/// and a cut tail leaves a whole one: keep a [`TreeHead`] elsewhere and [verify](verify_ledger) against it.
///
/// Entries are canonical JSON, so that neither the order of a map nor the spelling of a number enters a hash. No time is
/// added; what should be dated carries its date in its body.
///
/// ```
/// use shape_lineage::{Ledger, verify_ledger};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("lineage.jsonl");
/// let mut ledger = Ledger::open(&path)?;
/// ledger.append(&serde_json::json!({ "place": "src/canvas.rs:72" }))?;
/// let head = ledger.head();
///
/// assert_eq!(verify_ledger(&std::fs::read_to_string(&path)?, Some(&head))?, head);
/// assert!(verify_ledger("", Some(&head)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    leaves: Vec<Hash>,
}

/// A line of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// What the entry says.
    pub body: Value,
    /// The hash of the other members (RFC 6962 leaf hash of their canonical JSON), in hex.
    pub hash: String,
    /// The hash of the entry before; zeros in the first.
    pub previous: String,
    /// The place in the ledger, from 0.
    pub sequence: u64,
}

/// A proof that an entry is in a ledger of which a head is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// The place of the entry, from 0.
    pub sequence: u64,
    /// The hashes of the neighbours on the way to the root, nearest first, in hex.
    pub path: Vec<String>,
}

/// A proof that a ledger begins with the entries that an earlier head stands for, without the entries.
///
/// ```
/// use shape_lineage::Ledger;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("lineage.jsonl");
/// let mut ledger = Ledger::open(&path)?;
/// ledger.append(&"one")?;
/// let then = ledger.head(); // Kept by somebody else.
/// ledger.append(&"two")?;
///
/// let proof = ledger.prove_consistency(&then).ok_or("the head is not of this ledger")?;
/// assert!(proof.verify(&then, &ledger.head()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// The hashes of the RFC 6962 proof, in its order, in hex.
    pub path: Vec<String>,
}

impl LedgerEntry {
    fn new(sequence: u64, previous: &str, body: Value) -> (Self, Hash) {
        let mut entry = Self {
            body,
            hash: String::new(),
            previous: previous.to_owned(),
            sequence,
        };
        let hash = entry.leaf();
        entry.hash = hex(&hash);
        (entry, hash)
    }

    fn leaf(&self) -> Hash {
        let hashed = json!({
            "body": self.body,
            "previous": self.previous,
            "sequence": self.sequence,
        });
        leaf_hash(canonical_json(&hashed).as_bytes())
    }

    fn line(&self) -> String {
        canonical_json(&json!({
            "body": self.body,
            "hash": self.hash,
            "previous": self.previous,
            "sequence": self.sequence,
        })) + "\n"
    }
}

impl Ledger {
    /// Opens a ledger, or starts one where there is no file.
    ///
    /// A last line without its end was being written when the program stopped; it was never acknowledged and is removed.
    ///
    /// # Errors
    /// When the file can not be read or written, or its entries do not verify.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |action| move |source| io_error(action, path, source);
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed("cannot open"))?;
        let text = fs::read_to_string(path).map_err(failed("cannot read"))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let leaves = read(&text[..whole])?;
        if whole != text.len() {
            let n_bytes = u64::try_from(whole).unwrap_or(u64::MAX);
            file.set_len(n_bytes).map_err(failed("cannot repair"))?;
        }
        file.flush().map_err(failed("cannot write"))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            leaves,
        })
    }

    /// Adds an entry; when this returns, it is on disk.
    ///
    /// # Errors
    /// When the entry is no JSON or can not be written.
    pub fn append(&mut self, body: &impl Serialize) -> Result<LedgerEntry, Error> {
        let body = self.body(body)?;
        let (entry, leaf) = self.next(body);
        self.write(&entry.line())?;
        self.leaves.push(leaf);
        Ok(entry)
    }

    /// Adds entries with one write; when this returns, they are on disk.
    ///
    /// # Errors
    /// When an entry is no JSON, or they can not be written; the ledger then has none of them, or, if the program ends
    /// in the middle of the write, the first of them.
    pub fn append_all<'b, B: Serialize + 'b>(
        &mut self,
        bodies: impl IntoIterator<Item = &'b B>,
    ) -> Result<(), Error> {
        let n_before = self.leaves.len();
        let mut lines = String::new();
        for body in bodies {
            let body = match self.body(body) {
                Ok(body) => body,
                Err(error) => {
                    self.leaves.truncate(n_before);
                    return Err(error);
                }
            };
            let (entry, leaf) = self.next(body);
            lines += &entry.line();
            self.leaves.push(leaf);
        }
        let written = self.write(&lines);
        if written.is_err() {
            self.leaves.truncate(n_before);
        }
        written
    }

    fn body(&self, body: &impl Serialize) -> Result<Value, Error> {
        serde_json::to_value(body)
            .map_err(|source| io_error("cannot serialise an entry of", &self.path, source.into()))
    }

    fn next(&self, body: Value) -> (LedgerEntry, Hash) {
        let previous = self
            .leaves
            .last()
            .map_or_else(|| NO_PREVIOUS.to_owned(), |leaf| hex(leaf));
        LedgerEntry::new(self.head_size(), &previous, body)
    }

    fn write(&mut self, lines: &str) -> Result<(), Error> {
        self.file
            .write_all(lines.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(|source| io_error("cannot write", &self.path, source))
    }

    /// What the ledger is now; keep it elsewhere.
    pub fn head(&self) -> TreeHead {
        TreeHead::of(&self.leaves)
    }

    /// The proof that an entry is in the ledger as it is now; `None` when there is no such entry.
    pub fn prove(&self, sequence: u64) -> Option<InclusionProof> {
        let at = usize::try_from(sequence).ok()?;
        let path = inclusion(at, &self.leaves)?;
        Some(InclusionProof {
            sequence,
            path: path.iter().map(|hash| hex(hash)).collect(),
        })
    }

    /// The proof that the ledger begins with the entries of an earlier head; `None` when it does not.
    pub fn prove_consistency(&self, earlier: &TreeHead) -> Option<ConsistencyProof> {
        let n_old = usize::try_from(earlier.size).ok()?;
        if TreeHead::of(self.leaves.get(..n_old)?) != *earlier {
            return None;
        }
        let path = consistency(n_old, &self.leaves)?;
        Some(ConsistencyProof {
            path: path.iter().map(|hash| hex(hash)).collect(),
        })
    }

    fn head_size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap_or(u64::MAX)
    }
}

impl InclusionProof {
    /// Whether the proof shows that `entry` is in the ledger that `head` stands for.
    pub fn verify(&self, entry: &LedgerEntry, head: &TreeHead) -> bool {
        let path: Option<Vec<Hash>> = self.path.iter().map(|hash| unhex(hash)).collect();
        let (Some(path), Ok(at), Ok(size)) = (
            path,
            usize::try_from(self.sequence),
            usize::try_from(head.size),
        ) else {
            return false;
        };
        entry.sequence == self.sequence
            && root_of_inclusion(at, size, entry.leaf(), &path)
                .is_some_and(|root| hex(&root) == head.root)
    }
}

impl ConsistencyProof {
    /// Whether the proof shows that the ledger of `later` begins with the entries of `earlier`.
    pub fn verify(&self, earlier: &TreeHead, later: &TreeHead) -> bool {
        let path: Option<Vec<Hash>> = self.path.iter().map(|hash| unhex(hash)).collect();
        let (Some(path), Some(old), Some(new)) = (path, unhex(&earlier.root), unhex(&later.root))
        else {
            return false;
        };
        let (Ok(n_old), Ok(n_new)) = (usize::try_from(earlier.size), usize::try_from(later.size))
        else {
            return false;
        };
        if n_old == 0 {
            return *earlier == TreeHead::of(&[]) && path.is_empty();
        }
        if n_old == n_new {
            return old == new && path.is_empty();
        }
        n_old < n_new && roots_of_consistency(n_old, n_new, old, &path) == Some((old, new))
    }
}

/// Checks a ledger's text, and that it continues the ledger that a known head stands for; gives its present head.
///
/// # Errors
/// At the first line that is changed, missing, out of order or no entry, and when the text does not begin with the
/// entries of `known`.
pub fn verify_ledger(text: &str, known: Option<&TreeHead>) -> Result<TreeHead, Error> {
    let leaves = read(text)?;
    if let Some(known) = known {
        let size = usize::try_from(known.size).unwrap_or(usize::MAX);
        let n_lines = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        let Some(first) = leaves.get(..size) else {
            return Err(broken(
                n_lines,
                format!(
                    "the ledger ends here, but it once had {} entries",
                    known.size
                ),
            ));
        };
        if TreeHead::of(first) != *known {
            return Err(broken(
                known.size,
                "the entries up to here are not those of the known head".to_owned(),
            ));
        }
    }
    Ok(TreeHead::of(&leaves))
}

fn read(text: &str) -> Result<Vec<Hash>, Error> {
    let mut leaves: Vec<Hash> = Vec::new();
    let mut previous = NO_PREVIOUS.to_owned();
    for (sequence, line) in (0_u64..).zip(text.split_terminator('\n')) {
        let broken = |detail: String| broken(sequence + 1, detail);
        let entry: LedgerEntry =
            serde_json::from_str(line).map_err(|error| broken(format!("no entry: {error}")))?;
        if entry.line().trim_end() != line {
            return Err(broken("not in the canonical spelling".to_owned()));
        }
        if entry.sequence != sequence {
            return Err(broken(format!(
                "entry {} where {sequence} is expected",
                entry.sequence
            )));
        }
        if entry.previous != previous {
            return Err(broken("does not follow the entry before".to_owned()));
        }
        let leaf = entry.leaf();
        if hex(&leaf) != entry.hash {
            return Err(broken("was changed: its hash does not fit".to_owned()));
        }
        previous = entry.hash;
        leaves.push(leaf);
    }
    Ok(leaves)
}

fn broken(line: u64, detail: String) -> Error {
    Repr::Ledger { line, detail }.into()
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Repr::Io {
        action,
        path: path.to_owned(),
        source,
    }
    .into()
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}
