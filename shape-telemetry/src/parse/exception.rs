//! Errors that a runtime prints by itself, outside of any log format.

use super::{
    layout,
    scan::{self, split},
};
use crate::{Format, Level, Record};

/// The first line of an uncaught error: `TypeError: message`, `Traceback (most recent call last):`,
/// `Exception in thread "main" java.lang.…`, `Unhandled exception. System.…`, `fatal error: …`, `/srv/app.js:10`.
pub(crate) fn exception(line: &str) -> Option<Record<'_>> {
    let record = Record::new(Format::Exception, line).level(Some(Level::Error));
    if is_traceback(line) {
        return Some(record);
    }
    if let Some(rest) = line.strip_prefix("Exception in thread \"") {
        let (thread, rest) = rest.split_once("\" ")?;
        let mut record = record.with("thread", thread);
        record.message = rest.into();
        return Some(record);
    }
    for start in [
        "Unhandled exception. ",
        "Unhandled Exception: ",
        "Uncaught ",
    ] {
        if let Some(rest) = line.strip_prefix(start)
            && named(rest).is_some()
        {
            let mut record = record;
            record.message = rest.into();
            return Some(record);
        }
    }
    if let Some(rest) = line.strip_prefix("fatal error: ") {
        let mut record = record.level(Some(Level::Fatal));
        record.message = rest.into();
        return Some(record);
    }
    if let Some(record) = layout::php(line) {
        return Some(Record {
            format: Format::Exception,
            ..record
        });
    }
    if let Some((place, message)) = ruby(line) {
        let mut record = record;
        record.emitter = scan::place(place);
        record.message = message.into();
        return Some(record);
    }
    // Node prints where an error was thrown before it says which.
    if let Some(place) = scan::place(line)
        && place.column.is_none()
        && has_script(&place.path)
        && (line.starts_with('/') || line.starts_with("file:///"))
    {
        let mut record = record;
        record.emitter = Some(place);
        record.message = "".into();
        return Some(record);
    }
    named(line).map(|_| record)
}

/// Whether a line is the first of a trace of Python, whose error stands at the end.
pub(crate) fn is_traceback(line: &str) -> bool {
    line.starts_with("Traceback (most recent call last)")
}

fn has_script(path: &str) -> bool {
    [".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// `/srv/a.rb:3:in 'f': message (RuntimeError)`: the place, and what follows the method.
fn ruby(line: &str) -> Option<(&str, &str)> {
    let at = memchr::memmem::find(line.as_bytes(), b":in ")?;
    let (place, rest) = split(line, at);
    let (_, message) = super::scan::around(rest, "': ")?;
    let (_, kind) = message.strip_suffix(')')?.rsplit_once(" (")?;
    (scan::place(place).is_some() && is_type(kind)).then_some((place, message))
}

/// The type and the message of an error: `java.io.IOException: late`, `TypeError [CODE]: x`, `KeyError`.
pub(crate) fn named(text: &str) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || b"._$".contains(&b)))
        .unwrap_or(text.len());
    let (kind, rest) = split(text, end);
    if !is_type(kind) {
        return None;
    }
    if rest.is_empty() {
        // A word alone is an error only where its package stands before it.
        return kind.contains('.').then_some((kind, ""));
    }
    let rest = match rest.strip_prefix(" [") {
        Some(code) => code.split_once(']')?.1,
        None => rest,
    };
    let message = rest.strip_prefix(':')?;
    Some((kind, message.trim_start()))
}

/// Whether a name is that of an error: `ValueError`, `c.e.BadException`, `java.lang.Throwable`.
pub(crate) fn is_type(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let ends = [
        "Error",
        "Exception",
        "Throwable",
        "Interrupt",
        "Warning",
        "ExceptionGroup",
    ];
    last.starts_with(|c: char| c.is_ascii_uppercase())
        && ends.iter().any(|end| last.ends_with(end))
        && last != "Warning"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        #[track_caller]
        fn check(line: &str, expected: Option<&str>) {
            let found = exception(line);
            assert_eq!(
                found.as_ref().map(|record| &*record.message),
                expected,
                "{line}"
            );
        }
        check(
            "TypeError: x is not a function",
            Some("TypeError: x is not a function"),
        );
        check("Error: boom", Some("Error: boom"));
        check("Error [ERR_X]: boom", Some("Error [ERR_X]: boom"));
        check(
            "java.lang.OutOfMemoryError",
            Some("java.lang.OutOfMemoryError"),
        );
        check(
            "Unhandled exception. System.IO.IOException: disk",
            Some("System.IO.IOException: disk"),
        );
        check(
            "Exception in thread \"main\" a.B.CException: x",
            Some("a.B.CException: x"),
        );
        check(
            "/srv/a.rb:3:in `f': boom (RuntimeError)",
            Some("boom (RuntimeError)"),
        );
        check(
            "fatal error: all goroutines are asleep",
            Some("all goroutines are asleep"),
        );
        check("Error", None);
        check("Error while reading: late", None);
        check("Warning: late", None);
        check("no Error: here", None);
        check("/srv/app.js:10", Some(""));
        check("app.js:10", None);
        check("main.rs:10", None);
    }
}
