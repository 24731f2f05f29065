//! Layouts of well-known servers and tools that share nothing with others.

use std::borrow::Cow;

use super::{
    layout, pairs,
    scan::{
        self, Scan, blanks, bracketed, byte, check, digits, fail, level, split, until, word_blanks,
    },
    text,
    time::{self, Context},
};
use crate::{Emitter, Field, Format, Level, Record};

/// `:INFO:oejs.Server:main: message` of Jetty, behind the time.
pub(super) fn jetty(i: &str) -> Option<Record<'_>> {
    let (name, i) = i.strip_prefix(':')?.split_once(':')?;
    let level = Level::from_word(name.trim_end())?;
    let (logger, i) = i.split_once(':')?;
    let (thread, message) = super::scan::around(i, ": ")?;
    let is_logger = logger.is_empty() || text::is_name(logger);
    if !is_logger || thread.contains(' ') {
        return None;
    }
    let mut record = Record::new(Format::Log4j, "").level(Some(level));
    record.name(logger);
    record = record.with("thread", thread);
    record.message = pairs::tail(message, &mut record.fields).into();
    Some(record)
}

/// `| INFO  | message | logger | thread` of `ActiveMQ` and Karaf, behind the time; Karaf has the thread and the
/// logger in front of the message.
pub(super) fn barred(i: &str) -> Scan<'_, Record<'_>> {
    let (i, ()) = byte(b'|')(i)?;
    cells(i)
}

/// ` INFO | message | logger | thread`: what a wrapper of `ActiveMQ` writes, with no time.
pub(crate) fn barred_without_time(line: &str) -> Option<Record<'_>> {
    cells(line).ok().map(|(_, record)| record)
}

fn cells(i: &str) -> Scan<'_, Record<'_>> {
    let (i, name) = until("|")(i)?;
    let Some(level) = Level::from_word(name.trim()) else {
        return fail();
    };
    let is_logger = |text: &str| text.contains('.') && text::is_name(text);
    let record = Record::new(Format::Log4j, "").level(Some(level));
    if let Some((rest, thread)) = i.rsplit_once(" | ")
        && let Some((message, logger)) = rest.rsplit_once(" | ")
        && is_logger(logger.trim())
    {
        let mut record = record.target(logger.trim()).with("thread", thread.trim());
        record.message = message.trim().into();
        return Ok(("", record));
    }
    let mut cells = i.splitn(4, " | ");
    let (Some(thread), Some(logger), Some(_bundle), Some(message)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    else {
        return fail();
    };
    check(text::is_name(logger.trim()))?;
    let mut record = record.target(logger.trim()).with("thread", thread.trim());
    record.message = message.into();
    Ok(("", record))
}

/// `{server.py:44} INFO - message` of Airflow, behind the time in brackets.
pub(super) fn airflow(i: &str) -> Option<Record<'_>> {
    let (i, inside) = scan::enclosed(i, b'{', b'}').ok()?;
    let place = scan::place(inside)?;
    let (i, level) = level(blanks(i)).ok()?;
    let message = blanks(i).strip_prefix("- ")?;
    let mut record = Record::new(Format::Python, "").level(Some(level));
    // The file stands for the logger, which this layout does not write.
    record.target = inside
        .rsplit_once(".py:")
        .map(|(module, _)| Cow::Borrowed(module));
    record.emitter = Some(place);
    record.message = pairs::tail(message, &mut record.fields).into();
    Some(record)
}

/// `INFO  [main] 2026-11-24 12:00:00,123 CassandraDaemon.java:507 - message`, the level being read.
pub(super) fn cassandra<'a>(i: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, thread) = bracketed(i).ok()?;
    let (i, time) = time::iso(blanks(i), context).ok()?;
    let (i, first) = word_blanks(blanks(i)).ok()?;
    let mut record = Record::new(Format::Log4j, "")
        .at(Some(time))
        .with("thread", thread);
    // Up to version 2.0: `CassandraDaemon.java (line 507) message`.
    let (message, place) = match i.strip_prefix("(line ").and_then(|i| i.split_once(')')) {
        Some((line, message)) => {
            let place = Emitter {
                path: scan::is_path(first).then_some(first)?.into(),
                line: line.parse().ok()?,
                column: None,
            };
            (blanks(message), place)
        }
        None => (i.strip_prefix("- ")?, scan::place(first)?),
    };
    record.message = message.into();
    record.target = first.split_once('.').map(|(class, _)| class.into());
    record.emitter = Some(place);
    Some(record)
}

/// `I NETWORK  [conn12] message` of `MongoDB` before version 4.4, behind the time.
pub(super) fn mongo(i: &str) -> Scan<'_, Record<'_>> {
    let (i, letter) = word_blanks(i)?;
    let Some(level) = letter_level(letter) else {
        return fail();
    };
    let (i, component) = word_blanks(i)?;
    check(
        component
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b"_-".contains(&b)),
    )?;
    let (i, thread) = bracketed(i)?;
    let mut record = Record::new(Format::Iso, blanks(i)).level(Some(level));
    record.name(component);
    Ok(("", record.with("thread", thread)))
}

/// The levels that `MongoDB` writes as a letter, `D1` to `D5` among them.
pub(super) fn letter_level(letter: &str) -> Option<Level> {
    Some(match letter {
        "F" => Level::Fatal,
        "E" => Level::Error,
        "W" => Level::Warn,
        "I" => Level::Info,
        "D" | "D1" | "D2" | "D3" | "D4" | "D5" => Level::Debug,
        _ => return None,
    })
}

/// `[info] <0.222.0> message` of `RabbitMQ` and other programs in Erlang, behind the time.
pub(super) fn erlang(i: &str) -> Scan<'_, Record<'_>> {
    let (i, inside) = bracketed(i)?;
    let Some(level) = Level::from_word(inside) else {
        return fail();
    };
    let (message, process) = scan::enclosed(blanks(i), b'<', b'>')?;
    check(process.bytes().all(|b| b.is_ascii_digit() || b == b'.'))?;
    let mut record = Record::new(Format::Iso, blanks(message)).level(Some(level));
    // lager writes `@module:function:line` behind the process.
    if let Some(origin) = message.strip_prefix('@')
        && let Some((origin, message)) = origin.split_once(' ')
    {
        let mut parts = origin.split(':');
        record.name(parts.next().unwrap_or(""));
        record = record
            .with("function", parts.next().unwrap_or(""))
            .with("line", parts.next().unwrap_or(""));
        record.message = blanks(message).into();
    }
    Ok(("", record.with("process", process)))
}

/// `request_id=F1 [error] message` of Elixir's Logger, behind the time.
pub(super) fn elixir(i: &str) -> Scan<'_, Record<'_>> {
    let (head, rest) = match i.split_once('[') {
        Some((head, _)) if head.ends_with(' ') => split(i, head.len()),
        _ => return fail(),
    };
    let (message, inside) = bracketed(rest)?;
    let Some(level) = Level::from_word(inside) else {
        return fail();
    };
    let mut record = Record::new(Format::Iso, blanks(message)).level(Some(level));
    for pair in head.split_ascii_whitespace() {
        let Some((name, value)) = pair.split_once('=') else {
            return fail();
        };
        record.fields.push(Field {
            name: name.into(),
            value: value.into(),
            of_span: false,
        });
    }
    Ok(("", record))
}

/// `# Time: 2026-11-24T12:00:00.123456Z` and the lines below it in the log of slow queries of `MySQL`; the statement is
/// the message ([`slow_query_detail`]).
pub(crate) fn slow_query<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let record = Record::new(Format::MySql, "").target("slow");
    if let Some(stamp) = line.strip_prefix("# Time: ") {
        let (_, time) = time::iso(stamp, context).ok()?;
        return Some(record.at(Some(time)));
    }
    // Of queries in the same second only the first has a time.
    line.starts_with("# User@Host: ").then_some(record)
}

/// Whether a `# User@Host:` belongs to the `# Time:` above it.
pub(crate) fn slow_query_goes_on(before: &Record<'_>, record: &Record<'_>) -> bool {
    let is_header = |record: &Record<'_>| record.target.as_deref() == Some("slow");
    is_header(before)
        && is_header(record)
        && before.message.is_empty()
        && before.fields.is_empty()
        && record.time.is_none()
}

/// Takes a line below the header of a slow query.
pub(crate) fn slow_query_detail<'a>(line: &'a str, record: &mut Record<'a>) {
    if let Some(rest) = line.strip_prefix("# ") {
        let mut words = rest.split_ascii_whitespace();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_suffix(':') else {
                continue;
            };
            let Some(value) = words.next() else { break };
            let value = match name {
                // Seconds, by the manual.
                "Query_time" | "Lock_time" => Cow::Owned(format!("{value}s")),
                "User@Host" => {
                    record.fields.push(Field {
                        name: "user".into(),
                        value: value.split('[').next().unwrap_or(value).into(),
                        of_span: false,
                    });
                    continue;
                }
                _ if value.bytes().all(|b| b.is_ascii_digit()) => Cow::Borrowed(value),
                _ => continue,
            };
            record.fields.push(Field {
                name: name.into(),
                value,
                of_span: false,
            });
        }
    } else if let Some(stamp) = line.strip_prefix("SET timestamp=") {
        if record.time.is_none() {
            record.time = time::epoch(stamp.trim_end_matches(';'));
        }
    } else if record.message.is_empty() && !line.starts_with("use ") {
        record.message = line.into();
    }
}

/// `[main] INFO org.x.Y - message` of slf4j's simple logger, which writes no time.
pub(super) fn simple<'a>(thread: &'a str, rest: &'a str) -> Option<Record<'a>> {
    let (i, found) = level(blanks(rest)).ok()?;
    let is_capital = blanks(rest).starts_with(|c: char| c.is_ascii_uppercase());
    if !is_capital || !i.starts_with(' ') || Level::from_word(thread.trim()).is_some() {
        return None;
    }
    let (name, message) = layout::logger(blanks(i))?;
    let mut record = Record::new(Format::Log4j, "")
        .level(Some(found))
        .target(name)
        .with("thread", thread);
    record.message = pairs::tail(message, &mut record.fields).into();
    Some(record)
}

/// `12 [Note] InnoDB: message` of `MySQL` 5.7 and `MariaDB`, behind the time; a code and a subsystem may follow.
pub(super) fn mysql(i: &str) -> Scan<'_, Record<'_>> {
    let (i, thread) = digits(i)?;
    let (i, name) = bracketed(blanks(i))?;
    let Some(level) = Level::from_word(name) else {
        return fail();
    };
    let mut record = Record::new(Format::MySql, "")
        .level(Some(level))
        .with("thread", thread);
    let mut i = blanks(i);
    if let Ok((rest, code)) = bracketed(i)
        && let Ok((rest, subsystem)) = bracketed(blanks(rest))
    {
        record.name(subsystem);
        record = record.with("code", code);
        i = blanks(rest);
    } else {
        record.target = text::component_prefix(i).map(Into::into);
    }
    record.message = i.into();
    Ok(("", record))
}
