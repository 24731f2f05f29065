//! Source positions that a record names outside the place that the reader of the log knows.

use std::num::NonZeroU32;

use crate::{Language, Query, extract::level_of_name, query::Fields};

/// A position, and the message without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamedPosition<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: NonZeroU32,
    /// From 1, where it is known.
    pub(crate) column: Option<NonZeroU32>,
    pub(crate) rest: &'a str,
    /// Whether it stands in the message, where it may as well be a part of that.
    pub(crate) is_in_text: bool,
}

/// A path, a line, and a column where there is one.
pub(crate) type Spot<'a> = (&'a str, NonZeroU32, Option<NonZeroU32>);

/// The names under which formats write a path and a line as fields.
const FIELD_NAMES: [(&str, &str); 9] = [
    ("code.file.path", "code.line.number"),
    ("code.filepath", "code.lineno"),
    ("log.origin.file.name", "log.origin.file.line"),
    ("caller_file_name", "caller_line_number"),
    ("pathname", "lineno"),
    ("filename", "lineno"),
    ("filename", "line_number"),
    ("file", "line"),
    ("log.file", "log.line"),
];

/// The position that a record names: by its emitter, by fields, in the place of its target, in front of its message.
pub(crate) fn named_position<'a>(query: &Query<'a>) -> Option<NamedPosition<'a>> {
    let found = |(path, line, column)| NamedPosition {
        path,
        line,
        column,
        rest: query.message,
        is_in_text: false,
    };
    let in_target = || {
        let target = query.target?;
        let (head, position, rest) = split_position(target)?;
        (head.is_empty() && rest.is_empty()).then_some(position)
    };
    query
        .emitter
        .or_else(|| in_fields(query.fields))
        .or_else(in_target)
        .map(found)
        .or_else(|| in_message(query.message))
}

fn in_fields(fields: Fields<'_>) -> Option<Spot<'_>> {
    // Most records have no such field, and this is asked of every record.
    let may_place = |name: &str| {
        ["line", "lineno", "number", "caller", "source"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    if !fields.names().any(may_place) {
        return None;
    }
    let value = |name: &str| fields.get(name).or_else(|| fields.get_below(name));
    for (path, line) in FIELD_NAMES {
        if let Some(path) = value(path)
            && let Some(Ok(line)) = value(line).map(str::parse)
            && Language::of_path(path).is_some()
        {
            return Some((path, line, None));
        }
    }
    let (head, position, rest) = split_position(value("caller").or_else(|| value("source"))?)?;
    (head.is_empty() && rest.is_empty()).then_some(position)
}

/// `server.py:44 - text`, `(Net.java:run(44)) - text`, `org.app.Net.run(Net.java:44) text`.
fn in_message(message: &str) -> Option<NamedPosition<'_>> {
    let (head, (path, line, column), rest) = split_position(message)?;
    // A class or function may stand before the position, a sentence not.
    if head.contains(' ') {
        return None;
    }
    let is_mark = [' ', '-', ':', '|'];
    let mut rest = rest.trim_start_matches(is_mark);
    // `server.py:44 INFO text`
    if let Some((word, after)) = rest.split_once(' ')
        && word.bytes().all(|byte| !byte.is_ascii_lowercase())
        && level_of_name(word.trim_matches(['[', ']', ':'])).is_some()
    {
        rest = after.trim_start_matches(is_mark);
    }
    let is_separated = rest.len() < message.len() && !rest.is_empty();
    is_separated.then_some(NamedPosition {
        path,
        line,
        column,
        rest,
        is_in_text: true,
    })
}

/// What stands before the first `path.ext:line`, that, and what follows.
fn split_position(text: &str) -> Option<(&str, Spot<'_>, &str)> {
    const MAX_BYTES: usize = 300;
    for at in memchr::memchr_iter(b':', text.as_bytes()).take_while(|at| *at < MAX_BYTES) {
        // Most colons go here.
        let mut before = text.as_bytes()[..at].iter().rev().take(7);
        let before_ending = before.find(|byte| !byte.is_ascii_lowercase());
        if before_ending != Some(&b'.') {
            continue;
        }
        let start = text[..at]
            .rfind([' ', '(', '[', '{', '"'])
            .map_or(0, |before| before + 1);
        let path = &text[start..at];
        if !is_source_path(path) {
            continue;
        }
        let mut after = &text[at + 1..];
        // `Net.java:run(44)`
        if let Some((method, inner)) = after.split_once('(')
            && !method.is_empty()
            && method
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '<' | '>'))
        {
            after = inner;
        }
        let n_digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, mut rest) = after.split_at(n_digits);
        let Ok(line) = digits.parse() else { continue };
        let mut column = None;
        if let Some(after) = rest.strip_prefix(':') {
            let column_end = after.trim_start_matches(|c: char| c.is_ascii_digit());
            if column_end.len() < after.len() {
                column = after[..after.len() - column_end.len()].parse().ok();
                rest = column_end;
            }
        }
        if rest.starts_with(|c: char| c.is_alphanumeric()) {
            continue;
        }
        let head = text[..start].trim_end_matches(['(', '[', '{', '"', ' ']);
        let rest = rest.trim_start_matches([')', ']', '}', '"']);
        return Some((head, (path, line, column), rest));
    }
    None
}

/// Whether this ends in the name of a source file, whatever languages are built in.
fn is_source_path(path: &str) -> bool {
    const EXTENSIONS: [&str; 16] = [
        "rs", "java", "kt", "kts", "scala", "groovy", "py", "pyw", "js", "mjs", "cjs", "jsx", "ts",
        "tsx", "go", "rb",
    ];
    path.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.contains(&extension) && !path.contains("//")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_before_the_text() {
        let check = |message: &str, expected: Option<(&str, u32, &str)>| {
            let found = in_message(message).map(|at| (at.path, at.line.get(), at.rest));
            assert_eq!(found, expected, "{message}");
        };
        check("server.py:44 - ready", Some(("server.py", 44, "ready")));
        check("[a/server.py:44] ready", Some(("a/server.py", 44, "ready")));
        check("{server.py:44} ready", Some(("server.py", 44, "ready")));
        check(
            "(Net.java:run(44)) - ready",
            Some(("Net.java", 44, "ready")),
        );
        check(
            "app.Net (Net.java:run(44)) - ready",
            Some(("Net.java", 44, "ready")),
        );
        check(
            "app.Net.run(Net.java:44) ready",
            Some(("Net.java", 44, "ready")),
        );
        check("src/a.rs:3:7: ready", Some(("src/a.rs", 3, "ready")));
        check("C:/x/a.rs:3 ready", Some(("C:/x/a.rs", 3, "ready")));
        check("the file a.rs:3 is bad", None);
        check("see http://host.rs:80/ now", None);
        check("a.rs:3", None);
        check("a.rs:x ready", None);
    }
}
