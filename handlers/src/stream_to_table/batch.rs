//! One batch: look through the records, write them by table key, and settle what cannot be written (see `settle`).
//!
//! A record's item is made for each attempt to write it and gone after it, and attempts wait for one another where their items would
//! fill the memory: the data of a batch (6 MB at most) may be worth many times as much as items.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lambda_events::kinesis::{KinesisEvent, KinesisEventRecord};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::{Instant, timeout_at};

use super::backoff::Backoff;
use super::failure::{Poison, PutError, Reason};
use super::item::{self, Keys, TableKey, Text};
use super::progress::{DEADLINE, Fact, State};
use super::report::Report;
use super::settle::Settling;
use super::{Put, Queue, Table};

/// Keys that are written at one time. Each may need a connection of its own, and a small function a while for each.
const CONCURRENT_KEYS: usize = 16;

/// Bytes of items that are in memory at one time: the smallest function has 128 MB, with what is in use beside. One item alone takes
/// little more than this at most.
const MEMORY: u32 = 32 * 1024 * 1024;

/// Writes the records of a stream to a table.
pub struct Consumer<T, Q> {
    table: T,
    queue: Option<Q>,
    keys: Keys,
    /// A permit for each byte of [`MEMORY`] that is free.
    memory: Semaphore,
}

/// The records of one table key, in the order of the stream: index within the batch, and text.
type Group<'a> = Vec<(usize, Text<'a>)>;

impl<T: Table, Q: Queue> Consumer<T, Q> {
    /// Makes a consumer of a table with these keys. Without a queue, what can never be written is reported as failed.
    pub fn new(table: T, queue: Option<Q>, keys: Keys) -> Self {
        Consumer { table, queue, keys, memory: Semaphore::new(MEMORY as usize) }
    }

    /// Handles one batch and returns before `stop`, except for the time that looking through the records takes.
    ///
    /// Guarantees: every record of the batch is written, or is in the queue, or is named in the report. Of one table key, no
    /// record is written before an earlier one was written or found to be poison. No record behind the first of those named is sent to
    /// the queue: Lambda delivers it again with everything from there on, and it would be sent twice.
    pub async fn handle(&self, event: KinesisEvent, stop: Instant) -> Report {
        let records = in_order(event.records);
        let (states, groups) = self.scan(&records);
        let (teller, facts) = mpsc::unbounded_channel();
        let writing = async move {
            stream::iter(groups)
                .for_each_concurrent(CONCURRENT_KEYS, |group| self.write_group(group, stop, &teller))
                .await;
            drop(teller);
        };
        let settling = Settling::new(&records, states, self.queue.as_ref(), stop).run(facts);
        let ((), report) = tokio::join!(writing, settling);
        report
    }

    /// Looks through every record, and groups the good ones by table key.
    fn scan<'a>(&self, records: &'a [KinesisEventRecord]) -> (Vec<State>, Vec<Group<'a>>) {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut places: HashMap<TableKey, usize> = HashMap::new();
        let mut states = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let (data, keys): (&[u8], &Keys) = (&record.kinesis.data, &self.keys);
            let scanned = catch_unwind(|| item::scan(data, keys)).unwrap_or_else(|panic| Err(panicked(panic)));
            match scanned {
                Ok((key, text)) => {
                    let place = *places.entry(key).or_insert(groups.len());
                    match groups.get_mut(place) {
                        Some(group) => group.push((index, text)),
                        None => groups.push(vec![(index, text)]),
                    }
                    states.push(State::Waiting);
                }
                Err(poison) => states.push(State::Poison(poison)),
            }
        }
        (states, groups)
    }

    /// Writes the records of one key, and stops at the first that fails: the later ones wait for the next attempt.
    async fn write_group(&self, group: Group<'_>, stop: Instant, teller: &UnboundedSender<Fact>) {
        for (index, text) in group {
            let (state, repeats) = self.write(text, stop).await;
            let failed = matches!(state, State::Failed(_));
            // The other side is there as long as this one is: both are halves of one `join!`.
            let _ = teller.send((index, state, repeats));
            if failed {
                return;
            }
        }
    }

    /// Writes one item, however often it takes, until the time is up.
    async fn write(&self, text: Text<'_>, stop: Instant) -> (State, u32) {
        let mut backoff = Backoff::new(stop);
        let mut code = DEADLINE.to_owned();
        while Instant::now() < stop {
            let attempt = AssertUnwindSafe(self.attempt(text)).catch_unwind();
            match timeout_at(stop, attempt).await {
                Ok(Ok(Ok(Put::Written))) => return (State::Written, backoff.repeats()),
                Ok(Ok(Ok(Put::Kept))) => return (State::Kept, backoff.repeats()),
                Ok(Ok(Err(PutError::Poison(poison)))) => return (State::Poison(poison), backoff.repeats()),
                Ok(Ok(Err(PutError::Transient(why)))) => code = why,
                Ok(Err(panic)) => return (State::Poison(panicked(panic)), backoff.repeats()),
                // The time is up. The errors of the attempts before say more than that.
                Err(_) => break,
            }
            if !backoff.wait().await {
                break;
            }
        }
        (State::Failed(code), backoff.repeats())
    }

    /// Makes the item and writes it once, when there is memory for it.
    async fn attempt(&self, text: Text<'_>) -> Result<Put, PutError> {
        let bytes = u32::try_from(text.memory).unwrap_or(MEMORY).min(MEMORY);
        // The semaphore is never closed: there is a permit in the end.
        let _memory = self.memory.acquire_many(bytes).await;
        let item = text.item().map_err(PutError::Poison)?;
        self.table.put(item).await
    }
}

/// Sorts by sequence number: a decimal number without leading zeros, too long for any integer.
fn in_order(mut records: Vec<KinesisEventRecord>) -> Vec<KinesisEventRecord> {
    records.sort_by(|one, other| {
        let (one, other) = (&one.kinesis.sequence_number, &other.kinesis.sequence_number);
        (one.len(), one).cmp(&(other.len(), other))
    });
    records
}

fn panicked(panic: Box<dyn Any + Send>) -> Poison {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Poison::new(Reason::Panic, format!("the handler panicked: {}", text.unwrap_or("without a message")))
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
