//! When anything was written at all, finer than the buckets.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    num::NonZeroU64,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::monoid::bucket_start;

/// The first and the last record of each short slot of time, so that silence is told whatever the width of the buckets.
///
/// Slots are [`Presence::FINEST_MS`] wide. When there are more than [`Presence::MAX_SLOTS`] with records, all become twice
/// as wide, as often as it takes: a commutative monoid, for more records never want finer slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// The width of a slot in milliseconds.
    pub slot_ms: NonZeroU64,
    /// By the start of the slot; those without records are left out.
    pub slots: BTreeMap<Timestamp, Slot>,
    /// The time of the first record that reports a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_request: Option<Timestamp>,
    /// The time of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<Timestamp>,
}

/// The records of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The time of the first one.
    pub first: Timestamp,
    /// The time of the last one.
    pub last: Timestamp,
    /// How many.
    pub records: u64,
}

impl Slot {
    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
    }
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            slot_ms: Self::FINEST_MS,
            slots: BTreeMap::new(),
            first_request: None,
            last_request: None,
        }
    }
}

impl Presence {
    /// The width of a slot as long as there are few.
    pub const FINEST_MS: NonZeroU64 = NonZeroU64::new(100).expect("100 is not 0");
    /// Slots with records that are told apart: at 100 ms almost seven minutes, at 25.6 s a day and a quarter.
    pub const MAX_SLOTS: usize = 4_096;

    /// Whether there is no record with a time.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn start(&self, time: Timestamp) -> Timestamp {
        bucket_start(time, self.slot_ms)
    }

    pub(crate) fn add(&mut self, slot: Slot) {
        let start = self.start(slot.first);
        self.put(start, slot);
        self.bound();
    }

    pub(crate) fn add_request(&mut self, time: Timestamp) {
        self.first_request = Some(self.first_request.map_or(time, |first| first.min(time)));
        self.last_request = self.last_request.max(Some(time));
    }

    fn put(&mut self, start: Timestamp, slot: Slot) {
        match self.slots.entry(start) {
            Entry::Vacant(entry) => {
                entry.insert(slot);
            }
            Entry::Occupied(mut entry) => entry.get_mut().merge(slot),
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for time in [other.first_request, other.last_request]
            .into_iter()
            .flatten()
        {
            self.add_request(time);
        }
        while self.slot_ms < other.slot_ms {
            self.widen();
        }
        for (start, slot) in other.slots {
            self.put(bucket_start(start, self.slot_ms), slot);
        }
        self.bound();
    }

    fn bound(&mut self) {
        while Self::MAX_SLOTS < self.slots.len() {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.slot_ms = self
            .slot_ms
            .saturating_mul(NonZeroU64::MIN.saturating_add(1));
        for (start, slot) in std::mem::take(&mut self.slots) {
            self.put(bucket_start(start, self.slot_ms), slot);
        }
    }

    /// Only the records in the slots that begin within a period.
    pub(crate) fn restrict(&mut self, period: crate::Period) {
        self.slots.retain(|_, slot| period.contains(slot.first));
    }
}

/// Gathers the records of the slot that the last one lies in: the next one mostly does, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct PresenceWriter {
    presence: Presence,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    end: Timestamp,
    slot: Slot,
    start: Timestamp,
}

impl PresenceWriter {
    pub(crate) fn record(&mut self, time: Timestamp, is_request: bool) {
        if is_request {
            self.presence.add_request(time);
        }
        match &mut self.open {
            Some(open) if open.start <= time && time < open.end => {
                open.slot.first = open.slot.first.min(time);
                open.slot.last = open.slot.last.max(time);
                open.slot.records += 1;
            }
            _ => self.turn(time),
        }
    }

    fn turn(&mut self, time: Timestamp) {
        if let Some(open) = self.open.take() {
            self.presence.add(open.slot);
        }
        let start = self.presence.start(time);
        let width = i64::try_from(self.presence.slot_ms.get()).unwrap_or(i64::MAX);
        let end = start.checked_add(SignedDuration::from_millis(width));
        self.open = Some(Open {
            start,
            end: end.unwrap_or(start),
            slot: Slot {
                first: time,
                last: time,
                records: 1,
            },
        });
    }

    pub(crate) fn finish(mut self) -> Presence {
        if let Some(open) = self.open.take() {
            self.presence.add(open.slot);
        }
        self.presence
    }
}
