//! Items of Rust source: functions, modules, implementations and their attributes.

use super::rust_tokens::{Token, TokenKind};

/// The body and name of the item whose keyword is `tokens[at]`.
pub(super) fn item(tokens: &[Token<'_>], at: usize) -> Option<(usize, String)> {
    let keyword = tokens[at].ident()?;
    let is_impl = keyword == "impl";
    if is_impl && !starts_item(tokens.get(at.wrapping_sub(1))) {
        return None;
    }
    let name = if is_impl {
        None
    } else {
        Some(tokens.get(at + 1)?.ident()?)
    };
    let rest = &tokens[at + 1..];
    let n_head = rest
        .iter()
        .position(|token| token.group(b'{').is_some() || token.is_punct(b';'))?;
    rest[n_head].group(b'{')?;
    let name = name.map_or_else(|| implementor(&rest[..n_head]), str::to_owned);
    Some((at + 1 + n_head, name))
}

fn starts_item(before: Option<&Token<'_>>) -> bool {
    before.is_none_or(|token| {
        token.any_group().is_some()
            || token.is_punct(b';')
            || matches!(token.ident(), Some("unsafe" | "default"))
    })
}

/// The type's name in `<T> Trait for path::Type<T> where …`.
fn implementor(head: &[Token<'_>]) -> String {
    let mut depth = 0_usize;
    let mut name = "";
    let mut before = 0_u8;
    for token in head {
        match &token.kind {
            TokenKind::Punct(b'<') => depth += 1,
            // Not the arrow of `Fn() -> T`.
            TokenKind::Punct(b'>') if before != b'-' => depth = depth.saturating_sub(1),
            TokenKind::Ident("where") if depth == 0 => break,
            TokenKind::Ident("for") if depth == 0 => name = "",
            TokenKind::Ident("dyn" | "mut" | "const") => {}
            TokenKind::Ident(ident) if depth == 0 => name = ident,
            _ => {}
        }
        before = match token.kind {
            TokenKind::Punct(byte) => byte,
            _ => 0,
        };
    }
    name.to_owned()
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`.
pub(super) fn is_test_attribute(attribute: &Token<'_>) -> bool {
    let Some(inner) = attribute.group(b'[') else {
        return false;
    };
    match inner {
        [cfg, condition] if cfg.ident() == Some("cfg") => condition
            .any_group()
            .and_then(<[_]>::first)
            .is_some_and(|token| {
                token.ident() == Some("test")
                    || token.ident() == Some("all")
                        && condition.any_group().is_some_and(|all| {
                            all.iter()
                                .filter_map(Token::any_group)
                                .any(|list| list.iter().any(|token| token.ident() == Some("test")))
                        })
            }),
        tokens => tokens
            .iter()
            .rev()
            .find_map(Token::ident)
            .is_some_and(|name| name == "test"),
    }
}
