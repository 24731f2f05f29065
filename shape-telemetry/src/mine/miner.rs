//! The online miner: kinds of messages, counted in bounded memory.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use serde::{Deserialize, Serialize};

use super::{
    Templates,
    skeleton::{self, Skeleton, Slot},
};
use crate::{Record, number};

/// Finds the templates of messages.
///
/// A message is scanned once. What is a variable by its shape (numbers, addresses, paths, ids, …) is left out; what may be
/// one (`eth0`, the word in `tty=ssh`, a text in quotes, the unit behind a number) is kept as long as it is the same in
/// all messages that are alike otherwise. [`TemplateMiner::templates`] then compares the templates: where they are the same
/// but for one word, and that word has many values, the word is a variable too.
///
/// # Laws
///
/// - What a miner knows is a function of the multiset of messages it saw: merging shards in any order and grouping is one
///   pass over all of them, also above the bound.
/// - The id of a template is a fingerprint of its text. More messages may generalise a template, which gives it another
///   text and so another id; the [`MessageKind`] of a message never changes.
/// - At most [`TemplateMiner::max_templates`] kinds are kept: those with the smallest fingerprints, whatever the order
///   they came in, so that their counts are exact. The messages of all others are counted together.
/// - A miner that was serialised and read back goes on as if nothing had happened.
///
/// ```
/// use shape_telemetry::TemplateMiner;
///
/// let mut miner = TemplateMiner::new();
/// for user in ["ann", "bob", "cleo", "dan", "eve"] {
///     miner.add(&format!("session opened for user {user} on tty1 after 12ms"));
/// }
/// let templates = miner.finish();
/// assert_eq!(
///     templates.of("session opened for user zoe on tty1 after 9ms"),
///     "session opened for user <*> on tty1 after <*>",
/// );
/// assert_eq!(templates.iter().next().map(|template| template.count), Some(5));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Snapshot", into = "Snapshot")]
pub struct TemplateMiner {
    max: usize,
    /// All messages, those that are not kept included.
    total: u64,
    /// By fingerprint; at most twice as many as are kept in the end.
    seen: HashMap<u64, Seen, BuildHasherDefault<Fingerprints>>,
    /// Larger fingerprints are not kept.
    limit: u64,
    skeleton: Skeleton,
}

/// Messages that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    skeleton: Box<str>,
    slots: Vec<Slot>,
    count: u64,
}

/// What messages are alike in: a fingerprint of what is left of a message without its variables. The same message has the
/// same kind in every run and in every shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKind(pub(super) u64);

impl Default for TemplateMiner {
    fn default() -> Self {
        Self::new()
    }
}

impl TemplateMiner {
    /// How many kinds of messages are kept, unless [`TemplateMiner::max_templates`] says otherwise.
    pub const MAX_TEMPLATES: usize = 50_000;

    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            max: Self::MAX_TEMPLATES,
            total: 0,
            seen: HashMap::default(),
            limit: u64::MAX,
            skeleton: Skeleton::default(),
        }
    }

    /// How many kinds of messages are kept, one at least. A kind takes as much memory as its text, of at most 2 KiB.
    #[must_use]
    pub fn max_templates(mut self, max: usize) -> Self {
        self.max = max.max(1);
        self.prune();
        self
    }

    /// Sees a message.
    pub fn add(&mut self, message: &str) -> MessageKind {
        self.skeleton.read(message);
        self.see()
    }

    /// Sees a record; one without a message counts by the names of its fields.
    pub fn add_record(&mut self, record: &Record<'_>) -> MessageKind {
        self.skeleton.read_record(record);
        self.see()
    }

    fn see(&mut self) -> MessageKind {
        let kind = self.skeleton.kind();
        self.total += 1;
        if self.limit < kind.0 {
            return kind;
        }
        if let Some(seen) = self.seen.get_mut(&kind.0) {
            seen.count += 1;
            for (slot, value) in seen.slots.iter_mut().zip(self.skeleton.values()) {
                slot.see(value);
            }
            return kind;
        }
        let seen = Seen {
            skeleton: self.skeleton.text.as_str().into(),
            slots: self.skeleton.slots(),
            count: 1,
        };
        self.seen.insert(kind.0, seen);
        if self.max.saturating_mul(2) < self.seen.len() {
            self.prune();
        }
        kind
    }

    /// Keeps the smallest fingerprints.
    ///
    /// A fingerprint that is among the smallest of all was among the smallest of those seen at any time, so it is never
    /// dropped and its count is exact.
    fn prune(&mut self) {
        if self.seen.len() <= self.max {
            return;
        }
        let mut kinds: Vec<u64> = self.seen.keys().copied().collect();
        let (_, &mut limit, _) = kinds.select_nth_unstable(self.max - 1);
        self.seen.retain(|&kind, _| kind <= limit);
        self.limit = limit;
    }

    /// How many messages were seen.
    pub fn messages(&self) -> u64 {
        self.total
    }

    /// How many kinds of messages there were: exact while all are kept, else an estimate from how dense the smallest
    /// fingerprints lie (Bar-Yossef et al., "Counting Distinct Elements in a Data Stream", 2002).
    pub fn kinds(&self) -> u64 {
        if self.seen.len() < self.max || self.limit == u64::MAX {
            return number::len(self.seen.len());
        }
        let mut kinds: Vec<u64> = self.seen.keys().copied().collect();
        let (_, &mut largest, _) = kinds.select_nth_unstable(self.max - 1);
        let share = number::to_f64(largest) / number::to_f64(u64::MAX);
        number::to_u64(number::to_f64(number::len(self.max - 1)) / share)
    }

    /// Sees what another miner saw; the smaller of the two bounds holds.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.max = self.max.min(other.max);
        self.total += other.total;
        self.limit = self.limit.min(other.limit);
        let limit = self.limit;
        self.seen.retain(|&kind, _| kind <= limit);
        for (kind, seen) in other.seen.into_iter().filter(|&(kind, _)| kind <= limit) {
            match self.seen.get_mut(&kind) {
                Some(known) => {
                    known.count += seen.count;
                    for (slot, other) in known.slots.iter_mut().zip(&seen.slots) {
                        slot.join(other);
                    }
                }
                None => {
                    self.seen.insert(kind, seen);
                }
            }
        }
        self.prune();
        self
    }

    /// The templates of what was seen so far.
    pub fn templates(&self) -> Templates {
        let kept = self.kept();
        let overflow = self.total - kept.iter().map(|(_, seen)| seen.count).sum::<u64>();
        let rendered = kept.iter().map(|&(kind, seen)| {
            let mut text = String::with_capacity(seen.skeleton.len() + 16);
            skeleton::render(&seen.skeleton, &seen.slots, &mut text);
            (kind, text, seen.count)
        });
        Templates::new(rendered.collect(), overflow)
    }

    /// The templates.
    pub fn finish(self) -> Templates {
        self.templates()
    }

    /// What is kept in the end, by fingerprint.
    fn kept(&self) -> Vec<(u64, &Seen)> {
        let mut kept: Vec<(u64, &Seen)> =
            self.seen.iter().map(|(&kind, seen)| (kind, seen)).collect();
        kept.sort_unstable_by_key(|&(kind, _)| kind);
        kept.truncate(self.max);
        kept
    }
}

impl PartialEq for TemplateMiner {
    /// Whether two miners know the same.
    fn eq(&self, other: &Self) -> bool {
        (self.max, self.total) == (other.max, other.total) && self.kept() == other.kept()
    }
}

impl Eq for TemplateMiner {}

/// How a miner is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    schema_version: u32,
    max_templates: usize,
    messages: u64,
    kinds: Vec<SnapshotKind>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotKind {
    skeleton: Box<str>,
    slots: Vec<Slot>,
    count: u64,
}

impl Snapshot {
    const SCHEMA_VERSION: u32 = 1;
}

impl From<TemplateMiner> for Snapshot {
    fn from(miner: TemplateMiner) -> Self {
        let kinds = miner.kept().into_iter().map(|(_, seen)| SnapshotKind {
            skeleton: seen.skeleton.clone(),
            slots: seen.slots.clone(),
            count: seen.count,
        });
        Self {
            schema_version: Self::SCHEMA_VERSION,
            max_templates: miner.max,
            messages: miner.total,
            kinds: kinds.collect(),
        }
    }
}

impl TryFrom<Snapshot> for TemplateMiner {
    type Error = String;

    fn try_from(snapshot: Snapshot) -> Result<Self, String> {
        if snapshot.schema_version != Snapshot::SCHEMA_VERSION {
            return Err(format!(
                "a miner of version {}, this is version {}",
                snapshot.schema_version,
                Snapshot::SCHEMA_VERSION
            ));
        }
        let mut miner = Self::new().max_templates(snapshot.max_templates);
        if miner.max < snapshot.kinds.len() {
            return Err(format!(
                "{} kinds of messages in a miner that keeps {}",
                snapshot.kinds.len(),
                miner.max
            ));
        }
        let mut kept = 0_u64;
        for kind in snapshot.kinds {
            if skeleton::n_slots(&kind.skeleton) != kind.slots.len() || kind.count == 0 {
                return Err(format!("a kind that contradicts itself: {kind:?}"));
            }
            kept = kept.saturating_add(kind.count);
            let seen = Seen {
                skeleton: kind.skeleton,
                slots: kind.slots,
                count: kind.count,
            };
            let fingerprint = skeleton::fingerprint(&seen.skeleton);
            if miner.seen.insert(fingerprint, seen).is_some() {
                return Err("a kind of messages that is there twice".to_owned());
            }
        }
        if snapshot.messages < kept {
            return Err(format!(
                "{kept} messages of {} are of the kinds that are kept",
                snapshot.messages
            ));
        }
        if kept < snapshot.messages {
            // Some were not kept: whatever is larger than the largest that was.
            miner.limit = miner.seen.keys().copied().max().unwrap_or(0);
        }
        miner.total = snapshot.messages;
        Ok(miner)
    }
}

/// Fingerprints are spread evenly as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Fingerprints(u64);

impl Hasher for Fingerprints {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(b);
        }
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}
