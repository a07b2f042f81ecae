//! 20,000 messages with crashing consumers and killed pollers: none is lost, groups keep their order, poison is in the dead-letter queue.

use std::collections::BTreeSet;

use serde_json::Value;

use super::sim::{Seen, Sim, names};
use super::{dlq, properties, queued, with};
use crate::invoke::{Answer, Refusal};
use crate::poller::mapping::Properties;
use crate::poller::queue::Queued;
use crate::poller::tests::{crashes, succeeds, throttled};

const MESSAGES: usize = 20_000;
/// So many receives that no crash beside it moves a good message.
const RECEIVES: u32 = 40;
const POISON: usize = 4_001;
const GROUPS: usize = 50;

fn poison() -> Vec<usize> {
    (0..MESSAGES).filter(|n| n % POISON == 17).collect()
}

/// Fails on poison, and now and then on anything.
fn consumer(random: &mut fastrand::Rng, fifo: bool, batch: &[Seen]) -> (i64, Result<Answer, Refusal>) {
    let takes = random.i64(1..30);
    match random.u32(0..100) {
        0..3 => return (takes, crashes()),
        3..4 => return (takes, throttled()),
        _ => {}
    }
    let mut bad = BTreeSet::new();
    let mut named = Vec::new();
    for (n, _) in batch {
        // In a FIFO queue all later ones of its group go with it.
        if n % POISON == 17 || (fifo && bad.contains(&(n % GROUPS))) {
            bad.insert(n % GROUPS);
            named.push(*n);
        }
    }
    (takes, if named.is_empty() { succeeds() } else { names(&named) })
}

fn all_arrive(fifo: bool) {
    let queued = Queued { fifo, visibility_ms: 2_000, redrive: dlq(RECEIVES), ..queued() };
    let mut sim = Sim::new(&with(queued, Properties { partial: true, ..properties() }));
    sim.send_as(0..MESSAGES, |n| (fifo.then_some(n % GROUPS), 0, Value::Null));
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20 {
        let seconds = random.f64() * 3.0;
        sim.run(seconds, |batch| consumer(&mut random, fifo, batch));
        // As `kill -9` of `pipe dev`.
        sim.crash();
    }
    sim.run(3_000.0, |batch| consumer(&mut random, fifo, batch));
    let deleted: BTreeSet<usize> = sim.queue.deleted.iter().copied().collect();
    let dead: BTreeSet<usize> = sim.queue.dead.iter().copied().collect();
    assert_eq!(sim.queue.left(sim.now), (0, 0));
    assert_eq!(deleted.len() + dead.len(), MESSAGES, "each is in one place");
    assert!(poison().iter().all(|n| dead.contains(n)), "{dead:?}");
    if fifo {
        // [`Sim`] has seen that nothing was handed over before an earlier one; what was named with poison may be moved with it.
        assert!(
            dead.iter().all(|n| poison()
                .iter()
                .any(|bad| n % GROUPS == bad % GROUPS && (*bad..bad + 10 * GROUPS).contains(n)))
        );
    } else {
        assert_eq!(dead.into_iter().collect::<Vec<_>>(), poison());
    }
}

#[test]
fn of_20_000_messages_of_a_standard_queue_none_is_lost() {
    all_arrive(false);
}

#[test]
fn of_20_000_messages_of_a_fifo_queue_none_is_lost_and_groups_keep_their_order() {
    all_arrive(true);
}
