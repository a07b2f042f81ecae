//! The records that a dead letter points to: whether the stream still has them, and what they are.
//!
//! IAM: kinesis:DescribeStreamSummary, GetShardIterator, GetRecords; of a table's stream those in [`table`].

mod table;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_kinesis::types::{Record as Kinesis, ShardIteratorType};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use pipe_local::event::Location;
use tokio::time::sleep;

use super::letter::{Place, by_number};
use super::payload::Payload;
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;

/// Records of a batch at most, and of one call.
const MOST: usize = 10_000;
/// Records of each call after the first: more would take the consumer's share of the shard's 2 MB a second.
const PAGE: i32 = 1_000;
/// A shard takes 5 calls a second, and the consumer needs some of them.
const PAUSE: Duration = Duration::from_millis(400);
/// Calls in a row without a record before the search ends: the iterator may have to pass what is trimmed.
const EMPTY: u32 = 20;
const HOUR_MILLIS: i64 = 60 * 60 * 1000;

/// Whether records can be read from their stream. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// All of them, until the first is too old.
    Until(i64),
    /// The first are too old; the last is there until then.
    Partly(i64),
    /// None, since the last became too old.
    PastSince(i64),
    /// The stream no longer exists.
    NoStream,
    /// The message does not say when they arrived, or the stream not how long it keeps them.
    Unknown,
}

impl Readable {
    /// Compares arrivals with the stream's retention.
    pub fn of(arrived: (&str, &str), retention_hours: i64, now: i64) -> Self {
        let (Some(first), Some(last)) = (millis(arrived.0), millis(arrived.1)) else { return Self::Unknown };
        let (first, last) = (first + retention_hours * HOUR_MILLIS, last + retention_hours * HOUR_MILLIS);
        match () {
            () if now < first => Self::Until(first),
            () if now < last => Self::Partly(last),
            () => Self::PastSince(last),
        }
    }

    /// As people read it.
    pub fn text(self) -> String {
        match self {
            Self::Until(end) => format!("readable until {}", time(end)),
            Self::Partly(end) => format!("the first are past retention, the last is readable until {}", time(end)),
            Self::PastSince(end) => format!("past retention since {}", time(end)),
            Self::NoStream => "their stream is gone".to_owned(),
            Self::Unknown => "perhaps still readable".to_owned(),
        }
    }
}

/// The retention of streams, each asked for once.
#[derive(Debug, Default)]
pub struct Retention(BTreeMap<String, Option<i64>>);

impl Retention {
    /// Whether the records of a place can be read now.
    ///
    /// # Errors
    /// Those of Kinesis and of DynamoDB.
    pub async fn of(&mut self, cx: &Cx, place: &Place<'_>) -> Result<Readable> {
        if !self.0.contains_key(place.stream_arn) {
            let hours = match is_of_table(place) {
                true => table::retention_hours(cx, place.stream_arn).await?,
                false => retention_hours(cx, place.stream_arn).await?,
            };
            self.0.insert(place.stream_arn.to_owned(), hours);
        }
        Ok(match self.0.get(place.stream_arn).copied().flatten() {
            Some(hours) => Readable::of(place.arrived, hours, now()),
            None => Readable::NoStream,
        })
    }
}

/// How long a Kinesis stream keeps its records; nothing where it is gone.
async fn retention_hours(cx: &Cx, stream_arn: &str) -> Result<Option<i64>> {
    let sent = cx.aws.kinesis.describe_stream_summary().stream_arn(stream_arn).send().await;
    let summary = nothing_if_absent(sent)?.and_then(|answer| answer.stream_description_summary);
    Ok(summary.map(|summary| i64::from(summary.retention_period_hours)))
}

/// Whether the records are changes of a table.
fn is_of_table(place: &Place<'_>) -> bool {
    Location::of(place.stream_arn, None).service == "dynamodb"
}

/// One record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: String,
    pub sequence_number: String,
    pub payload: Payload,
}

/// Reads what the stream has between two numbers, both included; with `parallelization` that may be more than the batch was. At
/// most 10,000 records.
///
/// # Errors
/// Those of Kinesis and of DynamoDB: among them a number that a new stream of the same name does not know.
pub async fn read(cx: &Cx, place: &Place<'_>) -> Result<Vec<Record>> {
    if is_of_table(place) { table::read(cx, place).await } else { read_kinesis(cx, place).await }
}

async fn read_kinesis(cx: &Cx, place: &Place<'_>) -> Result<Vec<Record>> {
    let kinesis = &cx.aws.kinesis;
    let start = kinesis.get_shard_iterator().stream_arn(place.stream_arn).shard_id(place.shard);
    let start = start.shard_iterator_type(ShardIteratorType::AtSequenceNumber);
    let mut at = start.starting_sequence_number(place.first).send().await?.shard_iterator;
    let (mut records, mut empty, mut most) = (Vec::new(), 0, limit(place));
    while let Some(iterator) = at {
        let request = kinesis.get_records().stream_arn(place.stream_arn).shard_iterator(iterator);
        let page = request.limit(most).send().await?;
        empty = if page.records.is_empty() { empty + 1 } else { 0 };
        let last = page.records.last().map(|record| record.sequence_number.clone());
        let within = |record: &Kinesis| is_within(place, &record.sequence_number);
        records.extend(page.records.into_iter().filter(within).map(record).take(MOST - records.len()));
        let passed = last.is_some_and(|last| by_number(&last, place.last) != Ordering::Less);
        let at_tip = empty > 0 && page.millis_behind_latest.unwrap_or_default() == 0;
        if passed || at_tip || empty == EMPTY || records.len() == MOST {
            break;
        }
        (at, most) = (page.next_shard_iterator, PAGE);
        sleep(PAUSE).await;
    }
    Ok(records)
}

/// Whether a number lies between those of a place, both included.
fn is_within(place: &Place<'_>, number: &str) -> bool {
    by_number(place.first, number) != Ordering::Greater && by_number(number, place.last) != Ordering::Greater
}

/// As many as the batch had, for a start; what lies between them with `parallelization` comes in further, larger pages.
fn limit(place: &Place<'_>) -> i32 {
    i32::try_from(place.records).unwrap_or(i32::MAX).clamp(1, 10_000)
}

fn record(record: Kinesis) -> Record {
    Record {
        key: record.partition_key.unwrap_or_default(),
        sequence_number: record.sequence_number,
        payload: Payload::Data(record.data.into_inner()),
    }
}

/// Milliseconds since 1970, as people and machines read them.
pub fn time(millis: i64) -> String {
    DateTime::from_secs(millis.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default()
}

fn millis(text: &str) -> Option<i64> {
    DateTime::from_str(text, Format::DateTimeWithOffset).ok()?.to_millis().ok()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
