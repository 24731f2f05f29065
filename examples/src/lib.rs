//! What the example programs share: the terminal, the studio's repository, and the loop driven by a configuration.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

use std::io::Write as _;

pub mod drive;
pub mod outcome;
pub mod report;
pub mod scratch;
pub mod terminal;

/// Prints a line to standard output. A closed pipe (`| head`) is no reason to leave a service running, so unlike
/// `println!` this does not end the program.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Prints a line to standard error.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The code of the README at the top of the repository.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
