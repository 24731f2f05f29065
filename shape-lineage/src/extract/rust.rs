//! Log statements in Rust.

use shape_telemetry::Level;

use super::{
    CallLevel, Extraction, MacroBook, RawStatement, RawSymbol, RawTarget, level_of_name,
    rust_arguments::{BareName, LogArguments, call_arguments, log_arguments, resolve_lines, split},
    rust_items::{is_test_attribute, item},
    rust_macros::{definition, is_standard},
    rust_tokens::{Token, TokenKind, token_trees},
};
use crate::{MessageTemplate, StatementKind};

/// The log statements and functions of a Rust file.
pub(super) fn extract(source: &str, macros: &MacroBook) -> Extraction {
    let tokens = token_trees(source);
    let mut walk = Walk {
        source,
        macros,
        has_tracing: source.contains("tracing"),
        found: Extraction::default(),
    };
    walk.items(&tokens, &Scope::default());
    walk.found
}

/// Where the walk stands.
#[derive(Clone, Debug, Default)]
struct Scope {
    module: String,
    /// Module and type: what a function's name is put behind.
    path: String,
    symbol: Option<usize>,
    is_test: bool,
}

impl Scope {
    fn within(&self, name: &str) -> Self {
        Self {
            path: join(&self.path, name),
            ..self.clone()
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}::{name}")
    }
}

struct Walk<'a> {
    source: &'a str,
    macros: &'a MacroBook,
    has_tracing: bool,
    found: Extraction,
}

impl Walk<'_> {
    fn items(&mut self, tokens: &[Token<'_>], scope: &Scope) {
        let mut at = 0;
        let mut is_test_item = false;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at..];
            if definition(rest).is_some() {
                at += 4;
                continue;
            }
            match &token.kind {
                TokenKind::Punct(b'#') => {
                    is_test_item |= rest.get(1).is_some_and(is_test_attribute);
                }
                TokenKind::Punct(b';') => is_test_item = false,
                TokenKind::Ident("fn" | "mod" | "trait" | "impl")
                    if let Some((body_idx, name)) = item(tokens, at) =>
                {
                    let body = &tokens[body_idx];
                    let mut inner = scope.within(&name);
                    inner.is_test |= is_test_item;
                    match token.ident() {
                        Some("fn") => {
                            inner.symbol = Some(self.found.symbols.len());
                            self.found.symbols.push(RawSymbol {
                                name: inner.path.clone(),
                                start: token.start,
                                end: body.end,
                            });
                        }
                        Some("mod") => inner.module = join(&scope.module, &name),
                        _ => {}
                    }
                    self.items(body.any_group().unwrap_or_default(), &inner);
                    is_test_item = false;
                    at = body_idx;
                }
                TokenKind::Ident(name) => self.call(tokens, at, name, scope),
                TokenKind::Group(_, inner) => {
                    let inner_scope = Scope {
                        is_test: scope.is_test || is_test_item,
                        ..scope.clone()
                    };
                    self.items(inner, &inner_scope);
                    if token.group(b'{').is_some() {
                        is_test_item = false;
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// A macro or function call at `tokens[at]`, if it is one that writes.
    fn call(&mut self, tokens: &[Token<'_>], at: usize, name: &str, scope: &Scope) {
        match &tokens[at + 1..] {
            [bang, group, ..] if bang.is_punct(b'!') => {
                if let Some(arguments) = group.any_group() {
                    let (start, qualifier) = path_start(tokens, at);
                    let call = MacroCall {
                        name,
                        qualifier,
                        arguments,
                        start,
                        end: group.end,
                    };
                    self.macro_call(&call, scope);
                }
            }
            [group, ..] if at != 0 => {
                if let Some(arguments) = group.group(b'(')
                    && (level_of_name(name).is_some() || name == "log")
                    && receiver_logs(tokens, at)
                {
                    let read = call_arguments(self.source, arguments);
                    let level = level_of_name(name).or(read.level);
                    let start = path_start(tokens, at).0;
                    self.push(
                        scope,
                        start,
                        group.end,
                        StatementKind::Log,
                        level,
                        read,
                        RawTarget::Unknown,
                    );
                }
            }
            _ => {}
        }
    }

    fn macro_call(&mut self, call: &MacroCall<'_, '_>, scope: &Scope) {
        let is_own =
            self.macros.is_defined(call.name) && !matches!(call.qualifier, Some("log" | "tracing"));
        if is_standard(call.name) && !is_own {
            let has_fields = call.qualifier == Some("tracing")
                || call.qualifier != Some("log") && self.has_tracing;
            let mut read = log_arguments(
                self.source,
                call.arguments,
                match level_of_name(call.name) {
                    None => BareName::Level,
                    Some(_) if has_fields => BareName::Field,
                    Some(_) => BareName::Logger,
                },
            );
            let level = level_of_name(call.name).or(read.level);
            let target = read.target.take().unwrap_or(
                if read.has_leading && level_of_name(call.name).is_some()
                    || call.qualifier == Some("slog")
                {
                    RawTarget::Unknown
                } else {
                    RawTarget::Module
                },
            );
            self.push(
                scope,
                call.start,
                call.end,
                StatementKind::Log,
                level,
                read,
                target,
            );
        } else if let Some(wrapper) = self.macros.wrapper(call.name) {
            let default_target = if wrapper.has_module_target {
                RawTarget::Module
            } else {
                RawTarget::Unknown
            };
            for own in &wrapper.own {
                let mut read = own.clone();
                let target = read.target.take().unwrap_or(default_target.clone());
                self.push(
                    scope,
                    call.start,
                    call.end,
                    StatementKind::Log,
                    own.level,
                    read,
                    target,
                );
            }
            if wrapper.forwards {
                let bare_name = if wrapper.has_module_target && self.has_tracing {
                    BareName::Field
                } else {
                    BareName::Logger
                };
                let mut read = log_arguments(self.source, call.arguments, bare_name);
                let level = read.level.or(wrapper.level);
                let target = read.target.take().unwrap_or(default_target);
                if read.message.is_some() {
                    self.push(
                        scope,
                        call.start,
                        call.end,
                        StatementKind::Log,
                        level,
                        read,
                        target,
                    );
                }
            }
        } else if let Some(level) = level_by_convention(call.name) {
            let mut read = log_arguments(self.source, call.arguments, BareName::Logger);
            let level = level.named().or(read.level);
            let target = read.target.take().unwrap_or(RawTarget::Unknown);
            if read.message.is_some() {
                self.push(
                    scope,
                    call.start,
                    call.end,
                    StatementKind::Log,
                    level,
                    read,
                    target,
                );
            }
        } else {
            self.other_macro(call, scope);
        }
    }

    fn other_macro(&mut self, call: &MacroCall<'_, '_>, scope: &Scope) {
        let (kind, prefix, n_before) = match call.name {
            "println" | "eprintln" | "print" | "eprint" => (StatementKind::Print, "", 0),
            "panic" => (StatementKind::Panic, "", 0),
            "unreachable" => (
                StatementKind::Panic,
                "internal error: entered unreachable code: ",
                0,
            ),
            "todo" => (StatementKind::Panic, "not yet implemented: ", 0),
            "unimplemented" => (StatementKind::Panic, "not implemented: ", 0),
            "assert" | "debug_assert" => (StatementKind::Panic, "", 1),
            _ => return,
        };
        let tokens = match split(call.arguments).get(n_before) {
            Some(piece) => piece.tokens,
            None => return,
        };
        let Some(first) = tokens.first() else { return };
        let skipped = call
            .arguments
            .iter()
            .position(|token| token.start == first.start)
            .unwrap_or_default();
        let mut read = log_arguments(self.source, &call.arguments[skipped..], BareName::Logger);
        let Some(message) = read.message.take() else {
            return;
        };
        let mut whole = MessageTemplate::default();
        whole.push_text(prefix);
        whole.push_template(&message);
        read.message = Some(whole);
        read.fields.clear();
        self.push(
            scope,
            call.start,
            call.end,
            kind,
            None,
            read,
            RawTarget::Unknown,
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "private, and each is a different thing"
    )]
    fn push(
        &mut self,
        scope: &Scope,
        start: usize,
        end: usize,
        kind: StatementKind,
        level: Option<Level>,
        read: LogArguments,
        target: RawTarget,
    ) {
        if read.message.is_none() && read.fields.is_empty() {
            return;
        }
        let mut message = read.message.unwrap_or_default();
        if message.texts().any(|text| text.contains('\0')) {
            let line_of = |offset: Option<usize>| {
                let before = &self.source.as_bytes()[..offset.unwrap_or(start)];
                memchr::memchr_iter(b'\n', before).count() + 1
            };
            message = resolve_lines(&message, Some(&line_of));
        }
        self.found.statements.push(RawStatement {
            block: None,
            beneath: None,
            start,
            end,
            kind,
            level,
            message,
            fields: read.fields,
            target,
            module: scope.module.clone(),
            symbol: scope.symbol,
            is_test: scope.is_test,
            wrapper: None,
        });
    }
}

struct MacroCall<'t, 's> {
    name: &'t str,
    qualifier: Option<&'s str>,
    arguments: &'t [Token<'s>],
    start: usize,
    end: usize,
}

/// The start of `a::b::name` or `a.b.name` that ends at `tokens[at]`, and what stands before `name`.
fn path_start<'s>(tokens: &[Token<'s>], at: usize) -> (usize, Option<&'s str>) {
    let mut start_idx = at;
    let mut qualifier = None;
    loop {
        let before = &tokens[..start_idx];
        let step = match before {
            [.., name, colon, second] if colon.is_punct(b':') && second.is_punct(b':') => {
                name.ident().map(|name| (name, 3))
            }
            [.., name, dot] if dot.is_punct(b'.') => name.ident().map(|name| (name, 2)),
            _ => None,
        };
        let Some((name, n_tokens)) = step else { break };
        qualifier = qualifier.or(Some(name));
        start_idx -= n_tokens;
    }
    (tokens[start_idx].start, qualifier)
}

/// Whether the call at `tokens[at]` is on something named like a logger: `self.log.warn(…)`, `logger().warn(…)`.
fn receiver_logs(tokens: &[Token<'_>], at: usize) -> bool {
    let named = |token: Option<&Token<'_>>| {
        token
            .and_then(Token::ident)
            .is_some_and(|name| name.to_ascii_lowercase().contains("log"))
    };
    match &tokens[..at] {
        [.., colon, second] if colon.is_punct(b':') && second.is_punct(b':') => {
            named(at.checked_sub(3).and_then(|idx| tokens.get(idx)))
        }
        [.., dot] if dot.is_punct(b'.') => {
            let receiver = at.checked_sub(2).and_then(|idx| tokens.get(idx));
            let is_call = receiver.is_some_and(|token| token.group(b'(').is_some());
            named(receiver) || is_call && named(at.checked_sub(3).and_then(|idx| tokens.get(idx)))
        }
        _ => false,
    }
}

/// Where macros named by convention say their level: `warn_once!`, `log_error!`, `critical!`.
fn level_by_convention(name: &str) -> Option<CallLevel> {
    const OTHERS: &[&str] = &[
        "event",
        "every",
        "kv",
        "limit",
        "limited",
        "log",
        "n",
        "once",
        "rate",
        "sampled",
        "slog",
        "throttled",
    ];
    if matches!(name, "log" | "slog" | "log_event" | "event") {
        return Some(CallLevel::InArguments);
    }
    if matches!(name, "config" | "fine" | "finer" | "verbose") {
        return None;
    }
    let is_named_so = name
        .split('_')
        .all(|word| level_of_name(word).is_some() || OTHERS.contains(&word));
    let level = name.split('_').find_map(level_of_name)?;
    is_named_so.then_some(CallLevel::Named(level))
}
