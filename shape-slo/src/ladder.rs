//! The targets that people name.

use crate::Target;

/// The targets that people name, rising.
pub(crate) const LADDER_PPB: [u32; 14] = [
    500_000_000,
    750_000_000,
    800_000_000,
    850_000_000,
    900_000_000,
    950_000_000,
    990_000_000,
    995_000_000,
    999_000_000,
    999_500_000,
    999_900_000,
    999_950_000,
    999_990_000,
    999_999_000,
];

/// A target of the ladder, in parts per billion.
pub(crate) const fn step(ppb: u32) -> Target {
    match Target::from_ppb(ppb) {
        Some(target) => target,
        None => panic!("invariant: the constant is between 0 and 1"),
    }
}

/// The highest target of the ladder that is not above a share.
pub(crate) fn step_below(ppb: u32) -> Option<Target> {
    let step = LADDER_PPB.iter().rev().find(|step| **step <= ppb)?;
    Target::from_ppb(*step)
}
