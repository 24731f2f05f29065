//! From bytes to events.

use std::{
    io::{self, Read},
    sync::Arc,
};

use jiff::Timestamp;
use memchr::memrchr;

use crate::{
    Format, LogPosition, Pattern, Record, SourceLocation, SourceSummary, decode::Decoder, parse,
    parse::time::Context, stateful::Log,
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
    /// Whether the record's time is that of a record before it: see [`Reader::inherit_times`].
    pub time_inherited: bool,
}

impl<'a> Event<'a> {
    /// An event of one line.
    pub fn new(record: Record<'a>, position: LogPosition) -> Self {
        Self {
            record,
            position,
            detail: "",
            frames: Vec::new(),
            time_inherited: false,
        }
    }
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
    pub(crate) inherits_times: bool,
    patterns: Arc<[Pattern]>,
}

/// How many lines vote on the format of a source.
const VOTERS: usize = 100;

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// The longest line that is kept whole, 1 MiB, unless [`Reader::max_line`] says otherwise.
    pub const MAX_LINE: usize = 1 << 20;

    /// A reader that takes times without a zone as UTC and leaves times without a year out.
    pub fn new() -> Self {
        Self {
            context: Context::default(),
            max_line: Self::MAX_LINE,
            inherits_times: false,
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

    /// A record without a time gets that of the last record of its source that has one, and a flag that says so.
    ///
    /// ```
    /// use shape_telemetry::{Event, Reader};
    ///
    /// let log = "2026-11-23T23:41:07Z INFO a::b: one\nWARN a::b: two\n";
    /// let mut times = Vec::new();
    /// let mut sink = |event: &Event<'_>| times.push((event.record.time, event.time_inherited));
    /// Reader::new().inherit_times().read("x.log", log.as_bytes(), &mut sink);
    /// assert_eq!(times[0].0, times[1].0);
    /// assert_eq!((times[0].1, times[1].1), (false, true));
    /// ```
    #[must_use]
    pub fn inherit_times(mut self) -> Self {
        self.inherits_times = true;
        self
    }

    /// A layout of the caller's own, tried before those that are known; may be called again for more of them.
    #[must_use]
    pub fn pattern(mut self, pattern: Pattern) -> Self {
        self.patterns = self.patterns.iter().cloned().chain([pattern]).collect();
        self
    }

    /// Whether the caller gave layouts.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.patterns.is_empty()
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

    /// Reads all of `input`, gzip and Zstandard included, and gives each event to `sink`.
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
        summary(log, &decoder, problem)
    }
}

/// What became of a source that was read to its end.
pub(crate) fn summary(
    log: Log<'_>,
    decoder: &Decoder<'_>,
    problem: Option<String>,
) -> SourceSummary {
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

pub(crate) fn describe(error: &io::Error, bytes: u64) -> String {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends early".to_owned(),
        _ => error.to_string(),
    };
    format!("{what}, after {bytes} bytes; what was read before is kept")
}

/// The end of the last complete line.
pub(crate) fn last_line_end(bytes: &[u8]) -> Option<usize> {
    memrchr(b'\n', bytes).map(|at| at + 1)
}
