//! Lines that are made to be expensive, and limits: everything stays bounded, and what a limit cuts is counted.
//!
//! A step that looked at the rest of a line again and again would make these lines take very long: there are 1,024
//! of them, of 8 KiB each, and each is read, classified and masked.

use std::io::Read;

use shape_telemetry::{Collector, CollectorConfig, Event, Measurements, Pattern, Reader, classify};

const STARTS: [&str; 32] = [
    "",
    "2026-03-01T12:00:00Z ",
    "2026-03-01T12:00:00Z  INFO a{",
    "2026-03-01 12:00:00,123 [main] ERROR ",
    "Oct 11 22:14:15 h ",
    "level=info a=b ",
    "  2026-03-01T12:00:00Z  INFO ",
    "CEF:0|a|b|c|d|e|5|",
    "LEEF:1.0|a|b|c|d|",
    "<34>1 2003-10-11T22:14:15.003Z h a - - ",
    "{\"a\":",
    "{\"log\":\"",
    "{\"resourceLogs\":",
    "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"",
    "[2026-03-01 12:00:00,123] INFO ",
    "thread 'main' panicked at ",
    "I0301 12:00:00.123456 1 a.go:1] ",
    "app.js:42 ",
    "INFO a::b: ",
    "2026-03-01 12:00:00.123 UTC [1] ERROR:  ",
    "2026-03-01 12:00:00,123 | INFO | ",
    "2026-03-01 12:00:00.123:INFO:a:b: ",
    "10.0.0.1:5 [24/Nov/2026:12:00:00.655] a b/c 1/2/3/4/5 200 1 ",
    "# Time: 2026-11-24T12:00:00Z\n# Query_time: ",
    "5m Warning BackOff pod/x ",
    "[main] INFO a.b.C - ",
    "Traceback (most recent call last):\n  ",
    "TypeError: x\n    at ",
    "{\"Body\":\"x\",\"Attributes\":[",
    "{\"@mt\":\"x\",\"Properties\":{\"a\":",
    "<6>",
    "1795521600.123 I( ",
];
const UNITS: [&str; 32] = [
    "[",
    "(",
    "{",
    "\"",
    "a=",
    "a=(",
    " ",
    "=",
    ": ",
    "a: ",
    "[a] ",
    "\\",
    "{\"a\":",
    "<",
    "|",
    "a=b ",
    "::",
    "a{a=1}:",
    "\u{1b}[",
    "k=\"",
    ", a: ",
    "\t",
    "/",
    "1:",
    "- ",
    "\\\"",
    "a b",
    "}",
    "5ms ",
    "GET /a 200 ",
    "a@b",
    "x",
];

#[test]
fn no_line_is_expensive() {
    let length = 1 << 13;
    let reader = Reader::new();
    let custom = Reader::new()
        .pattern(
            "<time> <a> - <b> - <c>: <message> x"
                .parse::<Pattern>()
                .unwrap(),
        )
        .pattern(
            "[<a>] <b:quoted> <c>: <level> x"
                .parse::<Pattern>()
                .unwrap(),
        );
    let mut collector = Collector::new(CollectorConfig::new());
    for start in STARTS {
        for unit in UNITS {
            let line = format!("{start}{}", unit.repeat(length / unit.len()));
            let record = reader.parse_line(&line);
            let _ = (classify(&record), record.duration(), record.status());
            let _ = custom.parse_line(&line);
            let summary = collector.read("x", line.as_bytes());
            let n_lines = 1 + u64::from(start.contains('\n'));
            assert_eq!(
                (summary.lines.total, summary.lines.cut),
                (n_lines, 0),
                "{start}{unit}"
            );
        }
    }
    let lines = collector.lines();
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
}

/// Text that is made while it is read: nothing of it is held by the test.
struct Made<F>(F, u64, Vec<u8>);

impl<F: FnMut(u64) -> Option<Vec<u8>>> Read for Made<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.2.is_empty() {
            match (self.0)(self.1) {
                Some(more) => self.2 = more,
                None => return Ok(0),
            }
            self.1 += 1;
        }
        let n = buffer.len().min(self.2.len());
        buffer[..n].copy_from_slice(&self.2[..n]);
        self.2.drain(..n);
        Ok(n)
    }
}

#[test]
fn a_line_of_50_megabytes_is_cut_and_counted() {
    let input = Made(
        |n| match n {
            0..50 => Some(vec![b'x'; 1 << 20]),
            50 => Some(b"\nlevel=info msg=next\n".to_vec()),
            _ => None,
        },
        0,
        Vec::new(),
    );
    let mut lengths = Vec::new();
    let summary = Reader::new().read("x", input, &mut |event: &Event<'_>| {
        lengths.push(event.record.message.len());
    });
    assert_eq!(lengths, [Reader::MAX_LINE, 4]);
    assert_eq!((summary.lines.total, summary.lines.cut), (2, 1));
    assert_eq!(summary.bytes, 50 * (1 << 20) + 21);
}

#[test]
fn many_templates_and_components_are_bounded_and_nothing_is_lost() {
    // Words of letters alone, so that each is a template of its own; a component each as well.
    let word = |n: u64| -> String {
        let letters = n.to_string();
        letters
            .bytes()
            .map(|b| char::from(b - b'0' + b'a'))
            .collect()
    };
    // A million: `SHAPE_LINES=1000000 cargo test --release -p shape-telemetry --test adversarial many_`.
    let total = std::env::var("SHAPE_LINES")
        .ok()
        .and_then(|lines| lines.parse().ok())
        .unwrap_or(30_000);
    let input = Made(
        |n| {
            (n < total).then(|| {
                format!("2026-03-01T12:00:00Z  INFO app::{0}: {0} ready\n", word(n)).into_bytes()
            })
        },
        0,
        Vec::new(),
    );
    let mut collector = Collector::new(CollectorConfig::new());
    collector.read("x", input);
    let (measurements, _) = collector.finish();
    assert!(measurements.templates.len() <= Measurements::MAX_TEMPLATES + 1);
    assert!(measurements.components.len() <= Measurements::MAX_COMPONENTS + 1);
    let counted: u64 = measurements
        .components
        .values()
        .flat_map(|component| component.buckets.values())
        .map(|bucket| bucket.good + bucket.bad + bucket.other)
        .sum();
    assert_eq!(counted, total);
    let series: u64 = measurements
        .templates
        .values()
        .map(|series| series.untimed + series.buckets.values().sum::<u64>())
        .sum();
    assert_eq!(series, total);
}

#[test]
fn a_million_fields_on_one_line() {
    let mut fields = String::from("2026-03-01T12:00:00Z  INFO a::b: start");
    let mut json = String::from("{\"level\":\"info\",\"msg\":\"x\"");
    for n in 0..1_000_000_u32 {
        let (a, b) = (n % 26, n / 26 % 26);
        let letter = |n: u32| char::from(b'a' + u8::try_from(n).unwrap());
        fields.extend([' ', letter(a), letter(b), '=', '1']);
        if n % 4 == 0 {
            json.push_str(",\"");
            json.extend([letter(a), letter(b)]);
            json.push_str("\":1");
        }
    }
    json.push('}');
    let mut collector =
        Collector::new(CollectorConfig::new().reader(Reader::new().max_line(1 << 23)));
    for text in [fields, json] {
        let summary = collector.read("x", text.as_bytes());
        assert_eq!(
            (summary.lines.total, summary.lines.parsed, summary.lines.cut),
            (1, 1, 0)
        );
    }
    let (measurements, _) = collector.finish();
    for component in measurements.components.values() {
        assert!(component.metrics.len() <= Measurements::MAX_METRICS);
        assert!(component.fields.len() <= Measurements::MAX_FIELDS);
    }
}

#[test]
fn deep_json_is_read_without_recursion() {
    let mut collector = Collector::new(CollectorConfig::new());
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = format!(
            "{{\"msg\":\"m\",\"x\":{}1{}}}\n",
            open.repeat(60_000),
            close.repeat(60_000)
        );
        let summary = collector.read("x", deep.as_bytes());
        assert_eq!((summary.lines.parsed, summary.lines.cut), (1, 0));
    }
}
