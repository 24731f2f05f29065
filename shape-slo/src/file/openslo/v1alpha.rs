//! `OpenSLO` v1alpha: indicators stand in the objectives, and there are no annotations.
//!
//! The `queryType` of a metric is the indicator, its `query` a component or a map in the words of the native form. The
//! map also carries what v1alpha has no field for: the objective's name, its least number of events, the slice.

use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use super::{
    super::{
        Draft,
        native::{self, slice_length},
        tree::{self, Node, Reader, Value},
    },
    metric::{Metric, indicator},
    name, target, window,
};
use crate::{BudgetingMethod, CalendarUnit, Slo, Window, window::parse_seconds};

/// The keys of a `query`.
const QUERY: [&str; 6] = [
    "component",
    "limit",
    "per_hour",
    "id",
    "min_events",
    "slice",
];

/// The slice of `Timeslices` where the query names none: v1alpha has no field for it.
const SLICE_SECONDS: u64 = 60;

/// What a metric source names.
struct Query<'a> {
    metric: Metric<'a>,
    id: Option<String>,
    min_events: Option<u64>,
    slice_seconds: Option<u64>,
}

pub(super) fn slo(reader: &mut Reader, document: &Node, spec: &Node, slos: &mut Vec<Slo>) {
    let known = [
        "timeWindows",
        "budgetingMethod",
        "description",
        "indicator",
        "service",
        "objectives",
    ];
    let name = name(reader, document, &["name", "displayName"]);
    if !reader.expect_map(spec, "spec", &known) {
        return;
    }
    reader.required(spec, "service");
    let shared = set(spec, "indicator").and_then(|node| {
        reader.expect_map(node, "indicator", &["thresholdMetric"]);
        let metric = reader.required(node, "thresholdMetric")?;
        query(reader, metric, "thresholdMetric", true)
    });
    let window = reader
        .required(spec, "timeWindows")
        .and_then(|node| time_window(reader, node));
    let method = reader
        .required(spec, "budgetingMethod")
        .and_then(|node| reader.word(node, "budgetingMethod", &["Occurrences", "Timeslices"]));
    let objectives = reader
        .required(spec, "objectives")
        .map_or(&[][..], |node| reader.list(node, "objectives"));
    for (index, node) in objectives.iter().enumerate() {
        let known = [
            "displayName",
            "value",
            "ratioMetrics",
            "target",
            "timeSliceTarget",
            "op",
        ];
        if !reader.expect_map(node, "an objective", &known) {
            continue;
        }
        let own = set(node, "ratioMetrics").and_then(|ratio| {
            reader.expect_map(ratio, "ratioMetrics", &["good", "total", "incremental"]);
            let good = reader.required(ratio, "good")?;
            query(reader, good, "good", false)
        });
        let has_own = set(node, "ratioMetrics").is_some();
        expect_one_indicator(reader, spec, node);
        let is_alone = has_own || objectives.len() == 1;
        let query = own.as_ref().or(shared.as_ref());
        let target = reader
            .required(node, "target")
            .and_then(|node| reader.parsed(node, "target"));
        let indicator = if has_own {
            query.and_then(|query| query.metric.indicator)
        } else {
            if let Some(op) = node.entry("op") {
                reader.word(op, "op", &["lte", "lt"]);
            }
            query.and_then(|query| indicator(reader, node, &query.metric))
        };
        let slice = query.and_then(|query| query.slice_seconds);
        let method = method.and_then(|word| budgeting(reader, node, word, slice));
        let (Some(name), Some(query), Some(indicator), Some(target), Some(window), Some(method)) =
            (name, query, indicator, target, window.as_ref(), method)
        else {
            continue;
        };
        let numbered = format!("{name}-{}", index + 1);
        let plain = if objectives.len() == 1 {
            name
        } else {
            &numbered
        };
        let id = query.id.as_deref().filter(|_| is_alone).unwrap_or(plain);
        Draft {
            node,
            id: Some(id),
            component: query.metric.component.clone(),
            indicator,
            target,
            window: window.clone(),
            method,
            min_events: query.min_events,
        }
        .add(reader, slos);
    }
}

/// An objective measures by `ratioMetrics` of its own or by the `indicator` of all.
fn expect_one_indicator(reader: &mut Reader, spec: &Node, objective: &Node) {
    match (set(objective, "ratioMetrics"), set(spec, "indicator")) {
        (Some(_), Some(indicator)) => reader.mistake(
            indicator,
            "`indicator` beside `ratioMetrics`, expected one of them",
        ),
        (None, None) => reader.mistake(
            objective,
            "`ratioMetrics` is missing, and there is no `indicator`",
        ),
        _ => {}
    }
}

fn budgeting(
    reader: &mut Reader,
    objective: &Node,
    word: &str,
    slice: Option<u64>,
) -> Option<BudgetingMethod> {
    if word == "Occurrences" {
        return Some(BudgetingMethod::Occurrences);
    }
    Some(BudgetingMethod::Timeslices {
        slice_seconds: slice.unwrap_or(SLICE_SECONDS),
        slice_target: target::slice_target(reader, objective)?,
    })
}

/// The value of a key, unless it is nothing.
fn set<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.entry(key)
        .filter(|node| !matches!(node.value, Value::Null))
}

fn query<'a>(
    reader: &mut Reader,
    node: &'a Node,
    what: &str,
    is_threshold: bool,
) -> Option<Query<'a>> {
    reader.expect_map(node, what, &["source", "queryType", "query"]);
    let source = reader.required(node, "source")?;
    let seen = reader.text(source, "source")?;
    if !seen.eq_ignore_ascii_case("shape") {
        reader.mistake(
            source,
            format!("source `{seen}`, expected `shape`: the metrics are those that SHAPE measures"),
        );
        return None;
    }
    let kind = reader.required(node, "queryType")?;
    let place = reader.required(node, "query")?;
    let text = reader.text(place, "query")?;
    // A text within a text: its mistakes are told where it stands.
    let mut inner = Reader::default();
    let found = written(&mut inner, node, kind, text, is_threshold);
    for mistake in inner.mistakes {
        reader.mistake(place, format!("query: {}", mistake.message));
    }
    found
}

/// What a `query` of a kind names.
fn written<'a>(
    reader: &mut Reader,
    spec: &'a Node,
    kind: &Node,
    text: &str,
    is_threshold: bool,
) -> Option<Query<'a>> {
    let documents = tree::documents(text).map_err(|mistake| reader.mistakes.push(mistake));
    let mut map = match documents.ok()?.into_iter().next()?.value {
        Value::Scalar(component) => vec![(
            kind.beside("component".to_owned()),
            kind.beside(Value::Scalar(component)),
        )],
        Value::Map(entries) => entries,
        Value::Null | Value::List(_) => {
            reader.mistake(
                kind,
                "expected a component or a map with `component` and what its indicator needs",
            );
            return None;
        }
    };
    map.push((kind.beside("indicator".to_owned()), kind.clone()));
    let map = kind.beside(Value::Map(map));
    let mut known = QUERY.to_vec();
    known.push("indicator");
    reader.expect_map(&map, "the query", &known);
    let component = reader
        .required(&map, "component")
        .and_then(|node| reader.text(node, "component"))
        .map(ComponentId::new);
    let is_latency = matches!(&kind.value, Value::Scalar(word) if word == "latency");
    let is_open = is_threshold && is_latency && map.entry("limit").is_none();
    let indicator: Option<Indicator> = if is_open {
        None
    } else {
        Some(native::indicator(reader, &map)?)
    };
    let id = map
        .entry("id")
        .and_then(|node| reader.text(node, "id"))
        .map(ToOwned::to_owned);
    let min_events = map
        .entry("min_events")
        .and_then(|node| reader.count(node, "min_events"));
    let slice_seconds = map
        .entry("slice")
        .and_then(|node| slice_length(reader, node));
    Some(Query {
        metric: Metric {
            component: component?,
            indicator,
            spec,
        },
        id,
        min_events,
        slice_seconds,
    })
}

fn time_window(reader: &mut Reader, node: &Node) -> Option<Window> {
    let window = window::only(reader, node, "timeWindows")?;
    let known = ["unit", "count", "isRolling", "calendar"];
    if !reader.expect_map(window, "a time window", &known) {
        return None;
    }
    let units = ["Second", "Day", "Week", "Month", "Quarter"];
    let unit = reader.required(window, "unit")?;
    let word = reader.word(unit, "unit", &units);
    let place = reader.required(window, "count")?;
    let count = reader.count(place, "count");
    let is_rolling = window::is_rolling(reader, window)?;
    let (word, count) = (word?, count?);
    if is_rolling {
        let letter = match word {
            "Second" => "s",
            "Day" => "d",
            "Week" => "w",
            _ => {
                reader.mistake(
                    unit,
                    format!("unit `{word}`, expected `Second`, `Day` or `Week` for a rolling window: the others differ in length"),
                );
                return None;
            }
        };
        let seconds = parse_seconds(&format!("{count}{letter}")).filter(|seconds| *seconds != 0);
        if seconds.is_none() {
            reader.mistake(
                place,
                format!("count `{count}`, expected a number above zero"),
            );
        }
        return Some(Window::Rolling { seconds: seconds? });
    }
    let begins = match word {
        "Day" => Some(CalendarUnit::Day),
        "Week" => Some(CalendarUnit::Week),
        "Month" => Some(CalendarUnit::Month),
        "Quarter" => Some(CalendarUnit::Quarter),
        _ => None,
    };
    if begins.is_none() {
        reader.mistake(
            unit,
            format!(
                "unit `{word}`, expected `Day`, `Week`, `Month` or `Quarter` for a calendar window"
            ),
        );
    }
    if count != 1 {
        reader.mistake(
            place,
            format!("count `{count}`, expected 1: a calendar window is one unit long"),
        );
    }
    window::calendar(reader, window, begins).filter(|_| count == 1)
}
