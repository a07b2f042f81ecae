//! Mappings whose source is a registered consumer of a stream, which MiniStack does not take: for it they read the stream itself.

use std::sync::PoisonError;

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::{Answering, Exchange, each, mended, refusals};

const SOURCE: &str = "EventSourceArn";
const LIST: &str = "EventSourceMappings";

/// Forwards a call about mappings: MiniStack knows the stream, and the caller the consumer.
///
/// # Errors
/// The endpoint gave no answer.
pub async fn forward(exchange: &Exchange<'_>) -> Answering {
    let input = exchange.input();
    let made = exchange.head.method == "POST";
    let answer = match input[SOURCE].as_str().filter(|source| made && of_consumer(source)) {
        Some(consumer) => make(exchange, &input, consumer).await?,
        None => exchange.forward().await?,
    };
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (function, source) = (asked(exchange, "FunctionName"), asked(exchange, SOURCE));
    let listed = match source.filter(|_| exchange.head.method == "GET") {
        Some(source) => of_source(exchange, function.as_deref(), &source).await,
        None => None,
    };
    Ok(mended(answer, |body| match listed {
        Some(listed) => body[LIST] = listed.into(),
        None => show(exchange, body),
    }))
}

/// The mappings of a source, of one function or of all, as AWS lists them.
pub async fn of_source(exchange: &Exchange<'_>, function: Option<&str>, source: &str) -> Option<Vec<Value>> {
    let function = function.map(|function| ("FunctionName", function));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(SOURCE, stream_of(source))
        .extend_pairs(function)
        .finish();
    let mut listed = exchange.get(&format!("/2015-03-31/event-source-mappings?{query}")).await?;
    show(exchange, &mut listed);
    let all = listed[LIST].as_array()?.iter();
    Some(all.filter(|mapping| mapping[SOURCE] == source).cloned().collect())
}

async fn make(exchange: &Exchange<'_>, input: &Value, consumer: &str) -> Answering {
    let (target, asked) = ("Kinesis_20131202.DescribeStreamConsumer", json!({ "ConsumerARN": consumer }));
    let found = exchange.upstream.call(&exchange.caller("kinesis"), target, "/", &asked).await?;
    // Who may not ask may still make the mapping.
    if found.status() == 400 && String::from_utf8_lossy(found.body()).contains("ResourceNotFoundException") {
        let message = format!("Stream not found: {consumer}");
        return Ok(refusals::refusal(400, "InvalidParameterValueException", &message));
    }
    let mut input = input.clone();
    input[SOURCE] = stream_of(consumer).into();
    let answer: Response<Bytes> = exchange.forward_as(&input.to_string()).await?;
    Ok(mended(answer, |body| {
        if let Some(uuid) = body["UUID"].as_str() {
            let mut known = exchange.memory.consumers.mappings.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(uuid.to_owned(), consumer.to_owned());
        }
    }))
}

/// Puts the consumer in the place of its stream.
fn show(exchange: &Exchange<'_>, body: &mut Value) {
    let known = exchange.memory.consumers.mappings.lock().unwrap_or_else(PoisonError::into_inner);
    for mapping in each(body, &[LIST]) {
        if let Some(consumer) = mapping["UUID"].as_str().and_then(|uuid| known.get(uuid)) {
            mapping[SOURCE] = consumer.clone().into();
        }
    }
}

fn asked(exchange: &Exchange<'_>, key: &str) -> Option<String> {
    let query = exchange.head.uri.query()?.as_bytes();
    form_urlencoded::parse(query).find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

fn of_consumer(source: &str) -> bool {
    source.contains("/consumer/")
}

fn stream_of(source: &str) -> &str {
    source.split_once("/consumer/").map_or(source, |(stream, _)| stream)
}
