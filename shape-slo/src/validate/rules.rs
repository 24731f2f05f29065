//! The rules of `OpenSLO`, in the order and with the stops of its own validator.
//!
//! A rule that says "stop" in a comment keeps later ones from speaking about what the first has already refused.

use serde_json::Value;

use super::{
    Object, OpenSloMistake, Version,
    objects::DATA_SOURCE_SPEC,
    shape::{Shape, is_zero},
    text,
};

#[derive(Default)]
pub(super) struct Rules {
    pub(super) mistakes: Vec<OpenSloMistake>,
}

const OPERATORS: &[&str] = &["gt", "lt", "gte", "lte"];
const UNITS_V1: &[&str] = &["m", "h", "d", "w", "M", "Q", "Y"];
const UNITS_V2: &[&str] = &["m", "h", "d", "w"];
const DESCRIPTION: usize = 1_050;
const DISPLAY_NAME: usize = 63;

/// A property: its value, its type and its path.
#[derive(Clone)]
struct Property<'a> {
    value: &'a Value,
    shape: &'a Shape,
    path: String,
}

static NOTHING: Value = Value::Null;

impl<'a> Property<'a> {
    fn get(&self, name: &str) -> Property<'a> {
        let fields: &[(&str, &Shape)] = match self.shape {
            Shape::Struct(fields) | Shape::Optional(Shape::Struct(fields)) => fields,
            _ => &[],
        };
        let found = fields.iter().find(|(known, _)| *known == name);
        Property {
            value: self.value.get(name).unwrap_or(&NOTHING),
            shape: found.map_or(&Shape::Raw, |(_, shape)| shape),
            path: if self.path.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", self.path)
            },
        }
    }

    fn items(&self) -> Vec<Property<'a>> {
        let Shape::List(shape) = self.shape else {
            return Vec::new();
        };
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items
            .map(|(index, value)| Property {
                value,
                shape,
                path: format!("{}[{index}]", self.path),
            })
            .collect()
    }

    /// Whether an optional value is there.
    fn is_some(&self) -> bool {
        !self.value.is_null()
    }

    fn has_key(&self, name: &str) -> bool {
        self.value.get(name).is_some()
    }

    fn is_zero(&self) -> bool {
        is_zero(self.value, self.shape)
    }

    fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or("")
    }

    fn number(&self) -> f64 {
        self.value.as_f64().unwrap_or(0.0)
    }

    fn is_true(&self) -> bool {
        self.value.as_bool().unwrap_or(false)
    }
}

impl Rules {
    pub(super) fn object(&mut self, object: &Object) {
        let version = object.version;
        let root = Property {
            value: &object.value,
            shape: object.shape,
            path: String::new(),
        };
        self.metadata(version, &root.get("metadata"));
        let spec = root.get("spec");
        // Other kinds speak about the fields that are missing instead.
        let needs_spec = matches!(
            (version, object.kind),
            (_, "SLO" | "AlertCondition" | "AlertNotificationTarget")
                | (Version::V2alpha, "DataSource")
        );
        if needs_spec && !self.required(&spec) {
            return;
        }
        match (version, object.kind) {
            (Version::V1alpha, "SLO") => self.slo_v1alpha(&spec),
            (_, "SLO") => self.slo(version, &spec),
            (_, "SLI") => self.sli(version, &spec),
            (_, "DataSource") => self.data_source(&spec),
            (_, "AlertPolicy") => self.policy(version, &spec),
            (_, "AlertCondition") => self.condition(version, &spec),
            (_, "AlertNotificationTarget") => self.target(&spec),
            _ => self.description(&spec),
        }
    }

    fn mistake(&mut self, path: &str, code: impl Into<Option<&'static str>>) {
        self.mistakes.push(OpenSloMistake {
            path: path.to_owned(),
            code: code.into(),
        });
    }

    /// Runs rules; whether they found nothing.
    fn passes(&mut self, rules: impl FnOnce(&mut Self)) -> bool {
        let before = self.mistakes.len();
        rules(self);
        before == self.mistakes.len()
    }

    /// Whether a property is there; notes it if not.
    fn required(&mut self, property: &Property<'_>) -> bool {
        let is_missing = property.is_zero()
            || (matches!(property.shape, Shape::Optional(_)) && !property.is_some());
        if is_missing {
            self.mistake(&property.path, "required");
        }
        !is_missing
    }

    /// At most one of several is set, exactly one if one is `required`.
    fn exclusive(&mut self, path: &str, required: bool, set: &[bool]) {
        let count = set.iter().filter(|is_set| **is_set).count();
        if 1 < count || (required && count == 0) {
            self.mistake(path, "mutually_exclusive");
        }
    }

    fn one_of(&mut self, property: &Property<'_>, words: &[&str]) {
        if !words.contains(&property.text()) {
            self.mistake(&property.path, "one_of");
        }
    }

    fn required_one_of(&mut self, property: &Property<'_>, words: &[&str]) {
        if self.required(property) {
            self.one_of(property, words);
        }
    }

    fn max_length(&mut self, property: &Property<'_>, most: usize) {
        if most < property.text().chars().count() {
            self.mistake(&property.path, "string_max_length");
        }
    }

    fn description(&mut self, spec: &Property<'_>) {
        self.max_length(&spec.get("description"), DESCRIPTION);
    }

    fn dns_label(&mut self, property: &Property<'_>) {
        let length = property.text().chars().count();
        if !(1..=63).contains(&length) {
            self.mistake(&property.path, "string_dns_label:string_length");
        } else if !text::is_dns_label(property.text()) {
            self.mistake(&property.path, "string_dns_label:string_match_regexp");
        }
    }

    fn required_dns_label(&mut self, property: &Property<'_>) {
        if self.required(property) {
            self.dns_label(property);
        }
    }

    fn optional_dns_label(&mut self, property: &Property<'_>) {
        if !property.is_zero() {
            self.dns_label(property);
        }
    }

    fn metadata(&mut self, version: Version, metadata: &Property<'_>) {
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
    fn qualified_name(&mut self, path: &str, key: &str) {
        if !(1..=317).contains(&key.chars().count()) {
            self.mistake(path, "string_kubernetes_qualified_name:string_length");
        } else if !text::is_qualified_name(key, usize::MAX) {
            self.mistake(path, "string_kubernetes_qualified_name");
        }
    }

    fn duration(&mut self, version: Version, property: &Property<'_>) {
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

    fn required_duration(&mut self, version: Version, property: &Property<'_>) {
        if self.required(property) {
            self.duration(version, property);
        }
    }

    fn data_source(&mut self, spec: &Property<'_>) {
        self.description(spec);
        self.required(&spec.get("type"));
        if !spec.has_key("connectionDetails") {
            self.mistake(&spec.get("connectionDetails").path, "required");
        }
    }

    fn target(&mut self, spec: &Property<'_>) {
        self.required(&spec.get("target"));
        self.description(spec);
    }

    fn condition(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        self.required(&spec.get("severity"));
        let condition = spec.get("condition");
        if !self.required(&condition) {
            return;
        }
        let kind = condition.get("kind");
        self.required_one_of(&kind, &["burnrate"]);
        if kind.text() != "burnrate" {
            return;
        }
        self.required_one_of(&condition.get("op"), OPERATORS);
        self.required(&condition.get("threshold"));
        self.required_duration(version, &condition.get("lookbackWindow"));
        let after = condition.get("alertAfter");
        if version == Version::V2alpha {
            // Here it is no pointer: empty is as good as absent.
            let after = Property {
                shape: &Shape::Duration,
                ..after
            };
            self.required_duration(version, &after);
        } else if after.is_some() {
            self.duration(version, &after);
        }
    }

    fn policy(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        let conditions = spec.get("conditions");
        let items = conditions.items();
        if items.len() != 1 {
            self.mistake(&conditions.path, "slice_length");
        }
        for item in &items {
            self.reference_or_inline(version, item, "conditionRef", "AlertCondition");
        }
        let targets = spec.get("notificationTargets");
        let items = targets.items();
        if items.is_empty() {
            self.mistake(&targets.path, "slice_min_length");
        }
        for item in &items {
            self.reference_or_inline(version, item, "targetRef", "AlertNotificationTarget");
        }
    }

    /// A reference by name, or an object without its version; stop after the first that is wrong.
    fn reference_or_inline(
        &mut self,
        version: Version,
        item: &Property<'_>,
        reference: &str,
        kind: &'static str,
    ) {
        let is_reference = item.has_key(reference);
        let is_inline = ["kind", "metadata", "spec"]
            .iter()
            .any(|name| item.has_key(name));
        if !self.passes(|rules| rules.exclusive(&item.path, true, &[is_reference, is_inline])) {
            return;
        }
        if is_reference {
            self.required_dns_label(&item.get(reference));
            return;
        }
        let seen = item.get("kind");
        if self.required(&seen) && seen.text() != kind {
            self.mistake(&seen.path, "equal_to");
        }
        self.metadata(version, &item.get("metadata"));
        let spec = item.get("spec");
        if self.required(&spec) {
            match kind {
                "AlertCondition" => self.condition(version, &spec),
                "AlertNotificationTarget" => self.target(&spec),
                _ => self.policy(version, &spec),
            }
        }
    }

    fn sli(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        let (threshold, ratio) = (spec.get("thresholdMetric"), spec.get("ratioMetric"));
        self.exclusive(&spec.path, true, &[threshold.is_some(), ratio.is_some()]);
        if threshold.is_some() {
            self.metric(version, &threshold);
        }
        if ratio.is_some() {
            self.ratio(version, &ratio);
        }
    }

    fn ratio(&mut self, version: Version, ratio: &Property<'_>) {
        let [good, bad, total, raw] = ["good", "bad", "total", "raw"].map(|name| ratio.get(name));
        // Stop after the first that is wrong.
        let is_good = self.passes(|rules| {
            rules.exclusive(&ratio.path, true, &[total.is_some(), raw.is_some()]);
        }) && self.passes(|rules| {
            let set = [raw.is_some(), good.is_some(), bad.is_some()];
            rules.exclusive(&ratio.path, false, &set);
        });
        if !is_good {
            return;
        }
        if total.is_some() {
            if !good.is_some() && !bad.is_some() {
                self.mistake(&ratio.path, "one_of_properties");
                return;
            }
            for metric in [&total, &good, &bad] {
                if metric.is_some() && !self.passes(|rules| rules.metric(version, metric)) {
                    return;
                }
            }
        }
        if raw.is_some() {
            self.metric(version, &raw);
            self.required_one_of(&ratio.get("rawType"), &["success", "failure"]);
        }
    }

    fn metric(&mut self, version: Version, metric: &Property<'_>) {
        if version == Version::V2alpha {
            let (reference, spec) = (metric.get("dataSourceRef"), metric.get("dataSourceSpec"));
            let set = [!reference.is_zero(), spec.is_some()];
            self.exclusive(&metric.path, true, &set);
            self.optional_dns_label(&reference);
            if spec.is_some() {
                self.data_source(&Property {
                    shape: &DATA_SOURCE_SPEC,
                    ..spec
                });
            }
            return;
        }
        let source = metric.get("metricSource");
        if !self.required(&source) {
            return;
        }
        self.optional_dns_label(&source.get("metricSourceRef"));
        let spec = source.get("spec");
        if self.required(&spec)
            && spec
                .value
                .as_object()
                .is_some_and(serde_json::Map::is_empty)
        {
            self.mistake(&spec.path, "map_min_length");
        }
    }

    fn slo(&mut self, version: Version, spec: &Property<'_>) {
        let (inline, reference, service) = if version == Version::V2alpha {
            ("sli", "sliRef", "serviceRef")
        } else {
            ("indicator", "indicatorRef", "service")
        };
        let has_indicator =
            |owner: &Property<'_>| owner.get(inline).is_some() || owner.get(reference).is_some();
        let objectives = spec.get("objectives").items();
        let is_composite = objectives.iter().any(has_indicator);
        if is_composite == has_indicator(spec) {
            self.mistake(&spec.path, "mutually_exclusive");
        }
        self.indicator(version, spec, inline, reference);
        let method = spec.get("budgetingMethod");
        for objective in &objectives {
            self.time_slices(version, objective, method.text());
        }
        self.description(spec);
        self.required(&spec.get(service));
        self.required_one_of(&method, &["Occurrences", "Timeslices", "RatioTimeslices"]);
        self.time_windows(version, &spec.get("timeWindow"), "timeWindow");
        for policy in &spec.get("alertPolicies").items() {
            self.reference_or_inline(version, policy, "alertPolicyRef", "AlertPolicy");
        }
        let sli = spec.get(inline).get("spec");
        let is_ratio = sli.get("ratioMetric").is_some();
        let is_threshold = sli.get("thresholdMetric").is_some();
        for objective in &objectives {
            self.objective(objective);
            if is_ratio {
                self.ratio_objective(objective);
            }
            if is_threshold {
                self.required(&objective.get("value"));
                self.required_one_of(&objective.get("op"), OPERATORS);
            }
            if is_composite {
                self.indicator(version, objective, inline, reference);
                let weight = objective.get("compositeWeight");
                if weight.is_some() && weight.number() <= 0.0 {
                    self.mistake(&weight.path, "greater_than");
                }
            }
        }
    }

    /// An indicator in place or by name, if there is one; stop after the first that is wrong.
    fn indicator(&mut self, version: Version, owner: &Property<'_>, inline: &str, reference: &str) {
        let (inline, reference) = (owner.get(inline), owner.get(reference));
        if inline.is_some() && reference.is_some() {
            self.mistake(&owner.path, "mutually_exclusive");
            return;
        }
        if inline.is_some() {
            self.metadata(version, &inline.get("metadata"));
            self.sli(version, &inline.get("spec"));
        } else if reference.is_some() {
            self.dns_label(&reference);
        }
    }

    fn time_slices(&mut self, version: Version, objective: &Property<'_>, method: &str) {
        if method == "Timeslices" {
            let target = objective.get("timeSliceTarget");
            if self.required(&target) {
                if target.number() <= 0.0 {
                    self.mistake(&target.path, "greater_than");
                }
                if 1.0 < target.number() {
                    self.mistake(&target.path, "less_than_or_equal_to");
                }
            }
        }
        if matches!(method, "Timeslices" | "RatioTimeslices") {
            let window = objective.get("timeSliceWindow");
            if self.required_optional(&window) {
                self.duration(version, &window);
            }
        }
    }

    /// Whether an optional value is there, be it empty; notes it if not.
    fn required_optional(&mut self, property: &Property<'_>) -> bool {
        if !property.is_some() {
            self.mistake(&property.path, "required");
        }
        property.is_some()
    }

    fn objective(&mut self, objective: &Property<'_>) {
        let (target, percent) = (objective.get("target"), objective.get("targetPercent"));
        self.exclusive(
            &objective.path,
            true,
            &[target.is_some(), percent.is_some()],
        );
        self.share(&target, 1.0);
        self.share(&percent, 100.0);
    }

    fn share(&mut self, property: &Property<'_>, whole: f64) {
        if !property.is_some() {
            return;
        }
        if property.number() < 0.0 {
            self.mistake(&property.path, "greater_than_or_equal_to");
        }
        if whole <= property.number() {
            self.mistake(&property.path, "less_than");
        }
    }

    fn ratio_objective(&mut self, objective: &Property<'_>) {
        let (value, operator) = (objective.get("value"), objective.get("op"));
        if value.is_some() {
            self.mistake(&value.path, "forbidden");
        }
        if !operator.is_zero() {
            self.mistake(&operator.path, "forbidden");
        }
    }

    /// One window. `name` is what the rules call it, which is not always the name of the field.
    fn time_windows(&mut self, version: Version, windows: &Property<'_>, name: &str) {
        let items = windows.items();
        let path = windows
            .path
            .rsplit_once('.')
            .map_or(name.to_owned(), |(owner, _)| format!("{owner}.{name}"));
        if items.len() != 1 {
            self.mistake(&path, "slice_length");
        }
        for (index, item) in items.into_iter().enumerate() {
            let window = Property {
                path: format!("{path}[{index}]"),
                ..item
            };
            let calendar = window.get("calendar");
            if window.get("isRolling").is_true() == calendar.is_some() {
                self.mistake(&window.path, None);
            }
            if version == Version::V1alpha {
                let units = ["Second", "Day", "Week", "Month", "Quarter"];
                self.required_one_of(&window.get("unit"), &units);
                let count = window.get("count");
                if count.number() <= 0.0 {
                    self.mistake(&count.path, "greater_than");
                }
            } else {
                self.required_duration(version, &window.get("duration"));
            }
            if calendar.is_some() {
                let start = calendar.get("startTime");
                if !text::is_date_time(start.text()) {
                    self.mistake(&start.path, "string_date_time");
                }
                let zone = calendar.get("timeZone");
                if !text::is_time_zone(zone.text()) {
                    self.mistake(&zone.path, "string_time_zone");
                }
            }
        }
    }

    fn slo_v1alpha(&mut self, spec: &Property<'_>) {
        let indicator = spec.get("indicator");
        let objectives = spec.get("objectives").items();
        let has_ratio = objectives
            .iter()
            .any(|objective| objective.get("ratioMetrics").is_some());
        if has_ratio == indicator.is_some() {
            // Stop.
            self.mistake(&spec.path, "mutually_exclusive");
            return;
        }
        let method = spec.get("budgetingMethod");
        if method.text() == "Timeslices" {
            for objective in &objectives {
                let target = objective.get("timeSliceTarget");
                if self.required_optional(&target) {
                    if target.number() < 0.0 {
                        self.mistake(&target.path, "greater_than_or_equal_to");
                    }
                    if 1.0 < target.number() {
                        self.mistake(&target.path, "less_than_or_equal_to");
                    }
                }
            }
        }
        self.description(spec);
        self.required(&spec.get("service"));
        if indicator.is_some() {
            let metric = indicator.get("thresholdMetric");
            if self.required(&metric) {
                self.query(&metric);
            }
        }
        self.required_one_of(&method, &["Occurrences", "Timeslices"]);
        self.time_windows(Version::V1alpha, &spec.get("timeWindows"), "timeWindow");
        for objective in &objectives {
            self.objective_v1alpha(objective);
        }
    }

    fn objective_v1alpha(&mut self, objective: &Property<'_>) {
        self.max_length(&objective.get("displayName"), DESCRIPTION);
        let ratio = objective.get("ratioMetrics");
        if ratio.is_some() {
            for side in ["good", "total"] {
                let metric = ratio.get(side);
                if self.required(&metric) {
                    self.query(&metric);
                }
            }
        }
        self.required_optional(&objective.get("value"));
        let target = objective.get("target");
        if self.required_optional(&target) {
            self.share(&target, 1.0);
        }
        let operator = objective.get("op");
        if !ratio.is_some() {
            self.required_one_of(&operator, OPERATORS);
        } else if !operator.is_zero() {
            self.mistake(&operator.path, "forbidden");
        }
    }

    fn query(&mut self, metric: &Property<'_>) {
        for name in ["source", "queryType"] {
            let property = metric.get(name);
            let is_alphabetic = property
                .text()
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic());
            if self.required(&property) && !is_alphabetic {
                self.mistake(&property.path, "string_alpha");
            }
        }
        let query = metric.get("query");
        if self.required(&query) && query.text().trim().is_empty() {
            self.mistake(&query.path, "string_not_empty");
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
