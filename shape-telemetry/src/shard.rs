//! What one thread has measured, in tables that are fast to count in.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    num::NonZeroU64,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    Bucket, CollectorConfig, ComponentId, ComponentMeasurements, Event, Exemplar, LatencySketch,
    Measurements, Outcome, SessionSample, TemplateId, TemplateSeries, Verdict,
    classify::{self, Fields},
    collect::component_name,
    exemplar::{self, Key, Order},
    field_table::FieldTable,
    fingerprint,
    gauge::Gauges,
    hash::{self, ByFingerprint},
    mine::mask,
    monoid::bucket_start,
    names::Names,
    number,
    phrases::{Phrase, Phrases, Reading, Template},
    presence::PresenceWriter,
    widen,
};

/// Everything that was measured of some events; lines are counted elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shard {
    components: Components,
    templates: Templates,
    sessions: SessionSample,
    names: Names,
    phrases: Phrases,
    window: Option<Window>,
    presence: PresenceWriter,
    /// The buckets that records lie in.
    starts: BTreeSet<Timestamp>,
    /// How often the width of the buckets was doubled.
    doublings: u32,
}

/// The bucket that the last record lies in: the next one mostly does, too.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    fn of(time: Timestamp, width_ms: NonZeroU64) -> Self {
        let start = bucket_start(time, width_ms);
        let width = i64::try_from(width_ms.get()).unwrap_or(i64::MAX);
        let end = start.checked_add(jiff::SignedDuration::from_millis(width));
        Self {
            start,
            end: end.unwrap_or(start),
        }
    }
}

/// What is said of an event before it is counted.
#[derive(Clone, Copy)]
struct Observed<'e> {
    event: &'e Event<'e>,
    verdict: Verdict,
    /// The duration that the record reports, whether of a request or not.
    duration: Option<Duration>,
    /// The start of the bucket.
    start: Option<Timestamp>,
}

impl Shard {
    /// Measures one event.
    pub(crate) fn observe(
        &mut self,
        config: &CollectorConfig,
        frame: &Measurements,
        event: &Event<'_>,
    ) {
        let record = &event.record;
        let source = &*event.position.source;
        let fields = Fields::of(record, |name| self.names.traits(name));
        let name = component_name(&config.components, record, source);
        let name = if name.is_empty() {
            ComponentId::UNKNOWN
        } else {
            name
        };
        let start = record.time.map(|time| self.start(time, frame));
        let index = self.components.index(name, frame);
        let mut phrase = self.phrases.of(index, &record.message);
        let (verdict, duration) = if config.outcomes.is_empty() {
            let mut reading = Reading::of(&record.message, phrase.as_deref_mut());
            let verdict = classify::classify_fields(record, &fields, &mut reading);
            let duration = verdict.latency.or(fields.latency);
            (verdict, duration.or_else(|| reading.duration()))
        } else {
            let verdict = config.verdict(record, source);
            (verdict, verdict.latency.or_else(|| record.duration()))
        };
        if let Some(time) = record.time {
            let is_request = verdict.outcome != Outcome::NotARequest;
            self.presence.record(time, is_request);
        }
        let observed = Observed {
            event,
            verdict,
            duration,
            start,
        };
        if let Some(component) = self.components.list.get_mut(index) {
            component.count(observed, frame, &mut self.names);
        }
        let (id, series) =
            self.templates
                .count(phrase, name, observed, frame.limits.max_templates());
        if let Some(key) = fields.request_id.and_then(|at| record.fields.get(at))
            && let Some(component) = self.components.list.get(index)
        {
            let template = || self.templates.name(id, series);
            self.sessions
                .add(&key.value, event, &component.id, template);
        }
        if frame.limits.max_components().saturating_mul(2) < self.components.list.len() {
            self.components.bound(config.empty());
            // Components have other indexes now.
            self.phrases.clear();
        }
    }

    /// The start of the bucket that a time lies in.
    #[inline]
    fn start(&mut self, time: Timestamp, frame: &Measurements) -> Timestamp {
        match self.window {
            Some(window) if window.start <= time && time < window.end => window.start,
            _ => self.turn(time, frame),
        }
    }

    /// Goes on with the bucket that a time lies in.
    #[cold]
    fn turn(&mut self, time: Timestamp, frame: &Measurements) -> Timestamp {
        let before = self.width(frame);
        let mut width = before;
        let mut window = Window::of(time, width);
        self.starts.insert(window.start);
        while frame.limits.max_buckets() < self.starts.len() {
            self.doublings += 1;
            width = widen::twice(width);
            let starts = std::mem::take(&mut self.starts);
            self.starts
                .extend(starts.iter().map(|&start| bucket_start(start, width)));
            window = Window::of(time, width);
        }
        if before < width {
            self.components.rebucket(width);
            self.templates.rebucket(width);
        }
        self.window = Some(window);
        window.start
    }

    /// The width of the buckets.
    fn width(&self, frame: &Measurements) -> NonZeroU64 {
        (0..self.doublings).fold(frame.bucket_ms, |width, _| widen::twice(width))
    }

    /// What was measured, added to nothing.
    pub(crate) fn finish(self, empty: Measurements) -> Measurements {
        let mut measurements = empty;
        measurements.bucket_ms = self.width(&measurements);
        measurements.bucket_doublings = self.doublings;
        measurements.components = self.components.into_map();
        measurements.templates = self.templates.into_map();
        measurements.sessions = self.sessions;
        measurements.presence = self.presence.finish();
        measurements.bound();
        measurements
    }
}

/// The components by name.
#[derive(Clone, Debug, Default)]
struct Components {
    list: Vec<Component>,
    by_name: BTreeMap<ComponentId, usize>,
    /// The components that were asked for lately, by the hash of their name.
    recent: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Component {
    id: ComponentId,
    measured: ComponentMeasurements,
    /// The bucket that is counted in, taken out of the others.
    current: Option<(Timestamp, Bucket)>,
    fields: FieldTable,
    gauges: Gauges,
}

impl Components {
    const RECENT: usize = 64;

    fn index(&mut self, name: &str, frame: &Measurements) -> usize {
        self.recent.resize(Self::RECENT, 0);
        let slot = hash::index(hash::text(name), Self::RECENT);
        let recent = self.recent.get(slot).copied().unwrap_or(0);
        let is_it = |component: &Component| component.id.as_str() == name;
        if self.list.get(recent).is_some_and(is_it) {
            return recent;
        }
        let index = match self.by_name.get(name) {
            Some(&index) => index,
            None => self.add(Component {
                id: ComponentId::new(name),
                measured: ComponentMeasurements {
                    untimed: Bucket::new(frame.latency_limits_ns.len()),
                    ..ComponentMeasurements::default()
                },
                current: None,
                fields: FieldTable::default(),
                gauges: Gauges::default(),
            }),
        };
        if let Some(slot) = self.recent.get_mut(slot) {
            *slot = index;
        }
        index
    }

    fn add(&mut self, component: Component) -> usize {
        let index = self.list.len();
        self.by_name.insert(component.id.clone(), index);
        self.list.push(component);
        index
    }

    fn into_map(self) -> BTreeMap<ComponentId, ComponentMeasurements> {
        let finished = self.list.into_iter().map(Component::finish);
        finished.collect()
    }

    fn rebucket(&mut self, width_ms: NonZeroU64) {
        for component in &mut self.list {
            component.put_back();
            component.measured.rebucket(width_ms);
            component.gauges.rebucket(width_ms);
        }
    }

    /// Merges components beyond the limit, so that a log with a million of them is held in bounded memory.
    fn bound(&mut self, empty: Measurements) {
        let mut measurements = empty;
        measurements.components = std::mem::take(self).into_map();
        measurements.bound();
        for (id, mut measured) in measurements.components {
            let fields = FieldTable::from_map(std::mem::take(&mut measured.fields));
            let gauges = Gauges::from_map(std::mem::take(&mut measured.metrics));
            self.add(Component {
                id,
                measured,
                current: None,
                fields,
                gauges,
            });
        }
    }
}

impl Component {
    fn count(&mut self, observed: Observed<'_>, frame: &Measurements, names: &mut Names) {
        let record = &observed.event.record;
        let n_limits = frame.latency_limits_ns.len();
        let bucket = match record.time.zip(observed.start) {
            Some((time, start)) => {
                let bucket = self.bucket(start, n_limits);
                bucket.first = Some(bucket.first.map_or(time, |first| first.min(time)));
                bucket.last = bucket.last.max(Some(time));
                bucket
            }
            None => &mut self.measured.untimed,
        };
        count(bucket, observed, &frame.latency_limits_ns);
        let outcome = observed.verdict.outcome;
        if let Some(start) = observed.start {
            self.measure(
                observed.event,
                start,
                outcome,
                frame.limits.max_metrics(),
                names,
            );
        }
        if outcome == Outcome::NotARequest {
            return;
        }
        for field in &record.fields {
            if field.value.len() <= 64 && names.traits(&field.name).telling {
                self.measured.seen.fields += 1;
                let took = observed.verdict.latency;
                self.fields
                    .add((&field.name, &field.value), outcome == Outcome::Good, took);
            }
        }
    }

    /// Counts the numeric fields of a record, those apart that say how long a request took.
    fn measure(
        &mut self,
        event: &Event<'_>,
        start: Timestamp,
        outcome: Outcome,
        max: usize,
        names: &mut Names,
    ) {
        if max == 0 {
            return;
        }
        for field in &event.record.fields {
            let is_number = field
                .value
                .bytes()
                .next()
                .is_some_and(|b| b.is_ascii_digit() || b == b'-');
            if !is_number || field.of_span {
                continue;
            }
            let traits = names.traits(&field.name);
            let is_latency = outcome != Outcome::NotARequest && traits.hint.is_some();
            if traits.metric && !is_latency {
                let is_value =
                    self.gauges
                        .add((&field.name, &field.value), &event.position, start, max);
                self.measured.seen.metrics += u64::from(is_value);
            }
        }
    }

    fn bucket(&mut self, start: Timestamp, n_limits: usize) -> &mut Bucket {
        let is_current = self.current.as_ref().is_some_and(|(at, _)| *at == start);
        if !is_current {
            self.put_back();
            self.current = self.measured.buckets.remove(&start).map(|old| (start, old));
        }
        let (_, bucket) = self
            .current
            .get_or_insert_with(|| (start, Bucket::new(n_limits)));
        bucket
    }

    fn put_back(&mut self) {
        if let Some((start, bucket)) = self.current.take() {
            self.measured.buckets.insert(start, bucket);
        }
    }

    fn finish(mut self) -> (ComponentId, ComponentMeasurements) {
        self.put_back();
        let measured = ComponentMeasurements {
            fields: self.fields.into_map(),
            metrics: self.gauges.into_map(),
            ..self.measured
        };
        (self.id, measured)
    }
}

fn count(bucket: &mut Bucket, observed: Observed<'_>, limits_ns: &[u64]) {
    let Observed { event, verdict, .. } = observed;
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
        let ns = number::nanos(latency);
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

/// The templates by fingerprint, as many as are told apart.
#[derive(Clone, Debug, Default)]
struct Templates {
    list: Vec<Series>,
    by_id: ByFingerprint<usize>,
    /// All fingerprints, once there are as many as are told apart.
    ids: BinaryHeap<u64>,
    overflow: Option<Series>,
    masked: String,
}

#[derive(Clone, Debug)]
struct Series {
    id: u64,
    /// The same as text.
    name: TemplateId,
    counts: TemplateSeries,
    /// The bucket that is counted in, and occurrences that are not in the series yet.
    run: (Timestamp, u64),
}

impl Templates {
    /// Counts an occurrence; the fingerprint of its template, and the index of the series, if it has one of its own.
    fn count(
        &mut self,
        phrase: Option<&mut Phrase>,
        name: &str,
        observed: Observed<'_>,
        max: usize,
    ) -> (u64, Option<usize>) {
        if let Some(Template::Known(id, index)) = phrase.as_ref().map(|phrase| phrase.template)
            && let Some(series) = self.list.get_mut(index)
            && series.id == id
        {
            series.count(observed);
            return (id, Some(index));
        }
        mask::record(&observed.event.record, &mut self.masked);
        let id = fingerprint::of(&[name, &self.masked]);
        let index = self.count_masked(id, name, observed, max);
        if let (Some(phrase), Some(index)) = (phrase, index) {
            phrase.has_template(id, index);
        }
        (id, index)
    }

    /// The id of a template that was counted.
    fn name(&self, id: u64, series: Option<usize>) -> TemplateId {
        series
            .and_then(|index| self.list.get(index))
            .map_or_else(|| name(id), |series| series.name.clone())
    }

    /// Counts an occurrence of the masked text and gives the index of its series, if it has one of its own.
    fn count_masked(
        &mut self,
        id: u64,
        name: &str,
        observed: Observed<'_>,
        max: usize,
    ) -> Option<usize> {
        if let Some(&index) = self.by_id.get(&id) {
            self.list.get_mut(index)?.count(observed);
            return Some(index);
        }
        let is_full = max <= self.list.len();
        if !is_full {
            let index = self.list.len();
            let mut series = Series::new(id, name, &self.masked);
            series.count(observed);
            self.list.push(series);
            self.by_id.insert(id, index);
            return Some(index);
        }
        if self.ids.is_empty() {
            self.ids = self.list.iter().map(|series| series.id).collect();
        }
        // Those with the smallest fingerprints stay, whatever order they came in.
        let last = *self.ids.peek()?;
        if last < id {
            self.overflow
                .get_or_insert_with(|| Series::new(0, Measurements::OTHER, Measurements::OTHER))
                .count(observed);
            return None;
        }
        let index = self.by_id.remove(&last)?;
        let mut series = Series::new(id, name, &self.masked);
        series.count(observed);
        let out = std::mem::replace(self.list.get_mut(index)?, series);
        self.by_id.insert(id, index);
        self.ids.pop();
        self.ids.push(id);
        let other = self
            .overflow
            .get_or_insert_with(|| Series::new(0, Measurements::OTHER, Measurements::OTHER));
        other.counts.merge(out.finish());
        None
    }

    fn rebucket(&mut self, width_ms: NonZeroU64) {
        for series in self.list.iter_mut().chain(&mut self.overflow) {
            series.end_run();
            series.counts.rebucket(width_ms);
        }
    }

    fn into_map(self) -> BTreeMap<TemplateId, TemplateSeries> {
        let other = self
            .overflow
            .map(|series| (TemplateId::new(Measurements::OTHER), series.finish()));
        self.list
            .into_iter()
            .map(|series| (series.name.clone(), series.finish()))
            .chain(other)
            .collect()
    }
}

/// The id of the template with a fingerprint.
fn name(fingerprint: u64) -> TemplateId {
    TemplateId::new(&format!("{fingerprint:016x}"))
}

impl Series {
    fn new(id: u64, component: &str, text: &str) -> Self {
        Self {
            id,
            name: name(id),
            counts: TemplateSeries {
                text: text.to_owned(),
                component: ComponentId::new(component),
                level: None,
                buckets: BTreeMap::new(),
                untimed: 0,
                durations: LatencySketch::default(),
                exemplars: Vec::new(),
            },
            run: (Timestamp::UNIX_EPOCH, 0),
        }
    }

    fn count(&mut self, observed: Observed<'_>) {
        let Observed {
            event,
            duration,
            start,
            ..
        } = observed;
        let record = &event.record;
        match start {
            Some(start) => {
                if self.run.0 != start {
                    self.end_run();
                    self.run.0 = start;
                }
                self.run.1 += 1;
            }
            None => self.counts.untimed += 1,
        }
        let series = &mut self.counts;
        series.level = series.level.max(record.level);
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

    fn end_run(&mut self) {
        let (start, count) = self.run;
        if count != 0 {
            *self.counts.buckets.entry(start).or_insert(0) += count;
        }
        self.run.1 = 0;
    }

    fn finish(mut self) -> TemplateSeries {
        self.end_run();
        self.counts
    }
}
