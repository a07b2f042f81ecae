//! Messages of an SNS topic, with the attributes that the subscription's filter asks for. A call to a standard topic is made once: what
//! is repeated might come twice. A FIFO topic knows a message again by its deduplication id, which no other has.
//!
//! IAM: sns:Publish.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::config::Builder;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry as Entry};
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Map, Value};

use super::pattern::{example as asked, fits, overlay};
use super::push::{Answers, Push, missing, text};
use super::{Answer, How, Most, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::dlq::peek::is_fifo;
use crate::commands::send::event::Event;
use crate::error::{Error, Result};
use crate::kinds::topic;
use crate::resource::Name;
use crate::spec::{self, FilterOn, Spec};

/// What a call takes (<https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html>); attributes count too.
const MOST: Most = Most { events: 10, bytes: 250 * 1024, each: 1024 };

/// The message group of a FIFO topic where none is asked for.
const GROUP: &str = "pipe";

/// What AWS says to messages that it can never take.
const BAD: &[&str] = &["BatchRequestTooLong", "InvalidParameter", "InvalidParameterValue", "ValidationException"];

/// A topic.
pub struct Topic {
    cx: Cx,
    name: String,
    arn: String,
    attributes: HashMap<String, MessageAttributeValue>,
    /// Nothing where messages have none.
    group: Option<String>,
    run: u64,
}

impl Topic {
    pub fn new(cx: Cx, spec: &Spec, how: &How<'_>) -> Self {
        let name = spec.topic_name();
        let arn = topic::arn(&cx.aws.place, &Name::new(&name));
        let group = is_fifo(&name).then(|| how.group.unwrap_or(GROUP).to_owned());
        Self { cx, name, arn, attributes: spec.topic().map(attributes).unwrap_or_default(), group, run: how.run }
    }

    /// Whether messages of one group come in the order in which they were sent.
    pub fn keeps_order(&self) -> bool {
        self.group.is_some()
    }

    async fn publish(&self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let (mut answers, mut entries, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            match text(&event.body) {
                Ok(body) => {
                    entries.push(self.entry(entries.len(), &event, body)?);
                    sent.push(event);
                }
                Err(why) => answers.push(refused(event, 400, why)),
            }
        }
        if !sent.is_empty() {
            answers.extend(self.call(sent, entries).await?);
        }
        Ok(answers)
    }

    fn entry(&self, at: usize, event: &Event, body: &str) -> Result<Entry> {
        let entry = Entry::builder().id(at.to_string()).message(body).set_message_group_id(self.group.clone());
        let unique = self.keeps_order().then(|| format!("{:x}-{}", self.run, event.n));
        let attributes = Some(self.attributes.clone()).filter(|all| !all.is_empty());
        let entry = entry.set_message_attributes(attributes).set_message_deduplication_id(unique);
        entry.build().map_err(|error| Error::defect(error.to_string()))
    }

    async fn call(&self, events: Vec<Event>, entries: Vec<Entry>) -> Result<Vec<Answer>> {
        let call =
            self.cx.aws.sns.publish_batch().topic_arn(&self.arn).set_publish_batch_request_entries(Some(entries));
        let sent = match self.keeps_order() {
            true => call.send().await,
            false => {
                let once = Builder::new().retry_config(RetryConfig::disabled());
                call.customize().config_override(once).send().await
            }
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                let refusals = all_refused(events, error.into(), BAD);
                return refusals.map_err(|error| missing(error, &format!("topic `{}`", self.name)));
            }
        };
        let taken = answer.successful.into_iter().flatten().filter_map(|entry| Some((entry.id?, entry.message_id?)));
        let mut taken: BTreeMap<String, String> = taken.collect();
        let failed = answer.failed.into_iter().flatten().map(|entry| (entry.id.clone(), entry));
        let mut failed: BTreeMap<String, _> = failed.collect();
        let answered = |(at, event): (usize, Event)| {
            let id = at.to_string();
            match (taken.remove(&id), failed.remove(&id)) {
                (Some(message), _) => {
                    let taken = Some(Taken::by("sns", &self.name, message));
                    Answer { event, status: 200, taken, message: None }
                }
                (None, Some(entry)) => {
                    let status = if entry.sender_fault { 400 } else { 500 };
                    refused(event, status, entry.message.unwrap_or(entry.code))
                }
                (None, None) => refused(event, 500, "SNS does not say what became of it"),
            }
        };
        Ok(events.into_iter().enumerate().map(answered).collect())
    }
}

impl Push for Topic {
    fn told(&self) -> String {
        format!("the topic `{}`", self.name)
    }

    fn at_once(&self) -> usize {
        if self.keeps_order() { 1 } else { super::AT_ONCE }
    }

    fn most(&self) -> Most {
        MOST
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(self.publish(events))
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        match status {
            400 => Some("a message is a text of 1 byte to 256 KiB, with its attributes"),
            429 => Some("SNS takes no more calls for a moment: send fewer"),
            500..=599 => Some("SNS did not take it: send it again"),
            _ => None,
        }
    }
}

/// An example that the filter lets through, where it looks at the message.
pub fn example(topic: &spec::Topic, plain: &Map<String, Value>) -> Value {
    let mut body = plain.clone();
    if let (Some(filter), FilterOn::Body) = (&topic.filter, topic.filter_on) {
        overlay(&mut body, asked(filter));
    }
    Value::Object(body)
}

pub fn remark(topic: &spec::Topic, own: bool) -> Option<String> {
    let filter = topic.filter.as_ref()?;
    match topic.filter_on {
        FilterOn::Attributes => {
            let made = asked(filter);
            let lets_through = fits(filter, &Value::Object(made));
            (!lets_through).then(|| "no attributes are known that fit `filter`: the message may not come".to_owned())
        }
        FilterOn::Body if own => None,
        FilterOn::Body => {
            let lets_through = fits(filter, &Value::Object(asked(filter)));
            (!lets_through).then(|| "the example may not fit `filter`: give a message with --data".to_owned())
        }
    }
}

/// The attributes that the filter asks for
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html#SNSMessageAttributes.DataTypes>).
fn attributes(topic: &spec::Topic) -> HashMap<String, MessageAttributeValue> {
    let (Some(filter), FilterOn::Attributes) = (&topic.filter, topic.filter_on) else { return HashMap::new() };
    let attribute = |(name, value): (String, Value)| {
        let (kind, text) = match value {
            Value::String(text) => ("String", text),
            Value::Number(number) => ("Number", number.to_string()),
            // True, false and null are known within a list only.
            value => ("String.Array", format!("[{value}]")),
        };
        let value = MessageAttributeValue::builder().data_type(kind).string_value(text).build().ok()?;
        Some((name, value))
    };
    asked(filter).into_iter().filter_map(attribute).collect()
}
