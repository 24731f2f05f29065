//! Log statements in Java.

use std::collections::{BTreeMap, BTreeSet};

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Extraction, OnlyIn, RawTarget, WrapperCall,
    java_names::{JavaConstants, Logger, constants, loggers},
    java_text::{Texts, has_text, with_braces},
    level_of_name,
    placeholder::Argument,
    syntax::{
        Alternatives, Dialect, Found, arguments, logger_level, part, text, thrown, walk,
        written_name,
    },
    with_logger,
};
use crate::StatementKind;

/// The log statements and methods of a Java file.
pub(super) fn extract(source: &str, all: &JavaConstants) -> Extraction {
    let package = source
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "))
        .map_or("", |rest| rest.split(';').next().unwrap_or_default().trim());
    let own: BTreeMap<&str, String> = constants(source).collect();
    let dialect = Java {
        texts: Texts {
            source,
            own: &own,
            all,
        },
        loggers: loggers(source),
        classes: classes(source),
    };
    walk(
        &tree_sitter_java::LANGUAGE.into(),
        source,
        package,
        &dialect,
    )
}

struct Java<'s> {
    texts: Texts<'s>,
    /// The loggers that the file declares, by variable.
    loggers: BTreeMap<&'s str, Logger>,
    /// The classes that the file declares.
    classes: BTreeSet<&'s str>,
}

fn classes(source: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for keyword in ["class ", "interface ", "enum ", "record "] {
        for at in memchr::memmem::find_iter(source.as_bytes(), keyword.as_bytes()) {
            let name = source[at + keyword.len()..].trim_start();
            let end = name.find(|c: char| c != '_' && !c.is_alphanumeric());
            found.insert(&name[..end.unwrap_or(name.len())]);
        }
    }
    found
}

impl Dialect for Java<'_> {
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
        match node.kind() {
            "class_declaration"
            | "interface_declaration"
            | "enum_declaration"
            | "record_declaration" => Some((part(node, "name", source)?, false)),
            "method_declaration" | "constructor_declaration" => {
                Some((part(node, "name", source)?, true))
            }
            _ => None,
        }
    }

    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found> {
        if node.kind() == "throw_statement" {
            return self.thrown(node);
        }
        if node.kind() != "method_invocation" {
            return None;
        }
        let method = part(node, "name", source)?;
        let list = node.child_by_field_name("arguments")?;
        if let Some(found) = self.given_logger(node, method, &arguments(list)) {
            return Some(found);
        }
        let Some(receiver) = part(node, "object", source) else {
            return self.wrapper(method, None, &arguments(list));
        };
        if matches!(receiver, "System.out" | "System.err") {
            let arguments = arguments(list);
            let message = match method {
                "println" | "print" => self.texts.message(*arguments.first()?),
                "printf" | "format" => self.texts.formatted(&arguments)?,
                _ => return None,
            };
            return Some(Found::new(StatementKind::Print, None, message));
        }
        if receiver == "this" || receiver == "super" {
            return self.wrapper(method, None, &arguments(list));
        }
        self.logged(receiver, method, list).or_else(|| {
            let is_class = receiver.starts_with(char::is_uppercase);
            is_class
                .then(|| self.wrapper(method, Some(receiver), &arguments(list)))
                .flatten()
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.ends_with("Test") || name.ends_with("Tests")
    }
}

impl Java<'_> {
    /// `LOG.warn("…", a)`, with a level or a marker before the text.
    fn logged(&self, receiver: &str, method: &str, list: Node<'_>) -> Option<Found> {
        let source = self.texts.source;
        let (receiver, level) = match method {
            // The fluent API of slf4j: `log.atInfo().log("…")`.
            "log" if receiver.contains(".at") => {
                let (receiver, at) = receiver.rsplit_once(".at")?;
                (receiver, level_of_name(at.split('(').next()?))
            }
            _ => (receiver, None),
        };
        let (method, is_formatted) = match method {
            // JBoss and log4j 2: `infof("%s", a)`, `printf(level, "%s", a)`.
            "printf" => ("log", true),
            _ => match method.strip_suffix('f') {
                Some(level) if level_of_name(level).is_some() => (level, true),
                _ => (method.strip_suffix('v').unwrap_or(method), false),
            },
        };
        let variable = receiver.strip_prefix("this.").unwrap_or(receiver);
        // A variable that holds a logger is one whatever its name.
        let name = if self.loggers.contains_key(variable) {
            "log"
        } else {
            receiver.trim_end_matches("()")
        };
        let level = level.or(logger_level(name, method)?.named());
        let arguments = arguments(list);
        let level = level.or_else(|| {
            let first = text(*arguments.first()?, source);
            level_of_name(first.rsplit('.').next()?)
        });
        let text_idx = self.text_idx(&arguments);
        let format = *arguments.get(text_idx)?;
        let message = if is_formatted {
            self.texts.formatted(&arguments[text_idx..])?
        } else {
            let values = arguments[text_idx + 1..].iter();
            let values: Vec<Argument> = values.map(|node| self.texts.argument(*node)).collect();
            let message = self.texts.message(format);
            message.map(|message| with_braces(&message, &values))
        };
        Some(Found {
            target: self.target(variable),
            is_given_logger: parameters(list, source).contains(&variable),
            forwards: forwarded_parameter(format, source),
            start: call_start(list),
            ..Found::new(StatementKind::Log, level, message)
        })
    }

    /// `Banner.print(LOG)`: the method writes to the logger that it is given.
    fn given_logger(&self, call: Node<'_>, method: &str, arguments: &[Node<'_>]) -> Option<Found> {
        let source = self.texts.source;
        // A text that is given too is a part of what is written.
        let is_said = |node: &Node<'_>| has_text(*node, source) && text(*node, source) != "\"\"";
        if arguments.iter().any(is_said) {
            return None;
        }
        let target = arguments.iter().find_map(|argument| {
            let name = text(*argument, source);
            self.loggers.contains_key(name).then(|| self.target(name))
        })?;
        let class = part(call, "object", source);
        let only_in = match class {
            None | Some("this" | "super") => OnlyIn::File,
            Some(class) if class.starts_with(char::is_uppercase) => {
                OnlyIn::Class(class.rsplit('.').next()?.to_owned())
            }
            Some(_) => return None,
        };
        let mut message = Alternatives::new();
        message.push_expression(text(call, source));
        Some(Found {
            target,
            wrapper: Some(WrapperCall {
                name: with_logger(method),
                class: class.is_none().then(String::new),
                only_in: Some(only_in),
                is_required: true,
                gives_logger: true,
            }),
            ..Found::new(StatementKind::Log, None, message)
        })
    }

    /// The first argument that writes text: levels, markers and loggers may stand before it.
    fn text_idx(&self, arguments: &[Node<'_>]) -> usize {
        let is_text = |node: &Node<'_>| {
            has_text(*node, self.texts.source) && node.kind() != "object_creation_expression"
        };
        arguments.iter().position(is_text).unwrap_or_else(|| {
            let first = arguments.first().map(|node| text(*node, self.texts.source));
            let is_level = first.is_some_and(|first| first.contains("Level."));
            usize::from(is_level && 1 < arguments.len())
        })
    }

    fn target(&self, variable: &str) -> RawTarget {
        match self.loggers.get(variable) {
            Some(Logger::Own) => RawTarget::Module,
            Some(Logger::Of(class)) if self.classes.contains(class.as_str()) => RawTarget::Module,
            Some(Logger::Named(name)) => RawTarget::Named(name.clone()),
            _ => RawTarget::Unknown,
        }
    }

    /// A call that may be one of a logging wrapper: which it is, is known when all files are read.
    fn wrapper(&self, method: &str, class: Option<&str>, arguments: &[Node<'_>]) -> Option<Found> {
        const WORDS: [&str; 10] = [
            "log", "trace", "debug", "info", "warn", "error", "print", "message", "msg", "report",
        ];
        let name = method.to_ascii_lowercase();
        let source = self.texts.source;
        let text_idx = self.text_idx(arguments);
        let first = *arguments.get(text_idx)?;
        let is_text = has_text(first, source)
            && matches!(
                first.kind(),
                "string_literal" | "binary_expression" | "method_invocation" | "ternary_expression"
            );
        if !is_text || !WORDS.iter().any(|word| name.contains(word)) {
            return None;
        }
        let values = arguments[text_idx + 1..].iter();
        let values: Vec<Argument> = values.map(|node| self.texts.argument(*node)).collect();
        let message = self.texts.message(first);
        Some(Found {
            wrapper: Some(WrapperCall {
                name: method.to_owned(),
                class: class.is_none().then(String::new),
                only_in: Some(class.map_or(OnlyIn::File, |class| OnlyIn::Class(class.to_owned()))),
                is_required: true,
                gives_logger: false,
            }),
            ..Found::new(
                StatementKind::Log,
                level_in_name(method),
                message.map(|message| with_braces(&message, &values)),
            )
        })
    }

    /// `throw new IllegalStateException("…")`, as a stack trace begins.
    fn thrown(&self, node: Node<'_>) -> Option<Found> {
        let source = self.texts.source;
        let created = node.named_child(0)?;
        if created.kind() != "object_creation_expression" {
            return None;
        }
        let class = part(created, "type", source)?;
        let first = arguments(created.child_by_field_name("arguments")?)
            .into_iter()
            .find(|argument| has_text(*argument, source))?;
        let text = self.texts.message(first);
        Some(Found::new(
            StatementKind::Panic,
            None,
            thrown(class.rsplit('.').next()?, &text),
        ))
    }
}

fn level_in_name(name: &str) -> Option<Level> {
    const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];
    let name = name.to_ascii_lowercase();
    let level = LEVELS.iter().find(|level| name.contains(*level))?;
    level_of_name(level)
}

/// Where the compiler says that a call is: at its arguments, if its expression starts on another line.
fn call_start(list: Node<'_>) -> Option<usize> {
    let call = list.parent()?;
    let is_elsewhere = call.start_position().row != list.start_position().row;
    is_elsewhere.then(|| list.start_byte())
}

/// The names of the parameters of the method around a node.
fn parameters<'s>(node: Node<'_>, source: &'s str) -> Vec<&'s str> {
    let mut above = Some(node);
    let is_method = |node: &Node<'_>| {
        matches!(
            node.kind(),
            "method_declaration" | "constructor_declaration"
        )
    };
    while let Some(here) = above.filter(|node| !is_method(node)) {
        above = here.parent();
    }
    let Some(parameters) = above.and_then(|method| method.child_by_field_name("parameters")) else {
        return Vec::new();
    };
    let mut cursor = parameters.walk();
    parameters
        .named_children(&mut cursor)
        .filter_map(|parameter| part(parameter, "name", source))
        .collect()
}

/// The parameter of the enclosing method that an expression writes.
fn forwarded_parameter(node: Node<'_>, source: &str) -> Option<String> {
    let names = parameters(node, source);
    written_name(node, &names, source, &|node| match node.kind() {
        "binary_expression" if part(node, "operator", source) == Some("+") => {
            let sides = ["left", "right"].map(|side| node.child_by_field_name(side));
            sides.into_iter().flatten().collect()
        }
        // `String.format(message, …)`
        "method_invocation" if part(node, "object", source) == Some("String") => {
            let list = node.child_by_field_name("arguments");
            list.and_then(|list| list.named_child(0))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    })
    .map(str::to_owned)
}
