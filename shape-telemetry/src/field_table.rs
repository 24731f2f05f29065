//! Counts by field and value while reading.

use std::{collections::BTreeMap, time::Duration};

use crate::{FieldCounts, Measurements, fingerprint, hash};

/// Counts by field and value; of each those with the smallest fingerprints are kept, whatever order they came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldTable(Table<Table<FieldCounts>>);

/// A few keys with their values.
#[derive(Clone, Debug)]
struct Table<T> {
    /// Hashes of the keys: looking through all of them is faster than a tree.
    hashes: Vec<u64>,
    entries: Vec<Entry<T>>,
    /// Where the entry with the largest fingerprint is, once that was asked for.
    largest: Option<usize>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    print: u64,
    key: String,
    value: T,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            hashes: Vec::new(),
            entries: Vec::new(),
            largest: None,
        }
    }
}

impl<T: Default> Table<T> {
    /// The value of a key, if the key is among the `max` smallest so far.
    fn entry(&mut self, key: &str, max: usize) -> Option<&mut T> {
        let hash = hash::text(key);
        let is_it = |at: usize| self.entries.get(at).is_some_and(|entry| entry.key == key);
        let mut hashes = self.hashes.iter().enumerate();
        if let Some((at, _)) = hashes.find(|&(at, &known)| known == hash && is_it(at)) {
            return self.entries.get_mut(at).map(|entry| &mut entry.value);
        }
        let entry = Entry {
            print: fingerprint::of(&[key]),
            key: String::new(),
            value: T::default(),
        };
        if self.entries.len() == max {
            let at = match self.largest {
                Some(at) => at,
                None => (0..)
                    .zip(&self.entries)
                    .max_by_key(|(_, entry)| entry.print)
                    .map(|(at, _)| at)?,
            };
            self.largest = Some(at);
            if self.entries.get(at)?.print < entry.print {
                return None;
            }
            self.largest = None;
            self.hashes.swap_remove(at);
            self.entries.swap_remove(at);
        }
        self.hashes.push(hash);
        self.entries.push(Entry {
            key: key.to_owned(),
            ..entry
        });
        self.entries.last_mut().map(|entry| &mut entry.value)
    }

    fn from_map<V>(map: BTreeMap<String, V>, value: impl Fn(V) -> T) -> Self {
        let mut table = Self::default();
        for (key, inner) in map {
            if let Some(slot) = table.entry(&key, usize::MAX) {
                *slot = value(inner);
            }
        }
        table
    }

    fn into_map<V>(self, value: impl Fn(T) -> V) -> BTreeMap<String, V> {
        self.entries
            .into_iter()
            .map(|entry| (entry.key, value(entry.value)))
            .collect()
    }
}

impl FieldTable {
    /// Counts one request.
    pub(crate) fn add(&mut self, (name, value): (&str, &str), good: bool, took: Option<Duration>) {
        let counts = self
            .0
            .entry(name, Measurements::MAX_FIELDS)
            .and_then(|values| values.entry(value, Measurements::MAX_VALUES));
        if let Some(counts) = counts {
            counts.good += u64::from(good);
            counts.bad += u64::from(!good);
            if let Some(took) = took {
                counts.durations.add(took);
            }
        }
    }

    pub(crate) fn from_map(map: BTreeMap<String, BTreeMap<String, FieldCounts>>) -> Self {
        Self(Table::from_map(map, |values| {
            Table::from_map(values, |counts| counts)
        }))
    }

    pub(crate) fn into_map(self) -> BTreeMap<String, BTreeMap<String, FieldCounts>> {
        self.0.into_map(|values| values.into_map(|counts| counts))
    }
}
