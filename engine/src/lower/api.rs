//! The REST API: from routes to the document of their methods, mapping templates, models and answers.
//!
//! How it answers is in [`templates`]. Pure: nothing here asks AWS, so the same input gives the same document and the same hash.

mod templates;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::Place;
use crate::error::Result;
use crate::kinds::rest_api::{
    AccessLog, Authorizer, GatewayResponse, Integration, LEGACY_TLS, RestApi, Route as Method, Stage, Texts, Throttle,
    Validator, model_name,
};
use crate::spec::{MinimumTls, PartitionKey};

/// What a REST API is lowered from.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiInput {
    pub place: Place,
    /// Name of the pipeline: the realm of basic authentication.
    pub pipeline: String,
    pub stage: String,
    pub minimum_tls: MinimumTls,
    pub throttle: Option<Throttle>,
    pub xray: bool,
    /// ARN of the access log's group, without `:*`; no access log where absent.
    pub access_log_group_arn: Option<String>,
    pub routes: Vec<Route>,
    /// Name of the stream that takes the records.
    pub stream: String,
    /// ARN of the role that puts the records and calls the authorizer.
    pub role_arn: String,
    /// Needed by every route with `auth`.
    pub authorizer: Option<AuthorizerInput>,
}

/// The Lambda authorizer of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerInput {
    pub name: String,
    pub function_arn: String,
    /// Seconds that an answer is kept, 0 to 3600.
    pub cache_seconds: u32,
}

/// One path that takes POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// E.g. `/submit/{streamName}/{eventId}`. A parameter `streamName` says which stream is meant.
    pub path: String,
    /// Whether the authorizer guards it.
    pub auth: bool,
    pub partition_key: PartitionKey,
    pub body: Body,
}

/// What a request's body must be, checked before the stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A JSON object.
    Object,
    /// Anything.
    Any,
    /// What this JSON schema (draft 4) says.
    Schema(Value),
}

const JSON: &str = "application/json";
const VALIDATOR: &str = "body";

/// Makes the document of the API.
///
/// # Errors
/// Only where the document cannot be JSON, which is a defect.
pub fn document(input: &ApiInput) -> Result<RestApi> {
    let models: BTreeMap<String, Value> = input.routes.iter().filter_map(|route| model(&route.body)).collect();
    let validators = (!models.is_empty()).then(|| (VALIDATOR.to_owned(), Validator { body: true, parameters: false }));
    let api = RestApi {
        endpoint_type: "REGIONAL".to_owned(),
        security_policy: security_policy(input.minimum_tls).to_owned(),
        stages: BTreeMap::from([(input.stage.clone(), stage(input))]),
        routes: input.routes.iter().map(|route| (format!("POST {}", route.path), method(input, route))).collect(),
        paths: Default::default(),
        authorizers: input.authorizer.iter().map(|one| (one.name.clone(), authorizer(input, one))).collect(),
        validators: validators.into_iter().collect(),
        gateway_responses: gateway_responses(input, &models),
        models,
        deployed: String::new(),
    };
    api.sealed()
}

/// AWS changes no API from `TLS_1_0` to `TLS_1_2`; this policy takes the same versions and ciphers as the latter
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html>).
fn security_policy(minimum: MinimumTls) -> &'static str {
    match minimum {
        MinimumTls::Tls10 => LEGACY_TLS,
        MinimumTls::Tls12 => "SecurityPolicy_TLS13_1_2_2021_06",
    }
}

fn stage(input: &ApiInput) -> Stage {
    let log = |arn: &String| AccessLog { group_arn: arn.clone(), format: templates::access_log() };
    Stage {
        throttle: input.throttle.clone(),
        xray: input.xray,
        access_log: input.access_log_group_arn.as_ref().map(log),
    }
}

fn authorizer(input: &ApiInput, authorizer: &AuthorizerInput) -> Authorizer {
    let action = format!("lambda:path/2015-03-31/functions/{}/invocations", authorizer.function_arn);
    Authorizer {
        uri: uri(input, &action),
        // A role instead of a statement in the function's policy.
        credentials: input.role_arn.clone(),
        identity_source: "method.request.header.Authorization".to_owned(),
        cache_seconds: authorizer.cache_seconds,
    }
}

fn uri(input: &ApiInput, action: &str) -> String {
    format!("arn:{}:apigateway:{}:{action}", input.place.partition, input.place.region)
}

fn model(body: &Body) -> Option<(String, Value)> {
    let (stem, schema) = match body {
        Body::Any => return None,
        Body::Object => {
            let draft = "http://json-schema.org/draft-04/schema#";
            ("Object", json!({ "$schema": draft, "title": "A JSON object", "type": "object" }))
        }
        Body::Schema(schema) => ("Schema", schema.clone()),
    };
    Some((model_name(stem, &schema), schema))
}

fn method(input: &ApiInput, route: &Route) -> Method {
    let guard = input.authorizer.as_ref().filter(|_| route.auth).map(|authorizer| authorizer.name.clone());
    // A guarded route without a guard must not come out open: AWS refuses CUSTOM without an authorizer.
    let authorization = if route.auth { "CUSTOM" } else { "NONE" };
    let model = model(&route.body).map(|(name, _)| name);
    Method {
        authorization: authorization.to_owned(),
        authorizer: guard.unwrap_or_default(),
        api_key: false,
        validator: model.as_ref().map(|_| VALIDATOR.to_owned()).unwrap_or_default(),
        models: model.into_iter().map(|name| (JSON.to_owned(), name)).collect(),
        parameters: BTreeMap::new(),
        responses: templates::STATUSES.iter().map(|status| ((*status).to_owned(), BTreeMap::new())).collect(),
        integration: integration(input, route),
    }
}

fn integration(input: &ApiInput, route: &Route) -> Integration {
    let named_in_path = route.path.split('/').any(|part| part == "{streamName}");
    let stream = if named_in_path { templates::Stream::InPath } else { templates::Stream::Named(&input.stream) };
    Integration {
        kind: "AWS".to_owned(),
        http_method: "POST".to_owned(),
        uri: uri(input, "kinesis:action/PutRecord"),
        credentials: input.role_arn.clone(),
        passthrough: "NEVER".to_owned(),
        timeout_ms: 29_000,
        content_handling: String::new(),
        parameters: one("integration.request.header.Content-Type", "'application/x-amz-json-1.1'"),
        templates: one(JSON, &templates::request(stream, &route.partition_key)),
        responses: templates::responses(&route.partition_key),
    }
}

fn gateway_responses(input: &ApiInput, models: &BTreeMap<String, Value>) -> BTreeMap<String, GatewayResponse> {
    let mut responses = BTreeMap::new();
    if input.authorizer.is_some() {
        // RFC 7617: a challenge names a realm. A pipeline's name needs no escapes.
        let challenge = format!("'Basic realm=\"{}\"'", input.pipeline);
        let parameters = one("gatewayresponse.header.WWW-Authenticate", &challenge);
        let templates = one(JSON, r#"{"message":$context.error.messageString}"#);
        responses
            .insert("UNAUTHORIZED".to_owned(), GatewayResponse { status: "401".to_owned(), parameters, templates });
    }
    if !models.is_empty() {
        let all_objects = input.routes.iter().all(|route| !matches!(route.body, Body::Schema(_)));
        let must = if all_objects { "must be a JSON object" } else { "does not fit the schema of this route" };
        let templates = one(JSON, &json!({ "message": format!("The request body {must}") }).to_string());
        let response = GatewayResponse { status: "400".to_owned(), parameters: Texts::new(), templates };
        responses.insert("BAD_REQUEST_BODY".to_owned(), response);
    }
    responses
}

fn one(key: &str, value: &str) -> Texts {
    Texts::from([(key.to_owned(), value.to_owned())])
}

#[cfg(test)]
mod tests;
