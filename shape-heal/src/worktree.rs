//! Throw-away worktrees: journalled before they are made, always removed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use shape_lineage::CommitId;

use crate::{Error, git::Git};

/// The folder that all throw-away worktrees of a run lie in, held by a lock as long as the run lasts.
#[derive(Debug)]
pub(crate) struct WorktreeFolder {
    git: Git,
    folder: PathBuf,
    // Held, never read: closing the file gives the lock back, also when the process is killed.
    _lock: fs::File,
}

/// A worktree that is removed when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Worktree {
    git: Git,
    path: PathBuf,
}

impl WorktreeFolder {
    /// Takes the folder and removes what a killed run has left in it.
    pub(crate) fn open(git: &Git, scratch: &Path) -> Result<Self, Error> {
        fs::create_dir_all(scratch).map_err(|error| Error::state("make", scratch, error))?;
        let scratch = scratch
            .canonicalize()
            .map_err(|error| Error::state("make", scratch, error))?;
        let lock_path = scratch.join("heal.lock");
        let lock = fs::File::create(&lock_path)
            .map_err(|error| Error::state("make", &lock_path, error))?;
        if lock.try_lock().is_err() {
            return Err(crate::error::Repr::Locked(scratch).into());
        }
        let this = Self {
            git: git.clone(),
            folder: scratch.join("worktrees"),
            _lock: lock,
        };
        this.remove_leftovers()?;
        fs::create_dir_all(&this.folder)
            .map_err(|error| Error::state("make", &this.folder, error))?;
        Ok(this)
    }

    fn remove_leftovers(&self) -> Result<(), Error> {
        let list = self
            .git
            .text(self.git.root(), &["worktree", "list", "--porcelain"])?;
        for path in list
            .lines()
            .filter_map(|line| line.strip_prefix("worktree "))
        {
            if Path::new(path).starts_with(&self.folder) {
                remove(&self.git, Path::new(path));
            }
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .map_err(|error| Error::state("remove", &self.folder, error))?;
        }
        self.git
            .attempt(self.git.root(), &["worktree", "prune"])
            .map(|_| ())
    }

    /// Where the worktree with this name will lie.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Checks out a commit.
    pub(crate) fn add(&self, name: &str, commit: &CommitId) -> Result<Worktree, Error> {
        let path = self.path(name);
        if path.exists() {
            remove(&self.git, &path);
        }
        let text = path.to_string_lossy().into_owned();
        self.git.text(
            self.git.root(),
            &[
                "worktree",
                "add",
                "--detach",
                "--force",
                &text,
                commit.as_str(),
            ],
        )?;
        Ok(Worktree {
            git: self.git.clone(),
            path,
        })
    }
}

impl Drop for WorktreeFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

impl Worktree {
    /// Its top folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it back to a commit, ignored files (build output) kept.
    pub(crate) fn reset(&self, commit: &CommitId) -> Result<(), Error> {
        self.git.attempt(&self.path, &["revert", "--quit"])?;
        self.git
            .text(&self.path, &["reset", "--hard", "--quiet", commit.as_str()])?;
        self.git
            .text(&self.path, &["clean", "-d", "--force", "--quiet"])
            .map(|_| ())
    }

    /// Writes a file, making the folders it needs. The path must stay inside.
    pub(crate) fn write(&self, relative: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(relative);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Error::state("make", folder, error))?;
        }
        fs::write(&path, text).map_err(|error| Error::state("write", &path, error))
    }

    /// Removes a file that [`Worktree::write`] made.
    pub(crate) fn remove_file(&self, relative: &str) -> Result<(), Error> {
        let path = self.path.join(relative);
        fs::remove_file(&path).map_err(|error| Error::state("remove", &path, error))
    }

    /// Puts everything but `other` kinds of files into the index; the tree's object.
    pub(crate) fn tree(&self, also: Option<&str>) -> Result<String, Error> {
        self.git.text(&self.path, &["add", "--update"])?;
        if let Some(path) = also {
            // `--force`: a generated test must be part of the fix even where a broad ignore rule covers it.
            self.git.text(&self.path, &["add", "--force", "--", path])?;
        }
        self.git.line(&self.path, &["write-tree"])
    }
}

impl Drop for Worktree {
    fn drop(&mut self) {
        remove(&self.git, &self.path);
    }
}

/// Removes a worktree and what git knows of it; problems are left to the next start, which tries again.
fn remove(git: &Git, path: &Path) {
    let text = path.to_string_lossy().into_owned();
    let _ = git.attempt(
        git.root(),
        &["worktree", "remove", "--force", "--force", &text],
    );
    if path.exists() {
        let _ = fs::remove_dir_all(path);
    }
    let _ = git.attempt(git.root(), &["worktree", "prune"]);
}
