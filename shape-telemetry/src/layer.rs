//! A layer for `tracing-subscriber` that captures the events of this process.

use std::{
    borrow::Cow,
    fmt,
    num::{NonZeroU32, NonZeroU64},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
};

use jiff::Timestamp;
use tracing::{
    Subscriber,
    field::{Field as TracingField, Visit},
    span::{Attributes, Id, Record as SpanRecord},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{
    Emitter, Event, Field, Format, Level, LineCounts, LogPosition, Record, Sink, SourceSummary,
    number,
};

/// The longest text of a captured event; what is longer is cut and counted.
const MAX_TEXT: usize = 1 << 14;

/// A layer that captures events, and where they can be taken.
///
/// At most `capacity` events wait to be taken; while they do, further ones are dropped and counted, so that a service
/// never waits for whoever reads its events. `clock` gives the time of an event; a service passes
/// [`jiff::Timestamp::now`](jiff::Timestamp::now). Events carry their file and line, their fields, and the names and
/// fields of their spans.
///
/// Three lines add it to a service:
///
/// ```
/// use jiff::Timestamp;
/// use shape_telemetry::{Collector, CollectorConfig, Event};
/// use tracing_subscriber::prelude::*;
///
/// let (layer, mut captured) = shape_telemetry::capture("shop", 10_000, Timestamp::now);
/// let _guard = tracing_subscriber::registry().with(layer).set_default(); // `.init()` in a service
///
/// tracing::info!(target: "shop::cart", status = 200, duration_ms = 1.5, "request completed");
///
/// // Now and then, in a thread of its own:
/// let mut collector = Collector::new(CollectorConfig::new());
/// captured.read(&mut |event: &Event<'_>| collector.observe(event));
/// collector.add_source(captured.finish());
/// assert_eq!(collector.finish().0.totals("cart", None).good, 1);
/// ```
pub fn capture(
    name: &str,
    capacity: usize,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> (CaptureLayer, Captured) {
    let (sender, receiver) = sync_channel(capacity.max(1));
    let counts = Arc::new(Counts::default());
    let layer = CaptureLayer {
        sender,
        counts: Arc::clone(&counts),
        clock: Box::new(clock),
    };
    let captured = Captured {
        receiver,
        counts,
        name: Arc::from(name),
        taken: 0,
    };
    (layer, captured)
}

#[derive(Debug, Default)]
struct Counts {
    seen: AtomicU64,
    dropped: AtomicU64,
    cut: AtomicU64,
}

/// Captures the events of this process: see [`capture`].
pub struct CaptureLayer {
    sender: SyncSender<(u64, Record<'static>)>,
    counts: Arc<Counts>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for CaptureLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureLayer")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// The events that a [`CaptureLayer`] captured.
#[derive(Debug)]
pub struct Captured {
    receiver: Receiver<(u64, Record<'static>)>,
    counts: Arc<Counts>,
    name: Arc<str>,
    taken: u64,
}

impl Captured {
    /// Gives the events that wait to the sink, without waiting for more; how many they were.
    ///
    /// The line of an event's position is its number in the process: a gap is events that were dropped.
    pub fn read(&mut self, sink: &mut dyn Sink) -> u64 {
        let before = self.taken;
        loop {
            match self.receiver.try_recv() {
                Ok((number, record)) => self.give(number, record, sink),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    return self.taken - before;
                }
            }
        }
    }

    /// Waits for an event, at most so long, and gives it and those behind it to the sink; how many they were.
    pub fn wait(&mut self, timeout: std::time::Duration, sink: &mut dyn Sink) -> u64 {
        match self.receiver.recv_timeout(timeout) {
            Ok((number, record)) => {
                self.give(number, record, sink);
                1 + self.read(sink)
            }
            Err(_) => 0,
        }
    }

    fn give(&mut self, number: u64, record: Record<'static>, sink: &mut dyn Sink) {
        self.taken += 1;
        let position = LogPosition {
            source: Arc::clone(&self.name),
            line: NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN),
            byte_offset: 0,
        };
        sink.event(&Event::new(record, position));
    }

    /// How many events were dropped so far because too many waited.
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// What became of the events; those that were dropped are its problem.
    pub fn finish(self) -> SourceSummary {
        let dropped = self.dropped();
        SourceSummary {
            name: self.name,
            format: Format::Tracing.as_str().to_owned(),
            bytes: 0,
            lines: LineCounts {
                total: self.taken,
                parsed: self.taken,
                cut: self.counts.cut.load(Ordering::Relaxed),
                ..LineCounts::default()
            },
            problem: (0 < dropped).then(|| {
                format!("{dropped} events were dropped: they came faster than they were taken")
            }),
        }
    }
}

/// The fields of a span, kept with it.
struct SpanFields(Vec<Field<'static>>);

impl<S> Layer<S> for CaptureLayer
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::of_span();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.list));
        }
    }

    fn on_record(&self, id: &Id, values: &SpanRecord<'_>, context: Context<'_, S>) {
        let mut fields = Fields::of_span();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<SpanFields>()
        {
            for field in fields.list {
                match known.0.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = field,
                    None => known.0.push(field),
                }
            }
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let number = self.counts.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut record = Record {
            format: Format::Tracing,
            time: Some((self.clock)()),
            level: Some(level(*metadata.level())),
            target: Some(fields.target.unwrap_or(Cow::Borrowed(metadata.target()))),
            message: fields.message,
            fields: fields.list,
            spans: Vec::new(),
            emitter: None,
        };
        let path = fields.path.or(metadata.file().map(Cow::Borrowed));
        let line = fields.line.or(metadata.line()).and_then(NonZeroU32::new);
        if let (Some(path), Some(line)) = (path, line) {
            record.emitter = Some(Emitter {
                path,
                line,
                column: None,
            });
        }
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                record.spans.push(Cow::Borrowed(span.name()));
                if let Some(SpanFields(known)) = span.extensions().get::<SpanFields>() {
                    record.fields.extend(known.iter().cloned());
                }
            }
        }
        if fields.is_cut {
            self.counts.cut.fetch_add(1, Ordering::Relaxed);
        }
        if let Err(TrySendError::Full(_)) = self.sender.try_send((number, record)) {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

/// Collects the fields of an event or a span.
#[derive(Default)]
struct Fields {
    message: Cow<'static, str>,
    list: Vec<Field<'static>>,
    /// What the bridge from the `log` crate adds.
    target: Option<Cow<'static, str>>,
    path: Option<Cow<'static, str>>,
    line: Option<u32>,
    is_of_span: bool,
    is_cut: bool,
}

impl Fields {
    fn of_span() -> Self {
        Self {
            is_of_span: true,
            ..Self::default()
        }
    }

    fn add(&mut self, field: &TracingField, mut value: String) {
        if MAX_TEXT < value.len() {
            value.truncate(number::cut(&value, MAX_TEXT).len());
            self.is_cut = true;
        }
        let value = Cow::Owned(value);
        match field.name() {
            "message" if !self.is_of_span => self.message = value,
            "log.target" => self.target = Some(value),
            "log.file" => self.path = Some(value),
            "log.line" => self.line = value.parse().ok(),
            "log.module_path" => {}
            name => self.list.push(Field {
                name: Cow::Borrowed(name),
                value,
                of_span: self.is_of_span,
            }),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &TracingField, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &TracingField, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_f64(&mut self, field: &TracingField, value: f64) {
        self.add(field, value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;

    fn clock() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    #[test]
    fn an_event_with_all_that_belongs_to_it() {
        let (layer, mut captured) = capture("app", 10, clock);
        let line = tracing::subscriber::with_default(
            tracing_subscriber::registry().with(layer),
            || {
                let outer = tracing::info_span!("request", id = 42, user = tracing::field::Empty);
                outer.record("user", "ann");
                let _outer = outer.enter();
                let _inner = tracing::debug_span!("inner").entered();
                tracing::warn!(target: "app::db", retries = 3, took = 1.5, error = "timed \"out\"", "slow {}", "query");
                line!() - 1
            },
        );
        let mut events = Vec::new();
        captured.read(&mut |event: &Event<'_>| {
            events.push((event.record.clone().into_owned(), event.position.clone()));
        });
        let (record, position) = &events[0];
        assert_eq!(position.to_string(), "app:1");
        assert_eq!(
            (record.level, record.time),
            (Some(Level::Warn), Some(clock()))
        );
        assert_eq!(
            (record.target.as_deref(), &*record.message),
            (Some("app::db"), "slow query")
        );
        assert_eq!(record.spans, ["request", "inner"]);
        let fields: Vec<_> = record
            .fields
            .iter()
            .map(|f| (&*f.name, &*f.value, f.of_span))
            .collect();
        assert_eq!(
            fields,
            [
                ("retries", "3", false),
                ("took", "1.5", false),
                ("error", "timed \"out\"", false),
                ("id", "42", true),
                ("user", "ann", true)
            ]
        );
        let place = record.emitter.as_ref().unwrap().to_location().to_string();
        assert_eq!(place, format!("{}:{line}", file!()));
        assert_eq!(captured.finish().lines.parsed, 1);
    }

    #[test]
    fn what_comes_too_fast_is_dropped_and_counted() {
        let (layer, mut captured) = capture("app", 100, clock);
        let subscriber = Arc::new(tracing_subscriber::registry().with(layer));
        let mut last = 0;
        let mut sink = |event: &Event<'_>| last = event.position.line.get();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let subscriber = Arc::clone(&subscriber);
                scope.spawn(move || {
                    tracing::subscriber::with_default(subscriber, || {
                        for n in 0..1_000 {
                            tracing::info!(n, "busy");
                        }
                    });
                });
            }
            captured.read(&mut sink);
        });
        captured.read(&mut sink);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("{}", "x".repeat(MAX_TEXT + 1));
        });
        assert_eq!(
            captured.wait(std::time::Duration::from_secs(1), &mut sink),
            1
        );
        assert_eq!(last, 4_001);
        let dropped = captured.dropped();
        let summary = captured.finish();
        assert_eq!(summary.lines.total + dropped, 4_001);
        assert_eq!(summary.lines.cut, 1);
        assert_eq!(
            summary.problem,
            (0 < dropped).then(|| format!(
                "{dropped} events were dropped: they came faster than they were taken"
            ))
        );
    }
}
