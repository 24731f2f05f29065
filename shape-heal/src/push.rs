//! Fetching from and pushing to the remote.

use shape_lineage::CommitId;

use crate::{
    Error,
    error::Repr,
    git::{GitOutput, tail},
    run::Run,
};

/// What the remote made of a push.
pub(crate) enum Pushed {
    Accepted(String),
    /// The branch is not where it was.
    Moved,
    /// A hook or a rule of the remote refused.
    Declined(String),
}

impl Run<'_> {
    /// Fetches the main branch; its head.
    pub(crate) fn fetch(&self) -> Result<CommitId, Error> {
        let (remote, branch) = (&self.settings.remote, &self.settings.branch);
        let tracking = format!("refs/remotes/{remote}/{branch}");
        let refspec = format!("+refs/heads/{branch}:{tracking}");
        self.git.text(
            self.git.root(),
            &["fetch", "--quiet", "--no-tags", remote, &refspec],
        )?;
        self.git
            .commit(&tracking)?
            .ok_or_else(|| Repr::Config(format!("`{remote}` has no branch `{branch}`")).into())
    }

    pub(crate) fn remote_head(&self, branch: &str) -> Result<Option<CommitId>, Error> {
        let name = format!("refs/heads/{branch}");
        let text = self.git.text(
            self.git.root(),
            &["ls-remote", &self.settings.remote, &name],
        )?;
        Ok(text.split_whitespace().next().map(CommitId::new))
    }

    /// Pushes a commit to a branch whose head is known. `--force-with-lease` with that head makes the push fail when
    /// the branch has moved in any way; nothing that is there is ever overwritten on the main branch, since what is
    /// pushed there descends from that head.
    pub(crate) fn push(
        &self,
        commit: &CommitId,
        branch: &str,
        old: Option<&CommitId>,
    ) -> Result<Pushed, Error> {
        let name = format!("refs/heads/{branch}");
        let lease = format!(
            "--force-with-lease={name}:{}",
            old.map_or("", CommitId::as_str)
        );
        let refspec = format!("{commit}:{name}");
        let args = [
            "push",
            "--porcelain",
            &lease,
            &self.settings.remote,
            &refspec,
        ];
        let output = self.git.attempt(self.git.root(), &args)?;
        let said = remote_output(&output);
        if output.is_success {
            return Ok(Pushed::Accepted(said));
        }
        let all = format!("{}\n{}", output.stdout, output.stderr);
        let has = |needles: &[&str]| needles.iter().any(|needle| all.contains(needle));
        if has(&[
            "stale info",
            "non-fast-forward",
            "fetch first",
            "incorrect old value",
            "cannot lock ref",
        ]) {
            Ok(Pushed::Moved)
        } else if has(&[
            "[remote rejected]",
            "hook declined",
            "denying",
            "protected branch",
        ]) {
            Ok(Pushed::Declined(if said.is_empty() {
                tail(&all, 4)
            } else {
                said
            }))
        } else {
            Err(Repr::Git {
                command: args.join(" "),
                dir: self.git.root().to_owned(),
                message: tail(&output.stderr, 12),
            }
            .into())
        }
    }
}

/// What the remote's hooks wrote, without git's own chatter.
fn remote_output(output: &GitOutput) -> String {
    let lines: Vec<&str> = output
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("remote:"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    tail(&lines.join("\n"), 12)
}
