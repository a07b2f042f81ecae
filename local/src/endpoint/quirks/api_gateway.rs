//! What API Gateway shows of authorizers and REST APIs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use hyper::{Method, Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::refusals::refusal;
use super::{Answering, Exchange, each, mended};
use super::{binary_types, endpoint_types};

/// API Gateway spells the member of a list `item`, and older emulators `items`.
const ITEMS: &[&str] = &["item", "items"];

/// An authorizer's TTL is a number.
pub fn numeric_ttl<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const TTL: &str = "authorizerResultTtlInSeconds";
    Box::pin(async move {
        Ok(mended(exchange.forward().await?, |body| {
            for authorizer in each(body, ITEMS) {
                if let Some(seconds) = authorizer[TTL].as_str().and_then(|text| text.parse::<u32>().ok()) {
                    authorizer[TTL] = seconds.into();
                }
            }
        }))
    })
}

/// An authorizer that is made without sources of identity has none.
pub fn made_without_sources<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const SOURCES: &str = "identitySource";
    Box::pin(async move {
        let mut input = exchange.input();
        if !input[SOURCES].is_null() {
            return numeric_ttl(exchange).await;
        }
        input[SOURCES] = "".into();
        exchange.forward_as(&input.to_string()).await
    })
}

/// UpdateModel of a schema, where the endpoint does not know it: the model is made anew.
pub fn model_updated<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let path = exchange.head.uri.path();
        let input = exchange.input();
        let mut patches = input["patchOperations"].as_array().into_iter().flatten();
        let schema = patches.find(|patch| patch["path"] == "/schema").map(|patch| &patch["value"]);
        let unknown = !answer.status().is_success() && answer.status() != StatusCode::FORBIDDEN;
        let (true, Some(schema), Some(model)) = (unknown, schema, exchange.get(path).await) else { return Ok(answer) };
        let caller = exchange.caller(&exchange.call.service);
        exchange.upstream.send(&caller, Method::DELETE, path, &Value::Null).await?;
        let made = json!({ "name": model["name"], "contentType": model["contentType"], "schema": schema });
        let models = path.rsplit_once('/').map_or(path, |(models, _)| models);
        exchange.upstream.send(&caller, Method::POST, models, &made).await
    })
}

/// What REST APIs take of TLS, by id.
pub type Policies = Mutex<HashMap<String, Security>>;

/// A security policy, and the endpoint access mode that goes with it.
#[derive(Clone)]
pub struct Security {
    policy: String,
    mode: String,
}

/// A REST API has the tags, the endpoints and the security policy of now, and its resource policy in AWS's form; what does not fit together is
/// refused.
pub fn described<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let asked = asked(exchange);
        if let Some(text) = asked.as_ref().and_then(unfit) {
            return Ok(refusal(400, "BadRequestException", text));
        }
        let mut input = exchange.input();
        if let Err(refused) = endpoint_types::patched(exchange, &mut input).await {
            return Ok(refused);
        }
        let answer = binary_types::forward(exchange, input).await?;
        let tags =
            if exchange.head.method == Method::GET { current_tags(exchange, &answer).await } else { HashMap::new() };
        Ok(mended(answer, |body| {
            let mut policies = exchange.memory.policies.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(asked), Some(id)) = (asked, body["id"].as_str()) {
                policies.insert(id.to_owned(), asked);
            }
            for api in each(body, ITEMS) {
                let id = api["id"].as_str().unwrap_or_default().to_owned();
                binary_types::show(exchange, api, &id);
                endpoint_types::show(exchange, api, &id);
                given_back(api, exchange, &id);
                if let Some(tags) = tags.get(&id) {
                    api["tags"] = tags.clone();
                }
                if let Some(security) = policies.get(&id) {
                    api["securityPolicy"] = security.policy.as_str().into();
                    api["endpointAccessMode"] = json!(Some(&security.mode).filter(|mode| !mode.is_empty()));
                }
            }
        }))
    })
}

/// A resource policy comes back with the API's ARN, and with its quotes and slashes escaped; without one nothing does. Whose
/// account it is only a key that is the account's number tells.
fn given_back(api: &mut Value, exchange: &Exchange<'_>, id: &str) {
    let Some(text) = api["policy"].as_str().map(str::to_owned) else { return };
    if text.is_empty() {
        api["policy"] = Value::Null;
        return;
    }
    let unescaped = serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap_or(text);
    let (key, region) = (&exchange.call.access_key, &exchange.call.region);
    let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let own = format!("\"arn:aws:execute-api:{region}:{key}:{id}/");
    let whole = if is_account { unescaped.replace("\"execute-api:/", &own) } else { unescaped };
    let escaped = Value::from(whole).to_string().replace('/', "\\/");
    api["policy"] = escaped[1..escaped.len() - 1].into();
}

/// The tags of now of every API in an answer, by id.
async fn current_tags(exchange: &Exchange<'_>, answer: &Response<Bytes>) -> HashMap<String, Value> {
    let mut body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    let ids = each(&mut body, ITEMS).into_iter().map(|api| api["id"].as_str().unwrap_or_default().to_owned());
    let asked = ids.filter(|id| !id.is_empty()).map(|id| async {
        let arn = format!("arn:aws:apigateway:{}::/restapis/{id}", exchange.call.region);
        let path = format!("/tags/{}", utf8_percent_encode(&arn, NON_ALPHANUMERIC));
        Some((id, exchange.get(&path).await?.get_mut("tags")?.take()))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The security that a call asks for, if it says anything of it.
fn asked(exchange: &Exchange<'_>) -> Option<Security> {
    let input = exchange.input();
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    if exchange.head.method == Method::POST {
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
    let id = exchange.segments().pop().unwrap_or_default();
    let policies = exchange.memory.policies.lock().unwrap_or_else(PoisonError::into_inner);
    let now = policies.get(&id).cloned();
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
