//! What is out of the ordinary, with its evidence.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{ChangePoint, ComponentId, Exemplar, Period, TemplateId};

/// A stable fingerprint: component, kind and signature; not the time, not a counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnomalyId(Arc<str>);

impl AnomalyId {
    /// An id from its text form.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AnomalyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What kind of anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnomalyKind {
    /// A warning or error template that the baseline does not have.
    NewTemplate,
    /// A component that the baseline has and that is silent now.
    SilentComponent,
    /// A template that the baseline has and that is gone, its component being there.
    VanishedTemplate,
    /// A template that occurs more often than in the baseline.
    RateSurge,
    /// A template that occurs less often than in the baseline.
    RateDrop,
    /// The share of failed requests rose.
    ErrorRatio,
    /// Requests take longer.
    LatencyShift,
    /// Nothing was written for longer than usual.
    TimeGap,
    /// Messages that report a blocked thread or a stall, again and again.
    RepeatedBlocking,
    /// Requests whose records are too many, too few, or not together in the baseline.
    RareSession,
    /// Requests whose records come in an order that the baseline does not have.
    OrderViolation,
    /// A metric of a component (request rate, share of failures, latency) is unlike its own past: its level, its
    /// roughness, its season, or all of its shape.
    MetricAnomaly,
    /// A component gets many more requests, or many fewer, from some time on.
    ChangePoint,
}

/// How serious, by one table for the whole system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look this week.
    Medium,
    /// Worth a look today.
    High,
    /// Users are hurt now.
    Critical,
}

/// The statistic behind an anomaly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The name of the test, `exact binomial` for example.
    pub test: String,
    /// Observations in the period judged.
    pub n: u64,
    /// Observations in the baseline; 0 without one.
    pub n_baseline: u64,
    /// The test statistic; finite.
    pub statistic: f64,
    /// The p value; finite, in 0..=1.
    pub p_value: f64,
    /// The p value corrected for the number of tests in the report (Benjamini, Hochberg).
    pub q_value: f64,
    /// The size of the effect; finite. What it is, `effect_name` says.
    pub effect: f64,
    /// What the effect is: `rate ratio`, `probability of superiority`, …
    pub effect_name: String,
}

/// Something out of the ordinary, reported once with its count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// The stable fingerprint.
    pub id: AnomalyId,
    /// The kind.
    pub kind: AnomalyKind,
    /// How serious.
    pub severity: Severity,
    /// The component.
    pub component: ComponentId,
    /// The template concerned, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
    /// One sentence for people, with the figures.
    pub summary: String,
    /// When it was seen, first to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// When it began, where the log goes back to a time before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangePoint>,
    /// How many records it stands for.
    pub count: u64,
    /// Requests affected (failed, or slower than the baseline's 99th percentile); for a message those of any component
    /// that it goes with.
    pub affected_requests: u64,
    /// The test behind it.
    pub evidence: Evidence,
    /// Records to look at; never empty when `count` is not 0. Of what is silent or gone, records of the baseline.
    pub exemplars: Vec<Exemplar>,
    /// New messages that come with the one that this is about: the same thing, told by others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Companion>,
}

/// A new message that comes with another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// What it would be by itself.
    pub anomaly: Anomaly,
    /// What binds it to the other one.
    pub bond: Bond,
    /// That they come together by chance, times the number of pairs looked at.
    pub p_value: f64,
}

/// What says that two messages belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bond {
    /// They are written for the same requests.
    Requests {
        /// Requests that have both.
        both: u64,
        /// Requests that have the rarer one, of those kept by their id.
        of: u64,
    },
    /// They are written in the same times.
    Times {
        /// Time buckets that have both.
        both: u64,
        /// Time buckets that have the rarer one.
        of: u64,
    },
    /// They were written for the first time together.
    Beginning {
        /// Milliseconds between the first of each.
        apart_ms: u64,
    },
}

impl fmt::Display for Bond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests { both, of } => write!(f, "in {both} of {of} requests"),
            Self::Times { both, of } => write!(f, "in {both} of {of} times"),
            Self::Beginning { apart_ms: 0 } => f.write_str("from the same moment on"),
            Self::Beginning { apart_ms } => {
                let apart = std::time::Duration::from_millis(*apart_ms);
                write!(f, "from {} apart on", crate::wording::length(apart))
            }
        }
    }
}

impl Anomaly {
    /// It and what comes with it.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.together.iter().map(|companion| &companion.anomaly))
    }
}
