//! Layouts of loggers of Java and Python that begin with a time.

use jiff::Timestamp;
use memchr::memchr_iter;

use super::{fields::Fields, line::Line, stamps::Stamps};
use crate::{
    Format, Level, Record,
    parse::{scan, time::Context},
};

/// `2026-11-23 23:41:07,123 [main] INFO  c.e.Cart - message`, `… INFO [main] c.e.Cart: message`.
pub(super) fn log4j<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let (time_end, time) = stamps.iso(line, line.start, context)?;
    let at = behind_blanks(line, time_end)?;
    let is_thread_first = line.byte(at) == b'[';
    let (level, thread, at) = if is_thread_first {
        // A layout that is asked before this one knows its lines by `:  `.
        let mut colons = memchr_iter(b':', line.bytes(at));
        if colons.any(|colon| line.array(at + colon) == Some(*b":  ")) {
            return None;
        }
        let (thread, end) = in_brackets(line, at)?;
        if Level::from_word(thread).is_some() {
            return None;
        }
        let (level, end) = level(line, behind_blanks(line, end)?)?;
        (level, thread, end)
    } else {
        let (level, end) = level(line, at)?;
        let (thread, end) = in_brackets(line, behind_blanks(line, end)?)?;
        (level, thread, end)
    };
    let at = behind_blanks(line, at)?;
    let first_end = line.blank(at);
    let rest = behind_blanks(line, first_end);
    let (name, message) = if line.byte(first_end - 1) == b':' && at + 1 < first_end {
        ((at, first_end - 1), (first_end + 1).min(line.end()))
    } else if let Some(rest) = rest
        && matches!(line.array(rest), Some([b'-' | b':', b' ']))
    {
        ((at, first_end), rest + 2)
    } else if is_thread_first {
        ((at, at), at)
    } else {
        return None;
    };
    let message = line.text(message, line.end());
    write(
        fields.record,
        Format::Log4j,
        (time, level),
        line.text(name.0, name.1),
        message,
    );
    fields.said("thread", thread.trim());
    Some(())
}

/// `2026-03-01T12:00:00.123Z  INFO 1234 --- [app] [           main] c.e.App : message`.
pub(super) fn spring<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let (time_end, time) = stamps.iso(line, line.start, context)?;
    if line.byte(line.start + 19) == b',' {
        return None;
    }
    let (level, level_end) = level(line, behind_blanks(line, time_end)?)?;
    let pid = behind_blanks(line, level_end)?;
    let pid_end = line.digits(pid);
    if pid == pid_end || line.array(pid_end)? != *b" --- " {
        return None;
    }
    let (mut thread, end) = in_brackets(line, pid_end + 5)?;
    let mut at = behind_blanks(line, end)?;
    while line.byte(at) == b'[' {
        let (inside, end) = in_brackets(line, at)?;
        thread = inside;
        at = behind_blanks(line, end)?;
    }
    let name_end = line.blank(at);
    let colon = behind_blanks(line, name_end)?;
    if line.array(colon)? != *b": " {
        return None;
    }
    let message = line.text(colon + 2, line.end());
    write(
        fields.record,
        Format::Spring,
        (time, level),
        line.text(at, name_end),
        message,
    );
    fields.put("pid", line.text(pid, pid_end));
    fields.said("thread", thread.trim());
    Some(())
}

/// `2026-11-23 23:41:07,812 - orders.prices - WARNING - message`.
pub(super) fn python<'a>(
    line: &Line<'a, '_>,
    stamps: &mut Stamps,
    context: &Context,
    fields: &mut Fields<'_, 'a>,
) -> Option<()> {
    let (time_end, time) = stamps.iso(line, line.start, context)?;
    if line.array(time_end)? != *b" - " {
        return None;
    }
    let name = time_end + 3;
    let name_end = line.blank(name);
    let text = line.text(name, name_end);
    if text.is_empty() || line.array(name_end)? != *b" - " || scan::level(text).is_ok() {
        return None;
    }
    let (level, level_end) = level(line, name_end + 3)?;
    if line.array(level_end)? != *b" - " {
        return None;
    }
    let message = line.text(level_end + 3, line.end());
    write(fields.record, Format::Python, (time, level), text, message);
    Some(())
}

#[inline]
fn write<'a>(
    record: &mut Record<'a>,
    format: Format,
    (time, level): (Timestamp, Level),
    name: &'a str,
    message: &'a str,
) {
    record.format = format;
    record.time = Some(time);
    record.level = Some(level);
    record.name(name);
    record.message = message.into();
}

/// Behind one blank or more, and no tab.
#[inline]
fn behind_blanks(line: &Line<'_, '_>, mut at: usize) -> Option<usize> {
    if line.byte(at) != b' ' {
        return None;
    }
    while line.byte(at) == b' ' {
        at += 1;
    }
    (!matches!(line.byte(at), b'\t' | b'\n')).then_some(at)
}

/// A level in capitals up to a blank, and where it ends.
#[inline]
fn level(line: &Line<'_, '_>, at: usize) -> Option<(Level, usize)> {
    let end = line.blank(at);
    let level = match line.text(at, end) {
        "INFO" => Level::Info,
        "WARN" | "WARNING" => Level::Warn,
        "ERROR" => Level::Error,
        "DEBUG" => Level::Debug,
        "TRACE" => Level::Trace,
        "FATAL" => Level::Fatal,
        _ => return None,
    };
    (end < line.end()).then_some((level, end))
}

/// Text in brackets, no further bracket in it, and where they end.
#[inline]
fn in_brackets<'a>(line: &Line<'a, '_>, at: usize) -> Option<(&'a str, usize)> {
    if line.byte(at) != b'[' {
        return None;
    }
    let mut end = at + 1;
    loop {
        match line.byte(end) {
            b']' => return Some((line.text(at + 1, end), end + 1)),
            b'[' | b'\n' => return None,
            _ => end += 1,
        }
    }
}
