//! How events reach those who want to know.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use crate::{Clock, Event, EventKind};

type Callback = Box<dyn FnMut(&Event) + Send>;

/// Numbers events and hands them to subscribers and callbacks; clones share it.
///
/// Telling an event never waits for a reader: a subscription holds a bounded number of events, the oldest give way, and
/// [`Subscription::lagged`] says how many were lost.
#[derive(Clone)]
pub struct EventBus {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<BusState>,
}

#[derive(Default)]
struct BusState {
    seq: u64,
    queues: Vec<Weak<Queue>>,
    callbacks: Vec<Callback>,
    /// Events that the callbacks have not seen yet.
    pending: VecDeque<Event>,
    /// Whether some call is handing `pending` to the callbacks right now.
    is_delivering: bool,
}

impl EventBus {
    /// How many events a subscription holds unless told otherwise.
    pub const CAPACITY: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

    /// A bus whose events carry the time of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                state: Mutex::default(),
            }),
        }
    }

    /// Events from now on, at most [`EventBus::CAPACITY`] of them waiting.
    pub fn subscribe(&self) -> Subscription {
        self.subscribe_bounded(Self::CAPACITY)
    }

    /// Events from now on, at most `capacity` of them waiting.
    pub fn subscribe_bounded(&self, capacity: NonZeroUsize) -> Subscription {
        let queue = Arc::new(Queue {
            capacity: capacity.get(),
            state: Mutex::default(),
            arrived: Condvar::new(),
        });
        self.shared.lock().queues.push(Arc::downgrade(&queue));
        Subscription { queue }
    }

    /// Calls `callback` with every event from now on, in order, on the thread that tells it.
    ///
    /// A callback may tell events itself; they are delivered after the present one.
    pub fn on_event(&self, callback: impl FnMut(&Event) + Send + 'static) {
        self.shared.lock().callbacks.push(Box::new(callback));
    }

    /// Tells an event. The numbers start again at 1 with every [`EventKind::RunStarted`].
    pub fn emit(&self, kind: EventKind) {
        let mut state = self.shared.lock();
        if matches!(kind, EventKind::RunStarted { .. }) {
            state.seq = 0;
        }
        state.seq += 1;
        let event = Event {
            seq: state.seq,
            at: self.shared.clock.now(),
            kind,
        };
        state.queues.retain(|queue| match queue.upgrade() {
            Some(queue) => {
                queue.push(event.clone());
                true
            }
            None => false,
        });
        state.pending.push_back(event);
        if !state.is_delivering {
            state.is_delivering = true;
            drop(state);
            self.deliver();
        }
    }

    /// Hands the pending events to the callbacks without holding the lock while they run.
    fn deliver(&self) {
        let mut delivery = Delivery {
            shared: &self.shared,
            callbacks: Vec::new(),
        };
        loop {
            let mut state = self.shared.lock();
            // What a callback registered meanwhile comes after those that were there.
            delivery.callbacks.append(&mut state.callbacks);
            let Some(event) = state.pending.pop_front() else {
                state.callbacks = std::mem::take(&mut delivery.callbacks);
                state.is_delivering = false;
                return;
            };
            drop(state);
            for callback in &mut delivery.callbacks {
                callback(&event);
            }
        }
    }
}

/// Puts the callbacks back when one of them panics, so that later events are still delivered.
struct Delivery<'s> {
    shared: &'s Shared,
    callbacks: Vec<Callback>,
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        if !self.callbacks.is_empty() {
            let mut state = self.shared.lock();
            self.callbacks.append(&mut state.callbacks);
            state.callbacks = std::mem::take(&mut self.callbacks);
            state.is_delivering = false;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BusState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for queue in self.lock().queues.iter().filter_map(Weak::upgrade) {
            queue.lock().is_closed = true;
            queue.arrived.notify_all();
        }
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("EventBus")
            .field("seq", &state.seq)
            .field("n_subscriptions", &state.queues.len())
            .finish_non_exhaustive()
    }
}

struct Queue {
    capacity: usize,
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    events: VecDeque<Event>,
    lagged: u64,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) {
        let mut state = self.lock();
        if self.capacity <= state.events.len() {
            state.events.pop_front();
            state.lagged += 1;
        }
        state.events.push_back(event);
        self.arrived.notify_all();
    }
}

/// The events that wait for one reader. As an iterator it ends when the bus is gone.
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// The next event; waits for it. `None` when the bus is gone and everything was read.
    pub fn recv(&self) -> Option<Event> {
        let mut state = self.queue.lock();
        loop {
            if let Some(event) = state.events.pop_front() {
                return Some(event);
            }
            if state.is_closed {
                return None;
            }
            state = self
                .queue
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next event; waits for it, but not longer than `timeout`.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        let (mut state, _) = self
            .queue
            .arrived
            .wait_timeout_while(self.queue.lock(), timeout, |state| {
                state.events.is_empty() && !state.is_closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        match state.events.pop_front() {
            Some(event) => Ok(event),
            None if state.is_closed => Err(RecvTimeoutError::Disconnected),
            None => Err(RecvTimeoutError::Timeout),
        }
    }

    /// The next event if one is there.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        let mut state = self.queue.lock();
        match state.events.pop_front() {
            Some(event) => Ok(event),
            None if state.is_closed => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// How many events were lost because this reader was too slow. They are the ones missing in [`Event::seq`].
    pub fn lagged(&self) -> u64 {
        self.queue.lock().lagged
    }
}

impl Iterator for Subscription {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.recv()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.queue.lock();
        f.debug_struct("Subscription")
            .field("n_waiting", &state.events.len())
            .field("lagged", &state.lagged)
            .finish_non_exhaustive()
    }
}
