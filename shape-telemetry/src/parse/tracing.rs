//! The text formats of `tracing-subscriber`.

use std::borrow::Cow;

use memchr::memmem;

use super::{
    pairs,
    scan::{self, Scan, blanks, byte, enclosed, fail, split},
    time::{self, Context},
};
use crate::{Field, Format, Level, Record};

/// A whole line, with or without a time: `2026-11-23T23:41:07.3Z  INFO span{id=4}: target: file.rs:7: message k=v`.
pub(crate) fn tracing<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = match time::iso(line, context) {
        // A comma before the fraction is Python's and Java's.
        Ok(_) if line.as_bytes().get(19) == Some(&b',') => return None,
        Ok((i, time)) => (scan::blanks1(i).ok()?.0, Some(time)),
        Err(_) => (line, None),
    };
    let (_, record) = rest(i).ok()?;
    Some(record.at(time))
}

/// Everything behind the time.
pub(crate) fn rest(i: &str) -> Scan<'_, Record<'_>> {
    let (i, level) = level(i)?;
    let (i, ()) = byte(b' ')(i)?;
    let i = thread(blanks(i));
    let mut record = Record::new(Format::Tracing, "").level(Some(level));
    let (i, head) = head(i)?;
    record.target = head.target.map(Cow::Borrowed);
    let i = emitter(i, &mut record);
    let message = pairs::tail(i, &mut record.fields);
    record.message = Cow::Borrowed(message);
    spans(head.spans, &mut record);
    Ok(("", record))
}

/// The five levels of tracing, in capitals.
fn level(i: &str) -> Scan<'_, Level> {
    for (word, level) in [
        ("INFO", Level::Info),
        ("WARN", Level::Warn),
        ("ERROR", Level::Error),
        ("DEBUG", Level::Debug),
        ("TRACE", Level::Trace),
    ] {
        if let Some(rest) = i.strip_prefix(word) {
            return Ok((rest, level));
        }
    }
    fail()
}

/// Skips `ThreadId(01) ` and a thread name before it.
pub(super) fn thread(i: &str) -> &str {
    let skip = |i| -> Option<&str> {
        let rest = str::strip_prefix(i, "ThreadId(")?;
        let (rest, _) = scan::digits(rest).ok()?;
        rest.strip_prefix(") ")
    };
    if let Some(rest) = skip(i) {
        return rest;
    }
    // `main ThreadId(01) `
    scan::word_blanks(i)
        .ok()
        .and_then(|(rest, _)| skip(rest))
        .unwrap_or(i)
}

/// What stands before the message.
pub(super) struct Head<'a> {
    /// `outer{a=1}:inner`, or nothing.
    pub(super) spans: &'a str,
    pub(super) target: Option<&'a str>,
}

/// The spans and the target, up to and with `: `.
pub(super) fn head(i: &str) -> Scan<'_, Head<'_>> {
    let (rest, first) = group(i)?;
    let is_spans = first.contains('{') || has_single_colon(first);
    if is_no_head(first) {
        return fail();
    }
    let without_spans = Head {
        spans: "",
        target: Some(first),
    };
    if !is_spans && first.contains("::") {
        return Ok((rest, without_spans));
    }
    let second = group(rest)
        .ok()
        .filter(|(_, text)| is_target(text) && Level::from_word(text).is_none());
    // `request: module: message` (a span without fields) against `module: error: message`.
    let is_module = |target: &str| target.bytes().all(|b| b != b'-' && !b.is_ascii_uppercase());
    Ok(match second {
        Some((rest, target)) if is_spans || is_module(target) => (
            rest,
            Head {
                spans: first,
                target: Some(target),
            },
        ),
        None if is_spans => (
            rest,
            Head {
                spans: first,
                target: None,
            },
        ),
        _ => (rest, without_spans),
    })
}

/// `ERROR ValueError: message` names no module.
pub(super) fn is_no_head(first: &str) -> bool {
    first.ends_with("Error") || first.ends_with("Exception") || first == "failed"
}

/// Text without blanks (those in braces apart) up to `: ` or a `:` that ends the line.
fn group(i: &str) -> Scan<'_, &str> {
    let bytes = i.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'{' => {
                let (rest, _) = enclosed_fields(split(i, at).1)?;
                at = i.len() - rest.len();
            }
            b':' if bytes.get(at + 1).is_none_or(|&next| next == b' ') => {
                if at == 0 {
                    return fail();
                }
                let (group, rest) = split(i, at);
                return Ok((split(rest, 2).1, group));
            }
            b' ' | b'"' | b'=' | b'(' => return fail(),
            _ => at += 1,
        }
    }
    fail()
}

/// The fields of a span in braces; braces in quotes do not count.
pub(super) fn enclosed_fields(i: &str) -> Scan<'_, &str> {
    let bytes = i.as_bytes();
    if bytes.first() != Some(&b'{') {
        return fail();
    }
    let mut depth = 0_usize;
    let mut in_quotes = false;
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' if in_quotes => at += 1,
            b'"' => in_quotes = !in_quotes,
            b'{' if !in_quotes => depth += 1,
            b'}' if !in_quotes => {
                depth -= 1;
                if depth == 0 {
                    let (inside, rest) = split(split(i, 1).1, at - 1);
                    return Ok((split(rest, 1).1, inside));
                }
            }
            _ => {}
        }
        at += 1;
    }
    // A quote that never closes: count braces alone.
    enclosed(i, b'{', b'}')
}

fn has_single_colon(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes)
        .any(|at| bytes.get(at + 1) != Some(&b':') && (at == 0 || bytes.get(at - 1) != Some(&b':')))
}

fn is_target(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_:.-/".contains(&b))
        && scan::place(text).is_none()
}

/// `outer{a=1}:inner`.
fn spans<'a>(mut i: &'a str, record: &mut Record<'a>) {
    while !i.is_empty() {
        let end = i
            .bytes()
            .position(|b| matches!(b, b'{' | b':'))
            .unwrap_or(i.len());
        let (name, rest) = split(i, end);
        record.spans.push(Cow::Borrowed(name));
        i = rest;
        while let Ok((rest, inside)) = enclosed_fields(i) {
            pairs::all(inside, true, &mut record.fields);
            i = rest;
        }
        let Some(rest) = i.strip_prefix(':') else {
            return;
        };
        i = rest.trim_start_matches(':');
    }
}

/// `src/main.rs:2: `.
pub(super) fn emitter<'a>(i: &'a str, record: &mut Record<'a>) -> &'a str {
    // A path has no blank: the first one ends the search.
    let end = memchr::memchr(b' ', i.as_bytes()).unwrap_or(i.len());
    let (text, rest) = split(i, end);
    if let Some(text) = text.strip_suffix(':')
        && text.ends_with(|c: char| c.is_ascii_digit())
        && let Some(place) = scan::place(text)
    {
        record.emitter = Some(place);
        return rest.strip_prefix(' ').unwrap_or(rest);
    }
    i
}

/// The first line of the pretty format; the lines that follow it are read by [`pretty_detail`].
pub(crate) fn pretty<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let i = line.strip_prefix("  ")?;
    let (i, time) = time::iso(i, context).ok()?;
    let (i, level) = level(scan::blanks1(i).ok()?.0).ok()?;
    let i = thread(scan::blanks1(i).ok()?.0);
    let mut record = Record::new(Format::TracingPretty, i)
        .at(Some(time))
        .level(Some(level));
    let mut message = i;
    if let Ok((rest, target)) = group(i)
        && is_target(target)
    {
        record.target = Some(Cow::Borrowed(target));
        message = rest;
    }
    record.message = Cow::Borrowed(message);
    if let Some(at) = first_pretty_field(message) {
        let (before, fields) = split(message, at);
        record.message = Cow::Borrowed(before);
        pretty_fields(split(fields, 2).1, false, &mut record.fields);
    }
    Some(record)
}

/// The offset of the first `, name: `.
fn first_pretty_field(text: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b", ").find(|&at| {
        let rest = split(text, at + 2).1;
        let name = rest.bytes().position(|b| !is_name_byte(b));
        name.is_some_and(|end| 0 < end && split(rest, end).1.starts_with(": "))
    })
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')
}

fn pretty_fields<'a>(mut i: &'a str, of_span: bool, fields: &mut Vec<Field<'a>>) {
    while let Some((name, rest)) = super::scan::around(i, ": ") {
        let (value, next) = if let Ok((next, value)) = pairs::quoted(rest) {
            (value, next)
        } else {
            let end = first_pretty_field(rest).unwrap_or(rest.len());
            let (value, next) = split(rest, end);
            (Cow::Borrowed(value), next)
        };
        fields.push(Field {
            name: Cow::Borrowed(name),
            value,
            of_span,
        });
        let Some(rest) = next.strip_prefix(", ") else {
            return;
        };
        i = rest;
    }
}

/// `    at src/main.rs:2` and `    in module::span with id: 42`. Says whether the line is one of these.
pub(crate) fn pretty_detail<'a>(line: &'a str, record: &mut Record<'a>) -> bool {
    let Some(i) = line.strip_prefix("    ") else {
        return false;
    };
    if let Some(place) = i.strip_prefix("at ") {
        let text = place.split(' ').next().unwrap_or(place);
        if let Some(place) = scan::place(text) {
            record.emitter = Some(place);
            return true;
        }
    }
    if let Some(span) = i.strip_prefix("in ") {
        let (path, fields) = span.split_once(" with ").unwrap_or((span, ""));
        let name = path.rsplit("::").next().unwrap_or(path);
        record.spans.insert(0, Cow::Borrowed(name));
        pretty_fields(fields, true, &mut record.fields);
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, spans: &[&str], target: &str, message: &str) {
        let record = tracing(line, &Context::default()).unwrap();
        assert_eq!(record.spans, spans);
        assert_eq!(record.target.as_deref(), Some(target));
        assert_eq!(record.message, message);
    }

    #[test]
    fn heads() {
        check(
            "INFO studio::canvas: ResizeCanvas: blocked",
            &[],
            "studio::canvas",
            "ResizeCanvas: blocked",
        );
        check(
            "INFO request{a=\"}: x\" b=2}:inner: app::db: hello",
            &["request", "inner"],
            "app::db",
            "hello",
        );
        check(
            "INFO request: fmtgen: handled request a=1",
            &["request"],
            "fmtgen",
            "handled request",
        );
        check("INFO a:b: target: m", &["a", "b"], "target", "m");
        check(
            "INFO outer{a=1}:inner{b=2}: app::db: m",
            &["outer", "inner"],
            "app::db",
            "m",
        );
        check("WARN studio: error: no", &[], "studio", "error: no");
        check(
            "TRACE mio::poll: registering: token=Token(9), i=READABLE | WRITABLE",
            &[],
            "mio::poll",
            "registering: token=Token(9), i=READABLE | WRITABLE",
        );
    }

    #[test]
    fn no_head_is_no_tracing_line() {
        for line in [
            "INFO listening on 0.0.0.0:80",
            "INFO",
            "INFO : x",
            "INFORM a: b",
        ] {
            assert!(tracing(line, &Context::default()).is_none(), "{line}");
        }
    }
}
