//! What healing did.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_compliance::BreachId;
use shape_lineage::CommitId;
use shape_sli::Events;
use shape_telemetry::{AnomalyId, ComponentId, SourceLocation};

use crate::{CommandReport, Error, FaultSignature, error::Repr};

/// How far healing may go by itself.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Only says what it would try.
    #[default]
    Observe,
    /// Validates and pushes a branch for a person to merge.
    Propose,
    /// Deploys what is validated and within the guard rails.
    Auto,
}

/// How a candidate changes the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[non_exhaustive]
pub enum StrategyKind {
    /// A structural rewrite at the traced line.
    Rewrite {
        /// The place rewritten.
        at: SourceLocation,
    },
    /// Taking back a suspect commit, with the later commits that stand on the same lines.
    Revert {
        /// The suspect.
        suspect: CommitId,
        /// All commits taken back, newest first; the suspect is the last.
        commits: Vec<CommitId>,
    },
}

/// A check that a candidate has to pass, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gate {
    /// The recipe's preconditions hold.
    Preconditions,
    /// The change applies, and the result parses no worse than before.
    Applies,
    /// The change is within the guard rails.
    Guards,
    /// The reproduction fails without the change.
    ReproducesBefore,
    /// The changed service compiles.
    Builds,
    /// The service's own tests pass, and so does the generated one.
    TestsPass,
    /// Replayed load measures better, by a statistical test.
    ReplayImproves,
}

/// What a gate said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// The gate.
    pub gate: Gate,
    /// Whether it let the candidate through; `None` when it could not be tried, which `detail` explains.
    pub passed: Option<bool>,
    /// What was seen.
    pub detail: String,
    /// The command behind it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandReport>,
    /// How long it took.
    pub duration: Duration,
}

/// How far a candidate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CandidateState {
    /// Not tried, since a better one was found first.
    NotTried,
    /// A gate refused it.
    Refused,
    /// It passed every gate.
    Validated,
    /// It was pushed for a person to merge.
    Proposed,
    /// It runs in production.
    Deployed,
    /// It was deployed and taken back.
    RolledBack,
}

/// A comparison of two runs, with sample sizes and a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What was compared: `canvas/latency-50ms`, `canvas latency`, …
    pub what: String,
    /// Good and total before.
    pub before: Events,
    /// Good and total after.
    pub after: Events,
    /// 95th percentile before, in milliseconds.
    pub p95_before_ms: Option<f64>,
    /// 95th percentile after, in milliseconds.
    pub p95_after_ms: Option<f64>,
    /// The change and its 95 % interval, in the unit that `unit` names.
    pub change: f64,
    /// Lower bound.
    pub change_lower: f64,
    /// Upper bound.
    pub change_upper: f64,
    /// `percentage points of good events`, `ms`.
    pub unit: String,
    /// The test.
    pub test: String,
    /// Its p value.
    pub p_value: f64,
    /// Whether it is better by the test and by the least effect that counts.
    pub is_better: bool,
    /// Whether it is worse by the same standard.
    pub is_worse: bool,
}

/// One possible fix and how it fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// A stable id: recipe, place or commit.
    pub id: String,
    /// The recipe's id.
    pub recipe: String,
    /// One line for people.
    pub title: String,
    /// How it changes the code; `None` when it does not come so far.
    pub strategy: Option<StrategyKind>,
    /// Probability of success, from what was learned (mean of a Beta).
    pub success_probability: f64,
    /// Successes and failures that it rests on, discounted with age.
    pub experience: (f64, f64),
    /// Share of the affected requests that it would help, in 0..=1.
    pub benefit: f64,
    /// What failure costs, on the scale of `benefit`.
    pub cost: f64,
    /// `p × benefit − (1 − p) × cost`: what the ranking goes by.
    pub expected_benefit: f64,
    /// How far it came.
    pub state: CandidateState,
    /// The gates tried, in order.
    pub gates: Vec<GateResult>,
    /// The change as a unified diff, the generated test included; empty when none was made.
    pub diff: String,
    /// The path of the generated regression test, relative to the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_path: Option<String>,
    /// The replay's comparisons.
    pub comparisons: Vec<Comparison>,
}

/// What was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The candidate.
    pub candidate: String,
    /// The branch of the fix.
    pub branch: String,
    /// The commit of the fix.
    pub commit: CommitId,
    /// The merge commit on the main branch; `None` when only proposed.
    pub merge: Option<CommitId>,
    /// The revision that ran before.
    pub previous: CommitId,
    /// What the remote said (the output of its hooks), last lines.
    pub remote_output: String,
    /// When.
    pub at: Timestamp,
}

/// What new traffic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationVerdict {
    /// Better.
    Improved,
    /// Not better.
    NotImproved,
    /// Worse.
    Worse,
    /// Too little traffic to say.
    Inconclusive,
}

/// The measurement after the deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The verdict.
    pub verdict: VerificationVerdict,
    /// Whether the new traffic alone keeps the broken promise; `None` with too few events.
    pub promise_kept: Option<bool>,
    /// The figures.
    pub comparisons: Vec<Comparison>,
    /// One sentence.
    pub explanation: String,
}

/// A refusal by a guard rail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The rule: `max_attempts`, `cooldown`, `breaker`, `blast_radius`, `freeze`, `kill_switch`, `mode`, …
    pub rule: String,
    /// What it refused and why.
    pub detail: String,
    /// The candidate, where it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The fault.
    pub signature: FaultSignature,
    /// The recipe.
    pub recipe: String,
    /// Whether it helped; `None` when that can not be said.
    pub helped: Option<bool>,
    /// Probability of success before and after.
    pub probability: (f64, f64),
}

/// How healing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HealOutcome {
    /// No promise is broken: nothing was changed.
    NothingToHeal,
    /// Only observed, as the mode says.
    Observed,
    /// A validated fix waits for a person.
    Proposed,
    /// A fix is deployed and new traffic is better.
    Healed,
    /// A fix was deployed, did not help, and was taken back.
    RolledBack,
    /// Nothing passed the gates: a person is needed.
    Escalated,
    /// Somebody asked to stop; nothing is half-done.
    Interrupted,
}

/// What healing did and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealReport {
    /// The version of this format.
    pub schema_version: u32,
    /// The breach that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachId>,
    /// The component that the cause lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentId>,
    /// The fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<FaultSignature>,
    /// The anomalies it goes by, leading first.
    pub anomalies: Vec<AnomalyId>,
    /// How far it could go.
    pub mode: Mode,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: HealOutcome,
    /// Why, in one sentence.
    pub explanation: String,
    /// The candidates, best expected benefit first.
    pub candidates: Vec<Candidate>,
    /// What was deployed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<Deployment>,
    /// What new traffic said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Refusals, in order.
    pub refusals: Vec<Refusal>,
    /// What was learned.
    pub lessons: Vec<Lesson>,
}

impl HealReport {
    /// The version of the format that this crate writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The name of the artifact.
    pub const FILE_NAME: &'static str = "heal-report.json";

    /// Reads the artifact. Unknown fields and other versions are refused.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let report: Self =
            serde_json::from_str(text).map_err(|error| Repr::Report(error.to_string()))?;
        if report.schema_version == Self::SCHEMA_VERSION {
            Ok(report)
        } else {
            let message = format!(
                "`schema_version` is {}, expected {}",
                report.schema_version,
                Self::SCHEMA_VERSION
            );
            Err(Repr::Report(message).into())
        }
    }

    /// Writes the artifact, indented, with a final line feed.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self)
            .map(|json| json + "\n")
            .map_err(|error| Repr::Report(error.to_string()).into())
    }

    /// The report of a time at which no promise was broken.
    pub fn nothing_to_heal(mode: Mode, now: Timestamp) -> Self {
        Self {
            schema_version: Self::SCHEMA_VERSION,
            breach: None,
            component: None,
            signature: None,
            anomalies: Vec::new(),
            mode,
            started_at: now,
            ended_at: now,
            outcome: HealOutcome::NothingToHeal,
            explanation: "no promise is broken: nothing was changed".to_owned(),
            candidates: Vec::new(),
            deployment: None,
            verification: None,
            refusals: Vec::new(),
            lessons: Vec::new(),
        }
    }
}
