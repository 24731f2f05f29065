//! Which statements a message fits.

use std::{cmp::Reverse, collections::BTreeMap};

use aho_corasick::AhoCorasick;

pub(crate) use self::targets::TargetCache;
use self::{
    affix::Affixes,
    form::{Clue, Form},
    hash::FastMap,
    rank::{LevelFit, Rank},
    record::Record,
    targets::Targets,
};
use crate::{
    LogStatement, Query, Target,
    target::{TargetFit, fit_target, last_part},
};

mod affix;
mod form;
mod hash;
mod rank;
mod record;
mod targets;

/// A template with variables needs this much constant text to be an answer, blanks not counted.
pub(crate) const MIN_LITERAL_CHARS: u32 = 5;

/// With this little constant text a template is an answer only in the very module that the record names.
const MIN_LITERAL_CHARS_AT_TARGET: u32 = 3;

/// The forms of all statements, to be found by a text of each.
///
/// A text at an end of the template is looked up at that end of a message; for the others there is one automaton over
/// the longest text of each. Only the forms found so are compared with the message.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    forms: Vec<Form>,
    /// The first form of each statement, and the number of all forms.
    first_forms: Vec<usize>,
    targets: Targets,
    starts: Affixes,
    ends: Affixes,
    /// The forms found by their end, for messages that were cut there.
    by_end: Vec<usize>,
    automaton: Option<AhoCorasick>,
    /// The forms that have a pattern as their longest text, by pattern.
    by_pattern: Vec<Vec<usize>>,
    /// Forms without variables, by their text: they fit that message and no other.
    constants: FastMap<String, Vec<usize>>,
    /// Forms with little text, by the last part of the target at which alone they are answers.
    weak: FastMap<String, Vec<usize>>,
    /// Statements with next to no constant text, by the last part of the target that their records surely have.
    near_empty: BTreeMap<String, Vec<usize>>,
    /// The file of all statements of a logger with a name of its own; none where they are in several.
    files_of_named: FastMap<String, Option<String>>,
    /// Statements without a message, by the first field that they always write.
    fields_only: FastMap<String, Vec<usize>>,
}

/// A statement, and the form of it that fits; without one it fits by its fields.
type Hit = (usize, Option<usize>);

/// The statements that fit best, in the order of the index.
#[derive(Debug)]
pub(crate) struct Fits {
    pub(crate) rank: Rank,
    pub(crate) statements: Vec<usize>,
    /// The form of the first statement.
    form: Option<usize>,
}

/// What a search needs and the next one can use again: memory, and what is known of targets.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    targets: TargetCache,
    found: Vec<usize>,
    patterns: Vec<usize>,
    candidates: Vec<(LevelFit, TargetFit, usize)>,
    fits: Vec<(Rank, Hit)>,
}

impl Matcher {
    pub(crate) fn new(statements: &[LogStatement]) -> Self {
        let mut matcher = Self::default();
        for (statement_idx, statement) in statements.iter().enumerate() {
            matcher.add(statement_idx, statement);
        }
        matcher.first_forms.push(matcher.forms.len());
        let mut patterns: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for (form_idx, form) in matcher.forms.iter().enumerate() {
            if !form.template.has_variables() {
                let text = form.template.to_string();
                matcher.constants.entry(text).or_default().push(form_idx);
                continue;
            }
            if form.is_weak() {
                let target = name_of(&statements[form.statement_idx].target);
                let weak = matcher.weak.entry(last_part(target).to_owned());
                weak.or_default().push(form_idx);
                continue;
            }
            match form.clue() {
                Some(Clue::Start(text)) => starts.push((text, form_idx)),
                Some(Clue::End(text)) => {
                    ends.push((text, form_idx));
                    matcher.by_end.push(form_idx);
                }
                Some(Clue::Within(text)) => patterns.entry(text).or_default().push(form_idx),
                None => {}
            }
        }
        matcher.starts = Affixes::new(false, starts);
        matcher.ends = Affixes::new(true, ends);
        // Building fails only beyond billions of bytes of text; such an index answers nothing rather than panics.
        matcher.automaton = AhoCorasick::new(patterns.keys()).ok();
        matcher.by_pattern = patterns.into_values().collect();
        matcher
    }

    fn add(&mut self, statement_idx: usize, statement: &LogStatement) {
        let message = &statement.message;
        if message.is_empty()
            && let Some(field) = statement.fields.iter().find(|field| !field.is_optional)
        {
            let fields_only = self.fields_only.entry(field.name.clone()).or_default();
            fields_only.push(statement_idx);
        }
        if let Target::Named(name) = &statement.target {
            let path = &statement.location.path;
            let file = self.files_of_named.entry(name.clone());
            let file = file.or_insert_with(|| Some(path.clone()));
            file.take_if(|file| file != path);
        }
        if message.has_variables()
            && message.literal_chars() < MIN_LITERAL_CHARS_AT_TARGET
            && let Target::Module(target) | Target::Named(target) = &statement.target
        {
            let near_empty = self.near_empty.entry(last_part(target).to_owned());
            near_empty.or_default().push(statement_idx);
        }
        let target_idx = self.targets.add(&statement.target);
        self.first_forms.push(self.forms.len());
        self.forms
            .extend(Form::all(statement_idx, statement, target_idx));
    }

    /// The statements that fit best.
    pub(crate) fn search(
        &self,
        statements: &[LogStatement],
        query: &Query<'_>,
        scratch: &mut Scratch,
    ) -> Option<Fits> {
        let record = Record::new(query);
        scratch.fits.clear();
        self.search_fields(statements, &record, scratch);
        self.find_candidates(&record, scratch);
        // The best levels and targets come first: what fits there leaves the others no chance.
        let mut best = scratch
            .fits
            .iter()
            .map(|(rank, _)| (rank.level, rank.target))
            .max();
        // Tests do not run where logs come from, and bridges between logging libraries change levels: what is left to a
        // statement of a test may as well be one of the program at another level.
        let mut is_of_test = scratch.fits.iter().all(|(rank, _)| !rank.is_product);
        for (level, target, form_idx) in &scratch.candidates {
            if Some((*level, *target)) < best && !is_of_test {
                break;
            }
            let form = &self.forms[*form_idx];
            let statement = &statements[form.statement_idx];
            if let Some(rank) = record.rank(form, statement, *level, *target) {
                best = best.max(Some((*level, *target)));
                is_of_test &= !rank.is_product;
                let hit = (form.statement_idx, Some(*form_idx));
                scratch.fits.push((rank, hit));
            }
        }
        let fits = &mut scratch.fits;
        let rank = fits.iter().map(|(rank, _)| *rank).max()?;
        let is_answer = |other: &Rank| {
            *other == rank
                || query.target.is_some() && rank.rivals(other)
                || rank.is_of_test_unlike(other)
        };
        fits.retain(|(other, _)| is_answer(other));
        // The best of the forms of a statement speaks for it.
        fits.sort_unstable_by_key(|(rank, (statement_idx, form_idx))| {
            (*statement_idx, Reverse(*rank), *form_idx)
        });
        fits.dedup_by_key(|(_, (statement_idx, _))| *statement_idx);
        let (_, (_, form)) = fits.first()?;
        Some(Fits {
            rank,
            form: *form,
            statements: fits.iter().map(|(_, (statement, _))| *statement).collect(),
        })
    }

    /// Statements that write fields only.
    fn search_fields(
        &self,
        statements: &[LogStatement],
        record: &Record<'_>,
        scratch: &mut Scratch,
    ) {
        if !record.query.message.is_empty() || self.fields_only.is_empty() {
            return;
        }
        for name in record.query.fields.names() {
            for statement_idx in self.fields_only.get(name).map_or(&[][..], Vec::as_slice) {
                let target_idx = self.targets.idx_of(&statements[*statement_idx].target);
                let row = scratch.targets.row(record.query.target, &self.weak);
                if let Some(target) = row.fit(&self.targets, target_idx)
                    && let Some(rank) = record.rank_fields_only(&statements[*statement_idx], target)
                {
                    scratch.fits.push((rank, (*statement_idx, None)));
                }
            }
        }
    }

    /// The forms that may fit, those of the best level and target first.
    fn find_candidates(&self, record: &Record<'_>, scratch: &mut Scratch) {
        let Scratch {
            targets,
            found,
            patterns,
            candidates,
            ..
        } = scratch;
        let message = record.query.message;
        found.clear();
        self.starts.find(message, found);
        if record.query.is_cut {
            found.extend_from_slice(&self.by_end);
        } else {
            self.ends.find(message, found);
        }
        found.extend(self.constants.get(message).into_iter().flatten());
        if record.core.len() != message.len() {
            if !record.query.is_cut {
                self.ends.find(record.core, found);
            }
            found.extend(self.constants.get(record.core).into_iter().flatten());
        }
        let row = targets.row(record.query.target, &self.weak);
        found.extend_from_slice(&row.weak);
        patterns.clear();
        if let Some(automaton) = &self.automaton {
            let hits = automaton.find_overlapping_iter(message);
            patterns.extend(hits.map(|hit| hit.pattern().as_usize()));
        }
        patterns.sort_unstable();
        patterns.dedup();
        for pattern in patterns.iter() {
            found.extend_from_slice(&self.by_pattern[*pattern]);
        }
        candidates.clear();
        let is_structured =
            record.query.target.is_some() || record.query.fields.names().next().is_some();
        for form_idx in found.iter() {
            let form = &self.forms[*form_idx];
            // What a logger wrote at a level is no stack trace, and was not printed.
            let is_logged = record.query.level.is_some();
            if is_logged
                && (form.is_thrown || form.is_printed && form.level.is_none() && is_structured)
            {
                continue;
            }
            let level = record.level_fit(form.level);
            if level == LevelFit::Conflict && form.literal_chars < 3 * MIN_LITERAL_CHARS {
                continue;
            }
            let target = match &form.own_target {
                Some(own) if record.query.target == Some(own) => row
                    .fit(&self.targets, form.target_idx)
                    .max(Some(TargetFit::Near)),
                Some(_) => None,
                None => row.fit(&self.targets, form.target_idx),
            };
            let Some(target) = target else { continue };
            if !form.is_weak() || target == TargetFit::Same {
                candidates.push((level, target, *form_idx));
            }
        }
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        candidates.dedup();
    }

    /// The values of the variables of the first statement that fits.
    pub(crate) fn variables(
        &self,
        statements: &[LogStatement],
        query: &Query<'_>,
        fits: &Fits,
    ) -> Vec<(String, String)> {
        let Some(first) = fits.statements.first() else {
            return Vec::new();
        };
        let form = fits.form.map(|form_idx| &self.forms[form_idx]);
        Record::new(query).variables(form, &statements[*first])
    }

    /// The statements that are left when none of the record's module has its text.
    pub(crate) fn eliminate(&self, statements: &[LogStatement], query: &Query<'_>) -> Option<Fits> {
        let record = Record::new(query);
        let mut left: Vec<usize> = self.near_empty.get(last_part(query.target?))?.clone();
        left.retain(|statement_idx| {
            let statement = &statements[*statement_idx];
            let message = &statement.message;
            query.level.is_some()
                && statement
                    .level
                    .is_none_or(|level| query.level == Some(level))
                && fit_target(query.target, &statement.target) == Some(TargetFit::Same)
                && self.is_of_one_file(&statement.target)
                && (message.values(record.core).is_some()
                    || message.values(query.message).is_some())
        });
        let first = &statements[*left.first()?];
        Some(Fits {
            rank: Rank {
                level: LevelFit::Same,
                target: TargetFit::Same,
                literal_chars: first.message.literal_chars(),
                missing_fields: Reverse(0),
                is_product: !first.is_test,
                kind: Reverse(first.kind),
            },
            form: None,
            statements: left,
        })
    }

    /// Whether nothing outside of one file is known to log under a target.
    fn is_of_one_file(&self, target: &Target) -> bool {
        match target {
            Target::Module(_) => true,
            Target::Named(name) => self.files_of_named.get(name).is_some_and(Option::is_some),
            Target::Unknown(_) => false,
        }
    }

    /// Whether a statement's own text fits the record.
    pub(crate) fn fits(
        &self,
        statement: &LogStatement,
        statement_idx: usize,
        query: &Query<'_>,
    ) -> bool {
        let record = Record::new(query);
        let fits = |form| record.fit(form, statement).is_some();
        // Forms of next to no text are no forms: what is but a variable fits everything.
        self.forms_of(statement_idx).iter().any(fits)
            || statement.message.values(query.message).is_some()
            || statement.message.values(record.core).is_some()
    }

    fn forms_of(&self, statement_idx: usize) -> &[Form] {
        let range = self
            .first_forms
            .get(statement_idx)
            .copied()
            .zip(self.first_forms.get(statement_idx + 1).copied());
        range
            .and_then(|(start, end)| self.forms.get(start..end))
            .unwrap_or_default()
    }
}

/// The name that a target has, or that of the module where it is not known.
fn name_of(target: &Target) -> &str {
    match target {
        Target::Module(name) | Target::Named(name) | Target::Unknown(name) => name,
    }
}

#[cfg(all(test, feature = "rust"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SourceIndex;

    proptest! {
        /// Looking texts up finds every form that comparing all of them would.
        #[test]
        fn no_form_that_fits_is_missed(
            formats in prop::collection::vec("([a-c]{1,4}|[a-c ]{6,14}|\\{\\}| ?k=\\{\\}){1,5}", 1..12),
            values in prop::collection::vec("[a-c ]{0,3}", 5),
            chosen in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
        ) {
            let statements = formats.iter().map(|format| {
                let values = ", x".repeat(format.matches("{}").count());
                format!("    log::info!(\"{format}\"{values});\n")
            });
            let source = format!("fn f(x: u32) {{\n{}}}\n", statements.collect::<String>());
            let index = SourceIndex::from_sources([("src/lib.rs", source)]);
            let mut message = chosen.get(&formats).clone();
            for value in &values {
                message = message.replacen("{}", value, 1);
            }
            let mut query = Query::message(&message);
            query.is_cut = is_cut;
            let matcher = index.matcher();
            let mut scratch = Scratch::default();
            let record = Record::new(&query);
            matcher.find_candidates(&record, &mut scratch);
            for (form_idx, form) in matcher.forms.iter().enumerate() {
                let statement = &index.statements()[form.statement_idx];
                // A cut message may lack the very text that the form is found by.
                if record.fit(form, statement).is_some() && !form.is_weak() && !is_cut {
                    let is_found = scratch.candidates.iter().any(|(_, _, idx)| *idx == form_idx);
                    prop_assert!(is_found, "{message:?} {:?}", form.template.to_string());
                }
            }
            // One locator for all records gives what a new one gives.
            let fresh = matcher.search(index.statements(), &query, &mut Scratch::default());
            let used = matcher.search(index.statements(), &query, &mut scratch);
            prop_assert_eq!(fresh.map(|fits| fits.statements), used.map(|fits| fits.statements));
        }
    }
}
