//! API Gateway.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Answering, Exchange};
use crate::endpoint::message::Answer;
use crate::endpoint::upstream::Lost;

/// Operations whose answer shows a REST API's tags and security policy.
pub const DESCRIBED_BY: &[&str] = &["CreateRestApi", "GetRestApi", "GetRestApis", "UpdateRestApi"];

/// What REST APIs take of TLS, by account and id.
pub type Policies = HashMap<(String, String), Security>;

/// A security policy, and the endpoint access mode that goes with it.
#[derive(Clone)]
pub struct Security {
    policy: String,
    mode: String,
}

/// A REST API's tags and security policy as they are now; MiniStack shows the tags and drops the policy of its creation, and moto
/// can change neither.
pub fn described<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let asked = asked(exchange);
        if let Some(text) = asked.as_ref().and_then(unfit) {
            return Ok(exchange.error(400, "BadRequestException", text));
        }
        let answer = exchange.forward().await?;
        if !answer.is_success() {
            return Ok(answer);
        }
        let mut body = answer.json();
        if let (Some(asked), Some(id)) = (asked, body["id"].as_str()) {
            exchange.memory.policies().insert((exchange.call.account.clone(), id.to_owned()), asked);
        }
        match exchange.call.operation.as_str() {
            "GetRestApis" => ["item", "items"].iter().for_each(|list| {
                body.get_mut(*list).and_then(Value::as_array_mut).into_iter().flatten().for_each(|a| show(exchange, a));
            }),
            _ => show(exchange, &mut body),
        }
        Ok(answer.with_json(&body))
    })
}

/// The security that a call asks for, if it says anything of it.
fn asked(exchange: &Exchange<'_>) -> Option<Security> {
    let input = exchange.request.json();
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    if exchange.call.operation == "CreateRestApi" {
        let policy = text(&input["securityPolicy"], "TLS_1_0");
        return Some(Security { policy, mode: text(&input["endpointAccessMode"], "") });
    }
    let patches = input["patchOperations"].as_array()?;
    let patched =
        |path: &str| patches.iter().find(|patch| patch["path"] == path).map(|patch| text(&patch["value"], ""));
    let (policy, mode) = (patched("/securityPolicy"), patched("/endpointAccessMode"));
    if policy.is_none() && mode.is_none() {
        return None;
    }
    let id = exchange.request.segments().pop().unwrap_or_default();
    let now = exchange.memory.policies().get(&(exchange.call.account.clone(), id)).cloned();
    let now = now.unwrap_or(Security { policy: "TLS_1_0".to_owned(), mode: String::new() });
    Some(Security { policy: policy.unwrap_or(now.policy), mode: mode.unwrap_or(now.mode) })
}

/// Why AWS refuses this security. The first text is recorded; of the second only its documentation speaks.
fn unfit(security: &Security) -> Option<&'static str> {
    match (security.policy.starts_with("SecurityPolicy_"), security.mode.is_empty()) {
        (true, true) => Some("Endpoint access mode is required for the specified security policy"),
        (false, false) => Some("Endpoint access mode must be unset for the specified security policy"),
        _ => None,
    }
}

fn show(exchange: &Exchange<'_>, api: &mut Value) {
    let id = api["id"].as_str().unwrap_or_default().to_owned();
    let arn = format!("arn:aws:apigateway:{}::/restapis/{id}", exchange.call.region);
    if let Some(tags) = exchange.memory.tags().of(&exchange.call.account, &arn) {
        api["tags"] = json!(tags);
    }
    if let Some(security) = exchange.memory.policies().get(&(exchange.call.account.clone(), id)) {
        api["securityPolicy"] = json!(security.policy);
        api["endpointAccessMode"] = json!(Some(&security.mode).filter(|mode| !mode.is_empty()));
    }
}

/// Tagging of a REST API, which moto answers with 404; the endpoint keeps the tags. Stages go to moto, which knows them.
pub fn tagging<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let arn = exchange.request.segments().pop().unwrap_or_default();
        let api = arn.split_once("/restapis/").map(|(_, api)| api).filter(|api| !api.contains('/'));
        let Some(api) = api else {
            return exchange.forward().await;
        };
        let described = exchange.get(&format!("/restapis/{api}")).await?;
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

/// PutMethod on a method that is there, which both emulators overwrite; AWS refuses it.
pub fn method_exists<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        if exchange.get(exchange.request.path()).await?.is_success() {
            return Ok(exchange.error(409, "ConflictException", "Method already exists for this resource"));
        }
        exchange.forward().await
    })
}

/// CreateResource of a name that its parent has, which moto makes twice [recorded: apigateway].
pub fn resource_exists<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let segments = exchange.request.segments();
        let [_, api, _, parent] = &segments[..] else {
            return exchange.forward().await;
        };
        let part = &exchange.request.json()["pathPart"];
        let resources = list(exchange, &format!("/restapis/{api}/resources?limit=500")).await?;
        if resources.iter().any(|r| r["parentId"] == parent.as_str() && r["pathPart"] == *part) {
            let name = part.as_str().unwrap_or_default();
            let message = format!("Another resource with the same parent already has this name: {name}");
            return Ok(exchange.error(409, "ConflictException", &message));
        }
        exchange.forward().await
    })
}

/// DeleteDeployment of one that a stage points to, which both emulators delete; AWS refuses it.
pub fn deployment_in_use<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    const IN_USE: &str = "Active stages pointing to this deployment must be moved or deleted";
    Box::pin(async move {
        let segments = exchange.request.segments();
        let [_, api, _, deployment] = &segments[..] else {
            return exchange.forward().await;
        };
        let stages = list(exchange, &format!("/restapis/{api}/stages")).await?;
        if stages.iter().any(|stage| stage["deploymentId"] == deployment.as_str()) {
            return Ok(exchange.error(400, "BadRequestException", IN_USE));
        }
        exchange.forward().await
    })
}

/// A list of API Gateway, whose member is spelled `item`.
async fn list(exchange: &Exchange<'_>, path: &str) -> Result<Vec<Value>, Lost> {
    let body = exchange.get(path).await?.json();
    Ok(["item", "items"].iter().filter_map(|member| body[*member].as_array()).flatten().cloned().collect())
}
