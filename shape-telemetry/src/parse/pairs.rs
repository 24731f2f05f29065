//! `key=value` pairs: logfmt lines, and the fields that follow a message.

use std::borrow::Cow;

use jiff::Timestamp;
use memchr::memchr;

use super::{
    scan::{Scan, blanks, fail, split},
    time::{self, Context},
};
use crate::{Field, Format, Level, Record};

/// A name: letters, digits and `_.-:/@#`, beginning with a letter, `_` or `@`.
fn name(i: &str) -> Scan<'_, &str> {
    let bytes = i.as_bytes();
    if !bytes
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@'))
    {
        return fail();
    }
    let end = bytes
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"_.-:/@#".contains(b)))
        .unwrap_or(bytes.len());
    let (name, rest) = split(i, end);
    Ok((rest, name))
}

/// A string in double quotes; escapes are resolved only where there are any.
pub(crate) fn quoted(i: &str) -> Scan<'_, Cow<'_, str>> {
    let bytes = i.as_bytes();
    if bytes.first() != Some(&b'"') {
        return fail();
    }
    let mut at = 1;
    let mut escaped = false;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'"' => {
                let (inside, rest) = split(split(i, 1).1, at - 1);
                let text = if escaped {
                    unescape(inside)
                } else {
                    inside.into()
                };
                return Ok((split(rest, 1).1, text));
            }
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    fail()
}

/// A text in quotes without its backslashes.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (before, escaped) = split(rest, at);
        out.push_str(before);
        let mut chars = split(escaped, 1).1.chars();
        out.push(match chars.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some(other) => other,
            None => '\\',
        });
        rest = chars.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// How often a line may be searched to its end for a bracket or quote that closes a value: afterwards blanks end
/// values. Without a limit a line of nothing but `a=(` would cost the square of its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(u8);

impl Default for Patience {
    fn default() -> Self {
        Self(8)
    }
}

/// A value: quoted, or up to the next blank that is not inside brackets or quotes.
fn value<'a>(i: &'a str, patience: &mut Patience) -> (&'a str, Cow<'a, str>) {
    if let Ok((rest, text)) = quoted(i)
        && (rest.is_empty() || rest.starts_with(' '))
    {
        return (rest, text);
    }
    let bytes = i.as_bytes();
    let mut depth = 0_usize;
    let mut in_quotes = false;
    let mut first_blank = None;
    let mut end = bytes.len();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b' ' if patience.0 == 0 => {
                end = at;
                break;
            }
            b'\\' if in_quotes => at += 1,
            b'"' => in_quotes = !in_quotes,
            b'(' | b'[' | b'{' if !in_quotes => depth += 1,
            b')' | b']' | b'}' if !in_quotes => depth = depth.saturating_sub(1),
            b' ' => {
                first_blank.get_or_insert(at);
                if depth == 0 && !in_quotes {
                    end = at;
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    // Brackets that never close are no reason to take the rest of the line.
    if end == bytes.len() && (0 < depth || in_quotes) {
        patience.0 = patience.0.saturating_sub(1);
        end = first_blank.unwrap_or(end);
    }
    let (text, rest) = split(i, end);
    (rest, Cow::Borrowed(text))
}

/// One pair; the value does not end with a comma or semicolon, which would be prose.
pub(super) fn pair<'a>(i: &'a str, patience: &mut Patience) -> Scan<'a, Field<'a>> {
    let (i, name) = name(i)?;
    let (i, ()) = super::scan::byte(b'=')(i)?;
    let (i, value) = value(i, patience);
    if value.ends_with([',', ';']) {
        return fail();
    }
    let field = Field {
        name: Cow::Borrowed(name),
        value,
        of_span: false,
    };
    Ok((i, field))
}

/// Splits a message from the pairs that follow it to the end of the line, which are pushed to `fields`.
///
/// A word that is no pair ends a run of pairs, so that `moved a=1 to the left` is a message without fields.
pub(crate) fn tail<'a>(text: &'a str, fields: &mut Vec<Field<'a>>) -> &'a str {
    if memchr(b'=', text.as_bytes()).is_none() {
        return text;
    }
    let base = fields.len();
    let mut patience = Patience::default();
    let mut start = None;
    let mut i = text;
    while !i.is_empty() {
        let at = text.len() - i.len();
        match pair(i, &mut patience) {
            Ok((rest, field)) if rest.is_empty() || rest.starts_with(' ') => {
                start.get_or_insert(at);
                fields.push(field);
                i = rest;
            }
            _ => {
                start = None;
                fields.truncate(base);
                let end = memchr(b' ', i.as_bytes()).unwrap_or(i.len());
                i = split(i, end).1;
            }
        }
        i = blanks(i);
    }
    let Some(start) = start else {
        return text;
    };
    let message = split(text, start).0.trim_end();
    if ends_in_quotes(message) || goes_on(message) {
        fields.truncate(base);
        return text;
    }
    message
}

/// `typed "a=1"`: what begins in quotes is no pair.
pub(super) fn ends_in_quotes(message: &str) -> bool {
    memchr::memchr_iter(b'"', message.as_bytes()).count() % 2 == 1
}

/// `x = y`, `open {a=1`: what follows such a message belongs to it.
pub(super) fn goes_on(message: &str) -> bool {
    message.ends_with([',', '(', '=', '[', '{'])
}

/// Pushes every pair of a text that is nothing but pairs (the fields of a span).
pub(crate) fn all<'a>(mut i: &'a str, of_span: bool, fields: &mut Vec<Field<'a>>) {
    let mut patience = Patience::default();
    loop {
        i = blanks(i);
        if i.is_empty() {
            return;
        }
        if let Ok((rest, field)) = pair(i, &mut patience) {
            fields.push(Field { of_span, ..field });
            i = rest;
        } else {
            let end = memchr(b' ', i.as_bytes()).unwrap_or(i.len());
            i = split(i, end).1;
        }
    }
}

/// A line of nothing but pairs, two at least.
pub(crate) fn logfmt<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    // Everything before the first `=` must be a name: most other lines stop here.
    let equals = memchr(b'=', line.as_bytes())?;
    if name(line).ok()?.1.len() != equals {
        return None;
    }
    let mut record = Record::new(Format::Logfmt, "");
    let mut patience = Patience::default();
    let mut n_pairs = 0_usize;
    let mut i = line;
    while !i.is_empty() {
        let (rest, field) = pair(i, &mut patience).ok()?;
        n_pairs += 1;
        i = blanks(rest);
        let Cow::Borrowed(name) = field.name else {
            return None;
        };
        let role = Role::of(name);
        if let Some(value) = take(&mut record, role, field.value, context, || None) {
            record.fields.push(Field {
                value,
                name: Cow::Borrowed(name),
                of_span: false,
            });
        }
    }
    (2 <= n_pairs).then_some(record)
}

/// What a pair of a line that is nothing but pairs says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Time,
    Level,
    Message,
    Target,
    Emitter,
    Field,
}

impl Role {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "time" | "ts" | "t" | "timestamp" | "@timestamp" => Self::Time,
            "level" | "lvl" | "severity" => Self::Level,
            "msg" | "message" => Self::Message,
            "logger" | "target" | "component" | "module" => Self::Target,
            "caller" | "source" => Self::Emitter,
            _ => Self::Field,
        }
    }
}

/// Gives a value to the part of the record that it is; it comes back where it is a field. `decode` is asked first what
/// time the value is.
#[inline]
pub(super) fn take<'a>(
    record: &mut Record<'a>,
    role: Role,
    value: Cow<'a, str>,
    context: &Context,
    decode: impl FnOnce() -> Option<Timestamp>,
) -> Option<Cow<'a, str>> {
    let is_taken = match role {
        Role::Time if record.time.is_none() => {
            record.time = decode()
                .or_else(|| match time::iso(&value, context) {
                    Ok(("", time)) => Some(time),
                    _ => None,
                })
                .or_else(|| time::epoch(&value));
            record.time.is_some()
        }
        Role::Level if record.level.is_none() => {
            record.level = Level::from_word(&value);
            record.level.is_some()
        }
        Role::Message if record.message.is_empty() => {
            record.message = value;
            return None;
        }
        Role::Target if record.target.is_none() => {
            record.target = Some(value);
            return None;
        }
        Role::Emitter if record.emitter.is_none() => {
            if let Cow::Borrowed(text) = value {
                record.emitter = super::scan::place(text);
            }
            record.emitter.is_some()
        }
        _ => false,
    };
    (!is_taken).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, message: &str, expected: &[(&str, &str)]) {
        let mut fields = Vec::new();
        assert_eq!(tail(text, &mut fields), message);
        let found: Vec<_> = fields.iter().map(|f| (&*f.name, &*f.value)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn fields_behind_a_message() {
        check(
            "handled request status=200 latency_ms=12.5",
            "handled request",
            &[("status", "200"), ("latency_ms", "12.5")],
        );
        check(
            r#"slow query error="pool timed out""#,
            "slow query",
            &[("error", "pool timed out")],
        );
        check(
            "state changed to=Some(Port { n: 4 }) n=1",
            "state changed",
            &[("to", "Some(Port { n: 4 })"), ("n", "1")],
        );
        check("a=1 b=2", "", &[("a", "1"), ("b", "2")]);
    }

    #[test]
    fn prose_with_equals_signs_is_a_message() {
        check("moved a=1 to the left", "moved a=1 to the left", &[]);
        check(
            "lock=233570404, flags=0x1, uid=7",
            "lock=233570404, flags=0x1, uid=7",
            &[],
        );
        check("x = y", "x = y", &[]);
        check("open {a=1", "open {a=1", &[]);
    }

    #[test]
    fn unclosed_brackets_do_not_swallow_the_line() {
        check("m a=(1 b=2", "m", &[("a", "(1"), ("b", "2")]);
    }
}
