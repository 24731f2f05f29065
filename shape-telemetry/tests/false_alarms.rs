//! How often a healthy log has an anomaly, and how surely a fault of stated size is found.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of a test are small and known"
)]

use std::{fmt::Write as _, time::Duration};

use shape_telemetry::{
    Analyzer, AnalyzerConfig, AnomalyKind, Baseline, Collector, CollectorConfig, Measurements,
    TelemetryReport,
};

use crate::simulated::numbers::Numbers;

mod simulated;

/// A service: how it behaves, which stays as it is.
#[derive(Clone, Copy, Debug)]
struct Service {
    per_second: f64,
    failing: f64,
    median_ms: f64,
    spread: f64,
    warns: f64,
    notes: f64,
    /// Everything is written at such times only: so many seconds apart; 0: at any time.
    rounds: u32,
}

fn service(numbers: &mut Numbers) -> Service {
    Service {
        per_second: 0.2 + 3.0 * numbers.unit(),
        failing: if numbers.chance(0.5) {
            0.0
        } else {
            0.06 * numbers.unit()
        },
        median_ms: 1.0 + 40.0 * numbers.unit(),
        spread: 0.2 + 0.8 * numbers.unit(),
        warns: 0.1 * numbers.unit(),
        notes: numbers.unit(),
        rounds: if numbers.chance(0.2) { 10 } else { 0 },
    }
}

/// Five minutes of a service.
fn log(numbers: &mut Numbers, service: Service) -> Measurements {
    let mut log = String::new();
    let mut ms = 0.0;
    let mut n = 0;
    loop {
        ms += -1e3 * (1.0 - numbers.unit()).ln() / service.per_second;
        if 300_000.0 <= ms {
            break;
        }
        n += 1;
        let mut at = ms as u64;
        if service.rounds != 0 {
            let round = u64::from(service.rounds) * 1_000;
            at = at / round * round + at % 50;
        }
        let stamp = format!(
            "2026-11-23T23:{:02}:{:02}.{:03}Z",
            at / 60_000,
            at / 1_000 % 60,
            at % 1_000
        );
        let status = if numbers.chance(service.failing) {
            500
        } else {
            200
        };
        let took = service.median_ms * (service.spread * numbers.normal()).exp();
        writeln!(log, "{stamp}  INFO shop::web: request completed request_id=r{n} status={status} duration_ms={took:.3}").unwrap();
        if numbers.chance(service.warns) {
            writeln!(log, "{stamp}  WARN shop::web: cache is cold key={n}").unwrap();
        }
        if numbers.chance(service.notes) {
            writeln!(log, "{stamp}  INFO shop::db: rows read n={n}").unwrap();
        }
    }
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(5)));
    collector.read("shop.log", log.as_bytes());
    collector.finish().0
}

/// Reports of services, as they are and after `change`, with and without a baseline of the same length.
fn reports(
    n: u64,
    config: &AnalyzerConfig,
    change: impl Fn(Service) -> Service,
) -> Vec<[TelemetryReport; 2]> {
    (0..n)
        .map(|seed| {
            let mut numbers = Numbers::new(seed);
            let service = service(&mut numbers);
            let baseline = Baseline::learn(&log(&mut numbers, service));
            let now = log(&mut numbers, change(service));
            let analyzer = Analyzer::new(config.clone());
            [Some(&baseline), None].map(|baseline| analyzer.analyze(&now, baseline, Vec::new()))
        })
        .collect()
}

/// What a test stands behind: a warning that was not there before is a fact, however rare; an error or a frequent warning
/// of a log without a baseline is named by rule.
fn tested(report: &TelemetryReport) -> Vec<String> {
    report
        .anomalies
        .iter()
        .filter(|anomaly| anomaly.kind != AnomalyKind::NewTemplate)
        .map(|anomaly| format!("{:?} {}", anomaly.kind, anomaly.summary))
        .collect()
}

/// The share of healthy logs with an anomaly is what `max_q` promises, when no least effect helps: the rate at which any of
/// the tests of a report finds something where nothing is, is that of the false discoveries.
#[test]
fn healthy_logs_have_as_many_anomalies_as_promised() {
    let strict = reports(60, &AnalyzerConfig::new(), |service| service);
    let found: Vec<String> = strict.iter().flatten().flat_map(tested).collect();
    assert!(found.len() <= 1, "{found:#?}");

    let loose = AnalyzerConfig::new()
        .max_q(0.05)
        .min_rate_ratio(1.0)
        .min_latency_ratio(1.0)
        .min_latency_shift(Duration::ZERO)
        .min_error_excess(0.0);
    let loose = reports(200, &loose, |service| service);
    let with: Vec<Vec<String>> = loose
        .iter()
        .map(|[report, _]| tested(report))
        .filter(|found| !found.is_empty())
        .collect();
    // 10 of 200 are promised; 3 standard deviations more are chance.
    assert!(with.len() <= 19, "{} {with:#?}", with.len());
}

#[test]
fn faults_of_a_stated_size_are_found() {
    let share = |kind: AnomalyKind, change: fn(Service) -> Service| {
        let reports = reports(40, &AnalyzerConfig::new(), |service| {
            change(Service {
                per_second: service.per_second.max(1.0),
                ..service
            })
        });
        let found = reports
            .iter()
            .filter(|[report, _]| report.anomalies.iter().any(|anomaly| anomaly.kind == kind))
            .count();
        found as f64 / 40.0
    };
    // Three times as slow; one in five fails; ten times the warnings; a message that most requests wrote is gone.
    let slower = share(AnomalyKind::LatencyShift, |s| Service {
        median_ms: 4.0 * s.median_ms + 10.0,
        ..s
    });
    let failing = share(AnomalyKind::ErrorRatio, |s| Service {
        failing: s.failing + 0.25,
        ..s
    });
    let warning = share(AnomalyKind::RateSurge, |s| Service {
        warns: 10.0 * s.warns + 0.2,
        ..s
    });
    let found = [slower, failing, warning];
    assert!(found.iter().all(|&share| 0.85 <= share), "{found:?}");
}
