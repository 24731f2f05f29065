//! How much is told apart.

use serde::{Deserialize, Serialize};

/// How much is told apart, which bounds the memory that measuring takes; what exceeds it is counted together under
/// [`Measurements::OTHER`](crate::Measurements::OTHER), and reports say how much that was.
///
/// A template takes about a kilobyte and 16 bytes for each bucket in which it occurs; a component takes up to a few
/// kilobytes for each bucket in which it has requests. Buckets are only where records are; when there are more than the
/// limit, all become twice as wide.
///
/// ```
/// use shape_telemetry::{Collector, CollectorConfig, Limits, Measurements};
///
/// let limits = Limits::new().templates(2);
/// let mut collector = Collector::new(CollectorConfig::new().limits(limits));
/// collector.read("x", "INFO a::b: first\nINFO a::b: second\nINFO a::b: third\n".as_bytes());
/// let (measurements, _) = collector.finish();
/// assert_eq!(measurements.templates.len(), 2, "one, and all others");
/// assert_eq!(measurements.overflow().messages, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    templates: usize,
    components: usize,
    metrics: usize,
    #[serde(default = "most_buckets")]
    buckets: usize,
}

fn most_buckets() -> usize {
    crate::Measurements::MAX_BUCKETS
}

/// What was not told apart, because of [`Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// Messages whose template is counted with others.
    pub messages: u64,
    /// Records whose component is counted with others.
    pub records: u64,
    /// Values of numeric fields that became no metric, there being too many names; none where no metrics are wanted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub metric_values: u64,
    /// Values of fields of requests that are not counted, there being too many names or values.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub field_values: u64,
    /// How often the width of the time buckets was doubled, because the log had too many of them.
    #[serde(default, skip_serializing_if = "is_never")]
    pub bucket_doublings: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
pub(crate) fn is_never(times: &u32) -> bool {
    *times == 0
}

impl Overflow {
    /// Whether everything was told apart.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// 10,000 templates, 1,000 components, eight metrics of each component, 131,072 time buckets: 91 days of minutes.
    pub fn new() -> Self {
        Self {
            templates: crate::Measurements::MAX_TEMPLATES,
            components: crate::Measurements::MAX_COMPONENTS,
            metrics: crate::Measurements::MAX_METRICS,
            buckets: crate::Measurements::MAX_BUCKETS,
        }
    }

    /// How many templates are told apart, at least two: one of them may be all others.
    #[must_use]
    pub fn templates(mut self, most: usize) -> Self {
        self.templates = most.max(2);
        self
    }

    /// How many components are told apart, at least two: one of them may be all others.
    #[must_use]
    pub fn components(mut self, most: usize) -> Self {
        self.components = most.max(2);
        self
    }

    /// How many numeric fields of each component become metrics; none, if 0.
    #[must_use]
    pub fn metrics(mut self, most: usize) -> Self {
        self.metrics = most;
        self
    }

    /// How many time buckets with records there are, at least two. When there are more, all become twice as wide, as often
    /// as it takes; [`Overflow::bucket_doublings`] tells.
    #[must_use]
    pub fn buckets(mut self, most: usize) -> Self {
        self.buckets = most.max(2);
        self
    }

    /// The limit of templates.
    pub fn max_templates(self) -> usize {
        self.templates
    }

    /// The limit of components.
    pub fn max_components(self) -> usize {
        self.components
    }

    /// The limit of metrics of a component.
    pub fn max_metrics(self) -> usize {
        self.metrics
    }

    /// The limit of time buckets.
    pub fn max_buckets(self) -> usize {
        self.buckets
    }

    /// What holds where two limits meet: the smaller ones.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            templates: self.templates.min(other.templates),
            components: self.components.min(other.components),
            metrics: self.metrics.min(other.metrics),
            buckets: self.buckets.min(other.buckets),
        }
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::new()
    }
}
