//! From a breach to a validated, deployed and verified fix, with guard rails.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    cancel::Cancel,
    effect::{Effect, EffectJournal, EffectKind, MemoryJournal},
    environment::{CommandReport, Environment, EnvironmentError, Observation},
    event::{HealEvent, HealStage},
    report::{
        Candidate, CandidateState, Comparison, Deployment, Gate, GateResult, HealOutcome,
        HealReport, Lesson, Mode, Refusal, StrategyKind, Verification, VerificationVerdict,
    },
    signature::FaultSignature,
};

mod cancel;
mod effect;
mod environment;
mod event;
mod report;
mod signature;
