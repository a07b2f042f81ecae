//! The event of an asynchronous call that failed, as a function sends it that has a dead-letter queue of its own
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq>): why is in the attributes.

use super::{Again, Form, Message};
use crate::commands::dlq::payload::Payload;
use crate::event::using::Shape;

#[derive(Debug)]
struct DeadLetterConfig {
    request_id: String,
    code: String,
    message: String,
    body: String,
}

pub(super) fn read(message: &Message) -> Option<Box<dyn Form>> {
    let attribute = |name: &str| message.attributes.get(name).cloned();
    Some(Box::new(DeadLetterConfig {
        request_id: attribute("RequestID")?,
        code: attribute("ErrorCode")?,
        message: attribute("ErrorMessage").unwrap_or_default(),
        body: message.body.clone(),
    }))
}

impl Form for DeadLetterConfig {
    fn shape(&self) -> Shape {
        Shape::Asynchronous
    }

    fn reason(&self) -> &'static str {
        "the function failed"
    }

    fn message(&self) -> String {
        let colon = if self.message.is_empty() { "" } else { ": " };
        format!("Lambda answered {}{colon}{}", self.code, self.message)
    }

    fn event_id(&self) -> Option<String> {
        Some(self.request_id.clone())
    }

    fn payload(&self) -> Option<Payload> {
        Some(Payload::Data(self.body.clone().into_bytes()))
    }

    fn again(&self) -> Again {
        Again::Event
    }

    fn has_more(&self) -> bool {
        false
    }
}
