//! Reads logs into typed records, measures them, and says what is wrong and why.
//!
//! A log holds more than text: when something was written and by whom, how a request ended and how long it took, which
//! kind of message it was. This crate takes any log (some forty layouts are told apart by themselves), keeps every
//! line, and gives three things, each built on the one before:
//!
//! 1. [`Record`]s and [`Event`]s: typed, borrowed from the line, with fields, spans, source location and stack frames.
//! 2. [`Measurements`]: counts, latencies and message templates per component and time bucket. They merge: shards in
//!    any order and grouping give the bytes of one pass.
//! 3. A [`TelemetryReport`]: anomalies with their test, effect and log lines as evidence, and ranked causes.
//!
//! ```
//! use std::time::Duration;
//! use shape_telemetry::{Analyzer, Baseline, Collector, CollectorConfig};
//!
//! # fn service(failing: bool) -> String {
//! #     (0..600).map(|n| {
//! #         let (s, ms, bad) = (n / 20, n % 20 * 50, failing && n % 3 == 0);
//! #         let at = format!("2026-11-23T23:41:{s:02}.{ms:03}Z");
//! #         let error = if bad { format!("{at} ERROR shop::cart: no price for item \"{n}\"\n") } else { String::new() };
//! #         let status = if bad { 500 } else { 200 };
//! #         error + &format!("{at}  INFO shop::cart: request completed path=/cart status={status} duration_ms=1.{n}\n")
//! #     }).collect()
//! # }
//! # let (yesterday, today) = (service(false), service(true));
//! let measure = |log: &str| {
//!     let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
//!     collector.read("shop.log", log.as_bytes());
//!     collector.finish()
//! };
//! let baseline = Baseline::learn(&measure(&yesterday).0);
//! let (now, sources) = measure(&today);
//! let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
//!
//! assert_eq!(report.anomalies[0].summary, "new error `no price for item \"<*>\"`, 200 times, never in the baseline");
//! assert_eq!(report.anomalies[1].summary, "200 of 600 requests of cart failed (33.3 %), 0.0 % in the baseline");
//! let cause = &report.diagnoses[0].causes[0];
//! assert_eq!(cause.summary.lines().next(), Some("new error `no price for item \"<*>\"`, 200 times, never in the baseline; 200 requests of cart failed with it"));
//! assert_eq!(cause.positions[0].to_string(), "shop.log:1");
//! ```
//!
//! # Overview
//!
//! | step | types |
//! |---|---|
//! | one line | [`Reader::parse_line`], [`Record`], [`Field`], [`Format`], [`Level`] |
//! | one's own layout | [`Pattern`] |
//! | a log | [`Reader::read`], [`Event`], [`Sink`], [`SourceSummary`], [`LineCounts`] |
//! | line by line | [`Reader::read_lines`], [`LogLine`] |
//! | kinds of messages | [`TemplateMiner`], [`Templates`], [`Template`], [`clean_up`], [`variables`], [`VariableKind`] |
#![cfg_attr(
    feature = "files",
    doc = "| a log that grows | [`Follower`], [`FollowedEvents`], [`FollowPosition`] |"
)]
#![cfg_attr(
    feature = "tracing",
    doc = "| this process | [`capture`], [`CaptureLayer`], [`Captured`] |"
)]
//! | measuring | [`Collector`], [`CollectorConfig`], [`ComponentRule`], [`OutcomeRule`], [`classify`] |
//! | what was measured | [`Measurements`], [`Bucket`], [`Gauge`], [`LatencySketch`], [`TemplateSeries`], [`Exemplar`] |
//! | what is normal | [`Baseline`] |
//! | what is wrong | [`Analyzer`], [`Anomaly`], [`Evidence`], [`Diagnosis`], [`Cause`], [`ChangeEvent`] |
//! | requests by their id | [`SessionSample`], [`ComponentGraph`], [`SessionModel`], [`SessionDetector`] |
//! | where an incident comes from | [`root_causes`], [`NodeMetrics`], [`Incident`], [`RankedNode`] |
//! | one metric | [`MetricDetector`], [`MetricConfig`], [`MetricScore`], [`ChangePoint`] |
//!
//! # What always holds
//!
//! - Lines in are lines parsed plus lines kept as unparsed, for any bytes. Nothing panics, nothing is dropped.
//! - The same logs give the same bytes. The clock is never read: a year that a log does not name comes from
//!   [`Reader::reference`], or the time stays `None`.
//! - Every anomaly names its test, n, statistic, corrected p value and effect, and keeps log lines as evidence.
//! - Memory is bounded: by the longest line (1 MiB) and by [`Limits`] of templates, components, metrics and time buckets;
//!   what they cut is counted ([`Overflow`]).
//!
//! # Features
//!
//! - `files` (default): files, directories, patterns, standard input, gzip and Zstandard, following.
//! - `tracing`: a layer for `tracing-subscriber` that captures the events of the process.
//!
//! # What it does not do
//!
//! It does not keep the log: it keeps counts and a few lines as evidence.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "tracing")]
pub use crate::layer::{CaptureLayer, Captured, capture};
pub use crate::{
    analyze::{Analyzer, AnalyzerConfig},
    anomaly::{Anomaly, AnomalyId, AnomalyKind, Bond, Companion, Evidence, Severity},
    baseline::{Baseline, BaselineComponent, BaselineError, BaselineTemplate},
    classify::{Verdict, classify},
    collect::{Collector, CollectorConfig},
    diagnosis::{
        Attribution, Cause, CauseKind, ChangeEvent, Diagnosis, Recommendation, RecommendationKind,
    },
    exception::Exception,
    format::Format,
    gauge::Gauge,
    graph::ComponentGraph,
    identity::{ComponentId, LogPosition, SourceLocation},
    level::Level,
    limits::{Limits, Overflow},
    lines::LogLine,
    measurements::{
        Bucket, ComponentMeasurements, Exemplar, FieldCounts, Measurements, TemplateSeries,
        ValuesSeen,
    },
    metric::{ChangePoint, MetricConfig, MetricDetector, MetricError, MetricReason, MetricScore},
    mine::{
        MessageKind, Template, TemplateMiner, Templates, Variable, VariableKind, clean_up,
        variables,
    },
    monoid::{MergeError, Totals},
    octaves::OctaveCounts,
    outcome::Outcome,
    pattern::{Pattern, PatternError},
    period::Period,
    presence::{Presence, Slot},
    read::{Event, Reader, Sink},
    record::{Emitter, Field, Record},
    report::{LineCounts, SourceSummary, TelemetryReport, TemplateSummary},
    root_cause::{Incident, NodeMetrics, RankedNode, RootCauseError, Worse, root_causes},
    rules::{ComponentRule, OutcomeRule, RecordMatch},
    sessions::{SessionDetector, SessionModel, SessionSample, SessionStep, SessionVerdict},
    sketch::LatencySketch,
    template::TemplateId,
};
#[cfg(feature = "files")]
pub use crate::{
    files::{LogFile, Progress, find_logs},
    follow::{FollowPosition, FollowedEvents, FollowedLine, Follower},
};

mod analyze;
mod anomaly;
mod baseline;
mod bins;
mod blocking;
mod classify;
mod coincidence;
mod collect;
mod columns;
mod decode;
mod detect;
mod diagnose;
mod diagnosis;
mod draft;
mod duration;
mod escape;
mod exception;
mod exemplar;
mod field_table;
#[cfg(feature = "files")]
mod files;
mod fingerprint;
mod fold;
#[cfg(feature = "files")]
mod follow;
mod format;
mod frames;
mod gauge;
mod glob_match;
mod graph;
mod hash;
mod identity;
#[cfg(feature = "tracing")]
mod layer;
mod level;
mod limits;
mod lines;
mod measurements;
mod metric;
mod mine;
mod monoid;
mod names;
mod number;
mod octaves;
mod outcome;
mod parallel;
mod parse;
mod pass;
mod pattern;
mod period;
mod phrases;
mod presence;
mod read;
mod record;
mod report;
mod root_cause;
#[cfg(feature = "files")]
mod rotation;
mod rules;
mod sentence;
mod sessions;
mod severity;
mod shard;
mod sketch;
mod stateful;
mod statistics;
mod template;
mod widen;
mod wording;
#[cfg(feature = "files")]
mod zstd;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
