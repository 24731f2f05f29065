//! Limits on what is told apart: memory stays bounded, what is cut is counted, and merging stays a law.

use std::{fmt::Write as _, io::Read, time::Duration};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shape_telemetry::{Analyzer, Collector, CollectorConfig, Limits, Measurements};

fn measure(log: &str, config: &CollectorConfig) -> Measurements {
    let mut collector = Collector::new(config.clone());
    collector.read("x.log", log.as_bytes());
    collector.finish().0
}

fn seconds(limits: Limits) -> CollectorConfig {
    CollectorConfig::new()
        .bucket(Duration::from_secs(1))
        .limits(limits)
}

fn start() -> Timestamp {
    "2016-01-01T03:00:00Z".parse().unwrap()
}

/// The records in all buckets.
fn records(measurements: &Measurements) -> u64 {
    let components = measurements.components.values();
    let buckets = components.flat_map(|component| component.buckets.values());
    buckets.map(shape_telemetry::Bucket::records).sum()
}

fn n_starts(measurements: &Measurements) -> usize {
    let components = measurements.components.values();
    let starts: std::collections::BTreeSet<_> = components
        .flat_map(|component| component.buckets.keys())
        .collect();
    starts.len()
}

/// Ten years, a line a day, at a second: buckets are only where records are.
#[test]
fn ten_years_of_a_line_a_day() {
    let mut log = String::new();
    for day in 0..3_653 {
        let time = start() + SignedDuration::from_hours(24 * day);
        writeln!(log, "{time} INFO app::backup: done size_gb={day}").unwrap();
    }
    let all = measure(&log, &seconds(Limits::new()));
    assert_eq!((records(&all), n_starts(&all)), (3_653, 3_653));
    assert_eq!((all.bucket_ms.get(), all.bucket_doublings), (1_000, 0));
    assert!(all.overflow().is_none());
    // Fewer are allowed than there are days: weeks, as powers of two of a second.
    let few = measure(&log, &seconds(Limits::new().buckets(500)));
    assert!(n_starts(&few) <= 500 && 250 <= n_starts(&few));
    assert_eq!(few.bucket_ms.get(), 1_000 << few.bucket_doublings);
    assert_eq!(records(&few), 3_653);
    let overflow = few.overflow();
    assert_eq!(overflow.bucket_doublings, few.bucket_doublings);
    let report = Analyzer::default().analyze(&few, None, Vec::new());
    assert_eq!(report.overflow, overflow);
    let json = serde_json::to_string(&few).unwrap();
    assert_eq!(serde_json::from_str::<Measurements>(&json).unwrap(), few);
}

/// What was counted in narrow buckets is what is counted in wide ones from the start.
#[test]
fn wide_buckets_count_as_if_they_had_been_wide() {
    let mut log = String::new();
    for n in 0..2_000_i64 {
        let time = start() + SignedDuration::from_millis(n * 700);
        let (status, ms) = (if n % 7 == 0 { 503 } else { 200 }, n % 90);
        writeln!(
            log,
            "{time} INFO app::web: GET /a {status} in {ms}ms depth={n}"
        )
        .unwrap();
    }
    let narrow = measure(&log, &seconds(Limits::new().buckets(100)));
    assert_eq!(
        (narrow.bucket_ms.get(), narrow.bucket_doublings),
        (16_000, 4)
    );
    let wide = CollectorConfig::new()
        .bucket(Duration::from_secs(16))
        .limits(Limits::new().buckets(100));
    let wide = Measurements {
        bucket_doublings: 4,
        ..measure(&log, &wide)
    };
    assert_eq!(narrow, wide);
}

/// A log that is made while it is read.
struct Lines<F>(F, u64, Vec<u8>, usize);

impl<F: Fn(u64) -> Option<String>> Read for Lines<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.3 == self.2.len() {
            self.2.clear();
            self.3 = 0;
            while self.2.len() < 1 << 16
                && let Some(line) = (self.0)(self.1)
            {
                self.2.extend_from_slice(line.as_bytes());
                self.1 += 1;
            }
        }
        let rest = &self.2[self.3..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.3 += n;
        Ok(n)
    }
}

/// A million in a test of a release: `SHAPE_LINES=1000000 cargo test --release -p shape-telemetry --test limits`.
fn many() -> u64 {
    let lines = std::env::var("SHAPE_LINES").ok();
    lines.and_then(|lines| lines.parse().ok()).unwrap_or(20_000)
}

fn word(n: u64) -> String {
    let digits = n.to_string();
    digits
        .bytes()
        .map(|b| char::from(b - b'0' + b'a'))
        .collect()
}

#[test]
fn a_million_names_of_metrics() {
    let total = many();
    let mut collector = Collector::new(CollectorConfig::new());
    let line = |n| {
        let name = word(n);
        (n < total)
            .then(|| format!("2026-03-01T12:00:00Z  INFO app::a: sampled {name}_depth={n}\n"))
    };
    collector.read("x", Lines(line, 0, Vec::new(), 0));
    let (measurements, _) = collector.finish();
    let component = measurements.components.values().next().unwrap();
    assert_eq!(component.metrics.len(), Measurements::MAX_METRICS);
    let kept: u64 = component
        .metrics
        .values()
        .flat_map(|series| series.values())
        .map(|gauge| gauge.count)
        .sum();
    assert_eq!(kept + measurements.overflow().metric_values, total);
    // No metrics are wanted: nothing is cut.
    let none = CollectorConfig::new().limits(Limits::new().metrics(0));
    let none = measure(
        "2026-03-01T12:00:00Z  INFO app::a: sampled depth=3\n",
        &none,
    );
    assert!(none.overflow().is_none());
}

#[test]
fn a_million_values_of_a_field() {
    let total = many();
    let mut collector = Collector::new(CollectorConfig::new());
    let line = |n| {
        let user = word(n);
        (n < total).then(|| {
            format!("2026-03-01T12:00:00Z  INFO app::a: GET /a 200 in 3ms tenant={user}\n")
        })
    };
    collector.read("x", Lines(line, 0, Vec::new(), 0));
    let (measurements, _) = collector.finish();
    let component = measurements.components.values().next().unwrap();
    let values = &component.fields["tenant"];
    assert_eq!(values.len(), Measurements::MAX_VALUES);
    let kept: u64 = values.values().map(|counts| counts.good + counts.bad).sum();
    assert_eq!(kept + measurements.overflow().field_values, total);
}

#[test]
fn a_million_components() {
    let total = many();
    let mut collector = Collector::new(CollectorConfig::new());
    let line = |n| {
        let name = word(n);
        (n < total).then(|| format!("2026-03-01T12:00:00Z  INFO app::{name}: ready\n"))
    };
    collector.read("x", Lines(line, 0, Vec::new(), 0));
    let (measurements, _) = collector.finish();
    assert_eq!(measurements.components.len(), Measurements::MAX_COMPONENTS);
    assert_eq!(records(&measurements), total);
    let told_apart = u64::try_from(Measurements::MAX_COMPONENTS).unwrap() - 1;
    assert_eq!(measurements.overflow().records, total - told_apart);
}

fn line() -> impl Strategy<Value = String> {
    let field = ("[a-e]", 0_u32..50).prop_map(|(name, value)| format!(" {name}_depth={value}"));
    let fields = prop::collection::vec(field, 0..3);
    (0_i64..100_000, "[a-c]", fields, prop::bool::ANY).prop_map(|(at, name, fields, is_request)| {
        let time = start() + SignedDuration::from_secs(at);
        let said = if is_request {
            "GET /a 200 in 3ms"
        } else {
            "waiting"
        };
        format!("{time} INFO app::{name}: {said}{}\n", fields.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Parts in any order are the whole, whatever is cut.
    #[test]
    fn parts_are_the_whole(lines in prop::collection::vec(line(), 1..60), at in 0_usize..60, buckets in 2_usize..20) {
        let config = seconds(Limits::new().buckets(buckets).metrics(2).components(3));
        let whole = measure(&lines.concat(), &config);
        prop_assert!(n_starts(&whole) <= buckets);
        let (left, right) = lines.split_at(at.min(lines.len()));
        let (left, right) = (measure(&left.concat(), &config), measure(&right.concat(), &config));
        let one = left.clone().merge(right.clone()).unwrap();
        let other = right.merge(left).unwrap();
        prop_assert_eq!(one.bucket_ms, whole.bucket_ms);
        prop_assert_eq!(one.overflow(), whole.overflow());
        prop_assert_eq!(&one, &other);
        // Positions apart, which name other lines of parts.
        prop_assert_eq!(one.templates.len(), whole.templates.len());
        prop_assert_eq!(records(&one), records(&whole));
    }
}
