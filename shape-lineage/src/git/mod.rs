//! The `git` program, typed.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use crate::{
    CommitId,
    error::{Error, GitFailure, Repr},
};

pub use self::history::{Commit, LineChange};

mod history;

/// Variables that point git at another repository than the folder does. Git sets them for its hooks, so that a program
/// started by a hook would work on the wrong repository.
const REPOSITORY_VARIABLES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_PUSH_OPTION_COUNT",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Settings of a user that would change what git prints or make it wait for a person.
const SETTINGS: &[&str] = &[
    "advice.detachedHead=false",
    "color.ui=false",
    "commit.gpgSign=false",
    "core.pager=cat",
    "core.quotePath=false",
    "diff.mnemonicPrefix=false",
    "diff.noprefix=false",
    "gc.auto=0",
    "log.showSignature=false",
    "push.gpgSign=false",
    "tag.gpgSign=false",
];

/// A git working tree, by way of the `git` program.
///
/// Commands run in the tree's folder with a clean environment: no prompts, no signing, no pager, messages in English,
/// and none of the variables by which git tells its hooks about a repository.
///
/// ```no_run
/// use shape_lineage::Git;
///
/// let git = Git::open(".")?;
/// println!("{} {:?}", git.head()?.short(), git.dirty_paths()?);
/// git.run(["fetch", "origin"])?;
/// # Ok::<(), shape_lineage::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    folder: PathBuf,
    identity: Option<(String, String)>,
    variables: Vec<(OsString, OsString)>,
}

/// What a git command wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitOutput {
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl GitOutput {
    /// Stdout as text, without line breaks at its end; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout)
            .trim_end_matches(['\n', '\r'])
            .to_owned()
    }

    /// The lines of stdout.
    pub fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}

impl Git {
    /// The working tree that holds `folder`. A bare repository has none: use [`at`](Self::at) there.
    ///
    /// # Errors
    /// When git is not installed, or the folder lies in no repository.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let not_a_repository = |detail: String| Repr::NotARepository {
            path: folder.to_owned(),
            detail,
        };
        if !folder.is_dir() {
            return Err(not_a_repository("no such folder".to_owned()).into());
        }
        let here = Self::at(folder);
        match here.run(["rev-parse", "--show-toplevel"]) {
            Ok(output) => Ok(Self::at(Path::new(&output.text()))),
            Err(error) => match error.git_failure() {
                Some(failure) => {
                    let detail = failure.stderr.trim().trim_start_matches("fatal: ");
                    Err(not_a_repository(detail.to_owned()).into())
                }
                None => Err(error),
            },
        }
    }

    /// Commands in `folder`, without a check that it lies in a repository; for `git init` and `git clone`.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            identity: None,
            variables: Vec::new(),
        }
    }

    /// The same repository and settings, with commands run in another folder, a worktree for example.
    #[must_use]
    pub fn with_dir(&self, folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            ..self.clone()
        }
    }

    /// Commits are made by this author and committer, whatever the user's settings say.
    #[must_use]
    pub fn with_identity(mut self, name: &str, mail: &str) -> Self {
        self.identity = Some((name.to_owned(), mail.to_owned()));
        self
    }

    /// Sets an environment variable for commands, `GIT_AUTHOR_DATE` for example.
    #[must_use]
    pub fn with_env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The folder that commands run in: after [`open`](Self::open), the top of the working tree.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs git with these arguments.
    ///
    /// # Errors
    /// When git can not be started, or ends with an exit code other than 0; [`Error::git_failure`] then has the command,
    /// the exit code and the output.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<GitOutput, Error> {
        self.run_with_input(arguments, b"")
    }

    /// Runs git with these arguments and this stdin.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Result<GitOutput, Error> {
        let arguments: Vec<OsString> = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        let shown = shown_command(&arguments);
        let mut child = self
            .command(&arguments)
            .stdin(if input.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| self.not_started(source))?;
        let stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            // A command that does not read its input closes the pipe: that is its business.
            let writer = stdin.map(|mut stdin| scope.spawn(move || drop(stdin.write_all(input))));
            let output = child.wait_with_output();
            drop(writer.map(thread::ScopedJoinHandle::join));
            output
        })
        .map_err(|source| self.not_started(source))?;
        if output.status.success() {
            return Ok(GitOutput {
                stdout: output.stdout,
                stderr: output.stderr,
            });
        }
        Err(Repr::GitFailed(Box::new(GitFailure {
            command: shown,
            exit_code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }))
        .into())
    }

    /// The process that [`run`](Self::run) would start, for callers that stream its output or put a limit on its time.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new("git");
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        for variable in REPOSITORY_VARIABLES {
            command.env_remove(variable);
        }
        command
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .env("LANGUAGE", "")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_EDITOR", "true")
            .env("GIT_SEQUENCE_EDITOR", "true")
            .env("GIT_PAGER", "cat")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_ASKPASS", "true");
        // Nobody is there to type a passphrase; a helper that the user named may know it.
        if std::env::var_os("SSH_ASKPASS").is_none() {
            command
                .env("SSH_ASKPASS", "false")
                .env("SSH_ASKPASS_REQUIRE", "force");
        }
        if let Some((name, mail)) = &self.identity {
            command
                .env("GIT_AUTHOR_NAME", name)
                .env("GIT_AUTHOR_EMAIL", mail)
                .env("GIT_COMMITTER_NAME", name)
                .env("GIT_COMMITTER_EMAIL", mail);
        }
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.args(arguments);
        command
    }

    fn not_started(&self, source: io::Error) -> Repr {
        if source.kind() == io::ErrorKind::NotFound && !self.folder.is_dir() {
            // The same error kind as for a missing program.
            return Repr::NotARepository {
                path: self.folder.clone(),
                detail: "no such folder".to_owned(),
            };
        }
        Repr::GitNotFound { source }
    }

    /// Runs a command whose exit code 1 means "no".
    fn ask(&self, arguments: &[&str]) -> Result<bool, Error> {
        match self.run(arguments) {
            Ok(_) => Ok(true),
            Err(error) => match error.git_failure() {
                Some(failure) if failure.exit_code == Some(1) => Ok(false),
                _ => Err(error),
            },
        }
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    /// In a repository without commits.
    pub fn head(&self) -> Result<CommitId, Error> {
        self.rev_parse("HEAD")
    }

    /// The branch that is checked out; `None` when none is.
    pub fn branch(&self) -> Result<Option<String>, Error> {
        let name = self.run(["rev-parse", "--abbrev-ref", "HEAD"])?.text();
        Ok(Some(name).filter(|name| name != "HEAD"))
    }

    /// The address of a remote as configured, without user name and password; `None` when there is no such remote.
    pub fn remote_url(&self, remote: &str) -> Result<Option<String>, Error> {
        let key = format!("remote.{remote}.url");
        match self.run(["config", "--get", key.as_str()]) {
            Ok(output) => Ok(Some(without_credentials(&output.text()))),
            Err(error) if error.git_failure().is_some_and(|f| f.exit_code == Some(1)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The commit that a revision names.
    pub fn rev_parse(&self, revision: &str) -> Result<CommitId, Error> {
        let revision = format!("{revision}^{{commit}}");
        let output = self.run(["rev-parse", "--verify", "--end-of-options", &revision])?;
        Ok(CommitId::new(output.text().trim()))
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors.
    pub fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool, Error> {
        self.ask(&["merge-base", "--is-ancestor", ancestor, descendant])
    }

    /// Whether a file differs from the last commit or is not known to git.
    pub fn is_dirty(&self) -> Result<bool, Error> {
        Ok(!self.dirty_paths()?.is_empty())
    }

    /// Files that differ from the last commit or that git does not know, by path.
    pub fn dirty_paths(&self) -> Result<Vec<String>, Error> {
        self.status(&["--untracked-files=all"])
    }

    /// Files known to git that differ from the last commit, by path.
    pub fn changed_paths(&self) -> Result<Vec<String>, Error> {
        self.status(&["--untracked-files=no"])
    }

    fn status(&self, options: &[&str]) -> Result<Vec<String>, Error> {
        let mut arguments = vec!["status", "--porcelain=v1", "-z"];
        arguments.extend(options);
        let output = self.run(arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut entries = text.split('\0').filter(|entry| !entry.is_empty());
        let mut paths = Vec::new();
        while let Some(entry) = entries.next() {
            paths.extend(entry.get(3..).map(str::to_owned));
            // A rename is followed by the old name.
            if entry.starts_with('R') || entry.starts_with('C') {
                paths.extend(entries.next().map(str::to_owned));
            }
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// A file as it is in a revision; `None` where it has no such file.
    pub fn show(&self, revision: &str, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let object = format!("{revision}:{path}");
        match self.run(["cat-file", "blob", object.as_str()]) {
            Ok(output) => Ok(Some(output.stdout)),
            Err(error) if error.git_failure().is_some() => {
                // A revision that does not exist is an error, a path that it does not have is an answer.
                self.rev_parse(revision)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The differences between two revisions as a patch, for all files or for some paths.
    pub fn diff(&self, from: &str, to: &str, paths: &[&str]) -> Result<String, Error> {
        let mut arguments = vec!["diff", "--no-ext-diff", "--no-textconv", from, to, "--"];
        arguments.extend(paths);
        let output = self.run(arguments)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Checks a revision out into a new folder, without a branch, and gives the commands of that folder.
    pub fn worktree_add(&self, folder: impl AsRef<Path>, revision: &str) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let arguments: [&OsStr; 6] = [
            "worktree".as_ref(),
            "add".as_ref(),
            "--detach".as_ref(),
            "--quiet".as_ref(),
            folder.as_os_str(),
            revision.as_ref(),
        ];
        self.run(arguments)?;
        Ok(self.with_dir(self.folder.join(folder)))
    }

    /// Removes a worktree with what was changed in it; one that is gone already is no error.
    pub fn worktree_remove(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let folder = folder.as_ref();
        if !self.folder.join(folder).exists() {
            return self.worktree_prune();
        }
        let arguments: [&OsStr; 5] = [
            "worktree".as_ref(),
            "remove".as_ref(),
            "--force".as_ref(),
            "--force".as_ref(),
            folder.as_os_str(),
        ];
        self.run(arguments)?;
        self.worktree_prune()
    }

    /// Forgets worktrees whose folders are gone.
    pub fn worktree_prune(&self) -> Result<(), Error> {
        self.run(["worktree", "prune"]).map(drop)
    }
}

/// `https://host/x` of `https://user:secret@host/x`; a user name alone (`git@host:x`) is no secret.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) if scheme.starts_with("http") || rest[..at].contains(':') => {
            format!("{scheme}://{}", &rest[at + 1..])
        }
        _ => url.to_owned(),
    }
}

fn shown_command(arguments: &[OsString]) -> String {
    let mut text = "git".to_owned();
    for argument in arguments {
        let argument = argument.to_string_lossy();
        text.push(' ');
        if argument.contains([' ', '\n', '"']) || argument.is_empty() {
            let _ = write!(text, "{argument:?}");
        } else {
            text.push_str(&argument);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let check = |url: &str, expected: &str| assert_eq!(without_credentials(url), expected);
        check("https://ann:s3cret@host/a/b.git", "https://host/a/b.git");
        check("https://t0ken@host/a", "https://host/a");
        check("ssh://git@host:22/a", "ssh://git@host:22/a");
        check("ssh://git:pw@host/a@b", "ssh://host/a@b");
        check("git@host:a/b", "git@host:a/b");
        check("/srv/git/a@b", "/srv/git/a@b");
    }
}
