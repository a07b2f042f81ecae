use std::sync::Mutex as Kept;

use aws_sdk_kinesis::Client as KinesisClient;
use aws_sdk_kinesis::operation::describe_stream_summary::DescribeStreamSummaryOutput;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::operation::get_shard_iterator::GetShardIteratorOutput;
use aws_sdk_kinesis::types::{StreamDescriptionSummary, StreamStatus};
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType};
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use futures_util::FutureExt;
use pipe_local::invoke::Answer;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::commands::dlq::peek::letter;
use crate::commands::hand::Mapping;

const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/s";
const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/2019-11-14T00:12:00.000";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:q";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:f";
const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const SHARD: &str = "shardId-000000000000";

fn mapping(source: &str) -> Mapping {
    let answer = EventSourceMappingConfiguration::builder().event_source_arn(source).batch_size(2);
    let answer = answer.function_response_types(FunctionResponseType::ReportBatchItemFailures).build();
    let properties = Properties::of(&answer, "f", ROLE, 0).unwrap().unwrap();
    Mapping { properties: Arc::new(properties), stream_arn: source.to_owned(), enabled: true }
}

fn consumer() -> Consumer {
    let mappings = [STREAM, TABLE, QUEUE].map(mapping).into();
    Consumer { name: "f".to_owned(), arn: FUNCTION.to_owned(), patience: std::time::Duration::from_secs(1), mappings }
}

/// A message with this body, as it is received, and what SQS says of it.
fn held(body: &str, said: &[(MessageSystemAttributeName, &str)]) -> Held {
    let attribute =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([1u8])).build().unwrap();
    let message = Message::builder().message_id("m1").receipt_handle("r1").body(body).md5_of_body("5d41");
    let message = said.iter().fold(message, |message, (name, value)| message.attributes(name.clone(), *value));
    let message = message.message_attributes("own", attribute).build();
    Held { letter: letter(&message), receipt: "r1".to_owned(), message: Some(Box::new(message)) }
}

/// Hands a letter to a function that answers so, and gives what came of it with the events that the function got.
async fn handed(cx: &Cx, held: &Held, answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> (Done, Vec<Value>) {
    let got: Arc<Kept<Vec<Value>>> = Arc::default();
    let kept = got.clone();
    let call: Call = Arc::new(move |event| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let answer = answer(&event);
        kept.lock().unwrap().push(event);
        async move { Ok(Answered::By(answer)) }.boxed()
    });
    let consumer = consumer();
    let done = Hands::new(cx, &consumer, call, Pace::new(None)).hand(held).await.unwrap();
    let got = got.lock().unwrap().clone();
    (done, got)
}

fn answer(payload: &Value) -> Answer {
    Answer { payload: payload.to_string().into(), error: None, request_id: String::new(), memory: None }
}

fn fine(_: &Value) -> Answer {
    answer(&json!({ "batchItemFailures": [] }))
}

fn fails(_: &Value) -> Answer {
    let error = Some("Unhandled".to_owned());
    Answer { error, ..answer(&json!({ "errorType": "Own", "errorMessage": "no" })) }
}

fn nowhere() -> Cx {
    mocked::cx(RuleMode::MatchAny, &[])
}

fn letter_of(stream: &str, more: &Value) -> Value {
    let mut letter = json!({
        "version": 1, "reason": "bad-json", "message": "", "eventID": format!("{SHARD}:9"), "streamArn": stream,
        "sequenceNumber": "9", "arrivedAt": "2019-11-14T00:38:04.835Z", "encoding": "base64",
    });
    letter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    letter
}

fn kinesis(number: &str, data: &str) -> Kinesis {
    let record = Kinesis::builder().sequence_number(number).partition_key("k").data(Blob::new(data));
    record.approximate_arrival_timestamp(DateTime::from_millis(1_573_691_884_835)).build().unwrap()
}

#[tokio::test]
async fn a_record_of_a_stream_is_the_event_that_its_mapping_made() {
    let more = json!({ "shardId": SHARD, "partitionKey": "k", "payload": "eyI=" });
    let (done, got) = handed(&nowhere(), &held(&letter_of(STREAM, &more).to_string(), &[]), fine).await;
    let original = parts::record(kinesis("9", "{\""), &mapping(STREAM).properties, SHARD);
    let original: Value = serde_json::from_slice(&original.event).unwrap();
    assert_eq!((done, &got), (came(1, None), &vec![json!({ "Records": [original] })]));
    let record = &got[0]["Records"][0];
    assert_eq!((&record["eventID"], &record["eventSourceARN"]), (&json!(format!("{SHARD}:9")), &json!(STREAM)));
    assert_eq!(record["kinesis"]["approximateArrivalTimestamp"], 1_573_691_884.835);
}

#[tokio::test]
async fn a_change_of_a_table_is_what_lambda_gave_also_of_a_former_stream() {
    use base64::Engine;
    let change = r#"{"eventID":"c8","eventName":"MODIFY","dynamodb":{"SequenceNumber":"9","N":1.50}}"#;
    let payload = base64::engine::general_purpose::STANDARD.encode(change);
    let former = TABLE.replace("2019", "2018");
    for stream in [TABLE, &former] {
        let body = letter_of(stream, &json!({ "payload": payload })).to_string();
        let (done, got) = handed(&nowhere(), &held(&body, &[]), fine).await;
        let change: Value = serde_json::from_str(change).unwrap();
        assert_eq!((done, got), (came(1, None), vec![json!({ "Records": [change] })]), "{stream}");
    }
}

#[tokio::test]
async fn a_moved_message_is_one_of_its_queue() {
    use MessageSystemAttributeName as Name;
    let said =
        [(Name::DeadLetterQueueSourceArn, QUEUE), (Name::SentTimestamp, "1"), (Name::ApproximateReceiveCount, "4")];
    let moved = held("text", &said);
    let (done, got) = handed(&nowhere(), &moved, fine).await;
    assert_eq!((done, got.len()), (came(1, None), 1));
    let record = &got[0]["Records"][0];
    assert_eq!(
        (&record["messageId"], &record["body"], &record["eventSourceARN"]),
        (&json!("m1"), &json!("text"), &json!(QUEUE))
    );
    assert_eq!((&record["attributes"]["SentTimestamp"], &record["md5OfBody"]), (&json!("1"), &json!("5d41")));
    assert_eq!(record["messageAttributes"]["own"]["binaryValue"], "AQ==");
    let named = |_: &Value| answer(&json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] }));
    assert_eq!(handed(&nowhere(), &moved, named).await.0.fate, Fate::Failed);
}

#[tokio::test]
async fn the_event_of_an_asynchronous_call_is_the_event_itself() {
    let body = json!({
        "requestContext": { "requestId": "i", "functionArn": format!("{FUNCTION}:$LATEST"), "condition": "RetriesExhausted" },
        "requestPayload": { "detail": 1 },
    });
    let (done, got) = handed(&nowhere(), &held(&body.to_string(), &[]), fine).await;
    assert_eq!((done, got), (came(1, None), vec![json!({ "detail": 1 })]));
    let (done, _) = handed(&nowhere(), &held(&body.to_string(), &[]), fails).await;
    assert_eq!((done.fate, done.why.as_str()), (Fate::Failed, "Unhandled (Own): no"));
}

#[tokio::test]
async fn what_is_not_this_consumers_stays_and_says_why() {
    let other = |text: &str| text.replace("111122223333", "444455556666");
    let more = json!({ "payload": "e30=" });
    let broken = json!({ "shardId": SHARD, "payload": "%" });
    let context = json!({ "functionArn": other(FUNCTION), "condition": "RetriesExhausted" });
    for (body, why) in [
        ("hello".to_owned(), "another tool's message"),
        (letter_of(&other(STREAM), &more).to_string(), "does not feed `f`"),
        (letter_of(STREAM, &broken).to_string(), "cannot be decoded"),
        (json!({ "requestContext": context, "requestPayload": 1 }).to_string(), "it is of the function"),
    ] {
        let (done, got) = handed(&nowhere(), &held(&body, &[]), fine).await;
        assert!(done.fate == Fate::Kept && done.why.contains(why) && got.is_empty(), "{body}: {done:?}");
    }
}

fn pointer(records: u64) -> Held {
    let body = json!({
        "requestContext": { "requestId": "i", "functionArn": FUNCTION, "condition": "RetryAttemptsExhausted" },
        "KinesisBatchInfo": {
            "shardId": SHARD, "startSequenceNumber": "9", "endSequenceNumber": "11", "streamArn": STREAM, "batchSize": records,
            "approximateArrivalOfFirstRecord": "2099-11-14T00:38:04.835Z",
            "approximateArrivalOfLastRecord": "2099-11-14T00:38:05.580Z",
        },
    });
    held(&body.to_string(), &[])
}

/// A stream that was made then, in seconds since 1970.
fn summary(made: i64) -> Rule {
    mock!(KinesisClient::describe_stream_summary).then_output(move || {
        let summary = StreamDescriptionSummary::builder().stream_arn(STREAM).stream_name("s").open_shard_count(1);
        let summary = summary.stream_status(StreamStatus::Active).retention_period_hours(24);
        let made =
            summary.stream_creation_timestamp(DateTime::from_secs(made)).set_enhanced_monitoring(Some(Vec::new()));
        DescribeStreamSummaryOutput::builder().stream_description_summary(made.build().unwrap()).build()
    })
}

/// A context whose shard has these records.
fn stream(numbers: &'static [&'static str]) -> Vec<Rule> {
    let iterator = mock!(KinesisClient::get_shard_iterator)
        .then_output(|| GetShardIteratorOutput::builder().shard_iterator("i0").build());
    let records = mock!(KinesisClient::get_records).then_output(move || {
        let records = numbers.iter().map(|number| kinesis(number, "{}")).collect();
        GetRecordsOutput::builder().set_records(Some(records)).millis_behind_latest(0).build().unwrap()
    });
    vec![summary(1), iterator, records]
}

fn numbers(event: &Value) -> Vec<&str> {
    let records = event["Records"].as_array().unwrap().iter();
    records.map(|record| record["kinesis"]["sequenceNumber"].as_str().unwrap()).collect()
}

fn cx(rules: &[Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, &rules.iter().collect::<Vec<_>>())
}

#[tokio::test]
async fn a_pointers_records_are_read_and_go_in_the_mappings_batches() {
    let rules = stream(&["9", "10", "11", "12"]);
    let (done, got) = handed(&cx(&rules), &pointer(3), fine).await;
    assert_eq!((done, got.iter().map(numbers).collect::<Vec<_>>()), (came(3, None), vec![vec!["9", "10"], vec!["11"]]));
    assert!(got[0]["Records"][0]["eventID"] == format!("{SHARD}:9"));
}

/// A function that names one gets those behind it once more, and the letter stays whole.
#[tokio::test]
async fn a_record_that_is_named_keeps_the_letter_and_holds_up_no_other() {
    let names_nine = |event: &Value| match numbers(event).contains(&"9") {
        true => answer(&json!({ "batchItemFailures": [{ "itemIdentifier": "9" }] })),
        false => fine(event),
    };
    let rules = stream(&["9", "10", "11"]);
    let (done, got) = handed(&cx(&rules), &pointer(3), names_nine).await;
    assert_eq!(got.iter().map(numbers).collect::<Vec<_>>(), [vec!["9", "10"], vec!["10"], vec!["11"]]);
    assert_eq!((done.fate, done.records, done.failed), (Fate::Failed, 3, 1));
    let (done, got) =
        handed(&cx(&stream(&["9", "10", "11"])), &pointer(3), |event| match numbers(event).contains(&"10") {
            true => fails(event),
            false => fine(event),
        })
        .await;
    assert_eq!(got.iter().map(numbers).collect::<Vec<_>>(), [vec!["9", "10"], vec!["9"], vec!["10"], vec!["11"]]);
    assert_eq!((done.failed, done.why.contains("Unhandled (Own): no")), (1, true));
}

#[tokio::test]
async fn what_the_stream_has_lost_keeps_the_letter() {
    let (done, got) = handed(&cx(&stream(&["10", "11"])), &pointer(3), fine).await;
    assert_eq!((done.fate, done.records, got.len()), (Fate::Kept, 2, 1));
    assert!(done.why.contains("no longer 1 of its 3 records; the 2 that it has were taken"), "{}", done.why);
    // A stream of the same name that was made later.
    let rules = [summary(5_000_000_000)];
    let (done, got) = handed(&cx(&rules), &pointer(3), fine).await;
    assert!(done.fate == Fate::Kept && got.is_empty() && done.why.contains("another of its name was made"), "{done:?}");
}
