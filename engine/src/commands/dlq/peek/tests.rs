use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ErrorMetadata;
use aws_sdk_sqs::operation::change_message_visibility_batch::ChangeMessageVisibilityBatchOutput;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::operation::receive_message::{ReceiveMessageError, ReceiveMessageOutput};
use aws_smithy_mocks::{Rule, RuleMode, mock};

use super::*;
use crate::aws::mocked;

const URL: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/demo-dlq";

/// A context whose SQS answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules)
}

fn message(id: usize) -> Message {
    let sent = MessageSystemAttributeName::SentTimestamp;
    let message = Message::builder().message_id(format!("m{id}")).receipt_handle(format!("r{id}")).body("{}");
    message.attributes(sent, "1573691884835").build()
}

/// Answers with these ids, one list a call, and then with nothing.
fn receives(batches: Vec<Vec<usize>>) -> Rule {
    let call = Arc::new(AtomicUsize::new(0));
    mock!(Client::receive_message)
        .match_requests(|request| request.visibility_timeout() == Some(10))
        .then_compute_output(move |_| {
            let some = batches.get(call.fetch_add(1, Ordering::Relaxed)).cloned().unwrap_or_default();
            ReceiveMessageOutput::builder().set_messages(Some(some.into_iter().map(message).collect())).build()
        })
}

/// Counts the messages that are given back.
fn gives_back() -> (Rule, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let rule = mock!(Client::change_message_visibility_batch)
        .match_requests(|request| request.entries().iter().all(|entry| entry.visibility_timeout() == Some(0)))
        .then_compute_output(move |request| {
            counted.fetch_add(request.entries().len(), Ordering::Relaxed);
            ChangeMessageVisibilityBatchOutput::builder()
                .set_successful(Some(Vec::new()))
                .set_failed(Some(Vec::new()))
                .build()
                .unwrap()
        });
    (rule, count)
}

async fn seen(receive: &Rule, limit: usize, stop: bool) -> (Result<bool>, Vec<String>, usize) {
    let (back, count) = gives_back();
    let (_sender, stopped) = watch::channel(stop);
    let mut ids = Vec::new();
    let mut show = |letter: Letter| ids.push(format!("{}@{}", letter.id, letter.sent_at));
    let more = peek(&cx(&[receive, &back]), URL, limit, &stopped, &mut show).await;
    (more, ids, count.load(Ordering::Relaxed))
}

#[tokio::test]
async fn every_message_is_shown_once_and_given_back() {
    let (more, ids, back) = seen(&receives(vec![(0..10).collect(), vec![10, 3]]), 100, false).await;
    assert_eq!((more, ids.len(), back), (Ok(false), 11, 12), "one came twice");
    assert_eq!(ids[0], "m0@1573691884835");
}

#[tokio::test]
async fn no_more_than_asked_for() {
    let (more, ids, back) = seen(&receives(vec![(0..10).collect(), vec![10, 11]]), 12, false).await;
    assert_eq!((more, ids.len(), back), (Ok(true), 12, 12));
}

/// A queue so long that the first messages are visible again before all are seen.
#[tokio::test]
async fn a_queue_that_shows_nothing_new_may_have_more() {
    let receive = receives(vec![vec![1], vec![1], vec![1], vec![1], vec![2]]);
    let (more, ids, _) = seen(&receive, 100, false).await;
    assert_eq!((more, ids.len(), receive.num_calls()), (Ok(true), 1, 4));
}

#[tokio::test]
async fn after_an_error_messages_are_given_back_too() {
    let denied = || ErrorMetadata::builder().code("AccessDenied").message("no").build();
    let receive = mock!(Client::receive_message)
        .sequence()
        .output(|| ReceiveMessageOutput::builder().messages(message(1)).build())
        .error(move || ReceiveMessageError::generic(denied()))
        .build();
    let (more, ids, back) = seen(&receive, 100, false).await;
    assert_eq!((more.unwrap_err().code(), ids.len(), back), ("AccessDenied", 1, 1));
}

#[tokio::test]
async fn an_interrupted_look_asks_for_nothing_more() {
    let receive = receives(vec![vec![1]]);
    let (more, ids, _) = seen(&receive, 100, true).await;
    assert_eq!((more.unwrap_err().class(), ids.len(), receive.num_calls()), (Class::Interrupted, 0, 0));
}

#[tokio::test]
async fn a_fifo_queue_shows_the_first_of_a_group_and_it_is_said_that_there_are_more() {
    for (left, more) in [("3", true), ("0", false)] {
        let count = mock!(Client::get_queue_attributes).then_output(move || {
            let count = QueueAttributeName::ApproximateNumberOfMessages;
            GetQueueAttributesOutput::builder().attributes(count, left).build()
        });
        let (receive, (back, _)) = (receives(vec![vec![1, 2]]), gives_back());
        let (_sender, stopped) = watch::channel(false);
        let url = format!("{URL}.fifo");
        let found = peek(&cx(&[&receive, &count, &back]), &url, 100, &stopped, &mut |_: Letter| {}).await;
        assert_eq!(found, Ok(more));
    }
}
