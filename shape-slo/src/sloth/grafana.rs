//! A Grafana dashboard over the metrics that the rules record.

use serde_json::{Value, json};

use super::{Rule, RuleFile, RuleKind};

/// An objective as the dashboard shows it.
struct Shown {
    service: String,
    name: String,
    /// The matchers of its recordings.
    filter: String,
    /// The window of the period, as in the name of its recording.
    period: String,
    /// The metrics of the error ratio, from the shortest window to the longest.
    ratios: Vec<(String, String)>,
}

/// Makes a Grafana dashboard (JSON, schema version 39) of the objectives that rules were made of: for each one what it is
/// now against its target, what is left of its budget, how fast that burns, and the error ratio over every window.
///
/// The data source is a variable of the dashboard. The `uid` is a fingerprint of the objectives, so that importing the
/// dashboard again replaces it. Rules without recordings give a dashboard without panels.
///
/// ```
/// use shape_slo::{RuleConfig, grafana_dashboard, prometheus_rules};
///
/// let text = "
/// version: prometheus/v1
/// service: shop
/// slos:
///   - name: requests
///     objective: 99.9
///     sli: { raw: { error_ratio_query: 'sum(rate(a[{{.window}}]))' } }
///     alerting: { page_alert: { disable: true }, ticket_alert: { disable: true } }
/// ";
/// let rules = prometheus_rules(text, &RuleConfig::new())?;
/// let dashboard = grafana_dashboard("Shop", &rules);
/// assert!(dashboard.contains("\"title\": \"shop / requests\""));
/// # Ok::<(), shape_slo::Error>(())
/// ```
pub fn grafana_dashboard(title: &str, files: &[RuleFile]) -> String {
    let shown = shown(files);
    let mut panels = Vec::new();
    for (index, objective) in (0..).zip(&shown) {
        objective.panels(index * ROWS, &mut panels);
    }
    let names = shown.iter().map(|objective| &objective.filter);
    let dashboard = json!({
        "uid": uid(title, names),
        "title": title,
        "tags": ["slo"],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "timezone": "browser",
        "refresh": "1m",
        "time": { "from": "now-7d", "to": "now" },
        "templating": { "list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
        }] },
        "annotations": { "list": [] },
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

/// The objectives, in the order of their rules.
fn shown(files: &[RuleFile]) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let rules = files
        .iter()
        .flat_map(|file| &file.groups)
        .flat_map(|group| &group.rules);
    for rule in rules.filter(|rule| rule.kind == RuleKind::Record) {
        let (Some(window), Some(metric)) = (rule.labels.get("sloth_window"), ratio(rule)) else {
            continue;
        };
        let label = |name: &str| rule.labels.get(name).cloned().unwrap_or_default();
        let own = ["sloth_id", "sloth_service", "sloth_slo"];
        let matchers = own.map(|name| format!("{name}={}", Value::from(label(name))));
        let filter = format!("{{{}}}", matchers.join(", "));
        let index = shown.iter().position(|known| known.filter == filter);
        let index = index.unwrap_or_else(|| {
            shown.push(Shown {
                service: label("sloth_service"),
                name: label("sloth_slo"),
                filter,
                period: String::new(),
                ratios: Vec::new(),
            });
            shown.len() - 1
        });
        // The period comes last.
        shown[index].period.clone_from(window);
        shown[index]
            .ratios
            .push((window.clone(), metric.to_owned()));
    }
    shown
}

fn ratio(rule: &Rule) -> Option<&str> {
    let is_ratio = rule.name.starts_with("slo:sli_error:ratio_rate");
    is_ratio.then_some(rule.name.as_str())
}

/// A fingerprint (FNV-1a, 64 bits) of the title and the objectives.
fn uid<'a>(title: &'a str, names: impl Iterator<Item = &'a String>) -> String {
    let texts = [title].into_iter().chain(names.map(String::as_str));
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in texts.flat_map(|text| text.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    format!("slo-{hash:016x}")
}

/// A figure or a chart.
struct Panel<'a> {
    title: String,
    unit: &'static str,
    /// From which values on it has which colour; none for a chart.
    colours: Option<Value>,
    /// Where in its objective's rows, and how large; the grid is 24 wide.
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    /// Legends and expressions.
    queries: Vec<(&'a str, String)>,
}

/// The rows of an objective: its title, and eight below it.
const ROWS: u32 = 9;

impl Shown {
    /// The title and the panels of an objective.
    fn panels(&self, top: u32, panels: &mut Vec<Value>) {
        let id = panels.len() + 1;
        panels.push(json!({
            "id": id,
            "type": "row",
            "title": format!("{} / {}", self.service, self.name),
            "collapsed": false,
            "gridPos": { "x": 0, "y": top, "w": 24, "h": 1 },
            "panels": [],
        }));
        for panel in self.figures().into_iter().chain(self.charts()) {
            let id = panels.len() + 1;
            panels.push(panel.json(id, top + 1));
        }
    }

    fn of(&self, metric: &str) -> String {
        format!("{metric}{}", self.filter)
    }

    fn figures(&self) -> [Panel<'_>; 4] {
        let period = self.of(&format!("slo:sli_error:ratio_rate{}", self.period));
        let plain = json!([{ "color": "blue", "value": null }]);
        let budget = json!([
            { "color": "red", "value": null },
            { "color": "orange", "value": 0.0001 },
            { "color": "green", "value": 0.25 },
        ]);
        let burn = json!([
            { "color": "green", "value": null },
            { "color": "orange", "value": 1 },
            { "color": "red", "value": 6 },
        ]);
        let figure = |title: String, unit, colours: &Value, x, y, query: String| Panel {
            title,
            unit,
            colours: Some(colours.clone()),
            x,
            y,
            width: 4,
            height: 4,
            queries: vec![("", query)],
        };
        let good = format!("Good events over {}", self.period);
        let objective = self.of("slo:objective:ratio");
        let left = self.of("slo:period_error_budget_remaining:ratio");
        let now = self.of("slo:current_burn_rate:ratio");
        let text = str::to_owned;
        [
            figure(good, "percentunit", &plain, 0, 0, format!("1 - {period}")),
            figure(text("Objective"), "percentunit", &plain, 4, 0, objective),
            figure(text("Budget left"), "percentunit", &budget, 0, 4, left),
            figure(text("Burn rate now"), "none", &burn, 4, 4, now),
        ]
    }

    fn charts(&self) -> [Panel<'_>; 2] {
        let chart = |title: &str, unit, x, queries| Panel {
            title: title.to_owned(),
            unit,
            colours: None,
            x,
            y: 0,
            width: 8,
            height: 8,
            queries,
        };
        let burn = vec![
            ("now", self.of("slo:current_burn_rate:ratio")),
            ("period", self.of("slo:period_burn_rate:ratio")),
            (
                "budget left",
                self.of("slo:period_error_budget_remaining:ratio"),
            ),
        ];
        let ratios = self.ratios.iter();
        let ratios = ratios
            .map(|(window, metric)| (window.as_str(), self.of(metric)))
            .collect();
        [
            chart("Burn rate and budget left", "none", 8, burn),
            chart("Error ratio by window", "percentunit", 16, ratios),
        ]
    }
}

impl Panel<'_> {
    fn json(&self, id: usize, top: u32) -> Value {
        let source = json!({ "type": "prometheus", "uid": "${datasource}" });
        let targets: Vec<Value> = ('A'..='Z')
            .zip(&self.queries)
            .map(|(reference, (legend, expression))| {
                json!({
                    "refId": reference,
                    "expr": expression,
                    "legendFormat": legend,
                    "datasource": source,
                })
            })
            .collect();
        let mut defaults = json!({ "unit": self.unit, "decimals": 3, "noValue": "no data" });
        let (kind, options) = match &self.colours {
            Some(steps) => {
                defaults["thresholds"] = json!({ "mode": "absolute", "steps": steps });
                let reduce = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
                let options =
                    json!({ "reduceOptions": reduce, "colorMode": "value", "graphMode": "none" });
                ("stat", options)
            }
            None => (
                "timeseries",
                json!({ "tooltip": { "mode": "multi", "sort": "desc" } }),
            ),
        };
        json!({
            "id": id,
            "type": kind,
            "title": self.title,
            "datasource": source,
            "gridPos": { "x": self.x, "y": top + self.y, "w": self.width, "h": self.height },
            "fieldConfig": { "defaults": defaults, "overrides": [] },
            "options": options,
            "targets": targets,
        })
    }
}
