//! Incidents in systems of components that call each other, with the cause known.

use shape_telemetry::{ComponentGraph, ComponentId, Incident, NodeMetrics, Worse};

use super::numbers::Numbers;

/// An incident and the node that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) metrics: NodeMetrics,
    /// The same values, for the scorers that are compared with.
    pub(crate) rows: Vec<(f64, usize, String, f64)>,
    pub(crate) graph: ComponentGraph,
    pub(crate) incident: Incident,
    pub(crate) cause: String,
    pub(crate) nodes: usize,
}

/// Makes an incident: from a seed, with so many nodes.
pub(crate) type Maker = fn(u64, usize, Watch) -> Case;

/// The values of a series before and after.
type Parts = (Vec<f64>, Vec<f64>);

/// How a system is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) step_s: f64,
    pub(crate) before: usize,
    pub(crate) after: usize,
    /// Values after the true start that lie before the `from` of the incident; negative: `from` is early.
    pub(crate) late: i32,
    /// Share of values that are missing.
    pub(crate) missing: f64,
}

pub(crate) const FINE: Watch = Watch {
    step_s: 1.0,
    before: 300,
    after: 200,
    late: 0,
    missing: 0.0,
};

pub(crate) const COARSE: Watch = Watch {
    step_s: 300.0,
    before: 60,
    after: 5,
    late: 0,
    missing: 0.1,
};

fn name(node: usize) -> String {
    format!("n{node:02}")
}

/// Callees by caller: from node 0 every node is reached.
fn calls(numbers: &mut Numbers, n: usize) -> Vec<Vec<usize>> {
    let mut calls = vec![Vec::new(); n];
    for callee in 1..n {
        let callers = 1 + usize::from(numbers.chance(0.3));
        for _ in 0..callers {
            // Near nodes call near nodes: chains are longer than by chance.
            let caller = numbers.between(callee.saturating_sub(6), callee - 1);
            if !calls[caller].contains(&callee) {
                calls[caller].push(callee);
            }
        }
    }
    calls
}

const FAULTS: [&str; 5] = ["cpu", "mem", "disk", "delay", "loss"];

/// Services with latency, errors, processor, memory and disk: a fault of one slows those that call it.
pub(crate) fn services(seed: u64, n: usize, watch: Watch) -> Case {
    let mut numbers = Numbers::new(seed);
    let calls = calls(&mut numbers, n);
    let cause = numbers.between(1, n - 1);
    let fault = FAULTS[numbers.below(FAULTS.len())];
    let base: Vec<f64> = (0..n)
        .map(|_| 5.0 * (numbers.normal() * 0.8).exp())
        .collect();
    let noise: Vec<f64> = (0..n).map(|_| 0.03 + 0.15 * numbers.unit()).collect();
    let uses: Vec<[f64; 3]> = (0..n)
        .map(|_| {
            [
                numbers.unit() * 40.0 + 5.0,
                numbers.unit() * 500.0 + 50.0,
                numbers.unit() * 20.0,
            ]
        })
        .collect();
    let size = 3.0 + 12.0 * numbers.unit();
    let strange = numbers.between(1, n - 1);
    let mut rows = Vec::new();
    let mut counters = vec![0.0; n];
    let all = watch.before + watch.after;
    let (mut drift, mut load) = (0.0_f64, 1.0);
    for at in 0..all {
        drift = 0.95 * drift + 0.05 * numbers.normal();
        load = 0.9 * load + 0.1 * (1.0 + 0.5 * drift + 0.1 * numbers.normal());
        let since = (at as f64 - watch.before as f64 + 1.0).max(0.0);
        let on = since > 0.0;
        // Memory leaks; the rest is there at once.
        let rise = if fault == "mem" {
            (since / (watch.after as f64 * 0.6)).min(1.0)
        } else {
            1.0
        };
        let mut latency = vec![0.0; n];
        let mut errors = vec![0.0; n];
        for node in (0..n).rev() {
            let mut own =
                base[node] * (1.0 + noise[node] * numbers.normal()).max(0.2) * load.max(0.3);
            if numbers.chance(0.01) {
                own *= 4.0;
            }
            let mut fails = 0.001 * numbers.unit();
            if on && node == cause {
                own *= match fault {
                    "loss" => 1.0 + 0.4 * size,
                    "disk" => 1.0 + 0.5 * size * rise,
                    "mem" => 1.0 + 0.6 * size * rise * rise,
                    _ => 1.0 + size * rise,
                };
                if fault == "loss" {
                    fails += 0.02 * size * numbers.unit();
                }
            }
            latency[node] = own
                + calls[node]
                    .iter()
                    .map(|&callee| latency[callee] * 0.9)
                    .sum::<f64>();
            errors[node] = fails
                + calls[node]
                    .iter()
                    .map(|&callee| errors[callee] * 0.7)
                    .sum::<f64>();
        }
        for node in 0..n {
            let time = at as f64 * watch.step_s;
            let here = on && node == cause;
            let busy = uses[node][0] * load.max(0.3) * (1.0 + 0.08 * numbers.normal());
            let cpu = busy
                * if here && fault == "cpu" {
                    1.0 + size * 0.4
                } else {
                    1.0
                };
            let mem = uses[node][1]
                + numbers.normal() * 3.0
                + if here && fault == "mem" {
                    60.0 * size * rise
                } else {
                    0.0
                };
            let disk = uses[node][2]
                * (0.3 * numbers.normal()).exp()
                * if here && fault == "disk" {
                    1.0 + size
                } else {
                    1.0
                };
            // A backup begins somewhere else meanwhile, and hurts nobody.
            let disk = if strange == node && strange != cause && on {
                disk * 3.0
            } else {
                disk
            };
            counters[node] += (100.0 * load * (1.0 + 0.05 * numbers.normal())).max(0.0);
            let values = [
                ("latency", latency[node]),
                ("errors", errors[node]),
                ("cpu", cpu),
                ("mem", mem),
                ("disk", disk),
                ("requests_total", counters[node]),
                ("replicas", 3.0),
            ];
            for (metric, value) in values {
                if numbers.chance(watch.missing) {
                    continue;
                }
                let value = if numbers.chance(watch.missing / 10.0) {
                    f64::NAN
                } else {
                    value
                };
                rows.push((time, node, metric.to_owned(), value));
            }
        }
    }
    case(n, &calls, cause, "latency", Worse::Higher, watch, rows)
}

/// One number a node that moves with those of its callees, some of it, some time later; and as much noise.
pub(crate) fn influences(seed: u64, n: usize, watch: Watch) -> Case {
    let mut numbers = Numbers::new(seed);
    let calls = calls(&mut numbers, n);
    let cause = numbers.between(1, n - 1);
    let size = 4.0 + 6.0 * numbers.unit();
    let scale: Vec<f64> = (0..n).map(|_| (numbers.normal()).exp()).collect();
    let part: Vec<Vec<(usize, f64, usize)>> = calls
        .iter()
        .map(|callees| {
            callees
                .iter()
                .map(|&callee| (callee, 0.5 + 0.5 * numbers.unit(), numbers.below(3)))
                .collect()
        })
        .collect();
    let all = watch.before + watch.after;
    let mut values = vec![vec![0.0; all]; n];
    for at in 0..all {
        for node in (0..n).rev() {
            let mut value = numbers.normal();
            if node == cause && watch.before <= at {
                value += size;
            }
            for &(callee, share, delay) in &part[node] {
                value += share * values[callee][at.saturating_sub(delay)];
            }
            values[node][at] = value;
        }
    }
    let mut rows = Vec::new();
    for at in 0..all {
        for node in 0..n {
            if !numbers.chance(watch.missing) {
                let value = 50.0 * scale[node] - values[node][at] * scale[node];
                rows.push((
                    at as f64 * watch.step_s,
                    node,
                    "availability".to_owned(),
                    value,
                ));
            }
        }
    }
    case(n, &calls, cause, "availability", Worse::Lower, watch, rows)
}

fn case(
    n: usize,
    calls: &[Vec<usize>],
    cause: usize,
    metric: &str,
    worse: Worse,
    watch: Watch,
    rows: Vec<(f64, usize, String, f64)>,
) -> Case {
    let start = watch.before as f64 * watch.step_s;
    let from_s = start + f64::from(watch.late) * watch.step_s;
    let seen = start + (watch.after as f64 * 0.4).max(2.0) * watch.step_s;
    let calls: Vec<(usize, usize)> = calls
        .iter()
        .enumerate()
        .flat_map(|(caller, callees)| callees.iter().map(move |&callee| (caller, callee)))
        .collect();
    let times = [from_s, seen.max(from_s + 2.0 * watch.step_s)];
    case_of(n, &calls, cause, (metric, worse), times, rows)
}

/// A case whose target is node 0.
pub(crate) fn case_of(
    n: usize,
    calls: &[(usize, usize)],
    cause: usize,
    (metric, worse): (&str, Worse),
    [from_s, at_s]: [f64; 2],
    rows: Vec<(f64, usize, String, f64)>,
) -> Case {
    let mut metrics = NodeMetrics::new();
    for (time, node, metric, value) in &rows {
        metrics.add(*time, &name(*node), metric, *value);
    }
    let mut graph = ComponentGraph::default();
    for &(caller, callee) in calls {
        graph.add_call(
            ComponentId::new(&name(caller)),
            ComponentId::new(&name(callee)),
            1,
        );
    }
    Case {
        metrics,
        rows,
        graph,
        incident: Incident {
            target: ComponentId::new(&name(0)),
            metric: metric.to_owned(),
            worse,
            from_s,
            at_s,
        },
        cause: name(cause),
        nodes: n,
    }
}

/// The nodes by the largest distance from the mean of the normal time in its standard deviations, over all metrics.
pub(crate) fn by_largest_z(case: &Case) -> Vec<String> {
    by(case, |normal| {
        let n = normal.len() as f64;
        let mean = normal.iter().sum::<f64>() / n;
        let variance = normal.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt().max(1e-9))
    })
}

/// The same by median and interquartile range.
pub(crate) fn by_robust_score(case: &Case) -> Vec<String> {
    by(case, |normal| {
        let mut normal = normal.to_vec();
        normal.sort_by(f64::total_cmp);
        let at = |share: f64| normal[((normal.len() - 1) as f64 * share) as usize];
        let range = at(0.75) - at(0.25);
        (at(0.5), if range > 0.0 { range } else { 1.0 })
    })
}

fn by(case: &Case, level: impl Fn(&[f64]) -> (f64, f64)) -> Vec<String> {
    let mut series = std::collections::BTreeMap::<(usize, &str), Parts>::new();
    for (time, node, metric, value) in &case.rows {
        if !value.is_finite() {
            continue;
        }
        let (before, after) = series.entry((*node, metric)).or_default();
        if *time < case.incident.from_s {
            before.push(*value);
        } else {
            after.push(*value);
        }
    }
    let mut score = vec![0.0_f64; case.nodes];
    for ((node, _), (before, after)) in series {
        if before.is_empty() {
            continue;
        }
        let (middle, scale) = level(&before);
        let most = after
            .iter()
            .map(|v| (v - middle).abs() / scale)
            .fold(0.0, f64::max);
        score[node] = score[node].max(most);
    }
    let mut order: Vec<usize> = (0..case.nodes).collect();
    order.sort_by(|&a, &b| score[b].total_cmp(&score[a]));
    order.into_iter().map(name).collect()
}

/// Shares of incidents with the cause first, and among the first three; and the mean share of the first one to five.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accuracy {
    n: f64,
    top: [f64; 5],
}

impl Accuracy {
    pub(crate) fn add(&mut self, ranked: &[String], cause: &str) {
        self.n += 1.0;
        let place = ranked.iter().position(|node| node == cause).unwrap();
        for (at, top) in self.top.iter_mut().enumerate() {
            *top += f64::from(u8::from(place <= at));
        }
    }

    pub(crate) fn at(self, k: usize) -> f64 {
        self.top[k - 1] / self.n
    }

    pub(crate) fn mean(self) -> f64 {
        self.top.iter().sum::<f64>() / 5.0 / self.n
    }
}
