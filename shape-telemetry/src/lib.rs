//! Reads logs into typed records, measures them, and says what is wrong.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    anomaly::{Anomaly, AnomalyId, AnomalyKind, Evidence, Severity},
    diagnosis::{Cause, CauseKind, Diagnosis, Recommendation, RecommendationKind},
    identity::{ComponentId, LogPosition, SourceLocation},
    level::Level,
    measurements::{
        Bucket, ComponentMeasurements, Exemplar, FieldCounts, Measurements, TemplateSeries,
    },
    outcome::Outcome,
    period::Period,
    report::{LineCounts, SourceSummary, TelemetryReport, TemplateSummary},
    sketch::LatencySketch,
    template::TemplateId,
};

mod anomaly;
mod diagnosis;
mod identity;
mod level;
mod measurements;
mod number;
mod outcome;
mod period;
mod report;
mod sketch;
mod template;
