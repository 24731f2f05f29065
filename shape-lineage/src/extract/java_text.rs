//! The texts that Java expressions write.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::{
    java_names::JavaConstants,
    placeholder::{Argument, empty_braces, percent},
    syntax::{
        Alternatives, Assignment, arguments, assignments, part, text, unescape, write_assigned,
    },
};
use crate::{MessageTemplate, Part};

/// A file, and what its names stand for.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    pub(super) source: &'a str,
    pub(super) package: &'a str,
    /// Constants of the file, by name.
    pub(super) own: &'a BTreeMap<&'a str, String>,
    /// Constants of all files, by class and name.
    pub(super) all: &'a JavaConstants,
}

pub(super) fn has_text(node: Node<'_>, source: &str) -> bool {
    text(node, source).contains('"')
}

impl<'a> Texts<'a> {
    /// The template of an expression: concatenation, `String.format`, text; what else there is, is a variable.
    pub(super) fn message(self, node: Node<'_>) -> Alternatives {
        let mut template = Alternatives::new();
        self.write(node, &mut template, 0);
        template
    }

    /// An argument of a format; texts that are constants of some class are known.
    pub(super) fn argument(self, node: Node<'_>) -> Argument {
        let constant = match node.kind() {
            "string_literal" => Some(literal(node, self.source)),
            _ => self.constant(node).map(str::to_owned),
        };
        Argument {
            name: None,
            expression: text(node, self.source).to_owned(),
            constant: constant
                .map(|constant| plain(&constant))
                .or_else(|| self.object(node)),
        }
    }

    /// What an object writes, if that is always the same but for its variables.
    fn object(self, node: Node<'_>) -> Option<MessageTemplate> {
        let is_variable = node.kind() == "identifier";
        let written = is_variable.then(|| self.written_by_type(node, 0))??;
        written.single().cloned()
    }

    /// `NAME` and `Class.NAME`.
    fn constant(self, node: Node<'_>) -> Option<&'a str> {
        match node.kind() {
            "identifier" => self.own.get(text(node, self.source)).map(String::as_str),
            "field_access" => {
                let class = part(node, "object", self.source)?;
                let name = part(node, "field", self.source)?;
                self.all.get(class.rsplit('.').next()?, name)
            }
            _ => None,
        }
    }

    pub(super) fn write(self, node: Node<'_>, template: &mut Alternatives, depth: usize) {
        let source = self.source;
        let inner = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "string_literal" => template.push_text(&literal(node, source)),
            "character_literal" => {
                template.push_text(&unescape(text(node, source).trim_matches('\'')));
            }
            "decimal_integer_literal" | "true" | "false" => template.push_text(text(node, source)),
            "identifier" | "field_access" if let Some(constant) = self.constant(node) => {
                template.push_text(constant);
            }
            "identifier" if let Some(written) = self.written_by_type(node, depth) => {
                template.push_any(text(node, source), &written);
            }
            "identifier" if depth < 20 => self.write_variable(node, template, depth),
            "binary_expression" if depth < 100 && part(node, "operator", source) == Some("+") => {
                let mut sum = Alternatives::new();
                for side in [inner("left"), inner("right")].into_iter().flatten() {
                    self.write(side, &mut sum, depth + 1);
                }
                // A sum of numbers is one value.
                if sum.has_text() {
                    template.push_any(text(node, source), &sum);
                } else {
                    template.push_expression(text(node, source));
                }
            }
            "parenthesized_expression" if depth < 100 => {
                if let Some(child) = node.named_child(0) {
                    self.write(child, template, depth + 1);
                }
            }
            // `() -> "text"`
            "lambda_expression" if depth < 100 => match inner("body") {
                Some(body) if body.kind() != "block" => self.write(body, template, depth + 1),
                _ => template.push_expression(text(node, source)),
            },
            "object_creation_expression" => match self.written_by_object(node) {
                Some(written) => template.push_any(text(node, source), &written),
                None => template.push_expression(text(node, source)),
            },
            "method_invocation" => match self.written_by_call(node, depth) {
                Some(written) => template.push_any(text(node, source), &written),
                None => template.push_expression(text(node, source)),
            },
            "ternary_expression" if depth < 20 && has_text(node, source) => {
                let branch = |name: &'static str| {
                    move |template: &mut Alternatives| {
                        if let Some(side) = node.child_by_field_name(name) {
                            self.write(side, template, depth + 1);
                        }
                    }
                };
                let (mut yes, mut no) = (branch("consequence"), branch("alternative"));
                template.fork(text(node, source), [&mut yes, &mut no]);
            }
            _ => template.push_expression(text(node, source)),
        }
    }

    /// A variable by what it was given before.
    fn write_variable(self, node: Node<'_>, template: &mut Alternatives, depth: usize) {
        let functions = ["method_declaration", "constructor_declaration"];
        let values = assigned(node, &functions, self.source);
        if let [(value, false)] = values.as_slice()
            && is_new_builder(*value, self.source)
        {
            self.write_builder(node, *value, template, depth);
            return;
        }
        write_assigned(node, &values, self.source, template, |value, out| {
            self.write(value, out, depth + 10);
        });
    }

    /// `String.format(…)`, `"…".formatted(…)`, `builder.toString()`.
    fn written_by_call(self, node: Node<'_>, depth: usize) -> Option<Alternatives> {
        let object = node.child_by_field_name("object")?;
        let list = node.child_by_field_name("arguments")?;
        match (text(object, self.source), part(node, "name", self.source)?) {
            ("String" | "MessageFormat", "format") => self.formatted(&arguments(list)),
            ("String" | "Objects", "valueOf" | "toString") if depth < 20 => {
                let mut written = Alternatives::new();
                self.write(*arguments(list).first()?, &mut written, depth + 1);
                written.has_text().then_some(written)
            }
            (_, "concat") if depth < 20 => {
                let mut written = Alternatives::new();
                self.write(object, &mut written, depth + 1);
                self.write(*arguments(list).first()?, &mut written, depth + 1);
                written.has_text().then_some(written)
            }
            (_, "getString" | "getMessage" | "getText" | "getFormattedMessage") => {
                self.bundle_text_of(&arguments(list))
            }
            (_, "formatted") => {
                let mut all = vec![object];
                all.extend(arguments(list));
                self.formatted(&all)
            }
            (_, "toString") if depth < 20 && object.kind() == "identifier" => {
                let mut written = Alternatives::new();
                self.write(object, &mut written, depth + 1);
                written.has_text().then_some(written)
            }
            _ => None,
        }
    }

    /// `new ParameterizedMessage("{} of {}", a, b)` of log4j 2 and its relatives.
    fn written_by_object(self, node: Node<'_>) -> Option<Alternatives> {
        let list = arguments(node.child_by_field_name("arguments")?);
        let class = part(node, "type", self.source)?;
        match class.rsplit('.').next()? {
            "ParameterizedMessage" | "SimpleMessage" => {
                let (format, values) = list.split_first()?;
                let values: Vec<Argument> =
                    values.iter().map(|node| self.argument(*node)).collect();
                let format = self.message(*format);
                Some(format.map(|format| with_braces(&format, &values)))
            }
            "FormattedMessage" | "StringFormattedMessage" | "MessageFormatMessage" => {
                self.formatted(&list)
            }
            _ => None,
        }
    }

    /// `strings.getString("key", a, b)`: the text that a resource bundle has for the key.
    fn bundle_text_of(self, list: &[Node<'_>]) -> Option<Alternatives> {
        let (key, values) = list.split_first()?;
        let key = self.message(*key);
        let key = key.single().filter(|key| !key.has_variables())?;
        let format = self.all.bundle_text(self.package, &key.to_string())?;
        if values.is_empty() {
            return Some(Alternatives::from(plain(format)));
        }
        let values: Vec<Argument> = values.iter().map(|node| self.argument(*node)).collect();
        let format = super::java_names::without_quotes(format);
        Some(Alternatives::from(super::placeholder::braces(
            &format, &values,
        )))
    }

    /// A `StringBuilder`: what it starts with, what is appended, and what is put in front; what only may be appended is a
    /// variable.
    fn write_builder(
        self,
        node: Node<'_>,
        created: Node<'_>,
        template: &mut Alternatives,
        depth: usize,
    ) {
        let source = self.source;
        let name = text(node, source);
        let mut built = Alternatives::new();
        let start = created.child_by_field_name("arguments");
        if let Some(start) = start.and_then(|list| list.named_child(0))
            && has_text(start, source)
        {
            self.write(start, &mut built, depth + 10);
        }
        let declared_in = block_of(created).map(|block| block.id());
        let functions = ["method_declaration", "constructor_declaration"];
        let changes = assignments(node, &functions, |found| {
            let is_change =
                found.kind() == "method_invocation" && builder_name(found, source) == Some(name);
            let list = is_change.then(|| found.child_by_field_name("arguments"))??;
            match part(found, "name", source)? {
                "append" => Some((list.named_child(0)?, true)),
                "insert" if text(list.named_child(0)?, source) == "0" => {
                    Some((list.named_child(1)?, true))
                }
                _ => None,
            }
        });
        // Of a chain of calls the last is met first.
        let mut changes: Vec<Node<'_>> = changes.into_iter().map(|(value, _)| value).collect();
        changes.sort_by_key(Node::start_byte);
        for value in changes {
            // `insert(0, value)` has something before the value.
            let is_appended = value.prev_named_sibling().is_none();
            let block = block_of(value);
            let is_at_once = block.map(|block| block.id()) == declared_in;
            // A block around the text is run to there, but what was done before, in a loop, is not known.
            let is_around = block.is_some_and(|block| node.end_byte() <= block.end_byte());
            let mut written = Alternatives::new();
            if is_at_once || is_around {
                self.write(value, &mut written, depth + 10);
            } else {
                written.push_expression(text(value, source));
            }
            if is_appended {
                if !is_at_once && is_around {
                    built.push_expression(name);
                }
                built.push_any(text(value, source), &written);
            } else {
                written.push_any(name, &built);
                built = written;
            }
        }
        template.push_any(name, &built);
    }

    /// A format and its values, in the dialect of `String.format` or of `MessageFormat`.
    pub(super) fn formatted(self, arguments: &[Node<'_>]) -> Option<Alternatives> {
        let (format, values) = arguments.split_first()?;
        let format = self.message(*format);
        let values: Vec<Argument> = values.iter().map(|node| self.argument(*node)).collect();
        Some(format.map(|format| match format.parts() {
            [Part::Text(format)] if format.contains("{0") => {
                super::placeholder::braces(format, &values)
            }
            [Part::Text(format)] => percent(format, &values),
            _ => format,
        }))
    }
}

pub(super) fn plain(text: &str) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    template.push_text(text);
    template
}

/// The placeholders of a text, even of one that was put together: `"a {}" + " b"`.
pub(super) fn with_braces(template: &MessageTemplate, values: &[Argument]) -> MessageTemplate {
    let mut out = MessageTemplate::default();
    let mut n_placed = 0;
    for part in template.parts() {
        match part {
            Part::Text(text) if n_placed == 0 && !values.is_empty() && text.contains("{0}") => {
                out.push_template(&super::placeholder::braces(text, values));
            }
            Part::Text(text) => {
                let rest = values.get(n_placed..).unwrap_or_default();
                out.push_template(&empty_braces(text, rest));
                n_placed += text.matches("{}").count();
            }
            Part::Variable(name) => out.push_variable(name.as_deref()),
        }
    }
    out
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

/// What a variable was given before.
fn assigned<'t>(node: Node<'t>, functions: &[&str], source: &str) -> Vec<Assignment<'t>> {
    let name = text(node, source);
    assignments(node, functions, |found| match found.kind() {
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

/// Whether this is `new StringBuilder(…)`; a chain at once is not followed.
fn is_new_builder(node: Node<'_>, source: &str) -> bool {
    node.kind() == "object_creation_expression"
        && matches!(
            part(node, "type", source),
            Some("StringBuilder" | "StringBuffer")
        )
}

/// The variable at the start of `builder.append(…).append(…)`.
fn builder_name<'s>(mut node: Node<'_>, source: &'s str) -> Option<&'s str> {
    while node.kind() == "method_invocation" {
        node = node.child_by_field_name("object")?;
    }
    (node.kind() == "identifier").then(|| text(node, source))
}

/// The block that a node stands in, where every statement is run once.
fn block_of(mut node: Node<'_>) -> Option<Node<'_>> {
    while let Some(above) = node.parent() {
        node = above;
        match node.kind() {
            "block" | "constructor_body" => return Some(node),
            "if_statement"
            | "for_statement"
            | "enhanced_for_statement"
            | "while_statement"
            | "ternary_expression"
            | "lambda_expression" => return None,
            _ => {}
        }
    }
    None
}
