//! Order within groups.

use serde_json::Value;

use super::sim::{Sim, names};
use super::{VISIBILITY, dlq, properties, queued, with};
use crate::poller::mapping::Properties;
use crate::poller::queue::Queued;
use crate::poller::tests::{crashes, succeeds};

/// A FIFO queue whose messages have groups by turns.
fn sim(max_receives: u32, groups: usize, batch_size: usize, messages: usize) -> Sim {
    let queued = Queued { fifo: true, redrive: dlq(max_receives), ..queued() };
    let mut sim = Sim::new(&with(queued, Properties { partial: true, batch_size, ..properties() }));
    sim.send_as(0..messages, |n| (Some(n % groups), 0, Value::Null));
    sim
}

/// AWS was recorded to do this: four messages of a group, the last three of which fail, then the last one, which is moved after two receives.
#[test]
fn a_group_whose_messages_fail_as_recorded() {
    let mut sim = sim(2, 1, 10, 4);
    sim.run(100.0, |batch| (10, if batch.len() == 4 { names(&[1, 2, 3]) } else { names(&[3]) }));
    let calls: Vec<_> = sim.calls.iter().map(|(_, batch)| batch.clone()).collect();
    assert_eq!(calls, [vec![(0, 1), (1, 1), (2, 1), (3, 1)], vec![(1, 2), (2, 2), (3, 2)]]);
    assert_eq!((sim.queue.deleted.clone(), sim.queue.dead.clone()), (vec![0, 1, 2], vec![3]));
}

#[test]
fn one_group_goes_on_as_soon_as_its_batch_is_deleted() {
    let mut sim = sim(5, 1, 10, 100);
    sim.run(2.0, |_| (10, succeeds()));
    assert_eq!(sim.queue.deleted, (0..100).collect::<Vec<_>>());
    assert_eq!(sim.most_at_once, 1);
    assert!(sim.calls.last().unwrap().0 < 1_000, "{:?}", sim.calls.last());
}

#[test]
fn poison_holds_its_group_until_it_is_moved_and_no_other() {
    let mut sim = sim(3, 2, 10, 40);
    sim.run(300.0, |batch| match batch.iter().position(|(n, _)| *n == 4) {
        Some(place) => {
            (10, names(&batch[place..].iter().filter(|(n, _)| n % 2 == 0).map(|(n, _)| *n).collect::<Vec<_>>()))
        }
        None => (10, succeeds()),
    });
    // What was named with it is moved with it if it was received as often.
    assert!(sim.queue.dead.contains(&4) && sim.queue.dead.iter().all(|n| n % 2 == 0), "{:?}", sim.queue.dead);
    assert_eq!(sim.queue.deleted.len() + sim.queue.dead.len(), 40);
    let last_odd = (1..40).step_by(2).map(|n| sim.times(n)[0]).max().unwrap();
    assert!(last_odd < VISIBILITY, "the other group went on: {last_odd}");
    assert!(sim.times(38)[0] > 2 * VISIBILITY, "{:?}", sim.times(38));
}

#[test]
fn a_batch_that_is_cut_by_its_size_holds_its_rest_back_until_it_has_succeeded() {
    let queued = Queued { fifo: true, redrive: dlq(5), ..queued() };
    let mut sim = Sim::new(&with(queued, properties()));
    sim.send_as(0..8, |_| (Some(0), 1024 * 1024, Value::Null));
    sim.run(1.0, |_| (100, crashes()));
    assert_eq!(sim.batches(), [vec![0, 1, 2, 3, 4]], "the rest waits for those before it");
    sim.run(40.0, |_| (100, succeeds()));
    assert_eq!(sim.batches()[1..], [vec![0, 1, 2, 3, 4], vec![5, 6, 7]]);
}

#[test]
fn a_function_that_skips_over_a_failure_is_told_that_order_is_lost() {
    let mut sim = sim(5, 1, 10, 3);
    sim.run(1.0, |_| (10, names(&[0])));
    let told = &sim.outcomes[0].told;
    assert!(told.answer.as_ref().unwrap().contains("not those after it in its group"), "{told:?}");
    assert_eq!((told.succeeded, sim.queue.deleted.clone()), (2, vec![1, 2]), "AWS deletes them all the same");
}
