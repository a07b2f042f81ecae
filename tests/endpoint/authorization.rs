//! MiniStack with authorization on, behind the endpoint.

use aws_sdk_iam::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;
use pipe_test_support::Kind;

use super::cloud::{Cloud, config};

#[tokio::test]
async fn tls_only_queue_lets_its_owner_in() {
    let cloud = Cloud::on(Kind::MiniStackWithAuth).await;
    let sqs = aws_sdk_sqs::Client::new(&cloud.config);
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": cloud.arn("sqs", "dlq"),
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    }] });
    let made = sqs.create_queue().queue_name("dlq").attributes(QueueAttributeName::Policy, policy.to_string());
    let url = made.send().await.unwrap().queue_url().unwrap().to_owned();
    assert!(url.starts_with(&cloud.account.environment()[3].1), "the queue is called through the endpoint");
    sqs.get_queue_attributes().queue_url(&url).send().await.expect("calls count as made by TLS");
}

#[tokio::test]
async fn users_do_what_their_policies_say_in_their_own_account() {
    let cloud = Cloud::on(Kind::MiniStackWithAuth).await;
    let iam = aws_sdk_iam::Client::new(&cloud.config);
    iam.create_user().user_name("deployer").send().await.unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kinesis:*"],"Resource":"*"}]}"#;
    let put = iam.put_user_policy().user_name("deployer").policy_name("streams").policy_document(policy);
    put.send().await.unwrap();
    let key = iam.create_access_key().user_name("deployer").send().await.unwrap();
    let key = key.access_key().unwrap();
    let user = Cloud { config: config(&cloud.endpoint, key.access_key_id(), key.secret_access_key()).await, ..cloud };

    user.account.clear();
    user.make_stream("orders").await;
    let tags = user.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap();
    assert_eq!(tags.tags().len(), 2);
    let denied = user.secrets().list_secrets().send().await.unwrap_err().into_service_error();
    assert_eq!(denied.code(), Some("AccessDeniedException"));
    let operations: Vec<String> = user.account.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["CreateStream", "ListTagsForStream", "ListSecrets"]);
}
