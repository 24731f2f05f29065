//! Messages that wait to be delivered, in a file.

use std::{collections::BTreeSet, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AlertStatus, Notification};
use crate::{
    Error,
    log::{LineLog, Opened},
};

/// Where messages go.
///
/// A receiver in memory, for tests of one's own code:
///
/// ```
/// use std::cell::RefCell;
/// use shape_compliance::{Deliver, DeliveryError, Notification};
///
/// #[derive(Default)]
/// struct Kept(RefCell<Vec<String>>);
///
/// impl Deliver for Kept {
///     fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
///         self.0.borrow_mut().push(notification.key.clone());
///         Ok(())
///     }
/// }
/// ```
pub trait Deliver {
    /// Hands a message over; returns when the receiver has it.
    ///
    /// A receiver that may get a message twice tells it by its key.
    ///
    /// # Errors
    ///
    /// When the receiver did not take it, with whether it ever will.
    fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError>;
}

impl<T: Deliver + ?Sized> Deliver for &T {
    fn deliver(&self, notification: &Notification) -> Result<(), DeliveryError> {
        (**self).deliver(notification)
    }
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// Whether it is of no use to try again: the receiver refuses the message itself.
    pub is_final: bool,
    /// What the receiver said.
    pub message: String,
}

/// What a run over the waiting messages did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Keys of delivered messages.
    pub delivered: Vec<String>,
    /// Keys of messages that the receiver refused for good, with what it said; they are kept in the file.
    pub refused: Vec<(String, String)>,
    /// Keys of messages that wait on, with the last mistake, if any.
    pub waiting: Vec<(String, String)>,
}

/// Messages that wait to be delivered, in a file of JSON lines that survives a crash.
///
/// A message is durable when [`Outbox::queue`] returns, and told by its key: queued twice it is sent once, also after a
/// restart. What was delivered is written down before the next one is sent. So nothing is lost, and nothing is sent twice
/// but for one case that no sender can rule out: killed between the receiver's answer and writing it down, the message
/// is sent again with the same key (`Idempotency-Key` over HTTP), by which the receiver can tell.
///
/// Messages about one incident are delivered in order: "over" never overtakes "began". After a mistake a message waits
/// for 10 s, doubled with each further one up to an hour.
#[derive(Debug)]
pub struct Outbox {
    log: LineLog,
    known: BTreeSet<String>,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    notification: Notification,
    mistakes: u32,
    next_at: Timestamp,
    said: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Queued(Box<Notification>),
    Delivered {
        key: String,
        at: Timestamp,
    },
    Refused {
        key: String,
        at: Timestamp,
        said: String,
    },
}

const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

impl Outbox {
    /// The name of the file.
    pub const FILE_NAME: &'static str = "notifications.jsonl";

    /// Opens the file and takes up what waits in it, or begins one. One process at a time.
    ///
    /// # Errors
    ///
    /// When the file can not be read, or a line is damaged. A last line that a crash left unfinished is cut off: it was
    /// never acknowledged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let Opened { log, values, .. } = LineLog::open::<Record>(path)?;
        let mut outbox = Self {
            log,
            known: BTreeSet::new(),
            waiting: Vec::new(),
        };
        for record in values {
            match record {
                Record::Queued(notification) => outbox.take(*notification),
                Record::Delivered { key, .. } | Record::Refused { key, .. } => {
                    outbox
                        .waiting
                        .retain(|waiting| waiting.notification.key != key);
                }
            }
        }
        Ok(outbox)
    }

    fn take(&mut self, notification: Notification) {
        self.known.insert(notification.key.clone());
        self.waiting.push(Waiting {
            notification,
            mistakes: 0,
            next_at: Timestamp::MIN,
            said: String::new(),
        });
    }

    /// Takes messages in; those whose key it has ever had are left out. Durable when this returns. Gives how many are new.
    ///
    /// # Errors
    ///
    /// When the file can not be written; nothing is taken in then.
    pub fn queue(
        &mut self,
        notifications: impl IntoIterator<Item = Notification>,
    ) -> Result<usize, Error> {
        let mut keys = BTreeSet::new();
        let new: Vec<Notification> = notifications
            .into_iter()
            .filter(|new| !self.known.contains(&new.key) && keys.insert(new.key.clone()))
            .collect();
        let records: Vec<Record> = new
            .iter()
            .cloned()
            .map(Box::new)
            .map(Record::Queued)
            .collect();
        self.log.append(&records)?;
        let n_new = new.len();
        for notification in new {
            self.take(notification);
        }
        Ok(n_new)
    }

    /// Keys of the messages that wait, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &str> {
        self.waiting
            .iter()
            .map(|waiting| waiting.notification.key.as_str())
    }

    /// Tries to deliver what waits and is due at `now`.
    ///
    /// # Errors
    ///
    /// When the file can not be written: then what was delivered last may be sent again.
    pub fn flush(&mut self, now: Timestamp, receiver: &impl Deliver) -> Result<Flushed, Error> {
        let mut flushed = Flushed::default();
        let mut held: BTreeSet<String> = BTreeSet::new();
        let mut index = 0;
        while let Some(waiting) = self.waiting.get_mut(index) {
            let key = waiting.notification.key.clone();
            let group = waiting.notification.message.group_key.clone();
            // "Over" waits for "began"; what is refused holds nothing up.
            let is_due = waiting.next_at <= now && !held.contains(&group);
            let result = if is_due {
                receiver.deliver(&waiting.notification)
            } else {
                flushed.waiting.push((key, waiting.said.clone()));
                held.insert(group);
                index += 1;
                continue;
            };
            let record = match result {
                Ok(()) => {
                    flushed.delivered.push(key.clone());
                    Record::Delivered { key, at: now }
                }
                Err(error) if error.is_final => {
                    flushed.refused.push((key.clone(), error.message.clone()));
                    Record::Refused {
                        key,
                        at: now,
                        said: error.message,
                    }
                }
                Err(error) => {
                    let doublings = waiting.mistakes.min(16);
                    let wait = FIRST_WAIT.saturating_mul(1_i32 << doublings);
                    waiting.mistakes += 1;
                    waiting.next_at = now.checked_add(wait.min(LONGEST_WAIT)).unwrap_or(now);
                    waiting.said.clone_from(&error.message);
                    flushed.waiting.push((key, error.message));
                    held.insert(group);
                    index += 1;
                    continue;
                }
            };
            self.log.append(&[record])?;
            self.waiting.remove(index);
        }
        Ok(flushed)
    }
}

impl Notification {
    /// Whether it says that an incident is over.
    pub fn is_over(&self) -> bool {
        self.message.status == AlertStatus::Resolved
    }
}
