//! What a command has to say to machines: each line of `--json` is one [`Event`] with the version of their shape.
//!
//! A run sends its part of them while it lasts; the reporter turns those into lines for people where `--json` is not given.
//! `schema/events.json` is generated from these types ([`schema()`]), descriptions included, and tests hold the output to it.

mod line;
pub mod logs;
mod parts;
pub mod redrive;
mod schema;
pub mod sending;
pub mod status;
pub mod trace;
pub mod using;

use std::collections::BTreeMap;

use pipe_local::event as moved;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::plan::{Change, Used, Verb};
use crate::resource::Id;
use crate::spec::Located;
pub use parts::{Building, Failure, GraphNode, Openapi, Up, milliseconds};
pub use schema::schema;

/// Version of the lines' shape; grows when a member changes its meaning or goes away, not when one is added.
pub const VERSION: u32 = 1;

/// One line of `pipe --json`: what happened, or what was asked for.
///
/// `apply` and `destroy` print `plan`, then for each step `started`, any number of `waiting` and `call_failed`, and one of `done`,
/// `failed` and `skipped`; then `summary`, and after an `apply` that succeeded `outputs`. `plan` comes twice where another run was
/// waited for: the last one is what is run. `dev` prints the same for each apply, then once `up`, then what moves.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(deny_unknown_fields)]
pub enum Event {
    /// What is to be done: nothing, where there are no changes.
    Plan {
        /// The pipeline's name.
        pipeline: String,
        /// What changes, in the order of needs, deletes last.
        changes: Vec<Change>,
        /// What the pipeline uses and never changes.
        uses: Vec<Used>,
        /// What stays behind when all is deleted, and why.
        left: Vec<String>,
        /// What else is worth knowing.
        notes: Vec<String>,
    },
    /// A step began.
    Started {
        /// The resource's id.
        id: Id,
        /// The resource's kind, as in `kinesis:Stream`.
        kind: &'static str,
        /// The resource's name.
        name: String,
        /// What is done to it.
        verb: Verb,
    },
    /// Cargo builds the user's own handler; printed after a second, and every 10 seconds.
    Building(Building),
    /// A step waits for something that AWS has to do.
    Waiting {
        /// The resource's id.
        id: Id,
        /// The reason.
        waiting_for: String,
    },
    /// How far a run is, where it said nothing else but of failed calls for 10 seconds.
    Progress {
        /// How many steps have succeeded.
        done: usize,
        /// How many steps the plan has.
        total: usize,
        /// The ids of the resources whose steps have begun and not ended.
        under_way: Vec<Id>,
        /// Time since the run began.
        milliseconds: u64,
    },
    /// A call to AWS failed: it is made again, or its step has failed. An answer that a step expects ("not found") is not a failure.
    CallFailed {
        /// The id of the resource whose step made the call.
        id: Id,
        /// The failure. Operation and message are always there, code and request id where there was an answer.
        error: Failure,
        /// Whether it is tried again, unless the run is stopped first.
        again: bool,
    },
    /// A step succeeded.
    Done {
        /// The resource's id.
        id: Id,
        /// What was done to it.
        verb: Verb,
        /// Time that the step took.
        milliseconds: u64,
        /// What became of it, for people: `created`, `updated`, `deleted`, and what else there is to say of it.
        outcome: &'static str,
    },
    /// A step failed; what depends on it is skipped.
    Failed {
        /// The resource's id.
        id: Id,
        /// What was to be done to it.
        verb: Verb,
        /// Why it failed.
        error: Failure,
    },
    /// A step was not begun, or was ended while it waited, because the run was stopped.
    Skipped {
        /// The resource's id.
        id: Id,
        /// What was to be done to it.
        verb: Verb,
        /// The reason.
        because: String,
    },
    /// The run is over: the steps by how they ended.
    Summary {
        /// Steps that succeeded.
        done: usize,
        /// Steps that failed.
        failed: usize,
        /// Steps that were not begun, or not ended.
        skipped: usize,
        /// Whether it was ended early: by Ctrl-C, by `--timeout`, by the loss of its lease.
        interrupted: bool,
        /// Time that the run took.
        milliseconds: u64,
    },
    /// The run is to end early: nothing new begins, calls are finished.
    Stopping {
        /// The reason.
        because: String,
    },
    /// Another run has the pipeline's lease, and `--wait` waits for its end.
    WaitingForLease {
        /// User and host of that run.
        holder: String,
        /// When it took the lease, in RFC 3339.
        since: String,
    },
    /// The command failed, or was refused. There may be several: each is a reason of its own.
    Error {
        /// Why.
        error: Failure,
    },
    /// Something that the user should know and that stops nothing.
    Warning {
        /// One sentence.
        message: String,
    },
    /// What there is to say about the spec; empty where nothing is.
    Problems {
        /// Each with its place, in the order of the file.
        problems: Vec<Located>,
    },
    /// The resources of a spec (`graph`).
    Graph {
        /// The resources, in the order of needs.
        nodes: Vec<GraphNode>,
    },
    /// The API in OpenAPI 3.0 (`openapi`).
    Openapi(Openapi),
    /// The pipelines of the account and region (`list`).
    Pipelines {
        /// Their names, sorted.
        pipelines: Vec<String>,
    },
    /// Endpoint, names and ARNs (`outputs`, `apply`, `dev`); secrets only with `outputs --reveal`.
    Outputs {
        /// By id and attribute, as in `stream.arn`.
        outputs: BTreeMap<String, String>,
    },
    /// Files were written (`init`).
    Written {
        /// Their paths, the spec's first.
        files: Vec<String>,
    },
    /// The least policy that a deployer needs (`iam-policy`).
    Policy {
        /// An IAM policy document.
        policy: Value,
    },
    /// A JSON schema (`schema`).
    Schema {
        /// The schema.
        schema: Value,
    },
    /// A completion script (`completions`).
    Completions {
        /// The script.
        script: String,
    },
    /// The licenses of what `pipe` is made of (`licenses`).
    Licenses {
        /// The text.
        text: &'static str,
    },
    /// Who has the pipeline's lease (`unlock`).
    Lease {
        /// The pipeline's name.
        pipeline: String,
        /// User and host of the run that has it; absent where nobody has.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<String>,
        /// When it was taken, in RFC 3339.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<String>,
        /// When it ends unless it is renewed, in RFC 3339.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<String>,
    },
    /// The lease was ended (`unlock`).
    Unlocked {
        /// The pipeline's name.
        pipeline: String,
    },
    /// An event was answered (`send`).
    Sent(sending::Sent),
    /// All events are answered (`send`).
    SentAll(sending::SentAll),
    /// Where an event went (`send --follow`).
    Followed(sending::Followed),
    /// Where all events went (`send --follow`).
    FollowedAll(sending::FollowedAll),
    /// How the pipeline is (`status`).
    Status(status::Status),
    /// A message of the dead-letter queue (`dlq`).
    Letter {
        /// All about it.
        letter: Box<using::Letter>,
    },
    /// The end of the list (`dlq ls`).
    Letters(using::Letters),
    /// A line of a log (`logs`).
    Logged(logs::Logged),
    /// Where an event was on its way (`trace`).
    Hop(trace::Hop),
    /// The end of its way (`trace`).
    Traced(trace::Traced),
    /// A letter went to the function once more, or could not (`dlq redrive`).
    Redriven(redrive::Redriven),
    /// The end of a redrive (`dlq redrive`).
    RedrivenAll(redrive::RedrivenAll),
    /// How many letters there are (`dlq redrive --dry-run`, `dlq purge`).
    Counted(redrive::Counted),
    /// An event of a letter (`dlq export`).
    Exported {
        /// The line that `pipe send --file` reads.
        #[schemars(with = "Value")]
        letter: Box<RawValue>,
    },
    /// All letters are written (`dlq export`).
    LettersWritten(redrive::Written),
    /// Letters were deleted (`dlq purge`).
    Purged(redrive::Purged),
    /// A shard was sent once more, as far as it went (`replay`).
    Replayed(redrive::Replayed),
    /// The end of a replay (`replay`).
    ReplayedAll(redrive::ReplayedAll),
    /// The pipeline runs on this machine (`dev`).
    Up(Up),
    /// Where the console is (`console`).
    Console {
        /// The page's URL, with the token that opens it.
        url: String,
    },
    /// The API answered a request (`dev`).
    Answered(moved::Answered),
    /// A stream or a queue took records, whoever sent them (`dev`).
    Put(moved::Put),
    /// A function was given a batch (`dev`).
    Batch(moved::Batch),
    /// A function wrote an item, or found one that stays (`dev`).
    Row(moved::Row),
    /// A message went to a queue (`dev`).
    DeadLetter(moved::DeadLetter),
    /// A function is called again with an event, later (`dev`).
    Retry(moved::Retry),
    /// Nobody calls a function with this event any more (`dev`).
    GivenUp(moved::GivenUp),
    /// A role was refused a call (`dev`).
    Denied(moved::Denied),
    /// A function wrote a line to its log (`dev`).
    Log(moved::LogLine),
}
