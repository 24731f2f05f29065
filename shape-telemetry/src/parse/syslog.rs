//! Syslog, with and without a priority.

use std::borrow::Cow;

use super::{
    pairs, platform,
    scan::{Scan, blanks, blanks1, bracketed, byte, check, digits, fail, split, word, word_blanks},
    security,
    time::{self, Context},
    web,
};
use crate::{Format, Level, Record};

/// `<34>…`: RFC 5424 or RFC 3164.
pub(crate) fn with_priority<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let i = line.strip_prefix('<')?;
    let (i, number) = digits(i).ok()?;
    let priority: u64 = number.parse().ok().filter(|&number| number < 192)?;
    let (i, ()) = byte(b'>')(i).ok()?;
    let level = Level::from_syslog(priority & 7);
    let record = if let Ok((_, record)) = rfc5424(i, context) {
        record
    } else {
        match header(i, context) {
            Ok((_, record)) => Record {
                format: Format::Rfc3164,
                ..record
            },
            // Under systemd, programs write a priority and no more.
            _ => platform::prioritised(i, context),
        }
    };
    Some(record.level(level))
}

/// `1 2003-10-11T22:14:15.003Z host app procid msgid [data] message`.
fn rfc5424<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, version) = word_blanks(i)?;
    check(version == "1" || version == "2")?;
    let (i, time) = if let Some(rest) = i.strip_prefix("- ") {
        (rest, None)
    } else {
        let (i, time) = time::iso(i, context)?;
        let (i, ()) = blanks1(i)?;
        (i, Some(time))
    };
    let (i, host) = word_blanks(i)?;
    let (i, app) = word_blanks(i)?;
    let (i, process) = word_blanks(i)?;
    let (i, message_id) = word(i)?;
    let mut record = Record::new(Format::Rfc5424, "")
        .at(time)
        .target(app)
        .with("host", host)
        .with("pid", process)
        .with("msgid", message_id);
    let mut i = blanks(i);
    if let Some(rest) = i.strip_prefix('-') {
        i = rest;
    } else {
        while i.starts_with('[') {
            let (rest, inside) = structured_data(i)?;
            if let Some((_, parameters)) = inside.split_once(' ') {
                pairs::all(parameters, false, &mut record.fields);
            }
            i = rest;
        }
    }
    let message = blanks(i).trim_start_matches('\u{feff}');
    record.message = Cow::Borrowed(message);
    Ok(("", record))
}

/// `[id name="value"]`; a bracket in quotes does not end it.
fn structured_data(i: &str) -> Scan<'_, &str> {
    let mut in_quotes = false;
    let bytes = i.as_bytes();
    let mut at = 1;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' if in_quotes => at += 1,
            b'"' => in_quotes = !in_quotes,
            b']' if !in_quotes => {
                let (inside, rest) = split(split(i, 1).1, at - 1);
                return Ok((split(rest, 1).1, inside));
            }
            _ => {}
        }
        at += 1;
    }
    fail()
}

/// `Oct 11 22:14:15 host prog(sub)[pid]: message`.
pub(crate) fn plain<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    header(line, context).ok().map(|(_, record)| record)
}

/// Time, host and the rest.
pub(super) fn header<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, time) = if let Ok(found) = time::syslog(i, context) {
        found
    } else {
        // rsyslog's high-precision time.
        let (i, time) = time::iso(i, context)?;
        (i, Some(time))
    };
    let (i, ()) = blanks1(i)?;
    // Some writers name no host: what ends with a colon is the program.
    let (i, host) = match word_blanks(i)? {
        (_, host) if host.ends_with(':') => (i, ""),
        found => found,
    };
    let inner = match i.get(..5) {
        Some("LEEF:") => security::leef(i, context),
        _ if i.starts_with("CEF:") => security::cef(i, context),
        _ if i.starts_with(web::HAPROXY) => web::haproxy_behind_header(i, context),
        _ => None,
    };
    let record = match inner {
        Some(record) => record,
        None => told(program(i)?.1, context),
    };
    let time = record.time.or(time);
    Ok(("", record.at(time).with("host", host)))
}

/// What the message behind a header of syslog says by itself: a record of another format, or a level.
pub(super) fn told<'a>(header: Record<'a>, context: &Context) -> Record<'a> {
    let Cow::Borrowed(body) = header.message else {
        return header;
    };
    if !is_record(body) {
        return Record {
            level: body_level(body),
            ..header
        };
    }
    let inner = super::inner(body, context);
    if inner.format == Format::Plain {
        return header;
    }
    let mut record = Record {
        target: inner.target.or(header.target),
        ..inner
    };
    record.fields.extend(header.fields);
    record
}

/// Whether the body of a message is to be read as a record of its own: an object, pairs with a time or a level in front,
/// a line of klog.
pub(super) fn is_record(body: &str) -> bool {
    match body.as_bytes() {
        [b'{', b'"', ..] => body.ends_with('}'),
        [b'I' | b'W' | b'E' | b'F', b'0' | b'1', b'0'..=b'9', ..] => {
            body.as_bytes().get(5) == Some(&b' ') && body.contains("] ")
        }
        [b'l' | b't', ..] => ["time=", "ts=", "level=", "lvl="]
            .iter()
            .any(|start| body.starts_with(start)),
        _ => false,
    }
}

/// The level that the body of a message begins with: `error: …`, `Warning: …`, `[ERROR] …`, `<info>  …`, `WARN  …`.
/// It stays part of the message.
pub(super) fn body_level(body: &str) -> Option<Level> {
    /// The longest name of a level.
    const LONGEST: usize = 13;
    let (close, word) = match body.as_bytes().first()? {
        b'[' => (Some(b']'), split(body, 1).1),
        b'<' => (Some(b'>'), split(body, 1).1),
        b'A'..=b'Z' | b'a'..=b'z' => (None, body),
        _ => return None,
    };
    let bytes = word.as_bytes();
    let end = bytes
        .iter()
        .take(LONGEST + 1)
        .position(|b| !b.is_ascii_alphabetic())?;
    let behind = bytes.get(end..)?;
    let (name, _) = split(word, end);
    let is_one = |names: &[&str]| names.contains(&name);
    let fits = match (close, behind) {
        (Some(close), [b, ..]) => *b == close,
        // Words that are as often something else as a level.
        (None, [b':', b' ', ..] | [b':']) => !is_one(&["log", "system", "config", "fine"]),
        // In small letters it may begin a sentence.
        (None, [b' ', ..]) => is_one(&[
            "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERR", "ERROR", "CRIT",
            "CRITICAL", "FATAL", "SEVERE",
        ]),
        _ => false,
    };
    fits.then(|| Level::from_word(name)).flatten()
}

/// `host prog[pid]: message` behind an ISO time, as rsyslog and `journalctl -o short-iso` write it. Without a process
/// id it might be any text, so that only programs that never write one are taken.
pub(super) fn behind_iso(i: &str) -> Option<Record<'_>> {
    let (host, rest) = i.split_once(' ')?;
    let is_host = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-:".contains(&b))
        && !host.ends_with(':');
    let (head, message) = match super::scan::around(rest, ": ") {
        Some(found) => found,
        None => (rest.strip_suffix(':')?, ""),
    };
    let (name, pid) = match head.strip_suffix(']').and_then(|head| head.split_once('[')) {
        Some((name, pid)) => (name, pid),
        None if matches!(head, "kernel" | "sudo") => (head, ""),
        None => return None,
    };
    let fits = is_host
        && !host.is_empty()
        && !name.is_empty()
        && !name.contains(' ')
        && pid.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| {
        Record::new(Format::Syslog, message)
            .level(body_level(message))
            .target(name)
            .with("pid", pid)
            .with("host", host)
    })
}

/// `prog(sub)[pid]: message`; text without such a head is a message.
pub(super) fn program(i: &str) -> Scan<'_, Record<'_>> {
    let plain = || Ok(("", Record::new(Format::Syslog, i)));
    // A program may hold blanks (`syslogd 1.4.1: restart`): everything up to the first `: `.
    let Some(colon) =
        memchr::memmem::find(i.as_bytes(), b": ").or_else(|| i.ends_with(':').then(|| i.len() - 1))
    else {
        return plain();
    };
    let (head, rest) = split(i, colon);
    let message = split(rest, 1).1;
    let message = message.strip_prefix(' ').unwrap_or(message);
    let bracket = memchr::memchr(b'[', head.as_bytes());
    let (name, pid) = match bracket {
        Some(at) => {
            let (name, rest) = split(head, at);
            let (_, pid) = bracketed(rest)?;
            (name, pid)
        }
        None => (head, ""),
    };
    let name = name.trim_end();
    if name.is_empty() || 3 < name.split(' ').count() {
        return plain();
    }
    let record = Record::new(Format::Syslog, message)
        .target(name)
        .with("pid", pid);
    Ok(("", record))
}
