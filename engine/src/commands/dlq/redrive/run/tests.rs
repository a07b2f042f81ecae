use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::sleep;

use super::*;
use world::{Function, World, letter, moved};

mod world;

async fn redriven(world: &Arc<World>, ask: &Ask) -> (Tally, Result<()>) {
    let (_sender, stopped) = watch::channel(false);
    run(world, &Function(world.clone()), ask, &stopped, &mut |_, _| {}).await
}

/// Whatever fails, and wherever a run is killed: a letter is in the queue until the function took it, and goes to it once, and once more for
/// each kill and each deletion that failed.
#[tokio::test(start_paused = true)]
async fn no_letter_is_lost_and_few_are_sent_twice() {
    for seed in 0..60 {
        let letters = (0..130).map(|n| letter(n, &format!("k{}", n % 40), "poison")).collect();
        let mut world = World::new(seed, letters);
        Arc::get_mut(&mut world).unwrap().failing = 12;
        let (mut kills, mut undeleted) = (0, 0);
        for _ in 0..3 {
            *world.left.lock().unwrap() = Some(world.rng.lock().unwrap().u32(1..200));
            let (_sender, stopped) = watch::channel(false);
            let (ask, function) = (Ask::default(), Function(world.clone()));
            let mut told = |_: &Letter, done: &Done| undeleted += usize::from(done.fate == Fate::Undeleted);
            tokio::select! {
                _ = run(&world, &function, &ask, &stopped, &mut told) => {}
                () = world.killed.notified() => kills += 1,
            }
            let there = world.there();
            for number in 0..130 {
                let id = format!("m{number}");
                assert!(there.contains(&id) || world.calls_of(&id) > 0, "{id} is lost with seed {seed}");
            }
            // Until what the kill left hidden is visible.
            sleep(Duration::from_secs(301)).await;
        }
        *world.left.lock().unwrap() = None;
        // The last run meets no failure.
        let calm = World::new(seed, Vec::new());
        std::mem::swap(&mut *calm.messages.lock().unwrap(), &mut *world.messages.lock().unwrap());
        let (_, ended) = redriven(&calm, &Ask::default()).await;
        assert_eq!((ended, calm.there()), (Ok(()), Vec::<String>::new()), "seed {seed}");
        for number in 0..130 {
            let id = format!("m{number}");
            let calls = world.calls_of(&id) + calm.calls_of(&id);
            assert!((1..=1 + kills + undeleted).contains(&calls), "{id}: {calls} calls, {kills} kills, seed {seed}");
        }
    }
}

/// To look through all takes longer than a message is hidden.
#[tokio::test(start_paused = true)]
async fn few_letters_of_a_long_queue_are_deleted() {
    let reason = |n: usize| if n < 3 { "number" } else { "bad" };
    let world = World::new(6, (0..15_000).map(|n| letter(n, &format!("k{n}"), reason(n))).collect());
    let ask = Ask { reason: Some("number".to_owned()), ..Ask::default() };
    assert_eq!((redriven(&world, &ask).await.0.taken, world.there().len()), (3, 14_997));
}

/// SQS gives a message to one of them, and it stays hidden while the function works for longer than that.
#[tokio::test(start_paused = true)]
async fn two_runs_at_once_send_each_letter_once() {
    let world = World::new(7, (0..60).map(|n| letter(n, &format!("k{n}"), "bad")).collect());
    let (one, other) = (Ask::default(), Ask::default());
    let (one, other) = tokio::join!(redriven(&world, &one), redriven(&world, &other));
    assert_eq!((one.0.taken + other.0.taken, one.1, other.1), (60, Ok(()), Ok(())));
    assert!(one.0.taken > 0 && other.0.taken > 0, "each has some: {} and {}", one.0.taken, other.0.taken);
    assert!((0..60).all(|n| world.calls_of(&format!("m{n}")) == 1) && world.there().is_empty());
}

#[tokio::test(start_paused = true)]
async fn letters_of_a_key_go_by_their_numbers_one_after_the_other() {
    let numbers = [9, 10, 2, 30, 1];
    let world = World::new(3, numbers.iter().map(|n| letter(*n, "k", "bad")).collect());
    assert_eq!(redriven(&world, &Ask::default()).await.0.taken, 5);
    assert_eq!(*world.calls.lock().unwrap(), ["m1", "m2", "m9", "m10", "m30"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_stays_and_is_visible_again_at_the_end() {
    let reason = |n: usize| if n.is_multiple_of(2) { "poison" } else { "bad" };
    let world = World::new(5, (0..20).map(|n| letter(n, &format!("k{n}"), reason(n))).collect());
    world.mended.store(false, Ordering::Relaxed);
    let (tally, _) = redriven(&world, &Ask::default()).await;
    assert_eq!((tally.taken, tally.failed, world.there().len()), (10, 10, 10));
    assert!(world.all_visible());
    world.mended.store(true, Ordering::Relaxed);
    assert_eq!(redriven(&world, &Ask::default()).await.0.taken, 10);
}

/// A run would go on for ever with letters that the function writes anew.
#[tokio::test(start_paused = true)]
async fn a_letter_that_comes_back_is_left() {
    let world = World::new(5, vec![letter(1, "a", "again"), letter(2, "b", "bad")]);
    world.mended.store(false, Ordering::Relaxed);
    let (tally, _) = redriven(&world, &Ask::default()).await;
    assert_eq!((tally.taken, tally.came_back, world.there()), (2, 1, vec!["m1-again".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_goes() {
    let reason = |n: usize| if n < 3 { "number" } else { "bad" };
    let make = || World::new(5, (0..30).map(|n| letter(n, &format!("k{n}"), reason(n))).collect());
    let world = make();
    let ask = Ask { reason: Some("number".to_owned()), ..Ask::default() };
    assert_eq!((redriven(&world, &ask).await.0.taken, world.there().len()), (3, 27));

    let world = make();
    let (tally, _) = redriven(&world, &Ask { limit: Some(12), ..Ask::default() }).await;
    assert_eq!((tally.taken, tally.more, world.there().len()), (12, true, 18));

    let world = make();
    let ids = |ids: &[&str]| Ask { ids: ids.iter().map(|id| (*id).to_owned()).collect(), ..Ask::default() };
    assert_eq!(redriven(&world, &ids(&["m7", "shardId-0:11"])).await.0.taken, 2);
    assert_eq!(world.there().len(), 28);
    // `m2` is one, although others begin with it.
    assert_eq!(redriven(&world, &ids(&["m2"])).await.0.taken, 1);
    let (tally, ended) = redriven(&world, &ids(&["m5", "x"])).await;
    assert_eq!((tally.taken, ended.unwrap_err().message()), (0, "no dead letter has the id `x`"));
    assert_eq!(world.there().len(), 27, "nothing goes where one is not found");
}

#[tokio::test(start_paused = true)]
async fn in_a_fifo_queue_nothing_of_a_group_goes_after_one_that_failed() {
    let world = World::new(5, vec![moved(1, "a", "1"), moved(2, "a", "2"), moved(3, "b", "3")]);
    let ask = Ask { fifo: true, ..Ask::default() };
    let (_sender, stopped) = watch::channel(false);
    struct Fails;
    impl Hand for Fails {
        async fn hand(&self, held: &Held) -> Result<Done> {
            let fate = if held.letter.id == "m1" { Fate::Failed } else { Fate::Taken };
            Ok(Done { fate, records: 1, failed: usize::from(fate == Fate::Failed), why: String::new() })
        }
    }
    let (tally, _) = run(&world, &Fails, &ask, &stopped, &mut |_, _| {}).await;
    assert_eq!((tally.taken, tally.failed, world.there()), (1, 1, vec!["m1".to_owned(), "m2".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn when_it_is_stopped_what_is_under_way_is_finished_and_the_rest_is_visible() {
    let world = World::new(5, (0..50).map(|n| letter(n, &format!("k{n}"), "bad")).collect());
    let (sender, stopped) = watch::channel(false);
    let mut told = |_: &Letter, _: &Done| {
        sender.send_replace(true);
    };
    let (tally, ended) = run(&world, &Function(world.clone()), &Ask::default(), &stopped, &mut told).await;
    let calls = world.calls.lock().unwrap().len();
    assert_eq!((ended, tally.taken, world.there().len()), (Ok(()), calls, 50 - calls));
    assert!((1..50).contains(&calls), "{calls}");
    assert!(world.all_visible());
}
