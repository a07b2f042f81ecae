//! A queue for what is given up that was made just now.

use super::*;
use crate::aws::Said;

const CODE: &str = "InvalidParameterValueException";

fn refused() -> HttpResponse {
    refusal(400, CODE, &format!("The destination ARN {DLQ} is invalid."))
}

// Both emulators take any destination.
#[tokio::test(start_paused = true)]
async fn it_is_waited_for_a_moment() {
    let create =
        mock!(Client::create_event_source_mapping).sequence().http_response(refused).times(3).output(created).build();
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    let (send, mut notes) = tokio::sync::mpsc::unbounded_channel();
    let heard = Mapping { on_failure: DLQ.into(), ..desired() };
    heard.reconcile(&cx(&[&create, &get]).with_notes(send), &here(), None).await.unwrap();
    assert_eq!(create.num_calls(), 4);
    let told = std::iter::from_fn(|| notes.try_recv().ok());
    let told = told
        .filter(|note| matches!(&note.said, Said::Waiting(what) if what.contains("the queue for what is given up")));
    assert_eq!(told.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_waited_for_where_a_mapping_gets_one() {
    let update = mock!(Client::update_event_source_mapping)
        .sequence()
        .http_response(refused)
        .times(3)
        .output(|| UpdateEventSourceMappingOutput::builder().state("Updating").build())
        .build();
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    let heard = Mapping { on_failure: DLQ.into(), ..desired() };
    heard.reconcile(&cx(&[&update, &get]), &here(), Some(&live_as(desired()))).await.unwrap();
    assert_eq!(update.num_calls(), 4);
}
