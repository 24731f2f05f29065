//! `key=value` pairs.

use std::borrow::Cow;

use memchr::memchr;

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::{
    Format,
    number::key,
    parse::{
        pairs::{self, Patience, Role},
        time::Context,
    },
};

/// A pair with a name of letters, digits and `_ - . / :`.
enum Pair<'a> {
    /// Its value stands in the line between two offsets; where the pair ends.
    Plain(usize, usize, usize),
    /// As the grammar reads it: its name, its value and where it ends.
    Other(&'a str, Cow<'a, str>, usize),
}

impl<'a> Pair<'a> {
    /// The pair whose name ends at `equals`; `None` for what is no pair.
    #[expect(
        clippy::inline_always,
        reason = "what is found would be written to memory, and read from there"
    )]
    #[inline(always)]
    fn read(
        line: &Line<'a, '_>,
        at: usize,
        equals: usize,
        patience: &mut Patience,
    ) -> Option<Self> {
        // Few cases, and the rare ones elsewhere: a jump by a table is predicted worse than a comparison.
        if line.byte(equals) != b'=' {
            return named_otherwise(line, at, equals, patience);
        }
        let first = line.byte(at);
        if !(first.is_ascii_alphabetic() || first == b'_') {
            return None;
        }
        let value = equals + 1;
        let (from, to, end) = if line.byte(value) == b'"' {
            let close = line.quote(value + 1);
            if line.byte(close) != b'"' || !matches!(line.byte(close + 1), b' ' | b'\n') {
                return escaped(line, at, value + 1, close, patience);
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
                return slow(line, at, patience);
            };
            (value, end, end)
        };
        // An empty value has `=` or `"` before its end.
        if matches!(line.byte(to - 1), b',' | b';') {
            return None;
        }
        Some(Self::Plain(from, to, end))
    }
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
) -> Option<Pair<'a>> {
    if matches!(line.byte(stop), b'@' | b'#') {
        slow(line, at, patience)
    } else {
        None
    }
}

/// A pair whose value has a backslash in it, or does not end with the quote that was found.
#[inline(never)]
fn escaped<'a>(
    line: &Line<'a, '_>,
    at: usize,
    from: usize,
    found: usize,
    patience: &mut Patience,
) -> Option<Pair<'a>> {
    let mut to = found;
    while line.byte(to) == b'\\' {
        to = line.quote(to + 2);
    }
    if to == found || line.byte(to) != b'"' || !matches!(line.byte(to + 1), b' ' | b'\n') {
        return slow(line, at, patience);
    }
    let value = pairs::unescape(line.text(from, to));
    let name = line.text(at, from - 2);
    (!value.ends_with([',', ';'])).then_some(Pair::Other(name, value, to + 1))
}

/// As the grammar reads it.
#[cold]
fn slow<'a>(line: &Line<'a, '_>, at: usize, patience: &mut Patience) -> Option<Pair<'a>> {
    let (rest, field) = pairs::pair(line.text(at, line.end()), patience).ok()?;
    let name = line.text(at, at + field.name.len());
    Some(Pair::Other(name, field.value, line.end() - rest.len()))
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
    // The words of the message are no pairs: the first that may be one is that with the first `=`.
    let Some(equals) = memchr(b'=', line.bytes(from)) else {
        return line.end();
    };
    let mut patience = Patience::default();
    let mut start = None;
    let mut at = behind_blanks(line, line.word_start(from, from + equals));
    while at < line.end() {
        let stop = line.stop(at);
        at = match Pair::read(line, at, stop, &mut patience) {
            Some(Pair::Plain(from, to, end)) => {
                start.get_or_insert(at);
                fields.put(line.text(at, stop), line.text(from, to));
                end
            }
            Some(Pair::Other(name, value, end)) => {
                start.get_or_insert(at);
                fields.write(name.into(), value, false);
                end
            }
            None => {
                start = None;
                fields.clear();
                line.blank(at)
            }
        };
        at = behind_blanks(line, at);
    }
    let Some(start) = start else {
        return line.end();
    };
    let end = if from + 2 <= start && line.byte(start - 2).is_ascii_graphic() {
        start - 1
    } else {
        from + line.text(from, start).trim_end().len()
    };
    let message = line.text(from, end);
    let quoted = line.quote(from) < end;
    if (quoted && pairs::ends_in_quotes(message)) || pairs::goes_on(message) {
        fields.clear();
        return line.end();
    }
    end
}

/// Pushes the pairs of a text that is nothing but pairs.
pub(super) fn all<'a>(line: &Line<'a, '_>, fields: &mut Fields<'_, 'a>) {
    let mut patience = Patience::default();
    let mut at = behind_blanks(line, line.start);
    while at < line.end() {
        let stop = line.stop(at);
        at = match Pair::read(line, at, stop, &mut patience) {
            Some(Pair::Plain(from, to, end)) => {
                fields.borrow(line.text(at, stop), line.text(from, to), true);
                end
            }
            Some(Pair::Other(name, value, end)) => {
                fields.write(name.into(), value, true);
                end
            }
            None => line.blank(at),
        };
        at = behind_blanks(line, at);
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

/// The role of the name between two offsets, told by the number that its bytes are.
#[inline]
fn role(line: &Line<'_, '_>, at: usize, end: usize) -> Role {
    const TIME: [u64; 3] = [key("time"), key("ts"), key("t")];
    const LEVEL: [u64; 3] = [key("level"), key("lvl"), key("severity")];
    const MESSAGE: [u64; 2] = [key("msg"), key("message")];
    const TARGET: [u64; 3] = [key("target"), key("logger"), key("module")];
    const EMITTER: [u64; 2] = [key("caller"), key("source")];
    let length = end - at;
    let Some(bytes) = line.array::<8>(at) else {
        return Role::of(line.text(at, end));
    };
    if 8 < length {
        // `timestamp`, `@timestamp`, `component`.
        return if length <= 10 {
            Role::of(line.text(at, end))
        } else {
            Role::Field
        };
    }
    let name = u64::from_le_bytes(bytes) & (u64::MAX >> (64 - 8 * length));
    if TIME.contains(&name) {
        Role::Time
    } else if LEVEL.contains(&name) {
        Role::Level
    } else if MESSAGE.contains(&name) {
        Role::Message
    } else if TARGET.contains(&name) {
        Role::Target
    } else if EMITTER.contains(&name) {
        Role::Emitter
    } else {
        Role::Field
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
        let stop = line.stop(at);
        let end = match Pair::read(line, at, stop, &mut patience)? {
            Pair::Plain(from, to, end) => {
                let value = line.text(from, to);
                match role(line, at, stop) {
                    Role::Field => fields.put(line.text(at, stop), value),
                    role => {
                        let decode = || {
                            let inside = line.part(line.start, to);
                            let (end, time) = stamps.iso(&inside, from, context)?;
                            (end == inside.end()).then_some(time)
                        };
                        let back = pairs::take(fields.record, role, value.into(), context, decode);
                        if back.is_some() {
                            fields.put(line.text(at, stop), value);
                        }
                    }
                }
                end
            }
            Pair::Other(name, value, end) => {
                let role = Role::of(name);
                if let Some(value) = pairs::take(fields.record, role, value, context, || None) {
                    fields.write(name.into(), value, false);
                }
                end
            }
        };
        n_pairs += 1;
        at = behind_blanks(line, end);
    }
    (2 <= n_pairs).then_some(())
}
