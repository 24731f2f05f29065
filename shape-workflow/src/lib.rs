//! The closed loop as a typed graph of steps with a durable journal.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    event::{Artifact, Event, EventKind},
    state::{LoopState, TransitionError},
};

mod event;
mod state;
