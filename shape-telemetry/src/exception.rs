//! What was thrown: the types of the errors that an event reports.

use std::borrow::Cow;

use crate::{Event, Field, parse::exception};

/// An error that an event reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception<'a> {
    /// Its type as the runtime names it: `java.io.IOException`, `KeyError`.
    pub kind: Cow<'a, str>,
    /// What it says; empty where it says nothing.
    pub message: Cow<'a, str>,
}

/// Fields in which structured loggers write the type, and those in which they write the message.
const KINDS: [&str; 7] = [
    "exception.type",
    "error.type",
    "err.type",
    "error.kind",
    "exc_type",
    "exception.class",
    "exception_class",
];
const MESSAGES: [&str; 5] = [
    "exception.message",
    "error.message",
    "err.message",
    "exc_message",
    "exception_message",
];
/// Longer traces than these are only read so far.
const MAX_LINES: usize = 500;

impl Event<'_> {
    /// The errors that the event reports, the one that was seen first and its causes behind it, down to the root.
    ///
    /// ```
    /// use shape_telemetry::{Event, Reader};
    ///
    /// let log = "\
    /// 2026-11-24 12:00:00,123 ERROR [main] c.e.Cart - no order
    /// java.lang.IllegalStateException: late
    /// \tat c.e.Cart.place(Cart.java:42)
    /// Caused by: java.net.SocketException: reset
    /// \t... 23 more
    /// ";
    /// let mut kinds = Vec::new();
    /// Reader::new().read("x", log.as_bytes(), &mut |event: &Event<'_>| {
    ///     kinds.extend(event.exceptions().iter().map(|error| error.kind.to_string()));
    /// });
    /// assert_eq!(kinds, ["java.lang.IllegalStateException", "java.net.SocketException"]);
    /// ```
    pub fn exceptions(&self) -> Vec<Exception<'_>> {
        let mut found = Vec::new();
        if let Some(kind) = self
            .record
            .first_field(&KINDS)
            .filter(|_| self.detail.is_empty())
        {
            found.push(Exception {
                kind: kind.into(),
                message: self
                    .record
                    .first_field(&MESSAGES)
                    .unwrap_or_default()
                    .into(),
            });
            return found;
        }
        if let Some((kind, message)) = thrown(&self.record.message) {
            found.push(Exception {
                kind: kind.into(),
                message: message.into(),
            });
        }
        in_detail(self.detail, &mut found);
        found
    }

    /// Adds the type of what was thrown as the field `exception.type`, so that it can be counted as any other field;
    /// unless the writer did.
    pub(crate) fn name_exception(&mut self) {
        if self.record.first_field(&KINDS).is_some() {
            return;
        }
        let kind = self
            .exceptions()
            .first()
            .map(|error| Cow::Owned(error.kind.clone().into_owned()));
        if let Some(value) = kind {
            self.record.fields.push(Field {
                name: "exception.type".into(),
                value,
                of_span: false,
            });
        }
    }
}

/// Adds the errors in the lines behind a record, outermost first.
fn in_detail<'a>(detail: &'a str, found: &mut Vec<Exception<'a>>) {
    // Python prints the cause before what it caused.
    let mut is_python = detail.contains("Traceback (most recent call last)");
    let mut errors = Vec::new();
    for line in detail.lines().take(MAX_LINES) {
        is_python |= line.starts_with("  File \"");
        let i = line.trim_start();
        let i = ["Caused by: ", "---> ", "[cause]: "]
            .iter()
            .find_map(|start| i.strip_prefix(start))
            .unwrap_or(if line.starts_with([' ', '\t']) { "" } else { i });
        if let Some((kind, message)) = thrown(i) {
            errors.push(Exception {
                kind: kind.into(),
                message: message.into(),
            });
        }
    }
    if is_python {
        errors.reverse();
    }
    for error in errors {
        if found.last() != Some(&error) {
            found.push(error);
        }
    }
}

/// An error at the start of a text, or in brackets at its end, as Ruby writes it.
fn thrown(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("Uncaught ").unwrap_or(text);
    // Elixir: `** (RuntimeError) boom`.
    if let Some((kind, message)) = text
        .strip_prefix("** (")
        .and_then(|rest| rest.split_once(") "))
        && exception::is_type(kind)
    {
        return Some((kind, message));
    }
    if let Some(found) = exception::named(text) {
        return Some(found);
    }
    if let Some((kind, rest)) = text.split_once(" (")
        && exception::is_type(kind)
        && let Some(message) = rest.strip_suffix("):")
    {
        return Some((kind, message));
    }
    let (message, kind) = text.strip_suffix(')')?.rsplit_once(" (")?;
    exception::is_type(kind).then_some((kind, message))
}
