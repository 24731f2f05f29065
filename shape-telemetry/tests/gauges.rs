//! Numeric fields as metrics, and the limits of what is told apart.

use std::{fmt::Write as _, time::Duration};

use proptest::prelude::*;
use shape_telemetry::{
    Analyzer, AnomalyKind, Collector, CollectorConfig, Limits, Measurements, Overflow,
};

fn measure(log: &str, config: CollectorConfig) -> Measurements {
    let mut collector = Collector::new(config);
    collector.read("x", log.as_bytes());
    collector.finish().0
}

#[test]
fn numbers_become_metrics_with_their_units() {
    let log = "2026-11-24T12:00:00Z  INFO a::queue: state queue_depth=17 rss=12MiB cpu=80% lag=1.5s pid=42 peer=10.0.0.1\n\
         2026-11-24T12:00:30Z  INFO a::queue: state queue_depth=18.5 rss=13MiB cpu=81.5% lag=250ms pid=42 peer=10.0.0.1\n\
         2026-11-24T12:01:00Z  INFO a::queue: state queue_depth=-1\n";
    let measurements = measure(log, CollectorConfig::new());
    let metrics = &measurements.components["queue"].metrics;
    let names: Vec<&str> = metrics.keys().map(String::as_str).collect();
    assert_eq!(names, ["cpu_percent", "lag_ms", "queue_depth", "rss_bytes"]);
    let first = |name: &str| metrics[name].values().next().unwrap();
    let depth = first("queue_depth");
    assert_eq!(
        (
            depth.count,
            depth.sum_micro,
            depth.min_micro,
            depth.max_micro
        ),
        (2, 35_500_000, 17_000_000, 18_500_000)
    );
    assert!((first("lag_ms").mean() - 875.0).abs() < 1e-9);
    assert!((first("rss_bytes").mean() - 12.5 * 1_048_576.0).abs() < 1e-3);
    assert!((first("cpu_percent").mean() - 80.75).abs() < 1e-9);
    assert_eq!(metrics["queue_depth"].len(), 2);
}

#[test]
fn how_long_a_request_took_is_its_latency_and_no_metric() {
    let log = "2026-11-24T12:00:00Z  INFO a::http: request completed path=/x status=200 duration_ms=3 bytes=512\n";
    let measurements = measure(log, CollectorConfig::new());
    let names: Vec<&String> = measurements.components["http"].metrics.keys().collect();
    assert_eq!(names, ["bytes"]);
    assert_eq!(measurements.totals("http", None).good, 1);
}

#[test]
fn a_metric_out_of_the_ordinary_is_reported() {
    let mut log = String::new();
    for second in 0..900_u32 {
        let depth = if (700..715).contains(&second) {
            400
        } else {
            10 + second * 7_919 % 5
        };
        writeln!(
            log,
            "2026-11-24T12:{:02}:{:02}Z  INFO a::queue: state queue_depth={depth}",
            second / 60,
            second % 60
        )
        .unwrap();
    }
    let measurements = measure(&log, CollectorConfig::new().bucket(Duration::from_secs(1)));
    let report = Analyzer::default().analyze(&measurements, None, Vec::new());
    let found = report
        .anomalies
        .iter()
        .find(|anomaly| anomaly.kind == AnomalyKind::MetricAnomaly)
        .unwrap_or_else(|| panic!("none in {:#?}", report.anomalies));
    assert!(
        found
            .summary
            .starts_with("the queue_depth of queue is out of the ordinary"),
        "{}",
        found.summary
    );
    assert!(!found.exemplars.is_empty());
}

#[test]
fn what_exceeds_the_limits_is_counted_together_and_told() {
    let word = |n: u32| -> String {
        n.to_string()
            .bytes()
            .map(|b| char::from(b - b'0' + b'a'))
            .collect()
    };
    let mut log = String::new();
    for word in (0..2_000).map(word) {
        writeln!(log, "2026-11-24T12:00:00Z  INFO app::{word}: {word} ready").unwrap();
    }
    let limits = Limits::new().templates(50).components(20);
    let measurements = measure(&log, CollectorConfig::new().limits(limits));
    assert_eq!(measurements.templates.len(), 50);
    assert_eq!(measurements.components.len(), 20);
    let overflow = Overflow {
        messages: 2_000 - 49,
        records: 2_000 - 19,
        ..Overflow::default()
    };
    assert_eq!(measurements.overflow(), overflow);
    let report = Analyzer::default().analyze(&measurements, None, Vec::new());
    assert_eq!(report.overflow, overflow);
    assert_eq!(report.lines.total, 2_000);
    let json = serde_json::to_string(&measurements).unwrap();
    assert_eq!(
        serde_json::from_str::<Measurements>(&json).unwrap(),
        measurements
    );
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let value = prop_oneof![
        (-50_i32..1_000).prop_map(|n| n.to_string()),
        (0_u32..100).prop_map(|n| format!("{n}.25")),
        (1_u32..90).prop_map(|n| format!("{n}ms")),
        (1_u32..90).prop_map(|n| format!("{n}KiB")),
        (0_u32..100).prop_map(|n| format!("{n}%")),
        Just("word".to_owned()),
    ];
    let field = ("[a-f]|lag_ms", value).prop_map(|(name, value)| format!("{name}={value}"));
    let line = (0_u32..180, "[a-d]", prop::collection::vec(field, 0..6)).prop_map(
        |(second, component, fields)| {
            format!(
                "2026-11-24T12:{:02}:{:02}Z  INFO a::{component}{component}: state {}\n",
                second / 60,
                second % 60,
                fields.join(" ")
            )
        },
    );
    prop::collection::vec(line, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Shards in any order and grouping are one pass, to the byte, also above the limits.
    #[test]
    fn merging_is_one_pass(lines in lines(), a in 0_usize..40, b in 0_usize..40, most in 0_usize..5, components in 2_usize..5) {
        let limits = Limits::new().metrics(most).components(components).templates(3);
        let part = |lines: &[String]| measure(&lines.concat(), CollectorConfig::new().limits(limits));
        let (a, b) = (a.min(lines.len()), b.min(lines.len()));
        let (a, b) = (a.min(b), a.max(b));
        let json = |measurements: &Measurements| serde_json::to_string(&measurements.components).unwrap();
        let [x, y, z] = [&lines[..a], &lines[a..b], &lines[b..]].map(part);
        let whole = part(&lines);
        // The places of exemplars are those within each part.
        let metrics = |measurements: &Measurements| -> Vec<_> {
            let series = measurements.components.iter().flat_map(|(id, component)| {
                component.metrics.iter().map(move |(name, series)| (id.clone(), name.clone(), series))
            });
            series
                .flat_map(|(id, name, series)| {
                    series.iter().map(move |(start, gauge)| {
                        let numbers = (gauge.count, gauge.sum_micro, gauge.min_micro, gauge.max_micro);
                        (id.clone(), name.clone(), *start, numbers)
                    })
                })
                .collect()
        };
        let left = x.clone().merge(y.clone()).unwrap().merge(z.clone()).unwrap();
        let right = z.merge(y.merge(x).unwrap()).unwrap();
        prop_assert_eq!(json(&left), json(&right));
        prop_assert_eq!(metrics(&left), metrics(&whole));
        prop_assert_eq!(left.overflow(), whole.overflow());
    }
}
