//! The section `stream`: one file for each thing that keeps events until they are handled.

mod kinesis;
mod queue;
mod table_changes;

pub use kinesis::{Kinesis, StreamEncryption};
pub(super) use queue::with_suffix;
pub use queue::{FIFO, QueueEncryption, QueueStream, Sender};
pub use table_changes::{Changes, Changing, TableChanges, View};

use super::model::OwnOrExisting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What carries the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// A Kinesis data stream: `{}` for all defaults.
    Kinesis(OwnOrExisting<Kinesis>),
    /// The changes of a DynamoDB table: `{}` for all defaults, or `{ existing: NAME }`.
    TableChanges(Box<TableChanges>),
    /// An SQS queue: `{}` for all defaults.
    Queue(OwnOrExisting<QueueStream>),
}
