use serde_json::{Value, json};

use super::*;

fn handler() -> Value {
    json!({
        "version": 1, "reason": "bad-json", "message": "EOF while parsing", "eventID": "shardId-000000000000:4954",
        "streamArn": "arn:aws:kinesis:eu-central-1:111122223333:stream/s", "shardId": "shardId-000000000000",
        "sequenceNumber": "4954", "partitionKey": "k", "arrivedAt": "2019-11-14T00:38:04.835Z", "encoding": "base64",
        "payload": "ew==",
    })
}

/// As AWS recorded it.
fn mapping() -> Value {
    json!({
        "requestContext": {
            "requestId": "6a6e", "functionArn": "arn:aws:lambda:eu-central-1:111122223333:function:f",
            "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 2,
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0", "timestamp": "2019-11-14T00:38:06.021Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000001", "startSequenceNumber": "9960", "endSequenceNumber": "10010",
            "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
            "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
            "batchSize": 3, "streamArn": "arn:aws:kinesis:eu-central-1:111122223333:stream/s",
        },
    })
}

fn letter(id: &str, body: &Value) -> Letter {
    Letter::new(id.into(), 1, body.to_string())
}

#[test]
fn the_consumers_message_has_its_payload() {
    let letter = letter("m", &handler());
    assert_eq!((letter.reason(), letter.message().as_str()), ("bad-json", "EOF while parsing"));
    assert_eq!(letter.event_id().as_deref(), Some("shardId-000000000000:4954"));
    assert_eq!(letter.payload(), Some(Payload::Data(b"{".to_vec())));
    let place = letter.place().unwrap();
    assert_eq!((place.first, place.last, place.records), ("4954", "4954", 1));
    assert!(letter.covers("shardId-000000000000", "4954"));
    assert!(!letter.covers("shardId-000000000000", "4955") && !letter.covers("shardId-000000000001", "4954"));
}

#[test]
fn the_mappings_message_covers_the_numbers_of_its_batch() {
    let letter = letter("m", &mapping());
    assert_eq!(letter.reason(), "RetryAttemptsExhausted");
    assert_eq!(letter.message(), "2 invocations, function error Unhandled");
    assert_eq!((letter.event_id().as_deref(), letter.payload()), (Some("shardId-000000000001:9960"), None));
    // By their value, not by their text.
    for (number, covered) in [("9959", false), ("9960", true), ("10000", true), ("10010", true), ("10011", false)] {
        assert_eq!(letter.covers("shardId-000000000001", number), covered, "{number}");
    }
}

#[test]
fn a_mapping_says_how_the_function_failed_where_it_did() {
    let mut named = mapping();
    named["responseContext"]["functionError"] = Value::Null;
    assert_eq!(letter("m", &named).message(), "2 invocations, the answer named failures or was not understood");
    assert!(letter("m", &named).advice().is_some_and(|advice| advice.contains("itemIdentifier")));
    named["responseContext"]["statusCode"] = 413.into();
    assert_eq!(letter("m", &named).message(), "2 invocations, too large for a call");
    assert_eq!((letter("m", &named).advice(), letter("m", &mapping()).advice()), (None, None));
    let mut aged = mapping();
    aged.as_object_mut().unwrap().remove("responseContext");
    aged["requestContext"]["condition"] = "RecordAgeExceeded".into();
    let aged = letter("m", &aged);
    assert_eq!((aged.reason(), aged.message().as_str()), ("RecordAgeExceeded", "2 invocations"));
}

#[test]
fn whatever_else_is_there_is_neither() {
    let mut later = handler();
    later["version"] = 2.into();
    let mut other = mapping();
    other.as_object_mut().unwrap().remove("KinesisBatchInfo");
    for body in [later, other, json!([1]), json!("text")] {
        let letter = letter("m", &body);
        assert_eq!((&letter.shape, letter.place(), letter.event_id()), (&Shape::Unknown, None, None), "{body}");
        assert!(letter.reason().starts_with("neither"));
    }
    assert_eq!(Letter::new("m".into(), 0, "no json".into()).shape, Shape::Unknown);
}

#[test]
fn a_letter_is_named_by_the_beginning_of_an_id() {
    let letters = [letter("aa11", &handler()), letter("aa22", &mapping()), letter("aa2", &json!({}))];
    let found = |asked| select(&letters, asked).map(|letter| letter.id.as_str());
    assert_eq!(found("aa1"), Ok("aa11"));
    assert_eq!(found("aa2"), Ok("aa2"), "a whole id comes before beginnings");
    assert_eq!(found("shardId-000000000001:9960"), Ok("aa22"));
    let many = found("aa").unwrap_err();
    assert_eq!(many.message(), "`aa` is the beginning of 3 ids");
    assert_eq!(many.hint_text(), Some("give more of it: aa11, aa22, aa2"));
    assert_eq!(found("b").unwrap_err().message(), "no dead letter has the id `b`");
    assert!(letters[1].may_be("shardId-000000000001") && !letters[0].may_be("aa2"));
}
