//! The closed loop as a typed graph of steps with a durable journal.
//!
//! A loop that changes production must not lose its place. This crate runs steps whose inputs and outputs are checked
//! when the program is compiled, writes down what it is about to do before it does it, and takes an interrupted run up
//! where it stopped, without doing an effect twice.
//!
//! ```
//! use std::sync::Arc;
//! use shape_workflow::{Engine, Journal, LoopState, ManualClock, StepError, Workflow};
//!
//! # let folder = tempfile::tempdir()?;
//! let mut steps = Workflow::builder("check");
//! let lines = steps.step("read", (), |ctx, ()| {
//!     let lines = vec!["ok".to_owned(), "slow".to_owned(), "ok".to_owned()];
//!     ctx.output_summary(format!("{} lines", lines.len()));
//!     Ok(lines)
//! });
//! let slow = steps.step("count", lines, |_, lines| {
//!     Ok(lines.iter().filter(|line| *line == "slow").count())
//! });
//! let fix = steps.step("heal", (lines, slow), |ctx, (lines, slow)| {
//!     if *slow == 0 {
//!         return Err(StepError::skip("nothing is slow"));
//!     }
//!     ctx.enter(LoopState::Breached, format!("{slow} of {} lines are slow", lines.len()))?;
//!     Ok("coalesce".to_owned())
//! });
//! steps.step("report", (slow, fix.optional()), |_, (slow, fix)| {
//!     Ok(format!("{slow} slow, fix: {}", fix.as_deref().map_or("none", String::as_str)))
//! });
//! let mut workflow = steps.build()?;
//!
//! // Binaries pass a real clock: every `Fn() -> Timestamp` is one.
//! let clock = Arc::new(ManualClock::at("2026-03-01T10:00:00Z".parse()?));
//! let path = folder.path().join(Journal::FILE_NAME);
//! let engine = Engine::new(clock.clone()).journal(Journal::open(&path, clock)?);
//! let events = engine.bus().subscribe();
//! let run = engine.run(&mut workflow)?;
//!
//! assert_eq!(run.value(fix).as_deref().map(String::as_str), Some("coalesce"));
//! assert_eq!(run.state(), LoopState::Breached);
//! assert_eq!(events.try_recv()?.seq, 1);
//! // Run again on the same journal: nothing is left to do.
//! assert!(engine.run(&mut workflow)?.is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//! - [`Workflow`], [`WorkflowBuilder`]: the graph. [`Output`] is the typed handle that connects steps;
//!   [`Output::optional`] and [`Output::outcome`] are for steps that run without the value too.
//! - [`Engine`], [`Run`]: runs the graph in a stable order; [`Retry`], [`Clock`], cancelling.
//! - [`StepContext`], [`StepError`]: what a step sees of its run and how it ends.
//! - [`Journal`], [`Record`]: the write-ahead journal; implements `shape_heal::EffectJournal`.
//! - [`LoopState`], [`StateMachine`]: where the loop stands, by legal transitions only.
//! - [`EventBus`], [`Event`]: what dashboards and progress bars listen to; a slow reader never holds up the loop.
//! - [`Outline`]: the graph without the code, as Graphviz or Mermaid, with live colours.
//! - [`write_artifact`], [`read_artifact`]: reports as files, whole or not at all.
//!
//! # What is promised after a crash
//! A step that the journal calls finished is not run again: its value is read back and checked by its digest. A step
//! that had only begun is run again, from the state of the loop it had begun in. Effects are begun at least once; an
//! effect that looks for its key in the world before it acts (a commit trailer, a branch name) happens once. A journal of
//! another graph, run or set of parameters is refused.
//!
//! # What it does not do
//! Steps run one at a time, on the caller's thread: they may borrow from one environment mutably, and their order is
//! part of what can be reproduced. A step is not interrupted from outside: it looks at [`StepContext::cancel`] itself.
//! There are no timers or signals that outlive the process, and one journal holds one run.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    artifact_file::{read_artifact, write_artifact},
    builder::WorkflowBuilder,
    bus::{EventBus, Subscription},
    clock::{Clock, ManualClock},
    closed_loop::{
        ClosedLoop, ClosedLoopBuilder, DiagnosisReport, HealRequest, LoopOutputs, Promises,
        Recovery,
    },
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
    workflow::Workflow,
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

#[cfg(feature = "config")]
pub use crate::config::{
    BaselineConfig, ConfigError, DeployConfig, FreezeTime, GuardsConfig, LATENCY_LADDER, Length,
    LogsConfig, LoopConfig, OutputConfig, RecipesConfig, RepositoryConfig, ServiceConfig,
    SloConfig, ValidationConfig,
};

mod artifact_file;
mod builder;
mod bus;
mod clock;
mod closed_loop;
#[cfg(feature = "config")]
mod config;
mod digest;
mod engine;
mod error;
mod event;
mod history;
mod input;
mod journal;
mod lock;
mod machine;
mod order;
mod outline;
mod pass;
mod record;
mod retry;
mod run;
mod state;
mod step;
mod workflow;

#[cfg(feature = "config")]
#[doc = include_str!("../docs/configuration.md")]
pub mod _configuration {}
