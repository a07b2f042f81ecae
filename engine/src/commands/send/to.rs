//! Where events go, with a file for each way: through the pipeline's API or another source, or without one straight to what carries its events.

mod alexa;
pub mod api;
mod attributes;
mod bucket;
mod events;
mod iot;
mod kinesis;
mod logs;
mod pattern;
pub mod push;
mod queue;
mod schedule;
mod table;
mod topic;

use std::sync::Arc;

use super::event::Event;
use super::pass::Pass;
use super::tally;
pub use crate::commands::ends::Taken;
use crate::commands::running::Running;
use crate::error::{Class, Error, Result};
use crate::kinds;
use crate::kinds::table::Key;
use crate::resource::Resource;
use crate::spec::Route;
use api::Api;
use kinesis::Kinesis;
use push::Push;
use queue::Queue;
use table::Table;

/// Calls at once.
const AT_ONCE: usize = 10;

/// Where events go. Cheap to clone.
#[derive(Clone)]
pub enum Target {
    /// Each event is a request of a route.
    Api(Arc<Api>),
    /// Each is a record of the stream.
    Kinesis(Kinesis),
    /// Each is a message.
    Queue(Queue),
    /// Each is an item, whose change the consumer gets.
    Table(Table),
    /// Each is put into the source.
    Source(Arc<dyn Push>),
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub event: Event,
    /// As in HTTP; of several events of one call each has its own.
    pub status: u16,
    /// Where the event is, if it was taken and that is known.
    pub taken: Option<Taken>,
    /// The other side's own words, where it was not taken.
    pub message: Option<String>,
}

/// What one call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    pub events: usize,
    /// Together, with what `each` adds to the body of every event.
    pub bytes: usize,
    pub each: usize,
}

/// How `pipe send` sends, beside what.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// The route that is meant, of an API.
    pub route: Option<&'a Route>,
    /// The message group that is asked for.
    pub group: Option<&'a str>,
    /// The number of this run.
    pub run: u64,
}

impl Target {
    /// The way to this pipeline, and the key attributes that events must have on it.
    ///
    /// # Errors
    /// What is to be sent to is not there; the pipeline has not, or the user has to bring, what shows who sends.
    pub async fn of(running: &Running, how: &How<'_>) -> Result<(Self, Vec<Key>)> {
        let grouped = how.group.is_some();
        if let Some(route) = how.route {
            if grouped {
                let error = Error::fatal("--group is of events that go to a queue without an API");
                return Err(error.hint("the route's `message_group` says where the group comes from: send it there"));
            }
            let pass = Pass::of(running, route).await?;
            return Ok((Self::Api(Arc::new(Api::new(running.endpoint().await?, pass, route))), Vec::new()));
        }
        if let Some(source) = push::of(running, how).await? {
            return Ok((Self::Source(source), Vec::new()));
        }
        let (kind, name) = running.stream()?;
        if grouped && kind != kinds::queue::Queue::KIND {
            return Err(Error::fatal("--group is of a queue").hint("this pipeline's events go elsewhere: leave it out"));
        }
        match kind {
            kinds::queue::Queue::KIND => {
                let url = running.stream_url().await?;
                Ok((Self::Queue(Queue::new(running.cx.clone(), name, url, how)), Vec::new()))
            }
            kinds::table::Table::KIND => {
                let keys = running.stream_keys().await?;
                Ok((Self::Table(Table::new(running.cx.clone(), name, keys.clone())), keys))
            }
            _ => Ok((Self::Kinesis(Kinesis::new(running.cx.clone(), name)), Vec::new())),
        }
    }

    /// Who answers, for people.
    pub fn told(&self) -> String {
        match self {
            Self::Api(api) => api.told(),
            Self::Kinesis(stream) => format!("the stream `{}`", stream.name()),
            Self::Queue(queue) => format!("the queue `{}`", queue.name()),
            Self::Table(table) => format!("the table `{}`", table.name()),
            Self::Source(source) => source.told(),
        }
    }

    /// How many calls are under way at once; one, where events must keep their order.
    pub fn at_once(&self) -> usize {
        match self {
            Self::Queue(queue) if queue.keeps_order() => 1,
            Self::Source(source) => source.at_once(),
            _ => AT_ONCE,
        }
    }

    /// What one call takes.
    pub fn most(&self) -> Most {
        match self {
            Self::Api(_) | Self::Table(_) => Most { events: 1, bytes: usize::MAX, each: 0 },
            Self::Kinesis(_) => kinesis::MOST,
            Self::Queue(_) => queue::MOST,
            Self::Source(source) => source.most(),
        }
    }

    /// Sends some events.
    ///
    /// # Errors
    /// There was no answer, or one that concerns all events. Neither credentials nor payload are in an error.
    pub async fn send(self, events: Vec<Event>) -> Result<Vec<Answer>> {
        match self {
            Self::Api(api) => api.send(events).await,
            Self::Kinesis(stream) => stream.send(events).await,
            Self::Queue(queue) => queue.send(events).await,
            Self::Table(table) => table.send(events).await,
            Self::Source(source) => source.send(events).await,
        }
    }

    /// What to do about events that were refused with this status.
    pub fn hint(&self, status: u16) -> Option<String> {
        match self {
            Self::Api(api) => tally::hint(status, api.route()),
            Self::Kinesis(_) => kinesis::hint(status),
            Self::Queue(_) => queue::hint(status),
            Self::Table(_) => table::hint(status),
            Self::Source(source) => source.hint(status).map(str::to_owned),
        }
    }
}

impl Most {
    /// Takes the next events as far as they go with one call, at least one.
    pub fn next(self, events: &mut std::iter::Peekable<impl Iterator<Item = Event>>) -> Vec<Event> {
        let (mut some, mut bytes) = (Vec::new(), 0_usize);
        while some.len() < self.events {
            let fits = |event: &Event| {
                let more = event.body.len().saturating_add(self.each);
                some.is_empty() || bytes.saturating_add(more) <= self.bytes
            };
            let Some(event) = events.next_if(fits) else { break };
            bytes = bytes.saturating_add(event.body.len()).saturating_add(self.each);
            some.push(event);
        }
        some
    }
}

/// The answer to an event that was not taken.
fn refused(event: Event, status: u16, message: impl Into<String>) -> Answer {
    Answer { event, status, taken: None, message: Some(message.into()) }
}

/// What a failed call means for its events: an answer to each, where it is about them or comes of too many calls.
///
/// # Errors
/// The error, where it is about the call.
fn all_refused(events: Vec<Event>, error: Error, codes: &[&str]) -> Result<Vec<Answer>> {
    let status = match error.class() {
        Class::Throttled => 429,
        _ if codes.contains(&error.code()) => 400,
        _ => return Err(error),
    };
    Ok(events.into_iter().map(|event| refused(event, status, error.message())).collect())
}

#[cfg(test)]
mod tests;
