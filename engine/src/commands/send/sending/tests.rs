use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::commands::send::to::push::{Answers, Push};
use crate::commands::send::to::{Most, Taken};
use crate::spec::Loaded;

/// Answers each call after so long, and counts how many are under way.
#[derive(Default)]
struct Slow {
    after: Duration,
    most: usize,
    status: u16,
    now: AtomicUsize,
    peak: AtomicUsize,
    calls: Mutex<Vec<(Instant, usize)>>,
}

/// What is sent to, and what it has seen.
fn slow(after: Duration, most: usize, status: u16) -> (Target, Arc<Slow>) {
    let slow = Arc::new(Slow { after, most, status, ..Slow::default() });
    (Target::Source(slow.clone()), slow)
}

impl Push for Slow {
    fn told(&self) -> String {
        "slow".to_owned()
    }

    fn most(&self) -> Most {
        Most { events: self.most, bytes: usize::MAX, each: 0 }
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(async move {
            self.calls.lock().unwrap().push((Instant::now(), events.len()));
            self.peak.fetch_max(1 + self.now.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
            tokio::time::sleep(self.after).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let taken = Taken::message(None, "m".to_owned());
            let answered = |event| Answer { event, status: self.status, taken: Some(taken.clone()), message: None };
            Ok(events.into_iter().map(answered).collect())
        })
    }

    fn hint(&self, _: u16) -> Option<&'static str> {
        None
    }
}

fn spec() -> Loaded {
    crate::spec::parse("pipeline.yaml", b"name: demo\nstream: { kinesis: {} }\n", std::path::Path::new(".")).unwrap()
}

async fn sent(target: &Target, load: Load, lines: Option<Lines>, stopped: &watch::Receiver<bool>) -> Outcome {
    let (loaded, data) = (spec(), Some(b"{}".to_vec()));
    let maker = Maker { loaded: &loaded, route: None, keys: vec![], needs: vec![], data, once: false, run: 1 };
    let mut events = Events::new(&maker, lines, load.count);
    Sending::new(Shell::default(), target, load, stopped).run(&mut events).await
}

fn load(rate: Option<u32>, seconds: Option<u64>, count: Option<u32>) -> Load {
    Load { rate, duration: seconds.map(Duration::from_secs), count, follow: false }
}

#[tokio::test(start_paused = true)]
async fn slow_answers_do_not_slow_the_pace() {
    let (target, seen) = slow(Duration::from_secs(3), 1, 200);
    let (_stop, stopped) = watch::channel(false);
    let outcome = sent(&target, load(Some(20), Some(10), None), None, &stopped).await;
    assert_eq!((outcome.tally.answered(), outcome.taken, outcome.sent.len()), (200, 200, 0));
    let peak = seen.peak.load(Ordering::SeqCst);
    assert!((60..=61).contains(&peak), "20 a second for 3 seconds: {peak}");
    let calls = seen.calls.lock().unwrap();
    let apart = calls.windows(2).map(|two| two[1].0 - two[0].0);
    let all: Vec<Duration> = apart.collect();
    assert!(all.iter().all(|apart| (49..=52).contains(&apart.as_millis())), "{all:?}");
    let text = outcome.tally.text("slow", outcome.took);
    assert!(text.contains("200: 200\n") && text.contains("p50 300") && !text.contains("began late"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_pace_that_cannot_be_kept_is_told() {
    let (target, seen) = slow(Duration::from_secs(2), 1, 200);
    let (_stop, stopped) = watch::channel(false);
    let outcome = sent(&target, load(Some(1000), Some(3), None), None, &stopped).await;
    assert_eq!(outcome.tally.answered(), 3000, "late is not lost");
    assert_eq!(seen.peak.load(Ordering::SeqCst), MOST_UNDER_WAY);
    let text = outcome.tally.text("slow", outcome.took);
    assert!(text.contains("the pace was not kept: 2") && text.contains("events began late"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_take_several_are_filled() {
    let (target, seen) = slow(Duration::from_millis(1), 100, 200);
    let (_stop, stopped) = watch::channel(false);
    let outcome = sent(&target, load(Some(2000), None, Some(4000)), None, &stopped).await;
    assert_eq!(outcome.tally.answered(), 4000);
    let calls = seen.calls.lock().unwrap().len();
    assert!((190..=210).contains(&calls), "each tick of 10 ms has one: {calls}");
}

#[tokio::test(start_paused = true)]
async fn without_a_pace_answers_are_waited_for_until_the_time_is_up() {
    let (target, seen) = slow(Duration::from_secs(1), 1, 200);
    let (_stop, stopped) = watch::channel(false);
    let outcome = sent(&target, load(None, Some(5), None), None, &stopped).await;
    assert_eq!((outcome.tally.answered(), seen.peak.load(Ordering::SeqCst)), (50, 10));
}

#[tokio::test(start_paused = true)]
async fn what_is_hopeless_or_stopped_ends_early() {
    let (target, _) = slow(Duration::from_millis(1), 1, 403);
    let (stop, stopped) = watch::channel(false);
    for rate in [None, Some(1000)] {
        let outcome = sent(&target, load(rate, None, Some(50_000)), None, &stopped).await;
        assert!((1..200).contains(&outcome.tally.answered()), "{rate:?}: {}", outcome.tally.answered());
    }
    let (target, _) = slow(Duration::from_millis(1), 1, 200);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        stop.send_replace(true);
        std::future::pending::<()>().await;
    });
    let outcome = sent(&target, load(Some(100), Some(3600), None), None, &stopped).await;
    assert!((199..=202).contains(&outcome.tally.answered()), "{}", outcome.tally.answered());
}
