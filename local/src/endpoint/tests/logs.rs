//! Logs of an own emulator have an end; those of another endpoint are the user's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use super::cloud::{Cloud, json};
use crate::endpoint::Forwarder;
use crate::endpoint::keys::Keys;
use crate::endpoint::upstream::Upstream;
use crate::endpoint::watch::Watch;
use crate::seen::Lens;

const MB: usize = 1024 * 1024;
const BUSY: &str = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef";

/// What is in the streams of the one group.
type Streams = Arc<Mutex<BTreeMap<String, usize>>>;

async fn cloud(own: bool) -> (Cloud, Streams) {
    let streams = Streams::default();
    let shared = streams.clone();
    let mut cloud = Cloud::new(move |seen| {
        let (input, mut streams) = (seen.json(), shared.lock().unwrap());
        let name = input["logStreamName"].as_str().unwrap().to_owned();
        let root = seen.header("authorization").contains("Credential=000000000000/");
        let absent = json!({"__type": "ResourceNotFoundException"});
        match seen.operation() {
            "DeleteLogStream" => {
                assert!(root && seen.header("x-amz-security-token").is_empty(), "no role may");
                streams.remove(&name).unwrap();
            }
            "CreateLogStream" => assert!(streams.insert(name, 0).is_none()),
            _ if root => panic!("the writer puts"),
            _ => match streams.get_mut(&name) {
                Some(bytes) => *bytes += input["logEvents"][0]["message"].as_str().unwrap().len(),
                None => return json(400, &absent),
            },
        }
        json(200, &json!({}))
    })
    .await;
    if own {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (upstream, keys) = (Upstream::of_users(&cloud.upstream).unwrap(), Keys::of_users());
        cloud.forwarder = Forwarder::with(
            listener,
            upstream,
            keys,
            Some("000000000000"),
            Watch::new(unbounded_channel().0, Lens::default()),
        )
        .unwrap();
    }
    (cloud, streams)
}

async fn write(cloud: &Cloud, stream: &str, bytes: usize) -> u16 {
    let events = json!([{"timestamp": 1, "message": "x".repeat(bytes)}]);
    let input = json!({"logGroupName": "g", "logStreamName": stream, "logEvents": events});
    cloud.call_as("ASIA1", "logs", "Logs_20140328.PutLogEvents", &input).await.status().as_u16()
}

async fn create(cloud: &Cloud, stream: &str) {
    let input: Value = json!({"logGroupName": "g", "logStreamName": stream});
    cloud.call_as("ASIA1", "logs", "Logs_20140328.CreateLogStream", &input).await;
}

#[tokio::test]
async fn a_group_of_an_own_emulator_keeps_its_last_ten_megabytes() {
    let (cloud, streams) = cloud(true).await;
    create(&cloud, "silent").await;
    create(&cloud, BUSY).await;
    assert_eq!(write(&cloud, "silent", 100).await, 200);
    for _ in 0..60 {
        assert_eq!(write(&cloud, BUSY, MB / 2).await, 200);
    }
    let kept: usize = streams.lock().unwrap().values().sum();
    assert!((8 * MB..=10 * MB).contains(&kept), "{kept}");
    assert!(!streams.lock().unwrap().contains_key("silent"));
    assert_eq!(write(&cloud, "silent", 100).await, 200, "its writer goes on");
    assert_eq!(streams.lock().unwrap()["silent"], 100);
}

#[tokio::test]
async fn many_short_lines_count_as_what_they_cost() {
    let (cloud, streams) = cloud(true).await;
    create(&cloud, BUSY).await;
    for _ in 0..3_000 {
        write(&cloud, BUSY, 1).await;
    }
    assert!(streams.lock().unwrap().len() > 1, "a part has about 1,000 of them");
}

#[tokio::test]
async fn logs_of_another_endpoint_are_left_alone() {
    let (cloud, streams) = cloud(false).await;
    assert_eq!(write(&cloud, "busy", 1).await, 400, "nothing is made either");
    create(&cloud, "busy").await;
    for _ in 0..40 {
        write(&cloud, "busy", MB / 2).await;
    }
    assert_eq!(*streams.lock().unwrap(), BTreeMap::from([("busy".to_owned(), 20 * MB)]));
}
