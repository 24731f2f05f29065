//! Message templates.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A stable fingerprint of a template: the same text has the same id in every run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateId(Arc<str>);

impl TemplateId {
    /// An id from its text form.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
