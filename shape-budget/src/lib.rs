//! Error budgets: exact remainders, burn rates, alerts, forecasts.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    alert::{Alert, AlertRule, AlertSeverity},
    assess::{BudgetConfig, UntimedEvents, assess},
    burn::{BurnRate, BurnWindow},
    error::{Error, ErrorKind},
    forecast::breach_probability,
    report::{BudgetReport, BurndownPoint, Forecast, SloBudget},
    spend::{BudgetUnit, NoDataPolicy, SliceCounts},
};

mod alert;
mod assess;
mod burn;
mod error;
mod forecast;
mod report;
mod spend;
