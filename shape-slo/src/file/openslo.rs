//! `OpenSLO` documents as objectives.

use std::collections::BTreeMap;

use self::{
    metric::{indicator, metric},
    target::promised,
    window::time_window,
};
use super::{
    Draft,
    tree::{Node, Reader, Value},
};
use crate::{OpenSloVersion, Slo, SloSet};

mod metric;
mod target;
mod v1alpha;
mod window;

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

/// What v1 and v2alpha call the same things.
struct Dialect {
    service: &'static str,
    indicator: &'static str,
    reference: &'static str,
}

static V1: Dialect = Dialect {
    service: "service",
    indicator: "indicator",
    reference: "indicatorRef",
};

static V2ALPHA: Dialect = Dialect {
    service: "serviceRef",
    indicator: "sli",
    reference: "sliRef",
};

/// The version of a document; v1 where there is none, which is a mistake of its own.
fn version(document: &Node) -> OpenSloVersion {
    let seen = match document.entry("apiVersion").map(|node| &node.value) {
        Some(Value::Scalar(seen)) => OpenSloVersion::of(seen),
        _ => None,
    };
    seen.unwrap_or(OpenSloVersion::V1)
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
            let versions = OpenSloVersion::ALL.map(OpenSloVersion::as_str);
            reader.word(version, "apiVersion", &versions);
        }
        if let Some(kind) = reader.required(document, "kind") {
            reader.word(kind, "kind", &KINDS);
        }
        if of_kind("SLI", document)
            && let Some(name) = name(reader, document, METADATA)
            && let Some(spec) = reader.required(document, "spec")
        {
            indicators.insert(name, spec);
        }
    }
    for document in documents.iter().filter(|node| of_kind("SLO", node)) {
        let Some(spec) = reader.required(document, "spec") else {
            continue;
        };
        let version = version(document);
        let dialect = match version {
            OpenSloVersion::V2alpha => &V2ALPHA,
            _ => &V1,
        };
        let field = dialect.service;
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
        if version == OpenSloVersion::V1alpha {
            v1alpha::slo(reader, document, spec, &mut slos);
        } else {
            slo(reader, document, spec, dialect, &indicators, &mut slos);
        }
    }
    if slos.is_empty() && reader.mistakes.is_empty() {
        reader.mistake_overall("no document of kind `SLO`");
    }
    SloSet::new(service.unwrap_or(""), slos)
}

/// What metadata may have.
const METADATA: &[&str] = &["name", "displayName", "labels", "annotations"];

fn name<'a>(reader: &mut Reader, document: &'a Node, known: &[&str]) -> Option<&'a str> {
    let metadata = reader.required(document, "metadata")?;
    if !reader.expect_map(metadata, "metadata", known) {
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
    dialect: &Dialect,
    indicators: &BTreeMap<&str, &Node>,
    slos: &mut Vec<Slo>,
) {
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
    let name = name(reader, document, METADATA);
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
        let promised = promised(reader, node, method);
        let (Some(name), Some(metric), Some(window)) = (name, metric.as_ref(), window.as_ref())
        else {
            continue;
        };
        let indicator = indicator(reader, node, metric);
        let (Some((target, method)), Some(indicator)) = (promised, indicator) else {
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
