//! What the commands have to say that send letters and records once more, and take letters out of their queue.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::using::Shape;

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The function took it, and its message is deleted.
    Taken,
    /// The function took it, and its message could not be deleted: the next redrive sends it once more.
    Undeleted,
    /// The function did not take all of it; it stays.
    Failed,
    /// It did not go to the function, or not all of it is to be had any more; it stays.
    Kept,
}

/// A letter went to the function once more, or could not (`dlq redrive`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Redriven {
    /// The message's id.
    pub id: String,
    /// Who wrote it.
    pub shape: Shape,
    /// Why it was a letter.
    pub reason: String,
    /// The event's id; of a batch its first record's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// How many records went to the function.
    pub records: usize,
    /// How many of them it did not take.
    pub failed: usize,
    /// Why it stays; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The end of a redrive (`dlq redrive`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RedrivenAll {
    /// Letters that the function took, and that are deleted.
    pub taken: usize,
    /// Letters of which it did not take all.
    pub failed: usize,
    /// Letters that did not go to it, or that could not be deleted.
    pub kept: usize,
    /// Letters whose events went to the function in this run already, and that are in the queue again.
    pub came_back: usize,
    /// Records that the function took.
    pub records: usize,
    /// Whether there may be letters that were not looked at.
    pub more: bool,
    /// Whether it was ended early, by Ctrl-C.
    pub interrupted: bool,
    /// Time that it took.
    pub milliseconds: u64,
}

/// A shard was sent once more, as far as it went (`replay`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Replayed {
    /// The shard's id.
    pub shard: String,
    /// How many of its records the function took; with `--dry-run`, how many it would get.
    pub records: usize,
    /// Where to go on, for `--from`; absent where all of it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Why it ended there; absent where the run was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The end of a replay (`replay`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReplayedAll {
    /// How many records the function took; with `--dry-run`, how many it would get.
    pub records: usize,
    /// Where to go on, for `--from`; empty where all was sent. A shard goes on with those that came of it.
    pub from: Vec<String>,
    /// Whether it was ended early, by Ctrl-C.
    pub interrupted: bool,
    /// Time that it took.
    pub milliseconds: u64,
}

/// How many letters there are (`dlq redrive --dry-run`, `dlq purge`).
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Counted {
    /// How many in all.
    pub letters: usize,
    /// How many for each reason.
    pub reasons: BTreeMap<String, usize>,
    /// How many are not meant: with another reason or id, or of another tool or pipeline. They are left alone.
    pub of_others: usize,
    /// Whether there may be more.
    pub more: bool,
}

/// Letters were written (`dlq export`).
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Written {
    /// How many letters were looked at.
    pub letters: usize,
    /// How many events of them were written.
    pub events: usize,
    /// Of how many letters some or all events could not be had.
    pub incomplete: usize,
    /// Whether there may be more letters.
    pub more: bool,
}

/// Letters were deleted (`dlq purge`).
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Purged {
    /// How many.
    pub deleted: usize,
    /// How many of those that were counted are still there.
    pub left: usize,
}
