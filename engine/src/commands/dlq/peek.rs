//! Looks into a queue and takes nothing out of it.
//!
//! SQS shows messages only by receiving them: for some seconds nobody else can. They are made visible again as soon as all are
//! seen, also after an error and on Ctrl-C; what a kill leaves comes back by itself after [`HIDDEN_SECONDS`]. Each look counts as
//! a receive, which matters only to a queue that has a dead-letter queue of its own.
//!
//! A FIFO queue shows at most ten messages of a group, and no more of it until these are deleted or visible again
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>).
//!
//! IAM: sqs:ReceiveMessage, ChangeMessageVisibility; of a FIFO queue also GetQueueAttributes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry as Entry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use tokio::sync::watch;

use super::letter::{self, Letter};
use crate::aws::Cx;
use crate::error::{Class, Error, Result};

/// How long a message that was received stays with us, unless it is given back before: long enough to see a hundred.
const HIDDEN_SECONDS: i32 = 10;
/// Messages that SQS gives, and takes back, at once.
pub const BATCH: usize = 10;
/// Receives in a row that bring nothing new before the queue counts as seen: what was received first is visible again.
const STALE: u32 = 3;

/// Shows every message of a queue once, in SQS's order, at most `limit`. Returns whether there may be more.
///
/// # Errors
/// Those of SQS; `Interrupted`, when the user stopped it.
pub async fn peek(
    cx: &Cx,
    url: &str,
    limit: usize,
    stopped: &watch::Receiver<bool>,
    show: &mut (dyn FnMut(Letter) + Send),
) -> Result<bool> {
    let mut receipts = Vec::new();
    let mut seen = see(cx, url, limit, stopped, &mut receipts, show).await;
    if seen == Ok(false) && is_fifo(url) && !receipts.is_empty() {
        seen = Ok(hides(cx, url).await);
    }
    for some in receipts.chunks(BATCH) {
        // A letter that cannot be given back comes back by itself.
        let _ = hide(cx, url, some, 0).await;
    }
    seen
}

async fn see(
    cx: &Cx,
    url: &str,
    limit: usize,
    stopped: &watch::Receiver<bool>,
    receipts: &mut Vec<String>,
    show: &mut (dyn FnMut(Letter) + Send),
) -> Result<bool> {
    let (mut seen, mut stale) = (BTreeSet::new(), 0);
    while seen.len() < limit && stale < STALE {
        if *stopped.borrow() {
            return Err(Error::new(Class::Interrupted, "stopped before all messages were seen"));
        }
        let messages = receive(cx, url, (limit - seen.len()).min(BATCH), HIDDEN_SECONDS).await?;
        if messages.is_empty() {
            return Ok(false);
        }
        stale += 1;
        for message in messages {
            receipts.extend(message.receipt_handle.clone());
            if seen.insert(message.message_id.clone().unwrap_or_default()) {
                stale = 0;
                show(letter(&message));
            }
        }
    }
    Ok(true)
}

/// Receives at most ten messages with all that SQS says of them, and hides them for so long.
pub async fn receive(cx: &Cx, url: &str, most: usize, hidden_seconds: i32) -> Result<Vec<Message>> {
    let most = i32::try_from(most).unwrap_or_default();
    let request = cx.aws.sqs.receive_message().queue_url(url).max_number_of_messages(most);
    // A long poll asks all of SQS's servers: nothing then means that there is nothing.
    let request = request.visibility_timeout(hidden_seconds).wait_time_seconds(1);
    let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
    Ok(request.message_attribute_names("All").send().await?.messages.unwrap_or_default())
}

/// What a message says.
pub fn letter(message: &Message) -> Letter {
    let system = message.attributes().into_iter().flatten();
    let system: BTreeMap<String, String> =
        system.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
    let sent_at = system.get(MessageSystemAttributeName::SentTimestamp.as_str());
    let own = message.message_attributes().into_iter().flatten();
    Letter::new(letter::Message {
        id: message.message_id().unwrap_or_default().to_owned(),
        sent_at: sent_at.and_then(|millis| millis.parse().ok()).unwrap_or_default(),
        body: message.body().unwrap_or_default().to_owned(),
        system,
        attributes: own.filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned()))).collect(),
    })
}

/// Whether the queue with this URL, or this name, is a FIFO queue.
pub fn is_fifo(url: &str) -> bool {
    url.rsplit_once('.').is_some_and(|(_, ending)| ending == "fifo")
}

/// Whether a queue has messages beside those that are with us; where it cannot be asked, it may have some.
pub async fn hides(cx: &Cx, url: &str) -> bool {
    count(cx, url).await.is_none_or(|left| left != 0)
}

/// How many messages SQS takes to be visible; nothing where it does not say.
pub async fn count(cx: &Cx, url: &str) -> Option<usize> {
    number(cx, url, QueueAttributeName::ApproximateNumberOfMessages).await
}

/// Returns how many messages other readers hide, or have hidden until they were killed, in words; empty where there are none.
pub async fn hidden(cx: &Cx, url: &str) -> String {
    match number(cx, url, QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await {
        None | Some(0) => String::new(),
        Some(hidden) => {
            format!(
                "; about {hidden} are hidden: another reader has them, or was killed, and they come back within 5 minutes"
            )
        }
    }
}

async fn number(cx: &Cx, url: &str, name: QueueAttributeName) -> Option<usize> {
    let asked = cx.aws.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await;
    asked.ok()?.attributes?.get(&name)?.parse().ok()
}

/// Hides at most ten messages for so long from now on; for 0 seconds: makes them visible.
pub async fn hide(cx: &Cx, url: &str, receipts: &[String], seconds: i32) -> Result<()> {
    let entry = |(at, receipt): (usize, &String)| {
        Entry::builder().id(at.to_string()).receipt_handle(receipt).visibility_timeout(seconds).build()
    };
    let entries: Result<Vec<Entry>, _> = receipts.iter().enumerate().map(entry).collect();
    let entries = entries.map_err(|error| Error::defect(error.to_string()))?;
    let request = cx.aws.sqs.change_message_visibility_batch().queue_url(url);
    Ok(request.set_entries(Some(entries)).send().await.map(drop)?)
}

#[cfg(test)]
mod tests;
