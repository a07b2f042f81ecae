//! What a create and an update say of filters.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_create_sets_filters() {
    let create = mock!(Client::create_event_source_mapping)
        .match_requests(|sent| sent.filter_criteria().is_some_and(|criteria| criteria.filters().len() == 1))
        .then_output(created);
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    let mapping = Mapping { filters: vec![r#"{"data":{"kind":["a"]}}"#.into()], ..desired() };
    mapping.reconcile(&cx(&[&create, &get]), &here(), None).await.unwrap();
}

/// What is absent would stay, so filters that went are cleared by criteria without any.
#[tokio::test(start_paused = true)]
async fn an_update_sets_filters_and_clears_them() {
    let one = || Mapping { filters: vec![r#"{"data":{"kind":["a"]}}"#.into()], ..desired() };
    let two = || Mapping {
        filters: vec!["{\"data\":{\"kind\":[\"a\"]}}".into(), "{\"data\":{\"n\":[1]}}".into()],
        ..desired()
    };
    for (to, from, sent) in [(one(), desired(), 1), (two(), one(), 2), (desired(), two(), 0)] {
        let update = mock!(Client::update_event_source_mapping)
            .match_requests(move |update| {
                update.uuid() == Some(UUID)
                    && update.filter_criteria().is_some_and(|criteria| criteria.filters().len() == sent)
            })
            .then_output(|| UpdateEventSourceMappingOutput::builder().build());
        let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
        let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().build());
        let live = live_as(from);
        to.reconcile(&cx(&[&update, &get, &tags]), &here(), Some(&live)).await.unwrap();
        assert_eq!(update.num_calls(), 1);
    }
}
