//! Log statements in Kotlin.

use tree_sitter::Node;

use super::{
    Extraction, RawTarget, level_of_name,
    placeholder::{Argument, empty_braces},
    syntax::{Alternatives, Dialect, Found, logger_level, part, text, unescape, walk},
};
use crate::{MessageTemplate, Part, StatementKind};

/// The log statements and functions of a Kotlin file.
pub(super) fn extract(source: &str) -> Extraction {
    let package = source
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "))
        .map_or("", |rest| rest.trim_end_matches(';').trim());
    walk(
        &tree_sitter_kotlin_ng::LANGUAGE.into(),
        source,
        package,
        &Kotlin,
    )
}

struct Kotlin;

impl Dialect for Kotlin {
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
        match node.kind() {
            "class_declaration" | "object_declaration" => {
                Some((part(node, "name", source)?, false))
            }
            "function_declaration" => Some((part(node, "name", source)?, true)),
            _ => None,
        }
    }

    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found> {
        if node.kind() != "call_expression" {
            return None;
        }
        let function = node.named_child(0)?;
        let texts = written(node);
        if function.kind() == "identifier" {
            if !matches!(text(function, source), "println" | "print") {
                return None;
            }
            let message = message(*texts.first()?, source);
            return Some(Found::new(StatementKind::Print, None, message));
        }
        if function.kind() != "navigation_expression" {
            return None;
        }
        let (receiver, method) = text(function, source).rsplit_once('.')?;
        let level = match (receiver.trim(), method.trim()) {
            // Android: `Log.d(TAG, "text")`.
            ("Log" | "Timber", method) if method.len() == 1 => match method {
                "v" => level_of_name("trace"),
                "d" => level_of_name("debug"),
                "i" => level_of_name("info"),
                "w" => level_of_name("warn"),
                "e" => level_of_name("error"),
                _ => return None,
            },
            (receiver, method) => {
                logger_level(receiver.trim_end_matches(['?', '!']), method)?.named()
            }
        };
        let text_idx = texts
            .iter()
            .position(|node| text(*node, source).contains('"'))?;
        let values: Vec<Argument> = texts[text_idx + 1..]
            .iter()
            .map(|node| Argument {
                expression: text(*node, source).to_owned(),
                ..Argument::default()
            })
            .collect();
        let message = message(texts[text_idx], source);
        Some(Found {
            target: RawTarget::Unknown,
            ..Found::new(
                StatementKind::Log,
                level,
                message.map(|message| with_braces(&message, &values)),
            )
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.ends_with("Test") || name.ends_with("Tests")
    }
}

/// The arguments of a call, and what its lambda gives: `log.info { "text" }`.
fn written(call: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut cursor = call.walk();
    for child in call.named_children(&mut cursor).skip(1) {
        match child.kind() {
            "value_arguments" => {
                let mut cursor = child.walk();
                found.extend(child.named_children(&mut cursor).filter_map(last_child));
            }
            "annotated_lambda" => {
                found.extend(last_child(child).and_then(last_child));
            }
            _ => {}
        }
    }
    found
}

/// Text with simple names in it: `$name`.
fn write_content(raw: &str, is_raw: bool, template: &mut Alternatives) {
    let resolved = |text: &str| {
        if is_raw {
            text.to_owned()
        } else {
            unescape(text)
        }
    };
    let mut rest = raw;
    while let Some((text, tail)) = rest.split_once('$') {
        let end = tail
            .find(|c: char| c != '_' && !c.is_alphanumeric())
            .unwrap_or(tail.len());
        let (name, after) = tail.split_at(end);
        if name.is_empty() || text.ends_with('\\') {
            break;
        }
        template.push_text(&resolved(text));
        template.push_expression(name);
        rest = after;
    }
    template.push_text(&resolved(rest));
}

fn last_child(node: Node<'_>) -> Option<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).last()
}

fn message(node: Node<'_>, source: &str) -> Alternatives {
    let mut template = Alternatives::new();
    write(node, source, &mut template, 0);
    template
}

fn with_braces(template: &MessageTemplate, values: &[Argument]) -> MessageTemplate {
    match template.parts() {
        [Part::Text(text)] => empty_braces(text, values),
        _ => template.clone(),
    }
}

fn write(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    match node.kind() {
        "string_literal" | "multiline_string_literal" => {
            let is_raw = node.kind() == "multiline_string_literal";
            let mut cursor = node.walk();
            let mut content = String::new();
            for child in node.named_children(&mut cursor) {
                let raw = text(child, source);
                if child.kind() == "interpolation" {
                    write_content(&std::mem::take(&mut content), is_raw, template);
                    let name = raw.trim_start_matches('$').trim_matches(['{', '}']);
                    template.push_expression(name.trim());
                } else {
                    content.push_str(raw);
                }
            }
            write_content(&content, is_raw, template);
        }
        "binary_expression" if depth < 100 && part(node, "operator", source) == Some("+") => {
            for name in ["left", "right"] {
                if let Some(side) = node.child_by_field_name(name) {
                    write(side, source, template, depth + 1);
                }
            }
        }
        "parenthesized_expression" if depth < 100 => {
            if let Some(child) = node.named_child(0) {
                write(child, source, template, depth + 1);
            }
        }
        _ => template.push_expression(text(node, source)),
    }
}
