//! How a letter goes to the consumer's function once more: as the event that it was at first.
//!
//! What its mapping gave the function is made by the same code that `pipe dev`'s pollers use. A message that SQS moved goes to the function,
//! too, and not back to its queue: so it is known whether the function took it before the letter is deleted, a disabled mapping holds
//! nothing up, and `StartMessageMoveTask` can choose no letters. The order of its group with messages that are still in the queue is not
//! kept, as it would not be at the queue's end.

use std::sync::Arc;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::Record as Kinesis;
use aws_smithy_types::DateTime;
use bytes::Bytes;
use pipe_local::poller::parts::{self, MAX_PAYLOAD_BYTES, Properties, Record, Sequence};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::super::letter::{Again, Letter, Place};
use super::super::payload::Payload;
use super::super::records::{self, Readable, Retention, Span};
use super::super::walk::Held;
use super::outcome::Done;
use super::run::Hand;
use crate::aws::Cx;
use crate::commands::hand::{Answered, Call, Consumer, Pace, Pieces, Untaken, passes};
use crate::error::{Class, Error, Result};
use crate::event::redrive::Fate;

/// Hands letters to a consumer.
pub struct Hands<'a> {
    pub cx: &'a Cx,
    pub consumer: &'a Consumer,
    pub call: Call,
    pub pace: Pace,
    retention: Mutex<Retention>,
}

impl Hand for Hands<'_> {
    async fn hand(&self, held: &Held) -> Result<Done> {
        let (form, letter) = (held.letter.form(), &held.letter);
        if let Some(why) = is_of_others(self.consumer, letter) {
            return Ok(kept(why));
        }
        match form.again() {
            Again::Event => self.event(letter).await,
            Again::Message => self.message(held).await,
            Again::Record => match (form.place(), form.payload()) {
                (Some(place), None) => self.records(&place).await,
                (Some(place), Some(payload)) => self.record(letter, &place, payload).await,
                (None, _) => Ok(kept("it does not say where its record was")),
            },
            Again::Records => match form.place() {
                Some(place) => self.records(&place).await,
                None => Ok(kept("it does not say where its records are")),
            },
            Again::Never => Ok(kept("it is another tool's message")),
        }
    }
}

impl<'a> Hands<'a> {
    pub fn new(cx: &'a Cx, consumer: &'a Consumer, call: Call, pace: Pace) -> Self {
        Self { cx, consumer, call, pace, retention: Mutex::default() }
    }

    /// The event of an asynchronous call.
    async fn event(&self, letter: &Letter) -> Result<Done> {
        let Some(Payload::Data(event)) = letter.form().payload() else { return Ok(kept("it does not hold its event")) };
        self.whole(event.into(), parts::failure).await
    }

    async fn message(&self, held: &Held) -> Result<Done> {
        let source = held.letter.form().source_arn().unwrap_or_default();
        let (Some(message), Some(mapping)) = (&held.message, mapping_of(self.consumer, source)) else {
            return Ok(kept("its message is not at hand"));
        };
        let whole = parts::message(message, &mapping);
        let event = parts::payload([&whole.event].into_iter());
        self.whole(event, |answer| {
            let failed = !parts::failed(answer, mapping.partial, &[&whole.id]).is_empty();
            failed.then(|| parts::failure(answer).unwrap_or_else(|| "the function did not take it".to_owned()))
        })
        .await
    }

    /// Calls the function with the one event of a letter; `failed` says why an answer is a failure.
    async fn whole(
        &self,
        event: Bytes,
        failed: impl Fn(&pipe_local::invoke::Answer) -> Option<String>,
    ) -> Result<Done> {
        if event.len() > MAX_PAYLOAD_BYTES {
            return Ok(kept("it is larger than the 6 MB that a call takes"));
        }
        self.pace.take(1).await;
        let why = match (self.call)(event).await? {
            Answered::By(answer) => failed(&answer),
            Answered::Nobody(why) => Some(why),
        };
        Ok(came(1, why.map(|why| (1, why))))
    }

    /// The record that a letter holds.
    async fn record(&self, letter: &Letter, place: &Place<'_>, payload: Payload) -> Result<Done> {
        let Payload::Data(data) = payload else { return Ok(kept("its payload cannot be decoded")) };
        let Some(mapping) = mapping_of(self.consumer, place.stream_arn) else {
            return Ok(kept("no mapping reads its stream"));
        };
        let record = match records::is_of_table(place.stream_arn) {
            true => change(place, data),
            false => record(place, letter.form().partition_key(), data, &mapping),
        };
        match record {
            Ok(record) => {
                let untaken = Pieces::new(&mapping, &[record]).hand_all(&self.call, &self.pace).await?;
                Ok(came(1, first(untaken)))
            }
            Err(why) => Ok(kept(why)),
        }
    }

    /// The records that a letter points to, read from their stream.
    async fn records(&self, place: &Place<'_>) -> Result<Done> {
        let readable = self.retention.lock().await.of(self.cx, place).await;
        match readable {
            Ok(Readable::Until(_) | Readable::Partly(_) | Readable::Unknown) => {}
            Ok(gone) => return Ok(kept(format!("its records cannot be read: {}", gone.text()))),
            Err(error) => return Ok(kept(format!("its stream cannot be asked: {error}"))),
        }
        let Some(mapping) = mapping_of(self.consumer, place.stream_arn) else {
            return Ok(kept("no mapping reads its stream"));
        };
        let mut read = Read::default();
        let shards = match records::shards(self.cx, place).await {
            Ok(shards) => shards,
            Err(error) => return Ok(kept(format!("its records cannot be read: {error}"))),
        };
        for shard in &shards {
            match self.shard(&Place { shard, ..*place }, &mapping, &mut read).await? {
                // A number that the shard never had: of several, another one has it.
                Some(why) if shard == shards.last().unwrap_or(shard) => return Ok(read.done(place, Some(why))),
                _ if read.found > 0 => break,
                _ => {}
            }
        }
        let partly = matches!(readable, Ok(Readable::Partly(_)));
        Ok(read.done(place, partly.then(|| "the first of its records are past retention".to_owned())))
    }

    /// Reads and hands over what one shard has of a letter's records. Returns why it could not be read to the end.
    async fn shard(&self, place: &Place<'_>, mapping: &Properties, read: &mut Read) -> Result<Option<String>> {
        let mut span = match Span::open(self.cx, *place).await {
            Ok(span) => span,
            Err(error) => return unread(error),
        };
        loop {
            let page = match span.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(None),
                Err(error) => return unread(error),
            };
            let all: Result<Vec<Record>> = page.into_iter().map(|given| given.complete(mapping, place.shard)).collect();
            let mut records = match all {
                Ok(records) => records,
                Err(error) => return unread(error),
            };
            read.found += records.len();
            records.retain(|record| passes(mapping, record));
            read.handed += records.len();
            read.untaken.extend(Pieces::new(mapping, &records).hand_all(&self.call, &self.pace).await?);
        }
    }
}

/// Why a letter is not this consumer's, if it is not.
pub fn is_of_others(consumer: &Consumer, letter: &Letter) -> Option<String> {
    let form = letter.form();
    if form.again() == Again::Never {
        return Some("it is another tool's message".to_owned());
    }
    if let Some(arn) = form.function_arn().filter(|arn| unqualified(arn) != consumer.arn) {
        return Some(format!("it is of the function `{arn}`, and the consumer is `{}`", consumer.name));
    }
    let source = form.source_arn()?;
    let none = mapping_of(consumer, source).is_none();
    none.then(|| format!("it is of `{source}`, which does not feed `{}`", consumer.name))
}

/// The mapping whose events had this source. A table's former streams count as its own.
fn mapping_of(consumer: &Consumer, source: &str) -> Option<Arc<Properties>> {
    let of_same_table = |stream_arn: &str| match (table(stream_arn), table(source)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    };
    let found = consumer.mapping(source).map(|mapping| mapping.properties.clone());
    found.or_else(|| {
        let other = consumer.mappings.iter().find(|mapping| of_same_table(&mapping.stream_arn))?;
        Some(Arc::new(Properties { source_arn: source.to_owned(), ..(*other.properties).clone() }))
    })
}

/// What became of the records of a pointer.
#[derive(Default)]
struct Read {
    /// Those that the stream has.
    found: usize,
    /// Those of them that no filter kept from the function.
    handed: usize,
    untaken: Vec<Untaken>,
}

impl Read {
    fn done(self, place: &Place<'_>, lost: Option<String>) -> Done {
        let asked = usize::try_from(place.records).unwrap_or(usize::MAX);
        let missing = asked.saturating_sub(self.found);
        let lost = lost
            .or_else(|| (missing > 0).then(|| format!("the stream has no longer {missing} of its {asked} records")));
        let failed = self.untaken.len();
        match (first(self.untaken), lost) {
            (Some((_, why)), _) => {
                let why = format!(
                    "{failed} of {} records, as the first: {why}; the next redrive sends all of them",
                    self.handed
                );
                came(self.handed, Some((failed, why)))
            }
            (None, Some(lost)) => {
                Done { records: self.handed, ..kept(format!("{lost}; the {} that it has were taken", self.handed)) }
            }
            (None, None) if self.handed == 0 => kept("the mapping's filter keeps all of its records from the function"),
            (None, None) => came(self.handed, None),
        }
    }
}

fn first(untaken: Vec<Untaken>) -> Option<(usize, String)> {
    let failed = untaken.len();
    untaken.into_iter().next().map(|one| (failed, one.why))
}

/// A stream that cannot be read keeps its letters, and holds up no others.
fn unread(error: Error) -> Result<Option<String>> {
    match error.class() {
        Class::Interrupted | Class::Defect => Err(error),
        _ => Ok(Some(format!("its records cannot be read: {error}"))),
    }
}

fn kept(why: impl Into<String>) -> Done {
    Done { fate: Fate::Kept, records: 0, failed: 0, why: why.into() }
}

fn came(records: usize, failed: Option<(usize, String)>) -> Done {
    match failed {
        None => Done { fate: Fate::Taken, records, failed: 0, why: String::new() },
        Some((failed, why)) => Done { fate: Fate::Failed, records, failed, why },
    }
}

/// A Kinesis record as it was.
fn record(place: &Place<'_>, key: Option<&str>, data: Vec<u8>, mapping: &Properties) -> Result<Record, String> {
    let arrived = records::millis(place.arrived.0).ok_or("it does not say when its record arrived")?;
    let record = Kinesis::builder().sequence_number(place.first).partition_key(key.unwrap_or_default());
    let record = record.data(Blob::new(data)).approximate_arrival_timestamp(DateTime::from_millis(arrived)).build();
    record.map(|record| parts::record(record, mapping, place.shard)).map_err(|error| error.to_string())
}

/// A change of a table as Lambda gave it.
fn change(place: &Place<'_>, data: Vec<u8>) -> Result<Record, String> {
    if serde_json::from_slice::<&RawValue>(&data).is_err() {
        return Err("its payload is no change of a table".to_owned());
    }
    Ok(Record {
        sequence: Sequence::new(place.first),
        key: String::new(),
        arrived_ms: 0,
        event: data.into(),
        facts: Value::Null,
    })
}

/// The table of a stream's ARN.
fn table(stream_arn: &str) -> Option<&str> {
    stream_arn.split_once("/stream/").map(|(table, _)| table)
}

/// A function's ARN without version or alias: `arn:aws:lambda:eu-west-1:111122223333:function:f`.
fn unqualified(arn: &str) -> &str {
    arn.match_indices(':').nth(6).map_or(arn, |(end, _)| &arn[..end])
}

#[cfg(test)]
mod tests;
