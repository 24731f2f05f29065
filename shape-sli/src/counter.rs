//! Events from counters that only grow, until their process restarts.

use std::time::Duration;

use jiff::Timestamp;
use shape_telemetry::Period;

use crate::Events;

/// What a sample of a counter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CounterReading {
    /// The first sample: where counting starts from. What was counted before it happened at an unknown time.
    First,
    /// So many events since the sample before.
    Grown(CounterGrowth),
    /// The counter began anew since the sample before: all that it shows came after.
    Reset(CounterGrowth),
    /// A sample that is not newer than one that was read: left out, as its events are part of a later growth.
    OutOfOrder,
}

/// Events between two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CounterGrowth {
    /// The time between the samples, or since the counter began.
    pub period: Period,
    /// The events.
    pub events: Events,
    /// Whether the samples are further apart than the reader allows: the events are real, the time of each is not known.
    pub is_stale: bool,
}

impl CounterReading {
    /// The growth, unless this is the first sample or one out of order.
    pub fn growth(self) -> Option<CounterGrowth> {
        match self {
            Self::Grown(growth) | Self::Reset(growth) => Some(growth),
            Self::First | Self::OutOfOrder => None,
        }
    }
}

/// How much a counter rose; `None` when it went back, which is to say that it began anew and rose to what it shows.
pub(crate) fn rise(earlier: u64, later: u64) -> Option<u64> {
    later.checked_sub(earlier)
}

/// Reads cumulative counters of good and bad events of one process.
///
/// A counter that went back was reset: what it shows then is the growth, as in Prometheus. Both counters are of one
/// process, so that one which went back resets both. A process that says when its counters began
/// ([`CounterReader::read_since`], `_created` in `OpenMetrics`, the start time in `OpenTelemetry`) is seen to restart
/// even when it has counted past the old value.
///
/// ```
/// use std::time::Duration;
/// use shape_sli::{CounterReader, Events};
///
/// let at = |minute: u32| format!("2026-11-24T08:{minute:02}:00Z").parse::<jiff::Timestamp>();
/// let mut reader = CounterReader::new(Duration::from_secs(300));
/// let mut growth = |minute, good, bad| {
///     let reading = reader.read(at(minute)?, Events::from_good_bad(good, bad));
///     Ok::<_, jiff::Error>(reading.growth().map(|growth| (growth.events.good(), growth.events.bad(), growth.is_stale)))
/// };
/// assert_eq!(growth(0, 5_000, 10)?, None);
/// assert_eq!(growth(1, 5_900, 15)?, Some((900, 5, false)));
/// assert_eq!(growth(1, 5_900, 15)?, None); // read twice
/// assert_eq!(growth(2, 40, 7)?, Some((40, 7, false))); // restarted
/// assert_eq!(growth(20, 60, 7)?, Some((20, 0, true))); // not seen for 18 minutes
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterReader {
    stale_after: Duration,
    last: Option<(Timestamp, Events)>,
    resets: u64,
}

impl CounterReader {
    /// A reader of samples that come at least every so often.
    pub fn new(stale_after: Duration) -> Self {
        Self {
            stale_after,
            last: None,
            resets: 0,
        }
    }

    /// Takes the counters at a time.
    pub fn read(&mut self, at: Timestamp, counted: Events) -> CounterReading {
        self.take(at, counted, None)
    }

    /// Takes the counters at a time, of a process that began to count `since`.
    pub fn read_since(
        &mut self,
        since: Timestamp,
        at: Timestamp,
        counted: Events,
    ) -> CounterReading {
        self.take(at, counted, Some(since))
    }

    fn take(&mut self, at: Timestamp, counted: Events, since: Option<Timestamp>) -> CounterReading {
        let Some((last_at, last)) = self.last else {
            self.last = Some((at, counted));
            return CounterReading::First;
        };
        if at <= last_at {
            return CounterReading::OutOfOrder;
        }
        self.last = Some((at, counted));
        let growth = |start: Timestamp, events| CounterGrowth {
            period: Period { start, end: at },
            events,
            is_stale: self.stale_after < Period { start, end: at }.length(),
        };
        let restarted = since.filter(|since| last_at < *since);
        let rises = (
            rise(last.good(), counted.good()),
            rise(last.bad(), counted.bad()),
        );
        match rises {
            (Some(good), Some(bad)) if restarted.is_none() => {
                let events = Events::from_good_bad(good, bad);
                CounterReading::Grown(growth(last_at, events))
            }
            _ => {
                // A beginning after the sample is no beginning of what it shows.
                let start = restarted.unwrap_or(last_at).min(at);
                let reset = CounterReading::Reset(growth(start, counted));
                self.resets += 1;
                reset
            }
        }
    }

    /// How often the counter began anew.
    pub fn resets(&self) -> u64 {
        self.resets
    }
}
