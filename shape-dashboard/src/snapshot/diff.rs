//! A unified diff, line by line.

use serde::Serialize;

/// More lines than this are left to `heal-report.json`.
const MOST_LINES: usize = 2_000;

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DiffLineKind {
    /// The name of a file, or other words of `git`.
    File,
    /// Where a hunk begins.
    Hunk,
    /// Unchanged.
    Context,
    /// Added.
    Added,
    /// Removed.
    Removed,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiffLine {
    /// What it is.
    pub kind: DiffLineKind,
    /// The line number before, where there is one.
    pub old_line: Option<u32>,
    /// The line number after, where there is one.
    pub new_line: Option<u32>,
    /// The text with its leading sign.
    pub text: String,
}

pub(super) fn lines(diff: &str) -> Vec<DiffLine> {
    // Next line numbers, and how many lines of the hunk are still to come on each side.
    let (mut old, mut new, mut old_left, mut new_left) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut lines: Vec<DiffLine> = Vec::new();
    for text in diff.lines() {
        if lines.len() == MOST_LINES {
            lines.push(other(
                DiffLineKind::File,
                "… the rest is in heal-report.json",
            ));
            break;
        }
        // Inside a hunk a line may begin with `---` and be a removed `--`; only the counts tell.
        let is_inside = old_left != 0 || new_left != 0;
        let line = match text.as_bytes().first() {
            Some(b'+') if is_inside => {
                let line = (DiffLineKind::Added, None, Some(new));
                (new, new_left) = (new.saturating_add(1), new_left.saturating_sub(1));
                line
            }
            Some(b'-') if is_inside => {
                let line = (DiffLineKind::Removed, Some(old), None);
                (old, old_left) = (old.saturating_add(1), old_left.saturating_sub(1));
                line
            }
            Some(b' ') | None if is_inside => {
                let line = (DiffLineKind::Context, Some(old), Some(new));
                (old, old_left) = (old.saturating_add(1), old_left.saturating_sub(1));
                (new, new_left) = (new.saturating_add(1), new_left.saturating_sub(1));
                line
            }
            _ => {
                if let Some(hunk) = hunk(text) {
                    [old, old_left, new, new_left] = hunk;
                    lines.push(other(DiffLineKind::Hunk, text));
                } else {
                    lines.push(other(DiffLineKind::File, text));
                }
                continue;
            }
        };
        lines.push(DiffLine {
            kind: line.0,
            old_line: line.1,
            new_line: line.2,
            text: text.to_owned(),
        });
    }
    lines
}

fn other(kind: DiffLineKind, text: &str) -> DiffLine {
    DiffLine {
        kind,
        old_line: None,
        new_line: None,
        text: text.to_owned(),
    }
}

/// `@@ -12,3 +12,9 @@`: start and count before, start and count after.
fn hunk(text: &str) -> Option<[u32; 4]> {
    let (ranges, _) = text.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |range: &str| match range.split_once(',') {
        Some((start, count)) => Some([start.parse().ok()?, count.parse().ok()?]),
        None => Some([range.parse().ok()?, 1]),
    };
    let ([old, old_left], [new, new_left]) = (range(old)?, range(new)?);
    Some([old, old_left, new, new_left])
}

#[cfg(test)]
mod tests {
    use super::{DiffLineKind::*, *};

    #[test]
    fn numbers_and_kinds() {
        let seen: Vec<_> = lines(
            "--- a/x.sql\n+++ b/x.sql\n@@ -7,3 +7,3 @@ fn\n keep\n--- a comment\n++++ odd\n\n--- a/y\n",
        )
        .into_iter()
        .map(|line| (line.kind, line.old_line, line.new_line))
        .collect();
        assert_eq!(
            seen,
            [
                (File, None, None),
                (File, None, None),
                (Hunk, None, None),
                (Context, Some(7), Some(7)),
                (Removed, Some(8), None),
                (Added, None, Some(8)),
                (Context, Some(9), Some(9)),
                (File, None, None),
            ]
        );
    }

    #[test]
    fn anything_is_a_diff() {
        assert_eq!(lines("@@ -99999999999 +1 @@\n\u{2028}").len(), 2);
        assert_eq!(lines(""), []);
        assert_eq!(lines(&"+\n".repeat(5_000)).len(), MOST_LINES + 1);
    }
}
