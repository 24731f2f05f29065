//! Headers whose event stands on the lines below: reports of Erlang, events of Windows as text; and the latter as XML.

use std::borrow::Cow;

use super::{
    scan::blanks,
    time::{self, Context},
};
use crate::{Field, Format, Level, Record};

/// `=INFO REPORT==== 24-Nov-2026::12:00:00 ===`; the first line below is the message.
pub(crate) fn erlang<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (kind, rest) = line.strip_prefix('=')?.split_once(" REPORT==== ")?;
    let level = match kind {
        "INFO" | "PROGRESS" | "NOTICE" => Level::Info,
        "DEBUG" => Level::Debug,
        "WARNING" => Level::Warn,
        "ERROR" | "CRASH" | "SUPERVISOR" => Level::Error,
        "CRITICAL" | "ALERT" | "EMERGENCY" => Level::Fatal,
        _ => return None,
    };
    let (_, time) = time::dashed(rest, context).ok()?;
    Some(
        Record::new(Format::Erlang, "")
            .at(Some(time))
            .level(Some(level))
            .with("report", kind),
    )
}

/// `Log Name:      Application` or `Event[12]:`: an event of Windows begins, as the viewer copies it and `wevtutil`
/// prints it.
pub(crate) fn windows(line: &str) -> Option<Record<'_>> {
    let record = Record::new(Format::WindowsEvent, "");
    if let Some(channel) = line.strip_prefix("Log Name:") {
        return Some(record.with("channel", channel.trim()));
    }
    let number = line.strip_prefix("Event[")?.trim_end_matches(':');
    let number = number.strip_suffix(']')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(record)
}

/// Takes a line below the header of an event of Windows.
pub(crate) fn windows_detail<'a>(line: &'a str, record: &mut Record<'a>, context: &Context) {
    // The description may say anything.
    if !record.message.is_empty() {
        return;
    }
    let Some((name, value)) = line.trim_start().split_once(':') else {
        record.message = line.trim().into();
        return;
    };
    let value = value.trim();
    let field = match name {
        "Log Name" => "channel",
        "Source" => {
            record.name(value);
            return;
        }
        "Date" => {
            let time = time::american(value, context).or_else(|_| time::iso(value, context));
            record.time = time.ok().map(|(_, time)| time);
            return;
        }
        "Level" => {
            record.level = Level::from_word(value);
            return;
        }
        "Event ID" => "event_id",
        "Task" | "Task Category" => "task",
        "Opcode" => "opcode",
        "Keyword" | "Keywords" => "keywords",
        "User" | "User Name" => "user",
        "Computer" => "host",
        "Description" => {
            record.message = value.into();
            return;
        }
        _ => {
            record.message = line.trim().into();
            return;
        }
    };
    if !matches!(value, "" | "N/A" | "None") {
        record.fields.push(Field {
            name: Cow::Borrowed(field),
            value: Cow::Borrowed(value),
            of_span: false,
        });
    }
}

/// `<Event xmlns='…'><System><Provider Name='…'/>…</System>…</Event>`: an event of Windows on one line.
pub(crate) fn windows_xml<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let rest = line.strip_prefix("<Event")?;
    if !rest.starts_with([' ', '>']) {
        return None;
    }
    let (_, system) = rest.split_once("<System>")?;
    let (system, data) = system.split_once("</System>")?;
    let mut record = Record::new(Format::WindowsEvent, "");
    if let Some(stamp) = attribute(system, "<TimeCreated", "SystemTime") {
        record.time = time::iso(stamp, context).ok().map(|(_, time)| time);
    }
    record.name(attribute(system, "<Provider", "Name").unwrap_or(""));
    record.level = match element(system, "Level") {
        Some("1") => Some(Level::Fatal),
        Some("2") => Some(Level::Error),
        Some("3") => Some(Level::Warn),
        Some("0" | "4") => Some(Level::Info),
        Some("5") => Some(Level::Debug),
        _ => None,
    };
    let mut record = record
        .with("event_id", element(system, "EventID").unwrap_or(""))
        .with("channel", element(system, "Channel").unwrap_or(""))
        .with("host", element(system, "Computer").unwrap_or(""));
    let mut i = data;
    while let Some((_, rest)) = i.split_once("<Data")
        && let Some((head, rest)) = rest.split_once('>')
    {
        let (value, rest) = rest.split_once("</Data>").unwrap_or((rest, ""));
        i = rest;
        if head.ends_with('/') || value.is_empty() {
            continue;
        }
        let name = quoted_behind(head, "Name=").unwrap_or("data");
        record.fields.push(Field {
            name: Cow::Borrowed(name),
            value: Cow::Borrowed(value),
            of_span: false,
        });
        if record.message.is_empty() && name == "data" {
            record.message = value.into();
        }
    }
    if let Some(message) = element(data, "Message") {
        record.message = blanks(message).into();
    }
    Some(record)
}

/// What stands in an element without others in it.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut i = text;
    while let Some(at) = memchr::memmem::find(i.as_bytes(), name.as_bytes()) {
        let (before, rest) = i.split_at_checked(at)?;
        let rest = rest.get(name.len()..)?;
        if before.ends_with('<') && rest.starts_with([' ', '>']) {
            let (_, inside) = rest.split_once('>')?;
            return inside.split_once('<').map(|(value, _)| value);
        }
        i = rest;
    }
    None
}

/// The value of an attribute of the first element that begins so.
fn attribute<'a>(text: &'a str, element: &str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(element)?;
    let (head, _) = rest.split_once('>')?;
    let (_, rest) = head.split_once(name)?;
    quoted_behind(rest, "=")
}

/// The value in quotes of either kind behind a text.
fn quoted_behind<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (value, _) = rest.strip_prefix(quote)?.split_once(quote)?;
    Some(value)
}
