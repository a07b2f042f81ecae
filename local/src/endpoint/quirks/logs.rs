//! Logs of a session's own emulator, which keeps them in memory for ever.
//!
//! A log stream is cut into several, and the oldest of its group are deleted. Calls that put events are the writers' own; the account's
//! root deletes, for no role of a pipeline may. On an endpoint that is the user's nothing is cut or deleted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{Answering, Exchange, Passed};
use crate::endpoint::call::text;
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
    groups: Mutex<HashMap<(String, String), VecDeque<Part>>>,
    cut: Mutex<u64>,
}

/// A log stream, and the one that its writer means.
struct Part {
    name: String,
    of: String,
    bytes: usize,
}

impl Logs {
    fn with<T>(&self, group: &(String, String), work: impl FnOnce(&mut VecDeque<Part>) -> T) -> T {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        work(groups.entry(group.clone()).or_default())
    }

    /// The part that a writer's stream is at; nothing where it is full.
    fn part(&self, group: &(String, String), stream: &str) -> Option<String> {
        self.with(group, |parts| match parts.iter().rfind(|part| part.of == stream) {
            None => Some(stream.to_owned()),
            Some(part) => (part.bytes < STREAM_BYTES).then(|| part.name.clone()),
        })
    }

    fn next_name(&self, stream: &str) -> String {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        *cut += 1;
        format!("{stream}-{cut}")
    }

    /// Counts what was written, and gives the streams that are to go.
    fn wrote(&self, group: &(String, String), name: &str, stream: &str, bytes: usize) -> Vec<String> {
        self.with(group, |parts| {
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
        let mut input = exchange.input();
        let name = |key: &str| input[key].as_str().map(str::to_owned);
        let (Some(root), Some(group), Some(stream)) = (&logs.root, name("logGroupName"), name("logStreamName")) else {
            return exchange.forward().await;
        };
        let place = (exchange.call.region.clone(), group);
        let (part, answer) = put_into_part(exchange, &mut input, &place, &stream).await?;
        if answer.status().is_success() {
            for old in logs.wrote(&place, &part, &stream, size(&input["logEvents"])) {
                delete(exchange, root, &json!({ "logGroupName": place.1, "logStreamName": old })).await;
            }
        }
        Ok(answer)
    })
}

/// Puts events, and gives the name of the part, which is made where it must be.
async fn put_into_part(
    exchange: &Exchange<'_>,
    input: &mut Value,
    place: &(String, String),
    stream: &str,
) -> Passed<(String, Response<Bytes>)> {
    let logs = &exchange.memory.logs;
    let known = logs.part(place, stream);
    let part = known.clone().unwrap_or_else(|| logs.next_name(stream));
    input["logStreamName"] = part.as_str().into();
    if known.is_some() {
        let answer = exchange.forward_as(input).await?;
        // It may have been deleted here while its writer was silent.
        if !is_absent(answer.body()) {
            return Ok((part, answer));
        }
    }
    exchange.call(CREATE, &json!({ "logGroupName": place.1, "logStreamName": part })).await?;
    Ok((part, exchange.forward_as(input).await?))
}

fn size(events: &Value) -> usize {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().map(|event| event["message"].as_str().unwrap_or_default().len() + EVENT_BYTES).sum()
}

fn is_absent(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["__type"].as_str().is_some_and(|kind| kind.ends_with("ResourceNotFoundException"))
}

/// Deletes a log stream as root. One that stays costs memory and nothing else.
async fn delete(exchange: &Exchange<'_>, root: &str, stream: &Value) {
    let signed = text(&exchange.head.headers, AUTHORIZATION.as_str());
    let Ok(signed) = HeaderValue::from_str(&signed.replacen(&exchange.call.access_key, root, 1)) else { return };
    let mut headers = HeaderMap::from_iter([(AUTHORIZATION, signed)]);
    for name in ["host", "x-amz-date"] {
        if let (Some(value), Ok(name)) = (exchange.head.headers.get(name), name.parse::<hyper::header::HeaderName>()) {
            headers.insert(name, value.clone());
        }
    }
    let caller = Caller { headers: &headers, call: exchange.call, service: &exchange.call.service };
    if let Err(error) = exchange.upstream.call(&caller, DELETE, "/", stream).await {
        tracing::debug!(error, "an old log stream stays");
    }
}
