//! The native form of a file of objectives.

use std::time::Duration;

use shape_sli::Indicator;
use shape_telemetry::ComponentId;

use super::{
    Draft,
    tree::{Node, Reader},
};
use crate::{BudgetingMethod, SloSet, Target, Window, window::parse_seconds};

const FIELDS: [&str; 3] = ["service", "window", "slos"];
const SLO_FIELDS: [&str; 11] = [
    "id",
    "component",
    "indicator",
    "limit",
    "per_hour",
    "target",
    "window",
    "method",
    "slice",
    "slice_target",
    "min_events",
];

pub(super) fn read(reader: &mut Reader, documents: &[Node]) -> SloSet {
    let mut slos = Vec::new();
    let mut service = "";
    match documents {
        [] if reader.mistakes.is_empty() => {
            reader.mistake_overall("the file is empty, expected `service` and `slos`");
        }
        [] => {}
        [document, more @ ..] => {
            if let Some(second) = more.first() {
                reader.mistake(
                    second,
                    "a second document, expected one with `service` and `slos`",
                );
            }
            if reader.expect_map(document, "the file", &FIELDS) {
                service = reader
                    .required(document, "service")
                    .and_then(|node| reader.text(node, "service"))
                    .unwrap_or("");
                let window = document
                    .entry("window")
                    .map_or(Some(Window::rolling_days(28)), |node| {
                        reader.parsed(node, "window")
                    });
                let items = reader
                    .required(document, "slos")
                    .map_or(&[][..], |node| reader.list(node, "`slos`"));
                for item in items {
                    if let Some(draft) = slo(reader, item, window.as_ref()) {
                        draft.add(reader, &mut slos);
                    }
                }
            }
        }
    }
    SloSet::new(service, slos)
}

fn slo<'a>(reader: &mut Reader, node: &'a Node, window: Option<&Window>) -> Option<Draft<'a>> {
    if !reader.expect_map(node, "an objective", &SLO_FIELDS) {
        return None;
    }
    // Everything is read before anything is given up, so that one run shows all mistakes.
    let id = match node.entry("id") {
        Some(id) => Some(reader.text(id, "id")?),
        None => None,
    };
    let component = reader
        .required(node, "component")
        .and_then(|node| reader.text(node, "component"));
    let indicator = indicator(reader, node);
    let target = reader
        .required(node, "target")
        .and_then(|node| reader.parsed(node, "target"));
    let window = match node.entry("window") {
        Some(own) => reader.parsed(own, "window"),
        None => window.cloned(),
    };
    let method = method(reader, node);
    let min_events = match node.entry("min_events") {
        Some(count) => Some(reader.count(count, "min_events")?),
        None => None,
    };
    Some(Draft {
        node,
        id,
        component: ComponentId::new(component?),
        indicator: indicator?,
        target: target?,
        window: window?,
        method: method?,
        min_events,
    })
}

/// The indicator that `indicator`, `limit` and `per_hour` of a map name.
pub(super) fn indicator(reader: &mut Reader, node: &Node) -> Option<Indicator> {
    let kind = reader.required(node, "indicator")?;
    let word = reader.word(kind, "indicator", &INDICATORS)?;
    let of_limit = matches!(word, "latency" | "freshness" | "saturation");
    for (name, belongs, owners) in [
        ("limit", of_limit, "`latency`, `freshness` and `saturation`"),
        ("per_hour", word == "throughput", "`throughput`"),
    ] {
        if let Some(entry) = node.entry(name).filter(|_| !belongs) {
            reader.mistake(entry, format!("`{name}` belongs to {owners}"));
            return None;
        }
    }
    match word {
        "latency" | "freshness" => {
            let limit = reader.required(node, "limit")?;
            let limit = latency_limit(reader, limit)?;
            Some(if word == "latency" {
                Indicator::latency(limit)
            } else {
                Indicator::freshness(limit)
            })
        }
        "saturation" => {
            let limit = reader.required(node, "limit")?;
            let share: Target = reader.parsed(limit, "limit")?;
            Some(Indicator::Saturation {
                limit_ppb: share.ppb(),
            })
        }
        "throughput" => {
            let least = reader.required(node, "per_hour")?;
            let per_hour = reader.count(least, "per_hour")?;
            Some(Indicator::Throughput { per_hour })
        }
        "probe" => Some(Indicator::Probe),
        _ => Some(Indicator::Availability),
    }
}

const INDICATORS: [&str; 6] = [
    "availability",
    "latency",
    "freshness",
    "throughput",
    "saturation",
    "probe",
];

/// `100ms`, `1.5s`, `250us`.
fn latency_limit(reader: &mut Reader, node: &Node) -> Option<Duration> {
    let text = reader.text(node, "limit")?;
    let limit = parse_limit(text);
    if limit.is_none() {
        reader.mistake(
            node,
            format!(
                "limit `{text}`, expected a length of time above zero such as `100ms` or `1.5s`"
            ),
        );
    }
    limit
}

/// A length of time with a decimal fraction, exact to the nanosecond.
pub(super) fn parse_limit(text: &str) -> Option<Duration> {
    let text = text.trim();
    let split = text.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit.trim_start() {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().ok()?;
    let fraction = fraction.trim_end_matches('0');
    let mut part = 0;
    if !fraction.is_empty() {
        let digits: u64 = fraction.parse().ok()?;
        let tenth = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let scaled = digits.checked_mul(scale)?;
        // What is finer than a nanosecond can not be counted.
        if scaled % tenth != 0 {
            return None;
        }
        part = scaled / tenth;
    }
    let nanoseconds = whole.checked_mul(scale)?.checked_add(part)?;
    (nanoseconds != 0).then(|| Duration::from_nanos(nanoseconds))
}

fn method(reader: &mut Reader, node: &Node) -> Option<BudgetingMethod> {
    let words = ["occurrences", "timeslices", "ratio_timeslices"];
    let word = match node.entry("method") {
        Some(method) => reader.word(method, "method", &words)?,
        None => "occurrences",
    };
    let mut misplaced = |key: &str, belongs: &str| {
        if let Some(found) = node.entry(key) {
            reader.mistake(found, format!("`{key}` belongs to `method: {belongs}`"));
        }
    };
    if word == "occurrences" {
        misplaced("slice", "timeslices");
    }
    if word != "timeslices" {
        misplaced("slice_target", "timeslices");
    }
    if word == "occurrences" {
        return Some(BudgetingMethod::Occurrences);
    }
    let slice = reader.required(node, "slice");
    let slice_seconds = slice.and_then(|slice| slice_length(reader, slice));
    if word == "ratio_timeslices" {
        return Some(BudgetingMethod::RatioTimeslices {
            slice_seconds: slice_seconds?,
        });
    }
    let slice_target = reader
        .required(node, "slice_target")
        .and_then(|node| reader.parsed(node, "slice_target"));
    Some(BudgetingMethod::Timeslices {
        slice_seconds: slice_seconds?,
        slice_target: slice_target?,
    })
}

/// `1m`, `5m`, `30s`.
pub(super) fn slice_length(reader: &mut Reader, node: &Node) -> Option<u64> {
    let text = reader.text(node, "slice")?;
    let seconds = parse_seconds(text).filter(|seconds| 0 < *seconds);
    if seconds.is_none() {
        reader.mistake(
            node,
            format!("slice `{text}`, expected a length above zero such as `1m` or `30s`"),
        );
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact() {
        for (text, nanoseconds) in [
            ("100ms", 100_000_000),
            ("1.5s", 1_500_000_000),
            ("0.1 s", 100_000_000),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("1ns", 1),
            ("0.000000001s", 1),
            ("2m", 120_000_000_000),
        ] {
            assert_eq!(
                parse_limit(text),
                Some(Duration::from_nanos(nanoseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "ms",
            "100",
            "-1ms",
            "0ms",
            "0.1ns",
            "1.2.3s",
            ".5s",
            "1h",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_limit(text), None, "{text}");
        }
    }
}
