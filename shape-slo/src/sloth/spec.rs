//! The three forms of specification, read into one.

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::checks::windowed;
use self::{
    checks::{wrong_entries, wrong_name, wrong_objective},
    document::{AlertSpec, Body, Document, Sli},
};
use super::{
    RuleConfig, RuleResource, go, overall,
    plugins::{Chain, Plan},
};
use crate::{Mistake, file::yaml_mistake};

mod checks;
mod document;

/// The objectives of a service, whatever form they came in.
pub(super) struct Service {
    pub(super) name: String,
    /// The version of the form.
    pub(super) form: &'static str,
    /// How Sloth calls making rules of it.
    pub(super) mode: &'static str,
    pub(super) resource: Option<RuleResource>,
    pub(super) slos: Vec<ServiceSlo>,
}

pub(super) struct ServiceSlo {
    pub(super) name: String,
    /// In percent.
    pub(super) objective: f64,
    pub(super) period_ms: u64,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) query: Query,
    pub(super) page: Option<AlertMeta>,
    pub(super) ticket: Option<AlertMeta>,
    pub(super) plan: Plan,
}

/// The `PromQL` of an error ratio; `{{.window}}` stands for the window.
pub(super) enum Query {
    Events { error: String, total: String },
    Raw(String),
}

pub(super) struct AlertMeta {
    pub(super) name: String,
    /// How long it has to hold, where the plan asks for it.
    pub(super) hold: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// Reads all documents; what is wrong is added to `mistakes`.
pub(super) fn read(text: &str, config: &RuleConfig, mistakes: &mut Vec<Mistake>) -> Vec<Service> {
    let documents: Vec<Option<Document>> = match serde_saphyr::from_multiple(text) {
        Ok(documents) => documents,
        Err(error) => {
            mistakes.push(yaml_mistake(&error));
            return Vec::new();
        }
    };
    let services: Vec<Service> = documents
        .into_iter()
        .flatten()
        .filter_map(|document| service(document, config, mistakes))
        .collect();
    if services.is_empty() && mistakes.is_empty() {
        mistakes.push(overall("no specification in the text"));
    }
    // In another document of the text the same name may stand: they make files of their own.
    for service in &services {
        let mut seen = BTreeSet::new();
        for slo in &service.slos {
            if !seen.insert(&slo.name) {
                mistakes.push(overall(format!(
                    "a second objective `{}` of service `{}`",
                    slo.name, service.name
                )));
            }
        }
    }
    services
}

fn service(
    document: Document,
    config: &RuleConfig,
    mistakes: &mut Vec<Mistake>,
) -> Option<Service> {
    let version = document.version.or(document.api_version);
    match (version.as_deref(), document.kind.as_deref()) {
        (Some("prometheus/v1"), _) => {
            let body = Body {
                service: document.service,
                labels: document.labels,
                slo_plugins: document.slo_plugins,
                slos: document.slos,
                ..Body::default()
            };
            Some(sloth(body, None, config, mistakes))
        }
        (Some("sloth.slok.dev/v1"), Some("PrometheusServiceLevel")) => {
            let mut labels = document.metadata.labels;
            for (name, value) in [
                ("app.kubernetes.io/component", "SLO"),
                ("app.kubernetes.io/managed-by", "sloth"),
            ] {
                labels
                    .entry(name.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
            let resource = RuleResource {
                name: document.metadata.name,
                namespace: document.metadata.namespace,
                labels,
                annotations: document.metadata.annotations,
            };
            let body = document.spec.unwrap_or_default();
            Some(sloth(body, Some(resource), config, mistakes))
        }
        (Some("openslo/v1alpha"), Some("SLO")) => {
            let body = document.spec.unwrap_or_default();
            Some(openslo(&document.metadata.name, &body, config, mistakes))
        }
        (version, kind) => {
            mistakes.push(overall(format!(
                "version `{}` and kind `{}`, expected `prometheus/v1`, `sloth.slok.dev/v1` with kind `PrometheusServiceLevel` or `openslo/v1alpha` with kind `SLO`",
                version.unwrap_or(""),
                kind.unwrap_or("")
            )));
            None
        }
    }
}

fn sloth(
    body: Body,
    resource: Option<RuleResource>,
    config: &RuleConfig,
    mistakes: &mut Vec<Mistake>,
) -> Service {
    let wrong_service = wrong_name("service", &body.service);
    mistakes.extend(wrong_service.map(overall));
    mistakes.extend(wrong_entries("labels", &body.labels).map(overall));
    if body.slos.is_empty() {
        mistakes.push(overall(
            "`slos` is empty: there is nothing to make rules of",
        ));
    }
    let mut slos = Vec::new();
    for (index, slo) in body.slos.into_iter().enumerate() {
        let mut wrong = |message: String| {
            mistakes.push(overall(format!("`slos[{index}]`: {message}")));
        };
        let plan = Plan::new([&body.slo_plugins, &slo.plugins]).map_err(&mut wrong);
        let query = query(slo.sli).map_err(&mut wrong);
        for message in [
            wrong_name("name", &slo.name),
            wrong_objective(slo.objective),
            wrong_entries("labels", &slo.labels),
        ] {
            message.into_iter().for_each(&mut wrong);
        }
        let alerting = slo.alerting;
        let (page, ticket) = if resource.is_some() {
            (alerting.kubernetes_page, alerting.kubernetes_ticket)
        } else {
            (alerting.page_alert, alerting.ticket_alert)
        };
        let is_quiet = page.disable && ticket.disable;
        if alerting.name.is_empty() && !is_quiet {
            wrong("`alerting.name` is missing, and alerts are not disabled".to_owned());
        }
        // Sloth reads it of its own form only.
        let has_hold = resource.is_none() && plan.as_ref().is_ok_and(|plan| plan.alert_for);
        for hold in [&page, &ticket]
            .into_iter()
            .filter_map(|spec| spec.hold.as_ref())
        {
            if go::parse_duration(hold).is_none() {
                wrong(format!("`for` is `{hold}`, expected a length such as `5m`"));
            }
        }
        let speaking = [(&page, "page"), (&ticket, "ticket")];
        for (spec, severity) in speaking.into_iter().filter(|(spec, _)| !spec.disable) {
            let labels = merged([&alerting.labels, &spec.labels]);
            let annotations = merged([&alerting.annotations, &spec.annotations]);
            for message in [
                wrong_entries("labels", &labels),
                wrong_entries("annotations", &annotations),
            ] {
                let message = message.map(|message| format!("the {severity} alert: {message}"));
                message.into_iter().for_each(&mut wrong);
            }
        }
        let alert = |spec: AlertSpec| {
            (!spec.disable).then(|| AlertMeta {
                name: alerting.name.clone(),
                hold: spec
                    .hold
                    .filter(|_| has_hold)
                    .and_then(|hold| go::parse_duration(&hold))
                    .map(go::duration),
                labels: merged([&alerting.labels, &spec.labels]),
                annotations: merged([&alerting.annotations, &spec.annotations]),
            })
        };
        let (page, ticket) = (alert(page), alert(ticket));
        let (Ok(plan), Ok(query)) = (plan, query) else {
            continue;
        };
        if plan.denominator_corrected && matches!(query, Query::Raw(_)) {
            wrong("the denominator can be corrected of `events` only".to_owned());
        }
        if plan.total_amount && matches!(query, Query::Raw(_)) {
            wrong("the total can be recorded of `events` only".to_owned());
        }
        slos.push(ServiceSlo {
            name: slo.name,
            objective: slo.objective,
            period_ms: config.period_ms,
            labels: merged([&body.labels, &slo.labels]),
            query,
            page,
            ticket,
            plan,
        });
    }
    let (form, mode) = match resource {
        Some(_) => ("sloth.slok.dev/v1", "cli-gen-k8s"),
        None => ("prometheus/v1", "cli-gen-prom"),
    };
    Service {
        name: body.service,
        form,
        mode,
        resource,
        slos,
    }
}

fn query(sli: Sli) -> Result<Query, String> {
    let checked = |name: &str, query: String| {
        windowed(&query, "5m").map_err(|message| format!("`{name}` {message}"))?;
        Ok::<_, String>(query)
    };
    match (sli.events, sli.raw, sli.plugin) {
        (Some(events), None, None) if events.error_query == events.total_query => Err(
            "`error_query` and `total_query` are the same, which makes everything an error"
                .to_owned(),
        ),
        (Some(events), None, None) => Ok(Query::Events {
            error: checked("error_query", events.error_query)?,
            total: checked("total_query", events.total_query)?,
        }),
        (None, Some(raw), None) => Ok(Query::Raw(checked(
            "error_ratio_query",
            raw.error_ratio_query,
        )?)),
        (None, None, Some(plugin)) => Err(format!(
            "the indicator is the Go plugin `{}`, which is not built in",
            plugin.id
        )),
        _ => Err("`sli` needs exactly one of `events` and `raw`".to_owned()),
    }
}

fn openslo(name: &str, body: &Body, config: &RuleConfig, mistakes: &mut Vec<Mistake>) -> Service {
    for message in [
        wrong_name("spec.service", &body.service),
        wrong_name("metadata.name", name),
    ] {
        mistakes.extend(message.map(overall));
    }
    let period_ms = match body.time_windows.as_slice() {
        [] => config.period_ms,
        [window] if window.unit.eq_ignore_ascii_case("day") && 0 < window.count => {
            window.count.saturating_mul(86_400_000)
        }
        _ => {
            mistakes.push(overall("`spec.timeWindows`: expected one window of days"));
            config.period_ms
        }
    };
    let mut slos = Vec::new();
    for (index, objective) in body.objectives.iter().enumerate() {
        let mut wrong = |message: String| {
            mistakes.push(overall(format!("`spec.objectives[{index}]`: {message}")));
        };
        let percent = objective.target.unwrap_or(0.0) * 100.0;
        wrong_objective(percent).into_iter().for_each(&mut wrong);
        let Some(metrics) = &objective.ratio_metrics else {
            wrong("`ratioMetrics` is missing".to_owned());
            continue;
        };
        for (side, metric) in [("good", &metrics.good), ("total", &metrics.total)] {
            if !matches!(metric.source.as_str(), "prometheus" | "sloth") {
                wrong(format!(
                    "`ratioMetrics.{side}.source` is `{}`, expected `prometheus`",
                    metric.source
                ));
            }
            if metric.query_type != "promql" {
                wrong(format!(
                    "`ratioMetrics.{side}.queryType` is `{}`, expected `promql`",
                    metric.query_type
                ));
            }
            if metric.query.trim().is_empty() {
                wrong(format!("`ratioMetrics.{side}.query` is missing"));
            }
        }
        let (good, total) = (&metrics.good.query, &metrics.total.query);
        let ratio = format!(
            "\n  1 - (\n    (\n      {good}\n    )\n    /\n    (\n      {total}\n    )\n  )\n"
        );
        // One of the two may do without a window: a constant, say.
        if let Err(message) = windowed(&ratio, "5m") {
            wrong(format!("`ratioMetrics` {message}"));
            continue;
        }
        let Ok(plan) = Plan::new([&Chain::default(), &Chain::default()]) else {
            continue;
        };
        slos.push(ServiceSlo {
            name: format!("{name}-{index}"),
            objective: percent,
            period_ms,
            labels: BTreeMap::new(),
            query: Query::Raw(ratio),
            page: None,
            ticket: None,
            plan,
        });
    }
    Service {
        name: body.service.clone(),
        form: "openslo/v1alpha",
        mode: "cli-gen-openslo",
        resource: None,
        slos,
    }
}

/// The maps in one; a later one wins.
pub(super) fn merged<'a>(
    maps: impl IntoIterator<Item = &'a BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for map in maps {
        all.extend(map.clone());
    }
    all
}
