//! The tags of registered consumers of streams, which MiniStack does not know.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::{Answering, Exchange};

/// What MiniStack does not know of consumers.
#[derive(Default)]
pub struct Consumers {
    /// By the ARN of the consumer.
    tags: Mutex<HashMap<String, BTreeMap<String, Value>>>,
    /// The ARN of the consumer that is a mapping's source, by the UUID of the mapping.
    pub mappings: Mutex<HashMap<String, String>>,
}

/// Keeps the tags that a consumer is registered with.
pub fn register<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let made = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
        if let Some(arn) = made["Consumer"]["ConsumerARN"].as_str().filter(|_| answer.status().is_success()) {
            set(exchange, arn, &exchange.input()["Tags"]);
        }
        Ok(answer)
    })
}

/// Forgets the tags of a consumer.
pub fn deregister<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if let Some(arn) = exchange.input()["ConsumerARN"].as_str().filter(|_| answer.status().is_success()) {
            all(exchange).remove(arn);
        }
        Ok(answer)
    })
}

/// Sets, removes and lists tags; those of anything but a consumer are the endpoint's.
pub fn tags<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        let Some(arn) = input["ResourceARN"].as_str().filter(|arn| arn.contains("/consumer/")) else {
            return exchange.forward().await;
        };
        match exchange.call.target.rsplit('.').next() {
            Some("TagResource") => {
                set(exchange, arn, &input["Tags"]);
                Ok(answer(String::new()))
            }
            Some("UntagResource") => {
                let keys: Vec<&str> =
                    input["TagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if let Some(tags) = all(exchange).get_mut(arn) {
                    tags.retain(|key, _| !keys.contains(&key.as_str()));
                }
                Ok(answer(String::new()))
            }
            _ => {
                let tags = all(exchange).get(arn).cloned().unwrap_or_default();
                let tags: Vec<Value> =
                    tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
                Ok(answer(json!({ "Tags": tags }).to_string()))
            }
        }
    })
}

fn set(exchange: &Exchange<'_>, arn: &str, tags: &Value) {
    let tags = tags.as_object().cloned().unwrap_or_default();
    all(exchange).entry(arn.to_owned()).or_default().extend(tags);
}

fn all<'a>(exchange: &'a Exchange<'_>) -> std::sync::MutexGuard<'a, HashMap<String, BTreeMap<String, Value>>> {
    exchange.memory.consumers.tags.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    answer
}
