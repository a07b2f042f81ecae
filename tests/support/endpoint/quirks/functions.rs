//! Functions, where moto drops part of what they are given.

use std::sync::PoisonError;

use serde_json::{Map, Value, json};

use super::{Answering, Exchange};

/// Operations whose answer describes functions.
pub const DESCRIBED_BY: &[&str] = &[
    "CreateFunction",
    "GetFunction",
    "GetFunctionConfiguration",
    "ListFunctions",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
];

/// Properties that moto loses at creation (LoggingConfig) or on an edit (TracingConfig); AWS keeps both.
const DROPPED: [&str; 2] = ["LoggingConfig", "TracingConfig"];

/// Answers with the properties that moto drops.
pub fn remembered<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if !answer.is_success() {
            return Ok(answer);
        }
        let mut body = answer.json();
        let names_in_path = !matches!(exchange.call.operation.as_str(), "CreateFunction" | "ListFunctions");
        if exchange.call.write {
            let input = exchange.request.json();
            let name = if names_in_path { body["FunctionName"].clone() } else { input["FunctionName"].clone() };
            remember(exchange, name.as_str().unwrap_or_default(), &input);
        }
        match exchange.call.operation.as_str() {
            "GetFunction" => restore(exchange, &mut body["Configuration"]),
            "ListFunctions" => {
                body["Functions"].as_array_mut().into_iter().flatten().for_each(|f| restore(exchange, f))
            }
            _ => restore(exchange, &mut body),
        }
        Ok(answer.with_json(&body))
    })
}

/// Forgets a function that is deleted, so that another of its name starts afresh.
pub fn forgotten<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if answer.is_success() {
            let name = exchange.request.segments().pop().unwrap_or_default();
            with_kept(exchange, name.rsplit(':').next().unwrap_or(&name), |kept| kept.clear());
        }
        Ok(answer)
    })
}

fn remember(exchange: &Exchange<'_>, name: &str, input: &Value) {
    // Properties that a call does not name stay as they are.
    let given = DROPPED.iter().filter(|property| !input[**property].is_null());
    with_kept(exchange, name, |kept| kept.extend(given.map(|p| ((*p).to_owned(), input[*p].clone()))));
}

fn restore(exchange: &Exchange<'_>, configuration: &mut Value) {
    let name = configuration["FunctionName"].as_str().unwrap_or_default().to_owned();
    let kept = with_kept(exchange, &name, |kept| kept.clone());
    let mut logging = kept.get("LoggingConfig").cloned().unwrap_or_else(|| json!({}));
    let format = logging["LogFormat"].as_str().unwrap_or("Text").to_owned();
    let group = logging["LogGroup"].as_str().map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned);
    logging["LogFormat"] = format.into();
    logging["LogGroup"] = group.into();
    configuration["LoggingConfig"] = logging;
    if let Some(tracing) = kept.get("TracingConfig") {
        configuration["TracingConfig"] = tracing.clone();
    }
}

fn with_kept<T>(exchange: &Exchange<'_>, name: &str, look: impl FnOnce(&mut Map<String, Value>) -> T) -> T {
    let (account, region) = (exchange.call.account.clone(), exchange.call.region.clone());
    let mut functions = exchange.memory.functions.lock().unwrap_or_else(PoisonError::into_inner);
    look(functions.entry((account, region, name.to_owned())).or_default())
}
