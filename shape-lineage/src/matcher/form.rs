//! The ways in which a statement's record can appear.

use shape_telemetry::Level;

use super::{MIN_LITERAL_CHARS, MIN_LITERAL_CHARS_AT_TARGET, affix};
use crate::{
    Field, LogStatement, MessageTemplate, StatementKind,
    extract::level_of_name,
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
    /// The target that the text itself names in front of what this is: `memberlist: joined`. Only records of that name,
    /// which a reader has split off, are of this form.
    pub(super) own_target: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
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
        let mut all: Vec<Whole> = Vec::new();
        for (template, kind) in templates {
            let plain = Whole {
                level: statement.level,
                own_target: None,
                template,
                kind,
            };
            all.extend(plain.without_heads());
            all.push(plain);
        }
        all.into_iter()
            .map(|whole| {
                let Whole {
                    level,
                    own_target,
                    template,
                    kind,
                } = whole;
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
                    level,
                    target_idx,
                    own_target,
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

/// A text of a statement, and what stands in front of it that a reader may take for more than text.
#[derive(Clone, Debug)]
struct Whole {
    level: Option<Level>,
    own_target: Option<String>,
    template: MessageTemplate,
    kind: FormKind,
}

impl Whole {
    /// What readers leave of `[WARN] memberlist: joined`: a level in brackets and a name before a colon are no text to
    /// them.
    fn without_heads(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = self.clone();
        if self.level.is_none()
            && let Some((level, after)) = self.template.head().and_then(split_level)
        {
            rest.level = Some(level);
            rest.template = self.template.without_head(after);
            found.push(rest.clone());
        }
        if let Some((name, after)) = rest.template.head().and_then(split_name) {
            rest.own_target = Some(name.to_owned());
            rest.template = rest.template.without_head(after);
            found.push(rest);
        }
        found
    }
}

/// `[WARN] text` and `WARN: text`: the level, and the text behind it.
fn split_level(text: &str) -> Option<(Level, &str)> {
    let (name, rest) = match text.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => text
            .split_once(": ")
            .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase()))?,
    };
    Some((level_of_name(name.trim())?, rest.trim_start()))
}

/// `memberlist: text`: the name, and the text behind it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(": ")?;
    let is_name = name.starts_with(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    is_name.then_some((name, rest.trim_start()))
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
