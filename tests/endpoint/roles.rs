//! News that spreads slowly: roles and their policies, what was just made, tags.

use std::time::Duration;

use aws_sdk_apigateway::error::ProvideErrorMetadata;
use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use pipe_test_support::{Nature, Roles, Unseen};

use super::cloud::{Cloud, TRUST, on_both, until};

/// Longer than a slow machine takes for the calls that come meanwhile, and shorter than [`until`] waits.
const LASTING: Duration = Duration::from_secs(6);

#[tokio::test]
async fn fresh_role_cannot_be_assumed() {
    on_both(async |kind| {
        let cloud = Cloud::on(kind).await;
        let roles = Roles { assumable: LASTING, ..Roles::default() };
        cloud.account.set_nature(Nature { roles, ..Nature::default() });
        let role = cloud.make_role("consumer").await;
        let make = || cloud.try_make_function("consumer", &role);
        let refused = make().await.unwrap_err();
        assert!(refused.is_invalid_parameter_value_exception());
        assert_eq!(refused.message(), Some("The role defined for the function cannot be assumed by Lambda."));
        until(async || make().await.is_ok()).await;

        let stream = cloud.make_stream("orders").await;
        let iam = aws_sdk_iam::Client::new(&cloud.config);
        iam.update_assume_role_policy().role_name("consumer").policy_document(TRUST).send().await.unwrap();
        let refused = cloud.make_mapping(&stream, "consumer").await.unwrap_err();
        assert_eq!(refused.message(), Some("The role defined for the function cannot be assumed by Lambda."));
        until(async || cloud.make_mapping(&stream, "consumer").await.is_ok()).await;
    })
    .await;
}

#[tokio::test]
async fn fresh_policy_permits_nothing_yet() {
    on_both(async |kind| {
        let cloud = Cloud::on(kind).await;
        let stream = cloud.make_stream("orders").await;
        cloud.make_function("consumer").await;
        let roles = Roles { permitted: LASTING, ..Roles::default() };
        cloud.account.set_nature(Nature { roles, ..Nature::default() });
        let iam = aws_sdk_iam::Client::new(&cloud.config);
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}"#;
        let put = || iam.put_role_policy().role_name("consumer").policy_name("p").policy_document(policy).send();
        put().await.unwrap();
        let refused = cloud.make_mapping(&stream, "consumer").await.unwrap_err();
        let text = format!(
            "Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, \
             DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
        );
        assert_eq!(refused.message(), Some(text.as_str()));
        until(async || cloud.make_mapping(&stream, "consumer").await.is_ok()).await;

        put().await.unwrap();
        let gateway = cloud.api_gateway();
        let role = format!("arn:aws:iam::{}:role/consumer", cloud.account.id());
        let patch = PatchOperation::builder().op(Op::Replace).path("/cloudwatchRoleArn").value(role).build();
        let update = || gateway.update_account().patch_operations(patch.clone()).send();
        let refused = update().await.unwrap_err().into_service_error();
        assert!(refused.is_bad_request_exception());
        assert!(refused.message().unwrap().starts_with("The role ARN does not have required permissions configured."));
        until(async || update().await.is_ok()).await;
    })
    .await;
}

#[tokio::test]
async fn reads_miss_what_was_just_made() {
    on_both(async |kind| {
        let cloud = Cloud::on(kind).await;
        cloud.account.set_nature(Nature { unseen: Unseen::all(LASTING), ..Nature::default() });
        let iam = aws_sdk_iam::Client::new(&cloud.config);
        let logs = aws_sdk_cloudwatchlogs::Client::new(&cloud.config);
        let lists_role = async || {
            let listed = iam.list_roles().send().await.unwrap();
            listed.roles().iter().map(|role| role.role_name().to_owned()).collect::<Vec<_>>()
        };
        let lists_log = async || logs.describe_log_groups().send().await.unwrap().log_groups().len();
        cloud.make_role("other").await;
        until(async || lists_role().await == ["other"]).await;

        cloud.make_function("consumer").await;
        logs.create_log_group().log_group_name("/aws/lambda/consumer").send().await.unwrap();
        let get_role = || iam.get_role().role_name("consumer").send();
        assert!(get_role().await.unwrap_err().into_service_error().is_no_such_entity_exception());
        assert_eq!(lists_role().await, ["other"]);
        assert_eq!(lists_log().await, 0);
        let get_function = || cloud.lambda().get_function().function_name("consumer").send();
        assert!(get_function().await.unwrap_err().into_service_error().is_resource_not_found_exception());
        until(async || get_function().await.is_ok()).await;
        until(async || lists_log().await == 1).await;
        get_role().await.unwrap();
        assert_eq!(lists_role().await.len(), 2);

        let stream = cloud.make_stream("orders").await;
        let refused = cloud.make_mapping(&stream, "consumer").await.unwrap_err();
        assert_eq!(refused.message(), Some(format!("Stream not found: {stream}").as_str()));
        let describe = || cloud.kinesis().describe_stream_summary().stream_name("orders").send();
        assert!(describe().await.unwrap_err().into_service_error().is_resource_not_found_exception());
        until(async || describe().await.is_ok()).await;
        let sqs = aws_sdk_sqs::Client::new(&cloud.config);
        sqs.create_queue().queue_name("dlq").send().await.unwrap();
        let url = || sqs.get_queue_url().queue_name("dlq").send();
        assert!(url().await.unwrap_err().into_service_error().is_queue_does_not_exist());
        until(async || url().await.is_ok()).await;
    })
    .await;
}

#[tokio::test]
async fn tags_are_old_for_a_while() {
    on_both(async |kind| {
        let cloud = Cloud::on(kind).await;
        cloud.account.set_nature(Nature { old_tags: LASTING, ..Nature::default() });
        let keys = async || {
            let listed = cloud.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap();
            let mut keys: Vec<String> = listed.tags().iter().map(|tag| tag.key().to_owned()).collect();
            keys.sort_unstable();
            keys
        };
        cloud.make_stream("orders").await;
        assert_eq!(keys().await, ["pipe:pipeline", "team"], "what it was made with is there");
        cloud.kinesis().add_tags_to_stream().stream_name("orders").tags("new", "1").send().await.unwrap();
        assert_eq!(keys().await, ["pipe:pipeline", "team"]);
        until(async || keys().await == ["new", "pipe:pipeline", "team"]).await;
    })
    .await;
}

#[tokio::test]
async fn tag_query_is_behind() {
    on_both(async |kind| {
        let cloud = Cloud::on(kind).await;
        cloud.account.set_nature(Nature { tag_query: LASTING, ..Nature::default() });
        let client = aws_sdk_resourcegroupstagging::Client::new(&cloud.config);
        let found = async |key: &str| {
            let filter = TagFilter::builder().key(key).build();
            let answer = client.get_resources().tag_filters(filter).send().await.unwrap();
            answer.resource_tag_mapping_list().len()
        };
        let kinesis = cloud.kinesis();
        cloud.make_stream("orders").await;
        assert_eq!(found("team").await, 0);
        until(async || found("team").await == 1).await;
        kinesis.add_tags_to_stream().stream_name("orders").tags("new", "1").send().await.unwrap();
        assert_eq!(found("new").await, 0);
        until(async || found("new").await == 1).await;
        kinesis.delete_stream().stream_name("orders").send().await.unwrap();
        assert_eq!(found("team").await, 1);
        until(async || found("team").await == 0).await;
    })
    .await;
}
