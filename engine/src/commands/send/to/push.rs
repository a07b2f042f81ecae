//! Sources that are no API, with a file for each: an event is put where it comes from on AWS, and goes the whole way from there.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::alexa::{self, Alexa};
use super::bucket::{self, Bucket};
use super::events::{self, Events};
use super::iot::{self, Iot};
use super::logs::{self, Logs};
use super::schedule::{self, Fired};
use super::topic::{self, Topic};
use super::{AT_ONCE, Answer, How, Most};
use crate::commands::running::{APPLY, Running};
use crate::commands::send::event::Event;
use crate::commands::send::example::Serial;
use crate::error::{Class, Error, Result};
use crate::spec::{Schedule, Source, Spec};

/// What became of some events.
pub type Answers<'a> = BoxFuture<'a, Result<Vec<Answer>>>;

/// A source that events are put into.
pub trait Push: Send + Sync {
    /// Who answers, for people.
    fn told(&self) -> String;

    /// How many calls are under way at once.
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    /// What one call takes.
    fn most(&self) -> Most {
        Most { events: 1, bytes: usize::MAX, each: 0 }
    }

    /// Sends some events.
    ///
    /// # Errors
    /// There was no answer, or one that concerns all events.
    fn send(&self, events: Vec<Event>) -> Answers<'_>;

    /// What to do about events that were refused with this status.
    fn hint(&self, status: u16) -> Option<&'static str>;
}

/// The source of this pipeline; nothing where it is an API, or where events go to the stream itself: a schedule's, for nothing can fire it.
///
/// # Errors
/// It is not there; it has no message groups.
pub async fn of(running: &Running, how: &How<'_>) -> Result<Option<Arc<dyn Push>>> {
    let (cx, spec) = (running.cx.clone(), &running.spec);
    let Some(source) = spec.pushing().filter(|_| !fills_stream(spec)) else { return Ok(None) };
    let topic = spec.topic().map(|_| Topic::new(cx.clone(), spec, how));
    if how.group.is_some() && !topic.as_ref().is_some_and(Topic::keeps_order) {
        let error = Error::fatal("--group is of a queue, or of a FIFO topic");
        return Err(error.hint(format!("a {} has no message groups: leave it out", source.word())));
    }
    Ok(Some(match source {
        Source::Api(_) => return Ok(None),
        Source::Topic(_) => Arc::new(Topic::new(cx, spec, how)),
        Source::Bucket(bucket) => Arc::new(Bucket::new(cx, bucket, how.run)),
        Source::Events(events) => Arc::new(Events::open(cx, events).await?),
        Source::Schedule(_) => Arc::new(Fired::new(cx, spec.consumer_name())),
        Source::Logs(logs) => Arc::new(Logs::open(cx, logs).await?),
        Source::Iot(iot) => Arc::new(Iot::open(cx, iot, how.run).await?),
        Source::Alexa(_) => Arc::new(Alexa::new(cx, spec.consumer_name())),
    }))
}

/// Whether events go to the stream though there is a source.
pub fn fills_stream(spec: &Spec) -> bool {
    spec.schedule().is_some() && spec.stream.is_some()
}

/// An example of what this source sends, from an object that the bundled handler can write; nothing where events go elsewhere.
pub fn example(spec: &Spec, plain: &Map<String, Value>, serial: &Serial) -> Option<Vec<u8>> {
    let value = match spec.pushing()? {
        Source::Api(_) => return None,
        Source::Logs(logs) => return Some(logs::line(&logs.pattern, plain).into_bytes()),
        Source::Schedule(Schedule(full)) => {
            return Some(schedule::input(full, &spec.schedule_name(), serial).into_bytes());
        }
        Source::Topic(topic) => topic::example(topic, plain),
        Source::Events(events) => events::example(events, plain),
        Source::Alexa(alexa) => alexa::request(alexa, serial),
        Source::Bucket(_) | Source::Iot(_) => Value::Object(plain.clone()),
    };
    Some(value.to_string().into_bytes())
}

/// Whether the body of an event is what becomes a row: else nobody knows the row's key.
pub fn is_item(spec: &Spec) -> bool {
    match spec.pushing() {
        None | Some(Source::Api(_) | Source::Topic(_) | Source::Schedule(_)) => true,
        Some(Source::Iot(iot)) => !iot::makes_key(iot, spec),
        Some(Source::Events(events)) => events::is_item(events, spec.stream.is_some()),
        Some(Source::Bucket(_) | Source::Logs(_) | Source::Alexa(_)) => false,
    }
}

/// What a user should know before something is sent; `own` where the data is the user's.
pub fn remark(spec: &Spec, own: bool) -> Option<String> {
    match spec.pushing()? {
        Source::Api(_) => None,
        Source::Topic(topic) => topic::remark(topic, own),
        Source::Bucket(bucket) => bucket::remark(bucket),
        Source::Events(events) => events::remark(events, own),
        Source::Schedule(_) => {
            let whom = if spec.stream.is_some() { "the stream" } else { "the function" };
            Some(format!(
                "nothing can fire a schedule: {whom} gets its input as the schedule would send it, with your own credentials"
            ))
        }
        Source::Logs(logs) => logs::remark(logs, own),
        Source::Iot(iot) if !own => iot::remark(iot),
        Source::Iot(_) => None,
        Source::Alexa(_) => Some(
            "the function is called as Alexa would call it, with your own credentials: the skill is not asked".into(),
        ),
    }
}

/// What of this source's events cannot be followed, if that is all or nearly so.
pub fn unfollowed(spec: &Spec) -> Option<&'static str> {
    match spec.pushing()? {
        Source::Alexa(_) => Some("nothing is followed: the function answers, and nothing keeps what it did"),
        Source::Logs(_) => {
            Some("lines cannot be followed: they come packed, many in one event, so --follow waits until --timeout")
        }
        Source::Iot(iot) if iot::makes_key(iot, spec) => Some(
            "rows cannot be followed, for the rule makes their keys; dead letters are known by the `id` of the example alone",
        ),
        Source::Events(events) if spec.stream.is_some() && events.input.is_some() => Some(
            "only rows can be followed: what the rule sends has not the event's id, by which its dead letters are known",
        ),
        Source::Topic(_) | Source::Iot(_) if spec.stream.is_some() => Some(
            "only rows can be followed: the stream gives the event another id, and its dead letters are known by that alone",
        ),
        _ if !is_item(spec) => Some(
            "only dead letters can be followed: nobody reports which events were taken, so --follow waits until --timeout",
        ),
        _ => None,
    }
}

/// Says what is not there, where the error is that it is not.
pub fn missing(error: Error, what: &str) -> Error {
    match error.class() {
        Class::NotFound => Error::new(Class::NotFound, format!("there is no {what}")).hint(APPLY),
        _ => error,
    }
}

/// The body as a text.
///
/// # Errors
/// Why it is none that a service takes.
pub fn text(body: &[u8]) -> Result<&str, &'static str> {
    match std::str::from_utf8(body) {
        Err(_) => Err("it is not UTF-8"),
        Ok("") => Err("it is empty"),
        Ok(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests;
