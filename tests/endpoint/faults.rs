//! Faults on demand, and the record of the calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::types::StreamStatus;
use pipe_test_support::{Kind, Rule, rounds};
use serde_json::json;

use super::cloud::Cloud;

/// Whether the call came through, by the error's code where it did not; `lost` where there was no answer.
async fn add_tag(cloud: &Cloud, key: &str) -> Result<(), String> {
    let added = cloud.kinesis().add_tags_to_stream().stream_name("orders").tags(key, "1").send().await;
    added.map(drop).map_err(|error| error.code().unwrap_or("lost").to_owned())
}

async fn has_tag(cloud: &Cloud, key: &str) -> bool {
    let listed = cloud.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap();
    listed.tags().iter().any(|tag| tag.key() == key)
}

#[tokio::test]
async fn calls_fail_before_or_after_they_take_effect() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    cloud.make_stream("orders").await;
    let faults = [
        ("before", Rule::writes().fail(500, "InternalFailure", ""), "InternalFailure", false),
        ("after", Rule::writes().fail_after(500, "InternalFailure", ""), "InternalFailure", true),
        ("throttled", Rule::on("kinesis", "AddTagsToStream").throttle(), "LimitExceededException", false),
        ("reset", Rule::calls().reset(), "lost", false),
        ("reset-after", Rule::calls().reset_after(), "lost", true),
    ];
    for (tag, rule, error, effect) in faults {
        let rule = cloud.account.set(rule);
        assert_eq!(add_tag(&cloud, tag).await, Err(error.to_owned()), "{tag}");
        assert_eq!(cloud.account.fired(rule), 1);
        cloud.account.clear_rules();
        assert_eq!(has_tag(&cloud, tag).await, effect, "{tag}");
    }
}

#[tokio::test]
async fn errors_are_spelled_in_each_services_protocol() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    cloud.account.set(Rule::calls().throttle());
    let iam = aws_sdk_iam::Client::new(&cloud.config).list_roles().send().await.unwrap_err().into_service_error();
    let gateway = cloud.api_gateway().get_rest_apis().send().await.unwrap_err().into_service_error();
    let secret = cloud.secrets().list_secrets().send().await.unwrap_err().into_service_error();
    let codes = [iam.code(), gateway.code(), secret.code()].map(Option::unwrap_or_default);
    assert_eq!(codes, ["Throttling", "TooManyRequestsException", "ThrottlingException"]);
}

#[tokio::test]
async fn rules_count_the_calls_they_cover() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    let other = Cloud::on(Kind::MiniStack).await;
    cloud.make_stream("orders").await;
    other.make_stream("orders").await;
    let third = cloud.account.set(Rule::writes().nth(3).fail(400, "ValidationException", ""));
    let named = cloud.account.set(Rule::calls().containing("\"special\"").times(1).throttle());
    let mut failed = Vec::new();
    for tag in ["one", "two", "three", "four", "special", "special"] {
        assert!(add_tag(&other, tag).await.is_ok(), "another account has no such rules");
        failed.extend(add_tag(&cloud, tag).await.is_err().then_some(tag));
    }
    assert_eq!(failed, ["three", "special"]);
    assert_eq!((cloud.account.fired(third), cloud.account.fired(named)), (1, 1));
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let cloud = Cloud::on(Kind::MiniStack).await;
        cloud.make_stream("orders").await;
        cloud.account.set(Rule::writes().with_probability(0.5, seed).fail(500, "InternalFailure", ""));
        let mut run = Vec::new();
        for _ in 0..16 {
            run.push(add_tag(&cloud, "a").await.is_ok());
        }
        assert!(run.contains(&true) && run.contains(&false));
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn states_and_calls_are_delayed() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    let status = "/StreamDescriptionSummary/StreamStatus";
    cloud.account.set(Rule::on("kinesis", "DescribeStreamSummary").times(2).rewrite(status, json!("CREATING")));
    let describe = || cloud.kinesis().describe_stream_summary().stream_name("orders").send();
    assert!(describe().await.is_err(), "it is not there, and so has no state that counts");
    cloud.make_stream("orders").await;
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(describe().await.unwrap().stream_description_summary().unwrap().stream_status().clone());
    }
    assert_eq!(states, [StreamStatus::Creating, StreamStatus::Creating, StreamStatus::Active]);

    let by = Duration::from_millis(300);
    cloud.account.set(Rule::on("kinesis", "AddTagsToStream").delay(by));
    let start = Instant::now();
    add_tag(&cloud, "late").await.unwrap();
    assert!(start.elapsed() >= by);
}

#[tokio::test]
async fn account_is_stopped_at_a_write_and_resumed() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    cloud.make_stream("orders").await;
    cloud.account.clear();
    let killed = Arc::new(AtomicBool::new(false));
    let kill = Arc::clone(&killed);
    cloud.account.set(Rule::writes().nth(2).stop_after(move || kill.store(true, Ordering::SeqCst)));
    assert!(add_tag(&cloud, "one").await.is_ok());
    assert!(!killed.load(Ordering::SeqCst));
    assert_eq!(add_tag(&cloud, "two").await, Err("lost".to_owned()));
    assert!(killed.load(Ordering::SeqCst) && cloud.account.is_stopped());
    assert_eq!(add_tag(&cloud, "three").await, Err("lost".to_owned()));
    assert_eq!(cloud.account.writes().len(), 2, "what comes after the stop is no call");
    cloud.account.resume();
    assert!(has_tag(&cloud, "two").await && !has_tag(&cloud, "three").await);
}

#[tokio::test]
async fn calls_are_recorded_by_account() {
    for cloud in Cloud::on_both().await {
        let noise = Cloud::on(Kind::MiniStack).await;
        noise.make_stream("orders").await;
        cloud.make_stream("orders").await;
        assert!(has_tag(&cloud, "team").await);
        cloud.api_gateway().get_rest_apis().send().await.unwrap();
        cloud.secrets().describe_secret().secret_id("none").send().await.unwrap_err();
        aws_sdk_iam::Client::new(&cloud.config).list_roles().send().await.unwrap();
        cloud.lambda().list_event_source_mappings().send().await.unwrap();
        let calls = cloud.account.calls();
        let seen: Vec<(&str, &str, bool)> =
            calls.iter().map(|c| (c.service.as_str(), c.operation.as_str(), c.write)).collect();
        let expected = [
            ("kinesis", "CreateStream", true),
            ("kinesis", "ListTagsForStream", false),
            ("apigateway", "GetRestApis", false),
            ("secretsmanager", "DescribeSecret", false),
            ("iam", "ListRoles", false),
            ("lambda", "ListEventSourceMappings", false),
        ];
        assert_eq!(seen, expected, "and none that the endpoint made itself");
        assert!(calls.iter().all(|call| call.region == "eu-central-1" && call.ended.is_some()));
        assert!(calls[3].status.is_some_and(|status| status >= 400));
        assert_eq!((cloud.account.writes().len(), cloud.account.reads().len()), (1, 5));
        cloud.account.clear();
        assert!(cloud.account.calls().is_empty());
    }
}

#[tokio::test]
async fn rounds_count_what_came_one_after_another() {
    let cloud = Cloud::on(Kind::MiniStack).await;
    cloud.account.set(Rule::reads().delay(Duration::from_secs(3)));
    let read = || async { cloud.kinesis().list_streams().send().await.map(drop).unwrap() };
    tokio::join!(read(), read(), read());
    assert_eq!(rounds(&cloud.account.reads()), 1);
    read().await;
    assert_eq!(rounds(&cloud.account.reads()), 2);
}
