//! Reading an ordinary line asks for no memory.

use std::{alloc::System, fmt::Write as _};

use shape_telemetry::{Event, Reader};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::every_format::{EVERY_FORMAT, Line};

mod every_format;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const LINES: usize = 20_000;

/// How often memory was asked for while so many lines were read.
fn allocations(name: &str, line: Line) -> usize {
    let mut text = String::new();
    for n in 0..LINES {
        let _ = writeln!(text, "{}", line(n));
    }
    let reader = Reader::new().reference("2026-11-24T12:00:00Z".parse().unwrap());
    let region = Region::new(ALLOCATOR);
    let mut n_events = 0;
    reader.read("x", text.as_bytes(), &mut |event: &Event<'_>| {
        n_events += usize::from(event.record.time.is_some());
    });
    let change = region.change();
    assert_eq!(n_events, LINES, "{name}: lines with a time");
    change.allocations + change.reallocations
}

/// One test, so that no other one asks for memory meanwhile.
#[test]
fn ordinary_lines_need_no_memory() {
    let mut more = Vec::new();
    for &(name, line) in EVERY_FORMAT {
        let n = allocations(name, line);
        // A few for every block of 64 KiB and for the votes of the first lines, none for a line.
        if LINES / 20 <= n {
            more.push(format!("{name}: {n} for {LINES} lines"));
        }
    }
    assert!(more.is_empty(), "{more:#?}");
}
