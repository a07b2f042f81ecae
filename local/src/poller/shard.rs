//! What a shard's poller knows, without any clock or network: records in, calls and documents out, and how far it is done.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::batch::Entry;
use super::mapping::Properties;
use super::record::{Record, Sequence};
use super::slot::{Slot, Step, Told};
use crate::invoke::{Answer, Refusal};

/// The most of a shard that is held in memory. Up to here a slot that is blocked leaves the others alone; beyond it they wait too.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// See the module. All times are in milliseconds.
#[derive(Debug)]
pub struct Shard {
    id: String,
    mapping: Arc<Properties>,
    slots: Vec<Slot>,
    ledger: Ledger,
    bytes: usize,
}

impl Shard {
    pub fn new(id: impl Into<String>, mapping: Arc<Properties>) -> Self {
        let slots = (0..mapping.slots).map(|_| Slot::default()).collect();
        Self { id: id.into(), mapping, slots, ledger: Ledger::default(), bytes: 0 }
    }

    /// Takes records in the order of the shard. Returns those that no filter lets pass: they are done with.
    pub fn take(&mut self, records: Vec<Record>, now: i64) -> Vec<Sequence> {
        let mut filtered = Vec::new();
        for record in records {
            let passes = self.mapping.lets_pass(&record.facts);
            let ordinal = self.ledger.add(record.sequence.clone());
            if !passes {
                self.ledger.done(ordinal);
                filtered.push(record.sequence);
                continue;
            }
            self.bytes += record.event.len();
            let slot = slot_of(&record.key, self.slots.len());
            let Record { sequence, arrived_ms, event, .. } = record;
            self.slots[slot].take(Entry { ordinal, sequence, arrived_ms, taken_ms: now, event });
        }
        filtered
    }

    /// Whether it wants more records now.
    pub fn hungry(&self) -> bool {
        self.bytes < MOST_BYTES && self.slots.iter().any(|slot| slot.hungry(self.mapping.batch_size))
    }

    /// What to do now, with the slot that it is for.
    pub fn steps(&mut self, now: i64) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (n, slot) in self.slots.iter_mut().enumerate() {
            while let Some(step) = slot.next(now, &self.mapping, &self.id) {
                let more = matches!(step, Step::Drop { .. });
                steps.push((n, step));
                if !more {
                    break;
                }
            }
        }
        self.settle();
        steps
    }

    /// When the last record of the batch that a slot tries came to the stream.
    pub fn last_arrived_ms(&self, slot: usize) -> Option<i64> {
        self.slots[slot].last_arrived_ms()
    }

    /// Takes what came of a call.
    pub fn answered(&mut self, slot: usize, result: &Result<Answer, Refusal>, now: i64) -> Told {
        let told = self.slots[slot].answered(result, now, &self.mapping);
        self.settle();
        told
    }

    /// Takes whether the destination has a document.
    pub fn sent(&mut self, slot: usize, accepted: bool, now: i64) {
        self.slots[slot].sent(accepted, now);
        self.settle();
    }

    /// When [`Shard::steps`] may give something without any news.
    pub fn wake(&self) -> Option<i64> {
        self.slots.iter().filter_map(|slot| slot.wake(&self.mapping)).min()
    }

    /// The last record up to which, with itself, all are done with; `None` before the first.
    pub fn checkpoint(&self) -> Option<&Sequence> {
        self.ledger.checkpoint.as_ref()
    }

    /// Whether all records that it took are done with.
    pub fn idle(&self) -> bool {
        self.ledger.open.is_empty()
    }

    fn settle(&mut self) {
        for slot in &mut self.slots {
            for entry in slot.done() {
                self.bytes -= entry.event.len();
                self.ledger.done(entry.ordinal);
            }
        }
    }
}

/// Records of one key share a slot, and so keep their order. Which one matters to nobody: a restart begins at the checkpoint.
pub fn slot_of(key: &str, slots: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % slots.max(1) as u64).unwrap_or_default()
}

/// Which records are done with: slots finish in any order, the checkpoint moves over the done ones at the front.
#[derive(Debug, Default)]
struct Ledger {
    /// Ordinal of the first open record.
    first: u64,
    open: VecDeque<(Sequence, bool)>,
    checkpoint: Option<Sequence>,
}

impl Ledger {
    fn add(&mut self, sequence: Sequence) -> u64 {
        self.open.push_back((sequence, false));
        self.first + self.open.len() as u64 - 1
    }

    fn done(&mut self, ordinal: u64) {
        let place = usize::try_from(ordinal - self.first).unwrap_or(usize::MAX);
        if let Some((_, done)) = self.open.get_mut(place) {
            *done = true;
        }
        while let Some((sequence, _)) = self.open.pop_front_if(|(_, done)| *done) {
            self.checkpoint = Some(sequence);
            self.first += 1;
        }
    }
}
