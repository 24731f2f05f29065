//! The configuration file as a person writes it, and the mistakes that people make in it.
#![cfg(feature = "config")]

use std::{path::Path, time::Duration};

use shape_heal::{Mode, Policy};
use shape_workflow::{Length, LoopConfig};

const MINIMAL: &str = r#"
[service]
name  = "shop"
build = "cargo build --release"
test  = "cargo test"
start = "target/release/shop --port {port}"
load  = "python3 load.py {port} {seconds}"

[repository]
path = "shop"

[logs]
paths = ["{log_dir}/*.log"]

[baseline]
revision = "v1"
"#;

fn read(text: &str) -> Result<LoopConfig, String> {
    LoopConfig::from_toml(text, Path::new("loop.toml")).map_err(|error| error.to_string())
}

#[test]
fn the_smallest_file_has_careful_defaults() {
    let config = read(MINIMAL).unwrap();
    assert_eq!(config.deploy.mode, Mode::Observe);
    assert_eq!(config.repository.branch, "main");
    assert_eq!(config.service.load_time.get(), Duration::from_secs(8));
    assert_eq!(config.policy(), Policy::default());
    assert!(config.slo.ratified_by.is_none());
}

/// Adds or replaces lines of [`MINIMAL`] and checks that the message names the line and holds every part.
#[track_caller]
fn check(from: &str, to: &str, line: usize, parts: &[&str]) {
    assert!(
        MINIMAL.contains(from),
        "the test replaces a line that is not there"
    );
    let error = read(&MINIMAL.replacen(from, to, 1)).unwrap_err();
    assert!(error.starts_with(&format!("loop.toml:{line}:")), "{error}");
    for part in parts {
        assert!(error.contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn every_mistake_names_its_line() {
    check(
        "name  = \"shop\"",
        "nmae  = \"shop\"",
        3,
        &["unknown field `nmae`", "`name`"],
    );
    check(
        "revision = \"v1\"",
        "revision = 1",
        16,
        &["invalid type", "string"],
    );
    check(
        "load  =",
        "load_time = \"8 parsecs\"\nload  =",
        7,
        &["`8 parsecs` is not a length of time", "8s"],
    );
    check(
        "start = ",
        "running = true\nstart = ",
        7,
        &["`service.start` contradicts `service.running = true`"],
    );
    check(
        "[baseline]\nrevision = \"v1\"",
        "[deploy]\nmode = \"auto\"",
        1,
        &["nothing says what is promised"],
    );
    check(
        "revision = \"v1\"",
        "revision = \"v1\"\nlogs = [\"a.log\"]",
        17,
        &["both given"],
    );
    check(
        "[baseline]",
        "[deploy]\nmode = \"propse\"\n[baseline]",
        16,
        &["unknown variant `propse`", "`propose`"],
    );
}

#[test]
fn a_fix_without_tests_is_never_deployed() {
    let text = MINIMAL.replace("test  = \"cargo test\"\n", "") + "[deploy]\nmode = \"propose\"\n";
    let error = read(&text).unwrap_err();
    assert!(error.starts_with("loop.toml:17:1: "), "{error}");
    assert!(error.contains("name `service.test`"), "{error}");
}

#[test]
fn lengths_print_as_they_are_written() {
    for text in ["250ms", "8s", "5m", "6h", "28d", "0ms"] {
        assert_eq!(text.parse::<Length>().unwrap().to_string(), text);
    }
    for wrong in [
        "",
        "8",
        "s",
        "8 weeks",
        "-1s",
        "1.5s",
        "99999999999999999999d",
    ] {
        assert!(
            wrong
                .parse::<Length>()
                .unwrap_err()
                .contains("is not a length of time"),
            "{wrong}"
        );
    }
}
