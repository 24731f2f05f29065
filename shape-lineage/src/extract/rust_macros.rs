//! Macros that wrap log macros, learned from their `macro_rules!` bodies.

use std::collections::{BTreeMap, BTreeSet};

use shape_telemetry::Level;

use super::{
    level_of_name,
    rust_arguments::{BareName, LogArguments, log_arguments, resolve_lines},
    rust_tokens::{Token, TokenKind, token_trees},
};

/// What the macros of a crate are known to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct MacroBook {
    /// Macros that log, by name.
    wrappers: BTreeMap<String, Wrapper>,
    /// All macros that the crate defines.
    defined: BTreeSet<String>,
}

/// A macro whose body calls a log macro.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrapper {
    /// The level, if all calls in the body agree.
    pub(crate) level: Option<Level>,
    /// Whether the caller's arguments are the log macro's.
    pub(crate) forwards: bool,
    /// Whether the records carry the caller's module, as those of `log` and `tracing` do.
    pub(crate) has_module_target: bool,
    /// Calls in the body that bring their own text.
    pub(super) own: Vec<LogArguments>,
}

impl MacroBook {
    /// Reads the macro definitions of files that belong to one crate.
    pub(crate) fn learn<'s>(sources: impl IntoIterator<Item = &'s str>) -> Self {
        let mut book = Self::default();
        let trees: Vec<(&str, Vec<Token<'_>>)> = sources
            .into_iter()
            .filter(|source| source.contains("macro_rules!"))
            .map(|source| (source, token_trees(source)))
            .collect();
        for (_, tokens) in &trees {
            book.define(tokens);
        }
        // A wrapper may wrap a wrapper; three levels are more than seen in practice.
        for _ in 0..3 {
            let n_known = book.wrappers.len();
            for (source, tokens) in &trees {
                book.read(source, tokens);
            }
            if book.wrappers.len() == n_known {
                break;
            }
        }
        book
    }

    pub(crate) fn wrapper(&self, name: &str) -> Option<&Wrapper> {
        self.wrappers.get(name)
    }

    pub(crate) fn is_defined(&self, name: &str) -> bool {
        self.defined.contains(name)
    }

    fn define(&mut self, tokens: &[Token<'_>]) {
        for (token_idx, token) in tokens.iter().enumerate() {
            if let Some((name, _)) = definition(&tokens[token_idx..]) {
                self.defined.insert(name.to_owned());
            } else if let Some(inner) = token.any_group() {
                self.define(inner);
            }
        }
    }

    fn read(&mut self, source: &str, tokens: &[Token<'_>]) {
        for (token_idx, token) in tokens.iter().enumerate() {
            if let Some((name, body)) = definition(&tokens[token_idx..]) {
                if !self.wrappers.contains_key(name) {
                    let mut calls = Vec::new();
                    self.calls(source, body, &mut calls);
                    if let Some(wrapper) = wrapper_of(calls) {
                        self.wrappers.insert(name.to_owned(), wrapper);
                    }
                }
            } else if let Some(inner) = token.any_group() {
                self.read(source, inner);
            }
        }
    }

    /// The calls of log macros in a macro's body.
    fn calls(&self, source: &str, tokens: &[Token<'_>], found: &mut Vec<Call>) {
        for (token_idx, token) in tokens.iter().enumerate() {
            if let [name, bang, group, ..] = &tokens[token_idx..]
                && bang.is_punct(b'!')
                && let (Some(name), Some(inner)) = (name.ident(), group.any_group())
            {
                let wrapped = self.wrappers.get(name);
                let is_qualified = tokens[..token_idx]
                    .iter()
                    .rev()
                    .take(3)
                    .any(|token| matches!(token.ident(), Some("log" | "tracing")));
                let is_library = is_standard(name) && (is_qualified || !self.is_defined(name));
                if is_library || wrapped.is_some() {
                    let mut read = log_arguments(source, inner, BareName::Field);
                    read.message = read.message.map(|message| resolve_lines(&message, None));
                    let level = level_of_name(name)
                        .or(read.level)
                        .or_else(|| wrapped.and_then(|wrapped| wrapped.level));
                    found.push(Call {
                        level,
                        forwards: forwards(inner),
                        has_module_target: wrapped.map_or(is_library, |w| w.has_module_target),
                        read,
                    });
                }
            }
            if let Some(inner) = token.any_group() {
                self.calls(source, inner, found);
            }
        }
    }
}

struct Call {
    level: Option<Level>,
    forwards: bool,
    has_module_target: bool,
    read: LogArguments,
}

fn wrapper_of(calls: Vec<Call>) -> Option<Wrapper> {
    let mut wrapper = Wrapper {
        level: calls.first()?.level,
        has_module_target: calls.iter().all(|call| call.has_module_target),
        ..Wrapper::default()
    };
    for call in calls {
        if call.level != wrapper.level {
            wrapper.level = None;
        }
        if call
            .read
            .message
            .as_ref()
            .is_some_and(|message| 0 < message.literal_chars())
        {
            let mut own = call.read;
            own.level = call.level;
            wrapper.own.push(own);
        } else {
            wrapper.forwards |= call.forwards;
        }
    }
    (wrapper.forwards || !wrapper.own.is_empty()).then_some(wrapper)
}

/// `macro_rules! name { … }` at the start of `tokens`.
pub(super) fn definition<'t, 's>(tokens: &'t [Token<'s>]) -> Option<(&'s str, &'t [Token<'s>])> {
    let [keyword, bang, name, body, ..] = tokens else {
        return None;
    };
    if keyword.ident() != Some("macro_rules") || !bang.is_punct(b'!') {
        return None;
    }
    Some((name.ident()?, body.any_group()?))
}

/// The macros of `log` and `tracing`.
pub(super) fn is_standard(name: &str) -> bool {
    matches!(
        name,
        "trace" | "debug" | "info" | "warn" | "error" | "log" | "event"
    )
}

/// Whether `$($rest)*` or a `$fmt` stands at the top of the arguments.
fn forwards(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(token_idx, token)| {
        token.is_punct(b'$')
            && tokens.get(token_idx + 1).is_some_and(|next| {
                matches!(next.kind, TokenKind::Group(b'(', _) | TokenKind::Ident(_))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_learned() {
        let book = MacroBook::learn([r#"
            macro_rules! trace_once { ($($t:tt)*) => { ONCE.call_once(|| log::trace!($($t)*)) } }
            macro_rules! twice { ($($t:tt)*) => { trace_once!($($t)*); trace_once!($($t)*) } }
            macro_rules! rejected { ($e:expr) => { tracing::warn!(error = %$e, "rejected the {}", $e) } }
            macro_rules! noise { () => { println!("x") } }
        "#]);
        assert_eq!(
            book.wrapper("trace_once").and_then(|w| w.level),
            Some(Level::Trace)
        );
        assert!(book.wrapper("twice").is_some_and(|w| w.forwards));
        let own = &book.wrapper("rejected").unwrap().own;
        assert_eq!(
            own[0].message.as_ref().unwrap().to_string(),
            "rejected the <*>"
        );
        assert!(book.wrapper("noise").is_none());
        assert!(book.is_defined("noise"));
    }
}
