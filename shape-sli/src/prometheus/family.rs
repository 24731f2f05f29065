//! What a scrape holds.

use std::{borrow::Cow, fmt};

/// Which of the two formats a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpositionFormat {
    /// Prometheus' text format, version 0.0.4: timestamps in milliseconds.
    Prometheus,
    /// `OpenMetrics` 1.0: timestamps in seconds, exemplars, `# EOF` at the end.
    OpenMetrics,
}

/// The samples that share a name, a kind and a description.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFamily<'a> {
    /// The name, without the `_bucket`, `_sum`, `_count` (and in `OpenMetrics` `_total`) of its samples.
    pub name: Cow<'a, str>,
    /// What it is.
    pub kind: MetricKind,
    /// What it says about itself.
    pub help: Option<Cow<'a, str>>,
    /// Its unit (`OpenMetrics`).
    pub unit: Option<&'a str>,
    /// The samples.
    pub samples: Vec<MetricSample<'a>>,
}

/// What a family is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// A count that only rises, except when it starts anew.
    Counter,
    /// A figure that goes up and down.
    Gauge,
    /// Counts by upper bound.
    Histogram,
    /// Quantiles.
    Summary,
    /// Counts by upper bound that may fall.
    GaugeHistogram,
    /// Labels only.
    Info,
    /// Which of several states are on.
    StateSet,
    /// Not said.
    #[default]
    Unknown,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSample<'a> {
    /// The name in full.
    pub name: Cow<'a, str>,
    /// The labels, by name.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The value; may be infinite or not a number.
    pub value: f64,
    /// When it was measured, in milliseconds since the epoch, where the text says so.
    pub timestamp_ms: Option<i64>,
    /// An example (`OpenMetrics`).
    pub exemplar: Option<SampleExemplar<'a>>,
}

/// An example of what a sample counts.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleExemplar<'a> {
    /// The labels, by name: a trace identifier, as a rule.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Its value.
    pub value: f64,
    /// When it was measured, in milliseconds since the epoch.
    pub timestamp_ms: Option<i64>,
}

impl MetricSample<'_> {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "untyped",
        })
    }
}

impl MetricKind {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "gaugehistogram" => Self::GaugeHistogram,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "untyped" | "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// What the names of samples may add to the name of their family.
    pub(super) fn suffixes(self, format: ExpositionFormat) -> &'static [&'static str] {
        match (self, format) {
            (Self::Counter, ExpositionFormat::OpenMetrics) => &["_total", "_created"],
            (Self::Histogram, ExpositionFormat::OpenMetrics) => {
                &["_bucket", "_sum", "_count", "_created"]
            }
            (Self::Summary, ExpositionFormat::OpenMetrics) => &["", "_sum", "_count", "_created"],
            (Self::Histogram, ExpositionFormat::Prometheus) => &["_bucket", "_sum", "_count"],
            (Self::Summary, ExpositionFormat::Prometheus) => &["", "_sum", "_count"],
            (Self::GaugeHistogram, _) => &["_bucket", "_gsum", "_gcount"],
            (Self::Info, _) => &["_info"],
            _ => &[""],
        }
    }
}
