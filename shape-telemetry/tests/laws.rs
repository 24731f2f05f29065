//! What must hold for any input.
#![allow(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::naive_bytecount,
    clippy::format_push_string,
    reason = "numbers of a test are small and known"
)]

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use shape_telemetry::{
    Collector, CollectorConfig, Event, LatencySketch, Level, LogPosition, Measurements, Reader,
    Record,
};

fn config() -> CollectorConfig {
    CollectorConfig::new()
        .bucket(Duration::from_secs(1))
        .latency_limits([Duration::from_millis(5), Duration::from_millis(50)])
}

/// Bytes as they come, and text that is nearly a log.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "2026-11-23T23:41:07.321916Z ",
        " INFO ",
        "WARN ",
        "a::b: ",
        "request{a=\"x\"}:",
        "k=v ",
        "\n",
        "\r\n",
        "{\"a\":",
        "\"b\"",
        "}",
        "[",
        "]",
        "<34>",
        "Oct 11 22:14:15 host ",
        "prog[1]: ",
        "127.0.0.1 - - ",
        "[10/Oct/2000:13:55:36 -0700] ",
        "\"GET /a HTTP/1.0\" 200 1",
        "I0301 12:00:00.123456 1 a.go:42] ",
        "\tat c.e.Foo.bar(Foo.java:42)",
        "Traceback (most recent call last):",
        "\u{1b}[2m",
        "\u{1b}",
        "é",
        "\u{feff}",
        "- 1117838570 2005.06.03 ",
        "081109 203615 148 ",
        "03-17 16:13:38.811  1702  2395 D T: ",
        "  File \"/a/b.py\", line 3, in f",
        "thread 'main' panicked at src/main.rs:1:2:",
        "level=info msg=\"",
        "2026-03-01T12:00:00Z stdout F ",
        "{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"",
        "took 5ms ",
        "CEF:0|a|b|",
        "17/06/09 20:10:40 INFO x: ",
        "1:M 01 Mar 2026 12:00:00.123 * ",
        "app.js:42 ",
        "\"",
        "\\",
        ":",
        "=",
        "  ",
        "\t",
        "99999999999999999999",
        "(((((",
        "ERROR:a.b:",
        "[Sun Dec 04 04:47:44 2005] [notice] ",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// No byte makes it panic, and no line is lost.
    #[test]
    fn every_line_is_parsed_or_kept(bytes in input()) {
        let mut collector = Collector::new(config());
        let mut kept = 0;
        let events = Reader::new().read("x", &bytes[..], &mut |_: &Event<'_>| {
            kept += 1;
        });
        let summary = collector.read("x", &bytes[..]);
        prop_assert_eq!(events.lines, summary.lines);
        prop_assert_eq!(summary.lines.total, summary.lines.parsed + summary.lines.unparsed);
        prop_assert!(summary.lines.unparsed <= kept);
        if !bytes.contains(&0) && !bytes.starts_with(&[0x1f, 0x8b]) && !bytes.starts_with(&[0xff, 0xfe]) && !bytes.starts_with(&[0xfe, 0xff]) && !bytes.starts_with(&[0x28, 0xb5]) {
            let newlines = bytes.iter().filter(|&&b| b == b'\n').count() as u64;
            let mark = if bytes.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
            let open = u64::from(bytes[mark..].last().is_some_and(|&b| b != b'\n'));
            prop_assert_eq!(summary.lines.total, newlines + open);
        }
        let (measurements, sources) = collector.finish();
        let report = shape_telemetry::Analyzer::default().analyze(&measurements, None, sources);
        let json = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<shape_telemetry::TelemetryReport>(&json).unwrap(), report);
    }

    /// Small reads give what one large read gives.
    #[test]
    fn the_size_of_reads_does_not_matter(bytes in input(), step in 1_usize..7) {
        struct Drip<'b>(&'b [u8], usize);
        impl std::io::Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let n = self.1.min(buffer.len());
                self.0.read_exact_or_less(&mut buffer[..n])
            }
        }
        trait ReadSome { fn read_exact_or_less(&mut self, b: &mut [u8]) -> std::io::Result<usize>; }
        impl ReadSome for &[u8] {
            fn read_exact_or_less(&mut self, b: &mut [u8]) -> std::io::Result<usize> { std::io::Read::read(self, b) }
        }
        let collect = |input: &mut dyn std::io::Read| {
            let mut collector = Collector::new(config());
            collector.read("x", input);
            collector.finish()
        };
        prop_assert_eq!(collect(&mut &bytes[..]), collect(&mut Drip(&bytes, step)));
    }
}

#[derive(Clone, Debug)]
struct Line {
    second: Option<u8>,
    component: u8,
    level: u8,
    text: u8,
    ms: u16,
    status: Option<bool>,
    value: u8,
}

fn line() -> impl Strategy<Value = Line> {
    (
        prop::option::weighted(0.9, 0..30_u8),
        0..4_u8,
        0..4_u8,
        0..6_u8,
        0..400_u16,
        prop::option::of(prop::bool::weighted(0.8)),
        0..60_u8,
    )
        .prop_map(|(second, component, level, text, ms, status, value)| Line {
            second,
            component,
            level,
            text,
            ms,
            status,
            value,
        })
}

/// A record of its own at a line of its own, wherever it is measured.
fn observe(collector: &mut Collector, number: usize, line: &Line) {
    let level = ["TRACE", "INFO", "WARN", "ERROR"][usize::from(line.level)];
    let mut text = match line.second {
        Some(second) => format!("2026-11-23T23:41:{second:02}.{:03}Z ", line.ms),
        None => String::new(),
    };
    text += &format!("{level} app::part{}: ", line.component);
    text += match line.status {
        Some(true) => "request completed status=200",
        Some(false) => "request completed status=500",
        None => [
            "ready",
            "blocked for 5ms",
            "no entry for id \"x\"",
            "took 3 s",
            "state changed",
            "cache miss",
        ][usize::from(line.text)],
    };
    text += &format!(" duration_ms={}.5 user={}", line.ms, line.value);
    let record: Record<'_> = Reader::new().parse_line(&text);
    let position = LogPosition {
        source: "app.log".into(),
        line: std::num::NonZeroU64::new(number as u64 + 1).unwrap(),
        byte_offset: number as u64 * 100,
    };
    collector.observe(&Event::new(record, position));
}

fn measure<'l>(lines: impl IntoIterator<Item = (usize, &'l Line)>) -> Measurements {
    let mut collector = Collector::new(config());
    for (number, line) in lines {
        observe(&mut collector, number, line);
    }
    collector.finish().0
}

fn json(measurements: &Measurements) -> String {
    serde_json::to_string(measurements).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Shards in any split, order and grouping give the bytes of one pass.
    #[test]
    fn merging_is_one_pass(
        lines in prop::collection::vec((line(), 0..4_usize), 0..200),
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
        left_first in any::<bool>(),
    ) {
        let whole = measure(lines.iter().map(|(line, _)| line).enumerate());
        let shard = |wanted: usize| {
            measure(lines.iter().enumerate().filter(|(_, (_, shard))| *shard == wanted).map(|(n, (line, _))| (n, line)))
        };
        let [a, b, c, d] = order.map(shard);
        let merged = if left_first {
            a.merge(b).unwrap().merge(c).unwrap().merge(d).unwrap()
        } else {
            let right = b.merge(c.merge(d).unwrap()).unwrap();
            a.merge(right).unwrap()
        };
        prop_assert_eq!(json(&merged), json(&whole));
        let with_identity = config().empty().merge(merged).unwrap().merge(config().empty()).unwrap();
        prop_assert_eq!(json(&with_identity), json(&whole));
        let back: Measurements = serde_json::from_str(&json(&whole)).unwrap();
        prop_assert_eq!(back, whole);
    }

    /// A sum of buckets is the whole, and `restrict` splits it.
    #[test]
    fn periods_split(lines in prop::collection::vec(line(), 1..100), at in 0..30_i64) {
        let whole = measure(lines.iter().enumerate());
        let Some(period) = whole.period() else { return Ok(()); };
        let cut: jiff::Timestamp = "2026-11-23T23:41:00Z".parse().unwrap();
        let cut = cut + jiff::SignedDuration::from_secs(at);
        let start = whole.bucket_start(period.start).min(cut);
        let early = whole.restrict(shape_telemetry::Period { start, end: cut });
        let late = whole.restrict(shape_telemetry::Period { start: cut, end: period.end.max(cut) });
        for id in whole.components.keys() {
            let all = whole.totals(id.as_str(), Some(shape_telemetry::Period { start, end: period.end.max(cut) }));
            let (a, b) = (early.totals(id.as_str(), None), late.totals(id.as_str(), None));
            prop_assert_eq!(a.records() + b.records(), all.records());
            prop_assert_eq!(a.good + b.good, all.good);
        }
    }

    /// Every quantile is within the stated error of the exact one.
    #[test]
    fn quantiles_are_within_one_percent(mut ns in prop::collection::vec(prop_oneof![0..2_000_u64, 0..1_u64 << 40, any::<u64>()], 1..300), q in 0.0..=1.0_f64) {
        let sketch: LatencySketch = ns.iter().copied().map(Duration::from_nanos).collect();
        ns.sort_unstable();
        let rank = ((q * ns.len() as f64).ceil() as usize).clamp(1, ns.len());
        let exact = ns[rank - 1] as f64;
        let found = sketch.quantile(q).unwrap().as_nanos() as f64;
        prop_assert!((found - exact).abs() <= 0.0101 * exact + 1.0, "{} {}", found, exact);
        let sum: u128 = ns.iter().map(|&ns| u128::from(ns)).sum();
        prop_assert_eq!(sketch.sum_ns(), sum);
        prop_assert_eq!(sketch.max().unwrap().as_nanos(), u128::from(*ns.last().unwrap()));
        let bins: u64 = sketch.bins().map(|(_, count)| count).sum();
        prop_assert_eq!(bins, sketch.count());
    }
}

#[test]
fn different_configurations_do_not_merge() {
    let a = Measurements::empty(Duration::from_secs(1), []);
    let b = Measurements::empty(Duration::from_secs(2), []);
    let c = Measurements::empty(Duration::from_secs(1), [Duration::from_millis(5)]);
    let error = a.clone().merge(b).unwrap_err().to_string();
    assert_eq!(error, "buckets of 1000 ms and of 2000 ms can not be merged");
    assert!(a.merge(c).is_err());
}

#[test]
fn a_million_templates_and_components_are_bounded_and_still_merge() {
    let half = |from: usize, to: usize| {
        let mut collector = Collector::new(config());
        for n in from..to {
            // Words of letters alone, so that every text is a template of its own.
            let word: String = n
                .to_string()
                .bytes()
                .map(|b| char::from(b - b'0' + b'a'))
                .collect();
            let text = format!("INFO app::c{word}: message {word}");
            let record = Reader::new().parse_line(&text).into_owned();
            let position = LogPosition {
                source: "x".into(),
                line: std::num::NonZeroU64::new(n as u64 + 1).unwrap(),
                byte_offset: 0,
            };
            collector.observe(&Event::new(record, position));
        }
        collector.finish().0
    };
    let whole = half(0, 30_000);
    assert_eq!(whole.templates.len(), Measurements::MAX_TEMPLATES);
    assert_eq!(whole.components.len(), Measurements::MAX_COMPONENTS);
    let count: u64 = whole
        .templates
        .values()
        .map(shape_telemetry::TemplateSeries::count)
        .sum();
    assert_eq!(count, 30_000);
    let merged = half(12_000, 30_000).merge(half(0, 12_000)).unwrap();
    assert_eq!(json(&merged), json(&whole));
}

#[test]
fn levels_are_names_in_any_case() {
    let mut seen = BTreeMap::new();
    for word in ["trace", "DEBUG", "Info", "WARNING", "err", "Critical"] {
        seen.insert(word, Level::from_word(word).unwrap());
    }
    assert_eq!(seen["Critical"], Level::Fatal);
    assert_eq!(seen["err"], Level::Error);
}
