//! SQS's messages, made complete: as Lambda hands them to functions, and as filters see them.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message as SdkMessage, MessageAttributeValue, MessageSystemAttributeName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::lenient;
use crate::poller::mapping::Properties;

/// A message on its way to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    /// What it is deleted by: good until it is received again.
    pub receipt: String,
    /// The message group, where order is kept.
    pub group: Option<String>,
    /// How often it was received, with this time.
    pub receives: u32,
    /// Its member of `Records` in the event that the function gets, as JSON.
    pub event: Bytes,
    /// What filters look at; null where the mapping has none.
    pub facts: Value,
}

/// As recorded; md5OfMessageAttributes is there with a window, null where the message has none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
    md5_of_body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<Option<&'a str>>,
    event_source: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: &'a [String],
    binary_list_values: Vec<String>,
    data_type: &'a str,
}

/// A message with what the function gets and, where the mapping filters, with what filters look at.
pub fn complete(message: &SdkMessage, mapping: &Properties) -> Message {
    let event = event(message, mapping);
    let facts = match mapping.filters.is_empty() {
        true => Value::Null,
        false => facts(&event, message.body().unwrap_or_default()),
    };
    let receives = attribute(message, &MessageSystemAttributeName::ApproximateReceiveCount);
    let fifo = mapping.queued.as_ref().is_some_and(|queue| queue.fifo);
    let group = attribute(message, &MessageSystemAttributeName::MessageGroupId).filter(|_| fifo);
    Message {
        id: message.message_id().unwrap_or_default().to_owned(),
        receipt: message.receipt_handle().unwrap_or_default().to_owned(),
        group: group.map(str::to_owned),
        receives: receives.and_then(|count| count.parse().ok()).unwrap_or(1),
        event: serde_json::to_vec(&event).unwrap_or_default().into(),
        facts,
    }
}

fn attribute<'a>(message: &'a SdkMessage, name: &MessageSystemAttributeName) -> Option<&'a str> {
    message.attributes()?.get(name).map(String::as_str)
}

fn event<'a>(message: &'a SdkMessage, mapping: &'a Properties) -> EventRecord<'a> {
    let attributes = message.attributes().into_iter().flatten();
    let own = message.message_attributes().into_iter().flatten();
    EventRecord {
        message_id: message.message_id().unwrap_or_default(),
        receipt_handle: message.receipt_handle().unwrap_or_default(),
        body: message.body().unwrap_or_default(),
        attributes: attributes.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        message_attributes: own.map(|(name, value)| (name.as_str(), own_attribute(value))).collect(),
        md5_of_body: message.md5_of_body().unwrap_or_default(),
        md5_of_message_attributes: (mapping.window_ms > 0).then(|| message.md5_of_message_attributes()),
        event_source: "aws:sqs",
        event_source_arn: &mapping.source_arn,
        aws_region: &mapping.region,
    }
}

fn own_attribute(value: &MessageAttributeValue) -> Attribute<'_> {
    Attribute {
        string_value: value.string_value(),
        binary_value: value.binary_value().map(|bytes| STANDARD.encode(bytes.as_ref())),
        string_list_values: value.string_list_values(),
        binary_list_values: value.binary_list_values().iter().map(|bytes| STANDARD.encode(bytes.as_ref())).collect(),
        data_type: value.data_type(),
    }
}

/// What filters look at: the members of the record, and `body` as the JSON that it holds, or as text where it holds none.
///
/// A body that is a number or another scalar counts as text: nobody can ask for the fields of one.
fn facts(event: &EventRecord<'_>, body: &str) -> Value {
    let mut facts = serde_json::to_value(event).unwrap_or_default();
    if let (Some(facts), Ok(json @ (Value::Object(_) | Value::Array(_)))) =
        (facts.as_object_mut(), lenient::parse(body.as_bytes()))
    {
        facts.insert("body".to_owned(), json);
    }
    facts
}
