//! Events on a bus of EventBridge: the body is the event's `detail`; its `source` and `detail-type` are such that the rule matches. A call is
//! made once: what is repeated might come twice. EventBridge takes events for a bus that is not there, so that is asked first.
//!
//! IAM: events:PutEvents; for a bus that is not the account's own also events:DescribeEventBus.

use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry as Entry, PutEventsResultEntry};
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Map, Value};

use super::pattern::{self, overlay};
use super::push::{Answers, Push, missing, text};
use super::{Answer, Most, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::error::{Class, Error, Result};
use crate::kinds::bus::DEFAULT;
use crate::spec::{self, BusEvents};

/// What a call takes, of the smaller of the limits that AWS's pages give
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>); the rest of an event counts too.
const MOST: Most = Most { events: 10, bytes: 250 * 1024, each: 1024 };

/// What AWS says to events that it can never take.
const BAD: &[&str] = &["ValidationException", "InvalidArgument", "MalformedDetail"];

/// A source and a type where the pattern asks for none.
const SOURCE: &str = "pipe.send";
const TYPE: &str = "pipe send";

/// A bus.
pub struct Events {
    cx: Cx,
    bus: String,
    source: String,
    detail_type: String,
    resources: Vec<String>,
}

impl Events {
    /// The bus, which is there.
    ///
    /// # Errors
    /// It is not there.
    pub async fn open(cx: Cx, events: &BusEvents) -> Result<Self> {
        let bus = events.bus.as_ref().map_or(DEFAULT, spec::Bus::name);
        let ask = cx.aws.events.describe_event_bus().name(bus);
        if bus != DEFAULT
            && let Err(error) = ask.send().await.map_err(Error::from)
            && error.class() == Class::NotFound
        {
            return Err(missing(error, &format!("event bus `{bus}`")));
        }
        let made = pattern::example(&events.pattern);
        let text = |name: &str, usual: &str| made.get(name).and_then(Value::as_str).unwrap_or(usual).to_owned();
        let resources = made.get("resources").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
        let (source, detail_type) = (text("source", SOURCE), text("detail-type", TYPE));
        Ok(Self { cx, bus: bus.to_owned(), source, detail_type, resources })
    }

    async fn put(&self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let (mut answers, mut entries, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for event in events {
            match detail(&event.body) {
                Ok(detail) => {
                    entries.push(self.entry(detail));
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

    fn entry(&self, detail: &str) -> Entry {
        let entry = Entry::builder().event_bus_name(&self.bus).source(&self.source).detail_type(&self.detail_type);
        let resources = Some(self.resources.clone()).filter(|all| !all.is_empty());
        entry.detail(detail).set_resources(resources).build()
    }

    async fn call(&self, events: Vec<Event>, entries: Vec<Entry>) -> Result<Vec<Answer>> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let call = self.cx.aws.events.put_events().set_entries(Some(entries));
        match call.customize().config_override(once).send().await {
            Ok(answer) => {
                let mut results = answer.entries.unwrap_or_default().into_iter();
                Ok(events.into_iter().map(|event| self.answered(event, results.next())).collect())
            }
            Err(error) => all_refused(events, error.into(), BAD)
                .map_err(|error| missing(error, &format!("event bus `{}`", self.bus))),
        }
    }

    fn answered(&self, event: Event, result: Option<PutEventsResultEntry>) -> Answer {
        let Some(result) = result else { return refused(event, 500, "EventBridge does not say what became of it") };
        match (result.event_id, result.error_code) {
            (Some(id), None) => {
                let taken = Some(Taken::by("events", &self.bus, id));
                Answer { event, status: 200, taken, message: None }
            }
            (_, code) => {
                let code = code.unwrap_or_default();
                let status = match code.as_str() {
                    "ThrottlingException" => 429,
                    "InternalFailure" | "InternalException" => 500,
                    "NotAuthorizedForSource" | "NotAuthorizedForSourceException" => 403,
                    _ => 400,
                };
                refused(event, status, result.error_message.unwrap_or(code))
            }
        }
    }
}

impl Push for Events {
    fn told(&self) -> String {
        format!("the event bus `{}`", self.bus)
    }

    fn most(&self) -> Most {
        MOST
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(self.put(events))
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        match status {
            400 => Some("`detail` is a JSON object, and an event has at most 256 KiB"),
            403 => Some("AWS alone sends events whose source begins with `aws.`: cause one, or match another source"),
            429 => Some("EventBridge takes no more calls for a moment: send fewer"),
            500..=599 => Some("EventBridge did not take it: send it again"),
            _ => None,
        }
    }
}

/// The body as the `detail` of an event, else why it is none.
fn detail(body: &[u8]) -> Result<&str, &'static str> {
    let body = text(body)?;
    let is_object = serde_json::from_str::<Map<String, Value>>(body).is_ok();
    if is_object { Ok(body) } else { Err("the `detail` of an event must be a JSON object") }
}

/// An example of `detail` that the rule matches.
pub fn example(events: &BusEvents, plain: &Map<String, Value>) -> Value {
    let mut detail = plain.clone();
    if let Some(Value::Object(asked)) = pattern::example(&events.pattern).remove("detail") {
        overlay(&mut detail, asked);
    }
    Value::Object(detail)
}

/// Whether `detail` becomes a row. The bundled handler takes it out of an event that calls it, and a stream has events as they are.
pub fn is_item(events: &BusEvents, has_stream: bool) -> bool {
    match &events.input {
        None => !has_stream,
        Some(input) => input.path.as_deref() == Some("$.detail"),
    }
}

pub fn remark(events: &BusEvents, own: bool) -> Option<String> {
    let mut made = pattern::example(&events.pattern);
    if made.get("source").and_then(Value::as_str).is_some_and(|source| source.starts_with("aws.")) {
        return Some("AWS alone sends events whose source begins with `aws.`, and refuses them from others".to_owned());
    }
    let fixed = ["account", "region", "id", "time", "version"].into_iter().find(|name| made.contains_key(*name));
    if let Some(name) = fixed {
        return Some(format!("`match` asks for `{name}`, which EventBridge sets: the rule may not match what is sent"));
    }
    // What an event has in any case.
    made.entry("source").or_insert_with(|| SOURCE.into());
    made.entry("detail-type").or_insert_with(|| TYPE.into());
    let matches = pattern::fits(&events.pattern, &Value::Object(made));
    let told = if own { "no event is known" } else { "no example is known" };
    (!matches).then(|| format!("{told} that fits all of `match`: the rule may not match what is sent"))
}
