//! Streams of tables, read under the role of the function.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::access::Access;
use super::super::checkpoints::Position;
use super::super::mapping::Properties;
use super::super::rights::missing;
use super::super::trouble::Trouble;
use super::{Pace, Page, Reader, ShardFacts, Source};
use crate::error::{self, Error};

mod call;
pub mod record;
mod size;

use call::{Caller, Failure};

/// AWS's pollers ask a shard four times a second. Here an idle one is asked once a second, and at once when a table was written to: a
/// change is seen as soon, and an idle emulator is left alone. More than a thousand records are not given at a time, or 1 MB.
pub const PACE: Pace = Pace { every_ms: 250, idle_ms: 1_000, page_bytes: usize::MAX, first: 1_000, most: 1_000 };
/// How long a stream keeps records, always
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>).
pub const RETENTION_HOURS: i32 = 24;

/// The stream of a mapping, under its role.
pub fn source(access: &Access, mapping: &Arc<Properties>) -> Source {
    Source::of(PACE, TableReader::new(access, mapping))
}

/// Does every call that the poller will do, under the role: nothing else shows what is allowed.
///
/// # Errors
/// The role cannot be assumed, or may not do one of them: the error names role and action.
pub async fn check(access: &Access, mapping: &Properties) -> error::Result<()> {
    access.credentials().await?;
    let caller = Caller::new(access, &mapping.region);
    let arn = mapping.source_arn.as_str();
    let described = allowed(&caller, mapping, "DescribeStream", &json!({ "StreamArn": arn })).await?;
    allowed(&caller, mapping, "ListStreams", &json!({ "Limit": 1 })).await?;
    // The last is an open one, where the newest position is sure to be.
    let Some(shard) = described["StreamDescription"]["Shards"].as_array().and_then(|shards| shards.last()) else {
        return Err(Error::new(format!("read the stream `{arn}`: it has no shards")));
    };
    let newest = json!({ "StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "LATEST" });
    let newest = allowed(&caller, mapping, "GetShardIterator", &newest).await?;
    let read = json!({ "ShardIterator": newest["ShardIterator"], "Limit": 1 });
    allowed(&caller, mapping, "GetRecords", &read).await.map(drop)
}

async fn allowed(caller: &Caller, mapping: &Properties, operation: &str, input: &Value) -> error::Result<Value> {
    let action = format!("dynamodb:{operation}");
    match caller.ask(operation, input).await {
        Ok(answer) => Ok(answer),
        Err(failure) if failure.denied() => Err(missing(mapping, &action)),
        // The stream's other readers use up its calls: so the role may read.
        Err(failure) if failure.is("LimitExceededException") || failure.is("ThrottlingException") => Ok(Value::Null),
        Err(failure) => Err(Error::new(format!("run the mapping of `{}`: `{action}`: {failure}", mapping.function))),
    }
}

/// The iterators of shards, with the positions that they are at.
type Kept = Arc<Mutex<HashMap<String, (Position, String)>>>;

#[derive(Clone)]
struct TableReader {
    caller: Caller,
    mapping: Arc<Properties>,
    /// An iterator is good for the next page, so that a page costs one call. One that has expired is asked for anew.
    kept: Kept,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    stream_description: Description,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    #[serde(default)]
    shards: Vec<Shard>,
    last_evaluated_shard_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shard {
    shard_id: String,
    parent_shard_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    records: Vec<record::Given>,
    next_shard_iterator: Option<String>,
}

impl Reader for TableReader {
    /// A stream is forgotten a day after it was ended: then there is nothing more to read, and the mapping idles.
    async fn shards(&self) -> Result<Vec<ShardFacts>, Trouble> {
        let (mut shards, mut last) = (Vec::new(), None::<String>);
        loop {
            let mut input = json!({ "StreamArn": self.mapping.source_arn });
            if let Some(last) = last {
                input["ExclusiveStartShardId"] = last.into();
            }
            let page: Listed = match self.caller.ask("DescribeStream", &input).await {
                Err(failure) if failure.is("ResourceNotFoundException") => return Ok(Vec::new()),
                answer => self.understood("DescribeStream", answer)?,
            };
            let Description { shards: listed, last_evaluated_shard_id } = page.stream_description;
            let facts = |shard: Shard| ShardFacts {
                id: shard.shard_id,
                parents: shard.parent_shard_id.filter(|parent| !parent.is_empty()).into_iter().collect(),
            };
            shards.extend(listed.into_iter().map(facts));
            last = last_evaluated_shard_id;
            if last.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn read(&self, shard: &str, position: Position, most: i32) -> Result<Page, Trouble> {
        if let Some(iterator) = self.take_kept(shard, &position) {
            match self.records(&iterator, most).await {
                Err(failure) if failure.is("ExpiredIteratorException") || failure.is("TrimmedDataAccessException") => {}
                answer => return self.page(shard, position, answer),
            }
        }
        let iterator = self.iterator(shard, &position).await?;
        let answer = self.records(&iterator, most).await;
        self.page(shard, position, answer)
    }
}

impl TableReader {
    fn new(access: &Access, mapping: &Arc<Properties>) -> Self {
        let caller = Caller::new(access, &mapping.region);
        Self { caller, mapping: mapping.clone(), kept: Arc::default() }
    }

    async fn iterator(&self, shard: &str, position: &Position) -> Result<String, Trouble> {
        let mut input = json!({
            "StreamArn": self.mapping.source_arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON",
        });
        if let Position::After(sequence) = position {
            input["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            input["SequenceNumber"] = sequence.as_str().into();
        }
        let answer: Value = self.understood("GetShardIterator", self.caller.ask("GetShardIterator", &input).await)?;
        let iterator = answer["ShardIterator"].as_str().map(str::to_owned);
        iterator.ok_or_else(|| Trouble::Other("the stream gave no shard iterator".to_owned()))
    }

    async fn records(&self, iterator: &str, most: i32) -> Result<Value, Failure> {
        self.caller.ask("GetRecords", &json!({ "ShardIterator": iterator, "Limit": most })).await
    }

    /// Makes a page of an answer, and keeps the iterator that goes on behind it.
    fn page(&self, shard: &str, position: Position, answer: Result<Value, Failure>) -> Result<Page, Trouble> {
        let Answer { records, next_shard_iterator: next } = self.understood("GetRecords", answer)?;
        let given = records.len();
        let fit = record::fitting(&records);
        let mut records: Vec<_> =
            records.into_iter().take(fit).map(|record| record::complete(record, &self.mapping)).collect();
        let ended = next.is_none() && fit == given;
        // There is no iterator for a time, so what is older is left out here. AWS tells the second, and so may a record of it be older.
        if let Position::Since(time) = position {
            records.retain(|record| record.arrived_ms >= time - time.rem_euclid(1000));
        }
        let place = records.last().map_or(position, |last| Position::After(last.sequence.clone()));
        if let Some(next) = next.filter(|_| fit == given) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.insert(shard.to_owned(), (place, next));
        }
        Ok(Page { records, ended })
    }

    fn take_kept(&self, shard: &str, position: &Position) -> Option<String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(shard).filter(|(at, _)| at == position).map(|(_, iterator)| iterator)
    }

    fn understood<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        answer: Result<Value, Failure>,
    ) -> Result<T, Trouble> {
        let answer = answer.map_err(|failure| failure.trouble(&self.mapping.role, operation))?;
        serde_json::from_value(answer).map_err(|error| Trouble::Other(format!("`dynamodb:{operation}`: {error}")))
    }
}
