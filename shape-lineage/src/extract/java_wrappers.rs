//! Methods of Java that hand a text on to a logger, and the calls of them.

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    OnlyIn, RawTarget, WrapperCall,
    java::Java,
    java_text::{has_text, with_braces},
    level_of_name,
    placeholder::Argument,
    syntax::{Alternatives, Found, part, text, written_name},
    with_logger,
};
use crate::StatementKind;

impl Java<'_> {
    /// `Banner.print(LOG)`: the method writes to the logger that it is given.
    pub(super) fn given_logger(
        &self,
        call: Node<'_>,
        method: &str,
        arguments: &[Node<'_>],
    ) -> Option<Found> {
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
    fn logger_in(&self, call: Node<'_>, arguments: &[Node<'_>]) -> Option<GivenLogger<'_>> {
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

    /// The call of a logger whose type is a class of the project: that may hand the text on to `java.util.logging`. Other
    /// libraries are told by their adapters who the caller is.
    pub(super) fn facade(
        &self,
        variable: &str,
        method: &str,
        n_arguments: usize,
    ) -> Option<WrapperCall> {
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
    pub(super) fn wrapper(
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
pub(super) fn is_format_call(node: Node<'_>, source: &str) -> bool {
    let spelled = text(node, source);
    spelled.contains("String.format(") || spelled.contains(".formatted(")
}

/// The parameter on whose being `null` it depends that a node is run, and whether it must be.
pub(super) fn null_branch(node: Node<'_>, source: &str) -> Option<(usize, bool)> {
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

fn level_in_name(name: &str) -> Option<Level> {
    const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];
    let name = name.to_ascii_lowercase();
    let level = LEVELS.iter().find(|level| name.contains(*level))?;
    level_of_name(level)
}

/// The names of the parameters of the method around a node.
pub(super) fn parameters<'s>(node: Node<'_>, source: &'s str) -> Vec<&'s str> {
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
pub(super) fn forwarded_parameter(node: Node<'_>, source: &str) -> Option<String> {
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
