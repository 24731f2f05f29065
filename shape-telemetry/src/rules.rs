//! Rules that users give: which component a record belongs to, and what it says about a request.

use serde::{Deserialize, Serialize};

use crate::{Level, Outcome, Record, glob_match::matches, mine::mask};

/// Conditions on a record; all that are given must hold. Patterns know `*` (any text) and `?` (one character).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordMatch {
    /// A pattern for the target, logger or program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The name of a field that must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A pattern for the value of that field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// A pattern for the name of the source, usually its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A pattern for the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The least level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_level: Option<Level>,
}

impl RecordMatch {
    /// Whether the record of a source fits. Without any condition every record does.
    pub fn fits(&self, record: &Record<'_>, source: &str) -> bool {
        let fits = |pattern: &Option<String>, text: Option<&str>| match pattern {
            Some(pattern) => text.is_some_and(|text| matches(pattern, text)),
            None => true,
        };
        let field = self.field.as_deref().map(|name| record.field(name));
        fits(&self.target, record.target.as_deref())
            && fits(&self.file, Some(source))
            && fits(&self.message, Some(&record.message))
            && field.is_none_or(|value| value.is_some() && fits(&self.equals, value))
            && self
                .min_level
                .is_none_or(|least| record.level.is_some_and(|level| least <= level))
    }
}

/// Gives records to a component.
///
/// ```
/// use shape_telemetry::ComponentRule;
///
/// let rule: ComponentRule = serde_json::from_str(r#"{
///     "component": "canvas",
///     "when": { "target": "studio::canvas*" }
/// }"#)?;
/// assert_eq!(rule.component.as_deref(), Some("canvas"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentRule {
    /// The component. Without one, it is the value of the field in the condition, or the whole target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Which records.
    pub when: RecordMatch,
}

impl ComponentRule {
    /// Records whose target fits a pattern belong to `component`.
    pub fn target(component: &str, pattern: &str) -> Self {
        Self {
            component: Some(component.to_owned()),
            when: RecordMatch {
                target: Some(pattern.to_owned()),
                ..RecordMatch::default()
            },
        }
    }

    /// The value of a field names the component.
    pub fn field(name: &str) -> Self {
        Self {
            component: None,
            when: RecordMatch {
                field: Some(name.to_owned()),
                ..RecordMatch::default()
            },
        }
    }

    /// Records of a file whose name fits a pattern belong to `component`.
    pub fn file(component: &str, pattern: &str) -> Self {
        Self {
            component: Some(component.to_owned()),
            when: RecordMatch {
                file: Some(pattern.to_owned()),
                ..RecordMatch::default()
            },
        }
    }

    pub(crate) fn apply<'r>(&'r self, record: &'r Record<'_>, source: &str) -> Option<&'r str> {
        if !self.when.fits(record, source) {
            return None;
        }
        match (&self.component, &self.when.field) {
            (Some(name), _) => Some(name),
            (None, Some(field)) => record.field(field),
            (None, None) => record.target.as_deref(),
        }
    }
}

/// Says what records mean for a request; the first rule that fits wins, and the default rules of
/// [`classify`](crate::classify) come last. All conditions that are given must hold.
///
/// ```
/// use shape_telemetry::{CollectorConfig, Outcome, OutcomeRule, Reader};
///
/// let rules: Vec<OutcomeRule> = serde_json::from_str(r#"[
///     { "outcome": "not_a_request", "component": "health" },
///     { "outcome": "bad", "template": "order <*> shipped late*" },
///     { "outcome": "good", "when": { "field": "event", "equals": "shipped" } }
/// ]"#)?;
/// let config = CollectorConfig::new().outcome_rules(rules);
/// let outcome = |line| config.verdict(&Reader::new().parse_line(line), "shop.log").outcome;
/// assert_eq!(outcome("INFO shop::health: GET /up 200 in 1ms"), Outcome::NotARequest);
/// assert_eq!(outcome("INFO shop::cart: order 17 shipped late event=shipped"), Outcome::Bad);
/// assert_eq!(outcome("INFO shop::cart: order 17 left event=shipped"), Outcome::Good);
/// // No rule fits: what the line says decides.
/// assert_eq!(outcome("INFO shop::cart: GET /cart 503 in 1ms"), Outcome::Bad);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// What the records mean.
    pub outcome: Outcome,
    /// A pattern for the name of the component, as the [`ComponentRule`]s give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// A pattern for the template of the message, as reports print it: `order <*> shipped in <*>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Which records.
    #[serde(default)]
    pub when: RecordMatch,
}

impl OutcomeRule {
    /// Whether the record of a component and source fits.
    pub fn fits(&self, record: &Record<'_>, component: &str, source: &str) -> bool {
        let has_component = || {
            let pattern = self.component.as_deref();
            pattern.is_none_or(|pattern| matches(pattern, component))
        };
        let has_template = || {
            self.template.as_deref().is_none_or(|pattern| {
                let mut template = String::new();
                mask::record(record, &mut template);
                matches(pattern, &template)
            })
        };
        has_component() && self.when.fits(record, source) && has_template()
    }
}

/// The component of a record when no rule of the user fits.
///
/// The field `component`, else the last part of the target (`canvas` of `studio::canvas`, `MRAppMaster` of
/// `org.apache.hadoop.MRAppMaster`), else the field `service.name`, else the name of the file up to its first dot.
pub(crate) fn default_component<'r>(record: &'r Record<'_>, source: &'r str) -> &'r str {
    if let Some(name) = record.field("component").filter(|name| !name.is_empty()) {
        return name;
    }
    if let Some(target) = record.target.as_deref() {
        return last_part(target);
    }
    if let Some(name) = record.first_field(&["service.name", "service"]) {
        return name;
    }
    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    let stem = file.split('.').next().unwrap_or(file);
    if stem.is_empty() || stem == "-" || stem == "stdin" {
        return crate::ComponentId::UNKNOWN;
    }
    stem
}

fn last_part(target: &str) -> &str {
    let bytes = target.as_bytes();
    if memchr::memchr(b' ', bytes).is_some() {
        return target;
    }
    let after = |at: usize| target.get(at + 1..).unwrap_or(target);
    let last = memchr::memrchr2(b':', b'/', bytes).map_or(target, after);
    // A version or a file name (`libc.so.6`) is no path of modules.
    match memchr::memrchr(b'.', last.as_bytes()).and_then(|at| last.get(at + 1..)) {
        Some(part) if 2 <= part.len() && part.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            part
        }
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_parts() {
        assert_eq!(last_part("studio::canvas"), "canvas");
        assert_eq!(last_part("org.apache.hadoop.MRAppMaster"), "MRAppMaster");
        assert_eq!(
            last_part("dfs.DataNode$PacketResponder"),
            "DataNode$PacketResponder"
        );
        assert_eq!(last_part("sshd(pam_unix)"), "sshd(pam_unix)");
        assert_eq!(last_part("syslogd 1.4.1"), "syslogd 1.4.1");
        assert_eq!(last_part("canvas"), "canvas");
    }

    #[test]
    fn default_components() {
        let record = Record::plain("hello");
        assert_eq!(
            default_component(&record, "/var/log/access.log.1.gz"),
            "access"
        );
        assert_eq!(default_component(&record, "-"), "unknown");
        let record = record.target("a::bb");
        assert_eq!(default_component(&record, "x.log"), "bb");
        // A single letter is what is left of a name, no part of it.
        let record = Record::plain("hello").target("invoke-rc.d");
        assert_eq!(default_component(&record, "x.log"), "invoke-rc.d");
    }

    #[test]
    fn typos_are_errors() {
        let json = r#"{"component":"a","when":{"tagret":"x"}}"#;
        assert!(serde_json::from_str::<ComponentRule>(json).is_err());
    }
}
