//! A table whose stream was enabled anew: another mapping is made, and the one before stays.

use super::*;

const OLD: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2026-01-01T00:00:00.000";
const NEW: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2026-01-02T00:00:00.000";
const OTHER: &str = "00000000-7f1b-4a5a-9c0e-3d1b2a4c5d6e";

fn reading(source: &str) -> Mapping {
    Mapping { source: source.into(), ..desired() }
}

// Any call but these would be refused: the one before is neither changed nor deleted.
#[tokio::test(start_paused = true)]
async fn it_is_made_beside_the_one_before() {
    let list =
        mock!(Client::list_event_source_mappings).then_output(|| listed(vec![answer("Enabled").event_source_arn(OLD)]));
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let create = mock!(Client::create_event_source_mapping)
        .match_requests(|sent| sent.event_source_arn() == Some(NEW))
        .then_output(|| CreateEventSourceMappingOutput::builder().uuid(OTHER).state("Creating").build());
    let get = mock!(Client::get_event_source_mapping).match_requests(|sent| sent.uuid() == Some(OTHER));
    let get = get.then_output(|| got("Enabled"));
    let before = live_as(reading(OLD));
    let cx = cx(&[&list, &tags, &create, &get]);
    let made = reading(NEW).reconcile(&cx, &name("consumer", OLD), Some(&before)).await.unwrap();
    assert_eq!((made.outputs["uuid"].as_str(), create.num_calls()), (OTHER, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_a_lost_answer_made_is_found_again() {
    let list = mock!(Client::list_event_source_mappings).then_output(|| {
        let new = answer("Enabled").uuid(OTHER).event_source_arn(NEW);
        listed(vec![answer("Enabled").event_source_arn(OLD), new])
    });
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
    let before = live_as(reading(OLD));
    let made = reading(NEW).reconcile(&cx(&[&list, &tags]), &name("consumer", OLD), Some(&before)).await.unwrap();
    assert_eq!(made.outputs["uuid"], OTHER);
}
