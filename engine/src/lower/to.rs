//! What a route calls: one file for each kind of target.

mod aws;
mod function;
mod kinesis;
mod queue;
mod table;
mod vtl;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::aws::Place;
use crate::error::{Error, Result};
use crate::kinds::rest_api::{Integration, IntegrationResponse, Texts};
use crate::lower::Lowering;
use crate::lower::source::api::ROLE;
use crate::spec::{self, Route, Stream};

pub use table::LIMIT;

/// The only type of body that routes take and give.
pub const JSON: &str = "application/json";

/// What a route calls, and what that takes.
#[derive(Clone, Debug)]
pub(super) struct To {
    pub integration: Integration,
    /// Statuses of the method's responses.
    pub statuses: &'static [&'static str],
    /// What the API's role needs for it.
    pub statements: Vec<Value>,
    /// Ids of what the API and its role name.
    pub mentions: Vec<String>,
}

/// Returns what the route calls.
///
/// # Errors
/// There is no stream, which is a defect: the rules refuse such a spec.
pub(super) fn to(lowering: &Lowering<'_>, route: &Route) -> Result<To> {
    let mut to = target(lowering, route)?;
    // One template for every type that the route takes; a request of another type is refused.
    if let Some(template) = to.integration.templates.remove(JSON) {
        to.integration.templates = route.types().map(|media| (media.to_owned(), template.clone())).collect();
    }
    Ok(to)
}

fn target(lowering: &Lowering<'_>, route: &Route) -> Result<To> {
    match (lowering.spec.to(route), &lowering.spec.stream) {
        (Some(spec::To::Stream), Some(Stream::Kinesis(_))) => Ok(kinesis::to(lowering, route)),
        (Some(spec::To::Stream), Some(Stream::Queue(_))) => Ok(queue::to(lowering, route)),
        (Some(spec::To::Function), _) => Ok(function::to(lowering)),
        (Some(spec::To::Aws(call)), _) => aws::to(lowering, call),
        (Some(spec::To::Table(call)), _) => table::to(lowering, route, &call.action()),
        (Some(spec::To::Stream) | None, _) => Err(Error::defect("a route that calls nothing")),
    }
}

/// The statuses of a call's answers. `$context.responseOverride.status` needs no method response of its own.
const STATUSES: [&str; 3] = ["200", "400", "502"];

/// A call of an action (`kinesis:action/PutRecord`) of a service that takes this content type, under the API's role.
fn call(
    lowering: &Lowering<'_>,
    action: &str,
    media: &str,
    request: &str,
    responses: BTreeMap<String, IntegrationResponse>,
) -> Integration {
    Integration {
        kind: "AWS".to_owned(),
        http_method: "POST".to_owned(),
        uri: uri(lowering.place, action),
        credentials: lowering.role_arn(ROLE),
        passthrough: "NEVER".to_owned(),
        timeout_ms: 29_000,
        content_handling: String::new(),
        parameters: one("integration.request.header.Content-Type", &format!("'{media}'")),
        templates: one(JSON, request),
        responses,
    }
}

/// The answers to a call, by the status under which each is kept: to a success, to a refusal (AWS's JSON services refuse everything with HTTP
/// 400), and to all else. No pattern matches that, and it is 502, so that what nobody foresaw fails closed.
fn responses(success: &str, refusal: &str, failed: &str) -> BTreeMap<String, IntegrationResponse> {
    let entry = |status: &str, pattern: &str, template: &str| {
        let templates = one(JSON, template);
        let pattern = pattern.to_owned();
        (status.to_owned(), IntegrationResponse { pattern, templates, ..IntegrationResponse::default() })
    };
    let [ok, refused, bad] = STATUSES;
    let failed = json!({ "message": failed }).to_string();
    BTreeMap::from([entry(ok, "200", success), entry(refused, r"4\d{2}", refusal), entry(bad, "", &failed)])
}

/// A template of the spec's own, as it was when the spec was checked.
fn own(lowering: &Lowering<'_>, file: &Path) -> Result<String> {
    let unread = || Error::defect(format!("the template `{}` was not read with the spec", file.display()));
    lowering.templates.get(file).cloned().ok_or_else(unread)
}

/// The URI of an action of another service, as API Gateway calls it.
pub(super) fn uri(place: &Place, action: &str) -> String {
    format!("arn:{}:apigateway:{}:{action}", place.partition, place.region)
}

/// The URI of a function's invocations, as API Gateway calls it.
pub(super) fn invocations(place: &Place, function: &str) -> String {
    uri(place, &format!("lambda:path/2015-03-31/functions/{function}/invocations"))
}

/// A map of one entry.
pub(super) fn one(key: &str, value: &str) -> Texts {
    Texts::from([(key.to_owned(), value.to_owned())])
}
