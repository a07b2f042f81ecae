use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::operation::describe_stream_consumer::DescribeStreamConsumerOutput;
use aws_sdk_kinesis::operation::describe_stream_summary::DescribeStreamSummaryOutput;
use aws_sdk_kinesis::operation::list_tags_for_resource::ListTagsForResourceOutput;
use aws_sdk_kinesis::operation::register_stream_consumer::RegisterStreamConsumerOutput;
use aws_sdk_kinesis::types::{StreamDescriptionSummary, StreamStatus, Tag};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::DateTime;

use super::*;
use crate::aws::mocked::{self, refusal};
use crate::resource::Id;

const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/events";
const CONSUMER: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/events/consumer/demo-consumer:1545084650";

fn cx(rules: &[&Rule]) -> Cx {
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("fan-out"), tags)
}

fn described(status: ConsumerStatus) -> DescribeStreamConsumerOutput {
    let consumer = ConsumerDescription::builder()
        .consumer_name("demo-consumer")
        .consumer_arn(CONSUMER)
        .consumer_status(status)
        .consumer_creation_timestamp(DateTime::from_secs(1_545_084_650))
        .stream_arn(STREAM)
        .build()
        .unwrap();
    DescribeStreamConsumerOutput::builder().consumer_description(consumer).build()
}

fn summary(status: StreamStatus) -> DescribeStreamSummaryOutput {
    let summary = StreamDescriptionSummary::builder()
        .stream_name("events")
        .stream_arn(STREAM)
        .stream_status(status)
        .retention_period_hours(24)
        .stream_creation_timestamp(DateTime::from_secs(1))
        .set_enhanced_monitoring(Some(Vec::new()))
        .open_shard_count(1)
        .build()
        .unwrap();
    DescribeStreamSummaryOutput::builder().stream_description_summary(summary).build()
}

#[test]
fn names_come_from_arns_of_consumers_only() {
    assert_eq!(StreamConsumer::name_of(CONSUMER), Some(name("events", "demo-consumer")));
    assert_eq!(StreamConsumer::name_of(STREAM), None);
    assert_eq!(stream::Stream::name_of(CONSUMER), None);
}

#[tokio::test(start_paused = true)]
async fn it_is_registered_when_the_stream_is_active_and_waited_for() {
    let stream = mock!(Client::describe_stream_summary)
        .sequence()
        .output(|| summary(StreamStatus::Updating))
        .output(|| summary(StreamStatus::Active))
        .build();
    let register = mock!(Client::register_stream_consumer)
        .match_requests(|sent| {
            let tagged = sent.tags().is_some_and(|tags| tags.contains_key("pipe:pipeline"));
            sent.stream_arn() == Some(STREAM) && sent.consumer_name() == Some("demo-consumer") && tagged
        })
        .then_output(|| RegisterStreamConsumerOutput::builder().build());
    let describe = mock!(Client::describe_stream_consumer)
        .sequence()
        .output(|| described(ConsumerStatus::Creating))
        .output(|| described(ConsumerStatus::Active))
        .build();
    let tag = Tag::builder().key("pipe:pipeline").value("demo").build().unwrap();
    let tags = mock!(Client::list_tags_for_resource)
        .then_output(move || ListTagsForResourceOutput::builder().tags(tag.clone()).build());
    let wanted = StreamConsumer { stream: STREAM.into() };
    let cx = cx(&[&stream, &register, &describe, &tags]);
    let made = wanted.reconcile(&cx, &name("events", "demo-consumer"), None).await.unwrap();
    assert_eq!((made.outputs["arn"].as_str(), made.outputs[MADE].as_str()), (CONSUMER, made.identity.as_str()));
    assert_eq!((stream.num_calls(), register.num_calls(), describe.num_calls()), (2, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_is_named() {
    let stream = mock!(Client::describe_stream_summary).then_output(|| summary(StreamStatus::Active));
    let register = mock!(Client::register_stream_consumer)
        .then_http_response(|| refusal("LimitExceededException", "too many consumers"));
    let wanted = StreamConsumer { stream: STREAM.into() };
    let error = wanted.reconcile(&cx(&[&stream, &register]), &name("events", "demo-consumer"), None).await.unwrap_err();
    assert_eq!(error.code(), "LimitExceededException");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("at most 20 consumers")), "{error}");
    assert!(register.num_calls() > 1, "others that are being registered may be done soon");
}
