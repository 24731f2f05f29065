//! A log line by line: what each line says, whatever belongs to it.

use std::{borrow::Cow, io::Read, num::NonZeroU64, sync::Arc};

use memchr::memchr;

use crate::{
    Format, LineCounts, Reader, Record, SourceSummary, columns::Columns, decode::Decoder,
    escape::strip_ansi, number, parse, read::describe,
};

/// One line of a log, by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine<'a> {
    /// Its number, from 1.
    pub number: NonZeroU64,
    /// What it says; the record of a line that no format fits has no more than the text.
    pub record: Record<'a>,
    /// What stands behind the header, fields included: the text whose kind a template tells.
    pub body: Cow<'a, str>,
}

impl Reader {
    /// Reads all of `input`, gzip included, and gives each line to `take`: blank lines and the lines of a stack trace
    /// too, so that the n-th call is the n-th line of the input.
    ///
    /// The header is found by itself: by the format, and where no format is known by the columns that the first lines
    /// have in common. [`Reader::read`] gives events instead, with the lines that belong to them.
    ///
    /// ```
    /// use shape_telemetry::{LogLine, Reader};
    ///
    /// let log = "17/06/09 20:10:40 INFO executor.Backend: started in=12\n\n\tat x.Y.z(Y.java:3)\n";
    /// let mut bodies = Vec::new();
    /// Reader::new().read_lines("spark.log", log.as_bytes(), &mut |line: &LogLine<'_>| {
    ///     bodies.push(line.body.to_string());
    /// });
    /// assert_eq!(bodies, ["started in=12", "", "at x.Y.z(Y.java:3)"]);
    /// ```
    pub fn read_lines(
        &self,
        name: &str,
        input: impl Read,
        take: &mut dyn FnMut(&LogLine<'_>),
    ) -> SourceSummary {
        let mut decoder = Decoder::new(input, self.max_line_bytes());
        let mut text = String::new();
        let mut layout: Option<Layout> = None;
        let mut counts = LineCounts::default();
        let mut problem = None;
        let mut more = true;
        while more {
            more = match decoder.fill(&mut text) {
                Ok(more) => more,
                Err(error) => {
                    problem = Some(describe(&error, decoder.bytes()));
                    false
                }
            };
            let layout = layout.get_or_insert_with(|| Layout::of(self, &text));
            for raw in lines(&text) {
                let mut line = raw;
                if self.max_line_bytes() < line.len() {
                    counts.cut += 1;
                    line = number::cut(line, self.max_line_bytes());
                }
                counts.total += 1;
                let number = NonZeroU64::new(counts.total).unwrap_or(NonZeroU64::MIN);
                let is_parsed = layout.line(self, number, line, take);
                counts.parsed += u64::from(is_parsed);
                counts.unparsed += u64::from(!is_parsed);
            }
            text.clear();
        }
        counts.cut += decoder.cut();
        counts.not_utf8 = decoder.not_utf8();
        SourceSummary {
            name: Arc::from(name),
            format: layout
                .map_or(Format::Plain, |layout| layout.format)
                .as_str()
                .to_owned(),
            bytes: decoder.bytes(),
            lines: counts,
            problem,
        }
    }
}

/// The lines of a text without their ends.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest.as_bytes());
        let (line, next) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None => (rest, ""),
        };
        rest = next;
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// How most lines of a log are laid out.
struct Layout {
    format: Format,
    columns: Option<Columns>,
}

impl Layout {
    fn of(reader: &Reader, text: &str) -> Self {
        let format = reader.vote(text);
        // Formats that say little more than "there is a time" may have columns behind it.
        let columns = matches!(format, Format::Plain)
            .then(|| Columns::find(lines(text)))
            .flatten();
        Self { format, columns }
    }

    /// Takes a line apart; whether a format fits.
    fn line(
        &self,
        reader: &Reader,
        number: NonZeroU64,
        line: &str,
        take: &mut dyn FnMut(&LogLine<'_>),
    ) -> bool {
        let clean = strip_ansi(line);
        let line = clean.as_deref().unwrap_or(line);
        let record = reader
            .custom(line)
            .unwrap_or_else(|| parse::parse(self.format, line, reader.context()));
        let columns = self.columns.as_ref();
        let body = match columns.and_then(|columns| columns.body(line)) {
            Some(body) if record.format == Format::Plain => Cow::Borrowed(body),
            _ => body(line, &record),
        };
        let is_parsed = record.format != Format::Plain || line.trim_ascii().is_empty();
        take(&LogLine {
            number,
            record,
            body,
        });
        is_parsed
    }
}

/// What stands behind the header of a line: the message, with the fields that a text layout writes behind it.
fn body<'a>(line: &'a str, record: &Record<'a>) -> Cow<'a, str> {
    if record.format == Format::Plain {
        return Cow::Borrowed(line.trim_ascii());
    }
    if record.message.trim_ascii().is_empty() && !record.fields.is_empty() {
        // Nothing but fields: the pairs are the text. Columns of a header have no names in the line.
        let is_named = |name: &str| line.contains(name.rsplit('.').next().unwrap_or(name));
        let pairs = record
            .fields
            .iter()
            .filter(|field| !field.of_span && is_named(&field.name));
        let pairs: Vec<String> = pairs
            .map(|field| format!("{}={}", field.name, field.value))
            .collect();
        return Cow::Owned(pairs.join(" "));
    }
    let Cow::Borrowed(message) = record.message else {
        return record.message.clone();
    };
    let start = message
        .as_ptr()
        .addr()
        .checked_sub(line.as_ptr().addr())
        .filter(|&at| line.get(at..).is_some_and(|rest| rest.starts_with(message)));
    let Some(start) = start else {
        return record.message.clone();
    };
    let rest = line.get(start + message.len()..).unwrap_or_default();
    let is_field = |text: &str| {
        text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_.-:/@#".contains(&b))
        })
    };
    let fields = rest.trim_ascii_start();
    let all = if rest.len() != fields.len() && is_field(fields) {
        line.get(start..).unwrap_or(message)
    } else {
        message
    };
    // Who asked is told by some lines of this format only, so it is no column.
    let client = line
        .get(..start)
        .and_then(|header| header.rfind("[client "));
    match client {
        Some(at) if record.format == Format::ApacheError => {
            Cow::Borrowed(line.get(at..).unwrap_or(all).trim_ascii())
        }
        _ => Cow::Borrowed(all.trim_ascii()),
    }
}
