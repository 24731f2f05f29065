//! Lines that begin with a bracket.

use std::borrow::Cow;

use super::{
    android, jvm, layout, pairs, rails,
    scan::{blanks, bracketed, byte, digits, level},
    server, text,
    time::{self, Context},
    web,
};
use crate::{Format, Level, Record};

/// `[…] …`: `env_logger`, Apache, Kafka, Proxifier, and others with a time or a level in brackets.
pub(crate) fn bracket<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (rest, inside) = bracketed(line).ok()?;
    if inside.starts_with(' ')
        && let Some(record) = android::long(line, context)
    {
        return Some(record);
    }
    env_logger(inside, rest, context)
        .or_else(|| apache(inside, rest, context))
        .or_else(|| proxifier(inside, rest, context))
        .or_else(|| server(inside, rest, context))
        .or_else(|| {
            rest.starts_with('[')
                .then(|| jvm::unified(line, context))
                .flatten()
        })
        .or_else(|| rails::rails(line, context))
        .or_else(|| stamped(inside, rest, context))
        .or_else(|| unstamped(inside, rest))
        .or_else(|| server::simple(inside, rest))
}

/// `2026-11-23T23:41:07Z INFO  fmtgen` in brackets.
fn env_logger<'a>(inside: &'a str, rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = match time::iso(inside, context) {
        Ok((i, time)) => (i.strip_prefix(' ')?, Some(time)),
        Err(_) => (inside, None),
    };
    let (i, level) = level(blanks(i)).ok()?;
    let target = blanks(i);
    if target.is_empty() || target.contains(' ') {
        return None;
    }
    let mut record = Record::new(Format::EnvLogger, "")
        .at(time)
        .level(Some(level))
        .target(target);
    let message = pairs::tail(rest.strip_prefix(' ').unwrap_or(rest), &mut record.fields);
    record.message = Cow::Borrowed(message);
    Some(record)
}

/// `Fri Sep 09 10:42:29.902022 2011` in brackets, then the level and more in brackets.
fn apache<'a>(inside: &'a str, rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let (_, time) = time::asctime(inside, context).ok()?;
    let (rest, name) = bracketed(blanks(rest)).ok()?;
    let (module, level) = name.rsplit_once(':').unwrap_or(("", name));
    let mut record = Record::new(Format::ApacheError, "")
        .at(Some(time))
        .level(Level::from_word(level))
        .target(module);
    let mut i = blanks(rest);
    while let Ok((rest, inside)) = bracketed(i) {
        let Some((key, value)) = inside.split_once(' ') else {
            break;
        };
        let key = match key {
            "client" => "client",
            "pid" => "pid",
            "remote" => "remote",
            _ => break,
        };
        record = record.with(key, value);
        i = blanks(rest);
    }
    record.message = Cow::Borrowed(i);
    Some(record)
}

/// `[24/Nov/2026 08:59:30] "GET /x HTTP/1.1" 200 12` of Django, `[Tue Nov 24 08:59:30 2026] 127.0.0.1:5 [200]: GET /x`
/// of PHP, and Gin.
fn server<'a>(inside: &'a str, rest: &'a str, context: &Context) -> Option<Record<'a>> {
    match inside {
        "GIN" => return web::gin(rest, context),
        "Nest" => return layout::nest(rest, context),
        _ => {}
    }
    if let Ok((_, time)) = time::dashed(inside, context) {
        let i = blanks(rest);
        let record = layout::php(i).unwrap_or_else(|| match level(i) {
            // PHP-FPM: `NOTICE: message`.
            Ok((rest, level)) if rest.starts_with(": ") => {
                Record::new(Format::Bracketed, blanks(rest.trim_start_matches(':')))
                    .level(Some(level))
            }
            _ => Record::new(Format::Bracketed, i),
        });
        return Some(record.at(Some(time)));
    }
    if let Some(record) = layout::clock_in_brackets(inside, rest, context) {
        return Some(record);
    }
    let found = time::clf(inside, context).or_else(|_| time::asctime(inside, context));
    let (after, time) = found.ok()?;
    after
        .is_empty()
        .then(|| Record::new(Format::Bracketed, blanks(rest)).at(Some(time)))
}

/// `07.26 17:28:22` in brackets, then `program *64 - message`.
fn proxifier<'a>(inside: &'a str, rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let (after, time) = time::month_day(inside, b'.', context).ok()?;
    if !after.is_empty() {
        return None;
    }
    // What the proxy says of itself has no program.
    let rest = blanks(rest);
    let (program, message) = rest.split_once(" - ").unwrap_or(("", rest));
    let program = program.strip_suffix(" *64").unwrap_or(program);
    Some(
        Record::new(Format::Proxifier, message)
            .at(time)
            .target(program),
    )
}

/// A time alone in brackets: Kafka, pm2, browser test runners, dmesg.
fn stamped<'a>(inside: &'a str, rest: &'a str, context: &Context) -> Option<Record<'a>> {
    let rest = blanks(rest);
    let Ok((after, time)) = time::iso(inside, context) else {
        return dmesg(inside, rest);
    };
    if !after.is_empty() {
        return layout::celery(after, rest).map(|record| record.at(Some(time)));
    }
    if let Some(record) = layout::monolog(rest)
        .or_else(|| server::airflow(rest))
        .or_else(|| rest.starts_with('"').then(|| web::envoy(rest)).flatten())
    {
        return Some(record.at(Some(time)));
    }
    // `[2026-11-24 08:59:30 +0000] [1234] [INFO] message` of gunicorn.
    let (rest, pid) = match bracketed(rest) {
        Ok((behind, inside)) if inside.bytes().all(|b| b.is_ascii_digit()) => {
            (blanks(behind), inside)
        }
        _ => (rest, ""),
    };
    let found = level(rest).or_else(|_| {
        let (i, inside) = bracketed(rest)?;
        Level::from_word(inside.trim()).map_or_else(super::scan::fail, |level| Ok((i, level)))
    });
    let (rest, level) = match found {
        Ok((rest, level)) => (rest.trim_start_matches([':', ' ']), Some(level)),
        Err(_) => (rest, None),
    };
    // Some writers stamp the line again.
    let rest = match time::iso(rest, context) {
        Ok((rest, _)) => blanks(rest),
        Err(_) => rest,
    };
    let mut record = Record::new(Format::Bracketed, rest)
        .at(Some(time))
        .level(level)
        .with("pid", pid);
    if let Some((message, logger)) = kafka_logger(rest) {
        record.format = Format::Kafka;
        record.message = Cow::Borrowed(message);
        return Some(record.target(logger));
    }
    if level.is_some() {
        layout::named(rest, &mut record);
        return Some(record);
    }
    let message = pairs::tail(rest, &mut record.fields);
    record.message = Cow::Borrowed(message);
    record.target = text::component_prefix(message).map(Cow::Borrowed);
    Some(record)
}

/// `message (kafka.coordinator.group.GroupCoordinator)`.
pub(crate) fn kafka_logger(i: &str) -> Option<(&str, &str)> {
    let (message, logger) = i.strip_suffix(')')?.rsplit_once(" (")?;
    // Kafka 4 writes the line as well.
    let logger = layout::without_line(logger);
    let is_logger = logger.contains('.')
        && logger
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._$-".contains(&b));
    is_logger.then_some((message, logger))
}

/// `[   12.345678] message`: seconds since boot, which is no point in time.
fn dmesg<'a>(inside: &'a str, rest: &'a str) -> Option<Record<'a>> {
    let (i, _) = digits(blanks(inside)).ok()?;
    let (i, ()) = byte(b'.')(i).ok()?;
    let (i, fraction) = digits(i).ok()?;
    if !i.is_empty() || fraction.len() != 6 {
        return None;
    }
    // `[T12]`, `[C0]`: who printed it.
    let (rest, caller) = match bracketed(rest) {
        Ok((behind, caller))
            if caller.trim_start().starts_with(['T', 'C'])
                && digits(caller.trim_start().get(1..)?).is_ok_and(|(i, _)| i.is_empty()) =>
        {
            (blanks(behind), caller.trim_start())
        }
        _ => (rest, ""),
    };
    let mut record = Record::new(Format::Bracketed, rest)
        .with("uptime_s", inside.trim())
        .with("caller", caller);
    record.target = text::component_prefix(rest).map(Cow::Borrowed);
    Some(record)
}

/// `[ERROR] message`, `[WARN ] [component] message`.
fn unstamped<'a>(inside: &'a str, rest: &'a str) -> Option<Record<'a>> {
    let level = Level::from_word(inside.trim())?;
    let mut i = blanks(rest);
    let mut target = None;
    if let Ok((rest, name)) = bracketed(i)
        && !name.contains(' ')
        && !name.is_empty()
    {
        target = Some(name);
        i = blanks(rest);
    }
    let mut record = Record::new(Format::Bracketed, "").level(Some(level));
    let message = pairs::tail(i, &mut record.fields);
    record.message = Cow::Borrowed(message);
    record.target = target
        .or_else(|| text::component_prefix(message))
        .map(Cow::Borrowed);
    Some(record)
}
