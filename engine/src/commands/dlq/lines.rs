//! What `pipe dlq` prints: a line for each letter, or all about one; for people and as JSON.

use serde_json::{Map, Value, json};

use super::letter::{Letter, Shape};
use super::payload::{cut, visible};
use super::records::{Readable, Record, time};
use crate::term::style::{BAD, DIM, END};

/// Characters of a payload, or of the reason's details, on a line.
const START: usize = 80;
/// Characters of a message's id on a line: enough to tell a few thousand apart.
const ID: usize = 8;

/// The records of a letter that are in the stream only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InStream {
    pub readable: Readable,
    /// What was read; for a list nothing is.
    pub records: Option<Vec<Record>>,
    /// Why they could not be read.
    pub failed: Option<String>,
}

/// One line.
pub fn line(letter: &Letter, stream: Option<&InStream>) -> String {
    let id: String = letter.id.chars().take(ID).collect();
    let mut parts = vec![format!("{DIM}{}{END} {id}", time(letter.sent_at)), reason(letter)];
    parts.extend(position(letter));
    parts.extend(stream.map(|stream| stream.readable.text()));
    match letter.payload() {
        Some(payload) => parts.push(payload.start(START)),
        None if letter.shape == Shape::Unknown => parts.push(cut(&letter.body, START)),
        None => {}
    }
    parts.join("  ") + "\n"
}

fn reason(letter: &Letter) -> String {
    let more = cut(&letter.message(), START);
    let colon = if more.is_empty() { "" } else { ": " };
    format!("{BAD}{}{END}{colon}{more}", visible(letter.reason()))
}

/// The event's id; of a batch also its last number and how many records it had.
fn position(letter: &Letter) -> Option<String> {
    let place = letter.place()?;
    let event = cut(&letter.event_id()?, 200);
    Some(match place.records {
        1 => event,
        many => format!("{event} to {} ({many} records)", cut(place.last, 100)),
    })
}

/// One letter as an event.
pub fn json(letter: &Letter, stream: Option<&InStream>) -> Map<String, Value> {
    let mut all = Map::from_iter([
        ("event".to_owned(), json!("dead_letter")),
        ("id".to_owned(), json!(letter.id)),
        ("sent_at".to_owned(), json!(time(letter.sent_at))),
        ("shape".to_owned(), json!(shape(letter))),
        ("reason".to_owned(), json!(letter.reason())),
        ("message".to_owned(), json!(letter.message())),
    ]);
    if let Some(place) = letter.place() {
        all.insert("event_id".to_owned(), json!(letter.event_id()));
        all.insert("stream_arn".to_owned(), json!(place.stream_arn));
        all.insert("shard".to_owned(), json!(place.shard));
        all.insert("first".to_owned(), json!(place.first));
        all.insert("last".to_owned(), json!(place.last));
        all.insert("records_count".to_owned(), json!(place.records));
    }
    if let Some(stream) = stream {
        let (name, at) = match stream.readable {
            Readable::Until(end) => ("readable_until", json!(time(end))),
            Readable::Partly(end) => ("partly_readable_until", json!(time(end))),
            Readable::PastSince(end) => ("past_retention_since", json!(time(end))),
            Readable::NoStream => ("stream_is_gone", json!(true)),
            Readable::Unknown => ("readable_until", Value::Null),
        };
        all.insert(name.to_owned(), at);
        all.extend(stream.failed.as_ref().map(|failed| ("records_failed".to_owned(), json!(failed))));
    }
    all
}

fn shape(letter: &Letter) -> &'static str {
    match letter.shape {
        Shape::Handler(_) => "handler",
        Shape::Mapping(_) => "mapping",
        Shape::Unknown => "unknown",
    }
}

/// One letter as an event, with the start of its payload.
pub fn json_line(letter: &Letter, stream: Option<&InStream>) -> Value {
    let mut all = json(letter, stream);
    if let Some(payload) = letter.payload() {
        all.insert("payload_start".to_owned(), json!(payload.start(START)));
    }
    Value::Object(all)
}

/// Everything about a letter, as an event.
pub fn json_whole(letter: &Letter, stream: Option<&InStream>) -> Value {
    let mut all = json(letter, stream);
    if let Some(payload) = letter.payload() {
        let (name, value) = payload.json();
        all.insert(name.to_owned(), value);
    }
    match &letter.shape {
        Shape::Handler(handler) => _ = all.insert("partition_key".to_owned(), json!(handler.partition_key)),
        Shape::Mapping(_) | Shape::Unknown => {
            let body = serde_json::from_str(&letter.body).unwrap_or_else(|_| json!(letter.body));
            all.insert("body".to_owned(), body);
        }
    }
    if let Some(records) = stream.and_then(|stream| stream.records.as_ref()) {
        let record = |record: &Record| {
            let (name, payload) = record.payload.json();
            json!({ "partition_key": record.key, "sequence_number": record.sequence_number, name: payload })
        };
        all.insert("records".to_owned(), records.iter().map(record).collect());
    }
    Value::Object(all)
}

/// Everything about a letter, for people.
pub fn whole(letter: &Letter, stream: Option<&InStream>) -> String {
    let mut text = format!(
        "message {}\n  came       {}\n  reason     {}\n",
        letter.id,
        time(letter.sent_at),
        visible(letter.reason())
    );
    let mut add = |name: &str, value: &str| text += &format!("  {name:<10} {}\n", visible(value));
    if !letter.message().is_empty() {
        add("details", &letter.message());
    }
    if let (Some(position), Some(place)) = (position(letter), letter.place()) {
        add("event", &position);
        add("stream", place.stream_arn);
        add("arrived", place.arrived.0);
    }
    match &letter.shape {
        Shape::Handler(handler) => add("key", &handler.partition_key),
        Shape::Mapping(mapping) => add("function", &mapping.request_context.function_arn),
        Shape::Unknown => text += &format!("  the message, as it is:\n{}\n", visible(&letter.body)),
    }
    if let Some(payload) = letter.payload() {
        text += &format!("payload:\n{}\n", payload.whole());
    }
    text + &stream.map(in_stream).unwrap_or_default()
}

fn in_stream(stream: &InStream) -> String {
    let mut text = format!("the records are in the stream only: {}\n", stream.readable.text());
    match (&stream.records, &stream.failed) {
        (_, Some(failed)) => text += &format!("they could not be read: {}\n", visible(failed)),
        (Some(records), None) if records.is_empty() => text += "the stream has none of them any more\n",
        (records, None) => {
            for record in records.iter().flatten() {
                let (key, payload) = (visible(&record.key), record.payload.whole());
                text += &format!("record {} with key {key}:\n{payload}\n", record.sequence_number);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
