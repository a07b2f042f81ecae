//! Messages of a queue: the body is the item, or the message of an SNS envelope.
//!
//! An envelope is what SNS puts around a message where the subscription is not raw. A body counts as one when it has `Type`
//! `Notification`, `TopicArn`, `MessageId` and `Message`, all texts.
//!
//! In a FIFO queue the messages of one group are written one by one, and the first that fails keeps the later ones of its group in
//! the queue, as SQS asks for (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Content, Ending, Feed, Origin, Record};

pub const FEED: Feed = Feed { name: "queue", source: "aws:sqs", ending: Ending::Queue, read };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    message_id: String,
    body: String,
    #[serde(rename = "eventSourceARN", default)]
    queue_arn: Option<String>,
    #[serde(default)]
    attributes: Option<Attributes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    #[serde(default)]
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    r#type: String,
    message: String,
    #[serde(rename = "TopicArn")]
    _topic_arn: String,
    #[serde(rename = "MessageId")]
    _message_id: String,
}

fn read(raw: &RawValue) -> serde_json::Result<Record<'_>> {
    let wire: Wire = serde_json::from_str(raw.get())?;
    // A standard queue may have groups as well, for fairness, and promises no order in them.
    let is_fifo = wire.queue_arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"));
    let group = wire.attributes.and_then(|attributes| attributes.message_group_id);
    let group = is_fifo.then(|| group.unwrap_or_default());
    let content = Content::Json(Cow::Owned(unwrapped(wire.body).into_bytes()));
    Ok(Record { id: wire.message_id, group, content, origin: Origin::default() })
}

/// Returns the message in an SNS envelope, or the body where it is none.
fn unwrapped(body: String) -> String {
    if !body.contains("TopicArn") {
        return body;
    }
    match serde_json::from_str::<Envelope>(&body) {
        Ok(envelope) if envelope.r#type == "Notification" => envelope.message,
        _ => body,
    }
}
