//! Logs whose lines mean something only with what was read before: a header that names columns, a wrapper that cuts
//! lines in parts, records of several lines.

use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};

use memchr::memchr;

use crate::{
    Event, Format, LineCounts, LogPosition, Reader, Record, Sink, number,
    parse::time::Context,
    pass::Pass,
    stateful::{inner::Inner, table::Table, wrapped::Wrapped},
};

mod inner;
pub(crate) mod journal;
mod otlp;
mod table;
mod wrapped;

/// One source while it is read; its first lines decide how.
pub(crate) enum Log<'r> {
    /// Nothing was read yet.
    New(&'r Reader, Arc<str>),
    /// Every line begins a record or goes on with one.
    Lines(Box<Pass<'r>>),
    Stateful(Box<Stateful<'r>>),
}

impl<'r> Log<'r> {
    pub(crate) fn new(reader: &'r Reader, name: Arc<str>) -> Self {
        Self::New(reader, name)
    }

    /// For a source that is read from somewhere in it, with the lines at its start.
    #[cfg(feature = "files")]
    pub(crate) fn primed(reader: &'r Reader, name: Arc<str>, start: &str) -> Self {
        match Kind::detect(start, reader, &name) {
            Some(kind) => Self::Stateful(Box::new(Stateful {
                kind,
                stage: Stage::new(reader, name),
            })),
            None => Self::New(reader, name),
        }
    }

    /// Decides by the first lines how the source is read.
    fn settle(&mut self, text: &str) {
        if let Self::New(reader, name) = self {
            let (reader, name) = (*reader, Arc::clone(name));
            *self = match Kind::detect(text, reader, &name) {
                Some(kind) => Self::Stateful(Box::new(Stateful {
                    kind: kind.at_start(),
                    stage: Stage::new(reader, name),
                })),
                None => Self::Lines(Box::new(Pass::new(reader, name))),
            };
        }
    }

    /// The pass of a source in which every line begins a record or goes on with one.
    pub(crate) fn lines(&mut self, text: &str) -> Option<&mut Pass<'r>> {
        self.settle(text);
        match self {
            Self::Lines(pass) => Some(pass),
            _ => None,
        }
    }

    /// Reads the lines of a block and returns how many bytes are done; the rest may go on with the next block.
    pub(crate) fn block(&mut self, text: &str, last: bool, sink: &mut dyn Sink) -> usize {
        self.settle(text);
        match self {
            Self::New(..) => 0,
            Self::Lines(pass) => pass.block(text, last, sink),
            Self::Stateful(stateful) => stateful.block(text, last, sink),
        }
    }

    /// The name of the source, the format that most of its events have, and what became of its lines.
    pub(crate) fn finish(self) -> (Arc<str>, Format, LineCounts) {
        match self {
            Self::New(_, name) => (name, Format::Plain, LineCounts::default()),
            Self::Lines(pass) => pass.finish(),
            Self::Stateful(stateful) => stateful.finish(),
        }
    }
}

enum Kind<'r> {
    Journal,
    Table(Table),
    Otlp,
    Wrapped(Box<Wrapped<'r>>),
}

impl<'r> Kind<'r> {
    fn detect(text: &str, reader: &'r Reader, name: &Arc<str>) -> Option<Self> {
        /// How many lines are looked at.
        const FIRST: usize = 50;
        let lines: Vec<&str> = number::cut(text, 1 << 16)
            .lines()
            .filter(|line| !line.trim_ascii().is_empty())
            .take(FIRST)
            .collect();
        let first = lines.first()?;
        if journal::is_start(first) {
            return Some(Self::Journal);
        }
        if otlp::is_start(first) {
            return Some(Self::Otlp);
        }
        if let Some(table) = Table::detect(&lines) {
            return Some(Self::Table(table));
        }
        let is_wrapped = Wrapped::fits(&lines, &reader.context);
        is_wrapped.then(|| Self::Wrapped(Box::new(Wrapped::new(reader, name))))
    }
}

impl Kind<'_> {
    /// For a source whose first line is the header, and no row.
    fn at_start(mut self) -> Self {
        if let Self::Table(table) = &mut self {
            table.expect_header();
        }
        self
    }
}

/// A source that is read with a state.
pub(crate) struct Stateful<'r> {
    kind: Kind<'r>,
    stage: Stage<'r>,
}

impl Stateful<'_> {
    fn block(&mut self, text: &str, last: bool, sink: &mut dyn Sink) -> usize {
        let stage = &mut self.stage;
        let done = match &mut self.kind {
            Kind::Journal => journal::block(text, last, stage, sink),
            Kind::Table(table) => table.block(text, last, stage, sink),
            Kind::Otlp => otlp::block(text, stage, sink),
            Kind::Wrapped(wrapped) => wrapped.block(text, last, stage, sink),
        };
        stage.bare.run(last, &|record, _| record.format, sink);
        done
    }

    fn finish(self) -> (Arc<str>, Format, LineCounts) {
        let Stage {
            name,
            mut counts,
            mut formats,
            bare,
            ..
        } = self.stage;
        let (format, more) = bare.finish();
        counts = counts.plus(more);
        *formats.entry(format).or_insert(0) += more.total;
        let inner = match self.kind {
            Kind::Wrapped(wrapped) => wrapped.format(),
            _ => None,
        };
        let format = inner.unwrap_or_else(|| {
            formats
                .into_iter()
                .max_by_key(|&(format, count)| (count, std::cmp::Reverse(format)))
                .map_or(Format::Plain, |(format, _)| format)
        });
        (name, format, counts)
    }
}

/// What all of these readings keep.
struct Stage<'r> {
    reader: &'r Reader,
    name: Arc<str>,
    counts: LineCounts,
    /// Lines that are done.
    line: u64,
    /// Bytes that are done.
    offset: u64,
    formats: BTreeMap<Format, u64>,
    /// Lines that do not fit are read as any other.
    bare: Inner<'r>,
}

/// A line of a block.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Without its end, and not longer than allowed.
    text: &'a str,
    /// Where the next line begins in the block.
    next: usize,
    cut: bool,
}

impl<'r> Stage<'r> {
    fn new(reader: &'r Reader, name: Arc<str>) -> Self {
        Self {
            bare: Inner::new(reader, &name),
            reader,
            name,
            counts: LineCounts::default(),
            line: 0,
            offset: 0,
            formats: BTreeMap::new(),
        }
    }

    fn context(&self) -> &Context {
        &self.reader.context
    }

    /// The line at an offset of a block.
    fn line<'a>(&self, text: &'a str, at: usize) -> Line<'a> {
        let rest = text.get(at..).unwrap_or_default();
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let raw = rest.get(..end).unwrap_or_default();
        let line = raw.strip_suffix('\r').unwrap_or(raw);
        let short = number::cut(line, self.reader.max_line);
        Line {
            text: short,
            next: (at + end + 1).min(text.len()),
            cut: short.len() < line.len(),
        }
    }

    /// The place of the line that comes next.
    fn place(&self) -> (u64, u64) {
        (self.line + 1, self.offset)
    }

    /// Counts lines that were read, or belong to what was.
    fn done(&mut self, lines: u64, bytes: usize, cut: bool) {
        self.counts.total += lines;
        self.counts.parsed += lines;
        self.counts.cut += u64::from(cut);
        self.line += lines;
        self.offset += number::len(bytes);
    }

    /// Leaves a line to be read as any other; it is counted there.
    fn leave(&mut self, line: Line<'_>, at: usize) {
        let (number, offset) = self.place();
        self.bare.push(line.text, inner::Place::new(number, offset));
        self.counts.cut += u64::from(line.cut);
        self.line += 1;
        self.offset += crate::number::len(line.next - at);
    }

    /// Gives an event of the place to the sink.
    fn emit(&mut self, record: Record<'_>, place: (u64, u64), detail: &str, sink: &mut dyn Sink) {
        *self.formats.entry(record.format).or_insert(0) += 1;
        let mut event = Event {
            record,
            position: LogPosition {
                source: Arc::clone(&self.name),
                line: NonZeroU64::new(place.0).unwrap_or(NonZeroU64::MIN),
                byte_offset: place.1,
            },
            detail,
            frames: crate::frames::all(detail),
            time_inherited: false,
        };
        sink.event(&event);
        event.record.lend();
    }
}
