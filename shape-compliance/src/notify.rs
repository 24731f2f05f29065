//! Notifications: once when an incident begins, once when it is over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Breach, ComplianceReport, figures};

mod outbox;
#[cfg(feature = "webhook")]
mod webhook;

pub use self::outbox::{Deliver, DeliveryError, Flushed, Outbox};
#[cfg(feature = "webhook")]
pub use self::webhook::Webhook;

/// Whether an alert fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

/// One alert of a [`WebhookMessage`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookAlert {
    /// Whether it fires.
    pub status: AlertStatus,
    /// What identifies it.
    pub labels: BTreeMap<String, String>,
    /// What it says.
    pub annotations: BTreeMap<String, String>,
    /// When the promise was first missed.
    pub starts_at: Timestamp,
    /// When it was over; the year 1 while it fires, as Alertmanager writes it.
    pub ends_at: Timestamp,
    /// A page about it; empty when there is none.
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    /// The hash of the labels, as Prometheus makes it.
    pub fingerprint: String,
}

/// What is posted to a receiver: the webhook message of Alertmanager, version 4.
///
/// Every receiver of Alertmanager webhooks reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookMessage {
    /// `4`.
    pub version: String,
    /// What groups messages about one incident.
    pub group_key: String,
    /// Alerts that were left out; always 0.
    pub truncated_alerts: u64,
    /// Whether the group fires.
    pub status: AlertStatus,
    /// Who receives it.
    pub receiver: String,
    /// The labels of the group.
    pub group_labels: BTreeMap<String, String>,
    /// The labels that all alerts have.
    pub common_labels: BTreeMap<String, String>,
    /// The annotations that all alerts have.
    pub common_annotations: BTreeMap<String, String>,
    /// Where the sender can be found; empty when nowhere.
    #[serde(rename = "externalURL")]
    pub external_url: String,
    /// The alerts: one.
    pub alerts: Vec<WebhookAlert>,
}

/// A message and the key that tells it from all others: an incident and whether it begins or is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// `canvas/availability@2026-11-24T08:00:03Z/firing`.
    pub key: String,
    /// The message.
    pub message: WebhookMessage,
}

/// How notifications are addressed.
///
/// ```
/// use shape_compliance::NotifyConfig;
///
/// let config = NotifyConfig::new("studio", "on-call").external_url("https://shape.example/");
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    service: String,
    receiver: String,
    external_url: String,
}

impl NotifyConfig {
    /// Notifications about a service to a receiver.
    pub fn new(service: &str, receiver: &str) -> Self {
        Self {
            service: service.to_owned(),
            receiver: receiver.to_owned(),
            external_url: String::new(),
        }
    }

    /// Where people find the report.
    #[must_use]
    pub fn external_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.external_url);
        self
    }
}

/// What a report has to tell that the one before it had not: incidents that began, and those that are over.
///
/// An incident is told once when it begins and once when it is over, as long as `previous` is handed on; an [`Outbox`] makes
/// sure of it across restarts.
pub fn notifications(
    previous: Option<&ComplianceReport>,
    report: &ComplianceReport,
    config: &NotifyConfig,
) -> Vec<Notification> {
    let known = previous.map_or(&[][..], |report| &report.breaches);
    let is_in = |breaches: &[Breach], id| breaches.iter().any(|breach| breach.id == id);
    let over = known
        .iter()
        .filter(|old| !is_in(&report.breaches, old.id.clone()))
        .map(|old| config.notification(old, AlertStatus::Resolved, report.now));
    let began = report
        .breaches
        .iter()
        .filter(|breach| !is_in(known, breach.id.clone()))
        .map(|breach| config.notification(breach, AlertStatus::Firing, report.now));
    over.chain(began).collect()
}

/// The first instant of the year 1, Go's zero time.
const NEVER: Timestamp = Timestamp::constant(-62_135_596_800, 0);

impl NotifyConfig {
    fn notification(&self, breach: &Breach, status: AlertStatus, now: Timestamp) -> Notification {
        let labels = map([
            ("alertname", "SLOBreached"),
            ("service", &self.service),
            ("component", breach.component.as_str()),
            ("slo", breach.slo.id.as_str()),
            ("incident", breach.id.as_str()),
            // Labels tell an alert: what may change while it fires is an annotation.
            ("severity", "page"),
        ]);
        let summary = format!("{} is broken", breach.slo);
        let mut annotations = map([
            ("summary", summary.as_str()),
            ("description", breach.explanation.as_str()),
        ]);
        if let Some(cause) = breach.cause {
            annotations.insert("cause".to_owned(), cause.to_string());
        }
        if let Some(policy) = &breach.policy {
            annotations.insert("policy".to_owned(), policy.explanation.clone());
        }
        let ends_at = match status {
            AlertStatus::Firing => NEVER,
            AlertStatus::Resolved => figures::to_the_second(now),
        };
        let group_labels = map([("incident", breach.id.as_str())]);
        let name = match status {
            AlertStatus::Firing => "firing",
            AlertStatus::Resolved => "resolved",
        };
        Notification {
            key: format!("{}/{name}", breach.id),
            message: WebhookMessage {
                version: "4".to_owned(),
                group_key: format!("{{}}:{{incident=\"{}\"}}", breach.id),
                truncated_alerts: 0,
                status,
                receiver: self.receiver.clone(),
                group_labels,
                common_labels: labels.clone(),
                common_annotations: annotations.clone(),
                external_url: self.external_url.clone(),
                alerts: vec![WebhookAlert {
                    status,
                    fingerprint: fingerprint(&labels),
                    labels,
                    annotations,
                    starts_at: breach.started_at,
                    ends_at,
                    generator_url: self.external_url.clone(),
                }],
            },
        }
    }
}

fn map<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The fingerprint of a label set as Prometheus makes it: FNV-1a over the sorted names and values, each followed by
/// 0xff.
fn fingerprint(labels: &BTreeMap<String, String>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Alertmanager 0.25: the fingerprint of an alert with these labels, as its webhook sends it.
    #[test]
    fn fingerprints_are_those_of_prometheus() {
        assert_eq!(fingerprint(&BTreeMap::new()), "cbf29ce484222325");
        let labels = map([("alertname", "SLOBreached"), ("slo", "canvas/availability")]);
        assert_eq!(fingerprint(&labels), "a04d1eea5a414f84");
    }
}
