//! Service level objectives: exact targets, windows, recommendation.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    error::{Error, ErrorKind, Mistake},
    objective::{BudgetingMethod, Rationale, Skipped, Slo, SloId, SloSet, Standing},
    recommend::{RecommendConfig, ToleranceBound, recommend},
    target::Target,
    window::{CalendarUnit, Window},
};

mod error;
#[cfg(feature = "yaml")]
mod file;
mod objective;
mod recommend;
mod target;
mod window;
