//! OTLP in JSON, as the file exporter of the OpenTelemetry collector writes it: many records a line.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Stage;
use crate::{Emitter, Field, Format, Level, Record, Sink, parse::dialect};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Batch {
    #[serde(alias = "resource_logs")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceLogs {
    resource: Resource,
    #[serde(alias = "scope_logs", alias = "instrumentationLibraryLogs")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ScopeLogs {
    scope: Scope,
    #[serde(alias = "log_records")]
    log_records: Vec<LogRecord>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    name: String,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct LogRecord {
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: Value,
    #[serde(alias = "observed_time_unix_nano")]
    observed_time_unix_nano: Value,
    #[serde(alias = "severity_number")]
    severity_number: Value,
    #[serde(alias = "severity_text")]
    severity_text: String,
    body: Value,
    attributes: Vec<Attribute>,
    #[serde(alias = "trace_id")]
    trace_id: String,
    #[serde(alias = "span_id")]
    span_id: String,
    #[serde(alias = "event_name")]
    event_name: String,
}

pub(super) fn is_start(line: &str) -> bool {
    let start = crate::number::cut(line, 64);
    start.starts_with('{')
        && (start.contains("\"resourceLogs\"") || start.contains("\"resource_logs\""))
}

pub(super) fn block(text: &str, stage: &mut Stage<'_>, sink: &mut dyn Sink) -> usize {
    let mut at = 0;
    while at < text.len() {
        let line = stage.line(text, at);
        let batch = if is_start(line.text) {
            serde_json::from_str::<Batch>(line.text).ok()
        } else {
            None
        };
        if let Some(batch) = batch {
            let place = stage.place();
            stage.done(1, line.next - at, line.cut);
            for record in batch.records() {
                stage.emit(record, place, "", sink);
            }
        } else {
            stage.leave(line, at);
        }
        at = line.next;
    }
    text.len()
}

impl Batch {
    fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.resource_logs.iter().flat_map(|group| {
            let resource = &group.resource.attributes;
            group.scope_logs.iter().flat_map(move |scope| {
                let records = scope.log_records.iter();
                records.map(move |record| record.record(&scope.scope.name, resource))
            })
        })
    }
}

impl LogRecord {
    fn record<'a>(&'a self, scope: &'a str, resource: &'a [Attribute]) -> Record<'a> {
        let mut record = Record::new(Format::Otlp, "").target(scope);
        record.time = nanos(&self.time_unix_nano).or_else(|| nanos(&self.observed_time_unix_nano));
        record.level =
            level(&self.severity_number).or_else(|| Level::from_word(&self.severity_text));
        record.message = text(&self.body);
        if record.message.is_empty() {
            record.message = self.event_name.as_str().into();
        }
        let (mut path, mut line) = (None, None);
        for attribute in &self.attributes {
            let value = text(&attribute.value);
            match attribute.key.as_str() {
                "code.filepath" | "code.file.path" => path = Some(value),
                "code.lineno" | "code.line.number" => line = value.parse().ok(),
                key => record.fields.push(field(key, value)),
            }
        }
        if let (Some(path), Some(line)) = (path, line) {
            record.emitter = Some(Emitter {
                path,
                line,
                column: None,
            });
        }
        for (name, id) in [("trace_id", &self.trace_id), ("span_id", &self.span_id)] {
            if !id.is_empty() {
                record.fields.push(field(name, id.as_str().into()));
            }
        }
        for attribute in resource {
            record
                .fields
                .push(field(&attribute.key, text(&attribute.value)));
        }
        record
    }
}

fn field<'a>(name: &'a str, value: Cow<'a, str>) -> Field<'a> {
    Field {
        name: name.into(),
        value,
        of_span: false,
    }
}

/// A time in nanoseconds, which JSON has as text or as a number; 0 stands for none.
fn nanos(value: &Value) -> Option<Timestamp> {
    let nanos: i128 = match value {
        Value::String(text) => text.parse().ok()?,
        Value::Number(number) => i128::from(number.as_u64()?),
        _ => return None,
    };
    if nanos == 0 {
        return None;
    }
    Timestamp::from_nanosecond(nanos).ok()
}

/// The level of a severity number, 1 to 24, or of its name in the protocol.
fn level(value: &Value) -> Option<Level> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(name) => {
            let name = name.strip_prefix("SEVERITY_NUMBER_")?;
            return Level::from_word(name.trim_end_matches(|c: char| c.is_ascii_digit()));
        }
        _ => return None,
    };
    dialect::severity(number)
}

/// A value of the protocol as text: `{"stringValue":"x"}`, `{"intValue":"4"}`, and what holds others as JSON.
fn text(value: &Value) -> Cow<'_, str> {
    let inner = match value {
        Value::Object(map) if map.len() == 1 => map.values().next().unwrap_or(value),
        Value::Object(_) => value,
        other => other,
    };
    match inner {
        Value::String(text) => text.as_str().into(),
        Value::Null => "".into(),
        Value::Object(map) if map.is_empty() => "".into(),
        other => other.to_string().into(),
    }
}
