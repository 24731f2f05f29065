//! From text to events: lines, and the lines that belong to the record before them.

use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};

use jiff::Timestamp;
use memchr::memchr;

use crate::{
    Event, Format, Level, LineCounts, LogPosition, Reader, Record, Sink,
    escape::strip_ansi,
    frames, number,
    parse::{
        self, bracket, exception, layout,
        marks::Marks,
        postgres,
        quick::{self, Line, Stamps},
        report, server,
    },
};

const MAX_FRAMES: usize = 64;

/// What decides whether a line goes on with the record before it.
#[derive(Clone, Copy, Debug)]
struct Tail {
    format: Format,
    in_trace: bool,
}

impl Tail {
    /// Whether a line that starts no record belongs to the record before.
    fn takes_unparsed(self, line: &str) -> bool {
        let structured = !matches!(self.format, Format::Plain | Format::Console);
        frames::continues(line)
            || self.in_trace
            || (self.format == Format::Exception && line.starts_with("Node.js v"))
            // The steps of a trace of Kubernetes' servers.
            || (self.format == Format::Klog && line.starts_with("Trace["))
            || (structured
                && (self.format == Format::RustPanic
                    || line.starts_with([' ', '\t', '}', ')', ']'])))
    }
}

/// Whether a record is a header whose message follows on lines of its own that may look like anything.
#[inline]
fn has_body(record: &Record<'_>) -> bool {
    match record.format {
        Format::MySql | Format::Logcat | Format::Erlang | Format::WindowsEvent => {
            record.message.is_empty()
        }
        Format::Exception => record.message.is_empty() || exception::is_traceback(&record.message),
        Format::Plain | Format::Console => false,
        _ => announces(&record.message) && record.time.is_some(),
    }
}

/// Whether more follows below a message, by how it ends: `query plan:`, `{`.
#[inline]
fn announces(message: &str) -> bool {
    let last = message.as_bytes().iter().rev().find(|&&b| b != b' ');
    matches!(last, Some(b':' | b'{' | b'(' | b'['))
}

/// Whether the error that a line names is another one than that whose trace was read.
fn is_another(record: &Record<'_>, held: &Held<'_>) -> bool {
    record.format == Format::Exception
        && (record.level == Some(Level::Fatal)
            || record.emitter.is_some()
            || (held.is_open && !held.tail.in_trace && !held.event.frames.is_empty()))
}

/// The event that is read and may go on. Its memory is used again for the next one.
struct Held<'a> {
    /// Whether there is one.
    is_open: bool,
    event: Event<'a>,
    start: usize,
    first_line: u64,
    detail_start: usize,
    /// The lines of the event.
    lines: u64,
    /// Those of them that were cut.
    cut: u64,
    is_parsed: bool,
    tail: Tail,
    python: bool,
}

impl Held<'_> {
    fn nothing(name: &Arc<str>) -> Self {
        Self {
            is_open: false,
            event: Event::new(
                Record::plain(""),
                LogPosition {
                    source: Arc::clone(name),
                    line: NonZeroU64::MIN,
                    byte_offset: 0,
                },
            ),
            start: 0,
            first_line: 0,
            detail_start: 0,
            lines: 0,
            cut: 0,
            is_parsed: false,
            tail: Tail {
                format: Format::Plain,
                in_trace: false,
            },
            python: false,
        }
    }
}

/// The state of one reading of one source.
#[derive(Clone, Debug)]
pub(crate) struct Pass<'r> {
    reader: &'r Reader,
    name: Arc<str>,
    counts: LineCounts,
    line: u64,
    offset: u64,
    preferred: Option<Format>,
    /// The record whose further lines are only counted, its event being too long to be held.
    tail: Option<Tail>,
    /// The time of the last record that had one.
    last_time: Option<Timestamp>,
    formats: BTreeMap<Format, u64>,
    /// Events of the same format that follow each other and are not in `formats` yet.
    run: (Format, u64),
    marks: Marks,
    stamps: Stamps,
}

impl<'r> Pass<'r> {
    pub(crate) fn new(reader: &'r Reader, name: Arc<str>) -> Self {
        Self {
            reader,
            name,
            counts: LineCounts::default(),
            line: 0,
            offset: 0,
            preferred: None,
            tail: None,
            last_time: None,
            formats: BTreeMap::new(),
            run: (Format::Plain, 0),
            marks: Marks::default(),
            stamps: Stamps::default(),
        }
    }

    /// The name of the source, the format that most of its events have, and what became of its lines.
    pub(crate) fn finish(mut self) -> (Arc<str>, Format, LineCounts) {
        self.end_run();
        let format = self
            .formats
            .iter()
            .max_by_key(|&(format, count)| (*count, std::cmp::Reverse(*format)))
            .map_or(Format::Plain, |(format, _)| *format);
        (self.name, format, self.counts)
    }

    /// Decides the format that is tried first, where that is not decided yet.
    pub(crate) fn settle(&mut self, text: &str) {
        self.preferred.get_or_insert_with(|| self.reader.vote(text));
    }

    /// Goes on with a line that surely begins an event: behind so many lines and bytes.
    pub(crate) fn go_to(&mut self, lines: u64, bytes: u64) {
        self.line = lines;
        self.offset = bytes;
        self.tail = None;
    }

    /// Adds what became of the lines that another pass read.
    pub(crate) fn add(&mut self, mut other: Self) {
        other.end_run();
        self.counts = self.counts.plus(other.counts);
        for (format, count) in other.formats {
            *self.formats.entry(format).or_insert(0) += count;
        }
    }

    /// Whether a line begins an event, whatever stands before it.
    pub(crate) fn begins(&self, line: &str) -> bool {
        let line = number::cut(
            line.strip_suffix('\r').unwrap_or(line),
            self.reader.max_line,
        );
        let is_indented = line.as_bytes().first().is_none_or(u8::is_ascii_whitespace);
        if is_indented || line.starts_with("note: ") {
            return false;
        }
        let preferred = self.preferred.unwrap_or(Format::Plain);
        let begins = |record: &Record<'_>| match record.format {
            // An error may be that of the record before it.
            Format::Plain | Format::Exception => false,
            Format::MySql => record.time.is_some(),
            _ => !postgres::is_detail(record),
        };
        match strip_ansi(line) {
            Some(clean) => begins(&self.reader.parse_line(&clean)),
            None => match self.reader.custom(line) {
                Some(record) => begins(&record),
                None => begins(&parse::parse(preferred, line, &self.reader.context)),
            },
        }
    }

    /// Reads the lines of a block and returns how many bytes are done; the rest belongs to an event that may go on.
    pub(crate) fn block(&mut self, text: &str, last: bool, sink: &mut dyn Sink) -> usize {
        self.settle(text);
        let has_words = self.preferred.is_some_and(quick::needs_words);
        let mut marks = std::mem::take(&mut self.marks);
        marks.take(text.as_bytes(), has_words);
        let done = self.marked(text, &marks, last, sink);
        self.marks = marks;
        done
    }

    fn marked<'a>(
        &mut self,
        text: &'a str,
        marks: &Marks,
        last: bool,
        sink: &mut dyn Sink,
    ) -> usize {
        let preferred = self.preferred.unwrap_or(Format::Plain);
        // Few logs have terminal escapes: one look for all lines.
        let has_escapes = memchr(0x1b, text.as_bytes()).is_some();
        // The event that may go on, and the one that a line may start: they change places, nothing is copied.
        let (mut one, mut other) = (Held::nothing(&self.name), Held::nothing(&self.name));
        let (mut held, mut next_held): (&mut Held<'a>, &mut Held<'a>) = (&mut one, &mut other);
        let mut start = 0;
        while start < text.len() {
            let line_end = marks.end(start);
            let next = (line_end + 1).min(text.len());
            let mut end = line_end;
            if start < end && text.as_bytes().get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
            let max_line = self.reader.max_line;
            let is_cut = max_line < end - start;
            if is_cut {
                end = start + number::cut(text.get(start..end).unwrap_or_default(), max_line).len();
            }
            let line = Line::new(text, marks, start, end);
            self.line += 1;
            let whole = line.text(start, end);
            if self.continues(whole, is_cut, held) {
                self.bound(text, end, held, sink);
            } else {
                let record = &mut next_held.event.record;
                let is_ordinary = self.parse(preferred, &line, has_escapes, record);
                let tail = self.tail_of(held);
                if is_ordinary {
                    self.flush(held, text, start, sink);
                    self.open(next_held, &line, is_cut, true);
                    std::mem::swap(&mut held, &mut next_held);
                } else if matches!(record.format, Format::Plain | Format::Exception)
                    && tail.is_some_and(|tail| tail.takes_unparsed(whole))
                    && !is_another(record, held)
                {
                    self.continuation(whole, is_cut, held);
                    self.bound(text, end, held, sink);
                } else if record.format == Format::Postgres
                    && held.is_open
                    && let Some(field) = postgres::goes_on(&held.event.record, record)
                {
                    held.event.record.fields.push(field);
                    self.count(held, is_cut);
                    self.bound(text, end, held, sink);
                } else if record.format == Format::MySql
                    && held.is_open
                    && server::slow_query_goes_on(&held.event.record, record)
                {
                    self.continuation(whole, is_cut, held);
                    self.bound(text, end, held, sink);
                } else {
                    let is_parsed = record.format != Format::Plain;
                    self.flush(held, text, start, sink);
                    self.open(next_held, &line, is_cut, is_parsed);
                    std::mem::swap(&mut held, &mut next_held);
                }
            }
            self.offset += number::len(next - start);
            start = next;
        }
        if held.is_open && !last {
            self.line = held.first_line - 1;
            self.offset = held.event.position.byte_offset;
            return held.start;
        }
        self.flush(held, text, text.len(), sink);
        text.len()
    }

    /// Reads a line into a record that is used again; whether it was an ordinary line, which surely begins an event.
    #[inline]
    fn parse<'a>(
        &mut self,
        preferred: Format,
        line: &Line<'a, '_>,
        has_escapes: bool,
        record: &mut Record<'a>,
    ) -> bool {
        let context = &self.reader.context;
        let text = line.text(line.start, line.end());
        if has_escapes && let Some(clean) = strip_ansi(text) {
            *record = self.reader.parse_line(&clean).into_owned();
            return false;
        }
        if self.reader.has_patterns()
            && let Some(custom) = self.reader.custom(text)
        {
            *record = custom;
            return false;
        }
        if quick::read(preferred, line, &mut self.stamps, context, record) {
            return true;
        }
        record.lend();
        *record = parse::parse(preferred, text, context);
        false
    }

    /// Takes a blank line, or one that starts with a blank and goes on with the record before it; whether it is one.
    #[inline]
    fn continues<'a>(&mut self, line: &'a str, is_cut: bool, held: &mut Held<'a>) -> bool {
        let is_indented = match line.as_bytes().first() {
            Some(b'n') => return self.is_note(line, is_cut, held),
            Some(b) => b.is_ascii_whitespace(),
            None => true,
        };
        if !is_indented {
            return false;
        }
        if line.trim_ascii_start().is_empty() {
            self.count(held, is_cut);
            return true;
        }
        // Only a line that starts with a blank can both be a record and look like the rest of one.
        if let Some(tail) = self.tail_of(held)
            && line.starts_with([' ', '\t'])
            && !(line.starts_with("  2") && tail.format == Format::TracingPretty)
            && !layout::is_padded(line)
            && tail.takes_unparsed(line)
        {
            self.continuation(line, is_cut, held);
            return true;
        }
        false
    }

    /// Takes a `note: …` behind a panic of Rust, which elsewhere is a line with a level.
    fn is_note<'a>(&mut self, line: &'a str, is_cut: bool, held: &mut Held<'a>) -> bool {
        let is_note = line.starts_with("note: ")
            && self
                .tail_of(held)
                .is_some_and(|tail| tail.format == Format::RustPanic);
        if is_note {
            self.continuation(line, is_cut, held);
        }
        is_note
    }

    fn tail_of(&self, held: &Held<'_>) -> Option<Tail> {
        if held.is_open {
            Some(held.tail)
        } else {
            self.tail
        }
    }

    /// Counts a line that belongs to the event.
    fn count(&mut self, held: &mut Held<'_>, is_cut: bool) {
        if held.is_open {
            held.lines += 1;
            held.cut += u64::from(is_cut);
        } else {
            self.counts.total += 1;
            self.counts.parsed += 1;
            self.counts.cut += u64::from(is_cut);
        }
    }

    /// Starts the event whose record was read from a line.
    #[inline]
    fn open(&mut self, held: &mut Held<'_>, line: &Line<'_, '_>, is_cut: bool, is_parsed: bool) {
        self.tail = None;
        held.is_open = true;
        let time = &mut held.event.record.time;
        held.event.time_inherited = false;
        if time.is_some() {
            self.last_time = *time;
        } else if self.reader.inherits_times {
            *time = self.last_time;
            held.event.time_inherited = time.is_some();
        }
        held.event.position.line = NonZeroU64::new(self.line).unwrap_or(NonZeroU64::MIN);
        held.event.position.byte_offset = self.offset;
        held.event.detail = "";
        held.event.frames.clear();
        held.start = line.start;
        held.first_line = self.line;
        held.detail_start = line.end();
        held.lines = 1;
        held.cut = u64::from(is_cut);
        held.is_parsed = is_parsed;
        held.tail = Tail {
            format: held.event.record.format,
            in_trace: has_body(&held.event.record),
        };
        held.python = exception::is_traceback(&held.event.record.message);
    }

    fn continuation<'a>(&mut self, line: &'a str, is_cut: bool, held: &mut Held<'a>) {
        self.count(held, is_cut);
        if !held.is_open {
            return;
        }
        let event = &mut held.event;
        if held.tail.format == Format::TracingPretty
            && parse::tracing::pretty_detail(line, &mut event.record)
        {
            return;
        }
        if held.tail.format == Format::RustPanic && event.record.message == "panicked" {
            event.record.message = line.into();
        }
        if held.tail.format == Format::MySql && held.tail.in_trace {
            server::slow_query_detail(line, &mut event.record);
            return;
        }
        // Kafka writes the logger behind the last line.
        if held.tail.format == Format::Bracketed
            && event.record.target.is_none()
            && let Some((_, logger)) = bracket::kafka_logger(line)
        {
            event.record.target = Some(logger.into());
        }
        if held.tail.format == Format::WindowsEvent {
            report::windows_detail(line, &mut event.record, &self.reader.context);
            return;
        }
        // The console of .NET, the long form of logcat and reports of Erlang write the message below its header.
        if event.record.message.is_empty()
            && (event.record.field("event_id").is_some()
                || matches!(held.tail.format, Format::Logcat | Format::Erlang))
        {
            event.record.message = line.trim().into();
        }
        if held.tail.format == Format::Exception
            && (held.python || has_body(&event.record))
            && !line.starts_with([' ', '\t'])
            && exception::named(line).is_some()
        {
            event.record.message = line.into();
            held.tail.in_trace = false;
        }
        if frames::chains(line) {
            held.tail.in_trace = true;
        } else if line
            .trim_start_matches([' ', '+', '|'])
            .starts_with("Traceback (most recent call last)")
        {
            held.tail.in_trace = true;
            held.python = true;
        } else if held.python && !line.starts_with(' ') {
            // `ValueError: message` ends the trace.
            held.tail.in_trace = false;
        } else if line.starts_with("goroutine ") {
            held.tail.in_trace = true;
        }
        if event.frames.len() < MAX_FRAMES
            && let Some(frame) = frames::frame(line)
        {
            if held.python {
                event.frames.insert(0, frame);
            } else {
                event.frames.push(frame);
            }
        }
    }

    /// Gives a very long event away as it is; its further lines are counted.
    fn bound<'a>(&mut self, text: &'a str, end: usize, held: &mut Held<'a>, sink: &mut dyn Sink) {
        if held.is_open && self.reader.max_line.max(1 << 16) < end - held.start {
            self.tail = Some(held.tail);
            self.flush(held, text, end, sink);
        }
    }

    #[inline]
    fn flush<'a>(&mut self, held: &mut Held<'a>, text: &'a str, end: usize, sink: &mut dyn Sink) {
        if !held.is_open {
            return;
        }
        held.is_open = false;
        if 1 < held.lines {
            let detail = text.get(held.detail_start..end).unwrap_or_default();
            held.event.detail = detail.trim_matches(['\r', '\n']);
            held.event.name_exception();
        }
        // Only the line that an event begins with may be one that no format fits.
        let unparsed = u64::from(!held.is_parsed);
        self.counts.total += held.lines;
        self.counts.parsed += held.lines - unparsed;
        self.counts.unparsed += unparsed;
        self.counts.cut += held.cut;
        if self.run.0 != held.tail.format {
            self.end_run();
            self.run.0 = held.tail.format;
        }
        self.run.1 += 1;
        sink.event(&held.event);
    }

    fn end_run(&mut self) {
        let (format, count) = self.run;
        if count != 0 {
            *self.formats.entry(format).or_insert(0) += count;
        }
        self.run.1 = 0;
    }
}
