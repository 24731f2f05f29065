//! What the names in a Java file stand for: loggers and constant texts.

use std::collections::BTreeMap;

use super::syntax::unescape;

/// Whose logger a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Logger {
    /// That of the class that declares it.
    Own,
    /// That of another class, by its simple name.
    Of(String),
    /// One with a name of its own.
    Named(String),
    /// Known at run time only.
    Unknown,
}

/// Constant texts by class and name; `None` where two differ.
#[derive(Clone, Debug, Default)]
pub(crate) struct JavaConstants(BTreeMap<(String, String), Option<String>>);

impl JavaConstants {
    /// Reads the constants of files, each with the name of its class.
    pub(crate) fn learn<'s>(files: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let mut all = Self::default();
        for (class, source) in files {
            for (name, text) in constants(source) {
                let key = (class.to_owned(), name.to_owned());
                all.0
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
        self.0.get(&key)?.as_deref()
    }
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

/// `Logger LOG = LoggerFactory.getLogger(Net.class)`, by variable; annotations of Lombok too.
pub(super) fn loggers(source: &str) -> BTreeMap<&str, Logger> {
    let mut found = BTreeMap::new();
    for at in memchr::memmem::find_iter(source.as_bytes(), b"etLog") {
        let Some((_, call)) = source[at..].split_once('(') else {
            continue;
        };
        let argument = call.split([')', ',']).next().unwrap_or_default().trim();
        let statement = source[..at]
            .rfind([';', '{', '}'])
            .map_or(0, |before| before + 1);
        let Some((declared, _)) = source[statement..at].rsplit_once('=') else {
            continue;
        };
        let name = declared
            .trim_end()
            .rsplit(|c: char| !is_name_char(c))
            .next();
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let logger = if let Some(class) = argument.strip_suffix(".class") {
            Logger::Of(class.rsplit('.').next().unwrap_or(class).to_owned())
        } else if let Some(text) = argument.strip_prefix('"') {
            Logger::Named(text.trim_end_matches('"').to_owned())
        } else if argument.is_empty() || argument.contains("lookup(") {
            Logger::Own
        } else {
            Logger::Unknown
        };
        found.insert(name, logger);
    }
    let is_annotated = [
        "@Slf4j",
        "@Log4j",
        "@Log4j2",
        "@CommonsLog",
        "@Log\n",
        "@XSlf4j",
    ];
    if is_annotated
        .iter()
        .any(|annotation| source.contains(annotation))
    {
        found.entry("log").or_insert(Logger::Own);
    }
    found
}

fn is_name_char(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphanumeric()
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
    fn loggers_by_variable() {
        let source = "class A { private static final Logger LOG =\n LoggerFactory.getLogger(A.class);\n \
                      Log w = LogFactory.getLog(\"a.wire\"); Logger own = LogManager.getLogger();\n \
                      Log r = LogFactory.getLog(getClass()); }";
        let found = loggers(source);
        assert_eq!(found["LOG"], Logger::Of("A".to_owned()));
        assert_eq!(found["w"], Logger::Named("a.wire".to_owned()));
        assert_eq!(found["own"], Logger::Own);
        assert_eq!(found["r"], Logger::Unknown);
    }
}
