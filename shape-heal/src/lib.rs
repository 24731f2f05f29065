//! From a breach to a validated, deployed and verified fix, with guard rails.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(all(feature = "process", unix))]
pub use crate::process::{ProcessEnvironment, ServiceSpec};
pub use crate::{
    approval::Approval,
    cancel::Cancel,
    compare::Judgement,
    effect::{Effect, EffectJournal, EffectKind, MemoryJournal},
    environment::{CommandReport, Environment, EnvironmentError, Observation},
    error::{Error, ErrorKind},
    event::{HealEvent, HealStage},
    gates::Validated,
    healer::{Healer, HealerBuilder},
    history::{Attempt, AttemptResult, HealHistory},
    knowledge::{Knowledge, KnownOutcome, Posterior},
    patch::{FileChange, Patch},
    policy::{Freeze, OverspentPolicy, Policy},
    recipe::{Recipe, RevertLimits, RewriteRule, Risk, Scope, Strategy, TestTemplate, When},
    recipe_book::RecipeBook,
    report::{
        Candidate, CandidateState, Comparison, Deployment, Gate, GateResult, HealOutcome,
        HealReport, Lesson, Mode, Refusal, StrategyKind, Verification, VerificationVerdict,
    },
    signature::FaultSignature,
};

mod approval;
mod cancel;
mod candidate;
mod compare;
mod deploy;
mod effect;
mod environment;
mod error;
mod event;
mod fault;
mod flow;
mod gates;
mod git;
mod healer;
mod history;
mod knowledge;
mod learn;
mod patch;
mod placeholder;
mod policy;
#[cfg(all(feature = "process", unix))]
mod process;
mod push;
mod recipe;
mod recipe_book;
mod report;
mod resume;
mod revert;
#[cfg(feature = "rewrite")]
mod rewrite;
mod run;
mod signature;
mod state_file;
mod verify;
mod worktree;
