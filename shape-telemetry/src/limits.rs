//! How much is told apart.

use serde::{Deserialize, Serialize};

/// How much is told apart, which bounds the memory that measuring takes; what exceeds it is counted together under
/// [`Measurements::OTHER`](crate::Measurements::OTHER), and reports say how much that was.
///
/// A template takes about a kilobyte and 16 bytes for each bucket in which it occurs; a component takes up to a few
/// kilobytes for each bucket in which it has requests.
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
}

/// What was not told apart, because of [`Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// Messages whose template is counted with others.
    pub messages: u64,
    /// Records whose component is counted with others.
    pub records: u64,
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
    /// 10,000 templates, 1,000 components, eight metrics of each component.
    pub fn new() -> Self {
        Self {
            templates: crate::Measurements::MAX_TEMPLATES,
            components: crate::Measurements::MAX_COMPONENTS,
            metrics: crate::Measurements::MAX_METRICS,
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

    /// What holds where two limits meet: the smaller ones.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            templates: self.templates.min(other.templates),
            components: self.components.min(other.components),
            metrics: self.metrics.min(other.metrics),
        }
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::new()
    }
}
