//! The metric behind an objective: a component and an indicator of SHAPE's.

use std::collections::BTreeMap;

use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use super::{
    super::{
        native::{self, parse_limit},
        tree::{Node, Reader, Value},
    },
    Dialect,
};

/// What a metric source of SHAPE's names.
pub(super) struct Metric<'a> {
    pub(super) component: ComponentId,
    /// `None` for a latency whose limit is the `value` of the objective.
    pub(super) indicator: Option<Indicator>,
    pub(super) spec: &'a Node,
}

/// The metric that the SLO's indicator names, in place or by reference.
pub(super) fn metric<'a>(
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
pub(super) fn indicator(
    reader: &mut Reader,
    objective: &Node,
    metric: &Metric<'_>,
) -> Option<Indicator> {
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
