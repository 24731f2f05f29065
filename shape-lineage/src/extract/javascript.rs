//! Log statements in JavaScript and TypeScript.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::{
    Extraction, RawTarget,
    placeholder::{Argument, percent},
    syntax::{
        Alternatives, Dialect, Found, arguments, logger_level, part, text, thrown, unescape, walk,
    },
};
use crate::{Field, MessageTemplate, StatementKind};

/// The log statements and functions of a JavaScript file.
pub(super) fn extract(source: &str) -> Extraction {
    extract_as(&tree_sitter_javascript::LANGUAGE.into(), source)
}

/// The log statements and functions of a TypeScript file; with types, the rest is as in JavaScript.
#[cfg(feature = "typescript")]
pub(super) fn extract_typescript(source: &str, has_markup: bool) -> Extraction {
    let language = if has_markup {
        tree_sitter_typescript::LANGUAGE_TSX
    } else {
        tree_sitter_typescript::LANGUAGE_TYPESCRIPT
    };
    extract_as(&language.into(), source)
}

fn extract_as(language: &tree_sitter::Language, source: &str) -> Extraction {
    let dialect = JavaScript {
        debuggers: debuggers(source),
    };
    walk(language, source, "", &dialect)
}

struct JavaScript<'s> {
    /// The functions that the file makes with the package `debug`, each with its namespace where that is plain.
    debuggers: BTreeMap<&'s str, Option<&'s str>>,
}

impl Dialect for JavaScript<'_> {
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
        match node.kind() {
            "class_declaration" | "class" => Some((part(node, "name", source)?, false)),
            "function_declaration" | "generator_function_declaration" | "method_definition" => {
                Some((part(node, "name", source)?, true))
            }
            // `const draw = () => …`
            "variable_declarator" => {
                let value = node.child_by_field_name("value")?;
                matches!(value.kind(), "arrow_function" | "function_expression")
                    .then(|| part(node, "name", source))
                    .flatten()
                    .map(|name| (name, true))
            }
            _ => None,
        }
    }

    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found> {
        if node.kind() == "throw_statement" {
            return thrown_by(node, source);
        }
        if node.kind() != "call_expression" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        let arguments = arguments(node.child_by_field_name("arguments")?);
        if function.kind() == "identifier" {
            let name = text(function, source);
            let known = self.debuggers.get(name).copied();
            // Other files hand theirs on under its name.
            let is_given = name == "debug" && arguments.first().is_some_and(|node| is_text(*node));
            return debugged(known.or(is_given.then_some(None))?, &arguments, source);
        }
        if function.kind() != "member_expression" {
            return None;
        }
        let receiver = logger_of(part(function, "object", source)?);
        let method = part(function, "property", source)?;
        let is_console = receiver == "console";
        // A level of npm's, which others have not.
        let called = if method == "http" { "log" } else { method };
        let mut level = logger_level(receiver, called)?.named();
        let mut fields = Vec::new();
        let mut rest = arguments.as_slice();
        // pino: `log.info({ id, n: 3 }, "text")`; winston: `logger.log("info", "text")`.
        if let [first, after @ ..] = rest {
            let named = super::level_of_name(text(*first, source).trim_matches(['"', '\'', '`']));
            if first.kind() == "object" && !is_console {
                fields = object_fields(*first, source);
                rest = after;
            } else if method == "log"
                && !is_console
                && 1 < rest.len()
                && (named.is_some() || !is_text(*first))
            {
                level = named;
                rest = after;
            } else if !is_console && !is_text(*first) && after.first().is_some_and(|n| is_text(*n))
            {
                // `log.error(error, "text")`
                rest = after;
            }
        }
        let (message, joined) = written(rest, source)?;
        let message = if is_console {
            joined
        } else {
            // What stands behind the text is text to some libraries and not to others.
            let mut either = message;
            either.or(joined);
            either
        };
        let kind = if is_console && method == "log" {
            StatementKind::Print
        } else {
            StatementKind::Log
        };
        Some(Found {
            fields,
            ..Found::new(kind, level, message)
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.starts_with("test")
    }
}

/// The logger of a chain of calls: `logger` of `logger.child({ id })`.
fn logger_of(receiver: &str) -> &str {
    match receiver.split_once('(') {
        Some((path, _)) => match path.rsplit_once('.') {
            Some((above, made_by)) if !made_by.to_ascii_lowercase().contains("log") => above,
            _ => path,
        },
        None => receiver,
    }
}

/// `const debug = require("debug")("express:router")`, by variable, with what compilers make of it.
fn debuggers(source: &str) -> BTreeMap<&str, Option<&str>> {
    let mut found = BTreeMap::new();
    for line in source.lines().filter(|line| line.contains("debug")) {
        let Some((left, right)) = line.split_once('=') else {
            continue;
        };
        let name = left.split_whitespace().next_back().unwrap_or_default();
        let is_name = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        let right = right.trim().trim_end_matches([';', ',']);
        let makes_one = right.ends_with(')')
            && !right.ends_with("('debug')")
            && !right.ends_with("(\"debug\")")
            && !right.contains("=>")
            && right.to_ascii_lowercase().contains("debug");
        if !is_name || !makes_one {
            continue;
        }
        let argument = right.rsplit_once('(').map_or("", |(_, argument)| argument);
        let argument = argument.trim_end_matches(')').trim();
        let namespace = ['"', '\'', '`']
            .iter()
            .find_map(|quote| argument.strip_prefix(*quote)?.strip_suffix(*quote))
            .filter(|namespace| !namespace.contains("${"));
        found.insert(name, namespace);
    }
    found
}

/// What a function of the package `debug` writes: its namespace and the text, or the text alone where a reader has taken
/// the namespace for the name of a logger.
fn debugged(namespace: Option<&str>, arguments: &[Node<'_>], source: &str) -> Option<Found> {
    let (_, text) = written(arguments, source)?;
    let mut message = text.clone();
    message.or(text.map(|text| {
        let mut all = MessageTemplate::default();
        match namespace {
            Some(namespace) => all.push_text(namespace),
            None => all.push_variable(None),
        }
        all.push_text(" ");
        all.push_template(&text);
        all
    }));
    Some(Found {
        target: namespace.map_or(RawTarget::Unknown, |name| RawTarget::Named(name.to_owned())),
        ..Found::new(StatementKind::Log, None, message)
    })
}

/// What `util.format` makes of arguments: up to the last that the format places, and all of them.
fn written(arguments: &[Node<'_>], source: &str) -> Option<(Alternatives, Alternatives)> {
    let (message, mut rest) = formatted(arguments, source)?;
    let mut joined = message.clone();
    // npm formats what stands behind a title.
    while let Some((next, after)) = formatted(rest, source) {
        joined.push_text(" ");
        joined.push_any(rest.first().map_or("", |node| text(*node, source)), &next);
        rest = after;
    }
    Some((message, joined))
}

/// The text of the first argument with others in the place of its `%s`, and those that are left.
fn formatted<'a, 't>(
    arguments: &'a [Node<'t>],
    source: &str,
) -> Option<(Alternatives, &'a [Node<'t>])> {
    let (first, rest) = arguments.split_first()?;
    let mut message = Alternatives::new();
    write(*first, source, &mut message, 0);
    let format = message.single().filter(|format| !format.has_variables());
    let format = format.map(ToString::to_string);
    let Some(format) = format.filter(|format| format.contains('%')) else {
        return Some((message, rest));
    };
    let (placed, rest) = rest.split_at(format.matches('%').count().min(rest.len()));
    let values: Vec<Argument> = placed.iter().map(|node| argument(*node, source)).collect();
    Some((percent(&format, &values).into(), rest))
}

fn is_text(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "string" | "template_string" | "binary_expression"
    )
}

/// `throw new TypeError("…")`, as a stack trace begins.
fn thrown_by(node: Node<'_>, source: &str) -> Option<Found> {
    let created = node.named_child(0)?;
    if created.kind() != "new_expression" {
        return None;
    }
    let class = part(created, "constructor", source)?;
    let first = arguments(created.child_by_field_name("arguments")?)
        .into_iter()
        .find(|argument| is_text(*argument))?;
    let mut message = Alternatives::new();
    write(first, source, &mut message, 0);
    let message = thrown(class.rsplit('.').next()?, &message);
    Some(Found::new(StatementKind::Panic, None, message))
}

fn argument(node: Node<'_>, source: &str) -> Argument {
    let mut constant = Alternatives::new();
    write(node, source, &mut constant, 0);
    Argument {
        name: None,
        expression: text(node, source).to_owned(),
        constant: constant
            .single()
            .filter(|constant| !constant.has_variables())
            .cloned(),
    }
}

fn object_fields(object: Node<'_>, source: &str) -> Vec<Field> {
    let mut cursor = object.walk();
    object
        .named_children(&mut cursor)
        .filter_map(|child| match child.kind() {
            "shorthand_property_identifier" => Some(text(child, source)),
            "pair" => part(child, "key", source),
            _ => None,
        })
        .map(|name| Field {
            name: name.trim_matches(['"', '\'']).to_owned(),
            constant: None,
            is_optional: false,
        })
        .collect()
}

fn write(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    match node.kind() {
        "string" => {
            let raw = text(node, source);
            let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            template.push_text(&unescape(inner));
        }
        "number" | "true" | "false" => template.push_text(text(node, source)),
        "template_string" => {
            let mut at = node.start_byte() + 1;
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                if child.kind() == "template_substitution" {
                    template.push_text(&unescape(
                        source.get(at..child.start_byte()).unwrap_or_default(),
                    ));
                    let inner = child.named_child(0).map_or("", |inner| text(inner, source));
                    template.push_expression(inner);
                    at = child.end_byte();
                }
            }
            let end = node.end_byte().saturating_sub(1);
            template.push_text(&unescape(source.get(at..end).unwrap_or_default()));
        }
        "binary_expression" if depth < 100 && part(node, "operator", source) == Some("+") => {
            for name in ["left", "right"] {
                if let Some(side) = node.child_by_field_name(name) {
                    write(side, source, template, depth + 1);
                }
            }
        }
        "ternary_expression" if depth < 20 => {
            let branch = |name: &'static str| {
                move |template: &mut Alternatives| {
                    if let Some(side) = node.child_by_field_name(name) {
                        write(side, source, template, depth + 1);
                    }
                }
            };
            let (mut yes, mut no) = (branch("consequence"), branch("alternative"));
            template.fork(text(node, source), [&mut yes, &mut no]);
        }
        "parenthesized_expression" if depth < 100 => {
            if let Some(child) = node.named_child(0) {
                write(child, source, template, depth + 1);
            }
        }
        _ => template.push_expression(text(node, source)),
    }
}
