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
    text(id, &body.to_string())
}

fn text(id: &str, body: &str) -> Letter {
    Letter::new(Message { id: id.into(), sent_at: 1, body: body.into(), ..Message::default() })
}

fn said(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_consumers_message_has_its_payload() {
    let letter = letter("m", &handler());
    assert_eq!((letter.form().reason(), letter.form().message().as_str()), ("bad-json", "EOF while parsing"));
    assert_eq!(letter.form().event_id().as_deref(), Some("shardId-000000000000:4954"));
    assert_eq!(letter.form().payload(), Some(Payload::Data(b"{".to_vec())));
    let place = letter.form().place().unwrap();
    assert_eq!((place.first, place.last, place.records), ("4954", "4954", 1));
    assert!(letter.covers("shardId-000000000000", "4954"));
    assert!(!letter.covers("shardId-000000000000", "4955") && !letter.covers("shardId-000000000001", "4954"));
}

#[test]
fn the_mappings_message_covers_the_numbers_of_its_batch() {
    let letter = letter("m", &mapping());
    assert_eq!(letter.form().reason(), "RetryAttemptsExhausted");
    assert_eq!(letter.form().message(), "2 invocations, function error Unhandled");
    assert_eq!(
        (letter.form().event_id().as_deref(), letter.form().payload()),
        (Some("shardId-000000000001:9960"), None)
    );
    // By their value, not by their text.
    for (number, covered) in [("9959", false), ("9960", true), ("10000", true), ("10010", true), ("10011", false)] {
        assert_eq!(letter.covers("shardId-000000000001", number), covered, "{number}");
    }
}

#[test]
fn a_mapping_says_how_the_function_failed_where_it_did() {
    let mut named = mapping();
    named["responseContext"]["functionError"] = Value::Null;
    assert_eq!(letter("m", &named).form().message(), "2 invocations, the answer named failures or was not understood");
    assert!(letter("m", &named).form().advice().is_some_and(|advice| advice.contains("itemIdentifier")));
    named["responseContext"]["statusCode"] = 413.into();
    assert_eq!(letter("m", &named).form().message(), "2 invocations, too large for a call");
    assert_eq!((letter("m", &named).form().advice(), letter("m", &mapping()).form().advice()), (None, None));
    let mut aged = mapping();
    aged.as_object_mut().unwrap().remove("responseContext");
    aged["requestContext"]["condition"] = "RecordAgeExceeded".into();
    let aged = letter("m", &aged);
    assert_eq!((aged.form().reason(), aged.form().message().as_str()), ("RecordAgeExceeded", "2 invocations"));
}

/// As AWS recorded it: no milliseconds in the arrivals.
fn of_table() -> Value {
    let mut document = mapping();
    let mut batch = document.as_object_mut().unwrap().remove("KinesisBatchInfo").unwrap();
    batch["streamArn"] = "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/2019-11-14T00:12:00.000".into();
    batch["shardId"] = "shardId-00000001573689847184-864758bb".into();
    batch["approximateArrivalOfFirstRecord"] = "2019-11-14T00:13:19Z".into();
    document["DDBStreamBatchInfo"] = batch;
    document
}

#[test]
fn a_tables_mapping_points_into_its_stream() {
    let letter = letter("m", &of_table());
    let place = letter.form().place().unwrap();
    assert_eq!((place.first, place.last, place.arrived.0), ("9960", "10010", "2019-11-14T00:13:19Z"));
    assert_eq!((letter.form().shape(), letter.form().payload()), (Shape::Mapping, None));
    assert!(letter.covers("shardId-00000001573689847184-864758bb", "10000"));
}

/// Lambda does not tell a function the shard of a change.
#[test]
fn a_handlers_letter_about_a_change_names_no_shard() {
    let change = r#"{"eventName":"INSERT","dynamodb":{"Keys":{"id":{"S":"1"}}}}"#;
    let body = json!({
        "version": 1, "reason": "no-key", "eventID": "c4ca4238a0b923820dcc509a6f75849b", "sequenceNumber": "111",
        "streamArn": "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/l", "arrivedAt": "2019-11-14T00:13:19Z",
        "encoding": "base64", "payload": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, change),
    });
    let letter = letter("m", &body);
    assert_eq!(letter.form().event_id().as_deref(), Some("c4ca4238a0b923820dcc509a6f75849b"));
    assert_eq!(letter.form().place().map(|place| (place.shard, place.first)), Some(("", "111")));
    assert!(letter.is_of_item(&json!({ "id": { "S": "1" } })) && !letter.is_of_item(&json!({ "id": { "S": "2" } })));
    assert!(!letter.covers("shardId-000000000000", "111"));
}

/// As AWS recorded it.
fn asynchronous() -> Value {
    json!({
        "version": "1.0", "timestamp": "2019-11-14T00:38:06.021Z",
        "requestContext": {
            "requestId": "6a6e", "functionArn": "arn:aws:lambda:eu-central-1:111122223333:function:f:$LATEST",
            "condition": "RetriesExhausted", "approximateInvokeCount": 3,
        },
        "requestPayload": { "raise_error": 1 },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": { "errorMessage": "intentional", "errorType": "Exception", "stackTrace": ["  File"] },
    })
}

#[test]
fn an_asynchronous_call_that_failed_has_its_event() {
    let failed = letter("m", &asynchronous());
    let form = failed.form();
    assert_eq!((form.shape(), form.reason()), (Shape::Asynchronous, "RetriesExhausted"));
    assert_eq!(form.message(), "3 invocations, function error Unhandled: Exception: intentional");
    assert_eq!((form.event_id().as_deref(), form.place()), (Some("6a6e"), None));
    assert_eq!(form.payload(), Some(Payload::Data(br#"{"raise_error":1}"#.to_vec())));
    // Every digit, and whatever JSON the event is.
    for event in ["12345678901234567890123456789.10", "null", r#""text""#, "[]"] {
        let body = format!(r#"{{"requestContext":{{"condition":"EventAgeExceeded"}},"requestPayload":{event}}}"#);
        let aged = text("m", &body);
        assert_eq!(aged.form().payload(), Some(Payload::Data(event.as_bytes().to_vec())), "{event}");
        assert_eq!(aged.form().message(), "0 invocations, it did not reach the function");
    }
    // What the function answers is its own affair.
    for answer in [json!(null), json!(7), json!({ "errorMessage": [1] }), json!({ "errorType": null })] {
        let mut strange = asynchronous();
        strange["responsePayload"] = answer;
        assert_eq!(letter("m", &strange).form().message(), "3 invocations, function error Unhandled");
    }
}

#[test]
fn a_functions_own_dead_letter_queue_has_the_reason_in_attributes() {
    let attributes = said(&[("RequestID", "6a6e"), ("ErrorCode", "200"), ("ErrorMessage", "intentional")]);
    let message = Message { body: "{\"a\":1}".into(), attributes, ..Message::default() };
    let letter = Letter::new(message.clone());
    assert_eq!(
        (letter.form().shape(), letter.form().message().as_str()),
        (Shape::Asynchronous, "Lambda answered 200: intentional")
    );
    assert_eq!(letter.form().payload(), Some(Payload::Data(b"{\"a\":1}".to_vec())));
    let other = Message { attributes: said(&[("RequestID", "6a6e")]), ..message };
    assert_eq!(Letter::new(other).form().shape(), Shape::Unknown);
}

/// Whoever may send to the queue chooses the body, but not what SQS says.
#[test]
fn what_redrive_moved_is_the_message_whatever_it_claims_to_be() {
    let arn = "arn:aws:sqs:eu-central-1:111122223333:q.fifo";
    let system =
        said(&[("DeadLetterQueueSourceArn", arn), ("ApproximateReceiveCount", "6"), ("MessageGroupId", "g\u{1b}[2J")]);
    for body in
        [handler().to_string(), mapping().to_string(), asynchronous().to_string(), "{".to_owned(), String::new()]
    {
        let attributes = said(&[("RequestID", "6a6e"), ("ErrorCode", "200")]);
        let letter =
            Letter::new(Message { body: body.clone(), system: system.clone(), attributes, ..Message::default() });
        let form = letter.form();
        assert_eq!((form.shape(), form.reason()), (Shape::Moved, "moved by the queue's redrive"));
        assert_eq!(form.message(), "after 6 receives, looks into this queue counted");
        assert_eq!((form.source_arn(), form.group(), form.receives()), (Some(arn), Some("g\u{1b}[2J"), Some(6)));
        assert_eq!((form.payload(), form.place()), (Some(Payload::Data(body.into_bytes())), None));
    }
    let uncounted = said(&[("DeadLetterQueueSourceArn", arn), ("ApproximateReceiveCount", "many")]);
    let letter = Letter::new(Message { system: uncounted, ..Message::default() });
    assert_eq!((letter.form().receives(), letter.form().message().as_str()), (None, ""));
}

#[test]
fn whatever_else_is_there_is_another_tools() {
    let mut later = handler();
    later["version"] = 2.into();
    let mut other = mapping();
    other.as_object_mut().unwrap().remove("KinesisBatchInfo");
    let mut strange = mapping();
    strange["KinesisBatchInfo"]["batchSize"] = (-1).into();
    let both = mapping().to_string().replacen('{', "{\"KinesisBatchInfo\":{},", 1);
    let deep = format!("{{\"requestContext\":{{\"condition\":\"x\"}},\"requestPayload\":{}", "[".repeat(100_000));
    let bodies = [later, other, strange, json!([1]), json!("text"), json!(null), json!({ "requestPayload": 1 })];
    for body in bodies.iter().map(Value::to_string).chain([both, deep, "no json".into(), String::new()]) {
        let letter = text("m", &body);
        let form = letter.form();
        assert_eq!((form.shape(), form.place(), form.event_id()), (Shape::Unknown, None, None), "{body:.200}");
        assert_eq!((form.reason(), form.payload()), ("another tool's message", None));
    }
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
