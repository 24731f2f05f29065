//! The studio's repository, made at run time from the files in `examples/studio`.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use jiff::Timestamp;

/// What goes wrong in the second release of the studio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Every queued resize renders the whole canvas.
    #[default]
    ResizeStorm,
    /// Components are looked up by exactly what the user typed.
    BadLookup,
    /// Nothing: the control.
    None,
}

impl Fault {
    /// The name on the command line, and of the folder with its commits.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResizeStorm => "resize-storm",
            Self::BadLookup => "bad-lookup",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::ResizeStorm, Self::BadLookup, Self::None]
            .into_iter()
            .find(|fault| fault.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is not a fault; choose resize-storm, bad-lookup or none")
            })
    }
}

/// A scratch folder with the studio's repository (`work`), its bare remote (`origin.git`), recipes and configuration.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Makes the folder and everything in it.
    ///
    /// # Errors
    /// When git is missing or a file can not be written.
    pub fn create(root: PathBuf, fault: Fault, keep: bool) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        let scratch = Self {
            root: fs::canonicalize(root)?,
            keep,
        };
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("studio");
        let work = scratch.work();
        fs::create_dir_all(&work)?;
        git(&work, &["init", "--quiet", "--initial-branch", "main"])?;
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "README.md",
            "clippy.toml",
            "rustfmt.toml",
            ".gitignore",
            "src",
            "tests",
        ] {
            copy(&package.join(name), &work.join(name))?;
        }
        for folder in ["common", fault.as_str()] {
            for commit in sorted(&package.join("history").join(folder))? {
                apply_commit(&commit, &work)?;
            }
        }
        scratch.make_remote()?;
        copy(&package.join("recipes"), &scratch.root.join("recipes"))?;
        fs::copy(package.join("loop.toml"), scratch.config())?;
        Ok(scratch)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The checkout.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// The configuration of the loop.
    pub fn config(&self) -> PathBuf {
        self.root.join("loop.toml")
    }

    /// The number of commits on the main branch, and of those since the healthy release.
    pub fn commits(&self) -> io::Result<(u64, u64)> {
        let number = |range: &str| {
            git(&self.work(), &["rev-list", "--count", range])?
                .trim()
                .parse::<u64>()
                .map_err(io::Error::other)
        };
        Ok((number("main")?, number("v1.0.0..main")?))
    }

    /// A bare remote whose pre-receive hook runs the tests of what is pushed.
    fn make_remote(&self) -> io::Result<()> {
        let remote = self.root.join("origin.git");
        fs::create_dir_all(&remote)?;
        git(
            &remote,
            &["init", "--quiet", "--bare", "--initial-branch", "main"],
        )?;
        let url = remote.to_string_lossy().into_owned();
        git(&self.work(), &["remote", "add", "origin", &url])?;
        git(
            &self.work(),
            &["push", "--quiet", "--set-upstream", "origin", "main"],
        )?;
        git(&self.work(), &["push", "--quiet", "--tags", "origin"])?;
        let hook = remote.join("hooks").join("pre-receive");
        fs::create_dir_all(remote.join("hooks"))?;
        fs::write(&hook, HOOK)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing can be done about a file that will not go; the folder lies among the temporary ones.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// Refuses a push whose tests fail. A tree that was tested before is not tested again.
const HOOK: &str = r#"#!/bin/sh
here=$(pwd)
export GIT_DIR="$here"
while read -r old new ref; do
    case $new in *[!0]*) ;; *) continue ;; esac
    tree=$(git rev-parse "$new^{tree}") || exit 1
    if grep -qs "$tree" "$here/tested-trees"; then
        echo "CI: $ref: these files passed before"
        continue
    fi
    checkout="$here/ci-checkout"
    rm -rf "$checkout" && mkdir -p "$checkout"
    GIT_INDEX_FILE="$here/ci-index" git read-tree "$new" || exit 1
    GIT_INDEX_FILE="$here/ci-index" git --work-tree="$checkout" checkout-index --all --force || exit 1
    if (unset GIT_DIR GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
        cd "$checkout" && cargo test --quiet --release --target-dir "$here/ci-target" >"$here/ci.log" 2>&1); then
        echo "CI: $ref: tests pass"
        echo "$tree" >>"$here/tested-trees"
    else
        tail -n 20 "$here/ci.log"
        echo "CI: $ref: tests fail, push refused"
        exit 1
    fi
done
"#;

/// Runs git in a folder and returns what it prints.
fn git(folder: &Path, args: &[&str]) -> io::Result<String> {
    git_as(folder, args, &[])
}

fn git_as(folder: &Path, args: &[&str], envs: &[(&str, &str)]) -> io::Result<String> {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=studio",
            "-c",
            "user.email=studio@localhost",
            "-c",
            "commit.gpgsign=false",
        ])
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.autocrlf=false",
        ])
        .args(args)
        .envs(envs.iter().copied())
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .current_dir(folder)
        .output()
        .map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot run `git` ({error}); install git"),
            )
        })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "git {}: {}",
            args.join(" "),
            stderr.trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// Copies a file or a folder; copies get fresh modification times.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in sorted(from)? {
            if let Some(name) = entry.file_name() {
                copy(&entry, &to.join(name))?;
            }
        }
        return Ok(());
    }
    let content = fs::read(from).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot read `{}`: {error}", from.display()),
        )
    })?;
    fs::write(to, content)
}

/// Applies one folder of the history, as `examples/studio/history/README.md` describes it.
fn apply_commit(folder: &Path, work: &Path) -> io::Result<()> {
    let files = folder.join("files");
    if files.is_dir() {
        copy(&files, work)?;
    }
    if let Ok(list) = fs::read_to_string(folder.join("delete.txt")) {
        for path in list.lines().filter(|line| !line.trim().is_empty()) {
            fs::remove_file(work.join(path.trim()))?;
        }
    }
    let author = fs::read_to_string(folder.join("author.txt"))?;
    let mut lines = author.lines();
    let (person, date) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let (name, mail) = person.split_once('<').unwrap_or((person, ""));
    let date: Timestamp = date.trim().parse().map_err(|error| {
        io::Error::other(format!(
            "`{}`: {error}",
            folder.join("author.txt").display()
        ))
    })?;
    let date = format!("@{} +0000", date.as_second());
    let (name, mail) = (name.trim(), mail.trim_end_matches('>').trim());
    let envs = [
        ("GIT_AUTHOR_NAME", name),
        ("GIT_AUTHOR_EMAIL", mail),
        ("GIT_AUTHOR_DATE", date.as_str()),
        ("GIT_COMMITTER_NAME", name),
        ("GIT_COMMITTER_EMAIL", mail),
        ("GIT_COMMITTER_DATE", date.as_str()),
    ];
    let message = folder.join("message.txt").to_string_lossy().into_owned();
    git(work, &["add", "--all"])?;
    git_as(work, &["commit", "--quiet", "--file", &message], &envs)?;
    if let Ok(tag) = fs::read_to_string(folder.join("tag.txt")) {
        git(work, &["tag", tag.trim()])?;
    }
    Ok(())
}
