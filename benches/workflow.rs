//! What the engine adds to a step: order, journal records, digests, events. The steps themselves do nothing.

use std::{sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use shape_workflow::{Engine, ManualClock, Workflow};

const STEPS: u64 = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let clock = Arc::new(ManualClock::at("2026-03-01T10:00:00Z".parse()?));

    // Elements are steps.
    let mut group = criterion.benchmark_group("workflow/64 steps, journal in memory");
    group.throughput(Throughput::Elements(STEPS));
    group.bench_function("build", |bencher| bencher.iter(|| chain(8)));
    for (name, bytes) in [
        ("run, values of 8 bytes", 8),
        ("run, values of 64 KiB", 1 << 16),
    ] {
        let mut workflow = chain(bytes)?;
        group.bench_function(name, |bencher| {
            // Each run begins with an empty journal.
            bencher.iter_batched(
                || Engine::new(clock.clone()),
                |engine| engine.run(&mut workflow),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Each step takes the text of the step before it.
fn chain(bytes: usize) -> Result<Workflow<'static>, shape_workflow::Error> {
    let mut steps = Workflow::builder("chain");
    let mut last = steps.step("step 0", (), move |_, ()| Ok("x".repeat(bytes)));
    for n in 1..STEPS {
        last = steps.step(format!("step {n}"), last, |_, text| {
            Ok(text.as_ref().clone())
        });
    }
    steps.build()
}
