//! Service level indicators: good and total events, latency, health score.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    error::{Error, ErrorKind},
    events::Events,
    figures::Grouped,
    health::{
        Apdex, BudgetHealth, Health, HealthInput, HealthModel, HealthTier, LegacyHealth, Score,
    },
    indicator::Indicator,
    interval::{
        Interval, clopper_pearson, confidence_at_least, jeffreys, lower_bound, probability_below,
        wilson,
    },
    measure::MeasureConfig,
    report::{ComponentSli, LatencySummary, Sli, SliPoint, SliReport},
};

mod error;
mod events;
mod figures;
mod health;
mod indicator;
mod interval;
mod measure;
mod report;
