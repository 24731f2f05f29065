//! Headers of eight real logs against the fields that their collectors published, where the data is at hand.
#![allow(clippy::print_stderr, reason = "says what was skipped")]

use std::{collections::BTreeMap, path::PathBuf};

use shape_telemetry::{Event, Level, LogLine, Reader, TemplateMiner};

fn root() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/loghub-2k");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// The rows of a CSV file as maps from the header's names.
fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
    }
    if !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    let header = rows.remove(0);
    rows.into_iter()
        .map(|row| header.iter().cloned().zip(row).collect())
        .collect()
}

#[test]
fn headers_of_real_logs() {
    let Some(root) = root() else { return };
    let mut sets: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .flatten()
        .filter(|e| e.path().is_dir())
        .collect();
    sets.sort_by_key(std::fs::DirEntry::file_name);
    for set in sets {
        let name = set.file_name().to_string_lossy().into_owned();
        let log = std::fs::read(set.path().join(format!("{name}_2k.log"))).unwrap();
        let truth = std::fs::read_to_string(
            set.path()
                .join(format!("{name}_2k.log_structured_corrected.csv")),
        )
        .unwrap();
        let truth = csv(&truth);
        let mut right = 0;
        let mut wrong = Vec::new();
        let reader = Reader::new().reference("2026-01-01T00:00:00Z".parse().unwrap());
        let summary = reader.read(&name, &log[..], &mut |event: &Event<'_>| {
            let row = &truth[usize::try_from(event.position.line.get()).unwrap() - 1];
            let record = &event.record;
            let content = record.message.trim() == row["Content"].trim();
            let component = row.get("Component").is_none_or(|component| {
                let found = record.target.as_deref().unwrap_or("");
                // One set splits its node at another colon.
                found == component || component.ends_with(&format!(":{found}"))
            });
            // One set calls its host the level, one has none.
            let level = row.get("Level").is_none_or(|level| {
                let known = Level::from_word(level).or(match level.as_str() {
                    "D" => Some(Level::Debug),
                    "I" => Some(Level::Info),
                    "W" => Some(Level::Warn),
                    "E" => Some(Level::Error),
                    "V" => Some(Level::Trace),
                    _ => None,
                });
                known == record.level
            });
            if content && component && level && record.time.is_some() {
                right += 1;
            } else if wrong.len() < 3 {
                wrong.push(format!(
                    "{:?} {:?} {:?} {:?} against {row:?}",
                    record.format, record.level, record.target, record.message
                ));
            }
        });
        eprintln!(
            "{name}: {right} of {} headers, {} unparsed, format {}",
            truth.len(),
            summary.lines.unparsed,
            summary.format
        );
        assert!(
            99 * truth.len() <= 100 * right,
            "{name}: {right} of {}: {wrong:#?}",
            truth.len()
        );
    }
}

/// Grouping accuracy and parsing accuracy of the raw logs, cleaned up: no change may lose much of what was reached.
/// `cargo run --release --example templates -- --score DIR` prints all four measures for each set.
#[test]
fn templates_of_real_logs() {
    let Some(root) = root() else { return };
    let (mut grouping, mut parsing, mut n_sets) = (0.0, 0.0, 0.0);
    for set in std::fs::read_dir(root).unwrap().flatten() {
        let name = set.file_name().to_string_lossy().into_owned();
        let Ok(log) = std::fs::read(set.path().join(format!("{name}_2k.log"))) else {
            continue;
        };
        let truth = set
            .path()
            .join(format!("{name}_2k.log_structured_corrected.csv"));
        let truth = csv(&std::fs::read_to_string(truth).unwrap());
        let mut miner = TemplateMiner::new();
        let mut bodies = Vec::new();
        Reader::new().read_lines(&name, &log[..], &mut |line: &LogLine<'_>| {
            miner.add(&line.body);
            bodies.push(line.body.to_string());
        });
        assert_eq!(bodies.len(), truth.len(), "{name}: a body a line");
        let templates = miner.finish().clean_up();
        let found: Vec<String> = bodies.iter().map(|body| templates.of(body)).collect();
        let mut groups: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        let mut right = 0_u32;
        for (row, found) in truth.iter().zip(&found) {
            let truth = &row["EventTemplate"];
            *groups.entry(truth).or_default().entry(found).or_default() += 1;
            *sizes.entry(found).or_default() += 1;
            right += u32::from(truth == found);
        }
        let whole = groups.values().filter(|texts| {
            texts.len() == 1 && texts.iter().all(|(text, n)| sizes.get(text) == Some(n))
        });
        let grouped: usize = whole.flat_map(BTreeMap::values).sum();
        let n_lines = f64::from(u32::try_from(truth.len()).unwrap());
        grouping += f64::from(u32::try_from(grouped).unwrap()) / n_lines;
        parsing += f64::from(right) / n_lines;
        n_sets += 1.0;
    }
    let (grouping, parsing) = (grouping / n_sets, parsing / n_sets);
    eprintln!("{n_sets} sets: GA {grouping:.3}, PA {parsing:.3}");
    assert!(
        0.975 < grouping && 0.85 < parsing,
        "GA {grouping}, PA {parsing}"
    );
}
