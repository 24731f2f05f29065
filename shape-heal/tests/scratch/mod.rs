//! A scratch service for the tests: a real git repository with a bare remote, and a service in memory whose traffic
//! depends on the code that is deployed.
#![allow(unreachable_pub, reason = "shared by the test files")]
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that can not set up its case must fail"
)]

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::json;
use shape_compliance::Breach;
use shape_heal::{
    Cancel, CommandReport, Effect, EffectJournal, Environment, EnvironmentError, HealReport,
    Healer, HealerBuilder, MemoryJournal, Mode, Observation, Recipe, RecipeBook,
};
use shape_lineage::LineageReport;
use shape_telemetry::{ComponentId, ComponentMeasurements, Measurements, TelemetryReport};
use tempfile::TempDir;

pub const NOW: &str = "2026-03-01T12:00:00Z";

/// Whether the tests of this file can run; says so when not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn has_git() -> bool {
    let has = Command::new("git").arg("--version").output().is_ok();
    if !has {
        eprintln!("skipped: there is no `git` program");
    }
    has
}

pub struct Scratch {
    pub folder: TempDir,
    pub repository: PathBuf,
    pub remote: PathBuf,
    clock: Cell<i64>,
}

pub const QUEUE: &str = "\
pub fn run(queue: &mut Vec<u32>) {
    while let Some(size) = queue.pop() {
        render_each(size);
        log(\"canvas blocked for 72 ms\");
    }
}
";

impl Scratch {
    /// A service whose queue renders every event (a rewrite helps), with an innocent history.
    pub fn queue() -> Self {
        let scratch = Self::empty();
        scratch.write("src/queue.rs", &QUEUE.replace("render_each", "render_all"));
        scratch.write("tests/own.sh", "grep -q 'pub fn run' src/queue.rs\n");
        scratch.write(
            "run_tests.sh",
            "for t in tests/*.sh; do sh $t || exit 1; done\n",
        );
        scratch.commit("Render the queue");
        scratch.write("README", "A service.\n");
        scratch.commit("Describe it");
        scratch.write("src/queue.rs", QUEUE);
        scratch.commit("Render each event");
        scratch.push();
        scratch
    }

    /// A service with a bad look-up (only a revert helps), whose line was reformatted later.
    pub fn lookup() -> Self {
        let scratch = Self::empty();
        scratch.write("src/lookup.rs", &lookup("lookup_safe(id)"));
        scratch.write("tests/own.sh", "grep -q 'pub fn find' src/lookup.rs\n");
        scratch.write(
            "run_tests.sh",
            "for t in tests/*.sh; do sh $t || exit 1; done\n",
        );
        scratch.commit("Find things");
        scratch.write("src/lookup.rs", &lookup("lookup_fast(id)"));
        scratch.commit("Find things faster");
        scratch.write("README", "A service.\n");
        scratch.commit("Describe it");
        scratch.write("src/lookup.rs", &lookup("lookup_fast( id )  "));
        scratch.commit("Format");
        scratch.push();
        scratch
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Self {
            repository: folder.path().join("service"),
            remote: folder.path().join("origin.git"),
            folder,
            clock: Cell::new(0),
        };
        fs::create_dir(&scratch.repository).unwrap();
        let remote = scratch.remote.to_str().unwrap();
        scratch.git(&["init", "--quiet", "--initial-branch=main", "."]);
        scratch.git(&["init", "--quiet", "--bare", "--initial-branch=main", remote]);
        scratch.git(&["remote", "add", "origin", remote]);
        scratch
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.repository.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    pub fn push(&self) {
        self.git(&["push", "--quiet", "origin", "main"]);
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        git(
            &self.repository,
            self.clock.replace(self.clock.get() + 60),
            args,
        )
    }

    /// The head of the remote's main branch.
    pub fn head(&self) -> String {
        self.git(&["ls-remote", "origin", "refs/heads/main"])[..40].to_owned()
    }

    /// A file on the remote's main branch.
    pub fn deployed(&self, path: &str) -> String {
        let head = self.head();
        self.git(&["show", &format!("{head}:{path}")])
    }

    /// Commits on the remote's main branch whose message contains a text.
    pub fn n_commits(&self, text: &str) -> usize {
        let head = self.head();
        self.git(&[
            "log",
            "--format=%H",
            "--fixed-strings",
            "--grep",
            text,
            &head,
        ])
        .lines()
        .count()
    }

    /// A hook that refuses what fails `script`, run in a checkout of what is pushed.
    pub fn hook(&self, script: &str) {
        let path = self.remote.join("hooks/pre-receive");
        let text = format!(
            "#!/bin/sh\nwhile read old new name; do\n  d=$(mktemp -d)\n  git archive $new | tar -x -C $d\n  \
             (unset GIT_DIR GIT_QUARANTINE_PATH; cd $d; {script})\n  code=$?\n  rm -rf $d\n  \
             [ $code -eq 0 ] || {{ echo \"CI: refused $name\"; exit 1; }}\ndone\necho 'CI: ok'\n"
        );
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The lineage of one anomaly: `path:line`, with every commit that changed the line as a suspect.
    pub fn lineage(&self, path: &str, line: u32, message: &str) -> LineageReport {
        let range = format!("{line},{line}:{path}");
        let log = self.git(&[
            "log",
            "-L",
            &range,
            "--no-patch",
            "--format=%H%x09%ct%x09%s",
        ]);
        let mut suspects: Vec<serde_json::Value> = Vec::new();
        for entry in log.lines() {
            let fields: Vec<&str> = entry.split('\t').collect();
            let time = Timestamp::from_second(fields[1].parse().unwrap()).unwrap();
            suspects.push(json!({
                "id": fields[0], "summary": fields[2], "author": "A <a@b>", "time": time,
                "is_root": false, "only_whitespace": false, "since_baseline": true,
                "score": 0.9 - 0.1 * f64::from(u32::try_from(suspects.len()).unwrap()),
                "reason": "it changed the line",
            }));
        }
        if let Some(root) = suspects.last_mut() {
            root["is_root"] = json!(true);
        }
        let blob = self.git(&["rev-parse", &format!("HEAD:{path}")]);
        let n_lines = fs::read_to_string(self.repository.join(path))
            .unwrap()
            .lines()
            .count();
        serde_json::from_value(json!({
            "schema_version": 1,
            "repository": {"commit": self.git(&["rev-parse", "HEAD"]).trim(), "is_dirty": false},
            "files_indexed": 1, "statements_indexed": 1, "problems": [],
            "counts": {"unique": 1, "ambiguous": 0, "unmapped": 0, "not_applicable": 0},
            "traces": [{
                "anomaly": "canvas/blocking", "component": "canvas",
                "positions": [{"source": "service.log", "line": 7, "byte_offset": 300}],
                "message": message,
                "verdict": {"answer": "unique", "statement": {
                    "location": {"path": path, "line": line}, "end_line": line,
                    "symbol": "run", "symbol_lines": [1, n_lines],
                    "template": "<*>", "excerpt": "", "excerpt_start": 1, "blob": blob.trim(),
                }, "evidence": {"kind": "text", "literal_chars": 12}},
                "confidence": 0.9,
                "variables": [["millis", "72"]],
                "suspects": suspects,
            }],
        }))
        .unwrap()
    }
}

pub fn lookup(call: &str) -> String {
    format!("pub fn find(id: u32) -> Thing {{\n    log(\"find\");\n    {call}\n}}\n")
}

#[track_caller]
pub fn git(dir: &Path, second: i64, args: &[&str]) -> String {
    let date = format!("{} +0000", 1_772_000_000 + second);
    let output = Command::new("git")
        .current_dir(dir)
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "commit.gpgSign=false",
        ])
        .args(args)
        .envs([
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@b"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@b"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_DATE", &date),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The service in memory: builds and tests run shell scripts of the checkout; traffic depends on its code.
pub struct FakeService {
    pub repository: PathBuf,
    pub running: Option<String>,
    pub restarts: Vec<String>,
    pub n_replays: usize,
    /// The code, wherever it contains this, is worse in production than in replays.
    pub trap: Option<&'static str>,
    pub can_replay: bool,
    pub requests: u64,
    /// Is set when new traffic is asked for the first time.
    pub cancel_on_observe: Option<Cancel>,
}

impl FakeService {
    pub fn new(scratch: &Scratch) -> Self {
        Self {
            repository: scratch.repository.clone(),
            running: Some(scratch.head()),
            restarts: Vec::new(),
            n_replays: 0,
            trap: None,
            can_replay: true,
            requests: 1_000,
            cancel_on_observe: None,
        }
    }

    fn bad_share(code: &str) -> u64 {
        if code.contains("render_each") || code.contains("lookup_fast") {
            20
        } else {
            0
        }
    }

    /// `bad` percent of the requests take 120 ms, the others 5 ms.
    pub fn measurements(&self, bad: u64, seed: u64) -> Measurements {
        let mut measured: Measurements = serde_json::from_value(json!({
            "bucket_ms": 1000, "latency_limits_ns": [50_000_000],
            "lines": {"total": 0, "parsed": 0, "unparsed": 0, "cut": 0, "not_utf8": 0},
            "components": {}, "templates": {},
        }))
        .unwrap();
        let mut canvas = ComponentMeasurements::default();
        let n_bad = self.requests * bad / 100;
        for n in 0..self.requests {
            let millis = if n < n_bad {
                120 + (n + seed) % 7
            } else {
                5 + (n + seed) % 3
            };
            canvas.untimed.latency.insert(Duration::from_millis(millis));
        }
        canvas.untimed.good = self.requests;
        canvas.untimed.timed = self.requests;
        canvas.untimed.good_within = vec![self.requests - n_bad];
        measured
            .components
            .insert(ComponentId::new("canvas"), canvas);
        measured
    }

    pub fn observation(&self, label: &str, bad: u64, seed: u64) -> Observation {
        Observation {
            label: label.to_owned(),
            started_at: NOW.parse().unwrap(),
            ended_at: NOW.parse().unwrap(),
            measurements: self.measurements(bad, seed),
            sources: Vec::new(),
        }
    }

    fn shell(command: &str, checkout: &Path) -> CommandReport {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(checkout)
            .output()
            .unwrap();
        CommandReport {
            command: command.to_owned(),
            exit_code: output.status.code(),
            duration: Duration::from_millis(1),
            output_tail: String::from_utf8_lossy(&output.stdout).into_owned(),
        }
    }
}

impl Environment for FakeService {
    fn build(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError> {
        Ok(Self::shell("! grep -rq does_not_compile src", checkout))
    }

    fn test(&mut self, checkout: &Path) -> Result<CommandReport, EnvironmentError> {
        Ok(Self::shell("sh run_tests.sh", checkout))
    }

    fn run_test(
        &mut self,
        checkout: &Path,
        commands: &[String],
    ) -> Result<CommandReport, EnvironmentError> {
        Ok(Self::shell(&commands.join(" && "), checkout))
    }

    fn replay(
        &mut self,
        checkout: &Path,
        label: &str,
        seed: u64,
    ) -> Result<Observation, EnvironmentError> {
        self.n_replays += 1;
        let code = Self::shell("cat src/*", checkout).output_tail;
        Ok(self.observation(label, Self::bad_share(&code), seed))
    }

    fn restart(&mut self, revision: &str) -> Result<(), EnvironmentError> {
        git(&self.repository, 0, &["cat-file", "-e", revision]);
        self.restarts.push(revision.to_owned());
        self.running = Some(revision.to_owned());
        Ok(())
    }

    fn observe(&mut self, label: &str) -> Result<Observation, EnvironmentError> {
        if let Some(cancel) = self.cancel_on_observe.take() {
            cancel.cancel();
            return Err(EnvironmentError::Cancelled);
        }
        let revision = self.running.clone().unwrap();
        let list = git(
            &self.repository,
            0,
            &["ls-tree", "--name-only", &revision, "src/"],
        );
        let mut code = String::new();
        for path in list.lines() {
            code += &git(
                &self.repository,
                0,
                &["show", &format!("{revision}:{path}")],
            );
        }
        let is_trapped = self.trap.is_some_and(|trap| code.contains(trap));
        let bad = if is_trapped {
            60
        } else {
            Self::bad_share(&code)
        };
        Ok(self.observation(label, bad, 99))
    }

    fn runs(&mut self, revision: &str) -> Option<bool> {
        Some(self.running.as_deref() == Some(revision))
    }

    fn can_replay(&self) -> bool {
        self.can_replay
    }

    fn can_restart(&self) -> bool {
        true
    }
}

/// 99 % of the canvas' requests within 50 ms, broken: 800 of 1,000.
pub fn breach() -> Breach {
    let period = json!({"start": "2026-03-01T11:00:00Z", "end": NOW});
    let target = shape_slo::Target::from_ppb(990_000_000);
    let slo = json!({
        "id": "canvas/latency-50ms", "component": "canvas",
        "indicator": {"kind": "latency", "limit_ns": 50_000_000},
        "target": target,
        "window": {"kind": "rolling", "seconds": 3600},
        "method": {"kind": "occurrences"}, "min_events": 100,
        "standing": {"state": "ratified", "by": "test", "at": NOW},
    });
    serde_json::from_value(json!({
        "id": "canvas/latency-50ms@2026-03-01T11:30:00Z", "component": "canvas", "slo": slo,
        "started_at": "2026-03-01T11:30:00Z", "detected_at": NOW, "is_new": true,
        "budget": {
            "slo": "canvas/latency-50ms", "component": "canvas",
            "indicator": {"kind": "latency", "limit_ns": 50_000_000},
            "target": target, "period": period,
            "events": {"good": 800, "total": 1000}, "min_events": 100,
            "allowed": 10, "remaining": -190, "consumed_ppm": 20_000_000,
            "burn": [], "alerts": [], "burndown": [],
            "forecast": {"breach_probability": null, "exhausted_at": null, "recovers_at": null, "explanation": ""},
        },
        "explanation": "800 of 1,000 good (80.00 %) against 99 %",
    }))
    .unwrap()
}

pub fn telemetry() -> TelemetryReport {
    let lines = json!({"total": 1000, "parsed": 1000, "unparsed": 0, "cut": 0, "not_utf8": 0});
    serde_json::from_value(json!({
        "schema_version": 1, "lines": lines, "sources": [], "templates": [],
        "anomalies": [{
            "id": "canvas/blocking", "kind": "repeated_blocking", "severity": "critical",
            "component": "canvas", "template": "t1", "summary": "the canvas blocks", "count": 200,
            "affected_requests": 200,
            "evidence": {"test": "exact binomial", "n": 1000, "n_baseline": 1000, "statistic": 1.0,
                "p_value": 0.0, "q_value": 0.0, "effect": 20.0, "effect_name": "rate ratio"},
            "exemplars": [{
                "position": {"source": "service.log", "line": 7, "byte_offset": 300},
                "message": "canvas blocked for 72 ms", "fields": {"request_id": "r-17"},
            }],
        }],
        "diagnoses": [{
            "component": "canvas", "anomalies": ["canvas/blocking"],
            "causes": [{"kind": "blocking", "component": "canvas", "summary": "", "weight": 0.9,
                "anomalies": ["canvas/blocking"], "positions": []}],
            "recommendations": [
                {"kind": "fix_code", "summary": "", "benefit": 0.9, "requests_helped": 180, "severity": "high", "effort": 1},
                {"kind": "revert", "summary": "", "benefit": 0.8, "requests_helped": 160, "severity": "high", "effort": 1},
            ],
        }],
    }))
    .unwrap()
}

/// A recipe that makes the queue render once.
pub fn coalesce() -> Recipe {
    recipe(
        r#"
id = "coalesce"
title = "Coalesce queued events"
strategy = "rewrite"
risk = "medium"
[when]
anomalies = ["repeated_blocking"]
message = "blocked"
path = "src/**"
[rewrite]
language = "rust"
rules = """
id: once
language: rust
rule: { pattern: render_each($A) }
fix: render_last($A)
"""
[test]
path = "tests/shape_{{id}}.sh"
text = """
# {{message}}, request {{field.request_id}}, {{var.millis}} ms
! grep -q render_each src/queue.rs
"""
command = ["sh tests/shape_{{id}}.sh"]
"#,
    )
}

/// A revert that is proven by a test.
pub fn revert_with_test() -> Recipe {
    recipe(
        r#"
id = "undo"
title = "Take back the suspect"
strategy = "revert"
[test]
path = "tests/shape_{{id}}.sh"
text = "! grep -q lookup_fast src/lookup.rs\n"
command = ["sh tests/shape_{{id}}.sh"]
"#,
    )
}

#[track_caller]
pub fn recipe(text: &str) -> Recipe {
    Recipe::from_toml(text, "test.toml", Path::new(".")).unwrap()
}

#[track_caller]
pub fn book(recipes: impl IntoIterator<Item = Recipe>) -> RecipeBook {
    RecipeBook::new(recipes).unwrap()
}

/// A journal whose record breaks off at the n-th call, as when the process is killed there.
#[derive(Default)]
pub struct CrashingJournal {
    pub inner: MemoryJournal,
    pub calls_left: Option<usize>,
}

impl CrashingJournal {
    fn call(&mut self) -> std::io::Result<()> {
        match &mut self.calls_left {
            Some(0) => Err(std::io::Error::other("crashed")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl EffectJournal for CrashingJournal {
    fn begin(&mut self, effect: &Effect) -> std::io::Result<Option<String>> {
        self.call()?;
        self.inner.begin(effect)
    }

    fn finish(&mut self, key: &str, result: &str) -> std::io::Result<()> {
        self.call()?;
        self.inner.finish(key, result)
    }
}

/// One case: what healing is given, and what it makes of it.
pub struct Case<'a> {
    pub scratch: &'a Scratch,
    pub service: FakeService,
    pub journal: CrashingJournal,
    pub lineage: LineageReport,
    pub telemetry: TelemetryReport,
    pub breach: Breach,
    pub now: &'static str,
}

impl<'a> Case<'a> {
    pub fn queue(scratch: &'a Scratch) -> Self {
        Self::new(
            scratch,
            scratch.lineage("src/queue.rs", 3, "canvas blocked for 72 ms"),
        )
    }

    pub fn lookup(scratch: &'a Scratch) -> Self {
        Self::new(scratch, scratch.lineage("src/lookup.rs", 3, "find blocked"))
    }

    fn new(scratch: &'a Scratch, lineage: LineageReport) -> Self {
        Self {
            scratch,
            service: FakeService::new(scratch),
            journal: CrashingJournal::default(),
            lineage,
            telemetry: telemetry(),
            breach: breach(),
            now: NOW,
        }
    }

    /// Heals in mode `auto` unless `with` says otherwise.
    pub fn try_heal(
        &mut self,
        recipes: RecipeBook,
        with: impl FnOnce(HealerBuilder<'_>) -> HealerBuilder<'_>,
    ) -> Result<HealReport, shape_heal::Error> {
        let now: Timestamp = self.now.parse().unwrap();
        let clock = || now;
        let breached = self.service.observation("release", 20, 0);
        let builder = Healer::builder(
            &self.scratch.repository,
            &mut self.service,
            &mut self.journal,
            &clock,
        )
        .mode(Mode::Auto)
        .recipes(recipes)
        .scratch(self.scratch.folder.path().join("scratch"))
        .state(&self.scratch.state());
        let mut healer = with(builder).build()?;
        healer.heal(&self.breach, &self.telemetry, &self.lineage, &breached)
    }

    #[track_caller]
    pub fn heal(&mut self, recipes: RecipeBook) -> HealReport {
        self.try_heal(recipes, |builder| builder).unwrap()
    }
}

/// Nothing is left behind: no worktree, no changed file.
#[track_caller]
pub fn assert_clean(scratch: &Scratch) {
    assert_eq!(scratch.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}
