//! Lines that are one JSON object.

use std::borrow::Cow;

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::parse::{
    json::{self, Builder, MAX_DEPTH, Value},
    time::Context,
};

/// The first byte that is no white space.
#[inline]
fn behind_white(line: &Line<'_, '_>, mut at: usize) -> usize {
    while matches!(line.byte(at), b' ' | b'\t' | b'\r') {
        at += 1;
    }
    at
}

/// A string whose quote stands at an offset; where it ends.
#[inline]
fn string<'a>(line: &Line<'a, '_>, at: usize) -> Option<(Cow<'a, str>, usize)> {
    if line.byte(at) != b'"' {
        return None;
    }
    let end = line.quote(at + 1);
    if line.byte(end) == b'"' {
        return Some((Cow::Borrowed(line.text(at + 1, end)), end + 1));
    }
    let end = string_end(line, end)?;
    Some((json::unescaped(line.text(at, end + 1)), end + 1))
}

/// The quote that ends a string, from a quote or backslash in it on.
fn string_end(line: &Line<'_, '_>, mut at: usize) -> Option<usize> {
    loop {
        match line.byte(at) {
            b'"' => return Some(at),
            b'\\' => at = line.quote(at + 2),
            _ => return None,
        }
    }
}

/// Where an object or array ends: brackets are counted outside of strings, without recursion.
fn nested(line: &Line<'_, '_>, mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match line.byte(at) {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => at = string_end(line, line.quote(at + 1))?,
            b'\n' => return None,
            _ => {}
        }
        at = line.stop(at + 1);
    }
}

/// `true`, `false`, `null` or a number; where it ends.
#[inline]
fn bare<'a>(line: &Line<'a, '_>, at: usize) -> Option<(&'a str, usize)> {
    let mut end = line.stop(at);
    while line.byte(end) == b'+' {
        end = line.stop(end + 1);
    }
    if !matches!(line.byte(end), b',' | b'}' | b' ') {
        return None;
    }
    let text = line.text(at, end);
    json::is_bare(text).then_some((text, end))
}

/// Calls `each` with every key, and the offset of its value; it returns where the value ends. Where the object ends.
#[inline]
fn object<'a>(
    line: &Line<'a, '_>,
    at: usize,
    mut each: impl FnMut(Cow<'a, str>, usize) -> Option<usize>,
) -> Option<usize> {
    if line.byte(at) != b'{' {
        return None;
    }
    let mut at = behind_white(line, at + 1);
    if line.byte(at) == b'}' {
        return Some(at + 1);
    }
    loop {
        let (key, end) = string(line, at)?;
        let colon = behind_white(line, end);
        if line.byte(colon) != b':' {
            return None;
        }
        let end = each(key, behind_white(line, colon + 1))?;
        let end = behind_white(line, end);
        match line.byte(end) {
            b',' => at = behind_white(line, end + 1),
            b'}' => return Some(end + 1),
            _ => return None,
        }
    }
}

/// A line that is one JSON object, and no wrapper of another line.
pub(super) fn json<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let mut builder = Builder::default();
    let end = object(line, line.start, |key, at| {
        let (value, end) = match (line.byte(at), &*key) {
            (b'"', _) => {
                let (text, end) = string(line, at)?;
                (Value::Text(text), end)
            }
            (b'{', "fields") => {
                builder.sees_fields();
                return object(line, at, |key, at| {
                    if !json::is_own_field(fields.record, &key) {
                        return push(line, at, key, fields, 1);
                    }
                    let (value, end) = value(line, at)?;
                    builder.take_field(fields.record, &key, value);
                    Some(end)
                });
            }
            (b'{', name) if !json::is_known(name) => return push(line, at, key, fields, 0),
            (b'{', _) => {
                let end = nested(line, at)?;
                (Value::Object(line.text(at, end)), end)
            }
            (b'[', "spans") => {
                builder.sees_spans();
                return spans(line, at, fields);
            }
            (b'[', _) => {
                let end = nested(line, at)?;
                (Value::Array(line.text(at, end)), end)
            }
            _ => {
                let (text, end) = bare(line, at)?;
                (Value::Bare(text), end)
            }
        };
        fields.with(|record| {
            builder.take(record, key, value, context, |text| {
                // A text that is borrowed stands right behind its quote.
                let inside = line.part(line.start, at + 1 + text.len());
                stamps.iso(&inside, at + 1, context).map(|(_, time)| time)
            });
        });
        Some(end)
    })?;
    if behind_white(line, end) != line.end() || builder.is_more() {
        return None;
    }
    fields.with(|record| builder.finish(record, context));
    Some(())
}

/// Any value; where it ends.
fn value<'a>(line: &Line<'a, '_>, at: usize) -> Option<(Value<'a>, usize)> {
    Some(match line.byte(at) {
        b'"' => {
            let (text, end) = string(line, at)?;
            (Value::Text(text), end)
        }
        b'{' => {
            let end = nested(line, at)?;
            (Value::Object(line.text(at, end)), end)
        }
        b'[' => {
            let end = nested(line, at)?;
            (Value::Array(line.text(at, end)), end)
        }
        _ => {
            let (text, end) = bare(line, at)?;
            (Value::Bare(text), end)
        }
    })
}

/// Pushes a field, those of an object as `outer.inner`; where the value ends.
#[inline]
fn push<'a>(
    line: &Line<'a, '_>,
    at: usize,
    name: Cow<'a, str>,
    fields: &mut Fields<'_, 'a>,
    depth: u8,
) -> Option<usize> {
    if line.byte(at) == b'{' && depth < MAX_DEPTH {
        return push_object(line, at, &name, fields, depth);
    }
    let (value, end) = value(line, at)?;
    fields.write(name, value.into_text(), false);
    Some(end)
}

fn push_object<'a>(
    line: &Line<'a, '_>,
    at: usize,
    outer: &str,
    fields: &mut Fields<'_, 'a>,
    depth: u8,
) -> Option<usize> {
    object(line, at, |key, at| {
        push(
            line,
            at,
            Cow::Owned(format!("{outer}.{key}")),
            fields,
            depth + 1,
        )
    })
}

/// `[{"name":"request","id":42}]`, outermost first, and nothing else in the array; where it ends.
fn spans<'a>(line: &Line<'a, '_>, at: usize, fields: &mut Fields<'_, 'a>) -> Option<usize> {
    let mut at = behind_white(line, at + 1);
    loop {
        at = match line.byte(at) {
            b']' => return Some(at + 1),
            b'{' => object(line, at, |key, at| {
                let (value, end) = value(line, at)?;
                if key == "name" {
                    fields.record.spans.push(value.into_text());
                } else {
                    fields.write(key, value.into_text(), true);
                }
                Some(end)
            })?,
            _ => return None,
        };
        at = behind_white(line, at);
        if line.byte(at) == b',' {
            at = behind_white(line, at + 1);
        }
    }
}
