//! Log statements in Java.

use std::collections::BTreeMap;

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Beneath, Extraction, RawTarget,
    java_loggers::Facts,
    java_names::{JavaConstants, constants},
    java_text::{Texts, has_text, with_braces},
    java_wrappers::{forwarded_parameter, is_format_call, null_branch, parameters},
    level_of_name,
    placeholder::Argument,
    syntax::{Dialect, Found, arguments, logger_level, parse, part, text, thrown, walk_tree},
};
use crate::StatementKind;

/// The log statements and methods of a Java file.
pub(super) fn extract(source: &str, all: &JavaConstants) -> Extraction {
    let package = source
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "))
        .map_or("", |rest| rest.split(';').next().unwrap_or_default().trim());
    let own: BTreeMap<&str, String> = constants(source).collect();
    let texts = Texts {
        source,
        package,
        own: &own,
        all,
    };
    let tree = match parse(&tree_sitter_java::LANGUAGE.into(), source) {
        Ok(tree) => tree,
        Err(problem) => {
            return Extraction {
                problem: Some(problem),
                ..Extraction::default()
            };
        }
    };
    let mut dialect = Java {
        texts,
        facts: Facts::read(tree.root_node(), package, texts),
    };
    let extraction = walk_tree(&tree, source, package, &dialect);
    Extraction {
        classes: std::mem::take(&mut dialect.facts.classes),
        ..extraction
    }
}

pub(super) struct Java<'s> {
    pub(super) texts: Texts<'s>,
    pub(super) facts: Facts<'s>,
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
            return self.wrapper(node, method, None, &arguments(list));
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
            return self.wrapper(node, method, None, &arguments(list));
        }
        self.logged(receiver, method, list).or_else(|| {
            let is_class = receiver.starts_with(char::is_uppercase)
                && receiver
                    .chars()
                    .all(|c| c == '_' || c == '.' || c.is_alphanumeric());
            is_class
                .then(|| self.wrapper(node, method, Some(receiver), &arguments(list)))
                .flatten()
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.ends_with("Test") || name.ends_with("Tests")
    }

    /// A method that is named and described as one for tests.
    fn is_for_tests(&self, scope: Node<'_>, source: &str) -> bool {
        let name = part(scope, "name", source).unwrap_or_default();
        let is_named_so = name
            .strip_prefix("test")
            .is_some_and(|rest| rest.starts_with(char::is_uppercase));
        is_named_so
            && scope
                .prev_named_sibling()
                .filter(|before| before.kind() == "block_comment")
                .is_some_and(|comment| text(comment, source).contains(" test"))
    }
}

impl Java<'_> {
    /// `LOG.warn("…", a)`, with a level or a marker before the text.
    fn logged(&self, receiver: &str, method: &str, list: Node<'_>) -> Option<Found> {
        let source = self.texts.source;
        let is_fluent = method == "log" && fluent(receiver).is_some();
        let (receiver, level) = match method {
            // The fluent APIs of slf4j, log4j 2 and Flogger: `log.atInfo().log("…")`.
            "log" if let Some((receiver, level)) = fluent(receiver) => (receiver, level),
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
        let name = if self.facts.is_logger(variable) {
            "log"
        } else {
            receiver.trim_end_matches("()")
        };
        let named = match method {
            "logp" | "logrb" => "log",
            method => method,
        };
        let is_sure = logger_level(name, named).is_some();
        // `AUDIT.info("…")`: a constant may hold a logger that another class declares.
        let is_constant =
            !name.is_empty() && !name.contains(|c: char| c.is_lowercase() || c == '.');
        let name = if is_constant { "log" } else { name };
        let level = level.or(logger_level(name, named)?.named());
        let arguments = arguments(list);
        let level = level.or_else(|| {
            let first = text(*arguments.first()?, source);
            level_of_name(first.rsplit('.').next()?)
        });
        // `setMessage("…").log()`
        let arguments = match set_message(list, source) {
            Some(message) if arguments.is_empty() => vec![message],
            _ => arguments,
        };
        // `logp(level, "Class", "method", "text")`
        let text_idx = match method {
            "logp" => 3,
            "logrb" => 4,
            _ => self.text_idx(&arguments),
        };
        let format = *arguments.get(text_idx)?;
        let is_formatted = is_formatted || is_fluent && is_percent_format(text(format, source));
        let message = if is_formatted {
            self.texts.formatted(&arguments[text_idx..])?
        } else {
            let values = arguments[text_idx + 1..].iter();
            let values: Vec<Argument> = values.map(|node| self.texts.argument(*node)).collect();
            let message = self.texts.message(format);
            message.map(|message| with_braces(&message, &values))
        };
        let is_given_logger = parameters(list, source).contains(&variable);
        Some(Found {
            target: self.target(variable, is_given_logger, is_sure),
            is_given_logger,
            wrapper: self.facade(variable, method, arguments.len()),
            only_if: null_branch(list, source),
            formats: is_format_call(format, source),
            is_of_jul: self.facts.type_of(variable) == Some("java.util.logging.Logger"),
            n_parameters: Some(parameters(list, source).len()),
            forwards: forwarded_parameter(format, source),
            beneath: self.beneath(&arguments[text_idx..]),
            start: call_start(list),
            ..Found::new(StatementKind::Log, level, message)
        })
    }

    /// What may stand beneath the records of a statement with these arguments, the text first.
    fn beneath(&self, arguments: &[Node<'_>]) -> Option<Beneath> {
        let source = self.texts.source;
        let (text_node, values) = arguments.split_first()?;
        let Some(last) = values.last() else {
            return has_text(*text_node, source).then_some(Beneath::Nothing);
        };
        let name = text(*last, source);
        match last.kind() {
            "identifier" => caught(*last, name, source).map(Beneath::Caught),
            "string_literal" | "decimal_integer_literal" | "binary_expression" => {
                Some(Beneath::Nothing)
            }
            _ => None,
        }
    }

    /// The first argument that writes text: levels, markers and loggers may stand before it.
    pub(super) fn text_idx(&self, arguments: &[Node<'_>]) -> usize {
        let source = self.texts.source;
        let is_message = |node: &Node<'_>| {
            node.kind() != "object_creation_expression"
                || part(*node, "type", source).is_some_and(|class| class.ends_with("Message"))
        };
        let says_level = |node: &Node<'_>| {
            let name = text(*node, source);
            name.contains("Level.")
                || ["level", "priority", "marker"]
                    .iter()
                    .any(|word| name.to_ascii_lowercase().contains(word))
        };
        let is_marker = |node: &Node<'_>| node.kind() != "string_literal" && says_level(node);
        let text_idx = arguments
            .iter()
            .position(|node| has_text(*node, source) && is_message(node) && !is_marker(node));
        text_idx.unwrap_or_else(|| {
            let is_level = arguments.first().is_some_and(says_level);
            usize::from(is_level && 1 < arguments.len())
        })
    }

    pub(super) fn target(&self, variable: &str, is_given: bool, is_sure: bool) -> RawTarget {
        let (class, variable) = match variable.rsplit_once('.') {
            _ if self.facts.is_logger(variable) && !is_given => (None, variable),
            Some((class, variable)) if class.starts_with(char::is_uppercase) => {
                let class = class.strip_suffix(".this").unwrap_or(class);
                (Some(self.facts.full_name(class)), variable)
            }
            Some(("super", variable)) => (None, variable),
            _ if is_given => return RawTarget::Unknown,
            None => {
                let class = self.facts.imported_from(variable);
                (class.map(str::to_owned), variable)
            }
            Some(_) => (None, variable),
        };
        RawTarget::Held {
            class,
            variable: variable.to_owned(),
            is_sure,
        }
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

/// What a chain of fluent calls set as the message, seen from the arguments of its last call.
fn set_message<'n>(list: Node<'n>, source: &str) -> Option<Node<'n>> {
    let mut call = list.parent()?.child_by_field_name("object")?;
    while call.kind() == "method_invocation" {
        if part(call, "name", source) == Some("setMessage") {
            return call.child_by_field_name("arguments")?.named_child(0);
        }
        call = call.child_by_field_name("object")?;
    }
    None
}

/// Flogger formats as `String.format` does.
fn is_percent_format(literal: &str) -> bool {
    !literal.contains("{}") && literal.contains('%')
}

/// The logger and the level of `log.atInfo().withMarker(m)`.
fn fluent(receiver: &str) -> Option<(&str, Option<Level>)> {
    memchr::memmem::find_iter(receiver.as_bytes(), b".at").find_map(|at| {
        let (name, rest) = receiver[at + ".at".len()..].split_once('(')?;
        let level = match name {
            "Level" => level_of_name(rest.split(')').next()?.rsplit('.').next()?),
            name => Some(level_of_name(name)?),
        };
        Some((receiver[..at].trim_end(), level))
    })
}

/// Where the compiler says that a call is: at its arguments, if its expression starts on another line.
fn call_start(list: Node<'_>) -> Option<usize> {
    let call = list.parent()?;
    let is_elsewhere = call.start_position().row != list.start_position().row;
    is_elsewhere.then(|| list.start_byte())
}

/// The classes that a `catch` around a node catches as a variable of this name.
fn caught(node: Node<'_>, name: &str, source: &str) -> Option<Vec<String>> {
    let mut above = node.parent()?;
    loop {
        match above.kind() {
            "method_declaration" | "constructor_declaration" | "lambda_expression" => return None,
            "catch_clause" => {
                let mut cursor = above.walk();
                let parameter = above
                    .named_children(&mut cursor)
                    .find(|child| child.kind() == "catch_formal_parameter")?;
                if part(parameter, "name", source) == Some(name) {
                    let mut cursor = parameter.walk();
                    let types = parameter
                        .named_children(&mut cursor)
                        .find(|child| child.kind() == "catch_type")?;
                    let types = text(types, source).split('|');
                    let simple = types.map(|one| one.trim().rsplit('.').next().unwrap_or_default());
                    return Some(simple.map(str::to_owned).collect());
                }
            }
            _ => {}
        }
        above = above.parent()?;
    }
}
