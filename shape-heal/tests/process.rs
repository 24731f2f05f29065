//! A service that is a program on this machine, driven by commands.
#![cfg(all(unix, feature = "process"))]

mod scratch;

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use scratch::{NOW, Scratch, has_git};
use shape_heal::{Cancel, Environment, EnvironmentError, ProcessEnvironment, ServiceSpec};
use shape_telemetry::{Measurements, SourceSummary};

/// A service with a child of its own that then says that it is up, and waits.
const SERVICE: &str = "\
sleep 1000 &
echo $! > $SHAPE_LOG_DIR/../child
echo \"up on $SHAPE_PORT\" >> $SHAPE_LOG_DIR/service.log
wait
";

fn scratch() -> Scratch {
    let scratch = Scratch::queue();
    scratch.write("service.sh", SERVICE);
    scratch.commit("Serve");
    scratch.push();
    scratch
}

fn spec(more: &str) -> ServiceSpec {
    let text = format!(
        "build = \"touch built\"\ntest = \"sh run_tests.sh\"\nstart = \"exec sh service.sh\"\n\
         ready = \"log:up on\"\nload = \"echo seed {{seed}} for $SHAPE_SECONDS s >> {{log_dir}}/service.log\"\n\
         load_seconds = 1\n{more}"
    );
    toml::from_str(&text).unwrap()
}

/// Counts the lines of the files, and keeps them.
fn read(files: &[PathBuf]) -> Result<(Measurements, Vec<SourceSummary>), String> {
    let mut text = String::new();
    for file in files {
        text += &fs::read_to_string(file).map_err(|error| error.to_string())?;
    }
    let measured = serde_json::json!({
        "bucket_ms": 1000, "latency_limits_ns": [],
        "lines": {"total": text.lines().count(), "parsed": 0, "unparsed": text.lines().count(), "cut": 0, "not_utf8": 0},
        "components": {}, "templates": {},
    });
    let source = serde_json::json!({
        "name": text, "format": "plain", "bytes": text.len(),
        "lines": measured["lines"],
    });
    Ok((
        serde_json::from_value(measured).unwrap(),
        vec![serde_json::from_value(source).unwrap()],
    ))
}

fn environment(scratch: &Scratch, spec: ServiceSpec) -> ProcessEnvironment<'static> {
    let now = NOW.parse().unwrap();
    let folder = scratch.folder.path().join("service-scratch");
    ProcessEnvironment::new(spec, &scratch.repository, &folder, move || now, read).unwrap()
}

/// The process that the service has started, by the file that it wrote.
fn child(folder: &Path) -> String {
    let runs = folder.join("service-scratch/runs");
    let mut found: Vec<PathBuf> = glob::glob(&format!("{}/*/child", runs.display()))
        .unwrap()
        .flatten()
        .collect();
    found.sort();
    fs::read_to_string(found.last().unwrap())
        .unwrap()
        .trim()
        .to_owned()
}

fn is_alive(process: &str) -> bool {
    Command::new("kill")
        .args(["-0", process])
        .output()
        .unwrap()
        .status
        .success()
}

#[track_caller]
fn assert_gone(process: &str) {
    let began = Instant::now();
    while is_alive(process) {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "process {process} is left running"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_live_service_is_observed_phase_by_phase_and_ended() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let mut environment = environment(&scratch, spec("")).with_seed(7);
    let head = scratch.head();
    environment.start_live(&head).unwrap();
    assert_eq!(environment.runs(&head), Some(true));
    assert!(environment.live_checkout().unwrap().join("built").exists());
    let first = environment.observe("first").unwrap();
    assert_eq!(&*first.sources[0].name, "seed 7 for 1 s\n");
    let second = environment.observe("second").unwrap();
    assert_eq!(&*second.sources[0].name, "seed 8 for 1 s\n");
    let process = child(scratch.folder.path());
    assert!(is_alive(&process));
    drop(environment);
    assert_gone(&process);
    scratch::assert_clean(&scratch);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_run_has_left_running_is_ended_by_the_next() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let mut killed = environment(&scratch, spec(""));
    killed.start_live("main").unwrap();
    let process = child(scratch.folder.path());
    // As when the process is killed: nothing is cleaned up.
    std::mem::forget(killed);
    assert!(is_alive(&process));
    let next = environment(&scratch, spec(""));
    assert_gone(&process);
    drop(next);
    scratch::assert_clean(&scratch);
}

#[test]
fn a_replay_runs_beside_the_live_service() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let mut environment = environment(&scratch, spec(""));
    environment.start_live("main").unwrap();
    let live = child(scratch.folder.path());
    let checkout = scratch.repository.clone();
    let observation = environment.replay(&checkout, "replay of x", 42).unwrap();
    let text = &*observation.sources[0].name;
    assert!(
        text.starts_with("up on ") && text.ends_with("seed 42 for 1 s\n"),
        "{text}"
    );
    assert_gone(&child(scratch.folder.path()));
    assert!(is_alive(&live));
}

#[test]
fn a_restart_builds_first_and_keeps_the_old_one_when_that_fails() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let old = scratch.head();
    scratch.write("broken", "");
    scratch.commit("Break the build");
    scratch.push();
    let mut picky = spec("");
    picky.build = Some("test ! -e broken".to_owned());
    let mut environment = environment(&scratch, picky);
    environment.start_live(&old).unwrap();
    let error = environment
        .restart(&scratch.head())
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`test ! -e broken` fails at "), "{error}");
    assert_eq!(environment.runs(&old), Some(true));
    let error = environment.restart("no-such").unwrap_err().to_string();
    assert!(
        error.starts_with("`no-such` is not a commit of "),
        "{error}"
    );

    scratch.git(&["rm", "--quiet", "broken"]);
    scratch.commit("Mend it");
    environment.restart("main").unwrap();
    assert_eq!(environment.runs(&old), Some(false));
    assert_eq!(environment.runs("main"), Some(true));
}

#[test]
fn a_port_in_use_is_named_before_the_start() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut environment = environment(&scratch, spec(&format!("port = {port}")));
    let message = environment.start_live("main").unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("port {port} can not be used")),
        "{message}"
    );
}

#[test]
fn a_command_that_takes_too_long_or_is_cancelled_is_ended() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let folder = scratch.repository.clone();
    let mut slow = spec("test_limit_seconds = 1");
    slow.test = Some("echo begun; sleep 1000 & echo $! > ../sleeper; wait".to_owned());
    let mut first = environment(&scratch, slow.clone());
    let error = first.test(&folder).unwrap_err();
    let EnvironmentError::Command { message, report } = error else {
        panic!("{error}");
    };
    assert!(message.contains("did not end within 1 s"), "{message}");
    assert_eq!(report.unwrap().output_tail, "begun");
    let sleeper = fs::read_to_string(scratch.folder.path().join("sleeper")).unwrap();
    assert_gone(sleeper.trim());

    let cancel = Cancel::new();
    slow.test_limit_seconds = 100;
    let mut second = environment(&scratch, slow).with_cancel(cancel.clone());
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        cancel.cancel();
    });
    assert!(matches!(
        second.test(&folder),
        Err(EnvironmentError::Cancelled)
    ));
    thread.join().unwrap();
}

#[test]
fn a_service_that_does_not_come_up_shows_its_last_words() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let mut broken = spec("");
    broken.start = Some("echo no database; exit 3".to_owned());
    let message = environment(&scratch, broken)
        .start_live("main")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("ended with exit code 3 before it was ready")
            && message.contains("no database"),
        "{message}"
    );
    let mut silent = spec("start_limit_seconds = 1");
    silent.ready = Some("log:never".to_owned());
    let message = environment(&scratch, silent)
        .start_live("main")
        .unwrap_err()
        .to_string();
    assert!(message.contains("was not ready within 1 s"), "{message}");
}

#[test]
fn a_service_that_runs_elsewhere_is_only_observed() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    let log = scratch.folder.path().join("production.log");
    fs::write(&log, "before\n").unwrap();
    let text = format!(
        "running = true\nlogs = [{0:?}]\nload_seconds = 1\nload = \"echo request >> {0}\"\n\
         restart = \"echo {{revision}} > ../deployed\"\n",
        log.display()
    );
    let text = text.replace(
        &format!("{:?}", log.display()),
        &format!("\"{}\"", log.display()),
    );
    let mut environment = environment(&scratch, toml::from_str(&text).unwrap());
    assert!(!environment.can_replay());
    let seen = environment.observe("now").unwrap();
    assert_eq!(&*seen.sources[0].name, "request\n");
    environment.restart("abc").unwrap();
    let deployed = fs::read_to_string(scratch.folder.path().join("deployed")).unwrap();
    assert_eq!(deployed, "abc\n");
    assert!(matches!(
        environment.replay(&scratch.repository, "x", 1),
        Err(EnvironmentError::Unsupported { .. })
    ));
}

#[test]
fn contradictions_are_refused() {
    if !has_git() {
        return;
    }
    let scratch = scratch();
    for (text, expected) in [
        ("", "give `start`"),
        ("start = \"x\"", "give `load`"),
        ("running = true\nstart = \"x\"", "contradict each other"),
        (
            "running = true",
            "`logs` must name the files of the running service",
        ),
    ] {
        let spec: ServiceSpec = toml::from_str(text).unwrap();
        let folder = scratch.folder.path().join("s");
        let now = NOW.parse().unwrap();
        let error = ProcessEnvironment::new(spec, &scratch.repository, &folder, move || now, read)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    let unknown = toml::from_str::<ServiceSpec>("strat = \"x\"")
        .unwrap_err()
        .to_string();
    assert!(unknown.contains("unknown field `strat`"), "{unknown}");
}
