//! Formats of Prometheus: read, counted, written, and what `promtool` says to it.
#![cfg(feature = "prometheus")]
#![expect(clippy::print_stdout, reason = "why a comparison is skipped")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use proptest::prelude::*;
use shape_sli::{
    ErrorKind, Events, Exposition, ExpositionFormat, ExpositionWriter, Indicator, MeasureConfig,
    MetricKind, Observation, Sampler, ScrapeCounter, SliReport,
};
use shape_telemetry::ComponentId;

const PROMETHEUS: &str = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
# HELP http_request_duration_seconds A histogram of the \\request\n duration.
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.99"} NaN
rpc_duration_seconds_count 2693
"#;

#[test]
fn the_text_format_is_read() {
    let scrape = Exposition::parse(PROMETHEUS).unwrap();
    let families: Vec<(&str, MetricKind, usize)> = scrape
        .families
        .iter()
        .map(|family| (&*family.name, family.kind, family.samples.len()))
        .collect();
    assert_eq!(
        families,
        [
            ("http_requests_total", MetricKind::Counter, 2),
            ("msdos_file_access_time_seconds", MetricKind::Unknown, 1),
            (
                "metric_without_timestamp_and_labels",
                MetricKind::Unknown,
                1
            ),
            ("something_weird", MetricKind::Unknown, 1),
            ("http_request_duration_seconds", MetricKind::Histogram, 5),
            ("rpc_duration_seconds", MetricKind::Summary, 2),
        ]
    );
    let file = &scrape.families[1].samples[0];
    assert_eq!(file.label("path"), Some(r"C:\DIR\FILE.TXT"));
    assert_eq!(file.label("error"), Some("Cannot find file:\n\"FILE.TXT\""));
    let weird = &scrape.families[3].samples[0];
    assert!(weird.value.is_infinite());
    assert_eq!(weird.timestamp_ms, Some(-3_982_045));
    let histogram = scrape.family("http_request_duration_seconds").unwrap();
    assert_eq!(
        histogram.help.as_deref(),
        Some("A histogram of the \\request\n duration.")
    );
}

const OPEN_METRICS: &str = r#"# TYPE foo counter
# UNIT foo seconds
# HELP foo Says \"foo\".
foo_total{a="b"} 17.0 1520879607.789 # {trace_id="abc",span="d"} 0.67 1520879606.5
foo_created{a="b"} 1520430000.123
# TYPE bar histogram
bar_bucket{le="0.1"} 8 # {} 0.054
bar_bucket{le="+Inf"} 17
bar_count 17
bar_sum 324789.3
# TYPE build info
build_info{version="1.2"} 1
{"dotted.name","label.name"="x"} 4
# EOF
"#;

#[test]
fn open_metrics_is_read() {
    let scrape = Exposition::parse(OPEN_METRICS).unwrap();
    let foo = scrape.family("foo").unwrap();
    assert_eq!((foo.unit, foo.samples.len()), (Some("seconds"), 2));
    assert_eq!(foo.help.as_deref(), Some("Says \"foo\"."));
    assert_eq!(foo.samples[0].timestamp_ms, Some(1_520_879_607_789));
    let exemplar = foo.samples[0].exemplar.as_ref().unwrap();
    assert_eq!(exemplar.labels[1], ("trace_id".into(), "abc".into()));
    assert_eq!(exemplar.timestamp_ms, Some(1_520_879_606_500));
    assert_eq!(scrape.family("bar").unwrap().samples.len(), 4);
    assert_eq!(scrape.family("build").unwrap().samples.len(), 1);
    let dotted = scrape.family("dotted.name").unwrap();
    assert_eq!(dotted.samples[0].label("label.name"), Some("x"));
}

#[test]
fn what_is_wrong_has_a_place() {
    for (text, message) in [
        (
            "5up 1\n",
            "line 1, column 1: `5`, expected the name of a metric",
        ),
        (
            "up\n",
            "line 1, column 3: the end of the line, expected a number",
        ),
        ("up one\n", "line 1, column 4: `one`, expected a number"),
        (
            "up 1 soon\n",
            "line 1, column 6: `soon`, expected a time in milliseconds",
        ),
        (
            "up 1 2 3\n",
            "line 1, column 8: `3`, expected the end of the line",
        ),
        (
            "up{a=\"b} 1\n",
            "line 1, column 6: a text in quotes that does not end",
        ),
        (
            "up{a=\"\\x\"} 1\n",
            "line 1, column 7: an escape other than `\\\\`, `\\\"` and `\\n`",
        ),
        (
            "up{a=\"b\",a=\"c\"} 1\n",
            "line 1, column 16: label `a` twice",
        ),
        (
            "up{ä=\"b\"} 1\n",
            "line 1, column 4: `ä`, expected a label or `}`",
        ),
        (
            "up{a=\"ä\" b=\"c\"} 1\n",
            "line 1, column 10: `b`, expected `,` or `}`",
        ),
        (
            "up{\"a\"} 1\n",
            "line 1, column 4: label `a` without `=` and a value",
        ),
        (
            "{a=\"b\"} 1\n",
            "line 1, column 8: a sample without the name of its metric",
        ),
        (
            "# TYPE up guage\n",
            "line 1, column 11: `guage`, expected a kind such as `counter`",
        ),
        (
            "up 1\n# TYPE up gauge\n",
            "line 2, column 8: a kind for `up`, which has samples or a kind already",
        ),
        (
            "up 1\n\n# EOF\n",
            "line 2, column 1: an empty line, which OpenMetrics forbids",
        ),
        (
            "# EOF\nup 1\n# EOF\n",
            "line 2, column 1: a line after `# EOF`",
        ),
    ] {
        let error = Exposition::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
        assert_eq!(error.kind(), ErrorKind::Exposition);
    }
    let cut = Exposition::parse_as("up 1\n", ExpositionFormat::OpenMetrics).unwrap_err();
    assert_eq!(
        cut.to_string(),
        "line 2, column 1: the end, expected `# EOF`: the scrape was cut off"
    );
}

fn histogram(bounds: &[(&str, u64)]) -> String {
    let buckets: Vec<String> = bounds
        .iter()
        .map(|(bound, count)| {
            format!("took_seconds_bucket{{route=\"/a\",le=\"{bound}\"}} {count}\n")
        })
        .collect();
    let count = bounds.last().map_or(0, |(_, count)| *count);
    format!(
        "{}took_seconds_count{{route=\"/a\"}} {count}\n",
        buckets.concat()
    )
}

fn observe(counter: &mut ScrapeCounter, text: &str) -> Result<Events, shape_sli::Error> {
    counter.observe(&Exposition::parse(text)?)
}

#[test]
fn latency_is_exact_at_bounds_and_nowhere_else() {
    let took = "took_seconds".parse().unwrap();
    let counter = |ms| ScrapeCounter::of_latency(&took, Duration::from_millis(ms));
    let before = histogram(&[("0.1", 10), ("0.25", 20), ("+Inf", 20)]);
    let after = histogram(&[("0.1", 19), ("0.25", 30), ("+Inf", 120)]);
    for (ms, events) in [
        (100, Events::from_good_bad(9, 91)),
        (250, Events::from_good_bad(10, 90)),
    ] {
        let mut counter = counter(ms);
        assert_eq!(observe(&mut counter, &before).unwrap(), Events::NONE);
        assert_eq!(observe(&mut counter, &after).unwrap(), events);
    }
    for (ms, nearest) in [
        (200, "the nearest are 100ms and 250ms"),
        (50, "the nearest is 100ms"),
        (9_000, "the nearest is 250ms"),
    ] {
        let error = observe(&mut counter(ms), &before).unwrap_err();
        let limit = Duration::from_millis(ms);
        assert_eq!(
            error.to_string(),
            format!(
                "{limit:?} is no bucket bound of `took_seconds_bucket{{route=\"/a\"}}`: {nearest}"
            )
        );
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}

#[test]
fn resets_gaps_and_new_series() {
    let mut counter = ScrapeCounter::of_bad(
        r#"r_total{code=~"5.."}"#.parse().unwrap(),
        "r_total".parse().unwrap(),
    )
    .by_label("route");
    let sample = |code: u32, route: &str, value: &str| {
        format!("r_total{{code=\"{code}\",route=\"{route}\"}} {value}\n")
    };
    let mut next = |rows: &[String]| {
        let text = rows.concat();
        counter
            .observe_by_label(&Exposition::parse(&text).unwrap())
            .map(|events| {
                events
                    .into_iter()
                    .map(|(k, e)| (k, e.good(), e.bad()))
                    .collect::<Vec<_>>()
            })
    };
    let row = |route: &str, good, bad| (route.to_owned(), good, bad);
    assert_eq!(next(&[sample(200, "/a", "5")]).unwrap(), [row("/a", 0, 0)]);
    // A series that was not there began at zero.
    let rows = [sample(200, "/a", "7"), sample(500, "/b", "1")];
    assert_eq!(next(&rows).unwrap(), [row("/a", 2, 0), row("/b", 0, 1)]);
    // One that is not a number has no data, one that is gone neither.
    let rows = [sample(200, "/a", "NaN")];
    assert_eq!(next(&rows).unwrap(), []);
    // Both go on where they were; one was reset.
    let rows = [sample(200, "/a", "8"), sample(500, "/b", "0")];
    assert_eq!(next(&rows).unwrap(), [row("/a", 1, 0), row("/b", 0, 0)]);
    for wrong in ["-1", "1.5", "+Inf"] {
        let error = next(&[sample(200, "/a", wrong)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotACount);
    }
    // What was refused changed nothing.
    let rows = [sample(200, "/a", "9"), sample(500, "/b", "2")];
    assert_eq!(next(&rows).unwrap(), [row("/a", 1, 0), row("/b", 0, 2)]);
}

#[test]
fn counters_that_disagree_are_read_towards_bad() {
    let total: shape_sli::Selector = "all".parse().unwrap();
    let mut good = ScrapeCounter::of_good("good".parse().unwrap(), total.clone());
    let mut bad = ScrapeCounter::of_bad("bad".parse().unwrap(), total);
    for counter in [&mut good, &mut bad] {
        assert_eq!(
            observe(counter, "all 0\ngood 0\nbad 0\n").unwrap(),
            Events::NONE
        );
    }
    let text = "all 5\ngood 7\nbad 7\n";
    assert_eq!(
        observe(&mut good, text).unwrap(),
        Events::from_good_bad(5, 0)
    );
    assert_eq!(
        observe(&mut bad, text).unwrap(),
        Events::from_good_bad(0, 7)
    );
    // No sample of good events is no good event; no sample of bad ones is no bad one.
    let text = "all 6\n";
    assert_eq!(
        observe(&mut good, text).unwrap(),
        Events::from_good_bad(0, 1)
    );
    assert_eq!(
        observe(&mut bad, text).unwrap(),
        Events::from_good_bad(1, 0)
    );
}

fn report() -> SliReport {
    let measurements = shape_telemetry::Measurements::empty(Duration::from_secs(60), []);
    let mut report = SliReport::measure(&measurements, &MeasureConfig::new());
    let component = ComponentId::new("a \"quoted\"\nshop\\");
    let mut probe = Sampler::new(Indicator::Probe, Duration::from_secs(60));
    for second in 0..10 {
        let at = jiff::Timestamp::from_second(second * 40).unwrap();
        probe.look(at, Observation::Up(second != 3));
    }
    report.add(&component, probe.sli(&component));
    let fresh = Sampler::new(
        Indicator::freshness(Duration::from_secs(9)),
        Duration::from_secs(60),
    );
    report.add(&component, fresh.sli(&component));
    report
}

#[test]
fn what_is_written_is_read_and_passes_promtool() {
    let mut writer = ExpositionWriter::new();
    writer.add_report(&report());
    writer.family("x_total", MetricKind::Counter, "One\nline \\ more.");
    writer.sample("x_total", &[("b", "1"), ("a", "2")], f64::INFINITY);
    writer.sample("x_total", &[], f64::NAN);
    let text = writer.to_string();
    let scrape = Exposition::parse(&text).unwrap();
    let events = scrape.family("shape_sli_events").unwrap();
    assert_eq!(events.samples.len(), 4);
    assert_eq!(
        events.samples[0].label("component"),
        Some("a \"quoted\"\nshop\\")
    );
    // Nothing was seen of freshness: it has no share, not one of 0 or 1.
    assert_eq!(
        scrape.family("shape_sli_good_ratio").unwrap().samples.len(),
        1
    );
    let x = scrape.family("x_total").unwrap();
    assert_eq!(x.help.as_deref(), Some("One\nline \\ more."));
    assert_eq!(x.samples.len(), 1);
    assert!(!text.contains("NaN"));
    assert_eq!(writer.to_string(), text);

    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        println!("skipped: no promtool");
        return;
    };
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[test]
fn indicators_of_looks_join_a_report() {
    let report = report();
    let component = &report.components[0];
    let names: Vec<String> = component
        .slis
        .iter()
        .map(|sli| sli.indicator.to_string())
        .collect();
    assert_eq!(names, ["freshness-9s", "probe"]);
    let probe = &component.slis[1];
    assert_eq!(probe.events, Events::from_good_bad(9, 1));
    let period = report.period.unwrap();
    assert_eq!(probe.events_in(period), probe.events);
    let read = SliReport::from_json(&report.to_json().unwrap()).unwrap();
    assert_eq!(read, report);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z{}\"\\\\=,#. 0-9\n\u{e4}TYPEOF]{0,80}") {
        for format in [ExpositionFormat::Prometheus, ExpositionFormat::OpenMetrics] {
            let _ = Exposition::parse_as(&text, format);
        }
    }

    #[test]
    fn any_label_survives_writing_and_reading(
        labels in prop::collection::btree_map("[a-z_][a-z0-9_]{0,5}", ".{0,9}", 0..4),
        value in prop::num::f64::NORMAL,
    ) {
        let mut writer = ExpositionWriter::new();
        let pairs: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        writer.sample("x", &pairs, value);
        let text = writer.to_string();
        // A carriage return ends no line for Prometheus either, but `lines` takes one off.
        prop_assume!(!text.contains('\r'));
        let scrape = Exposition::parse(&text).unwrap();
        let sample = scrape.samples().next().unwrap();
        prop_assert_eq!(sample.value.to_bits(), value.to_bits());
        let read: Vec<(&str, &str)> = sample.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        prop_assert_eq!(read, pairs);
    }

    /// Whatever the resets, a counter yields what rose: the sum of the pieces.
    #[test]
    fn counters_yield_what_rose(rises in prop::collection::vec((0_u64..50, any::<bool>()), 1..30)) {
        let mut counter = ScrapeCounter::of_good("c".parse().unwrap(), "c".parse().unwrap());
        let (mut value, mut expected, mut seen) = (1_000, 0, 0);
        let _ = observe(&mut counter, &format!("c {value}\n")).unwrap();
        for (rise, is_reset) in rises {
            // A reset is seen when the new count is below the old one.
            if is_reset && rise < value {
                value = rise;
            } else {
                value += rise;
            }
            expected += rise;
            seen += observe(&mut counter, &format!("c {value}\n")).unwrap().good();
        }
        prop_assert_eq!(seen, expected);
    }
}
