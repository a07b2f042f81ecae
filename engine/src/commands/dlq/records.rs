//! The records that a dead letter points to: whether the stream still has them, and what they are.
//!
//! IAM: kinesis:DescribeStreamSummary; to read them those in [`pages`], of a table's stream those in [`table`].

pub mod pages;
pub mod table;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use pipe_local::event::Location;

use super::letter::{Place, by_number};
use super::payload::Payload;
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use pages::{Begin, Given, PAGE, Page, Pages};

/// Records of a batch at most, and of one call.
const MOST: usize = 10_000;
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
    /// None: a stream of the same name was made later, and its sequence numbers mean other records.
    Replaced(i64),
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
            Self::Replaced(made) => format!("their stream is gone, and another of its name was made at {}", time(made)),
            Self::Unknown => "perhaps still readable".to_owned(),
        }
    }
}

/// The retention of streams, each asked for once.
#[derive(Debug, Default)]
pub struct Retention(BTreeMap<String, Option<Keeps>>);

/// How long a stream keeps its records, and since when there is such a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    pub hours: i64,
    /// In milliseconds since 1970; 0 where its ARN says which of its name it is.
    pub since: i64,
}

impl Retention {
    /// Whether the records of a place can be read now.
    ///
    /// # Errors
    /// Those of Kinesis and of DynamoDB.
    pub async fn of(&mut self, cx: &Cx, place: &Place<'_>) -> Result<Readable> {
        if !self.0.contains_key(place.stream_arn) {
            let keeps = match is_of_table(place.stream_arn) {
                true => table::keeps(cx, place.stream_arn).await?,
                false => keeps(cx, place.stream_arn).await?,
            };
            self.0.insert(place.stream_arn.to_owned(), keeps);
        }
        Ok(match self.0.get(place.stream_arn).copied().flatten() {
            Some(keeps) if millis(place.arrived.1).is_some_and(|last| last < keeps.since) => {
                Readable::Replaced(keeps.since)
            }
            Some(keeps) => Readable::of(place.arrived, keeps.hours, now()),
            None => Readable::NoStream,
        })
    }
}

/// When the oldest record may have come that a stream still has, in milliseconds since 1970; nothing where it is gone.
///
/// # Errors
/// Those of Kinesis and of DynamoDB.
pub async fn keeps_since(cx: &Cx, stream_arn: &str, now: i64) -> Result<Option<i64>> {
    let keeps =
        if is_of_table(stream_arn) { table::keeps(cx, stream_arn).await? } else { keeps(cx, stream_arn).await? };
    Ok(keeps.map(|keeps| now - keeps.hours * HOUR_MILLIS))
}

/// What a Kinesis stream says of itself; nothing where it is gone.
async fn keeps(cx: &Cx, stream_arn: &str) -> Result<Option<Keeps>> {
    let sent = cx.aws.kinesis.describe_stream_summary().stream_arn(stream_arn).send().await;
    let summary = nothing_if_absent(sent)?.and_then(|answer| answer.stream_description_summary);
    Ok(summary.map(|summary| Keeps {
        hours: i64::from(summary.retention_period_hours),
        since: summary.stream_creation_timestamp.to_millis().unwrap_or_default(),
    }))
}

/// Whether a stream's records are changes of a table.
pub fn is_of_table(stream_arn: &str) -> bool {
    Location::of(stream_arn, None).service == "dynamodb"
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
    if is_of_table(place.stream_arn) { table::read(cx, place).await } else { read_shard(cx, place).await }
}

/// The shards that may have the first record: one, where the letter names it.
///
/// # Errors
/// Those of DynamoDB.
pub async fn shards(cx: &Cx, place: &Place<'_>) -> Result<Vec<String>> {
    match place.shard {
        "" if is_of_table(place.stream_arn) => table::candidates(cx, place).await,
        shard => Ok(vec![shard.to_owned()]),
    }
}

/// Reads one shard of the stream.
async fn read_shard(cx: &Cx, place: &Place<'_>) -> Result<Vec<Record>> {
    let (mut span, mut records) = (Span::open(cx, *place).await?, Vec::new());
    while let Some(page) = span.next().await? {
        records.extend(page.into_iter().map(record).take(MOST - records.len()));
        if records.len() == MOST {
            break;
        }
    }
    Ok(records)
}

/// The records of a place, page by page. With `parallelization` these may be more than its batch had.
pub struct Span<'a> {
    pages: Pages<'a>,
    place: Place<'a>,
    most: i32,
    over: bool,
}

impl<'a> Span<'a> {
    /// Begins with the first.
    ///
    /// # Errors
    /// As of [`Pages::open`].
    pub async fn open(cx: &'a Cx, place: Place<'a>) -> Result<Self> {
        let pages = Pages::open(cx, place.stream_arn, place.shard, &Begin::Number(place.first.to_owned())).await?;
        Ok(Self { pages, place, most: limit(&place), over: false })
    }

    /// The next ones, which may be none; nothing behind the last.
    ///
    /// # Errors
    /// As of [`Pages::next`].
    pub async fn next(&mut self) -> Result<Option<Vec<Given>>> {
        if self.over {
            return Ok(None);
        }
        let Page { mut records, last } = self.pages.next(self.most).await?;
        let passed = records.last().is_some_and(|at| by_number(at.number(), self.place.last) != Ordering::Less);
        records.retain(|record| self.place.spans(record.number()));
        (self.over, self.most) = (passed || last, PAGE);
        Ok(Some(records))
    }
}

/// As many as the batch had, for a start; what lies between them with `parallelization` comes in further, larger pages.
fn limit(place: &Place<'_>) -> i32 {
    let most = if is_of_table(place.stream_arn) { PAGE } else { 10_000 };
    i32::try_from(place.records).unwrap_or(i32::MAX).clamp(1, most)
}

/// A record as it is shown.
pub fn record(given: Given) -> Record {
    match given {
        Given::Change(change) => table::record(&change),
        Given::Record(record) => Record {
            key: record.partition_key.unwrap_or_default(),
            sequence_number: record.sequence_number,
            payload: Payload::Data(record.data.into_inner()),
        },
    }
}

/// Milliseconds since 1970, as people and machines read them.
pub fn time(millis: i64) -> String {
    DateTime::from_secs(millis.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default()
}

pub fn millis(text: &str) -> Option<i64> {
    DateTime::from_str(text, Format::DateTimeWithOffset).ok()?.to_millis().ok()
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
