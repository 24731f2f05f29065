//! What the fuzz targets run, which the tests of this crate run as well (on the corpus and on random bytes).

use shape_telemetry::{Event, Pattern, Reader, TemplateMiner};

/// Reads bytes as a log: every line is parsed or kept, and positions go forward.
pub(crate) fn parser(data: &[u8]) {
    let reader = Reader::new()
        .reference("2026-12-01T00:00:00Z".parse().expect("a time"))
        .max_line(512);
    let (mut n_events, mut last) = (0_u64, 0);
    let summary = reader.read("fuzz", data, &mut |event: &Event<'_>| {
        n_events += 1;
        assert!(last <= event.position.line.get());
        last = event.position.line.get();
    });
    let lines = summary.lines;
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
    assert!(lines.unparsed <= n_events);
    for line in String::from_utf8_lossy(data).lines() {
        let record = reader.parse_line(line);
        // What the accessors of a record read is as free as the line.
        let _ = (record.duration(), record.status(), record.request_id());
        let _ = shape_telemetry::classify(&record);
    }
}

/// Mines lines: the order does not matter, and every message has a template.
pub(crate) fn miner(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mine = |lines: &mut dyn Iterator<Item = &str>| {
        let mut miner = TemplateMiner::new();
        lines.for_each(|line| {
            miner.add(line);
        });
        miner.finish()
    };
    let forward = mine(&mut text.lines());
    let backward = mine(&mut text.lines().rev());
    for line in text.lines() {
        assert_eq!(forward.of(line), backward.of(line), "{line}");
    }
}

/// The first line is a pattern, the others are read with it.
pub(crate) fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    match first.parse::<Pattern>() {
        Ok(pattern) => {
            assert_eq!(pattern.to_string(), first);
            let reader = Reader::new().pattern(pattern);
            for line in rest.lines() {
                let _ = reader.parse_line(line);
            }
        }
        Err(error) => assert!(
            error.position().get() <= first.chars().count() + 1,
            "{error}"
        ),
    }
}
