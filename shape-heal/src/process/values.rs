//! Placeholders in commands.

use std::{collections::BTreeMap, fmt};

/// The values of the placeholders of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, String>);

impl Values {
    pub(super) fn set(&mut self, name: &'static str, value: impl fmt::Display) {
        self.0.insert(name, value.to_string());
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Fills in `{name}` for every name that has a value; `${name}` belongs to the shell.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let is_shell = rest[..start].ends_with('$');
            let value = rest[start + 1..]
                .split_once('}')
                .and_then(|(name, after)| Some((self.0.get(name)?, after)));
            match value {
                Some((value, after)) if !is_shell => {
                    filled.push_str(&rest[..start]);
                    filled.push_str(value);
                    rest = after;
                }
                _ => {
                    filled.push_str(&rest[..=start]);
                    rest = &rest[start + 1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::Values;

    #[test]
    fn placeholders_are_filled_in_and_the_shell_keeps_its_own() {
        let mut values = Values::default();
        values.set("port", 80);
        let text = "a {port} ${port} {other} awk '{print}' {";
        assert_eq!(values.fill(text), "a 80 ${port} {other} awk '{print}' {");
    }
}
