//! The tag query over all kinds, which neither emulator can answer.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::cloud::{Cloud, tags};

/// The ARNs of what carries a tag, of all types or of one.
async fn tagged(cloud: &Cloud, key: &str, value: Option<&str>, of_type: Option<&str>) -> BTreeSet<String> {
    let filter = TagFilter::builder().key(key).set_values(value.map(|value| vec![value.to_owned()])).build();
    let client = aws_sdk_resourcegroupstagging::Client::new(&cloud.config);
    let query = client.get_resources().tag_filters(filter).resources_per_page(2);
    let query = query.set_resource_type_filters(of_type.map(|of_type| vec![of_type.to_owned()]));
    let mut pages = query.into_paginator().send();
    let mut arns = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.resource_tag_mapping_list().len() <= 2);
        arns.extend(page.resource_tag_mapping_list().iter().map(|found| found.resource_arn().unwrap().to_owned()));
    }
    arns
}

#[tokio::test]
async fn tag_query_sees_every_kind() {
    for cloud in Cloud::on_both().await {
        let stream = cloud.make_stream("orders").await;
        let function = cloud.make_function("consumer").await;
        let mapping = cloud.make_mapping(&stream, "consumer").await.unwrap();
        let mapping = cloud.arn("lambda", &format!("event-source-mapping:{mapping}"));
        let logs = aws_sdk_cloudwatchlogs::Client::new(&cloud.config);
        logs.create_log_group().log_group_name("/aws/lambda/consumer").set_tags(Some(tags())).send().await.unwrap();
        let log = cloud.arn("logs", "log-group:/aws/lambda/consumer");
        let sqs = aws_sdk_sqs::Client::new(&cloud.config);
        sqs.create_queue().queue_name("dlq").set_tags(Some(tags())).send().await.unwrap();
        let queue = cloud.arn("sqs", "dlq");
        let api = cloud.api_gateway().create_rest_api().name("orders").set_tags(Some(tags())).send().await.unwrap();
        let api = format!("arn:aws:apigateway:eu-central-1::/restapis/{}", api.id().unwrap());
        let secret = make_secret(&cloud).await;

        let all = BTreeSet::from([&stream, &function, &mapping, &log, &queue, &api, &secret].map(Clone::clone));
        assert_eq!(tagged(&cloud, "pipe:pipeline", Some("orders"), None).await, all);
        assert_eq!(tagged(&cloud, "pipe:pipeline", None, None).await, all);
        assert!(tagged(&cloud, "pipe:pipeline", Some("other"), None).await.is_empty());
        for (of_type, arn) in [
            ("kinesis:stream", &stream),
            ("lambda:event-source-mapping", &mapping),
            ("logs:log-group", &log),
            ("sqs", &queue),
            ("apigateway:restapis", &api),
            ("secretsmanager:secret", &secret),
        ] {
            assert_eq!(
                tagged(&cloud, "team", Some("a"), Some(of_type)).await,
                BTreeSet::from([arn.clone()]),
                "{of_type}"
            );
        }
    }
}

#[tokio::test]
async fn tag_query_follows_what_is_tagged_untagged_and_deleted() {
    for cloud in Cloud::on_both().await {
        let stream = cloud.make_stream("orders").await;
        let secret = make_secret(&cloud).await;
        let (kinesis, secrets) = (cloud.kinesis(), cloud.secrets());
        secrets.untag_resource().secret_id("orders/credentials").tag_keys("team").send().await.unwrap();
        assert_eq!(tagged(&cloud, "team", None, None).await, BTreeSet::from([stream.clone()]));
        kinesis.add_tags_to_stream().stream_name("orders").tags("team", "b").send().await.unwrap();
        assert_eq!(tagged(&cloud, "team", Some("b"), None).await, BTreeSet::from([stream.clone()]));
        kinesis.delete_stream().stream_name("orders").send().await.unwrap();
        secrets.delete_secret().secret_id("orders/credentials").send().await.unwrap();
        assert_eq!(
            tagged(&cloud, "pipe:pipeline", None, None).await,
            BTreeSet::from([secret.clone()]),
            "in its window"
        );
        secrets.restore_secret().secret_id(&secret).send().await.unwrap();
        secrets.delete_secret().secret_id(&secret).force_delete_without_recovery(true).send().await.unwrap();
        assert!(tagged(&cloud, "pipe:pipeline", None, None).await.is_empty());
    }
}

async fn make_secret(cloud: &Cloud) -> String {
    let tag = |(key, value)| aws_sdk_secretsmanager::types::Tag::builder().key(key).value(value).build();
    let tags = tags().into_iter().map(tag).collect();
    let made = cloud.secrets().create_secret().name("orders/credentials").secret_string("{}").set_tags(Some(tags));
    made.send().await.unwrap().arn().unwrap().to_owned()
}
