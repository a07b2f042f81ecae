//! Every source with everything that it reaches: up, unchanged, down, and nothing is left; edits; a source that becomes another.

use std::collections::BTreeSet;
use std::path::Path;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox, copy_folder};

use crate::cloud::Cloud;
use crate::rights;
use crate::session::{chain_of, in_sync};

/// What receives: the function itself, a stream, a queue.
const FUNCTION: &str = "consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
const OWN: &str = "consumer: { function: { handler: my-handler, timeout_seconds: 8 } }\n";

/// A row: what it is called, the source, and what stands behind it.
struct Row(&'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    Row("topic", "topic: { name: Orders, filter: { kind: [order] } }", "", FUNCTION),
    Row("topic-queue", "topic: {}", "stream: { queue: {} }\n", FUNCTION),
    Row(
        "bucket",
        "bucket: { name: NAME, prefix: in/ }",
        "",
        "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n",
    ),
    Row(
        "bucket-events",
        "bucket: { name: NAME, suffix: .csv, via: events }",
        "",
        "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n",
    ),
    Row(
        "bucket-queue",
        "bucket: { name: NAME }",
        "stream: { queue: {} }\n",
        "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n",
    ),
    Row("schedule", "schedule: rate(5 minutes)", "", FUNCTION),
    Row(
        "schedule-stream",
        "schedule: { cron: 0 8 ? * MON-FRI *, time_zone: Europe/Berlin }",
        "stream: { kinesis: {} }\n",
        FUNCTION,
    ),
    Row("schedule-queue", "schedule: rate(1 hour)", "stream: { queue: {} }\n", FUNCTION),
    Row("events", "events: { bus: shop, match: { source: [shop] }, input: { path: $.detail } }", "", FUNCTION),
    Row("events-stream", "events: { match: { source: [shop] } }", "stream: { kinesis: {} }\n", FUNCTION),
    Row("events-queue", "events: { match: { source: [shop] } }", "stream: { queue: {} }\n", FUNCTION),
    Row(
        "logs",
        "logs: { group: /their/log, match: ERROR }",
        "",
        "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n",
    ),
    Row(
        "logs-stream",
        "logs: { group: /their/log }",
        "stream: { kinesis: {} }\n",
        "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n",
    ),
    Row("iot", "iot: { topic: sensors/+/temp }", "", FUNCTION),
    Row("iot-stream", "iot: { topic: sensors/+/temp, where: temperature > 40 }", "stream: { kinesis: {} }\n", FUNCTION),
    Row("iot-queue", "iot: { topic: sensors/+/temp }", "stream: { queue: {} }\n", FUNCTION),
    Row("alexa", "alexa: { skill: amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f }", "", OWN),
];

fn spec(Row(name, source, stream, rest): &Row, bucket: &str) -> String {
    format!("name: {name}\nsource: {{ {source} }}\n{stream}{rest}").replace("NAME", bucket)
}

/// A sandbox with the handler that the spec names, and the log group that is somebody else's.
fn sandbox(endpoint: &Endpoint, spec: &str) -> Sandbox {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), spec);
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/my-handler");
    copy_folder(&handler, &sandbox.path().join("my-handler"));
    if spec.contains("/their/log") {
        let cloud = Cloud::of(&sandbox.account);
        cloud.run(cloud.aws.logs.create_log_group().log_group_name("/their/log").send()).unwrap();
    }
    sandbox
}

fn up_and_down(row: &Row) {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    // Names of buckets are everybody's.
    let account = endpoint.account();
    let bucket = format!("{}-{}", row.0, account.id());
    let spec = spec(row, &bucket);
    drop(account);
    let sandbox = sandbox(&endpoint, &spec);
    let granted = rights::actions(&rights::printed(&sandbox));
    let lacking = |sandbox: &Sandbox| {
        let used: BTreeSet<String> = sandbox.account.calls().iter().filter_map(rights::used).collect();
        used.into_iter().filter(|used| !granted.iter().any(|grant| rights::allows(grant, used))).collect::<Vec<_>>()
    };
    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert_eq!(lacking(&sandbox), [""; 0], "{}", row.0);
    if row.0 == "bucket-events" {
        names_the_bucket(&Cloud::of(&sandbox.account), &bucket);
    }
    sandbox.account.clear();
    let again = sandbox.run(&["diff", "--exit-code"]);
    assert_eq!(again.code, Some(0), "{}: {}{}", row.0, again.out, again.err);
    let calls = sandbox.account.calls().len();
    assert!(calls <= 60, "{}: {calls} calls", row.0);
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(lacking(&sandbox), [""; 0], "{}", row.0);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
    let left = Cloud::of(&sandbox.account).inventory();
    let theirs = |one: &&String| !one.contains("/their/log") && !one.starts_with("bucket ");
    assert_eq!(left.iter().filter(theirs).collect::<Vec<_>>(), [""; 0], "{}", row.0);
}

/// The rule takes the events of this bucket alone.
fn names_the_bucket(cloud: &Cloud, bucket: &str) {
    let rule = cloud.run(cloud.aws.events.describe_rule().name("bucket-events-events").send()).unwrap();
    let pattern: serde_json::Value = serde_json::from_str(rule.event_pattern().unwrap()).unwrap();
    assert_eq!(pattern["detail"]["bucket"]["name"], serde_json::json!([bucket]));
}

#[test]
fn every_source_is_up_unchanged_and_gone() {
    for row in ROWS {
        up_and_down(row);
    }
}

/// The source changes its kind and its name: nothing of the old one is left.
#[test]
fn another_source_leaves_nothing_of_the_first() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let of = |name: &str| spec(ROWS.iter().find(|row| row.0 == name).unwrap(), "");
    let rename = |text: String| text.split_once('\n').map(|(_, rest)| format!("name: source\n{rest}")).unwrap();
    let sandbox = sandbox(&endpoint, &rename(of("topic")));
    sandbox.converge();
    for next in ["topic-queue", "events", "schedule", "events-stream", "iot", "schedule-queue", "topic"] {
        sandbox.write(&rename(of(next)));
        sandbox.pipe(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        in_sync(&sandbox, next);
    }
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(Cloud::of(&sandbox.account).inventory(), [""; 0]);
}

const TOPIC: &str = "name: orders\nsource: { topic: { name: Orders } }\nconsumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";

#[test]
fn topic() {
    chain_of(
        TOPIC,
        Kind::MiniStack,
        "200000000301",
        "edits_topic",
        &[
            ("a filter", "{ name: Orders }", "{ name: Orders, filter: { kind: [order] } }"),
            ("of the body", "[order] } }", "[order] }, filter_on: body }"),
            ("no filter", ", filter: { kind: [order] }, filter_on: body", ""),
            ("retries", "stream-to-table }", "stream-to-table, failures: { retries: 0, max_age_minutes: 5 } }"),
            ("a key of SNS's", "name: Orders", "name: Orders, encryption: aws_managed"),
            ("none", ", encryption: aws_managed", ""),
            ("another topic", "name: Orders", "name: Other"),
            ("no dlq", "dlq: { queue: {} }\n", ""),
        ],
    );
}
