//! Objectives written as `OpenSLO` v1.

use std::fmt::Write;

use shape_sli::Indicator;

use super::openslo::{ID, MIN_EVENTS};
use crate::{BudgetingMethod, CalendarUnit, Slo, SloSet, Target, Window, window::seconds_text};

impl SloSet {
    /// Writes the objectives as `OpenSLO` v1 documents, one `SLO` each, in their order.
    ///
    /// [`SloSet::from_yaml`] reads them back: the name and the least number of events travel as annotations
    /// (`shape/id`, `shape/min-events`); who ratified an objective, and why its target is what it is, stay behind.
    ///
    /// ```
    /// use shape_sli::Indicator;
    /// use shape_slo::{Slo, SloSet, Window};
    /// use shape_telemetry::ComponentId;
    ///
    /// let canvas = ComponentId::new("canvas");
    /// let window = Window::rolling_days(28);
    /// let slo = Slo::new(&canvas, Indicator::Availability, "99.9%".parse()?, window);
    /// let text = SloSet::new("studio", vec![slo]).to_openslo();
    /// assert!(text.starts_with("apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: canvas-availability\n"));
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn to_openslo(&self) -> String {
        let documents: Vec<String> = self
            .slos
            .iter()
            .map(|slo| document(&self.service, slo))
            .collect();
        documents.join("---\n")
    }
}

fn document(service: &str, slo: &Slo) -> String {
    let mut text = String::new();
    let id = quoted(slo.id.as_str());
    let component = quoted(slo.component.as_str());
    let service = quoted(service);
    let more = |name: &str, value: String| format!("              {name}: {value}\n");
    let (kind, limit) = match slo.indicator {
        Indicator::Latency { limit_ns } => ("latency", more("limit", exact(limit_ns))),
        Indicator::Freshness { limit_ns } => ("freshness", more("limit", exact(limit_ns))),
        Indicator::Saturation { limit_ppb } => {
            let share = Target::from_ppb(limit_ppb).map_or_else(String::new, ratio);
            ("saturation", more("limit", share))
        }
        Indicator::Throughput { per_hour } => {
            ("throughput", more("per_hour", per_hour.to_string()))
        }
        Indicator::Probe => ("probe", String::new()),
        _ => ("availability", String::new()),
    };
    let source = |name: &str| {
        format!(
            "        {name}:\n          metricSource:\n            type: shape\n            spec:\n              component: {component}\n              indicator: {kind}\n{limit}"
        )
    };
    let (good, total) = (source("good"), source("total"));
    let (duration, calendar) = match &slo.window {
        Window::Rolling { seconds } => (seconds_text(*seconds), String::new()),
        Window::Calendar { unit, time_zone } => {
            // A Monday, and the first day of a month, a quarter and a year at once.
            let start = "2018-01-01 00:00:00";
            let zone = quoted(time_zone);
            (
                unit_text(*unit).to_owned(),
                format!("      calendar:\n        startTime: {start}\n        timeZone: {zone}\n"),
            )
        }
    };
    let is_rolling = slo.window.is_rolling();
    let (method, slices) = match slo.method {
        BudgetingMethod::Occurrences => ("Occurrences", String::new()),
        BudgetingMethod::Timeslices {
            slice_seconds,
            slice_target,
        } => (
            "Timeslices",
            format!(
                "      timeSliceTarget: {}\n      timeSliceWindow: {}\n",
                ratio(slice_target),
                seconds_text(slice_seconds)
            ),
        ),
        BudgetingMethod::RatioTimeslices { slice_seconds } => (
            "RatioTimeslices",
            format!("      timeSliceWindow: {}\n", seconds_text(slice_seconds)),
        ),
    };
    let _ = write!(
        text,
        "apiVersion: openslo/v1
kind: SLO
metadata:
  name: {}
  annotations:
    {ID}: {id}
    {MIN_EVENTS}: \"{}\"
spec:
  service: {service}
  indicator:
    metadata:
      name: {}
    spec:
      ratioMetric:
        counter: true
{good}{total}  timeWindow:
    - duration: {duration}
      isRolling: {is_rolling}
{calendar}  budgetingMethod: {method}
  objectives:
    - target: {}
{slices}",
        dns_label(slo.id.as_str()),
        slo.min_events,
        dns_label(slo.id.as_str()),
        ratio(slo.target),
    );
    text
}

fn unit_text(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Day => "1d",
        CalendarUnit::Week => "1w",
        CalendarUnit::Month => "1M",
        CalendarUnit::Quarter => "1Q",
        CalendarUnit::Year => "1Y",
    }
}

/// A share as a decimal fraction with all its digits.
fn ratio(target: Target) -> String {
    if target.ppb() == Target::DENOMINATOR {
        return "1.0".to_owned();
    }
    let digits = format!("{:09}", target.ppb());
    format!("0.{}", digits.trim_end_matches('0'))
}

/// Nanoseconds in the largest unit that divides them.
fn exact(nanoseconds: u64) -> String {
    for (unit, length) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)] {
        if nanoseconds.is_multiple_of(length) {
            return format!("{}{unit}", nanoseconds / length);
        }
    }
    format!("{nanoseconds}ns")
}

/// Plain where YAML can not take it for anything but text, else as a JSON string, which YAML reads as well.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_/.".contains(c))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

/// A name of the form that `OpenSLO` asks for (RFC 1123): lower-case letters, digits and dashes, at most 63.
fn dns_label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    label.truncate(63);
    let label = label.trim_end_matches('-');
    if label.is_empty() {
        return "objective".to_owned();
    }
    label.to_owned()
}
