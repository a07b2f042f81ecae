//! Events that nobody sends: every record ends as an item, a dead letter, or among those to be tried again.
//!
//! Inputs that fail belong in `tests/hostile/corpus/event/kinesis_*.json`, all of which are run here.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::feed::Ending;
use super::super::{Config, Item, MAX_BODY_BYTES, SendError};
use super::fake::{keys, record};
use super::*;

/// What stands in the payloads, and nowhere else.
const SECRET: &str = "hunter2";

/// A table that takes everything.
#[derive(Default)]
struct AnyTable(RefCell<usize>);

impl Table for &AnyTable {
    async fn put(&self, item: Item) -> Result<Put, PutError> {
        assert!(item.contains_key("id"));
        *self.0.borrow_mut() += 1;
        Ok(Put::Written)
    }

    async fn delete(&self, key: Item) -> Result<(), PutError> {
        assert!(key.contains_key("id"));
        *self.0.borrow_mut() += 1;
        Ok(())
    }
}

/// A queue that takes everything that SQS takes: at most a mebibyte, and no letter that XML cannot hold.
#[derive(Default)]
struct AnyQueue(RefCell<Vec<Value>>);

impl Queue for &AnyQueue {
    async fn send(&self, body: &str) -> Result<(), SendError> {
        assert!(
            body.len() <= MAX_BODY_BYTES
                && body.bytes().all(|byte| (b' '..=0x7f).contains(&byte) || b"\t\r\n".contains(&byte))
        );
        self.0.borrow_mut().push(serde_json::from_str(body).expect("json"));
        Ok(())
    }
}

/// Handles an event, if it is one, and checks the account of its records.
fn handle(event: &[u8]) -> bool {
    let Ok(event) = serde_json::from_slice::<Box<RawValue>>(event) else { return false };
    let (table, queue) = (AnyTable::default(), AnyQueue::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let handled = runtime.expect("runtime").block_on(async {
        let stop = Instant::now() + Duration::from_secs(5);
        Consumer::new(&table, Some(&queue), keys()).deleting().handle(event, stop).await
    });
    let (written, dead) = (*table.0.borrow(), queue.0.borrow().len());
    let report = match handled {
        Ok(report) => report,
        Err(error) => {
            assert!((written, dead) == (0, 0) && error.to_string().len() < 1_000, "{error}");
            return false;
        }
    };
    let left = report.unfinished.len();
    assert_eq!((report.written, report.dead_lettered.len(), written + dead + left), (written, dead, report.records_in));
    if report.ending == Ending::Stream {
        assert_eq!(left, 0, "nothing failed, so nothing is left");
    } else {
        assert_eq!(dead, 0, "only a stream has letters");
    }
    assert_eq!(report.response().is_err(), report.ending == Ending::Push && left > 0, "it is written or an error");
    for message in queue.0.borrow().iter() {
        assert!(message["reason"].as_str().is_some_and(|reason| reason != "panic"), "{message}");
    }
    for line in report.lines("consumer", "request") {
        let text = line.to_string();
        assert!(!text.contains('\n') && !text.contains(SECRET), "{text}");
    }
    true
}

/// Data of all kinds: items, what is nearly one, other JSON, and bytes.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just(format!("\"{SECRET}\"")),
        "-?[0-9]{1,45}(\\.[0-9]{1,45})?([eE][+-]?[0-9]{1,25})?",
        (1..60_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        (1..60_usize).prop_map(|depth| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)),
        "\\PC{0,20}".prop_map(|text| json!(text).to_string()),
        "[\\[\\]{}\",:0-9eE.tfnu\\\\-]{0,30}",
    ];
    let name = prop_oneof![Just("id".to_owned()), Just(String::new()), "\\PC{0,8}", Just(SECRET.to_owned())];
    let members = prop::collection::vec((name, value), 0..6);
    let object = members.prop_map(|members| {
        let member = |(name, value): &(String, String)| format!("{}:{value}", json!(name));
        format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(",")).into_bytes()
    });
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    let good = "[a-z]{1,3}".prop_map(|id| json!({ "id": id, "p": SECRET }).to_string().into_bytes());
    prop_oneof![3 => object, 1 => bytes, 1 => good, 1 => Just((0..=255).collect())]
}

/// What Lambda says beside the data; odd, but each of its type.
fn surroundings() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["\\PC{0,20}|(?s:.{0,10})", "[0-9]{1,60}", Just(String::new())];
    (text(), text(), text(), any::<u32>()).prop_map(|(number, key, id, time)| {
        let mut one = record(&number, "");
        one["kinesis"]["partitionKey"] = key.into();
        one["kinesis"]["approximateArrivalTimestamp"] = time.into();
        one["eventID"] = id.into();
        one
    })
}

fn event() -> impl Strategy<Value = Value> {
    let record = (surroundings(), data()).prop_map(|(mut record, data)| {
        record["kinesis"]["data"] = STANDARD.encode(data).into();
        record
    });
    prop::collection::vec(record, 0..12).prop_map(|records| json!({ "Records": records }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_accounted_for(event in event()) {
        prop_assert!(handle(event.to_string().as_bytes()), "an event of the right shape is understood");
    }

    #[test]
    fn every_record_of_any_other_feed_is_accounted_for(event in hostile::event()) {
        handle(event.to_string().as_bytes());
    }

    #[test]
    fn no_bytes_of_an_event_break_the_handler(
        event in prop_oneof![event(), hostile::event()],
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut bytes = event.to_string().into_bytes();
        for (at, byte, what) in edits {
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes = [&bytes[..at], &bytes[at / 2..]].concat(),
            }
            bytes.truncate(100_000);
        }
        handle(&bytes);
    }

    #[test]
    fn any_environment_is_read_as_it_stands_or_refused(values in prop::collection::vec(prop::option::of("\\PC{0,10}|false|true"), 6)) {
        let names = ["PIPE_TABLE", "PIPE_PARTITION_KEY", "PIPE_SORT_KEY", "PIPE_DLQ_URL", "PIPE_OVERWRITE", "PIPE_DELETES"];
        let read = |name: &str| values[names.iter().position(|known| *known == name).expect("a known name")].clone();
        let given = |name: &str| read(name).filter(|value| !value.is_empty());
        match Config::read(read) {
            Ok(config) => {
                prop_assert_eq!((Some(config.table), Some(config.keys.partition)), (given(names[0]), given(names[1])));
                prop_assert_eq!((config.keys.sort, config.queue_url), (given(names[2]), given(names[3])));
                prop_assert_eq!(config.deletes, given(names[5]).is_some_and(|value| value == "true"));
                prop_assert_eq!(config.overwrite, given(names[4]).is_none_or(|value| value != "false"));
            }
            Err(missing) => prop_assert!(given(missing.0).is_none()),
        }
    }
}

#[test]
fn the_kept_events_are_accounted_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hostile/corpus/event");
    let mut understood = 0;
    for file in fs::read_dir(folder).expect("corpus") {
        let file = file.expect("file").path();
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kinesis_")) {
            understood += usize::from(handle(&fs::read(file).expect("event")));
        }
    }
    assert!(understood >= 6, "only {understood} kept events are some");
}
