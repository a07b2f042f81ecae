//! Functions that fail for a while: nothing is lost, and only what must wait does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::own::Own;
use super::puts::Put;

/// Texts of eight keys, so that both shards have some.
fn many(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("{}-{n}", n % 8)).collect()
}

/// The texts of each shard, in their order.
fn by_shard(put: &[Put]) -> BTreeMap<String, Vec<String>> {
    let mut shards = BTreeMap::<String, Vec<String>>::new();
    for put in put {
        shards.entry(put.shard.clone()).or_default().push(String::from_utf8(put.data.clone()).unwrap());
    }
    shards
}

fn put(own: &Own, texts: &[String]) -> Vec<Put> {
    own.put(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_function_that_fails_for_a_while_on_one_shard_loses_nothing_and_holds_nothing_else_up() {
    let mut own = Own::new(2, "batch: { size: 10, parallelization: 2 }");
    let texts = many(0, 32);
    let all = put(&own, &texts);
    own.until_done(32);
    let ill = all[0].shard.clone();
    let broken = format!("broken-{ill}");
    own.set(&broken);
    let before = own.calls().len();
    assert_eq!(by_shard(&all).len(), 2, "both shards have records");
    let again = put(&own, &many(32, 64));
    own.until_done(32 + again.iter().filter(|put| put.shard != ill).count());
    let later = put(&own, &many(64, 96));
    own.until_done(32 + again.iter().chain(&later).filter(|put| put.shard != ill).count());
    // Five tries of a batch that can be split no more are three seconds.
    let start = Instant::now();
    while own.calls()[before..].iter().filter(|call| call.shard == ill && call.records.len() == 1).count() < 5 {
        assert!(start.elapsed() < Duration::from_secs(120), "it is not tried again");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(own.did().iter().all(|text| !by_shard(&again)[&ill].contains(text)), "it failed, yet handled some");
    own.unset(&broken);
    own.until_done(96);
    let all = many(0, 96);
    for key in 0..8 {
        let of_key =
            |texts: Vec<String>| texts.into_iter().filter(|text| text.starts_with(&format!("{key}-"))).collect();
        let (expected, did): (Vec<String>, Vec<String>) = (of_key(all.clone()), of_key(own.did()));
        assert_eq!(did, expected, "each once, in their order");
    }
    assert_eq!(own.did().len(), 96);
    assert!(own.documents().is_empty(), "nothing is given up");
}

#[test]
fn a_function_that_crashes_in_its_init_for_a_while_is_not_started_in_a_busy_loop() {
    let mut own = Own::new(1, "batch: { size: 10 }");
    put(&own, &many(0, 3));
    own.until_done(3);
    assert_eq!(own.starts(), 1);
    own.set("no-init");
    let start = Instant::now();
    put(&own, &many(3, 23));
    // Halves of ten are tried at once; then the pauses double from 200 ms.
    let path = own.dev.path().join("journal");
    own.dev.until("several starts", |_| {
        (std::fs::read_to_string(&path).unwrap().matches("start").count() >= 7).then_some(())
    });
    let rest = Instant::now();
    let (took, starts) = (start.elapsed(), own.starts());
    // Nothing new is to be waited for: what must not happen in this time is a start after a start.
    std::thread::sleep(Duration::from_secs(1));
    let (more, rested) = (own.starts() - starts, rest.elapsed());
    assert!(more as u64 <= 1 + rested.as_secs(), "{more} starts in {rested:?} after {starts} in {took:?}");
    assert!(took > Duration::from_secs(1), "{starts} starts in {took:?}");
    assert_eq!(own.did().len(), 3);
    own.unset("no-init");
    own.until_done(23);
    assert_eq!(own.did(), many(0, 23), "each once, in their order");
    assert!(own.documents().is_empty(), "nothing is given up");
}
