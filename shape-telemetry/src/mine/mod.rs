//! From messages to templates.
//!
//! A message is scanned once ([`scanner`]); what is a variable by its shape is left out, what may be one is kept apart, and
//! the rest is its [`skeleton`]. The [`miner`] keeps the skeletons and, for what may be a variable, whether it varied.
//! Comparing the templates with each other ([`vary`]) finds the words that vary; [`clean_up`] is for those who
//! compare with the templates of annotators. [`mask`] is what can be said of a message alone.

mod class;
mod clean_up;
pub(crate) mod mask;
mod miner;
mod scanner;
mod shape;
mod skeleton;
mod templates;
mod variable;
pub(crate) mod vary;

pub use self::{
    clean_up::clean_up,
    miner::{MessageKind, TemplateMiner},
    templates::{Template, Templates},
    variable::{Variable, VariableKind, variables},
};

pub(crate) use self::variable::bytes;

/// What stands for a variable in a template.
/// Whether a byte is part of a word as the scanner of templates sees it.
pub(crate) fn is_word(b: u8) -> bool {
    class::class(b) & class::WORD != 0
}

pub(crate) const WILDCARD: &str = "<*>";
