//! The deployed authorizer, asked as API Gateway asks it.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_test_support::{Account, Kind};
use serde_json::{Value, json};

use super::cloud::{SECRET, logs, root, sandbox};

const FUNCTION: &str = "gateway-events-authorizer";
/// The function reads its secret again after a mismatch, but not sooner than this after the last time.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);

/// What the function answered.
pub struct Answer {
    pub error: Option<String>,
    pub payload: Value,
    log: String,
}

/// An event of a REST API's REQUEST authorizer (payload version 1), as API Gateway sends it.
pub fn event(account: &str, headers: Value, multi_value_headers: Value) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": format!("arn:aws:execute-api:eu-central-1:{account}:abcdef1234/prod/POST/submit/GatewayEventsStream/e-1"),
        "resource": "/submit/{streamName}/{eventId}",
        "path": "/submit/GatewayEventsStream/e-1",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": multi_value_headers,
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "pathParameters": { "streamName": "GatewayEventsStream", "eventId": "e-1" },
        "stageVariables": {},
        "requestContext": {
            "resourceId": "a1b2c3", "resourcePath": "/submit/{streamName}/{eventId}", "httpMethod": "POST",
            "extendedRequestId": "JJbxmFHFliAFjsA=", "requestTime": "21/Nov/2026:11:32:43 +0000",
            "requestTimeEpoch": 1_795_260_763_000_u64, "path": "/prod/submit/GatewayEventsStream/e-1",
            "accountId": account, "protocol": "HTTP/1.1", "stage": "prod", "domainPrefix": "abcdef1234",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "apiId": "abcdef1234", "deploymentId": "d1",
            "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
            "identity": { "sourceIp": "203.0.113.7", "userAgent": "curl/8.5.0", "caller": null, "user": null },
        },
    })
}

/// The headers of a request with these credentials.
pub fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

/// Asks with one `Authorization` header, in both maps as API Gateway has it.
pub async fn ask(aws: &SdkConfig, account: &Account, header: &str) -> Answer {
    let headers = json!({ "Authorization": header, "Host": "abcdef1234.execute-api.eu-central-1.amazonaws.com" });
    invoke(aws, event(account.id(), headers, json!({ "Authorization": [header] }))).await
}

async fn invoke(aws: &SdkConfig, event: Value) -> Answer {
    let lambda = aws_sdk_lambda::Client::new(aws);
    let sent = lambda.invoke().function_name(FUNCTION).log_type(LogType::Tail).payload(Blob::new(event.to_string()));
    let answer = sent.send().await.unwrap();
    let log = STANDARD.decode(answer.log_result().unwrap_or_default()).unwrap();
    Answer {
        error: answer.function_error().map(str::to_owned),
        payload: serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap(),
        log: String::from_utf8(log).unwrap(),
    }
}

fn allows(answer: &Answer, account: &Account) {
    let resource = format!("arn:aws:execute-api:eu-central-1:{}:abcdef1234/prod/*/*", account.id());
    let statement = json!([{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource }]);
    let policy = json!({ "Version": "2012-10-17", "Statement": statement });
    assert_eq!(answer.payload, json!({ "principalId": "gateway-events", "policyDocument": policy }));
    assert_eq!(answer.error, None);
}

/// API Gateway answers 401 to exactly this text, and 500 to any other.
fn refuses(answer: &Answer, what: &str) {
    assert_eq!(
        (&answer.payload["errorMessage"], &answer.error),
        (&json!("Unauthorized"), &Some("Unhandled".into())),
        "{what}"
    );
}

fn readings(account: &Account) -> usize {
    account.calls().iter().filter(|call| call.operation == "GetSecretValue").count()
}

/// One test, as it is one function that stays warm: what it remembers is a part of what is tested.
#[tokio::test]
async fn credentials_are_asked_for() {
    let sandbox = sandbox(Kind::MiniStack);
    sandbox.pipe(&["apply", "--yes"]);
    let account = &sandbox.account;
    let aws = root(account).await;
    let credentials = sandbox.pipe(&["outputs", "--reveal", "--field", "credentials"]).trim().to_owned();
    let password = credentials.strip_prefix("gateway-events:").unwrap().to_owned();
    account.clear();

    let header = basic(&credentials);
    let read_before = Instant::now();
    let mut answers = let_in(&aws, account, &header).await;
    let from = answers.len();
    answers.extend(refused(&aws, account, &credentials).await);
    assert_eq!(answers.len(), from + 10);
    let known = readings(account);
    // The slowest machine may ask for longer than the interval.
    let may_be_more = read_before.elapsed() >= LEAST_INTERVAL;
    assert!(known == 1 || may_be_more, "what is known is not read again, and a mismatch reads at most once a minute");

    let rotated = rotate(&aws).await;
    tokio::time::sleep(LEAST_INTERVAL).await;
    answers.push(ask(&aws, account, &basic(&rotated)).await);
    allows(answers.last().unwrap(), account);
    assert_eq!(readings(account), known + 1, "the mismatch was looked into");
    assert!(read_before.elapsed() < Duration::from_secs(300), "it was the mismatch that read, not the age");
    answers.push(ask(&aws, account, &header).await);
    refuses(answers.last().unwrap(), "the withdrawn password");
    assert_eq!(readings(account), known + 1);

    let hidden = [password.as_str(), "new-password", &STANDARD.encode(&credentials), &STANDARD.encode(&rotated)];
    nothing_is_told(&aws, &answers, hidden).await;
}

async fn nothing_is_told(aws: &SdkConfig, answers: &[Answer], hidden: [&str; 4]) {
    let said: String = answers.iter().map(|answer| format!("{}\n{}\n", answer.payload, answer.log)).collect();
    let logged = logs(aws, FUNCTION).await;
    assert!(logged.contains("unauthorized") && logged.contains("allowed"), "the log holds what was decided: {logged}");
    for hidden in hidden {
        assert!(!said.contains(hidden) && !logged.contains(hidden), "a credential is in an answer or a log");
    }
}

/// Asks in every way that is a way in.
async fn let_in(aws: &SdkConfig, account: &Account, header: &str) -> Vec<Answer> {
    let mut answers = vec![ask(aws, account, header).await];
    for (headers, several) in [
        (json!({ "authorization": header }), json!({ "authorization": [header] })),
        (json!({ "AUTHORIZATION": header, "Accept": "*/*" }), json!(null)),
        (json!(null), json!({ "Authorization": [header] })),
        (json!({}), json!({ "aUthorization": ["Basic bm8=", header] })),
    ] {
        answers.push(invoke(aws, event(account.id(), headers, several)).await);
    }
    answers.iter().for_each(|answer| allows(answer, account));
    answers
}

/// Asks in every way that is no way in.
async fn refused(aws: &SdkConfig, account: &Account, credentials: &str) -> Vec<Answer> {
    let right = STANDARD.encode(credentials);
    let mut answers = Vec::new();
    for (what, headers, several) in [
        ("no header", json!({ "Accept": "*/*" }), json!({ "Accept": ["*/*"] })),
        ("null headers", json!(null), json!(null)),
        ("null header", json!({ "Authorization": null }), json!({ "Authorization": null })),
    ] {
        let answer = invoke(aws, event(account.id(), headers, several)).await;
        refuses(&answer, what);
        answers.push(answer);
    }
    for (what, header) in [
        ("wrong password", basic("gateway-events:wrong")),
        ("wrong user", basic(&credentials.replace("gateway-events:", "gateway-event:"))),
        ("no password", basic("gateway-events:")),
        ("no colon", basic("gateway-events")),
        ("no base64", format!("Basic {}*", &right[..right.len() - 1])),
        ("other scheme", format!("Bearer {right}")),
        ("nothing", String::new()),
    ] {
        let answer = ask(aws, account, &header).await;
        refuses(&answer, what);
        answers.push(answer);
    }
    answers
}

/// Puts another password into the secret, and gives the credentials.
async fn rotate(aws: &SdkConfig) -> String {
    let value = json!({ "username": "gateway-events", "password": "new-password" });
    let secrets = aws_sdk_secretsmanager::Client::new(aws);
    secrets.put_secret_value().secret_id(SECRET).secret_string(value.to_string()).send().await.unwrap();
    "gateway-events:new-password".to_owned()
}
