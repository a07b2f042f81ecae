//! Properties from the API's answer.

use aws_sdk_lambda::types::{
    DestinationConfig, EventSourceMappingConfiguration, EventSourcePosition, Filter, FilterCriteria,
    FunctionResponseType, OnFailure,
};
use aws_smithy_types::DateTime;

use super::{DAY, NOW, QUEUE, STREAM};
use crate::poller::checkpoints::Position;
use crate::poller::mapping::{Properties, Start};

type Builder = aws_sdk_lambda::types::builders::EventSourceMappingConfigurationBuilder;

fn answer() -> Builder {
    EventSourceMappingConfiguration::builder().uuid("u").event_source_arn(STREAM).function_arn("arn:f")
}

fn read(builder: Builder) -> crate::error::Result<Option<Properties>> {
    Properties::read(&builder.build(), "consumer", "arn:role", 24)
}

#[test]
fn defaults_are_those_of_aws() {
    // As recorded for a mapping that was made with nothing but its source and start.
    let recorded = answer().batch_size(100).maximum_retry_attempts(-1).maximum_record_age_in_seconds(-1);
    let recorded = recorded.parallelization_factor(1).maximum_batching_window_in_seconds(0);
    let recorded = recorded.bisect_batch_on_function_error(false).tumbling_window_in_seconds(0);
    let recorded = recorded.destination_config(DestinationConfig::builder().build());
    let properties = read(recorded).unwrap().unwrap();
    assert_eq!(Some(&properties), read(answer()).unwrap().as_ref());
    assert_eq!((properties.batch_size, properties.slots, properties.window_ms), (100, 1, 0));
    assert_eq!((properties.retries, properties.max_age_ms, properties.on_failure.as_deref()), (None, None, None));
    assert_eq!((properties.age_limit_ms(), properties.region.as_str()), (DAY, "eu-central-1"));
    assert!(!properties.bisect && !properties.partial);
}

#[test]
fn everything_that_can_be_said() {
    let on_failure = OnFailure::builder().destination(QUEUE).build();
    let filter = Filter::builder().pattern(r#"{"data": {"a": ["x"]}}"#).build();
    let full = answer().batch_size(10).maximum_retry_attempts(0).maximum_record_age_in_seconds(60);
    let full =
        full.parallelization_factor(10).maximum_batching_window_in_seconds(5).bisect_batch_on_function_error(true);
    let full = full.function_response_types(FunctionResponseType::ReportBatchItemFailures);
    let full = full.destination_config(DestinationConfig::builder().on_failure(on_failure).build());
    let full = full.filter_criteria(FilterCriteria::builder().filters(filter).build());
    let full = full.starting_position(EventSourcePosition::AtTimestamp);
    let properties = read(full.starting_position_timestamp(DateTime::from_secs(5))).unwrap().unwrap();
    assert_eq!((properties.batch_size, properties.slots, properties.window_ms), (10, 10, 5_000));
    assert_eq!((properties.retries, properties.max_age_ms), (Some(0), Some(60_000)));
    assert_eq!((properties.age_limit_ms(), properties.queue()), (60_000, Some("failed")));
    assert_eq!((properties.bisect, properties.partial, properties.filters.len()), (true, true, 1));
    assert_eq!(properties.start, Start::At { time_ms: 5_000 });
}

#[test]
fn no_record_outlives_the_stream() {
    let age = |age| read(answer().maximum_record_age_in_seconds(age)).unwrap().unwrap().age_limit_ms();
    assert_eq!([age(60), age(86_401), age(604_800), age(-1)], [60_000, DAY, DAY, DAY]);
}

#[test]
fn starts() {
    let start = |position| read(answer().starting_position(position)).unwrap().unwrap().start.position(NOW);
    assert_eq!(start(EventSourcePosition::TrimHorizon), Position::Oldest);
    assert_eq!(start(EventSourcePosition::Latest), Position::Since(NOW));
    assert_eq!(Start::At { time_ms: 7 }.position(NOW), Position::Since(7));
}

#[test]
fn as_a_consumer_of_a_stream_the_stream_is_read() {
    let read = read(answer().event_source_arn(format!("{STREAM}/consumer/c:1"))).unwrap().unwrap();
    assert_eq!(read.source_arn, STREAM);
}

#[test]
fn what_is_not_done_here_is_refused() {
    let cluster = "arn:aws:kafka:eu-central-1:111122223333:cluster/c/1";
    let cluster = EventSourceMappingConfiguration::builder().event_source_arn(cluster);
    assert_eq!(read(cluster).unwrap(), None, "neither a stream nor a queue");
    let bucket = DestinationConfig::builder().on_failure(OnFailure::builder().destination("arn:aws:s3:::b").build());
    let bad_filter = FilterCriteria::builder().filters(Filter::builder().pattern("x").build()).build();
    let rows = [
        (answer().tumbling_window_in_seconds(1), "tumbling window"),
        (answer().destination_config(bucket.build()), "`arn:aws:s3:::b` is not a queue"),
        (answer().filter_criteria(bad_filter), "filter `x`"),
    ];
    for (builder, why) in rows {
        let error = read(builder).unwrap_err();
        assert!(error.message().contains(why), "{}", error.message());
    }
}
