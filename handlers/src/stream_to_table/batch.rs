//! One batch: look through the records, write them by table key, and settle what cannot be written (see `settle`).
//!
//! A record's item is made for each attempt to write it and gone after it, and attempts wait for one another where their items would
//! fill the memory: the data of a batch (6 MB at most) may be worth many times as much as items.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::{FutureExt, StreamExt, stream};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::{Instant, timeout_at};

use super::backoff::Backoff;
use super::failure::{Poison, PutError, Reason};
use super::feed::{self, Record, Unknown};
use super::item::{Keys, TableKey};
use super::progress::{DEADLINE, Fact, State};
use super::report::Report;
use super::settle::Settling;
use super::work::{self, Call, Work};
use super::{Put, Queue, Table};

/// Keys that are written at one time. Each may need a connection of its own, and a small function a while for each.
const CONCURRENT_KEYS: usize = 16;

/// Bytes of items that are in memory at one time: the smallest function has 128 MB, with what is in use beside. One item alone takes
/// little more than this at most.
const MEMORY: u32 = 32 * 1024 * 1024;

/// Writes the records of any feed to a table.
pub struct Consumer<T, Q> {
    table: T,
    queue: Option<Q>,
    keys: Keys,
    /// Whether a REMOVE takes the row away.
    deletes: bool,
    /// A permit for each byte of [`MEMORY`] that is free.
    memory: Semaphore,
}

/// The records that are written one after another, in their order: index within the batch, and what to do.
struct Group<'a> {
    /// Whether one that can never be written keeps the later ones from being written, too: in a message group.
    strict: bool,
    works: Vec<(usize, Work<'a>)>,
}

/// What tells the groups.
#[derive(PartialEq, Eq, Hash)]
enum Lane<'a> {
    Key(TableKey),
    MessageGroup(&'a str),
}

impl<'a> Lane<'a> {
    fn of(record: &'a Record<'_>, key: TableKey) -> Self {
        record.group.as_deref().map_or(Lane::Key(key), Lane::MessageGroup)
    }
}

impl<T: Table, Q: Queue> Consumer<T, Q> {
    /// Makes a consumer of a table with these keys. Without a queue, what can never be written is reported as failed.
    pub fn new(table: T, queue: Option<Q>, keys: Keys) -> Self {
        Consumer { table, queue, keys, deletes: false, memory: Semaphore::new(MEMORY as usize) }
    }

    /// The same, but a REMOVE of a table's changes takes the row away.
    #[must_use]
    pub fn deleting(self) -> Self {
        Consumer { deletes: true, ..self }
    }

    /// Handles one event and returns before `stop`, except for the time that looking through the records takes.
    ///
    /// Guarantees: every record of the batch is written, or is in the queue, or is named in the report. Of one table key, no
    /// record is written before an earlier one was written or found to be poison; of one message group, none before the earlier ones
    /// were written. No record behind the first of those named is sent to the queue: Lambda delivers it again with everything from
    /// there on, and it would be sent twice.
    ///
    /// # Errors
    /// The event is of no feed, or not as its feed sends it. Nothing of it is written.
    pub async fn handle(&self, event: Box<RawValue>, stop: Instant) -> Result<Report, Unknown> {
        let batch = feed::read(&event)?;
        let (states, groups) = self.scan(&batch.records);
        let (teller, facts) = mpsc::unbounded_channel();
        let writing = async move {
            stream::iter(groups)
                .for_each_concurrent(CONCURRENT_KEYS, |group| self.write_group(group, stop, &teller))
                .await;
            drop(teller);
        };
        let settling = Settling::new(&batch, states, self.queue.as_ref(), stop).run(facts);
        let ((), report) = tokio::join!(writing, settling);
        Ok(report)
    }

    /// Looks through every record, and groups the good ones. Behind a bad one of a message group nothing is begun.
    fn scan<'a>(&self, records: &'a [Record<'_>]) -> (Vec<State>, Vec<Group<'a>>) {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut places: HashMap<Lane<'a>, usize> = HashMap::new();
        let mut held: HashSet<&'a str> = HashSet::new();
        let mut states = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let group = record.group.as_deref();
            if group.is_some_and(|group| held.contains(group)) {
                states.push(State::Waiting);
                continue;
            }
            let (content, keys, deletes) = (AssertUnwindSafe(&record.content), &self.keys, self.deletes);
            let scanned = catch_unwind(|| work::scan(*content, keys, deletes));
            states.push(match scanned.unwrap_or_else(|panic| Err(panicked(panic))) {
                Ok(Some((key, work))) => {
                    let place = *places.entry(Lane::of(record, key)).or_insert(groups.len());
                    match groups.get_mut(place) {
                        Some(group) => group.works.push((index, work)),
                        None => groups.push(Group { strict: group.is_some(), works: vec![(index, work)] }),
                    }
                    State::Waiting
                }
                Ok(None) => State::Skipped,
                Err(poison) => {
                    held.extend(group);
                    State::Poison(poison)
                }
            });
        }
        (states, groups)
    }

    /// Writes the records of one group, and stops at the first that fails: the later ones wait for the next attempt.
    async fn write_group(&self, group: Group<'_>, stop: Instant, teller: &UnboundedSender<Fact>) {
        for (index, work) in group.works {
            let (state, repeats) = self.write(work, stop).await;
            let failed = matches!(state, State::Failed(_)) || (group.strict && matches!(state, State::Poison(_)));
            // The other side is there as long as this one is: both are halves of one `join!`.
            let _ = teller.send((index, state, repeats));
            if failed {
                return;
            }
        }
    }

    /// Writes or deletes one row, however often it takes, until the time is up.
    async fn write(&self, work: Work<'_>, stop: Instant) -> (State, u32) {
        let mut backoff = Backoff::new(stop);
        let mut code = DEADLINE.to_owned();
        while Instant::now() < stop {
            let attempt = AssertUnwindSafe(self.attempt(work)).catch_unwind();
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

    /// Makes the item and the call once, when there is memory for it.
    async fn attempt(&self, work: Work<'_>) -> Result<Put, PutError> {
        let bytes = u32::try_from(work.memory()).unwrap_or(MEMORY).min(MEMORY);
        // The semaphore is never closed: there is a permit in the end.
        let _memory = self.memory.acquire_many(bytes).await;
        match work.call(&self.keys).map_err(PutError::Poison)? {
            Call::Put(item) => self.table.put(item).await,
            Call::Delete(key) => self.table.delete(key).await.map(|()| Put::Written),
        }
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Poison {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Poison::new(Reason::Panic, format!("the handler panicked: {}", text.unwrap_or("without a message")))
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
