//! The rules are those that Sloth makes. The comparison is skipped where Sloth's examples are not there.
#![cfg(feature = "yaml")]
#![expect(clippy::print_stdout, reason = "the score, and why there is none")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;
use shape_slo::{AlertWindows, RuleConfig, RuleFile, RuleKind, prometheus_rules};

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
    assert_eq!(last.labels["ratio"], "0.20");
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
    let error =
        prometheus_rules("version: prometheus/v1\nservice: [1]\n", &RuleConfig::new()).unwrap_err();
    assert_eq!(error.mistakes()[0].line, Some(2));
    assert!(prometheus_rules("", &RuleConfig::new()).is_err());
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
