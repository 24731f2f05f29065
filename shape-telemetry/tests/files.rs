//! Files, directories, patterns, gzip, and what goes wrong with them.
#![cfg(feature = "files")]
#![allow(clippy::as_conversions, reason = "lengths of a test are small")]

use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use shape_telemetry::{Collector, CollectorConfig, SourceSummary, find_logs};

const LINE: &str = "2026-11-23T23:41:07.321916Z  INFO app::a: ready\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(paths: &[&Path]) -> (Vec<SourceSummary>, u64) {
    let mut collector = Collector::new(CollectorConfig::new());
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let mut last = 0;
    let summaries = collector.read_paths(&paths, &mut |progress| {
        assert!(last <= progress.done_bytes && progress.done_bytes <= progress.total_bytes);
        last = progress.done_bytes;
    });
    let (measurements, sources) = collector.finish();
    assert_eq!(sources.len(), summaries.len());
    let lines = measurements.lines;
    assert_eq!(lines.total, lines.parsed + lines.unparsed);
    assert_eq!(
        lines.total,
        sources.iter().map(|source| source.lines.total).sum::<u64>()
    );
    (summaries, lines.total)
}

#[test]
fn gzip_of_several_members_is_read_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log.1");
    let bytes = [gzip(&LINE.repeat(3)), gzip(&LINE.repeat(4))].concat();
    fs::write(&path, bytes).unwrap();
    let (summaries, total) = read(&[&path]);
    assert_eq!(total, 7);
    assert_eq!(summaries[0].problem, None);
    assert_eq!(summaries[0].bytes, 7 * LINE.len() as u64);
}

#[test]
fn gzip_cut_short_keeps_what_was_read_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.log.gz");
    // Text that does not shrink much, so that half of the bytes hold some lines.
    let mut text = String::new();
    for n in 0..5_000_u32 {
        let word = n.wrapping_mul(2_654_435_761);
        writeln!(
            text,
            "2026-11-23T23:41:07Z  INFO app::a: {word:x}{:x}",
            word.rotate_left(7)
        )
        .unwrap();
    }
    let bytes = gzip(&text);
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (summaries, total) = read(&[&path]);
    assert!(1_000 < total && total < 4_000, "{total}");
    let problem = summaries[0].problem.as_deref().unwrap();
    assert!(
        problem.starts_with("the compressed data ends early, after "),
        "{problem}"
    );
}

#[test]
fn zstd_is_read_and_other_compression_is_named() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let dir = tempfile::tempdir().unwrap();
    let text = LINE.repeat(5_000);
    let packed = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    // The name says nothing: the first bytes do.
    fs::write(dir.path().join("a.log"), [&packed[..], &packed].concat()).unwrap();
    fs::write(dir.path().join("b.log"), &packed[..packed.len() - 5]).unwrap();
    fs::write(dir.path().join("c.log"), b"\xfd7zXZ\0rest").unwrap();
    let (summaries, _) = read(&[dir.path()]);
    let problems: Vec<_> = summaries.iter().map(|s| s.problem.as_deref()).collect();
    assert_eq!(summaries[0].lines.total, 10_000);
    assert_eq!(summaries[0].bytes, 2 * text.len() as u64);
    assert_eq!(problems[0], None);
    let cut = problems[1].unwrap();
    assert!(cut.starts_with("the compressed data ends early"), "{cut}");
    assert_eq!(
        problems[2],
        Some(
            "xz data, which is not read: unpack it first, after 0 bytes; what was read before is kept"
        )
    );
}

#[test]
fn rotated_files_are_read_in_the_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    for (name, n) in [("app.log", 3), ("app.log.1", 2), ("other.log", 9)] {
        fs::write(dir.path().join(name), LINE.repeat(n)).unwrap();
    }
    fs::write(dir.path().join("app.log.2.gz"), gzip(LINE)).unwrap();
    let names = |paths: &[&Path]| {
        let (summaries, _) = read(paths);
        let name = |s: &SourceSummary| s.name.rsplit('/').next().unwrap_or_default().to_owned();
        summaries.iter().map(name).collect::<Vec<_>>()
    };
    let expected = ["app.log.2.gz", "app.log.1", "app.log", "other.log"];
    assert_eq!(names(&[dir.path()]), expected);
    // As a shell expands `app.log*`.
    let paths = ["app.log", "app.log.1", "app.log.2.gz"].map(|name| dir.path().join(name));
    assert_eq!(names(&[&paths[0], &paths[1], &paths[2]]), expected[..3]);
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good.log");
    fs::write(&good, LINE).unwrap();
    let missing = dir.path().join("missing.log");
    let broken = dir.path().join("broken.gz");
    fs::write(&broken, [0x1f, 0x8b, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    let nothing = dir.path().join("*.none");
    let (summaries, total) = read(&[&missing, &broken, &nothing, &good]);
    assert_eq!(total, 1);
    let problems: Vec<_> = summaries.iter().filter(|s| s.problem.is_some()).collect();
    assert_eq!(problems.len(), 3, "{summaries:#?}");
    let of = |path: &Path| {
        let name = path.to_string_lossy();
        let found = summaries.iter().find(|s| *s.name == *name).unwrap();
        found.problem.clone().unwrap_or_default()
    };
    assert!(
        of(&missing).starts_with("cannot be read: "),
        "{}",
        of(&missing)
    );
    assert_eq!(of(&nothing), "no file fits the pattern");
    assert_eq!(of(&good), "");
}

#[test]
fn directories_patterns_copies_and_binaries() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("a.log"), LINE.repeat(2)).unwrap();
    fs::write(dir.path().join("copy of a.log"), LINE.repeat(2)).unwrap();
    fs::write(dir.path().join("sub/b.log"), LINE).unwrap();
    fs::write(dir.path().join("sub/c.bin"), [0, 1, 2, 3]).unwrap();
    fs::write(dir.path().join(".hidden"), LINE).unwrap();
    let (summaries, total) = read(&[dir.path()]);
    assert_eq!((summaries.len(), total), (3, 3), "{summaries:#?}");
    let copy = summaries
        .iter()
        .find(|s| s.name.contains("copy of"))
        .unwrap();
    assert!(
        copy.problem
            .as_deref()
            .unwrap()
            .starts_with("the same bytes as ")
    );
    let pattern = dir.path().join("**/*.log").to_string_lossy().into_owned();
    let (files, problems) = find_logs(&[&pattern, &pattern]);
    assert_eq!((files.len(), problems.len()), (3, 0), "{files:#?}");
}

#[test]
fn an_empty_file_has_no_lines_and_no_problem() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.log");
    fs::write(&path, "").unwrap();
    let (summaries, total) = read(&[&path]);
    assert_eq!((total, summaries[0].problem.as_deref()), (0, None));
}

#[test]
fn a_compressed_copy_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let text: String = (0..3_000)
        .map(|n| LINE.replace("ready", &format!("ready {n}")))
        .collect();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("app.log"), &text).unwrap();
    fs::write(path("app.log.gz"), gzip(&text)).unwrap();
    // The same start and another end, and the same content with another level of compression.
    fs::write(path("longer.log.gz"), gzip(&format!("{text}{LINE}"))).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    fs::write(path("other.log.gz"), encoder.finish().unwrap()).unwrap();
    let (summaries, total) = read(&[dir.path()]);
    assert_eq!(total, 3_000 + 3_001);
    let copies: Vec<&str> = summaries
        .iter()
        .filter_map(|summary| summary.problem.as_deref())
        .collect();
    assert_eq!(copies.len(), 2, "{copies:?}");
    for copy in copies {
        assert!(
            copy.starts_with("the same content as `") && copy.ends_with("so not read again"),
            "{copy}"
        );
    }
}
