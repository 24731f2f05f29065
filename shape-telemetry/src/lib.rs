//! Reads logs into typed records, measures them, and says what is wrong.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "files")]
pub use crate::files::{LogFile, Progress, find_logs};
pub use crate::{
    analyze::{Analyzer, AnalyzerConfig},
    anomaly::{Anomaly, AnomalyId, AnomalyKind, Evidence, Severity},
    baseline::{Baseline, BaselineComponent, BaselineTemplate},
    classify::{Verdict, classify},
    collect::{Collector, CollectorConfig},
    diagnosis::{Cause, CauseKind, Diagnosis, Recommendation, RecommendationKind},
    format::Format,
    identity::{ComponentId, LogPosition, SourceLocation},
    level::Level,
    measurements::{
        Bucket, ComponentMeasurements, Exemplar, FieldCounts, Measurements, TemplateSeries,
    },
    monoid::{MergeError, Totals},
    outcome::Outcome,
    period::Period,
    read::{Event, Reader, Sink},
    record::{Emitter, Field, Record},
    report::{LineCounts, SourceSummary, TelemetryReport, TemplateSummary},
    rules::{ComponentRule, OutcomeRule, RecordMatch},
    sketch::LatencySketch,
    template::TemplateId,
};

mod analyze;
mod anomaly;
mod baseline;
mod blocking;
mod classify;
mod collect;
mod decode;
mod detect;
mod diagnose;
mod diagnosis;
mod duration;
mod exemplar;
#[cfg(feature = "files")]
mod files;
mod fingerprint;
mod format;
mod frames;
mod glob_match;
mod identity;
mod level;
mod mask;
mod measurements;
mod monoid;
mod number;
mod outcome;
mod parse;
mod period;
mod read;
mod record;
mod report;
mod rules;
mod severity;
mod sketch;
mod statistics;
mod template;
