//! What container runtimes write: each line of a program with a time and a stream around it, long ones in parts.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use memchr::memchr2;
use serde::Deserialize;

use super::{
    Stage,
    inner::{Inner, Place},
};
use crate::{
    Format, Reader, Record, Sink, number,
    parse::{
        scan::blanks1,
        time::{self, Context},
    },
};

/// A line of Docker's json-file driver.
#[derive(Deserialize)]
struct Docker<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

/// One part of a line, taken out of its wrapper.
struct Part<'a> {
    time: Timestamp,
    stream: &'static str,
    text: Cow<'a, str>,
    /// Whether the line ends with it.
    is_last: bool,
    format: Format,
}

fn stream(name: &str) -> Option<&'static str> {
    match name {
        "stdout" => Some("stdout"),
        "stderr" => Some("stderr"),
        _ => None,
    }
}

fn part<'a>(line: &'a str, context: &Context) -> Option<Part<'a>> {
    if line.starts_with('{') {
        return docker(line, context);
    }
    let (i, time) = time::iso(line, context).ok()?;
    let (i, ()) = blanks1(i).ok()?;
    let (name, i) = i.split_once(' ')?;
    let stream = stream(name)?;
    let (tags, text) = i.split_once(' ').unwrap_or((i, ""));
    // Tags are separated by colons; the first says whether the line is whole.
    let is_last = match tags.split(':').next()? {
        "F" => true,
        "P" => false,
        _ => return None,
    };
    Some(Part {
        time,
        stream,
        text: text.into(),
        is_last,
        format: Format::Cri,
    })
}

fn docker<'a>(line: &'a str, context: &Context) -> Option<Part<'a>> {
    if !line.starts_with("{\"log\":\"") {
        return None;
    }
    if let Some((log, name, time)) = plain(line) {
        let (_, time) = time::iso(time, context).ok()?;
        return Some(Part {
            time,
            stream: stream(name)?,
            text: log.into(),
            is_last: true,
            format: Format::Docker,
        });
    }
    let outer: Docker<'a> = serde_json::from_str(line).ok()?;
    let (_, time) = time::iso(&outer.time, context).ok()?;
    let is_last = outer.log.ends_with('\n');
    let text = match outer.log {
        Cow::Borrowed(text) => text.trim_end_matches(['\n', '\r']).into(),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
            text.into()
        }
    };
    Some(Part {
        time,
        stream: stream(&outer.stream)?,
        text,
        is_last,
        format: Format::Docker,
    })
}

/// Line, stream and time of a line that Docker wrote and in which nothing is escaped but the line end.
fn plain(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.strip_prefix("{\"log\":\"")?;
    let (log, rest) = rest.split_at_checked(memchr2(b'"', b'\\', rest.as_bytes())?)?;
    let rest = rest.strip_prefix("\\n\",\"stream\":\"")?;
    let (stream, rest) = rest.split_once("\",\"time\":\"")?;
    let time = rest.strip_suffix("\"}")?;
    let is_plain = |text: &str| !text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\'));
    (is_plain(log) && is_plain(stream) && is_plain(time)).then_some((log, stream, time))
}

/// One stream of the program.
struct Stream<'r> {
    name: &'static str,
    inner: Inner<'r>,
    /// The parts so far of a line that goes on.
    open: Option<(String, Place)>,
}

/// A log of a container.
pub(super) struct Wrapped<'r> {
    streams: [Stream<'r>; 2],
    format: Format,
}

impl<'r> Wrapped<'r> {
    /// Whether most of the first lines are wrapped.
    pub(super) fn fits(lines: &[&str], context: &Context) -> bool {
        let wrapped = lines
            .iter()
            .filter(|line| part(line, context).is_some())
            .count();
        lines.len() < 2 * wrapped
    }

    pub(super) fn new(reader: &'r Reader, name: &Arc<str>) -> Self {
        let stream = |stream| Stream {
            name: stream,
            inner: Inner::new(reader, name),
            open: None,
        };
        Self {
            streams: [stream("stdout"), stream("stderr")],
            format: Format::Cri,
        }
    }

    pub(super) fn block(
        &mut self,
        text: &str,
        last: bool,
        stage: &mut Stage<'r>,
        sink: &mut dyn Sink,
    ) -> usize {
        let mut at = 0;
        while at < text.len() {
            let line = stage.line(text, at);
            match part(line.text, stage.context()) {
                Some(part) => {
                    self.format = part.format;
                    let (number, offset) = stage.place();
                    let place = Place::new(number, offset).wrapped(Some(part.time), part.stream);
                    let cut = self.take(&part, place, stage.reader.max_line);
                    stage.done(1, line.next - at, line.cut || cut);
                }
                None => stage.leave(line, at),
            }
            at = line.next;
        }
        let format = self.format;
        let format = |record: &Record<'_>, _: bool| match record.format {
            Format::Plain => format,
            known => known,
        };
        for stream in &mut self.streams {
            if last && let Some((text, place)) = stream.open.take() {
                stream.inner.push(&text, place);
            }
            stream.inner.run(last, &format, sink);
        }
        text.len()
    }

    /// Adds a part to its stream; whether it was cut.
    fn take(&mut self, part: &Part<'_>, place: Place, max_line: usize) -> bool {
        let stream = self
            .streams
            .iter_mut()
            .find(|stream| stream.name == part.stream);
        let Some(stream) = stream else {
            return false;
        };
        if part.is_last && stream.open.is_none() {
            stream.inner.push(&part.text, place);
            return false;
        }
        let (text, _) = stream.open.get_or_insert_with(|| (String::new(), place));
        let room = max_line.saturating_sub(text.len());
        let fits = number::cut(&part.text, room);
        text.push_str(fits);
        if part.is_last
            && let Some((text, place)) = stream.open.take()
        {
            stream.inner.push(&text, place);
        }
        fits.len() < part.text.len()
    }

    /// The format of the lines inside, where it is known.
    pub(super) fn format(self) -> Option<Format> {
        let [stdout, stderr] = self.streams.map(|stream| stream.inner.finish());
        let (format, counts) = if stdout.1.total < stderr.1.total {
            stderr
        } else {
            stdout
        };
        match format {
            _ if counts.total == 0 => None,
            Format::Plain => Some(self.format),
            known => Some(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read without a JSON parser is what that would read.
    #[test]
    fn plain_lines_of_docker() {
        for (log, is_plain) in [
            ("hello\\n", true),
            ("a {b} é\\n", true),
            ("\\n", true),
            ("hello", false),
            (r#"a \"b\"\n"#, false),
            ("a\\tb\\n", false),
            ("a\tb\\n", false),
            ("a\\n\\n", false),
        ] {
            let line =
                format!(r#"{{"log":"{log}","stream":"stderr","time":"2026-11-23T23:41:07.5Z"}}"#);
            let found = plain(&line);
            assert_eq!(found.is_some(), is_plain, "{line}");
            if let Some((log, stream, time)) = found {
                let outer: Docker<'_> = serde_json::from_str(&line).unwrap();
                assert_eq!(outer.log.trim_end_matches(['\n', '\r']), log);
                assert_eq!((&*outer.stream, &*outer.time), (stream, time));
            }
        }
    }
}
