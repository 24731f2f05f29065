//! Log statements in Java.

use tree_sitter::Node;

use super::{
    Extraction,
    placeholder::{Argument, empty_braces, percent},
    syntax::{
        Alternatives, Assignment, Dialect, Found, arguments, assignments, logger_level, part, text,
        unescape, walk, write_assigned,
    },
};
use crate::{MessageTemplate, StatementKind};

/// The log statements and methods of a Java file.
pub(super) fn extract(source: &str) -> Extraction {
    let package = source
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "))
        .map_or("", |rest| rest.split(';').next().unwrap_or_default().trim());
    walk(&tree_sitter_java::LANGUAGE.into(), source, package, &Java)
}

struct Java;

impl Dialect for Java {
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
        if node.kind() != "method_invocation" {
            return None;
        }
        let receiver = part(node, "object", source)?;
        let method = part(node, "name", source)?;
        let arguments = arguments(node.child_by_field_name("arguments")?);
        if matches!(receiver, "System.out" | "System.err") {
            let message = match method {
                "println" | "print" => message(*arguments.first()?, source),
                "printf" | "format" => formatted(&arguments, source)?,
                _ => return None,
            };
            return Some(Found::new(StatementKind::Print, None, message));
        }
        let (receiver, level) = match method {
            // The fluent API of slf4j: `log.atInfo().log("…")`.
            "log" if receiver.contains(".at") => {
                let (receiver, at) = receiver.rsplit_once(".at")?;
                let name = at.split('(').next()?;
                (receiver, super::level_of_name(name))
            }
            _ => (receiver, None),
        };
        let level = level.or(logger_level(receiver, method)?.named());
        // `log(Level.WARNING, "…")`, and markers before the text.
        let text_idx = arguments
            .iter()
            .position(|argument| has_text(*argument, source))
            .unwrap_or_default();
        let level = level.or_else(|| {
            let first = text(*arguments.first()?, source);
            super::level_of_name(first.rsplit('.').next()?)
        });
        let format = *arguments.get(text_idx)?;
        let rest = &arguments[text_idx + 1..];
        let message = if format.kind() == "string_literal" {
            let format = literal(format, source);
            let values: Vec<Argument> = rest.iter().map(|node| argument(*node, source)).collect();
            let template = if format.contains("{}") {
                empty_braces(&format, &values)
            } else if !values.is_empty() && format.contains("{0}") {
                super::placeholder::braces(&format, &values)
            } else {
                plain(&format)
            };
            template.into()
        } else {
            message(format, source).map(|template| concatenated_braces(&template))
        };
        Some(Found::new(StatementKind::Log, level, message))
    }

    fn is_test(&self, name: &str) -> bool {
        name.ends_with("Test") || name.ends_with("Tests")
    }
}

fn plain(text: &str) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    template.push_text(text);
    template
}

/// `"a {}" + " b"`: the placeholders of a text that was put together.
fn concatenated_braces(template: &MessageTemplate) -> MessageTemplate {
    let mut out = MessageTemplate::default();
    for part in template.parts() {
        match part {
            crate::Part::Text(text) => out.push_template(&empty_braces(text, &[])),
            crate::Part::Variable(name) => out.push_variable(name.as_deref()),
        }
    }
    out
}

fn has_text(node: Node<'_>, source: &str) -> bool {
    text(node, source).contains('"')
}

fn literal(node: Node<'_>, source: &str) -> String {
    let raw = text(node, source);
    if let Some(block) = raw.strip_prefix("\"\"\"") {
        let block = block.strip_suffix("\"\"\"").unwrap_or(block);
        return unescape(block.trim_start_matches([' ', '\t', '\r', '\n']));
    }
    unescape(
        raw.strip_prefix('"')
            .and_then(|t| t.strip_suffix('"'))
            .unwrap_or(raw),
    )
}

fn argument(node: Node<'_>, source: &str) -> Argument {
    Argument {
        name: None,
        expression: text(node, source).to_owned(),
        constant: (node.kind() == "string_literal").then(|| plain(&literal(node, source))),
    }
}

/// The template of an expression: concatenation, `String.format`, text; what else there is, is a variable.
fn message(node: Node<'_>, source: &str) -> Alternatives {
    let mut template = Alternatives::new();
    write(node, source, &mut template, 0);
    template
}

fn write(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    let inner = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "string_literal" => template.push_text(&literal(node, source)),
        "character_literal" => {
            template.push_text(&unescape(text(node, source).trim_matches('\'')));
        }
        "decimal_integer_literal" | "true" | "false" => template.push_text(text(node, source)),
        "identifier" if depth < 20 => {
            let mut values = assigned(node, "method_declaration", source);
            if values.is_empty() {
                values = assigned(node, "constructor_declaration", source);
            }
            // A constant of the class.
            if values.is_empty() && !text(node, source).contains(char::is_lowercase) {
                values = assigned(node, "program", source);
            }
            write_assigned(node, &values, source, template, |value, out| {
                write(value, source, out, depth + 10);
            });
        }
        "binary_expression"
            if depth < 100
                && part(node, "operator", source) == Some("+")
                && has_text(node, source) =>
        {
            for side in [inner("left"), inner("right")].into_iter().flatten() {
                write(side, source, template, depth + 1);
            }
        }
        "parenthesized_expression" if depth < 100 => {
            if let Some(child) = node.named_child(0) {
                write(child, source, template, depth + 1);
            }
        }
        "method_invocation" => {
            let call = (part(node, "object", source), part(node, "name", source));
            let formatted = match call {
                (Some("String" | "MessageFormat"), Some("format")) => {
                    inner("arguments").and_then(|list| formatted(&arguments(list), source))
                }
                _ => None,
            };
            match formatted {
                Some(formatted) => match formatted.single() {
                    Some(single) => template.push_template(single),
                    None => template.push_expression(text(node, source)),
                },
                None => template.push_expression(text(node, source)),
            }
        }
        "ternary_expression" if depth < 20 && has_text(node, source) => {
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
        _ => template.push_expression(text(node, source)),
    }
}

/// What a variable was given before.
fn assigned<'t>(node: Node<'t>, function: &str, source: &str) -> Vec<Assignment<'t>> {
    let name = text(node, source);
    assignments(node, &[function], |found| match found.kind() {
        "variable_declarator" if part(found, "name", source) == Some(name) => {
            Some((found.child_by_field_name("value")?, false))
        }
        "assignment_expression" if part(found, "left", source) == Some(name) => Some((
            found.child_by_field_name("right")?,
            part(found, "operator", source) == Some("+="),
        )),
        _ => None,
    })
}

fn formatted(arguments: &[Node<'_>], source: &str) -> Option<Alternatives> {
    let (format, values) = arguments.split_first()?;
    if format.kind() != "string_literal" {
        return Some(message(*format, source));
    }
    let format = literal(*format, source);
    let values: Vec<Argument> = values.iter().map(|node| argument(*node, source)).collect();
    let template = if format.contains("{0}") {
        super::placeholder::braces(&format, &values)
    } else {
        percent(&format, &values)
    };
    Some(template.into())
}
