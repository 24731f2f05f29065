//! What the fuzz targets run, which the tests of this crate run as well (on the corpus and on random bytes).

use shape_telemetry::{Event, Pattern, Reader, TemplateMiner};

/// Reads bytes as a log: every line is parsed or kept, and every event stands on a line that was read.
pub(crate) fn parser(data: &[u8]) {
    let reader = Reader::new()
        .reference("2026-12-01T00:00:00Z".parse().expect("a time"))
        .max_line(512);
    let (mut n_events, mut last) = (0_u64, 0);
    let summary = reader.read("fuzz", data, &mut |event: &Event<'_>| {
        n_events += 1;
        last = last.max(event.position.line.get());
        let _ = event.exceptions();
    });
    let lines = summary.lines;
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
    assert!(lines.unparsed <= n_events && last <= lines.total);
    for line in String::from_utf8_lossy(data).lines() {
        let record = reader.parse_line(line);
        // What the accessors of a record read is as free as the line.
        let _ = (record.duration(), record.status(), record.request_id());
        let _ = shape_telemetry::classify(&record);
    }
}

/// Mines lines: shards in any order are one pass, a snapshot goes on, and every message has a template.
pub(crate) fn miner(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.lines().collect();
    let mine = |lines: &[&str]| {
        let mut miner = TemplateMiner::new().max_templates(16);
        for line in lines {
            miner.add(line);
        }
        miner
    };
    let whole = mine(&lines);
    let (front, back) = lines.split_at(lines.len() / 2);
    assert!(mine(back).merge(mine(front)) == whole);
    let written = serde_json::to_string(&mine(front)).expect("a miner can be written");
    let mut restored: TemplateMiner = serde_json::from_str(&written).expect("and read back");
    for line in back {
        restored.add(line);
    }
    assert!(restored == whole);
    let templates = whole.finish();
    for line in &lines {
        let _ = templates.find(line);
        let _ = shape_telemetry::variables(line);
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
