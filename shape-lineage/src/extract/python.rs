//! Log statements in Python.

use tree_sitter::Node;

use super::{
    Extraction, level_of_name,
    placeholder::{Argument, braces, percent},
    syntax::{Alternatives, Dialect, Found, arguments, logger_level, part, text, unescape, walk},
};
use crate::{MessageTemplate, StatementKind};

/// The log statements and functions of a Python file.
pub(super) fn extract(source: &str) -> Extraction {
    walk(&tree_sitter_python::LANGUAGE.into(), source, "", &Python)
}

struct Python;

impl Dialect for Python {
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
        match node.kind() {
            "class_definition" => Some((part(node, "name", source)?, false)),
            "function_definition" => Some((part(node, "name", source)?, true)),
            _ => None,
        }
    }

    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found> {
        if node.kind() != "call" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        let list = node.child_by_field_name("arguments")?;
        if list.kind() != "argument_list" {
            return None;
        }
        let arguments = arguments(list);
        let (kind, level, message_idx) = match function.kind() {
            "identifier" => match text(function, source) {
                "print" => (StatementKind::Print, None, 0),
                // Wrappers by name: `_log("info", "…")`, `log_warning("…")`.
                name if name.trim_start_matches('_').starts_with("log") => {
                    let level = name.rsplit('_').next().and_then(level_of_name);
                    let message_idx = first_text(&arguments, source)?;
                    (StatementKind::Log, level, message_idx)
                }
                _ => return None,
            },
            "attribute" => {
                let receiver = part(function, "object", source)?;
                let method = part(function, "attribute", source)?;
                let is_wrapper = matches!(method, "_log" | "log") && !logs(receiver, method);
                if is_wrapper && matches!(receiver, "self" | "cls") {
                    (StatementKind::Log, None, first_text(&arguments, source)?)
                } else {
                    let level = if logs(receiver, method) {
                        logger_level(receiver, method)?.named()
                    } else if receiver.ends_with(')')
                        && receiver.to_ascii_lowercase().contains("logger(")
                    {
                        // `logging.getLogger(__name__).warning("…")`.
                        Some(level_of_name(method)?)
                    } else {
                        return None;
                    };
                    let message_idx = usize::from(method == "log");
                    (StatementKind::Log, level, message_idx)
                }
            }
            _ => return None,
        };
        let level = level.or_else(|| {
            let first = arguments.first().map(|first| text(*first, source))?;
            let name = first.rsplit('.').next()?.trim_matches(['"', '\'']);
            level_of_name(name).filter(|_| 0 < message_idx)
        });
        let message = *arguments.get(message_idx)?;
        let values: Vec<Argument> = arguments[message_idx + 1..]
            .iter()
            .filter(|node| node.kind() != "keyword_argument")
            .map(|node| argument(*node, source))
            .collect();
        Some(Found {
            kind,
            level,
            message: template(message, &values, kind == StatementKind::Log, source),
            fields: Vec::new(),
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.starts_with("test_") || name.starts_with("Test")
    }
}

fn logs(receiver: &str, method: &str) -> bool {
    logger_level(receiver, method).is_some()
}

fn first_text(arguments: &[Node<'_>], source: &str) -> Option<usize> {
    arguments.iter().position(|node| {
        matches!(node.kind(), "string" | "concatenated_string" | "binary_operator")
            // A level by name is not the text.
            && level_of_name(text(*node, source).trim_matches(['"', '\''])).is_none()
    })
}

fn argument(node: Node<'_>, source: &str) -> Argument {
    let is_plain = node.kind() == "string" && !has_interpolation(node);
    Argument {
        name: part(node, "name", source).map(str::to_owned),
        expression: part(node, "value", source)
            .unwrap_or_else(|| text(node, source))
            .to_owned(),
        constant: is_plain
            .then(|| {
                let mut template = Alternatives::new();
                write_string(node, source, &mut template);
                template.single().cloned()
            })
            .flatten(),
    }
}

fn has_interpolation(node: Node<'_>) -> bool {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .any(|child| child.kind() == "interpolation")
}

/// The template of the first argument with the others put in, `%` style, as `logging` does.
fn template(node: Node<'_>, values: &[Argument], is_log: bool, source: &str) -> Alternatives {
    let mut template = Alternatives::new();
    write(node, source, &mut template, 0);
    if is_log && !values.is_empty() {
        return template.map(|template| {
            if template.has_variables() {
                with_percents(&template)
            } else {
                percent(&template.to_string(), values)
            }
        });
    }
    if !is_log {
        for value in values {
            template.push_text(" ");
            template.push_argument(value);
        }
    }
    template
}

/// A text that has variables already and more of them by `%s`.
fn with_percents(template: &MessageTemplate) -> MessageTemplate {
    let mut out = MessageTemplate::default();
    for part in template.parts() {
        match part {
            crate::Part::Text(text) => out.push_template(&percent(text, &[])),
            crate::Part::Variable(name) => out.push_variable(name.as_deref()),
        }
    }
    out
}

fn write(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    let inner = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "string" => write_string(node, source, template),
        "concatenated_string" => {
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                if child.kind() == "string" {
                    write_string(child, source, template);
                }
            }
        }
        "parenthesized_expression" if depth < 100 => {
            if let Some(child) = node.named_child(0) {
                write(child, source, template, depth + 1);
            }
        }
        "conditional_expression" if depth < 20 => {
            let branch = |side_idx| {
                move |template: &mut Alternatives| {
                    if let Some(side) = node.named_child(side_idx) {
                        write(side, source, template, depth + 1);
                    }
                }
            };
            // `yes if condition else no`
            let (mut yes, mut no) = (branch(0), branch(2));
            template.fork(text(node, source), [&mut yes, &mut no]);
        }
        "binary_operator" if depth < 100 => match part(node, "operator", source) {
            Some("+") => {
                for side in [inner("left"), inner("right")].into_iter().flatten() {
                    write(side, source, template, depth + 1);
                }
            }
            Some("%") => write_percent(node, source, template, depth),
            _ => template.push_expression(text(node, source)),
        },
        "call" => {
            let function = inner("function");
            let object = function.and_then(|function| function.child_by_field_name("object"));
            let method = function.and_then(|function| part(function, "attribute", source));
            match (object, method, inner("arguments")) {
                (Some(object), Some("format"), Some(list))
                    if matches!(
                        object.kind(),
                        "string" | "concatenated_string" | "parenthesized_expression"
                    ) =>
                {
                    let mut format = Alternatives::new();
                    write(object, source, &mut format, depth + 1);
                    let format = format.single().map(ToString::to_string).unwrap_or_default();
                    let values: Vec<Argument> = arguments(list)
                        .into_iter()
                        .map(|node| argument(node, source))
                        .collect();
                    template.push_template(&braces(&format, &values));
                }
                _ => template.push_expression(text(node, source)),
            }
        }
        _ => template.push_expression(text(node, source)),
    }
}

/// `"%s of %s" % (a, b)`.
fn write_percent(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    let (Some(left), Some(right)) = (
        node.child_by_field_name("left"),
        node.child_by_field_name("right"),
    ) else {
        return;
    };
    let mut format = Alternatives::new();
    write(left, source, &mut format, depth + 1);
    let Some(format) = format.single() else {
        template.push_expression(text(node, source));
        return;
    };
    let values: Vec<Argument> = if right.kind() == "tuple" {
        arguments(right)
            .into_iter()
            .map(|node| argument(node, source))
            .collect()
    } else {
        vec![argument(right, source)]
    };
    if format.has_variables() {
        template.push_template(&with_percents(format));
    } else {
        template.push_template(&percent(&format.to_string(), &values));
    }
}

/// A string, plain, raw or with interpolations.
fn write_string(node: Node<'_>, source: &str, template: &mut Alternatives) {
    let mut cursor = node.walk();
    let is_raw = source[node.start_byte()..]
        .split(['"', '\''])
        .next()
        .is_some_and(|prefix| prefix.contains(['r', 'R']));
    let is_format = source[node.start_byte()..]
        .split(['"', '\''])
        .next()
        .is_some_and(|prefix| prefix.contains(['f', 'F']));
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "string_content" => {
                // Escapes are children of the content; the text is resolved as a whole.
                let raw = text(child, source);
                let resolved = if is_raw {
                    raw.to_owned()
                } else {
                    unescape(raw)
                };
                if is_format {
                    template.push_text(&resolved.replace("{{", "{").replace("}}", "}"));
                } else {
                    template.push_text(&resolved);
                }
            }
            "interpolation" => {
                let name = part(child, "expression", source).unwrap_or_else(|| text(child, source));
                template.push_expression(name);
            }
            _ => {}
        }
    }
}
