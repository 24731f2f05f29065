//! How well a statement fits.

use std::cmp::Reverse;

use super::MIN_LITERAL_CHARS;
use crate::{StatementKind, target::TargetFit};

/// How well a statement fits; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(super) level: LevelFit,
    pub(crate) target: TargetFit,
    pub(crate) literal_chars: u32,
    /// Fields that the record does not have count against it.
    pub(super) missing_fields: Reverse<usize>,
    pub(super) is_product: bool,
    pub(super) kind: Reverse<StatementKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LevelFit {
    Conflict,
    Unknown,
    Same,
}

impl Rank {
    pub(crate) fn has_level_conflict(self) -> bool {
        self.level == LevelFit::Conflict
    }

    /// Whether this is a statement of a test and the other one, of the program, says as much for as good a target.
    pub(super) fn is_of_test_unlike(&self, other: &Self) -> bool {
        !self.is_product
            && other.is_product
            && self.target <= other.target
            && self.literal_chars <= other.literal_chars
    }

    /// Whether another statement may as well be meant though it has less text: the record names another module than
    /// that of either, so that the more fitting text is but the more likely one.
    pub(super) fn rivals(&self, other: &Self) -> bool {
        self.target <= TargetFit::Related
            && other.target == self.target
            && other.level == self.level
            && other.is_product == self.is_product
            && other.kind == self.kind
            && MIN_LITERAL_CHARS < other.literal_chars
            && self.literal_chars <= 2 * other.literal_chars
    }
}
