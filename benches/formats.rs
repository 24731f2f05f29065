//! Every format that is read, one row each: bytes to records, and bytes to measurements.
//!
//! `cargo bench -p shape-benches --bench formats` ends with one table. The lines are those of the test that counts
//! allocations.

use std::{fmt::Write as _, hint::black_box, io, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};
use jiff::Timestamp;
use shape_benches::{Table, repeated};
use shape_telemetry::{Collector, CollectorConfig, Event, Reader};

use crate::every_format::{EVERY_FORMAT, Line};

#[path = "../shape-telemetry/tests/every_format/mod.rs"]
mod every_format;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    let table = Table::new();
    // `cargo test` makes each pass once, cold: few lines, no figures.
    let is_smoke = std::env::args().all(|argument| argument != "--bench");
    for &(name, line) in EVERY_FORMAT {
        let text = text(line, is_smoke)?;
        run(&mut criterion, &table, name, &text)?;
    }
    criterion.final_summary();
    if !is_smoke {
        table.print(&mut io::stdout().lock())?;
    }
    Ok(())
}

/// Lines that differ, repeated where they shall be measured.
fn text(line: Line, is_smoke: bool) -> Result<String, std::fmt::Error> {
    let lines = if is_smoke { 200 } else { 20_000 };
    let mut text = String::new();
    for n in 0..lines {
        writeln!(text, "{}", line(n))?;
    }
    Ok(if is_smoke { text } else { repeated(&text) })
}

fn run(
    criterion: &mut Criterion,
    table: &Table,
    name: &str,
    text: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let reference = Timestamp::from_second(1_795_500_000)?;
    let reader = Reader::new().reference(reference);
    let mut group = criterion.benchmark_group(format!("formats/{name}"));
    group
        .sampling_mode(SamplingMode::Flat)
        .throughput(Throughput::Bytes(text.len().try_into()?));
    group.bench_function("measure", |bencher| {
        bencher.iter_custom(|passes| {
            table.time(name, "measure", text, passes, || {
                let mut collector = Collector::new(CollectorConfig::new());
                collector.read(name, text.as_bytes());
                black_box(collector.finish());
            })
        });
    });
    group.bench_function("parse", |bencher| {
        bencher.iter_custom(|passes| {
            table.time(name, "parse", text, passes, || {
                reader.read(name, text.as_bytes(), &mut |event: &Event<'_>| {
                    black_box(event);
                });
            })
        });
    });
    group.finish();
    Ok(())
}
