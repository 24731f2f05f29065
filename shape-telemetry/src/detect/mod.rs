//! The detectors, by what they look at.

pub(crate) mod messages;
pub(crate) mod metrics;
pub(crate) mod requests;
mod rhythm;
pub(crate) mod sessions;
pub(crate) mod silence;
