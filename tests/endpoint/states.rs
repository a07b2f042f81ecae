//! States that take time, and what is refused meanwhile. Both emulators are done at once.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification, ScalarAttributeType,
    TableStatus,
};
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::types::StreamStatus;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use pipe_test_support::{Kind, Nature, Spans, States};

use super::cloud::{Cloud, on_both, soon, until};

/// Longer than a slow machine takes for the calls that come meanwhile, and shorter than [`until`] waits.
const LASTING: Duration = Duration::from_secs(6);

/// A cloud whose resources stay in their states for a while.
async fn slow(kind: Kind, states: impl FnOnce(Spans) -> States) -> Cloud {
    let cloud = Cloud::on(kind).await;
    cloud.account.set_nature(Nature { states: states(Spans::all(LASTING)), ..Nature::default() });
    cloud
}

async fn stream_status(cloud: &Cloud) -> Option<StreamStatus> {
    let described = cloud.kinesis().describe_stream_summary().stream_name("orders").send().await.ok()?;
    Some(described.stream_description_summary()?.stream_status().clone())
}

#[tokio::test]
async fn streams_are_busy_after_each_change() {
    on_both(async |kind| {
        let cloud = slow(kind, |streams| States { streams, ..States::default() }).await;
        let kinesis = cloud.kinesis();
        let longer = || kinesis.increase_stream_retention_period().stream_name("orders").retention_period_hours(48);
        cloud.make_stream("orders").await;
        assert_eq!(stream_status(&cloud).await, Some(StreamStatus::Creating));
        let refused = longer().send().await.unwrap_err().into_service_error();
        let text =
            |state| format!("Stream orders under account {} not ACTIVE, instead in state {state}", cloud.account.id());
        assert!(refused.is_resource_in_use_exception());
        assert_eq!(refused.message(), Some(text("CREATING").as_str()));

        until(async || stream_status(&cloud).await == Some(StreamStatus::Active)).await;
        longer().send().await.expect("it is ACTIVE");
        assert_eq!(stream_status(&cloud).await, Some(StreamStatus::Updating));
        let refused = kinesis.delete_stream().stream_name("orders").send().await.unwrap_err().into_service_error();
        assert_eq!(refused.message(), Some(text("UPDATING").as_str()));

        until(async || stream_status(&cloud).await == Some(StreamStatus::Active)).await;
        kinesis.delete_stream().stream_name("orders").send().await.unwrap();
        assert_eq!(stream_status(&cloud).await, Some(StreamStatus::Deleting));
        let again = kinesis.create_stream().stream_name("orders").shard_count(1).send().await;
        assert!(again.unwrap_err().into_service_error().is_resource_in_use_exception());
        until(async || stream_status(&cloud).await.is_none()).await;
        cloud.make_stream("orders").await;
    })
    .await;
}

#[tokio::test]
async fn five_streams_are_made_at_once() {
    let cloud = slow(Kind::MiniStack, |streams| States { streams, ..States::default() }).await;
    for stream in ["one", "two", "three", "four", "five"] {
        cloud.make_stream(stream).await;
    }
    let make = || cloud.kinesis().create_stream().stream_name("six").shard_count(1).send();
    let refused = make().await.unwrap_err().into_service_error();
    assert!(refused.is_limit_exceeded_exception());
    assert!(refused.message().unwrap().ends_with("simultaneously be in CREATING or DELETING. Limit: 5"));
    until(async || make().await.is_ok()).await;
}

async fn make_table(cloud: &Cloud) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let made = cloud.dynamodb().create_table().table_name("orders").key_schema(key);
    let made = made.attribute_definitions(id.build().unwrap()).billing_mode(BillingMode::PayPerRequest);
    let made = made.send().await.unwrap();
    assert_eq!(made.table_description().unwrap().table_status(), Some(&TableStatus::Creating));
}

async fn table_status(cloud: &Cloud) -> Option<TableStatus> {
    let described = cloud.dynamodb().describe_table().table_name("orders").send().await.ok()?;
    described.table()?.table_status().cloned()
}

#[tokio::test]
async fn tables_are_busy_after_each_change() {
    on_both(async |kind| {
        let cloud = slow(kind, |tables| States { tables, backups: LASTING, ..States::default() }).await;
        let dynamodb = cloud.dynamodb();
        let protect = |on| dynamodb.update_table().table_name("orders").deletion_protection_enabled(on).send();
        let backups = || {
            let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build().unwrap();
            dynamodb.update_continuous_backups().table_name("orders").point_in_time_recovery_specification(on).send()
        };
        make_table(&cloud).await;
        let text =
            |being| format!("Attempt to change a resource which is still in use: Table is being {being}: orders");
        let refused = protect(true).await.unwrap_err().into_service_error();
        assert!(refused.is_resource_in_use_exception());
        assert_eq!(refused.message(), Some(text("created").as_str()));
        let untagged = dynamodb.list_tags_of_resource().resource_arn(cloud.arn("dynamodb", "table/orders")).send();
        assert!(untagged.await.unwrap_err().into_service_error().is_resource_not_found_exception());

        until(async || table_status(&cloud).await == Some(TableStatus::Active)).await;
        assert!(backups().await.unwrap_err().into_service_error().is_continuous_backups_unavailable_exception());
        until(async || backups().await.is_ok()).await;
        protect(true).await.unwrap();
        assert_eq!(table_status(&cloud).await, Some(TableStatus::Updating));
        until(async || protect(true).await.is_ok()).await;
        soon(LASTING).await;
        let delete = || dynamodb.delete_table().table_name("orders").send();
        delete().await.expect_err("a protected table is not DELETING");
        assert_eq!(table_status(&cloud).await, Some(TableStatus::Active));
        protect(false).await.unwrap();
        until(async || delete().await.is_ok()).await;
        assert_eq!(table_status(&cloud).await, Some(TableStatus::Deleting));
        let refused = delete().await.unwrap_err().into_service_error();
        assert_eq!(refused.message(), Some(text("deleted").as_str()));
        until(async || table_status(&cloud).await.is_none()).await;
    })
    .await;
}

#[tokio::test]
async fn functions_are_pending_and_then_in_progress() {
    on_both(async |kind| {
        let cloud = slow(kind, |functions| States { functions, ..States::default() }).await;
        let lambda = cloud.lambda();
        let read = async || {
            let answer = lambda.get_function().function_name("consumer").send().await.unwrap();
            let function = answer.configuration().unwrap().clone();
            (function.state().cloned(), function.last_update_status().cloned())
        };
        let update = || lambda.update_function_configuration().function_name("consumer").memory_size(256).send();
        let arn = cloud.make_function("consumer").await;
        assert_eq!(read().await, (Some(State::Pending), None));
        let refused = update().await.unwrap_err().into_service_error();
        let text =
            "The operation cannot be performed at this time. The function is currently in the following state: Pending";
        assert!(refused.is_resource_conflict_exception());
        assert_eq!(refused.message(), Some(text));

        let ready = (Some(State::Active), Some(LastUpdateStatus::Successful));
        until(async || read().await == ready).await;
        update().await.unwrap();
        assert_eq!(read().await, (Some(State::Active), Some(LastUpdateStatus::InProgress)));
        let refused = update().await.unwrap_err().into_service_error();
        let text =
            format!("The operation cannot be performed at this time. An update is in progress for resource: {arn}");
        assert_eq!(refused.message(), Some(text.as_str()));
        let delete = || lambda.delete_function().function_name("consumer").send();
        assert!(delete().await.unwrap_err().into_service_error().is_resource_conflict_exception());
        until(async || read().await == ready).await;
        delete().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn mappings_are_in_use_after_each_change() {
    on_both(async |kind| {
        let cloud = slow(kind, |mappings| States { mappings, ..States::default() }).await;
        let lambda = cloud.lambda();
        let stream = cloud.make_stream("orders").await;
        cloud.make_function("consumer").await;
        let uuid = cloud.make_mapping(&stream, "consumer").await.unwrap();
        let states = async || {
            let listed = lambda.list_event_source_mappings().function_name("consumer").send().await.unwrap();
            listed.event_source_mappings().iter().map(|one| one.state().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let update =
            |on: Option<bool>| lambda.update_event_source_mapping().uuid(&uuid).set_enabled(on).batch_size(7).send();
        let delete = || lambda.delete_event_source_mapping().uuid(&uuid).send();
        assert_eq!(states().await, ["Creating"]);
        let refused = delete().await.unwrap_err().into_service_error();
        assert!(refused.is_resource_in_use_exception());
        assert_eq!(refused.message(), Some("Cannot delete the event source mapping because it is in use."));

        until(async || states().await == ["Disabled"]).await;
        assert_eq!(update(None).await.unwrap().state(), Some("Updating"));
        let refused = update(None).await.unwrap_err().into_service_error();
        assert_eq!(refused.message(), Some("Cannot update the event source mapping because it is in use."));
        until(async || states().await == ["Disabled"]).await;
        assert_eq!(update(Some(true)).await.unwrap().state(), Some("Enabling"));
        until(async || states().await == ["Enabled"]).await;
        assert_eq!(delete().await.unwrap().state(), Some("Deleting"));
        assert_eq!(states().await, ["Deleting"]);
        until(async || states().await.is_empty()).await;
    })
    .await;
}

#[tokio::test]
async fn name_of_a_deleted_queue_is_taken_for_a_while() {
    let cloud = slow(Kind::MiniStack, |_| States { queue_names: LASTING, ..States::default() }).await;
    let sqs = aws_sdk_sqs::Client::new(&cloud.config);
    let make = || sqs.create_queue().queue_name("dlq").send();
    let url = make().await.unwrap().queue_url().unwrap().to_owned();
    sqs.delete_queue().queue_url(url).send().await.unwrap();
    let refused = make().await.unwrap_err().into_service_error();
    assert!(refused.is_queue_deleted_recently());
    assert_eq!(refused.code(), Some("AWS.SimpleQueueService.QueueDeletedRecently"));
    until(async || make().await.is_ok()).await;
}

#[tokio::test]
async fn writes_of_one_rest_api_come_one_at_a_time() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    let latency = pipe_test_support::Latency { write: Duration::from_secs(3), ..Default::default() };
    cloud.account.set_nature(Nature { one_at_a_time: true, latency, ..Nature::default() });
    let gateway = cloud.api_gateway();
    let mut apis = Vec::new();
    for name in ["orders", "other"] {
        let api = gateway.create_rest_api().name(name).send().await.unwrap();
        apis.push((api.id().unwrap().to_owned(), api.root_resource_id().unwrap().to_owned()));
    }
    let make = |api: usize, part: &str| {
        let (id, root) = &apis[api];
        gateway.create_resource().rest_api_id(id).parent_id(root).path_part(part).send()
    };
    let (one, two, other) = tokio::join!(make(0, "a"), make(0, "b"), make(1, "a"));
    other.expect("another API has writes of its own");
    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused.into_service_error(),
        both => panic!("one of two is refused, not {both:?}"),
    };
    assert!(refused.is_conflict_exception());
    let text = "Unable to complete operation due to concurrent modification. Please try again later.";
    assert_eq!(refused.message(), Some(text));
    make(0, "c").await.expect("nothing else is running");
}
