//! Reading an ordinary line asks for no memory.

use std::{alloc::System, fmt::Write as _};

use shape_telemetry::{Event, Reader};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const LINES: usize = 20_000;

/// How often memory was asked for while so many lines were read.
fn allocations(line: impl Fn(usize) -> String) -> usize {
    let mut text = String::new();
    for n in 0..LINES {
        let _ = writeln!(text, "{}", line(n));
    }
    let reader = Reader::new().reference("2026-11-24T12:00:00Z".parse().unwrap());
    let region = Region::new(ALLOCATOR);
    let mut n_fields = 0;
    reader.read("x", text.as_bytes(), &mut |event: &Event<'_>| {
        n_fields += event.record.fields.len();
    });
    let change = region.change();
    assert!(LINES <= n_fields, "{n_fields}");
    change.allocations + change.reallocations
}

/// One test, so that no other one asks for memory meanwhile.
#[test]
fn ordinary_lines_need_no_memory() {
    type Line = fn(usize) -> String;
    let formats: [(&str, Line); 7] = [
        ("combined", |n| {
            format!(
                "10.0.0.1 - - [23/Nov/2026:23:41:07 +0000] \"GET /item/{n} HTTP/1.1\" 200 {n} \"-\" \"app/2.1 (x; y)\" 0.00{n}"
            )
        }),
        ("tracing", |n| {
            format!(
                "2026-11-23T23:41:07.{n:06}Z  INFO request{{id={n} path=\"/a b\"}}: shop::cart: completed status=200 ms=1.{n}"
            )
        }),
        ("logfmt", |n| {
            format!(
                "time=2026-11-23T23:41:07.{n:06}Z level=info msg=\"request {n} completed\" status=200 path=/item/{n}"
            )
        }),
        ("rfc3164", |n| {
            format!("<134>Nov 23 23:41:07 web-1 cart[{n}]: request {n} completed")
        }),
        ("syslog", |n| {
            format!("Nov 23 23:41:07 web-1 cart[{n}]: request {n} completed")
        }),
        ("rfc5424", |n| {
            format!(
                "<134>1 2026-11-23T23:41:07.{n:06}Z web-1 cart 4711 - [a@1 id=\"{n}\" path=\"/a\"] request completed"
            )
        }),
        ("json", |n| {
            format!(
                "{{\"timestamp\":\"2026-11-23T23:41:07.{n:06}Z\",\"level\":\"INFO\",\"fields\":{{\"message\":\"completed\",\"n\":{n}}},\"target\":\"a::b\"}}"
            )
        }),
    ];
    for (name, line) in formats {
        let n = allocations(line);
        // A few for every block of 64 KiB and for the votes of the first lines, none for a line.
        assert!(n < LINES / 20, "{name}: {n} for {LINES} lines");
    }
}
