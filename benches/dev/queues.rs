//! Messages through a standard queue, from SendMessageBatch to their deletion after the function had them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};

use crate::running::Running;
use crate::say;

const MESSAGES: usize = 10_000;
const SENDERS: usize = 4;

/// Senders and poller share MiniStack, whose every call of a queue looks through all of its messages: a queue that is long is slow there.
pub async fn through() {
    let running = Running::with_queue();
    let sqs = Client::new(&running.sdk(None));
    let url = sqs.get_queue_url().queue_name("events").send().await.expect("the queue is there");
    let url = url.queue_url.expect("it has a URL");
    // The first round has the processes started.
    round(&sqs, &url, MESSAGES / 10).await;
    let before = running.resident_kb();
    let took = round(&sqs, &url, MESSAGES).await;
    let grown = running.resident_kb().saturating_sub(before);
    say(
        "messages through a queue",
        &format!(
            "{:.0} messages/s ({MESSAGES} in {:.1} s; budget 500); pipe dev has {grown} KB more in memory after them",
            MESSAGES as f32 / took.as_secs_f32(),
            took.as_secs_f32(),
        ),
    );
    running.stop();
}

async fn round(sqs: &Client, url: &str, messages: usize) -> Duration {
    let start = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let senders = (0..SENDERS).map(|_| tokio::spawn(send(sqs.clone(), url.to_owned(), Arc::clone(&next), messages)));
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("every message is taken");
    }
    while left(sqs, url).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    start.elapsed()
}

async fn send(sqs: Client, url: String, next: Arc<AtomicUsize>, messages: usize) {
    while next.fetch_add(10, Ordering::Relaxed) < messages {
        let entries = (0..10).map(|n| {
            let entry = SendMessageBatchRequestEntry::builder().id(n.to_string());
            entry.message_body(r#"{"hello":"world"}"#).build().expect("it is whole")
        });
        let sent = sqs.send_message_batch().queue_url(&url).set_entries(Some(entries.collect())).send().await;
        assert!(sent.expect("the queue answers").failed().is_empty());
    }
}

/// How many messages the queue has, visible or not.
async fn left(sqs: &Client, url: &str) -> usize {
    let asked = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send().await;
    let all = asked.expect("the queue answers").attributes.unwrap_or_default();
    let names =
        [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
    names.iter().filter_map(|name| all.get(name)?.parse::<usize>().ok()).sum()
}
