//! The tasks that poll, in a paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tokio::time::{Duration, sleep, timeout};

use super::world::{Fake, after};
use super::{SHARD, crashes, mapping, succeeds, throttled};
use crate::event::{Batch, DeadLetter, Event, Location};
use crate::poller::checkpoints::Position;
use crate::poller::mapping::{Order, Properties, Start};
use crate::poller::trouble::Trouble;

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoints.json");
    (folder, path)
}

async fn seconds(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn records_go_through_and_the_checkpoint_follows() {
    let (_folder, path) = folder();
    let mut fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..25);
    let (_orders, _task) = fake.run(mapping());
    seconds(1.0).await;
    assert_eq!(fake.seen(), (0..25).collect::<Vec<_>>());
    assert_eq!(after(&fake.position(SHARD).unwrap()), 24);
    let Ok(Event::Batch(batch)) = fake.events.try_recv() else { panic!() };
    let Batch { function, location, records, succeeded, error, .. } = batch;
    assert_eq!(location, Location { service: "kinesis".into(), name: Some("events".into()), part: Some(SHARD.into()) });
    assert_eq!((function.as_str(), records, succeeded, error), ("consumer", 10, 10, None));
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_read_at_most_five_times_a_second() {
    let (_folder, path) = folder();
    let fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..600);
    let (_orders, _task) = fake.run(mapping());
    seconds(10.0).await;
    let reads = fake.cloud.lock().unwrap().reads.clone();
    assert!((45..=51).contains(&reads.len()), "{}", reads.len());
    assert!(reads.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(200)));
}

#[tokio::test(start_paused = true)]
async fn an_idle_shard_is_read_once_a_second_and_at_once_after_a_put() {
    let (_folder, path) = folder();
    let fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    let (_orders, _task) = fake.run(mapping());
    seconds(60.5).await;
    let reads = fake.cloud.lock().unwrap().reads.len();
    assert!((59..=62).contains(&reads), "{reads}");
    fake.put(SHARD, 0..1);
    seconds(0.01).await;
    assert_eq!(fake.seen(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_window_gathers_over_several_reads() {
    let (_folder, path) = folder();
    let fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..1);
    let (_orders, _task) = fake.run(Properties { window_ms: 3_000, ..mapping() });
    seconds(1.5).await;
    fake.put(SHARD, 1..3);
    seconds(5.0).await;
    let calls = fake.cloud.lock().unwrap().calls.clone();
    assert_eq!(calls, [(fake.start + Duration::from_secs(3), vec![0, 1, 2])]);
}

#[tokio::test(start_paused = true)]
async fn children_wait_until_their_parent_is_done_with() {
    let (_folder, path) = folder();
    let failing = Arc::new(AtomicBool::new(true));
    let fails = failing.clone();
    let function = move |batch: &[usize]| match batch.contains(&1) && fails.load(Ordering::SeqCst) {
        true => (Duration::ZERO, crashes()),
        false => (Duration::ZERO, succeeds()),
    };
    let fake = Fake::new(path, Box::new(function));
    fake.shard("a", &[]);
    fake.put("a", 0..2);
    let (_orders, _task) = fake.run(Properties { start: Start::Newest, batch_size: 1, ..mapping() });
    seconds(1.0).await;
    // The shard is split while a record of it still fails.
    for child in ["b", "c"] {
        fake.shard(child, &["a"]);
    }
    fake.put("b", 10..12);
    fake.put("c", 20..21);
    fake.close("a");
    seconds(30.0).await;
    assert!(fake.seen().iter().all(|n| *n < 2), "{:?}", fake.seen());
    failing.store(false, Ordering::SeqCst);
    seconds(30.0).await;
    assert_eq!(fake.position("a"), Some(Position::Done));
    let mut seen = fake.seen();
    seen.dedup();
    seen.retain(|n| *n >= 10);
    seen.sort_unstable();
    assert_eq!(seen, [10, 11, 20]);
    let places = fake.cloud.lock().unwrap().places.clone();
    let first = |id: &str| places.iter().find(|(shard, _)| shard == id).map(|(_, place)| place.clone());
    assert!(matches!(first("a"), Some(Position::Since(_))));
    assert_eq!(
        ["b", "c"].map(first),
        [Some(Position::Oldest), Some(Position::Oldest)],
        "children begin at their oldest"
    );
}

#[tokio::test(start_paused = true)]
async fn the_newest_start_skips_what_was_there() {
    let (_folder, path) = folder();
    let fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..5);
    seconds(1.0).await;
    let (_orders, _task) = fake.run(Properties { start: Start::Newest, ..mapping() });
    seconds(1.0).await;
    fake.put(SHARD, 5..7);
    seconds(1.0).await;
    assert_eq!(fake.seen(), [5, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_change_waits_for_what_is_in_flight_and_goes_on_from_the_checkpoint() {
    let (_folder, path) = folder();
    let fake = Fake::new(path, Box::new(|_| (Duration::from_secs(5), succeeds())));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..6);
    let (orders, _task) = fake.run(Properties { batch_size: 2, ..mapping() });
    seconds(1.0).await;
    orders.send_replace(Order::Run(Arc::new(Properties { batch_size: 3, ..mapping() })));
    seconds(3.0).await;
    assert_eq!(fake.seen(), [0, 1], "the new properties wait");
    seconds(20.0).await;
    let batches: Vec<_> = fake.cloud.lock().unwrap().calls.iter().map(|(_, batch)| batch.clone()).collect();
    assert_eq!(batches, [vec![0, 1], vec![2, 3, 4], vec![5]]);
    orders.send_replace(Order::Rest);
    seconds(1.0).await;
    fake.put(SHARD, 6..7);
    seconds(60.0).await;
    assert_eq!(fake.seen().len(), 6, "it is disabled");
    orders.send_replace(Order::Run(Arc::new(mapping())));
    seconds(1.0).await;
    assert_eq!(fake.seen().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_mapping_lets_its_batch_end_and_retries_nothing() {
    let (_folder, path) = folder();
    let fake = Fake::new(path, Box::new(|_| (Duration::from_secs(1), crashes())));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..1);
    let (orders, task) = fake.run(Properties { retries: Some(0), ..mapping() });
    seconds(0.5).await;
    orders.send_replace(Order::End);
    timeout(Duration::from_secs(2), task).await.unwrap().unwrap();
    assert_eq!((fake.seen().len(), fake.position(SHARD)), (1, Some(Position::Oldest)), "to be read again");
    assert!(fake.cloud.lock().unwrap().documents.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_restart_reads_again_what_was_not_done_and_skips_nothing() {
    let (_folder, path) = folder();
    let function = |batch: &[usize]| match batch.contains(&3) {
        true => (Duration::ZERO, throttled()),
        false => (Duration::ZERO, succeeds()),
    };
    let fake = Fake::new(path.clone(), Box::new(function));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..6);
    let (_orders, task) = fake.run(Properties { batch_size: 2, ..mapping() });
    seconds(2.0).await;
    // As a kill does.
    task.abort();
    fake.checkpoints.write().await;
    let again = Fake::quick(path);
    again.shard(SHARD, &[]);
    again.put(SHARD, 0..6);
    let (_orders, _task) = again.run(Properties { batch_size: 2, start: Start::Newest, ..mapping() });
    seconds(2.0).await;
    assert_eq!(again.seen(), [2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_taken_away_are_told_once_and_it_goes_on() {
    let (_folder, path) = folder();
    let mut fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    let (_orders, _task) = fake.run(mapping());
    seconds(1.0).await;
    let denied = Trouble::Other("the role `r` may not `kinesis:GetRecords`".to_owned());
    fake.cloud.lock().unwrap().read_trouble = Some(denied);
    seconds(120.0).await;
    fake.put(SHARD, 0..1);
    fake.cloud.lock().unwrap().read_trouble = None;
    seconds(60.0).await;
    let warnings = fake.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("may not `kinesis:GetRecords`") && warnings[1].contains("works again"),
        "{warnings:?}"
    );
    assert_eq!(fake.seen(), [0]);
}

#[tokio::test(start_paused = true)]
async fn records_that_expire_and_an_unknown_checkpoint_lose_nothing() {
    let (_folder, path) = folder();
    let mut fake = Fake::quick(path);
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..2);
    let (_orders, _task) = fake.run(mapping());
    seconds(1.0).await;
    fake.cloud.lock().unwrap().shards.get_mut(SHARD).unwrap().records.drain(..2);
    fake.put(SHARD, 2..4);
    seconds(1.0).await;
    assert_eq!((fake.seen(), fake.warnings()), (vec![0, 1, 2, 3], Vec::new()));
    fake.cloud.lock().unwrap().read_trouble = Some(Trouble::Unknown("no such sequence number".to_owned()));
    fake.puts.send_replace(());
    seconds(0.1).await;
    fake.cloud.lock().unwrap().read_trouble = None;
    seconds(5.0).await;
    assert_eq!(fake.seen(), [0, 1, 2, 3, 2, 3]);
    assert!(fake.warnings()[0].contains("read from its oldest record"));
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_the_stream_lists_no_more_is_done_with() {
    let (_folder, path) = folder();
    let mut fake = Fake::quick(path);
    fake.shard("a", &[]);
    fake.put("a", 0..1);
    let (_orders, _task) = fake.run(mapping());
    seconds(1.0).await;
    fake.cloud.lock().unwrap().shards.clear();
    fake.shard("b", &["a"]);
    fake.put("b", 1..2);
    seconds(20.0).await;
    assert_eq!((fake.seen(), fake.warnings()), (vec![0, 1], Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn documents_are_sent_and_a_queue_that_refuses_is_told_once() {
    let (_folder, path) = folder();
    let mut fake = Fake::new(path, Box::new(|_| (Duration::ZERO, crashes())));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..1);
    fake.cloud.lock().unwrap().send_trouble = Some(Trouble::Other("the role `r` may not `sqs:SendMessage`".to_owned()));
    let (_orders, _task) = fake.run(Properties { retries: Some(0), ..mapping() });
    seconds(60.0).await;
    let warnings = fake.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(fake.position(SHARD), Some(Position::Oldest));
    fake.cloud.lock().unwrap().send_trouble = None;
    seconds(60.0).await;
    assert_eq!(fake.cloud.lock().unwrap().documents.len(), 1);
    assert_eq!(after(&fake.position(SHARD).unwrap()), 0);
    let mut letters = Vec::new();
    while let Ok(event) = fake.events.try_recv() {
        if let Event::DeadLetter(DeadLetter { queue, reason, location, first, last }) = event {
            letters.push((queue, reason, location.part, first == last));
        }
    }
    assert_eq!(letters, [("failed".to_owned(), "RetryAttemptsExhausted".to_owned(), Some(SHARD.to_owned()), true)]);
}
