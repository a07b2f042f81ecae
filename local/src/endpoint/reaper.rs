//! Deletes items that have expired, as AWS does: their attribute is a number of seconds since 1970 that has passed, not more than five
//! years ago, and the table's stream names DynamoDB as who did it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>).
//!
//! AWS takes days for it, a session seconds.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hyper::header::{HOST, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::call::Call;
use super::quirks::Memory;
use super::upstream::{Caller, Upstream};

/// How long it rests between two looks at all tables, at the least; of large ones, so many times as long as a look takes.
const REST: Duration = Duration::from_secs(10);
const REST_FOR_WORK: u32 = 20;
/// How many items are deleted while readers of streams wait.
const AT_ONCE: usize = 25;
const FIVE_YEARS: f64 = 5.0 * 365.25 * 86_400.0;

/// Deletes what expires, for as long as this is polled, and tells of it.
pub async fn run(upstream: &Upstream, memory: &Memory, root: &str, puts: &watch::Sender<()>) {
    let mut rest = REST;
    loop {
        sleep(rest).await;
        let began = Instant::now();
        if sweep(upstream, memory, root).await > 0 {
            puts.send_replace(());
        }
        rest = REST.max(began.elapsed() * REST_FOR_WORK);
    }
}

/// Deletes what has expired in all tables, and gives the number of items.
pub async fn sweep(upstream: &Upstream, memory: &Memory, root: &str) -> usize {
    let mut deleted = 0;
    for (place, attribute) in memory.ttl.all() {
        let table = Table::new(upstream, memory, root, &place, &attribute);
        deleted += table.sweep().await.unwrap_or_default();
    }
    deleted
}

/// A table with items that expire, as the account's root sees it.
struct Table<'a> {
    upstream: &'a Upstream,
    memory: &'a Memory,
    root: &'a str,
    place: &'a (String, String),
    attribute: &'a str,
    headers: HeaderMap,
    call: Call,
}

/// An item that has expired: its key, and the value that says so.
struct Item {
    key: Value,
    seen: Value,
}

impl<'a> Table<'a> {
    fn new(
        upstream: &'a Upstream,
        memory: &'a Memory,
        root: &'a str,
        place: &'a (String, String),
        attribute: &'a str,
    ) -> Self {
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        let service = "dynamodb".to_owned();
        let (target, trace) = (String::new(), String::new());
        let call = Call { access_key: root.to_owned(), region: place.0.clone(), service, target, trace };
        Self { upstream, memory, root, place, attribute, headers, call }
    }

    async fn ask(&self, target: &str, input: &Value) -> Option<Value> {
        let caller = Caller { headers: &self.headers, call: &self.call, service: "dynamodb", root: Some(self.root) };
        self.upstream.ask(&caller, target, "/", input).await
    }

    /// Deletes all items that have expired, and gives their number; nothing where the endpoint does not answer as it should.
    async fn sweep(&self) -> Option<usize> {
        let name = &self.place.1;
        let described = self.ask("DynamoDB_20120810.DescribeTimeToLive", &json!({ "TableName": name })).await;
        let known = described.as_ref().map(|found| &found["TimeToLiveDescription"]["AttributeName"]);
        if known.is_none_or(|known| *known != self.attribute) {
            self.memory.ttl.forget(self.place);
            return None;
        }
        let table = self.ask("DynamoDB_20120810.DescribeTable", &json!({ "TableName": name })).await?;
        let mut scan = self.scan();
        let mut deleted = 0;
        loop {
            let page = self.ask("DynamoDB_20120810.Scan", &scan).await?;
            let expired = self.expired(&page, &table["Table"], now());
            for some in expired.chunks(AT_ONCE) {
                deleted += self.delete(some, &table["Table"]).await;
            }
            match page.get("LastEvaluatedKey").filter(|last| last.is_object()) {
                Some(last) => scan["ExclusiveStartKey"] = last.clone(),
                None => return Some(deleted),
            }
        }
    }

    fn scan(&self) -> Value {
        json!({
            "TableName": self.place.1,
            "FilterExpression": "#ttl <= :now",
            "ExpressionAttributeNames": { "#ttl": self.attribute },
            "ExpressionAttributeValues": { ":now": { "N": format!("{:.0}", now().floor()) } },
        })
    }

    /// The items of a page that have expired at this time, in seconds since 1970.
    fn expired(&self, page: &Value, table: &Value, now: f64) -> Vec<Item> {
        let names: Vec<&str> =
            all(&table["KeySchema"]).iter().filter_map(|key| key["AttributeName"].as_str()).collect();
        let item = |item: &Value| {
            let seen = item.get(self.attribute)?;
            let at: f64 = seen["N"].as_str()?.parse().ok()?;
            let key: Option<Map<String, Value>> =
                names.iter().map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect();
            (at < now && at > now - FIVE_YEARS).then_some(Item { key: key?.into(), seen: seen.clone() })
        };
        all(&page["Items"]).iter().filter_map(item).collect()
    }

    /// Deletes items that still have the value, and marks what the stream has of it.
    async fn delete(&self, items: &[Item], table: &Value) -> usize {
        let mut marks = self.memory.changes.expired.write().await;
        let newest = self.newest(table).await;
        let mut deleted = Vec::new();
        for Item { key, seen } in items {
            let input = json!({
                "TableName": self.place.1,
                "Key": key,
                "ConditionExpression": "#ttl = :seen",
                "ExpressionAttributeNames": { "#ttl": self.attribute },
                "ExpressionAttributeValues": { ":seen": seen },
            });
            if self.ask("DynamoDB_20120810.DeleteItem", &input).await.is_some() {
                deleted.push(key);
            }
        }
        if let Some(newest) = newest {
            marks.add(self.removals(newest, &deleted).await);
        }
        deleted.len()
    }

    /// The newest place of the table's stream, if it has one.
    async fn newest(&self, table: &Value) -> Option<Value> {
        table["StreamSpecification"]["StreamEnabled"].as_bool().filter(|enabled| *enabled)?;
        let arn = &table["LatestStreamArn"];
        let described = self.ask("DynamoDBStreams_20120810.DescribeStream", &json!({ "StreamArn": arn })).await?;
        let shard = &all(&described["StreamDescription"]["Shards"]).last()?["ShardId"];
        let input = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST" });
        let answer = self.ask("DynamoDBStreams_20120810.GetShardIterator", &input).await?;
        answer.get("ShardIterator").cloned()
    }

    /// The sequence numbers of the last removals of these keys since then.
    async fn removals(&self, mut iterator: Value, keys: &[&Value]) -> HashSet<String> {
        let mut found: Vec<Option<String>> = vec![None; keys.len()];
        while let Some(page) =
            self.ask("DynamoDBStreams_20120810.GetRecords", &json!({ "ShardIterator": iterator })).await
        {
            let records = all(&page["Records"]);
            for record in records.iter().filter(|record| record["eventName"] == "REMOVE") {
                if let Some(place) = keys.iter().position(|key| **key == record["dynamodb"]["Keys"]) {
                    found[place] = record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
                }
            }
            match page.get("NextShardIterator") {
                Some(next) if !records.is_empty() => iterator = next.clone(),
                _ => break,
            }
        }
        found.into_iter().flatten().collect()
    }
}

fn all(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
