//! Bytes of log to measurements; merging shards; the latency sketch.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use shape_benches::{Layout, nginx_access, studio};
use shape_telemetry::{Collector, CollectorConfig, LatencySketch, Measurements};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let entries = studio()?;
    let tracing = Layout::Tracing.text(&entries);
    let inputs = [
        ("combined", &nginx_access()?),
        ("tracing", &tracing),
        ("json", &Layout::Json.text(&entries)),
        ("logfmt", &Layout::Logfmt.text(&entries)),
        ("rfc3164", &Layout::Rfc3164.text(&entries)),
        ("rfc5424", &Layout::Rfc5424.text(&entries)),
    ];
    let mut group = criterion.benchmark_group("measure/collect");
    group.sampling_mode(SamplingMode::Flat);
    for (name, text) in inputs {
        group.throughput(Throughput::Elements(text.lines().count().try_into()?));
        group.bench_function(name, |bencher| bencher.iter(|| measure(black_box(text))));
    }
    group.finish();

    merge(&mut criterion, &tracing)?;
    sketch(&mut criterion);
    criterion.final_summary();
    Ok(())
}

fn measure(text: &str) -> Measurements {
    let config = CollectorConfig::new()
        .bucket(Duration::from_secs(1))
        .latency_limits([10, 100].map(Duration::from_millis));
    let mut collector = Collector::new(config);
    collector.read("studio.log", text.as_bytes());
    collector.finish().0
}

/// Eight shards of one log, as eight threads would have measured them.
fn merge(criterion: &mut Criterion, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<&str> = text.lines().collect();
    let shards: Vec<Measurements> = lines
        .chunks(lines.len().div_ceil(8).max(1))
        .map(|lines| measure(&lines.join("\n")))
        .collect();
    let mut group = criterion.benchmark_group("measure/merge");
    group.throughput(Throughput::Elements(shards.len().try_into()?));
    group.bench_function("shards", |bencher| {
        bencher.iter_batched(
            || shards.clone(),
            |shards| {
                shards
                    .into_iter()
                    .try_fold(measure(""), Measurements::merge)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
    Ok(())
}

fn sketch(criterion: &mut Criterion) {
    // Two minutes of 1.3 ms to 130 ms: the spread of a web service.
    let durations: Vec<Duration> = (0..10_000_u32)
        .map(|n| Duration::from_micros(1_300) * (1 + n * 7_919 % 100))
        .collect();
    let sketch: LatencySketch = durations.iter().copied().collect();
    let mut group = criterion.benchmark_group("measure/sketch");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("insert", |bencher| {
        bencher.iter(|| {
            let mut sketch = LatencySketch::default();
            for &duration in black_box(&durations) {
                sketch.insert(duration);
            }
            sketch
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("quantile", |bencher| {
        bencher.iter(|| black_box(&sketch).quantile(black_box(0.99)));
    });
    group.bench_function("merge", |bencher| {
        let mut sum = LatencySketch::default();
        bencher.iter(|| sum.merge(black_box(&sketch)));
    });
    group.finish();
}
