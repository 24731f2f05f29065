//! Service level objectives: exact targets, rolling and calendar windows, recommendations, SLO files.
//!
//! A [`Target`] is an integer number of parts per billion, read digit by digit; whether events keep it is a cross
//! multiplication in 128 bits. No float decides: 9,971 of 10,000 meets 99.5 % and misses 99.9 %, on every machine.
//!
//! ```
//! use shape_sli::{Events, Indicator};
//! use shape_slo::{Slo, SloSet, Target, Window};
//! use shape_telemetry::ComponentId;
//!
//! let events = Events::new(9_971, 10_000)?;
//! assert_eq!("99.5%".parse::<Target>()?.is_met_by(events), Some(true));
//! assert_eq!("99.9%".parse::<Target>()?.is_met_by(events), Some(false));
//! assert_eq!("99.9%".parse::<Target>()?.allowed_bad(20_000_000), 20_000);
//!
//! let canvas = ComponentId::new("canvas");
//! let slo = Slo::new(&canvas, Indicator::Availability, "99.9%".parse()?, "28d".parse()?);
//! let promises = SloSet::new("studio", vec![slo]).ratify("on-call", "2026-11-24T08:00:00Z".parse()?);
//! assert!(promises.slos[0].is_ratified());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`Target`], [`Window`], [`BudgetingMethod`], [`Slo`], [`SloSet`]; the set is the artifact `slo-targets.json`.
//! - [`recommend`] derives objectives from a healthy history, with the confidence that the history really gives them
//!   ([`Rationale`]) and a list of what got none ([`Skipped`]). They are proposals until [`SloSet::ratify`].
//! - [`recommend_target`] derives one target from a long history of counts ([`parse_history`]); [`ToleranceBound`] is the distribution-free bound over
//!   several windows, and [`back_test`] tests a recommendation against what came then.
//! - [`CompositeSlo`]: objectives over others, with weights. [`DependencyGraph`]: what a service can promise at most.
#![cfg_attr(
    feature = "yaml",
    doc = "- [`SloSet::from_yaml`] and [`SloSet::to_openslo`] read and write files.\n- [`prometheus_rules`] makes Prometheus rules of Sloth's specifications, [`grafana_dashboard`] a dashboard of them.\n- [`validate_openslo`] checks `OpenSLO` documents of every version as `OpenSLO`'s own validator does."
)]
//!
//! # Features
//!
//! - `yaml` (default): SLO files, in a native form and as `OpenSLO` of every version; every mistake with line and column.
//! - `prometheus`: objectives as metrics of Prometheus.
//! - `calendar` (default): time zones other than UTC, from the system's database or a bundled one.
//!
//! # What it does not do
//!
//! It measures nothing (`shape-sli`) and judges nothing (`shape-budget`, `shape-compliance`). It never lowers a target by
//! itself. Of `OpenSLO` it reads the objects `SLO` and `SLI` with metrics that SHAPE itself measures.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "yaml")]
pub use crate::sloth::{
    AlertWindows, Rule, RuleConfig, RuleFile, RuleGroup, RuleKind, RuleResource, grafana_dashboard,
    prometheus_rules,
};
#[cfg(feature = "yaml")]
pub use crate::validate::{OpenSloMistake, OpenSloVerdict, OpenSloVersion, validate_openslo};
pub use crate::{
    back_test::{BackTest, back_test},
    composite::{CompositeMethod, CompositeNoData, CompositePart, CompositeSlo},
    dependencies::{Cap, Ceiling, Dependency, DependencyGraph, TooHigh},
    error::{Error, ErrorKind, Mistake},
    history::{RecommendationMethod, TargetRecommendation, parse_history, recommend_target},
    objective::{BudgetingMethod, Rationale, Skipped, Slo, SloId, SloSet, Standing},
    recommend::{RecommendConfig, recommend},
    target::Target,
    tolerance::ToleranceBound,
    window::{CalendarUnit, Window, time_zone},
};

mod back_test;
mod composite;
mod dependencies;
mod error;
#[cfg(feature = "prometheus")]
mod exposition;
#[cfg(feature = "yaml")]
mod file;
mod history;
mod ladder;
mod objective;
mod recommend;
#[cfg(feature = "yaml")]
mod sloth;
mod target;
mod tolerance;
mod trend;
#[cfg(feature = "yaml")]
mod validate;
mod window;

/// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
