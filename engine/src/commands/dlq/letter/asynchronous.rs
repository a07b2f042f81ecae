//! AWS's record of an asynchronous call that failed for good; it holds the whole event
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use super::{Again, Form, Message, RequestContext, ResponseContext};
use crate::commands::dlq::payload::Payload;
use crate::event::using::Shape;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asynchronous {
    request_context: RequestContext,
    /// The event, which may be null.
    #[serde(default, deserialize_with = "there")]
    request_payload: Option<Box<RawValue>>,
    /// Absent, or null, where the event never reached the function.
    response_context: Option<ResponseContext>,
    response_payload: Option<Box<RawValue>>,
}

/// What a function says of its error, in the form of Lambda's runtimes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failed {
    error_type: Option<String>,
    error_message: Option<String>,
}

fn there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(value).map(Some)
}

pub(super) fn read(message: &Message) -> Option<Box<dyn Form>> {
    let letter: Asynchronous = serde_json::from_str(&message.body).ok()?;
    letter.request_payload.is_some().then(|| Box::new(letter) as Box<dyn Form>)
}

impl Form for Asynchronous {
    fn shape(&self) -> Shape {
        Shape::Asynchronous
    }

    fn reason(&self) -> &str {
        &self.request_context.condition
    }

    fn message(&self) -> String {
        let mut text = self.request_context.invoked();
        match &self.response_context {
            None => text += ", it did not reach the function",
            Some(ResponseContext { function_error: Some(error), .. }) => text += &format!(", function error {error}"),
            Some(ResponseContext { status_code, .. }) => text += &format!(", Lambda answered {status_code}"),
        }
        let failed = self.response_payload.as_ref().and_then(|said| serde_json::from_str::<Failed>(said.get()).ok());
        let Failed { error_type, error_message } = failed.unwrap_or_default();
        text + &[error_type, error_message].into_iter().flatten().map(|said| format!(": {said}")).collect::<String>()
    }

    fn event_id(&self) -> Option<String> {
        Some(self.request_context.request_id.clone()).filter(|id| !id.is_empty())
    }

    fn payload(&self) -> Option<Payload> {
        self.request_payload.as_ref().map(|event| Payload::Data(event.get().as_bytes().to_vec()))
    }

    fn again(&self) -> Again {
        Again::Event
    }

    fn function_arn(&self) -> Option<&str> {
        Some(self.request_context.function_arn.as_str()).filter(|arn| !arn.is_empty())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![("function", self.request_context.function_arn.clone())]
    }
}
