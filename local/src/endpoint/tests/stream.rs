//! A stream as an upstream has it, and the forwarder in front of it.

use std::sync::{Arc, Mutex};

use axum::response::Response;
use serde_json::{Value, json};

use super::cloud::{Cloud, Seen, json, json_of};

/// How the upstream reshards.
#[derive(Clone, Copy, PartialEq)]
pub enum Manner {
    /// New shards under the old ids, and what was in the old ones is gone.
    MiniStacks,
    /// The same, and no answer.
    Lost,
    /// Old shards stay, closed.
    Awss,
    Refusing,
}

/// A stream of MiniStack's kind. The partition keys of these tests are numbers below 256, and hashed to themselves.
struct Stream {
    manner: Manner,
    sequence: u64,
    shards: Vec<(Value, Vec<Value>)>,
}

impl Stream {
    fn new(manner: Manner) -> Self {
        let mut stream = Self { manner, sequence: 0, shards: Vec::new() };
        stream.build(1);
        stream
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        format!("{:030}", self.sequence)
    }

    fn build(&mut self, count: u64) {
        let width = 256 / count;
        let first = if self.manner == Manner::Awss { self.shards.len() as u64 } else { 0 };
        for number in 0..count {
            let (from, to) = (number * width, if number + 1 == count { 255 } else { (number + 1) * width - 1 });
            let shard = json!({
                "ShardId": format!("shardId-{:012}", first + number),
                "HashKeyRange": {"StartingHashKey": from.to_string(), "EndingHashKey": to.to_string()},
                "SequenceNumberRange": {"StartingSequenceNumber": self.next()},
            });
            self.shards.push((shard, Vec::new()));
        }
    }

    fn put(&mut self, record: &Value) -> Value {
        let sequence = self.next();
        let hash: u64 = record["PartitionKey"].as_str().unwrap().parse().unwrap();
        let key = |shard: &Value, name: &str| shard["HashKeyRange"][name].as_str().unwrap().parse::<u64>().unwrap();
        let holds = |shard: &Value| (key(shard, "StartingHashKey")..=key(shard, "EndingHashKey")).contains(&hash);
        let open = |shard: &Value| shard["SequenceNumberRange"].get("EndingSequenceNumber").is_none();
        let (shard, records) = self.shards.iter_mut().find(|(shard, _)| open(shard) && holds(shard)).unwrap();
        let arrived = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        records.push(json!({
            "SequenceNumber": sequence, "ApproximateArrivalTimestamp": arrived, "Data": record["Data"],
            "PartitionKey": record["PartitionKey"],
        }));
        json!({"SequenceNumber": sequence, "ShardId": shard["ShardId"]})
    }

    /// An iterator is a shard's id and a place in its list.
    fn iterate(&self, input: &Value) -> Option<Value> {
        let (shard, records) = self.shards.iter().find(|(shard, _)| shard["ShardId"] == input["ShardId"])?;
        let place = match input["ShardIteratorType"].as_str().unwrap() {
            "TRIM_HORIZON" => 0,
            "LATEST" => records.len(),
            _ => {
                let sequence = input["StartingSequenceNumber"].as_str().unwrap();
                records.iter().take_while(|record| record["SequenceNumber"].as_str().unwrap() <= sequence).count()
            }
        };
        Some(json!({"ShardIterator": format!("{}/{place}", shard["ShardId"].as_str().unwrap())}))
    }

    fn read(&self, input: &Value) -> Option<Value> {
        let (shard, place) = input["ShardIterator"].as_str()?.split_once('/')?;
        let place: usize = place.parse().ok()?;
        let (_, records) = self.shards.iter().find(|(listed, _)| listed["ShardId"] == shard)?;
        let most = usize::try_from(input["Limit"].as_u64().unwrap_or(10_000)).unwrap();
        let page: Vec<&Value> = records.iter().skip(place).take(most).collect();
        Some(json!({"NextShardIterator": format!("{shard}/{}", place + page.len()), "Records": page}))
    }

    fn reshard(&mut self, count: u64) {
        match self.manner {
            Manner::MiniStacks | Manner::Lost => self.shards.clear(),
            Manner::Awss | Manner::Refusing => {
                let sequence = json!(self.next());
                for (shard, _) in &mut self.shards {
                    shard["SequenceNumberRange"]["EndingSequenceNumber"] = sequence.clone();
                }
            }
        }
        self.build(count);
    }

    /// Makes shards in the place of others, which are gone, as MiniStack does.
    fn replace(&mut self, gone: &[&Value], ranges: &[(u64, u64)]) -> Option<Value> {
        let number_of = |shard: &Value| number(&shard["ShardId"]);
        let next = self.shards.iter().map(|(shard, _)| number_of(shard)).max().unwrap_or_default() + 1;
        if gone.iter().any(|gone| self.shards.iter().all(|(shard, _)| shard["ShardId"] != **gone)) {
            return None;
        }
        self.shards.retain(|(shard, _)| !gone.contains(&&shard["ShardId"]));
        for (place, (from, to)) in (0..).zip(ranges) {
            let shard = json!({
                "ShardId": format!("shardId-{:012}", next + place), "ParentShardId": gone[0],
                "HashKeyRange": {"StartingHashKey": from.to_string(), "EndingHashKey": to.to_string()},
                "SequenceNumberRange": {"StartingSequenceNumber": self.next()},
            });
            self.shards.push((shard, Vec::new()));
        }
        Some(json!({}))
    }

    fn range(&self, id: &Value) -> (u64, u64) {
        let found = self.shards.iter().find(|(shard, _)| shard["ShardId"] == *id);
        let key =
            |name: &str| found.map_or(0, |(shard, _)| shard["HashKeyRange"][name].as_str().unwrap().parse().unwrap());
        (key("StartingHashKey"), key("EndingHashKey"))
    }

    fn split_or_merge(&mut self, operation: &str, input: &Value) -> Option<Value> {
        if operation == "SplitShard" {
            let (from, to) = self.range(&input["ShardToSplit"]);
            let at: u64 = input["NewStartingHashKey"].as_str().unwrap().parse().unwrap();
            return self.replace(&[&input["ShardToSplit"]], &[(from, at - 1), (at, to)]);
        }
        let [one, other] = ["ShardToMerge", "AdjacentShardToMerge"].map(|name| &input[name]);
        let (from, to) = (self.range(one).0, self.range(other).1);
        self.replace(&[one, other], &[(from, to)])
    }

    fn answer(&mut self, seen: &Seen) -> Response {
        let input = seen.json();
        // A key that may do one thing only not.
        if seen.header("authorization").contains(&format!("NO{}/", seen.operation())) {
            return json(400, &json!({"__type": "AccessDeniedException"}));
        }
        let shards: Vec<&Value> = self.shards.iter().map(|(shard, _)| shard).collect();
        let body = match seen.operation() {
            "ListShards" => Some(json!({"Shards": shards})),
            "DescribeStream" => Some(json!({"StreamDescription": {"Shards": shards, "RetentionPeriodHours": 24}})),
            "DescribeStreamSummary" => Some(
                json!({"StreamDescriptionSummary": {"RetentionPeriodHours": input["hours"].as_i64().unwrap_or(24)}}),
            ),
            "PutRecord" => Some(self.put(&input)),
            "PutRecords" => {
                let places: Vec<Value> = input["Records"].as_array().unwrap().iter().map(|one| self.put(one)).collect();
                Some(json!({"FailedRecordCount": 0, "Records": places}))
            }
            "GetShardIterator" => self.iterate(&input),
            "GetRecords" => self.read(&input),
            "SplitShard" | "MergeShards" => self.split_or_merge(seen.operation(), &input),
            "UpdateShardCount" if self.manner == Manner::Refusing => None,
            "UpdateShardCount" => {
                self.reshard(input["TargetShardCount"].as_u64().unwrap());
                if self.manner == Manner::Lost {
                    return json(500, &json!({"__type": "InternalFailure"}));
                }
                Some(json!({}))
            }
            "DeleteStream" | "CreateStream" => {
                self.shards.clear();
                self.build(1);
                Some(json!({}))
            }
            operation => panic!("{operation} is not asked for"),
        };
        body.map_or_else(|| json(400, &json!({"__type": "ResourceNotFoundException"})), |body| json(200, &body))
    }
}

/// A stream behind the forwarder.
pub struct World(pub Cloud);

impl World {
    pub async fn new(manner: Manner) -> Self {
        let stream = Arc::new(Mutex::new(Stream::new(manner)));
        Self(Cloud::new(move |seen| stream.lock().unwrap().answer(seen)).await)
    }

    pub async fn raw(&self, key: &str, operation: &str, input: &Value) -> hyper::Response<bytes::Bytes> {
        self.0.call_as(key, "kinesis", &format!("Kinesis_20131202.{operation}"), input).await
    }

    pub async fn ask(&self, operation: &str, mut input: Value) -> Value {
        if input.get("ShardIterator").is_none() && input.get("NextToken").is_none() {
            input["StreamName"] = "s".into();
        }
        let deployers =
            ["UpdateShardCount", "SplitShard", "MergeShards", "DeleteStream", "CreateStream"].contains(&operation);
        let answer = self.raw(if deployers { "000000000000" } else { "ASIA1" }, operation, &input).await;
        assert_eq!(answer.status(), 200, "{operation} {input}: {answer:?}");
        json_of(&answer)
    }

    pub async fn reshard(&self, count: u64) {
        self.ask("UpdateShardCount", json!({"TargetShardCount": count})).await;
    }

    /// Puts a record and returns the shard that is reported.
    pub async fn put(&self, key: u8) -> u64 {
        let put = self.ask("PutRecord", json!({"PartitionKey": key.to_string(), "Data": "e30="})).await;
        number(&put["ShardId"])
    }

    pub async fn iterator(&self, shard: u64, from: Value) -> Value {
        let mut input = json!({"ShardId": format!("shardId-{shard:012}"), "ShardIteratorType": "TRIM_HORIZON"});
        input.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        self.ask("GetShardIterator", input).await["ShardIterator"].take()
    }

    /// The keys of one page, and the iterator of the next.
    pub async fn page(&self, iterator: &Value, most: u64) -> (Vec<u8>, Option<Value>) {
        let page = self.ask("GetRecords", json!({"ShardIterator": iterator, "Limit": most})).await;
        let keys = page["Records"].as_array().unwrap().iter().map(|one| one["PartitionKey"].as_str().unwrap());
        (keys.map(|key| key.parse().unwrap()).collect(), page.get("NextShardIterator").cloned())
    }

    /// All keys of a shard, and whether it is at its end.
    pub async fn keys(&self, shard: u64) -> (Vec<u8>, bool) {
        let (mut all, mut next) = (Vec::new(), Some(self.iterator(shard, json!({})).await));
        while let Some(iterator) = next {
            let (keys, after) = self.page(&iterator, 2).await;
            let none = keys.is_empty();
            all.extend(keys);
            if none && after.is_some() {
                return (all, false);
            }
            next = after;
        }
        (all, true)
    }

    /// Shards with their parents.
    pub async fn shards(&self) -> Vec<(u64, Vec<u64>)> {
        let listed = self.ask("ListShards", json!({})).await;
        let described = self.ask("DescribeStream", json!({})).await;
        assert_eq!(described["StreamDescription"]["Shards"], listed["Shards"]);
        listed["Shards"].as_array().unwrap().iter().map(facts).collect()
    }
}

pub fn number(id: &Value) -> u64 {
    id.as_str().unwrap().strip_prefix("shardId-").unwrap().parse().unwrap()
}

fn facts(shard: &Value) -> (u64, Vec<u64>) {
    let parents = ["ParentShardId", "AdjacentParentShardId"].into_iter().filter_map(|name| shard.get(name));
    (number(&shard["ShardId"]), parents.map(number).collect())
}
