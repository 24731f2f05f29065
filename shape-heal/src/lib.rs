//! From a breach to a validated, deployed and verified fix, with guard rails.
//!
//! [`Healer::heal`] takes a [`Breach`](shape_compliance::Breach), what telemetry and lineage say of it, and the
//! [`Observation`] that broke the promise. It chooses among the recipes of a [`RecipeBook`], proves the change at the
//! [`Gate`]s, deploys it through git, verifies it by new traffic, takes it back when it does not help, and learns. The
//! [`HealReport`] says all of it.
//!
//! The service is behind the trait [`Environment`]; [`ProcessEnvironment`] drives a program on this machine by
//! commands. Effects go through an [`EffectJournal`], so that a run that was killed can be resumed. Nothing reads the
//! clock: it is an argument.
//!
//! What is dangerous has a type: the gates alone make a [`Validated`] patch, and only a policy or a person makes an
//! [`Approval`].
//!
//! Recipes are data, and mistakes in them are reported with their place:
//!
//! ```
//! use shape_heal::{Recipe, RecipeBook};
//!
//! let recipe = Recipe::from_toml(
//!     r#"
//!     id = "no-unwrap"
//!     title = "Answer with the default instead of a panic"
//!     strategy = "rewrite"
//!     risk = "medium"
//!     [when]
//!     message = "panicked"
//!     [rewrite]
//!     language = "rust"
//!     rules = """
//!     id: no-unwrap
//!     language: rust
//!     rule: { pattern: $MAP.get($KEY).unwrap() }
//!     fix: $MAP.get($KEY).cloned().unwrap_or_default()
//!     """
//!     [test]
//!     path = "tests/shape_{{id}}.rs"
//!     text = '''
//!     #[test]
//!     fn is_found() {
//!         assert!(shop::find("{{field.sku}}").is_ok());
//!     }
//!     '''
//!     "#,
//!     "no-unwrap.toml",
//!     ".".as_ref(),
//! );
//! # #[cfg(feature = "rust")]
//! let book = RecipeBook::new([recipe?, Recipe::revert_suspect()])?;
//! # #[cfg(feature = "rust")]
//! assert_eq!(book.recipes().len(), 2);
//! # Ok::<(), shape_heal::Error>(())
//! ```
//!
//! The recipe format, the gates and the guard rails are described in the README.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(
    not(feature = "rewrite"),
    allow(dead_code, reason = "what only rewrites use stays behind")
)]

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

/// The examples in the README run as well.
#[cfg(all(doctest, feature = "process", unix))]
#[doc = include_str!("../README.md")]
struct Readme;
