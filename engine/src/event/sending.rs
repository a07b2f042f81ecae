//! What `send` has to say.

use std::collections::BTreeMap;

use pipe_local::event as moved;
use schemars::JsonSchema;
use serde::Serialize;

use super::using;

/// An event was answered (`send`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Sent {
    /// Its number in this run, from 1.
    pub n: u32,
    /// The answer's status.
    pub status: u16,
    /// Where it went; absent where nothing took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<moved::Location>,
    /// Its record's id there, of a stream the sequence number; absent where it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// All events are answered (`send`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SentAll {
    /// How many were to be sent; where only the time was given, how many were.
    pub count: u32,
    /// How many were answered.
    pub answered: u32,
    /// How many of those were not taken.
    pub refused: u32,
    /// How many had each status.
    pub statuses: BTreeMap<u16, u32>,
    /// Time that it took.
    pub milliseconds: u64,
    /// Answers in a second.
    pub events_per_second: u64,
    /// How long answers took, from the moment at which their events were due; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// How many events began more than 100 ms after they were due, with `--rate`.
    pub late: u32,
}

/// How long answers took, in milliseconds: no more than so long took the half of them, 90 %, 99 %, and all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Latency {
    /// The half.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// All.
    pub max: f64,
}

/// Where an event went (`send --follow`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Followed {
    /// Its number in this run, from 1.
    pub n: u32,
    /// Where it was sent to.
    pub location: moved::Location,
    /// Its record's id there, of a stream the sequence number.
    pub record: String,
    /// Where it is.
    pub went: using::Went,
    /// Why it is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether its key was the user's, so that an earlier event may have made the row.
    pub given_key: bool,
}

/// Where all events went (`send --follow`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FollowedAll {
    /// How many are rows.
    pub rows: usize,
    /// How many are dead letters.
    pub dead_letters: usize,
    /// How many the consumer took without a row under their key, as far as that is known.
    pub taken: usize,
    /// How many are nowhere to be seen yet.
    pub on_the_way: usize,
}
