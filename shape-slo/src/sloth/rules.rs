//! The rules of one objective.

use std::collections::BTreeMap;

use super::{
    AlertWindows, Rule, RuleConfig, RuleGroup, RuleKind,
    alert_windows::WindowPair,
    go,
    plugins::ExhaustedAlert,
    spec::{AlertMeta, Query, Service, ServiceSlo, merged, windowed},
};

/// What all rules of an objective share.
struct Objective<'a> {
    service: &'a Service,
    slo: &'a ServiceSlo,
    windows: &'a AlertWindows,
    /// `service-slo`.
    id: String,
    /// The matchers that find the objective's own recordings.
    filter: String,
    /// The labels of its recordings.
    labels: BTreeMap<String, String>,
}

pub(super) fn groups(
    service: &Service,
    slo: &ServiceSlo,
    windows: &AlertWindows,
    config: &RuleConfig,
) -> Vec<RuleGroup> {
    let id = format!("{}-{}", service.name, slo.name);
    let own = labels([
        ("sloth_id", id.as_str()),
        ("sloth_service", &service.name),
        ("sloth_slo", &slo.name),
    ]);
    let objective = Objective {
        service,
        slo,
        windows,
        filter: matchers(&own),
        labels: merged([&own, &slo.labels, &config.extra_labels]),
        id,
    };
    let plan = &slo.plan;
    let mut groups = Vec::new();
    let mut add = |name: &str, interval: &Option<String>, rules: Vec<Rule>| {
        if !rules.is_empty() {
            groups.push(RuleGroup {
                name: format!("sloth-slo-{name}-{}", objective.id),
                interval: interval.clone(),
                rules,
            });
        }
    };
    if config.recordings {
        if plan.sli {
            let mut rules = objective.indicator();
            objective.take_labels(&mut rules, &["sloth_window"]);
            add("sli-recordings", &plan.sli_interval, rules);
        }
        let mut metadata = Vec::new();
        if plan.metadata {
            metadata.extend(objective.metadata());
        }
        if plan.denominator_corrected {
            metadata.extend(objective.corrections());
        }
        objective.take_labels(&mut metadata, &[]);
        add("meta-recordings", &plan.metadata_interval, metadata);
    }
    if config.alerts && plan.alerts {
        let pairs = [
            ("page", &slo.page, windows.page),
            ("ticket", &slo.ticket, windows.ticket),
        ];
        let mut alerts: Vec<Rule> = Vec::new();
        for (severity, meta, pairs) in pairs {
            let Some(meta) = meta else { continue };
            let pairs = [pairs.quick, pairs.slow];
            // Alerts that hold for different times can not be one.
            if pairs[0].hold_ms == pairs[1].hold_ms {
                alerts.push(objective.alert(severity, meta, &pairs));
            } else {
                let each = pairs.iter();
                alerts.extend(each.map(|pair| objective.alert(severity, meta, &[*pair])));
            }
        }
        alerts.extend(
            plan.exhausted
                .iter()
                .map(|alert| objective.exhausted(alert)),
        );
        add("alerts", &plan.alert_interval, alerts);
    }
    if config.recordings && plan.total_amount {
        add("sli-total-amount", &None, objective.totals());
    }
    groups
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Labels as Prometheus writes them: `{a="b", c="d"}`.
fn matchers(labels: &BTreeMap<String, String>) -> String {
    let each = labels.iter();
    let each: Vec<String> = each
        .map(|(name, value)| format!("{name}={}", serde_json::Value::from(value.as_str())))
        .collect();
    format!("{{{}}}", each.join(", "))
}

fn error_ratio(ms: u64) -> String {
    format!("slo:sli_error:ratio_rate{}", go::duration(ms))
}

/// Reading the specification has tried every query once, with another window.
fn filled(query: &str, window: &str) -> String {
    windowed(query, window).expect("invariant: queries were checked when they were read")
}

impl Objective<'_> {
    fn record(&self, name: impl Into<String>, expr: String, more: [(&str, &str); 1]) -> Rule {
        let more = if more[0].0.is_empty() {
            BTreeMap::new()
        } else {
            labels(more)
        };
        Rule {
            kind: RuleKind::Record,
            name: name.into(),
            expr,
            hold: None,
            // What the author of a specification writes wins over what is added.
            labels: merged([&more, &self.labels]),
            annotations: BTreeMap::new(),
        }
    }

    fn plain(&self, name: &str, expr: String) -> Rule {
        self.record(name, expr, [("", "")])
    }

    /// The error ratio over every window, and over the period as the mean of the shortest.
    fn indicator(&self) -> Vec<Rule> {
        let filter = &self.filter;
        let period = go::duration(self.slo.period_ms);
        let short = error_ratio(self.windows.page.quick.short_ms);
        let mean = format!(
            "sum_over_time({short}{filter}[{period}])\n/ ignoring (sloth_window)\ncount_over_time({short}{filter}[{period}])\n"
        );
        let whole = if self.slo.plan.optimized {
            mean
        } else {
            self.plain_ratio(&period)
        };
        // A window as long as the period is there twice, as Sloth has it.
        let lengths = self.windows.lengths().into_iter();
        lengths
            .chain([self.slo.period_ms])
            .map(|ms| {
                let window = go::duration(ms);
                let expr = if ms == self.slo.period_ms {
                    whole.clone()
                } else {
                    self.ratio(&window)
                };
                self.record(error_ratio(ms), expr, [("sloth_window", &window)])
            })
            .collect()
    }

    fn ratio(&self, window: &str) -> String {
        match &self.slo.query {
            Query::Events { error, total } if self.slo.plan.denominator_corrected => {
                let (error, total) = (filled(error, window), filled(total, window));
                let filter = &self.filter;
                format!(
                    "(\nslo:numerator_correction:ratio{window}{filter}\n* on()\n{error}\n)\n/\n({total})\n"
                )
            }
            _ => self.plain_ratio(window),
        }
    }

    fn plain_ratio(&self, window: &str) -> String {
        match &self.slo.query {
            Query::Raw(query) => format!("({})", filled(query, window)),
            Query::Events { error, total } => {
                let (error, total) = (filled(error, window), filled(total, window));
                format!("({error})\n/\n({total})\n")
            }
        }
    }

    /// How much busier a window is than the period.
    fn corrections(&self) -> Vec<Rule> {
        let Query::Events { total, .. } = &self.slo.query else {
            return Vec::new();
        };
        let over_period = filled(total, &go::duration(self.slo.period_ms));
        let correction = |ms: u64| {
            let window = go::duration(ms);
            let expr = format!("({})/({over_period})", filled(total, &window));
            self.plain(&format!("slo:numerator_correction:ratio{window}"), expr)
        };
        self.windows.lengths().into_iter().map(correction).collect()
    }

    fn metadata(&self) -> Vec<Rule> {
        let filter = &self.filter;
        let objective = go::float(self.slo.objective / 100.0);
        let days = go::float(go::hours(self.slo.period_ms) / 24.0);
        let burn = |ms: u64| {
            format!(
                "{}{filter}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{filter}\n",
                error_ratio(ms)
            )
        };
        let mut info = self.plain("sloth_slo_info", "vector(1)".to_owned());
        info.labels.extend(labels([
            ("sloth_mode", self.service.mode),
            ("sloth_objective", &self.slo.objective.to_string()),
            ("sloth_spec", self.service.form),
            (
                "sloth_version",
                concat!("shape-slo-", env!("CARGO_PKG_VERSION")),
            ),
        ]));
        let mut rules = vec![
            self.plain("slo:objective:ratio", format!("vector({objective})")),
            self.plain("slo:error_budget:ratio", format!("vector(1-{objective})")),
            self.plain("slo:time_period:days", format!("vector({days})")),
            self.plain(
                "slo:current_burn_rate:ratio",
                burn(self.windows.page.quick.short_ms),
            ),
            self.plain("slo:period_burn_rate:ratio", burn(self.slo.period_ms)),
            self.plain(
                "slo:period_error_budget_remaining:ratio",
                format!("1 - slo:period_burn_rate:ratio{filter}"),
            ),
            info,
        ];
        for (metric, labels) in &self.slo.plan.info_labels {
            if let Some(rule) = rules.iter_mut().find(|rule| rule.name == *metric) {
                rule.labels.extend(labels.clone());
            }
        }
        rules
    }

    /// Takes labels off recordings, where a plugin asks for it.
    fn take_labels(&self, rules: &mut [Rule], kept: &[&str]) {
        let Some(fewer) = &self.slo.plan.fewer_labels else {
            return;
        };
        let own = ["sloth_id", "sloth_service", "sloth_slo"];
        let skipped =
            |rule: &Rule| rule.name == "sloth_slo_info" || fewer.skip_metrics.contains(&rule.name);
        for rule in rules.iter_mut().filter(|rule| !skipped(rule)) {
            rule.labels.retain(|name, _| {
                let name = name.as_str();
                own.contains(&name)
                    || kept.contains(&name)
                    || fewer.preserve_labels.iter().any(|label| label == name)
            });
        }
    }

    /// The total of events over every window, and over the period.
    fn totals(&self) -> Vec<Rule> {
        let Query::Events { total, .. } = &self.slo.query else {
            return Vec::new();
        };
        let windows = self.windows.lengths().into_iter();
        windows
            .chain([self.slo.period_ms])
            .map(|ms| {
                let window = go::duration(ms);
                let name = format!("slo:sli_total:amount{window}");
                self.plain(&name, filled(total, &window))
            })
            .collect()
    }

    fn exhausted(&self, alert: &ExhaustedAlert) -> Rule {
        let selector = matchers(&merged([&self.labels, &alert.selector]));
        Rule {
            kind: RuleKind::Alert,
            name: alert.name.clone(),
            expr: format!(
                "slo:period_error_budget_remaining:ratio{selector} <= {}",
                alert.threshold
            ),
            hold: Some(alert.hold.clone()),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
        }
    }

    /// An alert on one pair of windows, or on either of two.
    fn alert(&self, severity: &str, meta: &AlertMeta, pairs: &[WindowPair]) -> Rule {
        let budget = go::float((100.0 - self.slo.objective) / 100.0);
        let burns = pairs.iter().map(|pair| {
            let factor = go::float(pair.factor(self.slo.period_ms));
            let over = |ms: u64| {
                format!(
                    "    max({}{} > ({factor} * {budget})) without (sloth_window)\n",
                    error_ratio(ms),
                    self.filter
                )
            };
            format!(
                "(\n{}    and\n{})\n",
                over(pair.short_ms),
                over(pair.long_ms)
            )
        });
        let burns: Vec<String> = burns.collect();
        let hold = pairs.first().and_then(|pair| pair.hold_ms);
        let mut severity_labels = labels([("sloth_severity", severity)]);
        if let [pair] = pairs {
            // Two alerts of a name and a severity are told apart as Pyrra does.
            severity_labels.extend(labels([
                ("long", &go::duration(pair.long_ms)),
                ("short", &go::duration(pair.short_ms)),
            ]));
        }
        let own = labels([
            (
                "title",
                &format!(
                    "({severity}) {{{{$labels.sloth_service}}}} {{{{$labels.sloth_slo}}}} SLO error budget burn rate is too fast."
                ),
            ),
            (
                "summary",
                "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.",
            ),
        ]);
        Rule {
            kind: RuleKind::Alert,
            name: meta.name.clone(),
            expr: burns.join("or\n"),
            hold: meta.hold.clone().or(hold.map(go::duration)),
            labels: merged([&severity_labels, &meta.labels]),
            annotations: merged([&own, &meta.annotations]),
        }
    }
}
