//! Readers of the streams of tables: what their rights are about, and who made a change.
//!
//! MiniStack asks for a right to `*` where AWS asks for one to the stream, so that no role as it should be may read. Asked about a table, it
//! looks at the ARN that the call names: so a call of another service, which does nothing, shows what a role may do, and the account's root
//! then reads in its place.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::{Answering, Exchange, each, mended};
use crate::endpoint::call::text;
use crate::endpoint::keys::Keys;
use crate::endpoint::upstream::{Caller, Passed, read};
use crate::gateway::sign::{Request, sign};

/// How long a right that was seen is not asked about again: a reader asks four times a second.
const SEEN: Duration = Duration::from_secs(5);
/// How long a stream keeps records.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is known of readers, and of the changes that AWS makes itself.
#[derive(Default)]
pub struct Changes {
    /// The keys of the session's roles, where the emulator is its own.
    pub keys: Option<Arc<Keys>>,
    /// Rights that were seen: of which key, to do what with which stream.
    seen: Mutex<HashMap<(String, String, String), Instant>>,
    /// Held for writing while items that have expired are deleted, so that nobody reads of it before it is known who did it.
    pub expired: RwLock<Expired>,
}

/// The changes by which items that had expired were deleted: their sequence numbers, and when that was.
#[derive(Default)]
pub struct Expired(HashMap<String, Instant>);

impl Expired {
    pub fn has(&self, sequence: &str) -> bool {
        self.0.contains_key(sequence)
    }

    /// Remembers such changes for as long as they can be read.
    pub fn add(&mut self, sequences: HashSet<String>) {
        self.0.retain(|_, at| at.elapsed() < DAY);
        self.0.extend(sequences.into_iter().map(|sequence| (sequence, Instant::now())));
    }
}

/// Reads a stream for a role that may, and says which items DynamoDB deleted itself
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>).
pub fn read_stream<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let expired = exchange.memory.changes.expired.read().await;
        let answer = asked(exchange).await?;
        if expired.0.is_empty() || !exchange.call.target.ends_with(".GetRecords") {
            return Ok(answer);
        }
        Ok(mended(answer, |body| {
            for record in each(body, &["Records"]) {
                let sequence = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
                if expired.has(sequence) {
                    record["userIdentity"] = json!({ "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com" });
                }
            }
        }))
    })
}

async fn asked(exchange: &Exchange<'_>) -> Answering {
    let (Some(root), Some(keys)) = (&exchange.memory.logs.root, &exchange.memory.changes.keys) else {
        return exchange.forward().await;
    };
    let input = exchange.input();
    let (Some(arn), true) = (arn(&input), exchange.call.by_role()) else { return exchange.forward().await };
    if let Some(refusal) = refused(exchange, keys, &arn).await? {
        return Ok(refusal);
    }
    let (headers, call) = (&exchange.head.headers, exchange.call);
    let caller = Caller { headers, call, service: &call.service, root: Some(root) };
    exchange.upstream.call(&caller, &call.target, "/", &input).await
}

/// The stream that a call is about; that of an iterator is in it.
fn arn(input: &Value) -> Option<String> {
    if let Some(arn) = input["StreamArn"].as_str() {
        return Some(arn.to_owned());
    }
    let iterator = input["ShardIterator"].as_str()?;
    let bytes = URL_SAFE.decode(iterator).or_else(|_| URL_SAFE_NO_PAD.decode(iterator)).ok()?;
    let iterator: Value = serde_json::from_slice(&bytes).ok()?;
    iterator["arn"].as_str().map(str::to_owned)
}

/// The endpoint's refusal, if the caller has no right to this.
async fn refused(exchange: &Exchange<'_>, keys: &Keys, arn: &str) -> Passed<Option<Response<Bytes>>> {
    let operation = exchange.call.target.rsplit('.').next().unwrap_or_default();
    let right = (exchange.call.access_key.clone(), operation.to_owned(), arn.to_owned());
    if exchange.memory.changes.knows(&right) {
        return Ok(None);
    }
    // A call that does nothing, and is about the stream by its ARN.
    let (target, input) = (format!("DynamoDB_20120810.{operation}"), json!({ "TableName": arn }));
    let Some(request) = exchange.signed(keys, &exchange.call.service, &target, &input) else {
        return exchange.forward().await.map(Some);
    };
    let (head, ()) = request.map(drop).into_parts();
    let answer = read(exchange.upstream.pass(head, input.to_string().into()).await?).await?;
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    // The service has no such operation, which it says to those alone who might do it.
    if said["__type"].as_str().is_some_and(|kind| kind.ends_with("UnknownOperationException")) {
        exchange.memory.changes.learn(right);
        return Ok(None);
    }
    Ok(Some(answer))
}

impl Exchange<'_> {
    /// A call in the caller's name, signed for a service.
    pub(super) fn signed(&self, keys: &Keys, service: &str, target: &str, input: &Value) -> Option<Request> {
        let credentials = keys.given_out(&self.call.access_key)?;
        let (host, body) = (text(&self.head.headers, HOST.as_str()), Bytes::from(input.to_string()));
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = format!("http://{host}/").parse().ok()?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(host).ok()?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert("x-amz-target", HeaderValue::try_from(target).ok()?);
        sign(&mut request, (service, &self.call.region), &body, credentials)?;
        Some(request)
    }
}

impl Changes {
    pub(super) fn knows(&self, right: &(String, String, String)) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| at.elapsed() < SEEN);
        seen.contains_key(right)
    }

    pub(super) fn learn(&self, right: (String, String, String)) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(right, Instant::now());
    }
}
