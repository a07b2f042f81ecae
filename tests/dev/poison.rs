//! Records that can never be rows: each ends in the DLQ with payload and reason, and holds nobody up.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::dev::{Dev, MAIN, QUEUE, TABLE, wait};
use super::puts::{Put, put_all};

/// Reasons, and data of the event `id` for each.
fn poison(id: &str) -> Vec<(&'static str, String)> {
    let (digits, text) = ("9".repeat(39), "x".repeat(400 * 1024));
    let deep = format!("{}1{}", "[".repeat(32), "]".repeat(32));
    vec![
        ("bad-json", format!(r#"{{"eventId": "{id}", "v": "#)),
        ("no-key", r#"{"event": "none", "v": 7}"#.to_owned()),
        ("wrong-key", r#"{"eventId": 7, "v": 7}"#.to_owned()),
        ("item-too-large", format!(r#"{{"eventId": "{id}", "v": 7, "text": "{text}"}}"#)),
        ("number", format!(r#"{{"eventId": "{id}", "v": {digits}}}"#)),
        ("too-deep", format!(r#"{{"eventId": "{id}", "v": {deep}}}"#)),
    ]
}

/// Where the events of one kind of poison are in time: two of its key around it, and one of another key.
fn neighbours(n: usize) -> (String, String) {
    (format!("same-{n}"), format!("other-{n}"))
}

fn records() -> Vec<(String, String)> {
    let mut records = Vec::new();
    for n in 0..poison("").len() {
        let (same, other) = neighbours(n);
        let good = |id: &str, version: u8| (id.to_owned(), format!(r#"{{"eventId": "{id}", "v": {version}}}"#));
        records.extend([good(&same, 1), (same.clone(), poison(&same)[n].1.clone()), good(&other, 1), good(&same, 2)]);
    }
    records
}

fn version(sdk: &SdkConfig, id: &str) -> Option<String> {
    let get = aws_sdk_dynamodb::Client::new(sdk).get_item().table_name(TABLE).consistent_read(true);
    let item = wait(get.key("eventId", AttributeValue::S(id.to_owned())).send()).unwrap().item?;
    Some(item["v"].as_n().unwrap().clone())
}

/// How often pipe dev has reported this row.
fn written(dev: &Dev, id: &str) -> usize {
    dev.count(&format!(r#"{TABLE} {{"eventId":{{"S":"{id}"}}}}"#))
}

#[test]
fn each_kind_of_poison_ends_in_the_dlq_and_its_neighbours_are_rows() {
    let mut dev = Dev::new(MAIN);
    let sdk = dev.sdk();
    let records = records();
    let put = put_all(&sdk, records.iter().map(|(key, data)| (key.as_str(), data.as_bytes())));
    let kinds = poison("").len();
    // Within a batch rows of other keys and letters may come after the last row.
    dev.until("all rows and letters", |dev| {
        let (rows, letters) = (dev.count(&format!("{TABLE} {{")), dev.count(&format!("{QUEUE}: ")));
        (rows >= 3 * kinds && letters >= kinds && written(dev, &neighbours(kinds - 1).0) >= 2).then_some(())
    });
    for n in 0..kinds {
        let (same, other) = neighbours(n);
        assert_eq!(version(&sdk, &same).as_deref(), Some("2"), "{same}: the last one of a key stays");
        assert_eq!(version(&sdk, &other).as_deref(), Some("1"), "{other}");
        assert_eq!((written(&dev, &same), written(&dev, &other)), (2, 1), "each is written once");
    }
    assert_eq!(dev.count(&format!("{TABLE} {{")), 3 * kinds, "nothing else is a row:\n{}", dev.said());

    let bad: Vec<&Put> = put.iter().skip(1).step_by(4).collect();
    let letters = dev.letters(&sdk);
    assert_eq!(letters.len(), kinds, "each once");
    for (n, put) in bad.iter().enumerate() {
        let (same, _) = neighbours(n);
        let (reason, data) = &poison(&same)[n];
        assert_eq!(put.data, data.as_bytes());
        is_of(&letters, put, reason);
    }
    assert_eq!(dev.count(&format!("{QUEUE}: ")), kinds, "each is reported once:\n{}", dev.said());
    are_listed(&dev, &bad);
}

/// The letter of a record, with its reason and its data as they were put.
fn is_of(letters: &[Value], put: &Put, reason: &str) {
    let letter = letters.iter().find(|letter| letter["sequenceNumber"] == put.sequence.as_str());
    let letter = letter.unwrap_or_else(|| panic!("no letter for {reason}"));
    let id = format!("{}:{}", put.shard, put.sequence);
    assert_eq!((&letter["reason"], &letter["eventID"]), (&reason.into(), &id.as_str().into()));
    assert_eq!((&letter["partitionKey"], &letter["shardId"]), (&put.key.as_str().into(), &put.shard.as_str().into()));
    assert_eq!((&letter["version"], &letter["encoding"]), (&1.into(), &"base64".into()));
    let payload = STANDARD.decode(letter["payload"].as_str().unwrap()).unwrap();
    assert!(payload == put.data, "{reason}: the payload differs");
    assert!(!letter["message"].as_str().unwrap().is_empty() && letter["arrivedAt"].is_string(), "{reason}");
}

/// `pipe dlq ls` shows them all, for people and for machines.
fn are_listed(dev: &Dev, bad: &[&Put]) {
    let text = dev.pipe(&["dlq", "ls"]);
    assert_eq!(text.lines().count(), bad.len(), "{text}");
    let json = dev.pipe(&["dlq", "ls", "--json"]);
    let listed: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(listed.last().unwrap()["shown"], bad.len());
    for put in bad {
        let id = format!("{}:{}", put.shard, put.sequence);
        assert_eq!(listed.iter().filter(|letter| letter["letter"]["event_id"] == id.as_str()).count(), 1, "{json}");
        assert!(text.contains(&id), "{text}");
    }
}
