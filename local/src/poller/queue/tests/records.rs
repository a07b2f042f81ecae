//! Records as Lambda was recorded to hand them over, and what is known of a queue.

use aws_sdk_lambda::types::{EventSourceMappingConfiguration, ScalingConfig};
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as Name};
use aws_smithy_types::Blob;
use serde_json::{Value, json};

use super::{dlq, properties, queued, with};
use crate::poller::filter::Filter;
use crate::poller::mapping::Properties;
use crate::poller::queue::record::complete;
use crate::poller::queue::service::redrive;
use crate::poller::queue::{Mapping, Queued};

fn message(body: &str) -> aws_sdk_sqs::types::builders::MessageBuilder {
    let message = Message::builder().message_id("059f36b4").receipt_handle("AQEBwJ").body(body).md5_of_body("e4e6");
    let message =
        message.attributes(Name::ApproximateReceiveCount, "2").attributes(Name::SentTimestamp, "1545082649183");
    message.attributes(Name::SenderId, "AIDA").attributes(Name::ApproximateFirstReceiveTimestamp, "1545082649185")
}

fn event(message: &Message, mapping: &Mapping) -> String {
    String::from_utf8(complete(message, mapping).event.to_vec()).unwrap()
}

#[test]
fn a_message_of_a_standard_queue() {
    let mapping = with(queued(), properties());
    let expected = concat!(
        r#"{"messageId":"059f36b4","receiptHandle":"AQEBwJ","body":"{\"foo\": \"bar\"}","attributes":{"#,
        r#""ApproximateFirstReceiveTimestamp":"1545082649185","ApproximateReceiveCount":"2","SenderId":"AIDA","#,
        r#""SentTimestamp":"1545082649183"},"messageAttributes":{},"md5OfBody":"e4e6","eventSource":"aws:sqs","#,
        r#""eventSourceARN":"arn:aws:sqs:eu-central-1:111122223333:orders","awsRegion":"eu-central-1"}"#
    );
    let message = message(r#"{"foo": "bar"}"#).build();
    assert_eq!(event(&message, &mapping), expected);
    let complete = complete(&message, &mapping);
    assert_eq!((complete.id.as_str(), complete.receipt.as_str(), complete.receives), ("059f36b4", "AQEBwJ", 2));
    assert_eq!((complete.group, complete.facts), (None, Value::Null));
    let windowed = with(queued(), Properties { window_ms: 1_000, ..properties() });
    assert!(event(&message, &windowed).contains(r#""md5OfBody":"e4e6","md5OfMessageAttributes":null,"#));
}

#[test]
fn attributes_of_the_sender_of_groups_and_of_traces() {
    let value = |kind: &str| MessageAttributeValue::builder().data_type(kind);
    let message = message("x").message_attributes("a", value("String").string_value("b").build().unwrap());
    let message = message.message_attributes("c", value("Binary").binary_value(Blob::new([1, 2])).build().unwrap());
    let message = message.attributes(Name::MessageGroupId, "g").attributes(Name::MessageDeduplicationId, "d");
    let message = message.attributes(Name::SequenceNumber, "18849").attributes(Name::AwsTraceHeader, "Root=1-5");
    let message = message.build();
    let fifo = with(Queued { fifo: true, ..queued() }, properties());
    let event: Value = serde_json::from_str(&event(&message, &fifo)).unwrap();
    let expected = json!({
        "a": {"stringValue": "b", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "c": {"binaryValue": "AQI=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    });
    assert_eq!(event["messageAttributes"], expected);
    for (name, value) in [
        ("MessageGroupId", "g"),
        ("MessageDeduplicationId", "d"),
        ("SequenceNumber", "18849"),
        ("AWSTraceHeader", "Root=1-5"),
    ] {
        assert_eq!(event["attributes"][name], value);
    }
    assert_eq!(complete(&message, &fifo).group.as_deref(), Some("g"));
    // A standard queue may have groups too, for fairness, which promise no order.
    assert_eq!(complete(&message, &with(queued(), properties())).group, None);
}

#[test]
fn facts_for_filters_have_the_body_as_json_or_as_text() {
    let filter = Filter::parse(r#"{"body": {"foo": ["bar"]}}"#, "body").unwrap();
    let mapping = with(queued(), Properties { filters: vec![filter], ..properties() });
    let facts = |body: &str| complete(&message(body).build(), &mapping).facts;
    assert_eq!(facts(r#"{"foo": "bar"}"#)["body"], json!({"foo": "bar"}));
    assert_eq!(facts("plain")["body"], "plain");
    assert_eq!(facts("12")["body"], "12");
    assert_eq!(facts("12")["attributes"]["SenderId"], "AIDA");
}

#[test]
fn what_is_known_of_a_queue() {
    let mapping = EventSourceMappingConfiguration::builder();
    let known = |mapping: &EventSourceMappingConfiguration| {
        Queued::new("http://h/1/q.fifo".to_owned(), 30, dlq(3), mapping, 20)
    };
    let plain = known(&mapping.clone().build());
    assert_eq!((plain.fifo, plain.visibility_ms, plain.asks_visibility, plain.batches), (true, 30_000, false, 16));
    let windowed = known(&mapping.clone().maximum_batching_window_in_seconds(40).build());
    assert_eq!((windowed.visibility_ms, windowed.asks_visibility), (90_000, true));
    let most = |most| {
        known(&mapping.clone().scaling_config(ScalingConfig::builder().maximum_concurrency(most).build()).build())
            .batches
    };
    assert_eq!([most(2), most(1_000)], [2, 16]);
}

#[test]
fn redrive_policies() {
    let arn = "arn:aws:sqs:eu-central-1:111122223333:failed";
    assert_eq!(redrive(&json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string()), dlq(5));
    assert_eq!(redrive(&json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "5" }).to_string()), dlq(5));
    assert_eq!(redrive("{}"), None);
    assert_eq!(redrive(""), None);
}
