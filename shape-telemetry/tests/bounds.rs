//! Logs that no one writes on purpose: memory and time stay bounded, and what was cut is counted.
#![allow(
    clippy::format_push_string,
    reason = "a test writes its log as it comes"
)]

use std::io::Read as _;

use shape_telemetry::{Collector, CollectorConfig, Event, Measurements, Reader};

#[test]
fn a_line_of_fifty_megabytes_is_cut_and_counted() {
    let length = 50 << 20;
    let mut longest = 0;
    let input = std::io::repeat(b'a').take(length).chain(&b"\nnext\n"[..]);
    let summary = Reader::new().read("x", input, &mut |event: &Event<'_>| {
        longest = longest.max(event.record.message.len());
    });
    assert_eq!((summary.lines.total, summary.lines.cut), (2, 1));
    assert_eq!(summary.bytes, length + 6);
    assert_eq!(longest, Reader::MAX_LINE);
}

/// Each of these once cost, or might cost, the square of its length.
#[test]
fn hostile_lines_are_read_in_one_go() {
    for piece in [
        "a=( ",
        "a=\" ",
        "a=[{ b=\"( ",
        "x{",
        "a{b=\"",
        "{\"a\":",
        "[",
        "(",
        "\"",
        "\\",
        "k=v ",
        ": ",
        ", x",
        ", a: ",
        " {\"a\":{ ",
        "<",
        "a:b:",
        "=",
        "CEF:0|",
        " - ",
        "\u{1b}[",
        "at x (",
    ] {
        for start in [
            "",
            "2026-11-23T23:41:07Z  INFO a::b: ",
            "  2026-11-23T23:41:07Z  INFO a::b: ",
            "[2026-11-23T23:41:07Z] app.WARNING: ",
            "<134>1 2026-11-23T23:41:07Z h a - - [",
            "time=2026-11-23T23:41:07Z msg=",
            "1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"",
        ] {
            let line = format!("{start}{}\n", piece.repeat((64 << 10) / piece.len()));
            let mut collector = Collector::new(CollectorConfig::new());
            let summary = collector.read("x", line.as_bytes());
            assert_eq!(summary.lines.total, 1, "{start}{piece}");
        }
    }
}

/// Letters alone, so that no two are the same to the miner.
fn word(mut n: u32) -> String {
    let mut word = String::from("w");
    for _ in 0..5 {
        word.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
        n /= 26;
    }
    word
}

#[test]
fn more_templates_than_are_told_apart_are_counted_together() {
    let n = 40_000;
    let mut log = String::new();
    for at in 0..n {
        log += &format!("2026-11-23T23:41:07Z  INFO a::b: {} broke\n", word(at));
    }
    let mut collector = Collector::new(CollectorConfig::new());
    collector.read("x", log.as_bytes());
    let (measured, _) = collector.finish();
    assert_eq!(measured.templates.len(), Measurements::MAX_TEMPLATES);
    let counts = measured.templates.values().map(|series| series.count());
    assert_eq!(counts.sum::<u64>(), u64::from(n));
    let other = measured
        .templates
        .iter()
        .find(|(id, _)| id.as_str() == Measurements::OTHER);
    assert!(other.is_some_and(|(_, series)| 1 < series.count()));
}

#[test]
fn more_components_than_are_told_apart_are_counted_together() {
    let n = 10_000;
    let mut log = String::new();
    for at in 0..n {
        log += &format!("2026-11-23T23:41:07Z  INFO shop::{}: ready\n", word(at));
    }
    let mut collector = Collector::new(CollectorConfig::new());
    collector.read("x", log.as_bytes());
    let (measured, _) = collector.finish();
    assert_eq!(measured.components.len(), Measurements::MAX_COMPONENTS);
    let records = |id: &str| measured.totals(id, None).records();
    let all = measured.components.keys().map(|id| records(id.as_str()));
    assert_eq!(all.sum::<u64>(), u64::from(n));
    assert!(1 < records(Measurements::OTHER));
}
