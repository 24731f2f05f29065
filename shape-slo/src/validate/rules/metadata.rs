//! Names, labels, lengths: what all kinds share.

use super::{Property, Rules, Version};
use crate::validate::text;

const DISPLAY_NAME: usize = 63;
const UNITS_V1: &[&str] = &["m", "h", "d", "w", "M", "Q", "Y"];
const UNITS_V2: &[&str] = &["m", "h", "d", "w"];

impl Rules {
    pub(super) fn dns_label(&mut self, property: &Property<'_>) {
        let length = property.text().chars().count();
        if !(1..=63).contains(&length) {
            self.mistake(&property.path, "string_dns_label:string_length");
        } else if !text::is_dns_label(property.text()) {
            self.mistake(&property.path, "string_dns_label:string_match_regexp");
        }
    }

    pub(super) fn required_dns_label(&mut self, property: &Property<'_>) {
        if self.required(property) {
            self.dns_label(property);
        }
    }

    pub(super) fn optional_dns_label(&mut self, property: &Property<'_>) {
        if !property.is_zero() {
            self.dns_label(property);
        }
    }

    pub(super) fn metadata(&mut self, version: Version, metadata: &Property<'_>) {
        if !self.required(metadata) {
            return;
        }
        self.required_dns_label(&metadata.get("name"));
        if version != Version::V2alpha {
            self.max_length(&metadata.get("displayName"), DISPLAY_NAME);
        }
        if version == Version::V1alpha {
            return;
        }
        let labels = metadata.get("labels");
        for (key, value) in labels.value.as_object().into_iter().flatten() {
            let path = key_path(&labels.path, key);
            if version == Version::V2alpha {
                self.qualified_name(&path, key);
                let value = value.as_str().unwrap_or("");
                if !value.is_empty() && !text::is_name(value, |byte| byte.is_ascii_lowercase()) {
                    self.mistake(&path, "string_match_regexp");
                }
            } else if !text::is_name(key, |byte| byte.is_ascii_alphabetic()) {
                self.mistake(&path, "string_match_regexp");
            }
        }
        let annotations = metadata.get("annotations");
        let keys = annotations.value.as_object().into_iter();
        for key in keys.flat_map(|map| map.keys()) {
            let path = key_path(&annotations.path, key);
            if version == Version::V2alpha {
                self.qualified_name(&path, key);
            } else if !text::is_qualified_name(key, 63) {
                self.mistake(&path, "string_match_regexp");
            }
        }
    }

    /// A name as Kubernetes has it; `OpenSLO` v2 does not bound the parts of the host name in front of it.
    pub(super) fn qualified_name(&mut self, path: &str, key: &str) {
        if !(1..=317).contains(&key.chars().count()) {
            self.mistake(path, "string_kubernetes_qualified_name:string_length");
        } else if !text::is_qualified_name(key, usize::MAX) {
            self.mistake(path, "string_kubernetes_qualified_name");
        }
    }

    pub(super) fn duration(&mut self, version: Version, property: &Property<'_>) {
        let (value, unit) = text::duration(property.text()).unwrap_or((0, ""));
        let units = if version == Version::V2alpha {
            UNITS_V2
        } else {
            UNITS_V1
        };
        if unit.is_empty() {
            self.mistake(&format!("{}.unit", property.path), "required");
        } else if !units.contains(&unit) {
            self.mistake(&format!("{}.unit", property.path), "one_of");
        }
        if value < 0 {
            self.mistake(
                &format!("{}.value", property.path),
                "greater_than_or_equal_to",
            );
        }
    }

    pub(super) fn required_duration(&mut self, version: Version, property: &Property<'_>) {
        if self.required(property) {
            self.duration(version, property);
        }
    }
}

/// The path of a key, as a `JSONPath` writes it: in brackets if it would not read as a name.
fn key_path(path: &str, key: &str) -> String {
    let needs_brackets = |c: char| ".[]'*$ \t\n\r".contains(c);
    if !key.is_empty() && !key.contains(needs_brackets) {
        return format!("{path}.{key}");
    }
    let mut escaped = String::new();
    for c in key.chars() {
        match c {
            '\'' => escaped.push_str("\\'"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            c => escaped.push(c),
        }
    }
    format!("{path}['{escaped}']")
}

#[cfg(test)]
mod tests {
    use super::key_path;

    #[test]
    fn keys_that_are_no_names_stand_in_brackets() {
        assert_eq!(key_path("metadata.labels", "team"), "metadata.labels.team");
        assert_eq!(key_path("a", "shop.example/x"), "a['shop.example/x']");
        assert_eq!(key_path("a", "it's\n"), "a['it\\'s\\n']");
        assert_eq!(key_path("a", ""), "a['']");
    }
}
