//! The consumer as a program, with the feeds beside Kinesis.

use serde_json::{Value, json};

use crate::cloud::{Function, Request};
use crate::{CONSUMER, ENVIRONMENT};

/// A table that takes everything.
fn table(operation: &str, _: &Value) -> (u16, Value) {
    assert!(["PutItem", "DeleteItem"].contains(&operation), "{operation}");
    (200, json!({}))
}

fn consume(environment: &[(&str, &str)], event: Value) -> (Vec<Request>, Request, u64) {
    let environment = [&ENVIRONMENT[..], environment].concat();
    let function = Function::start(CONSUMER, &environment, event, table);
    let (calls, answer) = function.answer();
    let peak = if cfg!(target_os = "linux") { function.peak_kilobytes() / 1024 } else { 0 };
    let (lines, err) = function.end();
    assert!(!format!("{lines:?}{err}{answer:?}").contains("hunter2"));
    (calls, answer, peak)
}

fn change(number: usize, name: &str, images: &Value) -> Value {
    let mut change = json!({
        "eventID": "c81e", "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/T/stream/s", "dynamodb": images,
    });
    change["dynamodb"]["SequenceNumber"] = number.to_string().into();
    change["dynamodb"]["ApproximateCreationDateTime"] = 1_573_690_399.0.into();
    change
}

fn message(id: usize, body: &str) -> Value {
    json!({
        "messageId": id.to_string(), "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:q", "awsRegion": "eu-west-1",
    })
}

#[test]
fn a_change_is_written_as_it_is_and_a_remove_deletes_where_it_may() {
    let image = json!({ "id": { "S": "a" }, "n": { "N": "1.50" }, "b": { "B": "AP8=" }, "s": { "NS": ["1", "2.0"] } });
    let keys = json!({ "id": { "S": "b" } });
    let event = json!({ "Records": [
        change(1, "INSERT", &json!({ "Keys": { "id": { "S": "a" } }, "NewImage": image })),
        change(2, "REMOVE", &json!({ "Keys": keys })),
    ] });
    let put = ("PutItem".to_owned(), json!({ "TableName": "EventTable", "Item": image }));
    let delete = ("DeleteItem".to_owned(), json!({ "TableName": "EventTable", "Key": keys }));
    for (deletes, expected) in [("true", vec![put.clone(), delete]), ("", vec![put])] {
        let (mut calls, (path, answer), _) = consume(&[("PIPE_DELETES", deletes)], event.clone());
        calls.sort_by(|one, other| other.0.cmp(&one.0));
        assert_eq!(calls, expected);
        assert_eq!((path.ends_with("/response"), answer), (true, json!({ "batchItemFailures": [] })));
    }
}

#[test]
fn a_message_that_fails_is_named_and_what_is_pushed_is_an_error() {
    let event = json!({ "Records": [message(1, "{\"id\":\"a\"}"), message(2, "hunter2")] });
    let (calls, (_, answer), _) = consume(&[], event);
    assert_eq!((calls.len(), answer), (1, json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] })));
    let (calls, (path, answer), _) = consume(&[], json!({ "id": "a" }));
    assert_eq!((calls.len(), path.ends_with("/response"), answer), (1, true, Value::Null));
    for (event, why) in [
        (
            json!({ "detail-type": "t", "source": "s", "detail": { "v": "hunter2" } }),
            "not written to the table: no-key",
        ),
        (json!({ "Records": [{ "eventSource": "aws:s3", "s3": "hunter2" }] }), "`eventSource`, `s3`"),
        (json!(["hunter2"]), "of no feed"),
    ] {
        let (calls, (path, error), _) = consume(&[], event);
        assert!(calls.is_empty() && path.ends_with("/error"));
        assert!(error["errorMessage"].as_str().is_some_and(|message| message.contains(why)), "{error}");
    }
}

/// A function of 128 MB handles batches as large as Lambda sends them: 6 MB.
#[cfg(target_os = "linux")]
#[test]
fn the_worst_batches_of_each_feed_fit_into_the_memory_of_a_small_function() {
    let image = |number: usize, attribute: &str, count: usize| {
        let list: Vec<Value> = vec![serde_json::from_str(attribute).expect("an attribute"); count];
        change(number, "INSERT", &json!({ "NewImage": { "id": { "S": number.to_string() }, "v": { "L": list } } }))
    };
    let nulls = (0..2).map(|number| image(number, r#"{"NULL":true}"#, 204_000)).collect::<Vec<_>>();
    let maps = (0..4).map(|number| image(number, r#"{"M":{"a":{"N":"1"}}}"#, 51_000)).collect();
    let large = (0..14).map(|number| image(number, &format!(r#"{{"S":"{}"}}"#, "x".repeat(400_000)), 1)).collect();
    let bodies = (0..6)
        .map(|number| {
            message(number, &format!(r#"{{"id":"{number}","v":[{}]}}"#, vec![r#"{"a":1}"#; 51_000].join(",")))
        })
        .collect();
    for records in [nulls, maps, large, bodies] {
        let (count, event) = (records.len(), json!({ "Records": records }));
        let length = event.to_string().len();
        assert!(length < 6_291_556, "{length}");
        let (calls, (_, answer), peak) = consume(&[], event);
        assert_eq!((calls.len(), answer), (count, json!({ "batchItemFailures": [] })));
        assert!(peak < 100, "{peak} MB for {length} bytes of {count} records");
    }
}
