//! The Lambda proxy integration, payload version 1: the whole request to the function, its answer to the client.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::definition::BinaryTypes;
use super::super::exchange::Exchange;
use super::super::params::{multi, single};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::messages::BackendAnswer;

/// What a function may answer; anything else is a 502.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    status_code: Option<Value>,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The event for a request.
pub fn event(exchange: &Exchange, binary_types: &BinaryTypes) -> Bytes {
    let or_null = |members: Map<String, Value>| if members.is_empty() { Value::Null } else { Value::Object(members) };
    let params = &exchange.params;
    let binary = binary_types.have(&exchange.media_type());
    let body = match (exchange.body.is_empty(), binary) {
        (true, _) => Value::Null,
        (false, true) => Value::from(STANDARD.encode(&exchange.body)),
        (false, false) => Value::from(String::from_utf8_lossy(&exchange.body)),
    };
    let variables = exchange.stage_variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let event = json!({
        "resource": exchange.context["resourcePath"],
        "path": exchange.resource_path,
        "httpMethod": exchange.method,
        "headers": or_null(single(&params.header)),
        "multiValueHeaders": or_null(multi(&params.header)),
        "queryStringParameters": or_null(single(&params.querystring)),
        "multiValueQueryStringParameters": or_null(multi(&params.querystring)),
        "pathParameters": or_null(single(&params.path)),
        "stageVariables": or_null(variables.collect()),
        "requestContext": exchange.request_context(),
        "body": body,
        "isBase64Encoded": binary && !exchange.body.is_empty(),
    });
    Bytes::from(event.to_string())
}

/// The function's answer as the client's. A failed function and an answer of another form are 502, as recorded.
pub fn reply(answered: &BackendAnswer, exchange: &Exchange, binary_types: &BinaryTypes) -> Result<Reply, Refusal> {
    let malformed = || Refusal::of("DEFAULT_5XX").status(502);
    if answered.error.is_some() {
        return Err(malformed());
    }
    let answer: Answer = serde_json::from_slice(&answered.body).map_err(|_| malformed())?;
    let status = match &answer.status_code {
        None | Some(Value::Null) => Some(200),
        Some(Value::Number(number)) => number.as_u64().and_then(|status| u16::try_from(status).ok()),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let mut reply = Reply::new(status.filter(|status| (100..600).contains(status)).ok_or_else(malformed)?);
    for (name, value) in answer.headers.unwrap_or_default() {
        reply.header(&name, &text(&value).ok_or_else(malformed)?);
    }
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        // A single value of the same name stays, behind the others and in their spelling, as recorded.
        let known = |header: &&(String, String)| header.0.eq_ignore_ascii_case(&name);
        let single: Vec<String> = reply.headers.iter().filter(known).map(|(_, value)| value.clone()).collect();
        reply.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        let values: Vec<String> = values.iter().map(text).collect::<Option<_>>().ok_or_else(malformed)?;
        let single = single.into_iter().filter(|value| !values.contains(value)).collect::<Vec<_>>();
        reply.headers.extend(values.into_iter().chain(single).map(|value| (name.clone(), value)));
    }
    let body = answer.body.unwrap_or_default();
    let accept = exchange.header("accept").unwrap_or_default().split([',', ';']).next().unwrap_or_default().trim();
    // Bytes go out as bytes only where the API knows binary types, and the client asks for one of them.
    let bytes = answer.is_base64_encoded == Some(true) && binary_types.have(accept);
    reply.body = if bytes { Bytes::from(STANDARD.decode(body).map_err(|_| malformed())?) } else { Bytes::from(body) };
    reply.remap(true);
    reply.traced = true;
    Ok(reply)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
