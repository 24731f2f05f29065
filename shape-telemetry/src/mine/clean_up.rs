//! Templates as the annotators of public data sets write them.

use super::WILDCARD;

/// Rewrites a template by the conventions of the annotators of the loghub sets, as Khan et al. describe them
/// ("Guidelines for Assessing the Accuracy of Log Message Template Identification Techniques", ICSE 2022): truth values,
/// `null` and the names of standard accounts are variables, so are what is only digits, and a word part that has a
/// variable in it; variables joined by a dot are one.
pub fn clean_up(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while !rest.is_empty() {
        let end = rest.find(is_delimiter).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        push(token, &mut out);
        rest = behind;
        if let Some(c) = rest.chars().next() {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    while let Some(at) = out.find("<*>.<*>") {
        out.replace_range(at..at + 4, "");
    }
    while let Some(at) = out.find("<*><*>") {
        out.replace_range(at..at + 3, "");
    }
    out
}

fn push(token: &str, out: &mut String) {
    let lower = token.to_ascii_lowercase();
    let is_word = matches!(lower.as_str(), "true" | "false" | "null" | "root" | "admin");
    let is_number = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    let has_variable = token.contains(WILDCARD) && !token.contains('/');
    out.push_str(if is_word || is_number || has_variable {
        WILDCARD
    } else {
        token
    });
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ',' | '!'
                | ';'
                | ':'
                | '='
                | '|'
                | '"'
                | '\''
                | '['
                | ']'
                | '('
                | ')'
                | '{'
                | '}'
                | '.'
                | '-'
                | '+'
                | '@'
                | '#'
                | '$'
                | '%'
                | '&'
        )
}
