//! Sloth's plugins, as far as they are built in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::go;

/// A list of plugins that change the rules.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Chain {
    #[serde(default, rename = "overridePrevious")]
    override_previous: bool,
    #[serde(default)]
    chain: Vec<Plugin>,
}

#[derive(Clone, Debug, Deserialize)]
struct Plugin {
    #[serde(default)]
    id: String,
    #[serde(default)]
    config: Value,
}

impl Plugin {
    fn is_set(&self, option: &str) -> bool {
        self.config.get(option).and_then(Value::as_bool) == Some(true)
    }
}

/// What plugins ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for a plugin that is there or not"
)]
pub(super) struct Plan {
    pub(super) sli: bool,
    pub(super) metadata: bool,
    pub(super) alerts: bool,
    pub(super) denominator_corrected: bool,
    /// The ratio over the period is the mean of the shortest window's, which is cheap; else a query over the period.
    pub(super) optimized: bool,
    /// Labels for a metric of the metadata.
    pub(super) info_labels: Vec<(String, BTreeMap<String, String>)>,
    pub(super) sli_interval: Option<String>,
    pub(super) metadata_interval: Option<String>,
    pub(super) alert_interval: Option<String>,
}

impl Plan {
    /// Of the chain of a service and of that of an objective.
    pub(super) fn new(chains: [&Chain; 2]) -> Result<Self, String> {
        let all = Self {
            sli: true,
            metadata: true,
            alerts: true,
            denominator_corrected: false,
            optimized: true,
            info_labels: Vec::new(),
            sli_interval: None,
            metadata_interval: None,
            alert_interval: None,
        };
        let mut plan = all.clone();
        for chain in chains {
            if chain.override_previous {
                plan = Self {
                    sli: false,
                    metadata: false,
                    alerts: false,
                    ..all.clone()
                };
            }
            for plugin in &chain.chain {
                plan.add(plugin)?;
            }
        }
        Ok(plan)
    }

    fn add(&mut self, plugin: &Plugin) -> Result<(), String> {
        match plugin.id.as_str() {
            // They print, do nothing, or only check.
            "sloth.dev/core/debug/v1"
            | "sloth.dev/core/noop/v1"
            | "sloth.dev/core/validate/v1"
            | "sloth.dev/contrib/validate_victoria_metrics/v1" => {}
            "sloth.dev/core/sli_rules/v1" => {
                self.sli = true;
                self.optimized = !plugin.is_set("disableOptimized");
            }
            "sloth.dev/core/metadata_rules/v1" => self.metadata = true,
            "sloth.dev/core/alert_rules/v1" => self.alerts = true,
            "sloth.dev/contrib/denominator_corrected_rules/v1" => {
                self.denominator_corrected = true;
                self.optimized = !plugin.is_set("disableOptimized");
            }
            "sloth.dev/contrib/info_labels/v1" => {
                let labels = plugin.config.get("labels").and_then(Value::as_object);
                let labels = labels.into_iter().flatten();
                let labels: BTreeMap<String, String> = labels
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect();
                if labels.is_empty() {
                    return Err(format!("plugin `{}` needs `labels`", plugin.id));
                }
                let metric = plugin.config.get("metricName").and_then(Value::as_str);
                let metric = metric.unwrap_or("sloth_slo_info").to_owned();
                self.info_labels.push((metric, labels));
            }
            "sloth.dev/contrib/rule_intervals/v1" => {
                let interval = plugin.config.get("interval");
                let of = |name: &str| {
                    let Some(value) = interval.and_then(|interval| interval.get(name)) else {
                        return Ok(None);
                    };
                    let ms = go::parse_duration(&text(value)).ok_or_else(|| {
                        format!("plugin `{}`: `{name}` is no length such as `5m`", plugin.id)
                    })?;
                    Ok::<_, String>(Some(go::duration(ms)))
                };
                let default = of("default")?
                    .ok_or_else(|| format!("plugin `{}` needs `interval.default`", plugin.id))?;
                let or_default = |interval: Option<String>| interval.or(Some(default.clone()));
                self.sli_interval = or_default(of("sliError")?);
                self.metadata_interval = or_default(of("metadata")?);
                self.alert_interval = or_default(of("alert")?);
            }
            "" => return Err("`id` of a plugin is missing".to_owned()),
            other => return Err(format!("plugin `{other}` is not built in")),
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
