//! `key=value` pairs.

use std::borrow::Cow;

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::{
    Format,
    parse::{
        pairs::{self, Patience},
        time::Context,
    },
};

/// One pair whose name ends at `equals`, given to `take`, with the offset of its value where that is at hand; where the
/// pair ends. `None` for what is no pair.
#[inline]
pub(super) fn pair<'a>(
    line: &Line<'a, '_>,
    at: usize,
    equals: usize,
    patience: &mut Patience,
    take: impl FnOnce(&'a str, Cow<'a, str>, Option<usize>),
) -> Option<usize> {
    // Few cases, and the rare ones elsewhere: a jump by a table is predicted worse than a comparison.
    if line.byte(equals) != b'=' {
        return named_otherwise(line, at, equals, patience, take);
    }
    let first = line.byte(at);
    if !(first.is_ascii_alphabetic() || first == b'_') {
        return None;
    }
    let value = equals + 1;
    let (from, to, end) = if line.byte(value) == b'"' {
        let close = line.quote(value + 1);
        if line.byte(close) != b'"' || !matches!(line.byte(close + 1), b' ' | b'\n') {
            return slow(line, at, patience, take);
        }
        (value + 1, close, close + 1)
    } else {
        let stop = line.stop(value);
        let end = if line.byte(stop) == b' ' {
            Some(stop)
        } else {
            value_end(line, stop)
        };
        let Some(end) = end else {
            return slow(line, at, patience, take);
        };
        (value, end, end)
    };
    if from < to && matches!(line.byte(to - 1), b',' | b';') {
        return None;
    }
    let value = Cow::Borrowed(line.text(from, to));
    take(line.text(at, equals), value, Some(from));
    Some(end)
}

/// Where a value ends that is more than a word; `None` where quotes or brackets may go on behind a blank.
#[inline(never)]
fn value_end(line: &Line<'_, '_>, mut at: usize) -> Option<usize> {
    loop {
        match line.byte(at) {
            b' ' | b'\n' => return Some(at),
            b'"' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => return None,
            _ => at = line.stop(at + 1),
        }
    }
}

/// A pair in whose name there are bytes that end words.
#[cold]
fn named_otherwise<'a>(
    line: &Line<'a, '_>,
    at: usize,
    stop: usize,
    patience: &mut Patience,
    take: impl FnOnce(&'a str, Cow<'a, str>, Option<usize>),
) -> Option<usize> {
    if matches!(line.byte(stop), b'@' | b'#') {
        slow(line, at, patience, take)
    } else {
        None
    }
}

/// As the grammar reads it.
#[cold]
fn slow<'a>(
    line: &Line<'a, '_>,
    at: usize,
    patience: &mut Patience,
    take: impl FnOnce(&'a str, Cow<'a, str>, Option<usize>),
) -> Option<usize> {
    let (rest, field) = pairs::pair(line.text(at, line.end()), patience).ok()?;
    let name = line.text(at, at + field.name.len());
    take(name, field.value, None);
    Some(line.end() - rest.len())
}

/// The first byte that is no blank.
#[inline]
fn behind_blanks(line: &Line<'_, '_>, mut at: usize) -> usize {
    while matches!(line.byte(at), b' ' | b'\t') {
        at += 1;
    }
    at
}

/// Pushes the pairs that a text ends with; where the text before them ends.
pub(super) fn tail<'a>(line: &Line<'a, '_>, from: usize, fields: &mut Fields<'_, 'a>) -> usize {
    let mut patience = Patience::default();
    let mut start = None;
    let mut at = from;
    while at < line.end() {
        let stop = line.stop(at);
        if line.byte(stop) == b' ' {
            // A word, as most of a message is.
            start = None;
            fields.clear();
            at = behind_blanks(line, stop + 1);
            continue;
        }
        let end = pair(line, at, stop, &mut patience, |name, value, _| {
            fields.write(name.into(), value, false);
        });
        if let Some(end) = end {
            start.get_or_insert(at);
            at = end;
        } else {
            start = None;
            fields.clear();
            at = line.blank(at);
        }
        at = behind_blanks(line, at);
    }
    let Some(start) = start else {
        return line.end();
    };
    let message = line.text(from, start).trim_end();
    let quoted = line.quote(from) < from + message.len();
    if (quoted && pairs::ends_in_quotes(message)) || pairs::goes_on(message) {
        fields.clear();
        return line.end();
    }
    from + message.len()
}

/// Pushes the pairs of a text that is nothing but pairs.
pub(super) fn all<'a>(line: &Line<'a, '_>, fields: &mut Fields<'_, 'a>) {
    let mut patience = Patience::default();
    let mut at = behind_blanks(line, line.start);
    while at < line.end() {
        let end = pair(line, at, line.stop(at), &mut patience, |name, value, _| {
            fields.write(name.into(), value, true);
        });
        at = behind_blanks(line, end.unwrap_or_else(|| line.blank(at)));
    }
}

/// `[id name="value"]` at an offset, every parameter behind one blank and nothing escaped; where it ends.
pub(super) fn parameters<'a>(
    line: &Line<'a, '_>,
    open: usize,
    fields: &mut Fields<'_, 'a>,
) -> Option<usize> {
    // An id ends at the blank behind it; what else it may hold the grammar reads.
    let mut at = line.stop(open + 1);
    while line.byte(at) == b'@' {
        at = line.stop(at + 1);
    }
    loop {
        match line.byte(at) {
            b']' => return Some(at + 1),
            b' ' => at += 1,
            _ => return None,
        }
        let equals = line.stop(at);
        let first = line.byte(at);
        let [b'=', b'"'] = line.array(equals)? else {
            return None;
        };
        if !(first.is_ascii_alphabetic() || first == b'_') {
            return None;
        }
        let from = equals + 2;
        let to = line.quote(from);
        if line.byte(to) != b'"' || matches!(line.byte(to - 1), b',' | b';') {
            return None;
        }
        fields.put(line.text(at, equals), line.text(from, to));
        at = to + 1;
    }
}

/// A line of nothing but pairs, two at least.
pub(super) fn logfmt<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let mut patience = Patience::default();
    fields.record.format = Format::Logfmt;
    let mut n_pairs = 0_usize;
    let mut at = line.start;
    while at < line.end() {
        let end = pair(
            line,
            at,
            line.stop(at),
            &mut patience,
            |name, value, from| {
                let end = from.map(|from| from + value.len());
                let value = pairs::take(fields.record, name, value, context, || {
                    let inside = line.part(line.start, end?);
                    let (end, time) = stamps.iso(&inside, from?, context)?;
                    (end == inside.end()).then_some(time)
                });
                if let Some(value) = value {
                    fields.write(name.into(), value, false);
                }
            },
        )?;
        n_pairs += 1;
        at = behind_blanks(line, end);
    }
    (2 <= n_pairs).then_some(())
}
