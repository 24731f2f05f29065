//! From events to measurements.

use std::{collections::BTreeMap, io::Read, time::Duration};

use crate::{
    Bucket, ComponentId, ComponentMeasurements, ComponentRule, Event, Exemplar, LineCounts,
    Measurements, Outcome, OutcomeRule, Reader, Record, SessionSample, Sink, SourceSummary,
    TemplateId, TemplateSeries, Verdict, classify,
    exemplar::{self, Key, Order},
    fingerprint,
    mine::mask,
    monoid::{FieldTable, bucket_start},
    rules,
};

/// How logs are measured.
#[derive(Clone, Debug)]
pub struct CollectorConfig {
    bucket: Duration,
    latency_limits: Vec<Duration>,
    components: Vec<ComponentRule>,
    outcomes: Vec<OutcomeRule>,
    reader: Reader,
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

    /// Nothing measured under this configuration: the identity of [`Measurements::merge`].
    pub fn empty(&self) -> Measurements {
        Measurements::empty(self.bucket, self.latency_limits.iter().copied())
    }

    /// What a record means for a request under these rules.
    pub fn verdict(&self, record: &Record<'_>, source: &str) -> Verdict {
        let rule = self
            .outcomes
            .iter()
            .find(|rule| rule.when.fits(record, source));
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

fn component_name<'r>(
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
    components: BTreeMap<ComponentId, Component>,
    templates: Templates,
    sessions: SessionSample,
    sources: Vec<SourceSummary>,
    masked: String,
}

/// The templates by fingerprint, as many as are told apart.
#[derive(Clone, Debug, Default)]
struct Templates {
    series: BTreeMap<u64, TemplateSeries>,
    overflow: Option<TemplateSeries>,
}

#[derive(Clone, Debug, Default)]
struct Component {
    measured: ComponentMeasurements,
    fields: FieldTable,
}

impl Collector {
    /// Nothing read yet.
    pub fn new(config: CollectorConfig) -> Self {
        Self {
            frame: config.empty(),
            config,
            components: BTreeMap::new(),
            templates: Templates::default(),
            sessions: SessionSample::default(),
            sources: Vec::new(),
            masked: String::new(),
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
        let reader = self.config.reader.clone();
        let mut sink = Measuring {
            collector: self,
            progress,
        };
        let summary = reader.read(name, input, &mut sink);
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
        let record = &event.record;
        let source = &*event.position.source;
        let verdict = self.config.verdict(record, source);
        let name = component_name(&self.config.components, record, source);
        let name = if name.is_empty() {
            ComponentId::UNKNOWN
        } else {
            name
        };
        let frame = &self.frame;
        if let Some(component) = self.components.get_mut(name) {
            component.count(event, verdict, frame);
        } else {
            let mut component = Component::new(frame);
            component.count(event, verdict, frame);
            self.components.insert(ComponentId::new(name), component);
        }
        mask::record(record, &mut self.masked);
        self.templates
            .count(name, &self.masked, event, verdict, frame);
        self.sessions.add(event, name, &self.masked);
        if 2 * Measurements::MAX_COMPONENTS < self.components.len() {
            self.bound_components();
        }
    }

    /// Merges components beyond the limit, so that a log with a million of them is held in bounded memory.
    fn bound_components(&mut self) {
        let components = std::mem::take(&mut self.components);
        let mut measurements = self.config.empty();
        measurements.components = components
            .into_iter()
            .map(|(id, component)| (id, component.finish()))
            .collect();
        measurements.bound();
        self.components = measurements
            .components
            .into_iter()
            .map(|(id, mut measured)| {
                let fields = FieldTable::from_map(std::mem::take(&mut measured.fields));
                (id, Component { measured, fields })
            })
            .collect();
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
        measurements.components = self
            .components
            .into_iter()
            .map(|(id, component)| (id, component.finish()))
            .collect();
        measurements.templates = self
            .templates
            .series
            .into_iter()
            .map(|(id, series)| (TemplateId::new(&format!("{id:016x}")), series))
            .collect();
        if let Some(series) = self.templates.overflow {
            measurements
                .templates
                .insert(TemplateId::new(Measurements::OTHER), series);
        }
        measurements.sessions = self.sessions;
        measurements.bound();
        self.sources.sort_by(|a, b| a.name.cmp(&b.name));
        (measurements, self.sources)
    }
}

impl Templates {
    fn count(
        &mut self,
        component: &str,
        text: &str,
        event: &Event<'_>,
        verdict: Verdict,
        frame: &Measurements,
    ) {
        let id = fingerprint::of(&[component, text]);
        let duration = verdict.latency.or_else(|| event.record.duration());
        if let Some(series) = self.series.get_mut(&id) {
            count_series(series, event, duration, frame);
            return;
        }
        let mut series = new_series(component, text);
        count_series(&mut series, event, duration, frame);
        if self.series.len() < Measurements::MAX_TEMPLATES {
            self.series.insert(id, series);
            return;
        }
        let is_last = self
            .series
            .last_key_value()
            .is_some_and(|(&last, _)| last < id);
        let out = if is_last {
            Some(series)
        } else {
            let last = self.series.pop_last();
            self.series.insert(id, series);
            last.map(|(_, series)| series)
        };
        let Some(out) = out else {
            return;
        };
        match &mut self.overflow {
            Some(other) => other.merge(out),
            None => {
                self.overflow = Some(TemplateSeries {
                    text: Measurements::OTHER.to_owned(),
                    component: ComponentId::new(Measurements::OTHER),
                    ..out
                });
            }
        }
    }
}

impl Component {
    fn new(frame: &Measurements) -> Self {
        let mut component = Self::default();
        component.measured.untimed = Bucket::new(frame.latency_limits_ns.len());
        component
    }

    fn count(&mut self, event: &Event<'_>, verdict: Verdict, frame: &Measurements) {
        let record = &event.record;
        let bucket = match record.time {
            Some(time) => {
                let bucket = self
                    .measured
                    .buckets
                    .entry(bucket_start(time, frame.bucket_ms))
                    .or_insert_with(|| Bucket::new(frame.latency_limits_ns.len()));
                bucket.first = Some(bucket.first.map_or(time, |first| first.min(time)));
                bucket.last = bucket.last.max(Some(time));
                bucket
            }
            None => &mut self.measured.untimed,
        };
        count(bucket, event, verdict, &frame.latency_limits_ns);
        if verdict.outcome != Outcome::NotARequest {
            count_fields(&mut self.fields, record, verdict);
        }
    }

    fn finish(self) -> ComponentMeasurements {
        ComponentMeasurements {
            fields: self.fields.into_map(),
            ..self.measured
        }
    }
}

/// Measures events while they are read.
struct Measuring<'c> {
    collector: &'c mut Collector,
    progress: &'c mut dyn FnMut(u64),
}

impl Sink for Measuring<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.collector.observe(event);
    }

    fn progress(&mut self, bytes: u64) {
        (self.progress)(bytes);
    }
}

fn count(bucket: &mut Bucket, event: &Event<'_>, verdict: Verdict, limits_ns: &[u64]) {
    let good = match verdict.outcome {
        Outcome::Good => {
            bucket.good += 1;
            true
        }
        Outcome::Bad => {
            bucket.bad += 1;
            false
        }
        Outcome::NotARequest => {
            bucket.other += 1;
            return;
        }
    };
    let key = Key {
        time: event.record.time,
        duration: verdict.latency,
        position: &event.position,
    };
    let build = || Exemplar {
        duration: verdict.latency,
        ..Exemplar::of(event)
    };
    if !good {
        exemplar::insert(
            &mut bucket.failures,
            Order::First,
            exemplar::PER_BUCKET,
            key,
            build,
        );
    }
    let Some(latency) = verdict.latency else {
        return;
    };
    bucket.timed += 1;
    bucket.latency.insert(latency);
    if good {
        let ns = crate::number::nanos(latency);
        for (sum, &limit) in bucket.good_within.iter_mut().zip(limits_ns) {
            *sum += u64::from(ns <= limit);
        }
    }
    exemplar::insert(
        &mut bucket.exemplars,
        Order::Slowest,
        exemplar::PER_BUCKET,
        key,
        build,
    );
}

/// Fields that tell nothing about why a request failed: ids, times, and what says that it failed.
fn is_telling(name: &str) -> bool {
    if 64 < name.len() {
        return false;
    }
    let last = crate::duration::after_last(name, b'.');
    !(last.ends_with("id")
        || last.ends_with("Id")
        || last.starts_with("status")
        || last.ends_with("_ms")
        || last.ends_with("_us")
        || last.ends_with("time")
        || last.ends_with("Time")
        || last.starts_with("duration")
        || last.starts_with("latency")
        || last.starts_with("elapsed")
        || matches!(
            last,
            "ms" | "took" | "size" | "len" | "bytes" | "timestamp" | "time_taken"
        ))
}

fn count_fields(table: &mut FieldTable, record: &Record<'_>, verdict: Verdict) {
    for field in &record.fields {
        if field.value.len() <= 64 && is_telling(&field.name) {
            table.add(&field.name, &field.value, verdict.outcome == Outcome::Good);
        }
    }
}

fn new_series(component: &str, text: &str) -> TemplateSeries {
    TemplateSeries {
        text: text.to_owned(),
        component: ComponentId::new(component),
        level: None,
        buckets: BTreeMap::new(),
        untimed: 0,
        durations: crate::LatencySketch::default(),
        exemplars: Vec::new(),
    }
}

fn count_series(
    series: &mut TemplateSeries,
    event: &Event<'_>,
    duration: Option<Duration>,
    frame: &Measurements,
) {
    let record = &event.record;
    series.level = series.level.max(record.level);
    match record.time {
        Some(time) => {
            let start = bucket_start(time, frame.bucket_ms);
            *series.buckets.entry(start).or_insert(0) += 1;
        }
        None => series.untimed += 1,
    }
    if let Some(duration) = duration {
        series.durations.insert(duration);
    }
    let key = Key {
        time: record.time,
        duration,
        position: &event.position,
    };
    exemplar::insert(
        &mut series.exemplars,
        Order::First,
        exemplar::PER_TEMPLATE,
        key,
        || Exemplar {
            duration,
            ..Exemplar::of(event)
        },
    );
}
