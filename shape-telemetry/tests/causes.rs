//! A message of one component as the cause of what the requests of another suffer.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers of a test are small and known"
)]

use std::{fmt::Write, time::Duration};

use shape_telemetry::{
    Analyzer, Anomaly, AnomalyKind, Baseline, CauseKind, Collector, CollectorConfig, Measurements,
    Severity, SourceSummary, TelemetryReport,
};

/// What `prices` writes and what `http` suffers, by the number of the request.
#[derive(Clone, Copy)]
struct Fault {
    slow: fn(u32) -> bool,
    warns: fn(u32) -> bool,
    /// How long building takes, where the message says so.
    build_ms: Option<f64>,
}

const HEALTHY: Fault = Fault {
    slow: |_| false,
    warns: |n| n == 0,
    build_ms: Some(18.9),
};

/// A minute of a Python service at 50 requests a second, after `idle` seconds without load.
fn orders(idle: u32, fault: Fault) -> String {
    let mut log = String::from("2026-11-24 08:00:00,000 INFO orders.main: ready\n");
    for n in 0..3_000_u32 {
        let ms = idle * 1_000 + n * 20 + 1;
        let stamp = format!(
            "2026-11-24 08:{:02}:{:02},{:03}",
            ms / 60_000,
            ms / 1_000 % 60,
            ms % 1_000
        );
        if (fault.warns)(n) {
            let took = match fault.build_ms {
                Some(ms) => format!(" in {:.1} ms", ms + f64::from(n % 7)),
                None => String::new(),
            };
            writeln!(
                log,
                "{stamp} WARNING orders.prices: price index built{took} for 40000 articles"
            )
            .unwrap();
        }
        // A few milliseconds that differ, and the same twentyfold.
        let usual = 1.0 + f64::from(n * 7 % 11) / 10.0;
        let took = if (fault.slow)(n) { usual * 20.0 } else { usual };
        writeln!(
            log,
            "{stamp} INFO orders.http: GET /cheaper 200 in {took:.1} ms"
        )
        .unwrap();
    }
    log
}

fn measure(files: &[(&str, &str)], bucket: Duration) -> (Measurements, Vec<SourceSummary>) {
    let mut collector = Collector::new(CollectorConfig::new().bucket(bucket));
    for (name, text) in files {
        collector.read(name, text.as_bytes());
    }
    collector.finish()
}

fn report(before: &[(&str, &str)], now: &[(&str, &str)], bucket: Duration) -> TelemetryReport {
    let baseline = Baseline::learn(&measure(before, bucket).0);
    let (now, sources) = measure(now, bucket);
    Analyzer::default().analyze(&now, Some(&baseline), sources)
}

fn of_orders(fault: Fault, bucket: Duration) -> TelemetryReport {
    let (before, now) = (orders(1, HEALTHY), orders(1, fault));
    report(&[("orders.log", &before)], &[("orders.log", &now)], bucket)
}

fn find<'r>(
    report: &'r TelemetryReport,
    kind: AnomalyKind,
    component: &str,
) -> Option<&'r Anomaly> {
    report
        .anomalies
        .iter()
        .find(|anomaly| anomaly.kind == kind && anomaly.component.as_str() == component)
}

#[track_caller]
fn check_first_cause(report: &TelemetryReport, of: &str, by: &str, anomaly: &Anomaly) {
    let diagnosis = report
        .diagnoses
        .iter()
        .find(|diagnosis| diagnosis.component.as_str() == of)
        .expect("a diagnosis");
    let cause = &diagnosis.causes[0];
    assert_eq!(cause.component.as_str(), by, "{diagnosis:#?}");
    assert!(matches!(
        cause.kind,
        CauseKind::NewBehaviour | CauseKind::Blocking
    ));
    assert_eq!(cause.anomalies, std::slice::from_ref(&anomaly.id));
    assert!(!cause.positions.is_empty());
}

#[test]
fn a_warning_once_a_request_explains_slow_requests_of_another_component() {
    for bucket in [250, 1_000, 60_000].map(Duration::from_millis) {
        for build_ms in [Some(30.0), None] {
            let fault = Fault {
                slow: |_| true,
                warns: |_| true,
                build_ms,
            };
            let report = of_orders(fault, bucket);
            // Without a duration it is another message than before.
            let kind = if build_ms.is_some() {
                AnomalyKind::RateSurge
            } else {
                AnomalyKind::NewTemplate
            };
            let surge = find(&report, kind, "prices").expect("the message");
            assert_eq!(surge.severity, Severity::Critical, "{surge:#?}");
            assert!(2_900 <= surge.affected_requests, "{surge:#?}");
            assert_eq!(report.anomalies[0].id, surge.id, "{:#?}", report.anomalies);
            assert!(find(&report, AnomalyKind::LatencyShift, "http").is_some());
            check_first_cause(&report, "http", "prices", surge);
        }
    }
}

#[test]
fn a_warning_at_times_explains_the_slow_requests_of_these_times() {
    let fault = Fault {
        slow: |n| n % 500 < 100,
        warns: |n| n % 500 < 100 && n % 5 == 0,
        build_ms: None,
    };
    let report = of_orders(fault, Duration::from_secs(1));
    let new = find(&report, AnomalyKind::NewTemplate, "prices").expect("the message");
    assert!(Severity::High <= new.severity, "{new:#?}");
    check_first_cause(&report, "http", "prices", new);
}

#[test]
fn a_warning_at_other_times_is_not_blamed() {
    let fault = Fault {
        slow: |n| n < 1_000,
        warns: |n| 1_500 < n,
        build_ms: Some(18.9),
    };
    let report = of_orders(fault, Duration::from_secs(1));
    let surge = find(&report, AnomalyKind::RateSurge, "prices").expect("the message");
    assert_eq!(surge.affected_requests, 0, "{surge:#?}");
    assert!(find(&report, AnomalyKind::LatencyShift, "http").is_some());
    let http = report
        .diagnoses
        .iter()
        .find(|d| d.component.as_str() == "http");
    let causes = &http.expect("a diagnosis").causes;
    assert!(
        causes
            .iter()
            .all(|cause| cause.component.as_str() != "prices"),
        "{causes:#?}"
    );
}

#[test]
fn a_warning_that_hurts_nobody_is_no_incident() {
    let fault = Fault {
        warns: |_| true,
        ..HEALTHY
    };
    let report = of_orders(fault, Duration::from_secs(1));
    let surge = find(&report, AnomalyKind::RateSurge, "prices").expect("the message");
    assert_eq!(surge.affected_requests, 0);
    assert!(surge.severity <= Severity::Medium, "{surge:#?}");
}

#[test]
fn waiting_for_load_is_no_gap() {
    let (before, now) = (orders(1, HEALTHY), orders(600, HEALTHY));
    for bucket in [250, 1_000, 60_000].map(Duration::from_millis) {
        let report = report(&[("orders.log", &before)], &[("orders.log", &now)], bucket);
        let gaps: Vec<_> = report
            .anomalies
            .iter()
            .filter(|anomaly| anomaly.kind == AnomalyKind::TimeGap)
            .collect();
        assert!(gaps.is_empty(), "{gaps:#?}");
    }
}

/// The access log and the error log of a web server; from `down` on its upstream is gone for ten seconds.
fn web_server(down: Option<u32>) -> (String, String) {
    let (mut access, mut error) = (String::new(), String::new());
    writeln!(
        error,
        "2026/11/24 08:00:00 [notice] 1#1: start worker processes"
    )
    .unwrap();
    for n in 0..3_000_u32 {
        let s = n / 50;
        let is_down = down.is_some_and(|down| (down..down + 10).contains(&s));
        let (status, ms) = if is_down { (502, 1) } else { (200, 3 + n % 5) };
        writeln!(access, "10.0.0.1 - - [24/Nov/2026:08:00:{s:02} +0000] \"GET /x HTTP/1.1\" {status} 12 \"-\" \"curl\" 0.{ms:03}").unwrap();
        if is_down {
            writeln!(error, "2026/11/24 08:00:{s:02} [error] 7#7: *{n} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: x, request: \"GET /x HTTP/1.1\"").unwrap();
        }
    }
    (access, error)
}

#[test]
fn the_error_log_explains_the_failures_of_the_access_log() {
    let (good, quiet) = web_server(None);
    let (bad, errors) = web_server(Some(20));
    for bucket in [1_000, 60_000].map(Duration::from_millis) {
        let report = report(
            &[("access.log", &good), ("error.log", &quiet)],
            &[("access.log", &bad), ("error.log", &errors)],
            bucket,
        );
        let new = find(&report, AnomalyKind::NewTemplate, "error").expect("the message");
        assert_eq!(new.severity, Severity::Critical, "{new:#?}");
        assert_eq!(new.affected_requests, 500);
        assert!(find(&report, AnomalyKind::ErrorRatio, "access").is_some());
        check_first_cause(&report, "access", "error", new);
        assert!(
            report.diagnoses[0].causes[0]
                .summary
                .contains("connect() failed")
        );
    }
}
