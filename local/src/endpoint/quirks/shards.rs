//! The data plane of streams, over resharding: see [`carried`](super::carried).
//!
//! Calls hold a stream's lock for reading and UpdateShardCount for writing, so that no record is put between its two halves. Iterators
//! are the forwarder's own texts, with the endpoint's in them: one from before a resharding goes on in the shard that it was made for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::carried::{Kept, Place, Record};
use super::{Answering, Exchange, mended};

/// The most shards that ListShards and DescribeStream give, and the most records of one GetRecords.
pub const MOST: u64 = 10_000;

/// What is kept of streams, by region and name.
pub type Streams = Mutex<HashMap<(String, String), Arc<RwLock<Kept>>>>;

/// How a call names its stream.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
}

impl Exchange<'_> {
    pub fn stream(&self, name: &str) -> Arc<RwLock<Kept>> {
        let mut streams = self.memory.shards.lock().unwrap_or_else(PoisonError::into_inner);
        streams.entry((self.call.region.clone(), name.to_owned())).or_default().clone()
    }

    /// The stream that the call names; most of a body is passed over.
    pub fn named(&self) -> Option<String> {
        let named: Named = serde_json::from_slice(&self.body).ok()?;
        let by_arn = || named.stream_arn.as_deref()?.split_once(":stream/").map(|(_, name)| name.to_owned());
        named.stream_name.clone().or_else(by_arn)
    }
}

/// Passes PutRecord or PutRecords on, and says which shards took the records.
pub async fn put(exchange: &Exchange<'_>) -> Answering {
    let Some(name) = exchange.named() else { return exchange.forward().await };
    let stream = exchange.stream(&name);
    let kept = stream.read().await;
    let answer = exchange.forward().await?;
    if !kept.any() {
        return Ok(answer);
    }
    Ok(mended(answer, |body| {
        for place in super::each(body, &["Records"]) {
            if let Some(shard) = place["ShardId"].as_str().map(|shard| kept.shown(shard)) {
                place["ShardId"] = shard.into();
            }
        }
    }))
}

/// Gives an iterator of the forwarder's own. A caller that the endpoint refuses gets no closed shards either.
pub fn iterate<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let mut input = exchange.input();
        let (Some(name), Some(shard)) = (exchange.named(), text(&input["ShardId"])) else {
            return exchange.forward().await;
        };
        let stream = exchange.stream(&name);
        let kept = stream.read().await;
        let place = Place::of(&input, now());
        let answer = match (kept.closed(&shard, now()), kept.endpoints(&shard)) {
            (Some(_), _) => exchange.forward_as(&newest(&input, &kept).to_string()).await?,
            (None, Some(own)) => {
                input["ShardId"] = own.into();
                exchange.forward_as(&input.to_string()).await?
            }
            (None, None) => return Ok(no_shard(&shard, &name)),
        };
        Ok(mended(answer, |body| {
            if let Some(own) = text(&body["ShardIterator"]) {
                body["ShardIterator"] = iterator(&name, &shard, &place, &own).into();
            }
        }))
    })
}

/// Reads on from an iterator: of an open shard what the endpoint has, of a closed one what is kept.
pub fn read<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let mut input = exchange.input();
        let given = text(&input["ShardIterator"]).unwrap_or_default();
        let mut parts = given.splitn(4, ':');
        let (Some(name), Some(shard), Some(place), Some(own)) =
            (parts.next(), parts.next(), parts.next().and_then(Place::parse), parts.next())
        else {
            return exchange.forward().await;
        };
        let stream = exchange.stream(name);
        let kept = stream.read().await;
        input["ShardIterator"] = own.into();
        if let Some(closed) = kept.closed(shard, now()) {
            let answer = exchange.forward_as(&input.to_string()).await?;
            let most = usize::try_from(input["Limit"].as_u64().unwrap_or(MOST)).unwrap_or(usize::MAX);
            let (records, next) = kept.page(closed, &place, most, now());
            let next = next.map(|next| iterator(name, shard, &next, own));
            return if allowed(&answer) { page(&records, next) } else { Ok(answer) };
        }
        if kept.endpoints(shard).is_none() {
            return Ok(no_shard(shard, name));
        }
        let answer = exchange.forward_as(&input.to_string()).await?;
        Ok(with_iterator(answer, |next, last| {
            let place = last.map_or(place, Place::After);
            iterator(name, shard, &place, next)
        }))
    })
}

/// Whether the endpoint let the caller read: only afterwards it says that the iterator's shard is gone.
fn allowed(answer: &Response<Bytes>) -> bool {
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let kind = body["__type"].as_str().unwrap_or_default();
    answer.status().is_success()
        || ["ResourceNotFoundException", "ExpiredIteratorException"].iter().any(|passed| kind.ends_with(passed))
}

/// The answer of GetRecords from memory. How far it is behind is not known: a closed shard has no newest record to measure by.
fn page(records: &[Record], next: Option<String>) -> Answering {
    let records: Vec<&RawValue> = records.iter().map(|record| &*record.text).collect();
    let mut body = format!("{{\"MillisBehindLatest\":0,\"Records\":{}", serde_json::to_string(&records)?);
    if let Some(next) = next {
        body += &format!(",\"NextShardIterator\":{}", json!(next));
    }
    Ok(json_answer(StatusCode::OK, body + "}"))
}

/// Forgets the shards of a stream that is made or deleted.
pub fn forget<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let Some(name) = exchange.named() else { return exchange.forward().await };
        let stream = exchange.stream(&name);
        let mut kept = stream.write().await;
        let answer = exchange.forward().await?;
        if answer.status().is_success() {
            *kept = Kept::default();
        }
        Ok(answer)
    })
}

/// What is to be known of a record.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Facts {
    pub sequence_number: String,
    #[serde(default)]
    pub approximate_arrival_timestamp: f64,
}

/// Changes the iterator of a page, and nothing else of it: it may be large. `change` gets the endpoint's and the last sequence number.
fn with_iterator(answer: Response<Bytes>, change: impl FnOnce(&str, Option<String>) -> String) -> Response<Bytes> {
    let mend = |body: &[u8]| {
        let mut page: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
        let next: String = serde_json::from_str(page.get("NextShardIterator")?.get()).ok()?;
        let records: Vec<Facts> = serde_json::from_str(page.get("Records")?.get()).ok()?;
        let next = change(&next, records.into_iter().next_back().map(|last| last.sequence_number));
        page.insert("NextShardIterator".to_owned(), serde_json::value::to_raw_value(&next).ok()?);
        serde_json::to_vec(&page).ok().map(Bytes::from)
    };
    match answer.status().is_success().then(|| mend(answer.body())).flatten() {
        Some(body) => answer.map(|_| body),
        None => answer,
    }
}

/// An iterator at the newest place of an open shard, which any reader may have.
fn newest(input: &Value, kept: &Kept) -> Value {
    let mut asked = json!({ "ShardId": kept.open, "ShardIteratorType": "LATEST" });
    for name in ["StreamName", "StreamARN"] {
        if let Some(stream) = input.get(name) {
            asked[name] = stream.clone();
        }
    }
    asked
}

fn iterator(name: &str, shard: &str, place: &Place, own: &str) -> String {
    format!("{name}:{shard}:{place}:{own}")
}

fn no_shard(shard: &str, name: &str) -> Response<Bytes> {
    let message = format!("Shard {shard} in stream {name} does not exist");
    let body = json!({ "__type": "ResourceNotFoundException", "message": message });
    json_answer(StatusCode::BAD_REQUEST, body.to_string())
}

fn json_answer(status: StatusCode, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    answer
}

pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
