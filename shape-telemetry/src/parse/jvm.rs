//! What the Java virtual machine writes of itself.

use super::{
    scan::{blanks, bracketed, digits, place},
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// `[2026-11-24T12:00:00.123+0000][0.006s][info][gc,start     ] message` of unified logging since Java 9, any of the
/// brackets before the level missing; Envoy writes the same with the place in the source behind.
pub(super) fn unified<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let mut record = Record::new(Format::Bracketed, "");
    let mut i = line;
    while record.level.is_none() {
        let (rest, inside) = bracketed(i).ok()?;
        if !rest.starts_with('[') {
            return None;
        }
        i = rest;
        let inside = inside.trim();
        if inside.bytes().all(|b| b.is_ascii_lowercase()) {
            record.level = Some(Level::from_word(inside)?);
        } else if let Ok(("", time)) = time::iso(inside, context) {
            record.time = Some(time);
        } else if let Some(uptime) = uptime(inside) {
            record = record.with("uptime_s", uptime);
        } else if inside.bytes().all(|b| b.is_ascii_digit()) {
            record = record.with("pid", inside);
        } else {
            return None;
        }
    }
    let (rest, tags) = bracketed(i).ok()?;
    let tags = tags.trim_end();
    let is_tags = tags
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b",_-".contains(&b));
    let (first, others) = tags.split_once(',').unwrap_or((tags, ""));
    if first.is_empty() || !is_tags || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    record.name(first);
    if !others.is_empty() {
        record = record.with("tags", tags);
    }
    let mut message = rest.strip_prefix(' ').unwrap_or(rest);
    if let Ok((behind, inside)) = bracketed(message)
        && let Some(place) = place(inside)
    {
        record.emitter = Some(place);
        message = blanks(behind);
    }
    record.message = message.into();
    Some(record)
}

/// `0.006s` without its unit; the same in other units is no number of seconds.
fn uptime(text: &str) -> Option<&str> {
    let number = text.strip_suffix('s')?;
    number_with_point(number).then_some(number)
}

fn number_with_point(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, fraction)| {
        let is_number = |part: &str| digits(part).is_ok_and(|(rest, _)| rest.is_empty());
        is_number(whole) && is_number(fraction)
    })
}

/// `0.456: [GC (Allocation Failure) …]` of the collectors' logs up to Java 8, perhaps behind a time.
pub(super) fn collector(i: &str) -> Option<Record<'_>> {
    let (uptime, message) = i.trim_start().split_once(": ")?;
    let is_known = [
        "[GC",
        "[Full GC",
        "Total time for which",
        "Application time",
        "[CMS",
    ]
    .iter()
    .any(|start| message.starts_with(start));
    (is_known && number_with_point(uptime)).then(|| {
        Record::new(Format::Iso, message.trim_end())
            .target("gc")
            .with("uptime_s", uptime)
    })
}
