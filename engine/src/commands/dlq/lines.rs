//! What `pipe dlq` prints: a line for each letter, or all about one; for people and as JSON.

use pipe_local::event::Location;

use super::letter::Letter;
use super::payload::cut;
use super::records::{Readable, Record, time};
use crate::event::{Event, using};
use crate::tame::{tame, tame_lines};
use crate::term::style::{BAD, DIM, END};

/// Characters of a payload, or of the reason's details, on a line.
const START: usize = 80;
/// Characters of a message's id on a line: enough to tell a few thousand apart.
const ID: usize = 8;

/// The records of a letter that are in the stream only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InStream {
    pub readable: Readable,
    /// The records that were read; a list reads none.
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
    match letter.form().payload() {
        Some(payload) => parts.push(payload.start(START)),
        None if is_unknown(letter) => parts.push(cut(&letter.body, START)),
        None => {}
    }
    parts.join("  ") + "\n"
}

fn reason(letter: &Letter) -> String {
    let more = cut(&letter.form().message(), START);
    let colon = if more.is_empty() { "" } else { ": " };
    format!("{BAD}{}{END}{colon}{more}", tame(letter.form().reason()))
}

/// Whether nothing is known of it but its body.
fn is_unknown(letter: &Letter) -> bool {
    letter.form().shape() == using::Shape::Unknown
}

/// The event's id; of a batch also its last number and how many records it had.
fn position(letter: &Letter) -> Option<String> {
    let event = cut(&letter.form().event_id()?, 200);
    Some(match letter.form().place() {
        Some(place) if place.records != 1 => {
            format!("{event} to {} ({} records)", cut(place.last, 100), place.records)
        }
        _ => event,
    })
}

/// One letter as an event.
fn event(letter: &Letter, stream: Option<&InStream>) -> using::Letter {
    let form = letter.form();
    let (place, source) = (form.place(), form.source_arn());
    let place = place.as_ref();
    let shard = place.map(|place| place.shard).filter(|shard| !shard.is_empty());
    let mut event = using::Letter {
        id: letter.id.clone(),
        sent_at: time(letter.sent_at),
        shape: form.shape(),
        reason: form.reason().to_owned(),
        message: form.message(),
        event_id: form.event_id(),
        source_arn: source.map(str::to_owned),
        location: source.map(|arn| Location::of(arn, shard)),
        first: place.map(|place| place.first.to_owned()),
        last: place.map(|place| place.last.to_owned()),
        records_count: place.map(|place| place.records),
        group: form.group().map(str::to_owned),
        receives: form.receives(),
        ..using::Letter::default()
    };
    if let Some(stream) = stream {
        match stream.readable {
            Readable::Until(end) => event.readable_until = Some(time(end)),
            Readable::Partly(end) => event.partly_readable_until = Some(time(end)),
            Readable::PastSince(end) => event.past_retention_since = Some(time(end)),
            Readable::NoStream | Readable::Replaced(_) => event.stream_is_gone = true,
            Readable::Unknown => {}
        }
        event.records_failed.clone_from(&stream.failed);
    }
    event
}

/// One letter as an event, with the start of its payload.
pub fn event_line(letter: &Letter, stream: Option<&InStream>) -> Event {
    let payload_start = letter.form().payload().map(|payload| payload.start(START));
    Event::Letter { letter: Box::new(using::Letter { payload_start, ..event(letter, stream) }) }
}

/// Everything about a letter, as an event.
pub fn event_whole(letter: &Letter, stream: Option<&InStream>) -> Event {
    let mut event = event(letter, stream);
    let form = letter.form();
    event.payload = form.payload().map(|payload| payload.event());
    event.partition_key = form.partition_key().map(str::to_owned);
    if form.has_more() {
        event.body = Some(serde_json::from_str(&letter.body).unwrap_or_else(|_| letter.body.clone().into()));
    }
    let record = |record: &Record| using::Record {
        partition_key: record.key.clone(),
        record: record.sequence_number.clone(),
        payload: record.payload.event(),
    };
    event.records = stream.and_then(|stream| Some(stream.records.as_ref()?.iter().map(record).collect()));
    Event::Letter { letter: Box::new(event) }
}

/// Everything about a letter, for people.
pub fn whole(letter: &Letter, stream: Option<&InStream>) -> String {
    let form = letter.form();
    let mut text = format!(
        "message {}\n  came       {}\n  reason     {}\n",
        tame(&letter.id),
        time(letter.sent_at),
        tame_lines(form.reason())
    );
    let mut add = |name: &str, value: &str| text += &format!("  {name:<10} {}\n", tame_lines(value));
    if !form.message().is_empty() {
        add("details", &form.message());
    }
    if let Some(advice) = form.advice() {
        add("answer", advice);
    }
    if let Some(position) = position(letter) {
        add("event", &position);
    }
    if let Some(place) = form.place() {
        add("stream", place.stream_arn);
        add("arrived", place.arrived.0);
    }
    form.details().iter().for_each(|(name, value)| add(name, value));
    if is_unknown(letter) {
        text += &format!("  the message, as it is:\n{}\n", tame_lines(&letter.body));
    }
    if let Some(payload) = form.payload() {
        text += &format!("payload:\n{}\n", payload.whole());
    }
    text + &stream.map(in_stream).unwrap_or_default()
}

fn in_stream(stream: &InStream) -> String {
    let mut text = format!("the records are in the stream only: {}\n", stream.readable.text());
    match (&stream.records, &stream.failed) {
        (_, Some(failed)) => text += &format!("they could not be read: {}\n", tame_lines(failed)),
        (Some(records), None) if records.is_empty() => text += "the stream no longer has any of them\n",
        (records, None) => {
            for record in records.iter().flatten() {
                let (key, payload) = (tame_lines(&record.key), record.payload.whole());
                text += &format!("record {} with key {key}:\n{payload}\n", record.sequence_number);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
