//! A queue with SQS's rules in memory, and a time of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::invoke::{Answer, Refusal};
use crate::poller::queue::deletes::{Deleted, Done};
use crate::poller::queue::record::Message;
use crate::poller::queue::state::{Outcome, QueueState, Step};
use crate::poller::queue::{Mapping, Queued};
use crate::poller::tests::NOW;

/// How long a call of SQS takes.
const LATENCY: i64 = 3;

struct Held {
    group: Option<usize>,
    facts: Value,
    bytes: usize,
    visible_ms: i64,
    receives: u32,
    receipt: String,
}

/// A message that the function got: its number and how often it was received.
pub type Seen = (usize, u32);

pub struct SimQueue {
    queue: Queued,
    held: BTreeMap<usize, Held>,
    /// Those that were received.
    known: BTreeSet<usize>,
    receipts: HashMap<String, usize>,
    given: u64,
    pub deleted: Vec<usize>,
    pub dead: Vec<usize>,
}

impl SimQueue {
    fn receive(&mut self, most: usize, now: i64) -> Vec<Message> {
        self.redrive(now);
        let busy: BTreeSet<usize> = self
            .known
            .iter()
            .filter_map(|n| self.held.get(n))
            .filter(|held| held.visible_ms > now)
            .filter_map(|held| held.group)
            .collect();
        let free = |held: &Held| held.visible_ms <= now && held.group.is_none_or(|group| !busy.contains(&group));
        let next: Vec<usize> = self.held.iter().filter(|(_, held)| free(held)).map(|(n, _)| *n).take(most).collect();
        next.into_iter().map(|n| self.give(n, now)).collect()
    }

    fn give(&mut self, n: usize, now: i64) -> Message {
        self.given += 1;
        let held = self.held.get_mut(&n).unwrap();
        held.visible_ms = now + self.queue.visibility_ms;
        held.receives += 1;
        self.receipts.remove(&held.receipt);
        held.receipt = format!("receipt-{}", self.given);
        self.receipts.insert(held.receipt.clone(), n);
        self.known.insert(n);
        let padding = "x".repeat(held.bytes);
        let event = json!({ "n": n, "receives": held.receives, "padding": padding }).to_string();
        Message {
            id: format!("m-{n}"),
            receipt: held.receipt.clone(),
            group: held.group.map(|group| format!("group-{group}")),
            receives: held.receives,
            event: event.into(),
            facts: held.facts.clone(),
        }
    }

    /// SQS moves what was received too often when it would be received again.
    fn redrive(&mut self, now: i64) {
        let Some(redrive) = &self.queue.redrive else { return };
        let over = |n: &&usize| {
            self.held.get(*n).is_some_and(|held| held.receives >= redrive.max_receives && held.visible_ms <= now)
        };
        let over: Vec<usize> = self.known.iter().filter(over).copied().collect();
        for n in over {
            self.forget(n);
            self.dead.push(n);
        }
    }

    fn forget(&mut self, n: usize) {
        if let Some(held) = self.held.remove(&n) {
            self.receipts.remove(&held.receipt);
            self.known.remove(&n);
        }
    }

    fn delete(&mut self, receipt: &str) -> Deleted {
        let Some(n) = self.receipts.get(receipt).copied() else { return Deleted::Gone };
        self.forget(n);
        self.deleted.push(n);
        Deleted::Yes
    }

    /// How many messages are there, and how many of them can be received.
    pub fn left(&self, now: i64) -> (usize, usize) {
        (self.held.len(), self.held.values().filter(|held| held.visible_ms <= now).count())
    }
}

enum Pending {
    Received { messages: Vec<Message>, most: usize, asked_ms: i64 },
    Called { batch: u64, result: Result<Answer, Refusal> },
    Deleted { done: Vec<Done> },
}

pub struct Sim {
    pub state: QueueState,
    mapping: Mapping,
    pub queue: SimQueue,
    pub now: i64,
    pending: Vec<(i64, Pending)>,
    /// When a call began, in milliseconds since the start, and its messages.
    pub calls: Vec<(i64, Vec<Seen>)>,
    pub outcomes: Vec<Outcome>,
    pub most_at_once: usize,
    pub given_back: usize,
    pub receives: usize,
    /// Deletions that fail before one succeeds.
    pub failing_deletes: usize,
    pub deletes: usize,
}

impl Sim {
    pub fn new(mapping: &Mapping) -> Self {
        let queue = mapping.queued.clone().unwrap();
        let (held, known, receipts) = (BTreeMap::new(), BTreeSet::new(), HashMap::new());
        let (deleted, dead) = (Vec::new(), Vec::new());
        Self {
            state: QueueState::new(mapping.clone(), queue.clone(), NOW),
            mapping: mapping.clone(),
            queue: SimQueue { queue, held, known, receipts, given: 0, deleted, dead },
            now: NOW,
            pending: Vec::new(),
            calls: Vec::new(),
            outcomes: Vec::new(),
            most_at_once: 0,
            given_back: 0,
            receives: 0,
            failing_deletes: 0,
            deletes: 0,
        }
    }

    pub fn send(&mut self, numbers: impl IntoIterator<Item = usize>) {
        self.send_as(numbers, |_| (None, 0, Value::Null));
    }

    /// Sends messages with what is said of each: its group, how many bytes it has, and its facts.
    pub fn send_as(
        &mut self,
        numbers: impl IntoIterator<Item = usize>,
        like: impl Fn(usize) -> (Option<usize>, usize, Value),
    ) {
        for n in numbers {
            let (group, bytes, facts) = like(n);
            let (visible_ms, receives, receipt) = (self.now, 0, String::new());
            self.queue.held.insert(n, Held { group, facts, bytes, visible_ms, receives, receipt });
        }
        self.state.stirred();
    }

    /// As after a kill: what was under way is gone, and nothing is told.
    pub fn crash(&mut self) {
        self.pending.clear();
        self.state = QueueState::new(self.mapping.clone(), self.queue.queue.clone(), self.now);
    }

    /// Runs for this long with a function that takes milliseconds for its answer.
    pub fn run(&mut self, seconds: f64, mut function: impl FnMut(&[Seen]) -> (i64, Result<Answer, Refusal>)) {
        let end = self.now + (seconds * 1000.0) as i64;
        for _ in 0..10_000_000 {
            for step in self.state.steps(self.now) {
                self.start(step, &mut function);
            }
            let at_work = self.pending.iter().filter(|(_, pending)| matches!(pending, Pending::Called { .. })).count();
            self.most_at_once = self.most_at_once.max(at_work);
            let wake = self.state.wake(self.now);
            assert!(wake.is_none_or(|wake| wake > self.now), "it would spin");
            let first = self.pending.iter().map(|(at, _)| *at).min();
            match [wake, first].into_iter().flatten().min() {
                Some(next) if next <= end => self.now = next,
                _ => {
                    self.now = end;
                    return;
                }
            }
            if let Some(place) = self.pending.iter().position(|(at, _)| *at <= self.now) {
                let (_, pending) = self.pending.remove(place);
                self.take(pending);
            }
        }
        panic!("it never ends");
    }

    fn start(&mut self, step: Step, function: &mut impl FnMut(&[Seen]) -> (i64, Result<Answer, Refusal>)) {
        match step {
            Step::Receive { most } => {
                assert!((1..=10).contains(&most));
                self.receives += 1;
                let (messages, asked_ms) = (self.queue.receive(most, self.now), self.now);
                self.pending.push((self.now + LATENCY, Pending::Received { messages, most, asked_ms }));
            }
            Step::Call { batch, payload } => {
                let seen = seen(&payload);
                self.in_order(&seen);
                let (takes, result) = function(&seen);
                self.calls.push((self.now - NOW, seen));
                self.pending.push((self.now + takes, Pending::Called { batch, result }));
            }
            Step::Delete { done } => {
                assert!((1..=10).contains(&done.len()));
                self.deletes += 1;
                self.pending.push((self.now + LATENCY, Pending::Deleted { done }));
            }
            Step::GiveBack { receipts } => {
                for receipt in receipts {
                    let n = self.queue.receipts[&receipt];
                    self.queue.held.get_mut(&n).unwrap().visible_ms = self.now;
                    self.given_back += 1;
                }
            }
        }
    }

    fn take(&mut self, pending: Pending) {
        match pending {
            Pending::Received { messages, most, asked_ms } => {
                drop(self.state.received(messages, most, asked_ms, self.now))
            }
            Pending::Called { batch, result } => {
                let outcome = self.state.answered(batch, &result, self.now);
                self.outcomes.push(outcome);
            }
            Pending::Deleted { done } => {
                let fails = self.failing_deletes > 0;
                self.failing_deletes = self.failing_deletes.saturating_sub(1);
                let queue = &mut self.queue;
                let one = |done: Done| match fails {
                    true => (done, Deleted::No),
                    false => (done.clone(), queue.delete(&done.receipt)),
                };
                let results: Vec<_> = done.into_iter().map(one).collect();
                self.state.deleted(results, self.now);
            }
        }
    }

    /// Nothing of a group is handed over while an earlier message of it is still to be done with.
    fn in_order(&self, batch: &[Seen]) {
        for (place, (n, _)) in batch.iter().enumerate() {
            let Some(group) = self.queue.held.get(n).and_then(|held| held.group) else { continue };
            let before = self.queue.held.range(..n).filter(|(_, held)| held.group == Some(group));
            for (earlier, _) in before {
                assert!(batch[..place].iter().any(|(n, _)| n == earlier), "{n} is handed over before {earlier}");
            }
        }
    }

    /// The numbers of the messages of each call.
    pub fn batches(&self) -> Vec<Vec<usize>> {
        self.calls.iter().map(|(_, batch)| batch.iter().map(|(n, _)| *n).collect()).collect()
    }

    /// When a message was handed over, in milliseconds since the start.
    pub fn times(&self, n: usize) -> Vec<i64> {
        self.calls.iter().filter(|(_, batch)| batch.iter().any(|(one, _)| *one == n)).map(|(at, _)| *at).collect()
    }
}

fn seen(payload: &Bytes) -> Vec<Seen> {
    let event: Value = serde_json::from_slice(payload).unwrap();
    let number = |record: &Value, name: &str| record[name].as_u64().unwrap();
    let records = event["Records"].as_array().unwrap().iter();
    records.map(|record| (number(record, "n") as usize, number(record, "receives") as u32)).collect()
}

/// An answer that names these messages.
pub fn names(numbers: &[usize]) -> Result<Answer, Refusal> {
    let failures: Vec<Value> = numbers.iter().map(|n| json!({ "itemIdentifier": format!("m-{n}") })).collect();
    crate::poller::tests::says(&json!({ "batchItemFailures": failures }).to_string())
}
