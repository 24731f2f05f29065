//! Placeholders in the templates of recipes.

use std::collections::BTreeMap;

use crate::{Error, error::Repr};

/// The values that `{{name}}` stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placeholders(BTreeMap<String, String>);

impl Placeholders {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(crate) fn set_if_new(&mut self, name: String, value: &str) {
        self.0.entry(name).or_insert_with(|| value.to_owned());
    }

    /// Fills in every `{{name}}`, escaped for a double-quoted string, and every `{{raw:name}}` as it is.
    ///
    /// Braces around anything that does not look like a name (`{{}}`, `{{ "a": 1 }}`) are left alone.
    pub(crate) fn fill(&self, text: &str, what: &str) -> Result<String, Error> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let inside = &rest[start + 2..];
            let name = inside.find("}}").map(|end| inside[..end].trim());
            let Some(name) = name.filter(|name| is_name(name)) else {
                filled.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            };
            filled.push_str(&rest[..start]);
            let (key, is_raw) = name
                .strip_prefix("raw:")
                .map_or((name, false), |key| (key, true));
            let Some(value) = self.0.get(key) else {
                let line = text.len() - rest.len() + start;
                let line = text[..line].matches('\n').count() + 1;
                return Err(self.unknown(key, what, line));
            };
            if is_raw {
                filled.push_str(value);
            } else {
                push_escaped(&mut filled, value);
            }
            let end = inside.find("}}").map_or(inside.len(), |end| end + 2);
            rest = &inside[end..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn unknown(&self, name: &str, what: &str, line: usize) -> Error {
        let known: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{{{{{name}}}}} = {value:?}"))
            .collect();
        Repr::Recipe {
            place: format!("{what}:{line}"),
            message: format!(
                "unknown placeholder `{{{{{name}}}}}`; known for this fault: {}",
                known.join(", ")
            ),
        }
        .into()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

fn push_escaped(filled: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '"' | '\\' => filled.extend(['\\', c]),
            '\n' => filled.push_str("\\n"),
            '\r' => filled.push_str("\\r"),
            '\t' => filled.push_str("\\t"),
            c => filled.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Placeholders {
        let mut values = Placeholders::default();
        values.set("id", "f12");
        values.set("var.name", r#"a"b\"#);
        values
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(values().fill(text, "t").unwrap(), expected);
    }

    #[test]
    fn fills_in_and_escapes() {
        check("x_{{id}}.rs", "x_f12.rs");
        check("{{ id }}", "f12");
        check(r#"f("{{var.name}}")"#, r#"f("a\"b\\")"#);
        check("{{raw:var.name}}", r#"a"b\"#);
    }

    #[test]
    fn leaves_other_braces_alone() {
        check("fn a() {{ }}", "fn a() {{ }}");
        check(
            r#"format!("{{\"a\": {id}}}")"#,
            r#"format!("{{\"a\": {id}}}")"#,
        );
        check("{{{id}}}", "{f12}");
        check("{{", "{{");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let message = values()
            .fill("a\n{{idd}}", "fix.rs")
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with(
                "fix.rs:2: unknown placeholder `{{idd}}`; known for this fault: {{id}} = \"f12\""
            ),
            "{message}"
        );
    }
}
