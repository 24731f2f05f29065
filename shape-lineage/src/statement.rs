//! Log statements as found in source.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use shape_telemetry::{Level, SourceLocation};

use crate::MessageTemplate;

/// What kind of statement writes the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatementKind {
    /// A call of a logging library or of a macro named like one.
    Log,
    /// A call that prints: `println!`, `print`, `System.out.println`.
    Print,
    /// A call that ends the program or throws: `panic!`.
    Panic,
}

/// A name with a value that a structured log statement writes beside its message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The value where it is constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// Whether it may be left out: an empty field, or an expression that may not be a field at all.
    #[serde(default)]
    pub is_optional: bool,
}

/// The target, logger or module that the records of a statement carry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The module that holds the statement, because nothing else is said.
    Module(String),
    /// A name that the statement gives.
    Named(String),
    /// Decided at run time. The module that holds the statement is kept as a hint.
    Unknown(String),
}

/// A log statement in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogStatement {
    /// Where it starts.
    pub location: SourceLocation,
    /// Its last line.
    pub end_line: NonZeroU32,
    /// The kind.
    pub kind: StatementKind,
    /// The level, where the statement says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The message; empty when the statement writes fields only.
    pub message: MessageTemplate,
    /// The fields in the order in which they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The target.
    pub target: Target,
    /// The path of the enclosing function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// First and last line of the enclosing function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol_lines: Option<(NonZeroU32, NonZeroU32)>,
    /// Whether it stands in test code.
    pub is_test: bool,
    /// Where a record is written if this is a call of a logging wrapper: the log call in the wrapper, which is the place
    /// that a runtime names. More than one where it is not known which of them is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emit_sites: Vec<SourceLocation>,
}

impl LogStatement {
    /// The message with `<*>` for variables, or the fields where there is no message.
    pub fn template(&self) -> String {
        if self.message.is_empty() {
            with_fields(&self.message, &self.fields).to_string()
        } else {
            self.message.to_string()
        }
    }
}

/// A message and its fields as `tracing` and its relatives print them: `message name=value name=value`.
pub(crate) fn with_fields(message: &MessageTemplate, fields: &[Field]) -> MessageTemplate {
    let mut all = message.clone();
    for field in fields.iter().filter(|field| !field.is_optional) {
        if !all.is_empty() {
            all.push_text(" ");
        }
        all.push_text(&field.name);
        all.push_text("=");
        match &field.constant {
            Some(value) => all.push_text(value),
            None => all.push_variable(Some(&field.name)),
        }
    }
    all
}
