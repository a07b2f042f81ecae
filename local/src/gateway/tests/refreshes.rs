//! Reading the API at the endpoint, taking another snapshot, the access log, stopping.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::super::definition::{AccessLog, Stage};
use super::super::{Gateway, Settings};
use super::World;
use super::cloud::{Called, Cloud};
use super::fixtures::*;
use crate::invoke::{Invoke, Refusal};
use crate::seen::Lens;

fn describe(cloud: &Cloud, deployment: &str, status: u16, rate: f64) {
    let mock = |status: u16| {
        json!({ "type": "MOCK", "timeoutInMillis": 29000, "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "integrationResponses": { status.to_string(): { "statusCode": status.to_string(), "selectionPattern": null } } })
    };
    let method = json!({ "httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": false, "methodIntegration": mock(status) });
    let resources = json!({ "item": [
        { "id": "root", "path": "/" }, { "id": "r1", "path": "/a", "pathPart": "a", "resourceMethods": { "GET": method } } ] });
    let stage = json!({ "stageName": "prod", "deploymentId": deployment, "variables": { "v": "1" },
        "methodSettings": { "*/*": { "throttlingRateLimit": rate, "throttlingBurstLimit": 1 } },
        "accessLogSettings": { "destinationArn": "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/apigateway/x", "format": "$context.requestId" } });
    let responses = json!({ "item": [
        { "responseType": "THROTTLED", "statusCode": "420", "defaultResponse": false },
        { "responseType": "MISSING_AUTHENTICATION_TOKEN", "statusCode": "499", "defaultResponse": true } ] });
    let answers: [(&str, Value); 8] = [
        ("/restapis/abc123", json!({ "id": "abc123", "name": "x" })),
        ("/restapis/abc123/stages/prod", stage),
        ("/restapis/abc123/resources", resources),
        ("/restapis/abc123/authorizers", json!({ "item": [] })),
        ("/restapis/abc123/models", json!({ "item": [] })),
        ("/restapis/abc123/requestvalidators", json!({ "item": [] })),
        ("/restapis/abc123/gatewayresponses", responses),
        ("/account", json!({ "cloudwatchRoleArn": ROLE })),
    ];
    cloud.set(|told| told.api = answers.into_iter().map(|(path, answer)| (path.to_owned(), answer)).collect());
}

async fn get(url: &str) -> u16 {
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = hyper::Request::get(url).body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
    client.request(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_new_deployment_is_a_new_snapshot_and_settings_always_apply() {
    let cloud = Cloud::start().await;
    describe(&cloud, "d1", 201, 0.001);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/prod/a", listener.local_addr().unwrap());
    let invoke: Invoke = Arc::new(|_| async { Err(Refusal::NotFound) }.boxed());
    let (events, _receiver) = mpsc::unbounded_channel();
    let (api, stage) = ("abc123".to_owned(), "prod".to_owned());
    let settings =
        Settings { roles: cloud.roles(), keys: Arc::new(|_| None), invoke, events, lens: Lens::default(), api, stage };
    let gateway = Gateway::start(listener, settings).await.unwrap();
    let snapshot = |gateway: &Gateway| Arc::clone(&gateway.shared.live().snapshot);
    let first = snapshot(&gateway);
    assert_eq!([get(&url).await, get(&url).await], [201, 420], "burst 1, and a gateway response of its own");

    describe(&cloud, "d1", 202, 0.001);
    gateway.refresh("abc123", "prod").await.unwrap();
    assert!(Arc::ptr_eq(&first, &snapshot(&gateway)), "the same deployment is not read again");
    assert_eq!(get(&url).await, 420, "the same setting keeps its bucket");
    describe(&cloud, "d1", 202, 1000.0);
    gateway.refresh("abc123", "prod").await.unwrap();
    assert_eq!(get(&url).await, 201, "another throttle applies at once, the changed method does not");
    describe(&cloud, "d2", 202, 1000.0);
    gateway.refresh("abc123", "prod").await.unwrap();
    assert_eq!(get(&url).await, 202);
    assert!(gateway.refresh("gone", "prod").await.is_err());
    assert_eq!(get(&url).await, 202, "what cannot be read changes nothing");
    let live = gateway.shared.live();
    let log = live.access_log.as_ref().unwrap();
    assert_eq!(
        (log.group.as_str(), log.role.as_str(), live.address.account.as_str()),
        ("/aws/apigateway/x", ROLE, "111122223333")
    );
    gateway.stop().await;
}

/// A format like that of a pipeline's stage, with the id that clients may set.
const FORMAT: &str = concat!(
    r#"{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","ip":"$context.identity.sourceIp","#,
    r#""requestTime":"$context.requestTime","method":"$context.httpMethod","resourcePath":"$context.resourcePath","#,
    r#""status":"$context.status","errorType":"$context.error.responseType","responseLatency":"$context.responseLatency","#,
    r#""responseLength":"$context.responseLength","integrationStatus":"$context.integration.status","#,
    r#""integrationLatency":"$context.integration.latency","integrationError":"$context.integration.error","#,
    r#""authorizerStatus":"$context.authorizer.status","authorizerLatency":"$context.authorizer.latency","#,
    r#""authorizerError":"$context.authorizer.error","validationError":"$context.error.validationErrorString"}"#
);

fn messages(put: &Called) -> Vec<Value> {
    let lines = put.body["logEvents"].as_array().unwrap();
    lines.iter().map(|line| serde_json::from_str(line["message"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn what_waits_for_the_log_is_written_when_the_gateway_stops() {
    let log = AccessLog { group: "/aws/apigateway/x".into(), format: FORMAT.into(), role: ROLE.into() };
    // Lines that do not get through in a moment are lost, which may happen once or twice on a slow machine.
    for _ in 0..5 {
        let world = World::new(&api(), Stage { access_log: Some(log.clone()), ..Stage::default() }).await;
        world.post("/prod/nope", "{}").await;
        world.gateway.stop().await;
        if !world.cloud.calls_of("Logs_20140328.PutLogEvents").is_empty() {
            return;
        }
    }
    panic!("a stop writes nothing");
}

#[tokio::test]
async fn each_request_is_a_line_under_the_accounts_role() {
    let log = AccessLog { group: "/aws/apigateway/x".into(), format: FORMAT.into(), role: ROLE.into() };
    let world = World::new(&api(), Stage { access_log: Some(log), ..Stage::default() }).await;
    let got = world.post(RECORD, "{}").await;
    world.post("/prod/nope", "{}").await;
    world.post(RECORD, r#"["status\":\"200"]"#).await;
    world.gateway.shared.log.flush().await;
    let puts = world.cloud.calls_of("Logs_20140328.PutLogEvents");
    assert!(puts.iter().all(|put| put.body["logGroupName"] == "/aws/apigateway/x"));
    assert!(puts.iter().all(|put| put.headers["authorization"].contains("Credential=ASIAROLE/")));
    // The first call found no stream and was made again.
    let lines: Vec<Value> = puts[1..].iter().flat_map(messages).collect();
    let id = got.header("x-amzn-requestid").unwrap();
    let shown = |line: &Value, names: &[&str]| {
        names.iter().map(|name| line[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let names = [
        "requestId",
        "ip",
        "method",
        "status",
        "errorType",
        "responseLength",
        "integrationStatus",
        "integrationError",
        "authorizerStatus",
    ];
    assert_eq!(
        shown(&lines[0], &names),
        [id, "127.0.0.1", "POST", "200", "-", &got.body.len().to_string(), "200", "-", "-"]
    );
    assert!(
        shown(&lines[0], &["integrationLatency", "responseLatency"]).iter().all(|text| text.parse::<u64>().is_ok())
    );
    assert_eq!(
        shown(&lines[1], &["resourcePath", "status", "errorType"]),
        ["-", "403", "MISSING_AUTHENTICATION_TOKEN"]
    );
    assert_eq!(shown(&lines[2], &["status", "errorType"]), ["400", "BAD_REQUEST_BODY"]);
    assert!(lines[2]["validationError"].as_str().unwrap().contains("\"object\""), "{}", lines[2]);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_told_once_and_delays_nothing() {
    let log = AccessLog { group: "g".into(), format: "$context.requestId".into(), role: ROLE.into() };
    let mut open_api = api();
    open_api.resources[0].methods.insert("GET".into(), open(mock(200)));
    let mut world = World::new(&open_api, Stage { access_log: Some(log), ..Stage::default() }).await;
    world.cloud.set(|told| told.may_assume = false);
    for _ in 0..3 {
        assert_eq!(world.send("GET", RECORD, &[], "").await.status, 200);
        world.gateway.shared.log.flush().await;
    }
    let warnings = world.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("access log `g`"));
}

#[tokio::test]
async fn stopping_takes_no_longer_than_promised() {
    let World { gateway, cloud, url, client, .. } = World::new(&api(), Stage::default()).await;
    cloud.set(|told| told.kinesis.2 = Duration::from_secs(60));
    let request = hyper::Request::post(format!("{url}{RECORD}")).header("content-type", "application/json");
    let post = tokio::spawn(client.request(request.body(http_body_util::Full::from("{}")).unwrap()));
    while cloud.calls_of("Kinesis_20131202.PutRecord").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let started = Instant::now();
    gateway.stop().await;
    assert!(started.elapsed() < Duration::from_secs(30) && !post.is_finished());
    assert!(tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.is_err());
}
