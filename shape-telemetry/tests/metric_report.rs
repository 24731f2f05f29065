//! Metrics of components in the report: when something began, rates that change, rows out of the ordinary.

use std::{fmt::Write, time::Duration};

use jiff::{SignedDuration, Timestamp};
use shape_telemetry::{
    Analyzer, Anomaly, AnomalyKind, Baseline, Collector, CollectorConfig, Measurements, Severity,
    TelemetryReport,
};

fn start() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// What happens in a second of the service.
#[derive(Clone, Copy)]
struct Second {
    requests: u32,
    failed: u32,
    ms: u32,
}

const USUAL: Second = Second {
    requests: 4,
    failed: 0,
    ms: 10,
};

/// Requests of `shop::cart`, one second after the other; durations and counts vary a little, always the same way.
fn log(seconds: u32, what: impl Fn(u32) -> Second) -> Measurements {
    let mut text = String::new();
    for second in 0..seconds {
        let Second {
            requests,
            failed,
            ms,
        } = what(second);
        let requests = requests + second * 7_919 % 3;
        for n in 0..requests {
            let time = start()
                + SignedDuration::from_secs(second.into())
                + SignedDuration::from_millis(i64::from(n * 1_000 / requests));
            let status = if n < failed { 500 } else { 200 };
            let took = ms + (second * 31 + n * 17) % 5;
            writeln!(
                text,
                "{time:.3}  INFO shop::cart: request completed path=/cart status={status} duration_ms={took}.{n}"
            )
            .unwrap();
        }
    }
    let config = CollectorConfig::new().bucket(Duration::from_secs(1));
    let mut collector = Collector::new(config);
    collector.read("shop.log", text.as_bytes());
    collector.finish().0
}

fn report(now: &Measurements) -> TelemetryReport {
    let baseline = Baseline::learn(&log(300, |_| USUAL));
    Analyzer::default().analyze(now, Some(&baseline), Vec::new())
}

#[track_caller]
fn find(report: &TelemetryReport, kind: AnomalyKind) -> &Anomaly {
    report
        .anomalies
        .iter()
        .find(|anomaly| anomaly.kind == kind)
        .unwrap_or_else(|| panic!("no {kind:?} in {:#?}", report.anomalies))
}

fn seconds_in(time: Timestamp) -> i64 {
    time.duration_since(start()).as_secs()
}

#[test]
fn failures_say_since_when() {
    let now = log(240, |second| Second {
        failed: if second < 150 { 0 } else { 2 },
        ..USUAL
    });
    let report = report(&now);
    let anomaly = find(&report, AnomalyKind::ErrorRatio);
    let change = anomaly.change.unwrap();
    assert_eq!(seconds_in(change.at), 150);
    assert!(change.interval.contains(change.at));
    assert!(
        change.interval.length() < Duration::from_secs(5),
        "{change:?}"
    );
    assert_eq!(change.until, None);
    assert!(
        anomaly.summary.ends_with("; since 2026-11-24T08:02:30Z"),
        "{}",
        anomaly.summary
    );
}

#[test]
fn slowness_says_from_when_to_when() {
    let now = log(240, |second| Second {
        ms: if (100..160).contains(&second) { 90 } else { 10 },
        ..USUAL
    });
    let report = report(&now);
    let change = find(&report, AnomalyKind::LatencyShift).change.unwrap();
    assert_eq!(seconds_in(change.at), 100);
    assert_eq!(change.until.map(seconds_in), Some(160));
}

#[test]
fn what_was_so_from_the_first_line_has_no_beginning() {
    let now = log(240, |_| Second { failed: 2, ..USUAL });
    assert_eq!(find(&report(&now), AnomalyKind::ErrorRatio).change, None);
}

#[test]
fn many_more_requests_from_some_time_on() {
    // As many as usual over the whole log, but not at all times.
    let now = log(300, |second| Second {
        requests: if second < 240 { 1 } else { 20 },
        ..USUAL
    });
    let report = report(&now);
    let anomaly = find(&report, AnomalyKind::ChangePoint);
    assert_eq!(seconds_in(anomaly.change.unwrap().at), 240);
    assert!(
        anomaly.summary.contains("gets more requests"),
        "{}",
        anomaly.summary
    );
    assert!(5.0 < anomaly.evidence.effect);
    assert!(anomaly.evidence.q_value < 1e-9);
    assert!(!anomaly.exemplars.is_empty());
    assert_eq!(anomaly.severity, Severity::Medium);
}

#[test]
fn a_short_burst_is_a_metric_anomaly() {
    // Twelve slow seconds in twenty minutes: too few for any test of all requests.
    let now = log(1_200, |second| Second {
        ms: if (900..912).contains(&second) {
            400
        } else {
            10
        },
        ..USUAL
    });
    let report = report(&now);
    let anomaly = find(&report, AnomalyKind::MetricAnomaly);
    assert!(
        anomaly
            .summary
            .contains("95th percentile of the latency of"),
        "{}",
        anomaly.summary
    );
    let at = seconds_in(anomaly.period.unwrap().start);
    assert!((900..912).contains(&at), "{at} {}", anomaly.summary);
    assert!(anomaly.evidence.test.starts_with("online ensemble, "));
    assert!(10.0 < anomaly.evidence.effect);
    assert!(!anomaly.exemplars.is_empty());
    // The same log, the same anomaly.
    assert_eq!(report, self::report(&now));
}

#[test]
fn an_ordinary_service_has_neither() {
    let report = report(&log(1_000, |_| USUAL));
    assert_eq!(report.anomalies, []);
}
