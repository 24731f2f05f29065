//! The targets of the statements, and how well each goes with the targets of records.

use std::collections::HashMap;

use crate::{
    Target,
    target::{TargetFit, fit_target},
};

/// The distinct targets of the statements.
#[derive(Debug, Default)]
pub(super) struct Targets {
    all: Vec<Target>,
    by_target: HashMap<Target, usize>,
}

impl Targets {
    pub(super) fn add(&mut self, target: &Target) -> usize {
        if let Some(known) = self.by_target.get(target) {
            return *known;
        }
        let target_idx = self.all.len();
        self.all.push(target.clone());
        self.by_target.insert(target.clone(), target_idx);
        target_idx
    }

    pub(super) fn idx_of(&self, target: &Target) -> usize {
        self.by_target.get(target).copied().unwrap_or(usize::MAX)
    }
}

/// How well targets go together, for the pairs that were asked for.
#[derive(Debug, Default)]
pub(crate) struct TargetCache {
    /// For each target of records, by target of statements.
    rows: Vec<Vec<Known>>,
    by_record: HashMap<String, usize>,
    /// The target of the last record, which is often that of the next.
    last: Option<(String, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Unasked,
    Answer(Option<TargetFit>),
}

impl TargetCache {
    /// More targets of records than this are forgotten together: some logs have a name per request there.
    const MAX_ROWS: usize = 4_096;

    pub(super) fn fit(
        &mut self,
        targets: &Targets,
        record: Option<&str>,
        target_idx: usize,
    ) -> Option<TargetFit> {
        let target = targets.all.get(target_idx)?;
        let Some(name) = record else {
            return fit_target(None, target);
        };
        let row_idx = self.row_of(name);
        let row = &mut self.rows[row_idx];
        if row.len() < targets.all.len() {
            row.resize(targets.all.len(), Known::Unasked);
        }
        match row[target_idx] {
            Known::Answer(fit) => fit,
            Known::Unasked => {
                let fit = fit_target(record, target);
                row[target_idx] = Known::Answer(fit);
                fit
            }
        }
    }

    fn row_of(&mut self, name: &str) -> usize {
        if let Some((last, row_idx)) = &self.last
            && last == name
        {
            return *row_idx;
        }
        if Self::MAX_ROWS <= self.rows.len() {
            *self = Self::default();
        }
        let row_idx = self.by_record.get(name).copied().unwrap_or_else(|| {
            let row_idx = self.rows.len();
            self.rows.push(Vec::new());
            self.by_record.insert(name.to_owned(), row_idx);
            row_idx
        });
        match &mut self.last {
            Some((last, last_idx)) => {
                name.clone_into(last);
                *last_idx = row_idx;
            }
            None => self.last = Some((name.to_owned(), row_idx)),
        }
        row_idx
    }
}
