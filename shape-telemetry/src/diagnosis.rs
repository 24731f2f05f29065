//! Why it is so, and what may help.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AnomalyId, ComponentId, LogPosition, Severity};

/// The ranked causes of the anomalies of one component or incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// The component diagnosed.
    pub component: ComponentId,
    /// The anomalies explained, the most severe first.
    pub anomalies: Vec<AnomalyId>,
    /// Likeliest first.
    pub causes: Vec<Cause>,
    /// Best first.
    pub recommendations: Vec<Recommendation>,
}

/// A possible cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// What kind.
    pub kind: CauseKind,
    /// Where: the component that the cause lies in.
    pub component: ComponentId,
    /// One sentence with the figures.
    pub summary: String,
    /// Relative weight of the evidence, in 0..=1; the causes of a diagnosis add up to at most 1.
    pub weight: f64,
    /// The anomalies it rests on.
    pub anomalies: Vec<AnomalyId>,
    /// Log lines that show it.
    pub positions: Vec<LogPosition>,
    /// Of a field value: what leaving its requests out shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
}

/// What is left of the trouble without the requests that carry one value of one field: with what is left as usual, it is
/// theirs (leaving one group out).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// The name of the field.
    pub field: String,
    /// Its value.
    pub value: String,
    /// The requests with this value that failed, or were slow.
    pub affected: u64,
    /// All requests with this value.
    pub requests: u64,
    /// The others that failed, or were slow.
    pub affected_without: u64,
    /// All others.
    pub requests_without: u64,
    /// The share that failed, or was slow, in the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
    /// The share of the rise above the usual that is gone without them, in 0..=1.
    pub share: f64,
    /// The p value of the two shares being one, corrected for the values looked at (Benjamini, Hochberg).
    pub q_value: f64,
}

/// What kind of cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CauseKind {
    /// A thread or resource is blocked and others wait for it.
    Blocking,
    /// A message that appeared with the trouble.
    NewBehaviour,
    /// A component fails by itself.
    Failing,
    /// A component is slow because of another.
    Upstream,
    /// A field value that stands out among the failed requests.
    FieldValue,
    /// A change that the caller knows of, after which requests are worse off.
    Change,
}

/// A change of the system that may be a cause: a deployment, a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeEvent {
    /// When it took effect.
    pub at: Timestamp,
    /// Where, if not everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentId>,
    /// What it was, for people: `deployed 1.4.2`.
    pub summary: String,
}

/// What may help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    /// What to do.
    pub kind: RecommendationKind,
    /// One sentence.
    pub summary: String,
    /// Share of the affected requests that it would help, in 0..=1, computed from the anomalies.
    pub benefit: f64,
    /// Requests it would help, of those observed.
    pub requests_helped: u64,
    /// The severity of the worst anomaly that it mends.
    pub severity: Severity,
    /// What it takes, counted: messages whose code is to be changed, components to be reverted, or records to be looked
    /// at.
    pub effort: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecommendationKind {
    /// Change the code at the traced line.
    FixCode,
    /// Revert the change that brought it.
    Revert,
    /// Look closer; the evidence does not suffice to act.
    Investigate,
}
