//! Stack frames, as the runtimes of several languages print them.

use crate::{SourceLocation, parse::scan};

/// The place that a line of a stack trace names.
///
/// Java, JavaScript, Python, Rust, Go and C# are known.
pub(crate) fn frame(line: &str) -> Option<SourceLocation> {
    let i = line.trim();
    if let Some(rest) = i.strip_prefix("File \"") {
        return python(rest);
    }
    if let Some(rest) = i.strip_prefix("at ") {
        return at(rest);
    }
    // Go: `/home/x/main.go:12 +0x1d`, behind a line with the function.
    let first = i.split(' ').next()?;
    if line.starts_with('\t')
        && let Some(place) = scan::place(first)
    {
        return Some(place.to_location());
    }
    if let Some(place) = ruby(i).or_else(|| php(i)).or_else(|| elixir(i)) {
        return Some(place);
    }
    // Firefox and Safari: `handler@http://host/app.js:42:7`.
    let (name, url) = i.split_once('@')?;
    if name.contains(' ') {
        return None;
    }
    location(url)
}

/// The frames in the lines behind a record, innermost first; at most 64.
pub(crate) fn all(detail: &str) -> Vec<SourceLocation> {
    if detail.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<SourceLocation> = detail.lines().filter_map(frame).take(64).collect();
    // Python prints the innermost last.
    if detail.contains("Traceback (most recent call last)") {
        found.reverse();
    }
    found
}

/// `/a/b.py", line 3, in f`.
fn python(rest: &str) -> Option<SourceLocation> {
    let (path, rest) = rest.split_once("\", line ")?;
    let (_, digits) = scan::digits(rest).ok()?;
    Some(SourceLocation {
        path: path.replace('\\', "/"),
        line: digits.parse().ok()?,
        column: None,
    })
}

/// `from /a/b.rb:7:in 'g'`, with or without the word.
fn ruby(i: &str) -> Option<SourceLocation> {
    let i = i.strip_prefix("from ").unwrap_or(i);
    let at = memchr::memmem::find(i.as_bytes(), b":in ")?;
    scan::place(scan::split(i, at).0).map(|place| place.to_location())
}

/// `#0 /srv/a.php(7): f()`.
fn php(i: &str) -> Option<SourceLocation> {
    let (number, rest) = i.strip_prefix('#')?.split_once(' ')?;
    let (path, rest) = rest.split_once('(')?;
    let (line, _) = rest.split_once("): ")?;
    let is_number = number.bytes().all(|b| b.is_ascii_digit());
    (is_number && path.contains(['/', '\\'])).then(|| {
        Some(SourceLocation {
            path: path.replace('\\', "/"),
            line: line.parse().ok()?,
            column: None,
        })
    })?
}

/// `(shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.handle_call/3`.
fn elixir(i: &str) -> Option<SourceLocation> {
    let (_, rest) = i.strip_prefix('(')?.split_once(") ")?;
    let (place, _) = rest.split_once(": ")?;
    scan::place(place).map(|place| place.to_location())
}

/// What stands behind `at `.
fn at(rest: &str) -> Option<SourceLocation> {
    // C#: `A.B.C() in C:\x\y.cs:line 42`.
    if let Some((_, place)) = rest.rsplit_once(" in ")
        && let Some((path, line)) = place.rsplit_once(":line ")
    {
        return Some(SourceLocation {
            path: path.replace('\\', "/"),
            line: line.trim().parse().ok()?,
            column: None,
        });
    }
    let Some(inside) = rest.strip_suffix(')') else {
        return location(rest);
    };
    let (method, place) = inside.rsplit_once('(')?;
    let found = location(place)?;
    // Java names the file alone; its package is the path.
    if found.column.is_none()
        && std::path::Path::new(&found.path)
            .extension()
            .is_some_and(|e| e == "java")
        && !found.path.contains('/')
        && let Some((class, _)) = method.trim().rsplit_once('.')
        && let Some((package, _)) = class.rsplit_once('.')
    {
        let package = package.rsplit('/').next().unwrap_or(package);
        return Some(SourceLocation {
            path: format!("{}/{}", package.replace('.', "/"), found.path),
            ..found
        });
    }
    Some(found)
}

/// `app.js:42:7`, with or without a scheme and a host.
fn location(text: &str) -> Option<SourceLocation> {
    let text = text.trim();
    let path = match text.split_once("://") {
        Some(("http" | "https", rest)) => rest.split_once('/')?.1,
        Some((_, rest)) => rest.strip_prefix("/./").unwrap_or(rest),
        None => text.strip_prefix("./").unwrap_or(text),
    };
    // A query belongs to the URL, not to the file.
    let mut found = scan::place(path).map(|place| place.to_location());
    if found.is_none()
        && let Some((path, rest)) = path.split_once('?')
        && let Some((_, numbers)) = rest.split_once(':')
    {
        found = scan::place(&format!("{path}:{numbers}")).map(|place| place.to_location());
    }
    found
}

/// Whether a line goes on with the record before it, whatever format that has.
pub(crate) fn continues(line: &str) -> bool {
    let i = line.trim_start();
    let indented = i.len() < line.len();
    if indented && (i.starts_with("at ") || i.starts_with("... ") || i.starts_with("File \"")) {
        return true;
    }
    [
        "Caused by:",
        "Suppressed: ",
        "Traceback (most recent call last)",
        "stack backtrace:",
        "Stack backtrace:",
        "Stack trace:",
        "note: run with `RUST_BACKTRACE",
        "note: Some details are omitted",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "goroutine ",
        // Elixir.
        "** (",
    ]
    .iter()
    .any(|start| i.starts_with(start))
        || is_exception(i)
        // Ruby and PHP do not indent.
        || (i.contains(".rb:") && ruby(i).is_some())
        || php(i).is_some()
        || i == "#1 {main}"
        // Laravel.
        || matches!(i.trim_end(), "[stacktrace]" | "\"}")
}

/// Whether a line announces that another trace of the same event follows.
pub(crate) fn chains(line: &str) -> bool {
    line.starts_with("During handling of the above exception")
        || line.starts_with("The above exception was the direct cause")
}

/// `java.lang.IllegalStateException: message`, `com.example.BadError`.
fn is_exception(i: &str) -> bool {
    let name = i.split([':', ' ']).next().unwrap_or(i);
    name.contains('.')
        && (name.ends_with("Exception") || name.ends_with("Error") || name.ends_with("Throwable"))
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._$".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_many_languages() {
        let check = |line, expected: Option<&str>| {
            let found = frame(line).map(|place| place.to_string());
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check("\tat c.e.Foo.bar(Foo.java:42)", Some("c/e/Foo.java:42"));
        check(
            "\tat java.base/java.lang.Thread.run(Thread.java:829)",
            Some("java/lang/Thread.java:829"),
        );
        check("\tat c.e.Foo.bar(Native Method)", None);
        check("    at foo (app.js:42:7)", Some("app.js:42:7"));
        check(
            "    at async Promise.all (file:///srv/a/b.mjs:1:2)",
            Some("/srv/a/b.mjs:1:2"),
        );
        check(
            "    at http://localhost:3000/static/app.js?v=1:42:7",
            Some("static/app.js:42:7"),
        );
        check(
            "onclick@http://localhost/static/app.js:42:7",
            Some("static/app.js:42:7"),
        );
        check("  File \"/a/b.py\", line 3, in f", Some("/a/b.py:3"));
        check("             at ./src/main.rs:5:3", Some("src/main.rs:5:3"));
        check("\t/home/x/main.go:12 +0x1d", Some("/home/x/main.go:12"));
        check("   at A.B.C() in C:\\x\\y.cs:line 42", Some("C:/x/y.cs:42"));
        check("\tfrom /srv/a.rb:7:in `g'", Some("/srv/a.rb:7"));
        check(
            "app/models/cart.rb:12:in 'total'",
            Some("app/models/cart.rb:12"),
        );
        check("#0 /srv/a.php(7): f()", Some("/srv/a.php:7"));
        check(
            "    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.handle_call/3",
            Some("lib/shop/cart.ex:12"),
        );
        check("  meet me at noon", None);
    }
}
