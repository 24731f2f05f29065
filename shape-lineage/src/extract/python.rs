//! Log statements in Python.

use std::collections::BTreeMap;

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Extraction, OnlyIn, RawTarget, WrapperCall, level_of_name,
    placeholder::{Argument, braces, percent},
    syntax::{
        Alternatives, Assignment, Dialect, Found, arguments, assignments, logger_level, part, text,
        unescape, walk, write_assigned,
    },
};
use crate::{MessageTemplate, StatementKind};

/// The log statements and functions of a Python file.
pub(super) fn extract(source: &str) -> Extraction {
    let dialect = Python {
        loggers: loggers(source),
    };
    walk(&tree_sitter_python::LANGUAGE.into(), source, "", &dialect)
}

struct Python<'s> {
    /// The loggers that the module makes, by variable.
    loggers: BTreeMap<&'s str, RawTarget>,
}

/// `log = logging.getLogger(__name__)` at the left margin.
fn loggers(source: &str) -> BTreeMap<&str, RawTarget> {
    let logger = |line: &'_ str| {
        let at = line.find("etLogger(").or_else(|| line.find("et_logger("))?;
        let argument = line.get(at..)?.split_once('(')?.1.split(')').next()?.trim();
        let text = argument.strip_prefix(['"', '\''])?;
        text.strip_suffix(['"', '\'']).map(str::to_owned)
    };
    source
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.split(':').next()?.trim_end();
            let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !is_name {
                return None;
            }
            if let Some(text) = logger(value) {
                return Some((name, RawTarget::Named(text)));
            }
            let is_own = value.contains("etLogger(__name__)");
            is_own.then_some((name, RawTarget::File))
        })
        .collect()
}

impl Dialect for Python<'_> {
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
        let list = node.child_by_field_name("arguments")?;
        if list.kind() != "argument_list" {
            return None;
        }
        let arguments = arguments(list);
        let call = self.call(node.child_by_field_name("function")?, &arguments, source)?;
        let level = call.level.or_else(|| {
            let first = arguments.first().map(|first| text(*first, source))?;
            let name = first.rsplit('.').next()?.trim_matches(['"', '\'']);
            level_of_name(name).filter(|_| 0 < call.message_idx)
        });
        let message = *arguments.get(call.message_idx)?;
        let values: Vec<Argument> = arguments[call.message_idx + 1..]
            .iter()
            .filter(|node| node.kind() != "keyword_argument")
            .map(|node| argument(*node, source))
            .collect();
        // With a stack level the record names another line than this one.
        let is_own = arguments
            .iter()
            .all(|node| part(*node, "name", source) != Some("stacklevel"));
        let kind = call.kind;
        Some(Found {
            target: call.target,
            forwards: (kind == StatementKind::Log && call.wrapper.is_none() && is_own)
                .then(|| forwarded_parameter(message, source))
                .flatten(),
            wrapper: call.wrapper,
            ..Found::new(
                kind,
                level,
                template(message, &values, kind == StatementKind::Log, source),
            )
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.starts_with("test_") || name.starts_with("Test")
    }
}

/// What is called, and where in its arguments the text is.
struct Call {
    kind: StatementKind,
    level: Option<Level>,
    message_idx: usize,
    target: RawTarget,
    wrapper: Option<WrapperCall>,
}

impl Python<'_> {
    fn call(&self, function: Node<'_>, arguments: &[Node<'_>], source: &str) -> Option<Call> {
        let call = |level, message_idx| Call {
            kind: StatementKind::Log,
            level,
            message_idx,
            target: RawTarget::Unknown,
            wrapper: None,
        };
        match function.kind() {
            "identifier" => match text(function, source) {
                "print" => Some(Call {
                    kind: StatementKind::Print,
                    ..call(None, 0)
                }),
                // Wrappers by name: `_log("info", "…")`, `log_warning("…")`.
                name if is_wrapper_name(name) => Some(Call {
                    wrapper: Some(WrapperCall {
                        name: name.to_owned(),
                        class: None,
                        only_in: None,
                        is_required: false,
                    }),
                    ..call(level_in_name(name), first_text(arguments, source)?)
                }),
                // A function named like a level, of this module or imported: `debug("…")`.
                name => level_function(name, name, arguments, source),
            },
            "attribute" => {
                let receiver = part(function, "object", source)?;
                let method = part(function, "attribute", source)?;
                let known = self.loggers.get(receiver);
                // A variable that holds a logger is one whatever its name.
                let name = if known.is_some() { "log" } else { receiver };
                if logs(name, method) {
                    let level = logger_level(name, method)?.named();
                    // A level of one's own, by a function that the file makes a method of loggers.
                    let is_own = matches!(method, "trace" | "verbose" | "notice" | "alert");
                    return Some(Call {
                        target: known.cloned().unwrap_or(RawTarget::Unknown),
                        wrapper: is_own.then(|| WrapperCall {
                            name: method.to_owned(),
                            class: None,
                            only_in: Some(OnlyIn::File),
                            is_required: false,
                        }),
                        ..call(level, usize::from(method == "log"))
                    });
                }
                if receiver.ends_with(')') && receiver.to_ascii_lowercase().contains("logger(") {
                    // `logging.getLogger(__name__).warning("…")`.
                    return Some(call(Some(level_of_name(method)?), 0));
                }
                let is_own = matches!(receiver, "self" | "cls" | "super()");
                if let Some(call) = level_function(receiver, method, arguments, source) {
                    return Some(call);
                }
                let is_wrapper =
                    is_wrapper_name(method) || is_own && level_of_name(method).is_some();
                is_wrapper.then_some(())?;
                Some(Call {
                    wrapper: Some(WrapperCall {
                        name: method.to_owned(),
                        class: is_own.then(String::new),
                        only_in: None,
                        is_required: !(is_own && matches!(method, "_log" | "log")),
                    }),
                    ..call(level_in_name(method), first_text(arguments, source)?)
                })
            }
            // `getattr(logger, level)(message)`.
            "call" => {
                let is_logger = part(function, "function", source) == Some("getattr")
                    && part(function, "arguments", source)?
                        .to_ascii_lowercase()
                        .split(',')
                        .next()?
                        .contains("log");
                is_logger.then(|| call(None, 0))
            }
            _ => None,
        }
    }
}

/// `debug("…")` and `util.debug("…")`, where such functions of a module hand their text to a logger.
fn level_function(module: &str, name: &str, arguments: &[Node<'_>], source: &str) -> Option<Call> {
    let level = level_of_name(name.trim_start_matches("sub_"))?;
    let is_module = module
        .chars()
        .all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit());
    if !is_module || matches!(module, "self" | "cls" | "warnings") {
        return None;
    }
    let only_in = if module == name {
        imported_from(source, name).map_or(OnlyIn::File, OnlyIn::Stem)
    } else {
        OnlyIn::Stem(module.to_owned())
    };
    Some(Call {
        kind: StatementKind::Log,
        level: Some(level),
        message_idx: first_text(arguments, source)?,
        target: RawTarget::Unknown,
        wrapper: Some(WrapperCall {
            name: name.to_owned(),
            class: None,
            only_in: Some(only_in),
            is_required: true,
        }),
    })
}

/// The last part of `a.b` in `from a.b import name`.
fn imported_from(source: &str, name: &str) -> Option<String> {
    source.split("\nfrom ").find_map(|after| {
        let (module, names) = after.split_once(" import ")?;
        let names = match names.trim_start().strip_prefix('(') {
            Some(inner) => inner.split(')').next()?,
            None => names.lines().next()?,
        };
        let is_imported = names.split(',').any(|imported| imported.trim() == name);
        let last = module
            .rsplit('.')
            .next()
            .filter(|last| !last.contains('\n'));
        last.filter(|_| is_imported).map(str::to_owned)
    })
}

fn is_wrapper_name(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    name.strip_prefix("log")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_') || rest.starts_with("ger"))
        || name.starts_with("log") && level_of_name(&name[3..]).is_some()
}

fn level_in_name(name: &str) -> Option<Level> {
    name.rsplit('_').next().and_then(level_of_name)
}

/// The parameter of the enclosing function that an expression writes.
fn forwarded_parameter(node: Node<'_>, source: &str) -> Option<String> {
    let mut above = node;
    while above.kind() != "function_definition" {
        above = above.parent()?;
    }
    let parameters = above.child_by_field_name("parameters")?;
    let mut cursor = parameters.walk();
    let names: Vec<&str> = parameters
        .named_children(&mut cursor)
        .filter_map(|parameter| match parameter.kind() {
            "identifier" => Some(text(parameter, source)),
            "typed_parameter" => parameter
                .named_child(0)
                .map(|name| text(name, source).trim_start_matches('*')),
            "list_splat_pattern" => parameter.named_child(0).map(|name| text(name, source)),
            _ => part(parameter, "name", source),
        })
        .filter(|name| !matches!(*name, "self" | "cls"))
        .collect();
    one_of(node, &names, source, 0).map(str::to_owned)
}

/// `message`, `prefix + message`, `message.rstrip()`; what a text only contains is a variable of it.
fn one_of<'s>(node: Node<'_>, names: &[&str], source: &'s str, depth: usize) -> Option<&'s str> {
    let inner = |name: &str| {
        let child = node.child_by_field_name(name).filter(|_| depth < 20)?;
        one_of(child, names, source, depth + 1)
    };
    match node.kind() {
        "identifier" => Some(text(node, source)).filter(|name| names.contains(name)),
        "binary_operator" if part(node, "operator", source) == Some("+") => {
            inner("left").or_else(|| inner("right"))
        }
        "call" => inner("function"),
        "attribute" => inner("object"),
        // `logger.debug(*args)`
        "list_splat" => one_of(node.named_child(0)?, names, source, depth + 1),
        _ => None,
    }
}

/// What a variable was given before.
fn assigned<'t>(node: Node<'t>, source: &str) -> Vec<Assignment<'t>> {
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

fn logs(receiver: &str, method: &str) -> bool {
    logger_level(receiver, method).is_some()
}

fn first_text(arguments: &[Node<'_>], source: &str) -> Option<usize> {
    arguments.iter().position(|node| {
        let is_text = matches!(
            node.kind(),
            "string" | "concatenated_string" | "binary_operator"
        ) || node.kind() == "identifier"
            && assigned(*node, source)
                .iter()
                .any(|(value, _)| text(*value, source).contains(['"', '\'']))
            || node.kind() == "call"
                && text(*node, source).starts_with(['"', '\''])
                && text(*node, source).contains(".format(");
        is_text
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
        "identifier" if depth < 20 => {
            write_assigned(
                node,
                &assigned(node, source),
                source,
                template,
                |value, out| write(value, source, out, depth + 10),
            );
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
                _ => template.push_expression(text(node, source)),
            }
        }
        _ => template.push_expression(text(node, source)),
    }
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
