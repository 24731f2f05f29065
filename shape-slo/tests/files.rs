//! Files of objectives: what is read, and what a mistake says.
#![cfg(feature = "yaml")]

use std::time::Duration;

use proptest::prelude::*;
use shape_sli::Indicator;
use shape_slo::{
    BudgetingMethod, CalendarUnit, ErrorKind, OpenSloVersion, Slo, SloId, SloSet, Target, Window,
    validate_openslo,
};
use shape_telemetry::ComponentId;

fn read(text: &str) -> Result<SloSet, String> {
    let at = "2026-11-24T08:00:00Z".parse().unwrap();
    SloSet::from_yaml(text, "slo.yaml", at).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Document);
        assert!(!error.mistakes().is_empty());
        error.to_string()
    })
}

#[test]
fn the_native_form() {
    let set = read(
        "service: studio
window: 7d
slos:
  - {component: canvas, indicator: availability, target: 0.999}
  - component: canvas
    id: slow canvas
    indicator: latency
    limit: 1.5s
    target: 99.5%
    window: calendar month
    method: timeslices
    slice: 5m
    slice_target: 95%
    min_events: 12
  - component: library
    indicator: latency
    limit: 100ms
    target: 100%
    method: ratio_timeslices
    slice: 30s
",
    )
    .unwrap();
    assert_eq!(set.service, "studio");
    let [canvas, library, slow] = set.slos.as_slice() else {
        panic!("{set:#?}");
    };
    assert_eq!(canvas.id.as_str(), "canvas/availability");
    assert_eq!(canvas.window, Window::rolling_days(7));
    assert_eq!(canvas.min_events, 1_000);
    assert!(canvas.is_ratified());
    assert_eq!(slow.id.as_str(), "slow canvas");
    assert_eq!(slow.indicator.limit(), Some(Duration::from_millis(1_500)));
    assert_eq!(slow.min_events, 12);
    assert_eq!(
        slow.window,
        Window::Calendar {
            unit: CalendarUnit::Month,
            time_zone: "UTC".to_owned()
        }
    );
    assert_eq!(
        slow.method,
        BudgetingMethod::Timeslices {
            slice_seconds: 300,
            slice_target: "95%".parse().unwrap()
        }
    );
    assert_eq!(
        library.method,
        BudgetingMethod::RatioTimeslices { slice_seconds: 30 }
    );
    assert_eq!(library.min_events, 1);
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(read(text).unwrap_err(), expected, "for\n{text}");
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    refused("", "the file is empty, expected `service` and `slos`");
    refused(
        "# nothing\n",
        "the file is empty, expected `service` and `slos`",
    );
    refused("service: studio\n", "line 1, column 1: `slos` is missing");
    refused(
        "- a\n",
        "line 1, column 1: the file is a list, expected a map",
    );
    refused(
        "service:\nslos: 3\n",
        "line 1, column 8: service is empty\nline 2, column 7: `slos` is `3`, expected a list",
    );
    refused(
        "service: s\nwindows: 28d\nslos: []\n",
        "line 2, column 1: unknown field `windows`: did you mean `window`?",
    );
    refused(
        "service: s
slos:
  - component: canvas
    indicator: availability
    target: 99.9
  - component: canvas
    indicator: latency
    limit: 100
    target: 99,5%
    window: 28
    min_events: many
    objectives: 1
",
        "line 5, column 13: target `99.9`, expected a percentage such as `99.9%` or a ratio such as `0.999`
line 8, column 12: limit `100`, expected a length of time above zero such as `100ms` or `1.5s`
line 9, column 13: target `99,5%`, expected a percentage such as `99.9%` or a ratio such as `0.999`
line 10, column 13: window `28`, expected a length such as `28d` (units w, d, h, m, s), or `calendar day|week|month|quarter|year` and a time zone
line 11, column 17: min_events `many`, expected a whole number
line 12, column 5: unknown field `objectives`, expected one of `id`, `component`, `indicator`, `limit`, `per_hour`, `target`, `window`, `method`, `slice`, `slice_target`, `min_events`",
    );
    refused(
        "service: s
slos:
  - {component: a, indicator: availability, limit: 1s, target: 99%}
  - {component: a, indicator: latency, target: 99%}
  - {component: a, indicator: availability, target: 99%, method: timeslice}
  - {component: a, indicator: availability, target: 99%, method: timeslices}
  - {component: a, indicator: availability, target: 99%, slice: 1m}
  - {component: a, indicator: availability, target: 99%}
  - {component: a, indicator: availability, target: 98%}
",
        "line 3, column 52: `limit` belongs to `latency`, `freshness` and `saturation`
line 4, column 5: `limit` is missing
line 5, column 66: method `timeslice`, expected one of `occurrences`, `timeslices`, `ratio_timeslices`: did you mean `timeslices`?
line 6, column 5: `slice` is missing
line 6, column 5: `slice_target` is missing
line 7, column 65: `slice` belongs to `method: timeslices`
line 8, column 5: a second objective `a/availability`: give one of them another `id`
line 9, column 5: a second objective `a/availability`: give one of them another `id`",
    );
}

#[test]
fn what_is_no_yaml_says_where() {
    for (text, place) in [
        ("service: [1, 2\n", "line "),
        ("a: b: c\n", "line 1"),
        ("service: s\nservice: t\nslos: []\n", "line 2"),
        ("service: \"unterminated\n", "line "),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains("not valid YAML"), "{text:?}: {error}");
        assert!(error.contains(place), "{text:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{text:?}: {error}");
    }
}

const OPENSLO: &str = "apiVersion: openslo/v1
kind: Service
metadata: {name: studio}
spec: {description: The service}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: quick}
spec:
  thresholdMetric:
    metricSource:
      type: Shape
      spec: {component: canvas, indicator: latency}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: canvas-quick
  displayName: Canvas answers quickly
spec:
  service: studio
  indicatorRef: quick
  timeWindow:
    - {duration: 28d, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - {op: lte, value: 100, target: 0.995}
    - {op: lte, value: 250, targetPercent: 99.9}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: canvas-up}
spec:
  service: studio
  indicator:
    metadata: {name: canvas-up}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: shape, spec: {component: canvas, indicator: availability}}}
        total: {metricSource: {type: shape, spec: {component: canvas, indicator: availability}}}
  timeWindow:
    - duration: 1M
      calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}
      isRolling: false
  budgetingMethod: Timeslices
  objectives:
    - {target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m}
";

#[test]
fn openslo_v1() {
    let set = read(OPENSLO).unwrap();
    let shown: Vec<String> = set.slos.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "canvas-quick-1 >= 99.5% over 28d",
            "canvas-quick-2 >= 99.9% over 28d",
            "canvas-up >= 99% over calendar month UTC",
        ]
    );
    assert_eq!(
        set.slos[1].indicator,
        Indicator::latency(Duration::from_millis(250))
    );
    assert_eq!(set.service, "studio");

    let broken = OPENSLO
        .replace("openslo/v1\nkind: Service", "openslo/v2\nkind: Service")
        .replace("type: Shape", "type: Prometheus")
        .replace("budgetingMethod: Timeslices", "budgetingMethod: Timeslice")
        .replace("2026-01-01", "2026-01-02");
    refused(
        &broken,
        "line 1, column 13: apiVersion `openslo/v2`, expected one of `openslo/v1alpha`, `openslo/v1`, `openslo.com/v2alpha`: did you mean `openslo/v1`?
line 12, column 13: metric source of type `Prometheus`, expected `shape`: the metrics are those that SHAPE measures
line 44, column 29: startTime `2026-01-02 00:00:00` is not the beginning of a month: calendar windows begin with their unit
line 46, column 20: budgetingMethod `Timeslice`, expected one of `Occurrences`, `Timeslices`, `RatioTimeslices`: did you mean `Timeslices`?",
    );
}

#[test]
fn openslo_v2alpha() {
    let source = "dataSourceSpec: { type: shape, connectionDetails: {} }, spec: { component: canvas, indicator: latency, limit: 100ms }";
    let text = format!(
        "apiVersion: openslo.com/v2alpha
kind: SLI
metadata: {{ name: fast }}
spec: {{ ratioMetric: {{ counter: true, good: {{ {source} }}, total: {{ {source} }} }} }}
---
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {{ name: canvas-fast }}
spec:
  serviceRef: studio
  sliRef: fast
  budgetingMethod: Occurrences
  timeWindow: [{{ duration: 28d, isRolling: true }}]
  objectives: [{{ target: 0.995 }}]
"
    );
    assert!(validate_openslo(&text).valid);
    let set = read(&text).unwrap();
    assert_eq!(set.service, "studio");
    assert_eq!(
        set.slos[0].indicator,
        Indicator::latency(Duration::from_millis(100))
    );
    refused(
        &text.replace("serviceRef", "service"),
        "line 10, column 3: unknown field `service`, expected one of `description`, `serviceRef`, `sli`, `sliRef`, `timeWindow`, `budgetingMethod`, `objectives`, `alertPolicies`
line 10, column 3: `serviceRef` is missing",
    );
    refused(
        &text.replace("  sliRef: fast\n", ""),
        "line 10, column 3: `sli` is missing",
    );
}

const V1ALPHA: &str = "apiVersion: openslo/v1alpha
kind: Service
metadata: { name: studio }
spec: { description: a studio }
---
apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: canvas-up, displayName: The canvas answers }
spec:
  service: studio
  budgetingMethod: Timeslices
  timeWindows: [{ unit: Month, count: 1, isRolling: false, calendar: { startTime: '2026-01-01 00:00:00', timeZone: Europe/Berlin } }]
  objectives:
    - value: 1
      target: 0.99
      timeSliceTarget: 0.95
      ratioMetrics:
        good: { source: shape, queryType: availability, query: canvas }
        total: { source: shape, queryType: availability, query: canvas }
---
apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: canvas-quick }
spec:
  service: studio
  indicator:
    thresholdMetric: { source: Shape, queryType: latency, query: '{ component: canvas, min_events: 200 }' }
  budgetingMethod: Occurrences
  timeWindows: [{ unit: Week, count: 4, isRolling: true }]
  objectives:
    - { value: 100, op: lte, target: 0.995 }
    - { value: 250, op: lte, target: 0.999 }
";

#[test]
fn openslo_v1alpha() {
    assert!(validate_openslo(V1ALPHA).valid);
    let set = read(V1ALPHA).unwrap();
    let shown: Vec<String> = set.slos.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "canvas-quick-1 >= 99.5% over 28d",
            "canvas-quick-2 >= 99.9% over 28d",
            "canvas-up >= 99% over calendar month Europe/Berlin",
        ]
    );
    assert_eq!(
        set.slos[1].indicator,
        Indicator::latency(Duration::from_millis(250))
    );
    assert_eq!(set.slos[1].min_events, 200);
    assert_eq!(
        set.slos[2].method,
        BudgetingMethod::Timeslices {
            slice_seconds: 60,
            slice_target: "95%".parse().unwrap()
        }
    );
    assert_eq!(set.service, "studio");
}

#[test]
fn mistakes_in_v1alpha() {
    let up = "query: canvas }\n        total";
    for (from, to, message) in [
        (
            "good: { source: shape",
            "good: { source: prometheus",
            "line 18, column 25: source `prometheus`, expected `shape`: the metrics are those that SHAPE measures",
        ),
        (
            up,
            "query: '{ componet: canvas }' }\n        total",
            "line 18, column 64: query: unknown field `componet`: did you mean `component`?\nline 18, column 64: query: `component` is missing",
        ),
        (
            up,
            "query: '{ component: canvas, limit: 1s }' }\n        total",
            "line 18, column 64: query: `limit` belongs to `latency`, `freshness` and `saturation`",
        ),
        (
            up,
            "query: '[a' }\n        total",
            "line 18, column 64: query: not valid YAML: unclosed bracket '['",
        ),
        (
            "unit: Month, count: 1",
            "unit: Month, count: 2",
            "line 12, column 39: count `2`, expected 1: a calendar window is one unit long",
        ),
        (
            "unit: Week, count: 4",
            "unit: Quarter, count: 1",
            "line 29, column 25: unit `Quarter`, expected `Second`, `Day` or `Week` for a rolling window: the others differ in length",
        ),
        (
            "budgetingMethod: Occurrences",
            "budgetingMethod: RatioTimeslices",
            "line 28, column 20: budgetingMethod `RatioTimeslices`, expected one of `Occurrences`, `Timeslices`",
        ),
        (
            "{ value: 100, op: lte,",
            "{ value: 100, op: gt,",
            "line 31, column 25: op `gt`, expected one of `lte`, `lt`: did you mean `lt`?",
        ),
        (
            "name: canvas-quick }",
            "name: canvas-quick, labels: {} }",
            "line 23, column 33: unknown field `labels`, expected one of `name`, `displayName`",
        ),
    ] {
        assert!(V1ALPHA.contains(from), "{from}");
        refused(&V1ALPHA.replace(from, to), message);
    }
}

#[test]
fn what_a_version_can_not_say() {
    let slo = |target: &str, window: &str, method: BudgetingMethod| {
        let mut slo = Slo::new(
            &ComponentId::new("canvas"),
            Indicator::Probe,
            target.parse().unwrap(),
            window.parse().unwrap(),
        );
        slo.method = method;
        slo
    };
    let half_minutes = BudgetingMethod::RatioTimeslices { slice_seconds: 30 };
    let set = SloSet::new("", vec![slo("100%", "calendar year UTC", half_minutes)]);
    let lost = |version: OpenSloVersion| set.to_openslo(version).unwrap_err().to_string();
    assert_eq!(
        lost(OpenSloVersion::V1),
        "`canvas/probe` at spec.service: no service, OpenSLO wants one
`canvas/probe` at spec.objectives[0].target: 100%, OpenSLO wants less than that
`canvas/probe` at spec.objectives[0].timeSliceWindow: 30s, OpenSLO wants whole minutes"
    );
    assert_eq!(
        lost(OpenSloVersion::V2alpha),
        "`canvas/probe` at spec.serviceRef: no service, OpenSLO wants one
`canvas/probe` at spec.objectives[0].target: 100%, OpenSLO wants less than that
`canvas/probe` at spec.timeWindow[0].duration: a calendar year, `openslo.com/v2alpha` has minutes, hours, days and weeks
`canvas/probe` at spec.objectives[0].timeSliceWindow: 30s, OpenSLO wants whole minutes"
    );
    assert_eq!(
        lost(OpenSloVersion::V1alpha),
        "`canvas/probe` at spec.service: no service, OpenSLO wants one
`canvas/probe` at spec.objectives[0].target: 100%, OpenSLO wants less than that
`canvas/probe` at spec.budgetingMethod: RatioTimeslices, `openslo/v1alpha` has `Occurrences` and `Timeslices`
`canvas/probe` at spec.timeWindows[0].unit: a calendar year, `openslo/v1alpha` ends with quarters"
    );
}

#[test]
fn indicators_of_looks() {
    let set = read(
        "service: s
window: 28d
slos:
  - { component: a, indicator: freshness, limit: 10m, target: 99% }
  - { component: a, indicator: saturation, limit: 80%, target: 99% }
  - { component: a, indicator: throughput, per_hour: 3600, target: 99% }
  - { component: a, indicator: probe, target: 99% }
",
    )
    .unwrap();
    let names: Vec<&str> = set.slos.iter().map(|slo| slo.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "a/freshness-600s",
            "a/probe",
            "a/saturation-80%",
            "a/throughput-3600-per-hour"
        ]
    );
    let one = |fields: &str| {
        format!("service: s\nwindow: 28d\nslos: [{{ component: a, target: 99%, {fields} }}]\n")
    };
    for (fields, message) in [
        (
            "indicator: probe, limit: 1s",
            "line 3, column 62: `limit` belongs to `latency`, `freshness` and `saturation`",
        ),
        (
            "indicator: latency, per_hour: 1",
            "line 3, column 67: `per_hour` belongs to `throughput`",
        ),
        (
            "indicator: throughput",
            "line 3, column 8: `per_hour` is missing",
        ),
        (
            "indicator: saturation, limit: 80",
            "line 3, column 67: target `80`, expected a percentage such as `99.9%` or a ratio such as `0.999`",
        ),
    ] {
        refused(&one(fields), message);
    }
}

prop_compose! {
    fn any_slo()(
        component in "[a-zA-Z0-9_./: -]{1,12}",
        indicator in prop_oneof![
            Just(Indicator::Availability),
            Just(Indicator::Probe),
            (1_u64..10_000_000_000_000).prop_map(|limit_ns| Indicator::Latency { limit_ns }),
            (1_u64..10_000_000_000_000).prop_map(|limit_ns| Indicator::Freshness { limit_ns }),
            any::<u64>().prop_map(|per_hour| Indicator::Throughput { per_hour }),
            (1_u32..=1_000_000_000).prop_map(|limit_ppb| Indicator::Saturation { limit_ppb }),
        ],
        ppb in 1_u32..=1_000_000_000,
        window in prop_oneof![
            (1_u64..10_000_000).prop_map(|seconds| Window::Rolling { seconds }),
            (1_u64..100_000).prop_map(|minutes| Window::Rolling { seconds: 60 * minutes }),
            prop::sample::select(vec![
                CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month,
                CalendarUnit::Quarter, CalendarUnit::Year,
            ]).prop_map(|unit| Window::Calendar { unit, time_zone: "UTC".to_owned() }),
        ],
        slice in prop::option::of((prop_oneof![1_u64..100_000, (1_u64..100).prop_map(|minutes| 60 * minutes)], prop::option::of(1_u32..=1_000_000_000))),
        min_events in 1_u64..1_000_000,
    ) -> Slo {
        let mut slo = Slo::new(&ComponentId::new(&component), indicator, Target::from_ppb(ppb).unwrap(), window);
        slo.min_events = min_events;
        slo.method = match slice {
            None => BudgetingMethod::Occurrences,
            Some((slice_seconds, None)) => BudgetingMethod::RatioTimeslices { slice_seconds },
            Some((slice_seconds, Some(target))) => BudgetingMethod::Timeslices {
                slice_seconds,
                slice_target: Target::from_ppb(target).unwrap(),
            },
        };
        slo
    }
}

/// Whether a version has words for an objective.
fn carries(version: OpenSloVersion, slo: &Slo) -> bool {
    let is_minutes = |seconds: u64| seconds.is_multiple_of(60);
    let has_window = match (&slo.window, version) {
        (Window::Rolling { seconds }, OpenSloVersion::V1 | OpenSloVersion::V2alpha) => {
            is_minutes(*seconds)
        }
        (Window::Calendar { unit, .. }, OpenSloVersion::V2alpha) => {
            matches!(unit, CalendarUnit::Day | CalendarUnit::Week)
        }
        (Window::Calendar { unit, .. }, OpenSloVersion::V1alpha) => *unit != CalendarUnit::Year,
        _ => true,
    };
    let has_method = match (slo.method, version) {
        (BudgetingMethod::RatioTimeslices { .. }, OpenSloVersion::V1alpha) => false,
        (BudgetingMethod::Timeslices { .. }, OpenSloVersion::V1alpha) => true,
        (
            BudgetingMethod::Timeslices { slice_seconds, .. }
            | BudgetingMethod::RatioTimeslices { slice_seconds },
            _,
        ) => is_minutes(slice_seconds),
        _ => true,
    };
    slo.target.ppb() < Target::DENOMINATOR && has_window && has_method
}

proptest! {
    /// What is written as `OpenSLO` of any version is valid, and is read back, whoever stands behind it.
    #[test]
    fn openslo_comes_back(slos in prop::collection::vec(any_slo(), 1..4)) {
        let slos: Vec<Slo> = slos
            .into_iter()
            .enumerate()
            .map(|(index, mut slo)| {
                slo.id = SloId::new(&format!("{}#{index}", slo.id));
                slo
            })
            .collect();
        for version in OpenSloVersion::ALL {
            let set = SloSet::new(
                "studio: one",
                slos.iter().filter(|slo| carries(version, slo)).cloned().collect(),
            );
            let lost: Vec<&Slo> = slos.iter().filter(|slo| !carries(version, slo)).collect();
            for slo in lost {
                let error = SloSet::new("studio", vec![slo.clone()]).to_openslo(version).unwrap_err();
                prop_assert_eq!(error.kind(), ErrorKind::Document);
                prop_assert!(error.to_string().starts_with(&format!("`{}` at spec.", slo.id)), "{}", error);
            }
            if set.slos.is_empty() {
                continue;
            }
            let text = set.to_openslo(version).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let verdict = validate_openslo(&text);
            prop_assert!(verdict.valid, "{:?}\n{}", verdict, text);
            let mut back = read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            for slo in &mut back.slos {
                prop_assert!(slo.is_ratified());
                slo.standing = shape_slo::Standing::Derived;
            }
            prop_assert_eq!(back, set, "{}", text);
        }
    }

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
        let _ = read(&text);
    }

    /// Nor does a document with some lines cut out or doubled.
    #[test]
    fn damaged_documents_are_read_or_refused(from in 0_usize..50, to in 0_usize..50, twice in any::<bool>()) {
        let lines: Vec<&str> = OPENSLO.lines().collect();
        let from = from.min(lines.len());
        let to = to.clamp(from, lines.len());
        let mut kept = lines[..from].to_vec();
        if twice {
            kept.extend(&lines[from..to]);
            kept.extend(&lines[from..to]);
        }
        kept.extend(&lines[to..]);
        let _ = read(&kept.join("\n"));
    }
}
