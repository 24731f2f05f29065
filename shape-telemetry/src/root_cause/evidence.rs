//! What the metrics of a node, of its callees and of all nodes say of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Incident, Worse,
    series::{self, CLEAR, Deviation, Window},
};
use crate::{ComponentGraph, ComponentId};

/// The values of each metric by node.
pub(super) type Prepared<'m> = BTreeMap<&'m ComponentId, BTreeMap<&'m str, series::Values>>;

/// How much of a deviation callees can explain.
pub(super) const EXPLAINED: f64 = 0.9;
/// How much of it callees explain that deviate in another metric.
const OTHERWISE: f64 = 0.7;

/// What is known of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// How far the incident's metric is off in the bad direction; `None` where the node does not have it.
    pub(super) same: Option<Deviation>,
    pub(super) same_z: f64,
    /// How far each other metric is off.
    pub(super) others: BTreeMap<String, Deviation>,
    /// The one of them that is farthest off by itself, and how far: what callees have as well is taken off.
    pub(super) other: Option<(String, f64)>,
    /// The share of its deviation that its callees explain, and the callee.
    pub(super) explained: f64,
    pub(super) by: Option<ComponentId>,
    /// The weakest deviation on the best way from the target, 0..=1; `None` where none leads there.
    pub(super) way: Option<f64>,
    pub(super) is_above: bool,
    pub(super) onset: Option<f64>,
}

impl Evidence {
    pub(super) fn other_z(&self) -> f64 {
        self.other.as_ref().map_or(0.0, |(_, z)| *z)
    }

    /// How far the node is off at all.
    pub(super) fn strength(&self) -> f64 {
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

/// The least scale of each metric, a part of what is usual for it among all nodes; and the largest move of any node.
pub(super) fn floors<'m>(prepared: &Prepared<'m>, window: Window) -> BTreeMap<&'m str, (f64, f64)> {
    let mut found: BTreeMap<&str, (Vec<f64>, f64)> = BTreeMap::new();
    for metrics in prepared.values() {
        for (&name, values) in metrics {
            if let Some((median, scale)) = series::level(values, window.from) {
                let (scales, most) = found.entry(name).or_default();
                scales.push(scale);
                *most = most.max(series::largest_move(values, window, median));
            }
        }
    }
    found
        .into_iter()
        .map(|(name, (scales, most))| {
            let scales = series::sorted(scales.into_iter());
            (name, (0.1 * series::quantile(&scales, 0.5), most))
        })
        .collect()
}

pub(super) fn measure(
    metrics: &BTreeMap<&str, series::Values>,
    window: Window,
    floors: &BTreeMap<&str, (f64, f64)>,
    incident: &Incident,
) -> Evidence {
    let mut evidence = Evidence::default();
    for (&name, values) in metrics {
        let (floor, moves) = floors.get(name).copied().unwrap_or_default();
        let found = series::deviation(values, window, floor, moves);
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

/// Makes less of what moved the same way at many nodes: the load did, which no single node brings about.
pub(super) fn common(evidence: &mut BTreeMap<&ComponentId, Evidence>) {
    let mut counts: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for e in evidence.values() {
        for (name, found) in &e.others {
            let [n, up, down] = counts.entry(name.clone()).or_default();
            *n += 1.0;
            if CLEAR <= found.strength() {
                *(if found.down < found.up { up } else { down }) += 1.0;
            }
        }
    }
    for e in evidence.values_mut() {
        for (name, found) in &mut e.others {
            let [n, up, down] = counts.get(name).copied().unwrap_or_default();
            let moved = if found.down < found.up { up } else { down };
            let share = ((moved - 1.0) / (n - 1.0).max(3.0)).max(0.0);
            found.weight = (1.0 - share).powi(2).max(0.05);
        }
    }
}

/// What the callees of each node explain of its deviation, by their own, relative to it: in scales, and in units of
/// the metric.
pub(super) fn explain(evidence: &mut BTreeMap<&ComponentId, Evidence>, graph: &ComponentGraph) {
    let share = |part: f64, whole: f64| {
        if 0.0 < whole {
            (part / whole).clamp(0.0, 1.0)
        } else {
            0.0
        }
    };
    explain_others(evidence, graph);
    let found: Vec<(&ComponentId, f64, ComponentId)> = evidence
        .iter()
        .filter(|(_, e)| CLEAR / 2.0 <= e.same_z)
        .filter_map(|(node, e)| {
            let same = e.same?;
            graph
                .callees(node)
                .filter_map(|callee| {
                    let other = evidence.get(callee)?;
                    let shift = other.same.map_or(0.0, |same| same.shift);
                    let in_scales = share((other.same_z - 2.0).max(0.0), e.same_z - 2.0);
                    let in_units = share(shift * same.shift.signum(), same.shift.abs());
                    let alike = f64::midpoint(in_scales, in_units);
                    let (_, z) = other.other.as_ref()?;
                    let otherwise = share((z - CLEAR).max(0.0), e.same_z - 2.0);
                    Some((alike.max(OTHERWISE * otherwise), callee))
                })
                .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
                .map(|(share, callee)| (*node, share, callee.clone()))
        })
        .collect();
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
                    (name.clone(), z * found.weight * (1.0 - EXPLAINED * shared))
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
pub(super) fn ways(
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
