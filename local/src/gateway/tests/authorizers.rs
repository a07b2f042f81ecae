//! Authorizers: identity sources, cache, verdicts, and who may call them.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::definition::Stage;
use super::fixtures::*;
use super::{Got, World, fails, says};
use crate::invoke::Refusal;

const CALLER: [(&str, &str); 1] = [("authorization", "Basic eDp5")];
const API: &str = "arn:aws:execute-api:eu-central-1:111122223333:abc123/prod";

fn policy(effect: &str, resource: &str) -> Value {
    json!({ "principalId": "x", "context": { "n": 1, "b": true, "t": "text" },
        "policyDocument": { "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource }] } })
}

async fn call(world: &World) -> Got {
    world.send("POST", RECORD, &CALLER, "{}").await
}

#[tokio::test]
async fn who_is_let_in_is_let_through() {
    let world = World::with(&guarded(0), Stage::default(), |_| says(&policy("Allow", &format!("{API}/*")))).await;
    assert_eq!(call(&world).await.status, 200);
    assert_eq!(world.cloud.get(|told| told.dry_runs), 1);
    assert_eq!(call(&world).await.status, 200);
    assert_eq!((world.calls().len(), world.cloud.get(|told| told.dry_runs)), (2, 1), "the verdict on the role is kept");
}

#[tokio::test]
async fn the_event_is_version_1() {
    let stage = Stage { variables: texts(&[("tier", "gold")]), ..Stage::default() };
    let world = World::with(&guarded(0), stage, |_| says(&policy("Allow", "*"))).await;
    let headers = [("authorization", "Basic eDp5"), ("x-two", "1"), ("x-two", "2"), ("user-agent", "t")];
    let path = "/prod/submit/Ev%20ents/7?q=a%20b&q=c";
    let got = world.send("POST", path, &headers, "{}").await;
    assert_eq!(got.status, 200);
    let mut event = world.calls().remove(0);
    let context = event["requestContext"].take();
    assert_eq!(context["requestId"], got.header("x-amzn-requestid").unwrap());
    assert_eq!(context["path"], "/prod/submit/Ev%20ents/7");
    assert_eq!(
        (&context["resourceId"], &context["stage"]),
        (&json!("r/submit/{streamName}/{eventId}"), &json!("prod"))
    );
    assert_eq!(
        (&context["identity"]["sourceIp"], &context["identity"]["userAgent"]),
        (&json!("127.0.0.1"), &json!("t"))
    );
    assert!(context["requestTimeEpoch"].as_u64().is_some_and(|time| time > 1_700_000_000_000));
    let time = context["requestTime"].as_str().unwrap();
    assert!(time.len() == 26 && time.ends_with(" +0000") && time.as_bytes()[2] == b'/', "{time}");
    let host = world.url.strip_prefix("http://").unwrap();
    let (_, port) = host.split_once(':').unwrap();
    let trace = event["headers"]["X-Amzn-Trace-Id"].clone();
    let expected = json!({
        "type": "REQUEST", "methodArn": format!("{API}/POST/submit/Ev%20ents/7"),
        "resource": "/submit/{streamName}/{eventId}", "path": "/submit/Ev%20ents/7", "httpMethod": "POST",
        "headers": { "Authorization": "Basic eDp5", "x-two": "2", "User-Agent": "t", "Host": host,
            "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Port": port, "X-Forwarded-Proto": "http", "X-Amzn-Trace-Id": trace },
        "multiValueHeaders": { "Authorization": ["Basic eDp5"], "x-two": ["1", "2"], "User-Agent": ["t"], "Host": [host],
            "X-Forwarded-For": ["127.0.0.1"], "X-Forwarded-Port": [port], "X-Forwarded-Proto": ["http"], "X-Amzn-Trace-Id": [trace] },
        "queryStringParameters": { "q": "c" }, "multiValueQueryStringParameters": { "q": ["a b", "c"] },
        "pathParameters": { "streamName": "Ev%20ents", "eventId": "7" }, "stageVariables": { "tier": "gold" },
        "requestContext": null,
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn missing_identity_is_401_without_a_call() {
    let world = World::with(&guarded(300), Stage::default(), |_| says(&policy("Allow", "*"))).await;
    let blank = [("authorization", "")];
    for headers in [&[][..], &blank[..]] {
        let got = world.send("POST", RECORD, headers, "{}").await;
        assert_eq!(got.refusal(), (401, Some("UnauthorizedException"), r#"{"message":"Unauthorized"}"#));
        assert_eq!(got.header("www-authenticate"), Some("Basic realm=\"events\""));
    }
    assert_eq!(world.calls().len(), 0);
}

#[tokio::test]
async fn exactly_unauthorized_is_401() {
    let world = World::with(&guarded(0), Stage::default(), |_| fails("Unauthorized")).await;
    let got = world.send("POST", RECORD, &[], "{}").await;
    assert_eq!(got.refusal(), (401, Some("UnauthorizedException"), r#"{"message":"Unauthorized"}"#));
    assert_eq!((got.header("www-authenticate"), world.calls().len()), (Some("Basic realm=\"events\""), 1));
}

#[tokio::test]
async fn denied_and_not_allowed_are_403() {
    let deny = World::with(&guarded(0), Stage::default(), |_| says(&policy("Deny", "*"))).await;
    let message = r#"{"message":"User is not authorized to access this resource with an explicit deny"}"#;
    assert_eq!(call(&deny).await.refusal(), (403, Some("AccessDeniedException"), message));
    let other = World::with(&guarded(0), Stage::default(), |_| says(&policy("Allow", &format!("{API}/GET/*")))).await;
    let message = r#"{"message":"User is not authorized to access this resource"}"#;
    assert_eq!(call(&other).await.refusal(), (403, Some("AccessDeniedException"), message));
    assert!(deny.cloud.calls_of("Kinesis_20131202.PutRecord").is_empty());
}

#[tokio::test]
async fn bad_answers_are_500_with_a_null_message() {
    let nested = json!({ "principalId": "x", "context": { "a": [1] }, "policyDocument": { "Statement": [] } });
    for answer in [json!({}), json!("x"), json!({ "principalId": "x" }), policy("Maybe", "*"), nested] {
        let shown = answer.to_string();
        let world = World::with(&guarded(300), Stage::default(), move |_| says(&answer)).await;
        let expected = (500, Some("AuthorizerConfigurationException"), r#"{"message":null}"#);
        assert_eq!(call(&world).await.refusal(), expected, "{shown}");
    }
    let world = World::with(&guarded(0), Stage::default(), |_| fails("unauthorized")).await;
    assert_eq!(call(&world).await.status, 500, "no other text is a 401");
    let world = World::with(&guarded(0), Stage::default(), |_| Err(Refusal::Throttled)).await;
    assert_eq!(call(&world).await.refusal(), (500, Some("AuthorizerFailureException"), r#"{"message":null}"#));
}

#[tokio::test]
async fn a_role_that_may_not_invoke_is_500_and_asked_again_after_a_minute() {
    let mut world = World::with(&guarded(0), Stage::default(), |_| says(&policy("Allow", "*"))).await;
    world.cloud.set(|told| told.may_invoke = false);
    assert_eq!(call(&world).await.refusal(), (500, Some("AuthorizerConfigurationException"), r#"{"message":null}"#));
    assert!(world.warnings().iter().any(|warning| warning.contains("may not invoke")));
    world.cloud.set(|told| told.may_invoke = true);
    assert_eq!((call(&world).await.status, world.calls().len()), (500, 0));
    super::pass(Duration::from_secs(61)).await;
    assert_eq!((call(&world).await.status, world.cloud.get(|told| told.dry_runs)), (200, 2));
}

#[tokio::test]
async fn results_are_kept_by_identity_for_the_ttl() {
    let api = guarded(300);
    let own = |event: &Value| says(&policy("Allow", event["methodArn"].as_str().unwrap()));
    let world = World::with(&api, Stage::default(), own).await;
    assert_eq!([call(&world).await.status, call(&world).await.status], [200, 200]);
    assert_eq!(world.calls().len(), 1);
    let other_route = world.send("POST", "/prod/submit/Events/8", &CALLER, "{}").await;
    assert_eq!((other_route.status, world.calls().len()), (403, 1), "a kept policy serves every route");
    let other_caller = world.send("POST", RECORD, &[("authorization", "Basic other")], "{}").await;
    assert_eq!((other_caller.status, world.calls().len()), (200, 2));
    super::pass(Duration::from_secs(240)).await;
    assert_eq!((call(&world).await.status, world.calls().len()), (200, 2));
    super::pass(Duration::from_secs(61)).await;
    assert_eq!((call(&world).await.status, world.calls().len()), (200, 3));
}

#[tokio::test]
async fn without_a_ttl_nothing_is_kept() {
    let world = World::with(&guarded(0), Stage::default(), |_| says(&policy("Allow", "*"))).await;
    for _ in 0..3 {
        assert_eq!(call(&world).await.status, 200);
    }
    assert_eq!(world.calls().len(), 3);
}

#[tokio::test]
async fn guards_that_are_not_served_let_nobody_in() {
    let mut api = api();
    let post = api.resources[0].methods.get_mut("POST").unwrap();
    post.authorization = "OTHER".to_owned();
    let mut world = World::new(&api, Stage::default()).await;
    assert_eq!(call(&world).await.status, 403);
    assert!(world.warnings().iter().any(|warning| warning.contains("not served")));
}
