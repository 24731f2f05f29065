//! What the grammars of tree-sitter have in common.

use tree_sitter::{Language, Node, Parser, Tree};

pub(super) use super::alternatives::Alternatives;
use super::{
    Beneath, Block, CallLevel, Extraction, RawStatement, RawSymbol, RawTarget, RawWrapper,
    WrapperCall, level_of_name, with_logger,
};
use crate::{Field, MessageTemplate, StatementKind};

/// Syntax nested deeper than this is not looked into, so that hostile input can not exhaust the stack.
const MAX_DEPTH: usize = 200;

pub(super) fn parse(language: &Language, source: &str) -> Result<Tree, String> {
    let mut parser = Parser::new();
    parser
        .set_language(language)
        .map_err(|error| format!("grammar does not fit: {error}"))?;
    parser
        .parse(source, None)
        .ok_or_else(|| "the parser gave up".to_owned())
}

/// What a language adds to the common walk.
pub(super) trait Dialect {
    /// The name that a class, function or module adds to the path of what lies inside, and whether it is a function.
    fn scope<'s>(&self, node: Node<'_>, source: &'s str) -> Option<(&'s str, bool)>;

    /// The log statement that a node is.
    fn statement(&self, node: Node<'_>, source: &str) -> Option<Found>;

    /// Whether a scope of this name holds tests.
    fn is_test(&self, name: &str) -> bool;

    /// Whether a scope says so itself.
    fn is_for_tests(&self, _scope: Node<'_>, _source: &str) -> bool {
        false
    }
}

/// A log statement without its place.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a call, most of them of one language"
)]
pub(super) struct Found {
    pub(super) kind: StatementKind,
    pub(super) level: Option<shape_telemetry::Level>,
    pub(super) message: Alternatives,
    pub(super) fields: Vec<Field>,
    pub(super) target: RawTarget,
    pub(super) wrapper: Option<WrapperCall>,
    /// The parameter of the enclosing function that the text is, or is a part of.
    pub(super) forwards: Option<String>,
    /// The name by which calls of this wrapper know it, if that is not the function's.
    pub(super) wraps_as: Option<&'static str>,
    /// Whether the logger is one that the enclosing function was given: what it writes is its callers'.
    pub(super) is_given_logger: bool,
    /// The number of parameters of the enclosing function, where functions of one name differ by that.
    pub(super) n_parameters: Option<usize>,
    /// Which stack traces may stand beneath its records, where that is known.
    pub(super) beneath: Option<Beneath>,
    /// The parameter of the enclosing function that must be `null` for this to be run, or must not be.
    pub(super) only_if: Option<(usize, bool)>,
    /// Whether the text that the function is given is a format as `String.format` takes it.
    pub(super) formats: bool,
    /// Whether it logs by `java.util.logging`.
    pub(super) is_of_jul: bool,
    /// Whether a function that calls a wrapper is one itself.
    pub(super) is_chained: bool,
    /// Whether the call only hands on what its function was given: it says nothing by itself.
    pub(super) only_forwards: bool,
    /// Where the call starts, if that is not where the expression does.
    pub(super) start: Option<usize>,
}

impl Found {
    pub(super) fn new(
        kind: StatementKind,
        level: Option<shape_telemetry::Level>,
        message: Alternatives,
    ) -> Self {
        Self {
            kind,
            level,
            message,
            fields: Vec::new(),
            target: RawTarget::Unknown,
            wrapper: None,
            forwards: None,
            wraps_as: None,
            is_given_logger: false,
            n_parameters: None,
            beneath: None,
            only_if: None,
            formats: false,
            is_of_jul: false,
            is_chained: false,
            only_forwards: false,
            start: None,
        }
    }
}

/// Where the walk stands.
#[derive(Clone, Debug, Default)]
struct Scope {
    module: String,
    path: String,
    symbol: Option<usize>,
    is_test: bool,
    /// The start of the block whose statements are run one after the other.
    block: usize,
}

/// What a node does to the order in which statements are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Its parts are run one after the other.
    Goes,
    /// Its parts are run or not, or another time.
    Chooses,
    /// What comes behind it may not be run next.
    Leaves,
}

impl Flow {
    /// By the names that the grammars give to nodes.
    fn of(kind: &str) -> Self {
        const CHOICES: [&str; 28] = [
            "if_",
            "else",
            "elif",
            "for_",
            "enhanced_for",
            "while",
            "do_",
            "switch",
            "case",
            "catch",
            "except",
            "finally",
            "lambda",
            "arrow_function",
            "function_",
            "func_literal",
            "method_decl",
            "method_definition",
            "constructor_decl",
            "class_",
            "ternary",
            "conditional",
            "match",
            "when",
            "select",
            "communication",
            "default_case",
            "generator_function",
        ];
        match kind {
            "return_statement" | "break_statement" | "continue_statement" | "throw_statement"
            | "raise_statement" | "goto_statement" | "await" | "await_expression" | "yield"
            | "yield_expression" | "jump_expression" | "go_statement" | "defer_statement" => {
                Self::Leaves
            }
            _ if CHOICES.iter().any(|choice| kind.starts_with(choice)) => Self::Chooses,
            _ => Self::Goes,
        }
    }
}

pub(super) fn walk(
    language: &Language,
    source: &str,
    package: &str,
    dialect: &impl Dialect,
) -> Extraction {
    match parse(language, source) {
        Ok(tree) => walk_tree(&tree, source, package, dialect),
        Err(problem) => Extraction {
            problem: Some(problem),
            ..Extraction::default()
        },
    }
}

pub(super) fn walk_tree(
    tree: &Tree,
    source: &str,
    package: &str,
    dialect: &impl Dialect,
) -> Extraction {
    let mut extraction = Extraction::default();
    let scope = Scope {
        module: package.to_owned(),
        path: package.to_owned(),
        ..Scope::default()
    };
    // Depth first with a stack of our own.
    let mut open = vec![(tree.root_node(), scope, 0_usize)];
    let mut n_exits = 0;
    while let Some((node, scope, depth)) = open.pop() {
        let mut inner = scope;
        if let Some((name, is_function)) = dialect.scope(node, source) {
            if !inner.path.is_empty() {
                inner.path.push('.');
            }
            inner.path.push_str(name);
            inner.is_test |= dialect.is_test(name) || dialect.is_for_tests(node, source);
            if is_function {
                inner.symbol = Some(extraction.symbols.len());
                extraction.symbols.push(RawSymbol {
                    name: inner.path.clone(),
                    start: node.start_byte(),
                    end: node.end_byte(),
                });
            } else {
                inner.module.clone_from(&inner.path);
            }
        }
        if let Some(found) = dialect.statement(node, source) {
            let block = Block {
                start: inner.block,
                n_exits,
            };
            add(&mut extraction, found, node, &inner, block);
        }
        let flow = Flow::of(node.kind());
        if flow == Flow::Leaves {
            n_exits += 1;
        }
        if depth < MAX_DEPTH {
            let mut cursor = node.walk();
            let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
            open.extend(children.into_iter().rev().map(|child| {
                let mut scope = inner.clone();
                if flow == Flow::Chooses {
                    scope.block = child.start_byte();
                }
                (child, scope, depth + 1)
            }));
        }
    }
    extraction
}

/// Adds a statement and the wrapper that it makes of its function.
fn add(extraction: &mut Extraction, mut found: Found, node: Node<'_>, scope: &Scope, block: Block) {
    let start = found.start.unwrap_or(node.start_byte());
    if let Some(class) = found.wrapper.as_mut().and_then(|call| call.class.as_mut()) {
        class.clone_from(&scope.module);
    }
    let symbol = scope.symbol.and_then(|idx| extraction.symbols.get(idx));
    if let Some(symbol) = symbol {
        let name = symbol.name.rsplit('.').next().unwrap_or_default();
        let define = |name, before, after| RawWrapper {
            name,
            class: scope.module.clone(),
            start,
            level: found.level,
            before,
            after,
            n_parameters: found.n_parameters,
            only_if: found.only_if,
            formats: found.formats,
            is_of_jul: found.is_of_jul,
            via: found.wrapper.clone().filter(|_| found.is_chained),
        };
        if let Some(parameter) = &found.forwards {
            let (before, after) = found.message.around(parameter).unwrap_or_default();
            let name = found.wraps_as.unwrap_or(name).to_owned();
            extraction.wrappers.push(define(name, before, after));
        }
        if found.is_given_logger {
            let written = found.message.single().cloned().unwrap_or_default();
            let name = with_logger(name);
            extraction
                .wrappers
                .push(define(name, written, MessageTemplate::default()));
        }
    }
    if found.only_forwards {
        return;
    }
    for message in found.message.0 {
        if message.is_empty() && found.fields.is_empty() {
            continue;
        }
        extraction.statements.push(RawStatement {
            block: Some(block),
            start,
            end: node.end_byte(),
            kind: found.kind,
            level: found.level,
            message,
            fields: found.fields.clone(),
            target: found.target.clone(),
            module: scope.module.clone(),
            symbol: scope.symbol,
            is_test: scope.is_test,
            wrapper: found.wrapper.clone(),
            beneath: found.beneath.clone(),
        });
    }
}

pub(super) fn text<'s>(node: Node<'_>, source: &'s str) -> &'s str {
    source.get(node.byte_range()).unwrap_or_default()
}

/// A part of a node by the name that the grammar gives it.
pub(super) fn part<'s>(node: Node<'_>, name: &str, source: &'s str) -> Option<&'s str> {
    node.child_by_field_name(name)
        .map(|child| text(child, source))
}

/// What gives a variable its value: the expression, and whether it goes at the end of the value before.
pub(super) type Assignment<'t> = (Node<'t>, bool);

/// The assignments before `node` in the function that it is in, in order.
pub(super) fn assignments<'t>(
    node: Node<'t>,
    functions: &[&str],
    is_assignment: impl Fn(Node<'t>) -> Option<Assignment<'t>>,
) -> Vec<Assignment<'t>> {
    let mut function = node;
    while !functions.contains(&function.kind()) {
        let Some(above) = function.parent() else {
            return Vec::new();
        };
        function = above;
    }
    let mut found = Vec::new();
    let mut open = vec![function];
    while let Some(here) = open.pop() {
        if node.start_byte() <= here.start_byte() {
            continue;
        }
        found.extend(is_assignment(here));
        let mut cursor = here.walk();
        let children: Vec<Node<'t>> = here.named_children(&mut cursor).collect();
        open.extend(children.into_iter().rev());
    }
    // The text of an assignment that holds the node is not its value yet.
    found.retain(|(value, _)| value.end_byte() <= node.start_byte());
    // What is assigned in a block around the node, on every way to it, makes those before it forgotten.
    let is_certain = |(value, is_appended): &Assignment<'t>| {
        let block = block_around(*value);
        !is_appended && block.is_some_and(|block| node.end_byte() <= block.end_byte())
    };
    if let Some(last) = found.iter().rposition(is_certain) {
        found.drain(..last);
    }
    found
}

fn block_around(mut node: Node<'_>) -> Option<Node<'_>> {
    const BLOCKS: [&str; 6] = [
        "block",
        "constructor_body",
        "module",
        "program",
        "statement_block",
        "class_body",
    ];
    while !BLOCKS.contains(&node.kind()) {
        node = node.parent()?;
    }
    Some(node)
}

/// Writes a variable as the texts that it was given, if there are any.
pub(super) fn write_assigned<'t>(
    node: Node<'t>,
    assignments: &[Assignment<'t>],
    source: &str,
    template: &mut Alternatives,
    write: impl Fn(Node<'t>, &mut Alternatives),
) {
    let has_text = |(value, _): &Assignment<'t>| text(*value, source).contains(['"', '\'']);
    let name = text(node, source);
    if !assignments.iter().any(has_text) {
        template.push_expression(name);
        return;
    }
    let mut values: Option<Alternatives> = None;
    for (value, is_appended) in assignments {
        let mut written = Alternatives::new();
        write(*value, &mut written);
        match &mut values {
            Some(values) if *is_appended => {
                let mut longer = values.clone();
                longer.push_any(name, &written);
                values.or(longer);
            }
            Some(values) => values.or(written),
            None => values = Some(written),
        }
    }
    // `text = ""` only says that the variable exists.
    if let Some(mut values) = values {
        values.0.retain(|value| !value.is_empty());
        if !values.0.is_empty() {
            template.push_any(name, &values);
            return;
        }
    }
    template.push_expression(name);
}

/// Which of several names an expression writes, alone or with other text around it: `prefix + message`. What a text only
/// contains is a variable of it. `parts` says which inner expressions an expression is written from.
pub(super) fn written_name<'t, 's>(
    node: Node<'t>,
    names: &[&str],
    source: &'s str,
    parts: &dyn Fn(Node<'t>) -> Vec<Node<'t>>,
) -> Option<&'s str> {
    // Enough for what people write; hostile input is not followed to its end.
    const MAX_NODES: usize = 64;
    let mut open = vec![node];
    for _ in 0..MAX_NODES {
        let here = open.pop()?;
        let name = text(here, source);
        if here.kind() == "identifier" && names.contains(&name) {
            return Some(name);
        }
        open.extend(parts(here).into_iter().rev());
    }
    None
}

/// The arguments in a list, comments left out.
pub(super) fn arguments(list: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = list.walk();
    list.named_children(&mut cursor)
        .filter(|child| !child.kind().contains("comment"))
        .collect()
}

/// Where a method says its level, if the receiver is named like a logger.
pub(super) fn logger_level(receiver: &str, method: &str) -> Option<CallLevel> {
    let last = receiver
        .rsplit(['.', '>'])
        .next()
        .unwrap_or(receiver)
        .to_ascii_lowercase();
    let is_logger = last.contains("log") && !last.contains("dialog") && !last.contains("catalog")
        || matches!(last.as_str(), "console" | "winston" | "pino" | "bunyan");
    if !is_logger {
        return None;
    }
    match method {
        "log" => Some(CallLevel::InArguments),
        method => level_of_name(method).map(CallLevel::Named),
    }
}

/// `org.app.Failure: text`; the package may be left out.
pub(super) fn thrown(class: &str, text: &Alternatives) -> Alternatives {
    let mut head = MessageTemplate::default();
    head.push_variable(None);
    head.push_text(class);
    head.push_text(": ");
    let mut whole = Alternatives::from(head);
    whole.push_any(class, text);
    whole
}

/// Resolves the escapes that C-like languages share; `\u0041` and `\u{41}` too.
pub(super) fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('0') => text.push('\0'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('\n') | None => {}
            Some(kind @ ('x' | 'u' | 'U')) => {
                let rest = chars.as_str();
                let braced = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
                let (digits, length) = if let Some((digits, _)) = braced {
                    (digits, digits.len() + 2)
                } else {
                    let n_digits = match kind {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    (rest.get(..n_digits).unwrap_or_default(), n_digits)
                };
                match u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
                {
                    Some(c) => {
                        text.push(c);
                        chars = rest[length..].chars();
                    }
                    None => text.push(kind),
                }
            }
            Some(other) => text.push(other),
        }
    }
    text
}
