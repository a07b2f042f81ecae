//! Mappings of queues.

use super::*;
use crate::resource::How;

#[tokio::test(start_paused = true)]
async fn a_queue_is_spared_what_only_streams_know() {
    let create = mock!(Client::create_event_source_mapping)
        .match_requests(|sent| {
            let numbers =
                [sent.parallelization_factor(), sent.maximum_retry_attempts(), sent.maximum_record_age_in_seconds()];
            let none = numbers.iter().all(Option::is_none) && sent.bisect_batch_on_function_error().is_none();
            none && sent.starting_position().is_none() && sent.destination_config().is_none()
        })
        .then_output(created);
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    let mapping = Mapping { source: QUEUE.into(), start: String::new(), ..desired() };
    mapping.reconcile(&cx(&[&create, &get]), &name("consumer", QUEUE), None).await.unwrap();
}

fn of_queue() -> Mapping {
    Mapping { source: QUEUE.into(), start: String::new(), batch_size: 10, ..desired() }
}

/// What AWS shows of a mapping of a queue (recorded): nothing that only streams have, and a bound only where one was set.
#[tokio::test(start_paused = true)]
async fn a_bound_of_calls_is_read_set_and_cleared() {
    let bounded = Mapping { max_concurrency: Some(5), ..of_queue() };
    let list = mock!(Client::list_event_source_mappings).then_output(|| {
        let shown = EventSourceMappingConfiguration::builder()
            .uuid(UUID)
            .batch_size(10)
            .maximum_batching_window_in_seconds(0)
            .event_source_arn(QUEUE)
            .function_arn("arn:aws:lambda:eu-central-1:111122223333:function:consumer")
            .state("Enabled")
            .scaling_config(ScalingConfig::builder().maximum_concurrency(5).build());
        listed(vec![shown])
    });
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let lives = Mapping::read(&cx(&[&list, &tags]), &name("consumer", QUEUE)).await.unwrap();
    assert_eq!(lives[0].props, bounded);

    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    for (wanted, live, bound) in [(of_queue(), bounded.clone(), None), (bounded, of_queue(), Some(5))] {
        let update = mock!(Client::update_event_source_mapping)
            .match_requests(move |sent| {
                let spared = sent.destination_config().is_none() && sent.maximum_retry_attempts().is_none();
                spared && sent.scaling_config().is_some_and(|scaling| scaling.maximum_concurrency() == bound)
            })
            .then_output(|| UpdateEventSourceMappingOutput::builder().state("Updating").build());
        wanted.reconcile(&cx(&[&update, &get]), &name("consumer", QUEUE), Some(&live_as(live))).await.unwrap();
        assert_eq!(update.num_calls(), 1);
    }
}

/// SQS takes up to a minute until a longer visibility is everywhere.
#[tokio::test(start_paused = true)]
async fn a_queue_that_hides_messages_long_enough_by_now_is_waited_for() {
    let short = || {
        let message = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds";
        refusal(400, "InvalidParameterValueException", message)
    };
    let create =
        mock!(Client::create_event_source_mapping).sequence().http_response(short).times(2).output(created).build();
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    of_queue().reconcile(&cx(&[&create, &get]), &name("consumer", QUEUE), None).await.unwrap();
    assert_eq!(create.num_calls(), 3);
    let never = mock!(Client::create_event_source_mapping).then_http_response(short);
    assert!(of_queue().reconcile(&cx(&[&never]), &name("consumer", QUEUE), None).await.is_err(), "only for a while");
}

#[test]
fn what_a_stream_loses_is_not_said_of_a_queue() {
    let stream = Mapping { on_failure: DLQ.into(), retries: 5, ..desired() };
    let how = How { replaced: true, ..How::default() };
    let queue = of_queue();
    let told = Mapping::advice(&Changed::Edit { desired: &queue, live: &stream, how: &how });
    assert_eq!(told.loses, None);
    assert_eq!(told.means, ["the records that the stream still holds are no longer read"]);
}
