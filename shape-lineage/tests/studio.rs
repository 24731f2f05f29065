//! Every log statement of the demonstration service, its own lines, and its history.
#![cfg(all(feature = "git", feature = "rust"))]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use shape_lineage::{Git, Query, SourceIndex, suspects};
use shape_telemetry::Level;

fn studio() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/studio");
    if folder.join("src/log.rs").exists() {
        Some(folder)
    } else {
        println!("skipped: the demonstration service is not here");
        None
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to).map(drop)
}

/// The repository of a scenario, as the service's `history/README.md` says.
fn repository(
    studio: &Path,
    scenario: &str,
    folder: &Path,
) -> Result<Git, Box<dyn std::error::Error>> {
    let git = Git::at(folder);
    git.run(["init", "--quiet", "--initial-branch=main"])?;
    for name in ["Cargo.toml", "Cargo.lock", "README.md", "src", "tests"] {
        copy(&studio.join(name), &folder.join(name))?;
    }
    for part in ["common", scenario] {
        let mut commits: Vec<PathBuf> = fs::read_dir(studio.join("history").join(part))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        commits.sort();
        for commit in commits {
            copy(&commit.join("files"), folder)?;
            if let Ok(deleted) = fs::read_to_string(commit.join("delete.txt")) {
                for path in deleted.lines() {
                    fs::remove_file(folder.join(path))?;
                }
            }
            let author = fs::read_to_string(commit.join("author.txt"))?;
            let (author, date) = author.trim().split_once('\n').ok_or("no date")?;
            let (name, mail) = author.split_once(" <").ok_or("no mail")?;
            let git = git
                .clone()
                .with_identity(name, mail.trim_end_matches('>'))
                .with_env("GIT_AUTHOR_DATE", date)
                .with_env("GIT_COMMITTER_DATE", date);
            git.run(["add", "--all"])?;
            let message = fs::read_to_string(commit.join("message.txt"))?;
            git.run(["commit", "--quiet", "--message", message.as_str()])?;
            if let Ok(tag) = fs::read_to_string(commit.join("tag.txt")) {
                git.run(["tag", tag.trim()])?;
            }
        }
    }
    Ok(git)
}

#[test]
fn every_line_is_traced() -> Result<(), Box<dyn std::error::Error>> {
    let Some(studio) = studio() else {
        return Ok(());
    };
    let index = SourceIndex::builder()
        .root(studio.join("src"))
        .base(&studio)
        .build()?;
    assert!(index.problems().is_empty(), "{:?}", index.problems());
    // As an oracle, the calls are counted the simple way.
    let mut n_calls = 0;
    for file in index
        .files()
        .iter()
        .filter(|file| !file.path().ends_with("log.rs"))
    {
        n_calls += file
            .text()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| {
                ["debug!(", "info!(", "warn!(", "error!("].map(|call| line.matches(call).count())
            })
            .sum::<usize>();
    }
    let n_found = index
        .statements()
        .iter()
        .filter(|statement| statement.level.is_some() && statement.location.path != "src/log.rs")
        .count();
    assert_eq!(n_found, n_calls);

    let check = |level, target: &str, message: &str, path: &str, variables: &[(&str, &str)]| {
        let answer = index.locate(&Query::message(message).level(level).target(target));
        let statement = answer.verdict.unique();
        assert_eq!(
            statement.map(|statement| statement.location.path.as_str()),
            Some(path),
            "{message}: {answer:#?}"
        );
        for (name, value) in variables {
            let found = answer.variables.iter().find(|(found, _)| found == name);
            assert_eq!(
                found.map(|(_, value)| value.as_str()),
                Some(*value),
                "{:?}",
                answer.variables
            );
        }
    };
    let variables: &[_] = &[("millis(blocked)", "71.9"), ("events", "31")];
    check(
        Level::Warn,
        "studio::canvas",
        "ResizeCanvas blocked main thread for 71.9ms events=31 size=640x480",
        "src/canvas.rs",
        variables,
    );
    check(
        Level::Error,
        "studio::library",
        "component lookup failed: no entry for id \"X\" request_id=1f",
        "src/library.rs",
        &[("id", "\"X\""), ("request_id", "1f")],
    );
    check(
        Level::Info,
        "studio::host_sdk",
        "Subscribed to \"sequence-failed\"",
        "src/host_sdk.rs",
        &[],
    );
    Ok(())
}

#[test]
fn the_defect_is_the_first_suspect() -> Result<(), Box<dyn std::error::Error>> {
    let Some(studio) = studio() else {
        return Ok(());
    };
    let scratch = tempfile::tempdir()?;
    if Git::at(scratch.path()).run(["--version"]).is_err() {
        println!("skipped: git is not installed");
        return Ok(());
    }
    let cases = [
        (
            "resize-storm",
            "ResizeCanvas blocked main thread for 71.9ms events=31 size=640x480",
            "canvas: render every resize",
        ),
        (
            "bad-lookup",
            "component lookup failed: no entry for id \"X\" request_id=1f",
            "library: look components up",
        ),
    ];
    for (scenario, message, culprit) in cases {
        let folder = scratch.path().join(scenario);
        fs::create_dir_all(&folder)?;
        let git = repository(&studio, scenario, &folder)?;
        let index = SourceIndex::builder().root(folder.join("src")).build()?;
        let answer = index.locate(&Query::message(message));
        let statement = answer.verdict.unique().ok_or("not unique")?;
        let found = suspects(&git, statement, "HEAD", Some("v1.0.0"))?;
        assert!(found[0].summary.starts_with(culprit), "{found:#?}");
    }
    Ok(())
}
