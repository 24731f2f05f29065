//! From deviations to a ranking.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Incident, NodeMetrics, RankedNode, Worse,
    series::{self, CLEAR, Deviation, Window},
};
use crate::{ComponentGraph, ComponentId};

/// How much of a deviation callees can explain.
const EXPLAINED: f64 = 0.9;
/// The weight of metrics other than the incident's.
const OTHERS: f64 = 0.5;
/// What is left of a score where no call leads from the target to the node; and where the node calls the target.
const APART: f64 = 0.35;
const ABOVE: f64 = 0.45;
/// What is left of a score of a node that deviates long after the first one.
const LATE: f64 = 0.7;

/// What is known of a node.
#[derive(Clone, Debug, Default)]
struct Evidence {
    /// How far the incident's metric is off in the bad direction; `None` where the node does not have it.
    same: Option<Deviation>,
    same_z: f64,
    /// How far each other metric is off.
    others: BTreeMap<String, Deviation>,
    /// The one of them that is farthest off by itself, and how far: what callees have as well is taken off.
    other: Option<(String, f64)>,
    /// The share of its deviation that its callees explain, and the callee.
    explained: f64,
    by: Option<ComponentId>,
    /// The weakest deviation on the best way from the target, 0..=1; `None` where none leads there.
    way: Option<f64>,
    is_above: bool,
    onset: Option<f64>,
}

impl Evidence {
    fn other_z(&self) -> f64 {
        self.other.as_ref().map_or(0.0, |(_, z)| *z)
    }

    /// How far the node is off at all.
    fn strength(&self) -> f64 {
        let other = self
            .others
            .values()
            .map(|found| found.strength())
            .fold(0.0, f64::max);
        if self.same.is_some() {
            self.same_z.max(0.5 * other)
        } else {
            0.7 * other
        }
    }
}

/// Scales beyond the ordinary, compressed: a hundred scales are not ten times the evidence of ten.
fn grade(z: f64) -> f64 {
    (1.0 + (z - 2.0).max(0.0)).ln()
}

pub(super) fn rank(
    nodes: &BTreeSet<&ComponentId>,
    metrics: &NodeMetrics,
    graph: &ComponentGraph,
    incident: &Incident,
) -> Vec<RankedNode> {
    let prepared: BTreeMap<&ComponentId, BTreeMap<&str, series::Values>> = metrics
        .series
        .iter()
        .map(|(node, metrics)| {
            let metrics = metrics
                .iter()
                .map(|(name, values)| (name.as_str(), series::prepare(values.clone())))
                .collect();
            (node, metrics)
        })
        .collect();
    let window = window(&prepared, incident);
    let floors = floors(&prepared, window);
    let mut evidence: BTreeMap<&ComponentId, Evidence> = nodes
        .iter()
        .map(|&node| {
            let empty = BTreeMap::new();
            let metrics = prepared.get(node).unwrap_or(&empty);
            (node, measure(metrics, window, &floors, incident))
        })
        .collect();
    explain(&mut evidence, graph);
    ways(&mut evidence, graph, &incident.target);
    let first = evidence
        .values()
        .filter(|e| CLEAR <= e.strength())
        .filter_map(|e| e.onset)
        .fold(f64::INFINITY, f64::min);
    let mut ranked: Vec<RankedNode> = evidence
        .iter()
        .map(|(node, e)| {
            let score = score(e, first, window, graph.is_empty());
            RankedNode {
                node: (*node).clone(),
                score: if score.is_finite() { score } else { 0.0 },
                why: why(e, incident, first),
            }
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.node.cmp(&b.node))
    });
    ranked
}

/// From the true start, as far as the target tells, to as long after the incident was seen as it took to see it.
fn window(
    prepared: &BTreeMap<&ComponentId, BTreeMap<&str, series::Values>>,
    incident: &Incident,
) -> Window {
    let target = prepared
        .get(&incident.target)
        .and_then(|metrics| metrics.get(incident.metric.as_str()));
    let step = target.map_or(0.0, |values| {
        let steps = series::sorted(values.windows(2).map(|pair| pair[1].0 - pair[0].0));
        series::quantile(&steps, 0.5)
    });
    let length = (incident.at_s - incident.from_s).max(10.0 * step);
    let mut window = Window {
        from: incident.from_s,
        until: incident.at_s + length,
    };
    if let Some(onset) = true_start(prepared, incident, window, step) {
        window.from = onset - step;
    }
    window
}

/// When the incident began, where that was before its `from`: the target shows it, or several nodes changed together.
fn true_start(
    prepared: &BTreeMap<&ComponentId, BTreeMap<&str, series::Values>>,
    incident: &Incident,
    window: Window,
    step: f64,
) -> Option<f64> {
    let mut onsets: Vec<(f64, &ComponentId)> = Vec::new();
    for (&node, metrics) in prepared {
        for (&name, values) in metrics {
            let signs: &[f64] = match (name == incident.metric, incident.worse) {
                (true, Worse::Higher) => &[1.0],
                (true, Worse::Lower) => &[-1.0],
                _ => &[1.0, -1.0],
            };
            let found = signs
                .iter()
                .filter_map(|&sign| series::earlier_onset(values, window, sign));
            onsets.extend(found.map(|onset| (onset, node)));
        }
    }
    onsets.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    let near = 5.0 * step;
    let mut best: Option<(usize, f64)> = None;
    for &(from, _) in &onsets {
        let together: BTreeSet<&ComponentId> = onsets
            .iter()
            .filter(|(onset, _)| from <= *onset && *onset <= from + near)
            .map(|(_, node)| *node)
            .collect();
        let counts = together.contains(&incident.target) || 2 <= together.len();
        if counts && best.is_none_or(|(most, _)| most < together.len()) {
            best = Some((together.len(), from));
        }
    }
    best.map(|(_, from)| from)
}

/// The least scale of each metric: a part of what is usual for it among all nodes.
fn floors<'m>(
    prepared: &BTreeMap<&ComponentId, BTreeMap<&'m str, series::Values>>,
    window: Window,
) -> BTreeMap<&'m str, f64> {
    let mut scales: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for metrics in prepared.values() {
        for (&name, values) in metrics {
            if let Some((_, scale)) = series::level(values, window.from) {
                scales.entry(name).or_default().push(scale);
            }
        }
    }
    scales
        .into_iter()
        .map(|(name, scales)| {
            let scales = series::sorted(scales.into_iter());
            (name, 0.1 * series::quantile(&scales, 0.5))
        })
        .collect()
}

fn measure(
    metrics: &BTreeMap<&str, series::Values>,
    window: Window,
    floors: &BTreeMap<&str, f64>,
    incident: &Incident,
) -> Evidence {
    let mut evidence = Evidence::default();
    for (&name, values) in metrics {
        let floor = floors.get(name).copied().unwrap_or(0.0);
        let found = series::deviation(values, window, floor);
        if name == incident.metric {
            evidence.same = Some(found);
            evidence.same_z = match incident.worse {
                Worse::Higher => found.up,
                Worse::Lower => found.down,
            };
        } else {
            if evidence.other_z() < found.strength() {
                evidence.other = Some((name.to_owned(), found.strength()));
            }
            evidence.others.insert(name.to_owned(), found);
        }
    }
    let same = evidence.same.filter(|_| CLEAR <= evidence.same_z);
    let other = evidence
        .other
        .as_ref()
        .and_then(|(name, _)| evidence.others.get(name).copied())
        .filter(|found| CLEAR <= found.strength());
    evidence.onset = match (same.and_then(|d| d.onset), other.and_then(|d| d.onset)) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    evidence
}

/// What the callees of each node explain of its deviation, by their own, relative to it: in scales, and in units of
/// the metric.
fn explain(evidence: &mut BTreeMap<&ComponentId, Evidence>, graph: &ComponentGraph) {
    let share = |part: f64, whole: f64| {
        if 0.0 < whole {
            (part / whole).clamp(0.0, 1.0)
        } else {
            0.0
        }
    };
    let found: Vec<(&ComponentId, f64, ComponentId)> = evidence
        .iter()
        .filter(|(_, e)| CLEAR / 2.0 <= e.same_z)
        .filter_map(|(node, e)| {
            let same = e.same?;
            graph
                .callees(node)
                .filter_map(|callee| {
                    let other = evidence.get(callee)?;
                    let shift = other.same?.shift;
                    let in_scales = share((other.same_z - 2.0).max(0.0), e.same_z - 2.0);
                    let in_units = share(shift * same.shift.signum(), same.shift.abs());
                    Some((f64::midpoint(in_scales, in_units), callee))
                })
                .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
                .map(|(share, callee)| (*node, share, callee.clone()))
        })
        .collect();
    explain_others(evidence, graph);
    for (node, share, callee) in found {
        if let Some(e) = evidence.get_mut(node) {
            e.explained = share;
            e.by = Some(callee);
        }
    }
}

/// Takes off what callees have as well of each other metric, in the same direction, and chooses anew.
fn explain_others(evidence: &mut BTreeMap<&ComponentId, Evidence>, graph: &ComponentGraph) {
    let chosen: Vec<(&ComponentId, Option<(String, f64)>)> = evidence
        .iter()
        .map(|(node, e)| {
            let best = e
                .others
                .iter()
                .map(|(name, found)| {
                    let theirs = graph
                        .callees(node)
                        .filter_map(|callee| evidence.get(callee)?.others.get(name))
                        .map(|callee| {
                            if found.down < found.up {
                                callee.up
                            } else {
                                callee.down
                            }
                        })
                        .fold(0.0, f64::max);
                    let z = found.strength();
                    let shared = ((theirs - 2.0) / (z - 2.0).max(1.0)).clamp(0.0, 1.0);
                    (name.clone(), z * (1.0 - EXPLAINED * shared))
                })
                .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
            (*node, best)
        })
        .collect();
    for (node, best) in chosen {
        if let Some(e) = evidence.get_mut(node) {
            e.other = best;
        }
    }
}

/// The widest way from the target to each node: the least deviation on it, as a share of a clear one.
fn ways(
    evidence: &mut BTreeMap<&ComponentId, Evidence>,
    graph: &ComponentGraph,
    target: &ComponentId,
) {
    let pass = |e: &Evidence| {
        if e.same.is_none() && e.others.is_empty() {
            // Nothing is measured: it neither leads on nor stops.
            0.7
        } else {
            (e.strength() / CLEAR).clamp(0.1, 1.0)
        }
    };
    let mut width: BTreeMap<ComponentId, f64> = BTreeMap::from([(target.clone(), 1.0)]);
    let mut open = vec![target.clone()];
    while let Some(node) = open.pop() {
        let own = if node == *target {
            1.0
        } else {
            evidence.get(&node).map_or(0.1, pass)
        };
        let through = width.get(&node).copied().unwrap_or(0.0).min(own);
        for callee in graph.callees(&node) {
            if width.get(callee).is_none_or(|&known| known < through) {
                width.insert(callee.clone(), through);
                open.push(callee.clone());
            }
        }
    }
    let mut above: BTreeSet<ComponentId> = BTreeSet::new();
    let mut open = vec![target.clone()];
    while let Some(node) = open.pop() {
        for caller in graph.callers(&node) {
            if above.insert(caller.clone()) {
                open.push(caller.clone());
            }
        }
    }
    for (node, e) in evidence.iter_mut() {
        e.way = width.get(*node).copied();
        e.is_above = above.contains(*node);
    }
}

fn score(e: &Evidence, first: f64, window: Window, no_graph: bool) -> f64 {
    let own = grade(e.same_z * (1.0 - EXPLAINED * e.explained));
    let other = grade(e.other_z());
    let deviates = own + OTHERS * other;
    let place = match e.way {
        _ if no_graph => 1.0,
        Some(way) => 0.4 + 0.6 * way,
        None if e.is_above => ABOVE,
        None => APART,
    };
    let early = match e.onset {
        Some(onset) if first.is_finite() => {
            let lag = (onset - first) / (window.until - window.from).max(f64::MIN_POSITIVE);
            LATE + (1.0 - LATE) * (-lag / 0.2).exp()
        }
        _ => LATE,
    };
    // Places alone order what has no evidence.
    deviates * place * early + 1e-3 * place
}

fn why(e: &Evidence, incident: &Incident, first: f64) -> String {
    let mut parts = Vec::new();
    match e.same {
        Some(found) if CLEAR <= e.same_z => parts.push(format!(
            "{} is {:.1} scales {} its median {:.4}",
            incident.metric,
            e.same_z,
            match incident.worse {
                Worse::Higher => "above",
                Worse::Lower => "below",
            },
            found.normal
        )),
        Some(_) => parts.push(format!("{} is as before", incident.metric)),
        None => {}
    }
    let other = e.other.as_ref().filter(|(_, z)| CLEAR <= *z);
    if let Some((name, found)) = other.and_then(|(name, _)| e.others.get_key_value(name)) {
        parts.push(format!(
            "{name} is {:.1} scales {} its median {:.4}",
            found.strength(),
            if found.down < found.up {
                "above"
            } else {
                "below"
            },
            found.normal
        ));
    }
    if e.same.is_none() && e.others.is_empty() {
        parts.push("nothing was measured".to_owned());
    }
    if let Some(onset) = e.onset.filter(|_| first.is_finite()) {
        parts.push(if onset <= first {
            "first to deviate".to_owned()
        } else {
            format!("{:.0} s after the first", onset - first)
        });
    }
    if let Some(callee) = e.by.as_ref().filter(|_| 0.2 <= e.explained) {
        parts.push(format!(
            "{callee} explains {:.0} % of it",
            100.0 * e.explained
        ));
    }
    match e.way {
        Some(way) if way < 0.5 => {
            parts.push("nodes in order lie between it and the target".to_owned());
        }
        Some(_) => {}
        None if e.is_above => parts.push("it calls the target".to_owned()),
        None => parts.push("no call leads to it from the target".to_owned()),
    }
    parts.join("; ")
}
