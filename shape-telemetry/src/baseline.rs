//! What is normal, learned from measurements.

use std::{collections::BTreeMap, num::NonZeroU64};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Bucket, ComponentGraph, ComponentId, Exemplar, LatencySketch, Level, Measurements, MergeError,
    Presence, SessionModel, Slot, TemplateId, TemplateSeries, number::to_f64,
};

/// What is normal: learned from the measurements of a healthy time, kept as JSON, and merged over several such times.
///
/// ```
/// use shape_telemetry::{Baseline, Collector, CollectorConfig};
///
/// let mut collector = Collector::new(CollectorConfig::new());
/// collector.read("healthy.log", &b"2026-11-23T23:41:07Z  INFO studio::canvas: ready\n"[..]);
/// let baseline = Baseline::learn(&collector.finish().0);
/// let json = serde_json::to_string(&baseline)?;
/// assert_eq!(serde_json::from_str::<Baseline>(&json)?, baseline);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of this format.
    pub schema_version: u32,
    /// The width of the buckets that it was learned from.
    pub bucket_ms: NonZeroU64,
    /// How long was watched, from the first to the last record of each time.
    pub exposure_ms: u64,
    /// The longest time without any record.
    pub max_gap_ms: u64,
    /// Per component.
    pub components: BTreeMap<ComponentId, BaselineComponent>,
    /// Per template.
    pub templates: BTreeMap<TemplateId, BaselineTemplate>,
    /// What the requests have in common whose records carry an id.
    #[serde(default)]
    pub sessions: SessionModel,
    /// Which component calls which.
    #[serde(default, skip_serializing_if = "ComponentGraph::is_empty")]
    pub dependencies: ComponentGraph,
}

/// Why a saved baseline can not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is no JSON, or the JSON of something else.
    #[error("this is no saved baseline")]
    Json(#[from] serde_json::Error),
    /// It was written by another version.
    #[error(
        "the baseline has version {0}; this program reads version {version}: learn it again from the logs",
        version = Baseline::SCHEMA_VERSION
    )]
    Version(u32),
}

/// What is normal for a component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineComponent {
    /// Requests that ended well.
    pub good: u64,
    /// Requests that failed.
    pub bad: u64,
    /// Records that report no request.
    pub other: u64,
    /// Durations of requests.
    pub latency: LatencySketch,
    /// The longest time without a record of the component.
    pub max_gap_ms: u64,
    /// The last of its records that were kept, the latest first; few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemplars: Vec<Exemplar>,
}

/// What is normal for a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineTemplate {
    /// The text with `<*>` for variables.
    pub text: String,
    /// The component.
    pub component: ComponentId,
    /// The highest level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Occurrences.
    pub count: u64,
    /// The sum of the squares of the occurrences per bucket, for their dispersion.
    pub sum_of_squares: u64,
    /// The last of its records that were kept, the latest first; few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemplars: Vec<Exemplar>,
}

impl Baseline {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 2;

    /// Reads what was saved as JSON.
    ///
    /// # Errors
    ///
    /// When the text is no baseline, or one of another version.
    pub fn from_json(text: &str) -> Result<Self, BaselineError> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u32,
        }
        let Version { schema_version } = serde_json::from_str(text)?;
        if schema_version != Self::SCHEMA_VERSION {
            return Err(BaselineError::Version(schema_version));
        }
        Ok(serde_json::from_str(text)?)
    }

    /// What these measurements say is normal.
    pub fn learn(measurements: &Measurements) -> Self {
        let mut kept: BTreeMap<&ComponentId, Vec<&Exemplar>> = BTreeMap::new();
        for series in measurements.templates.values() {
            kept.entry(&series.component)
                .or_default()
                .extend(&series.exemplars);
        }
        for (id, measured) in &measurements.components {
            let buckets = measured.buckets.values().rev().take(MAX_EXEMPLARS);
            kept.entry(id)
                .or_default()
                .extend(buckets.flat_map(|bucket| bucket.exemplars.iter().chain(&bucket.failures)));
        }
        let components = measurements
            .components
            .iter()
            .map(|(id, measured)| {
                let totals = measurements.totals(id.as_str(), None);
                let component = BaselineComponent {
                    good: totals.good,
                    bad: totals.bad,
                    other: totals.other,
                    latency: measurements.latency(id.as_str(), None),
                    max_gap_ms: longest(&gaps(measured.buckets.values())),
                    exemplars: latest(kept.remove(id).unwrap_or_default()),
                };
                (id.clone(), component)
            })
            .collect();
        let templates = measurements
            .templates
            .iter()
            .map(|(id, series)| {
                let template = BaselineTemplate {
                    text: series.text.clone(),
                    component: series.component.clone(),
                    level: series.level,
                    count: series.count(),
                    sum_of_squares: series
                        .buckets
                        .values()
                        .fold(0, |sum, n| sum.saturating_add(n.saturating_mul(*n))),
                    exemplars: latest(series.exemplars.iter().collect()),
                };
                (id.clone(), template)
            })
            .collect();
        Self {
            schema_version: Self::SCHEMA_VERSION,
            bucket_ms: measurements.bucket_ms,
            exposure_ms: exposure_ms(measurements),
            max_gap_ms: longest(&all_gaps(&measurements.presence)),
            components,
            templates,
            sessions: measurements.sessions.model(),
            dependencies: measurements.dependencies(),
        }
    }

    /// What both times say is normal. They must not overlap.
    ///
    /// # Errors
    ///
    /// When the bucket widths differ.
    pub fn merge(mut self, other: Self) -> Result<Self, MergeError> {
        if self.bucket_ms != other.bucket_ms {
            return Err(MergeError::BucketWidth(self.bucket_ms, other.bucket_ms));
        }
        self.exposure_ms += other.exposure_ms;
        self.max_gap_ms = self.max_gap_ms.max(other.max_gap_ms);
        for (id, more) in other.components {
            let mine = self.components.entry(id).or_default();
            mine.good += more.good;
            mine.bad += more.bad;
            mine.other += more.other;
            mine.latency.merge(&more.latency);
            mine.max_gap_ms = mine.max_gap_ms.max(more.max_gap_ms);
            keep_latest(&mut mine.exemplars, more.exemplars);
        }
        for (id, more) in other.templates {
            match self.templates.get_mut(&id) {
                Some(mine) => {
                    mine.level = mine.level.max(more.level);
                    mine.count += more.count;
                    mine.sum_of_squares = mine.sum_of_squares.saturating_add(more.sum_of_squares);
                    keep_latest(&mut mine.exemplars, more.exemplars);
                }
                None => {
                    self.templates.insert(id, more);
                }
            }
        }
        self.sessions = self.sessions.merge(other.sessions);
        self.dependencies = self.dependencies.merge(other.dependencies);
        Ok(self)
    }

    /// Variance over mean of the occurrences of a template per bucket; 1 where it can not be told.
    pub(crate) fn dispersion(&self, template: &BaselineTemplate) -> f64 {
        let n = self.exposure_ms.div_ceil(self.bucket_ms.get());
        dispersion(template.count, template.sum_of_squares, n)
    }
}

/// Records that the baseline keeps of a component or template.
const MAX_EXEMPLARS: usize = 2;

/// The latest of some records.
fn latest(mut latest: Vec<&Exemplar>) -> Vec<Exemplar> {
    latest.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.cmp(b)));
    latest.dedup();
    latest.into_iter().take(MAX_EXEMPLARS).cloned().collect()
}

fn keep_latest(mine: &mut Vec<Exemplar>, more: Vec<Exemplar>) {
    mine.extend(more);
    *mine = latest(mine.iter().collect());
}

/// Variance over mean of `n` counts, given their sum and the sum of their squares; 1 for fewer than 5.
pub(crate) fn dispersion(sum: u64, sum_of_squares: u64, n: u64) -> f64 {
    if n < 5 || sum == 0 {
        return 1.0;
    }
    let n = to_f64(n);
    let mean = to_f64(sum) / n;
    let variance = (to_f64(sum_of_squares) - n * mean * mean) / (n - 1.0);
    (variance / mean).max(0.0)
}

impl TemplateSeries {
    /// Variance over mean of the occurrences per bucket, over `n` buckets.
    pub(crate) fn dispersion(&self, n: u64) -> f64 {
        let squares = self
            .buckets
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(n.saturating_mul(*n)));
        dispersion(self.buckets.values().sum(), squares, n)
    }
}

/// How long was watched: from the first to the last record, at least one bucket.
pub(crate) fn exposure_ms(measurements: &Measurements) -> u64 {
    let length = measurements.period().map_or(0, |period| {
        u64::try_from(period.length().as_millis()).unwrap_or(u64::MAX)
    });
    length.max(measurements.bucket_ms.get())
}

/// A time without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Gap {
    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.to.duration_since(self.from).as_millis()).unwrap_or(0)
    }

    /// Whether both are one silence, as far as their times tell: more than half of the time of either is common.
    pub(crate) fn is_about(self, other: Self) -> bool {
        let common = Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        };
        common.from < common.to && self.ms().max(other.ms()) < 2 * common.ms()
    }
}

/// The times between the last record of a bucket and the first of the next.
pub(crate) fn gaps<'b>(buckets: impl Iterator<Item = &'b Bucket>) -> Vec<Gap> {
    let mut last = None;
    let mut gaps = Vec::new();
    for bucket in buckets {
        let (Some(first), Some(end)) = (bucket.first, bucket.last) else {
            continue;
        };
        if let Some(from) = last {
            gaps.push(Gap { from, to: first });
        }
        last = Some(end);
    }
    gaps
}

/// The times without a record of any component, from slot to slot.
pub(crate) fn all_gaps(presence: &Presence) -> Vec<Gap> {
    let slots: Vec<&Slot> = presence.slots.values().collect();
    slots
        .windows(2)
        .map(|pair| Gap {
            from: pair[0].last,
            to: pair[1].first,
        })
        .collect()
}

fn longest(gaps: &[Gap]) -> u64 {
    gaps.iter().map(|gap| gap.ms()).max().unwrap_or(0)
}
