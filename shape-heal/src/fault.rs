//! What is to be healed: the leading anomaly, the places in the source that it leads to, the suspects.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use shape_compliance::Breach;
use shape_lineage::{LineageReport, SourceRef, SuspectCommit, Trace, Verdict};
use shape_telemetry::{
    Anomaly, AnomalyId, AnomalyKind, ComponentId, Diagnosis, RecommendationKind, TelemetryReport,
};

use crate::{FaultSignature, When, placeholder::Placeholders};

/// At most so many candidates of an ambiguous trace are looked at.
const MAX_AMBIGUOUS: usize = 3;

/// The fault behind a breach, as far as anomalies, diagnoses and traces tell.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Short, and usable as part of an identifier.
    pub(crate) id: String,
    pub(crate) component: ComponentId,
    pub(crate) signature: Option<FaultSignature>,
    /// Leading first.
    pub(crate) anomalies: Vec<AnomalyId>,
    /// In the order of the anomalies.
    pub(crate) places: Vec<Place>,
    /// Traces that led nowhere, each with the reason.
    pub(crate) untraced: Vec<String>,
    benefit_of_fix: Option<f64>,
    benefit_of_revert: Option<f64>,
}

/// A statement in the source that an anomaly of the fault was traced to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) anomaly: Anomaly,
    pub(crate) message: String,
    pub(crate) statement: SourceRef,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) suspects: Vec<SuspectCommit>,
    /// Other statements fit equally well.
    pub(crate) is_ambiguous: bool,
}

impl Fault {
    /// Gathers what is known of a breach.
    pub(crate) fn new(
        breach: &Breach,
        telemetry: &TelemetryReport,
        lineage: &LineageReport,
    ) -> Self {
        let diagnosis = diagnosis(breach, telemetry);
        let cause = diagnosis.and_then(|diagnosis| diagnosis.causes.first());
        let component = cause.map_or(&breach.component, |cause| &cause.component);
        let anomalies = relevant(breach, telemetry, diagnosis, component);
        let signature = anomalies.first().map(|leading| FaultSignature {
            component: component.clone(),
            kind: leading.kind,
            template: leading.template.clone(),
        });
        let named = signature.as_ref().map_or_else(
            || breach.id.as_str().to_owned(),
            |signature| format!("{signature} {}", breach.id),
        );
        let (places, untraced) = places(&anomalies, lineage);
        let benefit = |kind| {
            diagnosis?
                .recommendations
                .iter()
                .find(|recommendation| recommendation.kind == kind)
                .map(|recommendation| recommendation.benefit)
                .filter(|benefit| benefit.is_finite())
                .map(|benefit| benefit.clamp(0.0, 1.0))
        };
        Self {
            id: format!("f{}", digest(&named, 8)),
            component: component.clone(),
            signature,
            anomalies: anomalies.iter().map(|anomaly| anomaly.id.clone()).collect(),
            places,
            untraced,
            benefit_of_fix: benefit(RecommendationKind::FixCode),
            benefit_of_revert: benefit(RecommendationKind::Revert),
        }
    }

    /// The share of the affected requests that a fix of the code, or a revert, would help. Where the diagnosis does
    /// not say, half: neither hope nor fear.
    pub(crate) fn benefit(&self, is_revert: bool) -> f64 {
        let (own, other) = if is_revert {
            (self.benefit_of_revert, self.benefit_of_fix)
        } else {
            (self.benefit_of_fix, self.benefit_of_revert)
        };
        own.or(other).unwrap_or(0.5)
    }

    /// The suspects of these places, merged: the highest score of each, most suspect first.
    pub(crate) fn suspects<'a>(
        places: impl Iterator<Item = &'a Place>,
    ) -> Vec<(SuspectCommit, &'a Place)> {
        let mut merged: Vec<(SuspectCommit, &Place)> = Vec::new();
        for place in places {
            for suspect in &place.suspects {
                match merged.iter_mut().find(|(known, _)| known.id == suspect.id) {
                    Some((known, _)) if known.score < suspect.score => *known = suspect.clone(),
                    Some(_) => {}
                    None => merged.push((suspect.clone(), place)),
                }
            }
        }
        merged.sort_by(|(a, _), (b, _)| {
            b.score
                .total_cmp(&a.score)
                .then(b.time.cmp(&a.time))
                .then(a.id.cmp(&b.id))
        });
        merged
    }
}

impl Place {
    /// Why a recipe's preconditions do not hold here.
    pub(crate) fn mismatch(&self, when: &When) -> Option<String> {
        if !when.anomalies.is_empty() && !when.anomalies.contains(&self.anomaly.kind) {
            return Some(format!(
                "the anomaly is {}, the recipe is for {}",
                name(self.anomaly.kind),
                when.anomalies
                    .iter()
                    .copied()
                    .map(name)
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        if let Some(text) = &when.message
            && !self.message.contains(text.as_str())
        {
            return Some(format!("`{}` does not contain `{text}`", self.message));
        }
        if let Some(component) = &when.component
            && self.anomaly.component.as_str() != component
        {
            return Some(format!(
                "the component is {}, the recipe is for {component}",
                self.anomaly.component
            ));
        }
        let path = &self.statement.location.path;
        if let Some(pattern) = &when.path
            && !glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(path))
        {
            return Some(format!("`{path}` does not fit `{pattern}`"));
        }
        None
    }

    /// The values for a recipe's templates.
    pub(crate) fn placeholders(&self, fault: &Fault) -> Placeholders {
        let mut values = Placeholders::default();
        let location = &self.statement.location;
        values.set("id", &fault.id);
        values.set("component", self.anomaly.component.as_str());
        values.set("message", &self.message);
        values.set("file", &location.path);
        values.set("line", location.line.to_string());
        values.set("symbol", self.statement.symbol.clone().unwrap_or_default());
        for (index, (name, value)) in self.variables.iter().enumerate() {
            values.set_if_new(format!("var.{index}"), value);
            values.set_if_new(format!("var.{name}"), value);
        }
        for exemplar in &self.anomaly.exemplars {
            for (name, value) in &exemplar.fields {
                values.set_if_new(format!("field.{name}"), value);
            }
        }
        values
    }
}

/// The name of an anomaly kind as recipes write it.
fn name(kind: AnomalyKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The first digits of a hash of a text, in hex.
pub(crate) fn digest(text: &str, n_digits: usize) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .take(n_digits)
        .collect()
}

/// The diagnosis of the breach's component, else one whose anomalies are of it, else the first.
fn diagnosis<'a>(breach: &Breach, telemetry: &'a TelemetryReport) -> Option<&'a Diagnosis> {
    let speaks_of = |diagnosis: &&Diagnosis| {
        diagnosis.anomalies.iter().any(|id| {
            telemetry
                .all_anomalies()
                .any(|anomaly| anomaly.id == *id && anomaly.component == breach.component)
        })
    };
    let all = &telemetry.diagnoses;
    all.iter()
        .find(|diagnosis| diagnosis.component == breach.component)
        .or_else(|| all.iter().find(speaks_of))
        .or_else(|| all.first())
}

/// The anomalies that the breach goes by: those of the likeliest cause first, then by severity and affected requests.
fn relevant<'a>(
    breach: &Breach,
    telemetry: &'a TelemetryReport,
    diagnosis: Option<&Diagnosis>,
    cause: &ComponentId,
) -> Vec<&'a Anomaly> {
    let causes: Vec<&[AnomalyId]> = diagnosis
        .map(|diagnosis| {
            diagnosis
                .causes
                .iter()
                .map(|cause| &cause.anomalies[..])
                .collect()
        })
        .unwrap_or_default();
    let diagnosed: BTreeSet<&AnomalyId> = diagnosis
        .map(|diagnosis| diagnosis.anomalies.iter().collect())
        .unwrap_or_default();
    let rank = |anomaly: &Anomaly| {
        let cause_rank = causes
            .iter()
            .position(|anomalies| anomalies.contains(&anomaly.id))
            .unwrap_or(causes.len());
        (
            cause_rank,
            anomaly.component != *cause,
            std::cmp::Reverse(anomaly.severity),
            std::cmp::Reverse(anomaly.affected_requests),
            anomaly.id.clone(),
        )
    };
    let is_relevant = |anomaly: &&Anomaly| {
        diagnosed.contains(&anomaly.id)
            || causes
                .iter()
                .any(|anomalies| anomalies.contains(&anomaly.id))
            || anomaly.component == breach.component
            || anomaly.component == *cause
    };
    let mut chosen: Vec<&Anomaly> = telemetry.all_anomalies().filter(is_relevant).collect();
    if chosen.is_empty() {
        chosen = telemetry.all_anomalies().collect();
    }
    chosen.sort_by_key(|anomaly| rank(anomaly));
    chosen
}

fn places(anomalies: &[&Anomaly], lineage: &LineageReport) -> (Vec<Place>, Vec<String>) {
    let mut places: Vec<Place> = Vec::new();
    let mut untraced = Vec::new();
    for anomaly in anomalies {
        let Some(trace) = lineage.trace(&anomaly.id) else {
            continue;
        };
        let statements = match &trace.verdict {
            Verdict::Unique { statement, .. } => std::slice::from_ref(statement),
            Verdict::Ambiguous { candidates, .. } => {
                &candidates[..candidates.len().min(MAX_AMBIGUOUS)]
            }
            Verdict::Unmapped { reason } => {
                untraced.push(format!("`{}`: {reason}", trace.message));
                continue;
            }
        };
        for statement in statements {
            let place = place(anomaly, trace, statement);
            // The same statement under a weaker anomaly is still of use: a recipe may ask for that kind of anomaly.
            places.push(place);
        }
    }
    (places, untraced)
}

fn place(anomaly: &Anomaly, trace: &Trace, statement: &SourceRef) -> Place {
    Place {
        anomaly: anomaly.clone(),
        message: trace.message.clone(),
        statement: statement.clone(),
        variables: trace.variables.clone(),
        suspects: trace.suspects.clone(),
        is_ambiguous: trace.verdict.unique().is_none(),
    }
}
