//! What SHAPE's benches read, and the table that `parse` prints.
//!
//! Three kinds of input: the log files of this repository ([`nginx_access`], [`nginx_error`], [`studio`]), the same
//! records in other layouts ([`Layout`]), and this repository's own sources ([`own_sources`]). Nothing is random from run
//! to run.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    entry::{Entry, Span, generate, studio},
    files::{MIN_BYTES, nginx_access, nginx_error, own_sources, repeated},
    layout::Layout,
    table::Table,
};

mod entry;
mod files;
mod layout;
mod random;
mod table;
