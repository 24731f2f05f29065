//! From a validated patch to the main branch and the running service.

use shape_lineage::CommitId;

use crate::{
    Approval, Deployment, EffectKind, Error, HealStage, Patch, StrategyKind, Validated, git::tail,
    push::Pushed, run::Run,
};

/// How often the main branch may move under a deployment before it is given up.
const MAX_MOVES: usize = 3;

/// Where a patch has come to.
pub(crate) enum Deployed {
    Done(Deployment),
    Refused(String),
}

impl Run<'_> {
    /// Commits the patch and pushes its branch, for a person to merge or for [`Run::deploy`].
    pub(crate) fn propose(&mut self, patch: &Validated<Patch>) -> Result<Deployed, Error> {
        let patch = patch.get();
        let key = self.key(patch.candidate());
        let branch = format!("shape/heal-{key}");
        let (commit, remote_output) = match self.push_branch(patch, &key, &branch)? {
            Ok(pushed) => pushed,
            Err(why) => return Ok(Deployed::Refused(why)),
        };
        Ok(Deployed::Done(Deployment {
            candidate: patch.candidate.clone(),
            branch,
            commit,
            merge: None,
            previous: self.base.clone(),
            remote_output,
            at: self.now(),
        }))
    }

    /// Merges the patch into the main branch of the remote; the approval must be for this very patch.
    pub(crate) fn deploy(
        &mut self,
        patch: &Validated<Patch>,
        approval: &Approval,
    ) -> Result<Deployed, Error> {
        let proposed = match self.propose(patch)? {
            Deployed::Done(deployment) => deployment,
            refused @ Deployed::Refused(_) => return Ok(refused),
        };
        let patch = patch.get();
        if !approval.is_for(patch) {
            let why = format!("the approval by {} is for another patch", approval.by());
            return Ok(Deployed::Refused(why));
        }
        self.check_cancel()?;
        let key = self.key(patch.candidate());
        let commit = proposed.commit.clone();
        let mut output = String::new();
        let detail = format!(
            "merge {} into {}/{}, approved by {}",
            commit.short(),
            self.settings.remote,
            self.settings.branch,
            approval.by()
        );
        let merged = self.once(EffectKind::Merge, &format!("{key}/merge"), detail, |run| {
            run.merge(patch, &key, &commit, &mut output)
        })?;
        let merge = match merged {
            Ok(hash) => CommitId::new(&hash),
            Err(why) => return Ok(Deployed::Refused(why)),
        };
        let previous = self.git.parents(&merge)?.into_iter().next();
        Ok(Deployed::Done(Deployment {
            previous: previous.unwrap_or_else(|| self.base.clone()),
            merge: Some(merge),
            remote_output: if output.is_empty() {
                proposed.remote_output.clone()
            } else {
                output
            },
            at: self.now(),
            ..proposed
        }))
    }

    fn push_branch(
        &mut self,
        patch: &Patch,
        key: &str,
        branch: &str,
    ) -> Result<Result<(CommitId, String), String>, Error> {
        let at_base = patch.base.short().to_owned();
        let local = format!("refs/heads/{branch}");
        let detail = format!("commit `{}` on {at_base} as branch `{branch}`", patch.title);
        let journal_key = format!("{key}/commit/{at_base}");
        let committed = self.once(EffectKind::Commit, &journal_key, detail, |run| {
            let value = format!("{key}/commit");
            if let Some(found) =
                run.git
                    .with_trailer(&["--all"], "Shape-Idempotency-Key", &value)?
                && run.git.tree(&found)? == patch.tree
                && run.git.parents(&found)? == [patch.base.clone()]
            {
                return Ok(Ok(found.as_str().to_owned()));
            }
            let message = run.message(patch, &value);
            let commit = run
                .git
                .commit_tree(&patch.tree, &[&patch.base], &message, run.now())?;
            run.git
                .text(run.git.root(), &["update-ref", &local, commit.as_str()])?;
            Ok(Ok(commit.as_str().to_owned()))
        })?;
        let commit = match committed {
            Ok(hash) => CommitId::new(&hash),
            Err(why) => return Ok(Err(why)),
        };
        self.say(
            HealStage::Deploying,
            Some(&patch.candidate),
            format!("commit {} on branch {branch}", commit.short()),
        );
        let mut output = String::new();
        let detail = format!("push branch `{branch}` to `{}`", self.settings.remote);
        let pushed = self.once(
            EffectKind::Push,
            &format!("{key}/push/{at_base}"),
            detail,
            |run| {
                let old = run.remote_head(branch)?;
                if old.as_ref() == Some(&commit) {
                    return Ok(Ok(commit.as_str().to_owned()));
                }
                match run.push(&commit, branch, old.as_ref())? {
                    Pushed::Accepted(said) => {
                        output = said;
                        Ok(Ok(commit.as_str().to_owned()))
                    }
                    Pushed::Moved => Ok(Err(format!(
                        "somebody else pushed to `{branch}` at the same time"
                    ))),
                    Pushed::Declined(said) => Ok(Err(format!(
                        "`{}` refused branch `{branch}`: {said}",
                        run.settings.remote
                    ))),
                }
            },
        )?;
        Ok(pushed.map(|_| (commit, output)))
    }

    fn merge(
        &mut self,
        patch: &Patch,
        key: &str,
        commit: &CommitId,
        output: &mut String,
    ) -> Result<Result<String, String>, Error> {
        let value = format!("{key}/merge");
        let branch = self.settings.branch.clone();
        for _ in 0..MAX_MOVES {
            let head = self.fetch()?;
            let found = self
                .git
                .with_trailer(&[head.as_str()], "Shape-Idempotency-Key", &value)?;
            if let Some(found) = found {
                return Ok(Ok(found.as_str().to_owned()));
            }
            let tree = if head == patch.base {
                // Exactly the tree that was validated.
                patch.tree.clone()
            } else {
                match self.merged_tree(patch, commit, &head)? {
                    Ok(tree) => tree,
                    Err(why) => return Ok(Err(why)),
                }
            };
            let message = format!(
                "Merge fix of {}\n\n{}\n\nShape-Fault: {}\nShape-Recipe: {}\nShape-Idempotency-Key: {value}\n",
                self.breach.slo.id,
                one_line(&patch.title),
                self.fault_name(),
                patch.recipe,
            );
            let merge = self
                .git
                .commit_tree(&tree, &[&head, commit], &message, self.now())?;
            match self.push(&merge, &branch, Some(&head))? {
                Pushed::Accepted(said) => {
                    *output = said;
                    return Ok(Ok(merge.as_str().to_owned()));
                }
                Pushed::Moved => self.warn(
                    HealStage::Deploying,
                    Some(&patch.candidate),
                    format!(
                        "`{branch}` moved away from {}; testing once more",
                        head.short()
                    ),
                ),
                Pushed::Declined(said) => {
                    return Ok(Err(format!(
                        "`{}` refused `{branch}`: {said}",
                        self.settings.remote
                    )));
                }
            }
        }
        Ok(Err(format!(
            "`{branch}` moved {MAX_MOVES} times while the fix was merged"
        )))
    }

    /// The tree of the fix merged into a head that has moved, tested once more.
    fn merged_tree(
        &mut self,
        patch: &Patch,
        commit: &CommitId,
        head: &CommitId,
    ) -> Result<Result<String, String>, Error> {
        let worktree = self.worktree("merge", head)?;
        let merge = self.git.attempt(
            worktree.path(),
            &["merge", "--no-ff", "--no-commit", commit.as_str()],
        )?;
        if !merge.is_success {
            return Ok(Err(format!(
                "the fix does not merge with {}, to which the branch has moved: {}",
                head.short(),
                tail(&merge.stdout, 3)
            )));
        }
        let tree = worktree.tree(None)?;
        let said = self.retest(&worktree, patch)?;
        if said.passed == Some(true) {
            Ok(Ok(tree))
        } else {
            Ok(Err(format!(
                "the fix fails on {}, to which the branch has moved: {}",
                head.short(),
                said.detail
            )))
        }
    }

    /// Takes a merged fix back: the commit of the revert on the main branch.
    pub(crate) fn revert_merge(
        &mut self,
        candidate: &str,
        key: &str,
        merge: &CommitId,
    ) -> Result<Result<CommitId, String>, Error> {
        let value = format!("{key}/rollback");
        let branch = self.settings.branch.clone();
        let detail = format!("take {} back on `{branch}`", merge.short());
        let undone = self.once(EffectKind::Rollback, &value, detail, |run| {
            for _ in 0..MAX_MOVES {
                let head = run.fetch()?;
                let found =
                    run.git
                        .with_trailer(&[head.as_str()], "Shape-Idempotency-Key", &value)?;
                if let Some(found) = found {
                    return Ok(Ok(found.as_str().to_owned()));
                }
                let tree = match run.tree_without(merge, &head)? {
                    Ok(tree) => tree,
                    Err(why) => return Ok(Err(why)),
                };
                let message = format!(
                    "Take back the fix of {}\n\nNew traffic did not get better with {}.\n\nShape-Fault: {}\n\
                     Shape-Rollback-Of: {merge}\nShape-Idempotency-Key: {value}\n",
                    run.breach.slo.id,
                    merge.short(),
                    run.fault_name(),
                );
                let commit = run.git.commit_tree(&tree, &[&head], &message, run.now())?;
                match run.push(&commit, &branch, Some(&head))? {
                    Pushed::Accepted(_) => return Ok(Ok(commit.as_str().to_owned())),
                    Pushed::Moved => {}
                    Pushed::Declined(said) => {
                        return Ok(Err(format!(
                            "`{}` refused to take {} back: {said}",
                            run.settings.remote,
                            merge.short()
                        )));
                    }
                }
            }
            Ok(Err(format!("`{branch}` moved {MAX_MOVES} times")))
        })?;
        if let Ok(hash) = &undone {
            let message = format!(
                "{} takes {} back",
                &hash[..hash.len().min(8)],
                merge.short()
            );
            self.say(HealStage::RollingBack, Some(candidate), message);
        }
        Ok(undone.map(|hash| CommitId::new(&hash)))
    }

    fn tree_without(
        &mut self,
        merge: &CommitId,
        head: &CommitId,
    ) -> Result<Result<String, String>, Error> {
        if head == merge {
            let previous = self.git.parents(merge)?.into_iter().next();
            return match previous {
                Some(previous) => Ok(Ok(self.git.tree(&previous)?)),
                None => Ok(Err(format!("{} has no parent", merge.short()))),
            };
        }
        let worktree = self.worktree("rollback", head)?;
        let output = self.git.attempt(
            worktree.path(),
            &["revert", "--no-commit", "-m", "1", merge.as_str()],
        )?;
        if output.is_success {
            Ok(Ok(worktree.tree(None)?))
        } else {
            Ok(Err(format!(
                "{} can not be taken back on {}: {}",
                merge.short(),
                head.short(),
                tail(&output.stderr, 3)
            )))
        }
    }

    fn fault_name(&self) -> String {
        self.fault.signature.as_ref().map_or_else(
            || self.breach.id.to_string(),
            std::string::ToString::to_string,
        )
    }

    fn message(&self, patch: &Patch, key: &str) -> String {
        let mut paragraphs = vec![one_line(&patch.title), wrap(&self.breach.explanation, 72)];
        if let Some(path) = &patch.test_path {
            let text = format!("`{path}` fails without this change and passes with it.");
            paragraphs.push(text);
        }
        let mut trailers = vec![
            format!("Shape-Fault: {}", self.fault_name()),
            format!("Shape-Recipe: {}", patch.recipe),
        ];
        if let StrategyKind::Revert { suspect, .. } = &patch.strategy {
            trailers.push(format!("Shape-Suspect: {suspect}"));
        }
        trailers.push(format!(
            "Shape-Breach: {}",
            one_line(self.breach.id.as_str())
        ));
        trailers.push(format!("Shape-Idempotency-Key: {key}"));
        paragraphs.push(trailers.join("\n"));
        paragraphs.join("\n\n")
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
                continue;
            }
            if line.chars().count() + 1 + word.chars().count() <= width {
                line.push(' ');
                line.push_str(word);
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines.join("\n")
}
