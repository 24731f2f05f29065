//! From deviations to a ranking.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Incident, NodeMetrics, RankedNode, Worse,
    evidence::{self, EXPLAINED, Evidence, Prepared},
    series::{self, CLEAR, Window},
    start,
};
use crate::{
    ComponentGraph, ComponentId,
    number::{len, to_f64},
};

/// What a callee that is not measured gets of the score of a caller.
const HIDDEN: f64 = 0.7;
/// The weight of metrics other than the incident's.
const OTHERS: f64 = 0.6;
/// What is left of a score where no call leads from the target to the node; and where the node calls the target.
const APART: f64 = 0.55;
const ABOVE: f64 = 0.6;
/// What is left of a score of a node that deviates long after the first one.
const LATE: f64 = 0.7;

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
    let prepared: Prepared<'_> = metrics
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
    let window = start::window(&prepared, incident);
    let floors = evidence::floors(&prepared, window);
    let mut evidence: BTreeMap<&ComponentId, Evidence> = nodes
        .iter()
        .map(|&node| {
            let empty = BTreeMap::new();
            let metrics = prepared.get(node).unwrap_or(&empty);
            (node, evidence::measure(metrics, window, &floors, incident))
        })
        .collect();
    evidence::common(&mut evidence);
    evidence::explain(&mut evidence, graph);
    evidence::ways(&mut evidence, graph, &incident.target);
    let first = evidence
        .values()
        .filter(|e| CLEAR <= e.strength())
        .filter_map(|e| e.onset)
        .fold(f64::INFINITY, f64::min);
    let scores: BTreeMap<&ComponentId, f64> = evidence
        .iter()
        .map(|(&node, e)| (node, score(e, first, window, graph.is_empty())))
        .collect();
    let mut ranked: Vec<RankedNode> = evidence
        .iter()
        .map(|(node, e)| {
            let own = scores.get(node).copied().unwrap_or(0.0);
            let hidden = hidden(node, &evidence, &scores, graph).filter(|(score, _)| own < *score);
            let mut why = why(e, incident, first);
            if let Some((_, caller)) = hidden {
                why.push_str("; nothing that is measured explains its caller ");
                why.push_str(caller.as_str());
            }
            let score = hidden.map_or(own, |(score, _)| score);
            RankedNode {
                node: (*node).clone(),
                score: if score.is_finite() { score } else { 0.0 },
                why,
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

/// What a node without the incident's metric has to do with a caller that deviates by itself: the caller's score,
/// shared among all such callees.
fn hidden<'e>(
    node: &ComponentId,
    evidence: &BTreeMap<&'e ComponentId, Evidence>,
    scores: &BTreeMap<&'e ComponentId, f64>,
    graph: &ComponentGraph,
) -> Option<(f64, &'e ComponentId)> {
    let is_hidden = |node: &ComponentId| evidence.get(node).is_some_and(|e| e.same.is_none());
    if !is_hidden(node) {
        return None;
    }
    graph
        .callers(node)
        .filter_map(|caller| {
            let (&caller, e) = evidence.get_key_value(caller)?;
            if e.same_z < CLEAR {
                return None;
            }
            let sharing = graph.callees(caller).filter(|callee| is_hidden(callee));
            let sharing = to_f64(len(sharing.count().max(1)));
            Some((HIDDEN * scores.get(caller)? / sharing, caller))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
}

fn why(e: &Evidence, incident: &Incident, first: f64) -> String {
    let mut parts = Vec::new();
    match e.same {
        Some(found) if CLEAR <= e.same_z => parts.push(format!(
            "{} is {:.1} robust standard deviations {} its median {:.4}",
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
            "{name} is {:.1} robust standard deviations {} its median {:.4}",
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
