//! Whether two versions of source text say the same.

use crate::Language;

/// Whether both texts have the same tokens, so that only blanks, line breaks, comments or a comma before a closing
/// bracket differ.
pub(crate) fn same_tokens(path: &str, before: &str, after: &str) -> bool {
    before == after || tokens(path, before) == tokens(path, after)
}

/// How many tokens were taken away or added, roughly: tokens of either text that the other has fewer of.
pub(crate) fn n_changed(path: &str, before: &str, after: &str) -> usize {
    let (mut before, mut after) = (tokens(path, before), tokens(path, after));
    before.sort_unstable();
    after.sort_unstable();
    let (mut b, mut a) = (before.iter().peekable(), after.iter().peekable());
    let mut n = 0;
    loop {
        let step = match (b.peek(), a.peek()) {
            (None, None) => return n,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(b), Some(a)) => b.cmp(a),
        };
        n += usize::from(step.is_ne());
        if step.is_le() {
            b.next();
        }
        if step.is_ge() {
            a.next();
        }
    }
}

/// The tokens of a text in a language with C-like or Python-like comments and strings.
pub(crate) fn tokens(path: &str, text: &str) -> Vec<String> {
    let is_hashed = Language::is_hash_commented(path);
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text;
    let mut depth = 0_usize;
    let mut at_line_start = true;
    let mut indent = 0_usize;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\n' => {
                at_line_start = true;
                indent = 0;
                1
            }
            c if c.is_whitespace() => {
                indent += usize::from(at_line_start);
                c.len_utf8()
            }
            '#' if is_hashed => line_length(rest),
            '/' if !is_hashed && rest.starts_with("//") => line_length(rest),
            '/' if !is_hashed && rest.starts_with("/*") => {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            c => {
                // Where blanks at the start of a line have a meaning, they are part of the text.
                if is_hashed && at_line_start && depth == 0 {
                    tokens.push(format!("indent {indent}"));
                }
                at_line_start = false;
                let length = token_length(rest, c);
                if matches!(c, '<' | '>') && is_spaced(text, text.len() - rest.len()) {
                    // A comparison; brackets of generics have no blanks on both sides.
                    tokens.push(format!("{c} "));
                    rest = &rest[length..];
                    continue;
                }
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => {
                        depth = depth.saturating_sub(1);
                        if tokens.last().is_some_and(|last| last == ",") {
                            tokens.pop();
                        }
                    }
                    _ => {}
                }
                tokens.push(rest[..length].to_owned());
                length
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// Whether both texts do the same as far as can be told without understanding them: the same calls, operators, constants
/// and words of control flow, as often. Names of variables, types and the way declarations are grouped may differ.
pub(crate) fn same_behaviour(path: &str, before: &str, after: &str) -> bool {
    let words = |text: &str| {
        let mut words = behaviour(&tokens(path, text));
        words.sort_unstable();
        words
    };
    words(before) == words(after)
}

fn behaviour(tokens: &[String]) -> Vec<String> {
    const CONTROL: &[&str] = &[
        "if", "else", "match", "for", "while", "loop", "break", "continue", "return", "await",
        "not", "and", "or", "try", "catch", "except", "finally", "throw", "raise", "switch",
        "case", "yield", "in", "move", "unsafe",
    ];
    const OPERATORS: &str = "+-*/%!&|^?@";
    let starts = |token: &String, is: fn(char) -> bool| token.starts_with(is);
    let mut words = Vec::new();
    for (token_idx, token) in tokens.iter().enumerate() {
        let next = tokens.get(token_idx + 1).map_or("", String::as_str);
        let after_next = tokens.get(token_idx + 2).map_or("", String::as_str);
        let is_call = next == "(" || next == "!" && matches!(after_next, "(" | "[" | "{");
        // `collect::<Vec<_>>()` is the call of `collect`.
        let is_generic_call =
            next == ":" && after_next == ":" && tokens.get(token_idx + 3).is_some_and(|t| t == "<");
        let is_word = starts(token, |c| c == '_' || c.is_alphabetic())
            && !matches!(
                token.as_str(),
                "let" | "mut" | "pub" | "fn" | "const" | "var" | "as"
            );
        if CONTROL.contains(&token.as_str()) {
            words.push(token.clone());
        } else if is_word && (is_call || is_generic_call) {
            words.push(format!("{token}()"));
        } else if starts(token, |c| {
            c.is_ascii_digit() || matches!(c, '"' | '`' | '\'')
        }) || token.len() == 1 && OPERATORS.contains(token.as_str())
            || matches!(token.as_str(), "< " | "> " | "<=" | ">=" | "==" | "!=")
        {
            words.push(token.clone());
        }
    }
    words
}

fn is_spaced(text: &str, at: usize) -> bool {
    text[..at].ends_with(char::is_whitespace) && text[at + 1..].starts_with(char::is_whitespace)
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn token_length(text: &str, first: char) -> usize {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    if is_word(first) {
        return text.find(|c| !is_word(c)).unwrap_or(text.len());
    }
    if matches!(first, '<' | '>' | '=' | '!') && text[1..].starts_with('=') {
        return 2;
    }
    if first == '"' || first == '`' {
        let mut is_escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                c if c == first => return at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    first.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, before: &str, after: &str, is_same: bool) {
        assert_eq!(
            same_tokens(path, before, after),
            is_same,
            "{before} | {after}"
        );
    }

    #[test]
    fn a_reformat_keeps_the_tokens() {
        check("a.rs", "f(a, b);", "f(\n    a,\n    b,\n);", true);
        check("a.rs", "f(a); // x", "// y\nf( a )/* z */;", true);
        check("a.rs", "f(a, b);", "f(b, a);", false);
        check("a.rs", "f(\"a b\")", "f(\"a  b\")", false);
        check("a.rs", "f(\"a // b\")", "f(\"a // c\")", false);
        check("a.rs", "let ab = 1", "let a b = 1", false);
        check("a.py", "x = f(a,\n  b)\n", "x = f(\n    a, b\n)\n", true);
        check("a.py", "if a:\n    b\n    c\n", "if a:\n    b\nc\n", false);
        check("a.py", "a # b\n", "a\n", true);
    }

    #[test]
    fn a_rename_keeps_the_behaviour() {
        let check = |before, after, is_same| {
            assert_eq!(
                same_behaviour("a.rs", before, after),
                is_same,
                "{before} | {after}"
            );
        };
        check("let a = f(x);", "let b = f(y);", true);
        check(
            "let a = i.collect::<Vec<_>>();",
            "let a: Vec<X> = i.collect();",
            true,
        );
        check("let a = f(x);", "let a = g(x);", false);
        check("if a < b {}", "if a <= b {}", false);
        check("if a < b {}", "if a > b {}", false);
        check("a + 1", "a + 2", false);
        check("let (a, b) = (1, 2);", "let a = 1; let b = 2;", true);
    }

    #[test]
    fn changes_are_counted() {
        assert_eq!(n_changed("a.rs", "a + b", "a + c"), 2);
        assert_eq!(n_changed("a.rs", "a b c", "c  b a"), 0);
        assert_eq!(n_changed("a.rs", "", "a b"), 2);
    }
}
