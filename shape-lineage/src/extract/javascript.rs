//! Log statements in JavaScript and TypeScript.

use tree_sitter::Node;

use super::{
    Extraction,
    placeholder::{Argument, percent},
    syntax::{
        Alternatives, Dialect, Found, arguments, logger_level, part, text, thrown, unescape, walk,
    },
};
use crate::{Field, StatementKind};

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
    walk(language, source, "", &JavaScript)
}

struct JavaScript;

impl Dialect for JavaScript {
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
        if function.kind() != "member_expression" {
            return None;
        }
        let receiver = part(function, "object", source)?;
        let method = part(function, "property", source)?;
        let is_console = receiver == "console";
        let level = logger_level(receiver, method)?.named();
        let arguments = arguments(node.child_by_field_name("arguments")?);
        let mut fields = Vec::new();
        let mut rest = arguments.as_slice();
        let mut level = level;
        // pino: `log.info({ id, n: 3 }, "text")`; winston: `logger.log("info", "text")`.
        if let [first, after @ ..] = rest {
            if first.kind() == "object" && !is_console {
                fields = object_fields(*first, source);
                rest = after;
            } else if method == "log" && !is_console && 1 < rest.len() {
                level = super::level_of_name(text(*first, source).trim_matches(['"', '\'', '`']));
                rest = after;
            } else if !is_console && !is_text(*first) && after.first().is_some_and(|n| is_text(*n))
            {
                // `log.error(error, "text")`
                rest = after;
            }
        }
        let (first, values) = rest.split_first()?;
        let mut message = Alternatives::new();
        write(*first, source, &mut message, 0);
        let mut values: Vec<Argument> = values.iter().map(|node| argument(*node, source)).collect();
        if let Some(format) = message.single().map(ToString::to_string)
            && !message.has_variables()
            && format.contains('%')
        {
            let n_placed = format.matches('%').count().min(values.len());
            message = percent(&format, &values).into();
            values.drain(..n_placed);
        }
        // The console joins its arguments with blanks.
        for value in values.iter().filter(|_| is_console) {
            message.push_text(" ");
            message.push_argument(value);
        }
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
