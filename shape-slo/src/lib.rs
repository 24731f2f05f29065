//! Service level objectives: exact targets, windows, recommendation.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    objective::{BudgetingMethod, Rationale, Slo, SloId, SloSet, Standing},
    target::Target,
    window::{CalendarUnit, Window},
};

mod objective;
mod target;
mod window;
