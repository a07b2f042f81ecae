//! A stream, a function and a queue in memory, for the tasks that poll.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep};

use super::{NOW, arrived, number, numbers, succeeds};
use crate::event::Event;
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::poller::checkpoints::{Checkpoints, Position};
use crate::poller::clock::Clock;
use crate::poller::destination::Destination;
use crate::poller::mapping::{Order, Properties};
use crate::poller::poll::World;
use crate::poller::record::Record;
use crate::poller::run::run;
use crate::poller::source::{Page, ShardFacts, Source, kinesis};
use crate::poller::trouble::Trouble;
use crate::seen::Lens;

#[derive(Default)]
pub struct FakeShard {
    pub parents: Vec<String>,
    pub records: Vec<Record>,
    pub closed: bool,
}

/// What the test may change while the tasks run.
#[derive(Default)]
pub struct Cloud {
    pub shards: BTreeMap<String, FakeShard>,
    pub read_trouble: Option<Trouble>,
    pub send_trouble: Option<Trouble>,
    pub documents: Vec<String>,
    pub reads: Vec<Instant>,
    /// Places that were read from.
    pub places: Vec<(String, Position)>,
    /// When a call came, and its records.
    pub calls: Vec<(Instant, Vec<usize>)>,
}

type Function = dyn Fn(&[usize]) -> (Duration, Result<Answer, Refusal>) + Send + Sync;

pub struct Fake {
    pub cloud: Arc<Mutex<Cloud>>,
    pub events: UnboundedReceiver<Event>,
    pub checkpoints: Checkpoints,
    pub world: World,
    /// Tells of a put, as the forwarder does.
    pub puts: watch::Sender<()>,
    pub start: Instant,
}

impl Fake {
    /// A world with a function that takes a while.
    pub fn new(path: PathBuf, function: Box<Function>) -> Self {
        let (sender, events) = unbounded_channel();
        let cloud: Arc<Mutex<Cloud>> = Arc::default();
        let checkpoints = Checkpoints::load(path, sender.clone());
        let (called, function) = (cloud.clone(), Arc::new(function));
        let invoke: Invoke = Arc::new(move |Call { payload, .. }| {
            let numbers = numbers(&payload);
            let (took, answer) = function(&numbers);
            called.lock().unwrap().calls.push((Instant::now(), numbers));
            async move {
                sleep(took).await;
                answer
            }
            .boxed()
        });
        let (puts, seen) = watch::channel(());
        let (source, destination, clock) = (source(&cloud), destination(&cloud), Clock::with(|| NOW));
        let world = World {
            source,
            destination,
            invoke,
            events: sender,
            lens: Lens::default(),
            checkpoints: checkpoints.clone(),
            clock,
            puts: seen,
        };
        Self { cloud, events, checkpoints, world, puts, start: Instant::now() }
    }

    /// One whose function succeeds at once.
    pub fn quick(path: PathBuf) -> Self {
        Self::new(path, Box::new(|_| (Duration::ZERO, succeeds())))
    }

    pub fn shard(&self, id: &str, parents: &[&str]) {
        let parents = parents.iter().map(|parent| (*parent).to_owned()).collect();
        self.cloud.lock().unwrap().shards.insert(id.to_owned(), FakeShard { parents, ..FakeShard::default() });
    }

    pub fn put(&self, shard: &str, numbers: impl IntoIterator<Item = usize>) {
        let now = self.world.clock.now();
        let records = numbers.into_iter().map(|n| arrived(n, &format!("key-{n}"), now));
        self.cloud.lock().unwrap().shards.get_mut(shard).unwrap().records.extend(records);
        self.puts.send_replace(());
    }

    pub fn close(&self, shard: &str) {
        self.cloud.lock().unwrap().shards.get_mut(shard).unwrap().closed = true;
    }

    pub fn run(&self, mapping: Properties) -> (watch::Sender<Order>, JoinHandle<()>) {
        let (orders, given) = watch::channel(Order::Run(Arc::new(mapping)));
        let world = self.world.clone();
        (orders, tokio::spawn(run(move |_| world.clone(), given)))
    }

    /// The records that the function got, in order.
    pub fn seen(&self) -> Vec<usize> {
        self.cloud.lock().unwrap().calls.iter().flat_map(|(_, numbers)| numbers.clone()).collect()
    }

    pub fn position(&self, shard: &str) -> Option<Position> {
        self.checkpoints.positions("uuid-1").remove(shard)
    }

    pub fn warnings(&mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Warning { message } = event {
                warnings.push(message);
            }
        }
        warnings
    }
}

fn source(cloud: &Arc<Mutex<Cloud>>) -> Source {
    let (list, read) = (cloud.clone(), cloud.clone());
    Source {
        pace: kinesis::PACE,
        shards: Arc::new(move || {
            let cloud = list.lock().unwrap();
            let facts =
                |(id, shard): (&String, &FakeShard)| ShardFacts { id: id.clone(), parents: shard.parents.clone() };
            std::future::ready(Ok(cloud.shards.iter().map(facts).collect())).boxed()
        }),
        read: Arc::new(move |shard, place, most| {
            std::future::ready(page(&mut read.lock().unwrap(), &shard, place, most)).boxed()
        }),
    }
}

fn destination(cloud: &Arc<Mutex<Cloud>>) -> Destination {
    let send = cloud.clone();
    Arc::new(move |document| {
        let mut cloud = send.lock().unwrap();
        let result = cloud.send_trouble.clone().map_or(Ok(()), Err);
        if result.is_ok() {
            cloud.documents.push(document);
        }
        std::future::ready(result).boxed()
    })
}

/// At most ten records at a time, and the end of a closed shard.
fn page(cloud: &mut Cloud, shard: &str, place: Position, most: i32) -> Result<Page, Trouble> {
    cloud.reads.push(Instant::now());
    cloud.places.push((shard.to_owned(), place.clone()));
    if let Some(trouble) = &cloud.read_trouble {
        return Err(trouble.clone());
    }
    let found = cloud.shards.get(shard).ok_or_else(|| Trouble::NotFound(shard.to_owned()))?;
    let from = |record: &&Record| match &place {
        Position::Oldest | Position::Done => true,
        Position::Since(time) => record.arrived_ms >= *time,
        Position::After(sequence) => record.sequence > *sequence,
    };
    let left: Vec<_> = found.records.iter().filter(from).cloned().collect();
    let records: Vec<_> = left.iter().take(most.clamp(1, 10) as usize).cloned().collect();
    let ended = found.closed && records.len() == left.len();
    Ok(Page { records, ended })
}

pub fn after(sequence: &Position) -> usize {
    match sequence {
        Position::After(sequence) => number(sequence.as_str()),
        place => panic!("{place:?}"),
    }
}
