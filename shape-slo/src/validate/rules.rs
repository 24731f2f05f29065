//! The rules of `OpenSLO`, in the order and with the stops of its own validator.
//!
//! A rule that says "stop" in a comment keeps later ones from speaking about what the first has already refused.

use serde_json::Value;

use super::{
    Object, OpenSloMistake, OpenSloVersion as Version,
    shape::{Shape, is_zero},
};

mod alerts;
mod indicators;
mod metadata;
mod objectives;
mod v1alpha;

#[derive(Default)]
pub(super) struct Rules {
    pub(super) mistakes: Vec<OpenSloMistake>,
}

const OPERATORS: &[&str] = &["gt", "lt", "gte", "lte"];
const DESCRIPTION: usize = 1_050;

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

    /// Whether an optional value is there, be it empty; notes it if not.
    fn required_optional(&mut self, property: &Property<'_>) -> bool {
        if !property.is_some() {
            self.mistake(&property.path, "required");
        }
        property.is_some()
    }
}
