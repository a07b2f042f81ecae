use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::operation::create_stream::CreateStreamOutput;
use aws_sdk_kinesis::operation::describe_stream_summary::DescribeStreamSummaryOutput;
use aws_sdk_kinesis::operation::list_tags_for_stream::ListTagsForStreamOutput;
use aws_sdk_kinesis::operation::update_max_record_size::UpdateMaxRecordSizeOutput;
use aws_sdk_kinesis::operation::update_shard_count::UpdateShardCountOutput;
use aws_sdk_kinesis::types::builders::StreamDescriptionSummaryBuilder;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::DateTime;
use proptest::prelude::*;

use super::size::steps;
use super::*;
use crate::aws::mocked::{self, refusal};
use crate::resource::Id;

fn cx(rules: &[&Rule]) -> Cx {
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("stream"), tags)
}

fn events() -> Name {
    Name::new("events")
}

fn answer(status: StreamStatus, shards: i32) -> StreamDescriptionSummaryBuilder {
    let mode = StreamModeDetails::builder().stream_mode(StreamMode::Provisioned).build().unwrap();
    StreamDescriptionSummary::builder()
        .stream_name("events")
        .stream_arn("arn:aws:kinesis:eu-central-1:111122223333:stream/events")
        .stream_status(status)
        .stream_mode_details(mode)
        .retention_period_hours(24)
        .stream_creation_timestamp(DateTime::from_secs_f64(1_545_084_650.987))
        .set_enhanced_monitoring(Some(Vec::new()))
        .encryption_type(EncryptionType::None)
        .open_shard_count(shards)
}

fn described(status: StreamStatus, shards: i32) -> DescribeStreamSummaryOutput {
    let summary = answer(status, shards).build().unwrap();
    DescribeStreamSummaryOutput::builder().stream_description_summary(summary).build()
}

fn plain(shards: u32) -> Stream {
    Stream { on_demand: false, shards, retention_hours: 24, max_record_kb: 1024, encryption: NONE.into() }
}

proptest! {
    #[test]
    fn every_step_is_between_half_and_double_and_the_last_is_the_target(from in 1u32..10_000, to in 1u32..10_000) {
        let all = steps(from, to);
        let mut now = from;
        for step in &all {
            prop_assert!(*step <= now * 2 && *step * 2 >= now, "{now} to {step}");
            prop_assert_ne!(*step, now);
            now = *step;
        }
        prop_assert_eq!(now, to);
    }
}

#[test]
fn steps_are_as_few_as_can_be() {
    assert_eq!(steps(1, 8), [2, 4, 8]);
    assert_eq!(steps(7, 1), [4, 2, 1]);
    assert!(steps(3, 3).is_empty());
}

#[test]
fn properties_are_canonical() {
    assert_eq!(props(&answer(StreamStatus::Active, 3).build().unwrap()), plain(3));
    let kms =
        |key: &str| answer(StreamStatus::Active, 1).encryption_type(EncryptionType::Kms).key_id(key).build().unwrap();
    assert_eq!(props(&kms("alias/aws/kinesis")).encryption, "aws_managed");
    assert_eq!(props(&kms("arn:aws:kms:eu-central-1:111122223333:alias/aws/kinesis")).encryption, "aws_managed");
    assert_eq!(props(&kms("alias/mine")).encryption, "alias/mine");
    let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().unwrap();
    let on_demand = props(&answer(StreamStatus::Active, 4).stream_mode_details(mode).build().unwrap());
    assert!(on_demand.on_demand && on_demand.shards == 0, "the number of shards is AWS's");
}

#[test]
fn the_identity_is_the_creation_time_to_the_millisecond() {
    assert_eq!(identity(&answer(StreamStatus::Active, 1).build().unwrap()), "2018-12-17T22:10:50.987Z");
}

#[test]
fn names_come_from_stream_arns_only() {
    let name = |arn: &str| Stream::name_of(arn).map(|name| name.to_string());
    assert_eq!(name("arn:aws:kinesis:eu-central-1:111122223333:stream/events").as_deref(), Some("events"));
    assert_eq!(name("arn:aws:kinesis:eu-central-1:111122223333:stream/events/consumer/c:1"), None);
    assert_eq!(name("arn:aws:dynamodb:eu-central-1:111122223333:table/t"), None);
}

#[test]
fn a_shorter_retention_loses_records() {
    let long = Stream { retention_hours: 48, ..plain(1) };
    assert!(means::loses(&plain(1), &long).unwrap().contains("24 hours"));
    assert_eq!(means::loses(&long, &plain(1)), None);
}

// No emulator has CREATING: both answer ACTIVE at once.
#[tokio::test(start_paused = true)]
async fn a_new_stream_is_waited_for() {
    let create = mock!(Client::create_stream)
        .match_requests(|sent| {
            let mode = sent.stream_mode_details().map(|details| details.stream_mode());
            let tagged = sent.tags().is_some_and(|tags| tags.contains_key("pipe:pipeline"));
            mode == Some(&StreamMode::Provisioned) && sent.shard_count() == Some(2) && tagged
        })
        .then_output(|| CreateStreamOutput::builder().build());
    let describe = mock!(Client::describe_stream_summary)
        .sequence()
        .http_response(|| refusal("ResourceNotFoundException", "Stream events under account 111122223333 not found."))
        .output(|| described(StreamStatus::Creating, 0))
        .output(|| described(StreamStatus::Active, 2))
        .build();
    // As AWS answers: the creating call's tags are there. MiniStack and moto drop them, and then they are set.
    let tag = aws_sdk_kinesis::types::Tag::builder().key("pipe:pipeline").value("demo").build().unwrap();
    let tags = mock!(Client::list_tags_for_stream).then_output(move || {
        ListTagsForStreamOutput::builder().tags(tag.clone()).has_more_tags(false).build().unwrap()
    });
    let made = plain(2).reconcile(&cx(&[&create, &describe, &tags]), &events(), None).await.unwrap();
    assert_eq!((create.num_calls(), describe.num_calls()), (1, 3));
    assert_eq!(made.identity, "2018-12-17T22:10:50.987Z");
    assert_eq!(made.outputs["arn"], "arn:aws:kinesis:eu-central-1:111122223333:stream/events");
}

#[tokio::test(start_paused = true)]
async fn each_step_of_the_shard_count_is_seen_through() {
    let step = |count: i32| {
        mock!(Client::update_shard_count)
            .match_requests(move |sent| sent.target_shard_count() == Some(count))
            .then_output(|| UpdateShardCountOutput::builder().build())
    };
    let (to_2, to_4, to_5) = (step(2), step(4), step(5));
    let describe = mock!(Client::describe_stream_summary)
        .sequence()
        .output(|| described(StreamStatus::Active, 1))
        .output(|| described(StreamStatus::Active, 1)) // stale: ACTIVE, but before the change
        .output(|| described(StreamStatus::Updating, 1))
        .output(|| described(StreamStatus::Active, 2))
        .output(|| described(StreamStatus::Active, 4))
        .output(|| described(StreamStatus::Active, 5))
        .build();
    let cx = cx(&[&to_2, &to_4, &to_5, &describe]);
    let active = settled(&cx, &events(), |_| true).await.unwrap();
    let found = plain(5).sync(&cx, &events(), active).await.unwrap();
    assert_eq!(found.open_shard_count, 5);
    assert_eq!((to_2.num_calls(), to_4.num_calls(), to_5.num_calls(), describe.num_calls()), (1, 1, 1, 6));
}

#[tokio::test(start_paused = true)]
async fn a_larger_record_is_seen_through() {
    let arn = "arn:aws:kinesis:eu-central-1:111122223333:stream/events";
    let update = mock!(Client::update_max_record_size)
        .match_requests(move |sent| sent.stream_arn() == Some(arn) && sent.max_record_size_in_kib() == Some(4096))
        .then_output(|| UpdateMaxRecordSizeOutput::builder().build());
    let sized = |status, kib| {
        let summary = answer(status, 1).max_record_size_in_kib(kib).build().unwrap();
        DescribeStreamSummaryOutput::builder().stream_description_summary(summary).build()
    };
    let describe = mock!(Client::describe_stream_summary)
        .sequence()
        .output(move || sized(StreamStatus::Active, 1024))
        .output(move || sized(StreamStatus::Updating, 1024))
        .output(move || sized(StreamStatus::Active, 4096))
        .build();
    let cx = cx(&[&update, &describe]);
    let active = settled(&cx, &events(), |_| true).await.unwrap();
    let larger = Stream { max_record_kb: 4096, ..plain(1) };
    let found = larger.sync(&cx, &events(), active).await.unwrap();
    assert_eq!(props(&found), larger);
    assert_eq!((update.num_calls(), describe.num_calls()), (1, 3));
}

#[test]
fn the_usual_record_is_not_in_the_form() {
    let form = serde_json::to_value(plain(1)).unwrap();
    assert_eq!(form.get("max_record_kb"), None);
    assert_eq!(serde_json::from_value::<Stream>(form).unwrap(), plain(1));
    let larger = Stream { max_record_kb: 2048, ..plain(1) };
    assert_eq!(
        means::means(&plain(1), &larger),
        ["records larger than 1024 KiB are refused; the stream takes 2048 KiB now"]
    );
    assert!(means::means(&larger, &plain(1)).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_crowded_account_is_waited_for() {
    let text = "This request would have exceed the limit on the number of streams that can simultaneously be in CREATING or \
                DELETING. Limit: 5";
    let create = mock!(Client::create_stream)
        .sequence()
        .http_response(|| refusal("LimitExceededException", text))
        .times(3)
        .output(|| CreateStreamOutput::builder().build())
        .build();
    plain(1).create(&cx(&[&create]), &events()).await.unwrap();
    assert_eq!(create.num_calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_shard_limit_is_not_waited_for() {
    let text = "This request would exceed the shard limit for the account 111122223333 in eu-central-1. Current shard count for \
                the account: 200. Limit: 200. Number of additional shards that would have resulted from this request: 1.";
    let create = mock!(Client::create_stream).then_http_response(|| refusal("LimitExceededException", text));
    let error = plain(1).create(&cx(&[&create]), &events()).await.unwrap_err();
    assert_eq!((create.num_calls(), error.class()), (1, Class::Fatal));
    assert!(error.hint_text().unwrap().contains("lower `shards`"));
}

#[tokio::test(start_paused = true)]
async fn the_daily_limit_is_named() {
    let update =
        mock!(Client::update_shard_count).then_http_response(|| refusal("LimitExceededException", "no more today"));
    let describe = mock!(Client::describe_stream_summary).then_output(|| described(StreamStatus::Active, 1));
    let cx = cx(&[&update, &describe]);
    let active = settled(&cx, &events(), |_| true).await.unwrap();
    let error = plain(2).sync(&cx, &events(), active).await.unwrap_err();
    assert_eq!(update.num_calls(), 1);
    assert!(error.hint_text().unwrap().contains("at most 10 times in 24 h"));
}

#[tokio::test(start_paused = true)]
async fn a_name_taken_since_the_read_is_looked_at_again() {
    let text = "Stream events under account 111122223333 already exists.";
    let create = mock!(Client::create_stream).then_http_response(|| refusal("ResourceInUseException", text));
    let error = plain(1).reconcile(&cx(&[&create]), &events(), None).await.unwrap_err();
    assert_eq!((create.num_calls(), error.class()), (1, Class::Unclear));
}
