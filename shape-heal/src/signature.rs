//! What a fault looks like, apart from when it happened.

use std::fmt;

use serde::{Deserialize, Serialize};
use shape_telemetry::{AnomalyKind, ComponentId, TemplateId};

/// The signature that learning and attempt limits go by: the same fault has the same signature next week.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSignature {
    /// The component that the cause lies in.
    pub component: ComponentId,
    /// The kind of the leading anomaly.
    pub kind: AnomalyKind,
    /// The template of the leading anomaly, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
}

impl fmt::Display for FaultSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.component, self.kind)?;
        self.template
            .as_ref()
            .map_or(Ok(()), |template| write!(f, "/{template}"))
    }
}
