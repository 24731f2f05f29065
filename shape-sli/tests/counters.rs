//! Counters that only grow, until their process restarts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_sli::{CounterReader, CounterReading, Events};

fn minute(minute: u32) -> Timestamp {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(i64::from(minute))
}

#[test]
fn a_counter_that_was_reset_loses_nothing_it_shows() {
    let mut reader = CounterReader::new(Duration::from_secs(300));
    let counts = Events::from_good_bad;
    assert_eq!(
        reader.read(minute(0), counts(100, 5)),
        CounterReading::First
    );
    let grown = reader.read(minute(1), counts(190, 6)).growth().unwrap();
    assert_eq!((grown.events, grown.is_stale), (counts(90, 1), false));
    assert_eq!(grown.period.start, minute(0));
    // Late or read twice.
    assert_eq!(
        reader.read(minute(0), counts(50, 1)),
        CounterReading::OutOfOrder
    );
    assert_eq!(
        reader.read(minute(1), counts(190, 6)),
        CounterReading::OutOfOrder
    );
    // Only one of the two went back: the process restarted all the same.
    let reset = reader.read(minute(2), counts(20, 7));
    assert!(
        matches!(reset, CounterReading::Reset(growth) if growth.events == counts(20, 7)),
        "{reset:?}"
    );
    // It restarted and has counted past what it had: only its own word tells.
    let began = minute(2) + SignedDuration::from_secs(30);
    let reset = reader.read_since(began, minute(3), counts(400, 9));
    assert!(
        matches!(reset, CounterReading::Reset(growth)
        if growth.events == counts(400, 9) && growth.period.start == began),
        "{reset:?}"
    );
    let same = reader.read_since(began, minute(4), counts(410, 9));
    assert_eq!(same.growth().unwrap().events, counts(10, 0));
    let stale = reader
        .read_since(began, minute(10), counts(420, 9))
        .growth()
        .unwrap();
    assert!(stale.is_stale && stale.events == counts(10, 0));
    assert_eq!(reader.resets(), 2);
}

proptest! {
    /// However often a process restarts, the growths add up to all that happened after the first sample, as long as a
    /// restart shows: some count went back.
    #[test]
    fn growths_add_up(steps in prop::collection::vec((0_u64..50, 0_u64..5, any::<bool>()), 1..60)) {
        let mut reader = CounterReader::new(Duration::from_secs(300));
        let mut counter = Events::from_good_bad(1_000, 100);
        reader.read(minute(0), counter);
        let (mut truth, mut read) = (Events::NONE, Events::NONE);
        for (at, (good, bad, restarts)) in (1_u32..).zip(steps) {
            let happened = Events::from_good_bad(good, bad);
            let restarts = restarts && good < counter.good();
            counter = if restarts { happened } else { counter + happened };
            truth += happened;
            read += reader.read(minute(at), counter).growth().unwrap().events;
        }
        prop_assert_eq!(read, truth);
    }
}
