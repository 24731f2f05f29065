//! Objectives.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_sli::{Events, Indicator};
use shape_telemetry::ComponentId;

use crate::{Error, Target, Window, error::Repr};

/// The name of an objective, `canvas/latency-100ms` for example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SloId(Arc<str>);

impl SloId {
    /// An id from its text form.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The name of the objective for an indicator of a component: `canvas/latency-100ms`.
    pub fn of(component: &ComponentId, indicator: Indicator) -> Self {
        Self::new(&indicator.sli_id(component))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SloId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a budget is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum BudgetingMethod {
    /// Good events of all events.
    #[default]
    Occurrences,
    /// Good slices of all slices that have data.
    Timeslices {
        /// The length of a slice in seconds.
        slice_seconds: u64,
        /// The share of good events that makes a slice good.
        slice_target: Target,
    },
    /// The mean of the slices' good shares.
    RatioTimeslices {
        /// The length of a slice in seconds.
        slice_seconds: u64,
    },
}

/// Whether somebody stands behind a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum Standing {
    /// Computed from history; a proposal.
    Derived,
    /// Accepted or written by a person.
    Ratified {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// Why a derived target is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rationale {
    /// Good events in the history.
    pub good: u64,
    /// Events in the history.
    pub total: u64,
    /// Non-overlapping windows in the history.
    pub windows: u64,
    /// The confidence that the history supports, in 0..=1.
    pub confidence: f64,
    /// One sentence for people.
    pub explanation: String,
}

/// One promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// The name.
    pub id: SloId,
    /// The component.
    pub component: ComponentId,
    /// What is counted.
    pub indicator: Indicator,
    /// The share that must be good.
    pub target: Target,
    /// Over which time.
    pub window: Window,
    /// How the budget is counted.
    pub method: BudgetingMethod,
    /// Below this number of events the answer is "too few events".
    pub min_events: u64,
    /// Whether somebody stands behind it.
    pub standing: Standing,
    /// Why, for a derived target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<Rationale>,
}

impl Slo {
    /// An objective over all events, at least one of them, that somebody still has to ratify.
    ///
    /// ```
    /// use shape_sli::Indicator;
    /// use shape_slo::{Slo, Window};
    /// use shape_telemetry::ComponentId;
    ///
    /// let slo = Slo::new(
    ///     &ComponentId::new("canvas"),
    ///     Indicator::Availability,
    ///     "99.9%".parse()?,
    ///     Window::rolling_days(28),
    /// );
    /// assert_eq!(slo.id.as_str(), "canvas/availability");
    /// assert_eq!(slo.to_string(), "canvas/availability >= 99.9% over 28d");
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    pub fn new(
        component: &ComponentId,
        indicator: Indicator,
        target: Target,
        window: Window,
    ) -> Self {
        Self {
            id: SloId::of(component, indicator),
            component: component.clone(),
            indicator,
            target,
            window,
            method: BudgetingMethod::Occurrences,
            min_events: 1,
            standing: Standing::Derived,
            rationale: None,
        }
    }

    /// Whether somebody stands behind it: only then can it be breached.
    pub fn is_ratified(&self) -> bool {
        matches!(self.standing, Standing::Ratified { .. })
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} >= {} over {}", self.id, self.target, self.window)
    }
}

/// An indicator that got no objective, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The component.
    pub component: ComponentId,
    /// The indicator; `None` when the component has none of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<Indicator>,
    /// What was seen of it.
    pub events: Events,
    /// One sentence for people.
    pub reason: String,
}

/// All promises of a service, by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloSet {
    /// The version of this format.
    pub schema_version: u32,
    /// The service.
    pub service: String,
    /// The promises, sorted by id.
    pub slos: Vec<Slo>,
    /// What got no promise, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

impl SloSet {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "slo-targets.json";

    /// The promises of a service; sorts them by id.
    pub fn new(service: &str, mut slos: Vec<Slo>) -> Self {
        slos.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            schema_version: Self::SCHEMA_VERSION,
            service: service.to_owned(),
            slos,
            skipped: Vec::new(),
        }
    }

    /// Reads the artifact `slo-targets.json`.
    ///
    /// # Errors
    ///
    /// When the text is not such an artifact (an unknown field, a contradiction: the message has line and column), or
    /// one of another version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let set: Self = serde_json::from_str(text).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        if set.schema_version == Self::SCHEMA_VERSION {
            Ok(set)
        } else {
            Err(Repr::UnsupportedVersion {
                seen: set.schema_version,
                expected: Self::SCHEMA_VERSION,
            }
            .into())
        }
    }

    /// Writes the artifact, indented, with a final line feed; the same set gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a figure is not a number, which no recommendation of this crate yields.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Repr::Json {
            message: error.to_string(),
        })?;
        text.push('\n');
        Ok(text)
    }

    /// A promise by name.
    pub fn find(&self, id: &SloId) -> Option<&Slo> {
        self.slos.iter().find(|slo| slo.id == *id)
    }

    /// Takes up newer proposals: new objectives are added, derived ones may be raised, and nothing is ever lowered by itself.
    ///
    /// A bad week makes a lower proposal; were it taken, a service would promise whatever it happens to do. Ratified
    /// objectives stay as they are; lowering one is for a person, who writes it.
    ///
    /// ```
    /// use shape_sli::Indicator;
    /// use shape_slo::{Slo, SloSet, Target, Window};
    /// use shape_telemetry::ComponentId;
    ///
    /// let week = |target: &str| -> Result<SloSet, shape_slo::Error> {
    ///     let shop = ComponentId::new("shop");
    ///     let slo = Slo::new(&shop, Indicator::Availability, target.parse()?, Window::rolling_days(28));
    ///     Ok(SloSet::new("shop", vec![slo]))
    /// };
    /// let after_a_bad_week = week("99.9%")?.propose(week("99%")?);
    /// assert_eq!(after_a_bad_week, week("99.9%")?);
    /// assert_eq!(after_a_bad_week.propose(week("99.95%")?), week("99.95%")?);
    /// # Ok::<(), shape_slo::Error>(())
    /// ```
    #[must_use]
    pub fn propose(mut self, newer: Self) -> Self {
        for proposal in newer.slos {
            match self.slos.iter_mut().find(|slo| slo.id == proposal.id) {
                None => self.slos.push(proposal),
                Some(known) if !known.is_ratified() && known.target < proposal.target => {
                    *known = proposal;
                }
                Some(_) => {}
            }
        }
        self.slos.sort_by(|a, b| a.id.cmp(&b.id));
        let has = |skipped: &Skipped| {
            let same = |slo: &Slo| {
                slo.component == skipped.component && Some(slo.indicator) == skipped.indicator
            };
            self.slos.iter().any(same)
        };
        self.skipped = newer
            .skipped
            .into_iter()
            .filter(|skipped| !has(skipped))
            .collect();
        self
    }

    /// Turns every derived promise into a ratified one; those ratified before keep their name and date.
    #[must_use]
    pub fn ratify(mut self, by: &str, at: Timestamp) -> Self {
        for slo in &mut self.slos {
            if slo.standing == Standing::Derived {
                slo.standing = Standing::Ratified {
                    by: by.to_owned(),
                    at,
                };
            }
        }
        self
    }
}
