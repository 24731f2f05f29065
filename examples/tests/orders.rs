//! The closed loop over a service in another language, by a configuration and a recipe file alone.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use shape_examples::drive::{DriveOptions, Summary, drive};
use shape_heal::Cancel;
use shape_workflow::LoopConfig;
use tempfile::TempDir;

/// Whether a program is there; the test says so when it is not.
fn is_here(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        shape_examples::complain(&format!("skipped: `{program}` is not installed"));
    }
    found
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=orders",
            "-c",
            "user.email=orders@localhost",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("git prints UTF-8")
        .trim()
        .to_owned()
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the example is there") {
        let path = entry.expect("a readable folder").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a file has a name"))).expect("a copy");
        }
    }
}

/// The repository with both releases, a bare remote whose hook is `hook`, and the configuration in `mode`.
fn orders(mode: &str, hook: &str) -> (TempDir, PathBuf) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("orders");
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let (work, remote) = (
        scratch.path().join("work"),
        scratch.path().join("origin.git"),
    );
    fs::create_dir_all(&work).expect("a folder");
    git(
        scratch.path(),
        &[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch",
            "main",
            "origin.git",
        ],
    );
    git(&work, &["init", "--quiet", "--initial-branch", "main"]);
    copy_all(&example.join("v1"), &work);
    git(&work, &["add", "--all"]);
    git(
        &work,
        &["commit", "--quiet", "--message", "Prices over HTTP"],
    );
    git(&work, &["tag", "v1"]);
    copy_all(&example.join("v2"), &work);
    git(
        &work,
        &[
            "commit",
            "--quiet",
            "--all",
            "--message",
            "Prices may change at any time",
        ],
    );
    git(
        &work,
        &["remote", "add", "origin", &remote.to_string_lossy()],
    );
    git(&work, &["push", "--quiet", "origin", "main"]);
    let path = remote.join("hooks").join("pre-receive");
    fs::write(&path, hook).expect("a hook");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a hook that runs");

    fs::copy(example.join("slo.yaml"), scratch.path().join("slo.yaml")).expect("a copy");
    fs::create_dir_all(scratch.path().join("recipes")).expect("a folder");
    copy_all(&example.join("recipes"), &scratch.path().join("recipes"));
    let config = fs::read_to_string(example.join("loop.toml")).expect("the configuration");
    let config = config.replace("mode = \"auto\"", &format!("mode = \"{mode}\""));
    fs::write(scratch.path().join("loop.toml"), config).expect("a copy");
    (scratch, work)
}

fn run(scratch: &TempDir) -> Summary {
    let path = scratch.path().join("loop.toml");
    let config = LoopConfig::from_path(&path).expect("a configuration without mistakes");
    let text = fs::read_to_string(&path).expect("the configuration");
    let options = DriveOptions {
        seed: 1,
        json: true,
        serve: None,
        cancel: Cancel::new(),
    };
    let (summary, _) = drive(&config, &text, &options).expect("the loop runs");
    summary
}

#[test]
fn a_python_service_is_healed_by_its_recipe() {
    if !is_here("git") || !is_here("python3") {
        return;
    }
    let (scratch, work) = orders("auto", "#!/bin/sh\nexit 0\n");
    let before = git(&work, &["rev-parse", "HEAD"]);

    let summary = run(&scratch);

    assert_eq!(
        (summary.outcome.as_str(), summary.exit_code()),
        ("healed", 0),
        "{}",
        summary.explanation
    );
    let heal = summary.heal.expect("a report of healing");
    let deployment = heal.deployment.expect("a deployment");
    assert!(
        deployment
            .candidate
            .starts_with("build-index-once@prices.py"),
        "{}",
        deployment.candidate
    );
    // The fix is on the remote's main branch, with its test; the person's own checkout is as it was.
    let remote = scratch.path().join("origin.git");
    let fixed = git(&remote, &["show", "main:prices.py"]);
    assert!(fixed.contains("if self._index is None:"), "{fixed}");
    assert!(git(&remote, &["ls-tree", "--name-only", "main"]).contains("test_shape_"));
    assert!(
        git(&remote, &["log", "--format=%B", "main"]).contains("Shape-Recipe: build-index-once")
    );
    assert_eq!(git(&work, &["rev-parse", "HEAD"]), before);
    assert_eq!(git(&work, &["status", "--porcelain"]), "");
    let recovery = summary.recovery.expect("a measurement after the fix");
    assert_eq!(
        recovery.promise_kept,
        Some(true),
        "{}",
        recovery.explanation
    );
}

#[test]
fn a_hook_that_refuses_leaves_everything_as_it_was() {
    if !is_here("git") || !is_here("python3") {
        return;
    }
    let (scratch, work) = orders(
        "auto",
        "#!/bin/sh\necho 'change freeze until Monday'\nexit 1\n",
    );
    let remote = scratch.path().join("origin.git");
    let before = git(&remote, &["rev-parse", "main"]);

    let summary = run(&scratch);

    assert_eq!(summary.exit_code(), 1, "{}", summary.explanation);
    let report = serde_json::to_string(&summary.heal).expect("JSON");
    assert!(
        report.contains("change freeze until Monday"),
        "the hook's words are kept"
    );
    assert_eq!(git(&remote, &["rev-parse", "main"]), before);
    assert_eq!(git(&work, &["status", "--porcelain"]), "");
    assert_eq!(
        git(&work, &["worktree", "list"]).lines().count(),
        1,
        "no worktree is left"
    );
}
