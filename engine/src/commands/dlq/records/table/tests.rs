use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};
use crate::commands::dlq::records::{self, Readable, Retention};

const ARN: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/2019-11-14T00:12:00.000";
const SHARD: &str = "shardId-00000001573689847184-864758bb";

fn place() -> Place<'static> {
    let arrived = ("2019-11-14T00:13:19Z", "2019-11-14T00:13:20Z");
    Place { stream_arn: ARN, shard: SHARD, first: "99", last: "101", arrived, records: 2 }
}

fn change(number: &str) -> Value {
    json!({
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": { "id": { "S": "a\u{1b}[2J" } }, "NewImage": { "n": { "N": "12345678901234567890123456789012345678" } },
            "SequenceNumber": number, "ApproximateCreationDateTime": 1_573_690_399.0,
        },
    })
}

/// The calls that were made, each with its input.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A context whose table's stream answers so, and what it is asked.
fn cx(answer: impl Fn(&str, &Value) -> HttpResponse + Send + 'static) -> (Cx, Asked) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let cx = cx_answered(move |operation, input| {
        kept.lock().unwrap().push((operation.to_owned(), input.clone()));
        answer(operation, input)
    });
    (cx, asked)
}

fn numbers(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.sequence_number.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn records_are_read_to_the_last_of_the_batch() {
    let (cx, asked) = cx(|operation, input| match (operation, input["ShardIterator"].as_str()) {
        ("GetShardIterator", _) => success(&json!({ "ShardIterator": "i0" })),
        (_, Some("i0")) => success(&json!({ "Records": [change("99")], "NextShardIterator": "i1" })),
        (_, Some("i1")) => success(&json!({ "Records": [], "NextShardIterator": "i2" })),
        _ => success(&json!({ "Records": [change("100"), change("102")], "NextShardIterator": "i3" })),
    });
    let read = records::read(&cx, &place()).await.unwrap();
    assert_eq!(numbers(&read), ["99", "100"]);
    assert_eq!(read[0].key, r#"{"id":{"S":"a\u001b[2J"}}"#);
    let Payload::Data(data) = &read[0].payload else { panic!("{read:?}") };
    assert!(std::str::from_utf8(data).unwrap().contains(r#""N":"12345678901234567890123456789012345678""#));
    let asked = asked.lock().unwrap();
    let start = json!({ "StreamArn": ARN, "ShardId": SHARD, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": "99" });
    assert_eq!((asked[0].0.as_str(), &asked[0].1), ("GetShardIterator", &start));
    assert_eq!((asked.len(), &asked[1].1["Limit"], &asked[2].1["Limit"]), (4, &json!(2), &json!(1000)));
}

#[tokio::test(start_paused = true)]
async fn what_is_trimmed_is_passed_over_and_an_open_shard_ends_the_search() {
    let (cx, asked) = cx(|operation, input| match operation {
        "GetShardIterator" if input["ShardIteratorType"] == "AT_SEQUENCE_NUMBER" => {
            refusal("com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException", "trimmed")
        }
        "GetShardIterator" => success(&json!({ "ShardIterator": "i0" })),
        _ if input["ShardIterator"] == "i0" => {
            success(&json!({ "Records": [change("100")], "NextShardIterator": "i" }))
        }
        _ => success(&json!({ "Records": [], "NextShardIterator": "i" })),
    });
    assert_eq!(numbers(&records::read(&cx, &place()).await.unwrap()), ["100"]);
    assert_eq!(asked.lock().unwrap().len(), 3 + EMPTY as usize);
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_the_letter_does_not_name_is_found_by_its_numbers() {
    let shard = |id: &str, from: &str, to: Option<&str>| json!({ "ShardId": id, "SequenceNumberRange": { "StartingSequenceNumber": from, "EndingSequenceNumber": to } });
    let first = json!({ "Shards": [shard("old", "1", Some("98")), shard("wrong", "50", None)], "LastEvaluatedShardId": "wrong" });
    let second = json!({ "Shards": [shard("right", "90", Some("200")), shard("new", "201", None)] });
    let (cx, asked) = cx(move |operation, input| match (operation, input["ShardId"].as_str()) {
        ("DescribeStream", _) if input["ExclusiveStartShardId"] == "wrong" => {
            success(&json!({ "StreamDescription": second }))
        }
        ("DescribeStream", _) => success(&json!({ "StreamDescription": first })),
        ("GetShardIterator", Some("wrong")) => refusal("ValidationException", "not in the shard"),
        ("GetShardIterator", _) => success(&json!({ "ShardIterator": "i" })),
        _ => success(&json!({ "Records": [change("99")] })),
    });
    let one = Place { shard: "", last: "99", records: 1, ..place() };
    assert_eq!(numbers(&records::read(&cx, &one).await.unwrap()), ["99"]);
    let asked = asked.lock().unwrap();
    let shards: Vec<&Value> =
        asked.iter().filter(|(name, _)| name == "GetShardIterator").map(|(_, input)| &input["ShardId"]).collect();
    assert_eq!(shards, ["wrong", "right"]);
}

#[tokio::test]
async fn a_tables_stream_keeps_a_day_and_may_be_gone() {
    let (there, asked) = cx(|_, _| success(&json!({ "StreamDescription": { "Shards": [] } })));
    let mut retention = Retention::default();
    for _ in 0..2 {
        assert!(matches!(retention.of(&there, &place()).await, Ok(Readable::PastSince(_))));
    }
    assert_eq!(asked.lock().unwrap().len(), 1, "each stream is asked once");
    let (gone, _) =
        cx(|_, _| refusal("ResourceNotFoundException", "Requested resource not found: Stream: ARN not found"));
    assert_eq!(Retention::default().of(&gone, &place()).await, Ok(Readable::NoStream));
}

#[tokio::test]
async fn an_answer_of_another_form_is_an_error() {
    for (answer, is_read) in [
        (json!("x"), false),
        (json!({ "Records": 7 }), false),
        (json!({ "Records": [{ "dynamodb": [] }, null, 7] }), true),
    ] {
        let (cx, _) = cx(move |operation, _| match operation {
            "GetShardIterator" => success(&json!({ "ShardIterator": "i" })),
            _ => success(&answer),
        });
        assert_eq!(records::read(&cx, &place()).await.is_ok(), is_read);
    }
}
