//! What may help, by what it would have helped and what it costs.

use std::collections::BTreeSet;

use super::Suspect;
use crate::{
    Anomaly, CauseKind, ComponentId, Exemplar, Recommendation, RecommendationKind, Severity,
    analyze::share, number, wording::count,
};

/// What may help, by the requests that it would have helped.
pub(super) fn recommend(
    id: &ComponentId,
    suspects: &[Suspect],
    affected: u64,
    anomalies: &[&Anomaly],
) -> Vec<Recommendation> {
    let mut list = Vec::new();
    // What is mended is the worst of what it stands for, or of all where it stands for nothing by itself.
    let severity = |suspects: &[&Suspect]| {
        let named = anomalies
            .iter()
            .filter(|anomaly| suspects.iter().any(|s| s.anomalies.contains(&anomaly.id)))
            .map(|anomaly| anomaly.severity)
            .max();
        named
            .or_else(|| anomalies.iter().map(|anomaly| anomaly.severity).max())
            .unwrap_or(Severity::Low)
    };
    let names = |suspects: &[&Suspect]| {
        let names: BTreeSet<&str> = suspects.iter().map(|s| s.component.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let direct = suspects.iter().find(|suspect| {
        matches!(suspect.kind, CauseKind::Blocking | CauseKind::NewBehaviour)
            && !suspect.positions.is_empty()
    });
    if let Some(suspect) = direct {
        let helped = suspect.explains.min(affected);
        list.push(Recommendation {
            kind: RecommendationKind::FixCode,
            summary: format!(
                "change the code in {} that writes the line at {}",
                suspect.component,
                suspect
                    .positions
                    .first()
                    .map_or_else(String::new, ToString::to_string),
            ),
            benefit: share(helped, affected),
            requests_helped: helped,
            severity: severity(&[suspect]),
            effort: number::len(suspect.anomalies.len().max(1)),
        });
    }
    let new: Vec<&Suspect> = suspects.iter().filter(|suspect| suspect.is_new).collect();
    if !new.is_empty() {
        let helped = new
            .iter()
            .map(|suspect| suspect.explains)
            .max()
            .unwrap_or(0)
            .min(affected);
        list.push(Recommendation {
            kind: RecommendationKind::Revert,
            summary: format!(
                "revert the change to {} that came since the baseline",
                names(&new)
            ),
            benefit: share(helped, affected),
            requests_helped: helped,
            severity: severity(&new),
            effort: number::len(components(&new)),
        });
    }
    if direct.is_none() {
        let records: Vec<&Exemplar> = anomalies.iter().flat_map(|a| &a.exemplars).collect();
        list.push(Recommendation {
            kind: RecommendationKind::Investigate,
            summary: match records.first() {
                Some(first) => format!(
                    "look at {} kept of {id}, first {}: none of them says by itself what to change",
                    count(number::len(records.len()), "record"),
                    first.position
                ),
                None => format!("look for {id} elsewhere: no record of it is kept"),
            },
            benefit: 0.0,
            requests_helped: 0,
            severity: severity(&[]),
            effort: number::len(records.len()),
        });
    }
    list.sort_by(|a, b| {
        b.benefit
            .total_cmp(&a.benefit)
            .then_with(|| a.effort.cmp(&b.effort))
            .then_with(|| a.kind.cmp(&b.kind))
    });
    list
}

/// How many components these suspects lie in.
fn components(suspects: &[&Suspect]) -> usize {
    let components: BTreeSet<&ComponentId> = suspects.iter().map(|s| &s.component).collect();
    components.len()
}
