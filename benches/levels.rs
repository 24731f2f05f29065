//! Indicators, targets, budgets and burn over thirty days of minutes.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};
use jiff::{SignedDuration, Timestamp};
use shape_budget::{AlertRule, BudgetConfig, BurnMeter, Exclusion, MinuteCount, assess, replay};
use shape_compliance::{Fact, History};
use shape_sli::{Events, MeasureConfig, SliReport};
use shape_slo::{RecommendConfig, Target, Window, recommend, recommend_target};
use shape_telemetry::{Bucket, ComponentId, Measurements};

const MINUTES: u32 = 30 * 24 * 60;
const DAY: u64 = 86_400;
const COMPONENTS: [&str; 3] = ["canvas", "header", "library"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let start: Timestamp = "2026-11-01T00:00:00Z".parse()?;
    let now = start + SignedDuration::from_mins(MINUTES.into());
    let measurements = month(start);
    let sli = SliReport::measure(&measurements, &MeasureConfig::new());
    let config = RecommendConfig::new("studio").window(Window::rolling_days(28));
    let promises = recommend(&sli, &config).ratify("bench", now);
    let points = &sli.components[0].slis[0].points;

    // Elements are minutes of one component.
    let n = u64::from(MINUTES);
    let mut group = criterion.benchmark_group("levels/three components, 30 days of minutes");
    group.throughput(Throughput::Elements(3 * n));
    group.bench_function("measure", |bencher| {
        bencher.iter(|| SliReport::measure(black_box(&measurements), &MeasureConfig::new()));
    });
    group.bench_function("recommend", |bencher| {
        bencher.iter(|| recommend(black_box(&sli), &config));
    });
    group.bench_function("assess", |bencher| {
        let config = BudgetConfig::new();
        bencher.iter(|| assess(&promises, black_box(&sli), now, &config));
    });
    group.finish();

    let mut group = criterion.benchmark_group("levels/one indicator, 30 days of minutes");
    group.throughput(Throughput::Elements(n));
    group.bench_function("recommend_target", |bencher| {
        bencher.iter(|| recommend_target(black_box(points), 7 * DAY, 0.95, 0.05));
    });
    let target: Target = "99.9%".parse()?;
    let rules = &AlertRule::SRE_WORKBOOK;
    group.bench_function("burn: record and ask", |bencher| {
        bencher.iter(|| {
            let mut meter = BurnMeter::new(target, 28 * DAY, 60, rules)?;
            for point in black_box(points) {
                meter.record(point.start, point.events);
                black_box(meter.burn(3_600));
            }
            Ok::<_, shape_budget::Error>(meter)
        });
    });
    let mut meter = BurnMeter::new(target, 28 * DAY, 60, rules)?;
    for point in points {
        meter.record(point.start, point.events);
    }
    let slo = &promises.slos[0];
    let first = jiff::civil::date(2026, 1, 4).at(2, 0, 0, 0);
    let sundays = "FREQ=WEEKLY;BYDAY=SU".parse()?;
    let weekly = Exclusion::again("maintenance", first, "UTC", 7_200, sundays)?;
    let config = BudgetConfig::new().exclusions([weekly]);
    group.bench_function("budget of a stream, with a weekly exclusion", |bencher| {
        bencher.iter(|| black_box(&meter).budget(slo, now, &config));
    });
    let mut history = History::new(60_000);
    history.add(
        start,
        Fact::Promise {
            from: start,
            slo: Box::new(slo.clone()),
        },
    )?;
    for point in points {
        let counts = Fact::Counts {
            slo: slo.id.clone(),
            start: point.start,
            events: point.events,
        };
        history.add(point.start, counts)?;
    }
    group.bench_function("history: what was the budget, and why", |bencher| {
        let config = BudgetConfig::new();
        bencher.iter(|| black_box(&history).budget_at(&slo.id, now, now, &config));
    });
    let counts: Vec<MinuteCount> = (0..)
        .zip(points)
        .map(|(minute, point)| MinuteCount {
            minute,
            events: point.events,
        })
        .collect();
    group.bench_function("replay: four alert rules each minute", |bencher| {
        bencher.iter(|| replay(black_box(&counts), target, 28 * DAY, rules, 0.95));
    });
    group.finish();

    stream(&mut criterion, start, target)?;
    criterion.final_summary();
    Ok(())
}

/// A hundred events a minute, up to half an hour late.
fn stream(
    criterion: &mut Criterion,
    start: Timestamp,
    target: Target,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut group = criterion.benchmark_group("levels/a stream of events");
    let events: Vec<(Timestamp, Events)> = (0..100 * u64::from(MINUTES))
        .map(|event| {
            let late = event * 7_919 % 1_800;
            let second = 600 + event * 60 / 100 + 1_800 - late;
            let at = start + Duration::from_secs(second);
            (
                at,
                Events::from_good_bad(u64::from(event % 97 != 0), u64::from(event % 97 == 0)),
            )
        })
        .collect();
    group.throughput(Throughput::Elements(events.len().try_into()?));
    group.sample_size(10);
    group.bench_function("record, late and out of order", |bencher| {
        bencher.iter(|| {
            let mut meter = BurnMeter::new(target, 28 * DAY, 60, &AlertRule::SRE_WORKBOOK)?;
            for (at, events) in black_box(&events) {
                meter.record(*at, *events);
            }
            Ok::<_, shape_budget::Error>(meter)
        });
    });
    group.finish();
    Ok(())
}

/// A thousand requests a minute, a daily swell, an outage of an hour in the third week.
fn month(start: Timestamp) -> Measurements {
    let mut measurements = Measurements::empty(
        Duration::from_secs(60),
        [100, 1_000].map(Duration::from_millis),
    );
    for name in COMPONENTS {
        let component = measurements
            .components
            .entry(ComponentId::new(name))
            .or_default();
        for minute in 0..MINUTES {
            let requests = u64::from(1_000 + minute % 1_440);
            let is_outage = (25_000..25_060).contains(&minute);
            let bad = if is_outage {
                requests / 5
            } else {
                u64::from(minute % 9 == 0)
            };
            let mut bucket = Bucket {
                good: requests - bad,
                bad,
                timed: requests,
                good_within: vec![requests - 3 * bad, requests - 2 * bad],
                ..Bucket::default()
            };
            for n in 0..20 {
                bucket
                    .latency
                    .insert(Duration::from_micros(900) * (1 + (minute + n * n) % 40));
            }
            let at = start + SignedDuration::from_mins(minute.into());
            component.buckets.insert(at, bucket);
        }
    }
    measurements
}
