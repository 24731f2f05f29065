//! A live page and JSON API over the closed loop, mountable in your own service.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "serve")]
pub use crate::serve::{ServerHandle, serve, spawn};
pub use crate::{
    dashboard::Dashboard,
    error::{Error, ErrorKind},
    snapshot::Snapshot,
};

mod artifacts;
mod assets;
mod dashboard;
mod error;
mod figures;
mod router;
#[cfg(feature = "serve")]
mod serve;
pub mod snapshot;
mod state;
mod stream;
