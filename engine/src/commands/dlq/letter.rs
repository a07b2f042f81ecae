//! A dead letter: what the bundled consumer writes, with the payload; what a mapping writes, which only points into the stream;
//! and whatever else is in the queue.

use std::cmp::Ordering;

use serde::Deserialize;

use super::payload::{self, Payload};
use crate::error::{Error, Result};

/// One message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The message's id.
    pub id: String,
    /// When it came to the queue, in milliseconds since 1970; 0 where SQS did not say.
    pub sent_at: i64,
    pub shape: Shape,
    /// The message as it is.
    pub body: String,
}

/// Who wrote the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The bundled consumer: one record that can never be written.
    Handler(Handler),
    /// The event source mapping: the records of a batch whose retries are used up.
    Mapping(Mapping),
    /// Somebody else.
    Unknown,
}

/// The bundled consumer's message, version 1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handler {
    version: u32,
    pub reason: String,
    #[serde(default)]
    pub message: String,
    #[serde(rename = "eventID")]
    pub event_id: String,
    pub stream_arn: String,
    pub shard_id: String,
    pub sequence_number: String,
    #[serde(default)]
    pub partition_key: String,
    pub arrived_at: String,
    pub encoding: String,
    payload: Option<String>,
}

/// AWS's on-failure document of a Kinesis mapping, by its names: their order is not to be relied on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    pub request_context: RequestContext,
    /// Absent where the records grew too old.
    pub response_context: Option<ResponseContext>,
    #[serde(rename = "KinesisBatchInfo")]
    pub batch: Batch,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    #[serde(default)]
    pub function_arn: String,
    /// Why it gave up: `RetryAttemptsExhausted`, `RecordAgeExceeded`.
    pub condition: String,
    #[serde(default)]
    pub approximate_invoke_count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseContext {
    /// What Lambda answered; 413 to records that are too large for a call.
    #[serde(default)]
    pub status_code: u16,
    /// Null where the function answered: it named failures, or something that Lambda does not understand.
    pub function_error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    pub shard_id: String,
    pub start_sequence_number: String,
    pub end_sequence_number: String,
    pub approximate_arrival_of_first_record: String,
    pub approximate_arrival_of_last_record: String,
    pub batch_size: u64,
    pub stream_arn: String,
}

/// Where records are in a stream, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub stream_arn: &'a str,
    pub shard: &'a str,
    pub first: &'a str,
    pub last: &'a str,
    /// When the first and the last arrived, as they say it.
    pub arrived: (&'a str, &'a str),
    /// How many records the letter is about.
    pub records: u64,
}

impl Letter {
    /// Reads a message, whoever wrote it.
    pub fn new(id: String, sent_at: i64, body: String) -> Self {
        let shape = match (serde_json::from_str::<Handler>(&body), serde_json::from_str::<Mapping>(&body)) {
            (Ok(handler), _) if handler.version == 1 => Shape::Handler(handler),
            (_, Ok(mapping)) => Shape::Mapping(mapping),
            _ => Shape::Unknown,
        };
        Self { id, sent_at, shape, body }
    }

    /// Where its records are, or were.
    pub fn place(&self) -> Option<Place<'_>> {
        match &self.shape {
            Shape::Handler(letter) => Some(Place {
                stream_arn: &letter.stream_arn,
                shard: &letter.shard_id,
                first: &letter.sequence_number,
                last: &letter.sequence_number,
                arrived: (&letter.arrived_at, &letter.arrived_at),
                records: 1,
            }),
            Shape::Mapping(Mapping { batch, .. }) => Some(Place {
                stream_arn: &batch.stream_arn,
                shard: &batch.shard_id,
                first: &batch.start_sequence_number,
                last: &batch.end_sequence_number,
                arrived: (&batch.approximate_arrival_of_first_record, &batch.approximate_arrival_of_last_record),
                records: batch.batch_size,
            }),
            Shape::Unknown => None,
        }
    }

    /// Why it is here, in a word.
    pub fn reason(&self) -> &str {
        match &self.shape {
            Shape::Handler(letter) => &letter.reason,
            Shape::Mapping(letter) => &letter.request_context.condition,
            Shape::Unknown => "neither the bundled consumer's nor a mapping's",
        }
    }

    /// More about the reason; it may quote the payload.
    pub fn message(&self) -> String {
        match &self.shape {
            Shape::Handler(letter) => letter.message.clone(),
            Shape::Mapping(letter) => {
                let invoked = format!("{} invocations", letter.request_context.approximate_invoke_count);
                match &letter.response_context {
                    None => invoked,
                    Some(ResponseContext { function_error: Some(error), .. }) => {
                        format!("{invoked}, function error {error}")
                    }
                    Some(ResponseContext { status_code: 413, .. }) => format!("{invoked}, too large for a call"),
                    Some(_) => format!("{invoked}, the answer named failures or was not understood"),
                }
            }
            Shape::Unknown => String::new(),
        }
    }

    /// What to do about it, where the message alone does not say.
    pub fn advice(&self) -> Option<&'static str> {
        let Shape::Mapping(Mapping { response_context: Some(context), .. }) = &self.shape else { return None };
        (context.function_error.is_none() && context.status_code != 413).then_some(
            "AWS does not keep the answer. Lambda reads {\"batchItemFailures\": [{\"itemIdentifier\": SEQUENCE NUMBER}]} with \
             sequence numbers of the batch, and retries the whole batch for any other name; `pipe dev` says what is wrong with an answer",
        )
    }

    /// The id of its event, as Lambda gives it; of a batch the first one's.
    pub fn event_id(&self) -> Option<String> {
        match &self.shape {
            Shape::Handler(letter) => Some(letter.event_id.clone()),
            _ => self.place().map(|place| format!("{}:{}", place.shard, place.first)),
        }
    }

    /// The payload, where the message has it.
    pub fn payload(&self) -> Option<Payload> {
        match &self.shape {
            Shape::Handler(letter) => payload::decode(&letter.encoding, letter.payload.as_deref()),
            Shape::Mapping(_) | Shape::Unknown => None,
        }
    }

    /// Whether it is about the record with this number.
    pub fn covers(&self, shard: &str, number: &str) -> bool {
        let within = |place: Place<'_>| {
            place.shard == shard
                && by_number(place.first, number) != Ordering::Greater
                && by_number(number, place.last) != Ordering::Greater
        };
        self.place().is_some_and(within)
    }

    /// Whether an id, or the beginning of one, may mean this letter.
    pub fn may_be(&self, asked: &str) -> bool {
        self.is_named(asked, |id, asked| id.starts_with(asked))
    }

    fn is_named(&self, asked: &str, fits: fn(&str, &str) -> bool) -> bool {
        fits(&self.id, asked) || self.event_id().is_some_and(|id| fits(&id, asked))
    }
}

/// Compares sequence numbers: decimal, and far beyond 64 bits.
pub fn by_number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The letter that an id, or the beginning of one, means.
///
/// # Errors
/// None has it, or more than one.
pub fn select<'a>(letters: &'a [Letter], asked: &str) -> Result<&'a Letter> {
    let all = |fits: fn(&str, &str) -> bool| -> Vec<&Letter> {
        letters.iter().filter(|letter| letter.is_named(asked, fits)).collect()
    };
    let exact = all(|id, asked| id == asked);
    let found = if exact.is_empty() { all(|id, asked| id.starts_with(asked)) } else { exact };
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::fatal(format!("no dead letter has the id `{asked}`"))
            .hint("`pipe dlq ls` shows the ids; another reader may hold the message for a moment")),
        many => {
            let ids: Vec<&str> = many.iter().take(5).map(|letter| letter.id.as_str()).collect();
            Err(Error::fatal(format!("`{asked}` is the beginning of {} ids", many.len()))
                .hint(format!("give more of it: {}", ids.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests;
