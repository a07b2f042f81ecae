//! Event source mappings.

use std::sync::PoisonError;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use serde_json::Value;

use super::{Answering, Exchange, consumer_mappings, each, mended, queue_mappings, refusals};

const START: &str = "StartingPositionTimestamp";

/// Shows the start time of a mapping, and refuses a second one of a function and source.
pub fn described<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        if let Some(refusal) = queue_mappings::refused(exchange).await {
            return Ok(refusal);
        }
        if exchange.head.method != "POST" {
            return Ok(with_start(exchange, consumer_mappings::forward(exchange).await?));
        }
        let _one_at_a_time = exchange.memory.making_mapping.lock().await;
        match second(exchange).await {
            Some(refusal) => Ok(refusal),
            None => Ok(with_start(exchange, consumer_mappings::forward(exchange).await?)),
        }
    })
}

fn with_start(exchange: &Exchange<'_>, answer: Response<Bytes>) -> Response<Bytes> {
    let given = exchange.input().get_mut(START).map(Value::take).unwrap_or_default();
    mended(answer, |body| {
        let mut starts = exchange.memory.starts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uuid) = body["UUID"].as_str().filter(|_| exchange.head.method == "POST" && !given.is_null()) {
            starts.insert(uuid.to_owned(), given);
        }
        for mapping in each(body, &["EventSourceMappings"]) {
            let start = mapping["UUID"].as_str().and_then(|uuid| starts.get(uuid)).cloned();
            if let Some(start) = start.filter(|_| mapping[START].is_null()) {
                mapping[START] = start;
            }
        }
    })
}

/// The refusal of a second mapping of one function and source.
async fn second(exchange: &Exchange<'_>) -> Option<Response<Bytes>> {
    let input = exchange.input();
    let (source, function) = (input["EventSourceArn"].as_str()?, input["FunctionName"].as_str()?);
    let name = function.split(":function:").last().unwrap_or(function);
    let listed = consumer_mappings::of_source(exchange, Some(name), source).await?;
    let existing = listed.iter().find(|mapping| mapping["State"] != "Deleting")?;
    let message = message(source, name, existing["UUID"].as_str()?);
    Some(refusals::refusal(409, "ResourceConflictException", &message))
}

/// AWS's texts, which carry the UUID of the mapping that is there; the one for queues differs.
fn message(source: &str, function: &str, uuid: &str) -> String {
    let what = if source.split(':').nth(2) == Some("sqs") {
        format!("An event source mapping with SQS arn (\" {source} \") and function (\" {function} \") already exists.")
    } else {
        format!(
            "The event source arn (\" {source} \") and function (\" {function} \") provided mapping already exists."
        )
    };
    format!("{what} Please update or delete the existing mapping with UUID {uuid}")
}
