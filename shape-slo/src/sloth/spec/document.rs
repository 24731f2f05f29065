//! The fields of Sloth's specifications, and of `OpenSLO`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::super::{go, plugins::Chain};

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) version: Option<String>,
    #[serde(rename = "apiVersion")]
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) spec: Option<Body>,
    #[serde(default)]
    pub(super) service: String,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) slo_plugins: Chain,
    #[serde(default)]
    pub(super) slos: Vec<Slo>,
}

#[derive(Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// Sloth's fields, and those of `OpenSLO`.
///
/// The Kubernetes form spells names `pageAlert`, the other `page_alert`, and Sloth reads over the spelling of the other
/// form. So do we where that changes the rules; where a field must be there, either spelling is understood.
#[derive(Default, Deserialize)]
pub(super) struct Body {
    #[serde(default)]
    pub(super) service: String,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, rename = "sloPlugins")]
    pub(super) slo_plugins: Chain,
    #[serde(default)]
    pub(super) slos: Vec<Slo>,
    #[serde(default)]
    pub(super) objectives: Vec<Objective>,
    #[serde(default, rename = "timeWindows")]
    pub(super) time_windows: Vec<TimeWindow>,
}

#[derive(Deserialize)]
pub(super) struct Slo {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) objective: f64,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) sli: Sli,
    #[serde(default)]
    pub(super) alerting: Alerting,
    #[serde(default)]
    pub(super) plugins: Chain,
}

#[derive(Default, Deserialize)]
pub(super) struct Sli {
    pub(super) raw: Option<Raw>,
    pub(super) events: Option<Events>,
    pub(super) plugin: Option<SliPlugin>,
}

#[derive(Deserialize)]
pub(super) struct Raw {
    #[serde(default, alias = "errorRatioQuery")]
    pub(super) error_ratio_query: String,
}

#[derive(Deserialize)]
pub(super) struct Events {
    #[serde(default, alias = "errorQuery")]
    pub(super) error_query: String,
    #[serde(default, alias = "totalQuery")]
    pub(super) total_query: String,
}

#[derive(Deserialize)]
pub(super) struct SliPlugin {
    #[serde(default)]
    pub(super) id: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Alerting {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) page_alert: AlertSpec,
    #[serde(default)]
    pub(super) ticket_alert: AlertSpec,
    #[serde(default, rename = "pageAlert")]
    pub(super) kubernetes_page: AlertSpec,
    #[serde(default, rename = "ticketAlert")]
    pub(super) kubernetes_ticket: AlertSpec,
}

#[derive(Default, Deserialize)]
pub(super) struct AlertSpec {
    #[serde(default)]
    pub(super) disable: bool,
    #[serde(default, rename = "for")]
    pub(super) hold: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    #[serde(rename = "ratioMetrics")]
    pub(super) ratio_metrics: Option<RatioMetrics>,
    pub(super) target: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct RatioMetrics {
    pub(super) good: MetricQuery,
    pub(super) total: MetricQuery,
}

#[derive(Deserialize)]
pub(super) struct MetricQuery {
    #[serde(default)]
    pub(super) source: String,
    #[serde(default, rename = "queryType")]
    pub(super) query_type: String,
    #[serde(default)]
    pub(super) query: String,
}

#[derive(Deserialize)]
pub(super) struct TimeWindow {
    #[serde(default)]
    pub(super) unit: String,
    #[serde(default)]
    pub(super) count: u64,
}

/// Texts, of which those that look like something else are written as Go writes that: `0.20` is `0.2`, `yes` is `true`.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let entries: Option<BTreeMap<String, Value>> = Option::deserialize(deserializer)?;
    let entries = entries.into_iter().flatten();
    entries
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Null => String::new(),
                Value::Bool(_) => value.to_string(),
                Value::Number(number) => match number.as_f64() {
                    Some(float) if number.is_f64() => go::float(float),
                    _ => number.to_string(),
                },
                Value::Array(_) | Value::Object(_) => {
                    return Err(D::Error::custom(format!("`{name}` is no text")));
                }
            };
            Ok((name, text))
        })
        .collect()
}
