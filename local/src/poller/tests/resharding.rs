//! Which shards may start.

use std::collections::{BTreeMap, BTreeSet};

use crate::poller::checkpoints::Position;
use crate::poller::run::startable;
use crate::poller::source::ShardFacts;

fn shards(all: &[(&str, &[&str])]) -> Vec<ShardFacts> {
    let facts = |(id, parents): &(&str, &[&str])| ShardFacts {
        id: (*id).to_owned(),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
    };
    all.iter().map(facts).collect()
}

fn start(shards: &[ShardFacts], done: &[&str], active: &[&str]) -> Vec<String> {
    let place = |id: &str| if done.contains(&id) { Position::Done } else { Position::Oldest };
    let places: BTreeMap<_, _> = shards.iter().map(|shard| (shard.id.clone(), place(&shard.id))).collect();
    let active: BTreeSet<_> = active.iter().map(|id| (*id).to_owned()).collect();
    startable(shards, &places, &active).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_child_waits_for_its_parents() {
    let split = shards(&[("a", &[]), ("b", &["a"]), ("c", &["a"])]);
    assert_eq!(start(&split, &[], &[]), ["a"]);
    assert!(start(&split, &[], &["a"]).is_empty());
    assert_eq!(start(&split, &["a"], &[]), ["b", "c"]);
    assert_eq!(start(&split, &["a"], &["b"]), ["c"]);
}

#[test]
fn a_merged_shard_waits_for_both_parents() {
    let merged = shards(&[("a", &[]), ("b", &[]), ("c", &["a", "b"])]);
    assert_eq!(start(&merged, &[], &[]), ["a", "b"]);
    assert_eq!(start(&merged, &["a"], &["b"]), Vec::<String>::new());
    assert_eq!(start(&merged, &["a", "b"], &[]), ["c"]);
}

#[test]
fn a_parent_that_the_stream_forgot_holds_nobody_up_unless_it_is_still_worked_on() {
    let forgotten = shards(&[("b", &["a"])]);
    assert_eq!(start(&forgotten, &[], &[]), ["b"]);
    assert!(start(&forgotten, &[], &["a"]).is_empty());
}
