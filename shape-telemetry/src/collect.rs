//! From events to measurements.

use std::{io::Read, num::NonZeroUsize, time::Duration};

use crate::{
    ComponentId, ComponentRule, Event, Limits, LineCounts, Measurements, Outcome, OutcomeRule,
    Reader, Record, Sink, SourceSummary, Verdict, classify, parallel, rules, shard::Shard,
};

/// How logs are measured.
#[derive(Clone, Debug)]
pub struct CollectorConfig {
    bucket: Duration,
    latency_limits: Vec<Duration>,
    pub(crate) components: Vec<ComponentRule>,
    pub(crate) outcomes: Vec<OutcomeRule>,
    pub(crate) reader: Reader,
    threads: NonZeroUsize,
    limits: Limits,
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl CollectorConfig {
    /// Buckets of a minute, no latency limits, no rules but the default ones.
    pub fn new() -> Self {
        Self {
            bucket: Duration::from_secs(60),
            latency_limits: Vec::new(),
            components: Vec::new(),
            outcomes: Vec::new(),
            reader: Reader::new(),
            threads: NonZeroUsize::MIN,
            limits: Limits::new(),
        }
    }

    /// The width of the time buckets, at least 100 ms.
    #[must_use]
    pub fn bucket(mut self, width: Duration) -> Self {
        self.bucket = width.max(Duration::from_millis(100));
        self
    }

    /// Limits at which good requests are counted exactly.
    #[must_use]
    pub fn latency_limits(mut self, limits: impl IntoIterator<Item = Duration>) -> Self {
        self.latency_limits = limits.into_iter().collect();
        self
    }

    /// Which component records belong to; the first rule that fits wins.
    ///
    /// Records that no rule fits belong to the component that their field `component` names, else the last part of
    /// their target (`canvas` of `studio::canvas`), else their field `service.name`, else the name of their file up
    /// to its first dot.
    #[must_use]
    pub fn component_rules(mut self, rules: impl IntoIterator<Item = ComponentRule>) -> Self {
        self.components.extend(rules);
        self
    }

    /// What records mean for a request; the first rule that fits wins, then [`classify`] decides.
    #[must_use]
    pub fn outcome_rules(mut self, rules: impl IntoIterator<Item = OutcomeRule>) -> Self {
        self.outcomes.extend(rules);
        self
    }

    /// How bytes become records.
    #[must_use]
    pub fn reader(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }

    /// How many threads measure what one reads, 1 unless said otherwise. What is measured is the same to the byte.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// How much is told apart, which bounds the memory; the limits that [`Limits::new`] states unless said otherwise.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Nothing measured under this configuration: the identity of [`Measurements::merge`].
    pub fn empty(&self) -> Measurements {
        Measurements {
            limits: self.limits,
            ..Measurements::empty(self.bucket, self.latency_limits.iter().copied())
        }
    }

    /// What a record means for a request under these rules.
    pub fn verdict(&self, record: &Record<'_>, source: &str) -> Verdict {
        let component = component_name(&self.components, record, source);
        let rule = self
            .outcomes
            .iter()
            .find(|rule| rule.fits(record, component, source));
        match rule.map(|rule| rule.outcome) {
            None => classify(record),
            Some(Outcome::NotARequest) => Verdict {
                outcome: Outcome::NotARequest,
                latency: None,
            },
            Some(outcome) => Verdict {
                outcome,
                latency: record.duration(),
            },
        }
    }

    /// The component that a record belongs to under these rules.
    pub fn component(&self, record: &Record<'_>, source: &str) -> ComponentId {
        ComponentId::new(component_name(&self.components, record, source))
    }
}

pub(crate) fn component_name<'r>(
    rules: &'r [ComponentRule],
    record: &'r Record<'_>,
    source: &'r str,
) -> &'r str {
    let name = rules
        .iter()
        .find_map(|rule| rule.apply(record, source))
        .unwrap_or_else(|| rules::default_component(record, source))
        .trim();
    crate::number::cut(name, 128)
}

/// Reads logs and measures them.
///
/// ```
/// use shape_telemetry::{Collector, CollectorConfig};
///
/// let log = "\
/// 2026-11-23T23:41:07.100Z  INFO studio::canvas: request completed request_id=1 path=/frame status=200 duration_ms=1.93
/// 2026-11-23T23:41:07.200Z  INFO studio::canvas: request completed request_id=2 path=/frame status=500 duration_ms=9.10
/// ";
/// let mut collector = Collector::new(CollectorConfig::new());
/// collector.read("studio.log", log.as_bytes());
/// let (measurements, sources) = collector.finish();
///
/// let canvas = measurements.totals("canvas", None);
/// assert_eq!((canvas.good, canvas.bad), (1, 1));
/// assert_eq!(sources[0].format, "tracing");
/// ```
#[derive(Clone, Debug)]
pub struct Collector {
    config: CollectorConfig,
    frame: Measurements,
    /// One for each thread.
    shards: Vec<Shard>,
    sources: Vec<SourceSummary>,
}

impl Collector {
    /// Nothing read yet.
    pub fn new(config: CollectorConfig) -> Self {
        Self {
            frame: config.empty(),
            shards: vec![Shard::default(); config.threads.get()],
            config,
            sources: Vec::new(),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &CollectorConfig {
        &self.config
    }

    /// Reads all of a log, gzip included. What goes wrong is in the summary; what was read before is kept.
    pub fn read(&mut self, name: &str, input: impl Read) -> SourceSummary {
        self.read_with_progress(name, input, &mut |_| {})
    }

    /// As [`Collector::read`]; `progress` is told from time to time how many bytes of the input were consumed.
    pub fn read_with_progress(
        &mut self,
        name: &str,
        input: impl Read,
        progress: &mut dyn FnMut(u64),
    ) -> SourceSummary {
        let (config, frame) = (&self.config, &self.frame);
        let mut measuring: Vec<Measuring<'_>> = self
            .shards
            .iter_mut()
            .map(|shard| Measuring {
                config,
                frame,
                shard,
            })
            .collect();
        let summary = parallel::read(&config.reader, name, input, &mut measuring, progress);
        self.add_source(summary.clone());
        summary
    }

    /// Adds the line counts of a source whose events were given to [`Collector::observe`].
    pub fn add_source(&mut self, summary: SourceSummary) {
        self.frame.lines = self.frame.lines.plus(summary.lines);
        self.sources.push(summary);
    }

    /// Measures one event. Lines are counted by [`Collector::add_source`].
    pub fn observe(&mut self, event: &Event<'_>) {
        if let Some(shard) = self.shards.first_mut() {
            shard.observe(&self.config, &self.frame, event);
        }
    }

    /// What was measured so far.
    pub fn measurements(&self) -> Measurements {
        self.clone().finish().0
    }

    /// The sources read so far.
    pub fn sources(&self) -> &[SourceSummary] {
        &self.sources
    }

    /// What became of the lines so far.
    pub fn lines(&self) -> LineCounts {
        self.frame.lines
    }

    /// What was measured, and the sources by name.
    pub fn finish(mut self) -> (Measurements, Vec<SourceSummary>) {
        let mut measurements = self.frame;
        for shard in self.shards {
            measurements.absorb(shard.finish(self.config.empty()));
        }
        self.sources.sort_by(|a, b| a.name.cmp(&b.name));
        (measurements, self.sources)
    }
}

/// Measures events while they are read.
struct Measuring<'c> {
    config: &'c CollectorConfig,
    frame: &'c Measurements,
    shard: &'c mut Shard,
}

impl Sink for Measuring<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.shard.observe(self.config, self.frame, event);
    }
}
