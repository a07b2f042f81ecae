//! Functions behind methods: with mapping templates, and as proxies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::definition::{BinaryTypes, Definition, IntegrationResponse, Stage};
use super::fixtures::*;
use super::{World, fails, says};
use crate::invoke::{Answer, Refusal};

const MALFORMED: (u16, Option<&str>, &str) =
    (502, Some("InternalServerErrorException"), r#"{"message":"Internal server error"}"#);

fn api_of(kind: &str) -> Definition {
    let mut integration = function(kind);
    let response = |pattern: &str| IntegrationResponse { pattern: pattern.into(), ..IntegrationResponse::default() };
    let headers = texts(&[
        ("method.response.header.X-Kind", "'static'"),
        ("method.response.header.WWW-Authenticate", "'Basic'"),
        ("method.response.header.X-Id", "integration.response.header.X-Amzn-RequestId"),
    ]);
    let ok = IntegrationResponse { parameters: headers, ..response("") };
    integration.responses = BTreeMap::from([("200".to_owned(), ok), ("404".to_owned(), response("no such .*"))]);
    Definition { resources: vec![resource("/f/{id}", vec![("POST", open(integration))])], ..Definition::default() }
}

async fn proxied(answer: impl Fn(&Value) -> Result<Answer, Refusal> + Send + Sync + 'static) -> super::Got {
    let world = World::with(&api_of("AWS_PROXY"), Stage::default(), answer).await;
    world.post("/prod/f/1", "hello").await
}

#[tokio::test]
async fn a_function_is_called_with_the_body_and_chosen_by_its_message() {
    let api = api_of("AWS");
    let answer = |event: &Value| match event["missing"].as_bool() {
        Some(true) => fails("no such thing"),
        _ => says(&json!({ "got": event })),
    };
    let world = World::with(&api, Stage::default(), answer).await;
    let got = world.post("/prod/f/1", r#"{"a":1}"#).await;
    assert_eq!((got.status, got.json()), (200, json!({ "got": { "a": 1 } })));
    assert_eq!((got.header("x-kind"), got.header("x-id")), (Some("static"), Some("f-1")));
    assert_eq!((got.header("www-authenticate"), got.header("x-amzn-remapped-www-authenticate")), (None, Some("Basic")));
    assert_eq!(world.post("/prod/f/1", r#"{"missing":true}"#).await.status, 404);
}

#[tokio::test]
async fn functions_that_are_not_reached_are_500() {
    for (refusal, kind) in [(Refusal::NotFound, "AWS"), (Refusal::Throttled, "AWS"), (Refusal::Throttled, "AWS_PROXY")]
    {
        let world = World::with(&api_of(kind), Stage::default(), move |_| Err(refusal.clone())).await;
        let got = world.post("/prod/f/1", "{}").await;
        assert_eq!((got.status, got.body.as_str()), (500, r#"{"message":"Internal server error"}"#));
    }
    let world = World::with(&api_of("AWS"), Stage::default(), says).await;
    world.cloud.set(|told| told.may_invoke = false);
    assert_eq!((world.post("/prod/f/1", "{}").await.status, world.calls().len()), (500, 0));
}

#[tokio::test]
async fn a_proxy_gets_the_whole_request() {
    let world = World::with(&api_of("AWS_PROXY"), Stage::default(), |_| says(&json!({ "statusCode": 201 }))).await;
    let got = world.send("POST", "/prod/f/1", &[("x-a", "1")], "hello").await;
    assert_eq!((got.status, got.body.as_str()), (201, ""));
    let event = world.calls().remove(0);
    let fields = [
        "resource",
        "path",
        "httpMethod",
        "queryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
        "isBase64Encoded",
    ];
    let seen: Vec<Value> = fields.iter().map(|field| event[field].clone()).collect();
    assert_eq!(json!(seen), json!(["/f/{id}", "/f/1", "POST", null, { "id": "1" }, null, "hello", false]));
    assert_eq!((&event["headers"]["x-a"], &event["multiValueHeaders"]["x-a"]), (&json!("1"), &json!(["1"])));
    assert_eq!(event["requestContext"]["resourcePath"], "/f/{id}");
}

#[tokio::test]
async fn a_proxys_answer_is_the_clients() {
    let answer = json!({ "statusCode": "202", "body": "text", "headers": { "Content-Type": "text/plain", "X-B": true, "Date": "x",
            "set-cookie": "c=3", "WWW-Authenticate": "Basic" },
        "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"] }, "isBase64Encoded": false });
    let got = proxied(move |_| says(&answer)).await;
    assert_eq!((got.status, got.body.as_str()), (202, "text"));
    assert_eq!((got.header("content-type"), got.header("x-b")), (Some("text/plain"), Some("true")));
    let remapped = (got.header("x-amzn-remapped-date"), got.header("x-amzn-remapped-www-authenticate"));
    assert_eq!((remapped, got.header("www-authenticate")), ((Some("x"), Some("Basic")), None));
    let cookies: Vec<_> = got.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value).collect();
    assert_eq!(cookies, ["a=1", "b=2", "c=3"], "the recorded order: several, then the one");
}

#[tokio::test]
async fn malformed_and_failed_proxies_are_502() {
    let bad = [
        json!({ "statusCode": 200, "other": 1 }),
        json!("text"),
        json!({ "body": {} }),
        json!({ "statusCode": "x" }),
        json!({ "headers": { "a": [] } }),
    ];
    for answer in bad {
        let shown = answer.to_string();
        assert_eq!(proxied(move |_| says(&answer)).await.refusal(), MALFORMED, "{shown}");
    }
    assert_eq!(proxied(|_| fails("boom")).await.refusal(), MALFORMED);
}

#[tokio::test]
async fn bytes_go_in_and_out_where_the_api_knows_their_type() {
    let mut api = api_of("AWS_PROXY");
    api.binary_types = BinaryTypes(vec!["image/*".into()]);
    let world =
        World::with(&api, Stage::default(), |_| says(&json!({ "body": "aGk=", "isBase64Encoded": true }))).await;
    let got = world.send("POST", "/prod/f/1", &[("content-type", "image/png"), ("accept", "image/png")], "hello").await;
    assert_eq!((got.body.as_str(), &world.calls()[0]["body"]), ("hi", &json!("aGVsbG8=")));
    assert_eq!(world.post("/prod/f/1", "x").await.body, "aGk=", "a client that asks for no bytes gets the text");
}
