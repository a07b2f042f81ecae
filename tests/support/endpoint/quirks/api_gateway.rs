//! API Gateway, where moto cannot change the tags of a REST API, an API key and a usage plan.

use serde_json::{Value, json};

use super::{Answering, Exchange};
use crate::endpoint::message::Answer;

/// Operations whose answer shows the tags of one, or of all of a list.
pub const DESCRIBED_BY: &[&str] = &[
    "CreateApiKey",
    "CreateRestApi",
    "CreateUsagePlan",
    "GetApiKey",
    "GetRestApi",
    "GetRestApis",
    "GetUsagePlan",
    "UpdateApiKey",
    "UpdateRestApi",
    "UpdateUsagePlan",
];
const COLLECTIONS: [&str; 3] = ["apikeys", "restapis", "usageplans"];

/// Such an answer with the tags as they are now.
pub fn tagged<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if !answer.is_success() {
            return Ok(answer);
        }
        let mut body = answer.json();
        match exchange.call.operation.as_str() {
            "GetRestApis" => {
                body["item"].as_array_mut().into_iter().flatten().for_each(|api| show(exchange, api));
            }
            _ => show(exchange, &mut body),
        }
        Ok(answer.with_json(&body))
    })
}

fn show(exchange: &Exchange<'_>, api: &mut Value) {
    let id = api["id"].as_str().unwrap_or_default();
    let collection = exchange.request.segments().first().cloned().unwrap_or_default();
    let arn = format!("arn:aws:apigateway:{}::/{collection}/{id}", exchange.call.region);
    if let Some(tags) = exchange.memory.tags().of(&exchange.call.account, &arn) {
        api["tags"] = json!(tags);
    }
}

/// Tagging of one of these, which moto answers with 404; the endpoint keeps the tags. Stages go to moto, which knows them.
pub fn tagging<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let arn = exchange.request.segments().pop().unwrap_or_default();
        let path = arn.split_once("::").map(|(_, path)| path.to_owned()).unwrap_or_default();
        let known = path.split('/').collect::<Vec<_>>();
        if !matches!(known[..], ["", collection, _] if COLLECTIONS.contains(&collection)) {
            return exchange.forward().await;
        }
        let described = exchange.get(&path).await?;
        if !described.is_success() {
            return Ok(exchange.error(404, "NotFoundException", "Invalid API identifier specified"));
        }
        if exchange.call.write {
            // The change itself is noted where all tagging is.
            return Ok(Answer { status: 204, headers: described.headers, body: bytes::Bytes::new() });
        }
        let tags = exchange.memory.tags().of(&exchange.call.account, &arn).map(|tags| json!(tags));
        Ok(Answer::of_json(200, &json!({ "tags": tags.unwrap_or_else(|| described.json()["tags"].clone()) })))
    })
}
