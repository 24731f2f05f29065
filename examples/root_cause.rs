//! Ranks the nodes of a system by how likely an incident comes from them.
//!
//! ```text
//! cargo run --release --example root_cause -- --metrics M.csv --graph G.csv --target web --metric latency --from 1000 --at 1300
//! ```
//!
//! `M.csv` has `time,node,metric,value` with times in epoch seconds, `G.csv` has `caller,callee`; both have a header row.
//! Prints a JSON array of `{"node","score","why"}`, the likeliest cause first, every node in it.
#![expect(clippy::print_stderr, reason = "it is a program")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::ExitCode,
};

use shape_examples::say;
use shape_telemetry::{ComponentGraph, ComponentId, Incident, NodeMetrics, Worse, root_causes};

const USAGE: &str = "usage: root_cause --metrics M.csv --graph G.csv --target NODE --metric NAME --from T0 --at T1 [options]

  --metrics M.csv    `time,node,metric,value` in epoch seconds; an empty value, null or NaN is missing
  --graph G.csv      `caller,callee`
  --target NODE      where the incident was noticed
  --metric NAME      the metric by which it was noticed
  --from T0          values before this time are normal
  --at T1            when it was noticed
  --worse DIRECTION  `higher` (the default) or `lower`: which direction of the metric is bad
exit code: 0 printed, 2 an error";

type Failure = Box<dyn std::error::Error>;

struct Arguments {
    metrics: String,
    graph: String,
    incident: Incident,
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    use lexopt::prelude::{Long, Short, ValueExt as _};
    let (mut metrics, mut graph, mut target, mut metric) = (None, None, None, None);
    let (mut from, mut at, mut worse) = (None, None, Worse::Higher);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("metrics") => metrics = Some(parser.value()?.string()?),
            Long("graph") => graph = Some(parser.value()?.string()?),
            Long("target") => target = Some(parser.value()?.string()?),
            Long("metric") => metric = Some(parser.value()?.string()?),
            Long("from") => from = Some(parser.value()?.parse()?),
            Long("at") => at = Some(parser.value()?.parse()?),
            Long("worse") => {
                let text = parser.value()?.string()?;
                worse = text.parse().map_err(|error| format!("--worse {error}"))?;
            }
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let missing = |option: &str| format!("{option} is missing\n\n{USAGE}");
    Ok(Some(Arguments {
        metrics: metrics.ok_or_else(|| missing("--metrics"))?,
        graph: graph.ok_or_else(|| missing("--graph"))?,
        incident: Incident {
            target: ComponentId::new(&target.ok_or_else(|| missing("--target"))?),
            metric: metric.ok_or_else(|| missing("--metric"))?,
            worse,
            from_s: from.ok_or_else(|| missing("--from"))?,
            at_s: at.ok_or_else(|| missing("--at"))?,
        },
    }))
}

/// The cells of each row but the header, which must have these columns.
fn rows<const N: usize>(
    path: &str,
    columns: [&str; N],
    mut each: impl FnMut([&str; N]) -> Result<(), String>,
) -> Result<(), Failure> {
    let file = std::fs::File::open(path).map_err(|error| format!("{path}: {error}"))?;
    let expected = columns.join(",");
    let mut has_header = false;
    for (n, line) in BufReader::new(file).lines().enumerate() {
        let at = |what: &str| format!("{path}:{}: {what}", n + 1);
        let line = line.map_err(|error| at(&error.to_string()))?;
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line
            .split(',')
            .map(|cell| cell.trim().trim_matches('"'))
            .collect();
        let Ok(cells) = <[&str; N]>::try_from(cells) else {
            return Err(at(&format!("`{line}`: expected {N} cells `{expected}`")).into());
        };
        if !has_header {
            if !cells
                .iter()
                .zip(columns)
                .all(|(cell, name)| cell.eq_ignore_ascii_case(name))
            {
                return Err(at(&format!("header `{line}`: expected `{expected}`")).into());
            }
            has_header = true;
            continue;
        }
        each(cells).map_err(|what| at(&what))?;
    }
    Ok(())
}

/// What exporters write where there is no value; `NaN` is read as a number.
fn is_missing(value: &str) -> bool {
    ["", "null", "none", "na", "n/a"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}

fn run() -> Result<(), Failure> {
    let Some(arguments) = arguments()? else {
        say(USAGE);
        return Ok(());
    };
    let mut metrics = NodeMetrics::new();
    let columns = ["time", "node", "metric", "value"];
    let incident = &arguments.incident;
    let (mut is_measured, mut known) = (false, BTreeSet::new());
    rows(
        &arguments.metrics,
        columns,
        |[time, node, metric, value]| {
            let time: f64 = time
                .parse()
                .map_err(|_| format!("time `{time}` is no number of seconds"))?;
            if !is_missing(value) {
                let value: f64 = value
                    .parse()
                    .map_err(|_| format!("value `{value}` is no number"))?;
                metrics.add(time, node, metric, value);
                is_measured |= metric == incident.metric;
                if node == incident.target.as_str() && !known.contains(metric) {
                    known.insert(metric.to_owned());
                }
            }
            Ok(())
        },
    )?;
    if !is_measured {
        let known: Vec<String> = known.into_iter().collect();
        eprintln!(
            "root_cause: no node has a metric `{}`, so the other metrics alone are ranked by; {} has {}",
            incident.metric,
            incident.target,
            known.join(", ")
        );
    }
    let mut graph = ComponentGraph::default();
    rows(
        &arguments.graph,
        ["caller", "callee"],
        |[caller, callee]| {
            graph.add_call(ComponentId::new(caller), ComponentId::new(callee), 1);
            Ok(())
        },
    )?;
    let ranked = root_causes(&metrics, &graph, incident)?;
    say(&serde_json::to_string_pretty(&ranked)?);
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("root_cause: {error}");
            ExitCode::from(2)
        }
    }
}
