//! A record of a Kinesis stream: each shard whose range may have its number is asked for it.

use std::cmp::Ordering;
use std::time::Duration;

use aws_sdk_kinesis::types::{Record as Kinesis, Shard, ShardIteratorType};
use aws_smithy_types::DateTime;
use tokio::time::sleep;

use super::{Record, Sought};
use crate::aws::Cx;
use crate::commands::dlq::letter::by_number;
use crate::commands::ends::Taken;
use crate::error::{Class, Error, Result};

/// Calls to a shard before it counts as one without the record: the iterator may have to pass what is trimmed.
const MOST_CALLS: u32 = 20;
/// Records of a call that looks for a key.
const PAGE: i32 = 1_000;
/// How long before and after the time of its request a record is looked for: clocks differ, and API Gateway waits for 29 s at most.
const BEFORE_MILLIS: i64 = 5_000;
const AFTER_MILLIS: i64 = 40_000;
/// A shard takes 5 calls a second, and the consumer needs some of them.
const PAUSE: Duration = Duration::from_millis(400);

pub(super) async fn find(cx: &Cx, name: &str, shard: Option<&str>, number: &str) -> Result<Sought> {
    let shards = match shard {
        Some(shard) => vec![shard.to_owned()],
        None => shards(cx, name, |shard| may_have(shard, number)).await?,
    };
    let mut passed = false;
    for shard in shards {
        match read(cx, name, &shard, number).await {
            Ok(Read::Found(record)) => return Ok(Sought::Found(Box::new(found(name, shard, *record)))),
            Ok(Read::Passed) => passed = true,
            Ok(Read::Nothing) => {}
            // A number of another shard, or of a stream that had this name before; a shard that is gone.
            Err(error) if is_strange(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Sought::Absent(match passed {
        true => format!("what `{name}` had of it: the record is past the stream's retention"),
        false => format!("what `{name}` had of it: none of its shards has this number, or no longer"),
    }))
}

fn is_strange(error: &Error) -> bool {
    error.class() == Class::NotFound || error.code() == "InvalidArgumentException"
}

/// The shards that are meant.
async fn shards(cx: &Cx, name: &str, meant: impl Fn(&Shard) -> bool) -> Result<Vec<String>> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        // With a token the stream must not be named.
        let named = next.is_none().then(|| name.to_owned());
        let page = cx.aws.kinesis.list_shards().set_stream_name(named).set_next_token(next).send().await?;
        let shards = page.shards.unwrap_or_default().into_iter();
        all.extend(shards.filter(|shard| meant(shard)).map(|shard| shard.shard_id));
        next = page.next_token;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Whether the range of a shard may have a number: an open one has no end.
fn may_have(shard: &Shard, number: &str) -> bool {
    shard.sequence_number_range.as_ref().is_none_or(|range| {
        by_number(&range.starting_sequence_number, number) != Ordering::Greater
            && range.ending_sequence_number.as_ref().is_none_or(|end| by_number(number, end) != Ordering::Greater)
    })
}

enum Read {
    Found(Box<Kinesis>),
    /// The shard begins behind it.
    Passed,
    Nothing,
}

async fn read(cx: &Cx, name: &str, shard: &str, number: &str) -> Result<Read> {
    let kinesis = &cx.aws.kinesis;
    let start = kinesis.get_shard_iterator().stream_name(name).shard_id(shard);
    let start = start.shard_iterator_type(ShardIteratorType::AtSequenceNumber).starting_sequence_number(number);
    let mut at = start.send().await?.shard_iterator;
    for _ in 0..MOST_CALLS {
        let Some(iterator) = at else { break };
        let page = kinesis.get_records().shard_iterator(iterator).limit(1).send().await?;
        if let Some(record) = page.records.into_iter().next() {
            return Ok(match by_number(&record.sequence_number, number) {
                Ordering::Equal => Read::Found(Box::new(record)),
                Ordering::Greater => Read::Passed,
                Ordering::Less => Read::Nothing,
            });
        }
        if page.millis_behind_latest.unwrap_or_default() == 0 {
            break;
        }
        at = page.next_shard_iterator;
        sleep(PAUSE).await;
    }
    Ok(Read::Nothing)
}

/// A record by its partition key, among those that came to the stream around this time, in milliseconds since 1970.
pub(super) async fn with_key(cx: &Cx, name: &str, key: &str, at: i64) -> Result<Option<Record>> {
    for shard in shards(cx, name, |_| true).await? {
        let from = DateTime::from_millis(at - BEFORE_MILLIS);
        let start = cx.aws.kinesis.get_shard_iterator().stream_name(name).shard_id(&shard);
        let start = start.shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(from);
        let mut next = match start.send().await.map_err(Error::from) {
            Ok(answer) => answer.shard_iterator,
            Err(error) if is_strange(&error) => continue,
            Err(error) => return Err(error),
        };
        for _ in 0..MOST_CALLS {
            let Some(iterator) = next else { break };
            let page = cx.aws.kinesis.get_records().shard_iterator(iterator).limit(PAGE).send().await?;
            let arrived = |record: &Kinesis| record.approximate_arrival_timestamp.and_then(|at| at.to_millis().ok());
            let passed = page.records.last().and_then(arrived).is_some_and(|last| last > at + AFTER_MILLIS);
            if let Some(record) = page.records.into_iter().find(|record| record.partition_key.as_deref() == Some(key)) {
                return Ok(Some(found(name, shard, record)));
            }
            if passed || page.millis_behind_latest.unwrap_or_default() == 0 {
                break;
            }
            next = page.next_shard_iterator;
            sleep(PAUSE).await;
        }
    }
    Ok(None)
}

fn found(name: &str, shard: String, record: Kinesis) -> Record {
    let mut taken = Taken::record(shard, record.sequence_number);
    taken.location.name = Some(name.to_owned());
    Record {
        arrived: record.approximate_arrival_timestamp.and_then(|at| at.to_millis().ok()),
        key: record.partition_key.unwrap_or_default(),
        data: record.data.into_inner(),
        taken,
    }
}

#[cfg(test)]
mod tests;
