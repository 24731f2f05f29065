//! Rows of a metric to scores: the detector with its memory full, and from the first row on.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use jiff::{SignedDuration, Timestamp};
use shape_telemetry::{MetricConfig, MetricDetector};

/// Five days of five-minute rows after the memory of the detector is full.
const ROWS: usize = 1_440;
const WARM: usize = 9_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let rows = series(WARM + ROWS)?;
    let (before, after) = rows.split_at(WARM);
    let mut warm = MetricDetector::new(MetricConfig::new());
    feed(&mut warm, before);

    let mut group = criterion.benchmark_group("metric/detector");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(ROWS.try_into()?));
    group.bench_function("row, memory full", |bencher| {
        bencher.iter_batched_ref(
            || warm.clone(),
            |detector| feed(detector, black_box(after)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("row, from the first", |bencher| {
        bencher.iter(|| {
            let mut detector = MetricDetector::new(MetricConfig::new());
            feed(&mut detector, black_box(&before[..ROWS]))
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn feed(detector: &mut MetricDetector, rows: &[(Timestamp, f64)]) -> usize {
    rows.iter()
        .filter(|&&(time, value)| detector.push(time, value).is_ok_and(|score| score.alarm))
        .count()
}

/// A daily wave with noise (a linear congruential generator with a fixed seed).
fn series(rows: usize) -> Result<Vec<(Timestamp, f64)>, Box<dyn std::error::Error>> {
    let start: Timestamp = "2026-11-01T00:00:00Z".parse()?;
    let mut state = 20_261_124_u64;
    let mut series = Vec::with_capacity(rows);
    for row in 0..rows {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let noise = f64::from(u32::try_from(state >> 32)?) / f64::from(u32::MAX);
        let day = f64::from(u32::try_from(row % 288)?) / 288.0;
        let time = start + SignedDuration::from_mins(5 * i64::try_from(row)?);
        series.push((time, 10.0 * (std::f64::consts::TAU * day).sin() + noise));
    }
    Ok(series)
}
