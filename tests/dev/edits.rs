//! Edits of the main pipeline while events are sent: `pipe dev` shows what changes, applies it, and loses nothing.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_kinesis::types::ShardIteratorType;

use super::client::Client;
use super::dev::{Dev, MAIN, STREAM, TABLE, replace, wait};
use super::sender::{Sender, body, send, send_openly};

/// Edits the spec, waits until that is applied, and gives what was said meanwhile.
fn edit(dev: &mut Dev, from: &str, to: &str) -> String {
    let (applied, said) = (dev.count("Applied in"), dev.said().len());
    dev.edit(from, to);
    dev.until(&format!("the edit to `{to}`"), |dev| (dev.count("Applied in") > applied).then_some(()));
    dev.said()[said..].to_owned()
}

/// The partition key of the record with this event.
fn partition_key(sdk: &SdkConfig, event: &str) -> Option<String> {
    let kinesis = aws_sdk_kinesis::Client::new(sdk);
    let shards = wait(kinesis.list_shards().stream_name(STREAM).send()).unwrap().shards.unwrap_or_default();
    shards.iter().find_map(|shard| {
        let iterator = kinesis.get_shard_iterator().stream_name(STREAM).shard_id(shard.shard_id());
        let oldest = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon);
        let mut next = wait(oldest.send()).unwrap().shard_iterator;
        loop {
            let page = wait(kinesis.get_records().shard_iterator(next?).send()).unwrap();
            let with = |record: &&aws_sdk_kinesis::types::Record| {
                String::from_utf8_lossy(record.data().as_ref()).contains(&format!("\"{event}\""))
            };
            if let Some(found) = page.records().iter().find(with) {
                return found.partition_key().map(str::to_owned);
            }
            next = page.next_shard_iterator.filter(|_| !page.records.is_empty());
        }
    })
}

fn rows(sdk: &SdkConfig) -> BTreeSet<String> {
    let table = aws_sdk_dynamodb::Client::new(sdk);
    let items = table.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    let items = wait(items.collect::<Result<Vec<_>, _>>()).unwrap();
    items.iter().map(|item| item["eventId"].as_s().unwrap().clone()).collect()
}

fn arrives(dev: &mut Dev, sdk: &SdkConfig, event: &str) {
    dev.until(&format!("the row of `{event}`"), |dev| dev.row(sdk, event).then_some(()));
}

#[test]
fn edits_are_shown_and_applied_and_no_event_is_lost() {
    let mut dev = Dev::new(MAIN);
    let (sdk, client) = (dev.sdk(), Client::of(&dev));
    let sender = Sender::start(Client::of(&dev), STREAM, "event");
    dev.until("events", |_| (sender.count() > 20).then_some(()));

    properties(&mut dev, &sdk);
    routes(&mut dev, &sdk, &client);
    let sent = sender.stop();
    dev.until(&format!("the rows of {} events", sent.len()), |_| {
        let rows = rows(&sdk);
        sent.iter().all(|event| rows.contains(event)).then_some(())
    });
    another_stream(&mut dev, &sdk, &client);
    without_credentials(&mut dev, &sdk, &client);
}

fn properties(dev: &mut Dev, sdk: &SdkConfig) {
    let said = edit(dev, "memory_mb: 128", "memory_mb: 256");
    assert!(said.contains("~ consumer ") && said.contains("memory_mb: 128 → 256"), "{said}");
    let said = edit(dev, "batch: { size: 10,", "batch: { size: 20,");
    assert!(said.contains("~ mapping ") && said.contains("batch_size: 10 → 20"), "{said}");
    // As a registered consumer it reads the same records, and again from the oldest on.
    let said = edit(dev, "    handler: stream-to-table", "    handler: stream-to-table\n    fan_out: true");
    assert!(said.contains("+ fan-out ") && said.contains("± mapping "), "{said}");
    let said = edit(dev, "retention_hours: 24", "retention_hours: 48");
    assert!(said.contains("~ stream ") && said.contains("retention_hours: 24 → 48"), "{said}");
    let kinesis = aws_sdk_kinesis::Client::new(sdk);
    let stream = wait(kinesis.describe_stream_summary().stream_name(STREAM).send()).unwrap();
    assert_eq!(stream.stream_description_summary().unwrap().retention_period_hours(), 48);
}

fn routes(dev: &mut Dev, sdk: &SdkConfig, client: &Client) {
    // Nobody can tell routes that are not there from those that are: API Gateway answers both 403.
    assert_eq!(client.post("/other/early", &body("early")).status, 403);
    let route = "      - post: /submit/{streamName}/{eventId}\n        partition_key: path.eventId\n";
    let two = format!("{route}      - post: /other/{{eventId}}\n        partition_key: path.eventId\n");
    let said = edit(dev, route, &two);
    assert!(said.contains("~ api ") && said.contains("/other/{eventId}"), "{said}");
    assert_eq!(client.post("/other/new-route", &body("new-route")).status, 200);
    arrives(dev, sdk, "new-route");

    assert_eq!(send(client, STREAM, "by-path"), 200);
    assert_eq!(partition_key(sdk, "by-path").as_deref(), Some("by-path"));
    let said = edit(dev, "partition_key: path.eventId", "partition_key: random");
    assert!(said.contains("~ api ") && said.contains("POST /submit/{streamName}/{eventId}"), "{said}");
    assert_eq!(send(client, STREAM, "at-random"), 200);
    assert!(partition_key(sdk, "at-random").is_some_and(|key| key != "at-random"));
    arrives(dev, sdk, "at-random");
}

/// A stream with another name is another stream: what was sent to the first is no longer expected to be read.
fn another_stream(dev: &mut Dev, sdk: &SdkConfig, client: &Client) {
    let said = edit(dev, "name: GatewayEventsStream", "name: OtherStream");
    assert!(said.contains("± stream ") && said.contains("± mapping "), "{said}");
    assert_eq!(send(client, STREAM, "to-the-old-one"), 404, "the role may put to its own stream alone");
    assert_eq!(send(client, "OtherStream", "to-the-new-one"), 200);
    arrives(dev, sdk, "to-the-new-one");
}

fn without_credentials(dev: &mut Dev, sdk: &SdkConfig, client: &Client) {
    assert_eq!(send_openly(client, "OtherStream", "too-early"), 401);
    // Both at once: a route without an authorizer must say so.
    let spec = std::fs::read_to_string(dev.path().join("pipeline.yaml")).unwrap();
    let (before, rest) = spec.split_once("auth:\n").unwrap();
    let (_, after) = rest.split_once("\nstream:\n").unwrap();
    let spec = format!("{before}stream:\n{after}").replace("/{eventId}\n", "/{eventId}\n        auth: none\n");
    let applied = dev.count("Applied in");
    replace(dev.path(), "pipeline.yaml", &spec, 0o644);
    dev.until("the open API", |dev| (dev.count("Applied in") > applied).then_some(()));
    assert!(dev.said().contains("- authorizer "), "its authorizer is gone");
    assert_eq!(send_openly(client, "OtherStream", "let-in"), 200);
    arrives(dev, sdk, "let-in");
    assert!(!dev.row(sdk, "too-early"));
}
