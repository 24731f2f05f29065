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
    let mut n_events = 0;
    reader.read("x", text.as_bytes(), &mut |event: &Event<'_>| {
        n_events += usize::from(event.record.time.is_some());
    });
    let change = region.change();
    assert_eq!(n_events, LINES);
    change.allocations + change.reallocations
}

type Line = fn(usize) -> String;

/// Lines of formats that the grammars read, a part of them with no fields.
fn others() -> [(&'static str, Line); 15] {
    [
        ("log4j", |n| {
            format!("2026-11-23 23:41:07,123 [main] INFO  c.e.Cart - request {n} completed")
        }),
        ("python", |n| {
            format!("2026-11-23 23:41:07,123 - shop.cart - INFO - request {n} completed")
        }),
        ("spring", |n| {
            format!("2026-11-23T23:41:07.123Z  INFO 1 --- [main] c.e.Cart : request {n} completed")
        }),
        ("zookeeper", |n| {
            format!("2026-11-23 23:41:07,123 - INFO  [main:Election@{n}] - timed out")
        }),
        ("spark", |n| {
            format!("17/06/09 20:10:40 INFO a.B: request {n} completed took={n}")
        }),
        ("hdfs", |n| {
            format!("081109 203615 {n} INFO a.B: request completed")
        }),
        ("klog", |n| {
            format!("I1123 23:41:07.123456 {n} a.go:42] \"Starting\" workers=4")
        }),
        ("logcat", |n| {
            format!("11-23 23:41:07.123  1702  {n} D Tag: request completed")
        }),
        ("nginx error", |n| {
            format!(
                "2026/11/23 23:41:07 [error] 1#2: *{n} connect() failed, client: 10.0.0.1, server: x"
            )
        }),
        ("apache error", |n| {
            format!(
                "[Mon Nov 23 23:41:07.123456 2026] [core:error] [pid {n}] [client 10.0.0.1:5] AH1: gone"
            )
        }),
        ("env_logger", |n| {
            format!("[2026-11-23T23:41:07Z INFO  a::b] completed n={n}")
        }),
        ("postgres", |n| {
            format!("2026-11-23 23:41:07.123 UTC [{n}] LOG:  checkpoint complete")
        }),
        ("mysql", |n| {
            format!("2026-11-23T23:41:07.123456Z {n} [Warning] [MY-010068] [Server] late")
        }),
        ("redis", |n| {
            format!("{n}:M 23 Nov 2026 23:41:07.123 * Ready")
        }),
        ("kafka", |n| {
            format!("[2026-11-23 23:41:07,123] INFO [Group {n}]: stable a=1 (kafka.Coordinator)")
        }),
    ]
}

/// One test, so that no other one asks for memory meanwhile.
#[test]
fn ordinary_lines_need_no_memory() {
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
    for (name, line) in others() {
        let n = allocations(line);
        // None without fields; else one for their list, which grows beyond four.
        let lists = match name {
            "python" | "spark" => 0,
            "nginx error" | "apache error" => 2,
            _ => 1,
        };
        let most = lists * LINES + LINES / 20;
        assert!(n < most, "{name}: {n} for {LINES} lines");
    }
}
