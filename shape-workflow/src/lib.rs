//! The closed loop as a typed graph of steps with a durable journal.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    artifact_file::{read_artifact, write_artifact},
    bus::{EventBus, Subscription},
    clock::{Clock, ManualClock},
    engine::Engine,
    error::{Error, ErrorKind},
    event::{Artifact, Event, EventKind},
    input::{Inputs, OptionalOutput, Outcome, Output, OutputOutcome, StepId},
    journal::{Crash, Journal},
    machine::StateMachine,
    outline::{DependencyKind, Outline, OutlineEdge, OutlineStep, StepStatus},
    record::{Record, RecordKind, RunStatus},
    retry::Retry,
    run::{Run, StepEnding, StepReport},
    state::{LoopState, TransitionError},
    step::{StepContext, StepError, Value},
    workflow::{Workflow, WorkflowBuilder},
};

mod artifact_file;
mod bus;
mod clock;
mod digest;
mod engine;
mod error;
mod event;
mod history;
mod input;
mod journal;
mod lock;
mod machine;
mod outline;
mod record;
mod retry;
mod run;
mod state;
mod step;
mod workflow;
