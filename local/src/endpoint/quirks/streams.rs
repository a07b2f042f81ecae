//! The mode of streams, how large their records are, and records without a key.
//!
//! Beyond what it shows, a stream's mode changes nothing in MiniStack: it has the shards that it has, and no capacity. So the
//! forwarder keeps a mode that is set later, for the stream that was there then: a new one has another creation time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::{Answering, Exchange, listing, mended, shards};

const DESCRIBE: &str = "Kinesis_20131202.DescribeStreamSummary";
const MODE: &str = "StreamModeDetails";

const SIZE: &str = "MaxRecordSizeInKiB";

/// What was set, by ARN and creation time.
pub type Modes = Mutex<HashMap<(String, String), Value>>;

/// Sets a stream's mode. A stream that is not there is refused by the endpoint itself.
pub fn update_mode<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        let stream = addressed(exchange).await;
        let mode = input[MODE]["StreamMode"].as_str().filter(|mode| ["PROVISIONED", "ON_DEMAND"].contains(mode));
        let (Some(stream), Some(_)) = (stream, mode) else {
            return exchange.forward().await;
        };
        let mut modes = exchange.memory.modes.lock().unwrap_or_else(PoisonError::into_inner);
        modes.insert(stream, input[MODE].clone());
        Ok(done())
    })
}

/// Sets how large a record may be. The endpoint's own limit for records stays: 1 MiB.
pub fn update_size<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        let size = input[SIZE].as_u64().filter(|size| (1024..=10240).contains(size));
        let (Some(stream), Some(_)) = (addressed(exchange).await, size) else {
            return exchange.forward().await;
        };
        let mut sizes = exchange.memory.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.insert(stream, input[SIZE].clone());
        Ok(done())
    })
}

/// The stream that a call is about, where there is one.
async fn addressed(exchange: &Exchange<'_>) -> Option<(String, String)> {
    let described = exchange.ask("kinesis", DESCRIBE, &json!({ "StreamARN": exchange.input()["StreamARN"] })).await?;
    identity(&described["StreamDescriptionSummary"])
}

fn done() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    answer
}

/// Makes a stream with its tags, and forgets the shards of the one that had its name.
pub fn create<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = shards::forget(exchange).await?;
        let input = exchange.input();
        let tagged = input["Tags"].as_object().is_some_and(|tags| !tags.is_empty());
        if !answer.status().is_success() || !tagged {
            return Ok(answer);
        }
        let tags = json!({ "StreamName": input["StreamName"], "Tags": input["Tags"] });
        let added = exchange.call("Kinesis_20131202.AddTagsToStream", &tags).await?;
        Ok(if added.status().is_success() { answer } else { added })
    })
}

/// Shows the mode and the size of records that were set last.
pub fn current_mode<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = listing::describe(exchange).await?;
        let modes = exchange.memory.modes.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = exchange.memory.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if modes.is_empty() && sizes.is_empty() {
            return Ok(answer);
        }
        let show = |stream: &mut Value| {
            let Some(identity) = identity(stream) else { return };
            if let Some(mode) = modes.get(&identity) {
                stream[MODE] = mode.clone();
            }
            if let Some(size) = sizes.get(&identity) {
                stream[SIZE] = size.clone();
            }
        };
        Ok(mended(answer, |body| {
            for described in ["StreamDescription", "StreamDescriptionSummary"] {
                body.get_mut(described).into_iter().for_each(show);
            }
            body.get_mut("StreamSummaries").and_then(Value::as_array_mut).into_iter().flatten().for_each(show);
        }))
    })
}

/// Refuses an empty partition key in AWS's words: a pipeline's API tells refusals apart by them.
pub fn put_record<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const MESSAGE: &str = "1 validation error detected: Value '' at 'partitionKey' failed to satisfy constraint: Member must have \
                           length greater than or equal to 1";
    Box::pin(async move {
        let answer = shards::put(exchange).await?;
        if answer.status() != 400 || exchange.input()["PartitionKey"] != "" {
            return Ok(answer);
        }
        let Ok(mut refusal) = serde_json::from_slice::<Value>(answer.body()) else { return Ok(answer) };
        if refusal["__type"] == "ValidationException" {
            refusal["message"] = MESSAGE.into();
        }
        Ok(answer.map(|_| Bytes::from(refusal.to_string())))
    })
}

fn identity(stream: &Value) -> Option<(String, String)> {
    let made = stream.get("StreamCreationTimestamp")?;
    Some((stream.get("StreamARN")?.as_str()?.to_owned(), made.to_string()))
}
