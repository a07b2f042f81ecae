//! The task of one shard: reads it, calls the function, sends documents, keeps the checkpoint. [`Shard`] decides what to do;
//! this only does it.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, OptionFuture};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::checkpoints::{Checkpoints, Position};
use super::clock::Clock;
use super::destination::Destination;
use super::mapping::{Order, Properties};
use super::reader::{Reader, Reading};
use super::record::Sequence;
use super::shard::Shard;
use super::slot::{GivenUp, Step, refused};
use super::source::{Page, Source};
use super::trouble::{Health, Trouble};
use crate::event::{Batch, DeadLetter, Event, Events};
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::seen::{Lens, Seen};

/// What the pollers of a mapping share. Cheap to clone.
#[derive(Clone)]
pub struct World {
    pub source: Source,
    pub destination: Destination,
    pub invoke: Invoke,
    pub events: Events,
    pub lens: Lens,
    pub checkpoints: Checkpoints,
    pub clock: Clock,
    /// Changes when a record was put into a stream of the endpoint.
    pub puts: watch::Receiver<()>,
}

/// What a slot waited for.
enum Done {
    Called { slot: usize, result: Result<Answer, Refusal>, took_ms: u64 },
    Sent { slot: usize, given_up: GivenUp, result: Result<(), Trouble> },
}

/// See the module.
pub struct Poll {
    world: World,
    mapping: Arc<Properties>,
    id: String,
    shard: Shard,
    reader: Reader,
    under_way: FuturesUnordered<BoxFuture<'static, Done>>,
    saved: Option<Sequence>,
    function: Health,
    queue: Health,
}

impl Poll {
    pub fn new(world: World, mapping: Arc<Properties>, id: &str, position: Position) -> Self {
        let events = &world.events;
        let queue = format!("sending what failed to the queue `{}`", mapping.queue().unwrap_or_default());
        Self {
            shard: Shard::new(id, mapping.clone()),
            reader: Reader::new(world.source.clone(), id, position, world.clock.now(), events.clone()),
            under_way: FuturesUnordered::new(),
            saved: None,
            function: Health::new(
                format!("calling the function `{}` for shard `{id}`", mapping.function),
                events.clone(),
            ),
            queue: Health::new(queue, events.clone()),
            id: id.to_owned(),
            mapping,
            world,
        }
    }

    /// Runs until the shard is done with, or until there is an order: then it starts nothing more, and ends with what is under way.
    pub async fn run(mut self, mut orders: watch::Receiver<Order>) {
        let mut reading: OptionFuture<Reading> = None.into();
        let mut is_reading = false;
        let mut leaving = false;
        loop {
            if !leaving {
                self.start();
                let now = self.world.clock.now();
                if !is_reading && self.shard.hungry() && self.reader.due().is_some_and(|due| due <= now) {
                    reading = Some(self.reader.read(now)).into();
                    is_reading = true;
                }
            }
            self.save();
            if self.under_way.is_empty() && (leaving || self.finished()) {
                return;
            }
            let (wake, working) = (self.wake(is_reading), !self.under_way.is_empty());
            tokio::select! {
                // An order comes before all else; reads are few and starve nobody.
                biased;
                _ = orders.changed(), if !leaving => leaving = true,
                Some(page) = &mut reading, if is_reading && !leaving => {
                    (reading, is_reading) = (None.into(), false);
                    self.read(page);
                }
                Some(done) = self.under_way.next(), if working => self.take(done),
                Ok(()) = self.world.puts.changed(), if !leaving => self.reader.stirred(),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() && !leaving => {}
            }
        }
    }

    fn read(&mut self, page: Result<Page, Trouble>) {
        let now = self.world.clock.now();
        let records = self.reader.take(page, now);
        let filtered = self.shard.take(records, now);
        if !filtered.is_empty() {
            self.world.lens.show(|| {
                let records = filtered.iter().map(|sequence| sequence.as_str().to_owned()).collect();
                Seen::Filtered { location: self.mapping.location(&self.id), records }
            });
        }
    }

    /// Starts all that can start now.
    fn start(&mut self) {
        for (slot, step) in self.shard.steps(self.world.clock.now()) {
            match step {
                Step::Call { payload } => {
                    let call = (self.world.invoke)(Call::new(self.mapping.function.clone(), payload));
                    self.under_way.push(Box::pin(async move {
                        let start = Instant::now();
                        let result = call.await;
                        let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                        Done::Called { slot, result, took_ms }
                    }));
                }
                Step::Send { document, given_up } => {
                    let send = (self.world.destination)(document);
                    self.under_way.push(Box::pin(async move { Done::Sent { slot, given_up, result: send.await } }));
                }
                Step::Drop { given_up, refused } => self.dropped(&given_up, refused),
            }
        }
    }

    fn take(&mut self, done: Done) {
        let now = self.world.clock.now();
        match done {
            Done::Called { slot, result, took_ms } => {
                let arrived_ms = self.shard.last_arrived_ms(slot);
                let told = self.shard.answered(slot, &result, now);
                if let Err(refusal) = &result {
                    // No batch came of it, and it says the same again and again.
                    return self.function.fails(&refused(refusal));
                }
                self.function.well();
                let memory = result.ok().and_then(|answer| answer.memory);
                self.tell(Event::Batch(Batch {
                    function: self.mapping.function.clone(),
                    location: self.mapping.location(&self.id),
                    records: told.records,
                    milliseconds: took_ms,
                    age_milliseconds: arrived_ms
                        .and_then(|arrived| u64::try_from(now - arrived).ok())
                        .map(|age| age.saturating_sub(took_ms)),
                    succeeded: told.succeeded,
                    error: told.error,
                    answer: told.answer,
                    peak_mb: memory.map(|memory| memory.peak_mb),
                    memory_mb: memory.map(|memory| memory.limit_mb),
                }));
            }
            Done::Sent { slot, given_up, result } => {
                self.shard.sent(slot, result.is_ok(), now);
                match result {
                    Ok(()) => self.sent(given_up),
                    Err(trouble) => self.queue.fails(&trouble.to_string()),
                }
            }
        }
    }

    fn sent(&mut self, given_up: GivenUp) {
        self.queue.well();
        self.tell(Event::DeadLetter(DeadLetter {
            queue: self.mapping.queue().unwrap_or_default().to_owned(),
            reason: given_up.condition.as_str().to_owned(),
            location: self.mapping.location(&self.id),
            first: given_up.first,
            last: given_up.last,
        }));
    }

    fn dropped(&self, given_up: &GivenUp, refused: bool) {
        let GivenUp { condition, records, first, last } = given_up;
        let why = match refused {
            true => "the queue refused the document until the stream forgot it",
            false => "the mapping has no on-failure destination",
        };
        let (condition, shard) = (condition.as_str(), &self.id);
        let message = format!("lost {records} records of `{shard}`, {first} to {last} ({condition}): {why}");
        self.tell(Event::Warning { message });
    }

    /// Keeps the checkpoint where it moved.
    fn save(&mut self) {
        let checkpoint = self.shard.checkpoint();
        if checkpoint != self.saved.as_ref()
            && let Some(sequence) = checkpoint
        {
            self.saved = Some(sequence.clone());
            self.world.checkpoints.set(&self.mapping.uuid, &self.id, Position::After(sequence.clone()));
        }
        if self.finished() {
            self.world.checkpoints.set(&self.mapping.uuid, &self.id, Position::Done);
        }
    }

    fn finished(&self) -> bool {
        self.reader.ended() && self.shard.idle()
    }

    fn wake(&self, is_reading: bool) -> Option<Instant> {
        let read = self.reader.due().filter(|_| !is_reading && self.shard.hungry());
        let wake = [self.shard.wake(), read].into_iter().flatten().min()?;
        Some(self.world.clock.at(wake))
    }

    fn tell(&self, event: Event) {
        let _gone = self.world.events.send(event);
    }
}
