//! Event source mappings.

use serde_json::Value;

use super::{Answering, Exchange};

/// A second mapping of one function and source, which both emulators make; AWS refuses it.
pub fn second_is_refused<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let _one_at_a_time = exchange.memory.making_mapping.lock().await;
        let input = exchange.request.json();
        let (Some(source), Some(function)) = (input["EventSourceArn"].as_str(), input["FunctionName"].as_str()) else {
            return exchange.forward().await;
        };
        let name = function.split(":function:").last().unwrap_or(function);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("FunctionName", name)
            .append_pair("EventSourceArn", source)
            .finish();
        let listed = exchange.get(&format!("/2015-03-31/event-source-mappings?{query}")).await?.json();
        let there = |mapping: &&Value| mapping["State"] != "Deleting";
        let existing = listed["EventSourceMappings"].as_array().into_iter().flatten().find(there);
        let Some(uuid) = existing.and_then(|mapping| mapping["UUID"].as_str()) else {
            return exchange.forward().await;
        };
        Ok(exchange.error(409, "ResourceConflictException", &message(source, name, uuid)))
    })
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
