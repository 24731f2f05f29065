//! Log statements in Go.

use shape_telemetry::Level;
use tree_sitter::Node;

use super::{
    Extraction, level_of_name,
    placeholder::{Argument, percent},
    syntax::{Alternatives, Dialect, Found, arguments, part, text, unescape, walk},
};
use crate::{Field, MessageTemplate, Part, StatementKind};

/// The log statements and functions of a Go file.
pub(super) fn extract(source: &str) -> Extraction {
    let package = source
        .lines()
        .find_map(|line| line.strip_prefix("package "))
        .map_or("", str::trim);
    walk(&tree_sitter_go::LANGUAGE.into(), source, package, &Go)
}

struct Go;

/// How a function writes its arguments, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `Infof("a %d", n)`
    Format,
    /// `Infoln("a", n)`: joined by blanks.
    Line,
    /// `Info("a ", n)`, and `Info("a", "key", n)` of structured loggers.
    Plain,
    /// `Infow("a", "key", n)`, `InfoS`: a text and pairs.
    Pairs,
}

impl Dialect for Go {
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)> {
        let is_function = matches!(node.kind(), "function_declaration" | "method_declaration");
        is_function
            .then(|| part(node, "name", source))
            .flatten()
            .map(|name| (name, true))
    }

    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found> {
        if node.kind() != "call_expression" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        let arguments = arguments(node.child_by_field_name("arguments")?);
        if function.kind() == "identifier" {
            // `panic("text")` prints `panic: text`.
            if text(function, source) != "panic" {
                return None;
            }
            let mut message = Alternatives::new();
            message.push_text("panic: ");
            write(*arguments.first()?, source, &mut message, 0);
            return Some(Found::new(StatementKind::Panic, None, message));
        }
        if function.kind() != "selector_expression" {
            return None;
        }
        let receiver = part(function, "operand", source)?;
        let method = part(function, "field", source)?;
        let name = receiver_name(receiver);
        if name == "fmt" {
            let skipped = usize::from(method.starts_with('F'));
            let style = match method.trim_start_matches('F') {
                "Printf" | "printf" => Style::Format,
                "Println" | "println" => Style::Line,
                "Print" | "print" => Style::Plain,
                _ => return None,
            };
            let message = message(style, arguments.get(skipped..)?, source)?;
            return Some(Found::new(StatementKind::Print, None, message));
        }
        // zerolog: `log.Info().Str("key", v).Msg("text")`.
        if matches!(method, "Msg" | "Msgf") && is_logger(&chain_start(receiver)) {
            let style = if method == "Msgf" {
                Style::Format
            } else {
                Style::Plain
            };
            let level = receiver
                .split('.')
                .find_map(|call| level_of_name(call.split('(').next()?));
            let message = message(
                style,
                arguments.get(..).filter(|all| !all.is_empty())?,
                source,
            )?;
            return Some(Found::new(StatementKind::Log, level, message));
        }
        let (level, style) = level_and_style(method)?;
        let is_logger = is_logger(name)
            || is_logger(&chain_start(receiver))
            || says_level(level, style)
            || arguments.iter().any(|node| is_field(*node, source));
        if !is_logger {
            return None;
        }
        let is_text = |node: &Node<'_>| writes_text(*node) || is_sprintf(*node, source);
        let text_idx = arguments.iter().position(is_text)?;
        // What stands before the text is a context, an error or a depth.
        if 2 < text_idx {
            return None;
        }
        let rest = &arguments[text_idx..];
        let mut fields = Vec::new();
        let mut message = message(style, rest, source)?;
        if style != Style::Format && (style == Style::Pairs || is_structured(name, rest)) {
            fields = pairs(&rest[1..], source);
            message = Alternatives::new();
            write(rest[0], source, &mut message, 0);
            // klog quotes the text of its structured calls, hclog ends it where pairs follow.
            if style == Style::Pairs && method.ends_with('S') {
                let quoted = message.clone().map(|plain| quoted(&plain));
                message.or(quoted);
            } else if style == Style::Plain
                && name != "slog"
                && rest.get(1).is_some_and(|node| writes_text(*node))
            {
                let ended = message.clone().map(|mut plain| {
                    plain.push_text(":");
                    plain
                });
                message.or(ended);
            }
        }
        Some(Found {
            fields,
            ..Found::new(StatementKind::Log, level, message)
        })
    }

    fn is_test(&self, name: &str) -> bool {
        name.starts_with("Test") || name.starts_with("Benchmark")
    }
}

/// The last name of `a.b.logger` or `klog.V(2)`.
fn receiver_name(receiver: &str) -> &str {
    let path = receiver.split('(').next().unwrap_or(receiver);
    let path = if receiver.contains('(') {
        path.rsplit_once('.').map_or(path, |(above, _)| above)
    } else {
        path
    };
    path.rsplit('.').next().unwrap_or(path)
}

/// The names before the first call of a chain.
fn chain_start(receiver: &str) -> String {
    receiver.split('(').next().unwrap_or_default().to_owned()
}

fn is_logger(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("log") && !name.contains("dialog") && !name.contains("catalog")
        || ["sugar", "zap", "logrus", "entry"]
            .iter()
            .any(|known| name.ends_with(known))
        || matches!(name.as_str(), "lg" | "lgr" | "lggr")
}

/// Whether only loggers have such methods: `Infof`, but not `Errorf`, which makes errors and fails tests.
fn says_level(level: Option<Level>, style: Style) -> bool {
    style != Style::Plain && level.is_some_and(|level| level < Level::Error)
}

/// `zap.String("key", value)`.
fn is_field(node: Node<'_>, source: &str) -> bool {
    let function = part(node, "function", source).filter(|_| node.kind() == "call_expression");
    function.is_some_and(|function| function.starts_with("zap.") || function.starts_with("slog."))
}

fn level_and_style(method: &str) -> Option<(Option<Level>, Style)> {
    let name = method.strip_suffix("Context").unwrap_or(method);
    let name = name.replace("Depth", "");
    let (name, style) = if let Some(name) = name.strip_suffix("ln") {
        (name, Style::Line)
    } else if let Some(name) = name.strip_suffix('f') {
        (name, Style::Format)
    } else if let Some(name) = name.strip_suffix(['w', 'S']) {
        (name, Style::Pairs)
    } else {
        (name.as_str(), Style::Plain)
    };
    match name {
        "Print" | "Log" => Some((None, style)),
        "Panic" | "DPanic" => Some((Some(Level::Fatal), style)),
        name => level_of_name(name).map(|level| (Some(level), style)),
    }
}

fn writes_text(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "interpreted_string_literal" | "raw_string_literal" | "binary_expression"
    )
}

/// A text that is formatted before it is logged.
fn is_sprintf(node: Node<'_>, source: &str) -> bool {
    node.kind() == "call_expression" && part(node, "function", source) == Some("fmt.Sprintf")
}

/// Whether what follows the text are pairs or fields rather than more text.
fn is_structured(name: &str, rest: &[Node<'_>]) -> bool {
    let after = rest.get(1);
    name == "slog"
        || after.is_some_and(|node| {
            matches!(
                node.kind(),
                "call_expression" | "interpreted_string_literal"
            )
        })
}

/// `"key", value` and `zap.String("key", value)`.
fn pairs(arguments: &[Node<'_>], source: &str) -> Vec<Field> {
    let field = |name: String| Field {
        name,
        constant: None,
        is_optional: false,
    };
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(node) = arguments.get(at) {
        if writes_text(*node) {
            fields.push(field(literal(*node, source)));
            at += 2;
            continue;
        }
        if node.kind() == "call_expression" {
            let list = node.child_by_field_name("arguments");
            let first = list.and_then(|list| list.named_child(0));
            if let Some(first) = first.filter(|first| writes_text(*first)) {
                fields.push(field(literal(first, source)));
            }
        }
        at += 1;
    }
    fields
}

fn quoted(plain: &MessageTemplate) -> MessageTemplate {
    let mut quoted = MessageTemplate::default();
    quoted.push_text("\"");
    quoted.push_template(plain);
    quoted.push_text("\"");
    quoted
}

fn message(style: Style, arguments: &[Node<'_>], source: &str) -> Option<Alternatives> {
    let (first, values) = arguments.split_first()?;
    let mut message = Alternatives::new();
    write(*first, source, &mut message, 0);
    let values: Vec<Argument> = values.iter().map(|node| argument(*node, source)).collect();
    match style {
        Style::Format => return Some(message.map(|format| placed(&format, &values))),
        Style::Line => {
            for value in &values {
                message.push_text(" ");
                message.push_argument(value);
            }
        }
        // Blanks stand between values that are no texts.
        Style::Plain | Style::Pairs => {
            for value in &values {
                message.push_argument(value);
            }
        }
    }
    Some(message)
}

/// The values put in the place of `%v` and `%[1]v`.
fn placed(format: &MessageTemplate, values: &[Argument]) -> MessageTemplate {
    match format.parts() {
        [Part::Text(format)] if format.contains("%[") => percent(&without_numbers(format), &[]),
        [Part::Text(format)] => percent(format, values),
        _ => format.clone(),
    }
}

/// `%[1]d` as `%d`.
fn without_numbers(format: &str) -> String {
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    while let Some((head, tail)) = rest.split_once("%[") {
        out.push_str(head);
        out.push('%');
        rest = tail.split_once(']').map_or(tail, |(_, after)| after);
    }
    out + rest
}

fn argument(node: Node<'_>, source: &str) -> Argument {
    let constant = writes_text(node).then(|| {
        let mut constant = Alternatives::new();
        write(node, source, &mut constant, 0);
        constant.single().cloned()
    });
    Argument {
        name: None,
        expression: text(node, source).to_owned(),
        constant: constant.flatten(),
    }
}

fn literal(node: Node<'_>, source: &str) -> String {
    let raw = text(node, source);
    match raw.strip_prefix('`') {
        Some(raw) => raw.trim_end_matches('`').to_owned(),
        None => unescape(raw.trim_matches('"')),
    }
}

fn write(node: Node<'_>, source: &str, template: &mut Alternatives, depth: usize) {
    match node.kind() {
        "interpreted_string_literal" | "raw_string_literal" => {
            template.push_text(&literal(node, source));
        }
        "int_literal" | "true" | "false" => template.push_text(text(node, source)),
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
        "call_expression" if is_sprintf(node, source) => {
            let list = node.child_by_field_name("arguments").map(arguments);
            match list.and_then(|list| message(Style::Format, &list, source)) {
                Some(written) => template.push_any(text(node, source), &written),
                None => template.push_expression(text(node, source)),
            }
        }
        _ => template.push_expression(text(node, source)),
    }
}
