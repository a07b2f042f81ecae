//! Random queues and functions: nothing is lost, and groups keep their order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::sim::{Sim, names};
use super::{dlq, properties, queued, with};
use crate::poller::mapping::Properties;
use crate::poller::queue::Queued;
use crate::poller::tests::{crashes, succeeds, throttled};

#[derive(Clone, Debug)]
struct Case {
    messages: usize,
    groups: Option<usize>,
    poison: BTreeSet<usize>,
    batch_size: usize,
    window_ms: i64,
    batches: usize,
    partial: bool,
    /// Of a hundred calls each.
    crashes: u32,
    refused: u32,
    seed: u64,
}

prop_compose! {
    fn case()(
        messages in 1..120_usize, groups in prop::option::of(1..6_usize), batch_size in 1..40_usize,
        window_ms in prop::sample::select(vec![0_i64, 1_000, 5_000]), batches in 1..8_usize, partial: bool,
        crashes in 0..20_u32, refused in 0..20_u32, seed: u64, poison in prop::collection::btree_set(0..120_usize, 0..4),
    ) -> Case {
        let fifo = groups.is_some();
        let (batch_size, window_ms) = if fifo { (batch_size.min(10), 0) } else { (batch_size, window_ms) };
        Case { messages, groups, poison, batch_size, window_ms, batches, partial, crashes, refused, seed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_message_is_done_with_or_a_letter(case in case()) {
        let queued = Queued {
            fifo: case.groups.is_some(), batches: case.batches, visibility_ms: 20_000, redrive: dlq(12), ..queued()
        };
        let Case { batch_size, window_ms, partial, .. } = case;
        let mut sim = Sim::new(&with(queued, Properties { batch_size, window_ms, partial, ..properties() }));
        let mut random = fastrand::Rng::with_seed(case.seed);
        let mut sent = 0;
        while sent < case.messages {
            let many = random.usize(1..=case.messages - sent);
            sim.send_as(sent..sent + many, |n| (case.groups.map(|groups| n % groups), 0, Value::Null));
            sent += many;
            let seconds = random.f64() * 5.0;
            sim.run(seconds, |batch| consumer(&case, &mut random, batch));
        }
        sim.run(4_000.0, |batch| consumer(&case, &mut random, batch));
        prop_assert_eq!(sim.queue.left(sim.now), (0, 0));
        let mut all: Vec<usize> = sim.queue.deleted.iter().chain(&sim.queue.dead).copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..case.messages).collect::<Vec<_>>(), "each is in exactly one place");
        for n in case.poison.iter().filter(|n| **n < case.messages) {
            prop_assert!(sim.queue.dead.contains(n), "{} is poison", n);
        }
    }
}

fn consumer(
    case: &Case,
    random: &mut fastrand::Rng,
    batch: &[(usize, u32)],
) -> (i64, Result<crate::invoke::Answer, crate::invoke::Refusal>) {
    let takes = random.i64(0..500);
    let dice = random.u32(0..100);
    if dice < case.refused {
        return (takes, throttled());
    }
    let first = batch.iter().position(|(n, _)| case.poison.contains(n));
    match first {
        _ if dice < case.refused + case.crashes => (takes, crashes()),
        None => (takes, succeeds()),
        Some(_) if !case.partial => (takes, crashes()),
        // Everything from the first bad one on, which is right for every queue.
        Some(place) => (takes, names(&batch[place..].iter().map(|(n, _)| *n).collect::<Vec<_>>())),
    }
}
