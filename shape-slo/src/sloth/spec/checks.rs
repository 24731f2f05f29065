//! What Sloth refuses.

use std::collections::BTreeMap;

pub(super) fn wrong_objective(percent: f64) -> Option<String> {
    let is_share = 0.0 < percent && percent <= 100.0;
    (!is_share).then(|| format!("an objective of `{percent}` %, expected above 0 and at most 100"))
}

/// Sloth's rule for names: letters, digits, dashes, dots and underscores, of which the latter do not stand at an end.
pub(super) fn wrong_name(field: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("`{field}` is missing"));
    }
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let is_name = name.chars().all(is_inner) && name.starts_with(is_end) && name.ends_with(is_end);
    (!is_name).then(|| {
        format!(
            "`{field}` is `{name}`, expected letters and digits, with `-`, `.` and `_` between them"
        )
    })
}

/// A label or an annotation without a name or a value, of which Prometheus has none.
pub(super) fn wrong_entries(field: &str, entries: &BTreeMap<String, String>) -> Option<String> {
    entries.iter().find_map(|(name, value)| {
        if name.is_empty() || name == "__name__" {
            return Some(format!(
                "`{field}` has a name `{name}`, which none can have"
            ));
        }
        value
            .is_empty()
            .then(|| format!("`{field}.{name}` is empty, expected a text"))
    })
}

/// A query with the window in the place of `{{.window}}`.
pub(in super::super) fn windowed(query: &str, window: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = query;
    let mut has_window = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let (action, after) = after
            .split_once("}}")
            .ok_or_else(|| "has a `{{` without its `}}`".to_owned())?;
        // `{{- x -}}` also takes the white space around it away, which PromQL does not mind.
        let name = action.trim_start_matches('-').trim_end_matches('-').trim();
        if name != ".window" {
            return Err(format!(
                "has `{{{{{action}}}}}`, expected `{{{{.window}}}}`"
            ));
        }
        has_window = true;
        text.push_str(before);
        text.push_str(window);
        rest = after;
    }
    text.push_str(rest);
    if has_window {
        Ok(text)
    } else {
        Err("has no `{{.window}}`".to_owned())
    }
}
