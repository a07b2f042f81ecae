//! What AWS does and the emulators do not.

use aws_sdk_apigateway::error::ProvideErrorMetadata;
use aws_sdk_apigateway::types::{EndpointAccessMode, IntegrationType, Op, PatchOperation, SecurityPolicy};
use aws_sdk_lambda::types::{ApplicationLogLevel, LogFormat, LoggingConfig, TracingConfig, TracingMode};
use pipe_test_support::Kind;

use super::cloud::{Cloud, tags};

#[tokio::test]
async fn tags_given_to_create_stream_are_there() {
    for cloud in Cloud::on_both().await {
        cloud.make_stream("orders").await;
        let listed = cloud.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap();
        let mut keys: Vec<&str> = listed.tags().iter().map(|tag| tag.key()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["pipe:pipeline", "team"]);
    }
}

#[tokio::test]
async fn second_mapping_of_a_function_and_source_is_refused_with_the_firsts_uuid() {
    for cloud in Cloud::on_both().await {
        let (stream, other) = (cloud.make_stream("orders").await, cloud.make_stream("other").await);
        let function = cloud.make_function("consumer").await;
        let made = tokio::join!(cloud.make_mapping(&stream, "consumer"), cloud.make_mapping(&stream, &function));
        let (uuid, refused) = match made {
            (Ok(uuid), Err(refused)) | (Err(refused), Ok(uuid)) => (uuid, refused),
            both => panic!("one of two is refused, not {both:?}"),
        };
        let message = format!(
            "The event source arn (\" {stream} \") and function (\" consumer \") provided mapping already exists. \
             Please update or delete the existing mapping with UUID {uuid}"
        );
        assert!(refused.is_resource_conflict_exception());
        assert_eq!(refused.message(), Some(message.as_str()));
        cloud.make_mapping(&other, "consumer").await.expect("another source is another mapping");
        cloud.lambda().delete_event_source_mapping().uuid(uuid).send().await.unwrap();
        cloud.make_mapping(&stream, "consumer").await.expect("its place is free again");
    }
}

#[tokio::test]
async fn secret_in_its_window_refuses_all_but_description_and_restoration() {
    const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
    const SCHEDULED: &str =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    for cloud in Cloud::on_both().await {
        let secrets = cloud.secrets();
        let make = || secrets.create_secret().name("orders/credentials").secret_string("{}").send();
        let arn = make().await.unwrap().arn().unwrap().to_owned();
        let put = |id: &str| secrets.put_secret_value().secret_id(id).secret_string("{}").send();
        put(&arn).await.unwrap();
        secrets.delete_secret().secret_id(&arn).recovery_window_in_days(7).send().await.unwrap();

        for id in [arn.as_str(), "orders/credentials"] {
            let refused = put(id).await.unwrap_err().into_service_error();
            assert_eq!((refused.code(), refused.message()), (Some("InvalidRequestException"), Some(MARKED)));
        }
        let refused = make().await.unwrap_err().into_service_error();
        assert_eq!((refused.code(), refused.message()), (Some("InvalidRequestException"), Some(SCHEDULED)));
        let described = secrets.describe_secret().secret_id(&arn).send().await.unwrap();
        assert!(described.deleted_date().is_some());
        secrets.restore_secret().secret_id(&arn).send().await.unwrap();
        put(&arn).await.expect("a restored secret takes values");
    }
}

#[tokio::test]
async fn functions_keep_their_logging_and_tracing() {
    let cloud = Cloud::on(Kind::Moto).await;
    cloud.make_function("consumer").await;
    let read = || cloud.lambda().get_function().function_name("consumer").send();
    let logging = read().await.unwrap().configuration().unwrap().logging_config().unwrap().clone();
    let defaults = LoggingConfig::builder().log_format(LogFormat::Text).log_group("/aws/lambda/consumer").build();
    assert_eq!(logging, defaults);

    let json = LoggingConfig::builder().log_format(LogFormat::Json).application_log_level(ApplicationLogLevel::Warn);
    let tracing = TracingConfig::builder().mode(TracingMode::Active).build();
    let update = cloud.lambda().update_function_configuration().function_name("consumer");
    update.logging_config(json.clone().build()).tracing_config(tracing.clone()).send().await.unwrap();
    let update = cloud.lambda().update_function_configuration().function_name("consumer").memory_size(512);
    update.send().await.unwrap();
    let answer = read().await.unwrap();
    let function = answer.configuration().unwrap();
    assert_eq!(function.logging_config(), Some(&json.log_group("/aws/lambda/consumer").build()));
    assert_eq!(function.tracing_config().unwrap().mode(), tracing.mode());
    assert_eq!(function.memory_size(), Some(512));
}

#[tokio::test]
async fn tags_of_a_rest_api_change() {
    for cloud in Cloud::on_both().await {
        let gateway = cloud.api_gateway();
        let api = gateway.create_rest_api().name("orders").set_tags(Some(tags())).send().await.unwrap();
        let id = api.id().unwrap();
        let arn = format!("arn:aws:apigateway:eu-central-1::/restapis/{id}");
        gateway.tag_resource().resource_arn(&arn).tags("new", "1").send().await.unwrap();
        gateway.untag_resource().resource_arn(&arn).tag_keys("team").send().await.unwrap();

        let listed = gateway.get_rest_apis().send().await.unwrap();
        let of_tags = gateway.get_tags().resource_arn(&arn).send().await.unwrap();
        for tags in [listed.items()[0].tags(), of_tags.tags()] {
            let mut keys: Vec<&String> = tags.unwrap().keys().collect();
            keys.sort_unstable();
            assert_eq!(keys, ["new", "pipe:pipeline"]);
        }
        let none = gateway.tag_resource().resource_arn(arn.replace(id, "none000000")).tags("new", "1").send().await;
        assert!(none.unwrap_err().into_service_error().is_not_found_exception());
    }
}

#[tokio::test]
async fn a_rest_api_shows_its_security_policy_and_an_enhanced_one_needs_an_access_mode() {
    const ENHANCED: &str = "SecurityPolicy_TLS13_1_2_2021_06";
    for cloud in Cloud::on_both().await {
        let gateway = cloud.api_gateway();
        let create = || gateway.create_rest_api().name("orders");
        let policy = || SecurityPolicy::from(ENHANCED);
        assert!(
            create()
                .security_policy(policy())
                .send()
                .await
                .unwrap_err()
                .into_service_error()
                .is_bad_request_exception()
        );
        let made =
            create().security_policy(policy()).endpoint_access_mode(EndpointAccessMode::Basic).send().await.unwrap();
        assert_eq!(made.security_policy(), Some(&policy()));
        let id = made.id().unwrap();
        let patch = |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
        let legacy = || gateway.update_rest_api().rest_api_id(id).patch_operations(patch("/securityPolicy", "TLS_1_0"));
        assert!(
            legacy().send().await.unwrap_err().into_service_error().is_bad_request_exception(),
            "the mode is still set"
        );
        legacy().patch_operations(patch("/endpointAccessMode", "")).send().await.unwrap();
        let listed = gateway.get_rest_apis().send().await.unwrap();
        assert_eq!(
            (listed.items()[0].security_policy(), listed.items()[0].endpoint_access_mode()),
            (Some(&SecurityPolicy::Tls10), None)
        );
        create().send().await.unwrap();
    }
}

#[tokio::test]
async fn api_gateway_refuses_what_is_there_or_in_use() {
    for cloud in Cloud::on_both().await {
        let gateway = cloud.api_gateway();
        let api = gateway.create_rest_api().name("orders").send().await.unwrap();
        let (id, root) = (api.id().unwrap(), api.root_resource_id().unwrap());
        let resource = || gateway.create_resource().rest_api_id(id).parent_id(root).path_part("orders").send();
        resource().await.unwrap();
        assert!(resource().await.unwrap_err().into_service_error().is_conflict_exception());

        let method = || gateway.put_method().rest_api_id(id).resource_id(root).http_method("GET");
        method().authorization_type("NONE").send().await.unwrap();
        let again = method().authorization_type("NONE").send().await.unwrap_err().into_service_error();
        assert!(again.is_conflict_exception());
        let integration = gateway.put_integration().rest_api_id(id).resource_id(root).http_method("GET");
        integration.r#type(IntegrationType::Mock).send().await.unwrap();

        let deployment = gateway.create_deployment().rest_api_id(id).send().await.unwrap();
        let deployment = deployment.id().unwrap();
        let stage = gateway.create_stage().rest_api_id(id).stage_name("prod").deployment_id(deployment);
        stage.send().await.unwrap();
        let delete = || gateway.delete_deployment().rest_api_id(id).deployment_id(deployment).send();
        assert!(delete().await.unwrap_err().into_service_error().is_bad_request_exception());
        gateway.delete_stage().rest_api_id(id).stage_name("prod").send().await.unwrap();
        delete().await.expect("nothing points to it any more");
    }
}
