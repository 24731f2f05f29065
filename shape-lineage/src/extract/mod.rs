//! Log statements out of source text, one file per language.

use serde::{Deserialize, Serialize};
use shape_telemetry::Level;

use crate::{Field, Language, MessageTemplate, StatementKind};

#[cfg(feature = "rust")]
pub(crate) use self::rust_macros::MacroBook;

#[cfg(feature = "java")]
pub(crate) use self::{
    java_loggers::{Argument, ClassFacts, LoggerSource},
    java_names::JavaConstants,
};

#[cfg(feature = "syntax")]
mod alternatives;
#[cfg(feature = "go")]
mod go;
#[cfg(feature = "java")]
mod java;
#[cfg(feature = "java")]
mod java_loggers;
#[cfg(feature = "java")]
mod java_names;
#[cfg(feature = "java")]
mod java_sources;
#[cfg(feature = "java")]
mod java_text;
#[cfg(feature = "java")]
mod java_types;
#[cfg(feature = "java")]
mod java_wrappers;
#[cfg(feature = "javascript")]
mod javascript;
#[cfg(feature = "kotlin")]
mod kotlin;
mod placeholder;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod python_loggers;
#[cfg(feature = "python")]
mod python_text;
#[cfg(feature = "rust")]
mod rust;
#[cfg(feature = "rust")]
mod rust_arguments;
#[cfg(feature = "rust")]
mod rust_items;
#[cfg(feature = "rust")]
mod rust_macros;
#[cfg(feature = "rust")]
mod rust_tokens;
#[cfg(feature = "syntax")]
mod syntax;

/// Where the target of a statement's records comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RawTarget {
    Module,
    /// The module that the file is, whatever class the statement is in.
    #[cfg(feature = "python")]
    File,
    Named(String),
    /// What a variable holds: of the class named, or of the one that the statement is in.
    #[cfg(feature = "java")]
    Held {
        class: Option<String>,
        variable: String,
        /// Whether it is a logger even if nothing is known of it.
        is_sure: bool,
    },
    Unknown,
}

/// A statement in bytes of its file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RawStatement {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: StatementKind,
    pub(crate) level: Option<Level>,
    pub(crate) message: MessageTemplate,
    pub(crate) fields: Vec<Field>,
    pub(crate) target: RawTarget,
    /// Modules or classes inside the file, outermost first, joined as the language joins them.
    pub(crate) module: String,
    /// The index of the enclosing function.
    pub(crate) symbol: Option<usize>,
    pub(crate) is_test: bool,
    /// The wrapper that the statement calls, if it calls one.
    pub(crate) wrapper: Option<WrapperCall>,
    /// The block that it is run in, where that is known.
    pub(crate) block: Option<Block>,
    /// Which stack traces may stand beneath its records, where that is known.
    #[serde(default)]
    pub(crate) beneath: Option<Beneath>,
}

/// Which stack traces may stand beneath the records of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Beneath {
    /// None: it is given nothing that was thrown.
    Nothing,
    /// That of what a `catch` caught, of one of these classes by their simple names.
    Caught(Vec<String>),
}

/// Statements of equal blocks are run one after the other: none of them without the others before it, or only because
/// something threw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    /// Where it starts.
    pub(crate) start: usize,
    /// How many statements before this one, in the whole file, leave a block or wait.
    pub(crate) n_exits: usize,
}

/// A call of a function that hands its text on to a logger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrapperCall {
    pub(crate) name: String,
    /// The class whose method is called, where it is the caller's own.
    pub(crate) class: Option<String>,
    /// Where alone the wrapper may be defined, if that is known.
    pub(crate) only_in: Option<OnlyIn>,
    /// Whether the call logs only if such a wrapper is known.
    pub(crate) is_required: bool,
    /// Whether the call says which logger is written to, and the wrapper what is written.
    pub(crate) gives_logger: bool,
    /// The number of its arguments, where functions of one name differ by that.
    pub(crate) n_arguments: Option<usize>,
    /// Which of its arguments are `null`.
    #[serde(default)]
    pub(crate) nulls: Vec<usize>,
}

/// Where a wrapper is defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OnlyIn {
    /// In the file of the call.
    File,
    /// In the class of this name.
    Class(String),
    /// In a file of this name.
    Stem(String),
    /// In a file whose folder holds that of the call.
    Around,
    /// In the file of the call, or in a class that the caller's class inherits from.
    #[cfg(feature = "java")]
    Inherited,
    /// In the only class that is or implements this one.
    #[cfg(feature = "java")]
    OfType(String),
}

/// A log call that writes a text which its function was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RawWrapper {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) start: usize,
    pub(crate) level: Option<Level>,
    /// What it writes before and after the text that it was given.
    pub(crate) before: MessageTemplate,
    pub(crate) after: MessageTemplate,
    /// The number of its parameters, where functions of one name differ by that.
    pub(crate) n_parameters: Option<usize>,
    /// The parameter that must be `null` for it to be this log call, or must not be.
    pub(crate) only_if: Option<(usize, bool)>,
    /// Whether the text that it is given is a format with `%`.
    pub(crate) formats: bool,
    /// Whether it logs by `java.util.logging`, which takes it for the place that logs.
    pub(crate) is_of_jul: bool,
    /// The wrapper that it hands the text on to, if it does not log by itself.
    pub(crate) via: Option<WrapperCall>,
}

/// A function in bytes of its file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RawSymbol {
    pub(crate) name: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extraction {
    pub(crate) statements: Vec<RawStatement>,
    pub(crate) symbols: Vec<RawSymbol>,
    pub(crate) wrappers: Vec<RawWrapper>,
    #[cfg(feature = "java")]
    #[serde(default)]
    pub(crate) classes: Vec<ClassFacts>,
    /// What the parser could not make sense of.
    pub(crate) problem: Option<String>,
}

/// What a file's surroundings say about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// Whether TypeScript may hold markup: then casts in angle brackets do not exist.
    #[cfg(feature = "typescript")]
    pub(crate) has_markup: bool,
    #[cfg(feature = "rust")]
    pub(crate) macros: &'a MacroBook,
    #[cfg(not(feature = "rust"))]
    pub(crate) macros: &'a (),
    #[cfg(feature = "java")]
    pub(crate) java_constants: &'a JavaConstants,
}

/// The log statements and functions of a file.
pub(crate) fn extract(
    language: Language,
    source: &str,
    surroundings: Surroundings<'_>,
) -> Extraction {
    match language {
        #[cfg(feature = "rust")]
        Language::Rust => rust::extract(source, surroundings.macros),
        #[cfg(feature = "java")]
        Language::Java => java::extract(source, surroundings.java_constants),
        #[cfg(feature = "javascript")]
        Language::JavaScript => javascript::extract(source),
        #[cfg(feature = "typescript")]
        Language::TypeScript => javascript::extract_typescript(source, surroundings.has_markup),
        #[cfg(feature = "go")]
        Language::Go => go::extract(source),
        #[cfg(feature = "kotlin")]
        Language::Kotlin => kotlin::extract(source),
        #[cfg(feature = "python")]
        Language::Python => python::extract(source),
        #[allow(unreachable_patterns, reason = "languages are features")]
        _ => {
            let _ = (source, surroundings);
            Extraction::default()
        }
    }
}

/// A text as a format with `%` whose values are not known.
#[cfg(feature = "syntax")]
pub(crate) fn percent_format(template: &MessageTemplate) -> MessageTemplate {
    let mut formatted = MessageTemplate::default();
    for part in template.parts() {
        match part {
            crate::Part::Text(text) => {
                formatted.push_template(&placeholder::percent(text, &[]));
            }
            crate::Part::Variable(name) => formatted.push_variable(name.as_deref()),
        }
    }
    formatted
}

/// The name of a function as a wrapper of the loggers that it is given: `printBanner(LOG)`.
#[cfg(feature = "syntax")]
pub(crate) fn with_logger(function: &str) -> String {
    format!("{function}(logger)")
}

/// Where a call says its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallLevel {
    /// In its name.
    Named(Level),
    /// In its arguments, if anywhere: `log(Level::Warn, …)`.
    InArguments,
}

impl CallLevel {
    pub(crate) fn named(self) -> Option<Level> {
        match self {
            Self::Named(level) => Some(level),
            Self::InArguments => None,
        }
    }
}

/// The level that a macro, method or constant is named after.
pub(crate) fn level_of_name(name: &str) -> Option<Level> {
    Some(match name.to_ascii_lowercase().as_str() {
        "trace" | "finest" | "verbose" | "silly" => Level::Trace,
        "debug" | "finer" | "fine" => Level::Debug,
        "info" | "notice" | "information" | "config" | "success" => Level::Info,
        "warn" | "warning" => Level::Warn,
        "error" | "err" | "severe" | "exception" => Level::Error,
        "fatal" | "critical" | "crit" | "alert" | "emergency" | "emerg" => Level::Fatal,
        _ => return None,
    })
}
