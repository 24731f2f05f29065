//! The lines of `PostgreSQL`, and those that it writes behind a message, each with a header of its own.

use super::scan::{Scan, fail, split, until};
use crate::{Field, Format, Level, Record};

/// `[1234] user@db ERROR:  message` behind a time, and other prefixes (`log_line_prefix`): all of them end with a severity
/// in capitals, a colon and two blanks, and have the process in brackets.
pub(super) fn postgres(i: &str) -> Scan<'_, Record<'_>> {
    let (message, head) = until(":  ")(i)?;
    let start = head
        .bytes()
        .rposition(|b| !b.is_ascii_uppercase() && !b.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let (prefix, name) = split(head, start);
    let level = match name {
        "LOG" | "DETAIL" | "HINT" | "CONTEXT" | "STATEMENT" | "QUERY" | "LOCATION" => Level::Info,
        "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" => Level::Debug,
        _ => match Level::from_word(name) {
            Some(level) => level,
            None => return fail(),
        },
    };
    let Some(pid) = pid(prefix) else {
        return fail();
    };
    let mut record = Record::new(Format::Postgres, message)
        .level(Some(level))
        .with("pid", pid);
    let mut user = "";
    for word in prefix.split([' ', ',', ':']) {
        if let Some((name, value)) = word.split_once('=') {
            let name = match name {
                "user" => "user",
                "db" | "database" => "database",
                "app" | "application" => "application",
                "client" | "host" => "client",
                _ => continue,
            };
            record = record.with(name, value);
        } else if word.contains('@') && user.is_empty() {
            user = word;
        }
    }
    Ok(("", record.with("user", user).with("kind", name)))
}

/// The process in brackets, perhaps with a number of the line: `[1234]`, `[1234-1]`.
fn pid(prefix: &str) -> Option<&str> {
    let (before, rest) = prefix.split_once('[')?;
    let (inside, _) = rest.split_once(']')?;
    let is_pid = inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    // In front of it stand a zone, an address, a user: no prose.
    (is_pid && before.split(' ').count() <= 3).then_some(inside)
}

/// Whether a line may go on with the record before it.
pub(crate) fn is_detail(record: &Record<'_>) -> bool {
    record.format == Format::Postgres && name(record).is_some()
}

/// The name of the field that a line is of the record before it.
fn name(record: &Record<'_>) -> Option<&'static str> {
    Some(match record.field("kind")? {
        "DETAIL" => "detail",
        "HINT" => "hint",
        "CONTEXT" => "context",
        "STATEMENT" => "statement",
        "QUERY" => "query",
        "LOCATION" => "location",
        _ => return None,
    })
}

/// The field that a `DETAIL:`, `HINT:` or `STATEMENT:` line is of the record before it, if both are of one process.
pub(crate) fn goes_on<'a>(before: &Record<'_>, record: &Record<'a>) -> Option<Field<'a>> {
    let name = name(record)?;
    let is_same = before.format == Format::Postgres && before.field("pid") == record.field("pid");
    is_same.then(|| Field {
        name: name.into(),
        value: record.message.clone(),
        of_span: false,
    })
}
