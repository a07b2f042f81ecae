//! A walk through a dead-letter queue: each message once, and those that stay are visible again at its end.
//!
//! SQS shows messages only by receiving them, which hides them from everybody else. A message that this run is done with and keeps is
//! hidden for longer ([`ASIDE_SECONDS`]), so that the walk comes to the others; what a kill leaves hidden comes back by itself.
//!
//! IAM: sqs:ReceiveMessage, ChangeMessageVisibility, DeleteMessage.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry as Deletion, Message};

use super::letter::Letter;
pub use super::peek::BATCH;
use super::peek::{hide, hides, is_fifo, letter, receive};
use crate::aws::Cx;
use crate::error::{Error, Result};

/// How long a message that was received is hidden from others, unless that is prolonged.
pub const HIDDEN_SECONDS: i32 = 60;
/// How long one is that stays, while others are looked at.
pub const ASIDE_SECONDS: i32 = 300;
/// Messages that are made visible at the end. Any others come back by themselves: their receipts would fill the memory.
const MOST_ASIDE: usize = 10_000;
/// Receives in a row that bring nothing new before the queue counts as seen.
const STALE: u32 = 20;

/// A message that this run holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub letter: Letter,
    /// The receipt with which it is hidden and deleted.
    pub receipt: String,
    /// The message as it is, where the letter is made of more than its body.
    pub message: Option<Box<Message>>,
}

/// The calls of a queue.
pub trait Queue: Sync {
    /// At most ten messages, hidden for [`HIDDEN_SECONDS`]; none where no message is visible.
    fn receive(&self, most: usize) -> impl Future<Output = Result<Vec<Held>>> + Send;

    /// Hides messages for so long from now on; for 0 seconds: makes them visible. What cannot be is not.
    fn hide(&self, receipts: &[String], seconds: i32) -> impl Future<Output = ()> + Send;

    /// Whether it has messages that it does not show as long as others of their group are held.
    fn hides(&self) -> impl Future<Output = bool> + Send;

    /// Deletes at most ten messages, and returns the receipts of those that could not be.
    fn delete(&self, receipts: &[String]) -> impl Future<Output = Result<Vec<String>>> + Send;
}

/// See the module.
pub struct Walk<'a, Q> {
    pub queue: &'a Q,
    /// Hashes of the ids of messages: 8 bytes for each.
    seen: HashSet<u64>,
    hasher: RandomState,
    aside: Vec<String>,
    /// Whether the queue may have messages that were not seen.
    pub more: bool,
}

impl<'a, Q: Queue> Walk<'a, Q> {
    pub fn new(queue: &'a Q) -> Self {
        Self { queue, seen: HashSet::new(), hasher: RandomState::new(), aside: Vec::new(), more: false }
    }

    /// At most `most` messages, of ten at most, that were not seen before; none at the end.
    ///
    /// # Errors
    /// Those of SQS.
    pub async fn next(&mut self, most: usize) -> Result<Vec<Held>> {
        for _ in 0..STALE {
            let held = self.queue.receive(most.min(BATCH)).await?;
            if held.is_empty() {
                return Ok(held);
            }
            let (new, old): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|held| self.is_new(&held.letter.id));
            self.set_aside(old.into_iter().map(|held| held.receipt).collect()).await;
            if !new.is_empty() {
                return Ok(new);
            }
        }
        self.more = true;
        Ok(Vec::new())
    }

    /// Whether this was not seen before; from now on it is.
    pub fn is_new(&mut self, id: &str) -> bool {
        self.seen.insert(self.hasher.hash_one(id))
    }

    /// Whether this was seen before.
    pub fn has_seen(&self, id: &str) -> bool {
        self.seen.contains(&self.hasher.hash_one(id))
    }

    /// Keeps messages out of the way until the end.
    pub async fn set_aside(&mut self, receipts: Vec<String>) {
        for some in receipts.chunks(BATCH) {
            self.queue.hide(some, ASIDE_SECONDS).await;
        }
        let room = MOST_ASIDE.saturating_sub(self.aside.len());
        self.aside.extend(receipts.into_iter().take(room));
    }

    /// Makes what stays visible again.
    pub async fn end(&mut self) {
        let aside = std::mem::take(&mut self.aside);
        self.more |= !aside.is_empty() && self.queue.hides().await;
        for some in aside.chunks(BATCH) {
            self.queue.hide(some, 0).await;
        }
    }
}

/// A queue of SQS.
#[derive(Clone)]
pub struct Sqs {
    pub cx: Cx,
    pub url: String,
}

impl Queue for Sqs {
    async fn receive(&self, most: usize) -> Result<Vec<Held>> {
        let messages = receive(&self.cx, &self.url, most, HIDDEN_SECONDS).await?;
        Ok(messages.into_iter().map(held).collect())
    }

    async fn hide(&self, receipts: &[String], seconds: i32) {
        // A message that cannot be shown or hidden comes back by itself: at worst it is handed over twice.
        let _ = hide(&self.cx, &self.url, receipts, seconds).await;
    }

    async fn hides(&self) -> bool {
        is_fifo(&self.url) && hides(&self.cx, &self.url).await
    }

    async fn delete(&self, receipts: &[String]) -> Result<Vec<String>> {
        let entry =
            |(at, receipt): (usize, &String)| Deletion::builder().id(at.to_string()).receipt_handle(receipt).build();
        let entries: Result<Vec<Deletion>, _> = receipts.iter().enumerate().map(entry).collect();
        let entries = entries.map_err(|error| Error::defect(error.to_string()))?;
        let request = self.cx.aws.sqs.delete_message_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries)).send().await?;
        let failed =
            answer.failed.into_iter().filter_map(|failed| receipts.get(failed.id.parse::<usize>().ok()?).cloned());
        Ok(failed.collect())
    }
}

fn held(message: Message) -> Held {
    let letter = letter(&message);
    let receipt = message.receipt_handle.clone().unwrap_or_default();
    let message = letter.form().again().is_message().then(|| Box::new(message));
    Held { letter, receipt, message }
}
