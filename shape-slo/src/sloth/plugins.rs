//! Sloth's plugins, as far as they are built in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

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
    pub(super) info_labels: BTreeMap<String, String>,
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
            info_labels: BTreeMap::new(),
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
            "sloth.dev/core/sli_rules/v1" => self.sli = true,
            "sloth.dev/core/metadata_rules/v1" => self.metadata = true,
            "sloth.dev/core/alert_rules/v1" => self.alerts = true,
            "sloth.dev/contrib/denominator_corrected_rules/v1" => self.denominator_corrected = true,
            "sloth.dev/contrib/info_labels/v1" => {
                let labels = plugin.config.get("labels").and_then(Value::as_object);
                for (name, value) in labels.into_iter().flatten() {
                    self.info_labels.insert(name.clone(), text(value));
                }
            }
            "sloth.dev/contrib/rule_intervals/v1" => {
                let interval = plugin.config.get("interval");
                let of = |name: &str| Some(text(interval?.get(name)?));
                self.sli_interval = of("sliError").or_else(|| of("default"));
                self.metadata_interval = of("metadata").or_else(|| of("default"));
                self.alert_interval = of("alert").or_else(|| of("default"));
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
