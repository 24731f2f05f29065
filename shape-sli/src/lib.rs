//! Service level indicators: good and total events, latency, health score.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    compare::{Bounds, Change, Comparison, TestKind, compare_events, compare_events_at},
    compare_latency::{LatencyComparison, compare_latency},
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

mod compare;
mod compare_latency;
mod error;
mod events;
mod figures;
mod health;
mod indicator;
mod interval;
mod measure;
mod report;
