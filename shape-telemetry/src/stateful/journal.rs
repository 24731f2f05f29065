//! The journal of systemd: its export format (`journalctl -o export`), and the fields that every form of it has.
//!
//! An entry is lines of `NAME=value` with a blank line behind them; a value with line ends stands behind its length.

use std::borrow::Cow;

use super::Stage;
use crate::{Emitter, Field, Format, Level, Record, Sink, number, parse::time};

/// One value, and where it ends in the text.
struct Value<'a> {
    name: &'a str,
    text: &'a str,
    next: usize,
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

pub(super) fn is_start(line: &str) -> bool {
    [
        "__CURSOR=",
        "__REALTIME_TIMESTAMP=",
        "__MONOTONIC_TIMESTAMP=",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

pub(super) fn block(text: &str, last: bool, stage: &mut Stage<'_>, sink: &mut dyn Sink) -> usize {
    let mut at = 0;
    loop {
        let entry = text.get(at..).unwrap_or_default();
        let Some(end) = entry_end(entry, last, stage.reader.max_line) else {
            return at;
        };
        read_entry(entry.get(..end).unwrap_or_default(), stage, sink);
        at += end;
        if text.len() <= at {
            return text.len();
        }
    }
}

/// Reads one entry, with the blank lines behind it.
fn read_entry(text: &str, stage: &mut Stage<'_>, sink: &mut dyn Sink) {
    let mut record = Record::new(Format::Journal, "");
    let place = stage.place();
    let mut at = 0;
    while at < text.len() {
        let line = stage.line(text, at);
        if line.text.is_empty() {
            stage.done(1, line.next - at, false);
            at = line.next;
            continue;
        }
        let Some(found) = value(text, at) else {
            stage.leave(line, at);
            at = line.next;
            continue;
        };
        record.fields.push(Field {
            name: found.name.into(),
            value: number::cut(found.text, stage.reader.max_line).into(),
            of_span: false,
        });
        let inside = text.get(at..found.next).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', inside.as_bytes()).count()
            + usize::from(!inside.ends_with('\n'));
        let cut = stage.reader.max_line < found.text.len();
        stage.done(number::len(lines), inside.len(), cut);
        at = found.next;
    }
    if record.fields.is_empty() {
        return;
    }
    promote(&mut record);
    let message = std::mem::take(&mut record.message);
    // The lines of a message behind the first are detail: a stack trace.
    let (first, detail) = message.split_once('\n').unwrap_or((&message, ""));
    record.message = first.into();
    stage.emit(record, place, detail.trim_end(), sink);
}

/// The end of the first entry, behind its blank line; `None` where it is not complete.
fn entry_end(text: &str, last: bool, max: usize) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..)?;
        if rest.starts_with('\n') || rest.starts_with("\r\n") {
            let blank = if rest.starts_with('\n') { 1 } else { 2 };
            return Some(at + blank);
        }
        let line = memchr::memchr(b'\n', rest.as_bytes()).map(|end| at + end + 1);
        at = match (value(text, at), line) {
            (Some(found), _) if found.next <= text.len() => found.next,
            (None, Some(next)) => next,
            // The length of a value reaches beyond what is there, or the line does.
            _ => break,
        };
    }
    (last || max.max(1 << 20) < text.len()).then_some(text.len())
}

/// The `NAME=value` line at an offset, or the name, the length and the bytes of a value with line ends.
fn value(text: &str, at: usize) -> Option<Value<'_>> {
    let rest = text.get(at..)?;
    let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    let line = rest.get(..end)?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    if let Some((name, value)) = line.split_once('=') {
        let next = (at + end + 1).min(text.len());
        return is_name(name).then_some(Value {
            name,
            text: value,
            next,
        });
    }
    if !is_name(line) {
        return None;
    }
    let (value, length) = sized(rest.get(end + 1..)?)?;
    Some(Value {
        name: line,
        text: value,
        next: at + end + 1 + length,
    })
}

/// A value behind its length in eight bytes, lowest first, and the number of bytes that both and the line end take.
///
/// Bytes of the length that are not UTF-8 arrive as `U+FFFD`: then the value ends before the next `NAME=` or blank line.
fn sized(text: &str) -> Option<(&str, usize)> {
    let (mut head, mut n_bytes, mut is_exact) = (0, 0, true);
    for c in text.chars() {
        if n_bytes == 8 {
            break;
        }
        head += c.len_utf8();
        if c == char::REPLACEMENT_CHARACTER {
            is_exact = false;
            n_bytes += 1;
        } else {
            n_bytes += c.len_utf8();
        }
    }
    let (length, body) = text.split_at_checked(head)?;
    if n_bytes != 8 {
        return None;
    }
    let size = length.bytes().rev().try_fold(0_usize, |size, b| {
        size.checked_mul(256)?.checked_add(usize::from(b))
    });
    if is_exact && let Some(size) = size {
        // A byte of the value that is not UTF-8 is three bytes here.
        let end = if body.contains(char::REPLACEMENT_CHARACTER) {
            let mut left = size;
            body.char_indices()
                .find(|&(_, c)| {
                    let is_end = left == 0;
                    let bytes = if c == char::REPLACEMENT_CHARACTER {
                        1
                    } else {
                        c.len_utf8()
                    };
                    left = left.saturating_sub(bytes);
                    is_end
                })
                .map_or(body.len(), |(at, _)| at)
        } else {
            size
        };
        return match body.get(..end) {
            Some(value) => {
                let line_end = usize::from(body.get(end..)?.starts_with('\n'));
                Some((value, head + end + line_end))
            }
            None => Some((body, usize::MAX / 2)),
        };
    }
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let is_next = line.split_once('=').is_some_and(|(name, _)| is_name(name));
        if line.trim_end().is_empty() || is_next {
            break;
        }
        at += line.len();
    }
    Some((body.get(..at)?.trim_end_matches('\n'), head + at))
}

/// The message of an entry: in JSON one with bytes that can not be printed is a list of numbers, and one that is too long
/// is `null`.
fn message(value: Cow<'_, str>) -> Cow<'_, str> {
    if value == "null" {
        return Cow::Borrowed("");
    }
    let inside = value
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let bytes = inside.filter(|text| !text.is_empty()).and_then(|text| {
        let numbers = text.split(',').map(|number| number.trim().parse::<u8>());
        numbers.collect::<Result<Vec<u8>, _>>().ok()
    });
    match bytes {
        Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        None => value,
    }
}

/// Gives the fields of an entry to the parts of the record that they are.
pub(crate) fn promote(record: &mut Record<'_>) {
    record.format = Format::Journal;
    let mut path = None;
    let mut line = None;
    let mut target = None;
    let mut source_time = None;
    let fields = std::mem::take(&mut record.fields);
    for mut field in fields {
        match &*field.name {
            "MESSAGE" => {
                record.message = message(field.value);
                continue;
            }
            "PRIORITY" => {
                record.level = field.value.parse().ok().and_then(Level::from_syslog);
                continue;
            }
            "__REALTIME_TIMESTAMP" => {
                record.time = time::epoch(&field.value);
                continue;
            }
            "_SOURCE_REALTIME_TIMESTAMP" => {
                source_time = time::epoch(&field.value);
                continue;
            }
            "SYSLOG_IDENTIFIER" | "_COMM" | "UNIT" | "_SYSTEMD_UNIT" => {
                let rank = match &*field.name {
                    "SYSLOG_IDENTIFIER" => 0,
                    "_COMM" => 1,
                    _ => 2,
                };
                if target.as_ref().is_none_or(|&(known, _)| rank < known) {
                    target = Some((rank, field.value.clone()));
                }
                if rank == 0 {
                    continue;
                }
            }
            "CODE_FILE" => {
                path = Some(field.value);
                continue;
            }
            "CODE_LINE" => {
                line = field.value.parse().ok();
                continue;
            }
            "_HOSTNAME" => field.name = Cow::Borrowed("host"),
            "_PID" => field.name = Cow::Borrowed("pid"),
            // What only the journal itself needs.
            "__CURSOR"
            | "__MONOTONIC_TIMESTAMP"
            | "_BOOT_ID"
            | "_MACHINE_ID"
            | "__SEQNUM"
            | "__SEQNUM_ID" => continue,
            _ => {}
        }
        record.fields.push(field);
    }
    // When the program wrote, where it says so, else when the journal received it.
    record.time = source_time.or(record.time);
    record.target = target.map(|(_, value)| value);
    if let (Some(path), Some(line)) = (path, line) {
        record.emitter = Some(Emitter {
            path,
            line,
            column: None,
        });
    }
}
