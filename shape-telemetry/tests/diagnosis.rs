//! Causes beside messages: changes, components that are called, groups of requests.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stderr,
    reason = "numbers of a test are small and known"
)]

use std::{fmt::Write, path::Path, time::Duration};

use proptest::prelude::*;
use shape_telemetry::{
    Analyzer, AnalyzerConfig, AnomalyKind, Baseline, BaselineError, CauseKind, ChangeEvent,
    Collector, CollectorConfig, ComponentId, Diagnosis, Measurements, Severity, TelemetryReport,
};

fn measure(log: &str) -> Measurements {
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
    collector.read("shop.log", log.as_bytes());
    collector.finish().0
}

fn stamp(ms: u64) -> String {
    format!(
        "2026-11-23T23:{:02}:{:02}.{:03}Z",
        ms / 60_000,
        ms / 1_000 % 60,
        ms % 1_000
    )
}

/// Requests of `web` over `cart` over `stock`, ten a second for two minutes; from second `from` on `stock` fails for
/// one in `every`, and with it all that wait for it.
fn shop(from: u64, every: u64, kind: fn(u64) -> &'static str) -> String {
    let mut log = String::new();
    for n in 0..1_200_u64 {
        let ms = n * 100;
        let bad = from * 1_000 <= ms && n % every == 0;
        let status = if bad { 500 } else { 200 };
        let kind = kind(n);
        for (at, component, event) in [
            (0, "web", "request received"),
            (5, "cart", "request received"),
            (10, "stock", "request received"),
            (30, "stock", "request completed"),
            (40, "cart", "request completed"),
            (50, "web", "request completed"),
        ] {
            let end = if event.ends_with("completed") {
                format!(
                    " status={status} kind={kind} duration_ms={}.{}",
                    5 + at / 2,
                    n % 10
                )
            } else {
                String::new()
            };
            writeln!(
                log,
                "{}  INFO shop::{component}: {event} request_id=r{n} path=/buy{end}",
                stamp(ms + at)
            )
            .unwrap();
        }
    }
    log
}

fn any_kind(n: u64) -> &'static str {
    ["book", "pen", "lamp"][(n % 3) as usize]
}

fn report(now: &str, config: AnalyzerConfig) -> TelemetryReport {
    let baseline = Baseline::learn(&measure(&shop(999, 1, any_kind)));
    Analyzer::new(config).analyze(&measure(now), Some(&baseline), Vec::new())
}

fn of<'r>(report: &'r TelemetryReport, component: &str) -> &'r Diagnosis {
    report
        .diagnoses
        .iter()
        .find(|diagnosis| diagnosis.component.as_str() == component)
        .unwrap_or_else(|| panic!("{:?}", report.anomalies))
}

fn change(second: u64, component: &str, summary: &str) -> ChangeEvent {
    ChangeEvent {
        at: stamp(second * 1_000).parse().unwrap(),
        component: Some(ComponentId::new(component)),
        summary: summary.to_owned(),
    }
}

#[test]
fn a_deployment_before_the_failures_is_named_and_one_long_before_is_not_first() {
    let config = AnalyzerConfig::new().changes([
        change(20, "cart", "deployed 1.4.1"),
        change(60, "stock", "deployed 2.0.0"),
        change(110, "web", "deployed 3.1.0"),
    ]);
    let report = report(&shop(60, 4, any_kind), config);
    for component in ["stock", "web"] {
        let diagnosis = of(&report, component);
        let first = diagnosis
            .causes
            .iter()
            .find(|cause| cause.kind == CauseKind::Change)
            .unwrap();
        assert!(
            first
                .summary
                .starts_with("deployed 2.0.0 at 2026-11-23T23:01:00Z in stock: 25.0 %"),
            "{}",
            first.summary
        );
        assert_eq!(first.component.as_str(), "stock");
        let revert = diagnosis
            .recommendations
            .iter()
            .find(|one| one.summary.contains("stock"))
            .unwrap();
        assert_eq!(revert.requests_helped, 150);
        assert_eq!(revert.severity, Severity::Critical);
        assert!(0 < revert.effort);
    }
}

#[test]
fn what_is_called_is_the_cause_of_what_calls_it() {
    let report = report(&shop(60, 4, any_kind), AnalyzerConfig::new());
    let upstream = of(&report, "web")
        .causes
        .iter()
        .find(|cause| cause.kind == CauseKind::Upstream)
        .unwrap();
    assert_eq!(upstream.component.as_str(), "stock");
    assert!(
        upstream
            .summary
            .starts_with("stock, which web calls over 1 others, is in trouble"),
        "{}",
        upstream.summary
    );
    assert!(
        of(&report, "stock")
            .causes
            .iter()
            .all(|cause| cause.kind != CauseKind::Upstream)
    );
}

#[test]
fn leaving_a_group_out_shows_that_it_is_the_group() {
    let report = report(&shop(0, 3, any_kind), AnalyzerConfig::new());
    // One in three is a book, and fails.
    let field = of(&report, "stock")
        .causes
        .iter()
        .find(|cause| cause.kind == CauseKind::FieldValue)
        .unwrap();
    assert!(
        field.summary.contains("kind=book fail, others never"),
        "{}",
        field.summary
    );
    assert!(
        field
            .summary
            .contains("without them 0.0 % fail, 0.0 % in the baseline"),
        "{}",
        field.summary
    );
}

/// A real session of a browser: the times in which nothing was written, as another tool found them.
#[test]
fn the_gaps_of_a_real_session() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/original/session-diagnostics.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no {}", path.display());
        return;
    };
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    let raw = &session["stage1_rawLog"];
    let time =
        |value: &serde_json::Value| -> jiff::Timestamp { value.as_str().unwrap().parse().unwrap() };
    let gaps: Vec<(jiff::Timestamp, jiff::Timestamp)> = raw["performance"]["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| (time(&gap["start"]), time(&gap["end"])))
        .collect();
    assert_eq!(gaps.len(), 8);
    // The lines themselves are not in it: so many as there were, evenly in the times that are no gaps.
    let (begin, end) = (time(&raw["earliest"]), time(&raw["latest"]));
    let mut log = String::new();
    let mut at = begin;
    while at < end {
        writeln!(log, "{at}  INFO console: beat").unwrap();
        at = at
            .checked_add(jiff::SignedDuration::from_micros(600))
            .unwrap();
        if let Some((start, end)) = gaps.iter().find(|(start, end)| *start < at && at < *end) {
            writeln!(log, "{start}  INFO console: beat").unwrap();
            at = *end;
        }
    }
    let mut collector = Collector::new(CollectorConfig::new());
    collector.read("console.log", log.as_bytes());
    let (measurements, sources) = collector.finish();
    let report = Analyzer::default().analyze(&measurements, None, sources);
    let gap = report
        .anomalies
        .iter()
        .find(|anomaly| anomaly.kind == AnomalyKind::TimeGap)
        .unwrap();
    assert_eq!(gap.count, 8, "{}", gap.summary);
    assert!(
        gap.summary
            .starts_with("nothing was written for 9.77 s (8 such times"),
        "{}",
        gap.summary
    );
}

/// A hundred seconds of requests of which each kind takes so many milliseconds.
fn timed(ms: fn(u64) -> u64) -> String {
    let mut log = String::new();
    for n in 0..2_000 {
        writeln!(
            log,
            "{}  INFO shop::web: request completed kind={} region={} status=200 duration_ms={} request_id=r{n}",
            stamp(n * 50),
            any_kind(n),
            ["north", "south"][(n / 3 % 2) as usize],
            ms(n)
        )
        .unwrap();
    }
    log
}

#[test]
fn leaving_a_group_out_shows_whose_slowness_it_is() {
    let report = |now: fn(u64) -> u64| {
        let baseline = Baseline::learn(&measure(&timed(|n| 20 + n % 7)));
        Analyzer::default().analyze(&measure(&timed(now)), Some(&baseline), Vec::new())
    };
    let told = |report: &TelemetryReport| {
        let causes = of(report, "web").causes.iter();
        let mut found = causes.filter(|cause| cause.kind == CauseKind::FieldValue);
        found
            .next()
            .map(|cause| (cause.summary.clone(), cause.attribution.clone().unwrap()))
    };
    // Books have become slow, wherever they go.
    let books = report(|n| if n % 3 == 0 { 90 + n % 20 } else { 20 + n % 7 });
    let (summary, attribution) = told(&books).expect("a field");
    assert!(
        summary.starts_with(
            "requests of web with kind=book are slow, others never: 667 of 667 take longer than"
        ),
        "{summary}"
    );
    assert_eq!(
        (attribution.field.as_str(), attribution.value.as_str()),
        ("kind", "book")
    );
    assert_eq!(
        (attribution.affected, attribution.affected_without),
        (667, 0)
    );
    assert!(0.99 < attribution.share && attribution.q_value < 1e-6);
    assert!(attribution.usual.is_some_and(|usual| usual < 0.02));
    // All have: no group is it.
    let all = report(|n| 90 + n % 20);
    assert_eq!(told(&all), None);
}

#[test]
fn a_saved_baseline_is_the_baseline_and_others_are_told_apart() {
    let baseline = Baseline::learn(&measure(&shop(999, 1, any_kind)));
    let json = serde_json::to_string(&baseline).unwrap();
    assert_eq!(Baseline::from_json(&json).unwrap(), baseline);
    let old = json.replacen("\"schema_version\":2", "\"schema_version\":1", 1);
    let error = Baseline::from_json(&old).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("version 1; this program reads version 2: learn it again"),
        "{error}"
    );
    assert!(matches!(
        Baseline::from_json("{}"),
        Err(BaselineError::Json(_))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Baselines merge in any order and grouping.
    #[test]
    fn baselines_merge(sizes in prop::collection::vec(1_u64..60, 3)) {
        let learn = |n: usize| {
            let mut log = String::new();
            for at in 0..sizes[n] {
                let ms = n as u64 * 100_000 + at * 700;
                writeln!(log, "{}  INFO shop::web: request completed request_id=r{n}-{at} status=200 duration_ms={at}", stamp(ms)).unwrap();
                writeln!(log, "{}  WARN shop::db: slow {n}", stamp(ms + 1)).unwrap();
            }
            Baseline::learn(&measure(&log))
        };
        let (a, b, c) = (learn(0), learn(1), learn(2));
        let one = a.clone().merge(b.clone()).unwrap().merge(c.clone()).unwrap();
        prop_assert_eq!(c.merge(a.merge(b).unwrap()).unwrap(), one);
    }
}
