//! Messages to templates, measurements to a report.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use drain3::Config;
use logdrain::{Miner, Options};
use shape_benches::{Entry, Layout, generate, nginx_error, studio};
use shape_telemetry::{
    Analyzer, Baseline, Collector, CollectorConfig, Event, Measurements, Reader, TemplateMiner,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let studio: Vec<String> = studio()?.into_iter().map(|entry| entry.message).collect();
    for (name, messages) in [
        ("studio", studio),
        ("nginx error", messages(&nginx_error()?)),
    ] {
        mine(&mut criterion, name, &messages)?;
    }
    analyze(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn messages(log: &str) -> Vec<String> {
    let mut messages = Vec::new();
    Reader::new().read("log", log.as_bytes(), &mut |event: &Event<'_>| {
        messages.push(event.record.message.to_string());
    });
    messages
}

/// Elements are messages.
fn mine(
    criterion: &mut Criterion,
    name: &str,
    messages: &[String],
) -> Result<(), Box<dyn std::error::Error>> {
    let learn = || {
        let mut miner = TemplateMiner::new();
        for message in messages {
            miner.add(black_box(message));
        }
        miner
    };
    let mut group = criterion.benchmark_group(format!("mine/{name}"));
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Elements(messages.len().try_into()?));
    group.bench_function("add", |bencher| bencher.iter(learn));
    // The two Drain miners that there are, as they come: no masks.
    group.bench_function("logdrain", |bencher| {
        bencher.iter(|| {
            let miner = Miner::from_options(Options::default());
            for message in messages {
                black_box(miner.add(black_box(message)));
            }
            miner
        });
    });
    group.bench_function("drain3", |bencher| {
        bencher.iter(|| drain3::train(black_box(messages), Config::builder().build()));
    });
    let miner = learn();
    let templates = miner.clone().finish();
    group.bench_function("of", |bencher| {
        bencher.iter(|| {
            for message in messages {
                black_box(templates.of(black_box(message)));
            }
        });
    });
    // Once per log, however long.
    group.throughput(Throughput::Elements(1));
    group.bench_function("finish", |bencher| {
        bencher.iter_batched(
            || miner.clone(),
            TemplateMiner::finish,
            BatchSize::LargeInput,
        );
    });
    group.finish();
    Ok(())
}

fn measured(entries: &[Entry]) -> Measurements {
    let mut collector = Collector::new(CollectorConfig::new().bucket(Duration::from_secs(1)));
    collector.read("studio.log", Layout::Tracing.text(entries).as_bytes());
    collector.finish().0
}

/// Two minutes in which a fifth of the requests fail, after two minutes in which hardly any does.
fn analyze(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let baseline = Baseline::learn(&measured(&generate(1, 30_000, 0)));
    let now = measured(&generate(2, 30_000, 20));
    let analyzer = Analyzer::default();
    let mut group = criterion.benchmark_group("mine/analyze");
    group.throughput(Throughput::Elements(now.lines.total));
    group.bench_function("with a baseline", |bencher| {
        bencher.iter(|| analyzer.analyze(black_box(&now), Some(&baseline), Vec::new()));
    });
    group.bench_function("alone", |bencher| {
        bencher.iter(|| analyzer.analyze(black_box(&now), None, Vec::new()));
    });
    group.finish();

    // From bytes to the report.
    let text = Layout::Tracing.text(&generate(2, 30_000, 20));
    let mut group = criterion.benchmark_group("mine/whole analysis");
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Elements(text.lines().count().try_into()?));
    group.bench_function("tracing", |bencher| {
        bencher.iter(|| {
            let config = CollectorConfig::new().bucket(Duration::from_secs(1));
            let mut collector = Collector::new(config);
            collector.read("studio.log", black_box(&text).as_bytes());
            let (now, sources) = collector.finish();
            analyzer.analyze(&now, Some(&baseline), sources)
        });
    });
    group.finish();
    Ok(())
}
