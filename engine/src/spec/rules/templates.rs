//! Rules of templates of one's own: our engine for them parses each, and runs it over an example.

use std::collections::BTreeMap;
use std::path::Path;

use pipe_local::template::{Params, Scope, Template, TemplateError};
use serde_json::{Value, json};

use super::{At, Cx};
use crate::spec::shape;
use crate::spec::wording::short;
use crate::spec::{Api, Body, Problem, Route, To, sample};

/// Every template can be read, parsed and rendered.
pub(super) fn own(cx: &Cx<'_>, api: &At<'_, Api>) -> Vec<Problem> {
    let of = |(index, route): (usize, &Route)| {
        let to = api.at(&format!("routes/{index}/to"));
        let files = route.to.as_ref().map(To::templates).unwrap_or_default();
        let problem = |(key, file): (String, &Path)| {
            let read = cx.files.templates.get(file)?;
            let found = match read {
                Ok(text) => tried(cx, route, key.ends_with("request"), &file.to_string_lossy(), text),
                Err(problem) => Some(problem.clone()),
            };
            Some(Problem { path: format!("{to}/{key}"), ..found? })
        };
        files.into_iter().filter_map(problem).collect::<Vec<_>>()
    };
    api.it.routes.iter().enumerate().flat_map(of).collect()
}

/// What is wrong with a template, if anything: how it reads, and what it makes of an example.
fn tried(cx: &Cx<'_>, route: &Route, request: bool, file: &str, text: &str) -> Option<Problem> {
    let file = short(file);
    let failed =
        |error: TemplateError| Problem::error("", format!("{file}:{}:{}: {}", error.line, error.column, error.message));
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => return Some(failed(error).hint("API Gateway would answer every request with 500")),
    };
    let body = if request { example(cx, route) } else { json!({}) };
    let rendered = match rendered(&template, route, &body) {
        Ok(rendered) => rendered,
        Err(error) => return Some(failed(error).hint("this came of an example: guard what may be absent with `#if`")),
    };
    let media = match &route.to {
        Some(To::Aws(call)) if request => call.content_type(),
        _ => "application/json",
    };
    if !media.contains("json") {
        return None;
    }
    let error = serde_json::from_str::<Value>(&rendered).err()?;
    let of = if request { "an example request" } else { "an empty answer" };
    let message = format!("of {of}, `{file}` makes no JSON: {error}");
    Some(Problem::warning("", message).hint(format!("it makes `{}`", short(rendered.trim()))))
}

/// What the route's body may be.
fn example(cx: &Cx<'_>, route: &Route) -> Value {
    let schema = match route.body() {
        Body::Schema(file) => cx.files.schemas.get(file).and_then(|schema| schema.as_ref().ok()),
        Body::Object | Body::Any => None,
    };
    let members = schema.and_then(|schema| shape::members(schema).ok());
    Value::Object(sample(members.as_deref(), "1"))
}

fn rendered(template: &Template, route: &Route, body: &Value) -> Result<String, TemplateError> {
    let names = route.path().split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let params =
        Params { path: names.map(|name| (name.to_owned(), format!("{name}-1"))).collect(), ..Params::default() };
    let context = json!({
        "accountId": "123456789012", "apiId": "example", "extendedRequestId": "example", "requestId": "example",
        "httpMethod": route.method().name(), "resourcePath": route.path(), "requestTimeEpoch": 0, "stage": "example",
        "authorizer": { "principalId": "example", "claims": {} },
        "identity": { "sourceIp": "192.0.2.1", "userAgent": "example" },
    });
    let body = body.to_string();
    let scope = Scope { body: &body, params: &params, context: &context, stage_variables: &BTreeMap::new() };
    Ok(template.render(&scope)?.text)
}
