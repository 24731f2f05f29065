//! Source trees to log statements, and messages to the statements that wrote them.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, SamplingMode, Throughput};
use shape_benches::{own_sources, studio};
use shape_lineage::{LogStatement, Part, Query, SourceIndex, Target};

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
            bencher.iter(|| {
                for (message, target) in &records {
                    let query = Query::message(black_box(message));
                    let query = match target {
                        Some(target) => query.target(target),
                        None => query,
                    };
                    black_box(index.locate(&query));
                }
            });
        });
        group.finish();
    }
    criterion.final_summary();
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
