//! Whether promises hold: status, breaches, SLA credits.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub use crate::{
    breach::{Breach, BreachId, IncidentState},
    credit::{Contract, CreditTier, Rounding},
    error::{Error, ErrorKind},
    judge::{JudgeConfig, judge},
    report::{ComplianceReport, SloStatus, Status},
};

mod breach;
mod credit;
mod error;
mod figures;
mod judge;
mod markdown;
mod report;
