//! Changes of a table: what the function gets of them, and what comes of its answers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{DAY, NOW, crashes, mapping, says};
use crate::event::Location;
use crate::invoke::{Answer, Refusal};
use crate::poller::filter::Filter;
use crate::poller::mapping::Properties;
use crate::poller::record::Record;
use crate::poller::shard::Shard;
use crate::poller::slot::Step;
use crate::poller::source::Service;
use crate::poller::source::dynamodb::record::{complete, fitting};

mod reading;
mod stream;

const STREAM: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/stream/2026-11-21T21:21:33.291";
const SHARD: &str = "shardId-00000001573689847184-864758bb";

fn of_table() -> Properties {
    Properties { service: Service::DynamoDb, source_arn: STREAM.to_owned(), ..mapping() }
}

/// A change as MiniStack's GetRecords gives it.
fn change(n: usize, key: &str) -> Value {
    json!({
        "eventID": "c4ca4238-a0b9-4382-8dcc-509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": NOW / 1000, "Keys": {"id": {"S": key}},
            "NewImage": {"id": {"S": key}, "n": {"N": n.to_string()}},
            "SequenceNumber": sequence(n), "SizeBytes": 0, "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

fn sequence(n: usize) -> String {
    format!("{n:030}")
}

fn made(change: Value, mapping: &Properties) -> Record {
    complete(serde_json::from_value(change).unwrap(), mapping)
}

#[test]
fn the_function_gets_a_change_as_recorded() {
    let record = made(change(7, "a"), &of_table());
    let expected = format!(
        r#"{{"eventID":"c4ca4238a0b943828dcc509a6f75849b","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1","dynamodb":{{"ApproximateCreationDateTime":1700000000,"Keys":{{"id":{{"S":"a"}}}},"NewImage":{{"id":{{"S":"a"}},"n":{{"N":"7"}}}},"SequenceNumber":"{}","SizeBytes":9,"StreamViewType":"NEW_AND_OLD_IMAGES"}},"eventSourceARN":"{STREAM}"}}"#,
        sequence(7)
    );
    assert_eq!(record.event, expected);
    assert_eq!((record.arrived_ms, record.sequence.as_str()), (NOW, sequence(7).as_str()));
    assert_eq!((record.key, record.facts), (r#"{"id":{"S":"a"}}"#.to_owned(), Value::Null));
}

#[test]
fn a_deletion_by_dynamodb_itself_says_so_as_lambda_does() {
    let mut deleted = change(1, "a");
    deleted["eventName"] = "REMOVE".into();
    deleted["userIdentity"] = json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"});
    deleted["dynamodb"]["ApproximateCreationDateTime"] = json!(1_700_000_000.5);
    deleted["dynamodb"]["SizeBytes"] = 59.into();
    let record = made(deleted, &of_table());
    let event: Value = serde_json::from_slice(&record.event).unwrap();
    assert_eq!(event["userIdentity"], json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
    assert_eq!((&event["dynamodb"]["SizeBytes"], record.arrived_ms), (&json!(59), NOW + 500), "what is said, stays");
}

#[test]
fn filters_see_typed_values_and_the_record_beside_them() {
    let passes = |pattern: Value| {
        let filter = Filter::parse(&pattern.to_string(), Service::DynamoDb.payload()).unwrap();
        let mapping = Properties { filters: vec![filter.clone()], ..of_table() };
        filter.matches(&made(change(7, "order-1"), &mapping).facts)
    };
    let image = |rule: Value| json!({"dynamodb": {"NewImage": rule}});
    assert!(passes(image(json!({"n": {"N": ["7"]}}))));
    assert!(passes(image(json!({"id": {"S": [{"prefix": "order-"}]}}))));
    assert!(passes(image(json!({"n": {"N": [{"exists": true}]}}))));
    assert!(!passes(image(json!({"n": {"N": [7]}}))), "a number is a text");
    assert!(!passes(image(json!({"n": {"N": [{"numeric": [">", 0]}]}}))));
    assert!(passes(json!({"eventName": ["INSERT"], "eventSource": ["aws:dynamodb"]})));
    assert!(!passes(json!({"eventName": ["REMOVE"]})));
    assert!(passes(json!({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}})));
}

#[test]
fn a_page_is_a_megabyte_and_at_least_one_record() {
    let sized = |bytes: usize| {
        let mut change = change(1, "a");
        change["dynamodb"]["NewImage"]["text"] = json!({"S": "x".repeat(bytes)});
        serde_json::from_value(change).unwrap()
    };
    assert_eq!(fitting(&[sized(2_000_000), sized(1)]), 1);
    assert_eq!(fitting(&[sized(400_000), sized(400_000), sized(400_000)]), 2);
    assert_eq!(fitting(&[]), 0);
}

/// A shard of a table's stream, in a time of its own.
struct Sim {
    shard: Shard,
    now: i64,
    calls: Vec<Vec<String>>,
    documents: Vec<Value>,
}

impl Sim {
    fn new(mapping: Properties) -> Self {
        let shard = Shard::new(SHARD, Arc::new(mapping));
        Self { shard, now: NOW, calls: Vec::new(), documents: Vec::new() }
    }

    fn put(&mut self, numbers: std::ops::Range<usize>) {
        let records = numbers.map(|n| made(change(n, &format!("key-{}", n % 3)), &of_table())).collect();
        self.shard.take(records, self.now);
    }

    /// Runs until nothing is left to do, and at most for an hour.
    fn run(&mut self, mut function: impl FnMut(&[String]) -> Result<Answer, Refusal>) {
        for _ in 0..10_000 {
            let steps = self.shard.steps(self.now);
            if steps.is_empty() {
                match self.shard.wake() {
                    Some(wake) if wake < NOW + DAY / 24 => self.now = wake,
                    _ => return,
                }
            }
            for (slot, step) in steps {
                match step {
                    Step::Call { payload } => {
                        let event: Value = serde_json::from_slice(&payload).unwrap();
                        let sequence =
                            |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
                        let batch: Vec<String> = event["Records"].as_array().unwrap().iter().map(sequence).collect();
                        let answer = function(&batch);
                        self.calls.push(batch);
                        self.shard.answered(slot, &answer, self.now);
                    }
                    Step::Send { document, .. } => {
                        self.documents.push(serde_json::from_str(&document).unwrap());
                        self.shard.sent(slot, true, self.now);
                    }
                    Step::Drop { .. } => {}
                }
            }
        }
    }
}

fn names(ids: &Value) -> Result<Answer, Refusal> {
    let failures: Vec<Value> = ids.as_array().unwrap().iter().map(|id| json!({"itemIdentifier": id})).collect();
    says(&json!({"batchItemFailures": failures}).to_string())
}

#[test]
fn partial_answers_are_understood_as_recorded() {
    let all = json!((0..4).map(sequence).collect::<Vec<_>>());
    for (ids, second) in [
        (json!([sequence(2)]), 2..4),
        (json!([sequence(3), sequence(1)]), 1..4),
        (json!([sequence(2), sequence(2)]), 2..4),
        (all, 0..4),
        (json!(["made up"]), 0..4),
        (json!([""]), 0..4),
        (json!([null]), 0..4),
    ] {
        let mut sim = Sim::new(Properties { partial: true, ..of_table() });
        sim.put(0..4);
        let mut answers = vec![says("null"), names(&ids)];
        sim.run(|_| answers.pop().unwrap());
        let expected: [Vec<String>; 2] = [0..4, second].map(|numbers| numbers.map(sequence).collect());
        assert_eq!(sim.calls, expected, "{ids}");
        assert!(sim.shard.idle() && sim.documents.is_empty());
    }
    for success in ["null", "\"\"", "[]", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        let mut sim = Sim::new(Properties { partial: true, ..of_table() });
        sim.put(0..4);
        sim.run(|_| says(success));
        assert_eq!(sim.calls.len(), 1, "{success}");
    }
}

/// An item of 400 KB that changes is 800 KB of event.
#[test]
fn a_batch_is_at_most_six_megabytes() {
    let mut sim = Sim::new(of_table());
    let large = |n: usize| {
        let mut change = change(n, "a");
        for image in ["NewImage", "OldImage"] {
            change["dynamodb"][image]["text"] = json!({"S": "x".repeat(400_000)});
        }
        made(change, &of_table())
    };
    sim.shard.take((0..20).map(large).collect(), sim.now);
    sim.run(|_| says("null"));
    assert_eq!(sim.calls.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 6]);
    assert_eq!(sim.calls.concat(), (0..20).map(sequence).collect::<Vec<_>>(), "in their order");
}

#[test]
fn poison_goes_to_the_queue_with_what_a_tables_document_says_and_all_else_is_handled() {
    let mut sim = Sim::new(Properties { bisect: true, retries: Some(1), batch_size: 10, ..of_table() });
    sim.put(0..10);
    sim.run(|batch| if batch.contains(&sequence(6)) { crashes() } else { says("null") });
    let handled: Vec<&Vec<String>> = sim.calls.iter().filter(|batch| !batch.contains(&sequence(6))).collect();
    let handled: Vec<&String> = handled.into_iter().flatten().collect();
    let expected: Vec<String> = (0..10).filter(|n| *n != 6).map(sequence).collect();
    assert_eq!(handled, expected.iter().collect::<Vec<_>>());
    let [document] = &sim.documents[..] else { panic!("{:?}", sim.documents) };
    let expected = json!({
        "shardId": SHARD, "startSequenceNumber": sequence(6), "endSequenceNumber": sequence(6),
        "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20Z", "approximateArrivalOfLastRecord": "2023-11-14T22:13:20Z",
        "batchSize": 1, "streamArn": STREAM,
    });
    assert_eq!((&document["DDBStreamBatchInfo"], document.get("KinesisBatchInfo")), (&expected, None));
    assert_eq!(document["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert!(document["timestamp"].as_str().unwrap().contains('.'), "the document's own time has milliseconds");
}

#[test]
fn an_item_keeps_its_order_over_slots() {
    let mut sim = Sim::new(Properties { slots: 10, batch_size: 2, ..of_table() });
    sim.put(0..60);
    sim.run(|_| says("null"));
    for key in 0..3 {
        let of_key = |sequence: &&String| sequence.parse::<usize>().unwrap() % 3 == key;
        let seen: Vec<&String> = sim.calls.iter().flatten().filter(of_key).collect();
        assert!(seen.is_sorted() && seen.len() == 20, "{key}: {seen:?}");
    }
}

#[test]
fn a_place_in_it_is_the_table_and_the_shard() {
    let Location { service, name, part } = of_table().location(SHARD);
    assert_eq!((service.as_str(), name.as_deref(), part.as_deref()), ("dynamodb", Some("orders"), Some(SHARD)));
    assert_eq!(Service::of("arn:aws:dynamodb:eu-central-1:111122223333:table/orders"), None);
}
