//! What moves on the data path, as facts. Payloads, headers and credentials are never in them.

use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

/// Where the parts tell what happens. A receiver that is gone wants to know nothing.
pub type Events = UnboundedSender<Event>;

/// A fact of the data path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The gateway answered a request. Shard and sequence number are there when a stream took the record.
    Answered {
        method: String,
        path: String,
        status: u16,
        milliseconds: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sequence_number: Option<String>,
        /// Why it was not taken, as the gateway knows it: the name of a gateway response, or the integration's error code.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A poller gave a batch to a function, and this came of it.
    Batch {
        function: String,
        shard: String,
        records: usize,
        milliseconds: u64,
        /// How many records of the batch are done with; the rest is tried again.
        succeeded: usize,
        /// The function's error, or that it named failures.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A function wrote an item; the key as DynamoDB's JSON.
    Row { table: String, key: String },
    /// A message went to a queue: by a function with its reason, or by a mapping with its condition.
    DeadLetter { queue: String, reason: String, shard: String, first: String, last: String },
    /// A function wrote a line to its log.
    Log { function: String, line: String },
    /// Something that the user should know and that stops nothing.
    Warning { message: String },
}
