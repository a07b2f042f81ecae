use serde_json::{Value, json};

use super::*;
use crate::commands::dlq::letter::Message;
use crate::commands::dlq::payload::Payload;

const HANDLER: &str = r#"{"version":1,"reason":"bad-json","message":"EOF at line 1","eventID":"shardId-000000000000:4954",
    "streamArn":"arn:aws:kinesis:eu-central-1:111122223333:stream/s","shardId":"shardId-000000000000","sequenceNumber":"4954",
    "partitionKey":"k","arrivedAt":"2019-11-14T00:38:04.835Z","encoding":"base64","payload":"eyIbWzJK"}"#;
const ASYNCHRONOUS: &str = r#"{"requestContext":{"requestId":"6a6e","functionArn":"arn:f","condition":"RetriesExhausted",
    "approximateInvokeCount":3},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"functionError":"Unhandled"},
    "responsePayload":{"errorMessage":"no \u001b[2J","errorType":"Exception"}}"#;
const MAPPING: &str = r#"{"requestContext":{"functionArn":"arn:f","condition":"RecordAgeExceeded","approximateInvokeCount":8},
    "KinesisBatchInfo":{"shardId":"shardId-000000000001","startSequenceNumber":"9","endSequenceNumber":"11",
    "approximateArrivalOfFirstRecord":"2019-11-14T00:38:04.835Z","approximateArrivalOfLastRecord":"2019-11-14T00:38:05.580Z",
    "batchSize":2,"streamArn":"arn:aws:kinesis:eu-central-1:111122223333:stream/s"}}"#;

fn letter(body: &str) -> Letter {
    Letter::new(message(body))
}

fn message(body: &str) -> Message {
    Message { id: "0123456789-abc".into(), sent_at: 1_573_691_884_835, body: body.into(), ..Message::default() }
}

fn moved(body: &str) -> Letter {
    let said = [
        ("DeadLetterQueueSourceArn", "arn:aws:sqs:eu-central-1:111122223333:orders.fifo"),
        ("ApproximateReceiveCount", "6"),
        ("MessageGroupId", "g\u{1b}[2J"),
    ];
    let system = said.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Letter::new(Message { system, ..message(body) })
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn in_stream() -> InStream {
    let record = |number: &str, data: &[u8]| Record {
        key: "k".into(),
        sequence_number: number.into(),
        payload: Payload::Data(data.to_vec()),
    };
    let records = Some(vec![record("9", b"{\"a\":1}"), record("11", &[0xff])]);
    InStream { readable: Readable::Until(1_573_778_284_835), records, failed: None }
}

#[test]
fn each_letter_is_one_line() {
    let all = [
        line(&letter(HANDLER), None),
        line(&letter(MAPPING), Some(&InStream { records: None, ..in_stream() })),
        line(&letter("hello\n\u{1b}[2Jworld"), None),
        line(&letter(ASYNCHRONOUS), None),
        line(&moved("{\"id\":\n1"), None),
    ];
    insta::assert_snapshot!(plain(&all.concat()), @r#"
    2019-11-14T00:38:04Z 01234567  bad-json: EOF at line 1  shardId-000000000000:4954  {"\u{1b}[2J
    2019-11-14T00:38:04Z 01234567  RecordAgeExceeded: 8 invocations  shardId-000000000001:9 to 11 (2 records)  readable until 2019-11-15T00:38:04Z
    2019-11-14T00:38:04Z 01234567  another tool's message  hello\n\u{1b}[2Jworld
    2019-11-14T00:38:04Z 01234567  RetriesExhausted: 3 invocations, function error Unhandled: Exception: no \u{1b}[2J  6a6e  {"a":1}
    2019-11-14T00:38:04Z 01234567  moved by the queue's redrive: after 6 receives, looks into this queue counted  {"id":\n1
    "#);
}

#[test]
fn everything_about_a_letter() {
    insta::assert_snapshot!(whole(&letter(HANDLER), None), @r#"
    message 0123456789-abc
      came       2019-11-14T00:38:04Z
      reason     bad-json
      details    EOF at line 1
      event      shardId-000000000000:4954
      stream     arn:aws:kinesis:eu-central-1:111122223333:stream/s
      arrived    2019-11-14T00:38:04.835Z
      key        k
    payload:
    {"\u{1b}[2J
    "#);
    insta::assert_snapshot!(whole(&letter(MAPPING), Some(&in_stream())), @r#"
    message 0123456789-abc
      came       2019-11-14T00:38:04Z
      reason     RecordAgeExceeded
      details    8 invocations
      event      shardId-000000000001:9 to 11 (2 records)
      stream     arn:aws:kinesis:eu-central-1:111122223333:stream/s
      arrived    2019-11-14T00:38:04.835Z
      function   arn:f
    the records are in the stream only: readable until 2019-11-15T00:38:04Z
    record 9 with key k:
    {
      "a": 1
    }
    record 11 with key k:
    (1 bytes that are not UTF-8, as base64:)
    /w==
    "#);
    let past = InStream { readable: Readable::PastSince(1_573_778_284_835), records: None, failed: None };
    let text = whole(&letter(MAPPING), Some(&past));
    assert!(
        text.ends_with("the records are in the stream only: past retention since 2019-11-15T00:38:04Z\n"),
        "{text}"
    );
    assert!(whole(&letter("hello"), None).ends_with("the message, as it is:\nhello\n"));
}

fn line_of(event: &Event) -> Value {
    serde_json::from_str::<Value>(&event.to_line().unwrap()).unwrap()["letter"].take()
}

fn whole_line(letter: &Letter, stream: Option<&InStream>) -> Value {
    line_of(&event_whole(letter, stream))
}

#[test]
fn machines_get_every_byte() {
    let handler = whole_line(&letter(HANDLER), None);
    assert_eq!((&handler["payload"]["text"], &handler["shape"]), (&json!("{\"\u{1b}[2J"), &json!("handler")));
    assert_eq!((&handler["first"], &handler["partition_key"]), (&json!("4954"), &json!("k")));
    let mapping = whole_line(&letter(MAPPING), Some(&in_stream()));
    assert_eq!(mapping["readable_until"], "2019-11-15T00:38:04Z");
    assert_eq!(mapping["records"][0]["payload"]["text"], "{\"a\":1}");
    assert_eq!(mapping["records"][1]["payload"]["base64"], "/w==");
    assert_eq!(mapping["body"]["KinesisBatchInfo"]["batchSize"], 2);
    let failed = InStream { failed: Some("no".into()), ..in_stream() };
    assert_eq!(line_of(&event_line(&letter(MAPPING), Some(&failed)))["records_failed"], "no");
    assert_eq!(whole_line(&letter("hello"), None)["body"], "hello");
    let failed = whole_line(&letter(ASYNCHRONOUS), None);
    assert_eq!((&failed["shape"], &failed["event_id"]), (&json!("asynchronous"), &json!("6a6e")));
    assert_eq!((&failed["payload"]["text"], &failed["body"]["requestPayload"]["a"]), (&json!("{\"a\":1}"), &json!(1)));
    let moved = whole_line(&moved("\u{1b}[2J"), None);
    assert_eq!((&moved["shape"], &moved["payload"]["text"]), (&json!("moved"), &json!("\u{1b}[2J")));
    assert_eq!((&moved["group"], &moved["receives"]), (&json!("g\u{1b}[2J"), &json!(6)));
    assert_eq!(moved["location"], json!({ "service": "sqs", "name": "orders.fifo" }));
}

#[test]
fn what_was_moved_is_shown_whole() {
    insta::assert_snapshot!(whole(&moved("{\"id\": 1}"), None), @r#"
    message 0123456789-abc
      came       2019-11-14T00:38:04Z
      reason     moved by the queue's redrive
      details    after 6 receives, looks into this queue counted
      queue      arn:aws:sqs:eu-central-1:111122223333:orders.fifo
      why        SQS keeps no reason: the consumer's log says it, beside the message's id
      group      g\u{1b}[2J
    payload:
    {
      "id": 1
    }
    "#);
}
