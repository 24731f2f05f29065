//! Whether promises hold: a status for each, an incident for each that is broken, the credits that a contract pays.
//!
//! [`judge`] says what is true ([`Status`]) and what calls for action ([`Breach`]). They are kept apart: a promise is breached
//! as long as its window's events miss the target, an incident triggers once, and is told apart from the next one.
//!
//! ```
//! use shape_budget::{BudgetConfig, assess};
//! use shape_compliance::{JudgeConfig, Status, judge};
//! use shape_sli::{MeasureConfig, SliReport};
//! use shape_slo::{RecommendConfig, recommend};
//! # let measurements = shape_telemetry::Measurements::empty(std::time::Duration::from_secs(1), []);
//!
//! let now = "2026-11-24T08:00:00Z".parse()?;
//! let measured = SliReport::measure(&measurements, &MeasureConfig::new());
//! let promises = recommend(&measured, &RecommendConfig::new("studio")).ratify("on-call", now);
//! let budgets = assess(&promises, &measured, now, &BudgetConfig::new())?;
//! let report = judge(&promises, &budgets, None, &JudgeConfig::new());
//! for breach in report.triggers() {
//!     println!("{}", breach.explanation);
//! }
//! assert_eq!(report.worst(), Status::NoData); // nothing was measured in this example
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`judge`] makes a [`ComplianceReport`] of promises, budgets and the report before. It is the artifact
//!   `sla-compliance.json`, and a page: [`ComplianceReport::to_markdown`].
//! - [`Breach`] is a ratified promise that is broken; [`ComplianceReport::triggers`] are those that call for healing.
//! - [`JudgeConfig`] holds the thresholds of hysteresis.
//! - [`Contract`] is the credit terms of a service level agreement, as data; [`Contract::settle`] is what it pays.
//! - [`History`] answers what the budget was at a time, as known at a time, and why; [`HistoryFile`] keeps it.
//! - [`notifications`] are what is new in a report, in the format of Alertmanager's webhook; an [`Outbox`] delivers them.
//! - [`ComplianceReport::to_html`] is the report as one page.
//!
//! # What it does not do
//!
//! It fixes nothing. [`judge`] keeps no state: the report before is an argument. It reads no clock: `now` is an argument.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

#[cfg(feature = "webhook")]
pub use crate::notify::Webhook;
pub use crate::{
    breach::{BadStretch, Breach, BreachId, IncidentState},
    credit::{Contract, CreditTier, Rounding},
    error::{Error, ErrorKind},
    history::{Answer, BreachRecord, Entry, Fact, History, HistoryFile, IncidentChange},
    judge::{JudgeConfig, judge},
    notify::{
        AlertStatus, Deliver, DeliveryError, Flushed, Notification, NotifyConfig, Outbox,
        WebhookAlert, WebhookMessage, notifications,
    },
    report::{ComplianceReport, SloStatus, Status},
    settle::{Settlement, UptimeMethod},
};

mod breach;
mod credit;
mod error;
mod figures;
mod history;
mod html;
mod judge;
mod log;
mod markdown;
mod notify;
mod report;
mod settle;

/// The examples of the README are tests.
#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
