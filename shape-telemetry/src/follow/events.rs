//! Events of a log that grows.

use std::{borrow::Cow, io, num::NonZeroU64, sync::Arc};

use super::{FollowPosition, Follower};
use crate::{Event, LineCounts, Reader, Sink, SourceSummary, number, stateful::Log};

/// Reads a followed log into events.
///
/// An event that may go on (a stack trace that is being written) is held until the next one begins, or until a look
/// finds nothing new. [`FollowedEvents::position`] lies before an event that is held.
///
/// ```
/// use std::io::Write as _;
/// use shape_telemetry::{Collector, CollectorConfig, Event, FollowedEvents, Follower, Reader};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("app.log");
/// let mut log = std::fs::File::create(&path)?;
/// let reader = Reader::new();
/// let mut events = FollowedEvents::new(&reader, Follower::new(&path));
/// let mut collector = Collector::new(CollectorConfig::new());
///
/// writeln!(log, "2026-11-23T23:41:07Z  INFO app: ready")?;
/// // A service does this once a second, and saves `events.position()` after it.
/// for _ in 0..2 {
///     events.poll(&mut |event: &Event<'_>| collector.observe(event))?;
/// }
/// collector.add_source(events.finish(&mut |_: &Event<'_>| {}));
/// assert_eq!(collector.lines().parsed, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FollowedEvents<'r> {
    reader: &'r Reader,
    follower: Follower,
    log: Option<Open<'r>>,
    format: Option<crate::Format>,
    counts: LineCounts,
    bytes: u64,
    /// How many bytes were held after the last look.
    held: usize,
}

/// The file that is read.
struct Open<'r> {
    serial: u64,
    log: Log<'r>,
    /// Bytes and lines before the first one that `log` was given.
    offset: u64,
    lines: u64,
}

impl std::fmt::Debug for FollowedEvents<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowedEvents")
            .field("follower", &self.follower)
            .finish_non_exhaustive()
    }
}

impl<'r> FollowedEvents<'r> {
    /// Reads what a follower hands out.
    pub fn new(reader: &'r Reader, follower: Follower) -> Self {
        Self {
            reader,
            follower: follower.max_line(reader.max_line),
            log: None,
            format: None,
            counts: LineCounts::default(),
            bytes: 0,
            held: 0,
        }
    }

    /// Where it stands: behind the events that were given to a sink.
    pub fn position(&self) -> FollowPosition {
        self.follower.position()
    }

    /// Gives the events that were written since the last look to the sink.
    pub fn poll(&mut self, sink: &mut dyn Sink) -> io::Result<()> {
        let mut is_new = false;
        while let Some(index) = self.follower.ready()? {
            let before = self.held_at(index);
            let serial = self.serial(index);
            let is_other = self.log.as_ref().is_some_and(|log| log.serial != serial);
            if is_other {
                self.close(sink);
            }
            if self.step(index, serial, false, sink) {
                is_new = true;
                continue;
            }
            // All of it may go on: more, or the last look but one.
            let grew = self
                .follower
                .segments
                .get_mut(index)
                .map_or(Ok(false), super::Segment::read)?;
            if grew {
                is_new = true;
                continue;
            }
            let is_over =
                index + 1 < self.follower.segments.len() || (!is_new && self.held == before);
            if is_over {
                self.step(index, serial, true, sink);
                self.held = 0;
                continue;
            }
            self.held = before;
            // What happened to the files is looked at even while an event is held.
            if !self.follower.look()? {
                break;
            }
        }
        Ok(())
    }

    fn serial(&self, index: usize) -> u64 {
        let segment = self.follower.segments.get(index);
        segment.map_or(0, |segment| segment.serial)
    }

    fn held_at(&self, index: usize) -> usize {
        let segment = self.follower.segments.get(index);
        segment.map_or(0, |segment| segment.complete().len())
    }

    /// Reads the complete lines of a file; whether any of them is done.
    fn step(&mut self, index: usize, serial: u64, last: bool, sink: &mut dyn Sink) -> bool {
        let Some(segment) = self.follower.segments.get_mut(index) else {
            return false;
        };
        let reader = self.reader;
        let open = self.log.get_or_insert_with(|| {
            let name: Arc<str> = Arc::from(segment.path.to_string_lossy());
            // A header that names columns stands at the start of the file.
            let start = if segment.offset == 0 {
                String::new()
            } else {
                segment.start()
            };
            Open {
                serial,
                log: Log::primed(reader, name, &start),
                offset: segment.units().decoded(segment.offset),
                lines: segment.lines,
            }
        });
        let bytes = segment.complete();
        let (units, is_start) = (segment.units(), segment.offset == 0);
        let text = units.text(bytes, is_start);
        let mut shifted = Shifted {
            offset: open.offset,
            lines: open.lines,
            sink,
        };
        let done = open.log.block(&text, last, &mut shifted);
        let read = text.get(..done).unwrap_or_default();
        let length = match (&text, units.length(read, is_start)) {
            (_, Some(length)) => length.min(bytes.len()),
            (Cow::Borrowed(_), None) => done,
            (Cow::Owned(text), None) => {
                let read = text.get(..done).unwrap_or_default();
                let lines = memchr::memchr_iter(b'\n', read.as_bytes()).count();
                let raw = lines_length(bytes, lines);
                let wrong = bytes.get(..raw).unwrap_or_default();
                let wrong = wrong.split_inclusive(|&b| b == b'\n');
                let wrong = wrong.filter(|line| std::str::from_utf8(line).is_err());
                self.counts.not_utf8 += number::len(wrong.count());
                raw
            }
        };
        self.counts.cut += segment.n_cut(length);
        self.bytes += number::len(length);
        segment.consume(length);
        0 < length
    }

    /// Ends the reading of a file.
    fn close(&mut self, sink: &mut dyn Sink) {
        if let Some(mut open) = self.log.take() {
            open.log.block("", true, sink);
            let (_, format, counts) = open.log.finish();
            self.counts = self.counts.plus(counts);
            self.format = Some(format);
        }
    }

    /// Gives away what is held, and tells what became of the lines.
    pub fn finish(mut self, sink: &mut dyn Sink) -> SourceSummary {
        for index in 0..self.follower.segments.len() {
            let serial = self.serial(index);
            if self.log.as_ref().is_some_and(|log| log.serial != serial) {
                self.close(sink);
            }
            if self.held_at(index) != 0 {
                self.step(index, serial, true, sink);
            }
        }
        self.close(sink);
        SourceSummary {
            name: Arc::from(self.follower.path().to_string_lossy()),
            format: self
                .format
                .unwrap_or(crate::Format::Plain)
                .as_str()
                .to_owned(),
            bytes: self.bytes,
            lines: self.counts,
            problem: None,
        }
    }
}

/// The length of so many lines.
fn lines_length(bytes: &[u8], lines: usize) -> usize {
    match lines.checked_sub(1) {
        None => 0,
        Some(last) => memchr::memchr_iter(b'\n', bytes)
            .nth(last)
            .map_or(bytes.len(), |at| at + 1),
    }
}

/// Gives events on with the places of the whole file.
struct Shifted<'s> {
    offset: u64,
    lines: u64,
    sink: &'s mut dyn Sink,
}

impl Sink for Shifted<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.offset == 0 && self.lines == 0 {
            self.sink.event(event);
            return;
        }
        let mut event = event.clone();
        let line = event.position.line.get() + self.lines;
        event.position.line = NonZeroU64::new(line).unwrap_or(NonZeroU64::MIN);
        event.position.byte_offset += self.offset;
        self.sink.event(&event);
    }
}
