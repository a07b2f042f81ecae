//! Random shards, functions and queues: nothing is lost, nothing is doubly given up, and keys keep their order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{NOW, SHARD, arrived, crashes, mapping, names, numbers, shared, succeeds, throttled};
use crate::poller::mapping::Properties;
use crate::poller::shard::{Shard, slot_of};
use crate::poller::slot::Step;

/// Short, so that what fails for ever ends soon.
const RETENTION: i64 = 600_000;

#[derive(Clone, Debug)]
struct Case {
    records: usize,
    keys: usize,
    poison: BTreeSet<usize>,
    batch_size: usize,
    slots: usize,
    retries: Option<u32>,
    bisect: bool,
    partial: bool,
    age: bool,
    /// Of a hundred calls and documents each.
    refused: u32,
    seed: u64,
}

prop_compose! {
    fn case()(
        records in 1..80_usize, keys in 1..12_usize, batch_size in 1..30_usize, slots in 1..5_usize,
        retries in prop::option::weighted(0.8, 0..3_u32), bisect: bool, partial: bool, age: bool,
        // A record is dropped after a dozen refusals of its document in a row: with 40 of a hundred that would come to pass.
        refused in 0..20_u32, seed: u64, poison in prop::collection::btree_set(0..80_usize, 0..8),
    ) -> Case {
        Case { records, keys, poison, batch_size, slots, retries, bisect, partial, age, refused, seed }
    }
}

/// What became of the records, as the function and the queue saw it.
#[derive(Default)]
struct Fate {
    /// In the order in which they were done with.
    succeeded: Vec<usize>,
    given_up: Vec<usize>,
}

struct Run {
    case: Case,
    shard: Shard,
    random: fastrand::Rng,
    now: i64,
    put: usize,
    under_way: Vec<(usize, Step)>,
    fate: Fate,
}

impl Run {
    fn new(case: Case) -> Self {
        let mapping = Properties {
            batch_size: case.batch_size,
            slots: case.slots,
            retries: case.retries,
            max_age_ms: case.age.then_some(60_000),
            retention_ms: RETENTION,
            bisect: case.bisect,
            partial: case.partial,
            ..mapping()
        };
        let random = fastrand::Rng::with_seed(case.seed);
        let shard = Shard::new(SHARD, shared(mapping));
        Self { case, shard, random, now: NOW, put: 0, under_way: Vec::new(), fate: Fate::default() }
    }

    fn key(&self, n: usize) -> String {
        // Some keys are much more common than others.
        format!("key-{}", (n * n) % self.case.keys)
    }

    fn go(&mut self) {
        for _ in 0..1_000_000 {
            if self.put < self.case.records && self.random.bool() {
                let many = self.random.usize(1..=self.case.records - self.put);
                let records = (self.put..self.put + many).map(|n| arrived(n, &self.key(n), self.now)).collect();
                self.put += many;
                self.shard.take(records, self.now);
            }
            self.under_way.extend(self.shard.steps(self.now));
            self.check();
            if !self.under_way.is_empty() {
                // Any of them ends first, after any time.
                let (slot, step) = self.under_way.swap_remove(self.random.usize(..self.under_way.len()));
                self.now += self.random.i64(0..500);
                self.end(slot, step);
            } else if let Some(wake) = self.shard.wake() {
                self.now = self.now.max(wake);
            } else if self.put == self.case.records {
                return;
            }
        }
        panic!("it never ends");
    }

    fn end(&mut self, slot: usize, step: Step) {
        let refused = self.random.u32(0..100) < self.case.refused;
        match step {
            Step::Call { .. } if refused => drop(self.shard.answered(slot, &throttled(), self.now)),
            Step::Call { payload } => self.answer(slot, &numbers(&payload)),
            Step::Send { given_up, .. } => {
                self.shard.sent(slot, !refused, self.now);
                if !refused {
                    let (first, last) = (super::number(&given_up.first), super::number(&given_up.last));
                    let covered: Vec<_> =
                        (first..=last).filter(|n| slot_of(&self.key(*n), self.case.slots) == slot).collect();
                    assert_eq!(covered.len(), given_up.records, "the document covers exactly its records");
                    self.fate.given_up.extend(covered);
                }
            }
            Step::Drop { .. } => panic!("a queue that refuses now and then is asked again"),
        }
    }

    fn answer(&mut self, slot: usize, batch: &[usize]) {
        let poison = batch.iter().position(|n| self.case.poison.contains(n));
        let (answer, succeeded) = match poison {
            None => (succeeds(), batch.len()),
            Some(place) if self.case.partial && self.random.u32(0..100) < 70 => (names(batch[place]), place),
            Some(_) => (crashes(), 0),
        };
        let told = self.shard.answered(slot, &answer, self.now);
        assert_eq!((told.records, told.succeeded), (batch.len(), succeeded));
        self.fate.succeeded.extend(&batch[..succeeded]);
    }

    /// The checkpoint never passes what is not done with.
    fn check(&self) {
        let done: BTreeSet<_> = self.fate.succeeded.iter().chain(&self.fate.given_up).copied().collect();
        let checkpoint = self.shard.checkpoint().map(|sequence| super::number(sequence.as_str()));
        let expected = (0..).take_while(|n| done.contains(n)).last();
        assert_eq!(checkpoint, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_record_succeeds_or_is_told_of_and_keys_keep_their_order(case in case()) {
        let mut run = Run::new(case.clone());
        run.go();
        let mut all: Vec<_> = run.fate.succeeded.iter().chain(&run.fate.given_up).copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..case.records).collect::<Vec<_>>(), "each exactly once");
        let mut last = BTreeMap::new();
        for n in &run.fate.succeeded {
            if let Some(before) = last.insert(run.key(*n), *n) {
                prop_assert!(before < *n, "{} came before {} of the same key", before, n);
            }
        }
        prop_assert!(run.now < NOW + 10 * RETENTION);
        if case.bisect && !case.age && case.retries.is_some() {
            prop_assert!(run.fate.given_up.iter().all(|n| case.poison.contains(n)), "nothing leaves with bad records");
        }
    }
}
