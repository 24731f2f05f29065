//! Token trees of Rust source.
//!
//! Log statements are macro calls, and macro calls nest: `select! { _ = done => warn!("…") }`. A syntax tree ends at
//! the outer macro, whose content is tokens by the language's definition; token trees see all of it.

use std::borrow::Cow;

/// Groups nested deeper than this are kept flat, so that hostile input can not exhaust the stack.
const MAX_DEPTH: usize = 128;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: TokenKind<'s>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'s> {
    Ident(&'s str),
    Punct(u8),
    /// A string with its escapes resolved.
    Str(Cow<'s, str>),
    /// Numbers, characters, byte strings, lifetimes.
    Other,
    Group(u8, Vec<Token<'s>>),
}

impl<'s> Token<'s> {
    pub(super) fn ident(&self) -> Option<&'s str> {
        match self.kind {
            TokenKind::Ident(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn is_punct(&self, byte: u8) -> bool {
        self.kind == TokenKind::Punct(byte)
    }

    pub(super) fn group(&self, open: u8) -> Option<&[Token<'s>]> {
        match &self.kind {
            TokenKind::Group(delimiter, tokens) if *delimiter == open => Some(tokens),
            _ => None,
        }
    }

    pub(super) fn any_group(&self) -> Option<&[Token<'s>]> {
        match &self.kind {
            TokenKind::Group(_, tokens) => Some(tokens),
            _ => None,
        }
    }
}

/// The token trees of `source`; unbalanced delimiters are closed where the file ends.
pub(super) fn token_trees(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0 };
    let mut open: Vec<(u8, usize, Vec<Token<'_>>)> = Vec::new();
    let mut current = Vec::new();
    let mut n_flat = 0_usize;
    while let Some(token) = lexer.next_token() {
        match token.kind {
            TokenKind::Punct(b'(' | b'[' | b'{') if open.len() < MAX_DEPTH => {
                let TokenKind::Punct(delimiter) = token.kind else {
                    continue;
                };
                open.push((delimiter, token.start, std::mem::take(&mut current)));
            }
            TokenKind::Punct(b'(' | b'[' | b'{') => n_flat += 1,
            TokenKind::Punct(b')' | b']' | b'}') if 0 < n_flat => n_flat -= 1,
            TokenKind::Punct(b')' | b']' | b'}') => {
                if let Some((delimiter, start, outer)) = open.pop() {
                    let inner = std::mem::replace(&mut current, outer);
                    current.push(Token {
                        start,
                        end: token.end,
                        kind: TokenKind::Group(delimiter, inner),
                    });
                }
            }
            _ => current.push(token),
        }
    }
    while let Some((delimiter, start, outer)) = open.pop() {
        let inner = std::mem::replace(&mut current, outer);
        current.push(Token {
            start,
            end: source.len(),
            kind: TokenKind::Group(delimiter, inner),
        });
    }
    current
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn byte(&self, offset: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + offset).copied()
    }

    fn next_token(&mut self) -> Option<Token<'s>> {
        self.skip_blanks_and_comments();
        let start = self.at;
        let byte = self.byte(0)?;
        let kind = match byte {
            b'"' => self.quoted(),
            b'r' | b'b' | b'c' if self.has_string_prefix() => self.prefixed_string(),
            b'r' if self.byte(1) == Some(b'#') && self.byte(2).is_some_and(starts_ident) => {
                self.at += 2;
                self.identifier()
            }
            b'\'' => self.char_or_lifetime(),
            _ if starts_ident(byte) => self.identifier(),
            b'0'..=b'9' => self.number(),
            _ => {
                self.at += 1;
                TokenKind::Punct(byte)
            }
        };
        Some(Token {
            start,
            end: self.at,
            kind,
        })
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b' ' | b'\t' | b'\r' | b'\n'), _) => self.at += 1,
                (Some(b'/'), Some(b'/')) => {
                    let rest = &self.source.as_bytes()[self.at..];
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                (Some(b'/'), Some(b'*')) => self.skip_block_comment(),
                _ => return,
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.byte(0), self.byte(1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                (Some(_), _) => self.at += 1,
                (None, _) => return,
            }
        }
    }

    fn has_string_prefix(&self) -> bool {
        let mut offset = 0;
        while offset < 2 && matches!(self.byte(offset), Some(b'r' | b'b' | b'c')) {
            offset += 1;
        }
        if self.byte(offset) == Some(b'"') {
            return true;
        }
        let is_raw = self.byte(offset - 1) == Some(b'r');
        while is_raw && self.byte(offset) == Some(b'#') {
            offset += 1;
        }
        is_raw && self.byte(offset) == Some(b'"')
            || offset == 1 && self.byte(0) == Some(b'b') && self.byte(1) == Some(b'\'')
    }

    fn prefixed_string(&mut self) -> TokenKind<'s> {
        let mut is_raw = false;
        let mut is_text = true;
        while let Some(byte @ (b'r' | b'b' | b'c')) = self.byte(0) {
            is_raw |= byte == b'r';
            is_text &= byte == b'r';
            self.at += 1;
        }
        if self.byte(0) == Some(b'\'') {
            self.char_or_lifetime();
            return TokenKind::Other;
        }
        let string = if is_raw { self.raw() } else { self.quoted() };
        if is_text { string } else { TokenKind::Other }
    }

    fn raw(&mut self) -> TokenKind<'s> {
        let mut n_hashes = 0;
        while self.byte(0) == Some(b'#') {
            n_hashes += 1;
            self.at += 1;
        }
        self.at += 1;
        let start = self.at;
        let bytes = self.source.as_bytes();
        for quote in memchr::memchr_iter(b'"', &bytes[start..]) {
            let after = start + quote + 1;
            let is_end = bytes
                .get(after..after + n_hashes)
                .is_some_and(|tail| tail.iter().all(|byte| *byte == b'#'));
            if is_end {
                self.at = after + n_hashes;
                return TokenKind::Str(Cow::Borrowed(&self.source[start..start + quote]));
            }
        }
        self.at = bytes.len();
        TokenKind::Other
    }

    fn quoted(&mut self) -> TokenKind<'s> {
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => {
                    let inner = &self.source[start..self.at];
                    self.at += 1;
                    return TokenKind::Str(unescape(inner));
                }
                _ => self.at += 1,
            }
        }
        self.at = self.source.len();
        TokenKind::Other
    }

    fn char_or_lifetime(&mut self) -> TokenKind<'s> {
        let rest = &self.source[self.at + 1..];
        if rest.starts_with('\\') {
            // An escape: the closing quote follows within a few characters.
            let close = rest
                .char_indices()
                .skip(2)
                .take(12)
                .find(|(_, c)| *c == '\'')
                .map_or(1, |(at, _)| at + 1);
            self.at += 1 + close;
        } else {
            let mut chars = rest.char_indices();
            let first = chars.next();
            match (first, chars.next()) {
                (Some(_), Some((at, '\''))) => self.at += 1 + at + 1,
                (Some((_, c)), _) if c == '_' || c.is_alphabetic() => {
                    self.at += 1;
                    self.identifier();
                }
                _ => self.at += 1,
            }
        }
        TokenKind::Other
    }

    fn identifier(&mut self) -> TokenKind<'s> {
        let start = self.at;
        while self.byte(0).is_some_and(continues_ident) {
            self.at += 1;
        }
        TokenKind::Ident(&self.source[start..self.at])
    }

    fn number(&mut self) -> TokenKind<'s> {
        while let Some(byte) = self.byte(0) {
            let is_fraction =
                byte == b'.' && self.byte(1).is_some_and(|next| next.is_ascii_digit());
            if !continues_ident(byte) && !is_fraction {
                break;
            }
            self.at += 1;
        }
        TokenKind::Other
    }
}

fn starts_ident(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic() || !byte.is_ascii()
}

fn continues_ident(byte: u8) -> bool {
    starts_ident(byte) || byte.is_ascii_digit()
}

/// Resolves the escapes of a Rust string; what is not an escape stays as it is.
fn unescape(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else {
            break;
        };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            '0' => text.push('\0'),
            'x' => {
                let code = rest
                    .get(..2)
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(code) = code {
                    text.push(char::from(code));
                    rest = &rest[2..];
                }
            }
            'u' => {
                let code = rest
                    .strip_prefix('{')
                    .and_then(|tail| tail.split_once('}'))
                    .and_then(|(hex, tail)| {
                        let code = u32::from_str_radix(&hex.replace('_', ""), 16).ok()?;
                        Some((char::from_u32(code)?, tail))
                    });
                if let Some((c, tail)) = code {
                    text.push(c);
                    rest = tail;
                }
            }
            '\n' | '\r' => rest = rest.trim_start(),
            other => text.push(other),
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(source: &str) -> Vec<String> {
        fn walk(tokens: &[Token<'_>], found: &mut Vec<String>) {
            for token in tokens {
                match &token.kind {
                    TokenKind::Str(text) => found.push(text.to_string()),
                    TokenKind::Group(_, inner) => walk(inner, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        walk(&token_trees(source), &mut found);
        found
    }

    #[test]
    fn strings_of_every_kind() {
        assert_eq!(strings(r#""a\n\u{2713}\x41""#), ["a\n\u{2713}A"]);
        assert_eq!(strings("\"a \\\n    b\""), ["a b"]);
        assert_eq!(
            strings(r##"(r#"a"b"#, b"no", br"no", '"', "x")"##),
            ["a\"b", "x"]
        );
        assert_eq!(
            strings("'a \"x\" '\\'' \"y\" b'\\'' \"z\""),
            ["x", "y", "z"]
        );
        assert_eq!(
            strings("// \"no\"\n/* \"no\" /* */ \"no\" */ \"yes\""),
            ["yes"]
        );
        assert_eq!(strings("\"never closed"), [""; 0]);
    }

    #[test]
    fn depth_is_bounded() {
        let source = "(".repeat(100_000) + "\"x\"" + &")".repeat(100_000);
        assert_eq!(strings(&source), ["x"]);
    }
}
