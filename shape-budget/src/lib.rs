//! Error budgets: exact remainders, burn rates, alerts, forecasts.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    burn::{Alert, AlertSeverity, BurnRate, BurnWindow},
    report::{BudgetReport, BurndownPoint, Forecast, SloBudget},
};

mod burn;
mod report;
