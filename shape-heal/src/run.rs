//! What one run of healing works with.

use jiff::Timestamp;
use shape_compliance::Breach;
use shape_lineage::CommitId;

use crate::{
    Cancel, Effect, EffectJournal, EffectKind, Environment, Error, HealEvent, HealHistory,
    HealReport, HealStage, Knowledge, Observation, Validated,
    error::Repr,
    fault::{Fault, digest},
    git::Git,
    healer::Settings,
    patch::Patch,
    worktree::{Worktree, WorktreeFolder},
};

/// Asks a person whether a validated patch may be deployed.
pub(crate) type Approver<'a> = dyn FnMut(&Validated<Patch>) -> Option<crate::Approval> + 'a;

/// One run: the outside world, the case, and the report that grows.
pub(crate) struct Run<'r> {
    pub(crate) settings: &'r Settings,
    pub(crate) environment: &'r mut dyn Environment,
    pub(crate) journal: &'r mut dyn EffectJournal,
    pub(crate) clock: &'r dyn Fn() -> Timestamp,
    pub(crate) observer: &'r mut dyn FnMut(&HealEvent),
    pub(crate) approver: Option<&'r mut Approver<'r>>,
    pub(crate) cancel: Cancel,
    pub(crate) git: Git,
    pub(crate) worktrees: &'r WorktreeFolder,
    pub(crate) breach: &'r Breach,
    pub(crate) breached: &'r Observation,
    pub(crate) fault: Fault,
    pub(crate) history: HealHistory,
    pub(crate) knowledge: Knowledge,
    pub(crate) report: HealReport,
    /// The head of the deployed branch; what candidates are built on.
    pub(crate) base: CommitId,
    pub(crate) before: Option<Before>,
}

/// The deployed revision in a worktree of its own, for reproductions and the first arm of replays.
pub(crate) struct Before {
    pub(crate) worktree: Worktree,
    /// Whether it builds, and what the command said.
    pub(crate) build: crate::gates::Said,
    /// Whether its own tests pass without a generated one, once asked.
    pub(crate) own_tests: Option<bool>,
    /// Whether replayed load breaks the promise, once asked.
    pub(crate) reproduction: Option<crate::gates::Said>,
}

impl Run<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Stops at a safe point when somebody asked to.
    pub(crate) fn check_cancel(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            Err(Repr::Cancelled.into())
        } else {
            Ok(())
        }
    }

    pub(crate) fn say(&mut self, stage: HealStage, candidate: Option<&str>, message: String) {
        self.emit(stage, candidate, message, false);
    }

    pub(crate) fn warn(&mut self, stage: HealStage, candidate: Option<&str>, message: String) {
        self.emit(stage, candidate, message, true);
    }

    fn emit(&mut self, stage: HealStage, candidate: Option<&str>, message: String, problem: bool) {
        (self.observer)(&HealEvent {
            stage,
            candidate: candidate.map(str::to_owned),
            message,
            is_problem: problem,
        });
    }

    /// The idempotency key of a candidate in this incident. A resumed attempt has the same key, a new one another.
    pub(crate) fn key(&self, candidate: &str) -> String {
        let n_ended = self
            .history
            .attempts()
            .iter()
            .filter(|attempt| attempt.breach == self.breach.id && attempt.candidate == candidate)
            .filter(|attempt| attempt.result.is_ended())
            .count();
        let key = format!(
            "{}-{}",
            digest(self.breach.id.as_str(), 8),
            digest(candidate, 8)
        );
        match n_ended {
            0 => key,
            n => format!("{key}-{n}"),
        }
    }

    /// Journals an effect and does it, unless the journal knows its result.
    ///
    /// `act` itself looks whether the effect is there already: the journal may have been cut off between the effect
    /// and its record. An effect that was refused (by a hook, say) did not happen and is not recorded as finished.
    pub(crate) fn once(
        &mut self,
        kind: EffectKind,
        key: &str,
        detail: String,
        act: impl FnOnce(&mut Self) -> Result<Result<String, String>, Error>,
    ) -> Result<Result<String, String>, Error> {
        let effect = Effect {
            kind,
            key: key.to_owned(),
            detail,
        };
        if let Some(result) = self.journal.begin(&effect).map_err(Repr::Journal)? {
            return Ok(Ok(result));
        }
        let result = act(self)?;
        if let Ok(result) = &result {
            self.journal.finish(key, result).map_err(Repr::Journal)?;
        }
        Ok(result)
    }

    /// Makes a throw-away worktree, journalled before it is there.
    pub(crate) fn worktree(&mut self, name: &str, commit: &CommitId) -> Result<Worktree, Error> {
        let path = self.worktrees.path(name);
        let key = format!("worktree/{}/{name}", self.fault.id);
        let effect = Effect {
            kind: EffectKind::Worktree,
            key: key.clone(),
            detail: format!("worktree of {} at `{}`", commit.short(), path.display()),
        };
        // A worktree of an earlier run is gone: its result is not looked at, it is made anew.
        self.journal.begin(&effect).map_err(Repr::Journal)?;
        let worktree = self.worktrees.add(name, commit)?;
        self.journal
            .finish(&key, &path.to_string_lossy())
            .map_err(Repr::Journal)?;
        Ok(worktree)
    }

    pub(crate) fn save_history(&self) -> Result<(), Error> {
        match &self.settings.history_path {
            Some(path) => self.history.save(path),
            None => Ok(()),
        }
    }

    pub(crate) fn save_knowledge(&self) -> Result<(), Error> {
        match &self.settings.knowledge_path {
            Some(path) => self.knowledge.save(path),
            None => Ok(()),
        }
    }
}
