//! What is found in logs of a service that works, and of one that does not.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::struct_excessive_bools,
    reason = "numbers of a test are small and known"
)]

use std::{fmt::Write, time::Duration};

use shape_telemetry::{
    Analyzer, Anomaly, AnomalyKind, Baseline, CauseKind, Collector, CollectorConfig, Measurements,
    RecommendationKind, Severity, SourceSummary, TelemetryReport,
};

/// A generator of numbers, so that logs differ and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Latencies as services have them: log-normal, a few times as long at the end.
    fn latency_ms(&mut self, median: f64) -> f64 {
        let normal = (-2.0 * self.next().max(1e-12).ln()).sqrt()
            * (std::f64::consts::TAU * self.next()).cos();
        median * (0.35 * normal).exp()
    }
}

#[derive(Clone, Copy, Default)]
struct Fault {
    resize_storm: bool,
    bad_lookup: bool,
    silent_header: bool,
    pause: bool,
    load: f64,
    noise: f64,
}

const COMPONENTS: [&str; 6] = [
    "canvas",
    "library",
    "control_panel",
    "header",
    "theme",
    "host_sdk",
];

/// Ten seconds of a service with six components at some 300 requests a second.
fn log(seed: u64, fault: Fault) -> String {
    let mut numbers = Numbers(seed);
    let mut log = String::new();
    let mut us = 0_u64;
    let mut blocked_until = 0_u64;
    let mut id = 0;
    while us < 10_000_000 {
        us += 1 + (-(numbers.next().max(1e-9)).ln() * 3_300.0 / (1.0 + fault.load)) as u64;
        if fault.pause && (4_000_000..7_500_000).contains(&us) {
            us = 7_500_000;
        }
        let stamp = |us: u64| {
            format!(
                "2026-11-23T23:41:{:02}.{:06}Z",
                us / 1_000_000,
                us % 1_000_000
            )
        };
        // Bursts of resize events, two a second, each blocking for some 70 ms.
        if fault.resize_storm && us % 500_000 < 5_000 && blocked_until < us {
            let ms = 60.0 + 20.0 * numbers.next();
            blocked_until = us + (ms * 1e3) as u64;
            writeln!(
                log,
                "{}  WARN studio::canvas: ResizeCanvas blocked main thread for {ms:.1}ms events=31",
                stamp(blocked_until)
            )
            .unwrap();
        }
        id += 1;
        let component = COMPONENTS[(numbers.next() * 6.0) as usize];
        if fault.silent_header && component == "header" {
            continue;
        }
        let wait = blocked_until.saturating_sub(us) as f64 / 1e3;
        let ms = numbers.latency_ms(1.5 * (1.0 + fault.noise)) + wait;
        let mut status = if numbers.next() < 0.001 { 500 } else { 200 };
        let kind = ["Button", "Text Field", "Image"][(numbers.next() * 3.0) as usize];
        if fault.bad_lookup && component == "library" && kind == "Text Field" {
            status = 500;
            writeln!(log, "{} ERROR studio::library: component lookup failed: no entry for id \"{kind}\" request_id={id}", stamp(us)).unwrap();
        }
        writeln!(log, "{}  INFO studio::{component}: request completed request_id={id} method=GET path=/{component}/{} status={status} duration_ms={ms:.2}", stamp(us), kind.replace(' ', "")).unwrap();
        if numbers.next() < 0.01 {
            writeln!(
                log,
                "{} DEBUG studio::theme: cache refreshed entries={}",
                stamp(us),
                (numbers.next() * 90.0) as u32
            )
            .unwrap();
        }
    }
    log
}

fn measure(text: &str) -> (Measurements, Vec<SourceSummary>) {
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_millis(250)));
    collector.read("studio.log", text.as_bytes());
    collector.finish()
}

fn report(fault: Fault) -> TelemetryReport {
    let baseline = Baseline::learn(&measure(&log(7, Fault::default())).0);
    let (now, sources) = measure(&log(8, fault));
    let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
    for anomaly in &report.anomalies {
        assert!(
            anomaly.count == 0 || !anomaly.exemplars.is_empty(),
            "{anomaly:?}"
        );
        let evidence = &anomaly.evidence;
        for number in [
            evidence.statistic,
            evidence.effect,
            evidence.p_value,
            evidence.q_value,
        ] {
            assert!(number.is_finite(), "{anomaly:?}");
        }
    }
    for diagnosis in &report.diagnoses {
        let sum: f64 = diagnosis.causes.iter().map(|cause| cause.weight).sum();
        assert!(sum <= 1.0 + 1e-9, "{diagnosis:?}");
    }
    report
}

#[track_caller]
fn find<'r>(report: &'r TelemetryReport, kind: AnomalyKind, component: &str) -> &'r Anomaly {
    let found = report
        .anomalies
        .iter()
        .find(|anomaly| anomaly.kind == kind && anomaly.component.as_str() == component);
    found.unwrap_or_else(|| {
        let all: Vec<_> = report
            .anomalies
            .iter()
            .map(|a| (a.kind, a.severity, &a.summary))
            .collect();
        panic!("no {kind:?} of {component} in {all:#?}")
    })
}

#[test]
fn two_healthy_runs_show_nothing_serious() {
    for fault in [
        Fault::default(),
        Fault {
            load: 0.5,
            ..Fault::default()
        },
        Fault {
            noise: 0.8,
            ..Fault::default()
        },
        Fault {
            load: -0.3,
            noise: 0.4,
            ..Fault::default()
        },
    ] {
        let report = report(fault);
        let serious: Vec<_> = report
            .anomalies
            .iter()
            .filter(|a| Severity::Medium <= a.severity)
            .collect();
        assert!(serious.is_empty(), "{serious:#?}");
        assert!(report.diagnoses.is_empty());
    }
}

#[test]
fn a_resize_storm_is_found_and_traced_to_its_line() {
    let report = report(Fault {
        resize_storm: true,
        ..Fault::default()
    });
    let blocking = find(&report, AnomalyKind::RepeatedBlocking, "canvas");
    assert!(Severity::High <= blocking.severity, "{blocking:#?}");
    let template = report
        .templates
        .iter()
        .find(|t| Some(&t.id) == blocking.template.as_ref())
        .unwrap();
    assert_eq!(template.text, "ResizeCanvas blocked main thread for <*>");
    for exemplar in &blocking.exemplars {
        assert!(
            exemplar
                .message
                .starts_with("ResizeCanvas blocked main thread for ")
        );
        assert_eq!(exemplar.fields["events"], "31");
        assert!(exemplar.duration.is_some());
    }
    assert!(0 < blocking.affected_requests);
    let library = report
        .diagnoses
        .iter()
        .find(|d| d.component.as_str() == "library")
        .expect("library is hurt too");
    assert_eq!(library.causes[0].kind, CauseKind::Blocking, "{library:#?}");
    assert_eq!(library.causes[0].component.as_str(), "canvas");
    assert_eq!(library.recommendations[0].kind, RecommendationKind::FixCode);
    assert!(0.5 < library.recommendations[0].benefit);
    let canvas = report
        .diagnoses
        .iter()
        .find(|d| d.component.as_str() == "canvas")
        .unwrap();
    assert_eq!(canvas.causes[0].kind, CauseKind::Blocking);
    assert_eq!(
        canvas.causes[0].positions[0],
        blocking.exemplars[0].position
    );
}

#[test]
fn a_bad_lookup_is_found_with_the_field_that_stands_out() {
    let report = report(Fault {
        bad_lookup: true,
        ..Fault::default()
    });
    let errors = find(&report, AnomalyKind::ErrorRatio, "library");
    assert_eq!(errors.severity, Severity::Critical, "{errors:#?}");
    let new = find(&report, AnomalyKind::NewTemplate, "library");
    assert_eq!(new.severity, Severity::Critical, "{new:#?}");
    assert!(
        new.exemplars[0]
            .message
            .starts_with("component lookup failed")
    );
    let library = &report.diagnoses[0];
    assert_eq!(library.component.as_str(), "library");
    assert_eq!(
        library.causes[0].kind,
        CauseKind::NewBehaviour,
        "{library:#?}"
    );
    let field = library
        .causes
        .iter()
        .find(|c| c.kind == CauseKind::FieldValue)
        .unwrap();
    assert!(
        field.summary.contains("path=/library/TextField"),
        "{}",
        field.summary
    );
    for other in ["canvas", "header", "theme"] {
        assert!(
            report
                .diagnoses
                .iter()
                .all(|d| d.component.as_str() != other)
        );
    }
}

#[test]
fn a_silent_component_and_a_pause_are_found() {
    let silent = report(Fault {
        silent_header: true,
        ..Fault::default()
    });
    let header = find(&silent, AnomalyKind::SilentComponent, "header");
    assert_eq!(header.severity, Severity::Critical);
    assert!(
        header
            .summary
            .contains("one of the last was at 2026-11-23T23:41:"),
        "{}",
        header.summary
    );
    assert!(!header.exemplars.is_empty());
    let paused = report(Fault {
        pause: true,
        ..Fault::default()
    });
    let gap = paused
        .anomalies
        .iter()
        .find(|a| a.kind == AnomalyKind::TimeGap)
        .unwrap();
    assert!(gap.summary.contains("3.5"), "{}", gap.summary);
    assert_eq!(
        paused
            .anomalies
            .iter()
            .filter(|a| a.kind == AnomalyKind::TimeGap)
            .count(),
        1
    );
}

#[test]
fn surges_and_drops_are_found() {
    let lines = |warn: u32, note: u32| {
        let mut log = String::new();
        for n in 0..600 {
            let stamp = format!("2026-11-23T23:{:02}:{:02}Z", n / 60, n % 60);
            writeln!(log, "{stamp}  INFO app::a: tick").unwrap();
            if n % 100 < warn {
                writeln!(log, "{stamp}  WARN app::a: queue is long").unwrap();
            }
            if n % 100 < note {
                writeln!(log, "{stamp}  INFO app::a: cache refreshed").unwrap();
            }
        }
        log
    };
    let baseline = Baseline::learn(&measure(&lines(5, 60)).0);
    let (now, sources) = measure(&lines(60, 3));
    let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
    let surge = find(&report, AnomalyKind::RateSurge, "a");
    assert!(surge.summary.contains("queue is long"), "{}", surge.summary);
    let drop = find(&report, AnomalyKind::RateDrop, "a");
    assert!(drop.summary.contains("cache refreshed"), "{}", drop.summary);
    let (now, sources) = measure(&lines(5, 0));
    let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
    let gone = find(&report, AnomalyKind::VanishedTemplate, "a");
    assert!(
        gone.summary
            .contains("`cache refreshed` is gone; 360 times in the baseline"),
        "{}",
        gone.summary
    );
    assert_eq!(gone.exemplars[0].message, "cache refreshed");
}

#[test]
fn without_a_baseline_the_later_part_is_compared_with_the_earlier() {
    let mut text = log(1, Fault::default());
    for line in log(
        2,
        Fault {
            bad_lookup: true,
            ..Fault::default()
        },
    )
    .lines()
    {
        text += &line.replace("23:41:", "23:42:");
        text.push('\n');
    }
    let (now, sources) = measure(&text);
    let report = Analyzer::default().analyze(&now, None, sources);
    let errors = find(&report, AnomalyKind::ErrorRatio, "library");
    assert!(
        errors.summary.contains("earlier in the log"),
        "{}",
        errors.summary
    );
    find(&report, AnomalyKind::NewTemplate, "library");
    // The pause of 50 seconds between the two parts.
    assert!(
        report
            .anomalies
            .iter()
            .any(|a| a.kind == AnomalyKind::TimeGap)
    );
}

#[test]
fn the_same_logs_give_the_same_bytes() {
    let json = || {
        serde_json::to_string_pretty(&report(Fault {
            resize_storm: true,
            bad_lookup: true,
            ..Fault::default()
        }))
        .unwrap()
    };
    let first = json();
    assert!(first == json(), "two runs differ");
    let back: TelemetryReport = serde_json::from_str(&first).unwrap();
    assert!(
        serde_json::to_string_pretty(&back).unwrap() == first,
        "reading back changes the report"
    );
}

#[test]
fn ids_name_the_anomaly_and_not_the_time() {
    let fault = Fault {
        resize_storm: true,
        ..Fault::default()
    };
    let ids = |seed, hour: &str| {
        let baseline = Baseline::learn(&measure(&log(7, Fault::default())).0);
        let (now, sources) = measure(&log(seed, fault).replace("T23:", hour));
        let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
        find(&report, AnomalyKind::RepeatedBlocking, "canvas")
            .id
            .clone()
    };
    assert_eq!(ids(8, "T23:"), ids(9, "T11:"));
}

#[test]
fn subscribing_to_a_failure_is_no_failure() {
    let (now, _) =
        measure(" 📡 EventBus: Subscribed to \"sequence-failed\" (1 total subscribers)\n");
    let totals = now.totals("EventBus", None);
    assert_eq!((totals.good, totals.bad, totals.other), (0, 0, 1));
    assert_eq!((now.lines.total, now.lines.unparsed), (1, 1));
}

#[test]
fn baselines_merge() {
    let a = Baseline::learn(&measure(&log(1, Fault::default())).0);
    let b = Baseline::learn(&measure(&log(2, Fault::default())).0);
    let ab = a.clone().merge(b.clone()).unwrap();
    assert_eq!(ab, b.merge(a).unwrap());
    let json = serde_json::to_string(&ab).unwrap();
    assert_eq!(serde_json::from_str::<Baseline>(&json).unwrap(), ab);
}

#[test]
fn a_name_that_was_never_seen_is_no_new_message() {
    let lines = |names: &[&str]| {
        let mut log = String::new();
        for (n, name) in names.iter().cycle().take(60).enumerate() {
            writeln!(
                log,
                "2026-11-23T23:41:{n:02}Z  WARN app::a: wrong password of user {name}"
            )
            .unwrap();
        }
        log
    };
    let baseline = Baseline::learn(&measure(&lines(&["ann", "bob", "cleo", "dan", "eve"])).0);
    let (now, sources) = measure(&lines(&["ann", "bob", "fay", "dan", "eve"]));
    let report = Analyzer::default().analyze(&now, Some(&baseline), sources);
    assert!(
        report
            .anomalies
            .iter()
            .all(|a| a.kind != AnomalyKind::NewTemplate),
        "{:#?}",
        report.anomalies
    );
}

#[test]
fn a_frequent_warning_is_named_without_a_baseline_and_no_more() {
    let mut log = String::new();
    for second in 0..40 {
        let time = format!("2026-03-01T10:00:{second:02}.000000Z");
        let _ = writeln!(
            log,
            "{time}  WARN shop::prices: price index built in 31.2ms articles=40000"
        );
        let _ = writeln!(
            log,
            "{time}  INFO shop::cart: request completed status=200 duration_ms=33.1"
        );
        if second % 10 == 0 {
            let _ = writeln!(log, "{time}  WARN shop::cart: rare warning of the cart");
        }
    }
    let (measurements, sources) = measure(&log);
    let report = Analyzer::default().analyze(&measurements, None, sources);
    let named = find(&report, AnomalyKind::NewTemplate, "prices");
    assert_eq!((named.count, named.severity), (40, Severity::Low));
    assert!(
        named.summary.contains("there is no baseline"),
        "{}",
        named.summary
    );
    assert_eq!(named.exemplars[0].position.line.get(), 1);
    let rare = |anomaly: &Anomaly| anomaly.summary.contains("rare warning");
    assert!(!report.anomalies.iter().any(rare));

    // With a baseline the same warning is as usual as ever.
    let (healthy, sources) = measure(&log);
    let baseline = Baseline::learn(&healthy);
    let report = Analyzer::default().analyze(&measurements, Some(&baseline), sources);
    assert_eq!(report.anomalies, []);
}
