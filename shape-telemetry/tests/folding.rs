//! The same thing is reported once: messages that come together, silences that are one, tools that are seldom called.

use std::{fmt::Write as _, time::Duration};

use shape_telemetry::{
    Analyzer, Anomaly, AnomalyKind, Baseline, Bond, Collector, CollectorConfig, Measurements,
    TelemetryReport,
};

fn measure(log: &str) -> Measurements {
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
    collector.read("shop.log", log.as_bytes());
    collector.finish().0
}

fn report(before: Option<&str>, now: &str) -> TelemetryReport {
    let baseline = before.map(|log| Baseline::learn(&measure(log)));
    Analyzer::default().analyze(&measure(now), baseline.as_ref(), Vec::new())
}

fn of_kind(report: &TelemetryReport, kind: AnomalyKind) -> Vec<&Anomaly> {
    let of = report.anomalies.iter();
    of.filter(|anomaly| anomaly.kind == kind).collect()
}

fn stamp(ms: u32) -> String {
    let (s, ms) = (ms / 1_000, ms % 1_000);
    format!("2026-11-24T09:{:02}:{:02}.{ms:03}Z", s / 60, s % 60)
}

/// Ten minutes of a shop, five requests a second. From `deployed` on, seconds, every third checkout fails for its database
/// can not be reached; `expired` seconds in, a certificate expires, which has nothing to do with it.
fn shop(deployed: Option<u32>, expired: Option<u32>) -> String {
    let mut log = String::new();
    for n in 0..3_000_u32 {
        let at = n * 200;
        let is_down = deployed.is_some_and(|from| from * 1_000 <= at) && n % 3 == 0;
        if is_down {
            writeln!(
                log,
                "{}  WARN shop::pool: connection to db-2 refused, retrying request_id=r{n}",
                stamp(at)
            )
            .unwrap();
            writeln!(
                log,
                "{} ERROR shop::orders: no connection from the pool request_id=r{n}",
                stamp(at + 2)
            )
            .unwrap();
            writeln!(
                log,
                "{} ERROR shop::web: checkout gave up request_id=r{n}",
                stamp(at + 3)
            )
            .unwrap();
        }
        let status = if is_down { 503 } else { 200 };
        writeln!(log, "{}  INFO shop::web: request completed path=/checkout status={status} duration_ms={} request_id=r{n}", stamp(at + 5), 3 + n % 4).unwrap();
        if expired.is_some_and(|from| from * 5 == n) {
            writeln!(
                log,
                "{}  WARN shop::mail: certificate of the relay has expired",
                stamp(at + 90)
            )
            .unwrap();
        }
    }
    log
}

#[test]
fn a_deployment_that_fails_is_told_once() {
    let before = shop(None, None);
    for (before, deployed) in [
        (Some(before.as_str()), 0),
        (Some(&before), 240),
        (None, 300),
    ] {
        let report = report(before, &shop(Some(deployed), Some(450)));
        let new = of_kind(&report, AnomalyKind::NewTemplate);
        assert_eq!(new.len(), 2, "{new:#?}");
        let [outage, certificate] = new.as_slice() else {
            unreachable!("two were counted");
        };
        assert_eq!(outage.together.len(), 2, "{outage:#?}");
        assert_eq!(certificate.component.as_str(), "mail");
        assert!(
            outage.summary.ends_with("2 other messages come with it"),
            "{}",
            outage.summary
        );
        let mut components: Vec<&str> = outage.all().map(|one| one.component.as_str()).collect();
        components.sort_unstable();
        assert_eq!(components, ["orders", "pool", "web"]);
        for companion in &outage.together {
            assert!(companion.p_value < 0.05);
            assert!(!companion.anomaly.exemplars.is_empty());
            assert!(
                matches!(companion.bond, Bond::Requests { both, of } if of <= both * 5 / 4)
                    || matches!(companion.bond, Bond::Times { .. } | Bond::Beginning { .. }),
                "{companion:#?}"
            );
        }
        // Of one group one cause is told.
        for diagnosis in &report.diagnoses {
            let about = |cause: &&shape_telemetry::Cause| {
                cause
                    .anomalies
                    .iter()
                    .any(|id| outage.all().any(|one| one.id == *id))
                    && cause.kind == shape_telemetry::CauseKind::NewBehaviour
            };
            assert!(diagnosis.causes.iter().filter(about).count() <= 1);
        }
        assert_eq!(
            report.all_anomalies().count(),
            report.anomalies.len() + outage.together.len()
        );
    }
}

#[test]
fn messages_at_times_of_their_own_stay_apart() {
    let mut log = shop(None, None);
    // Two errors that have nothing to do with each other, each now and then.
    for (step, text) in [(37, "index is stale"), (53, "quota of mails exceeded")] {
        for n in 1..600 / step {
            writeln!(
                log,
                "{} ERROR shop::jobs: {text}",
                stamp(n * step * 1_000 + 11 * step)
            )
            .unwrap();
        }
    }
    let report = report(Some(&shop(None, None)), &log);
    let new = of_kind(&report, AnomalyKind::NewTemplate);
    assert_eq!(new.len(), 2, "{new:#?}");
}

/// Runs of a tool: so many, so many seconds apart, each of 200 records in two seconds.
fn runs(n: u64, apart_s: i64) -> String {
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut log = String::new();
    for run in 0..n {
        // Now and then, not every so often.
        let at = apart_s * i64::try_from(run * run).unwrap();
        for record in 0..200 {
            let time = start + jiff::SignedDuration::from_millis(at * 1_000 + record * 10);
            writeln!(log, "{time}  INFO tool: step {record} done").unwrap();
        }
    }
    log
}

#[test]
fn a_tool_that_is_seldom_called_has_no_gaps() {
    for apart_s in [7_200, 86_400, 3_000_000] {
        let report = report(None, &runs(9, apart_s));
        let gaps = of_kind(&report, AnomalyKind::TimeGap);
        assert!(gaps.is_empty(), "{gaps:#?}");
    }
}

#[test]
fn what_falls_silent_together_is_one_silence() {
    let mut log = String::new();
    for n in 0..6_000_u32 {
        let at = n * 100;
        writeln!(log, "{}  INFO shop::web: beat", stamp(at)).unwrap();
        if !(200_000..260_000).contains(&at) {
            writeln!(log, "{}  INFO shop::orders: beat", stamp(at + 1)).unwrap();
            writeln!(log, "{}  INFO shop::stock: beat", stamp(at + 2)).unwrap();
        }
    }
    let report = report(None, &log);
    let gaps = of_kind(&report, AnomalyKind::TimeGap);
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    assert!(
        gaps[0]
            .summary
            .starts_with("orders and stock wrote nothing for 1 min from 2026-11-24T09:03:19"),
        "{}",
        gaps[0].summary
    );
}
