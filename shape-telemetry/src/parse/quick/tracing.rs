//! The full format of `tracing-subscriber`.

use super::{fields::Fields, line::Line, pairs, stamps::Stamps};
use crate::{
    Format, Level, Record,
    parse::{marks, time::Context, tracing},
};

/// `2026-11-23T23:41:07.321916Z  INFO span{id=4}: target: file.rs:7: message k=v`.
pub(super) fn tracing<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let (time_end, time) = stamps.iso(line, line.start, context)?;
    if line.byte(line.start + 19) == b',' || line.byte(time_end) != b' ' {
        return None;
    }
    let padding = usize::from(line.byte(time_end + 1) == b' ');
    let word = time_end + 1 + padding;
    let (level, length) = match &line.array::<5>(word)? {
        b"INFO " => (Level::Info, 4),
        b"WARN " => (Level::Warn, 4),
        b"ERROR" => (Level::Error, 5),
        b"DEBUG" => (Level::Debug, 5),
        b"TRACE" => (Level::Trace, 5),
        _ => return None,
    };
    let at = word + length + 1;
    if line.byte(at - 1) != b' ' || matches!(line.byte(at), b' ' | b'\t') {
        return None;
    }
    let record = &mut *fields.record;
    record.format = Format::Tracing;
    record.time = Some(time);
    record.level = Some(level);
    let (head_end, spans) = head(line, at, record)?;
    let at = emitter(line, head_end, record);
    let message_end = pairs::tail(line, at, fields);
    fields.record.message = line.text(at, message_end).into();
    if let Some((from, to)) = spans {
        self::spans(line, from, to, fields);
    }
    Some(())
}

/// The target, and where the spans before it stand; where both end.
#[inline]
fn head<'a>(
    line: &Line<'a, '_>,
    at: usize,
    record: &mut Record<'a>,
) -> Option<(usize, Option<(usize, usize)>)> {
    let stop = line.stop(at);
    if line.byte(stop) == b' ' && at + 1 < stop && line.byte(stop - 1) == b':' {
        let target = line.text(at, stop - 1);
        if is_path(line, at, stop - 1)
            && !tracing::is_no_head(target)
            && !matches!(line.byte(stop + 1), b'T' | b' ' | b'\t')
        {
            record.target = Some(target.into());
            return Some((stop + 1, None));
        }
    }
    let text = line.text(at, line.end());
    if tracing::thread(text).len() != text.len() {
        return None;
    }
    let (rest, head) = tracing::head(text).ok()?;
    record.target = head.target.map(Into::into);
    let spans = (!head.spans.is_empty()).then_some((at, at + head.spans.len()));
    Some((line.end() - rest.len(), spans))
}

/// Whether a part of a line has `::` in it and no colon that stands alone.
#[inline]
fn is_path(line: &Line<'_, '_>, from: usize, to: usize) -> bool {
    let length = to - from;
    match line.array(from) {
        Some(chunk) if length <= 32 => {
            let colons = u64::from(marks::places(chunk, b':')) & ((1 << length) - 1);
            colons != 0 && colons & !(colons << 1) & !(colons >> 1) == 0
        }
        _ => is_long_path(line.text(from, to)),
    }
}

/// As [`is_path`].
#[inline(never)]
fn is_long_path(text: &str) -> bool {
    let mut rest = text;
    let mut has_pair = false;
    while let Some((_, behind)) = rest.split_once(':') {
        rest = behind.trim_start_matches(':');
        if rest.len() == behind.len() {
            return false;
        }
        has_pair = true;
    }
    has_pair
}

/// `src/main.rs:2: `.
#[inline]
fn emitter<'a>(line: &Line<'a, '_>, at: usize, record: &mut Record<'a>) -> usize {
    let end = line.blank(at);
    if end <= at + 1 || line.byte(end - 1) != b':' || !line.byte(end - 2).is_ascii_digit() {
        return at;
    }
    line.end() - tracing::emitter(line.text(at, line.end()), record).len()
}

/// `outer{a=1}:inner`, both ends being known.
fn spans<'a>(line: &Line<'a, '_>, from: usize, to: usize, fields: &mut Fields<'_, 'a>) {
    let mut at = from;
    while at < to {
        let text = line.text(at, to);
        let end = text.bytes().position(|b| matches!(b, b'{' | b':'));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        fields.record.spans.push(name.into());
        let mut rest = rest;
        while let Ok((behind, inside)) = tracing::enclosed_fields(rest) {
            let end = to - behind.len() - 1;
            let inside = line.part(end - inside.len(), end);
            pairs::all(&inside, fields);
            rest = behind;
        }
        if !rest.starts_with(':') {
            return;
        }
        at = to - rest.trim_start_matches(':').len();
    }
}
