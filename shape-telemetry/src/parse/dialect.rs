//! Dialects of JSON that name the parts of a record otherwise: looked for in the fields of a record that lacks a part.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{
    json::{Value, array_of_objects},
    server,
    time::{self, Context},
};
use crate::{Field, Level, Record};

/// OpenTelemetry's data model, .NET, Serilog, `MongoDB`, Kubernetes.
const TIMES: [&str; 13] = [
    "Timestamp",
    "timeUnixNano",
    "@t",
    "t.$date",
    "Time",
    "TimeGenerated",
    "eventTime",
    "lastTimestamp",
    "stageTimestamp",
    "requestReceivedTimestamp",
    "ObservedTimestamp",
    "observedTimeUnixNano",
    "observed_timestamp",
];
const LEVELS: [&str; 6] = [
    "SeverityText",
    "severityText",
    "Level",
    "LogLevel",
    "@l",
    "Severity",
];
/// Severity numbers of OpenTelemetry.
const NUMBERS: [&str; 4] = [
    "SeverityNumber",
    "severityNumber",
    "severity_number",
    "Severity",
];
const MESSAGES: [&str; 13] = [
    "Body",
    "Body.Value",
    "Body.stringValue",
    "body.stringValue",
    "Message",
    "RenderedMessage",
    "@m",
    "@mt",
    "MessageTemplate",
    "message.text",
    "errorMessage",
    "exception",
    "warning",
];
const LOGGERS: [&str; 11] = [
    "Scope.Name",
    "InstrumentationScope.name",
    "instrumentation_scope.name",
    "scope.name",
    "SourceContext",
    "Category",
    "CategoryName",
    "Logger",
    "LoggerName",
    "source.component",
    "service.name",
];
/// Objects that hold the fields of a record, which so lose the name of the object.
const CONTAINERS: [&str; 7] = [
    "Attributes",
    "attributes",
    "Resource",
    "resource",
    "Properties",
    "State",
    "attr",
];

/// Completes a record of which something is missing from its fields, which lose what is taken.
#[cold]
pub(super) fn complete(record: &mut Record<'_>, context: &Context) {
    unpack(record);
    if record.time.is_none() {
        record.time = TIMES
            .iter()
            .find_map(|name| take(record, name, |text| time(text, context)));
    }
    if record.level.is_none() {
        record.level = LEVELS
            .iter()
            .find_map(|name| take(record, name, Level::from_word))
            .or_else(|| {
                NUMBERS
                    .iter()
                    .find_map(|name| take(record, name, |text| severity(text.parse().ok()?)))
            });
    }
    if record.level.is_none() && record.field("ctx").is_some() && record.field("c").is_some() {
        record.level = take(record, "s", server::letter_level);
    }
    // An event of Kubernetes is normal or a warning.
    if record.level.is_none() && record.field("involvedObject.kind").is_some() {
        record.level = record.field("type").and_then(|kind| match kind {
            "Normal" => Some(Level::Info),
            "Warning" => Some(Level::Warn),
            _ => None,
        });
    }
    if record.message.is_empty() {
        let found = MESSAGES.iter().find_map(|name| position(record, name));
        if let Some(at) = found {
            record.message = record.fields.remove(at).value;
        }
    }
    if record.target.is_none() {
        let found = LOGGERS.iter().find_map(|name| position(record, name));
        record.target = found
            .map(|at| record.fields[at].value.clone())
            .filter(|name| !name.is_empty());
    }
    if record.target.is_none() && record.field("ctx").is_some() {
        record.target = position(record, "c").map(|at| record.fields[at].value.clone());
    }
}

fn position(record: &Record<'_>, name: &str) -> Option<usize> {
    record
        .fields
        .iter()
        .position(|field| field.name == name && !field.of_span)
}

/// Takes a field whose value means something.
fn take<T>(record: &mut Record<'_>, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let at = position(record, name)?;
    let found = read(&record.fields[at].value)?;
    record.fields.remove(at);
    Some(found)
}

fn time(text: &str, context: &Context) -> Option<Timestamp> {
    time::iso(text, context)
        .ok()
        .map(|(_, time)| time)
        .or_else(|| time::epoch(text))
        .filter(|time| *time != Timestamp::UNIX_EPOCH)
}

/// The level of a severity number of OpenTelemetry, 1 to 24.
pub(crate) fn severity(number: u64) -> Option<Level> {
    Some(match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => return None,
    })
}

/// Gives the fields of containers their own names.
fn unpack(record: &mut Record<'_>) {
    let mut at = 0;
    while at < record.fields.len() {
        let field = &mut record.fields[at];
        let container = CONTAINERS.iter().find(|name| {
            field
                .name
                .strip_prefix(**name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        let Some(container) = container else {
            at += 1;
            continue;
        };
        if let Some(name) = field.name.get(container.len() + 1..) {
            // Python's exporter wraps the attributes of the resource once more.
            let name = name.strip_prefix("attributes.").unwrap_or(name);
            field.name = Cow::Owned(name.to_owned());
            at += 1;
            continue;
        }
        let Some(attributes) = attributes(&field.value) else {
            at += 1;
            continue;
        };
        let n = attributes.len();
        record.fields.splice(at..=at, attributes);
        at += n;
    }
}

/// `[{"key":"a","value":{"stringValue":"b"}}]` as the protocol writes it, `[{"Key":"a","Value":{"Type":"STRING","Value":"b"}}]`
/// as Go's exporter does.
fn attributes(array: &str) -> Option<Vec<Field<'static>>> {
    if !array.starts_with('[') {
        return None;
    }
    let mut fields = Vec::new();
    array_of_objects(array, |pairs| {
        let (mut name, mut value) = (None, None);
        for (key, found) in pairs {
            match &*key {
                "key" | "Key" => name = Some(found.into_text().into_owned()),
                "value" | "Value" => value = Some(innermost(found)),
                _ => {}
            }
        }
        if let (Some(name), Some(value)) = (name, value) {
            fields.push(Field {
                name: name.into(),
                value: value.into(),
                of_span: false,
            });
        }
    })?;
    Some(fields)
}

/// The value in `{"stringValue":"b"}` or `{"Type":"STRING","Value":"b"}`.
fn innermost(value: Value<'_>) -> String {
    let Value::Object(text) = value else {
        return value.into_text().into_owned();
    };
    let mut found = None;
    let _ = super::json::object(text, |key, inner| {
        if key != "Type" {
            found = Some(inner.into_text().into_owned());
        }
    });
    found.unwrap_or_else(|| text.to_owned())
}
