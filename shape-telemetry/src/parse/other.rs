//! Formats that begin with a letter.

use super::{
    iso, layout, pairs,
    scan::{
        self, Scan, blanks, blanks1, byte, check, digits, fail, level, split, until, word_blanks,
    },
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// `I0301 12:00:00.123456    1234 controller.go:42] message`.
pub(crate) fn klog<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    klog_line(line, context).ok().map(|(_, record)| record)
}

fn klog_line<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let level = match i.as_bytes().first() {
        Some(b'I') => Level::Info,
        Some(b'W') => Level::Warn,
        Some(b'E') => Level::Error,
        Some(b'F') => Level::Fatal,
        Some(b'D') => Level::Debug,
        _ => return fail(),
    };
    let (i, time) = time::klog(split(i, 1).1, context)?;
    let (i, ()) = blanks1(i)?;
    let (i, thread) = digits(i)?;
    let (i, ()) = blanks1(i)?;
    let (i, place) = until("]")(i)?;
    let mut record = Record::new(Format::Klog, "")
        .at(time)
        .level(Some(level))
        .with("thread", thread);
    record.emitter = scan::place(place);
    let message = pairs::tail(i.strip_prefix(' ').unwrap_or(i), &mut record.fields);
    let message = message
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(message);
    record.message = message.into();
    Ok(("", record))
}

/// `ERROR:app.db:connection refused`.
pub(crate) fn python(line: &str) -> Option<Record<'_>> {
    let (name, rest) = line.split_once(':')?;
    if !name.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let level = Level::from_word(name)?;
    let (logger, message) = rest.split_once(':')?;
    let is_logger = !logger.is_empty()
        && logger
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    is_logger.then(|| {
        Record::new(Format::Python, message)
            .level(Some(level))
            .target(logger)
    })
}

/// `thread 'main' (2028) panicked at src/main.rs:64:217:`; the message follows on the next line.
pub(crate) fn panic(line: &str) -> Option<Record<'_>> {
    let i = line.strip_prefix("thread '")?;
    let (thread, i) = i.split_once('\'')?;
    let at = memchr::memmem::find(i.as_bytes(), b"panicked at ")?;
    let text = split(i, at + "panicked at ".len()).1;
    let mut record = Record::new(Format::RustPanic, line.trim_end_matches(':'))
        .level(Some(Level::Error))
        .with("thread", thread);
    if let Some(place) = scan::place(text.trim_end_matches(':')) {
        record.emitter = Some(place);
        record.message = "panicked".into();
    } else if let Some((message, place)) = text.rsplit_once(", ")
        && let Some(place) = scan::place(place)
    {
        // Before Rust 1.73: `panicked at 'message', src/main.rs:64:217`.
        record.emitter = Some(place);
        record.message = message.trim_matches('\'').into();
    }
    Some(record)
}

/// `nova-api.log 2017-05-16 00:00:00.008 25746 INFO nova.api [req-…] message`: the file name stands first.
pub(crate) fn openstack<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    openstack_line(line, context).ok().map(|(_, record)| record)
}

fn openstack_line<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, file) = word_blanks(i)?;
    let (i, time) = time::iso(i, context)?;
    let (i, ()) = byte(b' ')(i)?;
    let (_, record) = iso::openstack(i)?;
    Ok(("", record.at(Some(time)).with("file", file)))
}

/// `WARN some.logger - message`, `ERROR: message`, `WARNING message k=v`: a level and no time.
pub(crate) fn leveled(line: &str) -> Option<Record<'_>> {
    leveled_line(line).ok().map(|(_, record)| record)
}

fn leveled_line(i: &str) -> Scan<'_, Record<'_>> {
    let (rest, found) = level(i).or_else(|_| layout::dotnet_level(i))?;
    let capital = i.starts_with(|c: char| c.is_ascii_uppercase());
    let rest = match rest.strip_prefix(':') {
        Some(rest) => rest,
        None => rest,
    };
    // `info` alone may begin a sentence; in small letters it needs a colon.
    check(rest.starts_with(' ') && (capital || i.contains(": ")))?;
    check(capital || i.as_bytes().get(i.len() - rest.len() - 1) == Some(&b':'))?;
    let mut record = Record::new(Format::Iso, "").level(Some(found));
    let i = blanks(rest);
    if let Some((name, id)) = layout::dotnet(i) {
        record.target = Some(name.into());
        record.fields.push(id);
        return Ok(("", record));
    }
    layout::named(i, &mut record);
    Ok(("", record))
}
