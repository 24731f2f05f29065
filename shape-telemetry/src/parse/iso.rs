//! Lines that begin with an ISO 8601 time: what follows tells the writer.

use nom::Parser;

use super::{
    android, jvm, layout, pairs, platform, postgres,
    scan::{
        self, Scan, blanks, blanks1, bracketed, byte, digits, fail, level, until, word, word_blanks,
    },
    server, syslog,
    time::{self, Context},
    tracing, web,
};
use crate::{Format, Level, Record};

/// A line that begins with a date and a time.
pub(crate) fn iso<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::iso(line, context).ok()?;
    if let Ok((_, inner)) = cri(i) {
        let mut record = super::inner(inner.0, context);
        if record.format == Format::Plain {
            record.format = Format::Cri;
        }
        record.time = record.time.or(Some(time));
        return Some(record.with("stream", inner.1));
    }
    if let Some(rest) = i.strip_prefix(", ")
        && let Ok((_, record)) = cbs(rest)
    {
        return Some(record.at(Some(time)));
    }
    if let Some(rest) = i.strip_prefix(" - ")
        && let Ok((_, record)) = dashed(rest)
    {
        return Some(record.at(Some(time)));
    }
    if let Some(Ok((_, record))) = i
        .strip_prefix(' ')
        .map(|i| layout::loguru(i).or_else(|_| server::barred(i)))
        .or_else(|| i.starts_with('|').then(|| layout::nlog(i)))
    {
        return Some(record.at(Some(time)));
    }
    if let Some(record) = server::jetty(i) {
        return Some(record.at(Some(time)));
    }
    // Something must separate the time from the rest, so that `2026-01-01 10:00:00x` is no time.
    let rest = match blanks1(i) {
        Ok((rest, ())) => rest,
        Err(_) if i.is_empty() => i,
        Err(_) => i.strip_prefix(':').or_else(|| i.strip_prefix(']'))?,
    };
    if line.as_bytes().get(19) == Some(&b',')
        && let Ok((_, record)) = layout::python(rest)
    {
        return Some(record.at(Some(time)));
    }
    Some(behind_time(rest).at(Some(time)))
}

/// What stands behind a time.
pub(super) fn behind_time(rest: &str) -> Record<'_> {
    let mut grammars = nom::branch::alt((
        layout::zap,
        nginx,
        spring,
        hadoop,
        tracing::rest,
        postgres::postgres,
        log4j,
        server::mysql,
        openstack,
        logcat,
        server::mongo,
        server::erlang,
        server::elixir,
        zookeeper_undashed,
        leveled,
    ));
    match grammars.parse(rest) {
        Ok((_, record)) => record,
        Err(_) => generic(rest),
    }
}

/// ` stdout F message`: the message and the stream.
fn cri(i: &str) -> Scan<'_, (&str, &str)> {
    let (i, ()) = byte(b' ')(i)?;
    let (i, stream) = word(i)?;
    if !matches!(stream, "stdout" | "stderr") {
        return fail();
    }
    let (i, ()) = byte(b' ')(i)?;
    let (rest, tag) = word(i)?;
    if !matches!(tag, "F" | "P") {
        return fail();
    }
    let inner = rest.strip_prefix(' ').unwrap_or(rest);
    Ok(("", (inner, stream)))
}

/// `Info                  CBS    message`.
fn cbs(i: &str) -> Scan<'_, Record<'_>> {
    let (i, name) = word_blanks(i)?;
    let Some(level) = Level::from_word(name) else {
        return fail();
    };
    // `[0x018018]`: some lines have the number of a context in front of the component.
    let i = if i.starts_with("[0x") {
        word_blanks(i)?.0
    } else {
        i
    };
    let (i, component) = word_blanks(i)?;
    let record = Record::new(Format::WindowsCbs, i);
    Ok(("", record.level(Some(level)).target(component)))
}

/// Behind ` - `: Zookeeper's and Python's layouts.
fn dashed(i: &str) -> Scan<'_, Record<'_>> {
    if let Ok((rest, found)) = level(i) {
        if let Ok((_, record)) = zookeeper(blanks(rest)) {
            return Ok(("", record.level(Some(found))));
        }
        // `LEVEL - message`
        let (message, _) = until("- ")(blanks(rest))?;
        return Ok(("", Record::new(Format::Python, message).level(Some(found))));
    }
    // `name - LEVEL - message`
    let (rest, name) = until(" - ")(i)?;
    let (rest, level) = level(rest)?;
    let (message, _) = until(" - ")(rest)?;
    if name.contains(' ') {
        return fail();
    }
    let record = Record::new(Format::Python, message);
    Ok(("", record.level(Some(level)).target(name)))
}

/// `[QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - message`, and without the line.
fn zookeeper(i: &str) -> Scan<'_, Record<'_>> {
    let (i, inside) = bracketed(i)?;
    let (message, _) = until("- ")(blanks(i))?;
    let (place, line) = inside.rsplit_once('@').unwrap_or((inside, ""));
    let (thread, component) = place.rsplit_once(':').unwrap_or(("", place));
    // A class, or a logger with a name of its own (`wire`), which has no digits: an id has.
    let is_logger = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is_class = last.starts_with(|c: char| c.is_ascii_uppercase());
        last.starts_with(|c: char| c.is_ascii_alphabetic())
            && last.bytes().all(|b| {
                b.is_ascii_alphabetic()
                    || matches!(b, b'_' | b'$')
                    || (is_class && b.is_ascii_digit())
            })
    };
    if line.is_empty() && (thread.is_empty() || !is_logger(component)) {
        return fail();
    }
    let record = Record::new(Format::Zookeeper, message)
        .target(component)
        .with("thread", thread)
        .with("line", line);
    Ok(("", record))
}

/// The same with no dash before the level: `INFO [main:ClientCnxn] - message`.
fn zookeeper_undashed(i: &str) -> Scan<'_, Record<'_>> {
    let (i, found) = level(i)?;
    let (i, record) = zookeeper(blanks(i))?;
    Ok((i, record.level(Some(found))))
}

/// `[error] 1234#5678: *90 message, client: 1.2.3.4, server: x`.
fn nginx(i: &str) -> Scan<'_, Record<'_>> {
    let (i, name) = bracketed(i)?;
    let Some(level) = Level::from_word(name) else {
        return fail();
    };
    let (i, pid) = digits(blanks(i))?;
    let (i, ()) = byte(b'#')(i)?;
    let (i, tid) = digits(i)?;
    let (i, ()) = byte(b':')(i)?;
    let mut message = blanks(i);
    let mut connection = "";
    if let Some(rest) = message.strip_prefix('*')
        && let Ok((rest, number)) = digits(rest)
    {
        connection = number;
        message = blanks(rest);
    }
    let mut record = Record::new(Format::NginxError, message)
        .level(Some(level))
        .with("pid", pid)
        .with("tid", tid)
        .with("connection", connection);
    if let Some(at) = memchr::memmem::find(message.as_bytes(), b", client: ") {
        let (text, tail) = scan::split(message, at);
        record.message = text.into();
        for pair in tail.split(", ") {
            if let Some((name, value)) = super::scan::around(pair, ": ") {
                record.fields.push(crate::Field {
                    name: name.into(),
                    value: value.trim_matches('"').into(),
                    of_span: false,
                });
            }
        }
    }
    Ok(("", record))
}

/// `INFO 1234 --- [app] [           main] c.e.App : message`.
fn spring(i: &str) -> Scan<'_, Record<'_>> {
    let (i, level) = level(i)?;
    let (i, pid) = digits(blanks(i))?;
    let i = blanks(i);
    let Some(i) = i.strip_prefix("---") else {
        return fail();
    };
    let (mut i, mut thread) = bracketed(blanks(i))?;
    while let Ok((rest, inside)) = bracketed(blanks(i)) {
        thread = inside;
        i = rest;
    }
    let (message, logger) = until(" : ")(blanks(i)).or_else(|_| until(": ")(blanks(i)))?;
    let record = Record::new(Format::Spring, message)
        .level(Some(level))
        .target(logger.trim())
        .with("pid", pid)
        .with("thread", thread.trim());
    Ok(("", record))
}

/// `INFO [thread] class: message` and `INFO [thread] logger - message`.
fn hadoop(i: &str) -> Scan<'_, Record<'_>> {
    let (i, level) = level(i)?;
    let (i, thread) = bracketed(blanks(i)).or_else(|_| {
        // A thread name with an unbalanced bracket.
        let (i, ()) = byte(b'[')(blanks(i))?;
        until("] ")(i)
    })?;
    let (i, logger, message) = logger(blanks(i))?;
    let record = Record::new(Format::Log4j, message)
        .level(Some(level))
        .target(logger)
        .with("thread", thread.trim());
    Ok((i, record))
}

/// A logger behind which `:` or ` -` stands, and the message.
fn logger(i: &str) -> Result<(&str, &str, &str), nom::Err<()>> {
    let (rest, first) = word(i)?;
    if let Some(name) = first.strip_suffix(':')
        && !name.is_empty()
    {
        return Ok(("", name, rest.strip_prefix(' ').unwrap_or(rest)));
    }
    let rest = blanks(rest);
    let Some(message) = rest.strip_prefix("- ").or_else(|| rest.strip_prefix(": ")) else {
        return Err(nom::Err::Error(()));
    };
    Ok(("", first, message))
}

/// `[main] ERROR c.e.Foo - message`, and `[main] INFO message` without a logger.
fn log4j(i: &str) -> Scan<'_, Record<'_>> {
    let (i, thread) = bracketed(i)?;
    let (i, found) = level(blanks(i)).or_else(|_| {
        let (i, inside) = bracketed(blanks(i))?;
        Level::from_word(inside).map_or_else(fail, |level| Ok((i, level)))
    })?;
    // `[Warning] [MY-…]` belongs to another grammar.
    if Level::from_word(thread).is_some() {
        return fail();
    }
    // `[orders] warn: message` of winston: what is in brackets is no thread.
    if let Some(message) = i.strip_prefix(": ") {
        let mut record = Record::new(Format::Iso, "")
            .level(Some(found))
            .target(thread);
        record.message = pairs::tail(message, &mut record.fields).into();
        return Ok(("", record));
    }
    let i = blanks(i);
    let (name, message) = logger(i).map_or(("", i), |(_, name, message)| (name, message));
    let record = Record::new(Format::Log4j, message)
        .level(Some(found))
        .target(name)
        .with("thread", thread.trim());
    Ok(("", record))
}

/// `25746 INFO nova.osapi_compute.wsgi.server [req-… - - -] message`.
pub(super) fn openstack(i: &str) -> Scan<'_, Record<'_>> {
    let (i, pid) = digits(i)?;
    let (i, level) = level(blanks(i))?;
    let (i, component) = word_blanks(blanks(i))?;
    let (i, ids) = bracketed(i)?;
    let message = i.strip_prefix(' ').unwrap_or(i);
    let request = ids.split(' ').next().unwrap_or(ids);
    let record = Record::new(Format::OpenStack, message)
        .level(Some(level))
        .target(component)
        .with("request_id", request)
        .with("pid", pid);
    Ok(("", record))
}

/// `1702  2395 D Tag: message` behind a date with a year.
pub(super) fn logcat(i: &str) -> Scan<'_, Record<'_>> {
    let (i, pid) = digits(i)?;
    let (i, ()) = blanks1(i)?;
    let (i, tid) = digits(i)?;
    let (i, ()) = blanks1(i)?;
    let (i, letter) = word_blanks(i)?;
    let Some(level) = logcat_level(letter) else {
        return fail();
    };
    // A tag may hold blanks and colons, but no `: `.
    let (message, tag) = match until(": ")(i) {
        Ok(found) => found,
        Err(_) => match i.trim_end().strip_suffix(':') {
            Some(tag) => ("", tag),
            None => return fail(),
        },
    };
    let record = Record::new(Format::Logcat, message)
        .level(Some(level))
        .target(tag.trim())
        .with("pid", pid)
        .with("tid", tid);
    Ok(("", record))
}

pub(crate) fn logcat_level(letter: &str) -> Option<Level> {
    Some(match letter {
        "V" => Level::Trace,
        "D" => Level::Debug,
        "I" => Level::Info,
        "W" => Level::Warn,
        "E" => Level::Error,
        "F" | "A" => Level::Fatal,
        _ => return None,
    })
}

/// `ERROR message`, `[ERROR] logger: message`, `error: message`, `warn [logger]: message`.
fn leveled(i: &str) -> Scan<'_, Record<'_>> {
    let bracketed_level = |_| {
        let (i, inside) = bracketed(i)?;
        Level::from_word(inside.trim()).map_or_else(fail, |level| Ok((i, level)))
    };
    let (rest, level) = level(i)
        .or_else(bracketed_level)
        .or_else(|_| layout::dotnet_level(i))?;
    let rest = blanks(rest.strip_prefix(':').unwrap_or(rest));
    let mut record = Record::new(Format::Iso, "").level(Some(level));
    if let Some((name, id)) = layout::dotnet(rest) {
        record.target = Some(name.into());
        record.fields.push(id);
        return Ok(("", record));
    }
    layout::named(rest, &mut record);
    Ok(("", record))
}

/// A message of which nothing more is known; fields behind it are still taken off.
fn generic(i: &str) -> Record<'_> {
    let known = jvm::collector(i)
        .or_else(|| syslog::behind_iso(i))
        .or_else(|| web::balanced(i))
        .or_else(|| platform::runner(i))
        .or_else(|| android::studio(i));
    if let Some(record) = known {
        return record;
    }
    let mut record = Record::new(Format::Iso, i);
    let message = pairs::tail(layout::place(i, &mut record), &mut record.fields);
    record.message = message.into();
    if let Some(prefix) = super::text::component_prefix(message) {
        record.target = Some(prefix.into());
    }
    record
}
