//! Windows, retries, bisection, ages and documents, in a simulated time.

use super::sim::Sim;
use super::{DAY, NOW, arrived, crashes, holding, mapping, names, succeeds, throttled};
use crate::poller::mapping::Properties;

fn exhausted(calls: u64, first: usize, last: usize) -> (String, u64, usize, usize) {
    ("RetryAttemptsExhausted".to_owned(), calls, first, last)
}

fn too_old(calls: u64, first: usize, last: usize) -> (String, u64, usize, usize) {
    ("RecordAgeExceeded".to_owned(), calls, first, last)
}

#[test]
fn without_a_window_a_batch_is_what_there_is() {
    let mut sim = Sim::new(Properties { batch_size: 3, ..mapping() });
    sim.put(0..5);
    sim.run(0.0, |_| succeeds());
    assert_eq!(sim.batches(), [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!((sim.checkpoint(), sim.shard.idle(), sim.shard.wake()), (Some(4), true, None));
}

#[test]
fn a_window_gathers_until_it_ends_or_the_batch_is_full() {
    let mut sim = Sim::new(Properties { batch_size: 4, window_ms: 5_000, ..mapping() });
    sim.put(0..2);
    sim.run(3.0, |_| succeeds());
    sim.put(2..3);
    sim.run(7.0, |_| succeeds());
    assert_eq!(sim.calls, [(5.0, vec![0, 1, 2])], "the window begins with the first record");
    sim.put(3..9);
    sim.run(10.0, |_| succeeds());
    assert_eq!(sim.calls[1..], [(10.0, vec![3, 4, 5, 6]), (15.0, vec![7, 8])]);
}

#[test]
fn a_window_begins_when_the_call_before_it_has_ended() {
    let mut sim = Sim::new(Properties { window_ms: 5_000, ..mapping() });
    sim.put(0..1);
    assert_eq!(sim.shard.steps(NOW + 5_000).len(), 1);
    sim.put(1..2);
    sim.shard.answered(0, &succeeds(), NOW + 9_000);
    assert_eq!((sim.shard.steps(NOW + 13_999).len(), sim.shard.wake()), (0, Some(NOW + 14_000)));
    assert_eq!(sim.shard.steps(NOW + 14_000).len(), 1);
}

#[test]
fn one_batch_is_in_flight() {
    let mut sim = Sim::new(Properties { batch_size: 1, ..mapping() });
    sim.put(0..3);
    assert_eq!(sim.shard.steps(NOW).len(), 1);
    assert_eq!(sim.shard.steps(NOW + DAY / 2).len(), 0);
    assert_eq!(sim.shard.wake(), None);
}

#[test]
fn a_failed_batch_is_tried_again_whole_until_its_retries_are_used_up() {
    let mut sim = Sim::new(Properties { batch_size: 2, retries: Some(2), ..mapping() });
    sim.put(0..4);
    sim.run(60.0, |batch| if batch.contains(&1) { crashes() } else { succeeds() });
    assert_eq!(
        sim.calls,
        [(0.0, vec![0, 1]), (0.2, vec![0, 1]), (0.6, vec![0, 1]), (0.6, vec![2, 3])],
        "first try and two retries, then the younger ones"
    );
    assert_eq!(sim.letters(), [exhausted(3, 0, 1)]);
    assert_eq!(sim.documents[0]["responseContext"]["functionError"], "Unhandled");
    assert_eq!(
        sim.told[0].error.as_deref(),
        Some("Unhandled (Runtime.ExitError): Runtime exited with error: exit status 3")
    );
    assert_eq!(sim.checkpoint(), Some(3));
}

#[test]
fn zero_retries_is_one_try_and_no_limit_goes_on() {
    let mut sim = Sim::new(Properties { retries: Some(0), ..mapping() });
    sim.put(0..1);
    sim.run(60.0, |_| crashes());
    assert_eq!((sim.calls.len(), sim.letters()), (1, vec![exhausted(1, 0, 0)]));

    let mut sim = Sim::new(mapping());
    sim.put(0..1);
    sim.run(3600.0, |_| crashes());
    assert!(sim.calls.len() > 300 && sim.documents.is_empty() && sim.checkpoint().is_none());
    let times: Vec<_> = sim.calls.iter().map(|(time, _)| *time).take(9).collect();
    assert_eq!(times, [0.0, 0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 22.6, 32.6]);
}

#[test]
fn refusals_use_up_no_retry_and_end_only_by_age() {
    let mut sim = Sim::new(Properties { retries: Some(0), ..mapping() });
    sim.put(0..1);
    let mut left = 3;
    sim.run(3600.0, |_| {
        left -= 1;
        if left >= 0 { throttled() } else { succeeds() }
    });
    let times: Vec<_> = sim.calls.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0.0, 1.0, 3.0, 7.0]);
    assert_eq!((sim.checkpoint(), sim.documents.len()), (Some(0), 0));

    let mut sim = Sim::new(Properties { retries: Some(0), max_age_ms: Some(60_000), ..mapping() });
    sim.put(0..2);
    sim.run(3600.0, |_| throttled());
    assert_eq!(sim.letters(), [too_old(1, 0, 1)], "it was never handed over");
    assert!(sim.calls.iter().all(|(time, _)| *time < 60.0));
}

#[test]
fn bisection_finds_the_one_record_and_uses_up_no_retry() {
    let mut sim = Sim::new(Properties { batch_size: 8, retries: Some(1), bisect: true, ..mapping() });
    sim.put(0..8);
    sim.run(60.0, |batch| if batch.contains(&5) { crashes() } else { succeeds() });
    let expected: [&[usize]; 8] =
        [&[0, 1, 2, 3, 4, 5, 6, 7], &[0, 1, 2, 3], &[4, 5, 6, 7], &[4, 5], &[4], &[5], &[5], &[6, 7]];
    assert_eq!(sim.batches(), expected);
    assert_eq!(sim.letters(), [exhausted(2, 5, 5)]);
    assert_eq!(sim.elapsed_of_last_call(), 0.2, "halves are tried at once");
}

#[test]
fn what_is_left_after_a_partial_success_is_counted_anew() {
    // As recorded: batches of 3 and 3 retries; the last of six records fails, is seen 5 times, and its document says 4.
    let mut sim = Sim::new(Properties { batch_size: 3, retries: Some(3), partial: true, ..mapping() });
    sim.put(1..7);
    sim.run(60.0, |batch| if batch.contains(&6) { names(6) } else { succeeds() });
    assert_eq!(sim.batches().concat(), [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]);
    assert_eq!(sim.letters(), [exhausted(4, 6, 6)]);
    assert!(sim.documents[0]["responseContext"]["functionError"].is_null());
    assert_eq!((sim.told[1].records, sim.told[1].succeeded), (3, 2));
    assert_eq!(sim.told[1].error.as_deref(), Some("named failures"));
}

#[test]
fn progress_forgets_the_failures_before_it() {
    let mut sim = Sim::new(Properties { retries: Some(2), partial: true, ..mapping() });
    sim.put(0..2);
    let mut calls = 0;
    sim.run(60.0, |_| {
        calls += 1;
        if calls == 3 { names(1) } else { crashes() }
    });
    assert_eq!(sim.batches(), [vec![0, 1], vec![0, 1], vec![0, 1], vec![1], vec![1], vec![1]]);
    assert_eq!(sim.letters(), [exhausted(3, 1, 1)]);
}

#[test]
fn everything_from_the_lowest_named_record_on_is_tried_again() {
    let mut sim = Sim::new(Properties { partial: true, ..mapping() });
    sim.put(0..4);
    let mut first = true;
    sim.run(60.0, |_| if std::mem::take(&mut first) { names(2) } else { succeeds() });
    assert_eq!(sim.calls, [(0.0, vec![0, 1, 2, 3]), (0.0, vec![2, 3])], "progress needs no rest");
}

#[test]
fn with_bisection_a_partial_success_splits_at_the_named_record() {
    let mut sim = Sim::new(Properties { partial: true, bisect: true, retries: Some(0), ..mapping() });
    sim.put(0..6);
    sim.run(60.0, |batch| if batch.contains(&2) { names(2) } else { succeeds() });
    // Then the named record is the first: no progress, so it is isolated by halves.
    let expected: [&[usize]; 5] = [&[0, 1, 2, 3, 4, 5], &[2, 3, 4, 5], &[2, 3], &[2], &[3]];
    assert_eq!(sim.batches()[..5], expected);
    assert_eq!(sim.batches()[5..], [vec![4, 5]]);
    assert_eq!(sim.letters(), [exhausted(1, 2, 2)]);
}

#[test]
fn with_bisection_a_crash_splits_in_halves_whatever_is_reported() {
    let mut sim = Sim::new(Properties { partial: true, bisect: true, ..mapping() });
    sim.put(0..4);
    let mut first = true;
    sim.run(60.0, |_| if std::mem::take(&mut first) { crashes() } else { succeeds() });
    assert_eq!(sim.batches(), [vec![0, 1, 2, 3], vec![0, 1], vec![2, 3]]);
}

#[test]
fn old_records_are_given_up_before_younger_ones_go_on() {
    let mut sim = Sim::new(Properties { max_age_ms: Some(60_000), retries: Some(0), ..mapping() });
    let records =
        vec![arrived(0, "key", NOW - 61_000), arrived(1, "key", NOW - 60_000), arrived(2, "key", NOW - 59_999)];
    sim.shard.take(records, NOW);
    sim.run(0.0, |_| succeeds());
    assert_eq!(sim.letters(), [too_old(1, 0, 1)]);
    assert_eq!(sim.batches(), [vec![2]]);
}

#[test]
fn records_that_grow_old_while_they_are_tried_leave_the_batch() {
    let mut sim = Sim::new(Properties { max_age_ms: Some(60_000), ..mapping() });
    sim.shard.take(vec![arrived(0, "key", NOW), arrived(1, "key", NOW + 5_000)], NOW);
    let mut calls = 0;
    sim.run(70.0, |_| {
        calls += 1;
        crashes()
    });
    // 0 0.2 0.6 1.4 3 6.2 12.6 22.6 32.6 42.6 52.6: eleven calls before the first is a minute old.
    assert_eq!(sim.letters()[0], too_old(11, 0, 0));
    assert_eq!(sim.letters()[1].0, "RecordAgeExceeded");
    assert_eq!(sim.calls[11], (60.0, vec![1]), "the younger one goes on at once");
    assert_eq!((sim.checkpoint(), sim.documents.len()), (Some(1), 2));
}

#[test]
fn waiting_in_a_window_does_not_outlast_the_age() {
    let mut sim = Sim::new(Properties { window_ms: 300_000, max_age_ms: Some(60_000), ..mapping() });
    sim.put(0..2);
    sim.run(400.0, |_| succeeds());
    assert_eq!((sim.letters(), sim.calls.len()), (vec![too_old(1, 0, 1)], 0));
}

#[test]
fn what_the_stream_forgets_is_given_up() {
    let mut sim = Sim::new(mapping());
    sim.put(0..1);
    sim.run(2.0 * 86_400.0, |_| throttled());
    assert_eq!(sim.letters(), [too_old(1, 0, 0)]);
}

#[test]
fn a_queue_that_refuses_is_asked_again_and_the_slot_waits() {
    let mut sim = Sim::new(Properties { batch_size: 1, retries: Some(0), ..mapping() });
    sim.refusals = 3;
    sim.put(0..2);
    sim.run(6.9, |batch| if batch == [0] { crashes() } else { succeeds() });
    assert_eq!((sim.calls.len(), sim.checkpoint()), (1, None));
    sim.run(0.1, |_| succeeds());
    assert_eq!(sim.calls, [(0.0, vec![0]), (7.0, vec![1])]);
    assert_eq!((sim.letters(), sim.checkpoint()), (vec![exhausted(1, 0, 0)], Some(1)));
}

#[test]
fn a_queue_that_never_takes_it_is_given_up_when_the_stream_forgets() {
    let mut sim = Sim::new(Properties { retries: Some(0), ..mapping() });
    sim.refusals = usize::MAX;
    sim.put(0..1);
    sim.run(86_399.0, |_| crashes());
    assert_eq!((sim.dropped.len(), sim.shard.idle()), (0, false));
    sim.run(100.0, |_| crashes());
    let [(given_up, true)] = sim.dropped.as_slice() else { panic!("{:?}", sim.dropped) };
    assert_eq!((given_up.records, sim.shard.idle()), (1, true));
}

#[test]
fn without_a_destination_records_are_dropped_and_that_is_told() {
    let mut sim = Sim::new(Properties { retries: Some(0), on_failure: None, ..mapping() });
    sim.put(0..2);
    sim.run(1.0, |_| crashes());
    let [(given_up, false)] = sim.dropped.as_slice() else { panic!("{:?}", sim.dropped) };
    assert_eq!((given_up.condition.as_str(), given_up.records), ("RetryAttemptsExhausted", 2));
    assert_eq!(sim.checkpoint(), Some(1));
}

#[test]
fn a_record_over_6_mb_never_reaches_the_function() {
    let mut sim = Sim::new(Properties { retries: Some(1), ..mapping() });
    let large = holding(&vec![0; 5 * 1024 * 1024], 0, "key", NOW);
    sim.shard.take(vec![large], NOW);
    sim.put(1..2);
    sim.run(1.0, |_| succeeds());
    assert_eq!(sim.batches(), [vec![1]]);
    assert_eq!(sim.letters(), [exhausted(2, 0, 0)]);
    assert_eq!(sim.documents[0]["responseContext"]["statusCode"], 413);
}

#[test]
fn a_failing_batch_blocks_its_slot_only_and_holds_the_checkpoint() {
    let mut sim = Sim::new(Properties { batch_size: 1, slots: 10, ..mapping() });
    let records = (0..100).map(|n| arrived(n, &format!("key-{}", n % 20), NOW)).collect();
    sim.shard.take(records, NOW);
    let key = crate::poller::shard::slot_of("key-7", 10);
    sim.run(60.0, |batch| if batch == [7] { crashes() } else { succeeds() });
    let blocked: Vec<_> =
        (8..100).filter(|n| crate::poller::shard::slot_of(&format!("key-{}", n % 20), 10) == key).collect();
    let seen: std::collections::BTreeSet<_> = sim.batches().concat().into_iter().collect();
    assert_eq!(seen.len(), 100 - blocked.len(), "all but those behind it in its slot");
    assert_eq!(sim.checkpoint(), Some(6));
    assert!(sim.shard.hungry(), "the other slots want more");
}

impl Sim {
    fn elapsed_of_last_call(&self) -> f64 {
        self.calls.last().unwrap().0
    }
}
