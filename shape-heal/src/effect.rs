//! Effects, written down before they happen.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// What kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EffectKind {
    /// A throw-away worktree is made.
    Worktree,
    /// A commit is made.
    Commit,
    /// A branch is pushed.
    Push,
    /// The fix is merged and the main branch pushed.
    Merge,
    /// The service is restarted.
    Restart,
    /// A deployed fix is taken back.
    Rollback,
}

/// An effect with its idempotency key: the same key never happens twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// What it is.
    pub kind: EffectKind,
    /// The idempotency key.
    pub key: String,
    /// What it does, in one sentence, with all that undoing it needs (a path, a branch).
    pub detail: String,
}

/// A write-ahead record of effects.
///
/// [`EffectJournal::begin`] is called before an effect and must be durable when it returns. When the effect with this
/// key is finished already, it returns the recorded result and the effect is skipped.
pub trait EffectJournal {
    /// Notes that the effect is about to happen.
    fn begin(&mut self, effect: &Effect) -> std::io::Result<Option<String>>;

    /// Notes its result (a commit hash, a path).
    fn finish(&mut self, key: &str, result: &str) -> std::io::Result<()>;
}

/// A journal in memory, for tests.
#[derive(Clone, Default)]
pub struct MemoryJournal {
    /// Every effect begun, in order.
    pub begun: Vec<Effect>,
    /// The results by key.
    pub finished: BTreeMap<String, String>,
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal")
            .field("begun", &self.begun)
            .field("finished", &self.finished)
            .finish()
    }
}

impl EffectJournal for MemoryJournal {
    fn begin(&mut self, effect: &Effect) -> std::io::Result<Option<String>> {
        self.begun.push(effect.clone());
        Ok(self.finished.get(&effect.key).cloned())
    }

    fn finish(&mut self, key: &str, result: &str) -> std::io::Result<()> {
        self.finished.insert(key.to_owned(), result.to_owned());
        Ok(())
    }
}
