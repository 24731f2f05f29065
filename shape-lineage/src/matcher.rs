//! Which statements a message fits.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::AhoCorasick;
use shape_telemetry::Level;

use crate::{
    LogStatement, MessageTemplate, Query, Target,
    query::split_fields,
    statement::{StatementKind, with_fields},
    target::{TargetFit, fit_target},
    template::{Part, visible_chars},
};

/// A template with variables needs this much constant text to be an answer, blanks not counted.
pub(crate) const MIN_LITERAL_CHARS: u32 = 5;

/// With this little constant text a template is an answer only in the very module that the record names.
pub(crate) const MIN_LITERAL_CHARS_AT_TARGET: u32 = 3;

/// One automaton over the longest constant text of each template with variables.
///
/// A text found in a message names the templates that may fit; only these are compared with the message.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    automaton: Option<AhoCorasick>,
    /// The forms that have a pattern as their longest text, by pattern.
    by_pattern: Vec<Vec<usize>>,
    forms: Vec<Form>,
    /// Forms without variables, by their text: they fit that message and no other.
    constants: HashMap<String, Vec<usize>>,
    /// Forms with little text, by the target at which alone they are answers.
    weak: HashMap<String, Vec<usize>>,
    /// Statements with next to no constant text, by the target that their records surely have.
    near_empty: BTreeMap<String, Vec<usize>>,
    /// Statements without a message, which write fields only.
    fields_only: Vec<usize>,
}

/// A way in which a statement's record can appear.
#[derive(Debug)]
struct Form {
    statement_idx: usize,
    template: MessageTemplate,
    literal_chars: u32,
    kind: FormKind,
}

#[derive(Debug, PartialEq, Eq)]
enum FormKind {
    /// The message alone; fields, if any, were split off.
    Message,
    /// The message and its fields in one text.
    WithFields,
    /// The message up to text that looks like fields (`took={}`), which a reader has split off.
    Before(Vec<String>),
}

/// A statement, and the form of it that fits; without one it fits by its fields.
type Hit = (usize, Option<usize>);

/// How well a statement fits; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    level: LevelFit,
    pub(crate) target: TargetFit,
    pub(crate) literal_chars: u32,
    /// Fields that the record does not have count against it.
    missing_fields: std::cmp::Reverse<usize>,
    is_product: bool,
    kind: std::cmp::Reverse<StatementKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LevelFit {
    Conflict,
    Unknown,
    Same,
}

impl Rank {
    pub(crate) fn has_level_conflict(self) -> bool {
        self.level == LevelFit::Conflict
    }

    /// Whether another statement may as well be meant though it has less text: the record names another module than
    /// that of either, so that the more fitting text is but the more likely one.
    fn rivals(&self, other: &Self) -> bool {
        self.target <= TargetFit::Related
            && other.target == self.target
            && other.level == self.level
            && other.is_product == self.is_product
            && other.kind == self.kind
            && MIN_LITERAL_CHARS < other.literal_chars
            && self.literal_chars <= 2 * other.literal_chars
    }
}

/// The statements that fit best, in the order of the index.
#[derive(Debug)]
pub(crate) struct Fits {
    pub(crate) rank: Rank,
    pub(crate) statements: Vec<usize>,
    /// Of the first statement.
    pub(crate) variables: Vec<(String, String)>,
}

impl Matcher {
    pub(crate) fn new(statements: &[LogStatement]) -> Self {
        let mut matcher = Self::default();
        for (statement_idx, statement) in statements.iter().enumerate() {
            matcher.add(statement_idx, statement);
        }
        let mut patterns: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (form_idx, form) in matcher.forms.iter().enumerate() {
            if !form.template.has_variables() {
                let text = form.template.to_string();
                matcher.constants.entry(text).or_default().push(form_idx);
            } else if form.literal_chars < MIN_LITERAL_CHARS {
                if let Target::Module(target) | Target::Named(target) =
                    &statements[form.statement_idx].target
                {
                    matcher
                        .weak
                        .entry(target.clone())
                        .or_default()
                        .push(form_idx);
                }
            } else if let Some(text) = form.template.texts().map(str::trim).max_by_key(|t| t.len())
            {
                patterns.entry(text).or_default().push(form_idx);
            }
        }
        // Building fails only beyond billions of bytes of text; such an index answers nothing rather than panics.
        matcher.automaton = AhoCorasick::new(patterns.keys()).ok();
        matcher.by_pattern = patterns.into_values().collect();
        matcher
    }

    fn add(&mut self, statement_idx: usize, statement: &LogStatement) {
        let message = statement.message.clone().trimmed();
        if message.is_empty() {
            self.fields_only.push(statement_idx);
        }
        if message.has_variables()
            && message.literal_chars() < MIN_LITERAL_CHARS_AT_TARGET
            && let Target::Module(target) | Target::Named(target) = &statement.target
        {
            let near_empty = self.near_empty.entry(target.clone()).or_default();
            near_empty.push(statement_idx);
        }
        let all = with_fields(&message, &statement.fields);
        if let Some(first_line) = message.first_line() {
            self.add_form(statement_idx, first_line, FormKind::Message);
        }
        if let Some((head, keys)) = before_fields(&message) {
            self.add_form(statement_idx, head, FormKind::Before(keys));
        }
        if all != message {
            self.add_form(statement_idx, all, FormKind::WithFields);
        }
        self.add_form(statement_idx, message, FormKind::Message);
    }

    fn add_form(&mut self, statement_idx: usize, template: MessageTemplate, kind: FormKind) {
        let keys: u32 = match &kind {
            FormKind::Before(keys) => keys.iter().map(|key| visible_chars(key) + 1).sum(),
            _ => 0,
        };
        let literal_chars = template.literal_chars() + keys;
        let is_enough = if template.has_variables() {
            MIN_LITERAL_CHARS_AT_TARGET <= literal_chars && 0 < template.literal_chars()
        } else {
            0 < literal_chars
        };
        if is_enough {
            self.forms.push(Form {
                statement_idx,
                template,
                literal_chars,
                kind,
            });
        }
    }

    /// The statements that fit best.
    pub(crate) fn search(&self, statements: &[LogStatement], query: &Query<'_>) -> Option<Fits> {
        let record = Record::new(query);
        let mut fits: Vec<(Rank, Hit)> = Vec::new();
        if query.message.is_empty() {
            for statement_idx in &self.fields_only {
                if let Some(rank) = record.rank_fields_only(&statements[*statement_idx]) {
                    fits.push((rank, (*statement_idx, None)));
                }
            }
        }
        let mut patterns: Vec<usize> = self
            .automaton
            .iter()
            .flat_map(|automaton| automaton.find_overlapping_iter(query.message))
            .map(|hit| hit.pattern().as_usize())
            .collect();
        patterns.sort_unstable();
        patterns.dedup();
        let by_text = [query.message, record.core].map(|text| self.constants.get(text));
        let by_target = query.target.and_then(|target| self.weak.get(target));
        let by_pattern = patterns.iter().map(|pattern| &self.by_pattern[*pattern]);
        let candidates: Vec<usize> = by_text
            .into_iter()
            .flatten()
            .chain(by_target)
            .chain(by_pattern)
            .flatten()
            .copied()
            .collect();
        // Statements that say level and target come first: one of them that has both leaves the others no chance, and
        // so their targets need not be compared.
        let mut best = fits.iter().map(|(rank, _)| (rank.level, rank.target)).max();
        for is_vague in [false, true] {
            for form_idx in &candidates {
                let form = &self.forms[*form_idx];
                let statement = &statements[form.statement_idx];
                let is_unknown = matches!(statement.target, Target::Unknown(_));
                if (is_unknown || statement.level.is_none()) != is_vague {
                    continue;
                }
                let level = record.level_fit(statement.level);
                let is_beaten = best.is_some_and(|(best_level, best_target)| {
                    level < best_level
                        || level == best_level && best_target == TargetFit::Same && is_unknown
                });
                if is_beaten {
                    continue;
                }
                if let Some(rank) = record.rank(form, statement) {
                    best = best.max(Some((rank.level, rank.target)));
                    fits.push((rank, (form.statement_idx, Some(*form_idx))));
                }
            }
        }
        let rank = fits.iter().map(|(rank, _)| *rank).max()?;
        let is_answer =
            |other: &Rank| *other == rank || query.target.is_some() && rank.rivals(other);
        fits.retain(|(other, _)| is_answer(other));
        // The best of the forms of a statement speaks for it.
        fits.sort_unstable_by_key(|(rank, (statement_idx, form_idx))| {
            (*statement_idx, std::cmp::Reverse(*rank), *form_idx)
        });
        fits.dedup_by_key(|(_, (statement_idx, _))| *statement_idx);
        let found: Vec<Hit> = fits.into_iter().map(|(_, hit)| hit).collect();
        let first = found.first()?;
        let variables = record.variables(
            first.1.map(|form_idx| &self.forms[form_idx]),
            &statements[first.0],
        );
        Some(Fits {
            rank,
            statements: found.into_iter().map(|(idx, _)| idx).collect(),
            variables,
        })
    }

    /// The statements that are left when none of the record's module has its text.
    pub(crate) fn eliminate(&self, statements: &[LogStatement], query: &Query<'_>) -> Option<Fits> {
        let record = Record::new(query);
        let mut left: Vec<usize> = self.near_empty.get(query.target?)?.clone();
        left.retain(|statement_idx| {
            let statement = &statements[*statement_idx];
            let message = &statement.message;
            query.level.is_some()
                && query.level == statement.level
                && (message.values(record.core).is_some()
                    || message.values(query.message).is_some())
        });
        let first = &statements[*left.first()?];
        let names = first.message.parts().iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.clone().unwrap_or_default()),
            Part::Text(_) => None,
        });
        let values = first.message.values(query.message).unwrap_or_default();
        Some(Fits {
            rank: Rank {
                level: LevelFit::Same,
                target: TargetFit::Same,
                literal_chars: first.message.literal_chars(),
                missing_fields: std::cmp::Reverse(0),
                is_product: !first.is_test,
                kind: std::cmp::Reverse(first.kind),
            },
            variables: names.zip(values.into_iter().map(str::to_owned)).collect(),
            statements: left,
        })
    }

    /// Whether a statement's own text fits the record.
    pub(crate) fn fits(
        &self,
        statement: &LogStatement,
        statement_idx: usize,
        query: &Query<'_>,
    ) -> bool {
        let record = Record::new(query);
        self.forms
            .iter()
            .filter(|form| form.statement_idx == statement_idx)
            .any(|form| record.fit(form, statement).is_some())
    }
}

/// A record in the shapes that forms are compared with.
struct Record<'q> {
    query: &'q Query<'q>,
    core: &'q str,
    /// Fields found at the end of the message.
    trailing: Vec<(&'q str, &'q str)>,
}

impl<'q> Record<'q> {
    fn new(query: &'q Query<'q>) -> Self {
        let (core, trailing) = split_fields(query.message);
        Self {
            query,
            core,
            trailing,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let split_off = self
            .query
            .fields
            .and_then(|fields| fields.get(name))
            .map(String::as_str);
        split_off.or_else(|| {
            self.trailing
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        })
    }

    /// The text that the form fits, if any: the whole message, or what stands before its fields.
    fn fit(&self, form: &Form, statement: &LogStatement) -> Option<&'q str> {
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

    fn rank(&self, form: &Form, statement: &LogStatement) -> Option<Rank> {
        let level = self.level_fit(statement.level);
        if form.literal_chars < MIN_LITERAL_CHARS_AT_TARGET && form.template.has_variables()
            || level == LevelFit::Conflict && form.literal_chars < 3 * MIN_LITERAL_CHARS
        {
            return None;
        }
        // Of the templates whose longest text occurs most fail here, by their first text.
        self.fit(form, statement)?;
        let target = fit_target(self.query.target, &statement.target)?;
        if form.template.has_variables()
            && form.literal_chars < MIN_LITERAL_CHARS
            && target != TargetFit::Same
        {
            return None;
        }
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
            missing_fields: std::cmp::Reverse(missing),
            is_product: !statement.is_test,
            kind: std::cmp::Reverse(statement.kind),
        })
    }

    /// A statement without a message fits by its fields alone.
    fn rank_fields_only(&self, statement: &LogStatement) -> Option<Rank> {
        let target = fit_target(self.query.target, &statement.target)?;
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
            missing_fields: std::cmp::Reverse(0),
            is_product: !statement.is_test,
            kind: std::cmp::Reverse(statement.kind),
        })
    }

    fn level_fit(&self, level: Option<Level>) -> LevelFit {
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

    fn variables(&self, form: Option<&Form>, statement: &LogStatement) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        if let Some(form) = form
            && let Some(text) = self.fit(form, statement)
        {
            let names = form.template.parts().iter().filter_map(|part| match part {
                Part::Variable(name) => Some(name.as_deref()),
                Part::Text(_) => None,
            });
            let mut values = Vec::new();
            form.template
                .fit(text, self.query.is_cut, |value| values.push(value));
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

/// `name=`, and the value where it is constant.
fn field_chars(field: &crate::Field) -> u32 {
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
