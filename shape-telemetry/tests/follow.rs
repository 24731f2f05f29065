//! Following a log through rotation and restarts: no line is lost, none comes twice.
#![cfg(feature = "files")]

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use shape_telemetry::{Event, FollowPosition, FollowedEvents, FollowedLine, Follower, Reader};

/// A service that writes numbered lines, and what rotates its log.
struct Service {
    path: PathBuf,
    file: File,
    written: u32,
    /// The half of a line that was written.
    half: Option<String>,
}

fn append(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

impl Service {
    fn new(folder: &Path) -> Self {
        let path = folder.join("app.log");
        Self {
            file: append(&path),
            path,
            written: 0,
            half: None,
        }
    }

    fn rotated(&self, n: u32) -> PathBuf {
        PathBuf::from(format!("{}.{n}", self.path.display()))
    }

    fn line(&mut self) {
        if let Some(half) = self.half.take() {
            self.file.write_all(half.as_bytes()).unwrap();
        } else {
            self.written += 1;
            writeln!(self.file, "line {:05} of a service", self.written).unwrap();
        }
    }

    fn half_a_line(&mut self) {
        if self.half.is_none() {
            self.written += 1;
            write!(self.file, "line {:05} ", self.written).unwrap();
            self.half = Some("in two parts\n".to_owned());
        }
    }

    /// `app.log.1` becomes `app.log.2`, compressed from the second on, and so on.
    fn shift(&self, compress: bool) {
        for n in (1..20).rev() {
            let packed = |n: u32| PathBuf::from(format!("{}.gz", self.rotated(n).display()));
            if packed(n).exists() {
                fs::rename(packed(n), packed(n + 1)).unwrap();
            } else if self.rotated(n).exists() {
                if compress {
                    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                    encoder
                        .write_all(&fs::read(self.rotated(n)).unwrap())
                        .unwrap();
                    fs::write(packed(n + 1), encoder.finish().unwrap()).unwrap();
                    fs::remove_file(self.rotated(n)).unwrap();
                } else {
                    fs::rename(self.rotated(n), self.rotated(n + 1)).unwrap();
                }
            }
        }
    }

    /// Renames the log; the service goes on in the old file until it is told.
    fn rename(&mut self, compress: bool) {
        // What is compressed is never written again.
        self.reopen();
        self.shift(compress);
        fs::rename(&self.path, self.rotated(1)).unwrap();
        append(&self.path);
    }

    fn reopen(&mut self) {
        if self.half.is_some() {
            self.line();
        }
        self.file = append(&self.path);
    }

    fn copy_and_truncate(&mut self, compress: bool) {
        self.reopen();
        self.shift(compress);
        fs::copy(&self.path, self.rotated(1)).unwrap();
        self.file.set_len(0).unwrap();
    }

    /// Another file takes the place of the log, which is gone.
    fn replace(&mut self) {
        self.reopen();
        let new = self.path.with_extension("new");
        append(&new);
        fs::rename(&new, &self.path).unwrap();
        self.reopen();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Line,
    Half,
    Rename { compress: bool },
    Reopen,
    CopyTruncate { compress: bool },
    Replace,
    Look,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Line),
        1 => Just(Step::Half),
        1 => any::<bool>().prop_map(|compress| Step::Rename { compress }),
        2 => Just(Step::Reopen),
        1 => any::<bool>().prop_map(|compress| Step::CopyTruncate { compress }),
        1 => Just(Step::Replace),
        4 => Just(Step::Look),
        2 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..60)
}

/// Everything there is now.
fn drain(follower: &mut Follower, seen: &mut Vec<String>) {
    for line in follower {
        seen.push(line.unwrap().text);
    }
}

/// A position as it is after a stay on disk.
fn saved(position: &FollowPosition) -> FollowPosition {
    serde_json::from_str(&serde_json::to_string(position).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_line_comes_once(steps in steps(), some in 0_usize..4) {
        let dir = tempfile::tempdir().unwrap();
        let mut service = Service::new(dir.path());
        let mut follower = Follower::new(&service.path);
        let mut seen = Vec::new();
        for step in &steps {
            match *step {
                Step::Line => service.line(),
                Step::Half => service.half_a_line(),
                Step::Rename { compress } => service.rename(compress),
                Step::Reopen => service.reopen(),
                Step::CopyTruncate { compress } => service.copy_and_truncate(compress),
                Step::Replace => {
                    // What is not read when its file is deleted nobody can read.
                    service.reopen();
                    drain(&mut follower, &mut seen);
                    service.replace();
                }
                Step::Look => drain(&mut follower, &mut seen),
                Step::Restart => {
                    // Not all of what is there is taken before the end.
                    for line in follower.by_ref().take(some) {
                        seen.push(line.unwrap().text);
                    }
                    let position = saved(&follower.position());
                    follower = Follower::resume(&service.path, &position).unwrap();
                }
            }
        }
        service.reopen();
        service.line();
        drain(&mut follower, &mut seen);
        let mut numbers: Vec<u32> = seen.iter().map(|line| line[5..10].parse().unwrap()).collect();
        // Where a writer goes on in a renamed file, its lines come after those of the new one.
        numbers.sort_unstable();
        let expected: Vec<u32> = (1..=service.written).collect();
        prop_assert_eq!(numbers, expected, "{:?}", seen);
    }

    /// Events are given once as well, a trace that spans looks and restarts included.
    #[test]
    fn each_event_comes_once(chunks in prop::collection::vec(1_usize..60, 1..30), restart_at in prop::collection::vec(any::<bool>(), 30)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.log");
        let records: Vec<String> = (0..12)
            .map(|n| format!("2026-03-01 12:00:{n:02},000 [main] ERROR a.B - boom {n}\n\tat a.B.c(B.java:{})\n\tat a.B.d(B.java:7)\n", n + 1))
            .collect();
        let text = records.concat();
        let reader = Reader::new();
        let mut events = FollowedEvents::new(&reader, Follower::new(&path));
        let mut seen: Vec<(u64, u64, String, usize)> = Vec::new();
        let mut file = append(&path);
        let mut rest = text.as_bytes();
        let (mut total, mut restarts) = (0, restart_at.into_iter());
        for chunk in chunks {
            let (now, later) = rest.split_at(chunk.min(rest.len()));
            rest = later;
            file.write_all(now).unwrap();
            let mut sink = |event: &Event<'_>| {
                seen.push((event.position.line.get(), event.position.byte_offset, event.record.message.to_string(), event.frames.len()));
            };
            events.poll(&mut sink).unwrap();
            if restarts.next() == Some(true) {
                let position = saved(&events.position());
                // What is held is not given away: the next process reads it again.
                events = FollowedEvents::new(&reader, Follower::resume(&path, &position).unwrap());
                total = seen.len();
            }
        }
        file.write_all(rest).unwrap();
        let mut sink = |event: &Event<'_>| {
            seen.push((event.position.line.get(), event.position.byte_offset, event.record.message.to_string(), event.frames.len()));
        };
        events.poll(&mut sink).unwrap();
        events.poll(&mut sink).unwrap();
        let summary = events.finish(&mut sink);
        let expected: Vec<_> = (0..12_u64)
            .map(|n| {
                let offset = text.lines().take(usize::try_from(n).unwrap() * 3).map(|line| line.len() + 1).sum::<usize>();
                (n * 3 + 1, u64::try_from(offset).unwrap(), format!("boom {n}"), 2)
            })
            .collect();
        prop_assert_eq!(&seen, &expected);
        prop_assert_eq!(summary.lines.total, summary.lines.parsed + summary.lines.unparsed);
        prop_assert_eq!(summary.lines.total, 36 - 3 * u64::try_from(total).unwrap());
    }
}

fn texts(lines: &[FollowedLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[test]
fn a_writer_that_goes_on_in_the_renamed_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Service::new(dir.path());
    let mut follower = Follower::new(&service.path).drain_rounds(3);
    service.line();
    let mut seen = Vec::new();
    drain(&mut follower, &mut seen);
    service.rename(false);
    drain(&mut follower, &mut seen);
    service.line();
    service.half_a_line();
    drain(&mut follower, &mut seen);
    assert_eq!(seen.len(), 2);
    // The line that is never ended comes when the old file is given up.
    service.half = None;
    for _ in 0..4 {
        drain(&mut follower, &mut seen);
    }
    assert_eq!(seen[2], "line 00003 ");
    service.reopen();
    service.line();
    drain(&mut follower, &mut seen);
    assert_eq!(seen.len(), 4);
}

#[test]
fn copies_that_are_made_before_the_log_is_truncated() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Service::new(dir.path());
    let mut follower = Follower::new(&service.path);
    let mut seen = Vec::new();
    service.line();
    fs::copy(&service.path, service.rotated(1)).unwrap();
    // Between the copying and the truncating: read here, and in no copy.
    service.line();
    drain(&mut follower, &mut seen);
    let position = saved(&follower.position());
    let mut other = Follower::resume(&service.path, &position).unwrap();
    assert!(other.next().is_none());
    service.file.set_len(0).unwrap();
    service.line();
    drain(&mut follower, &mut seen);
    assert_eq!(seen.len(), 3, "{seen:?}");
    let rest: Vec<_> = other.map(Result::unwrap).collect();
    assert_eq!(texts(&rest), ["line 00003 of a service"]);
}

#[test]
fn a_file_that_does_not_exist_yet_and_the_end_of_one_that_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    fs::write(dir.path().join("app.log.1"), "old\n").unwrap();
    let mut from_start = Follower::new(&path);
    assert!(from_start.next().is_none());
    fs::write(&path, "one\ntwo\nhal").unwrap();
    let mut at_end = Follower::at_end(&path).unwrap();
    assert!(at_end.next().is_none());
    writeln!(append(&path), "f").unwrap();
    let lines: Vec<_> = at_end.map(Result::unwrap).collect();
    assert_eq!((texts(&lines), lines[0].byte_offset), (vec!["half"], 8));
    let lines: Vec<_> = from_start.map(Result::unwrap).collect();
    assert_eq!(texts(&lines), ["one", "two", "half"]);
}

#[test]
fn long_lines_are_cut_and_the_place_stays_right() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    fs::write(&path, format!("{}\nnext\n", "x".repeat(300_000))).unwrap();
    let mut follower = Follower::new(&path).max_line(100);
    let line = follower.next().unwrap().unwrap();
    assert_eq!((line.text.len(), line.is_cut), (100, true));
    let mut other = Follower::resume(&path, &saved(&follower.position())).unwrap();
    for follower in [&mut follower, &mut other] {
        let line = follower.next().unwrap().unwrap();
        assert_eq!(
            (line.text.as_str(), line.byte_offset, line.is_cut),
            ("next", 300_001, false)
        );
        assert!(follower.next().is_none());
    }
    writeln!(append(&path), "more").unwrap();
    assert_eq!(follower.next().unwrap().unwrap().text, "more");
}

#[test]
fn columns_are_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("u_ex.log");
    let header = "#Fields: date time cs-method cs-uri-stem sc-status\n";
    fs::write(&path, format!("{header}2026-03-01 12:00:00 GET /a 200\n")).unwrap();
    let reader = Reader::new();
    let mut events = FollowedEvents::new(&reader, Follower::new(&path));
    let mut seen = Vec::new();
    let mut sink = |event: &Event<'_>| {
        seen.push(format!(
            "{} {:?} {}",
            event.record.message,
            event.record.status(),
            event.position.line
        ));
    };
    events.poll(&mut sink).unwrap();
    let position = saved(&events.position());
    writeln!(append(&path), "2026-03-01 12:00:01 GET /b 500").unwrap();
    let mut events = FollowedEvents::new(&reader, Follower::resume(&path, &position).unwrap());
    events.poll(&mut sink).unwrap();
    assert_eq!(seen, ["GET /a Some(200) 2", "GET /b Some(500) 3"]);
}

/// Text in UTF-16 with a byte order mark.
fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if big_endian {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn a_log_in_utf_16_is_followed() {
    let text = "\u{feff}2026-11-24T12:00:00Z  INFO a::b: erste Zeile ok=1\r\n\
        2026-11-24T12:00:01Z  WARN a::b: zweite \u{1f980} Zeile\r\n\
        2026-11-24T12:00:02Z ERROR a::b: Ġ hat ein Byte wie ein Zeilenende\r\n";
    let expected: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    for big_endian in [false, true] {
        let bytes = utf16(text, big_endian);
        // Whatever part of a character is written at once, and whenever the reader starts anew.
        for step in [1, 7, 64, 1_000] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("app.log");
            let mut file = append(&path);
            let mut follower = Follower::new(&path);
            let mut seen = Vec::new();
            for (n, part) in bytes.chunks(step).enumerate() {
                file.write_all(part).unwrap();
                drain(&mut follower, &mut seen);
                if n % 5 == 4 {
                    follower = Follower::resume(&path, &saved(&follower.position())).unwrap();
                }
            }
            assert_eq!(seen, expected, "{big_endian} {step}");

            let reader = Reader::new();
            let mut events = FollowedEvents::new(&reader, Follower::new(&path));
            let mut levels = Vec::new();
            for _ in 0..3 {
                let mut sink = |event: &Event<'_>| {
                    levels.push((event.position.line.get(), event.record.message.to_string()));
                };
                events.poll(&mut sink).unwrap();
            }
            let summary = events.finish(&mut |_: &Event<'_>| {});
            assert_eq!(
                levels,
                [
                    (1, "erste Zeile".to_owned()),
                    (2, "zweite \u{1f980} Zeile".to_owned()),
                    (3, "Ġ hat ein Byte wie ein Zeilenende".to_owned())
                ]
            );
            assert_eq!((summary.lines.total, summary.lines.parsed), (3, 3));
            assert_eq!(summary.bytes, u64::try_from(bytes.len()).unwrap());
            let mut end = Follower::at_end(&path).unwrap();
            assert!(end.next().is_none());
            file.write_all(&utf16("neu\r\n", big_endian)).unwrap();
            assert_eq!(end.next().unwrap().unwrap().text, "neu");
        }
    }
}
