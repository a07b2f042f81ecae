//! Runs a shard against a function and a queue made up on the spot, in a time of its own.

use std::sync::Arc;

use serde_json::Value;

use super::{NOW, SHARD, arrived, numbers};
use crate::invoke::{Answer, Refusal};
use crate::poller::mapping::Properties;
use crate::poller::shard::Shard;
use crate::poller::slot::{GivenUp, Step, Told};

/// What the function got: when, in seconds since the start, and the records' numbers.
pub type SimCall = (f64, Vec<usize>);

pub struct Sim {
    pub shard: Shard,
    pub now: i64,
    pub calls: Vec<SimCall>,
    pub told: Vec<Told>,
    pub documents: Vec<Value>,
    pub dropped: Vec<(GivenUp, bool)>,
    /// Documents that the queue refuses before it takes one.
    pub refusals: usize,
}

impl Sim {
    pub fn new(mapping: Properties) -> Self {
        let shard = Shard::new(SHARD, Arc::new(mapping));
        let (calls, told, documents, dropped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { shard, now: NOW, calls, told, documents, dropped, refusals: 0 }
    }

    /// Puts records with these numbers, which arrive now and have one key.
    pub fn put(&mut self, numbers: impl IntoIterator<Item = usize>) {
        let records = numbers.into_iter().map(|n| arrived(n, "key", self.now)).collect();
        self.shard.take(records, self.now);
    }

    /// Runs for this long, as long as anything is to do, with a function that answers at once.
    pub fn run(&mut self, seconds: f64, mut function: impl FnMut(&[usize]) -> Result<Answer, Refusal>) {
        let end = self.now + (seconds * 1000.0) as i64;
        for _ in 0..100_000 {
            let steps = self.shard.steps(self.now);
            if steps.is_empty() {
                match self.shard.wake() {
                    Some(wake) if wake <= end => {
                        assert!(wake > self.now, "it would spin: wakes at {wake}, now is {}", self.now);
                        self.now = wake;
                        continue;
                    }
                    _ => break,
                }
            }
            for (slot, step) in steps {
                match step {
                    Step::Call { payload } => {
                        let numbers = numbers(&payload);
                        let answer = function(&numbers);
                        self.calls.push((self.elapsed(), numbers));
                        self.told.push(self.shard.answered(slot, &answer, self.now));
                    }
                    Step::Send { document, .. } => {
                        let accepted = self.refusals == 0;
                        self.refusals = self.refusals.saturating_sub(1);
                        if accepted {
                            self.documents.push(serde_json::from_str(&document).unwrap());
                        }
                        self.shard.sent(slot, accepted, self.now);
                    }
                    Step::Drop { given_up, refused } => self.dropped.push((given_up, refused)),
                }
            }
        }
        self.now = self.now.max(end);
    }

    pub fn elapsed(&self) -> f64 {
        (self.now - NOW) as f64 / 1000.0
    }

    /// The number of the record at the checkpoint.
    pub fn checkpoint(&self) -> Option<usize> {
        self.shard.checkpoint().map(|sequence| super::number(sequence.as_str()))
    }

    /// The batches that the function got.
    pub fn batches(&self) -> Vec<Vec<usize>> {
        self.calls.iter().map(|(_, numbers)| numbers.clone()).collect()
    }

    /// Condition, count of calls, first and last record of each document.
    pub fn letters(&self) -> Vec<(String, u64, usize, usize)> {
        let letter = |document: &Value| {
            let (request, batch) = (&document["requestContext"], &document["KinesisBatchInfo"]);
            let number = |field: &str| super::number(batch[field].as_str().unwrap());
            let condition = request["condition"].as_str().unwrap().to_owned();
            let calls = request["approximateInvokeCount"].as_u64().unwrap();
            (condition, calls, number("startSequenceNumber"), number("endSequenceNumber"))
        };
        self.documents.iter().map(letter).collect()
    }
}
