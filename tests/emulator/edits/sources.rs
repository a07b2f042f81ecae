//! Sources that send by themselves; topics are in [`crate::sources`].

use std::path::Path;

use pipe_test_support::{Endpoint, Kind, Sandbox, copy_folder};

use crate::cloud::Cloud;
use crate::session::{Edit, chain_in, chain_of, sandbox};

/// What a source feeds.
const FED: &str = "\nconsumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
const OWN: &str = "\nconsumer: { function: { handler: my-handler, timeout_seconds: 8 } }\n";

fn fed(name: &str, source: &str) -> String {
    format!("name: {name}\nsource: {{ {source} }}{FED}")
}

/// A sandbox with a handler of its own.
fn own(account: &str, name: &str, source: &str, dlq: &str) -> (Endpoint, Sandbox) {
    let (endpoint, sandbox) =
        sandbox(Kind::MiniStack, account, &format!("name: {name}\nsource: {{ {source} }}{OWN}{dlq}"));
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/my-handler");
    copy_folder(&handler, &sandbox.path().join("my-handler"));
    (endpoint, sandbox)
}

#[test]
fn events() {
    const EDITS: &[Edit] = &[
        ("another pattern", "[shop] }", "[shop], detail-type: [OrderPlaced] }"),
        ("a part of an event", "{ match", "{ input: { path: $.detail }, match"),
        ("a template", "{ path: $.detail }", "{ values: { id: $.detail.id }, template: '{\"id\": <id>}' }"),
        ("another value", "id: $.detail.id", "id: $.id"),
        ("all of an event", "input: { values: { id: $.id }, template: '{\"id\": <id>}' }, ", ""),
        ("delivery", "{ match", "{ delivery: { retries: 3, max_age_hours: 2 }, match"),
        ("usual delivery", "delivery: { retries: 3, max_age_hours: 2 }, ", ""),
        ("disabled", "{ match", "{ enabled: false, match"),
        ("enabled", "enabled: false, ", ""),
        ("another rule", "{ match", "{ rule: placed, match"),
        ("a bus", "{ rule", "{ bus: shop, rule"),
        ("another bus", "bus: shop", "bus: store"),
        ("the account's bus", "bus: store, ", ""),
        ("no dlq", "dlq: { queue: {} }\n", ""),
    ];
    let spec = fed("orders", "events: { match: { source: [shop] } }");
    chain_of(&spec, Kind::MiniStack, "200000000302", "edits_events", EDITS);
}

#[test]
fn schedule() {
    const EDITS: &[Edit] = &[
        ("another rate", "rate(5 minutes)", "rate(1 hour)"),
        ("a cron", "rate(1 hour)", "{ cron: 0 8 ? * MON-FRI * }"),
        ("a zone", "* }", "*, time_zone: Europe/Berlin }"),
        ("later", "{ cron", "{ flexible_minutes: 15, cron"),
        ("an input", "{ flexible", "{ input: { id: morning }, flexible"),
        ("another input", "id: morning", "id: evening"),
        ("the usual input", "input: { id: evening }, ", ""),
        ("a beginning", "{ flexible", "{ starts: '2027-01-01T00:00:00Z', flexible"),
        ("an end", "{ starts", "{ ends: '2028-01-01T00:00:00+01:00', starts"),
        ("neither", "ends: '2028-01-01T00:00:00+01:00', starts: '2027-01-01T00:00:00Z', ", ""),
        ("exactly then", "flexible_minutes: 15, ", ""),
        ("delivery", "{ cron", "{ delivery: { retries: 0, max_age_hours: 1 }, cron"),
        ("disabled", "{ delivery", "{ enabled: false, delivery"),
        ("enabled", "enabled: false, ", ""),
        ("another name", "{ delivery", "{ name: mornings, delivery"),
        ("once", "cron: 0 8 ? * MON-FRI *", "at: '2027-12-24T18:00:00'"),
        ("no dlq", "dlq: { queue: {} }\n", ""),
    ];
    let spec = fed("clock", "schedule: rate(5 minutes)");
    chain_of(&spec, Kind::MiniStack, "200000000303", "edits_schedule", EDITS);
}

#[test]
fn bucket() {
    const EDITS: &[Edit] = &[
        ("more events", "{ name", "{ events: [created, s3:ObjectRemoved:Delete], name"),
        ("the usual events", "events: [created, s3:ObjectRemoved:Delete], ", ""),
        ("a prefix", " } }", ", prefix: in/ } }"),
        ("a suffix", "prefix: in/", "prefix: in/, suffix: .csv"),
        ("another prefix", "prefix: in/", "prefix: new/"),
        ("the bus", "{ name", "{ via: events, name"),
        ("other events", "{ via", "{ events: [created, tagged], via"),
        ("all keys", ", prefix: new/, suffix: .csv", ""),
        ("no bus", "events: [created, tagged], via: events, ", ""),
        ("deleted at the end", "{ name", "{ on_destroy: delete, name"),
        ("another bucket", "uploads-200000000304", "others-200000000304"),
        ("retained", "on_destroy: delete, ", ""),
        ("no dlq", "dlq: { queue: {} }\n", ""),
    ];
    let source = "bucket: { name: uploads-200000000304 }";
    let (_endpoint, sandbox) = own("200000000304", "uploads", source, "dlq: { queue: {} }\n");
    chain_in(&sandbox, "edits_bucket", EDITS);
}

#[test]
fn logs() {
    const EDITS: &[Edit] = &[
        ("a match", "/their/log }", "/their/log, match: ERROR }"),
        ("another match", "match: ERROR", "match: '?ERROR ?WARN'"),
        ("another group", "/their/log", "/other/log"),
        ("every line", ", match: '?ERROR ?WARN'", ""),
    ];
    let (_endpoint, sandbox) = own("200000000305", "errors", "logs: { group: /their/log }", "dlq: { queue: {} }\n");
    let cloud = Cloud::of(&sandbox.account);
    for group in ["/their/log", "/other/log"] {
        cloud.run(cloud.aws.logs.create_log_group().log_group_name(group).send()).unwrap();
    }
    chain_in(&sandbox, "edits_logs", EDITS);
}

#[test]
fn iot() {
    const EDITS: &[Edit] = &[
        ("another topic", "sensors/+/temp", "sensors/+/heat"),
        ("a part of a message", "{ topic", "{ select: '*, topic(2) AS id', topic"),
        ("a condition", "{ select", "{ where: celsius > 40, select"),
        ("another condition", "celsius > 40", "celsius > 50"),
        ("disabled", "{ where", "{ enabled: false, where"),
        ("enabled", "enabled: false, ", ""),
        ("another rule", "{ where", "{ rule: heat, where"),
        (
            "a statement",
            "where: celsius > 50, select: '*, topic(2) AS id', topic: sensors/+/heat",
            "sql: SELECT * FROM 'sensors/#'",
        ),
        ("no dlq", "dlq: { queue: {} }\n", ""),
    ];
    let spec = fed("sensors", "iot: { topic: sensors/+/temp }");
    chain_of(&spec, Kind::MiniStack, "200000000306", "edits_iot", EDITS);
}

#[test]
fn alexa() {
    const EDITS: &[Edit] = &[
        ("another skill", "1a2b3c4d5e6f", "1a2b3c4d5e70"),
        ("a smart home", "{ skill", "{ kind: smart_home, skill"),
        ("the usual kind", "kind: smart_home, ", ""),
    ];
    let source = "alexa: { skill: amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f }";
    let (_endpoint, sandbox) = own("200000000307", "skill", source, "");
    chain_in(&sandbox, "edits_alexa", EDITS);
}

/// What the function fails on, of every source that calls it and does not wait.
#[test]
fn failures() {
    const EDITS: &[Edit] = &[
        ("fewer retries", "stream-to-table }", "stream-to-table, failures: { retries: 1 } }"),
        ("a shorter time", "{ retries: 1 }", "{ retries: 1, max_age_minutes: 10 }"),
        ("no dlq", "dlq: { queue: {} }\n", ""),
        ("the usual failures", ", failures: { retries: 1, max_age_minutes: 10 }", ""),
        ("a stream between", "\nconsumer", "\nstream: { kinesis: {} }\nconsumer"),
        ("a queue between", "kinesis: {}", "queue: {}"),
        ("nothing between", "stream: { queue: {} }\n", ""),
    ];
    chain_of(&fed("beats", "schedule: rate(5 minutes)"), Kind::MiniStack, "200000000308", "edits_failures", EDITS);
}
