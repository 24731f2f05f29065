//! Following a log that logrotate rotates: every line once, in order.
#![cfg(all(feature = "files", unix))]
#![allow(clippy::print_stderr, reason = "says what was skipped")]

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use shape_telemetry::{FollowPosition, Follower};

/// The program, where it is: distributions keep it out of the path of users.
fn logrotate() -> Option<PathBuf> {
    [
        "/usr/sbin/logrotate",
        "/usr/local/sbin/logrotate",
        "/sbin/logrotate",
    ]
    .iter()
    .map(PathBuf::from)
    .find(|path| path.exists())
}

/// A service, the rotation of its log, and whoever follows it.
struct Scene {
    folder: tempfile::TempDir,
    program: PathBuf,
    file: File,
    /// Whether the service is told to open its log anew, as `postrotate` does.
    reopens: bool,
    written: Vec<String>,
    seen: Vec<String>,
    follower: Follower,
    random: u64,
}

impl Scene {
    fn new(program: &Path, options: &str, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.log");
        let rules = format!(
            "{} {{\n{}\n}}\n",
            log.display(),
            options.replace("; ", "\n")
        );
        fs::write(folder.path().join("rules"), rules).unwrap();
        Self {
            program: program.to_owned(),
            file: Self::open(&log),
            reopens: !options.contains("copytruncate"),
            written: Vec::new(),
            seen: Vec::new(),
            follower: Follower::new(&log),
            random: seed,
            folder,
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("app.log")
    }

    fn open(log: &Path) -> File {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap()
    }

    /// Below a bound.
    fn random(&mut self, bound: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn write(&mut self) {
        for _ in 0..=self.random(4) {
            let line = format!("line {:05} of a service", self.written.len());
            writeln!(self.file, "{line}").unwrap();
            self.written.push(line);
        }
    }

    fn rotate(&mut self) {
        let output = Command::new(&self.program)
            .arg("--force")
            .arg("--state")
            .arg(self.folder.path().join("state"))
            .arg(self.folder.path().join("rules"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        if self.reopens {
            // What a writer writes before it hears of the rotation lies in the renamed file.
            if self.random(2) == 0 {
                self.write();
            }
            self.file = Self::open(&self.log());
        }
    }

    fn look(&mut self) {
        for line in self.follower.by_ref() {
            self.seen.push(line.unwrap().text);
        }
    }

    /// The process that follows ends, and another goes on.
    fn restart(&mut self) {
        let saved = serde_json::to_string(&self.follower.position()).unwrap();
        let saved: FollowPosition = serde_json::from_str(&saved).unwrap();
        self.follower = Follower::resume(self.log(), &saved).unwrap();
    }

    fn step(&mut self) {
        match self.random(8) {
            0..3 => self.write(),
            3 | 4 => self.rotate(),
            5 | 6 => self.look(),
            _ => self.restart(),
        }
    }
}

#[test]
fn every_line_once_whatever_logrotate_does() {
    let Some(program) = logrotate() else {
        eprintln!("logrotate is not here: nothing was rotated");
        return;
    };
    // A writer that is not told yet goes on in the renamed file, which must not be compressed before: `delaycompress`.
    for options in [
        "rotate 50; create 0600; missingok",
        "rotate 50; create 0600; compress; delaycompress",
        "rotate 50; nocreate; compress; delaycompress",
        "rotate 50; copytruncate",
        "rotate 50; copytruncate; compress",
        "rotate 50; copytruncate; compress; delaycompress",
        "rotate 50; create 0600; start 0; extension .log",
    ] {
        for seed in 0..4 {
            let mut scene = Scene::new(&program, options, seed);
            for _ in 0..40 {
                scene.step();
            }
            scene.look();
            assert_eq!(scene.seen, scene.written, "{options}, seed {seed}");
        }
    }
}
