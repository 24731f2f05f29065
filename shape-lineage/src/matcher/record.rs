//! A record in the shapes that forms are compared with.

use std::cmp::Reverse;

use shape_telemetry::Level;

use super::{
    MIN_LITERAL_CHARS,
    form::{Form, FormKind, field_chars},
    rank::{LevelFit, Rank},
};
use crate::{LogStatement, Query, query::split_fields, target::TargetFit, template::Part};

/// A record in the shapes that forms are compared with.
pub(super) struct Record<'q> {
    pub(super) query: &'q Query<'q>,
    /// The message before the fields at its end.
    pub(super) core: &'q str,
    /// Fields found at the end of the message.
    pub(super) trailing: Vec<(&'q str, &'q str)>,
}

impl<'q> Record<'q> {
    pub(super) fn new(query: &'q Query<'q>) -> Self {
        let (core, trailing) = split_fields(query.message);
        Self {
            query,
            core,
            trailing,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.query.fields.get(name).or_else(|| {
            self.trailing
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        })
    }

    /// The text that the form fits, if any: the whole message, or what stands before its fields.
    pub(super) fn fit(&self, form: &Form, statement: &LogStatement) -> Option<&'q str> {
        let whole = self.query.message;
        let is_cut = self.query.is_cut;
        let fits = |text: &'q str| form.template.fit(text, is_cut, |_| {}).then_some(text);
        let text = match &form.kind {
            FormKind::WithFields => fits(whole),
            FormKind::Message if self.trailing.is_empty() => fits(whole),
            FormKind::Message => {
                // A variable at the end would swallow the fields.
                if form.template.has_variables() && !statement.fields.is_empty() {
                    fits(self.core).or_else(|| fits(whole))
                } else {
                    fits(whole).or_else(|| fits(self.core))
                }
            }
            FormKind::Before(keys) => keys
                .iter()
                .all(|key| self.field(key).is_some())
                .then(|| fits(self.core))
                .flatten(),
        }?;
        let constants_agree = form.kind == FormKind::WithFields
            || statement.fields.iter().all(|field| {
                match (&field.constant, self.field(&field.name)) {
                    (Some(constant), Some(value)) => {
                        constant.trim_matches('"') == value.trim_matches('"')
                    }
                    _ => true,
                }
            });
        constants_agree.then_some(text)
    }

    /// How well a form with enough text for its level and target fits.
    pub(super) fn rank(
        &self,
        form: &Form,
        statement: &LogStatement,
        level: LevelFit,
        target: TargetFit,
    ) -> Option<Rank> {
        self.fit(form, statement)?;
        let (mut literal_chars, mut missing) = (form.literal_chars, 0);
        if form.kind != FormKind::WithFields {
            for field in statement.fields.iter().filter(|field| !field.is_optional) {
                if self.field(&field.name).is_some() {
                    literal_chars += field_chars(field);
                } else {
                    missing += 1;
                }
            }
        }
        Some(Rank {
            level,
            target,
            literal_chars,
            missing_fields: Reverse(missing),
            is_product: !statement.is_test,
            kind: Reverse(statement.kind),
        })
    }

    /// A statement without a message fits by its fields alone.
    pub(super) fn rank_fields_only(
        &self,
        statement: &LogStatement,
        target: TargetFit,
    ) -> Option<Rank> {
        let level = self.level_fit(statement.level);
        let mut literal_chars = 0;
        for field in statement.fields.iter().filter(|field| !field.is_optional) {
            let value = self.field(&field.name)?;
            if field
                .constant
                .as_ref()
                .is_some_and(|constant| constant.trim_matches('"') != value.trim_matches('"'))
            {
                return None;
            }
            literal_chars += field_chars(field);
        }
        (MIN_LITERAL_CHARS <= literal_chars && level != LevelFit::Conflict).then_some(Rank {
            level,
            target,
            literal_chars,
            missing_fields: Reverse(0),
            is_product: !statement.is_test,
            kind: Reverse(statement.kind),
        })
    }

    pub(super) fn level_fit(&self, level: Option<Level>) -> LevelFit {
        match (self.query.level, level) {
            (Some(record), Some(statement)) if record == statement => LevelFit::Same,
            // Many libraries have no level above error.
            (Some(Level::Fatal), Some(Level::Error)) | (Some(Level::Error), Some(Level::Fatal)) => {
                LevelFit::Unknown
            }
            (Some(_), Some(_)) => LevelFit::Conflict,
            _ => LevelFit::Unknown,
        }
    }

    /// The values of the statement's variables; without a form its message is what fits.
    pub(super) fn variables(
        &self,
        form: Option<&Form>,
        statement: &LogStatement,
    ) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        let template = form.map_or(&statement.message, |form| &form.template);
        let text = match form {
            Some(form) => self.fit(form, statement),
            None => Some(self.query.message),
        };
        if let Some(text) = text {
            let names = template.parts().iter().filter_map(|part| match part {
                Part::Variable(name) => Some(name.as_deref()),
                Part::Text(_) => None,
            });
            let mut values = Vec::new();
            template.fit(text, self.query.is_cut, |value| values.push(value));
            for (var_idx, (name, value)) in names.zip(values).enumerate() {
                let name = name.map_or_else(|| var_idx.to_string(), str::to_owned);
                variables.push((name, value.to_owned()));
            }
        }
        for field in &statement.fields {
            if let Some(value) = self.field(&field.name)
                && variables.iter().all(|(name, _)| *name != field.name)
            {
                variables.push((field.name.clone(), value.to_owned()));
            }
        }
        if let Some(FormKind::Before(keys)) = form.map(|form| &form.kind) {
            for key in keys {
                if let Some(value) = self.field(key) {
                    variables.push((key.clone(), value.to_owned()));
                }
            }
        }
        variables
    }
}
