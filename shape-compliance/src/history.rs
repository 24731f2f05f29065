//! What was the budget at a time, and why.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_budget::Exclusion;
use shape_sli::Events;
use shape_slo::{Slo, SloId};

use crate::{
    BreachId, ComplianceReport, Error,
    error::Repr,
    log::{LineLog, Opened},
};

mod query;

pub use self::query::{Answer, BreachRecord};

/// Something that became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fact {
    /// A promise holds from a time on, in place of the one of the same name before it.
    Promise {
        /// From when it holds.
        from: Timestamp,
        /// The promise.
        slo: Box<Slo>,
    },
    /// Events of a time bucket, added to those that are known of it. Late ones too.
    Counts {
        /// Of which promise.
        slo: SloId,
        /// The start of the bucket.
        start: Timestamp,
        /// The events.
        events: Events,
    },
    /// The events of a bucket were others than was known; takes the place of all counts of it before.
    Correction {
        /// Of which promise.
        slo: SloId,
        /// The start of the bucket.
        start: Timestamp,
        /// What they really were.
        events: Events,
        /// Why.
        reason: String,
    },
    /// A time counts neither for nor against a promise; takes the place of the exclusion of the same name before it.
    Excluded {
        /// The time.
        exclusion: Box<Exclusion>,
    },
    /// An exclusion does not hold any more, and never did.
    Withdrawn {
        /// The name of the exclusion.
        exclusion: String,
        /// Why.
        reason: String,
    },
    /// What became of an incident.
    Incident {
        /// The incident.
        id: BreachId,
        /// The promise.
        slo: SloId,
        /// What became of it.
        change: IncidentChange,
        /// When that happened, which may be before it was noticed.
        at: Timestamp,
        /// The figures in one sentence.
        explanation: String,
    },
}

/// What became of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentChange {
    /// The promise was broken.
    Opened,
    /// The burn stopped.
    Mitigated,
    /// The promise holds again, or the burn came back and is another incident.
    Resolved,
}

/// A fact and when it became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it became known: the clock of the writer, never earlier than the entry before.
    pub known_at: Timestamp,
    /// The fact.
    pub fact: Fact,
}

/// All that became known of a service's promises, in the order in which it did.
///
/// Nothing in it is ever changed: a correction is one more entry. So a question about a time has two answers, as known
/// then and as known now, and both can be asked for ([`History::budget_at`]).
///
/// ```
/// use shape_budget::BudgetConfig;
/// use shape_compliance::{Entry, Fact, History};
/// use shape_sli::{Events, Indicator};
/// use shape_slo::{Slo, SloId, Window};
/// use shape_telemetry::ComponentId;
///
/// let time = |text: &str| text.parse::<jiff::Timestamp>();
/// let promise = Slo::new(
///     &ComponentId::new("canvas"),
///     Indicator::Availability,
///     "99%".parse()?,
///     Window::rolling_days(1),
/// );
/// let slo = promise.id.clone();
/// let mut history = History::new(60_000);
/// let mut add = |known: &str, fact| Ok::<_, Box<dyn std::error::Error>>(history.add(time(known)?, fact)?);
/// add("2026-11-24T08:00:00Z", Fact::Promise { from: time("2026-11-24T00:00:00Z")?, slo: Box::new(promise) })?;
/// let start = time("2026-11-24T08:00:00Z")?;
/// add("2026-11-24T08:01:00Z", Fact::Counts { slo: slo.clone(), start, events: Events::new(950, 1_000)? })?;
/// add("2026-11-25T10:00:00Z", Fact::Correction {
///     slo: slo.clone(),
///     start,
///     events: Events::new(995, 1_000)?,
///     reason: "the load test was counted".to_owned(),
/// })?;
///
/// let at = time("2026-11-24T09:00:00Z")?;
/// let config = BudgetConfig::new();
/// let then = history.budget_at(&slo, at, at, &config)?.ok_or("no promise")?;
/// let now = history.budget_at(&slo, at, time("2026-11-26T00:00:00Z")?, &config)?.ok_or("no promise")?;
/// assert_eq!((then.budget.remaining, now.budget.remaining), (-40, 5));
/// assert!(now.because.iter().any(|line| line.contains("the load test was counted")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    bucket_ms: u64,
    entries: Vec<Entry>,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema_version: u32,
    bucket_ms: u64,
}

/// A line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head(Head),
    Entry(Entry),
}

impl History {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "sla-history.jsonl";

    /// A history in memory, of buckets of so many milliseconds.
    pub fn new(bucket_ms: u64) -> Self {
        Self {
            bucket_ms,
            entries: Vec::new(),
        }
    }

    /// Adds a fact that became known at a time.
    ///
    /// # Errors
    ///
    /// When it became known before the entry before it: time does not run back.
    pub fn add(&mut self, known_at: Timestamp, fact: Fact) -> Result<(), Error> {
        self.check(known_at)?;
        self.entries.push(Entry { known_at, fact });
        Ok(())
    }

    fn check(&self, known_at: Timestamp) -> Result<(), Error> {
        match self.entries.last() {
            Some(last) if known_at < last.known_at => Err(Repr::Fact {
                message: format!(
                    "known at {known_at}, expected no earlier than the entry before it at {}",
                    last.known_at
                ),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// All entries, in the order in which they became known.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The width of a bucket in milliseconds.
    pub fn bucket_ms(&self) -> u64 {
        self.bucket_ms
    }

    /// What a report says of incidents that the one before it did not: those that opened, were mitigated or resolved.
    pub fn changes(previous: Option<&ComplianceReport>, report: &ComplianceReport) -> Vec<Fact> {
        query::changes(previous, report)
    }
}

/// A [`History`] in a file: append-only JSON lines, each durable when [`HistoryFile::append`] returns.
///
/// Every line begins with a digest over itself and the digest of the line before, so that a line which was changed,
/// removed or moved is an error with its number. A last line without a line feed is the trace of a crash; it was never
/// acknowledged, is cut off and counted ([`HistoryFile::cut_bytes`]).
#[derive(Debug)]
pub struct HistoryFile {
    history: History,
    log: LineLog,
    cut_bytes: u64,
}

impl HistoryFile {
    /// Opens a file and replays it, or begins one for buckets of so many milliseconds.
    ///
    /// # Errors
    ///
    /// When the file can not be read, a line is damaged, or its buckets have another width.
    pub fn open(path: &Path, bucket_ms: u64) -> Result<Self, Error> {
        let Opened {
            mut log,
            values,
            cut_bytes,
        } = LineLog::open::<Line>(path)?;
        let mut history = History::new(bucket_ms);
        let file = path.display().to_string();
        let wrong = |line: usize, message: String| Repr::Line {
            file: file.clone(),
            line,
            message,
        };
        if values.is_empty() {
            log.append(&[Line::Head(Head {
                schema_version: History::SCHEMA_VERSION,
                bucket_ms,
            })])?;
        }
        for (index, line) in values.into_iter().enumerate() {
            match line {
                Line::Head(head) if index == 0 => {
                    if (head.schema_version, head.bucket_ms) != (History::SCHEMA_VERSION, bucket_ms)
                    {
                        let message = format!(
                            "version {} with buckets of {} ms, expected version {} with buckets of {bucket_ms} ms",
                            head.schema_version,
                            head.bucket_ms,
                            History::SCHEMA_VERSION
                        );
                        return Err(wrong(1, message).into());
                    }
                }
                Line::Entry(entry) if 0 < index => {
                    let added = history.add(entry.known_at, entry.fact);
                    added.map_err(|error| wrong(index + 1, error.to_string()))?;
                }
                _ => {
                    return Err(
                        wrong(index + 1, "a head that is not the first line".to_owned()).into(),
                    );
                }
            }
        }
        Ok(Self {
            history,
            log,
            cut_bytes,
        })
    }

    /// Adds facts that became known at a time.
    ///
    /// # Errors
    ///
    /// When they became known before what is in the file, or can not be written; the history is unchanged then.
    pub fn append(
        &mut self,
        known_at: Timestamp,
        facts: impl IntoIterator<Item = Fact>,
    ) -> Result<(), Error> {
        let facts = facts.into_iter();
        self.import(facts.map(|fact| Entry { known_at, fact }))
    }

    /// Adds many entries at once, durable together when this returns.
    ///
    /// # Errors
    ///
    /// As [`HistoryFile::append`].
    pub fn import(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<(), Error> {
        let mut added = History::new(self.history.bucket_ms);
        let mut lines = Vec::new();
        for entry in entries {
            if added.entries.is_empty() {
                self.history.check(entry.known_at)?;
            }
            added.add(entry.known_at, entry.fact.clone())?;
            lines.push(Line::Entry(entry));
        }
        self.log.append(&lines)?;
        self.history.entries.append(&mut added.entries);
        Ok(())
    }

    /// What the file holds.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Bytes of a last line that a crash had left unfinished.
    pub fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }
}
