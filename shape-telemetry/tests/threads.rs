//! Threads change how long it takes, and nothing else.
#![allow(
    clippy::format_push_string,
    reason = "a test writes its log as it comes"
)]

use std::{fmt::Write as _, num::NonZeroUsize, time::Duration};

use shape_telemetry::{Collector, CollectorConfig, Measurements, SourceSummary};

/// Lines of several formats, stack traces, blank lines, plain text.
fn log(with_plain: bool) -> String {
    let mut log = String::new();
    for n in 0..4_000_u32 {
        let at = format!(
            "2026-11-23T{:02}:{:02}:{:02}.{:03}Z",
            n / 3_600,
            n / 60 % 60,
            n % 60,
            n % 1_000
        );
        let _ = match n % 7 {
            0 => writeln!(
                log,
                "{at}  INFO shop::cart: request completed path=/cart/{} status=200 duration_ms={}.{n}",
                n % 40,
                n % 90
            ),
            1 => writeln!(
                log,
                "{at} ERROR shop::till{}: request completed path=/pay status=500 duration_ms=1.{n}",
                n % 30
            ),
            2 => writeln!(
                log,
                "{at} ERROR shop::cart: boom {n}\njava.lang.Error: x\n\tat c.e.Foo.bar(Foo.java:{})\n\n",
                n % 50 + 1
            ),
            3 => writeln!(
                log,
                "{{\"time\":\"{at}\",\"level\":\"warn\",\"msg\":\"slow {n}\",\"ms\":{n}}}"
            ),
            4 if with_plain => writeln!(log, "no format fits this {n}"),
            5 => writeln!(
                log,
                "thread 'main' panicked at src/main.rs:{}:2:\nit broke\n  more\r\nnote: run with `RUST_BACKTRACE=1`",
                n + 1
            ),
            6 if n % 2 == 0 => writeln!(
                log,
                "2026-11-23 12:00:00.123 UTC [{n}] ERROR:  no table {n}\n\
                 2026-11-23 12:00:00.123 UTC [{n}] DETAIL:  none at all\n\
                 2026-11-23 12:00:00.123 UTC [{n}] STATEMENT:  select"
            ),
            _ => writeln!(log, "{at}  WARN shop::cart: blocked for {n}ms events={n}\r"),
        };
    }
    // Stack traces that are longer than a read.
    for n in 0..3 {
        let _ = writeln!(log, "2026-11-23T12:00:0{n}Z ERROR shop::deep: overflow");
        for line in 1..3_000 {
            let _ = writeln!(log, "\tat c.e.Deep.fall(Deep.java:{line})");
        }
    }
    log
}

fn measure(log: &str, threads: usize) -> (Measurements, Vec<SourceSummary>) {
    let config = CollectorConfig::new()
        .bucket(Duration::from_secs(60))
        .latency_limits([Duration::from_millis(10)])
        .threads(NonZeroUsize::new(threads).unwrap());
    let mut collector = Collector::new(config);
    collector.read("a.log", log.as_bytes());
    collector.read("b.log", &log.as_bytes()[..log.len() / 3]);
    collector.finish()
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for with_plain in [false, true] {
        let log = log(with_plain);
        let (alone, sources) = measure(&log, 1);
        let text = serde_json::to_string(&(&alone, &sources)).unwrap();
        let whole = u64::try_from(log.lines().count()).unwrap();
        assert_eq!(sources[0].lines.total, whole);
        for threads in [2, 5] {
            let measured = measure(&log, threads);
            assert_eq!(measured.0, alone, "{threads} threads");
            let measured = serde_json::to_string(&(&measured.0, &measured.1)).unwrap();
            assert!(measured == text, "{threads} threads write other bytes");
        }
    }
}

#[test]
fn a_log_that_can_not_be_cut_is_read_all_the_same() {
    // No line of it surely begins an event.
    let log = "all of this is prose\n".repeat(70_000);
    let (alone, sources) = measure(&log, 1);
    assert_eq!(measure(&log, 2), (alone, sources));
}
