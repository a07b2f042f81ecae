//! The task of one mapping of a queue, over changes of its properties.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::sleep;

use super::poll::{QueuePoll, QueueWorld};
use super::{Mapping, Orders};
use crate::event::Event;
use crate::poller::mapping::Ordered;

/// How long polling rests after a panic.
const AFTER_PANIC: Duration = Duration::from_secs(10);

/// Follows the orders until there are none, or the last one. `world` makes the source of the properties.
pub async fn run(world: impl Fn(&Mapping) -> QueueWorld, orders: Orders) {
    let mut ordered = Ordered::new(orders);
    while let Some(mapping) = ordered.next().await {
        serve(&world(&mapping), &mapping, &ordered.orders).await;
    }
}

/// Polls until there is a new order. A function value that panics costs a pause; its messages come back by themselves.
async fn serve(world: &QueueWorld, mapping: &Mapping, orders: &Orders) {
    while let Some(poll) = QueuePoll::new(world.clone(), mapping.clone()) {
        if AssertUnwindSafe(poll.run(orders.clone())).catch_unwind().await.is_ok() {
            return;
        }
        let message = format!("polling the queue `{}` panicked and starts again", mapping.source_arn);
        let _gone = world.events.send(Event::Warning { message });
        let mut orders = orders.clone();
        tokio::select! {
            _ = orders.changed() => return,
            () = sleep(AFTER_PANIC) => {}
        }
    }
}
