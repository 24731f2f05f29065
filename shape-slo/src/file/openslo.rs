//! `OpenSLO` documents of v1 and v2alpha.

use std::collections::BTreeMap;

use jiff::civil::{DateTime, Time};
use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use super::{
    Draft,
    native::{self, parse_limit, slice_length},
    tree::{Node, Reader, Value},
};
use crate::{BudgetingMethod, CalendarUnit, Slo, SloSet, Target, Window};

/// The annotation that carries an objective's name, which `OpenSLO`'s own names can not.
pub(super) const ID: &str = "shape/id";
/// The annotation that carries the least number of events.
pub(super) const MIN_EVENTS: &str = "shape/min-events";

const KINDS: [&str; 7] = [
    "SLO",
    "SLI",
    "Service",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
];

/// What the versions call the same things.
struct Dialect {
    version: &'static str,
    service: &'static str,
    indicator: &'static str,
    reference: &'static str,
}

static DIALECTS: [Dialect; 2] = [
    Dialect {
        version: "openslo/v1",
        service: "service",
        indicator: "indicator",
        reference: "indicatorRef",
    },
    Dialect {
        version: "openslo.com/v2alpha",
        service: "serviceRef",
        indicator: "sli",
        reference: "sliRef",
    },
];

/// The dialect of a document; that of v1 where the version is none, which is a mistake of its own.
fn dialect(document: &Node) -> &'static Dialect {
    let [first, second] = &DIALECTS;
    let version = document.entry("apiVersion").map(|node| &node.value);
    match version {
        Some(Value::Scalar(seen)) if seen == second.version => second,
        _ => first,
    }
}

pub(super) fn read(reader: &mut Reader, documents: &[Node]) -> SloSet {
    let mut service: Option<&str> = None;
    let mut slos = Vec::new();
    let mut indicators = BTreeMap::new();
    let of_kind = |kind: &str, node: &Node| matches!(node.entry("kind").map(|node| &node.value), Some(Value::Scalar(seen)) if seen == kind);
    for document in documents {
        if !reader.expect_map(
            document,
            "a document",
            &["apiVersion", "kind", "metadata", "spec"],
        ) {
            continue;
        }
        if let Some(version) = reader.required(document, "apiVersion") {
            let versions = DIALECTS.each_ref().map(|dialect| dialect.version);
            reader.word(version, "apiVersion", &versions);
        }
        if let Some(kind) = reader.required(document, "kind") {
            reader.word(kind, "kind", &KINDS);
        }
        if of_kind("SLI", document)
            && let Some(name) = name(reader, document)
            && let Some(spec) = reader.required(document, "spec")
        {
            indicators.insert(name, spec);
        }
    }
    for document in documents.iter().filter(|node| of_kind("SLO", node)) {
        let Some(spec) = reader.required(document, "spec") else {
            continue;
        };
        let field = dialect(document).service;
        let named = spec
            .entry(field)
            .and_then(|node| Some((node, reader.text(node, field)?)));
        if let Some((node, name)) = named {
            if let Some(first) = service
                && first != name
            {
                reader.mistake(
                    node,
                    format!("service `{name}`, expected `{first}`: one file describes one service"),
                );
            }
            service.get_or_insert(name);
        }
        slo(reader, document, spec, &indicators, &mut slos);
    }
    if slos.is_empty() && reader.mistakes.is_empty() {
        reader.mistake_overall("no document of kind `SLO`");
    }
    SloSet::new(service.unwrap_or(""), slos)
}

fn name<'a>(reader: &mut Reader, document: &'a Node) -> Option<&'a str> {
    let metadata = reader.required(document, "metadata")?;
    let known = ["name", "displayName", "labels", "annotations"];
    if !reader.expect_map(metadata, "metadata", &known) {
        return None;
    }
    let name = reader.required(metadata, "name")?;
    reader.text(name, "name")
}

fn annotation<'a>(document: &'a Node, key: &str) -> Option<&'a Node> {
    document.entry("metadata")?.entry("annotations")?.entry(key)
}

fn slo(
    reader: &mut Reader,
    document: &Node,
    spec: &Node,
    indicators: &BTreeMap<&str, &Node>,
    slos: &mut Vec<Slo>,
) {
    let dialect = dialect(document);
    let known = [
        "description",
        dialect.service,
        dialect.indicator,
        dialect.reference,
        "timeWindow",
        "budgetingMethod",
        "objectives",
        "alertPolicies",
    ];
    let name = name(reader, document);
    if !reader.expect_map(spec, "spec", &known) {
        return;
    }
    reader.required(spec, dialect.service);
    let metric = metric(reader, spec, indicators, dialect);
    let window = reader
        .required(spec, "timeWindow")
        .and_then(|node| time_window(reader, node));
    let methods = ["Occurrences", "Timeslices", "RatioTimeslices"];
    let method = reader
        .required(spec, "budgetingMethod")
        .and_then(|node| reader.word(node, "budgetingMethod", &methods));
    let id = annotation(document, ID).and_then(|node| reader.text(node, ID));
    let min_events =
        annotation(document, MIN_EVENTS).and_then(|node| reader.count(node, MIN_EVENTS));
    let objectives = reader
        .required(spec, "objectives")
        .map_or(&[][..], |node| reader.list(node, "objectives"));
    for (index, node) in objectives.iter().enumerate() {
        let objective = objective(reader, node, method);
        let (Some(name), Some(metric), Some(window)) = (name, metric.as_ref(), window.as_ref())
        else {
            continue;
        };
        let indicator = indicator(reader, node, metric);
        let (Some((target, method)), Some(indicator)) = (objective, indicator) else {
            continue;
        };
        let numbered = format!("{name}-{}", index + 1);
        let own = match (objectives, id) {
            ([_], Some(id)) => id,
            ([_], None) => name,
            _ => numbered.as_str(),
        };
        Draft {
            node,
            id: Some(own),
            component: metric.component.clone(),
            indicator,
            target,
            window: window.clone(),
            method,
            min_events,
        }
        .add(reader, slos);
    }
}

/// What a metric source of SHAPE's names.
struct Metric<'a> {
    component: ComponentId,
    /// `None` for a latency whose limit is the `value` of the objective.
    indicator: Option<Indicator>,
    spec: &'a Node,
}

fn metric<'a>(
    reader: &mut Reader,
    spec: &'a Node,
    indicators: &BTreeMap<&str, &'a Node>,
    dialect: &Dialect,
) -> Option<Metric<'a>> {
    let Dialect {
        indicator: inline_name,
        reference: reference_name,
        ..
    } = dialect;
    let indicator = match (spec.entry(inline_name), spec.entry(reference_name)) {
        (Some(inline), None) => {
            reader.expect_map(inline, inline_name, &["metadata", "spec"]);
            reader.required(inline, "spec")?
        }
        (None, Some(reference)) => {
            let name = reader.text(reference, reference_name)?;
            let Some(found) = indicators.get(name) else {
                reader.mistake(
                    reference,
                    format!("no document of kind `SLI` is called `{name}`"),
                );
                return None;
            };
            found
        }
        (None, None) => {
            reader.mistake(spec, format!("`{inline_name}` is missing"));
            return None;
        }
        (Some(_), Some(reference)) => {
            reader.mistake(
                reference,
                format!("`{reference_name}` beside `{inline_name}`, expected one of them"),
            );
            return None;
        }
    };
    reader.expect_map(
        indicator,
        "the indicator's spec",
        &["description", "thresholdMetric", "ratioMetric"],
    );
    match (
        indicator.entry("ratioMetric"),
        indicator.entry("thresholdMetric"),
    ) {
        (Some(ratio), None) => {
            reader.expect_map(ratio, "ratioMetric", &["counter", "good", "total", "bad"]);
            let good = ratio.entry("good");
            if good.is_none() {
                reader.mistake(
                    ratio,
                    "`good` is missing: SHAPE counts the good events of a component",
                );
            }
            source(reader, good?, "good", false)
        }
        (None, Some(threshold)) => source(reader, threshold, "thresholdMetric", true),
        _ => {
            reader.mistake(
                indicator,
                "expected either `ratioMetric` or `thresholdMetric`",
            );
            None
        }
    }
}

fn source<'a>(
    reader: &mut Reader,
    node: &'a Node,
    what: &str,
    is_threshold: bool,
) -> Option<Metric<'a>> {
    // v2alpha has the type of the source in one place, and what is asked of it in another.
    let is_v2 = node.entry("dataSourceSpec").is_some() || node.entry("dataSourceRef").is_some();
    let (source, owner) = if is_v2 {
        reader.expect_map(node, what, &["dataSourceRef", "dataSourceSpec", "spec"]);
        let source = reader.required(node, "dataSourceSpec")?;
        let known = ["description", "type", "connectionDetails"];
        reader.expect_map(source, "dataSourceSpec", &known);
        (source, node)
    } else {
        reader.expect_map(node, what, &["metricSource"]);
        let source = reader.required(node, "metricSource")?;
        reader.expect_map(source, "metricSource", &["metricSourceRef", "type", "spec"]);
        (source, source)
    };
    let kind = reader.required(source, "type")?;
    let seen = reader.text(kind, "type")?;
    if !seen.eq_ignore_ascii_case("shape") {
        reader.mistake(
            kind,
            format!("metric source of type `{seen}`, expected `shape`: the metrics are those that SHAPE measures"),
        );
        return None;
    }
    let spec = reader.required(owner, "spec")?;
    if !reader.expect_map(
        spec,
        "the metric source's spec",
        &["component", "indicator", "limit", "per_hour"],
    ) {
        return None;
    }
    let component = reader
        .required(spec, "component")
        .and_then(|node| reader.text(node, "component"));
    let is_open = is_threshold
        && spec.entry("limit").is_none()
        && matches!(spec.entry("indicator").map(|node| &node.value), Some(Value::Scalar(word)) if word == "latency");
    let indicator = if is_open {
        None
    } else {
        Some(native::indicator(reader, spec)?)
    };
    Some(Metric {
        component: ComponentId::new(component?),
        indicator,
        spec,
    })
}

/// The indicator of an objective; a threshold metric takes its limit from `value`, in milliseconds.
fn indicator(reader: &mut Reader, objective: &Node, metric: &Metric<'_>) -> Option<Indicator> {
    let value = objective.entry("value");
    let Some(value) = value else {
        if metric.indicator.is_none() {
            reader.mistake(
                metric.spec,
                "`limit` is missing, and no objective has a `value` in milliseconds",
            );
        }
        return metric.indicator;
    };
    let text = reader.text(value, "value")?;
    let Some(limit) = parse_limit(&format!("{text}ms")) else {
        reader.mistake(
            value,
            format!("value `{text}`, expected milliseconds above zero"),
        );
        return None;
    };
    let valued = Indicator::latency(limit);
    if let Some(known) = metric.indicator
        && known != valued
    {
        reader.mistake(
            value,
            format!("value `{text}` (milliseconds) contradicts the indicator `{known}`"),
        );
        return None;
    }
    Some(valued)
}

fn objective(
    reader: &mut Reader,
    node: &Node,
    method: Option<&str>,
) -> Option<(Target, BudgetingMethod)> {
    let known = [
        "displayName",
        "op",
        "value",
        "target",
        "targetPercent",
        "timeSliceTarget",
        "timeSliceWindow",
    ];
    if !reader.expect_map(node, "an objective", &known) {
        return None;
    }
    if let Some(op) = node.entry("op") {
        reader.word(op, "op", &["lte", "lt"]);
    }
    let target = match (node.entry("target"), node.entry("targetPercent")) {
        (Some(ratio), None) => reader.parsed(ratio, "target"),
        (None, Some(percent)) => {
            let text = reader.text(percent, "targetPercent")?;
            let target = format!("{text}%").parse::<Target>();
            if target.is_err() {
                reader.mistake(
                    percent,
                    format!("targetPercent `{text}`, expected a number up to 100 such as 99.9"),
                );
            }
            target.ok()
        }
        (None, None) => {
            reader.mistake(node, "`target` is missing");
            None
        }
        (Some(_), Some(percent)) => {
            reader.mistake(
                percent,
                "`targetPercent` beside `target`, expected one of them",
            );
            None
        }
    };
    let mut slice = || {
        let slice = reader.required(node, "timeSliceWindow")?;
        slice_length(reader, slice)
    };
    let method = match method? {
        "Timeslices" => {
            let slice_seconds = slice();
            let slice_target = reader
                .required(node, "timeSliceTarget")
                .and_then(|node| reader.parsed(node, "timeSliceTarget"));
            BudgetingMethod::Timeslices {
                slice_seconds: slice_seconds?,
                slice_target: slice_target?,
            }
        }
        "RatioTimeslices" => BudgetingMethod::RatioTimeslices {
            slice_seconds: slice()?,
        },
        _ => BudgetingMethod::Occurrences,
    };
    Some((target?, method))
}

fn time_window(reader: &mut Reader, node: &Node) -> Option<Window> {
    let [window] = reader.list(node, "timeWindow") else {
        if let Value::List(_) = node.value {
            reader.mistake(node, "timeWindow, expected exactly one item");
        }
        return None;
    };
    if !reader.expect_map(
        window,
        "a time window",
        &["duration", "isRolling", "calendar"],
    ) {
        return None;
    }
    let duration = reader.required(window, "duration")?;
    let text = reader.text(duration, "duration")?;
    let is_rolling = match window.entry("isRolling") {
        Some(node) => reader.word(node, "isRolling", &["true", "false"])? == "true",
        None => window.entry("calendar").is_none(),
    };
    if is_rolling {
        if let Some(calendar) = window.entry("calendar") {
            reader.mistake(calendar, "`calendar` in a rolling window");
        }
        let parsed: Option<Window> = text.parse().ok();
        if parsed.is_none() {
            reader.mistake(
                duration,
                format!("duration `{text}`, expected a length such as `28d` for a rolling window"),
            );
        }
        return parsed;
    }
    let unit = match text {
        "1d" => Some(CalendarUnit::Day),
        "1w" => Some(CalendarUnit::Week),
        "1M" => Some(CalendarUnit::Month),
        "1Q" => Some(CalendarUnit::Quarter),
        "1Y" => Some(CalendarUnit::Year),
        _ => {
            reader.mistake(
                duration,
                format!("duration `{text}`, expected `1d`, `1w`, `1M`, `1Q` or `1Y` for a calendar window"),
            );
            None
        }
    };
    let calendar = reader.required(window, "calendar")?;
    if !reader.expect_map(calendar, "calendar", &["startTime", "timeZone"]) {
        return None;
    }
    let zone = match calendar.entry("timeZone") {
        Some(node) => reader.text(node, "timeZone")?,
        None => "UTC",
    };
    let unit = unit?;
    if let Some(start) = calendar.entry("startTime") {
        start_time(reader, start, unit);
    }
    match format!("calendar {unit} {zone}").parse() {
        Ok(window) => Some(window),
        Err(error) => {
            let place = calendar.entry("timeZone").unwrap_or(calendar);
            reader.mistake(place, error.to_string());
            None
        }
    }
}

/// Calendar windows of SHAPE begin with their unit; another beginning would be read wrongly, so it is refused.
fn start_time(reader: &mut Reader, node: &Node, unit: CalendarUnit) {
    let Some(text) = reader.text(node, "startTime") else {
        return;
    };
    let Ok(start) = text.trim().replacen(' ', "T", 1).parse::<DateTime>() else {
        reader.mistake(
            node,
            format!("startTime `{text}`, expected a date and time such as `2026-01-01 00:00:00`"),
        );
        return;
    };
    let begins = start.time() == Time::midnight() && unit.begins_on(start.date());
    if !begins {
        reader.mistake(
            node,
            format!("startTime `{text}` is not the beginning of a {unit}: calendar windows begin with their unit"),
        );
    }
}
