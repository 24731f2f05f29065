//! The arguments of Rust log macros.

use shape_telemetry::Level;

use super::{
    RawTarget, level_of_name,
    placeholder::{Argument, braces},
    rust_tokens::{Token, TokenKind},
};
use crate::{Field, MessageTemplate, Part};

/// Longer expressions are cut: they name a variable, they need not compile.
const MAX_EXPRESSION_CHARS: usize = 80;

/// What a log macro's arguments say.
#[derive(Clone, Debug, Default)]
pub(super) struct LogArguments {
    pub(super) message: Option<MessageTemplate>,
    pub(super) fields: Vec<Field>,
    pub(super) level: Option<Level>,
    pub(super) target: Option<RawTarget>,
    /// Something stands before the message that is neither field nor option: a logger, a level known at run time.
    pub(super) has_leading: bool,
}

/// What a bare name before the message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BareName {
    /// A field named like its variable, as in `tracing`.
    Field,
    /// A logger, as in `slog` and in most macros of people's own.
    Logger,
    /// The first is the level, the others are fields.
    Level,
}

/// Reads the arguments of `warn!(target: "x", user.id = 3, ?err, "text {} {x:.1}", a, x = b; "key" => value)`.
pub(super) fn log_arguments(
    source: &str,
    tokens: &[Token<'_>],
    bare_name: BareName,
) -> LogArguments {
    let mut read = LogArguments::default();
    let arguments = split(tokens);
    for (arg_idx, argument) in arguments.iter().enumerate() {
        let tokens = argument.tokens;
        if let Some(option) = option_value(tokens, "target") {
            read.target = Some(match option {
                [token] => match &token.kind {
                    TokenKind::Str(name) => RawTarget::Named(name.to_string()),
                    _ => RawTarget::Unknown,
                },
                _ => RawTarget::Unknown,
            });
        } else if ["name", "parent", "logger"]
            .iter()
            .any(|option| option_value(tokens, option).is_some())
        {
            read.has_leading |= option_value(tokens, "logger").is_some();
        } else if let Some(inner) = braced(tokens) {
            let inner = log_arguments(source, inner, BareName::Field);
            read.fields.extend(inner.fields);
            read.message = read.message.or(inner.message);
        } else if is_text(tokens) {
            let (formats, extra) = arguments[arg_idx + 1..].split_at(
                arguments[arg_idx + 1..]
                    .iter()
                    .position(|argument| argument.follows_semicolon)
                    .unwrap_or(arguments.len() - arg_idx - 1),
            );
            let values: Vec<Argument> = formats
                .iter()
                .filter(|argument| !argument.tokens.is_empty())
                .map(|argument| format_argument(source, argument.tokens))
                .collect();
            read.message = text_template(source, tokens, &values);
            read.fields.extend(
                extra
                    .iter()
                    .filter_map(|field| field_of(source, field.tokens, true)),
            );
            break;
        } else if let Some(level) = level_constant(tokens) {
            read.level = Some(level);
        } else if let Some(field) = field_of(source, tokens, false) {
            if field.name == "message" {
                read.message = message_field(source, tokens);
            } else {
                read.fields.push(field);
            }
        } else if let Some(name) = plain_path(source, tokens) {
            let is_field = match bare_name {
                BareName::Field => !name.to_ascii_lowercase().contains("log"),
                BareName::Level => read.level.is_some() || read.has_leading,
                BareName::Logger => false,
            };
            if is_field {
                read.fields.push(Field {
                    name,
                    constant: None,
                    is_optional: false,
                });
            } else {
                read.has_leading = true;
            }
        } else if !tokens.is_empty() {
            read.has_leading = true;
        }
    }
    read
}

/// The first text among the arguments of a call such as `logger.warn(format!("…"))`.
pub(super) fn call_arguments(source: &str, tokens: &[Token<'_>]) -> LogArguments {
    let mut read = LogArguments::default();
    for argument in split(tokens) {
        let tokens = argument.tokens;
        if is_text(tokens) {
            read.message = match tokens {
                [
                    Token {
                        kind: TokenKind::Str(text),
                        ..
                    },
                ] => {
                    let mut plain = MessageTemplate::default();
                    plain.push_text(text);
                    Some(plain)
                }
                _ => text_template(source, tokens, &[]),
            };
            break;
        }
        if let Some(level) = level_constant(tokens) {
            read.level = Some(level);
        }
    }
    read
}

#[derive(Clone, Copy)]
pub(super) struct Piece<'t, 's> {
    pub(super) tokens: &'t [Token<'s>],
    follows_semicolon: bool,
}

/// Arguments between commas and semicolons.
pub(super) fn split<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<Piece<'t, 's>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut follows_semicolon = false;
    for (token_idx, token) in tokens.iter().enumerate() {
        if token.is_punct(b',') || token.is_punct(b';') {
            pieces.push(Piece {
                tokens: &tokens[start..token_idx],
                follows_semicolon,
            });
            follows_semicolon = token.is_punct(b';');
            start = token_idx + 1;
        }
    }
    if start < tokens.len() {
        pieces.push(Piece {
            tokens: &tokens[start..],
            follows_semicolon,
        });
    }
    pieces
}

/// The value of `name: value`, but not of `name::path`.
fn option_value<'t, 's>(tokens: &'t [Token<'s>], name: &str) -> Option<&'t [Token<'s>]> {
    let [first, colon, value @ ..] = tokens else {
        return None;
    };
    let is_option = first.ident() == Some(name)
        && colon.is_punct(b':')
        && value.first().is_some_and(|token| !token.is_punct(b':'));
    is_option.then_some(value)
}

fn braced<'t, 's>(tokens: &'t [Token<'s>]) -> Option<&'t [Token<'s>]> {
    match tokens {
        [token] => token.group(b'{'),
        _ => None,
    }
}

/// Without `&`, and without a closing `.as_str()` or the like.
fn without_borrow<'t, 's>(mut tokens: &'t [Token<'s>]) -> &'t [Token<'s>] {
    while let [first, rest @ ..] = tokens
        && first.is_punct(b'&')
    {
        tokens = rest;
    }
    if let [inner @ .., dot, method, _] = tokens
        && dot.is_punct(b'.')
        && method.ident().is_some_and(|name| {
            matches!(
                name,
                "as_str" | "to_string" | "to_owned" | "into" | "as_ref"
            )
        })
    {
        return inner;
    }
    tokens
}

fn is_text(tokens: &[Token<'_>]) -> bool {
    match without_borrow(tokens) {
        [token] => matches!(token.kind, TokenKind::Str(_)),
        [name, bang, group] => {
            bang.is_punct(b'!')
                && group.any_group().is_some()
                && name
                    .ident()
                    .is_some_and(|name| matches!(name, "concat" | "format" | "format_args"))
        }
        _ => false,
    }
}

/// The template of a literal, of `concat!` or of `format!`.
fn text_template(
    source: &str,
    tokens: &[Token<'_>],
    arguments: &[Argument],
) -> Option<MessageTemplate> {
    match without_borrow(tokens) {
        [token] => match &token.kind {
            TokenKind::Str(format) => Some(braces(format, arguments)),
            _ => None,
        },
        [name, _, group] => {
            let inner = group.any_group()?;
            if name.ident() == Some("concat") {
                let template = concat_template(source, inner);
                let placed = template.to_string();
                return Some(if template.has_variables() {
                    template
                } else {
                    braces(&placed, arguments)
                });
            }
            let mut pieces = split(inner).into_iter();
            let format = pieces.next()?;
            let values: Vec<Argument> = pieces
                .map(|piece| format_argument(source, piece.tokens))
                .collect();
            text_template(source, format.tokens, &values)
        }
        _ => None,
    }
}

fn concat_template(source: &str, tokens: &[Token<'_>]) -> MessageTemplate {
    let mut template = MessageTemplate::default();
    for piece in split(tokens) {
        match piece.tokens {
            [token] => match &token.kind {
                TokenKind::Str(text) => template.push_text(text),
                TokenKind::Other => {
                    template.push_text(source[token.start..token.end].trim_matches('\''));
                }
                _ => template.push_variable(None),
            },
            [name, bang, group] if bang.is_punct(b'!') && name.ident() == Some("stringify") => {
                template.push_text(source[group.start..group.end].trim_matches(['(', ')']));
            }
            [] => {}
            tokens => template.push_variable(Some(&expression(source, tokens))),
        }
    }
    template
}

fn format_argument(source: &str, tokens: &[Token<'_>]) -> Argument {
    let (name, value) = match tokens {
        [name, equals, value @ ..]
            if equals.is_punct(b'=')
                && name.ident().is_some()
                && value.first().is_some_and(|token| !token.is_punct(b'=')) =>
        {
            (name.ident().map(str::to_owned), value)
        }
        _ => (None, tokens),
    };
    if let [line, bang, parentheses] = value
        && line.ident() == Some("line")
        && bang.is_punct(b'!')
        && parentheses.any_group().is_some_and(<[_]>::is_empty)
    {
        let mut constant = MessageTemplate::default();
        constant.push_text(&line_mark(Some(line.start)));
        return Argument {
            name,
            expression: "line!()".to_owned(),
            constant: Some(constant),
        };
    }
    let constant = is_text(value)
        .then(|| match without_borrow(value) {
            [
                Token {
                    kind: TokenKind::Str(text),
                    ..
                },
            ] => {
                let mut plain = MessageTemplate::default();
                plain.push_text(text);
                Some(plain)
            }
            value => text_template(source, value, &[]),
        })
        .flatten();
    Argument {
        name,
        expression: expression(source, value),
        constant,
    }
}

/// Stands for a line number until the statement's place is known: that of `line!()` at an offset, or of the statement,
/// where a macro's body says `line!()`.
fn line_mark(offset: Option<usize>) -> String {
    offset.map_or_else(|| "\0\0".to_owned(), |offset| format!("\0{offset}\0"))
}

/// Puts line numbers in the place of their marks; without a `line_of`, marks lose their offsets.
pub(super) fn resolve_lines(
    message: &MessageTemplate,
    line_of: Option<&dyn Fn(Option<usize>) -> usize>,
) -> MessageTemplate {
    let mut resolved = MessageTemplate::default();
    for part in message.parts() {
        match part {
            Part::Variable(name) => resolved.push_variable(name.as_deref()),
            Part::Text(text) => {
                for (piece_idx, piece) in text.split('\0').enumerate() {
                    match line_of {
                        _ if piece_idx % 2 == 0 => resolved.push_text(piece),
                        None => resolved.push_text(&line_mark(None)),
                        Some(line_of) => {
                            resolved.push_text(&line_of(piece.parse().ok()).to_string());
                        }
                    }
                }
            }
        }
    }
    resolved
}

/// `Level::WARN`, `log::Level::Warn`.
fn level_constant(tokens: &[Token<'_>]) -> Option<Level> {
    let is_path = tokens
        .iter()
        .all(|token| token.ident().is_some() || token.is_punct(b':'));
    let last = tokens.last()?.ident()?;
    let names_a_level = tokens
        .iter()
        .filter_map(Token::ident)
        .any(|name| matches!(name, "Level" | "LogLevel" | "Severity" | "LevelFilter"));
    if is_path && (names_a_level || tokens.len() == 1 && last.chars().all(char::is_uppercase)) {
        level_of_name(last)
    } else {
        None
    }
}

/// `name = value`, `a.b = ?value`, `"name" = value`, `?name`, `%a.b`, `name:? = value`; after the message `"name" => value`.
fn field_of(source: &str, tokens: &[Token<'_>], is_after_message: bool) -> Option<Field> {
    let (sigil, rest) = match tokens {
        [first, rest @ ..] if first.is_punct(b'?') || first.is_punct(b'%') => (true, rest),
        _ => (false, tokens),
    };
    if sigil {
        return Some(Field {
            name: plain_path(source, rest)?,
            constant: None,
            is_optional: false,
        });
    }
    let equals = rest.iter().position(|token| token.is_punct(b'='))?;
    let (key, value) = rest.split_at(equals);
    let value = match &value[1..] {
        [arrow, value @ ..] if arrow.is_punct(b'>') => value,
        [second, ..] if second.is_punct(b'=') => return None,
        value => value,
    };
    // `name:?`, `name:%`, `name:err`: how the value is captured.
    let key = match key.iter().position(|token| token.is_punct(b':')) {
        Some(colon) if !key.get(colon + 1).is_some_and(|token| token.is_punct(b':')) => {
            &key[..colon]
        }
        _ => key,
    };
    let name = match key {
        [
            Token {
                kind: TokenKind::Str(name),
                ..
            },
        ] => name.to_string(),
        key => plain_path(source, key)?,
    };
    let is_empty = value.last().and_then(Token::ident) == Some("Empty")
        || value.first().and_then(Token::ident) == Some("None");
    Some(Field {
        name,
        constant: (!is_after_message).then(|| constant_value(value)).flatten(),
        is_optional: is_empty,
    })
}

/// The text that a constant value prints: strings in quotes unless shown by `%`.
fn constant_value(tokens: &[Token<'_>]) -> Option<String> {
    match tokens {
        [
            sigil,
            Token {
                kind: TokenKind::Str(text),
                ..
            },
        ] if sigil.is_punct(b'%') => Some(text.to_string()),
        [
            Token {
                kind: TokenKind::Str(text),
                ..
            },
        ] => Some(format!("{text:?}")),
        [
            sigil,
            Token {
                kind: TokenKind::Str(text),
                ..
            },
        ] if sigil.is_punct(b'?') => Some(format!("{text:?}")),
        [token] => match token.ident() {
            Some(word @ ("true" | "false")) => Some(word.to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// `message = "text {}"` or `message = %format_args!("…")`.
fn message_field(source: &str, tokens: &[Token<'_>]) -> Option<MessageTemplate> {
    let equals = tokens.iter().position(|token| token.is_punct(b'='))?;
    let value = match &tokens[equals + 1..] {
        [sigil, value @ ..] if sigil.is_punct(b'%') || sigil.is_punct(b'?') => value,
        value => value,
    };
    match value {
        [
            Token {
                kind: TokenKind::Str(text),
                ..
            },
        ] => {
            let mut plain = MessageTemplate::default();
            plain.push_text(text);
            Some(plain)
        }
        value if is_text(value) => text_template(source, value, &[]),
        value => {
            let mut variable = MessageTemplate::default();
            variable.push_variable(Some(&expression(source, value)));
            Some(variable)
        }
    }
}

/// `a.b.c`, written as it is.
fn plain_path(source: &str, tokens: &[Token<'_>]) -> Option<String> {
    let is_path = !tokens.is_empty()
        && tokens.iter().enumerate().all(|(token_idx, token)| {
            if token_idx % 2 == 0 {
                token.ident().is_some()
            } else {
                token.is_punct(b'.')
            }
        });
    is_path.then(|| {
        let (first, last) = (tokens.first(), tokens.last());
        first
            .zip(last)
            .map(|(first, last)| {
                source[first.start..last.end]
                    .trim_start_matches("r#")
                    .to_owned()
            })
            .unwrap_or_default()
    })
}

/// The source of an expression, blanks joined, cut to a readable length.
pub(super) fn expression(source: &str, tokens: &[Token<'_>]) -> String {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
        return String::new();
    };
    let words: Vec<&str> = source[first.start..last.end].split_whitespace().collect();
    words.join(" ").chars().take(MAX_EXPRESSION_CHARS).collect()
}
