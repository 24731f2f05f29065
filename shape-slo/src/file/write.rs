//! Objectives written as `OpenSLO`.

use serde_json::{Map, Value};
use shape_sli::Indicator;

use super::openslo::{ID, MIN_EVENTS};
use crate::{
    BudgetingMethod, Error, Mistake, OpenSloVersion, Slo, SloSet, Target, error::Repr,
    window::seconds_text,
};

mod window;

impl SloSet {
    /// Writes the objectives as `OpenSLO` documents of a version, one `SLO` each, in their order.
    ///
    /// [`SloSet::from_yaml`] reads them back, and [`validate_openslo`](crate::validate_openslo) finds nothing to
    /// complain about. The name and the least number of events travel as annotations (`shape/id`, `shape/min-events`),
    /// in v1alpha, which has none, in the query. Who ratified an objective, and why its target is what it is, stay behind.
    ///
    /// ```
    /// use shape_sli::Indicator;
    /// use shape_slo::{OpenSloVersion, Slo, SloSet, Window};
    /// use shape_telemetry::ComponentId;
    ///
    /// let canvas = ComponentId::new("canvas");
    /// let window = Window::rolling_days(28);
    /// let slo = Slo::new(&canvas, Indicator::Availability, "99.9%".parse()?, window);
    /// let set = SloSet::new("studio", vec![slo]);
    /// let text = set.to_openslo(OpenSloVersion::V1)?;
    /// assert!(text.starts_with("apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: canvas-availability\n"));
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a version has no way to say something; **all** of it, with the path where it would stand
    /// ([`Error::mistakes`]): no version knows a target of 100 % or a window of seconds (v1alpha knows the latter), v2alpha no months,
    /// v1alpha no `RatioTimeslices` and no years.
    ///
    /// ```
    /// # use shape_sli::Indicator;
    /// # use shape_slo::{OpenSloVersion, Slo, SloSet, Window};
    /// # use shape_telemetry::ComponentId;
    /// # let canvas = ComponentId::new("canvas");
    /// let month = "calendar month UTC".parse()?;
    /// let slo = Slo::new(&canvas, Indicator::Availability, "99.9%".parse()?, month);
    /// let error = SloSet::new("studio", vec![slo]).to_openslo(OpenSloVersion::V2alpha).unwrap_err();
    /// assert_eq!(error.to_string(), "\
    /// `canvas/availability` at spec.timeWindow[0].duration: a calendar month, `openslo.com/v2alpha` has minutes, hours, days and weeks");
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn to_openslo(&self, version: OpenSloVersion) -> Result<String, Error> {
        let mut lost = Vec::new();
        let documents: Vec<String> = self
            .slos
            .iter()
            .map(|slo| {
                let mut writer = Writer {
                    version,
                    slo,
                    lost: &mut lost,
                };
                writer.document(&self.service)
            })
            .collect();
        if lost.is_empty() {
            Ok(documents.join("---\n"))
        } else {
            Err(Repr::Document(lost).into())
        }
    }
}

/// Writes one objective, and collects what its version can not say.
struct Writer<'a> {
    version: OpenSloVersion,
    slo: &'a Slo,
    lost: &'a mut Vec<Mistake>,
}

impl Writer<'_> {
    fn lose(&mut self, path: &str, what: &str) {
        self.lost.push(Mistake {
            line: None,
            column: None,
            message: format!("`{}` at {path}: {what}", self.slo.id),
        });
    }

    fn document(&mut self, service: &str) -> String {
        let slo = self.slo;
        let version = self.version.as_str();
        let name = dns_label(slo.id.as_str());
        if service.trim().is_empty() {
            let field = self.service_field();
            self.lose(&format!("spec.{field}"), "no service, OpenSLO wants one");
        }
        if slo.id.as_str().trim().is_empty() {
            self.lose("metadata.name", "no name, OpenSLO wants one");
        }
        if slo.target.ppb() == Target::DENOMINATOR {
            self.lose(
                "spec.objectives[0].target",
                "100%, OpenSLO wants less than that",
            );
        }
        let service = quoted(service);
        let target = ratio(slo.target);
        if self.version == OpenSloVersion::V1alpha {
            let (method, slices) = self.method_v1alpha();
            let query = self.query_v1alpha(&name);
            let window = self.window_v1alpha();
            return format!(
                "apiVersion: {version}
kind: SLO
metadata:
  name: {name}
spec:
  service: {service}
  timeWindows:
{window}  budgetingMethod: {method}
  objectives:
    - value: 1
      target: {target}
{slices}      ratioMetrics:
        incremental: true
        good:
{query}        total:
{query}"
            );
        }
        let service_field = self.service_field();
        let indicator = match self.version {
            OpenSloVersion::V2alpha => "sli",
            _ => "indicator",
        };
        let id = quoted(slo.id.as_str());
        let min_events = slo.min_events;
        let source = self.source();
        let window = self.window();
        let (method, slices) = self.method();
        format!(
            "apiVersion: {version}
kind: SLO
metadata:
  name: {name}
  annotations:
    {ID}: {id}
    {MIN_EVENTS}: \"{min_events}\"
spec:
  {service_field}: {service}
  {indicator}:
    metadata:
      name: {name}
    spec:
      ratioMetric:
        counter: true
        good:
{source}        total:
{source}  timeWindow:
{window}  budgetingMethod: {method}
  objectives:
    - target: {target}
{slices}"
        )
    }

    fn service_field(&self) -> &'static str {
        match self.version {
            OpenSloVersion::V2alpha => "serviceRef",
            _ => "service",
        }
    }

    /// What is measured, in the words of the native form; without the indicator's kind.
    fn metric(&mut self) -> (&'static str, Map<String, Value>) {
        let slo = self.slo;
        let path = match self.version {
            OpenSloVersion::V1alpha => "spec.objectives[0].ratioMetrics.good.query",
            OpenSloVersion::V1 => "spec.indicator.spec.ratioMetric.good.metricSource.spec",
            OpenSloVersion::V2alpha => "spec.sli.spec.ratioMetric.good.spec",
        };
        let mut fields = Map::new();
        let component = slo.component.as_str();
        if component.trim().is_empty() {
            self.lose(path, "no component");
        }
        fields.insert("component".to_owned(), component.into());
        let mut limit = |text: Option<String>| {
            if let Some(text) = text {
                fields.insert("limit".to_owned(), text.into());
                return true;
            }
            false
        };
        let positive = |nanoseconds: u64| (nanoseconds != 0).then(|| exact(nanoseconds));
        let (kind, is_written) = match slo.indicator {
            Indicator::Latency { limit_ns } => ("latency", limit(positive(limit_ns))),
            Indicator::Freshness { limit_ns } => ("freshness", limit(positive(limit_ns))),
            Indicator::Saturation { limit_ppb } => {
                ("saturation", limit(Target::from_ppb(limit_ppb).map(ratio)))
            }
            Indicator::Throughput { per_hour } => {
                fields.insert("per_hour".to_owned(), per_hour.into());
                ("throughput", true)
            }
            Indicator::Probe => ("probe", true),
            Indicator::Availability => ("availability", true),
            _ => ("", false),
        };
        if !is_written {
            let indicator = slo.indicator;
            self.lose(path, &format!("`{indicator}`, files have no words for it"));
        }
        (kind, fields)
    }

    fn source(&mut self) -> String {
        let (kind, mut fields) = self.metric();
        fields.insert("indicator".to_owned(), kind.into());
        // The deeper of the two places is that of v1.
        let (head, margin) = if self.version == OpenSloVersion::V2alpha {
            (
                "          dataSourceSpec:\n            type: shape\n            connectionDetails: {}\n          spec:\n",
                "            ",
            )
        } else {
            (
                "          metricSource:\n            type: shape\n            spec:\n",
                "              ",
            )
        };
        let mut text = head.to_owned();
        for (name, value) in &fields {
            let value = value.as_str().map_or_else(|| value.to_string(), quoted);
            text.push_str(margin);
            text.push_str(name);
            text.push_str(": ");
            text.push_str(&value);
            text.push('\n');
        }
        text
    }

    fn query_v1alpha(&mut self, name: &str) -> String {
        let (kind, mut fields) = self.metric();
        let slo = self.slo;
        if slo.id.as_str() != name {
            fields.insert("id".to_owned(), slo.id.as_str().into());
        }
        if slo.min_events != slo.target.events_for_one_failure().unwrap_or(1) {
            fields.insert("min_events".to_owned(), slo.min_events.into());
        }
        if let BudgetingMethod::Timeslices { slice_seconds, .. } = slo.method {
            if slice_seconds == 0 {
                self.lose("spec.objectives[0].timeSliceTarget", "slices of no length");
            }
            fields.insert("slice".to_owned(), seconds_text(slice_seconds).into());
        }
        let component = quoted(slo.component.as_str());
        let query = if fields.len() == 1 && component == slo.component.as_str() {
            component
        } else {
            let json = Value::Object(fields).to_string();
            // Within single quotes a map stays readable.
            if json.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                format!("'{}'", json.replace('\'', "''"))
            } else {
                quoted(&json)
            }
        };
        format!("          source: shape\n          queryType: {kind}\n          query: {query}\n")
    }

    fn method(&mut self) -> (&'static str, String) {
        let path = "spec.objectives[0].timeSliceWindow";
        match self.slo.method {
            BudgetingMethod::Occurrences => ("Occurrences", String::new()),
            BudgetingMethod::Timeslices {
                slice_seconds,
                slice_target,
            } => {
                let (share, length) = (ratio(slice_target), self.length(path, slice_seconds));
                (
                    "Timeslices",
                    format!("      timeSliceTarget: {share}\n      timeSliceWindow: {length}\n"),
                )
            }
            BudgetingMethod::RatioTimeslices { slice_seconds } => {
                let length = self.length(path, slice_seconds);
                (
                    "RatioTimeslices",
                    format!("      timeSliceWindow: {length}\n"),
                )
            }
        }
    }

    fn method_v1alpha(&mut self) -> (&'static str, String) {
        match self.slo.method {
            BudgetingMethod::Occurrences => ("Occurrences", String::new()),
            BudgetingMethod::Timeslices { slice_target, .. } => {
                let share = ratio(slice_target);
                ("Timeslices", format!("      timeSliceTarget: {share}\n"))
            }
            BudgetingMethod::RatioTimeslices { .. } => {
                let version = self.version;
                self.lose(
                    "spec.budgetingMethod",
                    &format!("RatioTimeslices, `{version}` has `Occurrences` and `Timeslices`"),
                );
                ("RatioTimeslices", String::new())
            }
        }
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
