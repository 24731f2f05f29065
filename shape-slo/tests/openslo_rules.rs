//! The rules of `OpenSLO`'s validator, kind by kind and version by version, from its source: those that few documents break.
#![cfg(feature = "yaml")]
#![expect(clippy::too_many_lines, reason = "tables of cases")]

use shape_slo::validate_openslo;

/// A document with pieces replaced, and the mistakes it then has: `path code`, `-` for none.
#[track_caller]
fn check(document: &str, edits: &[(&str, &str)], expected: &[&str]) {
    let mut text = document.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "no `{from}` in {text}");
        text = text.replacen(from, to, 1);
    }
    let verdict = validate_openslo(&text);
    assert_eq!(verdict.decode_error, None, "{text}");
    let mut found: Vec<String> = verdict
        .errors
        .iter()
        .map(|mistake| format!("{} {}", mistake.path, mistake.code.unwrap_or("-")))
        .collect();
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{text}");
}

#[track_caller]
fn unreadable(document: &str, edits: &[(&str, &str)]) {
    let mut text = document.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "no `{from}` in {text}");
        text = text.replacen(from, to, 1);
    }
    let verdict = validate_openslo(&text);
    assert!(verdict.decode_error.is_some() && !verdict.valid, "{text}");
    assert_eq!(verdict.errors, []);
}

const SLO_V1: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: web, displayName: Web }
spec:
  description: d
  service: web
  indicator:
    metadata: { name: errors }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: prom, type: Prometheus, spec: { query: a } } }
        total: { metricSource: { spec: { query: b } } }
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 28d, isRolling: true }]
  objectives: [{ target: 0.99 }]
";

const SLO_V2: &str = "apiVersion: openslo.com/v2alpha
kind: SLO
metadata: { name: web, labels: { a.b/team: x }, annotations: { a: Any thing } }
spec:
  serviceRef: web
  sli:
    metadata: { name: errors }
    spec:
      thresholdMetric: { dataSourceRef: prom, spec: { query: a } }
  budgetingMethod: RatioTimeslices
  timeWindow: [{ duration: 4w, isRolling: true }]
  objectives: [{ target: 0.99, op: lt, value: 0, timeSliceWindow: 5m }]
";

const SLO_V1ALPHA: &str = "apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: web }
spec:
  service: web
  budgetingMethod: Timeslices
  timeWindows: [{ unit: Quarter, count: 1, calendar: { startTime: '2024-01-01 00:00:00', timeZone: UTC } }]
  objectives:
    - displayName: x
      value: 0
      target: 0
      timeSliceTarget: 0
      ratioMetrics:
        good: { source: prom, queryType: promql, query: a }
        total: { source: prom, queryType: promql, query: b }
";

const CONDITION: &str = "apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast }
spec:
  severity: page
  condition: { kind: burnrate, op: gt, threshold: 0, lookbackWindow: 1h, alertAfter: 5m }
";

const POLICY: &str = "apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: p }
spec:
  conditions: [{ conditionRef: fast }]
  notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: t }, spec: { target: mail } }]
";

const SLI_V1: &str = "apiVersion: openslo/v1
kind: SLI
metadata: { name: errors }
spec: { ratioMetric: { rawType: success, raw: { metricSource: { spec: { query: a } } } } }
";

const SLI_V2: &str = "apiVersion: openslo.com/v2alpha
kind: SLI
metadata: { name: errors }
spec:
  ratioMetric:
    bad: { dataSourceSpec: { type: prom, connectionDetails: null }, spec: {} }
    total: { dataSourceRef: prom }
";

#[test]
fn the_documents_as_they_are() {
    for document in [
        SLO_V1,
        SLO_V2,
        SLO_V1ALPHA,
        CONDITION,
        POLICY,
        SLI_V1,
        SLI_V2,
    ] {
        check(document, &[], &[]);
        check(
            document,
            &[("\nspec:", "\nunused: &a x\nspec:"), ("unused: &a x\n", "")],
            &[],
        );
    }
}

#[test]
fn metadata() {
    let long = "a".repeat(63);
    let longer = format!("{long}a");
    check(SLO_V1, &[("name: web", &format!("name: {long}"))], &[]);
    check(
        SLO_V1,
        &[("name: web", &format!("name: {longer}"))],
        &["metadata.name string_dns_label:string_length"],
    );
    check(
        SLO_V1,
        &[
            ("name: web", "name: 'null'"),
            (
                "displayName: Web",
                &format!("displayName: {}", "ü".repeat(63)),
            ),
        ],
        &[],
    );
    check(
        SLO_V1,
        &[(
            "displayName: Web",
            &format!("displayName: {}", "ü".repeat(64)),
        )],
        &["metadata.displayName string_max_length"],
    );
    check(
        SLO_V1,
        &[(
            "displayName: Web",
            "labels: { Team: [a, b], b.c_d-e: '', f: [] }, annotations: { a.b-c/D_e: '' }",
        )],
        &[],
    );
    check(
        SLO_V1,
        &[(
            "displayName: Web",
            &format!(
                "labels: {{ -a: x, a/b: x, 'c d': z, {longer}: x }}, annotations: {{ A/b: x, a/b/c: x, a/-b: x, '': x, {longer}/a: x }}"
            ),
        )],
        &[
            "metadata.labels.-a string_match_regexp",
            "metadata.labels.a/b string_match_regexp",
            "metadata.labels['c d'] string_match_regexp",
            &format!("metadata.labels.{longer} string_match_regexp"),
            "metadata.annotations.A/b string_match_regexp",
            "metadata.annotations.a/b/c string_match_regexp",
            "metadata.annotations.a/-b string_match_regexp",
            "metadata.annotations[''] string_match_regexp",
            &format!("metadata.annotations.{longer}/a string_match_regexp"),
        ],
    );
    check(
        SLO_V2,
        &[(
            "a.b/team: x",
            &format!("A/b: x, a/b/c: x, a/: z, '': x, d: X, e: {longer}, f: '', {longer}/a: x"),
        )],
        &[
            "metadata.labels.A/b string_kubernetes_qualified_name",
            "metadata.labels.a/b/c string_kubernetes_qualified_name",
            "metadata.labels.a/ string_kubernetes_qualified_name",
            "metadata.labels[''] string_kubernetes_qualified_name:string_length",
            "metadata.labels.d string_match_regexp",
            "metadata.labels.e string_match_regexp",
        ],
    );
    unreadable(SLO_V2, &[("a.b/team: x", "team: [a, b]")]);
    unreadable(SLO_V2, &[("name: web", "name: web, displayName: Web")]);
    unreadable(SLO_V1ALPHA, &[("name: web", "name: web, labels: {}")]);
    unreadable(SLO_V1, &[("displayName: Web", "labels: { a: 1 }")]);
    unreadable(SLO_V1, &[("displayName: Web", "labels: { a: [1] }")]);
    unreadable(SLO_V1, &[("displayName: Web", "annotations: { a: true }")]);
}

#[test]
fn where_the_indicator_stands() {
    let own = "{ target: 0.99, indicatorRef: errors, compositeWeight: 0.5 }";
    check(
        SLO_V1,
        &[("service: web\n", "service: web\n  indicatorRef: errors\n")],
        &["spec mutually_exclusive"],
    );
    check(
        SLO_V1,
        &[("{ target: 0.99 }", own)],
        &["spec mutually_exclusive"],
    );
    let composite = SLO_V1.replace("  indicator:\n    metadata: { name: errors }\n    spec:\n      ratioMetric:\n        counter: true\n        good: { metricSource: { metricSourceRef: prom, type: Prometheus, spec: { query: a } } }\n        total: { metricSource: { spec: { query: b } } }\n", "");
    check(&composite, &[], &["spec mutually_exclusive"]);
    check(&composite, &[("{ target: 0.99 }", own)], &[]);
    check(
        &composite,
        &[(
            "{ target: 0.99 }",
            &format!(
                "{{ target: 0.99 }}, {own}, {{ target: 0.9, op: x, value: 1, indicatorRef: '', compositeWeight: -1 }}"
            ),
        )],
        &[
            "spec.objectives[2].indicatorRef string_dns_label:string_length",
            "spec.objectives[2].compositeWeight greater_than",
        ],
    );
    check(
        &composite,
        &[(
            "{ target: 0.99 }",
            "{ target: 0.99, indicatorRef: A, indicator: { metadata: { name: A } } }",
        )],
        &["spec.objectives[0] mutually_exclusive"],
    );
    check(
        &composite,
        &[(
            "{ target: 0.99 }",
            "{ target: 0.99, indicator: { metadata: { name: A } } }",
        )],
        &[
            "spec.objectives[0].indicator.metadata.name string_dns_label:string_match_regexp",
            "spec.objectives[0].indicator.spec mutually_exclusive",
        ],
    );
}

#[test]
fn objectives() {
    for (from, to, expected) in [
        ("target: 0.99", "target: 0", &[][..]),
        ("target: 0.99", "targetPercent: 99.999", &[]),
        ("target: 0.99", "targetPercent: 0", &[]),
        (
            "target: 0.99",
            "targetPercent: 100",
            &["spec.objectives[0].targetPercent less_than"],
        ),
        (
            "target: 0.99",
            "targetPercent: -0.1",
            &["spec.objectives[0].targetPercent greater_than_or_equal_to"],
        ),
        (
            "target: 0.99",
            "target: 0.9, targetPercent: 200",
            &[
                "spec.objectives[0] mutually_exclusive",
                "spec.objectives[0].targetPercent less_than",
            ],
        ),
        (
            "target: 0.99",
            "displayName: x",
            &["spec.objectives[0] mutually_exclusive"],
        ),
        (
            "target: 0.99",
            "target: null",
            &["spec.objectives[0] mutually_exclusive"],
        ),
        (
            "target: 0.99",
            "target: 0.9, value: 0",
            &["spec.objectives[0].value forbidden"],
        ),
        (
            "target: 0.99",
            "target: 0.9, op: x",
            &["spec.objectives[0].op forbidden"],
        ),
        (
            "target: 0.99",
            "target: 0.9, timeSliceTarget: 7, timeSliceWindow: 1x",
            &[],
        ),
        ("[{ target: 0.99 }]", "[]", &[]),
        ("[{ target: 0.99 }]", "null", &[]),
        ("Occurrences", "''", &["spec.budgetingMethod required"]),
        (
            "Occurrences",
            "occurrences",
            &["spec.budgetingMethod one_of"],
        ),
        (
            "Occurrences",
            "Timeslices",
            &[
                "spec.objectives[0].timeSliceTarget required",
                "spec.objectives[0].timeSliceWindow required",
            ],
        ),
        (
            "Occurrences",
            "RatioTimeslices",
            &["spec.objectives[0].timeSliceWindow required"],
        ),
        (
            "service: web\n",
            "service: ''\n",
            &["spec.service required"],
        ),
        ("service: web\n", "service: Any Thing\n", &[]),
    ] {
        check(SLO_V1, &[(from, to)], expected);
    }
    for (slices, expected) in [
        ("timeSliceTarget: 1, timeSliceWindow: 0m", &[][..]),
        (
            "timeSliceTarget: 0, timeSliceWindow: 1Y",
            &["spec.objectives[0].timeSliceTarget greater_than"],
        ),
        (
            "timeSliceTarget: 1.01, timeSliceWindow: ''",
            &[
                "spec.objectives[0].timeSliceTarget less_than_or_equal_to",
                "spec.objectives[0].timeSliceWindow.unit required",
            ],
        ),
    ] {
        check(
            SLO_V1,
            &[
                ("Occurrences", "Timeslices"),
                ("target: 0.99", &format!("target: 0.9, {slices}")),
            ],
            expected,
        );
    }
    // With an indicator by name nobody knows what it is.
    let named = SLO_V2.replace("  sli:\n    metadata: { name: errors }\n    spec:\n      thresholdMetric: { dataSourceRef: prom, spec: { query: a } }\n", "  sliRef: errors\n");
    check(&named, &[("op: lt, value: 0", "op: x")], &[]);
    for (from, to, expected) in [
        (
            "op: lt, value: 0, ",
            "",
            &[
                "spec.objectives[0].value required",
                "spec.objectives[0].op required",
            ][..],
        ),
        ("op: lt", "op: eq", &["spec.objectives[0].op one_of"]),
        (
            "value: 0",
            "value: null",
            &["spec.objectives[0].value required"],
        ),
        (
            "timeSliceWindow: 5m",
            "timeSliceWindow: 1M",
            &["spec.objectives[0].timeSliceWindow.unit one_of"],
        ),
        (
            "serviceRef: web",
            "serviceRef: ''",
            &["spec.serviceRef required"],
        ),
    ] {
        check(SLO_V2, &[(from, to)], expected);
    }
    for (from, to) in [
        ("target: 0.99", "target: '0.99'"),
        ("target: 0.99", "target: .nan"),
        ("target: 0.99", "target: 0.9, timeSliceWindow: 5"),
        ("target: 0.99", "target: 0.9, labels: {}"),
        ("service: web\n", "service: 1\n"),
        ("service: web\n", "service: yes\n"),
        ("service: web\n", "service: [web]\n"),
        ("[{ target: 0.99 }]", "{ target: 0.99 }"),
        ("isRolling: true", "isRolling: 'true'"),
        ("isRolling: true", "isRolling: 1"),
        ("duration: 28d", "duration: 28"),
        ("duration: 28d", "duration: d"),
        ("duration: 28d", "duration: 28.5d"),
    ] {
        if to == "duration: 28.5d" {
            check(
                SLO_V1,
                &[(from, to)],
                &["spec.timeWindow[0].duration.unit one_of"],
            );
        } else {
            unreadable(SLO_V1, &[(from, to)]);
        }
    }
    unreadable(SLO_V2, &[("serviceRef", "service")]);
    unreadable(SLO_V1, &[("service:", "serviceRef:")]);
}

#[test]
fn windows() {
    let calendar = |fields: &str| format!("duration: 1M, calendar: {{ {fields} }}");
    for (window, expected) in [
        (
            "isRolling: true".to_owned(),
            &["spec.timeWindow[0].duration required"][..],
        ),
        (
            "duration: -1d, isRolling: true".to_owned(),
            &["spec.timeWindow[0].duration.value greater_than_or_equal_to"],
        ),
        (
            "duration: 1D, isRolling: true".to_owned(),
            &["spec.timeWindow[0].duration.unit one_of"],
        ),
        ("duration: 1d".to_owned(), &["spec.timeWindow[0] -"]),
        (
            format!(
                "{}, isRolling: true",
                calendar("startTime: 2024-02-29 00:00:00, timeZone: UTC")
            ),
            &["spec.timeWindow[0] -"],
        ),
        (
            calendar("startTime: 2024-02-29 0:00:00.5, timeZone: Asia/Kolkata"),
            &[],
        ),
        (
            calendar("startTime: 2023-02-29 00:00:00, timeZone: Local"),
            &[
                "spec.timeWindow[0].calendar.startTime string_date_time",
                "spec.timeWindow[0].calendar.timeZone string_time_zone",
            ],
        ),
        (
            calendar("startTime: 2024-01-01, timeZone: europe/berlin"),
            &[
                "spec.timeWindow[0].calendar.startTime string_date_time",
                "spec.timeWindow[0].calendar.timeZone string_time_zone",
            ],
        ),
        (
            calendar(""),
            &[
                "spec.timeWindow[0].calendar.startTime string_date_time",
                "spec.timeWindow[0].calendar.timeZone string_time_zone",
            ],
        ),
    ] {
        check(
            SLO_V1,
            &[("duration: 28d, isRolling: true", &window)],
            expected,
        );
    }
    check(
        SLO_V1,
        &[("[{ duration: 28d, isRolling: true }]", "[]")],
        &["spec.timeWindow slice_length"],
    );
    check(
        SLO_V1,
        &[(
            "[{ duration: 28d, isRolling: true }]",
            "[{ duration: 28d, isRolling: true }, {}]",
        )],
        &[
            "spec.timeWindow slice_length",
            "spec.timeWindow[1] -",
            "spec.timeWindow[1].duration required",
        ],
    );
    check(
        SLO_V2,
        &[("4w", "1Q")],
        &["spec.timeWindow[0].duration.unit one_of"],
    );
}

#[test]
fn v1alpha() {
    let of = "spec.objectives[0]";
    for (from, to, expected) in [
        (
            "value: 0",
            "op: ''",
            &["spec.objectives[0].value required"][..],
        ),
        (
            "value: 0",
            "value: 0\n      op: lt",
            &["spec.objectives[0].op forbidden"],
        ),
        (
            "target: 0\n",
            "target: 1\n",
            &["spec.objectives[0].target less_than"],
        ),
        (
            "target: 0\n",
            "target: -1\n",
            &["spec.objectives[0].target greater_than_or_equal_to"],
        ),
        (
            "      target: 0\n",
            "",
            &["spec.objectives[0].target required"],
        ),
        (
            "timeSliceTarget: 0",
            "timeSliceTarget: -0.1",
            &["spec.objectives[0].timeSliceTarget greater_than_or_equal_to"],
        ),
        (
            "timeSliceTarget: 0",
            "timeSliceTarget: 1.1",
            &["spec.objectives[0].timeSliceTarget less_than_or_equal_to"],
        ),
        (
            "Timeslices",
            "RatioTimeslices",
            &["spec.budgetingMethod one_of"],
        ),
        ("Quarter", "Year", &["spec.timeWindow[0].unit one_of"]),
        ("Quarter", "''", &["spec.timeWindow[0].unit required"]),
        (
            "count: 1",
            "count: 0",
            &["spec.timeWindow[0].count greater_than"],
        ),
        ("count: 1", "count: 2.0", &[]),
        (
            "query: a",
            "query: ' '",
            &["spec.objectives[0].ratioMetrics.good.query string_not_empty"],
        ),
        (
            "source: prom",
            "source: prom2",
            &["spec.objectives[0].ratioMetrics.good.source string_alpha"],
        ),
        (
            "queryType: promql",
            "queryType: ''",
            &["spec.objectives[0].ratioMetrics.good.queryType required"],
        ),
        (
            "        total: { source: prom, queryType: promql, query: b }\n",
            "",
            &["spec.objectives[0].ratioMetrics.total required"],
        ),
        (
            "service: web",
            "indicator: {}\n  service: web",
            &["spec mutually_exclusive"],
        ),
        ("service: web", "description: x", &["spec.service required"]),
    ] {
        check(SLO_V1ALPHA, &[(from, to)], expected);
    }
    let long = "x".repeat(1_051);
    check(
        SLO_V1ALPHA,
        &[("displayName: x", &format!("displayName: {long}"))],
        &[&format!("{of}.displayName string_max_length")],
    );
    let threshold = "apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: web }
spec:
  service: web
  budgetingMethod: Occurrences
  indicator: { thresholdMetric: { source: prom, queryType: promql, query: a } }
  timeWindows: [{ unit: Second, count: 1, isRolling: true }]
  objectives: [{ value: 1, target: 0.5, op: gte }]
";
    check(threshold, &[], &[]);
    check(
        threshold,
        &[("op: gte", "op: eq")],
        &["spec.objectives[0].op one_of"],
    );
    check(
        threshold,
        &[(", op: gte", "")],
        &["spec.objectives[0].op required"],
    );
    check(
        threshold,
        &[(
            "{ thresholdMetric: { source: prom, queryType: promql, query: a } }",
            "{}",
        )],
        &["spec.indicator.thresholdMetric required"],
    );
    unreadable(threshold, &[("count: 1", "count: 1.5")]);
    unreadable(threshold, &[("count: 1", "count: 9223372036854775808")]);
    unreadable(threshold, &[("timeWindows", "timeWindow")]);
    unreadable(threshold, &[("kind: SLO", "kind: SLI")]);
}

#[test]
fn alerts() {
    for (from, to, expected) in [
        (
            "severity: page",
            "severity: ''",
            &["spec.severity required"][..],
        ),
        ("severity: page", "severity: Any", &[]),
        (
            "kind: burnrate, op: gt",
            "kind: other, op: x",
            &["spec.condition.kind one_of"],
        ),
        (
            "kind: burnrate, op: gt",
            "op: x",
            &["spec.condition.kind required"],
        ),
        ("op: gt", "op: eq", &["spec.condition.op one_of"]),
        ("threshold: 0", "threshold: -7", &[]),
        ("threshold: 0, ", "", &["spec.condition.threshold required"]),
        (
            "alertAfter: 5m",
            "alertAfter: -5m",
            &["spec.condition.alertAfter.value greater_than_or_equal_to"],
        ),
        ("alertAfter: 5m", "alertAfter: null", &[]),
        (
            "lookbackWindow: 1h",
            "lookbackWindow: null",
            &["spec.condition.lookbackWindow required"],
        ),
        ("lookbackWindow: 1h", "lookbackWindow: 1Q", &[]),
    ] {
        check(CONDITION, &[(from, to)], expected);
    }
    let newer = CONDITION.replace("openslo/v1", "openslo.com/v2alpha");
    check(
        &newer,
        &[("1h", "1Q")],
        &["spec.condition.lookbackWindow.unit one_of"],
    );
    check(
        &newer,
        &[(", alertAfter: 5m", "")],
        &["spec.condition.alertAfter required"],
    );

    for (from, to, expected) in [
        (
            "[{ conditionRef: fast }]",
            "[]",
            &["spec.conditions slice_length"][..],
        ),
        (
            "[{ conditionRef: fast }]",
            "[{ conditionRef: fast }, { conditionRef: A }]",
            &[
                "spec.conditions slice_length",
                "spec.conditions[1].conditionRef string_dns_label:string_match_regexp",
            ],
        ),
        (
            "{ conditionRef: fast }",
            "{}",
            &["spec.conditions[0] mutually_exclusive"],
        ),
        (
            "{ conditionRef: fast }",
            "{ conditionRef: A, spec: null }",
            &["spec.conditions[0] mutually_exclusive"],
        ),
        (
            "{ conditionRef: fast }",
            "{ conditionRef: null }",
            &["spec.conditions[0].conditionRef required"],
        ),
        (
            "{ conditionRef: fast }",
            "{ kind: AlertPolicy, metadata: { name: A }, spec: {} }",
            &[
                "spec.conditions[0].kind equal_to",
                "spec.conditions[0].metadata.name string_dns_label:string_match_regexp",
                "spec.conditions[0].spec required",
            ],
        ),
        (
            "{ conditionRef: fast }",
            "{ spec: { severity: a, condition: { kind: burnrate, op: lt, threshold: 1, lookbackWindow: 1h } } }",
            &[
                "spec.conditions[0].kind required",
                "spec.conditions[0].metadata required",
            ],
        ),
        (
            "kind: AlertNotificationTarget, ",
            "targetRef: t, ",
            &["spec.notificationTargets[0] mutually_exclusive"],
        ),
        (
            "spec: { target: mail }",
            "spec: { description: a }",
            &["spec.notificationTargets[0].spec.target required"],
        ),
        (
            "kind: AlertNotificationTarget",
            "kind: AlertCondition",
            &["spec.notificationTargets[0].kind equal_to"],
        ),
    ] {
        check(POLICY, &[(from, to)], expected);
    }
    unreadable(POLICY, &[("kind: AlertNotificationTarget", "kind: ''")]);
    unreadable(
        POLICY,
        &[("kind: AlertNotificationTarget", "apiVersion: openslo/v1")],
    );
    check(
        POLICY,
        &[(
            "spec:\n  conditions: [{ conditionRef: fast }]\n  notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: t }, spec: { target: mail } }]\n",
            "",
        )],
        &[
            "spec.conditions slice_length",
            "spec.notificationTargets slice_min_length",
        ],
    );
    let target = "apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: { name: t }\nspec: { target: mail }\n";
    check(target, &[], &[]);
    check(
        target,
        &[("spec: { target: mail }", "")],
        &["spec required"],
    );
}

#[test]
fn indicators() {
    let metric = "{ metricSource: { spec: { query: a } } }";
    for (from, to, expected) in [
        (
            "rawType: success, ",
            "",
            &["spec.ratioMetric.rawType required"][..],
        ),
        (
            "rawType: success",
            "rawType: good",
            &["spec.ratioMetric.rawType one_of"],
        ),
        (
            "rawType: success, raw",
            "rawType: success, bad: {}, raw",
            &["spec.ratioMetric mutually_exclusive"],
        ),
        (
            "rawType: success, raw",
            "total: {}, raw",
            &["spec.ratioMetric mutually_exclusive"],
        ),
        (
            "rawType: success, raw",
            "rawType: x, total",
            &["spec.ratioMetric one_of_properties"],
        ),
        (
            "{ rawType: success, raw: { metricSource: { spec: { query: a } } } }",
            "{}",
            &["spec.ratioMetric mutually_exclusive"],
        ),
        (
            "{ query: a }",
            "{}",
            &["spec.ratioMetric.raw.metricSource.spec map_min_length"],
        ),
        (
            "{ spec: { query: a } }",
            "{ type: x }",
            &["spec.ratioMetric.raw.metricSource.spec required"],
        ),
        (
            "{ spec: { query: a } }",
            "{}",
            &["spec.ratioMetric.raw.metricSource required"],
        ),
        (
            "ratioMetric",
            "thresholdMetric: { metricSource: { spec: { q: a } } }, ratioMetric",
            &["spec mutually_exclusive"],
        ),
        (
            "{ ratioMetric: { rawType: success, raw: { metricSource: { spec: { query: a } } } } }",
            "{}",
            &["spec mutually_exclusive"],
        ),
    ] {
        check(SLI_V1, &[(from, to)], expected);
    }
    // The first metric that is wrong stops the rest of the ratio.
    check(
        SLI_V1,
        &[(
            "rawType: success, raw: { metricSource: { spec: { query: a } } }",
            &format!("total: {{ metricSource: {{ spec: {{}} }} }}, good: {metric}"),
        )],
        &["spec.ratioMetric.total.metricSource.spec map_min_length"],
    );
    for (from, to, expected) in [
        (
            "{ dataSourceRef: prom }",
            "{ spec: { a: b } }",
            &["spec.ratioMetric.total mutually_exclusive"][..],
        ),
        (
            "{ dataSourceRef: prom }",
            "{ dataSourceRef: prom, dataSourceSpec: {} }",
            &[
                "spec.ratioMetric.total mutually_exclusive",
                "spec.ratioMetric.total.dataSourceSpec.type required",
                "spec.ratioMetric.total.dataSourceSpec.connectionDetails required",
            ],
        ),
        (
            "type: prom, connectionDetails: null",
            "description: x",
            &[
                "spec.ratioMetric.bad.dataSourceSpec.type required",
                "spec.ratioMetric.bad.dataSourceSpec.connectionDetails required",
            ],
        ),
    ] {
        check(SLI_V2, &[(from, to)], expected);
    }
    unreadable(SLI_V1, &[("{ query: a }", "[a]")]);
    unreadable(SLI_V1, &[("{ query: a }", "a")]);
    unreadable(SLI_V1, &[("metricSource", "dataSourceRef")]);
}

#[test]
fn how_a_text_is_parted() {
    let service = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\nspec: {}\n";
    let other = service.replace("name: a", "name: A");
    let wrong = "metadata.name string_dns_label:string_match_regexp";
    for text in [
        format!("---\n{service}---\n{other}"),
        format!("# about\n---\n\n{service}--- # next\n{other}").replace("# about\n---", "---"),
        format!("{service}---\n\n---\n{other}...\n"),
        format!("{service}\n---\r\n{}", other.replace('\n', "\r\n")),
        format!(
            "- {}\n- {}",
            service.replace('\n', "\n  "),
            other.replace('\n', "\n  ")
        ),
        format!(
            "# list\n[{{apiVersion: openslo/v1, kind: Service, metadata: {{name: a}}}}, {}]",
            r#"{"apiVersion":"openslo/v1","kind":"Service","metadata":{"name":"A"}}"#
        ),
        // What stands after the end of a document does not count.
        format!("{other}...\nkind: Nothing\n"),
    ] {
        check(&text, &[], &[wrong]);
    }
    for text in [
        "",
        " \n\n",
        "# only words\n",
        "null",
        "- null",
        "--- # a list, says the first line\napiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n",
        "# a document of words\n---\napiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n",
        "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n---\n# a document of words\n",
        "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n---\nkind: Service\n",
        "text",
        "[[]]",
    ] {
        unreadable(text, &[]);
    }
    let verdict = validate_openslo(&format!("{service}---\n{service}---\nkind: [\n"));
    let reason = verdict.decode_error.unwrap();
    assert!(reason.contains("line 11"), "{reason}");
    // Anchors, merged maps, keys in another case, and the later of two equal keys.
    check(
        "apiVersion: openslo/v1\nkind: Service\nmetadata: &m { name: x, NAME: q, name: a }\nspec: { description: &d text, Description: *d }\n",
        &[],
        &[],
    );
}
