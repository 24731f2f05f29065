//! The rules are those that Sloth makes. The comparison is skipped where Sloth's examples are not there.
#![cfg(feature = "yaml")]
#![expect(clippy::print_stdout, reason = "the score, and why there is none")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use serde_json::Value;
use shape_slo::{
    AlertWindows, RuleConfig, RuleFile, RuleKind, grafana_dashboard, prometheus_rules,
};

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/slo/sloth/examples")
}

/// A rule in a form that compares: group and place, kind and name, `PromQL` without white space, labels, annotations.
type Flat = (
    String,
    usize,
    String,
    String,
    BTreeMap<String, String>,
    BTreeMap<String, String>,
);

fn flat(text: &str) -> Vec<Flat> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).expect("rules are YAML");
    let map = |value: &Value| -> BTreeMap<String, String> {
        let entries = value.as_object().into_iter().flatten();
        entries
            .filter(|(name, _)| *name != "sloth_version")
            .map(|(name, value)| (name.clone(), value.as_str().expect("a string").to_owned()))
            .collect()
    };
    let mut rules = Vec::new();
    for document in &documents {
        let groups = document
            .get("groups")
            .or_else(|| document.pointer("/spec/groups"));
        let groups = groups.and_then(Value::as_array);
        for group in groups.into_iter().flatten() {
            let name = format!("{} {:?}", group["name"], group.get("interval"));
            for (index, rule) in group["rules"]
                .as_array()
                .expect("a list")
                .iter()
                .enumerate()
            {
                let expr: String = rule["expr"]
                    .as_str()
                    .expect("text")
                    .split_whitespace()
                    .collect();
                rules.push((
                    name.clone(),
                    index,
                    format!("{:?} {:?}", rule.get("record"), rule.get("alert")),
                    expr,
                    map(&rule["labels"]),
                    map(&rule["annotations"]),
                ));
            }
        }
    }
    rules
}

fn text(files: &[RuleFile]) -> String {
    let texts: Vec<String> = files.iter().map(ToString::to_string).collect();
    texts.join("---\n")
}

#[test]
fn rules_equal_those_of_sloth() {
    let folder = examples();
    if !folder.is_dir() {
        println!("skipped: no Sloth examples in {}", folder.display());
        return;
    }
    let config = RuleConfig::new().extra_label("cmd", "examplesgen.sh");
    let (mut same, mut all) = (0, 0);
    let mut names: Vec<PathBuf> = fs::read_dir(folder.join("_gen"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    for wanted in names {
        let name = wanted
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let spec = fs::read_to_string(folder.join(&name)).expect("a specification");
        let made = match prometheus_rules(&spec, &config) {
            Ok(files) => flat(&text(&files)),
            Err(error) if error.to_string().contains("Go plugin") => {
                println!("{name}: {error}");
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let wanted = flat(&fs::read_to_string(&wanted).expect("rules"));
        let equal = wanted.iter().filter(|rule| made.contains(rule)).count();
        println!("{name}: {equal} of {} rules equal", wanted.len());
        same += equal;
        all += wanted.len();
        assert_eq!(made, wanted, "{name}");
    }
    println!("{same} of {all} rules equal");
}

const SPEC: &str = "
version: prometheus/v1
service: shop
labels: { owner: us, tier: 2, ratio: 0.20 }
slos:
  - name: requests
    objective: 99.999
    sli:
      events:
        error_query: sum(rate(errors[{{ .window }}]))
        total_query: sum(rate(requests[{{.window}}]))
    alerting: { name: ShopErrors }
";

#[test]
fn other_periods_scale_the_factors() {
    let config = RuleConfig::new().period("28d").unwrap();
    let files = prometheus_rules(SPEC, &config).unwrap();
    let groups = &files[0].groups;
    let last = groups[0].rules.last().unwrap();
    assert_eq!(last.name, "slo:sli_error:ratio_rate4w");
    assert_eq!(last.labels["sloth_window"], "4w");
    assert_eq!(last.labels["tier"], "2");
    assert_eq!(last.labels["ratio"], "0.2");
    let page = &groups[2].rules[0];
    assert_eq!(page.kind, RuleKind::Alert);
    assert!(
        page.expr.contains("(13.44 * 1.0000000000047748e-05)"),
        "{}",
        page.expr
    );

    let error = prometheus_rules(SPEC, &RuleConfig::new().period("7d").unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no alert windows for a period of `1w`, expected one of `4w`, `30d` or a catalogue of windows for it"
    );
}

#[test]
fn catalogues_replace_windows() {
    let windows = AlertWindows::from_yaml(
        "kind: AlertWindows
spec:
  sloPeriod: 30d
  page:
    quick: { errorBudgetPercent: 1, shortWindow: 2m, longWindow: 30m }
    slow: { errorBudgetPercent: 2, shortWindow: 15m, longWindow: 3h }
  ticket:
    quick: { errorBudgetPercent: 5, shortWindow: 1h, longWindow: 12h }
    slow: { errorBudgetPercent: 5, shortWindow: 3h, longWindow: 36h }
",
    )
    .unwrap();
    let files = prometheus_rules(SPEC, &RuleConfig::new().windows(windows)).unwrap();
    let names: Vec<&str> = files[0].groups[0]
        .rules
        .iter()
        .map(|rule| &rule.name[24..])
        .collect();
    assert_eq!(
        names,
        ["2m", "15m", "30m", "1h", "3h", "12h", "1d12h", "30d"]
    );
}

#[test]
fn kinds_of_rules_can_be_left_out() {
    let names = |config: RuleConfig| -> Vec<String> {
        let files = prometheus_rules(SPEC, &config).unwrap();
        files[0]
            .groups
            .iter()
            .map(|group| group.name.clone())
            .collect()
    };
    assert_eq!(
        names(RuleConfig::new().without_recordings()),
        ["sloth-slo-alerts-shop-requests"]
    );
    assert_eq!(names(RuleConfig::new().without_alerts()).len(), 2);
    let none = RuleConfig::new().without_alerts().without_recordings();
    let files = prometheus_rules(SPEC, &none).unwrap();
    assert_eq!(files[0].to_string(), "groups: []\n");
}

#[test]
fn every_mistake_is_named() {
    let text = "
version: prometheus/v1
service: shop
slos:
  - objective: 101
    sli: { raw: { error_ratio_query: up } }
  - name: second
    objective: 99
    sli: { plugin: { id: availability } }
    alerting: { page_alert: { disable: true }, ticket_alert: { disable: true } }
";
    let error = prometheus_rules(text, &RuleConfig::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`slos[0]`: `error_ratio_query` has no `{{.window}}`
`slos[0]`: `name` is missing
`slos[0]`: an objective of `101` %, expected above 0 and at most 100
`slos[0]`: `alerting.name` is missing, and alerts are not disabled
`slos[1]`: the indicator is the Go plugin `availability`, which is not built in"
    );
    let of = |from: &str, to: &str| {
        assert!(SPEC.contains(from));
        let text = SPEC.replace(from, to);
        prometheus_rules(&text, &RuleConfig::new())
            .unwrap_err()
            .to_string()
    };
    for (from, to, message) in [
        (
            "service: shop",
            "service: my shop",
            "`service` is `my shop`, expected letters and digits, with `-`, `.` and `_` between them",
        ),
        (
            "name: requests",
            "name: requests-",
            "`slos[0]`: `name` is `requests-`, expected letters and digits, with `-`, `.` and `_` between them",
        ),
        (
            "tier: 2",
            "tier: ''",
            "`labels.tier` is empty, expected a text",
        ),
        (
            "tier: 2",
            "__name__: x",
            "`labels` has a name `__name__`, which none can have",
        ),
        (
            "name: ShopErrors",
            "name: E, page_alert: { annotations: { run: } }",
            "`slos[0]`: the page alert: `annotations.run` is empty, expected a text",
        ),
        (
            "sum(rate(errors[{{ .window }}]))",
            "sum(rate(requests[{{.window}}]))",
            "`slos[0]`: `error_query` and `total_query` are the same, which makes everything an error",
        ),
        (
            "slos:",
            "slo_plugins: { overridePrevious: true }\nslos:",
            "`slos[0]`: `overridePrevious` leaves no plugin that makes rules",
        ),
    ] {
        assert_eq!(of(from, to), message);
    }
    let error =
        prometheus_rules("version: prometheus/v1\nservice: [1]\n", &RuleConfig::new()).unwrap_err();
    assert_eq!(error.mistakes()[0].line, Some(2));
    assert!(prometheus_rules("", &RuleConfig::new()).is_err());
}

/// As `sigs.k8s.io/yaml` has it, which Sloth reads with.
#[test]
fn what_looks_like_a_number_is_written_as_go_writes_it() {
    let text = SPEC.replace(
        "tier: 2",
        "a: yes, b: 1.10, c: 0x10, d: 1e3, e: '1.10', f: 2024-01-01, 7: 8, g: 1234567.5, h: 12345678",
    );
    let files = prometheus_rules(&text, &RuleConfig::new()).unwrap();
    let labels = &files[0].groups[0].rules[0].labels;
    for (name, value) in [
        ("a", "true"),
        ("b", "1.1"),
        ("c", "16"),
        ("d", "1000"),
        ("e", "1.10"),
        ("f", "2024-01-01"),
        ("7", "8"),
        ("g", "1.2345675e+06"),
        ("h", "12345678"),
    ] {
        assert_eq!(labels[name], value, "{name}");
    }
}

#[test]
fn labels_and_annotations_of_every_level() {
    let text = SPEC
        .replace("    objective:", "    labels: { tier: own, sloth_slo: mine, sloth_window: w }\n    objective:")
        .replace(
            "name: ShopErrors",
            "name: E, labels: { a: all, b: all }, annotations: { title: T, r: all }, page_alert: { labels: { b: page, sloth_severity: p1 }, annotations: { r: page } }, ticket_alert: { disable: true }",
        );
    let config = RuleConfig::new().extra_label("tier", "extra");
    let files = prometheus_rules(&text, &config).unwrap();
    let groups = &files[0].groups;
    // The author's labels win over Sloth's, those of the command over the author's; matchers keep the real names.
    let recorded = &groups[0].rules[0];
    assert_eq!(recorded.labels["tier"], "extra");
    assert_eq!(recorded.labels["sloth_slo"], "mine");
    assert_eq!(recorded.labels["sloth_window"], "w");
    let period = groups[0].rules.last().unwrap();
    assert!(period.expr.contains("sloth_slo=\"requests\""));
    let [alert] = groups[2].rules.as_slice() else {
        panic!("one alert")
    };
    let labels: Vec<(&str, &str)> = alert
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        labels,
        [("a", "all"), ("b", "page"), ("sloth_severity", "p1")]
    );
    assert_eq!(alert.annotations["title"], "T");
    assert_eq!(alert.annotations["r"], "page");
    assert!(alert.annotations["summary"].contains("over expected"));
}

#[test]
fn documents_of_a_text_do_not_know_each_other() {
    let body = SPEC
        .trim_start()
        .trim_start_matches("version: prometheus/v1\n")
        .replace('\n', "\n  ");
    let resource = |namespace: &str| {
        format!(
            "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {{ name: x, namespace: {namespace}, labels: {{ app.kubernetes.io/component: mine }} }}\nspec:\n  {body}\n"
        )
    };
    let text = format!(
        "# two of them\n---\n{}---\n{}",
        resource("a"),
        resource("b")
    );
    let files = prometheus_rules(&text, &RuleConfig::new()).unwrap();
    let resource = |index: usize| files[index].resource.as_ref().unwrap();
    assert_eq!(resource(1).namespace.as_deref(), Some("b"));
    assert_eq!(resource(0).labels["app.kubernetes.io/component"], "mine");
    assert_eq!(resource(0).labels["app.kubernetes.io/managed-by"], "sloth");
    assert_eq!(files[0].groups, files[1].groups);
}

/// A period as long as one of the windows, and one that is no whole number of hours.
#[test]
fn periods_of_odd_length() {
    let catalogue = |period: &str| {
        let text = format!(
            "apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: {period}
  page: {{ quick: {{ errorBudgetPercent: 8, shortWindow: 5m, longWindow: 100m }}, slow: {{ errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h }} }}
  ticket: {{ quick: {{ errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d }}, slow: {{ errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d }} }}
"
        );
        let config = RuleConfig::new().windows(AlertWindows::from_yaml(&text).unwrap());
        let files = prometheus_rules(SPEC, &config.period(period).unwrap()).unwrap();
        files[0].groups.clone()
    };
    let groups = catalogue("3d");
    let of_period: Vec<&str> = groups[0]
        .rules
        .iter()
        .filter(|rule| rule.name.ends_with("rate3d"))
        .map(|rule| rule.expr.split('(').next().unwrap())
        .collect();
    assert_eq!(of_period, ["sum_over_time", "sum_over_time"]);
    // 8 * 72 / 100 / 1.6666666666666665; by the nearest float of 5/3 it would be 3.4559999999999995.
    assert!(
        groups[2].rules[0].expr.contains("> (3.456 * "),
        "{}",
        groups[2].rules[0].expr
    );
    let groups = catalogue("100m");
    let days = &groups[1].rules[2];
    assert_eq!(days.name, "slo:time_period:days");
    assert_eq!(
        days.expr,
        format!("vector({})", 1.666_666_666_666_666_5 / 24.0)
    );
}

#[test]
fn plugins_run_in_the_order_of_their_priority() {
    let labels = |chain: &str| {
        let text = SPEC.replace(
            "    alerting: ",
            &format!("    plugins: {{ {chain} }}\n    alerting: "),
        );
        let files = prometheus_rules(&text, &RuleConfig::new()).unwrap();
        files[0].groups[1]
            .rules
            .last()
            .unwrap()
            .labels
            .get("k")
            .cloned()
    };
    let info = |value: &str, priority: i32| {
        format!(
            "{{ id: sloth.dev/contrib/info_labels/v1, priority: {priority}, config: {{ labels: {{ k: {value} }} }} }}"
        )
    };
    let chain = |plugins: &[String]| format!("chain: [{}]", plugins.join(", "));
    assert_eq!(
        labels(&chain(&[info("x", 5), info("z", 1)])).as_deref(),
        Some("x")
    );
    // Before the rules are made there is nothing to add to.
    assert_eq!(labels(&chain(&[info("x", -1)])), None);
}

#[test]
fn the_spelling_of_the_other_form_is_read_over() {
    let labels = |text: &str| {
        let files = prometheus_rules(text, &RuleConfig::new()).unwrap();
        files[0].groups[2].rules[0].labels.clone()
    };
    let alert = "alerting: { name: E, page_alert: { labels: { a: snake } }, pageAlert: { labels: { a: camel } } }";
    let text = SPEC.replace("alerting: { name: ShopErrors }", alert);
    assert_eq!(labels(&text)["a"], "snake");
    let body = text
        .trim_start()
        .trim_start_matches("version: prometheus/v1\n")
        .replace('\n', "\n  ");
    let kubernetes = format!(
        "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {{ name: x }}\nspec:\n  {body}"
    );
    assert_eq!(labels(&kubernetes)["a"], "camel");
}

#[test]
fn plugins_are_built_in_or_named() {
    let with = |plugin: &str| {
        let chain = format!("plugins: {{ chain: [{{ {plugin} }}] }}\n    alerting: ");
        prometheus_rules(&SPEC.replace("alerting: ", &chain), &RuleConfig::new())
    };
    let id = |name: &str| format!("id: sloth.dev/{name}/v1");
    let files = with(&format!(
        "{}, config: {{ disableOptimized: true }}",
        id("core/sli_rules")
    ))
    .unwrap();
    let period = files[0].groups[0].rules.last().unwrap();
    assert_eq!(
        period.expr,
        "(sum(rate(errors[30d])))\n/\n(sum(rate(requests[30d])))\n"
    );
    let files = with(&format!(
        "{}, config: {{ interval: {{ default: 300s, alert: 1m }} }}",
        id("contrib/rule_intervals")
    ))
    .unwrap();
    let intervals: Vec<Option<&str>> = files[0]
        .groups
        .iter()
        .map(|group| group.interval.as_deref())
        .collect();
    assert_eq!(intervals, [Some("5m"), Some("5m"), Some("1m")]);
    let error = with(&id("contrib/rule_intervals")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`slos[0]`: plugin `sloth.dev/contrib/rule_intervals/v1` needs `interval.default`"
    );
    let error = with("id: shop.example/mine/v1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`slos[0]`: plugin `shop.example/mine/v1` is not built in"
    );
}

/// What the plugins that come with Sloth change, by the code of each.
#[test]
fn plugins_of_sloth_change_what_they_say() {
    let with = |plugin: &str, alerting: &str| {
        let chain = format!("plugins: {{ chain: [{{ {plugin} }}] }}\n    alerting: {alerting}");
        let text = SPEC.replace("alerting: { name: ShopErrors }", &chain);
        let config = RuleConfig::new().extra_label("cluster", "eu");
        prometheus_rules(&text, &config).unwrap().remove(0).groups
    };
    let id = |name: &str| format!("id: sloth.dev/contrib/{name}/v1");
    let name = "{ name: ShopErrors }";

    let groups = with(
        &format!(
            "{}, config: {{ preserveLabels: [tier] }}",
            id("remove_labels")
        ),
        name,
    );
    let labels = |group: usize, rule: usize| -> Vec<&str> {
        groups[group].rules[rule]
            .labels
            .keys()
            .map(String::as_str)
            .collect()
    };
    assert_eq!(
        labels(0, 0),
        [
            "sloth_id",
            "sloth_service",
            "sloth_slo",
            "sloth_window",
            "tier"
        ]
    );
    assert_eq!(
        labels(1, 0),
        ["sloth_id", "sloth_service", "sloth_slo", "tier"]
    );
    let info = groups[1].rules.last().unwrap();
    assert!(info.labels.contains_key("owner") && info.labels.contains_key("cluster"));

    let groups = with(&id("sli_total_amount"), name);
    assert_eq!(groups[3].name, "sloth-slo-sli-total-amount-shop-requests");
    let last = groups[3].rules.last().unwrap();
    assert_eq!(last.name, "slo:sli_total:amount30d");
    assert_eq!(last.expr, "sum(rate(requests[30d]))");
    assert!(!last.labels.contains_key("sloth_window"));

    let alerting = "{ name: ShopErrors, page_alert: { for: 90s }, ticket_alert: {} }";
    let groups = with(&id("alert_for"), alerting);
    let holds: Vec<Option<&str>> = groups[2]
        .rules
        .iter()
        .map(|rule| rule.hold.as_deref())
        .collect();
    assert_eq!(holds, [Some("1m30s"), None]);
    let groups = with(&id("remove_labels"), alerting);
    assert!(
        groups[2].rules.iter().all(|rule| rule.hold.is_none()),
        "only the plugin reads it"
    );

    let plugin = format!(
        "{}, config: {{ threshold: 0.25, alert_name: Spent, selector_labels: {{ env: live }}, alert_labels: {{ to: us }} }}",
        id("error_budget_exhausted_alert")
    );
    let groups = with(&plugin, name);
    let alert = groups[2].rules.last().unwrap();
    assert_eq!(
        (alert.name.as_str(), alert.hold.as_deref()),
        ("Spent", Some("5m"))
    );
    assert_eq!(
        alert.expr,
        r#"slo:period_error_budget_remaining:ratio{cluster="eu", env="live", owner="us", ratio="0.2", sloth_id="shop-requests", sloth_service="shop", sloth_slo="requests", tier="2"} <= 0.25"#
    );
    assert_eq!(
        alert.labels,
        BTreeMap::from([("to".to_owned(), "us".to_owned())])
    );
}

#[test]
fn windows_of_pyrra_alert_one_by_one() {
    let config = RuleConfig::new().period("14d").unwrap().pyrra_windows();
    let files = prometheus_rules(SPEC, &config).unwrap();
    let group = &files[0].groups[2];
    let alerts: Vec<(&str, &str)> = group
        .rules
        .iter()
        .map(|rule| {
            (
                rule.labels["sloth_severity"].as_str(),
                rule.hold.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        alerts,
        [
            ("page", "1m"),
            ("page", "8m"),
            ("ticket", "30m"),
            ("ticket", "1h30m")
        ]
    );
    assert_eq!(group.rules[1].labels["long"], "3h");
    assert!(
        group.rules[1].expr.contains("ratio_rate3h{") && group.rules[1].expr.contains("> (7 * ")
    );
    assert!(files[0].to_string().contains("    for: \"1h30m\"\n"));
}

#[test]
fn openslo_is_read_as_sloth_reads_it() {
    let spec = |unit: &str, kind: &str| {
        format!(
            "apiVersion: openslo/v1alpha
kind: SLO
metadata: {{ name: web }}
spec:
  service: shop
  objectives:
    - target: 0.999
      ratioMetrics:
        good: {{ source: prometheus, queryType: {kind}, query: 'good[{{{{.window}}}}]' }}
        total: {{ source: prometheus, queryType: promql, query: 'all[{{{{.window}}}}]' }}
  timeWindows: [{{ count: 28, unit: {unit} }}]
"
        )
    };
    let files = prometheus_rules(&spec("day", "promql"), &RuleConfig::new()).unwrap();
    let names: Vec<&str> = files[0]
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "sloth-slo-sli-recordings-shop-web-0",
            "sloth-slo-meta-recordings-shop-web-0"
        ]
    );
    for (text, message) in [
        (
            spec("Week", "promql"),
            "`spec.timeWindows`: expected one window of days",
        ),
        (
            spec("Day", "sql"),
            "`spec.objectives[0]`: `ratioMetrics.good.queryType` is `sql`, expected `promql`",
        ),
    ] {
        let error = prometheus_rules(&text, &RuleConfig::new()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// Prometheus itself reads what we write.
#[test]
fn rules_pass_promtool() {
    let mut texts = Vec::new();
    let pyrra = RuleConfig::new().pyrra_windows();
    for config in [RuleConfig::new(), pyrra] {
        texts.push(prometheus_rules(SPEC, &config).unwrap());
    }
    if let Ok(entries) = fs::read_dir(examples()) {
        let paths = entries.map(|entry| entry.unwrap().path());
        // Functions of another engine are not Prometheus'.
        let texts_of = paths
            .filter(|path| path.is_file())
            .filter_map(|path| fs::read_to_string(path).ok())
            .filter(|text| !text.contains("victoria"));
        texts.extend(texts_of.filter_map(|text| prometheus_rules(&text, &RuleConfig::new()).ok()));
    }
    // Version 2 knows no label with a dash in its name.
    let is_name = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    texts.retain(|files| {
        let mut rules = files
            .iter()
            .flat_map(|file| &file.groups)
            .flat_map(|group| &group.rules);
        rules.all(|rule| rule.labels.keys().all(is_name))
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("promtool");
    command.args(["check", "rules"]);
    let mut count = 0;
    for mut file in texts.into_iter().flatten() {
        // The operator of Kubernetes takes the groups out.
        file.resource = None;
        let path = folder.path().join(format!("{count}.yml"));
        fs::write(&path, file.to_string()).unwrap();
        command.arg(path);
        count += 1;
    }
    let Ok(output) = command.output() else {
        println!("skipped: no promtool");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    println!("promtool read {count} files");
}

#[test]
fn a_dashboard_shows_every_objective() {
    let two = SPEC.to_owned()
        + "  - name: second
    objective: 99
    sli: { raw: { error_ratio_query: 'sum(rate(a[{{.window}}]))' } }
    alerting: { page_alert: { disable: true }, ticket_alert: { disable: true } }
";
    let rules = prometheus_rules(&two, &RuleConfig::new()).unwrap();
    let text = grafana_dashboard("Shop", &rules);
    assert_eq!(text, grafana_dashboard("Shop", &rules));
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let uid = dashboard["uid"].as_str().unwrap();
    assert!(uid.len() <= 40 && uid.starts_with("slo-"), "{uid}");
    assert_ne!(
        uid,
        serde_json::from_str::<Value>(&grafana_dashboard("Other", &rules)).unwrap()["uid"]
    );
    let recorded: BTreeSet<&str> = rules[0]
        .groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| rule.kind == RuleKind::Record)
        .map(|rule| rule.name.as_str())
        .collect();
    let panels = dashboard["panels"].as_array().unwrap();
    let titles: Vec<&str> = panels
        .iter()
        .filter(|panel| panel["type"] == "row")
        .map(|panel| panel["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["shop / requests", "shop / second"]);
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        let at = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(
                    x < 24 && taken.insert((x, y)),
                    "{} overlaps",
                    panel["title"]
                );
            }
        }
        let targets = panel["targets"].as_array().into_iter().flatten();
        for target in targets {
            // Every query asks for a metric that the rules record, of one objective.
            let query = target["expr"].as_str().unwrap().trim_start_matches("1 - ");
            let (metric, filter) = query.split_once('{').unwrap();
            assert!(recorded.contains(metric), "{metric}");
            assert!(filter.starts_with("sloth_id=\"shop-"), "{filter}");
            assert_eq!(target["datasource"]["uid"], "${datasource}");
        }
    }
    assert_eq!(panels.len(), 14);
    let empty = grafana_dashboard("None", &[]);
    let empty: Value = serde_json::from_str(&empty).unwrap();
    assert_eq!(empty["panels"].as_array().map(Vec::len), Some(0));
}
