//! UpdateShardCount, SplitShard and MergeShards without losing what is in the stream.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::carried::{Kept, Record, id};
use super::shards::{Facts, now};
use super::{Answering, Exchange, Passed};

const LIST: &str = "Kinesis_20131202.ListShards";
const ITERATE: &str = "Kinesis_20131202.GetShardIterator";
const READ: &str = "Kinesis_20131202.GetRecords";
/// How many records one read of a shard asks for.
const AT_ONCE: usize = 1_000;
/// How often, and after what pause, the new shards are asked for: without them the old ones' records are lost.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// Reshards, and keeps what the endpoint then has no more. An endpoint that closes shards as AWS does is left alone.
pub fn update_count<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let Some(name) = exchange.named() else { return exchange.forward().await };
        let stream = exchange.stream(&name);
        let mut kept = stream.write().await;
        let listed = exchange.call(LIST, &json!({ "StreamName": name })).await?;
        if !listed.status().is_success() {
            return Ok(listed);
        }
        let mut old = Vec::new();
        for shard in shards_of(&listed).into_iter().filter(|shard| range(shard)["EndingSequenceNumber"].is_null()) {
            match records(exchange, &name, id(&shard)).await? {
                Ok(records) => old.push((shard, records)),
                Err(refused) => return Ok(refused),
            }
        }
        let one_by_one = !exchange.call.target.ends_with(".UpdateShardCount");
        let answer = match one_by_one {
            true => exchange.forward_as(&with_own_ids(exchange.input(), &kept).to_string()).await,
            false => exchange.forward().await,
        };
        // Whatever came of the call: an answer that is lost says nothing of what the endpoint has done.
        let Some(new) = listed_at_last(exchange, &name).await else { return answer };
        let start = |shard: &Value| range(shard)["StartingSequenceNumber"].clone();
        let same = |one: &Value, other: &Value| id(one) == id(other) && start(one) == start(other);
        old.retain(|(shard, _)| !new.iter().any(|listed| same(listed, shard)));
        if !old.is_empty() {
            match one_by_one {
                true => kept.replace(old, &new, now()),
                false => kept.reshard(old, &new, now()),
            }
        }
        answer
    })
}

/// The shards of a call by the endpoint's ids. A closed one gets an id that the endpoint does not know.
fn with_own_ids(mut input: Value, kept: &Kept) -> Value {
    for name in ["ShardToSplit", "ShardToMerge", "AdjacentShardToMerge"] {
        let own = input[name].as_str().and_then(|shown| kept.open_shard(shown));
        if let Some(own) = own {
            input[name] = own.into();
        }
    }
    input
}

/// All records of an endpoint's shard, or the endpoint's refusal.
async fn records(exchange: &Exchange<'_>, name: &str, shard: &str) -> Passed<Result<Vec<Record>, Response<Bytes>>> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let mut input = json!({ "StreamName": name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        if let Some(last) = all.last() {
            input["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            input["StartingSequenceNumber"] = last.sequence.as_str().into();
        }
        let answer = exchange.call(ITERATE, &input).await?;
        if !answer.status().is_success() {
            return Ok(Err(answer));
        }
        let iterator: Value = serde_json::from_slice(answer.body())?;
        let input = json!({ "ShardIterator": iterator["ShardIterator"], "Limit": AT_ONCE });
        let answer = exchange.call(READ, &input).await?;
        if !answer.status().is_success() {
            return Ok(Err(answer));
        }
        let page: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(answer.body())?;
        let texts: Vec<Box<RawValue>> =
            page.get("Records").map_or(Ok(Vec::new()), |all| serde_json::from_str(all.get()))?;
        if texts.is_empty() {
            return Ok(Ok(all));
        }
        for text in texts {
            let Facts { sequence_number: sequence, approximate_arrival_timestamp: arrived } =
                serde_json::from_str(text.get())?;
            all.push(Record { sequence, arrived, text });
        }
    }
}

/// The shards after the call; nothing where the endpoint does not say.
async fn listed_at_last(exchange: &Exchange<'_>, name: &str) -> Option<Vec<Value>> {
    for _ in 0..TRIES {
        match exchange.call(LIST, &json!({ "StreamName": name })).await {
            Ok(listed) if listed.status().is_success() => return Some(shards_of(&listed)),
            _ => sleep(PAUSE).await,
        }
    }
    None
}

fn shards_of(listed: &Response<Bytes>) -> Vec<Value> {
    let body: Value = serde_json::from_slice(listed.body()).unwrap_or_default();
    body["Shards"].as_array().cloned().unwrap_or_default()
}

fn range(shard: &Value) -> &Value {
    &shard["SequenceNumberRange"]
}
