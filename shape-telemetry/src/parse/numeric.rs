//! Lines whose first word is a number or an alert label.

use super::{
    scan::{
        Scan, blanks, blanks1, bracketed, byte, check, digits, fail, level, split, word,
        word_blanks,
    },
    syslog, text,
    time::{self, Context},
};
use crate::{Format, Level, Record};

/// `081109 203615 148 INFO dfs.DataNode: message`.
pub(crate) fn hdfs<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    hdfs_line(line, context).ok().map(|(_, record)| record)
}

fn hdfs_line<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, time) = time::compact(i, context)?;
    let (i, ()) = byte(b' ')(i)?;
    let (i, pid) = digits(i)?;
    let (i, ()) = blanks1(i)?;
    let (i, level) = level(i)?;
    let (message, target) = named(blanks(i))?;
    let record = Record::new(Format::Hdfs, message)
        .at(Some(time))
        .level(Some(level))
        .target(target)
        .with("pid", pid);
    Ok(("", record))
}

/// A word that ends with `:`, and the message.
fn named(i: &str) -> Scan<'_, &str> {
    let (rest, first) = word(i)?;
    match first.strip_suffix(':') {
        Some(name) => Ok((rest.strip_prefix(' ').unwrap_or(rest), name)),
        None => fail(),
    }
}

/// `17/06/09 20:10:40 INFO executor.Backend: message`.
pub(crate) fn spark<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::short_slashed(line, context).ok()?;
    let (i, level) = level(blanks(i)).ok()?;
    let (message, target) = named(blanks(i)).ok()?;
    let record = Record::new(Format::Spark, message);
    Some(record.at(Some(time)).level(Some(level)).target(target))
}

/// `20171223-22:15:29:606|Step_LSC|30002312|message`.
pub(crate) fn health<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::health(line, context).ok()?;
    let mut parts = i.strip_prefix('|')?.splitn(3, '|');
    let (component, pid, message) = (parts.next()?, parts.next()?, parts.next()?);
    let record = Record::new(Format::HealthApp, message);
    Some(record.at(Some(time)).target(component).with("pid", pid))
}

/// `1234:M 01 Mar 2026 12:00:00.123 * message`.
pub(crate) fn redis<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    redis_line(line, context).ok().map(|(_, record)| record)
}

fn redis_line<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, pid) = digits(i)?;
    let (i, ()) = byte(b':')(i)?;
    let (i, role) = word_blanks(i)?;
    check(role.len() == 1)?;
    let (i, time) = time::day_month_year(i, context)?;
    let (i, mark) = word_blanks(blanks(i))?;
    let level = match mark {
        "." => Level::Debug,
        "-" | "*" => Level::Info,
        "#" => Level::Warn,
        _ => return fail(),
    };
    let record = Record::new(Format::Redis, i)
        .at(Some(time))
        .level(Some(level))
        .with("pid", pid)
        .with("role", role);
    Ok(("", record))
}

/// `261124 12:00:00 [ERROR] mysqld: message` of `MySQL` up to 5.6, the hour perhaps with a blank for its first digit.
pub(crate) fn mysql<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::short_compact(line, context).ok()?;
    let i = blanks(i.strip_prefix(' ')?);
    let (message, level) = match bracketed(i) {
        Ok((rest, name)) => (blanks(rest), Some(Level::from_word(name)?)),
        Err(_) => (i, None),
    };
    let mut record = Record::new(Format::MySql, message)
        .at(Some(time))
        .level(level);
    record.target = text::component_prefix(message).map(Into::into);
    Some(record)
}

/// `285818 gige7 gige temperature 1080291435 1 normal`.
pub(crate) fn hpc(line: &str) -> Option<Record<'_>> {
    hpc_line(line).ok().map(|(_, record)| record)
}

fn hpc_line(i: &str) -> Scan<'_, Record<'_>> {
    let (i, id) = digits(i)?;
    let (i, ()) = blanks1(i)?;
    let (i, node) = word_blanks(i)?;
    let (i, component) = word_blanks(i)?;
    let (i, state) = word_blanks(i)?;
    let (i, stamp) = digits(i)?;
    check((9..=10).contains(&stamp.len()))?;
    let (i, ()) = blanks1(i)?;
    let (i, flag) = word(i)?;
    check(digits(flag.trim_start_matches('-')).is_ok_and(|(rest, _)| rest.is_empty()))?;
    let message = i.strip_prefix(' ').unwrap_or(i);
    let record = Record::new(Format::Hpc, message)
        .at(time::epoch(stamp))
        .target(component)
        .with("id", id)
        .with("node", node)
        .with("state", state)
        .with("flag", flag);
    Ok(("", record))
}

/// `- 1117838570 2005.06.03 …`: BGL or Thunderbird, by what follows.
pub(crate) fn labelled<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    labelled_line(line, context).ok().map(|(_, record)| record)
}

fn labelled_line<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, label) = word_blanks(i)?;
    check(label.len() <= 24)?;
    let (i, stamp) = digits(i)?;
    check(stamp.len() == 10 && i.starts_with(' '))?;
    let (i, date) = word_blanks(split(i, 1).1)?;
    check(date.len() == 10 && date.as_bytes().get(4) == Some(&b'.'))?;
    let (i, node) = word_blanks(i)?;
    let time = time::epoch(stamp);
    let record = match bgl(i) {
        Ok((_, record)) => record.at(time),
        Err(_) => thunderbird(i, context)?.1.at(time),
    };
    Ok(("", record.with("alert", label).with("node", node)))
}

/// `2005-06-03-15.42.50.675872 NODE RAS KERNEL INFO message`.
fn bgl(i: &str) -> Scan<'_, Record<'_>> {
    let (i, stamp) = word_blanks(i)?;
    check(stamp.len() == 26 && stamp.as_bytes().get(10) == Some(&b'-'))?;
    let (i, _node) = word_blanks(i)?;
    let (i, kind) = word_blanks(i)?;
    let (i, component) = word_blanks(i)?;
    let (i, found) = word(i)?;
    let message = i.strip_prefix(' ').unwrap_or(i);
    let record = Record::new(Format::Bgl, message)
        .level(Level::from_word(found))
        .target(component)
        .with("kind", kind);
    Ok(("", record))
}

/// `Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: message`.
fn thunderbird<'a>(i: &'a str, context: &Context) -> Scan<'a, Record<'a>> {
    let (i, _) = time::syslog(i, context)?;
    let (i, ()) = blanks1(i)?;
    let (i, location) = word_blanks(i)?;
    let (_, mut record) = syslog::program(i)?;
    record.format = Format::Thunderbird;
    record.level = syslog::body_level(&record.message);
    Ok(("", record.with("location", location)))
}
