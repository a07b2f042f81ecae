//! What to do next for one queue, decided from what came of everything before. All times are in milliseconds.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::deletes::{Deleted, Deletes, Done};
use super::record::Message;
use super::verdict::{failed, told};
use super::waiting::{Received, Waiting, payload};
use super::{Mapping, Queued};
use crate::invoke::{Answer, Refusal};
use crate::poller::outcome::refused_pause_ms;
use crate::poller::slot::{Told, refused};

/// SQS gives so many in one call.
const PAGE: usize = 10;
/// Receives under way at the same time, while the queue has more than one gives.
const RECEIVERS: usize = 4;
/// How often an empty queue is asked.
pub const IDLE_MS: i64 = 1_000;
/// How long an empty queue is not asked again, however many messages others send elsewhere.
const GAP_MS: i64 = 25;
/// Batches at a time at first, and how many more there may be each second.
const FIRST_BATCHES: usize = 5;
const GROWTH_MS: i64 = 1_000;

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Receive at most so many; then tell [`QueueState::received`].
    Receive { most: usize },
    /// Call the function; then tell [`QueueState::answered`].
    Call { batch: u64, payload: Bytes },
    /// Delete these; then tell [`QueueState::deleted`].
    Delete { done: Vec<Done> },
    /// Make these visible again, by their receipts. What comes of it changes nothing.
    GiveBack { receipts: Vec<String> },
}

/// A message that SQS moves to the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    pub id: String,
    pub receives: u32,
    /// How long it stays in the queue yet.
    pub in_ms: i64,
}

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub told: Told,
    pub leaving: Vec<Leaving>,
}

/// A message at work. The function has its event.
#[derive(Debug)]
struct AtWork {
    id: String,
    receipt: String,
    group: Option<String>,
    receives: u32,
    until_ms: i64,
}

/// See the module.
#[derive(Debug)]
pub struct QueueState {
    mapping: Mapping,
    queue: Queued,
    waiting: Waiting,
    /// Batches that the function has.
    at_work: BTreeMap<u64, Vec<AtWork>>,
    batches: u64,
    /// How many there may be at a time, and since when.
    limit: usize,
    grown_ms: i64,
    deletes: Deletes,
    receiving: usize,
    /// Whether the last receive gave as many as it could.
    more: bool,
    /// When the queue is asked next, when it was last, and whether somebody has sent since.
    due_ms: i64,
    asked_ms: i64,
    stirred: bool,
    failures: u32,
    /// Refused calls in a row, and until when all rests after them.
    refusals: u32,
    rests_until_ms: i64,
    ends: bool,
}

impl QueueState {
    pub fn new(mapping: Mapping, queue: Queued, now: i64) -> Self {
        Self {
            limit: queue.batches.min(FIRST_BATCHES),
            mapping,
            queue,
            waiting: Waiting::default(),
            at_work: BTreeMap::new(),
            batches: 0,
            grown_ms: now,
            deletes: Deletes::default(),
            receiving: 0,
            more: false,
            due_ms: now,
            asked_ms: i64::MIN,
            stirred: false,
            failures: 0,
            refusals: 0,
            rests_until_ms: i64::MIN,
            ends: false,
        }
    }

    /// All that is to be done now.
    pub fn steps(&mut self, now: i64) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.ends {
            let receipts: Vec<_> = self.waiting.take().into_iter().map(|one| one.message.receipt).collect();
            steps.extend(receipts.chunks(PAGE).map(|chunk| Step::GiveBack { receipts: chunk.to_vec() }));
        } else if now >= self.rests_until_ms {
            while let Some(step) = self.call(now) {
                steps.push(step);
            }
        }
        while let Some(done) = self.deletes.next(now) {
            steps.push(Step::Delete { done });
        }
        while self.asks_at().is_some_and(|at| at <= now) {
            // What a FIFO queue gives beyond one batch would wait for that batch, and have been received for nothing if it fails.
            let page = if self.queue.fifo { self.mapping.batch_size.min(PAGE) } else { PAGE };
            let most = self.room().min(page);
            self.receiving += 1;
            (self.asked_ms, self.stirred) = (now, false);
            steps.push(Step::Receive { most });
        }
        steps
    }

    /// Somebody sent a message, perhaps to this queue.
    pub fn stirred(&mut self) {
        self.stirred = true;
        if self.failures == 0 {
            self.due_ms = self.due_ms.min(self.asked_ms.saturating_add(GAP_MS));
        }
    }

    /// Starts nothing more; what is not handed over goes back.
    pub fn end(&mut self) {
        self.ends = true;
        self.deletes.hurry();
    }

    /// Whether nothing is under way or waits to be deleted.
    pub fn idle(&self) -> bool {
        self.at_work.is_empty() && self.receiving == 0 && self.deletes.idle() && (!self.ends || self.waiting.len() == 0)
    }

    /// Takes the messages of a receive that asked for so many at this time. Returns the ids of those that no filter lets in.
    pub fn received(&mut self, messages: Vec<Message>, most: usize, asked_ms: i64, now: i64) -> Vec<String> {
        self.receiving -= 1;
        self.failures = 0;
        self.more = messages.len() >= most;
        self.due_ms = match (self.more, self.stirred) {
            (true, _) => now,
            (false, true) => now.max(self.asked_ms + GAP_MS),
            (false, false) => now + IDLE_MS,
        };
        if messages.is_empty() && self.at_work.is_empty() && self.refusals == 0 {
            (self.limit, self.grown_ms) = (self.queue.batches.min(FIRST_BATCHES), now);
        }
        let until_ms = asked_ms + self.queue.visibility_ms;
        let (passing, filtered) = messages.into_iter().partition::<Vec<_>, _>(|one| self.mapping.lets_pass(&one.facts));
        for mut message in passing {
            message.facts = serde_json::Value::Null;
            self.waiting.push(Received { message, at_ms: asked_ms, until_ms });
        }
        let leave = |message: Message| {
            self.deletes.push(Done::new(message.receipt, None, until_ms));
            message.id
        };
        filtered.into_iter().map(leave).collect()
    }

    /// A receive failed.
    pub fn not_received(&mut self, now: i64) {
        self.receiving -= 1;
        self.more = false;
        self.due_ms = now + refused_pause_ms(self.failures);
        self.failures += 1;
    }

    /// Takes what came of a call: what succeeded is deleted, and what failed stays in the queue until it is visible again.
    pub fn answered(&mut self, batch: u64, result: &Result<Answer, Refusal>, now: i64) -> Outcome {
        let Some(messages) = self.at_work.remove(&batch) else { return Outcome::default() };
        let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        let (failed, told) = match result {
            Ok(answer) => {
                self.refusals = 0;
                let failed = failed(answer, self.mapping.partial, &ids);
                let groups: Vec<_> = messages.iter().map(|message| message.group.as_deref()).collect();
                let told = told(answer, self.mapping.partial, &ids, &groups, &failed);
                (failed, told)
            }
            Err(refusal) => {
                // Those that ran at the same time are refused together.
                if now >= self.rests_until_ms {
                    self.rests_until_ms = now + refused_pause_ms(self.refusals);
                    self.refusals += 1;
                    self.limit = (self.limit / 2).max(1);
                }
                let told = Told { records: ids.len(), error: Some(refused(refusal)), ..Told::default() };
                ((0..ids.len()).collect(), told)
            }
        };
        let mut leaving = Vec::new();
        let mut groups = BTreeSet::new();
        for (place, message) in messages.into_iter().enumerate() {
            if !failed.contains(&place) {
                self.deletes.push(Done::new(message.receipt, message.group, message.until_ms));
                continue;
            }
            groups.extend(message.group);
            if self.queue.redrive.as_ref().is_some_and(|redrive| message.receives >= redrive.max_receives) {
                let in_ms = (message.until_ms - now).max(0);
                leaving.push(Leaving { id: message.id, receives: message.receives, in_ms });
            }
        }
        self.waiting.forget(&groups);
        Outcome { told, leaving }
    }

    pub fn deleted(&mut self, results: impl IntoIterator<Item = (Done, Deleted)>, now: i64) {
        self.deletes.took(results, self.ends, now);
        if self.queue.fifo {
            // The group may be given again.
            self.stirred();
        }
    }

    /// When [`QueueState::steps`] may have something without any news; `None` while only news can help.
    pub fn wake(&self, now: i64) -> Option<i64> {
        let window = self.waiting.window_ends(self.mapping.window_ms).filter(|_| self.free() > 0);
        let window = window.map(|ends| ends.max(self.rests_until_ms)).filter(|_| !self.ends);
        // What could be done by now is done: if it was not, it waits for news.
        [self.asks_at(), window, self.grows_at(), self.deletes.wake()]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// How many batches can start.
    fn free(&self) -> usize {
        self.limit.saturating_sub(self.at_work.len())
    }

    /// How many messages the batches that can start lack. None is received that would only wait.
    fn room(&self) -> usize {
        let wanted = self.free().saturating_mul(self.mapping.batch_size);
        wanted.saturating_sub(self.waiting.len() + self.receiving * PAGE)
    }

    /// When the queue is asked next, if it is.
    fn asks_at(&self) -> Option<i64> {
        let receivers = if self.more { RECEIVERS } else { 1 };
        let asks = !self.ends && self.receiving < receivers && self.room() > 0;
        asks.then(|| self.due_ms.max(self.rests_until_ms))
    }

    /// When there may be more batches at a time: all are at work, and the queue has more.
    fn grows_at(&self) -> Option<i64> {
        let loaded = self.free() == 0 && self.more && self.refusals == 0 && !self.ends;
        (loaded && self.limit < self.queue.batches).then_some(self.grown_ms + GROWTH_MS)
    }

    /// The call of the next batch, if one can start.
    fn call(&mut self, now: i64) -> Option<Step> {
        if self.grows_at().is_some_and(|at| at <= now) {
            self.limit = (self.limit + FIRST_BATCHES).min(self.queue.batches);
            self.grown_ms = now;
        }
        if self.free() == 0 {
            return None;
        }
        let groups = self.at_work.values().flatten().filter_map(|message| message.group.as_ref());
        let busy: BTreeSet<String> = groups.chain(self.deletes.groups()).cloned().collect();
        let messages = self.waiting.batch(self.mapping.batch_size, self.mapping.window_ms, &busy, now)?;
        let payload = payload(&messages);
        self.batches += 1;
        let at_work = messages.into_iter().map(|Received { message, until_ms, .. }| {
            let Message { id, receipt, group, receives, .. } = message;
            AtWork { id, receipt, group, receives, until_ms }
        });
        self.at_work.insert(self.batches, at_work.collect());
        Some(Step::Call { batch: self.batches, payload })
    }
}
