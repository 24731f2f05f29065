//! Lines that stand inside of something else, read as a log of their own, with the places of the outer log.

use std::{collections::VecDeque, num::NonZeroU64, sync::Arc};

use jiff::Timestamp;
use memchr::memchr2;

use crate::{Event, Field, Format, LineCounts, Reader, Record, Sink, pass::Pass, record::emptied};

/// Where a line stands in the outer log, and what the wrapper says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    line: u64,
    offset: u64,
    time: Option<Timestamp>,
    stream: Option<&'static str>,
}

impl Place {
    pub(super) fn new(line: u64, offset: u64) -> Self {
        Self {
            line,
            offset,
            time: None,
            stream: None,
        }
    }

    pub(super) fn wrapped(self, time: Option<Timestamp>, stream: &'static str) -> Self {
        Self {
            time,
            stream: Some(stream),
            ..self
        }
    }
}

/// The lines of one stream.
pub(super) struct Inner<'r> {
    pass: Pass<'r>,
    text: String,
    /// The places of the lines that may still be asked for.
    places: VecDeque<Place>,
    /// The number, from 1, that the pass gives to the first of `places`.
    first: u64,
    /// Memory for the fields of an event.
    fields: Vec<Field<'static>>,
}

impl<'r> Inner<'r> {
    pub(super) fn new(reader: &'r Reader, name: &Arc<str>) -> Self {
        Self {
            pass: Pass::new(reader, Arc::clone(name)),
            text: String::new(),
            places: VecDeque::new(),
            first: 1,
            fields: Vec::new(),
        }
    }

    /// Adds a line. Line ends within it become blanks, so that it stays one.
    pub(super) fn push(&mut self, line: &str, place: Place) {
        if memchr2(b'\n', b'\r', line.as_bytes()).is_some() {
            self.text.push_str(&line.replace(['\n', '\r'], " "));
        } else {
            self.text.push_str(line);
        }
        self.text.push('\n');
        self.places.push_back(place);
    }

    /// Reads what was added and gives the events to the sink; `format` is what their records shall have.
    pub(super) fn run(
        &mut self,
        last: bool,
        format: &dyn Fn(&Record<'_>, bool) -> Format,
        sink: &mut dyn Sink,
    ) {
        if self.text.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let mut mapping = Mapping {
            places: &self.places,
            first: self.first,
            fields: &mut self.fields,
            format,
            sink,
        };
        let done = self.pass.block(&text, last, &mut mapping);
        let (read, rest) = text.split_at_checked(done).unwrap_or((&text, ""));
        for _ in memchr::memchr_iter(b'\n', read.as_bytes()) {
            self.places.pop_front();
            self.first += 1;
        }
        self.text.push_str(rest);
    }

    /// The format that most events have, and what became of the lines.
    pub(super) fn finish(self) -> (Format, LineCounts) {
        let (_, format, counts) = self.pass.finish();
        (format, counts)
    }
}

/// Gives events on with the places of the outer log.
struct Mapping<'m> {
    places: &'m VecDeque<Place>,
    first: u64,
    fields: &'m mut Vec<Field<'static>>,
    format: &'m dyn Fn(&Record<'_>, bool) -> Format,
    sink: &'m mut dyn Sink,
}

impl Sink for Mapping<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let index = event.position.line.get().saturating_sub(self.first);
        let place = usize::try_from(index)
            .ok()
            .and_then(|index| self.places.get(index));
        let mut event = Event {
            record: event.record.copy(emptied(std::mem::take(self.fields))),
            position: event.position.clone(),
            detail: event.detail,
            frames: event.frames.clone(),
            time_inherited: event.time_inherited,
        };
        if let Some(place) = place {
            event.position.line = NonZeroU64::new(place.line).unwrap_or(NonZeroU64::MIN);
            event.position.byte_offset = place.offset;
            event.record.format = (self.format)(&event.record, place.stream.is_some());
            // What the wrapper says is better than what a line before said.
            if event.record.time.is_none() || (event.time_inherited && place.time.is_some()) {
                event.record.time = place.time;
                event.time_inherited = false;
            }
            if let Some(stream) = place.stream {
                event.record.fields.push(Field {
                    name: "stream".into(),
                    value: stream.into(),
                    of_span: false,
                });
            }
        }
        self.sink.event(&event);
        *self.fields = emptied(event.record.fields);
    }
}
