//! What fails comes back when its visibility ends, and leaves for the dead-letter queue after its receives.

use super::sim::{Sim, names};
use super::{VISIBILITY, dlq, properties, queued, with};
use crate::poller::mapping::Properties;
use crate::poller::queue::Queued;
use crate::poller::queue::state::Leaving;
use crate::poller::tests::{crashes, succeeds};

#[test]
fn a_failed_batch_comes_back_when_its_visibility_ends_and_not_before() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..3);
    sim.run(29.0, |_| (100, crashes()));
    assert_eq!(sim.calls.len(), 1);
    sim.run(5.0, |_| (100, succeeds()));
    let again = sim.times(0)[1];
    assert!((VISIBILITY..VISIBILITY + 1_100).contains(&again), "{again}");
    assert_eq!(sim.queue.deleted, [0, 1, 2]);
    let told = &sim.outcomes[0].told;
    assert_eq!((told.records, told.succeeded), (3, 0));
    assert!(told.error.as_ref().unwrap().starts_with("Unhandled (Runtime.ExitError)"), "{told:?}");
}

#[test]
fn named_messages_come_back_and_the_others_are_deleted() {
    let mut sim = Sim::new(&with(queued(), Properties { partial: true, ..properties() }));
    sim.send(0..5);
    sim.run(1.0, |_| (0, names(&[1, 3])));
    let mut deleted = sim.queue.deleted.clone();
    deleted.sort_unstable();
    assert_eq!(deleted, [0, 2, 4]);
    let told = &sim.outcomes[0].told;
    assert_eq!((told.records, told.succeeded, told.error.as_deref()), (5, 3, Some("named failures")));
    sim.run(31.0, |_| (0, succeeds()));
    assert_eq!(sim.batches()[1], [1, 3]);
}

#[test]
fn poison_ends_in_the_dead_letter_queue_and_is_told_when_it_will_be_moved() {
    let queued = Queued { redrive: dlq(3), ..queued() };
    let mut sim = Sim::new(&with(queued, Properties { partial: true, ..properties() }));
    sim.send(0..10);
    sim.run(200.0, |batch| (500, if batch.iter().any(|(n, _)| *n == 7) { names(&[7]) } else { succeeds() }));
    assert_eq!((sim.queue.dead.clone(), sim.queue.deleted.len()), (vec![7], 9));
    assert_eq!(sim.times(7).len(), 3);
    let leaving: Vec<_> = sim.outcomes.iter().flat_map(|outcome| outcome.leaving.clone()).collect();
    let [Leaving { id, receives: 3, in_ms }] = leaving.as_slice() else { panic!("{leaving:?}") };
    assert_eq!(id, "m-7");
    assert!((29_000..29_600).contains(in_ms), "{in_ms}");
}

#[test]
fn a_deletion_that_fails_is_tried_again_and_nothing_is_handed_over_twice() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.failing_deletes = 3;
    sim.send(0..10);
    sim.run(60.0, |_| (0, succeeds()));
    assert_eq!((sim.calls.len(), sim.deletes, sim.queue.deleted.len()), (1, 4, 10));
}

#[test]
fn a_deletion_that_fails_for_longer_than_the_visibility_hands_over_twice() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.failing_deletes = 5;
    sim.send(0..1);
    sim.run(120.0, |_| (0, succeeds()));
    assert_eq!((sim.times(0).len(), sim.queue.deleted.len()), (2, 1));
}

#[test]
fn a_function_that_takes_longer_than_the_visibility_gets_the_message_twice() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..1);
    sim.run(120.0, |batch| (if batch[0].1 == 1 { 40_000 } else { 10 }, succeeds()));
    assert_eq!((sim.times(0).len(), sim.queue.left(sim.now)), (2, (0, 0)));
}

#[test]
fn a_killed_poller_loses_nothing() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..100);
    sim.run(0.05, |_| (1_000, succeeds()));
    sim.crash();
    sim.run(40.0, |_| (10, succeeds()));
    assert_eq!((sim.queue.deleted.len(), sim.queue.left(sim.now)), (100, (0, 0)));
}
