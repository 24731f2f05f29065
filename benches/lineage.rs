//! Source trees to log statements, and messages to the statements that wrote them.

use std::{fs::File, hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use shape_benches::{own_sources, studio};
use shape_lineage::{Locator, LogStatement, Part, Query, SourceIndex, Target};
use shape_telemetry::{Event, Reader, Record};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let sources = own_sources()?;
    let n_lines: usize = sources.iter().map(|(_, text)| text.lines().count()).sum();

    let mut group = criterion.benchmark_group("lineage/index");
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Elements(n_lines.try_into()?));
    group.bench_function("this repository, lines", |bencher| {
        bencher.iter_batched(
            || sources.clone(),
            SourceIndex::from_sources,
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let index = SourceIndex::from_sources(sources);
    let written: Vec<_> = index.statements().iter().map(record_of).collect();
    let foreign: Vec<_> = studio()?
        .into_iter()
        .take(1_000)
        .map(|entry| (entry.message, None))
        .collect();
    for (name, records) in [("of this repository", written), ("of any service", foreign)] {
        let mut group = criterion.benchmark_group("lineage/locate");
        group.throughput(Throughput::Elements(records.len().try_into()?));
        group.bench_function(name, |bencher| {
            let mut locator = Locator::new(&index);
            bencher.iter(|| {
                for (message, target) in &records {
                    let query = Query::message(black_box(message));
                    let query = match target {
                        Some(target) => query.target(target),
                        None => query,
                    };
                    black_box(locator.find(&query));
                }
            });
        });
        group.finish();
    }
    open_set(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// The open set: the log beside the repository, its crates where `SHAPE_LINEAGE_SOURCES` says (a `cargo vendor` folder).
fn open_set(criterion: &mut Criterion) -> Result<(), Box<dyn std::error::Error>> {
    let log = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/lineage-rust/rust-crates.log"
    );
    let (Some(sources), Ok(log)) = (std::env::var_os("SHAPE_LINEAGE_SOURCES"), File::open(log))
    else {
        return Ok(());
    };
    let index = SourceIndex::builder()
        .root(&sources)
        .base(&sources)
        .build()?;
    let mut records: Vec<Record<'static>> = Vec::new();
    Reader::new().read("open set", log, &mut |event: &Event<'_>| {
        records.push(event.record.clone().into_owned());
    });
    let mut group = criterion.benchmark_group("lineage/locate");
    group.throughput(Throughput::Elements(records.len().try_into()?));
    group.bench_function("the open set", |bencher| {
        let mut locator = Locator::new(&index);
        bencher.iter(|| {
            for record in &records {
                black_box(locator.find(&Query::from(black_box(record))));
            }
        });
    });
    group.finish();
    Ok(())
}

/// A message that the statement could have written, and its target.
fn record_of(statement: &LogStatement) -> (String, Option<String>) {
    let parts = statement.message.parts().iter().enumerate();
    let message = parts
        .map(|(at, part)| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(_) => format!("{}", 40 + at * 7),
        })
        .collect();
    let target = match &statement.target {
        Target::Module(target) | Target::Named(target) => Some(target.clone()),
        Target::Unknown(_) => None,
    };
    (message, target)
}
