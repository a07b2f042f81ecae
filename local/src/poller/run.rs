//! The task of one mapping: one poller for each shard whose parents are done with, over resharding and changes of its properties.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::checkpoints::Position;
use super::mapping::{Order, Ordered, Properties};
use super::outcome::refused_pause_ms;
use super::poll::{Poll, World};
use super::source::ShardFacts;
use super::trouble::Health;
use crate::event::Event;

/// How often a stream's shards are listed though none has ended.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// Follows the orders until there are none, or the last one. `world` makes the source and destination of the properties.
pub async fn run(world: impl Fn(&Arc<Properties>) -> World, orders: watch::Receiver<Order>) {
    let mut ordered = Ordered::new(orders);
    while let Some(mapping) = ordered.next().await {
        serve(&world(&mapping), &mapping, ordered.orders.clone()).await;
    }
}

/// Polls until there is a new order, and then until what is under way has ended.
async fn serve(world: &World, mapping: &Arc<Properties>, mut orders: watch::Receiver<Order>) {
    let mut pollers = JoinSet::new();
    let mut active = BTreeSet::new();
    let mut health = Health::new(format!("listing the shards of `{}`", mapping.source_arn), world.events.clone());
    let mut failures = 0;
    loop {
        let listed = tokio::select! {
            biased;
            _ = orders.changed() => break,
            listed = (world.source.shards)() => listed,
        };
        let pause = match &listed {
            Ok(shards) => {
                (failures, ()) = (0, health.well());
                let positions = positions(world, mapping, shards);
                for (shard, position) in startable(shards, &positions, &active) {
                    active.insert(shard.clone());
                    pollers.spawn(poll(world.clone(), mapping.clone(), shard, position, orders.clone()));
                }
                LIST_EVERY
            }
            Err(trouble) => {
                health.fails(&trouble.to_string());
                failures += 1;
                Duration::from_millis(refused_pause_ms(failures - 1).unsigned_abs())
            }
        };
        tokio::select! {
            biased;
            _ = orders.changed() => break,
            Some(ended) = pollers.join_next() => {
                if let Ok(shard) = ended {
                    active.remove(&shard);
                }
            }
            () = sleep(pause) => {}
        }
    }
    while pollers.join_next().await.is_some() {}
}

/// Polls one shard and gives its id. A function value that panics costs a pause; the shard then goes on from its checkpoint.
async fn poll(
    world: World,
    mapping: Arc<Properties>,
    shard: String,
    position: Position,
    orders: watch::Receiver<Order>,
) -> String {
    let poll = Poll::new(world.clone(), mapping, &shard, position).run(orders);
    if AssertUnwindSafe(poll).catch_unwind().await.is_err() {
        let message = format!("polling shard `{shard}` panicked and starts again from its checkpoint");
        let _gone = world.events.send(Event::Warning { message });
        sleep(LIST_EVERY).await;
    }
    shard
}

/// Where each shard is, with positions for new ones: those of the first look begin where the mapping says, later ones at their oldest.
fn positions(world: &World, mapping: &Properties, shards: &[ShardFacts]) -> BTreeMap<String, Position> {
    let mut positions = world.checkpoints.positions(&mapping.uuid);
    let new = match positions.is_empty() {
        true => mapping.start.position(world.clock.now()),
        false => Position::Oldest,
    };
    for shard in shards {
        if !positions.contains_key(&shard.id) {
            world.checkpoints.set(&mapping.uuid, &shard.id, new.clone());
            positions.insert(shard.id.clone(), new.clone());
        }
    }
    if !shards.is_empty() {
        // After the new ones came in, so that a mapping never seems to start for the first time again.
        world.checkpoints.keep_shards(&mapping.uuid, |id| shards.iter().any(|listed| listed.id == id));
    }
    positions
}

/// The shards that are to be polled and are not: not done with, and each of their parents done with or no more in the stream.
pub fn startable(
    shards: &[ShardFacts],
    positions: &BTreeMap<String, Position>,
    active: &BTreeSet<String>,
) -> Vec<(String, Position)> {
    let open = |id: &str| positions.get(id) != Some(&Position::Done);
    let unread = |parent: &String| shards.iter().any(|listed| listed.id == *parent) && open(parent);
    let waits = |shard: &ShardFacts| shard.parents.iter().any(|parent| active.contains(parent) || unread(parent));
    let ready = shards.iter().filter(|shard| open(&shard.id) && !active.contains(&shard.id) && !waits(shard));
    ready.filter_map(|shard| Some((shard.id.clone(), positions.get(&shard.id)?.clone()))).collect()
}
