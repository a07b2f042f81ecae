//! A shard's records, page by page, no faster than leaves the consumer its share of the shard.
//!
//! IAM: kinesis:GetShardIterator, GetRecords; of a table's stream those in [`super::table`].

use std::time::Duration;

use aws_sdk_kinesis::types::{Record as Kinesis, ShardIteratorType};
use aws_smithy_types::DateTime;
use pipe_local::poller::parts::{self, Properties};
use serde_json::Value;
use tokio::time::sleep;

use super::super::letter::by_number;
use super::{is_of_table, table};
use crate::aws::Cx;
use crate::error::{Class, Error, Result};

/// Records of a call at most: more would take the consumer's share of the shard's 2 MB a second.
pub const PAGE: i32 = 1_000;
/// A shard takes 5 calls a second, and the consumer needs some of them.
const PAUSE: Duration = Duration::from_millis(400);
/// Calls in a row without a record before a shard counts as read: the iterator may have to pass what is trimmed.
const EMPTY: u32 = 20;

/// Where reading begins in a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At the record with this number; where it is trimmed, at the oldest that there is.
    Number(String),
    /// At the first that arrived then, in milliseconds since 1970; of a table's stream, which has no such place, at the oldest.
    Time(i64),
}

/// A record as its stream gives it.
#[derive(Clone, Debug)]
pub enum Given {
    Record(Kinesis),
    Change(Value),
}

/// What a call gave.
#[derive(Debug, Default)]
pub struct Page {
    pub records: Vec<Given>,
    /// Whether nothing comes after them, for now or for ever.
    pub last: bool,
}

/// The pages of a shard.
pub struct Pages<'a> {
    cx: &'a Cx,
    stream_arn: &'a str,
    shard: String,
    begin: Begin,
    /// The number of the record that was given last.
    given: Option<String>,
    at: Option<String>,
    begun: bool,
    empty: u32,
}

impl Given {
    /// Its sequence number.
    pub fn number(&self) -> &str {
        match self {
            Self::Record(record) => &record.sequence_number,
            Self::Change(change) => table::number(change),
        }
    }

    /// The record as this mapping hands it over.
    ///
    /// # Errors
    /// It is no change of a table.
    pub fn complete(self, mapping: &Properties, shard: &str) -> Result<parts::Record> {
        match self {
            Self::Record(record) => Ok(parts::record(record, mapping, shard)),
            Self::Change(change) => {
                let given = serde_json::from_value(change);
                let unclear =
                    |error| Error::new(Class::Unclear, format!("a change of the table cannot be read: {error}"));
                Ok(parts::change(given.map_err(unclear)?, mapping))
            }
        }
    }
}

impl<'a> Pages<'a> {
    /// Begins to read a shard.
    ///
    /// # Errors
    /// Those of Kinesis and of DynamoDB: among them a number that a new stream of the same name does not know.
    pub async fn open(cx: &'a Cx, stream_arn: &'a str, shard: &str, begin: &Begin) -> Result<Self> {
        let at = iterator(cx, stream_arn, shard, begin).await?;
        let (shard, begin) = (shard.to_owned(), begin.clone());
        Ok(Self { cx, stream_arn, shard, begin, given: None, at, begun: false, empty: 0 })
    }

    /// Reads at most so many records on.
    ///
    /// # Errors
    /// Those of Kinesis and of DynamoDB.
    pub async fn next(&mut self, most: i32) -> Result<Page> {
        let Some(at) = self.at.take() else { return Ok(Page { last: true, ..Page::default() }) };
        let of_table = is_of_table(self.stream_arn);
        if self.begun {
            sleep(if of_table { table::PAUSE } else { PAUSE }).await;
        }
        self.begun = true;
        let page = match self.page(&at, most).await {
            // To hand records over may take longer than an iterator lasts: 5 minutes, of a table's stream 15.
            Err(error) if error.code() == "ExpiredIteratorException" => self.again(most, error).await,
            page => page,
        };
        let (mut records, next, at_tip) = page?;
        records.retain(|record| self.given.as_ref().is_none_or(|given| by_number(record.number(), given).is_gt()));
        self.given = records.last().map(|record| record.number().to_owned()).or(self.given.take());
        self.at = next;
        self.empty = if records.is_empty() { self.empty + 1 } else { 0 };
        let most_empty = if of_table { table::EMPTY } else { EMPTY };
        let last = self.at.is_none() || (self.empty > 0 && at_tip) || self.empty == most_empty;
        Ok(Page { records, last })
    }

    async fn page(&self, at: &str, most: i32) -> Result<(Vec<Given>, Option<String>, bool)> {
        match is_of_table(self.stream_arn) {
            true => table::page(self.cx, at, most).await,
            false => page(self.cx, self.stream_arn, at.to_owned(), most).await,
        }
    }

    /// Reads on from the record that was given last, which comes again.
    async fn again(&self, most: i32, expired: Error) -> Result<(Vec<Given>, Option<String>, bool)> {
        let begin = self.given.clone().map_or_else(|| self.begin.clone(), Begin::Number);
        match iterator(self.cx, self.stream_arn, &self.shard, &begin).await? {
            Some(at) => self.page(&at, most).await,
            None => Err(expired),
        }
    }
}

async fn iterator(cx: &Cx, stream_arn: &str, shard: &str, begin: &Begin) -> Result<Option<String>> {
    match is_of_table(stream_arn) {
        true => table::start(cx, stream_arn, shard, begin).await,
        false => start(cx, stream_arn, shard, begin).await,
    }
}

async fn start(cx: &Cx, stream_arn: &str, shard: &str, begin: &Begin) -> Result<Option<String>> {
    let request = cx.aws.kinesis.get_shard_iterator().stream_arn(stream_arn).shard_id(shard);
    let request = match begin {
        Begin::Number(number) => {
            request.shard_iterator_type(ShardIteratorType::AtSequenceNumber).starting_sequence_number(number)
        }
        Begin::Time(millis) => {
            request.shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(DateTime::from_millis(*millis))
        }
    };
    Ok(request.send().await?.shard_iterator)
}

/// Records, the iterator behind them, and whether they are the shard's newest.
async fn page(cx: &Cx, stream_arn: &str, iterator: String, most: i32) -> Result<(Vec<Given>, Option<String>, bool)> {
    let request = cx.aws.kinesis.get_records().stream_arn(stream_arn).shard_iterator(iterator);
    let page = request.limit(most).send().await?;
    let at_tip = page.millis_behind_latest.unwrap_or_default() == 0;
    Ok((page.records.into_iter().map(Given::Record).collect(), page.next_shard_iterator, at_tip))
}
