//! Processes and systems that are made up, so that the truth about them is known.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::too_many_lines,
    clippy::same_item_push,
    clippy::needless_range_loop,
    reason = "a made-up process reads best in one piece, step by step"
)]

pub(crate) mod incidents;
pub(crate) mod microservices;
pub(crate) mod numbers;
pub(crate) mod sessions;
