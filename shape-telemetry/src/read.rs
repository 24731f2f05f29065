//! From bytes to events: decoding, lines, records of several lines.

use std::{
    io::{self, Read},
    num::NonZeroU64,
    sync::Arc,
};

use jiff::Timestamp;
use memchr::{memchr, memrchr};

use crate::{
    Format, LineCounts, LogPosition, Pattern, Record, SourceLocation, SourceSummary,
    decode::Decoder, frames, number, parse, parse::time::Context, stateful::Log,
};

/// A record with its place in the log and the lines that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// What the first line says.
    pub record: Record<'a>,
    /// Where the first line stands.
    pub position: LogPosition,
    /// The lines that follow and belong to the record: a stack trace, an indented text. Empty for most.
    pub detail: &'a str,
    /// The stack frames in `detail`, innermost first; at most 64.
    pub frames: Vec<SourceLocation>,
}

/// Takes events as they are read. Every `FnMut(&Event<'_>)` is one.
pub trait Sink {
    /// Takes one event.
    fn event(&mut self, event: &Event<'_>);

    /// Told from time to time how many bytes of the source were consumed, before decompression.
    fn progress(&mut self, bytes: u64) {
        let _ = bytes;
    }
}

impl<F: FnMut(&Event<'_>)> Sink for F {
    fn event(&mut self, event: &Event<'_>) {
        self(event);
    }
}

/// Reads a log into events, in bounded memory.
///
/// ```
/// use shape_telemetry::{Event, Level, Reader};
///
/// let log = "2026-11-23T23:41:07.3Z  WARN studio::canvas: ResizeCanvas blocked main thread for 71.9ms events=31\n";
/// let mut levels = Vec::new();
/// let summary = Reader::new().read("studio.log", log.as_bytes(), &mut |event: &Event<'_>| {
///     levels.push(event.record.level);
/// });
/// assert_eq!(levels, [Some(Level::Warn)]);
/// assert_eq!((summary.lines.total, summary.lines.parsed), (1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    pub(crate) context: Context,
    pub(crate) max_line: usize,
    patterns: Arc<[Pattern]>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

const MAX_FRAMES: usize = 64;
/// How many lines vote on the format of a source.
const VOTERS: usize = 100;

impl Reader {
    /// The longest line that is kept whole, 1 MiB, unless [`Reader::max_line`] says otherwise.
    pub const MAX_LINE: usize = 1 << 20;

    /// A reader that takes times without a zone as UTC and leaves times without a year out.
    pub fn new() -> Self {
        Self {
            context: Context::default(),
            max_line: Self::MAX_LINE,
            patterns: Arc::default(),
        }
    }

    /// Times without a year are taken to lie at most a year before `reference` (or up to a day after it).
    #[must_use]
    pub fn reference(mut self, reference: Timestamp) -> Self {
        self.context.reference = Some(reference);
        self
    }

    /// Times without a zone are taken to be this many seconds east of UTC.
    #[must_use]
    pub fn utc_offset_seconds(mut self, seconds: i32) -> Self {
        self.context.utc_offset_s = seconds.clamp(-86_400, 86_400);
        self
    }

    /// Longer lines are cut to this many bytes, at least 64, and counted.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes.max(64);
        self
    }

    /// A layout of the caller's own, tried before those that are known; may be called again for more of them.
    #[must_use]
    pub fn pattern(mut self, pattern: Pattern) -> Self {
        self.patterns = self.patterns.iter().cloned().chain([pattern]).collect();
        self
    }

    /// The record of a line under the patterns of the caller.
    pub(crate) fn custom<'a>(&self, line: &'a str) -> Option<Record<'a>> {
        self.patterns
            .iter()
            .find_map(|pattern| pattern.apply(line, &self.context))
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn max_line_bytes(&self) -> usize {
        self.max_line
    }

    /// The format that most of the first lines have.
    pub(crate) fn vote(&self, text: &str) -> Format {
        let mut votes = std::collections::BTreeMap::new();
        let lines = text
            .lines()
            .filter(|line| !line.trim_ascii().is_empty() && line.len() <= self.max_line);
        for line in lines.take(VOTERS) {
            let format = parse::any(line, &self.context).format;
            *votes.entry(format).or_insert(0_u32) += 1;
        }
        votes.remove(&Format::Plain);
        votes
            .into_iter()
            .max_by_key(|&(format, count)| (count, std::cmp::Reverse(format)))
            .map_or(Format::Plain, |(format, _)| format)
    }

    /// The record of one line. Always some record: [`Format::Plain`] where no format fits.
    ///
    /// ```
    /// use shape_telemetry::{Format, Reader};
    ///
    /// let record = Reader::new().parse_line(r#"level=info msg="slow query" duration=512ms"#);
    /// assert_eq!(record.format, Format::Logfmt);
    /// assert_eq!(record.message, "slow query");
    /// assert_eq!(record.field("duration"), Some("512ms"));
    /// ```
    pub fn parse_line<'a>(&self, line: &'a str) -> Record<'a> {
        self.custom(line)
            .unwrap_or_else(|| parse::any(line, &self.context))
    }

    /// Reads all of `input`, gzip included, and gives each event to `sink`.
    ///
    /// An error of the input ends the reading; what was read before is kept and the summary names the problem.
    pub fn read(&self, name: &str, input: impl Read, sink: &mut dyn Sink) -> SourceSummary {
        let mut decoder = Decoder::new(input, self.max_line);
        let mut log = Log::new(self, Arc::from(name));
        let mut text = String::new();
        let mut problem = None;
        loop {
            let more = match decoder.fill(&mut text) {
                Ok(more) => more,
                Err(error) => {
                    problem = Some(describe(&error, decoder.bytes()));
                    false
                }
            };
            let done = log.block(&text, !more, sink);
            text.drain(..done);
            sink.progress(decoder.consumed());
            if !more {
                break;
            }
        }
        let (name, format, mut lines) = log.finish();
        lines.cut += decoder.cut();
        lines.not_utf8 = decoder.not_utf8();
        SourceSummary {
            name,
            format: format.as_str().to_owned(),
            bytes: decoder.bytes(),
            lines,
            problem,
        }
    }
}

pub(crate) fn describe(error: &io::Error, bytes: u64) -> String {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends early".to_owned(),
        _ => error.to_string(),
    };
    format!("{what}, after {bytes} bytes; what was read before is kept")
}

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
            || (structured
                && (self.format == Format::RustPanic
                    || line.starts_with([' ', '\t', '}', ')', ']'])))
    }
}

/// One event that is not complete yet.
struct Pending<'a> {
    event: Event<'a>,
    start: usize,
    first_line: u64,
    detail_start: usize,
    counts: LineCounts,
    tail: Tail,
    python: bool,
}

/// The state of one reading.
pub(crate) struct Pass<'r> {
    reader: &'r Reader,
    name: Arc<str>,
    counts: LineCounts,
    line: u64,
    offset: u64,
    preferred: Option<Format>,
    /// The record whose further lines are only counted, its event being too long to be held.
    tail: Option<Tail>,
    formats: std::collections::BTreeMap<Format, u64>,
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
            formats: std::collections::BTreeMap::new(),
        }
    }

    /// The name of the source, the format that most of its events have, and what became of its lines.
    pub(crate) fn finish(self) -> (Arc<str>, Format, LineCounts) {
        let format = self
            .formats
            .iter()
            .max_by_key(|&(format, count)| (*count, std::cmp::Reverse(*format)))
            .map_or(Format::Plain, |(format, _)| *format);
        (self.name, format, self.counts)
    }

    /// Reads the lines of a block and returns how many bytes are done; the rest belongs to an event that may go on.
    pub(crate) fn block(&mut self, text: &str, last: bool, sink: &mut dyn Sink) -> usize {
        if self.preferred.is_none() {
            self.preferred = Some(self.reader.vote(text));
        }
        let mut pending: Option<Pending<'_>> = None;
        let mut at = 0;
        while at < text.len() {
            let rest = &text.as_bytes()[at..];
            let end = memchr(b'\n', rest).map_or(text.len(), |end| at + end);
            let next = (end + 1).min(text.len());
            let raw = text.get(at..end).unwrap_or_default();
            let mut line = raw.strip_suffix('\r').unwrap_or(raw);
            let mut counts = LineCounts {
                total: 1,
                parsed: 1,
                ..LineCounts::default()
            };
            if self.reader.max_line < line.len() {
                counts.cut = 1;
                line = number::cut(line, self.reader.max_line);
            }
            self.line += 1;
            self.step(text, line, at, counts, &mut pending, sink);
            self.offset += number::len(next - at);
            at = next;
        }
        let Some(pending) = pending else {
            return text.len();
        };
        // A very long event is given away as it is; its further lines are counted.
        let held = text.len() - pending.start;
        if !last && held <= self.reader.max_line.max(1 << 16) {
            self.line = pending.first_line - 1;
            self.offset = pending.event.position.byte_offset;
            return pending.start;
        }
        self.tail = Some(pending.tail);
        self.flush(pending, text, text.len(), sink);
        text.len()
    }

    fn step<'a>(
        &mut self,
        text: &'a str,
        line: &'a str,
        at: usize,
        mut counts: LineCounts,
        pending: &mut Option<Pending<'a>>,
        sink: &mut dyn Sink,
    ) {
        if line.trim_ascii_start().is_empty() {
            match pending {
                Some(pending) => add(&mut pending.counts, counts),
                None => add(&mut self.counts, counts),
            }
            return;
        }
        let stripped = strip_ansi(line);
        let tail = pending.as_ref().map(|p| p.tail).or(self.tail);
        // Only a line that starts with a blank can both be a record and look like the rest of one.
        if let Some(tail) = tail
            && line.starts_with([' ', '\t'])
            && !(line.starts_with("  2") && tail.format == Format::TracingPretty)
            && tail.takes_unparsed(line)
        {
            self.continuation(line, counts, pending);
            return;
        }
        let preferred = self.preferred.unwrap_or(Format::Plain);
        let record = match stripped {
            Some(clean) => self.reader.parse_line(&clean).into_owned(),
            None => match self.reader.custom(line) {
                Some(record) => record,
                None => parse::parse(preferred, line, &self.reader.context),
            },
        };
        if record.format == Format::Plain {
            if tail.is_some_and(|tail| tail.takes_unparsed(line)) {
                self.continuation(line, counts, pending);
                return;
            }
            counts.parsed = 0;
            counts.unparsed = 1;
        }
        if let Some(pending) = pending.take() {
            self.flush(pending, text, at, sink);
        }
        self.tail = None;
        let tail = Tail {
            format: record.format,
            in_trace: false,
        };
        let position = LogPosition {
            source: Arc::clone(&self.name),
            line: NonZeroU64::new(self.line).unwrap_or(NonZeroU64::MIN),
            byte_offset: self.offset,
        };
        *pending = Some(Pending {
            event: Event {
                record,
                position,
                detail: "",
                frames: Vec::new(),
            },
            start: at,
            first_line: self.line,
            detail_start: at + line.len(),
            counts,
            tail,
            python: false,
        });
    }

    fn continuation<'a>(
        &mut self,
        line: &'a str,
        counts: LineCounts,
        pending: &mut Option<Pending<'a>>,
    ) {
        let Some(pending) = pending else {
            add(&mut self.counts, counts);
            return;
        };
        add(&mut pending.counts, counts);
        let event = &mut pending.event;
        if pending.tail.format == Format::TracingPretty
            && parse::tracing::pretty_detail(line, &mut event.record)
        {
            return;
        }
        if pending.tail.format == Format::RustPanic && event.record.message == "panicked" {
            event.record.message = line.into();
        }
        // The console of .NET writes the message below its header.
        if event.record.message.is_empty() && event.record.field("event_id").is_some() {
            event.record.message = line.trim().into();
        }
        if line
            .trim_start()
            .starts_with("Traceback (most recent call last)")
        {
            pending.tail.in_trace = true;
            pending.python = true;
        } else if pending.python && !line.starts_with(' ') {
            // `ValueError: message` ends the trace.
            pending.tail.in_trace = false;
        } else if line.starts_with("goroutine ") {
            pending.tail.in_trace = true;
        }
        if event.frames.len() < MAX_FRAMES
            && let Some(frame) = frames::frame(line)
        {
            if pending.python {
                event.frames.insert(0, frame);
            } else {
                event.frames.push(frame);
            }
        }
    }

    fn flush<'a>(
        &mut self,
        mut pending: Pending<'a>,
        text: &'a str,
        end: usize,
        sink: &mut dyn Sink,
    ) {
        if 1 < pending.counts.total {
            let detail = text.get(pending.detail_start..end).unwrap_or_default();
            pending.event.detail = detail.trim_matches(['\r', '\n']);
        }
        add(&mut self.counts, pending.counts);
        *self.formats.entry(pending.event.record.format).or_insert(0) += 1;
        sink.event(&pending.event);
    }
}

fn add(counts: &mut LineCounts, more: LineCounts) {
    *counts = counts.plus(more);
}

/// The line without terminal escapes, where it has any.
pub(crate) fn strip_ansi(line: &str) -> Option<String> {
    memchr(0x1b, line.as_bytes())?;
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr(0x1b, rest.as_bytes()) {
        let (before, escape) = rest.split_at_checked(at)?;
        out.push_str(before);
        rest = after_escape(escape);
    }
    out.push_str(rest);
    Some(out)
}

/// What follows an escape sequence: CSI up to its final byte, OSC up to BEL or ST, else one character.
fn after_escape(escape: &str) -> &str {
    let bytes = escape.as_bytes();
    let end = match bytes.get(1) {
        Some(b'[') => bytes
            .iter()
            .skip(2)
            .position(|b| (0x40..=0x7e).contains(b))
            .map_or(bytes.len(), |at| at + 3),
        Some(b']') => memchr(0x07, bytes)
            .map(|at| at + 1)
            .or_else(|| memchr::memmem::find(bytes, b"\x1b\\").map(|at| at + 2))
            .unwrap_or(bytes.len()),
        Some(_) => 2,
        None => 1,
    };
    // A final byte is ASCII, so `end` is a boundary unless the sequence is broken.
    let mut end = end.min(escape.len());
    while !escape.is_char_boundary(end) {
        end += 1;
    }
    escape.get(end..).unwrap_or("")
}

/// The end of the last complete line.
pub(crate) fn last_line_end(bytes: &[u8]) -> Option<usize> {
    memrchr(b'\n', bytes).map(|at| at + 1)
}
