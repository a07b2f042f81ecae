use serde_json::{Value, json};

use super::*;

fn raw(event: &Value) -> Box<RawValue> {
    RawValue::from_string(event.to_string()).expect("json")
}

/// Reads an event, and returns its feed and the data of its records.
fn feed(event: &Value) -> (&'static str, Vec<String>) {
    let raw = raw(event);
    let batch = read(&raw).expect("an event of a feed");
    let data = |record: &Record<'_>| String::from_utf8(record.payload().to_vec()).expect("text");
    (batch.feed, batch.records.iter().map(data).collect())
}

fn error(event: &Value) -> String {
    read(&raw(event)).err().expect("an error").to_string()
}

fn message(id: &str, body: &str) -> Value {
    json!({
        "messageId": id, "receiptHandle": "r", "body": body, "messageAttributes": {}, "md5OfBody": "d",
        "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183" },
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:orders", "awsRegion": "us-east-2",
    })
}

fn envelope(message: &str) -> Value {
    json!({
        "Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-2:123456789012:t", "Message": message,
        "Timestamp": "2019-01-02T12:45:07.000Z", "SignatureVersion": "1", "UnsubscribeURL": "https://x",
    })
}

#[test]
fn a_message_is_its_body_or_what_is_in_the_envelope() {
    let item = r#"{"id":"a"}"#;
    let topic_arn = r#"{"id":"a","TopicArn":"t"}"#;
    let mut odd = envelope(item);
    odd["Type"] = "SubscriptionConfirmation".into();
    let mut number = envelope(item);
    number["Message"] = json!({ "id": "a" });
    for (body, data) in [
        (item.to_owned(), item.to_owned()),
        (envelope(item).to_string(), item.to_owned()),
        (topic_arn.to_owned(), topic_arn.to_owned()),
        (odd.to_string(), odd.to_string()),
        (number.to_string(), number.to_string()),
        ("no json".to_owned(), "no json".to_owned()),
    ] {
        assert_eq!(feed(&json!({ "Records": [message("1", &body)] })), ("queue", vec![data]));
    }
}

#[test]
fn only_a_fifo_queue_has_an_order() {
    let mut record = message("1", "{}");
    record["attributes"]["MessageGroupId"] = "g".into();
    let group = |record: &Value| {
        let raw = raw(&json!({ "Records": [record] }));
        read(&raw).expect("an event").records[0].group.clone()
    };
    assert_eq!(group(&record), None, "a group of a standard queue is for fairness");
    record["eventSourceARN"] = "arn:aws:sqs:us-east-2:123456789012:orders.fifo".into();
    assert_eq!(group(&record).as_deref(), Some("g"));
}

#[test]
fn messages_keep_their_order_and_changes_are_sorted() {
    let change = |number: &str| {
        json!({
            "eventID": "c81e", "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": { "Keys": { "id": { "S": "a" } }, "SequenceNumber": number, "NewImage": null },
        })
    };
    let ids = |records: Value| {
        let raw = raw(&json!({ "Records": records }));
        let batch = read(&raw).expect("an event");
        batch.records.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(json!([change("100"), change("99")])), ["99", "100"]);
    assert_eq!(ids(json!([message("b", ""), message("a", "")])), ["b", "a"]);
}

#[test]
fn what_is_pushed_is_told_by_its_shape() {
    let item = json!({ "id": "a" });
    let notification = json!({
        "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "s",
        "Sns": { "Type": "Notification", "MessageId": "m", "TopicArn": "t", "Subject": null, "Message": item.to_string() },
    });
    assert_eq!(feed(&json!({ "Records": [notification] })), ("topic", vec![item.to_string()]));
    let event = json!({
        "version": "0", "id": "e", "detail-type": "order", "source": "shop", "account": "1", "time": "t", "region": "r",
        "resources": [], "detail": item,
    });
    assert_eq!(feed(&event), ("event", vec![item.to_string()]));
    for object in
        [json!({ "id": "a", "detail": 1 }), json!({ "id": "a", "Records": [] }), json!({ "Records": 7 }), json!({})]
    {
        assert_eq!(feed(&object), ("event", vec![object.to_string()]));
    }
    assert_eq!(feed(&json!({ "Records": [] })), ("kinesis", vec![]));
}

#[test]
fn what_is_of_no_feed_is_told_by_its_names_alone() {
    let bucket = json!({ "Records": [{ "eventSource": "aws:s3", "s3": { "object": { "key": "hunter2" } } }] });
    let mixed = json!({ "Records": [message("1", "hunter2"), { "eventSource": "aws:kinesis" }] });
    let logs = json!({ "awslogs": { "data": "hunter2" } });
    for (event, names) in [
        (bucket, "`eventSource`, `s3`"),
        (mixed, "`messageId`"),
        (logs, "`awslogs`"),
        (json!(["hunter2"]), "a list"),
        (json!("hunter2"), "a text"),
        (json!(null), "null"),
        (json!(7), "a number"),
    ] {
        let told = error(&event);
        assert!(told.contains(names) && !told.contains("hunter2") && !told.contains("aws:s3"), "{told}");
    }
    let many: serde_json::Map<String, Value> = (0..50).map(|n| (format!("{n}{}", "x".repeat(100)), json!(1))).collect();
    let told = error(&json!({ "awslogs": 1, "z": many.clone() }));
    assert!(told.len() < 300, "{told}");
    let mut many = many;
    many.insert("awslogs".into(), json!(1));
    assert!(error(&many.into()).contains("39 more"));
}

#[test]
fn a_record_of_another_form_is_told_with_its_place() {
    let broken =
        json!({ "Records": [message("1", "{}"), { "eventSource": "aws:sqs", "messageId": 7, "body": "hunter2" }] });
    let told = error(&broken);
    assert!(told.starts_with("record 1 is not as the feed `queue` sends it"), "{told}");
    assert!(told.contains("`messageId`") && !told.contains("hunter2"), "{told}");
    for record in [
        json!({ "eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": { "Keys": {} } }),
        json!({ "eventSource": "aws:dynamodb", "eventName": "OTHER", "dynamodb": { "SequenceNumber": "1" } }),
        json!({ "eventSource": "aws:kinesis", "kinesis": { "data": "?" } }),
        json!({ "EventSource": "aws:sns", "Sns": { "MessageId": "m" } }),
    ] {
        assert!(error(&json!({ "Records": [record] })).starts_with("record 0 "));
    }
}

#[test]
fn a_letter_leads_to_the_stream_whatever_the_mapping_reads_it_as() {
    let stream = "arn:aws:kinesis:us-east-2:123456789012:stream/s";
    for source in [stream.to_owned(), format!("{stream}/consumer/c:1545084650")] {
        let kinesis = json!({
            "kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": "1", "data": "e30=",
            "approximateArrivalTimestamp": 1545084650.987,
        });
        let raw = raw(&json!({ "Records": [{
            "kinesis": kinesis, "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000000:1",
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn", "awsRegion": "us-east-2", "eventSourceARN": source,
        }] }));
        let batch = read(&raw).expect("an event of a feed");
        assert_eq!(batch.records[0].origin.stream_arn, stream);
    }
}
