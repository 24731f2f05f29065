//! Subscribers that are slow, gone, late or talkative.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use shape_workflow::{EventBus, EventKind, ManualClock};

fn bus() -> EventBus {
    let now = "2026-03-01T10:00:00Z".parse().expect("a time");
    EventBus::new(Arc::new(ManualClock::at(now)))
}

fn started(step: &str) -> EventKind {
    EventKind::StepStarted {
        step: step.to_owned(),
    }
}

#[test]
fn a_slow_reader_loses_the_oldest_and_is_told() {
    let bus = bus();
    let slow = bus.subscribe_bounded(NonZeroUsize::new(3).unwrap());
    let quick = bus.subscribe();
    for _ in 0..10 {
        bus.emit(started("a"));
    }
    drop(bus);
    assert_eq!(slow.lagged(), 7);
    assert!(slow.map(|event| event.seq).eq(8..=10));
    assert_eq!(quick.lagged(), 0);
    assert!(quick.map(|event| event.seq).eq(1..=10));
}

#[test]
fn an_empty_bus_and_one_that_is_gone() {
    let bus = bus();
    let events = bus.subscribe();
    assert_eq!(events.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(
        events.recv_timeout(Duration::ZERO),
        Err(RecvTimeoutError::Timeout)
    );
    let clone = bus.clone();
    drop(bus);
    clone.emit(started("a"));
    drop(clone);
    assert!(events.recv_timeout(Duration::ZERO).is_ok());
    assert_eq!(events.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(
        events.recv_timeout(Duration::ZERO),
        Err(RecvTimeoutError::Disconnected)
    );
    assert_eq!(events.recv(), None);
}

#[test]
fn a_reader_on_another_thread_is_woken() {
    let bus = bus();
    let events = bus.subscribe();
    let reader = std::thread::spawn(move || events.count());
    for _ in 0..100 {
        bus.emit(started("a"));
    }
    drop(bus);
    assert_eq!(reader.join().unwrap(), 100);
}

#[test]
fn a_callback_may_tell_and_register_in_turn() {
    let bus = bus();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (talkative, sink) = (bus.clone(), Arc::clone(&seen));
    bus.on_event(move |event| {
        sink.lock().unwrap().push(event.seq);
        if event.seq == 1 {
            let late = Arc::clone(&sink);
            talkative.on_event(move |event| late.lock().unwrap().push(100 + event.seq));
            talkative.emit(started("b"));
        }
    });
    bus.emit(started("a"));
    bus.emit(started("c"));
    assert_eq!(*seen.lock().unwrap(), [1, 2, 102, 3, 103]);
}

#[test]
fn numbers_start_again_with_every_run() {
    let bus = bus();
    let events = bus.subscribe();
    for _ in 0..2 {
        bus.emit(EventKind::RunStarted {
            workflow: "w".into(),
            steps: Vec::new(),
        });
        bus.emit(started("a"));
    }
    drop(bus);
    assert!(events.map(|event| event.seq).eq([1, 2, 1, 2]));
}

#[test]
fn a_callback_that_panics_does_not_silence_the_others() {
    let bus = bus();
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    bus.on_event(move |_| *count.lock().unwrap() += 1);
    bus.on_event(|event| assert_ne!(event.seq, 1, "a bug in a callback"));
    let clone = bus.clone();
    assert!(
        std::thread::spawn(move || clone.emit(started("a")))
            .join()
            .is_err()
    );
    bus.emit(started("b"));
    assert_eq!(*seen.lock().unwrap(), 2);
}
