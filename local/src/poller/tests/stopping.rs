//! What one part's end or failure means for the others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::world::{Fake, after};
use super::{SHARD, crashes, mapping, succeeds, throttled};
use crate::poller::checkpoints::{Checkpoints, Position};
use crate::poller::mapping::Order;
use crate::poller::mapping::Properties;
use crate::poller::{Pollers, Running};
use crate::roles::Roles;
use crate::seen::Lens;

/// Pollers that already run one mapping in a made up world.
fn pollers(fake: &Fake) -> Pollers {
    let (orders, task) = fake.run(Properties { batch_size: 3, ..mapping() });
    Pollers {
        roles: Roles::new(aws_config::SdkConfig::builder().build()),
        invoke: fake.world.invoke.clone(),
        events: fake.world.events.clone(),
        lens: Lens::default(),
        checkpoints: fake.checkpoints.clone(),
        clock: fake.world.clock.clone(),
        puts: fake.world.puts.clone(),
        running: [("uuid-1".to_owned(), Running { orders, task })].into(),
    }
}

#[tokio::test(start_paused = true)]
async fn stop_waits_two_seconds_for_a_batch_and_writes_the_checkpoints() {
    for (takes, place) in [(1.5, 4), (60.0, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints.json");
        let function = move |batch: &[usize]| {
            let takes = if batch.contains(&2) { takes } else { 0.0 };
            (Duration::from_secs_f64(takes), succeeds())
        };
        let fake = Fake::new(path.clone(), Box::new(function));
        fake.shard(SHARD, &[]);
        fake.put(SHARD, 0..2);
        let pollers = pollers(&fake);
        sleep(Duration::from_millis(100)).await;
        fake.put(SHARD, 2..7);
        sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        pollers.stop().await;
        assert!(start.elapsed() < Duration::from_millis(2_100), "{:?}", start.elapsed());
        let kept = Checkpoints::load(path, fake.world.events.clone()).positions("uuid-1");
        assert_eq!(after(&kept[SHARD]), place);
        sleep(Duration::from_secs(120)).await;
        assert_eq!(fake.seen(), [0, 1, 2, 3, 4], "what waits does not start");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_them_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::quick(folder.path().join("checkpoints.json"));
    fake.shard(SHARD, &[]);
    let pollers = pollers(&fake);
    fake.put(SHARD, 0..1);
    sleep(Duration::from_secs(1)).await;
    drop(pollers);
    fake.put(SHARD, 1..2);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.seen(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_no_more_ends_and_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::quick(folder.path().join("checkpoints.json"));
    fake.shard(SHARD, &[]);
    let mut pollers = pollers(&fake);
    sleep(Duration::from_secs(1)).await;
    // A disabled mapping that never ran starts no task; nothing is wanted, so the endpoint is not asked.
    pollers.order("uuid-2".to_owned(), Order::Rest).await.unwrap();
    pollers.sync(Vec::new()).await.unwrap();
    fake.put(SHARD, 0..1);
    sleep(Duration::from_secs(60)).await;
    pollers.sync(Vec::new()).await.unwrap();
    assert_eq!((fake.seen(), fake.position(SHARD)), (Vec::new(), None));
    assert!(pollers.running.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_a_pause_and_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let panics = AtomicBool::new(true);
    let function = move |_: &[usize]| {
        assert!(!panics.swap(false, Ordering::SeqCst), "a test of what a panic does");
        (Duration::ZERO, succeeds())
    };
    let mut fake = Fake::new(folder.path().join("checkpoints.json"), Box::new(function));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..2);
    let (_orders, _task) = fake.run(mapping());
    sleep(Duration::from_secs(30)).await;
    assert_eq!(fake.seen(), [0, 1]);
    let warnings = fake.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("panicked"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn another_shard_goes_on_while_one_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let function = |batch: &[usize]| match batch.contains(&0) {
        true => (Duration::ZERO, crashes()),
        false => (Duration::ZERO, succeeds()),
    };
    let fake = Fake::new(folder.path().join("checkpoints.json"), Box::new(function));
    fake.shard("a", &[]);
    fake.shard("b", &[]);
    fake.put("a", 0..1);
    fake.put("b", 10..20);
    let (_orders, _task) = fake.run(mapping());
    sleep(Duration::from_secs(5)).await;
    assert_eq!(after(&fake.position("b").unwrap()), 19);
    assert_eq!(fake.position("a"), Some(Position::Oldest));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_function_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoints.json");
    let start = Instant::now();
    let throttles = move |_: &[usize]| match start.elapsed() < Duration::from_secs(60) {
        true => (Duration::ZERO, throttled()),
        false => (Duration::ZERO, succeeds()),
    };
    let mut fake = Fake::new(path, Box::new(throttles));
    fake.shard(SHARD, &[]);
    fake.put(SHARD, 0..1);
    let (_orders, _task) = fake.run(Properties { retries: Some(0), ..mapping() });
    sleep(Duration::from_secs(120)).await;
    let warnings = fake.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("calling the function `consumer`") && warnings[0].contains("throttled"),
        "{warnings:?}"
    );
    assert_eq!(after(&fake.position(SHARD).unwrap()), 0);
}
