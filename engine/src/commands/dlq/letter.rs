//! A dead letter: who wrote it and what it says, with a file for each form. A message that has none of them is shown as it is.

mod asynchronous;
mod dead_letter_config;
mod handler;
mod mapping;
mod moved;
mod unknown;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::payload::Payload;
use crate::error::{Error, Result};
use crate::event::using::Shape;
use crate::term::some;
use unknown::Unknown;

/// Reads a message; nothing where it has another form.
type Read = fn(&Message) -> Option<Box<dyn Form>>;

/// The forms. What SQS itself says comes before what a body says: whoever may send to a queue chooses the body.
const FORMS: [Read; 5] = [moved::read, dead_letter_config::read, handler::read, mapping::read, asynchronous::read];

/// A message, as SQS gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    /// When it came to the queue, in milliseconds since 1970; 0 where SQS did not say. One that was moved keeps its time, but in a
    /// FIFO queue.
    pub sent_at: i64,
    pub body: String,
    /// What SQS says of it, as in `ApproximateReceiveCount`.
    pub system: BTreeMap<String, String>,
    /// What its sender says beside the body: texts and numbers.
    pub attributes: BTreeMap<String, String>,
}

/// What a message says, by who wrote it.
pub trait Form: Debug + Send + Sync {
    /// Who wrote it.
    fn shape(&self) -> Shape;

    /// Why it is here, in a word.
    fn reason(&self) -> &str;

    /// More about the reason; it may quote the payload.
    fn message(&self) -> String {
        String::new()
    }

    /// What to do about it, where the message alone does not say.
    fn advice(&self) -> Option<&'static str> {
        None
    }

    /// Where its records are, or were, in a stream.
    fn place(&self) -> Option<Place<'_>> {
        None
    }

    /// The ARN of what had it.
    fn source_arn(&self) -> Option<&str> {
        self.place().map(|place| place.stream_arn)
    }

    /// The id of its event, as Lambda gives it; of a batch the first one's.
    fn event_id(&self) -> Option<String> {
        self.place().map(|place| format!("{}:{}", place.shard, place.first))
    }

    /// The payload, where the message has it.
    fn payload(&self) -> Option<Payload> {
        None
    }

    /// The key of its record in a Kinesis stream.
    fn partition_key(&self) -> Option<&str> {
        None
    }

    /// The message group, of a FIFO queue.
    fn group(&self) -> Option<&str> {
        None
    }

    /// How often it was received.
    fn receives(&self) -> Option<u64> {
        None
    }

    /// How its event goes to the function once more. One that says nothing does not.
    fn again(&self) -> Again {
        Again::Never
    }

    /// ARN of the function that it says had the event, as far as it says.
    fn function_arn(&self) -> Option<&str> {
        None
    }

    /// What else people want to know, each with a short name.
    fn details(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether the body says more than all of these.
    fn has_more(&self) -> bool {
        true
    }
}

/// How an event goes to the function once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The payload is the event.
    Event,
    /// The payload is what the record at its place holds, as far as the letter has it; else the stream does.
    Record,
    /// The records are in the stream.
    Records,
    /// The message is one of the queue that it comes from.
    Message,
    /// Nobody here knows what it was.
    Never,
}

impl Again {
    /// Whether the message itself is needed for it.
    pub fn is_message(self) -> bool {
        self == Self::Message
    }
}

/// One message of the queue.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The message's id.
    pub id: String,
    /// When it came to the queue, in milliseconds since 1970; 0 where SQS did not say.
    pub sent_at: i64,
    /// The message as it is.
    pub body: String,
    form: Arc<dyn Form>,
}

/// What AWS's documents say of the call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    function_arn: String,
    /// Why it gave up: `RetryAttemptsExhausted`, `RecordAgeExceeded`; of asynchronous calls `RetriesExhausted`, `EventAgeExceeded`,
    /// `ZeroReservedConcurrency`.
    condition: String,
    #[serde(default)]
    approximate_invoke_count: usize,
}

impl RequestContext {
    fn invoked(&self) -> String {
        some(self.approximate_invoke_count, "invocation")
    }
}

/// What AWS's documents say of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    /// What Lambda answered; 413 to records that are too large for a call.
    #[serde(default)]
    status_code: u16,
    /// Null where the function answered: it named failures, or something that Lambda does not understand.
    function_error: Option<String>,
}

/// Where records are in a stream, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub stream_arn: &'a str,
    /// Empty where it is not known.
    pub shard: &'a str,
    pub first: &'a str,
    pub last: &'a str,
    /// When the first and the last arrived, as they say it.
    pub arrived: (&'a str, &'a str),
    /// How many records the letter is about.
    pub records: u64,
}

impl Place<'_> {
    /// Whether a number lies between the first and the last, both included.
    pub fn spans(&self, number: &str) -> bool {
        by_number(self.first, number).is_le() && by_number(number, self.last).is_le()
    }
}

impl Letter {
    /// Reads a message, whoever wrote it.
    pub fn new(message: Message) -> Self {
        let form = FORMS.iter().find_map(|read| read(&message)).unwrap_or_else(|| Box::new(Unknown));
        let Message { id, sent_at, body, .. } = message;
        Self { id, sent_at, body, form: form.into() }
    }

    /// What it says.
    pub fn form(&self) -> &dyn Form {
        self.form.as_ref()
    }

    /// Whether it is about the record of a stream with this number.
    pub fn covers(&self, shard: &str, number: &str) -> bool {
        self.form.place().is_some_and(|place| place.shard == shard && place.spans(number))
    }

    /// Whether it holds a change of the item with these key attributes, as DynamoDB's JSON has them.
    pub fn is_of_item(&self, keys: &Value) -> bool {
        let Some(Payload::Data(data)) = self.form.payload() else { return false };
        let change: Value = serde_json::from_slice(&data).unwrap_or_default();
        [change.get("Keys"), change.pointer("/dynamodb/Keys")].into_iter().flatten().any(|held| held == keys)
    }

    /// Whether its event, as AWS handed it on, has this id, or names it: ids of sources, and keys that no other object has.
    pub fn has(&self, id: &str) -> bool {
        let named = || match self.form.payload() {
            Some(Payload::Data(data)) => holds(&String::from_utf8_lossy(&data), id),
            _ => false,
        };
        !id.is_empty() && (self.is_named(id, |id, asked| id == asked) || named())
    }

    /// Whether an id, or the beginning of one, may mean this letter.
    pub fn may_be(&self, asked: &str) -> bool {
        self.is_named(asked, |id, asked| id.starts_with(asked))
    }

    fn is_named(&self, asked: &str, fits: fn(&str, &str) -> bool) -> bool {
        fits(&self.id, asked) || self.form.event_id().is_some_and(|id| fits(&id, asked))
    }
}

/// Whether an id stands in a text, and not as the beginning of a longer one: `a-1` is not `a-12`.
fn holds(text: &str, id: &str) -> bool {
    let longer = |after: &str| after.starts_with(|next: char| next.is_ascii_digit());
    text.match_indices(id).any(|(at, _)| !longer(&text[at + id.len()..]))
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
