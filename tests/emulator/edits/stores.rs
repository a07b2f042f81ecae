//! `stream`, `sink` and `dlq`: what holds records.

use pipe_test_support::Kind;

use crate::session::{Edit, chain, in_sync, plan, sandbox};

#[test]
fn stream() {
    const EDITS: &[Edit] = &[
        ("shards", "shards: 1", "shards: 2"),
        ("shards, by more than AWS takes at once", "shards: 2", "shards: 5"),
        ("fewer shards", "shards: 5", "shards: 1"),
        ("retention_hours", "retention_hours: 24", "retention_hours: 48"),
        ("a shorter retention", "retention_hours: 48", "retention_hours: 24"),
        ("max_record_kb", "    shards: 1", "    max_record_kb: 4096\n    shards: 1"),
        ("smaller records", "max_record_kb: 4096", "max_record_kb: 2048"),
        ("max_record_kb, its default", "    max_record_kb: 2048\n", ""),
        ("encryption", "    shards: 1", "    encryption: none\n    shards: 1"),
        ("encryption, its default", "    encryption: none\n", ""),
        ("on_destroy", "    shards: 1", "    on_destroy: retain\n    shards: 1"),
        ("on_destroy, its default", "    on_destroy: retain\n", ""),
        ("name", "name: GatewayEventsStream", "name: events"),
    ];
    chain(Kind::MiniStack, "200000000031", "edits_stream", EDITS);
}

/// The mapping reads the same stream by another way.
#[test]
fn fan_out() {
    const EDITS: &[Edit] = &[
        ("fan_out", "    handler: stream-to-table", "    fan_out: true\n    handler: stream-to-table"),
        ("fan_out, its default", "    fan_out: true\n", ""),
    ];
    chain(Kind::MiniStack, "200000000204", "edits_fan_out", EDITS);
}

/// The plan says what becomes of the records that are encrypted already.
#[test]
fn key() {
    const EDITS: &[Edit] = &[
        ("key", "    shards: 1", "    key: arn:aws:kms:eu-central-1:200000000207:key/one\n    shards: 1"),
        ("another key", "key/one", "key/two"),
        ("encryption, its default", "    key: arn:aws:kms:eu-central-1:200000000207:key/two\n", ""),
        ("key again", "    shards: 1", "    key: arn:aws:kms:eu-central-1:200000000207:key/one\n    shards: 1"),
        ("none", "    key: arn:aws:kms:eu-central-1:200000000207:key/one", "    encryption: none"),
    ];
    chain(Kind::MiniStack, "200000000207", "edits_stream_key", EDITS);
}

/// MiniStack does not know UpdateStreamMode.
#[test]
fn on_demand() {
    const EDITS: &[Edit] =
        &[("on_demand", "shards: 1", "on_demand: true"), ("shards again", "on_demand: true", "shards: 1")];
    chain(Kind::Moto, "200000000032", "edits_on_demand", EDITS);
}

/// A renamed resource is in two statements of a role's policy until the old one is gone. MiniStack takes two of one Sid, which
/// IAM refuses, and moto too.
#[test]
fn names() {
    const EDITS: &[Edit] = &[
        ("the stream's", "name: GatewayEventsStream", "name: events"),
        ("the table's", "name: EventTable", "name: rows"),
        ("the dlq's", "name: LambdaDeadLetterQueue", "name: dead-letters"),
    ];
    chain(Kind::Moto, "200000000069", "edits_stores_names", EDITS);
}

#[test]
fn table() {
    const EDITS: &[Edit] = &[
        ("capacity.read", "read: 5", "read: 6"),
        ("capacity.write", "write: 10", "write: 12"),
        ("capacity: on_demand", "capacity: { read: 6, write: 12 }", "capacity: on_demand"),
        ("capacity, provisioned", "capacity: on_demand", "capacity: { read: 5, write: 10 }"),
        // moto keeps the encryption as it was.
        ("encryption", "    capacity:", "    encryption: aws_owned\n    capacity:"),
        ("encryption, its default", "    encryption: aws_owned\n", ""),
        ("point_in_time_recovery", "point_in_time_recovery: true", "point_in_time_recovery: false"),
        ("point_in_time_recovery, its default", "    point_in_time_recovery: false\n", ""),
        ("on_destroy", "    capacity:", "    on_destroy: retain\n    capacity:"),
        ("on_destroy, its default", "    on_destroy: retain\n", ""),
        ("deletion_protection", "    capacity:", "    deletion_protection: true\n    capacity:"),
        ("no deletion_protection", "    deletion_protection: true\n", ""),
        ("sort_key", "partition_key: eventId\n", "partition_key: eventId\n    sort_key: at\n"),
        ("sort_key.type", "sort_key: at", "sort_key: { name: at, type: number }"),
        ("no sort_key", "    sort_key: { name: at, type: number }\n", ""),
        ("partition_key", "    partition_key: eventId", "    partition_key: id"),
        ("partition_key.type", "    partition_key: id", "    partition_key: { name: id, type: number }"),
        ("name", "name: EventTable", "name: events"),
    ];
    chain(Kind::MiniStack, "200000000033", "edits_table", EDITS);
}

#[test]
fn a_protected_table_is_not_replaced() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000034", crate::MAIN);
    sandbox.edit("    capacity:", "    deletion_protection: true\n    capacity:");
    sandbox.converge();
    for (from, to) in [("name: EventTable", "name: events"), ("    partition_key: eventId", "    partition_key: id")] {
        sandbox.edit(from, to);
        sandbox.account.clear();
        let refused = sandbox.run(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        let text = "`table` (dynamodb:Table `EventTable`) is protected by `deletion_protection`";
        assert!(refused.err.contains(text), "{}", refused.err);
        assert!(refused.err.contains("set `deletion_protection: false` and apply that first"), "{}", refused.err);
        assert!(sandbox.account.writes().is_empty());
        sandbox.edit(to, from);
    }
    sandbox.edit("deletion_protection: true", "deletion_protection: false");
    assert!(plan(&sandbox).contains("deletion_protection: true → false"));
    sandbox.converge();
    sandbox.edit("name: EventTable", "name: events");
    sandbox.converge();
    in_sync(&sandbox, "without protection it is replaced");
}

#[test]
fn queue() {
    const EDITS: &[Edit] = &[
        ("retention_days", "retention_days: 14", "retention_days: 7"),
        ("retention_days, its default", "    retention_days: 7", "    on_destroy: delete"),
        ("on_destroy", "on_destroy: delete", "on_destroy: retain"),
        ("on_destroy, its default", "    on_destroy: retain", ""),
        ("name", "name: LambdaDeadLetterQueue", "name: dead-letters"),
    ];
    chain(Kind::MiniStack, "200000000035", "edits_queue", EDITS);
}
