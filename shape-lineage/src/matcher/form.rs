//! The ways in which a statement's record can appear.

use shape_telemetry::Level;

use super::{MIN_LITERAL_CHARS, MIN_LITERAL_CHARS_AT_TARGET, affix};
use crate::{
    Field, LogStatement, MessageTemplate, StatementKind,
    query::split_fields,
    statement::with_fields,
    template::{Part, visible_chars},
};

/// A way in which a statement's record can appear.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) statement_idx: usize,
    pub(super) template: MessageTemplate,
    pub(super) literal_chars: u32,
    pub(super) kind: FormKind,
    /// The statement's, kept here because most candidates fail by it.
    pub(super) level: Option<Level>,
    /// Whether it is the head of a stack trace: `<*>Failure: text`.
    pub(super) is_thrown: bool,
    pub(super) is_printed: bool,
    /// The number of the statement's target.
    pub(super) target_idx: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum FormKind {
    /// The message alone; fields, if any, were split off.
    Message,
    /// The message and its fields in one text.
    WithFields,
    /// The message up to text that looks like fields (`took={}`), which a reader has split off.
    Before(Vec<String>),
}

/// The text of a template by which messages that may fit it are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clue<'t> {
    Start(&'t str),
    End(&'t str),
    Within(&'t str),
}

impl Form {
    /// The forms of a statement.
    pub(super) fn all(
        statement_idx: usize,
        statement: &LogStatement,
        target_idx: usize,
    ) -> Vec<Self> {
        let message = statement.message.clone().trimmed();
        let all = with_fields(&message, &statement.fields);
        let mut templates = Vec::new();
        if let Some(first_line) = message.first_line() {
            templates.push((first_line, FormKind::Message));
        }
        if let Some((head, keys)) = before_fields(&message) {
            templates.push((head, FormKind::Before(keys)));
        }
        if all != message {
            templates.push((all, FormKind::WithFields));
        }
        templates.push((message, FormKind::Message));
        templates
            .into_iter()
            .map(|(template, kind)| {
                let keys: u32 = match &kind {
                    FormKind::Before(keys) => keys.iter().map(|key| visible_chars(key) + 1).sum(),
                    _ => 0,
                };
                let starts_open = matches!(template.parts().first(), Some(Part::Variable(None)));
                Self {
                    statement_idx,
                    is_printed: statement.kind == StatementKind::Print,
                    is_thrown: statement.kind == StatementKind::Panic && starts_open,
                    literal_chars: template.literal_chars() + keys,
                    template,
                    kind,
                    level: statement.level,
                    target_idx,
                }
            })
            .filter(Self::has_enough_text)
            .collect()
    }

    fn has_enough_text(&self) -> bool {
        if self.template.has_variables() {
            MIN_LITERAL_CHARS_AT_TARGET <= self.literal_chars && 0 < self.template.literal_chars()
        } else {
            0 < self.literal_chars
        }
    }

    /// Whether it is an answer only in the very module that the record names.
    pub(super) fn is_weak(&self) -> bool {
        let enough = if self.template.has_variables() {
            MIN_LITERAL_CHARS
        } else {
            MIN_LITERAL_CHARS_AT_TARGET
        };
        self.literal_chars < enough
    }

    /// The text by which to find the form: at an end, which is cheaper to look up, unless another says much more.
    pub(super) fn clue(&self) -> Option<Clue<'_>> {
        let parts = self.template.parts();
        let n_bytes = |part: Option<&Part>| match part {
            Some(Part::Text(text)) => text.trim().len(),
            _ => 0,
        };
        let longest = self
            .template
            .texts()
            .map(str::trim)
            .max_by_key(|text| text.len())?;
        let (start, end) = (n_bytes(parts.first()), n_bytes(parts.last()));
        let is_enough = |n_bytes: usize| {
            affix::MIN_BYTES <= n_bytes && (longest.len() <= 2 * n_bytes || 12 <= n_bytes)
        };
        // Blanks beside an empty value at an end may be missing.
        match (parts.first(), parts.last()) {
            (Some(Part::Text(text)), _) if end <= start && is_enough(start) => {
                Some(Clue::Start(text.trim()))
            }
            (_, Some(Part::Text(text))) if is_enough(end) => Some(Clue::End(text.trim())),
            (Some(Part::Text(text)), _) if is_enough(start) => Some(Clue::Start(text.trim())),
            _ => Some(Clue::Within(longest)),
        }
    }
}

/// `name=`, and the value where it is constant.
pub(super) fn field_chars(field: &Field) -> u32 {
    visible_chars(&field.name) + 1 + field.constant.as_deref().map_or(0, visible_chars)
}

/// A message up to the first ` name=` of its text, and all such names.
fn before_fields(message: &MessageTemplate) -> Option<(MessageTemplate, Vec<String>)> {
    let mut head: Option<MessageTemplate> = None;
    let mut so_far = MessageTemplate::default();
    let mut keys = Vec::new();
    for part in message.parts() {
        match part {
            Part::Variable(name) => so_far.push_variable(name.as_deref()),
            Part::Text(text) => {
                let (core, fields) = split_fields(text);
                let continues_word =
                    !so_far.is_empty() && core.is_empty() && !text.starts_with(' ');
                if !fields.is_empty() && !continues_word {
                    if head.is_none() {
                        so_far.push_text(core);
                        head = Some(std::mem::take(&mut so_far).trimmed());
                    }
                    keys.extend(fields.iter().map(|(name, _)| (*name).to_owned()));
                }
                so_far.push_text(text);
            }
        }
    }
    head.filter(|head| !head.is_empty())
        .map(|head| (head, keys))
}
