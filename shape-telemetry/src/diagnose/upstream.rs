//! Components that a component waits for.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{Suspect, positions};
use crate::{
    Anomaly, AnomalyKind, CauseKind, ComponentGraph, ComponentId, Severity, analyze::share,
};

/// Another component that is in trouble at the same time: where calls are known, the end of a chain of such
/// components that this one calls; else one that suffers more.
pub(super) fn suspect(
    graph: &ComponentGraph,
    id: &ComponentId,
    anomaly: &Anomaly,
    anomalies: &[Anomaly],
) -> Option<Suspect> {
    if graph.callees(id).next().is_some() {
        return called(graph, id, anomaly, anomalies);
    }
    if graph.contains(id) {
        // It calls nobody: what others suffer from is not its cause.
        return None;
    }
    let worst = anomalies
        .iter()
        .filter(|other| {
            other.component != *id
                && matches!(
                    other.kind,
                    AnomalyKind::LatencyShift | AnomalyKind::ErrorRatio
                )
                && anomaly.severity <= other.severity
                && anomaly.affected_requests < other.affected_requests
        })
        .max_by_key(|other| {
            (
                other.severity,
                other.affected_requests,
                std::cmp::Reverse(&other.id),
            )
        })?;
    Some(Suspect {
        kind: CauseKind::Upstream,
        component: worst.component.clone(),
        summary: format!(
            "{} is in trouble at the same time: {}",
            worst.component, worst.summary
        ),
        strength: 0.1,
        explains: 0,
        anomalies: vec![anomaly.id.clone(), worst.id.clone()],
        positions: positions(worst),
        is_new: true,
        attribution: None,
    })
}

/// The worst of the components in trouble that no other one in trouble explains, as far as calls lead there from one
/// through such components.
fn called(
    graph: &ComponentGraph,
    id: &ComponentId,
    anomaly: &Anomaly,
    anomalies: &[Anomaly],
) -> Option<Suspect> {
    let troubled = |component: &ComponentId| {
        anomalies
            .iter()
            .filter(|other| {
                other.component == *component
                    && Severity::Medium <= other.severity
                    && matches!(
                        other.kind,
                        AnomalyKind::LatencyShift
                            | AnomalyKind::ErrorRatio
                            | AnomalyKind::NewTemplate
                            | AnomalyKind::RepeatedBlocking
                    )
            })
            .max_by_key(|other| (other.severity, other.affected_requests, Reverse(&other.id)))
    };
    let mut seen = BTreeSet::from([id]);
    let mut open = vec![(id, 0_u32)];
    let mut leaves: Vec<(&Anomaly, u32)> = Vec::new();
    while let Some((component, distance)) = open.pop() {
        let next: Vec<&ComponentId> = graph
            .callees(component)
            .filter(|callee| *callee != id && troubled(callee).is_some())
            .collect();
        if next.is_empty() && component != id {
            leaves.extend(troubled(component).map(|worst| (worst, distance)));
        }
        for callee in next {
            if seen.insert(callee) {
                open.push((callee, distance + 1));
            }
        }
    }
    let (worst, distance) = leaves
        .into_iter()
        .max_by_key(|(other, _)| (other.severity, other.affected_requests, Reverse(&other.id)))?;
    Some(Suspect {
        kind: CauseKind::Upstream,
        component: worst.component.clone(),
        summary: format!(
            "{}, which {id} calls{}, is in trouble at the same time, and nothing that it calls is: {}",
            worst.component,
            if distance == 1 {
                String::new()
            } else {
                format!(" over {} others", distance - 1)
            },
            worst.summary
        ),
        strength: 0.45 * share(worst.affected_requests, anomaly.affected_requests).max(0.2),
        explains: worst.affected_requests.min(anomaly.affected_requests),
        anomalies: vec![anomaly.id.clone(), worst.id.clone()],
        positions: positions(worst),
        is_new: true,
        attribution: None,
    })
}
