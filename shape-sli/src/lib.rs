//! Service level indicators: good and total events, latency, health score.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    events::{Events, EventsError},
    health::{Health, HealthTier, Score},
    indicator::Indicator,
    report::{ComponentSli, Interval, LatencySummary, Sli, SliPoint, SliReport},
};

mod events;
mod health;
mod indicator;
mod report;
