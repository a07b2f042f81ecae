//! The deployed pipeline runs without any part of `pipe`: MiniStack starts the functions under their own roles, and its own
//! mapping reads the stream. One way through; `tests/dev/` has the rest, on the local cloud.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kinesis::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipe_test_support::{Sandbox, until};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::guarded;

#[test]
fn credentials_open_the_door_a_record_is_a_row_and_poison_a_dead_letter() {
    let sandbox = guarded::sandbox();
    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    let cloud = Cloud::of(&sandbox.account);
    let credentials = sandbox.pipe(&["outputs", "--reveal", "--field", "credentials"]);
    assert_eq!(asked(&cloud, credentials.trim())["principalId"], "gateway-events");
    assert_eq!(asked(&cloud, "gateway-events:wrong")["errorMessage"], "Unauthorized");

    for data in [r#"{"eventId": "good"}"#, r#"{"eventId": "#] {
        let put = cloud.aws.kinesis.put_record().stream_name("GatewayEventsStream").partition_key("p");
        cloud.run(put.data(Blob::new(data)).send()).unwrap();
    }
    until("the row", || {
        let get = cloud.aws.dynamodb.get_item().table_name("EventTable").consistent_read(true);
        cloud.run(get.key("eventId", AttributeValue::S("good".into())).send()).unwrap().item
    });
    let letters = until("the dead letter", || {
        let listed = sandbox.pipe(&["dlq", "ls"]);
        listed.contains("bad-json").then_some(listed)
    });
    assert_eq!(letters.lines().count(), 1, "{letters}");
    until("the calls to end", || by_roles(&sandbox).iter().all(|(_, status)| status.is_some()).then_some(()));
    for operation in ["GetSecretValue", "PutItem", "SendMessage"] {
        let calls: Vec<_> = by_roles(&sandbox).into_iter().filter(|(called, _)| called == operation).collect();
        // One whose answer is late is made again; a letter is not.
        let once = operation != "SendMessage" || calls.len() == 1;
        assert!(once && !calls.is_empty() && calls.iter().all(|(_, status)| *status == Some(200)), "{calls:?}");
    }
}

/// Operation and status of every call that is signed with a role's temporary key.
fn by_roles(sandbox: &Sandbox) -> Vec<(String, Option<u16>)> {
    let calls = sandbox.account.calls().into_iter().filter(|call| call.access_key.starts_with("ASIA"));
    calls.map(|call| (call.operation, call.status)).collect()
}

/// What the authorizer answers to a request with these credentials.
fn asked(cloud: &Cloud, credentials: &str) -> Value {
    let header = format!("Basic {}", STANDARD.encode(credentials));
    let event = json!({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-central-1:111122223333:abcdef1234/prod/POST/submit/s/1",
        "headers": { "Authorization": header }, "multiValueHeaders": { "Authorization": [header] },
        "requestContext": { "stage": "prod" },
    });
    let invoke = cloud.aws.lambda.invoke().function_name("gateway-events-authorizer");
    let answer = cloud.run(invoke.payload(Blob::new(event.to_string())).send()).unwrap();
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}
