//! Sessions: the events of one request, block, job or machine, and which of them are out of the ordinary.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{fingerprint, number};

pub(crate) use detector::Lead;
pub use detector::{SessionDetector, SessionVerdict};
pub use sample::{SessionSample, SessionStep};

mod detector;
mod ending;
mod sample;
mod table;
mod tables;

/// What the sessions of a system look like, learned without labels.
///
/// A session is a list of event ids in the order of time: the templates of the records that carry one request id, for
/// example. The model counts all sessions and keeps a bounded sample of them, chosen by a fingerprint of their keys: it is
/// a commutative monoid, and shards merge to the bytes of one pass. [`SessionModel::detector`] says what is normal.
///
/// ```
/// use shape_telemetry::SessionModel;
///
/// let mut model = SessionModel::new();
/// for n in 0..500 {
///     let reads = if n % 3 == 0 { "open read read close" } else { "open read close" };
///     model.learn(&n.to_string(), reads.split(' '));
/// }
/// let detector = model.detector();
/// assert!(!detector.judge("open read close".split(' ')).anomalous);
/// let verdict = detector.judge("open read read".split(' '));
/// assert!(verdict.anomalous);
/// assert_eq!(verdict.reasons[0], "`close` is missing; 500 of 500 sessions have it");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionModel {
    /// The version of this format.
    pub schema_version: u32,
    /// All sessions learned from.
    pub sessions: u64,
    /// The events of sampled sessions, separated by blanks, by the fingerprint of their key.
    sample: BTreeMap<u64, Box<str>>,
}

impl Default for SessionModel {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionModel {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;
    /// Sessions that are kept; more are counted only.
    pub const MAX_SAMPLE: usize = 30_000;
    /// Events of a session that are looked at; what follows them is not.
    pub const MAX_EVENTS: usize = 4_000;

    /// Nothing learned yet: the identity of [`SessionModel::merge`].
    pub fn new() -> Self {
        Self {
            schema_version: Self::SCHEMA_VERSION,
            sessions: 0,
            sample: BTreeMap::new(),
        }
    }

    /// Learns from a session. Keys tell sessions apart; blanks in event ids are replaced.
    pub fn learn<'e>(&mut self, key: &str, events: impl IntoIterator<Item = &'e str>) {
        self.sessions += 1;
        let print = fingerprint::of(&[key]);
        let is_full = self.sample.len() == Self::MAX_SAMPLE;
        if is_full
            && self
                .sample
                .last_key_value()
                .is_some_and(|(&last, _)| last < print)
        {
            return;
        }
        let mut text = String::new();
        for event in events.into_iter().take(Self::MAX_EVENTS) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.extend(
                event
                    .chars()
                    .map(|c| if c.is_whitespace() { '_' } else { c }),
            );
        }
        self.keep(print, text.into_boxed_str());
        self.bound();
    }

    /// Of two sessions with one key the larger text stays, whatever their order.
    fn keep(&mut self, print: u64, text: Box<str>) {
        let mine = self.sample.entry(print).or_default();
        if *mine < text {
            *mine = text;
        }
    }

    fn bound(&mut self) {
        while Self::MAX_SAMPLE < self.sample.len() {
            self.sample.pop_last();
        }
    }

    /// What both learned: associative and commutative to the byte.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.sessions += other.sessions;
        for (print, text) in other.sample {
            self.keep(print, text);
        }
        self.bound();
        self
    }

    /// The events of each sampled session.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.sample.values().map(|text| &**text)
    }

    /// Sessions that [`SessionModel::detector`] looks at.
    pub fn sampled(&self) -> u64 {
        number::len(self.sample.len())
    }

    /// What is normal, by all that was learned so far. Costs some seconds for a full sample.
    pub fn detector(&self) -> SessionDetector {
        SessionDetector::fit(self)
    }

    /// Each different session of the sample with how often it was seen.
    fn distinct(&self) -> BTreeMap<&str, u64> {
        let mut distinct = BTreeMap::new();
        for text in self.sample.values() {
            *distinct.entry(&**text).or_insert(0) += 1;
        }
        distinct
    }
}
