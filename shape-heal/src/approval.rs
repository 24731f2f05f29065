//! Who allows a deployment.

use jiff::Timestamp;
use shape_compliance::Breach;
use shape_telemetry::ComponentId;

use crate::{HealHistory, Patch, Policy, Refusal, Validated};

/// Leave to deploy one validated patch: given by the policy within its guard rails, or by a person.
///
/// Without it nothing is merged. It is bound to the patch that it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Approval {
    candidate: String,
    tree: String,
    by: String,
    at: Timestamp,
}

impl Approval {
    /// Leave by a person, who has seen the patch.
    pub fn by_person(patch: &Validated<Patch>, who: &str, at: Timestamp) -> Self {
        Self::new(patch, who, at)
    }

    fn new(patch: &Validated<Patch>, by: &str, at: Timestamp) -> Self {
        Self {
            candidate: patch.get().candidate.clone(),
            tree: patch.get().tree.clone(),
            by: by.to_owned(),
            at,
        }
    }

    /// Who gave it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    pub(crate) fn is_for(&self, patch: &Patch) -> bool {
        self.candidate == patch.candidate && self.tree == patch.tree
    }
}

impl Policy {
    /// Gives leave to deploy, or says which guard rail refuses.
    pub(crate) fn approve(
        &self,
        patch: &Validated<Patch>,
        breach: &Breach,
        component: &ComponentId,
        history: &HealHistory,
        now: Timestamp,
    ) -> Result<Approval, Refusal> {
        self.may_deploy(
            breach,
            component,
            patch.get(),
            patch.was_replayed(),
            history,
            now,
        )
        .map(|()| Approval::new(patch, "policy", now))
        .map_err(|refusal| Refusal {
            candidate: Some(patch.get().candidate.clone()),
            ..refusal
        })
    }
}
