//! Every status, compared with what AWS was recorded to answer.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::super::coding::LONGEST_BODY;
use super::super::definition::{Definition, GatewayResponse, Method, Stage, Throttle};
use super::World;
use super::cloud::BROKEN;
use super::fixtures::*;

const REFUSED: (u16, Option<&str>, &str) =
    (403, Some("MissingAuthenticationTokenException"), r#"{"message":"Missing Authentication Token"}"#);

#[tokio::test]
async fn a_record_is_put_and_its_place_answered() {
    let mut world = World::new(&api(), Stage::default()).await;
    let got = world.post(RECORD, r#"{"a": 1}"#).await;
    assert_eq!((got.status, got.json()), (200, json!({ "SequenceNumber": "4960", "ShardId": "shardId-000000000000" })));
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert!(Uuid::try_parse(got.header("x-amzn-requestid").unwrap()).is_ok());
    assert!(got.header("x-amzn-trace-id").unwrap().starts_with("Root=1-"));
    let id = got.header("x-amz-apigw-id").unwrap();
    assert!(id.len() == 16 && id.ends_with('='));

    let put = &world.cloud.calls_of("Kinesis_20131202.PutRecord")[0];
    assert_eq!(put.body, json!({ "StreamName": "Events", "Data": "eyJhIjogMX0=", "PartitionKey": id }));
    assert_eq!(put.headers["content-type"], "application/x-amz-json-1.1");
    assert!(put.headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=ASIAROLE/"));
    assert!(put.headers["authorization"].contains("/eu-central-1/kinesis/aws4_request"));
    assert_eq!(put.headers["x-amz-security-token"], "token");

    let mut event = world.answered().await;
    event.as_object_mut().unwrap().remove("milliseconds");
    let expected = json!({ "method": "POST", "path": RECORD, "status": 200,
        "location": { "service": "kinesis", "name": "Events", "part": "shardId-000000000000" }, "record": "4960" });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn what_is_not_there_is_403() {
    let mut world = World::new(&api(), Stage::default()).await;
    for path in ["/prod/nope", "/prod", "/prod/", "/", "/production/submit/Events/7", "/other/submit/Events/7"] {
        assert_eq!(world.post(path, "{}").await.refusal(), REFUSED, "{path}");
    }
    let wrong_method = world.send("GET", RECORD, &[], "").await;
    assert_eq!(wrong_method.refusal(), REFUSED);
    assert_eq!(wrong_method.header("x-amzn-trace-id"), None, "no trace on API Gateway's own answers");
    assert_eq!(world.answered().await["reason"], "MISSING_AUTHENTICATION_TOKEN");
}

#[tokio::test]
async fn bodies_that_do_not_fit_their_model_are_400() {
    let world = World::new(&api(), Stage::default()).await;
    for body in ["[1]", "no json", "\"text\"", "{\"a\":"] {
        let expected = (400, Some("BadRequestException"), r#"{"message":"Invalid request body"}"#);
        assert_eq!(world.post(RECORD, body).await.refusal(), expected, "{body}");
    }
    assert_eq!(world.post(RECORD, "").await.status, 200, "an empty body counts as an empty object");
    assert!(world.cloud.calls_of("Kinesis_20131202.PutRecord").len() == 1);
}

#[tokio::test]
async fn models_refer_to_models() {
    let mut api = api();
    let list = json!({ "type": "array",
        "items": { "$ref": "https://apigateway.amazonaws.com/restapis/abc123/models/Pair" } });
    let pair = json!({ "$schema": "http://json-schema.org/draft-04/schema#", "title": "Pair", "type": "object",
        "required": ["a", "b"], "properties": { "a": { "type": "number" }, "b": { "type": "number" } } });
    api.models = texts(&[("Object", &list.to_string()), ("Pair", &pair.to_string())]);
    let world = World::new(&api, Stage::default()).await;
    assert_eq!(world.post(RECORD, r#"[{"a":1,"b":2}]"#).await.status, 200);
    assert_eq!(world.post(RECORD, r#"[{"a":1}]"#).await.status, 400);
}

#[tokio::test]
async fn missing_parameters_are_named_in_aws_order() {
    let mut api = api();
    let names = ["querystring.qs1", "header.x-header-param", "path.issuer"];
    let required = names.map(|name| (format!("method.request.{name}"), true));
    api.resources[0].methods.get_mut("POST").unwrap().parameters = required.into();
    let world = World::new(&api, Stage::default()).await;
    let expected = |names: &str| json!({ "message": format!("Missing required request parameters: [{names}]") });
    assert_eq!(world.post(RECORD, "{}").await.json(), expected("x-header-param, issuer, qs1"));
    let got = world.send("POST", &format!("{RECORD}?qs1=%20"), &[("X-Header-Param", "x")], "{}").await;
    assert_eq!((got.status, got.json()), (400, expected("issuer, qs1")), "a blank value is none");
}

#[tokio::test]
async fn other_content_types_are_415() {
    let world = World::new(&api(), Stage::default()).await;
    let got = world.send("POST", RECORD, &[("content-type", "text/plain")], "hello").await;
    assert_eq!(got.refusal(), (415, Some("BadRequestException"), r#"{"message":"Unsupported Media Type"}"#));
    let with_charset = world.send("POST", RECORD, &[("content-type", "Application/JSON; charset=utf-8")], "{}").await;
    assert_eq!(with_charset.status, 200);
    assert_eq!(world.send("POST", RECORD, &[], "{}").await.status, 200, "none is JSON");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let mut api = api();
    api.resources.push(resource("/any", vec![("POST", open(mock(200)))]));
    let world = World::new(&api, Stage::default()).await;
    let got = world.send("POST", RECORD, &[], vec![b' '; LONGEST_BODY + 1]).await;
    assert_eq!(got.refusal(), (413, Some("RequestTooLargeException"), r#"{"message":"Request Too Long"}"#));
    assert_eq!(world.send("POST", "/prod/any", &[], vec![b' '; LONGEST_BODY]).await.status, 200);
    let header = "x".repeat(10_300);
    assert_eq!(world.send("POST", RECORD, &[("x-long", &header)], "{}").await.status, 431);
}

#[tokio::test]
async fn the_stage_throttles() {
    let throttle = Throttle { rate_per_second: 0.01, burst: 2 };
    let stage = Stage { throttles: [("*/*".to_owned(), throttle)].into(), ..Stage::default() };
    let world = World::new(&api(), stage).await;
    assert_eq!([world.post(RECORD, "{}").await.status, world.post(RECORD, "{}").await.status], [200, 200]);
    let got = world.post(RECORD, "{}").await;
    assert_eq!(got.refusal(), (429, Some("TooManyRequestsException"), r#"{"message":"Too Many Requests"}"#));
    super::pass(Duration::from_secs(101)).await;
    assert_eq!(world.post(RECORD, "{}").await.status, 200, "a token came back");
}

#[tokio::test]
async fn a_method_may_have_a_throttle_of_its_own() {
    let none = Throttle { rate_per_second: 0.0, burst: 0 };
    let path = "~1submit~1{streamName}~1{eventId}/POST".to_owned();
    let stage = Stage { throttles: [(path, none)].into(), ..Stage::default() };
    assert_eq!(World::new(&api(), stage).await.post(RECORD, "{}").await.status, 429);
}

#[tokio::test]
async fn refusals_of_the_stream_find_their_response() {
    let mut world = World::new(&api(), Stage::default()).await;
    let throttled = json!({ "__type": "com.amazonaws.kinesis#ProvisionedThroughputExceededException" }).to_string();
    world.cloud.set(|told| told.kinesis.0 = 400);
    world.cloud.set(|told| told.kinesis.1 = throttled);
    let got = world.post(RECORD, "{}").await;
    assert_eq!(
        (got.status, got.json()),
        (429, json!({ "message": "Too many records for the stream: try again later" })),
        "overridden by the template"
    );
    assert_eq!(world.answered().await["reason"], "ProvisionedThroughputExceededException");
    world.cloud.set(|told| told.kinesis.0 = 503);
    let got = world.post(RECORD, "{}").await;
    assert_eq!(
        (got.status, got.json()),
        (502, json!({ "message": "The stream did not take the record" })),
        "no pattern is for the rest"
    );
}

#[tokio::test]
async fn a_slow_stream_is_504() {
    let mut api = api();
    api.resources[0].methods.get_mut("POST").unwrap().integration.as_mut().unwrap().timeout_ms = 50;
    let world = World::new(&api, Stage::default()).await;
    world.cloud.set(|told| told.kinesis.2 = Duration::from_secs(5));
    let got = world.post(RECORD, "{}").await;
    assert_eq!(
        got.refusal(),
        (504, Some("InternalServerErrorException"), r#"{"message":"Endpoint request timed out"}"#)
    );
}

#[tokio::test]
async fn a_stream_that_hangs_up_is_504() {
    let mut world = World::new(&api(), Stage::default()).await;
    world.cloud.set(|told| told.kinesis.0 = BROKEN);
    let expected = r#"{"message":"Network error communicating with endpoint"}"#;
    assert_eq!(world.post(RECORD, "{}").await.refusal(), (504, Some("InternalServerErrorException"), expected));
    assert_eq!(world.answered().await["reason"], "INTEGRATION_FAILURE");
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_500() {
    let mut world = World::new(&api(), Stage::default()).await;
    world.cloud.set(|told| told.may_assume = false);
    let got = world.post(RECORD, "{}").await;
    assert_eq!(got.refusal(), (500, Some("InternalServerErrorException"), r#"{"message":"Internal server error"}"#));
    assert!(world.warnings().iter().any(|warning| warning.contains("assume the role")));
}

#[tokio::test]
async fn own_gateway_responses_and_their_defaults() {
    let mut api = api();
    let body =
        "{\"why\":$context.error.messageString,\"type\":\"$context.error.responseType\",\"id\":\"$context.requestId\"}";
    let all = GatewayResponse {
        status: Some(418),
        parameters: texts(&[
            ("gatewayresponse.header.X-Path", "context.path"),
            ("gatewayresponse.header.X-Q", "method.request.querystring.q"),
        ]),
        templates: texts(&[("application/json", body)]),
    };
    let named = GatewayResponse { status: Some(416), ..GatewayResponse::default() };
    api.gateway_responses = [("DEFAULT_4XX".to_owned(), all), ("UNSUPPORTED_MEDIA_TYPE".to_owned(), named)].into();
    let world = World::new(&api, Stage::default()).await;
    let got = world.post("/prod/nope?q=1", "{}").await;
    assert_eq!((got.status, got.header("x-path"), got.header("x-q")), (418, Some("/prod/nope"), Some("1")));
    let id = got.header("x-amzn-requestid").unwrap();
    assert_eq!(
        got.json(),
        json!({ "why": "Missing Authentication Token", "type": "MISSING_AUTHENTICATION_TOKEN", "id": id })
    );
    assert_eq!(world.send("POST", RECORD, &[("content-type", "a/b")], "x").await.status, 416, "its own goes first");
    let large = world.send("POST", RECORD, &[], vec![b' '; LONGEST_BODY + 1]).await;
    assert_eq!(large.status, 413, "nobody changes this one");
}

#[tokio::test]
async fn mocks_head_and_any() {
    let mut api = api();
    let any = resource("/any", vec![("ANY", open(mock(200)))]);
    api.resources
        .extend([any, resource("/none", vec![("GET", Method { authorization: "NONE".into(), ..Method::default() })])]);
    let world = World::new(&api, Stage::default()).await;
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        let got = world.send(method, "/prod/any", &[], "").await;
        assert_eq!((got.status, got.body.as_str(), got.header("x-amzn-trace-id")), (200, "", None), "{method}");
    }
    assert_eq!(world.send("GET", "/prod/none", &[], "").await.status, 500);
}

#[tokio::test]
async fn an_override_of_the_request_template_reaches_the_answer() {
    let mut integration = mock(200);
    let request = "#set($context.responseOverride.status = 299)\n{\"statusCode\": 200}";
    integration.templates = texts(&[("application/json", request)]);
    let response = integration.responses.get_mut("200").unwrap();
    response.templates = texts(&[("application/json", "hello")]);
    let api =
        Definition { resources: vec![resource("/any", vec![("GET", open(integration))])], ..Definition::default() };
    let got = World::new(&api, Stage::default()).await.send("GET", "/prod/any", &[], "").await;
    assert_eq!((got.status, got.body.as_str()), (299, "hello"));
}

#[tokio::test]
async fn templates_and_patterns_that_cannot_be_parsed_are_told_and_500() {
    let mut api = api();
    let integration = api.resources[0].methods.get_mut("POST").unwrap().integration.as_mut().unwrap();
    integration.templates = texts(&[("application/json", "#if($a")]);
    integration.responses.get_mut("400").unwrap().pattern = "(".into();
    let mut world = World::new(&api, Stage::default()).await;
    assert_eq!(world.post(RECORD, "{}").await.status, 500);
    let warnings = world.warnings();
    assert!(warnings.iter().any(|warning| warning.contains("template")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("pattern `(`")), "{warnings:?}");
}

#[tokio::test]
async fn path_parameters_are_handed_on_as_they_came() {
    let mut api = api();
    let integration = api.resources[0].methods.get_mut("POST").unwrap().integration.as_mut().unwrap();
    // The template that is deployed decodes them.
    let template = r#"{"StreamName": "$input.params().path.get('streamName')"}"#;
    integration.templates = texts(&[("application/json", template)]);
    let world = World::new(&api, Stage::default()).await;
    assert_eq!(world.post("/prod/submit/a%20b%2Fc/1%25", "{}").await.status, 200);
    assert_eq!(world.cloud.calls_of("Kinesis_20131202.PutRecord")[0].body["StreamName"], "a%20b%2Fc");
}

#[tokio::test]
async fn slashes_after_the_stage_are_one() {
    let world = World::new(&api(), Stage::default()).await;
    assert_eq!(world.post(&RECORD.replace("/prod/", "/prod///"), "{}").await.status, 200);
    assert_eq!(world.post(&RECORD.replace("/submit/", "/submit//"), "{}").await.status, 403);
}

#[tokio::test]
async fn the_client_names_the_request_with_a_uuid_only() {
    let world = World::new(&api(), Stage::default()).await;
    let own = "6b1e1f5e-3f0e-4a1c-8d7a-0123456789ab";
    assert_eq!(
        world.send("POST", RECORD, &[("x-amzn-requestid", own)], "{}").await.header("x-amzn-requestid"),
        Some(own)
    );
    let got = world.send("POST", RECORD, &[("x-amzn-requestid", "mine")], "{}").await;
    assert_ne!(got.header("x-amzn-requestid"), Some("mine"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once() {
    let world = World::new(&api(), Stage::default()).await;
    let all = futures_util::future::join_all((0..300).map(|_| world.post(RECORD, "{}"))).await;
    assert!(all.iter().all(|got| got.status == 200));
    let mut keys: Vec<_> = world
        .cloud
        .calls_of("Kinesis_20131202.PutRecord")
        .iter()
        .map(|put| put.body["PartitionKey"].to_string())
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 300, "each request has an id of its own");
}
