use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudwatchlogs::operation::create_log_stream::CreateLogStreamError;
use aws_sdk_cloudwatchlogs::operation::put_log_events::PutLogEventsOutput;
use aws_sdk_cloudwatchlogs::types::RejectedLogEventsInfo;
use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_eventbridge::operation::describe_event_bus::DescribeEventBusError;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::types::PutEventsResultEntry;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sns::operation::publish_batch::PublishBatchOutput;
use aws_sdk_sns::types::{BatchResultErrorEntry, PublishBatchResultEntry};
use aws_smithy_mocks::{RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::commands::dlq::letter::{Letter, Message};
use crate::commands::send::to::Taken;

const CONSUMER: &str = "consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\n";

fn spec(text: &str) -> Spec {
    let text = format!("name: demo\n{text}");
    crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap().spec
}

fn source(text: &str) -> Spec {
    spec(&format!("source: {{ {text} }}\n{CONSUMER}"))
}

fn event(n: u32, body: &str) -> Event {
    Event {
        n,
        method: "",
        path: String::new(),
        header: None,
        body: body.into(),
        key: None,
        given_key: false,
        lane: None,
    }
}

fn how(group: Option<&'static str>) -> How<'static> {
    How { route: None, group, run: 0xabc }
}

fn statuses(answers: &[Answer]) -> Vec<(u32, u16)> {
    answers.iter().map(|answer| (answer.event.n, answer.status)).collect()
}

fn made(spec: &Spec) -> Value {
    let serial = Serial { text: "abc-1".into(), number: 1 };
    let made = example(spec, &crate::spec::sample(None, ""), &serial).unwrap();
    serde_json::from_slice(&made).unwrap()
}

#[test]
fn an_example_is_what_its_source_takes() {
    let plain = json!({ "hello": "world" });
    assert_eq!(made(&source("topic: {}")), plain);
    let body = source("topic: { filter: { kind: [order] }, filter_on: body }");
    assert_eq!(made(&body), json!({ "hello": "world", "kind": "order" }));
    let events = source("events: { match: { source: [shop], detail: { kind: [{ prefix: or }] } } }");
    assert_eq!(made(&events), json!({ "hello": "world", "kind": "or" }));
    let schedule = made(&source("schedule: rate(5 minutes)"));
    assert_eq!((&schedule["id"], &schedule["attempt"]), (&json!("pipe-send-abc-1"), &json!("1")));
    assert!(!schedule.to_string().contains("<aws."), "{schedule}");
    assert_eq!(made(&source("schedule: { rate: 5 minutes, input: { a: 1 } }")), json!({ "a": 1 }));
    let skill = "amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f";
    let Some(Source::Alexa(alexa)) = serde_json::from_value(json!({ "alexa": { "skill": skill } })).ok() else {
        panic!("no skill")
    };
    let request = alexa::request(&alexa, &Serial { text: "abc-1".into(), number: 1 });
    assert_eq!(request["request"]["type"], "LaunchRequest");
    assert_eq!(request.pointer("/session/application/applicationId"), Some(&json!(skill)));
}

#[test]
fn it_is_known_what_becomes_a_row() {
    let stream = |text: &str| spec(&format!("source: {{ {text} }}\nstream: {{ kinesis: {{}} }}\n{CONSUMER}"));
    assert!(is_item(&source("topic: {}")) && is_item(&source("events: { match: { source: [a] } }")));
    assert!(!is_item(&stream("events: { match: { source: [a] } }")));
    assert!(is_item(&stream("events: { match: { source: [a] }, input: { path: $.detail } }")));
    assert!(fills_stream(&stream("schedule: rate(1 hour)")) && !fills_stream(&source("schedule: rate(1 hour)")));
    assert!(remark(&source("schedule: rate(1 hour)"), false).unwrap().contains("the function gets"));
    assert!(remark(&source("events: { match: { source: [aws.s3] } }"), false).unwrap().contains("AWS alone"));
    assert!(remark(&source("events: { match: { account: ['1'] } }"), true).unwrap().contains("`account`"));
    assert_eq!(remark(&source("events: { match: { detail: { a: [1] } } }"), true), None);
    assert_eq!(remark(&source("topic: { filter: { kind: [order, { prefix: x }] } }"), true), None);
}

#[tokio::test]
async fn messages_have_the_attributes_that_the_filter_asks_for() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let rule = mock!(aws_sdk_sns::Client::publish_batch).then_compute_output(move |request| {
        assert_eq!(request.topic_arn(), Some("arn:aws:sns:eu-central-1:111122223333:Orders"));
        let entries = request.publish_batch_request_entries();
        for entry in entries {
            let all = entry.message_attributes().cloned().unwrap_or_default();
            let all: std::collections::BTreeMap<_, _> = all.into_iter().collect();
            let told = |(name, value): (String, aws_sdk_sns::types::MessageAttributeValue)| {
                format!("{name}={}:{}", value.data_type(), value.string_value().unwrap_or_default())
            };
            kept.lock().unwrap().extend(all.into_iter().map(told));
        }
        let taken = PublishBatchResultEntry::builder().id("0").message_id("m").build();
        let failed =
            BatchResultErrorEntry::builder().id("1").code("InvalidParameter").sender_fault(true).build().unwrap();
        PublishBatchOutput::builder().successful(taken).failed(failed).build()
    });
    let spec = source("topic: { name: Orders, filter: { kind: [order], n: [{ numeric: ['>', 3] }], vip: [true] } }");
    let topic = Topic::new(mocked::cx(RuleMode::MatchAny, &[&rule]), &spec, &how(None));
    let answers = topic.send(vec![event(1, "{}"), event(2, ""), event(3, "x")]).await.unwrap();
    assert_eq!(statuses(&answers), [(2, 400), (1, 200), (3, 400)]);
    assert_eq!(answers[1].taken, Some(Taken::by("sns", "Orders", "m".into())));
    assert_eq!(seen.lock().unwrap()[..3], ["kind=String:order", "n=Number:4", "vip=String.Array:[true]"]);
}

#[tokio::test]
async fn what_is_no_topic_is_said() {
    let gone = mock!(aws_sdk_sns::Client::publish_batch).then_error(|| {
        let meta = ErrorMetadata::builder().code("NotFound").message("Topic does not exist").build();
        aws_sdk_sns::operation::publish_batch::PublishBatchError::generic(meta)
    });
    let topic = Topic::new(mocked::cx(RuleMode::MatchAny, &[&gone]), &source("topic: {}"), &how(None));
    let error = topic.send(vec![event(1, "{}")]).await.unwrap_err();
    assert_eq!((error.class(), error.message()), (Class::NotFound, "there is no topic `demo-topic`"));
    assert_eq!(error.hint_text(), Some(APPLY));
}

#[tokio::test]
async fn events_have_what_the_pattern_asks_for_and_each_its_answer() {
    let rule = mock!(aws_sdk_eventbridge::Client::put_events)
        .match_requests(|request| {
            request.entries().iter().all(|entry| {
                (entry.source(), entry.detail_type(), entry.event_bus_name())
                    == (Some("shop"), Some("OrderPlaced"), Some("default"))
            })
        })
        .then_output(|| {
            let entry = PutEventsResultEntry::builder();
            let refused = |code: &str| PutEventsResultEntry::builder().error_code(code).build();
            let all =
                vec![entry.event_id("e").build(), refused("ThrottlingException"), refused("NotAuthorizedForSource")];
            PutEventsOutput::builder().set_entries(Some(all)).build()
        });
    let spec = source("events: { match: { source: [shop], detail-type: [OrderPlaced] } }");
    let cx = mocked::cx(RuleMode::MatchAny, &[&rule]);
    let bus = Events::open(cx, spec.events().unwrap()).await.unwrap();
    let events = vec![event(1, "{}"), event(2, "{}"), event(3, "{}"), event(4, "[]"), event(5, "{}")];
    let answers = bus.send(events).await.unwrap();
    assert_eq!(statuses(&answers), [(4, 400), (1, 200), (2, 429), (3, 403), (5, 500)]);
    assert_eq!(answers[1].taken, Some(Taken::by("events", "default", "e".into())));
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_said_before_anything_is_sent() {
    let gone = mock!(aws_sdk_eventbridge::Client::describe_event_bus).then_error(|| {
        let meta = ErrorMetadata::builder().code("ResourceNotFoundException").message("no").build();
        DescribeEventBusError::generic(meta)
    });
    let spec = source("events: { bus: shop, match: { source: [shop] } }");
    let cx = mocked::cx(RuleMode::MatchAny, &[&gone]);
    let error = Events::open(cx, spec.events().unwrap()).await.err().unwrap();
    assert_eq!(error.message(), "there is no event bus `shop`");
}

#[tokio::test]
async fn an_object_has_a_key_that_the_source_takes() {
    let cx = mocked::cx_http(|request| {
        assert_eq!(request.method(), "PUT");
        assert!(request.uri().ends_with("/b/in/a%20b/pipe-send-abc-7.csv"), "{}", request.uri());
        assert_eq!(request.headers().get("x-amz-expected-bucket-owner"), Some("111122223333"));
        assert_eq!(request.body().bytes(), Some(&b"{}"[..]));
        HttpResponse::new(200.try_into().unwrap(), SdkBody::empty())
    });
    let own = json!({ "name": "b", "prefix": "in/a b/", "suffix": ".csv" });
    let bucket: crate::spec::Bucket = serde_json::from_value(own).unwrap();
    assert_eq!(bucket::remark(&bucket), None);
    let answers = Bucket::new(cx, &bucket, 0xabc).send(vec![event(7, "{}")]).await.unwrap();
    assert_eq!(answers[0].taken, Some(Taken::by("s3", "b", "in/a b/pipe-send-abc-7.csv".into())));
    let absent = mocked::cx_http(|_| {
        let body = "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>";
        HttpResponse::new(404.try_into().unwrap(), SdkBody::from(body))
    });
    let error = Bucket::new(absent, &bucket, 1).send(vec![event(1, "{}")]).await.unwrap_err();
    assert_eq!(error.message(), "there is no bucket `b`");
    let removed: crate::spec::Bucket = serde_json::from_value(json!({ "name": "b", "events": ["removed"] })).unwrap();
    assert!(bucket::remark(&removed).is_some());
}

#[tokio::test]
async fn lines_go_to_a_log_stream_that_may_be_there() {
    let there = mock!(aws_sdk_cloudwatchlogs::Client::create_log_stream)
        .match_requests(|request| request.log_group_name() == Some("/g"))
        .then_error(|| {
            let meta = ErrorMetadata::builder().code("ResourceAlreadyExistsException").message("there").build();
            CreateLogStreamError::generic(meta)
        });
    let gone = mock!(aws_sdk_cloudwatchlogs::Client::create_log_stream).then_error(|| {
        let meta = ErrorMetadata::builder().code("ResourceNotFoundException").message("no").build();
        CreateLogStreamError::generic(meta)
    });
    let put = mock!(aws_sdk_cloudwatchlogs::Client::put_log_events)
        .match_requests(|request| request.log_events().iter().all(|line| line.message() == "ERROR x"))
        .then_output(|| PutLogEventsOutput::builder().build());
    let late = mock!(aws_sdk_cloudwatchlogs::Client::put_log_events).then_output(|| {
        let info = RejectedLogEventsInfo::builder().too_old_log_event_end_index(1).build();
        PutLogEventsOutput::builder().rejected_log_events_info(info).build()
    });
    let cx = mocked::cx(RuleMode::MatchAny, &[&there, &gone, &put, &late]);
    let of = |group: &str| crate::spec::Logs { group: group.into(), pattern: "ERROR".into(), stand_in: false };
    let logs = Logs::open(cx.clone(), &of("/g")).await.unwrap();
    let answers = logs.send(vec![event(1, "ERROR x"), event(2, "")]).await.unwrap();
    assert_eq!(statuses(&answers), [(2, 400), (1, 200)]);
    assert_eq!(statuses(&logs.send(vec![event(1, "other")]).await.unwrap()), [(1, 400)]);
    assert_eq!(Logs::open(cx, &of("/h")).await.err().unwrap().message(), "there is no log group `/h`");
}

#[tokio::test]
async fn messages_of_devices_go_to_the_accounts_own_address() {
    let cx = mocked::cx_http(|request| {
        let told = match request.method() {
            "GET" => {
                assert!(request.uri().ends_with("/endpoint?endpointType=iot%3AData-ATS"), "{}", request.uri());
                json!({ "endpointAddress": "x-ats.iot.eu-central-1.amazonaws.com" }).to_string()
            }
            _ => {
                let expected = "https://x-ats.iot.eu-central-1.amazonaws.com/topics/sensors%2Fpipe%2Ftemp?qos=1";
                assert_eq!(request.uri(), expected);
                let signed = request.headers().get("authorization").unwrap();
                assert!(signed.contains("/eu-central-1/iotdata/aws4_request"), "{signed}");
                String::new()
            }
        };
        HttpResponse::new(200.try_into().unwrap(), SdkBody::from(told))
    });
    let iot = serde_json::from_value(json!({ "topic": "sensors/+/temp" })).unwrap();
    let answers = Iot::open(cx, &iot, 0xabc).await.unwrap().send(vec![event(1, "{}")]).await.unwrap();
    assert_eq!(statuses(&answers), [(1, 200)]);
}

#[tokio::test]
async fn a_function_is_called_as_the_schedule_or_the_skill_calls_it() {
    let fired = mock!(aws_sdk_lambda::Client::invoke)
        .match_requests(|request| request.invocation_type() == Some(&InvocationType::Event))
        .then_output(|| InvokeOutput::builder().status_code(202).build());
    let failed = mock!(aws_sdk_lambda::Client::invoke)
        .match_requests(|request| request.payload().is_some_and(|body| body.as_ref() == b"bad"))
        .then_output(|| {
            InvokeOutput::builder().status_code(200).function_error("Unhandled").payload(Blob::new("why")).build()
        });
    let said = mock!(aws_sdk_lambda::Client::invoke)
        .then_output(|| InvokeOutput::builder().status_code(200).payload(Blob::new("hello")).build());
    let cx = mocked::cx(RuleMode::MatchAny, &[&fired, &failed, &said]);
    let answers = Fired::new(cx.clone(), "f".into()).send(vec![event(1, "{}")]).await.unwrap();
    assert_eq!(statuses(&answers), [(1, 202)]);
    let answers = Alexa::new(cx, "f".into()).send(vec![event(1, "{}"), event(2, "bad")]).await.unwrap();
    assert_eq!(statuses(&answers), [(1, 200), (2, 502)]);
    assert_eq!((answers[0].message.as_deref(), answers[1].message.as_deref()), (Some("hello"), Some("why")));
}

#[test]
fn a_letter_is_known_by_what_the_source_took() {
    let of = |key: &str| {
        let context = json!({ "requestId": "r-1", "functionArn": "f", "condition": "RetriesExhausted", "approximateInvokeCount": 3 });
        let payload = json!({ "Records": [{ "s3": { "object": { "key": key } } }] });
        let body = json!({ "requestContext": context, "requestPayload": payload }).to_string();
        Letter::new(Message { id: "m".into(), body, ..Message::default() })
    };
    let letter = of("in/pipe-send-abc-12");
    assert!(letter.has("in/pipe-send-abc-12") && letter.has("r-1") && letter.has("m"));
    assert!(!letter.has("in/pipe-send-abc-1") && !letter.has("r-") && !letter.has(""));
}
