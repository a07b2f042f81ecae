//! What Alexa sends to a skill's function when a user opens the skill, and the answer, which is printed: the function is called, for nobody
//! can send as Alexa. A call is made once: what is repeated might be done twice.
//!
//! IAM: lambda:InvokeFunction.

use std::time::SystemTime;

use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Value, json};

use super::push::{Answers, Push, missing};
use super::schedule::{BAD, refusal};
use super::{Answer, all_refused, refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::commands::send::example::Serial;
use crate::error::Result;
use crate::spec::{self, SkillKind};

/// The function of a skill.
pub struct Alexa {
    cx: Cx,
    function: String,
}

impl Alexa {
    pub fn new(cx: Cx, function: String) -> Self {
        Self { cx, function }
    }

    async fn ask(&self, event: Event) -> Result<Vec<Answer>> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let call = self.cx.aws.lambda.invoke().function_name(&self.function).payload(Blob::new(event.body.clone()));
        let answer = match call.customize().config_override(once).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let refusals = all_refused(vec![event], error.into(), BAD);
                return refusals.map_err(|error| missing(error, &format!("function `{}`", self.function)));
            }
        };
        let said = answer.payload.map(|said| String::from_utf8_lossy(said.as_ref()).into_owned()).unwrap_or_default();
        Ok(vec![match answer.function_error {
            None => Answer { event, status: 200, taken: None, message: Some(said) },
            Some(_) => refused(event, 502, said),
        }])
    }
}

impl Push for Alexa {
    fn told(&self) -> String {
        format!("the function `{}`", self.function)
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for event in events {
                answers.extend(self.ask(event).await?);
            }
            Ok(answers)
        })
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        if status == 502 { Some("the function failed: its log says more") } else { refusal(status) }
    }
}

/// The first request of a user to this skill
/// (<https://developer.amazon.com/en-US/docs/alexa/custom-skills/request-and-response-json-reference.html>,
/// <https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html>).
pub fn request(alexa: &spec::Alexa, serial: &Serial) -> Value {
    let id = format!("pipe-send-{}", serial.text);
    if alexa.kind == SkillKind::SmartHome {
        return json!({ "directive": {
            "header": { "namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": id },
            "payload": { "scope": { "type": "BearerToken", "token": "pipe" } },
        } });
    }
    let now = DateTime::from_secs(DateTime::from(SystemTime::now()).secs());
    let (application, user) = (json!({ "applicationId": alexa.skill }), json!({ "userId": "amzn1.ask.account.pipe" }));
    json!({
        "version": "1.0",
        "session": {
            "new": true,
            "sessionId": format!("amzn1.echo-api.session.{id}"),
            "application": application,
            "attributes": {},
            "user": user,
        },
        "context": { "System": {
            "application": application,
            "user": user,
            "device": { "deviceId": "amzn1.ask.device.pipe", "supportedInterfaces": {} },
        } },
        "request": {
            "type": "LaunchRequest",
            "requestId": format!("amzn1.echo-api.request.{id}"),
            "timestamp": now.fmt(Format::DateTime).unwrap_or_default(),
            "locale": "en-US",
        },
    })
}
