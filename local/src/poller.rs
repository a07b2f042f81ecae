//! Event source mappings of streams, with everything that AWS does and no emulator has; those of queues are in [`queue`].
//!
//! What AWS documents or was recorded to do: batches by number, window and payload; one batch in flight per shard and
//! slot, in the order of a key; retries, bisection, partial-batch responses, record ages, filters, documents for the on-failure
//! destination, resharding. A record is handed over at least once, never skipped. Decisions are pure ([`shard`], [`slot`]);
//! [`poll`] and [`run`] do them. A [`source`] makes complete records, and [`destination`] takes the documents; nothing else knows a service.
//!
//! Chosen where AWS says nothing, or different from it:
//! - An idle shard is asked once a second as by AWS, and at once when a record was put ([`reader`]).
//! - A failing batch rests 200 ms, then twice as long each time, up to 10 s; what is refused (throttles, a queue) 1 s to 30 s.
//! - A window and a batch size hold for each slot of its own.
//! - Halves are tried at once, in order, and each is counted from zero, as is the rest after a partial success (recorded).
//!   A function that names the first record of a batch makes no progress: with bisection the batch is split in halves.
//! - One document for each batch that is given up. AWS may put several of one split batch into one.
//! - A record of more than 6 MB fails each try without a call, with status 413 in the document.
//! - A record that the stream forgets while it is tried is given up as `RecordAgeExceeded`.
//! - A queue that refuses a document is asked until the stream has forgotten the records, and the slot waits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::Result;
use crate::event::Events;
use crate::invoke::Invoke;
use crate::roles::Roles;
use crate::seen::Lens;

pub(crate) mod access;
mod batch;
mod checkpoints;
pub(crate) mod clock;
pub(crate) mod destination;
mod diagnosis;
mod document;
mod filter;
mod lookup;
mod mapping;
mod outcome;
pub mod parts;
mod poll;
mod queue;
mod reader;
mod record;
mod rights;
mod run;
mod shard;
mod slot;
mod source;
#[cfg(test)]
mod tests;
mod trouble;

use access::Access;
use checkpoints::Checkpoints;
pub use checkpoints::Past;
use clock::Clock;
use destination::{Destination, destination};
pub use filter::Filter;
use mapping::{Order, Properties};
use poll::World;
use source::{Service, Source, dynamodb, kinesis};

/// How long [`Pollers::stop`] waits for the batches in flight.
const PATIENCE: Duration = Duration::from_secs(2);

/// What pollers work with.
pub struct Settings {
    pub roles: Roles,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    /// Changes when a record was put into a stream of the endpoint, or a message sent to a queue.
    pub puts: watch::Receiver<()>,
    /// File that keeps checkpoints over restarts, by mapping UUID and shard.
    pub checkpoints: PathBuf,
}

/// A mapping to run: its function's name, and whether the spec enables it.
///
/// The endpoint's own `Enabled` is not asked: there it is false, so that only these pollers read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub function: String,
    pub enabled: bool,
}

/// The pollers of all mappings, until they are stopped or dropped.
pub struct Pollers {
    roles: Roles,
    invoke: Invoke,
    events: Events,
    lens: Lens,
    checkpoints: Checkpoints,
    clock: Clock,
    puts: watch::Receiver<()>,
    /// By mapping UUID.
    running: BTreeMap<String, Running>,
}

/// The task of a mapping, which ends with this.
struct Running {
    orders: watch::Sender<Order>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Pollers {
    /// Reads the checkpoints; nothing runs before [`Pollers::sync`].
    pub fn new(settings: Settings) -> Self {
        let Settings { roles, invoke, events, lens, puts, checkpoints } = settings;
        let checkpoints = Checkpoints::load(checkpoints, events.clone());
        Self { roles, invoke, events, lens, checkpoints, clock: Clock::start(), puts, running: BTreeMap::new() }
    }

    /// Makes what runs match the mappings of these functions, as the API has them now: to be called after every apply.
    ///
    /// A new mapping starts; a changed one goes on from its checkpoint with its new properties once the batches in flight have
    /// ended; a deleted or disabled one ends. Before a mapping starts or changes, its role's rights are checked by real calls, as
    /// AWS does: what runs unchanged is not asked again, and a right that is taken from it is an [`crate::event::Event::Warning`].
    ///
    /// # Errors
    /// A mapping cannot be read, or AWS would refuse it: the first such error. The other mappings run all the same, and one that
    /// ran goes on as it was. If the endpoint cannot say what exists, nothing changes.
    pub async fn sync(&mut self, wanted: Vec<Wanted>) -> Result<()> {
        let mut first_error = Ok(());
        let mut found = BTreeMap::new();
        let mut existing = BTreeSet::new();
        for wanted in &wanted {
            for mapping in lookup::mappings(&self.roles, &self.events, &wanted.function).await? {
                existing.insert(mapping.uuid);
                match mapping.properties {
                    Ok(properties) => drop(found.insert(properties.uuid.clone(), (properties, wanted.enabled))),
                    Err(error) => first_error = first_error.and(Err(error)),
                }
            }
        }
        for (uuid, (properties, enabled)) in found {
            let order = if enabled { Order::Run(Arc::new(properties)) } else { Order::Rest };
            if let Err(error) = self.order(uuid, order).await {
                first_error = first_error.and(Err(error));
            }
        }
        self.end_others(&existing);
        self.checkpoints.keep_mappings(&existing);
        first_error
    }

    /// Starts no new batch; those in flight end, or are dropped after two seconds. Then the checkpoints are written.
    pub async fn stop(self) {
        let mut all = self.running;
        for running in all.values() {
            running.orders.send_replace(Order::End);
        }
        let end = async {
            for running in all.values_mut() {
                let _ended = (&mut running.task).await;
            }
        };
        let _late = timeout(PATIENCE, end).await;
        // Tasks that have not ended are aborted.
        drop(all);
        self.checkpoints.write().await;
    }

    /// Gives a mapping an order, if it is a new one.
    async fn order(&mut self, uuid: String, order: Order) -> Result<()> {
        if self.running.get(&uuid).is_some_and(|running| *running.orders.borrow() == order) {
            return Ok(());
        }
        if let Order::Run(mapping) = &order {
            check(&Access::new(self.roles.clone(), &mapping.role), mapping).await?;
        }
        match self.running.get(&uuid) {
            Some(running) => drop(running.orders.send_replace(order)),
            None if order == Order::Rest => {}
            None => drop(self.running.insert(uuid, self.start(order))),
        }
        Ok(())
    }

    /// Ends the mappings that are no more. Their tasks stay until what is in flight has ended.
    fn end_others(&mut self, existing: &BTreeSet<String>) {
        self.running.retain(|_, running| !running.task.is_finished());
        for (_, running) in self.running.iter().filter(|(uuid, _)| !existing.contains(*uuid)) {
            running.orders.send_replace(Order::End);
        }
    }

    fn start(&self, order: Order) -> Running {
        if matches!(&order, Order::Run(mapping) if mapping.service == Service::Sqs) {
            return self.start_queue(order);
        }
        let (orders, given) = watch::channel(order);
        let (roles, invoke, events) = (self.roles.clone(), self.invoke.clone(), self.events.clone());
        let (checkpoints, clock, puts) = (self.checkpoints.clone(), self.clock.clone(), self.puts.clone());
        let lens = self.lens.clone();
        let world = move |mapping: &Arc<Properties>| {
            let (source, destination) = open(&Access::new(roles.clone(), &mapping.role), mapping);
            World {
                source,
                destination,
                invoke: invoke.clone(),
                events: events.clone(),
                lens: lens.clone(),
                checkpoints: checkpoints.clone(),
                clock: clock.clone(),
                puts: puts.clone(),
            }
        };
        Running { orders, task: tokio::spawn(run::run(world, given)) }
    }

    fn start_queue(&self, order: Order) -> Running {
        let (orders, given) = watch::channel(order);
        let (roles, invoke, events) = (self.roles.clone(), self.invoke.clone(), self.events.clone());
        let (clock, puts, lens) = (self.clock.clone(), self.puts.clone(), self.lens.clone());
        let world = move |mapping: &Arc<Properties>| queue::QueueWorld {
            source: queue::source(&Access::new(roles.clone(), &mapping.role), mapping),
            invoke: invoke.clone(),
            events: events.clone(),
            lens: lens.clone(),
            clock: clock.clone(),
            puts: puts.clone(),
        };
        Running { orders, task: tokio::spawn(queue::run(world, given)) }
    }
}

/// Where a mapping's records come from, and where its documents go.
fn open(access: &Access, mapping: &Arc<Properties>) -> (Source, Destination) {
    let source = match mapping.service {
        Service::Kinesis => kinesis::source(access, mapping),
        // It never comes here: see `start`.
        Service::Sqs => Source::none(),
        Service::DynamoDb => dynamodb::source(access, mapping),
    };
    (source, destination(access, mapping))
}

/// Checks, as AWS does, what the role of a mapping may do.
async fn check(access: &Access, mapping: &Properties) -> Result<()> {
    match mapping.service {
        Service::Kinesis => kinesis::check(access, mapping).await?,
        Service::Sqs => queue::check(access, mapping).await?,
        Service::DynamoDb => dynamodb::check(access, mapping).await?,
    }
    destination::check(access, mapping).await
}
