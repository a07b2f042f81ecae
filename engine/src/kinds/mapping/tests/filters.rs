//! What a create says of filters.

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
