//! The records of a table's stream, which AWS keeps for 24 hours, also after the stream was disabled.
//!
//! IAM: dynamodb:DescribeStream, GetShardIterator, GetRecords.

use std::cmp::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::pages::{Begin, Given};
use super::{Keeps, Record, read_shard};
use crate::aws::{Cx, Repeat, nothing_if_absent};
use crate::commands::dlq::letter::{Place, by_number};
use crate::commands::dlq::payload::Payload;
use crate::error::{Class, Error, Result};
use crate::kinds::mapping::STREAMS;

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const RETENTION_HOURS: i64 = 24;
/// Between two calls for one shard.
pub(super) const PAUSE: Duration = Duration::from_millis(250);
/// Calls in a row without a record before the search ends: the shard may be open, and says nothing of how far its end is.
pub(super) const EMPTY: u32 = 8;
/// Shards of one page of their list, and pages that are looked through: a shard lasts some hours.
const SHARDS: u32 = 100;
const PAGES: u32 = 100;
/// Shards that are asked for a record whose letter does not name its own.
const CANDIDATES: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stream_description: Description,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    #[serde(default)]
    shards: Vec<Shard>,
    last_evaluated_shard_id: Option<String>,
}

/// A shard, and the one that it goes on from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Shard {
    pub shard_id: String,
    pub parent_shard_id: Option<String>,
    sequence_number_range: Option<Range>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Range {
    starting_sequence_number: Option<String>,
    /// Absent as long as the shard is open.
    ending_sequence_number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    records: Vec<Value>,
    next_shard_iterator: Option<String>,
}

/// What a table's stream keeps; nothing where it is gone.
pub(super) async fn keeps(cx: &Cx, stream_arn: &str) -> Result<Option<Keeps>> {
    let described = call(cx, "DescribeStream", &json!({ "StreamArn": stream_arn, "Limit": 1 })).await;
    // Each of its streams has an ARN of its own.
    Ok(nothing_if_absent(described)?.map(|_| Keeps { hours: RETENTION_HOURS, since: 0 }))
}

/// Reads what the stream has between two numbers, both included.
///
/// # Errors
/// Those of DynamoDB.
pub(super) async fn read(cx: &Cx, place: &Place<'_>) -> Result<Vec<Record>> {
    if !place.shard.is_empty() {
        return read_shard(cx, place).await;
    }
    let mut failed = None;
    for id in candidates(cx, place).await? {
        match read_shard(cx, &Place { shard: &id, ..*place }).await {
            Ok(records) if records.is_empty() => {}
            Ok(records) => return Ok(records),
            // A number that the shard never had: another one has it.
            Err(error) if matches!(error.class(), Class::Fatal | Class::NotFound) => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    failed.map_or_else(|| Ok(Vec::new()), Err)
}

/// The shards that may have the first record.
pub(super) async fn candidates(cx: &Cx, place: &Place<'_>) -> Result<Vec<String>> {
    let all = shards(cx, place.stream_arn).await?.into_iter();
    Ok(all.filter(|shard| may_have(shard, place.first)).map(|shard| shard.shard_id).take(CANDIDATES).collect())
}

/// The shards of a table's stream.
///
/// # Errors
/// Those of DynamoDB.
pub async fn shards(cx: &Cx, stream_arn: &str) -> Result<Vec<Shard>> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let mut input = json!({ "StreamArn": stream_arn, "Limit": SHARDS });
        if let Some(after) = &after {
            input["ExclusiveStartShardId"] = Value::String(String::clone(after));
        }
        let described: Described = understood(call(cx, "DescribeStream", &input).await?)?;
        let Description { shards, last_evaluated_shard_id } = described.stream_description;
        found.extend(shards);
        after = last_evaluated_shard_id;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

fn may_have(shard: &Shard, number: &str) -> bool {
    let Some(range) = &shard.sequence_number_range else { return true };
    let from = range.starting_sequence_number.as_ref();
    let to = range.ending_sequence_number.as_ref();
    from.is_none_or(|from| by_number(from, number) != Ordering::Greater)
        && to.is_none_or(|to| by_number(number, to) != Ordering::Greater)
}

/// Records, and the iterator behind them. Nothing says whether they are the newest.
pub(super) async fn page(cx: &Cx, iterator: &str, most: i32) -> Result<(Vec<Given>, Option<String>, bool)> {
    let page = call(cx, "GetRecords", &json!({ "ShardIterator": iterator, "Limit": most })).await?;
    let Page { records, next_shard_iterator } = understood(page)?;
    Ok((records.into_iter().map(Given::Change).collect(), next_shard_iterator, false))
}

/// Where to begin: at the first record or, where the stream has forgotten it, at the oldest that there is.
pub(super) async fn start(cx: &Cx, stream_arn: &str, shard: &str, begin: &Begin) -> Result<Option<String>> {
    let of = |kind: &str| json!({ "StreamArn": stream_arn, "ShardId": shard, "ShardIteratorType": kind });
    let oldest = of("TRIM_HORIZON");
    let answer = match begin {
        Begin::Time(_) => call(cx, "GetShardIterator", &oldest).await?,
        Begin::Number(number) => {
            let mut at = of("AT_SEQUENCE_NUMBER");
            at["SequenceNumber"] = number.as_str().into();
            match call(cx, "GetShardIterator", &at).await {
                Err(error) if error.code() == "TrimmedDataAccessException" => {
                    call(cx, "GetShardIterator", &oldest).await?
                }
                answer => answer?,
            }
        }
    };
    Ok(answer["ShardIterator"].as_str().map(str::to_owned))
}

async fn call(cx: &Cx, operation: &'static str, input: &Value) -> Result<Value> {
    cx.aws.operations.call(&STREAMS, operation, input, Repeat::AsUsual).await
}

fn understood<T: for<'de> Deserialize<'de>>(answer: Value) -> Result<T> {
    let unclear =
        |error| Error::new(Class::Unclear, format!("the answer of the table's stream cannot be read: {error}"));
    serde_json::from_value(answer).map_err(unclear)
}

pub(super) fn number(record: &Value) -> &str {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default()
}

/// The change as the stream has it, and its item's key attributes. All numbers of items are texts, so that they keep their digits.
pub(super) fn record(record: &Value) -> Record {
    let keys = record.pointer("/dynamodb/Keys").map(Value::to_string);
    Record {
        key: keys.unwrap_or_default(),
        sequence_number: number(record).to_owned(),
        payload: Payload::Data(record.to_string().into_bytes()),
    }
}

#[cfg(test)]
mod tests;
