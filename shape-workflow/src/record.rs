//! The lines of the journal.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shape_heal::Effect;

use crate::{LoopState, digest::sha256_parts};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub kind: RecordKind,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// No step failed.
    Succeeded,
    /// At least one step failed.
    Failed,
    /// Somebody asked to stop.
    Cancelled,
}

/// What a journal line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
#[non_exhaustive]
pub enum RecordKind {
    /// A run began, or was taken up again.
    RunStarted {
        /// The version of this format.
        schema_version: u32,
        /// The name of the run; part of every idempotency key.
        run_id: String,
        /// The name of the workflow.
        workflow: String,
        /// The fingerprint of the graph.
        fingerprint: String,
        /// What the fingerprint is made of, one line a step.
        graph: Vec<String>,
        /// The state the run began in.
        state: LoopState,
    },
    /// A step is about to run.
    StepStarted {
        /// The step.
        step: String,
        /// Its idempotency key.
        key: String,
        /// Counts from 1.
        attempt: u32,
        /// The state of the loop.
        state: LoopState,
    },
    /// A step ended well and its value is stored.
    StepFinished {
        /// The step.
        step: String,
        /// Its idempotency key.
        key: String,
        /// The digest of the stored value.
        sha256: String,
        /// What went in, in a few words.
        input: String,
        /// What came out, in a few words.
        output: String,
        /// How long it took.
        duration: Duration,
        /// The state of the loop.
        state: LoopState,
    },
    /// An attempt failed.
    StepFailed {
        /// The step.
        step: String,
        /// Its idempotency key.
        key: String,
        /// Counts from 1.
        attempt: u32,
        /// The error with its causes.
        error: String,
        /// How long the engine waits before the next attempt; `None` when there is none.
        retry_in: Option<Duration>,
    },
    /// A step was left out.
    StepSkipped {
        /// The step.
        step: String,
        /// Its idempotency key; `None` when a step it needs has no value.
        key: Option<String>,
        /// Why.
        reason: String,
        /// The state of the loop.
        state: LoopState,
    },
    /// An effect is about to happen.
    EffectBegun {
        /// The step that does it, where known.
        step: Option<String>,
        /// The effect.
        effect: Effect,
    },
    /// An effect happened.
    EffectFinished {
        /// The idempotency key of the effect.
        key: String,
        /// Its result (a commit hash, a path).
        result: String,
    },
    /// The state machine moved.
    StateChanged {
        /// From.
        from: LoopState,
        /// To.
        to: LoopState,
        /// Why.
        reason: String,
    },
    /// The state machine was put back to where an interrupted or failed attempt had begun.
    StateRestored {
        /// From.
        from: LoopState,
        /// To.
        to: LoopState,
        /// Why.
        reason: String,
    },
    /// The run ended.
    RunFinished {
        /// How.
        status: RunStatus,
        /// The state it ended in.
        state: LoopState,
    },
}

impl RecordKind {
    /// The version of the format that [`RecordKind::RunStarted`] names.
    pub const SCHEMA_VERSION: u32 = 1;
}

// A line is `{"sha256":"<64 digits>","record":<body>}`: JSON for every reader, and the body can be cut out byte by byte
// for the digest without writing it anew.
const HEAD: &str = r#"{"sha256":""#;
const MIDDLE: &str = r#"","record":"#;
const TAIL: &str = "}";
const DIGEST_LEN: usize = 64;

/// The digest before the first record.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The line of a record without its line feed, and the digest that the next record is chained to.
pub(crate) fn encode(
    previous: &str,
    record: &Record,
) -> Result<(String, String), serde_json::Error> {
    let body = serde_json::to_string(record)?;
    let digest = sha256_parts([previous, &body]);
    Ok((format!("{HEAD}{digest}{MIDDLE}{body}{TAIL}"), digest))
}

/// Reads a line, or says what is wrong with it.
pub(crate) fn decode(previous: &str, seq: u64, line: &[u8]) -> Result<(Record, String), String> {
    let line = str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let (digest, body) = line
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_at_checked(DIGEST_LEN))
        .and_then(|(digest, rest)| {
            let body = rest.strip_prefix(MIDDLE)?.strip_suffix(TAIL)?;
            Some((digest, body))
        })
        .ok_or_else(|| format!("expected `{HEAD}…{MIDDLE}…{TAIL}`"))?;
    if sha256_parts([previous, body]) != digest {
        return Err("its checksum does not match the record and those before it".to_owned());
    }
    let record: Record = serde_json::from_str(body).map_err(|error| error.to_string())?;
    if record.seq != seq {
        return Err(format!("expected record {seq}, it says {}", record.seq));
    }
    Ok((record, digest.to_owned()))
}
