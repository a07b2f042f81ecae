//! The section `consumer`: a Lambda function that reads the stream, and the mapping between the two.

use super::handler::{Handler, StandIn, only_needed_without_existing};
use super::model::{log_days_schema, yes};
use super::statements::Statement;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What handles the events of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consumer {
    /// A Lambda function that is called with batches of records.
    Function(Function),
}

/// A Lambda function and its event source mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = only_needed_without_existing)]
pub struct Function {
    /// Code that runs: a bundled handler (`stream-to-table`), or the path of a Rust crate, of a folder with `bootstrap`, or of a zip; or `{ path, runtime, entry }` for Python, Node and AWS's other runtimes. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Handler>,
    /// Name (of this account and region) or ARN of a function that the pipeline feeds and never changes, nor its role, which needs what `pipe iam-policy --consumer` prints. Beside it stands only how it is fed. Default: the pipeline makes its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "the name or the ARN of a function, without a version or an alias")
    )]
    pub existing: Option<String>,
    /// What `pipe dev` runs in place of an `existing` function, of which it has no code. Default: nothing, and records stay in the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<StandIn>,
    /// Name of the function, 1 to 64 letters, digits, `_` and `-`; a change replaces it. Default: `<pipeline>-consumer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "1 to 64 letters, digits, `_` and `-`")
    )]
    pub name: Option<String>,
    /// Memory in MB, and with it the share of a CPU, 128 to 10240. Default: 128.
    #[serde(default = "default_memory_mb")]
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,
    /// Seconds that one invocation may last, 1 to 900. Default: 30.
    #[serde(default = "default_timeout_seconds")]
    #[schemars(range(min = 1, max = 900))]
    pub timeout_seconds: u32,
    /// Environment variables, 4 KB together with those of `pipe`; no secrets: they belong in Secrets Manager. Default: none.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// IAM statements that the role of your own handler has beside those that `pipe` gives it. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub statements: Vec<Statement>,
    /// Whether X-Ray traces the function. Default: false; true under `table_changes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xray: Option<bool>,
    /// Days that the function's log is kept, one of CloudWatch's values. Default: 30.
    #[serde(default = "default_log_days")]
    #[schemars(schema_with = "log_days_schema")]
    pub log_days: u32,
    /// Lowest level that the function logs. Default: `info`.
    #[serde(default)]
    pub log_level: LogLevel,
    /// Concurrent invocations that are kept for this function, and no more, 0 to 100000. Default: none are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub reserved_concurrency: Option<u32>,
    /// What Lambda does about a loop of the function with SQS, SNS, S3 or another function: `terminate` ends it after some 16 rounds, and `allow` lets it go on, for functions that write to what calls them and know when to stop. Default: `terminate`.
    #[serde(default, skip_serializing_if = "Recursion::is_default")]
    pub recursion: Recursion,
    /// Instruction set, `x86_64` or `arm64`. Default: that of the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// How records are handed to the function. Default: 100 at a time from the oldest on.
    #[serde(default)]
    pub batch: Batch,
    /// What happens to records that the function fails on. Default: 100 retries within 12 hours; 500 within 24 under `table_changes`.
    #[serde(default)]
    pub failures: Failures,
    /// Patterns of Lambda's event filtering, at most 10, as in `[{data: {kind: [order]}}]`: a record that matches none is not handed to the
    /// function, and a queue's message is deleted then. Default: all are handed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub filters: Vec<Filter>,
    /// Whether the mapping reads the stream. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the function reads a Kinesis stream with a throughput of its own (enhanced fan-out): 2 MB a second of each shard, whoever else
    /// reads, which AWS charges for by the hour and the GB. A change replaces the mapping. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fan_out: bool,
}

/// One pattern of Lambda's event filtering: what a record must hold, as in `{data: {kind: [order]}}`.
///
/// What the sender sent is below `data` of a Kinesis stream, below `dynamodb` of a table's changes, and below `body` of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("minProperties" = 1))]
pub struct Filter(pub serde_json::Map<String, serde_json::Value>);

/// A level of the function's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    Fatal,
}

/// What Lambda does about loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recursion {
    #[default]
    Terminate,
    Allow,
}

impl Recursion {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An instruction set of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Architecture {
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

/// How records are handed to the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Batch {
    /// Records of one call at most, 1 to 10000; of a FIFO queue 1 to 10. Default: 100; 10 under `queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub size: Option<u32>,
    /// Seconds that the mapping waits for a batch to fill, 0 to 300; a FIFO queue takes none, and more than 10 messages of another need one. Default: 0.
    #[schemars(range(min = 0, max = 300))]
    pub window_seconds: u32,
    /// Batches of one shard at a time, each with its own partition keys, 1 to 10. Default: 1.
    #[schemars(range(min = 1, max = 10))]
    pub parallelization: u32,
    /// Where the mapping starts to read: `oldest`, `newest`, or `{at: TIME}`; a change replaces the mapping. Default: `oldest`.
    pub start: Start,
    /// Calls at the same time for a queue, 2 to 1000. Default: as many as Lambda makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 1000))]
    pub max_concurrency: Option<u32>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { size: None, window_seconds: 0, parallelization: 1, start: Start::Oldest, max_concurrency: None }
    }
}

/// Where a new mapping starts to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The oldest record that the stream keeps.
    #[default]
    Oldest,
    /// The first record after the mapping begins to poll.
    Newest,
    /// First record that arrived at or after this time, in RFC 3339, as in `2026-01-31T12:00:00Z`.
    At(#[schemars(length(min = 20, max = 40))] String),
}

impl Start {
    /// Returns the time to start at; `None` for `oldest`, `newest`, and text that is not a time, which the rules refuse.
    #[must_use]
    pub fn at(&self) -> Option<DateTime> {
        match self {
            Self::Oldest | Self::Newest => None,
            Self::At(time) => DateTime::from_str(time, Format::DateTimeWithOffset).ok(),
        }
    }
}

/// What happens to records that the function fails on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Failures {
    /// Retries of a batch before its failed records go to the dlq, -1 to 10000; -1 is without limit. Default: 100; 500 under `table_changes`; 2, and at most 2, under a source without a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 10_000))]
    pub retries: Option<i32>,
    /// Age in minutes after which an event is given up that a source without a stream has sent, 1 to 360. Default: 360.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 360))]
    pub max_age_minutes: Option<u32>,
    /// Age in hours after which a record is given up, 1 to 168. Default: 12; 24 under `table_changes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 168))]
    pub max_age_hours: Option<u32>,
    /// Whether a failed batch is split in two, to find the record at fault. Default: true.
    pub bisect: bool,
    /// Whether the function names the records that failed (partial batch response). Default: true; the bundled handlers need it.
    pub partial: bool,
}

impl Default for Failures {
    fn default() -> Self {
        Self { retries: None, max_age_minutes: None, max_age_hours: None, bisect: true, partial: true }
    }
}

fn default_memory_mb() -> u32 {
    128
}

fn default_timeout_seconds() -> u32 {
    30
}

fn default_log_days() -> u32 {
    30
}
