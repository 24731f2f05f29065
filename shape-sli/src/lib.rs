//! Service level indicators: what share of events was good, how long requests took, how healthy a component is.
//!
//! Everything that is decided is decided by counts of good and of all events; a ratio is a figure for people. Every figure
//! says how sure it is (Wilson, Clopper–Pearson and Jeffreys intervals), and nothing seen is an answer of its own, never a
//! silent 100 %.
//!
//! ```
//! use shape_sli::{Change, Events, compare_events, wilson};
//!
//! let before = Events::new(9_971, 10_000)?;
//! let after = Events::new(4_999, 5_000)?;
//! assert_eq!(before.to_string(), "99.71%");
//!
//! let interval = wilson(before, 0.95).ok_or("no events")?;
//! assert_eq!(format!("{:.4} to {:.4}", interval.lower, interval.upper), "0.9958 to 0.9980");
//!
//! let comparison = compare_events(before, after);
//! assert_eq!(comparison.change, Change::Better); // beyond chance
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`SliReport::measure`] turns [`Measurements`](shape_telemetry::Measurements) into one [`ComponentSli`] a component:
//!   availability, latency at every counted limit, a [`LatencySummary`], and the [`Health`]. It is the artifact
//!   `sli-metrics.json`.
//! - [`Events`] is good of total; it adds up exactly and prints rounded towards bad.
//! - [`wilson`], [`clopper_pearson`], [`jeffreys`], [`lower_bound`], [`probability_below`], [`confidence_at_least`]: what a
//!   count says about the true share.
//! - [`design_effect`] and [`effective_events`]: what failures that come in bursts leave of that.
//! - [`Sampler`] and [`Observation`]: freshness, throughput, saturation and probes; [`parse_counts`]: counts in CSV;
//!   [`CounterReader`]: counters that only grow, until their process restarts.
//! - [`compare_events`] and [`compare_latency`]: before and after, with a test, an estimate and an interval.
//! - [`HealthModel`] and its implementations [`BudgetHealth`] (the default), [`Apdex`] and [`LegacyHealth`]; one tier table,
//!   [`HealthTier`].
//!
//! # Features
//!
//! - `tower`: `MeasureLayer`, which measures every request of an `axum`, `tonic` or `hyper` service.
//! - `prometheus`: scrapes read (`Exposition`), counted (`ScrapeCounter`) and written (`ExpositionWriter`).
//! - `prometheus-client`: queries to any engine that speaks Prometheus' HTTP API (`PrometheusClient`, `SliQuery`), over TLS
//!   with `prometheus-client-tls`.
//!
//! # What it does not do
//!
//! It promises nothing (that is `shape-slo`), reads no wall clock and no file, and uses the network in the client only.
//! Intervals and tests take requests as independent of one another; where failures come in bursts, the truth is wider than
//! the interval, and [`design_effect`] says by how much.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    compare::{Bounds, Change, Comparison, TestKind, compare_events, compare_events_at},
    compare_latency::{LatencyComparison, compare_latency},
    counter::{CounterGrowth, CounterReader, CounterReading},
    counts::{CountRow, parse_counts},
    dependence::{design_effect, effective_events},
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
    sampler::{Observation, Sampler},
};

#[cfg(feature = "tower")]
pub use crate::layer::{
    LayerCounts, MeasureBody, MeasureFuture, MeasureHandle, MeasureLayer, MeasureService,
    RequestHead, RouteOf, WholeService,
};
#[cfg(feature = "prometheus")]
pub use crate::prometheus::{
    Exposition, ExpositionFormat, ExpositionWriter, MetricFamily, MetricKind, MetricSample,
    SampleExemplar, ScrapeCounter, Selector,
};
#[cfg(feature = "prometheus-client")]
pub use crate::prometheus::{
    PrometheusClient, QueriedSli, QueryAnswer, QuerySample, QuerySeries, SliQuery,
};

mod compare;
mod compare_latency;
mod counter;
mod counts;
mod dependence;
mod error;
mod events;
mod figures;
mod health;
mod indicator;
mod interval;
#[cfg(feature = "tower")]
mod layer;
mod measure;
#[cfg(feature = "prometheus")]
mod prometheus;
mod report;
mod sampler;

/// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
