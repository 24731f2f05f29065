//! Commits and the lines that they changed.

use std::num::NonZeroU32;

use jiff::Timestamp;

use super::Git;
use crate::{
    CommitId,
    error::{Error, Repr},
};

/// Starts a commit in our log format; not found in source text.
const START: &str = "\u{1}shape-commit\u{2}";
/// Ends a field of a commit.
const FIELD: char = '\u{2}';
/// Ends the fields of a commit.
const END: char = '\u{3}';

/// Hash, parents, author, commit time, subject, body.
const FORMAT: &str = "--format=%x01shape-commit%x02%H%x02%P%x02%an <%ae>%x02%ct%x02%s%x02%B%x03";

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The commit's hash.
    pub id: CommitId,
    /// Its parents; none for a root, several for a merge.
    pub parents: Vec<CommitId>,
    /// Its author, `Name <mail>`.
    pub author: String,
    /// When it was committed.
    pub time: Timestamp,
    /// The first paragraph of its message in one line.
    pub summary: String,
    /// The whole message.
    pub message: String,
}

impl Commit {
    /// The trailers at the end of the message, `Signed-off-by` for example, in order.
    pub fn trailers(&self) -> Vec<(&str, &str)> {
        let last = self.message.trim_end().rsplit("\n\n").next();
        last.into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.split_once(": "))
            .filter(|(key, _)| {
                !key.is_empty() && key.chars().all(|c| c == '-' || c.is_ascii_alphanumeric())
            })
            .map(|(key, value)| (key, value.trim()))
            .collect()
    }
}

/// A commit that changed a range of lines, with the lines before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The commit.
    pub commit: Commit,
    /// The file's path after the change; it may have been renamed since.
    pub path: String,
    /// The first of the lines after the change.
    pub start: Option<NonZeroU32>,
    /// The lines before, empty when the commit added them all.
    pub before: String,
    /// The lines after.
    pub after: String,
}

impl Git {
    /// The commits that changed lines `start..=end` of a file as it is in `revision`, newest first.
    ///
    /// The lines are followed through the history, renames included (`git log -L`), for at most 200 commits.
    ///
    /// # Errors
    /// When the revision has no such file, or the file has fewer lines.
    pub fn log_line_range(
        &self,
        revision: &str,
        path: &str,
        start: NonZeroU32,
        end: NonZeroU32,
    ) -> Result<Vec<LineChange>, Error> {
        let range = format!("-L{start},{end}:{path}");
        let arguments = [
            "log",
            "--max-count=200",
            "--no-ext-diff",
            "--no-textconv",
            FORMAT,
            &range,
            revision,
        ];
        let output = self.run(arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split(START)
            .skip(1)
            .map(|entry| {
                let (commit, text) = parse_entry(entry)?;
                let change = parse_patch(text);
                let path = if change.path.is_empty() {
                    path.to_owned()
                } else {
                    change.path
                };
                Ok(LineChange {
                    commit,
                    path,
                    start: change.start,
                    before: change.before,
                    after: change.after,
                })
            })
            .collect()
    }

    /// One commit.
    pub fn commit_info(&self, revision: &str) -> Result<Commit, Error> {
        let output = self.run([
            "log",
            "-1",
            "--no-patch",
            FORMAT,
            "--end-of-options",
            revision,
        ])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let entry = text.split(START).nth(1).unwrap_or_default();
        parse_entry(entry).map(|(commit, _)| commit)
    }

    /// The commits of `range` (`a..b` or one revision) that touch one of the paths, newest first; all commits without paths.
    pub fn log_paths(&self, range: &str, paths: &[&str]) -> Result<Vec<Commit>, Error> {
        let mut arguments = vec!["log", "--no-patch", FORMAT, range, "--"];
        arguments.extend(paths);
        let output = self.run(arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split(START)
            .skip(1)
            .map(|entry| parse_entry(entry).map(|(commit, _)| commit))
            .collect()
    }

    /// The paths that a commit changed against its first parent.
    pub fn changed_by(&self, revision: &str) -> Result<Vec<String>, Error> {
        let output = self.run([
            "diff-tree",
            "-r",
            "-z",
            "--root",
            "-m",
            "--first-parent",
            "--no-commit-id",
            "--name-only",
            revision,
        ])?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

fn parse_entry(entry: &str) -> Result<(Commit, &str), Error> {
    let unexpected = |detail: &str| Repr::GitOutput {
        command: "git log".to_owned(),
        detail: detail.to_owned(),
    };
    let (head, patch) = entry
        .split_once(END)
        .ok_or_else(|| unexpected("a commit without an end"))?;
    let fields: Vec<&str> = head.splitn(6, FIELD).collect();
    let &[id, parents, author, time, summary, message] = fields.as_slice() else {
        return Err(unexpected("a commit with too few fields").into());
    };
    let time = time
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| unexpected(&format!("`{time}` is not a time")))?;
    let commit = Commit {
        id: CommitId::new(id),
        parents: parents.split_whitespace().map(CommitId::new).collect(),
        author: author.to_owned(),
        time,
        summary: summary.to_owned(),
        message: message.trim_end().to_owned(),
    };
    Ok((commit, patch))
}

struct Patch {
    path: String,
    start: Option<NonZeroU32>,
    before: String,
    after: String,
}

/// Both sides of the hunks of one file.
fn parse_patch(patch: &str) -> Patch {
    let mut parsed = Patch {
        path: String::new(),
        start: None,
        before: String::new(),
        after: String::new(),
    };
    let mut in_hunk = false;
    for line in patch.lines() {
        if let Some(header) = line.strip_prefix("@@ ") {
            in_hunk = true;
            let after = header
                .split(' ')
                .find_map(|word| word.strip_prefix('+'))
                .and_then(|range| range.split(',').next())
                .and_then(|start| start.parse().ok());
            parsed.start = parsed.start.or(after);
        } else if !in_hunk {
            if let Some(path) = line.strip_prefix("+++ b/") {
                path.trim_end_matches('\t').clone_into(&mut parsed.path);
            }
        } else if let Some((sign, text)) = line.split_at_checked(1) {
            if sign == " " || sign == "-" {
                parsed.before.push_str(text);
                parsed.before.push('\n');
            }
            if sign == " " || sign == "+" {
                parsed.after.push_str(text);
                parsed.after.push('\n');
            }
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_hunk() {
        let patch = "\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -5,2 +6,3 @@ fn f() {\n a\n-b\n+c\n+-- d\n";
        let parsed = parse_patch(patch);
        assert_eq!(parsed.path, "x");
        assert_eq!(parsed.start.map(NonZeroU32::get), Some(6));
        assert_eq!(parsed.before, "a\nb\n");
        assert_eq!(parsed.after, "a\nc\n-- d\n");
    }

    #[test]
    fn trailers_are_in_the_last_paragraph() {
        let commit = Commit {
            id: CommitId::new("0"),
            parents: Vec::new(),
            author: String::new(),
            time: Timestamp::UNIX_EPOCH,
            summary: String::new(),
            message: "x: y\n\nNot: one\n\nShape-Fault: f1\nSigned-off-by: A <a@b>".to_owned(),
        };
        assert_eq!(
            commit.trailers(),
            [("Shape-Fault", "f1"), ("Signed-off-by", "A <a@b>")]
        );
    }
}
