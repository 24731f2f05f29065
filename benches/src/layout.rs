//! The layouts of log lines.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::Offset};
use serde_json::{Map, Value, json};
use shape_telemetry::Level;

use crate::{Entry, repeated};

/// How a record is laid out as a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The full format of `tracing-subscriber`.
    Tracing,
    /// The JSON format of `tracing-subscriber`.
    Json,
    /// `key=value`.
    Logfmt,
    /// BSD syslog as files have it: no priority, no year.
    Rfc3164,
    /// Syslog with structured data.
    Rfc5424,
}

impl Layout {
    /// The lines of the records, repeated until they have [`MIN_BYTES`](crate::MIN_BYTES).
    pub fn text(self, entries: &[Entry]) -> String {
        let mut text = String::new();
        for entry in entries {
            // Writing to a string does not fail.
            let _ = match self {
                Self::Tracing => tracing(&mut text, entry),
                Self::Json => write!(text, "{}", json(entry)),
                Self::Logfmt => logfmt(&mut text, entry),
                Self::Rfc3164 => rfc3164(&mut text, entry),
                Self::Rfc5424 => rfc5424(&mut text, entry),
            };
            text.push('\n');
        }
        repeated(&text)
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Trace => "TRACE",
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error | Level::Fatal => "ERROR",
    }
}

fn micros(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// A value as `Debug` writes it where it needs quotes, else as it is.
fn quoted(value: &str) -> String {
    if value.contains([' ', '"', '=']) {
        format!("{value:?}")
    } else {
        value.to_owned()
    }
}

fn pairs(out: &mut String, fields: &[(String, String)]) -> std::fmt::Result {
    for (at, (name, value)) in fields.iter().enumerate() {
        let blank = if at == 0 { "" } else { " " };
        write!(out, "{blank}{name}={}", quoted(value))?;
    }
    Ok(())
}

fn tracing(out: &mut String, entry: &Entry) -> std::fmt::Result {
    write!(out, "{} {:>5} ", micros(entry.time), level(entry.level))?;
    if let Some(span) = &entry.span {
        write!(out, "{}{{", span.name)?;
        pairs(out, &span.fields)?;
        out.push_str("}: ");
    }
    write!(out, "{}: {} ", entry.target, entry.message)?;
    pairs(out, &entry.fields)?;
    out.truncate(out.trim_end().len());
    Ok(())
}

fn json(entry: &Entry) -> Value {
    let object = |fields: &[(String, String)]| -> Map<String, Value> {
        fields
            .iter()
            .map(|(name, value)| (name.clone(), typed(value)))
            .collect()
    };
    let mut fields = object(&entry.fields);
    fields.insert("message".to_owned(), json!(entry.message));
    let mut line = json!({
        "timestamp": micros(entry.time),
        "level": level(entry.level),
        "fields": fields,
        "target": entry.target,
    });
    if let Some(span) = &entry.span {
        let mut inside = object(&span.fields);
        inside.insert("name".to_owned(), json!(span.name));
        line["span"] = json!(inside);
        line["spans"] = json!([inside]);
    }
    line
}

/// Numbers and truth values without quotes.
fn typed(value: &str) -> Value {
    let is_id =
        value.len() > 15 || value.starts_with('0') && value.len() > 1 && !value.contains('.');
    match serde_json::from_str(value) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) if !is_id => value,
        _ => json!(value),
    }
}

fn all_fields(entry: &Entry) -> Vec<(String, String)> {
    let of_span = entry.span.iter().flat_map(|span| &span.fields);
    entry.fields.iter().chain(of_span).cloned().collect()
}

fn logfmt(out: &mut String, entry: &Entry) -> std::fmt::Result {
    let (level, target) = (entry.level.as_str(), &entry.target);
    write!(
        out,
        "time={} level={level} target={target} msg={:?} ",
        micros(entry.time),
        entry.message
    )?;
    pairs(out, &all_fields(entry))?;
    out.truncate(out.trim_end().len());
    Ok(())
}

fn rfc3164(out: &mut String, entry: &Entry) -> std::fmt::Result {
    let time = Offset::UTC
        .to_datetime(entry.time)
        .strftime("%b %e %H:%M:%S");
    let component = entry.target.rsplit("::").next().unwrap_or_default();
    write!(out, "{time} web-1 {component}[4711]: {} ", entry.message)?;
    pairs(out, &all_fields(entry))?;
    out.truncate(out.trim_end().len());
    Ok(())
}

fn rfc5424(out: &mut String, entry: &Entry) -> std::fmt::Result {
    // Facility local0; the severities of RFC 5424.
    let priority = 16 * 8
        + match entry.level {
            Level::Trace | Level::Debug => 7,
            Level::Info => 6,
            Level::Warn => 4,
            Level::Error => 3,
            Level::Fatal => 2,
        };
    let component = entry.target.rsplit("::").next().unwrap_or_default();
    write!(
        out,
        "<{priority}>1 {} web-1 {component} 4711 - ",
        micros(entry.time)
    )?;
    let fields = all_fields(entry);
    if fields.is_empty() {
        out.push('-');
    } else {
        out.push_str("[studio@32473");
        for (name, value) in fields {
            let value = value.replace('"', "\\\"");
            write!(out, " {name}=\"{value}\"")?;
        }
        out.push(']');
    }
    write!(out, " {}", entry.message)
}

#[cfg(test)]
mod tests {
    use shape_telemetry::{Event, Reader};

    use super::*;
    use crate::generate;

    /// Every line is read in the format that it claims, with its time and its message.
    #[track_caller]
    fn check(layout: Layout, format: &str) {
        let entries = generate(7, 500, 10);
        let text = layout.text(&entries);
        let reader = Reader::new().reference(entries[0].time);
        let mut read = 0;
        let summary = reader.read("test", text.as_bytes(), &mut |event: &Event<'_>| {
            let entry = &entries[read % entries.len()];
            let record = &event.record;
            let second = record.time.map(Timestamp::as_second);
            assert_eq!(second, Some(entry.time.as_second()), "{record:?}");
            assert!(record.message.starts_with(&entry.message), "{record:?}");
            read += 1;
        });
        assert_eq!(summary.format, format);
        assert_eq!(summary.lines.parsed, summary.lines.total);
    }

    #[test]
    fn layouts_are_what_they_claim() {
        check(Layout::Tracing, "tracing");
        check(Layout::Json, "tracing_json");
        check(Layout::Logfmt, "logfmt");
        check(Layout::Rfc3164, "syslog");
        check(Layout::Rfc5424, "rfc5424");
    }
}
