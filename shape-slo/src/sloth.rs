//! Prometheus rules from Sloth's specifications.

use std::{collections::BTreeMap, fmt};

pub use self::{alert_windows::AlertWindows, grafana::grafana_dashboard};
use crate::{Error, Mistake, error::Repr};

mod alert_windows;
mod go;
mod grafana;
mod plugins;
mod rules;
mod spec;
mod write;

/// How rules are made of a specification.
///
/// ```
/// use shape_slo::RuleConfig;
///
/// let config = RuleConfig::new().period("28d")?.extra_label("cluster", "eu-1").without_alerts();
/// # let _ = config;
/// # Ok::<(), shape_slo::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RuleConfig {
    period_ms: u64,
    windows: Vec<AlertWindows>,
    is_pyrra: bool,
    recordings: bool,
    alerts: bool,
    extra_labels: BTreeMap<String, String>,
}

impl Default for RuleConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl RuleConfig {
    /// A period of 30 days, Sloth's alert windows for 28 and 30 days, all rules.
    pub fn new() -> Self {
        Self {
            period_ms: 30 * 86_400_000,
            windows: AlertWindows::built_in(),
            is_pyrra: false,
            recordings: true,
            alerts: true,
            extra_labels: BTreeMap::new(),
        }
    }

    /// The period of objectives that do not have their own, as Prometheus writes it (`28d`, `4w`, `1d12h`).
    ///
    /// # Errors
    ///
    /// When it is no such length.
    pub fn period(mut self, period: &str) -> Result<Self, Error> {
        self.period_ms = go::parse_duration(period).ok_or_else(|| Repr::Window {
            seen: period.to_owned(),
            expected: "a length above zero such as `28d` or `4w`",
        })?;
        Ok(self)
    }

    /// Adds alert windows; they replace those for the same period.
    #[must_use]
    pub fn windows(mut self, windows: AlertWindows) -> Self {
        self.windows
            .retain(|other| other.period_ms != windows.period_ms);
        self.windows.push(windows);
        self
    }

    /// Alerts on Pyrra's windows ([`AlertWindows::pyrra`]), whatever the period.
    #[must_use]
    pub fn pyrra_windows(mut self) -> Self {
        self.is_pyrra = true;
        self
    }

    /// Makes no recording rules.
    #[must_use]
    pub fn without_recordings(mut self) -> Self {
        self.recordings = false;
        self
    }

    /// Makes no alerts.
    #[must_use]
    pub fn without_alerts(mut self) -> Self {
        self.alerts = false;
        self
    }

    /// Adds a label to every recording rule.
    #[must_use]
    pub fn extra_label(mut self, name: &str, value: &str) -> Self {
        self.extra_labels.insert(name.to_owned(), value.to_owned());
        self
    }

    fn windows_for(&self, period_ms: u64) -> Result<AlertWindows, String> {
        if self.is_pyrra {
            return Ok(AlertWindows::pyrra_for(period_ms));
        }
        let found = self
            .windows
            .iter()
            .find(|windows| windows.period_ms == period_ms);
        found.cloned().ok_or_else(|| {
            let known: Vec<String> = self
                .windows
                .iter()
                .map(|windows| format!("`{}`", go::duration(windows.period_ms)))
                .collect();
            format!(
                "no alert windows for a period of `{}`, expected one of {} or a catalogue of windows for it",
                go::duration(period_ms),
                known.join(", ")
            )
        })
    }
}

/// The rules of one document. `Display` writes the YAML that Prometheus, or its Kubernetes operator, reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleFile {
    /// The `PrometheusRule` that carries the groups, when the specification was a Kubernetes resource.
    pub resource: Option<RuleResource>,
    /// The groups, in order.
    pub groups: Vec<RuleGroup>,
}

/// The metadata of a `PrometheusRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleResource {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Rules that are evaluated together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleGroup {
    /// The name, unique in a file.
    pub name: String,
    /// How often the rules are evaluated, unless as often as everything else.
    pub interval: Option<String>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Whether it records or alerts.
    pub kind: RuleKind,
    /// The name of the metric or of the alert.
    pub name: String,
    /// The `PromQL`.
    pub expr: String,
    /// How long an alert has to hold before it fires (`for`).
    pub hold: Option<String>,
    /// The labels it adds.
    pub labels: BTreeMap<String, String>,
    /// The annotations of an alert.
    pub annotations: BTreeMap<String, String>,
}

/// What a [`Rule`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// It records a metric.
    Record,
    /// It alerts.
    Alert,
}

/// Makes Prometheus rules of Sloth specifications: recordings of the error ratio, of the budget and its burn, and
/// multi-window multi-burn alerts; the same rules as Sloth's.
///
/// The text may hold several documents: `version: prometheus/v1`, the Kubernetes form (`sloth.slok.dev/v1`) and `OpenSLO`
/// `openslo/v1alpha`. Each gives one [`RuleFile`]. Of Sloth's plugins those that come with it and change rules are built in
/// (`info_labels`, `rule_intervals`, `denominator_corrected_rules`, `remove_labels`, `alert_for`, `sli_total_amount`,
/// `error_budget_exhausted_alert`); any other is an error that names it.
///
/// # Errors
///
/// When anything is wrong: all mistakes, see [`Error::mistakes`].
///
/// # Examples
///
/// ```
/// use shape_slo::{RuleConfig, prometheus_rules};
///
/// let text = r#"
/// version: prometheus/v1
/// service: shop
/// slos:
///   - name: requests
///     objective: 99.9
///     sli:
///       events:
///         error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
///         total_query: sum(rate(http_requests_total[{{.window}}]))
///     alerting: { name: ShopErrors }
/// "#;
/// let files = prometheus_rules(text, &RuleConfig::new())?;
/// let group = &files[0].groups[0];
/// assert_eq!(group.name, "sloth-slo-sli-recordings-shop-requests");
/// assert_eq!(group.rules[0].name, "slo:sli_error:ratio_rate5m");
/// assert!(files[0].to_string().starts_with("groups:\n- name: sloth-slo-sli-recordings-shop-requests\n"));
///
/// let error = prometheus_rules("version: prometheus/v1\nslos: []\n", &RuleConfig::new()).unwrap_err();
/// assert_eq!(error.to_string(), "`service` is missing\n`slos` is empty: there is nothing to make rules of");
/// # Ok::<(), shape_slo::Error>(())
/// ```
pub fn prometheus_rules(text: &str, config: &RuleConfig) -> Result<Vec<RuleFile>, Error> {
    let mut mistakes = Vec::new();
    let services = spec::read(text, config, &mut mistakes);
    let mut files = Vec::new();
    for service in &services {
        let mut groups = Vec::new();
        for slo in &service.slos {
            match config.windows_for(slo.period_ms) {
                Ok(windows) => groups.extend(rules::groups(service, slo, &windows, config)),
                Err(message) => mistakes.push(overall(message)),
            }
        }
        files.push(RuleFile {
            resource: service.resource.clone(),
            groups,
        });
    }
    if mistakes.is_empty() {
        return Ok(files);
    }
    Err(Repr::Document(mistakes).into())
}

/// A mistake of which the message says the place.
fn overall(message: impl fmt::Display) -> Mistake {
    Mistake {
        line: None,
        column: None,
        message: message.to_string(),
    }
}
