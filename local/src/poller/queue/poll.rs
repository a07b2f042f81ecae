//! Does what [`QueueState`] decides: receives, calls the function, deletes.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::deletes::{Deleted, Done};
use super::record::Message;
use super::state::{Leaving, Outcome, QueueState, Step};
use super::{Mapping, Orders, Redrive};
use crate::event::{Batch, DeadLetter, Event, Events, Location};
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::poller::clock::Clock;
use crate::poller::slot::refused;
use crate::poller::trouble::{Asked, Health, Trouble};
use crate::seen::{Lens, Seen};

/// What came of the deletion of each message.
pub type Deletions = Vec<(Done, Deleted)>;

/// A queue as a mapping's role reaches it, as plain function values: so a poller is tested with queues made up on the spot. Cheap to clone.
#[derive(Clone)]
pub struct QueueSource {
    /// At most so many messages, at once.
    pub receive: Arc<dyn Fn(usize) -> Asked<Vec<Message>> + Send + Sync>,
    pub delete: Arc<dyn Fn(Vec<Done>) -> Asked<Deletions> + Send + Sync>,
    /// Makes messages visible again, by their receipts.
    pub give_back: Arc<dyn Fn(Vec<String>) -> Asked<()> + Send + Sync>,
}

/// What the poller of a queue works with. Cheap to clone.
#[derive(Clone)]
pub struct QueueWorld {
    pub source: QueueSource,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    pub clock: Clock,
    /// Changes when somebody sent something to the endpoint.
    pub puts: watch::Receiver<()>,
}

/// What was under way, and what came of it.
enum Ended {
    Received { most: usize, asked_ms: i64, result: Result<Vec<Message>, Trouble> },
    Called { batch: u64, result: Result<Answer, Refusal>, took_ms: u64 },
    Deleted { done: Vec<Done>, result: Result<Deletions, Trouble> },
    GivenBack,
}

/// See the module.
pub struct QueuePoll {
    world: QueueWorld,
    mapping: Mapping,
    redrive: Option<Redrive>,
    state: QueueState,
    under_way: FuturesUnordered<BoxFuture<'static, Ended>>,
    receiving: Health,
    function: Health,
    deleting: Health,
}

impl QueuePoll {
    /// `None` for a mapping of something else.
    pub fn new(world: QueueWorld, mapping: Mapping) -> Option<Self> {
        let queue = mapping.queued.clone()?;
        let health = |what: String| Health::new(what, world.events.clone());
        let name = Location::of(&mapping.source_arn, None).name.unwrap_or_default();
        Some(Self {
            receiving: health(format!("receiving from the queue `{name}`")),
            function: health(format!("calling the function `{}` for the queue `{name}`", mapping.function)),
            deleting: health(format!("deleting what is done with from the queue `{name}`")),
            redrive: queue.redrive.clone(),
            state: QueueState::new(mapping.clone(), queue, world.clock.now()),
            under_way: FuturesUnordered::new(),
            mapping,
            world,
        })
    }

    /// Runs until there is an order: then it starts nothing more, gives back what the function did not get, and ends with what is under way.
    pub async fn run(mut self, mut orders: Orders) {
        let mut leaving = false;
        let mut sent = true;
        loop {
            self.start();
            if leaving && self.under_way.is_empty() && self.state.idle() {
                return;
            }
            let now = self.world.clock.now();
            let wake = self.state.wake(now).map(|wake| self.world.clock.at(wake));
            let working = !self.under_way.is_empty();
            tokio::select! {
                // An order comes before all else; whatever is under way ends by itself.
                biased;
                _ = orders.changed(), if !leaving => {
                    leaving = true;
                    self.state.end();
                }
                Some(ended) = self.under_way.next(), if working => self.take(ended),
                changed = self.world.puts.changed(), if sent && !leaving => match changed {
                    Ok(()) => self.state.stirred(),
                    Err(_) => sent = false,
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// Starts all that can start now.
    fn start(&mut self) {
        let now = self.world.clock.now();
        for step in self.state.steps(now) {
            let source = &self.world.source;
            self.under_way.push(match step {
                Step::Receive { most } => {
                    let receive = (source.receive)(most);
                    Box::pin(async move { Ended::Received { most, asked_ms: now, result: receive.await } })
                }
                Step::Call { batch, payload } => {
                    let call = (self.world.invoke)(Call::new(self.mapping.function.clone(), payload));
                    Box::pin(async move {
                        let start = Instant::now();
                        let result = call.await;
                        let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                        Ended::Called { batch, result, took_ms }
                    })
                }
                Step::Delete { done } => {
                    let delete = (source.delete)(done.clone());
                    Box::pin(async move { Ended::Deleted { done, result: delete.await } })
                }
                Step::GiveBack { receipts } => {
                    let give_back = (source.give_back)(receipts);
                    // Without it they come back a little later.
                    Box::pin(async move {
                        let _later = give_back.await;
                        Ended::GivenBack
                    })
                }
            });
        }
    }

    fn take(&mut self, ended: Ended) {
        let now = self.world.clock.now();
        match ended {
            Ended::Received { most, asked_ms, result: Ok(messages) } => {
                self.receiving.well();
                let records = self.state.received(messages, most, asked_ms, now);
                if !records.is_empty() {
                    self.world.lens.show(|| Seen::Filtered { location: self.location(), records });
                }
            }
            Ended::Received { result: Err(trouble), .. } => {
                self.receiving.fails(&trouble.to_string());
                self.state.not_received(now);
            }
            Ended::Called { batch, result, took_ms } => {
                let outcome = self.state.answered(batch, &result, now);
                self.called(outcome, result, took_ms);
            }
            Ended::Deleted { done, result } => {
                let results = result.unwrap_or_else(|trouble| {
                    self.deleting.fails(&trouble.to_string());
                    done.into_iter().map(|done| (done, Deleted::No)).collect()
                });
                if results.iter().all(|(_, deleted)| *deleted != Deleted::No) {
                    self.deleting.well();
                }
                self.state.deleted(results, now);
            }
            Ended::GivenBack => {}
        }
    }

    /// Tells what came of a call.
    fn called(&mut self, outcome: Outcome, result: Result<Answer, Refusal>, took_ms: u64) {
        let Outcome { told, leaving } = outcome;
        match result {
            // No batch came of it, and it says the same again and again.
            Err(refusal) => self.function.fails(&refused(&refusal)),
            Ok(answer) => {
                self.function.well();
                self.tell(Event::Batch(Batch {
                    function: self.mapping.function.clone(),
                    location: self.location(),
                    records: told.records,
                    milliseconds: took_ms,
                    age_milliseconds: None,
                    succeeded: told.succeeded,
                    error: told.error,
                    answer: told.answer,
                    peak_mb: answer.memory.map(|memory| memory.peak_mb),
                    memory_mb: answer.memory.map(|memory| memory.limit_mb),
                }));
            }
        }
        for message in leaving {
            self.leaves(message);
        }
    }

    /// Tells that SQS will move a message. Nobody sees it do so: the next receive after that time moves it.
    fn leaves(&self, message: Leaving) {
        let Some(redrive) = &self.redrive else { return };
        let Leaving { id, receives, in_ms } = message;
        let seconds = (in_ms + 999) / 1000;
        self.tell(Event::DeadLetter(DeadLetter {
            queue: redrive.queue.clone(),
            reason: format!("received {receives} times, moved in {seconds} s"),
            location: self.location(),
            first: id.clone(),
            last: id,
        }));
    }

    fn location(&self) -> Location {
        Location::of(&self.mapping.source_arn, None)
    }

    fn tell(&self, event: Event) {
        let _gone = self.world.events.send(event);
    }
}
