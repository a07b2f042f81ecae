//! A message that SQS moved here, because its queue's consumers received it too often and nobody deleted it
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>): the original message, and
//! no reason. That it was moved is SQS's own word, which no sender can forge.

use super::{Again, Form, Message};
use crate::commands::dlq::payload::Payload;
use crate::event::using::Shape;

#[derive(Debug)]
struct Moved {
    /// ARN of the queue that it comes from.
    source: String,
    receives: Option<u64>,
    group: Option<String>,
    body: String,
}

pub(super) fn read(message: &Message) -> Option<Box<dyn Form>> {
    let said = |name: &str| message.system.get(name).cloned();
    Some(Box::new(Moved {
        source: said("DeadLetterQueueSourceArn")?,
        receives: said("ApproximateReceiveCount").and_then(|count| count.parse().ok()),
        group: said("MessageGroupId"),
        body: message.body.clone(),
    }))
}

impl Form for Moved {
    fn shape(&self) -> Shape {
        Shape::Moved
    }

    fn reason(&self) -> &'static str {
        "moved by the queue's redrive"
    }

    /// SQS counts over all queues in which a message has been
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>).
    fn message(&self) -> String {
        let receives = self.receives.map(|count| format!("after {count} receives, looks into this queue counted"));
        receives.unwrap_or_default()
    }

    fn source_arn(&self) -> Option<&str> {
        Some(&self.source)
    }

    fn payload(&self) -> Option<Payload> {
        Some(Payload::Data(self.body.clone().into_bytes()))
    }

    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    fn receives(&self) -> Option<u64> {
        self.receives
    }

    fn again(&self) -> Again {
        Again::Message
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let group = self.group.iter().map(|group| ("group", group.clone()));
        let why = ("why", "SQS keeps no reason: the consumer's log says it, beside the message's id".to_owned());
        [("queue", self.source.clone()), why].into_iter().chain(group).collect()
    }

    fn has_more(&self) -> bool {
        false
    }
}
