//! The `git` program.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use jiff::Timestamp;
use shape_lineage::CommitId;

use crate::{Error, error::Repr};

/// What a throw-away worktree needs beside the clean environment of [`shape_lineage::Git`]: no hooks of the user, nothing
/// remembered about conflicts, and markers that look the same everywhere.
const SETTINGS: [&str; 6] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "rerere.enabled=false",
    "-c",
    "merge.conflictStyle=merge",
];

/// What a git command said.
#[derive(Clone, Debug)]
pub(crate) struct GitOutput {
    pub(crate) is_success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A repository, driven through the `git` program.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    git: shape_lineage::Git,
}

impl Git {
    /// Opens the repository that `path` lies in.
    pub(crate) fn open(path: &Path, name: &str, mail: &str) -> Result<Self, Error> {
        let here = Self {
            git: shape_lineage::Git::at(path).with_identity(name, mail),
        };
        let root = here.line(path, &["rev-parse", "--show-toplevel"])?;
        Ok(Self {
            git: here.git.with_dir(root),
        })
    }

    /// The top folder of the working copy.
    pub(crate) fn root(&self) -> &Path {
        self.git.folder()
    }

    fn command(git: &shape_lineage::Git, args: &[&str]) -> Command {
        let mut command = git.command(SETTINGS.iter().chain(args));
        command.stdin(Stdio::null());
        // A Ctrl-C in the terminal is for us: git must not be cut off in the middle of a push.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    /// Runs a command that may well fail.
    pub(crate) fn attempt(&self, dir: &Path, args: &[&str]) -> Result<GitOutput, Error> {
        Self::output(Self::command(&self.git.with_dir(dir), args))
    }

    fn output(mut command: Command) -> Result<GitOutput, Error> {
        let output = command.output().map_err(Repr::NoGit)?;
        Ok(GitOutput {
            is_success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command that must work; its output.
    pub(crate) fn text(&self, dir: &Path, args: &[&str]) -> Result<String, Error> {
        let output = self.attempt(dir, args)?;
        if output.is_success {
            Ok(output.stdout)
        } else {
            Err(failure(dir, args, &output))
        }
    }

    /// Runs a command that must work; the first line of its output.
    pub(crate) fn line(&self, dir: &Path, args: &[&str]) -> Result<String, Error> {
        let text = self.text(dir, args)?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// The commit that a revision names; `None` when it names none.
    pub(crate) fn commit(&self, revision: &str) -> Result<Option<CommitId>, Error> {
        let spec = format!("{revision}^{{commit}}");
        let output = self.attempt(self.root(), &["rev-parse", "--verify", "--quiet", &spec])?;
        Ok(output
            .is_success
            .then(|| CommitId::new(output.stdout.trim())))
    }

    /// Tracked files with uncommitted changes.
    pub(crate) fn changed_files(&self) -> Result<Vec<String>, Error> {
        let text = self.text(
            self.root(),
            &[
                "status",
                "--porcelain",
                "--untracked-files=no",
                "--ignore-submodules",
            ],
        )?;
        Ok(text
            .lines()
            .filter_map(|line| line.get(3..))
            .map(str::to_owned)
            .collect())
    }

    /// A file's text in a commit; `None` when it is not there or not UTF-8.
    pub(crate) fn file(&self, commit: &CommitId, path: &str) -> Result<Option<String>, Error> {
        let spec = format!("{commit}:{path}");
        let output = Self::command(&self.git, &["cat-file", "blob", &spec])
            .output()
            .map_err(Repr::NoGit)?;
        Ok(output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).ok())
            .flatten())
    }

    /// The object of a path in a commit.
    pub(crate) fn blob(&self, commit: &CommitId, path: &str) -> Result<Option<String>, Error> {
        let spec = format!("{commit}:{path}");
        let output = self.attempt(self.root(), &["rev-parse", "--verify", "--quiet", &spec])?;
        Ok(output.is_success.then(|| output.stdout.trim().to_owned()))
    }

    /// The parents of a commit.
    pub(crate) fn parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, Error> {
        let text = self.line(
            self.root(),
            &["rev-list", "--parents", "-n", "1", commit.as_str()],
        )?;
        Ok(text.split(' ').skip(1).map(CommitId::new).collect())
    }

    /// The message of a commit.
    pub(crate) fn message(&self, commit: &CommitId) -> Result<String, Error> {
        self.text(self.root(), &["log", "-1", "--format=%B", commit.as_str()])
    }

    /// The tree of a commit.
    pub(crate) fn tree(&self, commit: &CommitId) -> Result<String, Error> {
        let spec = format!("{commit}^{{tree}}");
        self.line(self.root(), &["rev-parse", &spec])
    }

    /// Makes a commit object of a tree; it is on no branch yet and no hook runs.
    pub(crate) fn commit_tree(
        &self,
        tree: &str,
        parents: &[&CommitId],
        message: &str,
        at: Timestamp,
    ) -> Result<CommitId, Error> {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent.as_str()]);
        }
        args.extend(["-m", message]);
        let date = format!("{} +0000", at.as_second());
        let dated = self
            .git
            .clone()
            .with_env("GIT_AUTHOR_DATE", &date)
            .with_env("GIT_COMMITTER_DATE", &date);
        let output = Self::output(Self::command(&dated, &args))?;
        if output.is_success {
            Ok(CommitId::new(output.stdout.trim()))
        } else {
            Err(failure(self.root(), &["commit-tree"], &output))
        }
    }

    /// The newest commit reachable from `revisions` whose message has the trailer.
    pub(crate) fn with_trailer(
        &self,
        revisions: &[&str],
        name: &str,
        value: &str,
    ) -> Result<Option<CommitId>, Error> {
        let pattern = format!("{name}: {value}");
        let mut args = vec![
            "log",
            "-n",
            "1",
            "--format=%H",
            "--fixed-strings",
            "--grep",
            &pattern,
        ];
        args.extend(revisions);
        let output = self.attempt(self.root(), &args)?;
        let hash = output.stdout.trim();
        Ok((output.is_success && !hash.is_empty()).then(|| CommitId::new(hash)))
    }

    /// Whether `ancestor` is an ancestor of `commit`, or the same.
    pub(crate) fn is_ancestor(
        &self,
        ancestor: &CommitId,
        commit: &CommitId,
    ) -> Result<bool, Error> {
        let output = self.attempt(
            self.root(),
            &[
                "merge-base",
                "--is-ancestor",
                ancestor.as_str(),
                commit.as_str(),
            ],
        )?;
        Ok(output.is_success)
    }
}

fn failure(dir: &Path, args: &[&str], output: &GitOutput) -> Error {
    let said = if output.stderr.trim().is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    Repr::Git {
        command: args.join(" "),
        dir: dir.to_owned(),
        message: tail(said, 12),
    }
    .into()
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, n_lines: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(n_lines)..].join("\n")
}
