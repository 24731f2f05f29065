//! What the records of one request tell together: who calls whom, what is missing, what came in another order.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of a test are small and known"
)]

use std::{fmt::Write, time::Duration};

use shape_telemetry::{
    Analyzer, Anomaly, AnomalyKind, Baseline, Collector, CollectorConfig, ComponentId,
    Measurements, Severity, SourceSummary, TelemetryReport,
};

use crate::simulated::numbers::Numbers;

mod simulated;

/// How a request is written, by its number.
type Request = fn(u32) -> Vec<(&'static str, &'static str)>;

fn usual(n: u32) -> Vec<(&'static str, &'static str)> {
    let mut records = vec![
        ("shop::web", "request received path=/buy"),
        ("shop::cart", "cart loaded"),
        ("shop::stock", "stock reserved"),
        ("shop::cart", "cart stored"),
        (
            "shop::web",
            "request completed path=/buy status=200 duration_ms=3.1",
        ),
    ];
    if n.is_multiple_of(3) {
        records.insert(3, ("shop::stock", "stock low"));
    }
    records
}

/// Requests that overlap, ten a second.
fn log(requests: u32, request: Request) -> String {
    let mut numbers = Numbers::new(7);
    let mut lines = Vec::new();
    for n in 0..requests {
        let mut us = u64::from(n) * 100_000 + numbers.below(50_000) as u64;
        for (target, message) in request(n) {
            us += 500 + numbers.below(60_000) as u64;
            lines.push((us, format!("INFO {target}: {message} request_id=r{n}")));
        }
    }
    lines.sort();
    let mut log = String::new();
    for (us, line) in lines {
        let (minute, second) = (us / 60_000_000, us / 1_000_000 % 60);
        writeln!(
            log,
            "2026-11-23T23:{minute:02}:{second:02}.{:06}Z {line}",
            us % 1_000_000
        )
        .unwrap();
    }
    log
}

fn measure(logs: &[&str]) -> (Measurements, Vec<SourceSummary>) {
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
    for (n, log) in logs.iter().enumerate() {
        collector.read(&format!("{n}.log"), log.as_bytes());
    }
    collector.finish()
}

fn report(request: Request) -> TelemetryReport {
    let baseline = Baseline::learn(&measure(&[&log(600, usual)]).0);
    let (now, sources) = measure(&[&log(600, request)]);
    Analyzer::default().analyze(&now, Some(&baseline), sources)
}

fn of_kind(report: &TelemetryReport, kind: AnomalyKind) -> Vec<&Anomaly> {
    report
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.kind == kind)
        .collect()
}

#[test]
fn usual_requests_are_no_anomaly() {
    let report = report(usual);
    assert!(report.anomalies.is_empty(), "{:?}", report.anomalies);
}

#[test]
fn requests_that_lack_a_record() {
    let report = report(|n| {
        let mut records = usual(n);
        if n % 20 == 7 {
            records.retain(|(_, message)| *message != "cart stored");
        }
        records
    });
    let found = of_kind(&report, AnomalyKind::RareSession);
    let [one] = &found[..] else {
        panic!("{:?}", report.anomalies);
    };
    assert_eq!(one.component.as_str(), "cart");
    assert!((25..=31).contains(&one.count), "{one:?}");
    assert!(
        one.summary
            .contains("`cart stored` is missing; 600 of 600 sessions have it"),
        "{}",
        one.summary
    );
    assert!(one.evidence.q_value <= 0.001 && one.evidence.n_baseline == 600);
    assert_eq!(one.severity, Severity::Medium);
    assert_eq!(one.exemplars.len(), 5);
    assert!(one.exemplars[0].position.to_string().starts_with("0.log:"));
    assert!(of_kind(&report, AnomalyKind::OrderViolation).is_empty());
}

#[test]
fn requests_in_another_order() {
    let report = report(|n| {
        let mut records = usual(n);
        if n % 15 == 4 {
            records.swap(1, 2);
        }
        records
    });
    let found = of_kind(&report, AnomalyKind::OrderViolation);
    let [one] = &found[..] else {
        panic!("{:?}", report.anomalies);
    };
    assert!(
        one.summary
            .contains("`stock reserved` before `cart loaded`; in 0 of 600"),
        "{}",
        one.summary
    );
    assert!((37..=41).contains(&one.count));
}

#[test]
fn one_strange_request_is_left_to_chance() {
    let report = report(|n| {
        let mut records = usual(n);
        if n == 300 {
            records.truncate(2);
        }
        records
    });
    assert!(report.anomalies.is_empty(), "{:?}", report.anomalies);
}

#[test]
fn who_calls_whom_by_the_order_of_records() {
    let (measurements, _) = measure(&[&log(50, usual)]);
    let graph = measurements.dependencies();
    let calls: Vec<String> = graph
        .calls()
        .map(|(a, b, n)| format!("{a} {b} {n}"))
        .collect();
    assert_eq!(calls, ["cart stock 50", "web cart 50"]);
    let web = ComponentId::new("web");
    assert_eq!(
        graph.distances(&web).get(&ComponentId::new("stock")),
        Some(&2)
    );
}

#[test]
fn who_calls_whom_by_the_parents_of_spans() {
    let mut log = String::new();
    for n in 0..10 {
        // By the order alone, `mail` would be called by `stock`.
        for (target, span, parent) in [
            ("web", "a", ""),
            ("stock", "b", "a"),
            ("mail", "c", "a"),
            ("db", "d", "b"),
        ] {
            writeln!(log, "{{\"timestamp\":\"2026-11-23T23:41:{n:02}Z\",\"level\":\"INFO\",\"target\":\"{target}\",\"message\":\"done\",\"trace_id\":\"t{n}\",\"span_id\":\"{span}{n}\",\"parent_span_id\":\"{parent}{n}\"}}").unwrap();
        }
    }
    let graph = measure(&[&log]).0.dependencies();
    let calls: Vec<String> = graph
        .calls()
        .map(|(a, b, n)| format!("{a} {b} {n}"))
        .collect();
    assert_eq!(calls, ["stock db 10", "web mail 10", "web stock 10"]);
}

/// The records of a request in several logs are put together, in any order of the shards.
#[test]
fn shards_merge_to_one_pass() {
    let all = log(3_000, usual);
    let mut parts = [String::new(), String::new(), String::new()];
    for (n, line) in all.lines().enumerate() {
        let part = &mut parts[n * 7 % 3];
        part.push_str(line);
        part.push('\n');
    }
    let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let whole = measure(&texts).0;
    let shard = |n: usize| {
        let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
        collector.read(&format!("{n}.log"), texts[n].as_bytes());
        collector.finish().0
    };
    let [a, b, c] = [shard(0), shard(1), shard(2)];
    let merged = c
        .clone()
        .merge(a.clone())
        .unwrap()
        .merge(b.clone())
        .unwrap();
    assert!(merged == whole);
    assert!(a.merge(b.merge(c).unwrap()).unwrap() == whole);
    assert_eq!(
        whole.sessions.len(),
        shape_telemetry::SessionSample::MAX_SESSIONS
    );
    let json = serde_json::to_string(&whole).unwrap();
    assert!(serde_json::from_str::<Measurements>(&json).unwrap() == whole);
}
