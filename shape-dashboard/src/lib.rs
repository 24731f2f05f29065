//! A live page and JSON API over the closed loop, mountable in your own service.
//!
//! The loop of [`shape_workflow`] tells what happens as [`Event`]s. A [`Dashboard`] takes them in and shows them: where
//! the loop stands, which promises hold, how fast budgets burn, what the logs say, and what healing tried, with the
//! evidence behind every claim. People get one page that follows along by server-sent events and says when it no longer
//! does; programs get the reports as JSON.
//!
//! # In your own service
//!
//! ```
//! use axum::{Router, routing::get};
//! use shape_dashboard::Dashboard;
//! use shape_workflow::{Event, EventKind, LoopState};
//!
//! let dashboard = Dashboard::new("studio");
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "the service itself" }))
//!     .nest_service("/ops", dashboard.router()); // `/ops` and `/ops/`
//!
//! // From the loop, on any thread, with no runtime at hand:
//! dashboard.apply(&Event {
//!     seq: 1,
//!     at: "2026-03-02T14:00:10Z".parse()?,
//!     kind: EventKind::StateChanged {
//!         from: LoopState::Healthy,
//!         to: LoopState::Breached,
//!         reason: "canvas/latency-50ms: 84.25% good against 99%".into(),
//!     },
//! });
//! assert_eq!(dashboard.snapshot().loop_view.headline, "A promise is broken.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # In a program without a server
//!
//! [`spawn`] runs one in a thread of its own; [`serve`] does so on your runtime.
//!
//! ```
//! # #[cfg(feature = "serve")] {
//! use shape_dashboard::{Dashboard, spawn};
//!
//! let dashboard = Dashboard::new("studio");
//! let server = spawn(dashboard.clone(), ([127, 0, 0, 1], 0).into())?;
//! println!("watch it at {}", server.url());
//! server.shutdown()?;
//! # }
//! # Ok::<(), shape_dashboard::Error>(())
//! ```
//!
//! # The addresses
//!
//! | address | what |
//! |---|---|
//! | `` (the mount point) | the page |
//! | `api/snapshot` | [`Snapshot`]: all that the page shows, with labels for people |
//! | `api/events` | the same as server-sent events: `snapshot` at once and on each change, `heartbeat` every three seconds |
//! | `api/artifacts/NAME.json` | the reports as they are: `anomalies`, `diagnosis-results`, `log-source-lineage`, `sli-metrics`, `slo-targets`, `error-budgets`, `sla-compliance`, `heal-report` |
//! | `api/healthz` | whether the dashboard answers, and the last event it knows |
//!
//! Each event of `api/events` has the number of the last loop event as its `id`. A stream that was cut is taken up again
//! by asking anew: the first event is always everything.
//!
//! # What it does not do
//!
//! - It decides nothing and computes no promise: it shows what the other crates computed.
//! - It has no login. It shows log lines and source code: mount it behind the door that your internal pages have, or
//!   listen on loopback only.
//! - It keeps nothing: after a restart it knows what it is told from then on, or what [`Dashboard::from_artifacts`]
//!   finds.
//!
//! # Features
//!
//! `serve` (default): [`serve`], [`spawn`] and [`ServerHandle`]. Without it the crate is the router alone.
//!
//! [`Event`]: shape_workflow::Event
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

#[cfg(all(doctest, feature = "serve"))]
#[doc = include_str!("../README.md")]
struct Readme;
