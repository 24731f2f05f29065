//! Bytes of log to records: time decoded, fields split, format found by itself; next to what one would write instead.
//!
//! `cargo bench -p shape-benches --bench parse` ends with one table of all figures.

use std::{borrow::Cow, hint::black_box, io, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};
use jiff::{Timestamp, civil::DateTime, fmt::strtime};
use regex::{CaptureLocations, Regex};
use serde::Deserialize;
use shape_benches::{Layout, Table, nginx_access, nginx_error, studio};
use shape_telemetry::{Event, Reader};
use syslog_loose::Variant;

/// Goes over a text and says how many lines it understood.
type Pass<'a> = Box<dyn Fn(&str) -> usize + 'a>;
type Contender<'a> = (&'static str, Pass<'a>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let table = Table::new();
    let entries = studio()?;
    let text = |layout: Layout| layout.text(&entries);
    let year = 2026;
    let inputs: [(&str, String, Vec<Contender<'_>>); 8] = [
        (
            "combined",
            nginx_access()?,
            vec![
                ("regex, no time", each_match(COMBINED, |_| true)?),
                ("regex + jiff", each_match(COMBINED, combined)?),
            ],
        ),
        (
            "nginx error",
            nginx_error()?,
            vec![("regex + jiff", each_match(NGINX_ERROR, nginx)?)],
        ),
        (
            "tracing",
            text(Layout::Tracing),
            vec![
                ("regex, header + jiff", each_match(TRACING, first_is_time)?),
                ("regex, fields + jiff", tracing_with_fields()?),
            ],
        ),
        (
            "json",
            text(Layout::Json),
            vec![
                (
                    "sonic-rs, no time",
                    each_line(|line| by_sonic(line).is_some()),
                ),
                ("sonic-rs + jiff", each_line(sonic_with_time)),
                (
                    "serde_json, no time",
                    each_line(|line| borrowed(line).is_some()),
                ),
                ("serde_json + jiff", each_line(borrowed_with_time)),
                ("serde_json::Value + jiff", each_line(any_value)),
            ],
        ),
        (
            "logfmt",
            text(Layout::Logfmt),
            vec![("regex + jiff", logfmt()?)],
        ),
        (
            "syslog file",
            text(Layout::Rfc3164),
            vec![("regex, no time", each_match(RFC3164, |_| true)?)],
        ),
        (
            "rfc3164",
            with_priority(&text(Layout::Rfc3164)),
            vec![("syslog_loose", loose(year, Variant::RFC3164))],
        ),
        (
            "rfc5424",
            text(Layout::Rfc5424),
            vec![
                ("regex, header + jiff", each_match(RFC5424, second_is_time)?),
                ("syslog_loose", loose(year, Variant::RFC5424)),
            ],
        ),
    ];
    for (input, text, peers) in inputs {
        run(&mut criterion, &table, input, &text, peers);
    }
    criterion.final_summary();
    // In a smoke run each pass is made once, cold: no figures.
    if std::env::args().all(|argument| argument != "--test") {
        table.print(&mut io::stdout().lock())?;
    }
    Ok(())
}

fn run(
    criterion: &mut Criterion,
    table: &Table,
    input: &str,
    text: &str,
    peers: Vec<Contender<'_>>,
) {
    let reader = Reader::new().reference(Timestamp::from_second(1_795_500_000).unwrap_or_default());
    let mut contenders: Vec<Contender<'_>> = vec![
        (
            "lines only",
            Box::new(|text| text.lines().map(black_box).count()),
        ),
        (
            "shape, line by line",
            Box::new(|text| {
                let records = text.lines().map(|line| black_box(reader.parse_line(line)));
                records.filter(|record| record.time.is_some()).count()
            }),
        ),
    ];
    contenders.extend(peers);
    // The last: all others are shown as multiples of it.
    contenders.push((
        "shape",
        Box::new(|text| {
            let mut n = 0;
            reader.read(input, text.as_bytes(), &mut |event: &Event<'_>| {
                n += usize::from(black_box(event).record.time.is_some());
            });
            n
        }),
    ));
    let lines = text.lines().count();
    let mut group = criterion.benchmark_group(format!("parse/{input}"));
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Bytes(text.len().try_into().unwrap_or(u64::MAX)));
    for (name, pass) in contenders {
        let mut is_checked = false;
        group.bench_function(name, |bencher| {
            if !is_checked {
                assert_eq!(
                    pass(text),
                    lines,
                    "{name} does not understand all of {input}"
                );
                is_checked = true;
            }
            bencher.iter_custom(|passes| {
                table.time(input, name, text, passes, || {
                    black_box(pass(black_box(text)));
                })
            });
        });
    }
    group.finish();
}

fn each_line<'a>(parse: impl Fn(&str) -> bool + 'a) -> Pass<'a> {
    Box::new(move |text| text.lines().filter(|line| parse(line)).count())
}

/// What the groups of an expression hold.
struct Groups<'t> {
    line: &'t str,
    places: &'t CaptureLocations,
}

impl<'t> Groups<'t> {
    fn get(&self, group: usize) -> &'t str {
        let place = self.places.get(group);
        place.map_or("", |(start, end)| &self.line[start..end])
    }

    /// All groups are looked at, as one who wants the fields would.
    fn touch(&self) {
        for group in 1..self.places.len() {
            black_box(self.get(group));
        }
    }
}

/// Lines that the expression fits and `take` accepts. The fastest way of the crate: the memory for the groups is used again.
fn each_match(expression: &str, take: fn(&Groups<'_>) -> bool) -> Result<Pass<'_>, regex::Error> {
    let regex = Regex::new(expression)?;
    Ok(Box::new(move |text| {
        let mut places = regex.capture_locations();
        let mut n = 0;
        for line in text.lines() {
            if regex.captures_read(&mut places, line).is_some() {
                let groups = Groups {
                    line,
                    places: &places,
                };
                groups.touch();
                n += usize::from(take(&groups));
            }
        }
        n
    }))
}

const COMBINED: &str = r#"^([^ ]+) ([^ ]+) ([^ ]+) \[([^\]]+)\] "([A-Z]+) ([^ ]+) ([^"]+)" ([0-9]{3}) ([0-9]+|-) "([^"]*)" "([^"]*)""#;
const NGINX_ERROR: &str =
    r"^([0-9/]{10} [0-9:]{8}) \[([a-z]+)\] ([0-9]+)#([0-9]+): (?:\*([0-9]+) )?(.*)$";
const TRACING: &str = r"^([^ ]+) +([A-Z]+) (?:([a-z_]+)\{([^}]*)\}: )?([a-z_:]+): (.*)$";
const RFC3164: &str =
    r"^([A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}) ([^ ]+) ([^ \[:]+)(?:\[([0-9]+)\])?: (.*)$";
const RFC5424: &str =
    r"^<([0-9]+)>1 ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) (?:-|\[([^ \]]+)([^\]]*)\]) (.*)$";
const FIELD: &str = r#"([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^ ]*))"#;

fn combined(groups: &Groups<'_>) -> bool {
    strtime::parse("%d/%b/%Y:%H:%M:%S %z", groups.get(4))
        .and_then(|time| time.to_timestamp())
        .is_ok()
}

fn nginx(groups: &Groups<'_>) -> bool {
    DateTime::strptime("%Y/%m/%d %H:%M:%S", groups.get(1)).is_ok()
}

fn first_is_time(groups: &Groups<'_>) -> bool {
    groups.get(1).parse::<Timestamp>().is_ok()
}

fn second_is_time(groups: &Groups<'_>) -> bool {
    groups.get(2).parse::<Timestamp>().is_ok()
}

/// The header by one expression, the fields of span and message by another.
fn tracing_with_fields<'a>() -> Result<Pass<'a>, regex::Error> {
    let (header, field) = (Regex::new(TRACING)?, Regex::new(FIELD)?);
    Ok(Box::new(move |text| {
        let mut places = header.capture_locations();
        let mut field_places = field.capture_locations();
        let mut n = 0;
        for line in text.lines() {
            if header.captures_read(&mut places, line).is_some() {
                let groups = Groups {
                    line,
                    places: &places,
                };
                groups.touch();
                n += usize::from(first_is_time(&groups));
                for rest in [groups.get(4), groups.get(6)] {
                    each_field(&field, &mut field_places, rest, |_, _| {});
                }
            }
        }
        n
    }))
}

fn logfmt<'a>() -> Result<Pass<'a>, regex::Error> {
    let field = Regex::new(FIELD)?;
    Ok(Box::new(move |text| {
        let mut places = field.capture_locations();
        let mut n = 0;
        for line in text.lines() {
            let mut has_time = false;
            each_field(&field, &mut places, line, |name, value| {
                has_time |= name == "time" && value.parse::<Timestamp>().is_ok();
            });
            n += usize::from(has_time);
        }
        n
    }))
}

/// All fields are looked at; names and values without quotes are given away.
fn each_field(
    field: &Regex,
    places: &mut CaptureLocations,
    text: &str,
    mut take: impl FnMut(&str, &str),
) {
    let mut at = 0;
    while let Some(found) = field.captures_read_at(places, text, at) {
        let groups = Groups { line: text, places };
        groups.touch();
        take(groups.get(1), groups.get(3));
        at = found.end().max(at + 1);
    }
}

/// A line of `tracing-subscriber`'s JSON, as one who knows the own fields declares it.
#[derive(Deserialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    target: &'a str,
    #[serde(borrow)]
    fields: Fields<'a>,
    #[serde(borrow)]
    span: Option<SpanFields<'a>>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    request_id: Option<&'a str>,
    method: Option<&'a str>,
    path: Option<&'a str>,
    status: Option<u16>,
    duration_ms: Option<f64>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct SpanFields<'a> {
    name: &'a str,
    method: Option<&'a str>,
    path: Option<&'a str>,
}

fn borrowed(line: &str) -> Option<Line<'_>> {
    serde_json::from_str(line).ok().map(touched)
}

fn by_sonic(line: &str) -> Option<Line<'_>> {
    sonic_rs::from_str(line).ok().map(touched)
}

/// The line, all of it looked at.
fn touched(line: Line<'_>) -> Line<'_> {
    let fields = &line.fields;
    black_box((line.level, line.target, &fields.message, &fields.error));
    black_box((fields.request_id, fields.method, fields.path));
    black_box((fields.status, fields.duration_ms));
    black_box(
        line.span
            .as_ref()
            .map(|span| (span.name, span.method, span.path)),
    );
    line
}

fn sonic_with_time(line: &str) -> bool {
    by_sonic(line).is_some_and(|line| line.timestamp.parse::<Timestamp>().is_ok())
}

fn with_priority(text: &str) -> String {
    text.lines()
        .flat_map(|line| ["<134>", line, "\n"])
        .collect()
}

/// The parser of Vector's syslog source; a year that is missing is given.
fn loose<'a>(year: i32, variant: Variant) -> Pass<'a> {
    each_line(move |line| {
        let message = syslog_loose::parse_message_with_year(line, |_| year, variant);
        black_box(message).timestamp.is_some()
    })
}

fn borrowed_with_time(line: &str) -> bool {
    borrowed(line).is_some_and(|line| line.timestamp.parse::<Timestamp>().is_ok())
}

/// What one takes who does not know the fields.
fn any_value(line: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let value = black_box(value);
    let time = value
        .as_ref()
        .and_then(|value| value.get("timestamp")?.as_str());
    time.is_some_and(|time| time.parse::<Timestamp>().is_ok())
}
