//! What the names in a Java file stand for that are constant texts.

use std::collections::BTreeMap;

use super::syntax::unescape;

/// Constant texts of a source tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct JavaConstants {
    /// By class and name; `None` where two differ.
    by_name: BTreeMap<(String, String), Option<String>>,
    /// Those of resource bundles by key, each with the folder of its bundle.
    bundles: BTreeMap<String, Vec<(String, String)>>,
}

impl JavaConstants {
    /// Reads the constants of files, each with the name of its class.
    pub(crate) fn learn<'s>(files: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let mut all = Self::default();
        for (class, source) in files {
            for (name, text) in constants(source) {
                let key = (class.to_owned(), name.to_owned());
                all.by_name
                    .entry(key)
                    .and_modify(|known| {
                        if known.as_deref() != Some(text.as_str()) {
                            *known = None;
                        }
                    })
                    .or_insert(Some(text));
            }
        }
        all
    }

    /// The text of `Class.NAME`.
    pub(super) fn get(&self, class: &str, name: &str) -> Option<&str> {
        let key = (class.to_owned(), name.to_owned());
        self.by_name.get(&key)?.as_deref()
    }

    /// Adds the texts of resource bundles: files of properties, each with its path.
    pub(crate) fn with_bundles<'s>(
        mut self,
        files: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Self {
        for (path, source) in files {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for (key, text) in properties(source) {
                let texts = self.bundles.entry(key).or_default();
                texts.push((folder.to_owned(), text));
            }
        }
        self
    }

    /// The text of a key in the bundle of a package, or the only one that any bundle has for it.
    pub(super) fn bundle_text(&self, package: &str, key: &str) -> Option<&str> {
        let texts = self.bundles.get(key)?;
        let package = package.replace('.', "/");
        let is_near = |folder: &str| {
            let rest = folder.strip_suffix(package.as_str());
            !package.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let only = |texts: &mut dyn Iterator<Item = &'_ (String, String)>| {
            let mut found: Option<String> = None;
            for (_, text) in texts {
                if found.as_ref().is_some_and(|found| found != text) {
                    return None;
                }
                found = Some(text.clone());
            }
            found
        };
        let mut near = texts.iter().filter(|(folder, _)| is_near(folder));
        let found = only(&mut near).or_else(|| only(&mut texts.iter()))?;
        let (_, text) = texts.iter().find(|(_, text)| *text == found)?;
        Some(text)
    }
}

/// The keys and texts of a file of properties, as `java.util.Properties` reads it.
fn properties(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let mut whole = line.trim_start().to_owned();
        if whole.is_empty() || whole.starts_with(['#', '!']) {
            continue;
        }
        // An odd number of backslashes at the end: the line goes on.
        while (whole.len() - whole.trim_end_matches('\\').len()) % 2 == 1 {
            whole.pop();
            match lines.next() {
                Some(next) => whole.push_str(next.trim_start()),
                None => break,
            }
        }
        let mut is_escaped = false;
        let end = whole.find(|c: char| {
            let is_end = !is_escaped && (matches!(c, '=' | ':') || c.is_whitespace());
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        let (key, rest) = whole.split_at(end.unwrap_or(whole.len()));
        let rest = rest.trim_start();
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
        found.push((unescape(key), unescape(value)));
    }
    found
}

/// A format of `MessageFormat` without its quotes: `''` is one, and what stands between two is text.
pub(super) fn without_quotes(format: &str) -> String {
    let mut text = String::with_capacity(format.len());
    let mut is_quoted = false;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.peek() == Some(&'\'') => {
                chars.next();
                text.push('\'');
            }
            '\'' => is_quoted = !is_quoted,
            '{' | '}' if is_quoted => {
                text.push(c);
                text.push(c);
            }
            c => text.push(c),
        }
    }
    text
}

/// `static final String NAME = "…";`, on one line or two, in an interface without the modifiers.
pub(super) fn constants(source: &str) -> impl Iterator<Item = (&str, String)> {
    memchr::memmem::find_iter(source.as_bytes(), b"String ").filter_map(move |at| {
        let line_start = source[..at].rfind('\n').map_or(0, |end| end + 1);
        let modifiers = &source[line_start..at];
        let rest = &source[at + "String ".len()..];
        let (name, value) = rest.split_once('=')?;
        let name = name.trim();
        let is_constant = modifiers.contains("final ")
            && (modifiers.contains("static ") || !name.contains(char::is_lowercase))
            || modifiers.trim().is_empty() && !name.contains(char::is_lowercase);
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if !is_constant || !is_name {
            return None;
        }
        let mut text = String::new();
        let mut value = value.trim_start();
        loop {
            let (literal, rest) = string_literal(value)?;
            text.push_str(&literal);
            value = rest.trim_start();
            if value.starts_with(';') {
                return Some((name, text));
            }
            value = value.strip_prefix('+')?.trim_start();
        }
    })
}

/// The text of a literal at the start, and what follows it.
fn string_literal(source: &str) -> Option<(String, &str)> {
    let inner = source.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = inner.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped || byte == b'\n';
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some((unescape(&inner[..end]), inner[end..].strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_a_class() {
        let source = "interface K { String A = \"a\";\n  static final String B =\n    \"b\" + \"c\";\n \
                      private final String c = \"no\";\n String d = \"no\";\n static final String E = f();\n}";
        let found: Vec<_> = constants(source).collect();
        assert_eq!(found, [("B", "bc".to_owned())]);
        let found: Vec<_> = constants("  String A = \"a \\\" b\";\n").collect();
        assert_eq!(found, [("A", "a \" b".to_owned())]);
        let all = JavaConstants::learn([("K", source), ("K", "static final String B = \"x\";")]);
        assert_eq!(all.get("K", "B"), None);
    }

    #[test]
    fn bundles_by_package_and_key() {
        let net = "# a comment\nnet.up = listening on \\\n    port {0}\nnet.quoted: can''t read '{'{0}'}'\nkey\\ x=y\n";
        let web = "net.up=the web is up\nweb.only = served {0}\n";
        let constants = JavaConstants::default().with_bundles([
            ("src/org/app/net/Strings.properties", net),
            ("src/org/app/web/Strings.properties", web),
        ]);
        let check = |package, key, expected| {
            assert_eq!(
                constants.bundle_text(package, key),
                expected,
                "{package} {key}"
            );
        };
        check("org.app.net", "net.up", Some("listening on port {0}"));
        check("org.app.web", "net.up", Some("the web is up"));
        check("org.other", "net.up", None);
        check("org.other", "web.only", Some("served {0}"));
        check("org.app.net", "key x", Some("y"));
        assert_eq!(
            without_quotes("can''t read '{'{0}'}'"),
            "can't read {{{0}}}"
        );
    }
}
