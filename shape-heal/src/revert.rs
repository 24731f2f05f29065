//! Taking back a suspect commit in a worktree.

use jiff::Timestamp;
use shape_lineage::{CommitId, SuspectCommit};

use crate::{
    Error, RevertLimits,
    git::{Git, tail},
    worktree::Worktree,
};

/// How a suspect was taken back.
#[derive(Debug)]
pub(crate) struct Reverted {
    /// All commits taken back, newest first.
    pub(crate) commits: Vec<CommitId>,
    pub(crate) how: String,
}

/// Why a suspect is never reverted, by what is known without trying.
pub(crate) fn refusal(
    git: &Git,
    limits: &RevertLimits,
    suspect: &SuspectCommit,
    base: &CommitId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    if suspect.is_root || git.parents(&suspect.id)?.is_empty() {
        return Ok(Some("it is the first commit of the repository".to_owned()));
    }
    if !git.is_ancestor(&suspect.id, base)? {
        return Ok(Some(format!(
            "it is not part of {}, which is deployed",
            base.short()
        )));
    }
    let age = now.duration_since(suspect.time);
    if limits.max_age.as_secs() < u64::try_from(age.as_secs()).unwrap_or(0) {
        return Ok(Some(format!(
            "it is {} days old, more than the {} that `max_age_days` allows",
            age.as_secs() / 86_400,
            limits.max_age.as_secs() / 86_400
        )));
    }
    if git
        .message(&suspect.id)?
        .lines()
        .any(|line| line.starts_with("Shape-"))
    {
        return Ok(Some(
            "it is itself a fix by SHAPE; taking that back needs a person".to_owned(),
        ));
    }
    for path in changed_files(git, &suspect.id)? {
        if let Some(pattern) = first_match(&limits.deny_paths, &path) {
            return Ok(Some(format!(
                "it touches `{path}`, which `deny_paths` protects (`{pattern}`)"
            )));
        }
    }
    Ok(None)
}

/// The first pattern that a path (or name) fits.
pub(crate) fn first_match<'a>(patterns: &'a [String], path: &str) -> Option<&'a str> {
    patterns
        .iter()
        .find(|pattern| glob::Pattern::new(pattern).is_ok_and(|glob| glob.matches(path)))
        .map(String::as_str)
}

/// The files that a commit changes, against its first parent.
pub(crate) fn changed_files(git: &Git, commit: &CommitId) -> Result<Vec<String>, Error> {
    let parent = format!("{commit}^");
    let text = git.text(
        git.root(),
        &[
            "diff",
            "--name-only",
            "--no-renames",
            "-z",
            &parent,
            commit.as_str(),
        ],
    )?;
    Ok(text
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Takes the suspect back in the worktree: alone; else with the later commits on the same lines, newest first; else
/// only its hunks, by a three-way reverse apply. An explanation when none of it works.
pub(crate) fn revert(
    git: &Git,
    worktree: &Worktree,
    limits: &RevertLimits,
    suspect: &CommitId,
    others: &[SuspectCommit],
    traced: Option<&str>,
    base: &CommitId,
) -> Result<Result<Reverted, String>, Error> {
    let mut said = match stack(git, worktree, std::slice::from_ref(suspect), base)? {
        Ok(()) => {
            return Ok(Ok(Reverted {
                commits: vec![suspect.clone()],
                how: "reverts cleanly by itself".to_owned(),
            }));
        }
        Err(said) => said,
    };
    let range = format!("{suspect}..{base}");
    let files = changed_files(git, suspect)?;
    if files.is_empty() {
        return Ok(Err(said));
    }
    let mut by_file = vec!["rev-list", "--no-merges", &range, "--"];
    by_file.extend(files.iter().map(String::as_str));
    let by_file = git.text(git.root(), &by_file)?;
    let on_files: Vec<CommitId> = by_file.lines().map(CommitId::new).collect();
    let on_lines: Vec<CommitId> = on_files
        .iter()
        .filter(|commit| others.iter().any(|other| other.id == **commit))
        .cloned()
        .collect();
    for (mut commits, what) in [(on_lines, "the same lines"), (on_files, "the same files")] {
        if commits.is_empty() {
            continue;
        }
        commits.push(suspect.clone());
        if limits.max_commits < commits.len() {
            said = format!(
                "{} commits on {what} would have to go with it, more than `max_commits = {}`",
                commits.len(),
                limits.max_commits
            );
            continue;
        }
        match stack(git, worktree, &commits, base)? {
            Ok(()) => {
                let how = format!(
                    "reverts together with {} later on {what}",
                    count(commits.len() - 1)
                );
                return Ok(Ok(Reverted { commits, how }));
            }
            Err(conflict) => said = conflict,
        }
    }
    let only_traced: Vec<String> = files
        .iter()
        .filter(|file| 1 < files.len() && Some(file.as_str()) == traced)
        .cloned()
        .collect();
    let mut conflict = "nothing to take out".to_owned();
    for (files, what) in [
        (&files, "its hunks come"),
        (&only_traced, "its hunks in the traced file come"),
    ] {
        if files.is_empty() {
            continue;
        }
        match hunks(git, worktree, suspect, files, base)? {
            Ok(()) => {
                return Ok(Ok(Reverted {
                    commits: vec![suspect.clone()],
                    how: format!("{what} out by a three-way reverse apply"),
                }));
            }
            Err(said) => conflict = said,
        }
    }
    Ok(Err(format!(
        "it can not be taken back: {said}; hunk by hunk: {conflict}"
    )))
}

fn count(n: usize) -> String {
    if n == 1 {
        "1 commit".to_owned()
    } else {
        format!("{n} commits")
    }
}

/// Reverts commits one after the other; on a conflict the worktree is as before.
fn stack(
    git: &Git,
    worktree: &Worktree,
    commits: &[CommitId],
    base: &CommitId,
) -> Result<Result<(), String>, Error> {
    for commit in commits {
        let mut args = vec!["revert", "--no-commit"];
        if 1 < git.parents(commit)?.len() {
            args.extend(["-m", "1"]);
        }
        args.push(commit.as_str());
        let output = git.attempt(worktree.path(), &args)?;
        if !output.is_success {
            worktree.reset(base)?;
            return Ok(Err(format!(
                "{} conflicts ({})",
                commit.short(),
                tail(&output.stderr, 3).replace('\n', "; ")
            )));
        }
        // `--no-commit` leaves a state that the next revert would stumble over.
        git.attempt(worktree.path(), &["revert", "--quit"])?;
    }
    Ok(Ok(()))
}

fn hunks(
    git: &Git,
    worktree: &Worktree,
    suspect: &CommitId,
    files: &[String],
    base: &CommitId,
) -> Result<Result<(), String>, Error> {
    let parent = format!("{suspect}^");
    let mut args = vec![
        "diff",
        "--binary",
        "--full-index",
        &parent,
        suspect.as_str(),
        "--",
    ];
    args.extend(files.iter().map(String::as_str));
    let diff = git.text(git.root(), &args)?;
    // In the private folder of the worktree, so that it is never part of the change.
    let folder = git.line(worktree.path(), &["rev-parse", "--absolute-git-dir"])?;
    let path = std::path::Path::new(&folder).join("shape-suspect.diff");
    std::fs::write(&path, diff).map_err(|error| Error::state("write", path.as_path(), error))?;
    let path_text = path.to_string_lossy().into_owned();
    let output = git.attempt(
        worktree.path(),
        &["apply", "-R", "--3way", "--whitespace=nowarn", &path_text],
    )?;
    if output.is_success {
        return Ok(Ok(()));
    }
    worktree.reset(base)?;
    Ok(Err(tail(&output.stderr, 3).replace('\n', "; ")))
}
