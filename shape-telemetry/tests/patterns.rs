//! Layouts of one's own: the pattern language as a user meets it.

use shape_telemetry::{Event, Format, Level, Pattern, Reader};

fn reader(pattern: &str) -> Reader {
    Reader::new()
        .reference("2026-12-01T00:00:00Z".parse().unwrap())
        .pattern(pattern.parse::<Pattern>().unwrap())
}

/// What a line gives: time, level, target, message, fields.
#[track_caller]
fn check(pattern: &str, line: &str, expected: &str) {
    let reader = reader(pattern);
    let record = reader.parse_line(line);
    assert_eq!(record.format, Format::Custom, "{line}");
    let fields: Vec<_> = record
        .fields
        .iter()
        .map(|field| format!("{}={}", field.name, field.value))
        .collect();
    let found = format!(
        "{} {} {} `{}` {} {}",
        record.time.map_or("-".to_owned(), |time| time.to_string()),
        record.level.map_or("-", Level::as_str),
        record.target.as_deref().unwrap_or("-"),
        record.message,
        fields.join(","),
        record
            .emitter
            .map_or("-".to_owned(), |place| place.to_location().to_string()),
    );
    assert_eq!(found, expected, "{line}");
}

#[test]
fn fields_and_literals() {
    check(
        "<time> <level> [<thread>] <component>: <message>",
        "2015-10-18 18:04:44,036   WARN [IPC Server handler 8: x]  a.b::C:  Progress of x  n=3",
        "2015-10-18T18:04:44.036Z warn a.b::C `Progress of x` thread=IPC Server handler 8: x,n=3 -",
    );
    check(
        "<time>|<pid:int>|<level>|<location>|<message>",
        "1772366400.5|77|E|src/a.rs:4|done|or not",
        "2026-03-01T12:00:00.5Z error - `done|or not` pid=77 src/a.rs:4",
    );
    check(
        "\\<<severity>\\> <time> <file>(<line>) <client:ip> took <took:duration> id <id:uuid> <q:quoted> <x:hex> <r:number>",
        "<info> Oct 11 22:14:15 a/b.c(12) [::1]:80 took 1.5ms id 123e4567-e89b-12d3-a456-426614174000 \"a \\\"b\\\"\" 0xff -1.5e3",
        "2026-10-11T22:14:15Z info - `` client=[::1]:80,took=1.5ms,id=123e4567-e89b-12d3-a456-426614174000,q=a \"b\",x=0xff,r=-1.5e3 a/b.c:12",
    );
    check("<_> -- <msg> --", "x -- y --", "- - - `y`  -");
    check(
        "<component> - - <message>",
        "a - b - - c - - d",
        "- - a - b `c - - d`  -",
    );
}

#[test]
fn times() {
    let pattern = "<time:%d/%m/%Y %H:%M:%S,%f> <message>";
    check(
        pattern,
        "01/03/2026 12:00:00,25 x",
        "2026-03-01T12:00:00.25Z - - `x`  -",
    );
    check(
        "<time:%Y%m%dT%H%M%S%z> <message>",
        "20260301T120000+0100 x",
        "2026-03-01T11:00:00Z - - `x`  -",
    );
    // A year that is missing comes from the reference, or the time is missing too.
    check(
        "<time:%b %d %H:%M> <message>",
        "Dec 05 10:30 x",
        "2025-12-05T10:30:00Z - - `x`  -",
    );
    let without = Reader::new().pattern("<time:%m-%d %H:%M> <message>".parse().unwrap());
    assert_eq!(without.parse_line("12-05 10:30 x").time, None);
    for (written, time) in [
        ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36Z"),
        ("Sun Dec 04 04:47:44 2005", "2005-12-04T04:47:44Z"),
        ("01 Mar 2026 12:00:00.123", "2026-03-01T12:00:00.123Z"),
        ("24-Nov-2026 08:59:30.833", "2026-11-24T08:59:30.833Z"),
        ("11/24/2026, 8:59:30 AM", "2026-11-24T08:59:30Z"),
        ("17/06/09 20:10:40", "2017-06-09T20:10:40Z"),
        ("081109 203615", "2008-11-09T20:36:15Z"),
        ("03-17 16:13:38.811", "2026-03-17T16:13:38.811Z"),
        ("1772366400123", "2026-03-01T12:00:00.123Z"),
        ("1772366400123456", "2026-03-01T12:00:00.123456Z"),
        ("1772366400123456789", "2026-03-01T12:00:00.123456789Z"),
    ] {
        check(
            "{<time>} <message>",
            &format!("{{{written}}} x"),
            &format!("{time} - - `x`  -"),
        );
    }
}

#[test]
fn what_does_not_fit_is_read_as_ever() {
    let reader = reader("<time> <level> <n:int> <message>");
    for line in [
        "2026-03-01T12:00:00Z INFO x y",
        "level=info msg=hello",
        "2026-03-01T12:00:00Z NOPE 1 y",
        "",
    ] {
        assert_ne!(reader.parse_line(line).format, Format::Custom, "{line}");
    }
}

#[test]
fn a_log_with_two_layouts() {
    let reader = Reader::new()
        .pattern("A/<level> <message>".parse().unwrap())
        .pattern("B/<component>/<message>".parse().unwrap());
    let log = "A/info one\nB/db/two\nlevel=warn msg=three\n  indented\n";
    let mut seen = Vec::new();
    let summary = reader.read("x", log.as_bytes(), &mut |event: &Event<'_>| {
        seen.push(format!("{} {}", event.record.format, event.record.message));
    });
    assert_eq!(seen, ["custom one", "custom two", "logfmt three"]);
    assert_eq!((summary.lines.total, summary.lines.parsed), (4, 4));
}
