//! Error budgets: what may still fail, how fast it is being spent, and what is to be expected.
//!
//! What is allowed, spent and left are integers in 128 bits; what is left is signed. A fix stops the burn; it does not
//! refill the budget: that happens only as bad events leave the window.
//!
//! ```
//! use shape_budget::{BurnRate, breach_probability};
//! use shape_sli::Events;
//! use shape_slo::Target;
//!
//! let target: Target = "99.9%".parse()?;
//! let seen = Events::new(9_971, 10_000)?;
//! assert_eq!(target.allowed_bad(seen.total()), 10); // of which 29 are spent
//! assert_eq!(BurnRate::of(target, seen).map(|burn| burn.to_string()), Some("2.9".to_owned()));
//!
//! let young = Events::new(9_990, 10_000)?;
//! let risk = breach_probability(target, young, 20_000).ok_or("no events")?;
//! assert_eq!(format!("{risk:.3}"), "0.483");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`assess`] makes a [`BudgetReport`] of a set of promises, a report of indicators and a time. It is the artifact
//!   `error-budgets.json`.
//! - [`SloBudget`] holds the events of the window, what is allowed and left, the burn over several look-backs, the alerts
//!   that fire, a [`Forecast`] and the burndown.
//! - Promises are kept by events, by slices or by the mean of slices ([`shape_slo::BudgetingMethod`]); slices without data
//!   count as [`NoDataPolicy`] says, and their number is always reported.
//! - [`AlertRule`] is a pair of windows; [`AlertRule::SRE_WORKBOOK`] are the usual four.
//! - [`Exclusion`] is a time that counts neither for nor against, [`Recurrence`] says when it comes again.
//! - [`BudgetRule`] alerts by what is left, dropped or lasts; [`BudgetPolicy`] says what may be changed at what is left.
//! - [`BurnMeter`] counts a running stream in constant time; [`replay`] says when alerts would have fired.
//! - [`breach_probability`] is the beta-binomial forecast; [`ExhaustionBand`] says when a budget ends, and how surely.
//!
//! # What it does not do
//!
//! It raises no incident and sends nothing (`shape-compliance`); it reads no clock: `now` is an argument. Windows are exact to the
//! width of a time bucket.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    alert::{Alert, AlertRule, AlertSeverity},
    assess::{assess, assess_slo},
    budget_rule::{BudgetAlert, BudgetCondition, BudgetRule},
    burn::{BurnRate, BurnWindow},
    config::{BudgetConfig, UntimedEvents},
    error::{Error, ErrorKind},
    exclusion::Exclusion,
    exhaustion::ExhaustionBand,
    forecast::breach_probability,
    meter::BurnMeter,
    policy::{Allowed, BudgetPart, BudgetPolicy, PolicyDecision, PolicyStep},
    recurrence::Recurrence,
    replay::{Fired, MinuteCount, Replay, parse_minute_counts, replay},
    report::{BudgetReport, BurndownPoint, ExcludedShare, Forecast, SloBudget},
    spend::{BudgetUnit, NoDataPolicy, SliceCounts},
};

mod alert;
mod assess;
mod budget_rule;
mod burn;
mod config;
mod error;
mod exclusion;
mod exhaustion;
#[cfg(feature = "prometheus")]
mod exposition;
mod forecast;
mod meter;
mod outlook;
mod policy;
mod prometheus;
mod recurrence;
mod replay;
mod report;
mod spend;

/// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
