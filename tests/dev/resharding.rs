//! Edits of `shards`: what is in the stream is handed over all the same, each key in its order.

use super::dev::{STREAM, wait};
use super::own::Own;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];

impl Own {
    fn edit_shards(&mut self, from: u32, to: u32) {
        let applied = self.dev.count("Applied in");
        self.dev.edit(&format!("shards: {from}"), &format!("shards: {to}"));
        self.dev.until("the new shards", |dev| (dev.count("Applied in") > applied).then_some(()));
    }

    /// Puts the next record of each key.
    fn put_next(&self, number: usize) {
        let texts = KEYS.map(|key| format!("{key}-{number}"));
        self.put(&texts.each_ref().map(String::as_str));
    }

    /// Whether each key had so many, in order, and none was handled twice.
    fn in_order(&mut self, count: usize) {
        self.until_done(KEYS.len() * count);
        let did = self.did();
        for key in KEYS {
            let of_key: Vec<&String> = did.iter().filter(|text| text.starts_with(key)).collect();
            let expected: Vec<String> = (0..count).map(|number| format!("{key}-{number}")).collect();
            assert_eq!(of_key, expected.iter().collect::<Vec<_>>());
        }
    }
}

#[test]
fn records_that_wait_for_their_batch_outlive_edits_of_the_shards() {
    let mut own = Own::new(1, "batch: { size: 100, window_seconds: 5 }");
    for (number, (from, to)) in [(1, 2), (2, 1), (1, 3), (3, 2)].into_iter().enumerate() {
        own.put_next(number);
        own.edit_shards(from, to);
    }
    own.put_next(4);
    own.in_order(5);
}

#[test]
fn records_of_a_consumer_that_is_off_outlive_edits_of_the_shards() {
    let mut own = Own::new(1, "enabled: false");
    for (number, (from, to)) in [(1, 2), (2, 1)].into_iter().enumerate() {
        own.put_next(number);
        own.edit_shards(from, to);
    }
    own.put_next(2);
    own.dev.edit("enabled: false", "enabled: true");
    own.in_order(3);
}

/// As other tools reshard: one shard at a time.
#[test]
fn records_outlive_a_split_and_a_merge() {
    let mut own = Own::new(1, "batch: { size: 100, window_seconds: 5 }");
    let kinesis = aws_sdk_kinesis::Client::new(&own.sdk);
    let shard = |number: usize| format!("shardId-{number:012}");
    own.put_next(0);
    let split = kinesis.split_shard().stream_name(STREAM).shard_to_split(shard(0));
    wait(split.new_starting_hash_key((1_u128 << 127).to_string()).send()).unwrap();
    own.put_next(1);
    let merge = kinesis.merge_shards().stream_name(STREAM).shard_to_merge(shard(1));
    wait(merge.adjacent_shard_to_merge(shard(2)).send()).unwrap();
    own.put_next(2);
    own.in_order(3);
}
