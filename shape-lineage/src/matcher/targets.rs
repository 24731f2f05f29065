//! The targets of the statements, and how well each goes with the targets of records.

use std::collections::{HashMap, HashSet};

use super::hash::FastMap;
use crate::{
    Target,
    target::{TargetFit, fit_target, last_part},
};

/// The distinct targets of the statements.
#[derive(Debug, Default)]
pub(super) struct Targets {
    all: Vec<Target>,
    by_target: HashMap<Target, usize>,
    /// The outermost modules.
    roots: HashSet<String>,
}

impl Targets {
    pub(super) fn add(&mut self, target: &Target) -> usize {
        if let Some(known) = self.by_target.get(target) {
            return *known;
        }
        let target_idx = self.all.len();
        if let Some(root) = root_of(target) {
            self.roots.insert(root.to_owned());
        }
        self.all.push(target.clone());
        self.by_target.insert(target.clone(), target_idx);
        target_idx
    }

    /// How well a record's target goes with one of these; a record that names another package has nothing to do with it.
    fn fit(&self, record: &str, target: &Target) -> Option<TargetFit> {
        let fit = fit_target(Some(record), target)?;
        let is_sure = matches!(target, Target::Module(_)) && fit == TargetFit::Unknown;
        let is_other = is_sure
            && root_of(target).is_some_and(|root| root != record)
            && self.roots.contains(record);
        (!is_other).then_some(fit)
    }

    pub(super) fn idx_of(&self, target: &Target) -> usize {
        self.by_target.get(target).copied().unwrap_or(usize::MAX)
    }
}

/// The package of the module that a statement is in.
fn root_of(target: &Target) -> Option<&str> {
    match target {
        Target::Module(module) | Target::Unknown(module) => {
            module.split_once('.').map(|(root, _)| root)
        }
        Target::Named(_) => None,
    }
}

/// How well targets go together, for the pairs that were asked for.
#[derive(Debug, Default)]
pub(crate) struct TargetCache {
    rows: Vec<Row>,
    by_record: FastMap<String, usize>,
    /// The target of the last record, which is often that of the next.
    last: Option<(String, usize)>,
    /// Where records have no target.
    none: Row,
}

/// What is known of a target of records.
#[derive(Debug, Default)]
pub(super) struct Row {
    record: Option<String>,
    /// By target of statements.
    fits: Vec<Known>,
    /// The forms that are answers only at this target.
    pub(super) weak: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Unasked,
    Answer(Option<TargetFit>),
}

impl Row {
    pub(super) fn fit(&mut self, targets: &Targets, target_idx: usize) -> Option<TargetFit> {
        let target = targets.all.get(target_idx)?;
        if self.fits.len() <= target_idx {
            self.fits.resize(targets.all.len(), Known::Unasked);
        }
        match self.fits[target_idx] {
            Known::Answer(fit) => fit,
            Known::Unasked => {
                let fit = match &self.record {
                    Some(record) => targets.fit(record, target),
                    None => fit_target(None, target),
                };
                self.fits[target_idx] = Known::Answer(fit);
                fit
            }
        }
    }
}

impl TargetCache {
    /// More targets of records than this are forgotten together: some logs have a name per request there.
    const MAX_ROWS: usize = 4_096;

    /// What is known of a record's target; `weak` are the forms that are answers only at targets with a last part.
    pub(super) fn row(
        &mut self,
        record: Option<&str>,
        weak: &FastMap<String, Vec<usize>>,
    ) -> &mut Row {
        let Some(record) = record else {
            return &mut self.none;
        };
        let row_idx = match &self.last {
            Some((last, row_idx)) if last == record => *row_idx,
            _ => self.row_of(record, weak),
        };
        &mut self.rows[row_idx]
    }

    fn row_of(&mut self, record: &str, weak: &FastMap<String, Vec<usize>>) -> usize {
        if Self::MAX_ROWS <= self.rows.len() {
            *self = Self::default();
        }
        let row_idx = self.by_record.get(record).copied().unwrap_or_else(|| {
            let row_idx = self.rows.len();
            self.rows.push(Row {
                record: Some(record.to_owned()),
                fits: Vec::new(),
                weak: weak.get(last_part(record)).cloned().unwrap_or_default(),
            });
            self.by_record.insert(record.to_owned(), row_idx);
            row_idx
        });
        match &mut self.last {
            Some((last, last_idx)) => {
                record.clone_into(last);
                *last_idx = row_idx;
            }
            None => self.last = Some((record.to_owned(), row_idx)),
        }
        row_idx
    }
}
