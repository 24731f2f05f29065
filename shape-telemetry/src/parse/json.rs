//! JSON lines: read without building a tree, borrowed where nothing is escaped.

use std::{borrow::Cow, num::NonZeroU32};

use jiff::Timestamp;
use memchr::{memchr2, memchr3};

use super::{
    dialect,
    scan::{self, Scan, fail, split},
    time::{self, Context},
};
use crate::{Emitter, Field, Format, Level, Record, stateful::journal};

/// A JSON value; objects and arrays stay as they are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// A number, `true`, `false` or `null`.
    Bare(&'a str),
    Object(&'a str),
    Array(&'a str),
}

impl<'a> Value<'a> {
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Bare(text) | Self::Object(text) | Self::Array(text) => Cow::Borrowed(text),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Bare(text) | Self::Object(text) | Self::Array(text) => text,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Bare(text) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    }
}

fn white(i: &str) -> &str {
    i.trim_start_matches([' ', '\t', '\r', '\n'])
}

/// A string, without its quotes.
fn string(i: &str) -> Scan<'_, Cow<'_, str>> {
    let Some(body) = i.strip_prefix('"') else {
        return fail();
    };
    let bytes = body.as_bytes();
    let mut at = 0;
    let mut escaped = false;
    loop {
        let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) else {
            return fail();
        };
        at += found;
        if bytes[at] == b'"' {
            break;
        }
        escaped = true;
        at += 2;
    }
    let (inside, rest) = split(body, at);
    let rest = split(rest, 1).1;
    if !escaped {
        return Ok((rest, Cow::Borrowed(inside)));
    }
    Ok((rest, unescaped(split(i, at + 2).0)))
}

/// The text of a string with its quotes and with escapes.
pub(super) fn unescaped(quoted: &str) -> Cow<'_, str> {
    match serde_json::from_str::<String>(quoted) {
        Ok(text) => Cow::Owned(text),
        // A lone surrogate, a raw control character: kept as it is written.
        Err(_) => Cow::Borrowed(quoted.get(1..quoted.len() - 1).unwrap_or_default()),
    }
}

/// `true`, `false`, `null` or a number, nearly: JSON's grammar of numbers is not enforced.
pub(super) fn is_bare(text: &str) -> bool {
    let number = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    !text.is_empty() && (number || matches!(text, "true" | "false" | "null"))
}

/// An object or array as it is written: brackets are counted outside of strings, without recursion.
fn nested(i: &str) -> Scan<'_, &str> {
    let bytes = i.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    let (inside, rest) = split(i, at + 1);
                    return Ok((rest, inside));
                }
            }
            b'"' => {
                let Some(length) = string_length(split(i, at).1) else {
                    return fail();
                };
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    fail()
}

/// The length of a string with both quotes.
fn string_length(i: &str) -> Option<usize> {
    let bytes = i.as_bytes();
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn value(i: &str) -> Scan<'_, Value<'_>> {
    match i.as_bytes().first() {
        Some(b'"') => {
            let (i, text) = string(i)?;
            Ok((i, Value::Text(text)))
        }
        Some(b'{') => {
            let (i, text) = nested(i)?;
            Ok((i, Value::Object(text)))
        }
        Some(b'[') => {
            let (i, text) = nested(i)?;
            Ok((i, Value::Array(text)))
        }
        Some(_) => {
            let end = memchr3(b',', b'}', b' ', i.as_bytes()).unwrap_or(i.len());
            let (text, rest) = split(i, end);
            if !is_bare(text) {
                return fail();
            }
            Ok((rest, Value::Bare(text)))
        }
        None => fail(),
    }
}

/// Calls `each` with every pair of an object; the rest behind the object is returned.
pub(super) fn object<'a>(
    i: &'a str,
    mut each: impl FnMut(Cow<'a, str>, Value<'a>),
) -> Scan<'a, ()> {
    let (i, ()) = scan::byte(b'{')(i)?;
    let mut i = white(i);
    if let Some(rest) = i.strip_prefix('}') {
        return Ok((rest, ()));
    }
    loop {
        let (rest, key) = string(i)?;
        let (rest, ()) = scan::byte(b':')(white(rest))?;
        let (rest, value) = value(white(rest))?;
        each(key, value);
        let rest = white(rest);
        if let Some(rest) = rest.strip_prefix(',') {
            i = white(rest);
        } else {
            let (rest, ()) = scan::byte(b'}')(rest)?;
            return Ok((rest, ()));
        }
    }
}

/// The keys that tell the dialects apart.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of keys that were seen, nothing more"
)]
struct Seen {
    fields: bool,
    spans: bool,
    ecs: bool,
    at_timestamp: bool,
    short_message: bool,
    ts_number: bool,
    numeric_level: bool,
    numeric_time: bool,
    v: bool,
    caller: bool,
    log: bool,
    stream: bool,
    msg: bool,
    journal: bool,
    otel: bool,
}

#[derive(Default)]
pub(super) struct Builder<'a> {
    seen: Seen,
    raw_level: Option<u64>,
    path: Option<Cow<'a, str>>,
    line: Option<NonZeroU32>,
    name: Option<Cow<'a, str>>,
}

/// A line that is one JSON object.
pub(crate) fn json<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let mut record = Record::new(Format::Json, "");
    let mut builder = Builder::default();
    let (rest, ()) = object(line, |key, value| {
        builder.take(&mut record, key, value, context, |_| None);
    })
    .ok()?;
    if !white(rest).is_empty() {
        return None;
    }
    builder.finish(&mut record, context);
    if builder.seen.journal {
        let message = std::mem::take(&mut record.message);
        journal::promote(&mut record);
        if record.message.is_empty() {
            record.message = message;
        }
    }
    if builder.seen.log && builder.seen.stream {
        return Some(unwrap_docker(&record, context));
    }
    Some(record)
}

impl<'a> Builder<'a> {
    /// Takes a pair of the outer object; `decode` is asked first what time a text is.
    #[inline]
    pub(super) fn take(
        &mut self,
        record: &mut Record<'a>,
        key: Cow<'a, str>,
        value: Value<'a>,
        c: &Context,
        decode: impl FnOnce(&str) -> Option<Timestamp>,
    ) {
        match &*key {
            "timestamp" | "@timestamp" | "time" | "ts" | "t" | "date" | "datetime" | "asctime"
            | "eventTime"
                if record.time.is_none() =>
            {
                self.seen.at_timestamp |= key == "@timestamp";
                self.seen.ts_number |= key == "ts" && value.is_number();
                self.seen.numeric_time |= key == "time" && value.is_number();
                record.time = match &value {
                    Value::Text(Cow::Borrowed(text)) => decode(text),
                    _ => None,
                };
                if record.time.is_some() {
                    return;
                }
                record.time = match &value {
                    Value::Text(text) => time::iso(text, c).ok().map(|(_, time)| time),
                    _ => None,
                }
                .or_else(|| time::epoch(value.as_str()));
                if record.time.is_none() {
                    push(record, key, value, 0);
                }
            }
            "level" | "lvl" | "severity" | "log.level" | "loglevel" | "levelname"
            | "level_name" | "severity_text"
                if record.level.is_none() =>
            {
                self.seen.otel |= key == "severity_text";
                if value.is_number() {
                    self.raw_level = value.as_str().parse().ok();
                    self.seen.numeric_level |= key == "level";
                } else {
                    record.level = Level::from_word(value.as_str());
                    if record.level.is_none() {
                        push(record, key, value, 0);
                    }
                }
            }
            "message" | "msg" | "short_message" | "MESSAGE" | "log" | "event" | "text" | "body"
                if record.message.is_empty() && matches!(value, Value::Text(_)) =>
            {
                self.seen.msg |= key == "msg";
                self.seen.short_message |= key == "short_message";
                self.seen.log |= key == "log";
                record.message = value.into_text();
            }
            "fields" if matches!(value, Value::Object(_)) => {
                self.seen.fields = true;
                if let Value::Object(inner) = value {
                    let _ = object(inner, |key, value| {
                        if is_own_field(record, &key) {
                            self.take_field(record, &key, value);
                        } else {
                            push(record, key, value, 1);
                        }
                    });
                }
            }
            "spans" if matches!(value, Value::Array(_)) => {
                self.seen.spans = true;
                if let Value::Array(inner) = value {
                    spans(inner, record);
                }
            }
            "span" if matches!(value, Value::Object(_)) => {
                self.seen.spans = true;
            }
            "target" | "logger" | "logger_name" | "log.logger" | "component" | "module"
                if record.target.is_none() && matches!(value, Value::Text(_)) =>
            {
                record.target = Some(value.into_text());
            }
            "name" | "service.name" | "service" if matches!(value, Value::Text(_)) => {
                if self.name.is_none() {
                    self.name = Some(value.clone().into_text());
                }
                push(record, key, value, 0);
            }
            _ => self.take_rest(record, key, value),
        }
    }

    fn take_rest(&mut self, record: &mut Record<'a>, key: Cow<'a, str>, value: Value<'a>) {
        match &*key {
            "filename" | "log.origin.file.name" | "pathname" if self.path.is_none() => {
                self.path = Some(value.into_text());
            }
            "line_number" | "log.origin.file.line" | "lineno" if self.line.is_none() => {
                self.line = value.as_str().parse().ok();
            }
            "caller" | "source" | "file" => {
                self.seen.caller |= key == "caller";
                match value {
                    Value::Text(Cow::Borrowed(text)) if scan::place(text).is_some() => {
                        record.emitter = scan::place(text);
                    }
                    Value::Object(inner) if key == "source" => {
                        let _ = object(inner, |key, value| match &*key {
                            "file" => self.path = Some(value.into_text()),
                            "line" => self.line = value.as_str().parse().ok(),
                            _ => {}
                        });
                    }
                    _ => push(record, key, value, 0),
                }
            }
            "__REALTIME_TIMESTAMP" => {
                self.seen.journal = true;
                push(record, key, value, 0);
            }
            "ecs.version" => self.seen.ecs = true,
            "ecs" => {
                self.seen.ecs = true;
            }
            "v" if value.is_number() => self.seen.v = true,
            "stream" => {
                self.seen.stream = true;
                push(record, key, value, 0);
            }
            "log" if matches!(value, Value::Object(_)) => {
                if let Value::Object(inner) = value {
                    let _ = object(inner, |key, value| match &*key {
                        "level" if record.level.is_none() => {
                            record.level = Level::from_word(value.as_str());
                        }
                        "logger" if record.target.is_none() => {
                            record.target = Some(value.into_text());
                        }
                        _ => {}
                    });
                }
            }
            _ => push(record, key, value, 0),
        }
    }

    /// Takes a pair of the object `fields` for which [`is_own_field`] holds: the message, and what the bridge from the
    /// `log` crate adds.
    pub(super) fn take_field(&mut self, record: &mut Record<'a>, key: &str, value: Value<'a>) {
        match key {
            "message" => record.message = value.into_text(),
            "log.target" => record.target = Some(value.into_text()),
            "log.file" => self.path = Some(value.into_text()),
            "log.line" => self.line = value.as_str().parse().ok(),
            _ => {}
        }
    }

    pub(super) fn sees_fields(&mut self) {
        self.seen.fields = true;
    }

    pub(super) fn sees_spans(&mut self) {
        self.seen.spans = true;
    }

    /// Whether the object is more than its pairs: Docker's, with a line in it, or one of a journal.
    pub(super) fn is_more(&self) -> bool {
        (self.seen.log && self.seen.stream) || self.seen.journal
    }

    pub(super) fn finish(&mut self, record: &mut Record<'a>, context: &Context) {
        if let (Some(path), Some(line)) = (self.path.take(), self.line) {
            record.emitter = Some(Emitter {
                path,
                line,
                column: None,
            });
        }
        if let Some(number) = self.raw_level {
            record.level = if number < 8 {
                Level::from_syslog(number)
            } else {
                Level::from_bunyan(number)
            };
        }
        let lacks = record.time.is_none() || record.level.is_none() || record.message.is_empty();
        if lacks || self.seen.otel {
            dialect::complete(record, context);
        }
        if record.target.is_none() {
            record.target = self.name.take();
        }
        let seen = &self.seen;
        record.format = if seen.fields || seen.spans {
            Format::TracingJson
        } else if seen.ecs {
            Format::Ecs
        } else if seen.short_message {
            Format::Gelf
        } else if seen.at_timestamp {
            Format::Logstash
        } else if seen.numeric_level && seen.v {
            Format::Bunyan
        } else if seen.numeric_level && seen.numeric_time {
            Format::Pino
        } else if seen.ts_number && (seen.caller || seen.msg) {
            Format::Zap
        } else if seen.msg && record.level.is_some() {
            Format::Slog
        } else {
            Format::Json
        };
    }
}

/// Whether a pair of tracing's object `fields` is a part of the record, not a field.
pub(super) fn is_own_field(record: &Record<'_>, key: &str) -> bool {
    match key {
        "message" => record.message.is_empty(),
        "log.target" | "log.module_path" | "log.file" | "log.line" => true,
        _ => false,
    }
}

/// Whether an object under this key may mean something: [`Builder::take`] has to see it.
pub(super) fn is_known(key: &str) -> bool {
    matches!(
        key,
        "timestamp"
            | "@timestamp"
            | "time"
            | "ts"
            | "t"
            | "date"
            | "datetime"
            | "asctime"
            | "eventTime"
            | "fields"
            | "spans"
            | "span"
            | "filename"
            | "log.origin.file.name"
            | "pathname"
            | "line_number"
            | "log.origin.file.line"
            | "lineno"
            | "caller"
            | "source"
            | "file"
            | "ecs.version"
            | "__REALTIME_TIMESTAMP"
            | "ecs"
            | "stream"
            | "log"
            | "level"
            | "lvl"
            | "severity"
            | "log.level"
            | "loglevel"
            | "levelname"
            | "level_name"
            | "severity_text"
    )
}

/// Pushes the fields of a text that is one JSON object and nothing else.
pub(crate) fn fields<'a>(text: &'a str, record: &mut Record<'a>) -> Option<()> {
    let base = record.fields.len();
    let result = object(text, |key, value| push(record, key, value, 0));
    match result {
        Ok((rest, ())) if white(rest).is_empty() => Some(()),
        _ => {
            record.fields.truncate(base);
            None
        }
    }
}

/// How deep nested objects become `outer.inner` fields; what is deeper stays as it is written.
pub(super) const MAX_DEPTH: u8 = 4;

fn push<'a>(record: &mut Record<'a>, name: Cow<'a, str>, value: Value<'a>, depth: u8) {
    if let Value::Object(inner) = value
        && depth < MAX_DEPTH
    {
        let _ = object(inner, |key, value| {
            push(
                record,
                Cow::Owned(format!("{name}.{key}")),
                value,
                depth + 1,
            );
        });
        return;
    }
    record.fields.push(Field {
        name,
        value: value.into_text(),
        of_span: false,
    });
}

/// Calls `each` with the pairs of every object of an array that holds nothing but objects.
pub(super) fn array_of_objects<'a>(
    array: &'a str,
    mut each: impl FnMut(Vec<(Cow<'a, str>, Value<'a>)>),
) -> Option<()> {
    let mut i = white(array.strip_prefix('[')?);
    while i.starts_with('{') {
        let mut pairs = Vec::new();
        let (rest, ()) = object(i, |key, value| pairs.push((key, value))).ok()?;
        each(pairs);
        i = white(white(rest).trim_start_matches(','));
    }
    i.starts_with(']').then_some(())
}

/// `[{"name":"request","id":42}]`, outermost first.
fn spans<'a>(array: &'a str, record: &mut Record<'a>) {
    let mut i = white(split(array, 1).1);
    while i.starts_with('{') {
        let result = object(i, |key, value| {
            if key == "name" {
                record.spans.push(value.into_text());
            } else {
                record.fields.push(Field {
                    name: key,
                    value: value.into_text(),
                    of_span: true,
                });
            }
        });
        let Ok((rest, ())) = result else {
            return;
        };
        i = white(white(rest).trim_start_matches(','));
    }
}

/// Parses the line that Docker wrapped. The time of the wrapper is used where the inner line has none.
fn unwrap_docker<'a>(outer: &Record<'a>, context: &Context) -> Record<'a> {
    fn wrap<'r>(mut inner: Record<'r>, outer: &Record<'r>) -> Record<'r> {
        if inner.format == Format::Plain {
            inner.format = Format::Docker;
        }
        inner.time = inner.time.or(outer.time);
        inner.fields.extend(outer.fields.iter().cloned());
        inner
    }
    match outer.message.clone() {
        Cow::Borrowed(text) => {
            let inner = super::inner(text.trim_end(), context);
            wrap(inner, outer)
        }
        Cow::Owned(text) => {
            let inner = super::inner(text.trim_end(), context).into_owned();
            wrap(inner, outer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Record<'_>> {
        json(line, &Context::default())
    }

    #[test]
    fn values_are_borrowed_unless_escaped() {
        let record = parse(r#"{"msg":"a \"b\" é","k":"plain","n":{"x":{"y":1}}}"#).unwrap();
        assert_eq!(record.message, "a \"b\" é");
        assert!(matches!(&record.fields[0].value, Cow::Borrowed("plain")));
        assert_eq!(record.field("n.x.y"), Some("1"));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for line in [
            "{",
            "{}x",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":tru}"#,
            r#"{"a":"b"#,
            r#"{"a":[1}"#,
            r#"{"a":"\"#,
        ] {
            let refused = parse(line).is_none();
            // `[1}` balances by count; it is kept as text.
            assert!(refused || line.contains("[1}"), "{line}");
        }
        assert!(parse("{}").is_some());
    }

    #[test]
    fn deep_nesting_does_not_recurse() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse(&deep).is_some());
        let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
        assert!(parse(&deep).is_some());
    }
}
