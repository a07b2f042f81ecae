//! Which messages go together, when, and how many batches at a time.

use serde_json::Value;

use super::sim::Sim;
use super::{VISIBILITY, properties, queued, with};
use crate::poller::mapping::Properties;
use crate::poller::queue::Queued;
use crate::poller::tests::{succeeds, throttled};

#[test]
fn messages_go_in_batches_of_ten_at_once_and_are_deleted() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..25);
    sim.run(1.0, |_| (5, succeeds()));
    let mut all = sim.batches();
    all.sort();
    assert_eq!(all, [(0..10).collect::<Vec<_>>(), (10..20).collect(), (20..25).collect()]);
    assert!(sim.calls.iter().all(|(at, _)| *at < 100), "{:?}", sim.calls);
    assert_eq!((sim.queue.deleted.len(), sim.queue.left(sim.now)), (25, (0, 0)));
    assert_eq!(sim.deletes, 3, "ten in a call");
}

#[test]
fn a_small_batch_size_cuts_what_is_received() {
    let mut sim = Sim::new(&with(queued(), Properties { batch_size: 3, ..properties() }));
    sim.send(0..7);
    sim.run(1.0, |_| (5, succeeds()));
    assert_eq!(sim.batches(), [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
}

#[test]
fn a_window_gathers_over_many_receives_and_a_full_batch_does_not_wait() {
    let mut sim = Sim::new(&with(queued(), Properties { batch_size: 100, window_ms: 5_000, ..properties() }));
    sim.send(0..15);
    sim.run(2.0, |_| (5, succeeds()));
    sim.send(15..40);
    sim.run(10.0, |_| (5, succeeds()));
    let first = &sim.calls[0];
    assert_eq!((first.1.len(), sim.calls.len()), (40, 1));
    assert!((5_000..5_100).contains(&first.0), "{}", first.0);
    sim.send(40..165);
    sim.run(0.5, |_| (5, succeeds()));
    assert_eq!(sim.calls.get(1).map(|(_, batch)| batch.len()), Some(100));
    sim.run(10.0, |_| (5, succeeds()));
    assert_eq!(sim.calls.iter().map(|(_, batch)| batch.len()).collect::<Vec<_>>(), [40, 100, 25]);
}

#[test]
fn a_batch_is_at_most_six_megabytes() {
    let mut sim = Sim::new(&with(queued(), Properties { batch_size: 100, window_ms: 1_000, ..properties() }));
    sim.send_as(0..8, |_| (None, 1024 * 1024, Value::Null));
    sim.run(5.0, |_| (5, succeeds()));
    assert_eq!(sim.batches(), [vec![0, 1, 2, 3, 4], vec![5, 6, 7]]);
}

#[test]
fn batches_at_a_time_begin_at_five_and_grow_to_the_mappings_most() {
    for (batches, expected) in [(16, 16), (2, 2), (7, 7)] {
        let queued = Queued { batches, visibility_ms: 600_000, ..queued() };
        let mut sim = Sim::new(&with(queued, Properties { batch_size: 1, ..properties() }));
        sim.send(0..300);
        sim.run(0.9, |_| (400, succeeds()));
        assert_eq!(sim.most_at_once, expected.min(5));
        sim.run(20.0, |_| (400, succeeds()));
        assert_eq!(sim.most_at_once, expected);
    }
}

#[test]
fn no_message_is_received_that_would_only_wait() {
    let mut sim = Sim::new(&with(Queued { batches: 2, ..queued() }, properties()));
    sim.send(0..100);
    sim.run(10.0, |_| (60_000, succeeds()));
    assert_eq!((sim.calls.len(), sim.queue.left(sim.now)), (2, (100, 80)));
}

#[test]
fn an_empty_queue_is_asked_once_a_second_and_at_once_after_a_send() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.run(60.5, |_| (0, succeeds()));
    assert!((59..=62).contains(&sim.receives), "{}", sim.receives);
    sim.send(0..1);
    sim.run(0.05, |_| (0, succeeds()));
    assert_eq!(sim.calls.len(), 1);
    // Others send elsewhere all the time.
    let before = sim.receives;
    for _ in 0..1_000 {
        sim.state.stirred();
        sim.run(0.001, |_| (0, succeeds()));
    }
    assert!(sim.receives - before < 50, "{}", sim.receives - before);
}

#[test]
fn what_is_refused_rests_comes_back_by_itself_and_costs_a_receive() {
    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..50);
    sim.run(25.0, |_| (0, throttled()));
    assert_eq!(sim.calls.len(), 5, "after pauses of 1, 2, 4 and 8 s, and then nothing is left to receive");
    sim.run(30.0, |_| (0, succeeds()));
    assert_eq!(sim.queue.deleted.len(), 50);
    assert!(sim.calls[5..].iter().all(|(at, _)| *at >= VISIBILITY));
    assert!(sim.calls[5..].iter().flat_map(|(_, batch)| batch).all(|(_, receives)| *receives == 2));
}

#[test]
fn a_throttled_function_is_not_hammered() {
    let mut sim = Sim::new(&with(Queued { visibility_ms: 1_000, ..queued() }, properties()));
    sim.send(0..1_000);
    sim.run(60.0, |_| (0, throttled()));
    // One after each pause of 1, 2, 4, 8, 16 and 30 s, and those that began beside it.
    assert!(sim.calls.len() < 15, "{}", sim.calls.len());
    sim.run(120.0, |_| (5, succeeds()));
    assert_eq!(sim.queue.deleted.len(), 1_000);
}

#[test]
fn the_end_gives_back_what_waits_and_lets_what_is_at_work_end() {
    let mapping = with(queued(), Properties { batch_size: 100, window_ms: 60_000, ..properties() });
    let mut sim = Sim::new(&mapping);
    sim.send(0..30);
    sim.run(1.0, |_| (0, succeeds()));
    sim.state.end();
    sim.run(1.0, |_| (0, succeeds()));
    assert!(sim.state.idle());
    assert_eq!((sim.calls.len(), sim.given_back, sim.queue.left(sim.now)), (0, 30, (30, 30)));

    let mut sim = Sim::new(&with(queued(), properties()));
    sim.send(0..10);
    sim.run(0.1, |_| (1_000, succeeds()));
    sim.state.end();
    assert!(!sim.state.idle());
    sim.send(10..20);
    sim.run(3.0, |_| (0, succeeds()));
    assert!(sim.state.idle(), "what is done is deleted");
    assert_eq!((sim.queue.deleted.len(), sim.calls.len()), (10, 1));
}
