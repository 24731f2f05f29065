//! The texts that Python expressions write.

use tree_sitter::Node;

use super::{
    placeholder::{Argument, braces, percent},
    syntax::{
        Alternatives, Assignment, arguments, assignments, part, text, unescape, write_assigned,
    },
};
use crate::MessageTemplate;

/// What a variable was given before.
pub(super) fn assigned<'t>(node: Node<'t>, source: &str) -> Vec<Assignment<'t>> {
    let name = text(node, source);
    assignments(node, &["function_definition"], |found| {
        let is_appended = match found.kind() {
            "assignment" => false,
            "augmented_assignment" => part(found, "operator", source) == Some("+="),
            _ => return None,
        };
        (part(found, "left", source) == Some(name))
            .then(|| Some((found.child_by_field_name("right")?, is_appended)))
            .flatten()
    })
}

pub(super) fn argument(node: Node<'_>, source: &str) -> Argument {
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
pub(super) fn template(
    node: Node<'_>,
    values: &[Argument],
    is_log: bool,
    source: &str,
) -> Alternatives {
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

/// The template of a text with values in the place of `{}`, as loguru puts them.
pub(super) fn braced(node: Node<'_>, values: &[Argument], source: &str) -> Alternatives {
    let mut template = Alternatives::new();
    write(node, source, &mut template, 0);
    template.map(|template| match template.parts() {
        [crate::Part::Text(format)] => braces(format, values),
        _ => template,
    })
}

/// What a name of the module stands for, where it is given a text and nothing else.
fn constant<'t>(node: Node<'t>, source: &str) -> Option<Node<'t>> {
    let mut module = node;
    while let Some(above) = module.parent() {
        module = above;
    }
    let name = text(node, source);
    let mut cursor = module.walk();
    let mut values = module.named_children(&mut cursor).filter_map(|statement| {
        let assignment = statement
            .named_child(0)
            .filter(|_| statement.kind() == "expression_statement")?;
        let is_it =
            assignment.kind() == "assignment" && part(assignment, "left", source) == Some(name);
        is_it
            .then(|| assignment.child_by_field_name("right"))
            .flatten()
    });
    let value = values.next()?;
    let is_text = matches!(
        value.kind(),
        "string" | "concatenated_string" | "parenthesized_expression"
    );
    (is_text && values.next().is_none()).then_some(value)
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
        "identifier" if depth < 20 => {
            let assigned = assigned(node, source);
            if assigned.is_empty()
                && let Some(value) = constant(node, source)
            {
                return write(value, source, template, depth + 10);
            }
            write_assigned(node, &assigned, source, template, |value, out| {
                write(value, source, out, depth + 10);
            });
        }
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
            // `"-" * 49`
            Some("*") => match repeated(node, source) {
                Some(text) => template.push_text(&text),
                None => template.push_expression(text(node, source)),
            },
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
                        "string"
                            | "concatenated_string"
                            | "parenthesized_expression"
                            | "identifier"
                    ) =>
                {
                    let mut format = Alternatives::new();
                    write(object, source, &mut format, depth + 1);
                    let values: Vec<Argument> = arguments(list)
                        .into_iter()
                        .map(|node| argument(node, source))
                        .collect();
                    let written = format.map(|format| match format.parts() {
                        [crate::Part::Text(format)] => braces(format, &values),
                        _ => format,
                    });
                    template.push_any(text(node, source), &written);
                }
                // `_("translated")`
                (None, _, Some(list)) if is_translation(function, source) => {
                    match list.named_child(0) {
                        Some(translated) => write(translated, source, template, depth + 1),
                        None => template.push_expression(text(node, source)),
                    }
                }
                _ => template.push_expression(text(node, source)),
            }
        }
        _ => template.push_expression(text(node, source)),
    }
}

/// Whether a function has the name by which programs translate texts.
fn is_translation(function: Option<Node<'_>>, source: &str) -> bool {
    let name = function.map_or("", |function| text(function, source));
    matches!(
        name,
        "_" | "__" | "_LI" | "_LW" | "_LE" | "_LC" | "_t" | "gettext" | "ugettext" | "gettext_lazy"
    )
}

/// The text of `"-" * 49`.
fn repeated(node: Node<'_>, source: &str) -> Option<String> {
    const MAX_TIMES: usize = 1_000;
    let left = node.child_by_field_name("left")?;
    let n_times: usize = part(node, "right", source)?.parse().ok()?;
    if left.kind() != "string" || MAX_TIMES < n_times {
        return None;
    }
    let mut template = Alternatives::new();
    write_string(left, source, &mut template);
    let single = template.single().filter(|text| !text.has_variables())?;
    Some(single.to_string().repeat(n_times))
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
