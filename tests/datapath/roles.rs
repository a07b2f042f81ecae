//! The functions under their own roles: with authorization on, MiniStack gives a bootstrap its role's credentials.
//!
//! It asks nothing of the roles itself: a mapping reads its stream without `kinesis:GetRecords`, and logs are written without
//! `logs:PutLogEvents`. So those rights are not shown here.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use pipe_test_support::{Account, Call, Kind};

use super::authorizer::{ask, basic};
use super::cloud::{STREAM, root, rows, sandbox, wait};

/// How long the slowest machine may take for anything here.
const WITHIN: Duration = Duration::from_secs(120);

/// Calls of this operation that were signed with a role's temporary key.
fn by_role(account: &Account, operation: &str) -> Vec<Call> {
    let calls = account.calls().into_iter();
    calls.filter(|call| call.operation == operation && call.access_key.starts_with("ASIA")).collect()
}

async fn put(aws: &SdkConfig, event: &str) {
    let kinesis = aws_sdk_kinesis::Client::new(aws);
    let data = Blob::new(format!(r#"{{"eventId": "{event}"}}"#));
    kinesis.put_record().stream_name(STREAM).partition_key("p").data(data).send().await.unwrap();
}

#[tokio::test]
async fn functions_have_the_rights_of_their_roles_and_no_more() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    // MiniStack goes on behind a batch that failed: the record is there for one invocation, in which an apply must have room.
    sandbox.edit("timeout_seconds: 30", "timeout_seconds: 300");
    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    let account = &sandbox.account;
    let aws = root(account).await;

    let credentials = sandbox.pipe(&["outputs", "--reveal", "--field", "credentials"]);
    let answer = ask(&aws, account, &basic(credentials.trim())).await;
    assert_eq!((answer.payload["principalId"].as_str(), answer.error), (Some("gateway-events"), None));
    assert_eq!(by_role(account, "GetSecretValue").len(), 1);

    put(&aws, "allowed").await;
    let arrived = async |key: &str| rows(&aws).await.contains_key(key).then_some(());
    wait("the row", WITHIN, async || arrived("allowed").await).await;
    // A row may be seen before its call has ended.
    let ended = async || by_role(account, "PutItem").iter().all(|call| call.status.is_some()).then_some(());
    wait("the calls to end", WITHIN, ended).await;
    assert!(by_role(account, "PutItem").iter().all(|call| call.status == Some(200)));

    // Poison reaches the DLQ, whose own policy refuses whatever does not come by TLS.
    let kinesis = aws_sdk_kinesis::Client::new(&aws);
    kinesis.put_record().stream_name(STREAM).partition_key("p").data(Blob::new("{")).send().await.unwrap();
    let sent = async || by_role(account, "SendMessage").first().cloned().filter(|call| call.status.is_some());
    assert_eq!(wait("the dead letter", WITHIN, sent).await.status, Some(200));

    without_its_policy_the_consumer_waits(&sandbox, &aws).await;
}

/// Missing rights are no poison: the record waits, within the invocation, until somebody gives them back. `pipe apply` does.
async fn without_its_policy_the_consumer_waits(sandbox: &pipe_test_support::Sandbox, aws: &SdkConfig) {
    let role = "gateway-events-consumer-role-eu-central-1";
    let iam = aws_sdk_iam::Client::new(aws);
    for policy in iam.list_role_policies().role_name(role).send().await.unwrap().policy_names() {
        iam.delete_role_policy().role_name(role).policy_name(policy).send().await.unwrap();
    }
    sandbox.account.clear();
    put(aws, "denied-at-first").await;
    let denied = async || by_role(&sandbox.account, "PutItem").into_iter().find(|call| call.status.is_some());
    let denied = wait("the refusal", WITHIN, denied).await;
    assert_ne!(denied.status, Some(200));
    assert!(!rows(aws).await.contains_key("denied-at-first"));

    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    let arrived = async || rows(aws).await.contains_key("denied-at-first").then_some(());
    wait("the row", WITHIN, arrived).await;
    assert!(by_role(&sandbox.account, "SendMessage").is_empty(), "it was never taken for poison");
}
