//! What a schedule sends, for nothing can fire one: the function is called as EventBridge Scheduler calls it, which does not wait for its
//! answer. Where a stream is in between, that gets it (`kinesis.rs`, `queue.rs`). A call is made once: what is repeated might come twice.
//!
//! IAM: lambda:InvokeFunction.

use std::time::SystemTime;

use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::operation::RequestId;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::RetryConfig;

use super::push::{Answers, Push, missing};
use super::{Answer, Taken, all_refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::commands::send::example::Serial;
use crate::error::Result;
use crate::lower::schedule_input;
use crate::spec::Full;

/// What AWS says to events that it can never take.
pub const BAD: &[&str] =
    &["InvalidRequestContentException", "RequestTooLargeException", "UnsupportedMediaTypeException"];

/// What to do about events that a function was not called with.
pub fn refusal(status: u16) -> Option<&'static str> {
    match status {
        400 => Some("a function is called with JSON, of at most 1 MB"),
        429 => Some("the function takes no more calls for a moment: send fewer"),
        _ => None,
    }
}

/// The function that a schedule calls.
pub struct Fired {
    cx: Cx,
    function: String,
}

impl Fired {
    pub fn new(cx: Cx, function: String) -> Self {
        Self { cx, function }
    }

    async fn fire(&self, event: Event) -> Result<Vec<Answer>> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let call = self.cx.aws.lambda.invoke().function_name(&self.function).invocation_type(InvocationType::Event);
        let call = call.payload(Blob::new(event.body.clone()));
        match call.customize().config_override(once).send().await {
            Ok(answer) => {
                let id = answer.request_id().unwrap_or_default().to_owned();
                let status = u16::try_from(answer.status_code()).unwrap_or(202);
                let taken = Some(Taken::by("lambda", &self.function, id));
                Ok(vec![Answer { event, status, taken, message: None }])
            }
            Err(error) => all_refused(vec![event], error.into(), BAD)
                .map_err(|error| missing(error, &format!("function `{}`", self.function))),
        }
    }
}

impl Push for Fired {
    fn told(&self) -> String {
        format!("the function `{}`", self.function)
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for event in events {
                answers.extend(self.fire(event).await?);
            }
            Ok(answers)
        })
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        refusal(status)
    }
}

/// The input as the schedule sends it now, but for the schedule's whole ARN, of which it has the end
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>).
pub fn input(full: &Full, name: &str, serial: &Serial) -> String {
    let now = DateTime::from_secs(DateTime::from(SystemTime::now()).secs());
    let time = now.fmt(Format::DateTime).unwrap_or_default();
    let values = [
        ("execution-id", format!("pipe-send-{}", serial.text)),
        ("schedule-arn", format!("schedule/{name}/{name}")),
        ("scheduled-time", time),
        ("attempt-number", "1".to_owned()),
    ];
    values.iter().fold(schedule_input(full).to_string(), |input, (attribute, value)| {
        input.replace(&format!("<aws.scheduler.{attribute}>"), value)
    })
}
