//! Log statements in Python.

use std::collections::BTreeMap;

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Extraction, OnlyIn, RawTarget, WrapperCall, level_of_name,
    placeholder::Argument,
    python_loggers::loggers,
    python_text::{argument, assigned, braced, template},
    syntax::{
        Alternatives, Dialect, Found, arguments, logger_level, part, text, thrown, walk,
        written_name,
    },
};
use crate::{MessageTemplate, StatementKind};

/// The log statements and functions of a Python file.
pub(super) fn extract(source: &str) -> Extraction {
    let dialect = Python {
        loggers: loggers(source),
        has_braces: source.contains("from loguru ") || source.contains("import loguru"),
    };
    walk(&tree_sitter_python::LANGUAGE.into(), source, "", &dialect)
}

struct Python<'s> {
    /// The loggers that the module makes, by variable.
    loggers: BTreeMap<&'s str, RawTarget>,
    /// Whether loggers put arguments in the place of `{}`, as those of loguru do.
    has_braces: bool,
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
        let function = node.child_by_field_name("function")?;
        if matches!(text(function, source), "warnings.warn" | "warn_explicit") {
            return warned(&arguments, source);
        }
        let call = self.call(function, &arguments, source)?;
        let level = call.level.or_else(|| {
            let first = arguments.first().map(|first| text(*first, source))?;
            let name = first.rsplit('.').next()?.trim_matches(['"', '\'']);
            level_of_name(name).filter(|_| 0 < call.message_idx)
        });
        let message = *arguments.get(call.message_idx)?;
        let has_braces = self.has_braces && call.kind == StatementKind::Log;
        let values: Vec<Argument> = arguments[call.message_idx + 1..]
            .iter()
            .filter(|node| has_braces || node.kind() != "keyword_argument")
            .map(|node| argument(*node, source))
            .collect();
        // With a stack level the record names another line than this one.
        let is_own = arguments
            .iter()
            .all(|node| part(*node, "name", source) != Some("stacklevel"));
        let kind = call.kind;
        let may_forward = call
            .wrapper
            .as_ref()
            .is_none_or(|call| call.name == ADAPTER);
        Some(Found {
            target: call.target,
            forwards: (kind == StatementKind::Log && may_forward && is_own)
                .then(|| forwarded_parameter(message, source))
                .flatten(),
            wrapper: call.wrapper,
            wraps_as: call.is_adapter.then_some(ADAPTER),
            ..Found::new(
                kind,
                level,
                if call.is_adapter {
                    adapted(message, source)
                } else if has_braces && !values.is_empty() {
                    braced(message, &values, source)
                } else {
                    template(message, &values, kind == StatementKind::Log, source)
                },
            )
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.starts_with("test_") || name.starts_with("Test")
    }
}

/// What is called, and where in its arguments the text is.
#[derive(Clone)]
struct Call {
    kind: StatementKind,
    level: Option<Level>,
    message_idx: usize,
    target: RawTarget,
    wrapper: Option<WrapperCall>,
    /// Whether it is how an adapter of loggers hands on what it is given.
    is_adapter: bool,
}

/// The name of the wrapper that an adapter's `log` is, for all that is logged by an adapter.
const ADAPTER: &str = "LoggerAdapter.log";

impl Python<'_> {
    fn call(&self, function: Node<'_>, arguments: &[Node<'_>], source: &str) -> Option<Call> {
        let call = |level, message_idx| Call {
            kind: StatementKind::Log,
            level,
            message_idx,
            target: RawTarget::Unknown,
            wrapper: None,
            is_adapter: false,
        };
        if let Some(found) = self.handed_on(function, arguments, source) {
            return Some(found);
        }
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
                        ..WrapperCall::default()
                    }),
                    ..call(level_in_name(name), first_text(arguments, source)?)
                }),
                // A function named like a level, of this module or imported: `debug("…")`.
                name => level_function(name, name, arguments, source)
                    .or_else(|| self.bound_method(function, source)),
            },
            "attribute" => {
                let receiver = logger_of(part(function, "object", source)?);
                let method = part(function, "attribute", source)?;
                let known = self.loggers.get(receiver);
                if receiver == "super()" && method == "log" && is_in_adapter(function, source) {
                    return Some(Call {
                        is_adapter: true,
                        ..call(None, 1)
                    });
                }
                // A variable that holds a logger is one whatever its name.
                let name = if known.is_some() { "log" } else { receiver };
                if logs(name, method) {
                    let level = logger_level(name, method)?.named();
                    // A level of one's own, by a function that the file makes a method of loggers.
                    let is_own = matches!(method, "trace" | "verbose" | "notice" | "alert");
                    return Some(Call {
                        target: self.target(receiver),
                        wrapper: if is_own {
                            Some(WrapperCall {
                                name: method.to_owned(),
                                class: None,
                                only_in: Some(OnlyIn::File),
                                is_required: false,
                                ..WrapperCall::default()
                            })
                        } else {
                            let is_plain = known.is_some_and(|known| *known != RawTarget::Unknown);
                            (!is_plain).then(|| WrapperCall {
                                name: ADAPTER.to_owned(),
                                class: None,
                                only_in: Some(OnlyIn::Around),
                                is_required: false,
                                ..WrapperCall::default()
                            })
                        },
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
                        ..WrapperCall::default()
                    }),
                    ..call(level_in_name(method), first_text(arguments, source)?)
                })
            }
            // `getattr(logger, level)(message)`.
            "call" => {
                let list = part(function, "arguments", source)?.trim_start_matches('(');
                let logger = list.split(',').next()?.trim();
                let is_logger = part(function, "function", source) == Some("getattr")
                    && logger.to_ascii_lowercase().contains("log");
                is_logger.then(|| Call {
                    target: self.target(logger),
                    ..call(None, 0)
                })
            }
            _ => None,
        }
    }

    fn target(&self, logger: &str) -> RawTarget {
        let known = self.loggers.get(logger).cloned();
        known.unwrap_or(RawTarget::Unknown)
    }

    /// `log_it = log.info; log_it("…")`: a variable that methods of a logger were given to.
    fn bound_method(&self, function: Node<'_>, source: &str) -> Option<Call> {
        let mut found: Option<Call> = None;
        // Asking for every function that is called would cost too much.
        Some(text(function, source)).filter(|name| name.contains("log"))?;
        for (value, _) in assigned(function, source) {
            let (level, target) = self.logger_method(value, source)?;
            let level = Some(level).filter(|level| match &found {
                Some(before) => before.level == Some(*level),
                None => true,
            });
            found = Some(Call {
                kind: StatementKind::Log,
                level,
                message_idx: 0,
                target,
                wrapper: None,
                is_adapter: false,
            });
        }
        found
    }

    /// The level and logger of `log.debug`, not called.
    fn logger_method(&self, node: Node<'_>, source: &str) -> Option<(Level, RawTarget)> {
        let is_attribute = node.kind() == "attribute";
        let receiver = part(node, "object", source).filter(|_| is_attribute)?;
        // `logging.INFO` is no method.
        let method = part(node, "attribute", source)?;
        let method = Some(method).filter(|name| !name.contains(char::is_uppercase))?;
        let known = self.loggers.contains_key(receiver);
        let level = logger_level(if known { "log" } else { receiver }, method)?.named()?;
        Some((level, self.target(receiver)))
    }

    /// `write_safely(log.debug, "…")`, and in that function `write("…")`, a method that it was given.
    fn handed_on(&self, function: Node<'_>, arguments: &[Node<'_>], source: &str) -> Option<Call> {
        let name = text(function, source).rsplit('.').next()?;
        let first = *arguments.first()?;
        if let Some((level, target)) = self.logger_method(first, source) {
            return Some(Call {
                kind: StatementKind::Log,
                level: Some(level),
                message_idx: first_text(arguments, source)?,
                target,
                wrapper: Some(WrapperCall {
                    name: name.to_owned(),
                    class: None,
                    only_in: None,
                    is_required: true,
                    ..WrapperCall::default()
                }),
                is_adapter: false,
            });
        }
        let around = Some(function).filter(|function| function.kind() == "identifier");
        let around = function_around(around?)?;
        let is_wrapper = part(around, "name", source)?.contains("log")
            && parameters(around, source).contains(&name);
        is_wrapper.then_some(Call {
            kind: StatementKind::Log,
            level: None,
            message_idx: 0,
            target: RawTarget::Unknown,
            wrapper: None,
            is_adapter: false,
        })
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
            ..WrapperCall::default()
        }),
        is_adapter: false,
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

/// The logger of a chain of calls: `log` of `log.bind(user=user)`.
fn logger_of(receiver: &str) -> &str {
    let Some((path, _)) = receiver.split_once('(') else {
        return receiver;
    };
    match path.rsplit_once('.') {
        Some((
            logger,
            "bind" | "opt" | "new" | "unbind" | "patch" | "contextualize" | "getChild",
        )) => logger,
        _ => receiver,
    }
}

/// `/srv/app.py:3: DeprecationWarning: the text`, as the interpreter prints a warning.
fn warned(arguments: &[Node<'_>], source: &str) -> Option<Found> {
    let message = *arguments.first()?;
    first_text(arguments, source).filter(|text_idx| *text_idx == 0)?;
    let class = arguments[1..]
        .iter()
        .map(|node| part(*node, "value", source).unwrap_or_else(|| text(*node, source)))
        .find(|class| class.ends_with("Warning"));
    let text = template(message, &[], true, source);
    let whole = thrown(class.unwrap_or("UserWarning"), &text);
    Some(Found::new(StatementKind::Log, Some(Level::Warn), whole))
}

/// What an adapter logs: its `process` may put something before and after.
fn adapted(message: Node<'_>, source: &str) -> Alternatives {
    let mut template = MessageTemplate::default();
    template.push_variable(None);
    template.push_variable(Some(text(message, source)));
    template.push_variable(None);
    template.into()
}

/// Whether a call stands in a class that is made from `LoggerAdapter`.
fn is_in_adapter(mut node: Node<'_>, source: &str) -> bool {
    while node.kind() != "class_definition" {
        let Some(above) = node.parent() else {
            return false;
        };
        node = above;
    }
    part(node, "superclasses", source).is_some_and(|bases| bases.contains("LoggerAdapter"))
}

fn function_around(mut node: Node<'_>) -> Option<Node<'_>> {
    while node.kind() != "function_definition" {
        node = node.parent()?;
    }
    Some(node)
}

/// The names of a function's parameters.
fn parameters<'s>(function: Node<'_>, source: &'s str) -> Vec<&'s str> {
    let Some(parameters) = function.child_by_field_name("parameters") else {
        return Vec::new();
    };
    let mut cursor = parameters.walk();
    parameters
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
        .collect()
}

/// The parameter of the enclosing function that an expression writes.
fn forwarded_parameter(node: Node<'_>, source: &str) -> Option<String> {
    let names = parameters(function_around(node)?, source);
    written_name(node, &names, source, &|node| match node.kind() {
        "binary_operator" if part(node, "operator", source) == Some("+") => {
            let sides = ["left", "right"].map(|side| node.child_by_field_name(side));
            sides.into_iter().flatten().collect()
        }
        // `message.rstrip()`
        "call" => node.child_by_field_name("function").into_iter().collect(),
        "attribute" => node.child_by_field_name("object").into_iter().collect(),
        // `logger.debug(*args)`
        "list_splat" => node.named_child(0).into_iter().collect(),
        _ => Vec::new(),
    })
    .map(str::to_owned)
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
