//! A change that is not deployed yet.

use std::path::Path;

use shape_lineage::CommitId;

use crate::{Error, StrategyKind, git::Git, worktree::Worktree};

/// A change against a commit: the result's git tree and its diff. Not proven; see [`Validated`](crate::Validated).
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Patch {
    pub(crate) candidate: String,
    pub(crate) recipe: String,
    pub(crate) title: String,
    pub(crate) strategy: StrategyKind,
    pub(crate) base: CommitId,
    pub(crate) tree: String,
    /// The tree without the generated test: two candidates with the same one are the same change.
    pub(crate) code: String,
    pub(crate) diff: String,
    pub(crate) files: Vec<FileChange>,
    pub(crate) test_path: Option<String>,
    pub(crate) test_commands: Vec<String>,
}

/// How much a patch changes in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path relative to the repository.
    pub path: String,
    /// Lines added and removed; a binary file counts as one line.
    pub n_lines: u64,
}

impl Patch {
    /// The candidate that it belongs to.
    pub fn candidate(&self) -> &str {
        &self.candidate
    }

    /// The commit that it changes.
    pub fn base(&self) -> &CommitId {
        &self.base
    }

    /// The change as a unified diff, the generated test included.
    pub fn diff(&self) -> &str {
        &self.diff
    }

    /// How it changes the code.
    pub fn strategy(&self) -> &StrategyKind {
        &self.strategy
    }

    /// The files that it changes, apart from the generated test.
    pub fn files(&self) -> impl Iterator<Item = &FileChange> {
        let test = self.test_path.as_deref();
        self.files
            .iter()
            .filter(move |change| Some(change.path.as_str()) != test)
    }
}

/// What a worktree holds, as a tree object, a diff and figures.
pub(crate) struct Captured {
    pub(crate) tree: String,
    pub(crate) diff: String,
    pub(crate) files: Vec<FileChange>,
}

/// Captures the change in a worktree against its base.
pub(crate) fn capture(
    git: &Git,
    worktree: &Worktree,
    base: &CommitId,
    test: Option<&str>,
) -> Result<Captured, Error> {
    let tree = worktree.tree(test)?;
    let root: &Path = git.root();
    let diff = git.text(
        root,
        &["diff", "--no-color", "--no-ext-diff", base.as_str(), &tree],
    )?;
    let numbers = git.text(
        root,
        &[
            "diff",
            "--numstat",
            "--no-renames",
            "-z",
            base.as_str(),
            &tree,
        ],
    )?;
    let files = numbers
        .split('\0')
        .filter_map(|entry| {
            let mut fields = entry.splitn(3, '\t');
            let (added, removed, path) = (fields.next()?, fields.next()?, fields.next()?);
            let n_lines = added.parse().unwrap_or(1_u64) + removed.parse().unwrap_or(0_u64);
            Some(FileChange {
                path: path.to_owned(),
                n_lines,
            })
        })
        .collect();
    Ok(Captured { tree, diff, files })
}
