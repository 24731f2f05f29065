//! The studio's history makes the repository it says it makes.

use std::{fs, path::Path, process::Command};

use shape_examples::scratch::{Fault, Scratch};

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_healthy_release_is_the_package_and_the_same_each_time() {
    if Command::new("git").arg("--version").output().is_err() {
        shape_examples::complain("skipped: `git` is not installed");
        return;
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("studio");
    let mut heads = Vec::new();
    for fault in [
        Fault::ResizeStorm,
        Fault::ResizeStorm,
        Fault::BadLookup,
        Fault::None,
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let scratch = Scratch::create(folder.path().join("scratch"), fault, false)
            .expect("a scratch repository");
        let work = scratch.work();
        for path in git(&work, &["ls-tree", "-r", "--name-only", "v1.0.0"]).lines() {
            let released = git(&work, &["show", &format!("v1.0.0:{path}")]);
            let now = fs::read_to_string(package.join(path)).expect("a file of the package");
            assert_eq!(
                released,
                now.trim(),
                "`{path}` differs: carry the edit over to the history"
            );
        }
        assert_eq!(git(&work, &["status", "--porcelain"]), "");
        heads.push(git(&work, &["rev-parse", "v1.1.0"]));
    }
    assert_eq!(heads[0], heads[1], "the same history has the same hashes");
    assert_ne!(heads[0], heads[2]);
}

#[test]
fn blame_names_the_wrong_commit_and_a_lone_revert_conflicts() {
    if Command::new("git").arg("--version").output().is_err() {
        shape_examples::complain("skipped: `git` is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scratch = Scratch::create(folder.path().join("scratch"), Fault::ResizeStorm, false)
        .expect("a scratch repository");
    let work = scratch.work();
    let source = git(&work, &["show", "main:src/canvas.rs"]);
    let line = 1 + source
        .lines()
        .position(|line| line.contains("for event in pending"))
        .expect("the defective loop");
    let blamed = git(
        &work,
        &[
            "blame",
            "-s",
            &format!("-L{line},{line}"),
            "main",
            "--",
            "src/canvas.rs",
        ],
    );
    let defect = git(
        &work,
        &[
            "log",
            "--format=%h",
            "--grep",
            "render every resize",
            "main",
        ],
    );
    assert!(
        !blamed.starts_with(&defect),
        "{blamed} is by the defect {defect}"
    );
    let revert = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@localhost",
            "revert",
            "--no-commit",
            &defect,
        ])
        .current_dir(&work)
        .output()
        .expect("git runs");
    assert!(
        !revert.status.success(),
        "the revert of the defect alone conflicts with the reformat"
    );
}
