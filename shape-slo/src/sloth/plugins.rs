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
    /// Those below zero run before the plugins that make the rules, whatever their place in the list.
    #[serde(default)]
    priority: i64,
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
    /// Takes labels off the recordings.
    pub(super) fewer_labels: Option<FewerLabels>,
    /// Records the total of events as well.
    pub(super) total_amount: bool,
    /// Alerts hold for as long as the specification of each says.
    pub(super) alert_for: bool,
    /// Alerts on what is left of the budget.
    pub(super) exhausted: Vec<ExhaustedAlert>,
    pub(super) sli_interval: Option<String>,
    pub(super) metadata_interval: Option<String>,
    pub(super) alert_interval: Option<String>,
}

/// What `remove_labels` leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FewerLabels {
    pub(super) preserve_labels: Vec<String>,
    pub(super) skip_metrics: Vec<String>,
}

/// An alert of `error_budget_exhausted_alert`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ExhaustedAlert {
    /// As Go writes it.
    pub(super) threshold: String,
    pub(super) hold: String,
    pub(super) name: String,
    pub(super) selector: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl ExhaustedAlert {
    fn of(config: &Value) -> Result<Self, String> {
        let map = |name: &str| {
            let entries = config.get(name).and_then(Value::as_object);
            let entries = entries.into_iter().flatten();
            entries
                .map(|(name, value)| (name.clone(), text(value)))
                .collect()
        };
        let threshold = config.get("threshold").and_then(Value::as_f64);
        let hold = match config.get("for") {
            None => "5m".to_owned(),
            Some(value) => {
                let ms = go::parse_duration(&text(value));
                go::duration(ms.ok_or("`for` is no length such as `5m`")?)
            }
        };
        let name = config.get("alert_name").and_then(Value::as_str);
        Ok(Self {
            threshold: go::float(threshold.unwrap_or(0.0)),
            hold,
            name: name.unwrap_or("ErrorBudgetExhausted").to_owned(),
            selector: map("selector_labels"),
            labels: map("alert_labels"),
            annotations: map("annotations"),
        })
    }
}

impl Plan {
    /// Of the chain of a service and of that of an objective, in the order in which Sloth runs them.
    pub(super) fn new([of_service, of_slo]: [&Chain; 2]) -> Result<Self, String> {
        let mut plugins: Vec<&Plugin> = Vec::new();
        if !of_slo.override_previous {
            plugins.extend(&of_service.chain);
        }
        plugins.extend(&of_slo.chain);
        plugins.sort_by_key(|plugin| plugin.priority);
        let is_alone = of_service.override_previous || of_slo.override_previous;
        if is_alone && plugins.is_empty() {
            return Err("`overridePrevious` leaves no plugin that makes rules".to_owned());
        }
        let mut plan = Self {
            sli: false,
            metadata: false,
            alerts: false,
            denominator_corrected: false,
            optimized: true,
            info_labels: Vec::new(),
            fewer_labels: None,
            total_amount: false,
            alert_for: false,
            exhausted: Vec::new(),
            sli_interval: None,
            metadata_interval: None,
            alert_interval: None,
        };
        let early = plugins.partition_point(|plugin| plugin.priority < 0);
        for plugin in &plugins[..early] {
            plan.add(plugin)?;
        }
        if !is_alone {
            plan.make_sli(true);
            plan.make_metadata();
            plan.make_alerts();
        }
        for plugin in &plugins[early..] {
            plan.add(plugin)?;
        }
        Ok(plan)
    }

    /// Makes the rules of the error ratio anew: what was done to them before is gone.
    fn make_sli(&mut self, optimized: bool) {
        self.sli = true;
        self.optimized = optimized;
        self.denominator_corrected = false;
        self.fewer_labels = None;
    }

    fn make_metadata(&mut self) {
        self.metadata = true;
        self.info_labels.clear();
        self.fewer_labels = None;
    }

    fn make_alerts(&mut self) {
        self.alerts = true;
        self.alert_for = false;
        self.exhausted.clear();
    }

    fn add(&mut self, plugin: &Plugin) -> Result<(), String> {
        match plugin.id.as_str() {
            // They print, do nothing, or only check.
            "sloth.dev/core/debug/v1"
            | "sloth.dev/core/noop/v1"
            | "sloth.dev/core/validate/v1"
            | "sloth.dev/contrib/validate_victoria_metrics/v1" => {}
            "sloth.dev/core/sli_rules/v1" => self.make_sli(!plugin.is_set("disableOptimized")),
            "sloth.dev/core/metadata_rules/v1" => self.make_metadata(),
            "sloth.dev/core/alert_rules/v1" => self.make_alerts(),
            "sloth.dev/contrib/denominator_corrected_rules/v1" => {
                self.make_sli(!plugin.is_set("disableOptimized"));
                self.denominator_corrected = true;
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
            "sloth.dev/contrib/remove_labels/v1" => {
                let config = serde_json::from_value(plugin.config.clone());
                self.fewer_labels = match plugin.config {
                    Value::Null => Some(FewerLabels::default()),
                    _ => Some(config.map_err(|error| format!("plugin `{}`: {error}", plugin.id))?),
                };
            }
            "sloth.dev/contrib/sli_total_amount/v1" => self.total_amount = true,
            "sloth.dev/contrib/alert_for/v1" => self.alert_for = true,
            "sloth.dev/contrib/error_budget_exhausted_alert/v1" => {
                let alert = ExhaustedAlert::of(&plugin.config)
                    .map_err(|message| format!("plugin `{}`: {message}", plugin.id))?;
                self.exhausted.push(alert);
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
