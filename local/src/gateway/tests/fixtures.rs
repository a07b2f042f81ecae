//! The main pipeline's API as the tests serve it, with the templates that are deployed: a test of the deployer's
//! (`engine/src/lower/to/kinesis/tests.rs`) compares `templates.json` with what it makes, and writes it again with `UPDATE=1`.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::definition::*;

pub const ROLE: &str = "arn:aws:iam::111122223333:role/api";
pub const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:authorizer";
pub const RECORD: &str = "/prod/submit/Events/7";

pub fn address() -> ApiAddress {
    ApiAddress {
        partition: "aws".into(),
        region: "eu-central-1".into(),
        account: "111122223333".into(),
        api: "abc123".into(),
        stage: "prod".into(),
    }
}

pub fn texts(all: &[(&str, &str)]) -> Texts {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Puts the body to the stream of the path.
pub fn kinesis() -> Integration {
    let deployed: BTreeMap<String, String> = serde_json::from_str(include_str!("templates.json")).unwrap();
    let answer = |pattern: &str, status: &str| IntegrationResponse {
        pattern: pattern.into(),
        templates: texts(&[("application/json", &deployed[status])]),
        ..IntegrationResponse::default()
    };
    Integration {
        kind: "AWS".into(),
        http_method: "POST".into(),
        uri: "arn:aws:apigateway:eu-central-1:kinesis:action/PutRecord".into(),
        credentials: ROLE.into(),
        passthrough: "NEVER".into(),
        timeout_ms: 29_000,
        parameters: texts(&[("integration.request.header.Content-Type", "'application/x-amz-json-1.1'")]),
        templates: texts(&[("application/json", &deployed["request"])]),
        responses: BTreeMap::from([
            ("200".to_owned(), answer("200", "200")),
            ("400".to_owned(), answer(r"4\d{2}", "400")),
            ("502".to_owned(), answer("", "502")),
        ]),
    }
}

pub fn function(kind: &str) -> Integration {
    let uri = format!("arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations");
    Integration { kind: kind.into(), uri, credentials: ROLE.into(), timeout_ms: 29_000, ..Integration::default() }
}

pub fn mock(status: u16) -> Integration {
    Integration {
        kind: "MOCK".into(),
        passthrough: "NEVER".into(),
        templates: texts(&[("application/json", &format!("{{\"statusCode\": {status}}}"))]),
        responses: BTreeMap::from([("200".to_owned(), IntegrationResponse::default())]),
        timeout_ms: 29_000,
        ..Integration::default()
    }
}

pub fn open(integration: Integration) -> Method {
    Method { authorization: "NONE".into(), integration: Some(integration), ..Method::default() }
}

pub fn resource(path: &str, methods: Vec<(&str, Method)>) -> Resource {
    let methods = methods.into_iter().map(|(name, method)| (name.to_owned(), method)).collect();
    Resource { id: format!("r{path}"), path: path.into(), methods }
}

/// An open API with one route to the stream, whose bodies must be objects.
pub fn api() -> Definition {
    let models = texts(&[("application/json", "Object")]);
    let post = Method { models, validator: "v1".into(), ..open(kinesis()) };
    Definition {
        deployment: "d1".into(),
        resources: vec![resource("/submit/{streamName}/{eventId}", vec![("POST", post)])],
        models: texts(&[("Object", &json!({ "type": "object" }).to_string())]),
        validators: BTreeMap::from([("v1".to_owned(), Validator { body: true, parameters: true })]),
        ..Definition::default()
    }
}

/// The same behind an authorizer, with the challenge.
pub fn guarded(cache_seconds: u64) -> Definition {
    let mut api = api();
    let post = api.resources[0].methods.get_mut("POST").unwrap();
    (post.authorization, post.authorizer) = ("CUSTOM".into(), "a1".into());
    api.authorizers = vec![Authorizer {
        pools: Vec::new(),
        id: "a1".into(),
        name: "basic".into(),
        kind: "REQUEST".into(),
        uri: function("AWS").uri,
        credentials: ROLE.into(),
        identity_source: "method.request.header.Authorization".into(),
        cache_seconds,
    }];
    let challenge = texts(&[("gatewayresponse.header.WWW-Authenticate", "'Basic realm=\"events\"'")]);
    let templates = texts(&[("application/json", "{\"message\":$context.error.messageString}")]);
    let response = GatewayResponse { status: Some(401), parameters: challenge, templates };
    api.gateway_responses = BTreeMap::from([("UNAUTHORIZED".to_owned(), response)]);
    api
}
