//! Anomalies and change points of one metric.
//!
//! [`MetricDetector`] reads a series row by row and says how surprising each row is. It looks at the series in nine ways
//! (*views*) of four families, asks of each how rare such a value was in the view's own past, and combines the answers:
//!
//! ```text
//! value ─▶ Lattice ─▶ History ─┬▶ recurrence: distance to the most similar past, 8, 24 and 48 rows long
//!                              ├▶ level:      mean of 12 rows; any shift within 100 rows
//!                              ├▶ roughness:  steps of the last 24 and 96 rows against those before
//!                              └▶ season:     distance to the same time on earlier days, 1 and 12 rows
//!          each view ─▶ Calibration (−log10 p) ─▶ family: mean of its two strongest ─▶ surprise ─▶ Alarms
//! ```
//!
//! [`ChangePoint`] looks back instead: when did a rate or a share change, and how sure is that?

pub use self::{
    alarms::MetricConfig,
    change::ChangePoint,
    detector::{MetricDetector, MetricError, MetricReason, MetricScore},
};
pub(crate) use self::{
    change::{Cell, Direction},
    lattice::median,
};

mod alarms;
mod calibrate;
mod change;
mod detector;
mod history;
mod lattice;
mod level;
mod recurrence;
mod roughness;
mod season;
mod sorted;
mod views;
