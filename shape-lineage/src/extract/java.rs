//! Log statements in Java.

use std::collections::BTreeMap;

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Beneath, Extraction, OnlyIn, RawTarget, WrapperCall,
    java_loggers::Facts,
    java_names::{JavaConstants, constants},
    java_text::{Texts, has_text, with_braces},
    level_of_name,
    placeholder::Argument,
    syntax::{
        Alternatives, Dialect, Found, arguments, logger_level, parse, part, text, thrown,
        walk_tree, written_name,
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

struct Java<'s> {
    texts: Texts<'s>,
    facts: Facts<'s>,
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
            "logp" | "logrb" => (receiver, None),
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
            n_parameters: Some(parameters(list, source).len()),
            forwards: forwarded_parameter(format, source),
            beneath: self.beneath(&arguments[text_idx..]),
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
        let logger = self.logger_in(call, arguments)?;
        let class = part(call, "object", source);
        let mut message = Alternatives::new();
        message.push_expression(text(call, source));
        let is_given_logger = logger == GivenLogger::Parameter;
        Some(Found {
            target: self.target_of(logger),
            wrapper: Some(WrapperCall {
                gives_logger: true,
                ..wrapper_call(&with_logger(method), class, arguments.len())?
            }),
            n_parameters: Some(parameters(call, source).len()),
            is_given_logger,
            is_chained: true,
            only_forwards: is_given_logger,
            ..Found::new(StatementKind::Log, None, message)
        })
    }

    /// The logger among arguments: a variable of the class, or what the function was given itself.
    fn logger_in<'n>(&self, call: Node<'_>, arguments: &[Node<'n>]) -> Option<GivenLogger<'_>> {
        let source = self.texts.source;
        let given = parameters(call, source);
        arguments.iter().find_map(|argument| {
            let name = text(*argument, source);
            let is_named_so = || {
                let name = name.to_ascii_lowercase();
                name.ends_with("log") || name.ends_with("logger")
            };
            match argument.kind() {
                "identifier" if given.contains(&name) => {
                    is_named_so().then_some(GivenLogger::Parameter)
                }
                "identifier" | "field_access" | "method_invocation" => {
                    let variable = name.strip_prefix("this.").unwrap_or(name);
                    let is_logger = self.facts.is_logger(variable)
                        || argument.kind() == "identifier" && is_named_so();
                    is_logger.then_some(GivenLogger::Variable(variable))
                }
                _ => None,
            }
        })
    }

    fn target_of(&self, logger: GivenLogger<'_>) -> RawTarget {
        match logger {
            GivenLogger::Parameter => RawTarget::Unknown,
            GivenLogger::Variable(variable) => self.target(variable, false, true),
        }
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
    fn text_idx(&self, arguments: &[Node<'_>]) -> usize {
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

    fn target(&self, variable: &str, is_given: bool, is_sure: bool) -> RawTarget {
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

    /// The call of a logger whose type is a class of the project: that may hand the text on to another.
    fn facade(&self, variable: &str, method: &str, n_arguments: usize) -> Option<WrapperCall> {
        const LIBRARIES: [&str; 8] = [
            "org.slf4j.",
            "org.apache.log4j.",
            "org.apache.logging.",
            "org.apache.commons.logging.",
            "java.util.logging.",
            "java.lang.",
            "org.jboss.logging.",
            "ch.qos.logback.",
        ];
        let class = self.facts.type_of(variable)?;
        if LIBRARIES.iter().any(|library| class.starts_with(library)) {
            return None;
        }
        Some(WrapperCall {
            name: method.to_owned(),
            class: None,
            only_in: Some(OnlyIn::OfType(class.to_owned())),
            is_required: false,
            gives_logger: false,
            n_arguments: Some(n_arguments),
            nulls: Vec::new(),
        })
    }

    /// A call that may be one of a logging wrapper: which it is, is known when all files are read.
    fn wrapper(
        &self,
        call: Node<'_>,
        method: &str,
        class: Option<&str>,
        arguments: &[Node<'_>],
    ) -> Option<Found> {
        const WORDS: [&str; 11] = [
            "log", "trace", "debug", "info", "warn", "error", "fatal", "print", "message", "msg",
            "report",
        ];
        let name = method.to_ascii_lowercase();
        // What gives or takes a text does not write it.
        if ["get", "set", "is", "has", "add", "with"]
            .iter()
            .any(|verb| method.starts_with(verb))
        {
            return None;
        }
        if !WORDS.iter().any(|word| name.contains(word)) {
            return None;
        }
        let source = self.texts.source;
        let is_text = |node: &Node<'_>| {
            has_text(*node, source)
                && matches!(
                    node.kind(),
                    "string_literal"
                        | "binary_expression"
                        | "method_invocation"
                        | "ternary_expression"
                )
        };
        let text_idx = self.text_idx(arguments);
        let is_said = arguments.get(text_idx).is_some_and(is_text);
        let text_idx = if is_said {
            text_idx
        } else {
            let may_be_logger = |node: &Node<'_>| {
                let name = text(*node, source).to_ascii_lowercase();
                name.ends_with("log") || name.ends_with("logger") || name.contains("level")
            };
            arguments.iter().position(|argument| {
                forwarded_parameter(*argument, source).is_some() && !may_be_logger(argument)
            })?
        };
        let first = *arguments.get(text_idx)?;
        let values = arguments[text_idx + 1..].iter();
        let values: Vec<Argument> = values.map(|node| self.texts.argument(*node)).collect();
        let message = self.texts.message(first);
        let logger = self.logger_in(call, arguments);
        let level = level_in_name(method).or_else(|| {
            let named = arguments[..text_idx].iter().map(|node| text(*node, source));
            named
                .filter(|name| name.to_ascii_lowercase().contains("level"))
                .find_map(|name| level_of_name(name.rsplit('.').next()?))
        });
        Some(Found {
            is_given_logger: logger == Some(GivenLogger::Parameter),
            target: logger.map_or(RawTarget::Unknown, |logger| self.target_of(logger)),
            wrapper: wrapper_call(method, class, arguments.len()).map(|call| WrapperCall {
                nulls: (0..arguments.len())
                    .filter(|idx| arguments[*idx].kind() == "null_literal")
                    .collect(),
                ..call
            }),
            forwards: forwarded_parameter(first, source),
            formats: is_format_call(first, source),
            n_parameters: Some(parameters(call, source).len()),
            is_chained: true,
            only_forwards: !is_said,
            ..Found::new(
                StatementKind::Log,
                level,
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

/// A logger that a function is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivenLogger<'s> {
    /// The caller's own parameter.
    Parameter,
    /// What a variable of the caller's class holds.
    Variable(&'s str),
}

/// The call of a method of a class, or of the caller's own.
fn wrapper_call(name: &str, class: Option<&str>, n_arguments: usize) -> Option<WrapperCall> {
    let (class, only_in) = match class {
        None | Some("this" | "super") => (Some(String::new()), OnlyIn::Inherited),
        Some(class) if class.starts_with(char::is_uppercase) => {
            (None, OnlyIn::Class(class.rsplit('.').next()?.to_owned()))
        }
        Some(_) => return None,
    };
    Some(WrapperCall {
        name: name.to_owned(),
        class,
        only_in: Some(only_in),
        is_required: true,
        gives_logger: false,
        n_arguments: Some(n_arguments),
        nulls: Vec::new(),
    })
}

/// Whether a text is the result of `String.format(…)`.
fn is_format_call(node: Node<'_>, source: &str) -> bool {
    let spelled = text(node, source);
    spelled.contains("String.format(") || spelled.contains(".formatted(")
}

/// The parameter on whose being `null` it depends that a node is run, and whether it must be.
fn null_branch(node: Node<'_>, source: &str) -> Option<(usize, bool)> {
    let names = parameters(node, source);
    let mut inner = node;
    while let Some(above) = inner.parent() {
        if above.kind() == "method_declaration" {
            return None;
        }
        if above.kind() == "if_statement"
            && let Some(condition) = part(above, "condition", source)
        {
            let condition = condition.trim_matches(['(', ')']);
            let is_no = above.child_by_field_name("alternative") == Some(inner);
            for (operator, is_null) in [("==", true), ("!=", false)] {
                if let Some((name, "null")) = condition
                    .split_once(operator)
                    .map(|(name, value)| (name.trim(), value.trim()))
                    && let Some(idx) = names.iter().position(|one| *one == name)
                {
                    return Some((idx, is_null != is_no));
                }
            }
        }
        inner = above;
    }
    None
}

/// The logger and the level of `log.atInfo().withMarker(m)`.
fn fluent(receiver: &str) -> Option<(&str, Option<Level>)> {
    let at = memchr::memmem::find_iter(receiver.as_bytes(), b".at");
    at.filter_map(|at| {
        let (name, rest) = receiver[at + ".at".len()..].split_once('(')?;
        let level = match name {
            "Level" => level_of_name(rest.split(')').next()?.rsplit('.').next()?),
            name => Some(level_of_name(name)?),
        };
        Some((receiver[..at].trim_end(), level))
    })
    .next()
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
