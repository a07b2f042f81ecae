//! Lines of the commands that use what runs: `send` and `dlq`.

use pipe_local::event::Location;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// It is a row.
    Row,
    /// It is in the dead-letter queue.
    DeadLetter,
    /// The consumer took it, and there is neither a row under its key nor a dead letter (with `pipe dev` only).
    Taken,
    /// Nothing is known about it: it is still on its way, or the consumer took it and made no row under its key.
    InStream,
}

/// Who wrote a message of the dead-letter queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The bundled handler.
    Handler,
    /// The mapping.
    Mapping,
    /// Lambda, of an asynchronous call that failed for good.
    Asynchronous,
    /// SQS moved it here: the original message, which its queue's consumers received too often.
    Moved,
    /// None of these.
    #[default]
    Unknown,
}

/// A message of the dead-letter queue. `dlq ls` gives the start of its payload, `dlq show` all of it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Letter {
    /// The message's id.
    pub id: String,
    /// When it came to the queue, in RFC 3339.
    pub sent_at: String,
    /// Who wrote it.
    pub shape: Shape,
    /// The handler's reason, or the condition in AWS's document.
    pub reason: String,
    /// What else is said of the reason; may be empty.
    pub message: String,
    /// The event's id, as the function got it; of a batch its first record's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The ARN of what had the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<String>,
    /// Where the records are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The first record's id there, of a stream its sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The last record's id there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How many records it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_count: Option<u64>,
    /// Until when the stream has the records, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readable_until: Option<String>,
    /// Until when the stream has the younger of the records, in RFC 3339; it has lost the older ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partly_readable_until: Option<String>,
    /// When the stream lost the records, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub past_retention_since: Option<String>,
    /// Whether the stream no longer exists.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream_is_gone: bool,
    /// Why the stream could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_failed: Option<String>,
    /// The first characters of the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_start: Option<String>,
    /// The payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// The record's partition key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// The message group, of a message that was moved from a FIFO queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How often a message that was moved has been received, in all queues: looks into this one are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receives: Option<u64>,
    /// The message's body, where it says more than the other members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What the stream has of the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<Record>>,
}

/// A payload in one of three forms.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// As text.
    Text(String),
    /// As base64, because it is not text.
    Base64(String),
    /// As it came, because it could not be decoded.
    Undecoded(String),
}

/// A record that was read again from the stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Record {
    /// Its partition key.
    pub partition_key: String,
    /// Its id where it is, of a stream its sequence number.
    pub record: String,
    /// Its data.
    pub payload: Payload,
}

/// The end of a list of messages.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Letters {
    /// How many were shown.
    pub shown: usize,
    /// Whether there are more.
    pub more: bool,
}
