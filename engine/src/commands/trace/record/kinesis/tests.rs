use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};

const STREAM: &str = "orders";

/// A stream with a closed shard that had the numbers 10 to 19, of which 15 and on are kept, and two open ones from 20 on, of which
/// one has 30 and the other 31. Of a number that is another shard's, Kinesis says that it is invalid.
fn answer(operation: &str, input: &Value) -> HttpResponse {
    let of = |shard: &str, number: &str| format!("{shard} {number}");
    match operation {
        "ListShards" => {
            let shard = |id: &str, from: &str, to: Option<&str>| {
                json!({
                    "ShardId": id, "HashKeyRange": { "StartingHashKey": "0", "EndingHashKey": "1" },
                    "SequenceNumberRange": { "StartingSequenceNumber": from, "EndingSequenceNumber": to },
                })
            };
            success(
                &json!({ "Shards": [shard("old", "10", Some("19")), shard("a", "20", None), shard("b", "20", None)] }),
            )
        }
        "GetShardIterator" => {
            let shard = input["ShardId"].as_str().unwrap();
            match (shard, input["StartingSequenceNumber"].as_str()) {
                ("a", Some("31")) | ("b", Some("30")) => refusal("InvalidArgumentException", "not of this shard"),
                (_, number) => success(&json!({ "ShardIterator": of(shard, number.unwrap_or("0")) })),
            }
        }
        _ => records(input["ShardIterator"].as_str().unwrap()),
    }
}

fn records(iterator: &str) -> HttpResponse {
    let record = |number: &str, key: &str| json!({ "SequenceNumber": number, "PartitionKey": key, "Data": "e30=", "ApproximateArrivalTimestamp": 1.5 });
    let found = match iterator {
        "old 12" | "old 15" => vec![record("15", "k15")],
        "a 30" => vec![record("30", "k30")],
        "b 31" | "b 0" => vec![record("31", "k31")],
        _ => vec![],
    };
    success(&json!({ "Records": found, "NextShardIterator": "next", "MillisBehindLatest": 0 }))
}

async fn sought(shard: Option<&str>, number: &str) -> Result<String, String> {
    match find(&cx_answered(answer), STREAM, shard, number).await.unwrap() {
        Sought::Found(record) => {
            assert_eq!(record.arrived, Some(1_500));
            Ok(format!("{} {}", record.taken.location.part.unwrap(), record.key))
        }
        Sought::Absent(why) => Err(why),
    }
}

#[tokio::test]
async fn the_shard_with_the_number_is_found() {
    assert_eq!(sought(None, "30").await, Ok("a k30".into()));
    assert_eq!(sought(None, "31").await, Ok("b k31".into()));
    assert_eq!(sought(Some("old"), "15").await, Ok("old k15".into()));
    assert_eq!(
        sought(None, "12").await,
        Err("what `orders` had of it: the record is past the stream's retention".into())
    );
    for (shard, number) in [(None, "99"), (Some("a"), "31"), (None, "5")] {
        let why = sought(shard, number).await.unwrap_err();
        assert!(why.contains("none of its shards has this number"), "{number}: {why}");
    }
}

#[tokio::test]
async fn a_record_is_found_by_its_key() {
    let found = with_key(&cx_answered(answer), STREAM, "k31", 2_000).await.unwrap().unwrap();
    assert_eq!((found.taken.location.part.as_deref(), found.taken.record.as_str()), (Some("b"), "31"));
    assert!(with_key(&cx_answered(answer), STREAM, "other", 2_000).await.unwrap().is_none());
}

#[tokio::test]
async fn what_may_not_be_read_is_an_error() {
    let cx = cx_answered(|_, _| refusal("AccessDeniedException", "not you"));
    assert_eq!(find(&cx, STREAM, None, "30").await.err().unwrap().code(), "AccessDeniedException");
}
