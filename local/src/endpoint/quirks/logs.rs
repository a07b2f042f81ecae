//! Logs of a session's own emulator, which keeps them in memory for ever.
//!
//! A log stream is cut into several, and the oldest of its group are deleted. Calls that put events are the writers' own; the
//! account's root makes the other streams and deletes, because no role of a pipeline may. On an endpoint that is the user's
//! nothing is cut or deleted.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Answering, Exchange};
use crate::endpoint::upstream::Caller;

/// What a log group may hold, and one of its streams.
const GROUP_BYTES: usize = 10 * 1024 * 1024;
const STREAM_BYTES: usize = 1024 * 1024;
/// What an event costs MiniStack beside its text, about.
const EVENT_BYTES: usize = 1024;

const CREATE: &str = "Logs_20140328.CreateLogStream";
const DELETE: &str = "Logs_20140328.DeleteLogStream";

/// What is written, by region and group, the oldest first.
#[derive(Default)]
pub struct Logs {
    /// The root's access key where the emulator is the session's own.
    pub root: Option<String>,
    groups: Mutex<HashMap<(String, String), Group>>,
    cut: AtomicU64,
}

#[derive(Default)]
struct Group {
    parts: VecDeque<Part>,
    /// Streams of which nothing is left.
    deleted: HashSet<String>,
}

/// A log stream, and the one that its writer means.
struct Part {
    name: String,
    of: String,
    bytes: usize,
}

impl Logs {
    fn with<T>(&self, group: &(String, String), work: impl FnOnce(&mut Group) -> T) -> T {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        work(groups.entry(group.clone()).or_default())
    }

    /// The part that a writer's stream is at, and whether it must be made.
    fn part(&self, group: &(String, String), stream: &str) -> (String, bool) {
        self.with(group, |group| match group.parts.iter().rfind(|part| part.of == stream) {
            None => (stream.to_owned(), group.deleted.remove(stream)),
            Some(part) if part.bytes < STREAM_BYTES => (part.name.clone(), false),
            Some(part) => match self.next_name(stream) {
                Some(next) => (next, true),
                None => (part.name.clone(), false),
            },
        })
    }

    /// A name of the same length, because a role's signature covers it. The writers here give their streams names with a long
    /// random end.
    fn next_name(&self, stream: &str) -> Option<String> {
        let kept = stream.get(..stream.len().checked_sub(8)?)?;
        Some(format!("{kept}{:08x}", self.cut.fetch_add(1, Ordering::Relaxed)))
    }

    /// Counts what was written, and gives the streams that are to go.
    fn wrote(&self, group: &(String, String), name: &str, stream: &str, bytes: usize) -> Vec<String> {
        self.with(group, |Group { parts, deleted }| {
            match parts.iter_mut().find(|part| part.name == name) {
                Some(part) => part.bytes += bytes,
                None => parts.push_back(Part { name: name.to_owned(), of: stream.to_owned(), bytes }),
            }
            let mut all: usize = parts.iter().map(|part| part.bytes).sum();
            let mut gone = Vec::new();
            while all > GROUP_BYTES
                && let Some(oldest) = parts.pop_front_if(|part| part.name != name)
            {
                all -= oldest.bytes;
                if parts.iter().all(|part| part.of != oldest.of) {
                    deleted.insert(oldest.of);
                }
                gone.push(oldest.name);
            }
            gone
        })
    }
}

/// Puts events into the part that their stream is at.
pub fn put<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let logs = &exchange.memory.logs;
        let input = exchange.input();
        let name = |key: &str| input[key].as_str().map(str::to_owned);
        let (Some(root), Some(group), Some(stream)) = (&logs.root, name("logGroupName"), name("logStreamName")) else {
            return exchange.forward().await;
        };
        let place = (exchange.call.region.clone(), group);
        let (part, new) = logs.part(&place, &stream);
        let named = |part: &str| json!({ "logGroupName": place.1, "logStreamName": part });
        if new {
            as_root(exchange, root, CREATE, &named(&part)).await;
        }
        // No message can have the name between quotes of its own.
        let body = String::from_utf8_lossy(&exchange.body);
        let body = body.replacen(&json!(stream).to_string(), &json!(part).to_string(), 1);
        let answer = exchange.forward_as(&body).await?;
        if answer.status().is_success() {
            for old in logs.wrote(&place, &part, &stream, size(&input["logEvents"])) {
                as_root(exchange, root, DELETE, &named(&old)).await;
            }
        }
        Ok(answer)
    })
}

fn size(events: &Value) -> usize {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().map(|event| event["message"].as_str().unwrap_or_default().len() + EVENT_BYTES).sum()
}

/// Makes or deletes a log stream as root. A failure is seen by the next put, or costs memory and nothing else.
async fn as_root(exchange: &Exchange<'_>, root: &str, target: &str, stream: &Value) {
    let (headers, service) = (&exchange.head.headers, &exchange.call.service);
    let caller = Caller { headers, call: exchange.call, service, root: Some(root) };
    if let Err(error) = exchange.upstream.call(&caller, target, "/", stream).await {
        tracing::debug!(error, "a log stream is not as it should be");
    }
}
