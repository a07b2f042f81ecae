//! What a route answers: the statuses that its templates set, and those that API Gateway gives by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::components::Components;
use super::doors;
use super::operation::Described;
use crate::kinds::rest_api::{IntegrationResponse, RestApi, Route as Made};
use crate::lower::JSON;
use crate::spec::{Route, TableAction, To};

/// How a template sets a status.
const SET: &str = "#set($context.responseOverride.status = ";

/// API Gateway's own answers, by status: a name, and what it means
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>).
const OWN: [(u16, &str, &str); 9] = [
    (400, "BadRequest", "The request body does not fit"),
    (401, "Unauthorized", "The credentials are missing or wrong"),
    (403, "Forbidden", "The caller may not do this"),
    (413, "TooLarge", "The request is longer than 10 MB"),
    (415, "UnsupportedMediaType", "The body has another content type"),
    (429, "TooManyRequests", "Too many requests: try again later"),
    (500, "Failed", "The API or its authorizer failed"),
    (502, "Malformed", "The function failed, or its answer has another form"),
    (504, "Late", "The service behind the API did not answer in time"),
];

/// The answers of a route by status.
pub fn responses(
    of: &Described<'_>,
    route: &Route,
    made: &Made,
    takes_body: bool,
    components: &mut Components,
) -> BTreeMap<String, Value> {
    let mut said = said(made);
    if takes_body && !made.validator.is_empty() {
        said.entry(400).or_default().extend(unfit(of.api));
    }
    let mut statuses = own(of, route, takes_body);
    statuses.extend(said.keys().copied());
    let mut answer = |status: u16| {
        let words = said.get(&status).map(|words| words.iter().cloned().collect::<Vec<_>>().join("; or: "));
        match words {
            _ if status == 200 => success(of, route, components),
            Some(words) if !words.is_empty() => message(&words, None),
            _ => shared(of.api, status, components),
        }
    };
    let mut all: BTreeMap<String, Value> =
        statuses.into_iter().map(|status| (status.to_string(), answer(status))).collect();
    if is_answered(of, route) {
        all.insert("default".to_owned(), success(of, route, components));
    }
    all
}

/// The statuses that the integration answers with, each with the messages that its templates have for it.
fn said(made: &Made) -> BTreeMap<u16, BTreeSet<String>> {
    let mut all = BTreeMap::<u16, BTreeSet<String>>::new();
    for (status, response) in &made.integration.responses {
        let Ok(status) = status.parse() else { continue };
        all.entry(status).or_default();
        for (status, message) in overridden(status, response) {
            all.entry(status).or_default().extend(message);
        }
    }
    all
}

/// Every status that the templates of an answer end with, and the message behind it.
fn overridden(status: u16, response: &IntegrationResponse) -> Vec<(u16, Option<String>)> {
    let mut all = Vec::new();
    for template in response.templates.values() {
        let mut parts = template.split(SET);
        let alone = parts.next().filter(|whole| whole.len() == template.len());
        all.extend(alone.map(|whole| (status, first_message(whole))));
        let set = |part: &str| {
            let (status, rest) = part.split_once(')')?;
            // The message of a branch comes before its end.
            let branch = rest.split("\n#").next().unwrap_or_default();
            Some((status.trim().parse().ok()?, first_message(branch)))
        };
        all.extend(parts.filter_map(set));
    }
    all
}

/// The message in a text that has `{"message":...}` in a line of its own.
fn first_message(text: &str) -> Option<String> {
    let message = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("message")?.as_str().map(str::to_owned);
    text.lines().find_map(message)
}

/// The statuses of the answers that do not come from the integration.
fn own(of: &Described<'_>, route: &Route, takes_body: bool) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::from([429, 500, 504]);
    if let Some((_, authorizer)) = of.spec.authorizer(route) {
        statuses.extend(doors::refusals(authorizer));
    }
    if takes_body {
        statuses.insert(413);
    }
    match is_answered(of, route) {
        // An answer of another form than API Gateway's.
        true => statuses.insert(502),
        false => takes_body && statuses.insert(415),
    };
    statuses
}

/// Whether a function gives the whole answer, with a status of its own.
fn is_answered(of: &Described<'_>, route: &Route) -> bool {
    matches!(of.spec.to(route), Some(To::Function))
}

/// What the API says of a body that does not fit its model.
fn unfit(api: &RestApi) -> Option<String> {
    first_message(api.gateway_responses.get("BAD_REQUEST_BODY")?.templates.get(JSON)?)
}

/// An answer of API Gateway's own: the same of all routes.
fn shared(api: &RestApi, status: u16, components: &mut Components) -> Value {
    let known = OWN.iter().find(|(known, _, _)| *known == status);
    let Some((_, name, words)) = known else { return message("The request failed", None) };
    let unauthorized = api.gateway_responses.get("UNAUTHORIZED").filter(|_| status == 401);
    let challenged = unauthorized
        .is_some_and(|response| response.parameters.contains_key("gatewayresponse.header.WWW-Authenticate"));
    let response = message(words, challenged.then_some("WWW-Authenticate"));
    components.response(name, response)
}

fn message(words: &str, header: Option<&str>) -> Value {
    let mut response = json!({ "description": words, "content": { JSON: { "schema": Components::message() } } });
    if let Some(header) = header {
        response["headers"] = json!({ header: { "schema": { "type": "string" } } });
    }
    response
}

/// The answer to a request that did what it asked for, as the templates of `lower/to` make it.
fn success(of: &Described<'_>, route: &Route, components: &mut Components) -> Value {
    let (words, schema) = match of.spec.to(route) {
        Some(To::Stream) | None if of.spec.fed_queue().is_some() => {
            ("The message is in the queue", queued(of.spec.is_fifo()))
        }
        Some(To::Stream) | None => ("The record is on the stream", record()),
        Some(To::Function) => ("What the function answers, with a status and headers of its own", json!({})),
        Some(To::Aws(_)) => ("What the route's own template makes", json!({})),
        Some(To::Table(call)) if call.action().templates().1.is_some() => {
            ("What the route's own template makes", json!({}))
        }
        Some(To::Table(call)) => match call.action() {
            TableAction::Put(_) => ("The item is written", nothing()),
            TableAction::Update(_) => ("The item is changed", nothing()),
            TableAction::Delete(_) => ("The item is deleted", nothing()),
            TableAction::Get(_) => ("The item", components.item()),
            TableAction::Query(_) | TableAction::Scan(_) => ("A page of items", page(components.item())),
        },
    };
    json!({ "description": words, "content": { JSON: { "schema": schema } } })
}

/// `{}`.
fn nothing() -> Value {
    json!({ "type": "object" })
}

fn record() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["SequenceNumber", "ShardId"],
        "properties": { "SequenceNumber": text, "ShardId": text },
    })
}

fn queued(fifo: bool) -> Value {
    let text = json!({ "type": "string" });
    let mut message = json!({ "type": "object", "required": ["MessageId"], "properties": { "MessageId": text } });
    if fifo {
        message["required"] = json!(["MessageId", "SequenceNumber"]);
        message["properties"]["SequenceNumber"] = text;
    }
    message
}

fn page(item: Value) -> Value {
    json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": item },
            "next": { "type": "string", "description": "Where the next page begins, for `next`; absent on the last page" },
        },
    })
}
