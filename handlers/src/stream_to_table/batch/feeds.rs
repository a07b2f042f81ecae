//! What becomes of the records of the feeds beside Kinesis.

use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Clock, Conduct, FakeQueue, FakeTable, keys};
use super::*;
use Conduct::{DownFor, Good, Refused};

/// Handles an event, with the conduct of each record in the table, and returns the report, what was written, what was
/// deleted, and how many letters were sent.
async fn handle(event: Value, conducts: &[Conduct], deletes: bool) -> (Report, Vec<usize>, Vec<String>, usize) {
    let clock = Clock::new(0);
    let (table, queue) = (FakeTable::new(&clock, conducts.to_vec()), FakeQueue::new(&clock, Good));
    let consumer = Consumer::new(&table, Some(&queue), keys());
    let consumer = if deletes { consumer.deleting() } else { consumer };
    let event = serde_json::from_value(event).unwrap();
    let report = consumer.handle(event, Instant::now() + Duration::from_secs(5)).await.unwrap();
    let deleted = table.deletes.borrow().clone();
    (report, table.written(), deleted, queue.calls.get() as usize)
}

fn image(id: &str, v: usize) -> Value {
    json!({ "id": { "S": id }, "v": { "N": v.to_string() } })
}

fn change(number: usize, name: &str, new: Value, old: Value) -> Value {
    json!({
        "eventID": "c81e", "eventName": name, "eventSource": "aws:dynamodb", "eventSourceARN": "arn:table/T/stream/s",
        "dynamodb": {
            "ApproximateCreationDateTime": 1573690399.0, "Keys": { "id": { "S": "k" } }, "NewImage": new, "OldImage": old,
            "SequenceNumber": number.to_string(), "SizeBytes": 12,
        },
    })
}

fn changes() -> Value {
    let by_ttl = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    let mut expired = change(14, "REMOVE", Value::Null, Value::Null);
    expired["userIdentity"] = by_ttl;
    json!({ "Records": [
        change(10, "INSERT", image("a", 0), Value::Null),
        change(11, "MODIFY", image("a", 1), image("a", 0)),
        change(12, "REMOVE", Value::Null, image("a", 1)),
        change(13, "MODIFY", Value::Null, Value::Null),
        expired,
    ] })
}

#[tokio::test(start_paused = true)]
async fn changes_are_written_and_a_remove_takes_the_row_away_where_it_may() {
    let (report, written, deleted, letters) = handle(changes(), &[Good, Good], true).await;
    assert_eq!((written, deleted), (vec![0, 1], vec!["k".to_owned(), "a".to_owned()]));
    assert_eq!((report.written, report.skipped, letters), (4, 0, 1));
    assert_eq!((report.dead_lettered[0].reason.as_str(), report.unfinished.len()), ("no-image", 0));
    let (report, written, deleted, letters) = handle(changes(), &[Good, Good], false).await;
    assert_eq!((written, deleted.len()), (vec![0, 1], 0));
    assert_eq!((report.written, report.skipped, letters), (4, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_remove_waits_for_the_writes_of_its_row() {
    let (report, written, deleted, letters) = handle(changes(), &[DownFor(1), Good], true).await;
    assert_eq!((written, deleted, letters), (vec![], vec!["k".to_owned()], 0));
    assert_eq!(report.unfinished, ["10", "11", "12", "13"]);
}

fn message(id: &str, group: &str, body: &Value) -> Value {
    let queue = if group.is_empty() { "q" } else { "q.fifo" };
    json!({
        "messageId": id, "body": body.to_string(), "attributes": { "MessageGroupId": group }, "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-west-1:123456789012:{queue}"),
    })
}

fn item(id: &str, v: usize) -> Value {
    json!({ "id": id, "v": v })
}

fn answer(report: &Report) -> Value {
    serde_json::to_value(report.response().unwrap()).unwrap()
}

fn failures(ids: &[&str]) -> Value {
    json!({ "batchItemFailures": ids.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
}

#[tokio::test(start_paused = true)]
async fn each_message_that_fails_is_named_and_no_letter_is_sent() {
    let records = [item("a", 0), json!(7), item("b", 1), item("c", 2)];
    let records: Vec<Value> =
        records.iter().zip(["w", "x", "y", "z"]).map(|(body, id)| message(id, "", body)).collect();
    let (report, written, _, letters) = handle(json!({ "Records": records }), &[Good, Refused, Good], false).await;
    assert_eq!((answer(&report), written.len(), letters), (failures(&["x", "y"]), 2, 0));
    assert_eq!(report.cause.as_deref(), Some("not-an-object"));
}

#[tokio::test(start_paused = true)]
async fn behind_the_first_that_fails_a_group_waits_and_others_do_not() {
    for bad in [Refused, DownFor(1)] {
        let records = json!([
            message("1", "g", &item("a", 0)),
            message("2", "g", &item("b", 1)),
            message("3", "h", &item("b", 2)),
            message("4", "g", &item("c", 3)),
        ]);
        let (report, written, _, letters) =
            handle(json!({ "Records": records }), &[Good, bad, Good, Good], false).await;
        assert_eq!((answer(&report), letters), (failures(&["2", "4"]), 0));
        assert!(written.contains(&0) && written.contains(&2) && written.len() == 2, "{written:?}");
    }
    let records =
        json!([message("1", "g", &json!([])), message("2", "g", &item("a", 0)), message("3", "h", &item("b", 1))]);
    let (report, written, _, _) = handle(json!({ "Records": records }), &[Good, Good], false).await;
    assert_eq!((answer(&report), written), (failures(&["1", "2"]), vec![1]));
}

#[tokio::test(start_paused = true)]
async fn messages_with_one_id_are_both_answered_for() {
    let records = json!([message("1", "", &json!([])), message("1", "", &item("a", 0))]);
    let (report, _, _, _) = handle(json!({ "Records": records }), &[Good], false).await;
    assert_eq!((answer(&report), report.written), (failures(&["1"]), 1));
}

#[tokio::test(start_paused = true)]
async fn a_pushed_event_is_written_or_the_call_fails() {
    let event = |detail: Value| json!({ "detail-type": "t", "source": "s", "detail": detail });
    let topic = |message: Value| json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "MessageId": "m", "Message": message.to_string() } }] });
    for good in [item("a", 0), event(item("a", 0)), topic(item("a", 0))] {
        let (report, written, _, _) = handle(good, &[Good], false).await;
        assert_eq!((answer(&report), written), (Value::Null, vec![0]));
    }
    for (bad, conduct, why) in [
        (item("a", 0), DownFor(1), "ResourceNotFoundException"),
        (event(json!("{}")), Good, "not-an-object"),
        (topic(json!({})), Good, "no-key"),
        (json!({ "v": 1 }), Good, "no-key"),
    ] {
        let (report, written, _, letters) = handle(bad, &[conduct], false).await;
        let error = report.response().unwrap_err().to_string();
        assert_eq!((error, written.len(), letters), (format!("the event was not written to the table: {why}"), 0, 0));
    }
}
