//! Making the change: rewrite or revert, and the generated test.

use std::path::PathBuf;

use super::Said;
use crate::{
    Error, Patch, Strategy, StrategyKind,
    candidate::Work,
    patch::{Captured, capture},
    run::Run,
    worktree::Worktree,
};

impl Run<'_> {
    pub(super) fn apply(&mut self, work: &mut Work, worktree: &Worktree) -> Result<Said, Error> {
        let (strategy, detail) = match &work.recipe.strategy {
            Strategy::Rewrite(_) => match self.apply_rewrite(work, worktree)? {
                Ok(done) => done,
                Err(why) => return Ok(Said::no(why)),
            },
            Strategy::Revert(limits) => {
                let Some(suspect) = &work.suspect else {
                    return Ok(Said::no("there is no suspect"));
                };
                let others = work.place.as_ref().map_or(&[][..], |place| &place.suspects);
                let done = crate::revert::revert(
                    &self.git,
                    worktree,
                    limits,
                    &suspect.id,
                    others,
                    work.place
                        .as_ref()
                        .map(|place| place.statement.location.path.as_str()),
                    &self.base,
                )?;
                match done {
                    Ok(done) => (
                        StrategyKind::Revert {
                            suspect: suspect.id.clone(),
                            commits: done.commits,
                        },
                        done.how,
                    ),
                    Err(why) => return Ok(Said::no(why)),
                }
            }
        };
        let code = worktree.tree(None)?;
        if code == self.git.tree(&self.base)? {
            return Ok(Said::no(format!(
                "the change changes nothing against {}: what it would do is done there",
                self.base.short()
            )));
        }
        let test = match self.generate_test(work, worktree)? {
            Ok(test) => test,
            Err(why) => return Ok(Said::no(why)),
        };
        let base = self.base.clone();
        let Captured { tree, diff, files } = capture(
            &self.git,
            worktree,
            &base,
            test.as_ref().map(|(path, _)| path.as_str()),
        )?;
        work.candidate.strategy = Some(strategy.clone());
        work.candidate.diff.clone_from(&diff);
        work.candidate.test_path = test.as_ref().map(|(path, _)| path.clone());
        let (test_path, test_commands) = test.unzip();
        work.patch = Some(Patch {
            candidate: work.id(),
            recipe: work.recipe.id.clone(),
            title: work.candidate.title.clone(),
            strategy,
            base,
            tree,
            code,
            diff,
            files,
            test_path,
            test_commands: test_commands.unwrap_or_default(),
        });
        Ok(Said::yes(detail))
    }

    #[cfg(not(feature = "rewrite"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the twin needs both"
    )]
    fn apply_rewrite(
        &self,
        _: &Work,
        _: &Worktree,
    ) -> Result<Result<(StrategyKind, String), String>, Error> {
        Ok(Err(
            "this build has no language for rewrites; switch on a feature such as `rust`"
                .to_owned(),
        ))
    }

    #[cfg(feature = "rewrite")]
    fn apply_rewrite(
        &self,
        work: &Work,
        worktree: &Worktree,
    ) -> Result<Result<(StrategyKind, String), String>, Error> {
        let (Strategy::Rewrite(rule), Some(place)) = (&work.recipe.strategy, &work.place) else {
            return Ok(Err("there is no traced place".to_owned()));
        };
        let statement = &place.statement;
        let path = &statement.location.path;
        let Some(source) = self.git.file(&self.base, path)? else {
            return Ok(Err(format!("`{path}` is not in {}", self.base.short())));
        };
        let traced = statement.location.line.get();
        let function = statement
            .symbol_lines
            .map(|(first, last)| (first.get(), last.get()));
        // The trace speaks of the file as it was searched; where it has changed since, the lines are followed.
        let mapped = self.follow(path, &statement.blob, traced, function)?;
        let (line, function) = match mapped {
            Ok(mapped) => mapped,
            Err(why) => return Ok(Err(why)),
        };
        let done = match crate::rewrite::rewrite(rule, &source, line, function) {
            Ok(done) => done,
            Err(why) => return Ok(Err(format!("{path}: {why}"))),
        };
        worktree.write(path, &done.text)?;
        let at = shape_telemetry::SourceLocation {
            path: path.clone(),
            line: std::num::NonZeroU32::new(done.line).unwrap_or(statement.location.line),
            column: None,
        };
        let edits: Vec<String> = done
            .edits
            .iter()
            .map(|(rule, line)| format!("`{rule}` at {path}:{line}"))
            .collect();
        let unsure = if place.is_ambiguous {
            " (one of several places that the message fits)"
        } else {
            ""
        };
        let detail = format!("rule {}{unsure}", edits.join(", "));
        Ok(Ok((StrategyKind::Rewrite { at }, detail)))
    }

    /// Follows lines of a file from the version that was searched (a blob) to the base.
    #[cfg(feature = "rewrite")]
    #[expect(
        clippy::type_complexity,
        reason = "a line and a function's lines, or why not"
    )]
    fn follow(
        &self,
        path: &str,
        blob: &str,
        line: u32,
        function: Option<(u32, u32)>,
    ) -> Result<Result<(u32, Option<(u32, u32)>), String>, Error> {
        let now = self.git.blob(&self.base, path)?;
        if blob.is_empty() || now.as_deref() == Some(blob) {
            return Ok(Ok((line, function)));
        }
        let target = now.unwrap_or_default();
        let diff = self.git.attempt(
            self.git.root(),
            &["diff", "-U0", "--no-color", blob, &target],
        )?;
        if !diff.is_success {
            return Ok(Err(format!(
                "`{path}` was searched in a version that git does not have; commit it first"
            )));
        }
        let Some(new_line) = follow_line(&diff.stdout, line) else {
            return Ok(Err(format!(
                "{path}:{line} was changed after the source was searched; trace it again at {}",
                self.base.short()
            )));
        };
        let function = function.and_then(|(first, last)| {
            Some((
                follow_line(&diff.stdout, first)?,
                follow_line(&diff.stdout, last)?,
            ))
        });
        Ok(Ok((new_line, function)))
    }

    /// The test of a recipe, written into the worktree: its path and commands.
    #[expect(
        clippy::type_complexity,
        reason = "a path with commands, if any, or why not"
    )]
    fn generate_test(
        &self,
        work: &Work,
        worktree: &Worktree,
    ) -> Result<Result<Option<(String, Vec<String>)>, String>, Error> {
        let (Some(template), Some(place)) = (&work.recipe.test, &work.place) else {
            return Ok(Ok(None));
        };
        let values = place.placeholders(&self.fault);
        let name = format!("test of recipe {}", work.recipe.id);
        let filled = values.fill(&template.path, &name).and_then(|path| {
            let commands: Result<Vec<String>, Error> = template
                .commands
                .iter()
                .map(|command| values.fill(command, &name))
                .collect();
            Ok((path, values.fill(&template.text, &name)?, commands?))
        });
        let (path, text, commands) = match filled {
            Ok(filled) => filled,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let is_inside = PathBuf::from(&path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_inside {
            return Ok(Err(format!(
                "the test's path `{path}` leaves the repository"
            )));
        }
        if self.git.blob(&self.base, &path)?.is_some() {
            return Ok(Err(format!(
                "the test's path `{path}` exists in {} already",
                self.base.short()
            )));
        }
        worktree.write(&path, &text)?;
        Ok(Ok(Some((path, commands))))
    }
}

/// Where a line of the old file stands in the new one, by the hunk headers of a `-U0` diff; `None` when it changed.
fn follow_line(diff: &str, line: u32) -> Option<u32> {
    let mut offset = 0_i64;
    for header in diff.lines().filter(|line| line.starts_with("@@ ")) {
        let mut ranges = header.split(' ').skip(1);
        let (old_start, old_count) = range(ranges.next()?)?;
        let (_, new_count) = range(ranges.next()?)?;
        // A pure insertion names the line before it.
        let first = if old_count == 0 {
            old_start + 1
        } else {
            old_start
        };
        if i64::from(line) < first {
            break;
        }
        if i64::from(line) < first + old_count {
            return None;
        }
        offset += new_count - old_count;
    }
    u32::try_from(i64::from(line) + offset).ok()
}

fn range(text: &str) -> Option<(i64, i64)> {
    let text = text.get(1..)?;
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::follow_line;

    #[test]
    fn lines_are_followed_through_a_diff() {
        let diff = "@@ -3,2 +3,4 @@ fn a\n-x\n@@ -10,0 +13,1 @@\n+y\n";
        assert_eq!(follow_line(diff, 2), Some(2));
        assert_eq!(follow_line(diff, 3), None);
        assert_eq!(follow_line(diff, 5), Some(7));
        assert_eq!(follow_line(diff, 10), Some(12));
        assert_eq!(follow_line(diff, 11), Some(14));
    }
}
