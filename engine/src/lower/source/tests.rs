//! Who may send: for every way from a source to what is next, all that lets it in, and nothing more.

use std::path::Path;

use serde_json::Value;

use crate::aws::mocked::place;
use crate::aws::policy::texts;
use crate::bundle::Codes;
use crate::kinds::permission::Permission;
use crate::kinds::queue::Queue;
use crate::kinds::role::Role;
use crate::lower::lower;
use crate::lower::source::ROLE;
use crate::resource::Resource;

/// A source, what receives, and who may do what: `here` stands for the region and the account.
type Way = (&'static str, &'static str, &'static [&'static str]);

const KINESIS: &str = "stream: { kinesis: {} }\n";
const QUEUE: &str = "stream: { queue: {} }\n";

const WAYS: &[Way] = &[
    (
        "topic: {}",
        "",
        &[
            "dlq: sqs:SendMessage sns.amazonaws.com sqs:here:demo-dlq aws:SourceArn=sns:here:demo-topic",
            "permission: sns.amazonaws.com sns:here:demo-topic",
        ],
    ),
    (
        "topic: {}",
        QUEUE,
        &[
            "dlq: sqs:SendMessage sns.amazonaws.com sqs:here:demo-dlq aws:SourceArn=sns:here:demo-topic",
            "stream: sqs:SendMessage sns.amazonaws.com sqs:here:demo-queue aws:SourceArn=sns:here:demo-topic",
        ],
    ),
    ("bucket: { name: uploads }", "", &["permission: s3.amazonaws.com s3:::uploads 111122223333"]),
    (
        "bucket: { name: uploads }",
        QUEUE,
        &[
            "stream: sqs:SendMessage s3.amazonaws.com sqs:here:demo-queue aws:SourceArn=s3:::uploads aws:SourceAccount=111122223333",
        ],
    ),
    (
        "bucket: { name: uploads, via: events }",
        "",
        &[
            "dlq: sqs:SendMessage events.amazonaws.com sqs:here:demo-dlq aws:SourceArn=events:here:rule/demo-events",
            "permission: events.amazonaws.com events:here:rule/demo-events",
        ],
    ),
    (
        "bucket: { name: uploads, via: events }",
        QUEUE,
        &[
            "dlq: sqs:SendMessage events.amazonaws.com sqs:here:demo-dlq aws:SourceArn=events:here:rule/demo-events",
            "stream: sqs:SendMessage events.amazonaws.com sqs:here:demo-queue aws:SourceArn=events:here:rule/demo-events",
        ],
    ),
    (
        "events: { bus: shop, match: { source: [shop] } }",
        "",
        &[
            "dlq: sqs:SendMessage events.amazonaws.com sqs:here:demo-dlq aws:SourceArn=events:here:rule/shop/demo-events",
            "permission: events.amazonaws.com events:here:rule/shop/demo-events",
        ],
    ),
    (
        "events: { bus: shop, match: { source: [shop] } }",
        KINESIS,
        &[
            "dlq: sqs:SendMessage events.amazonaws.com sqs:here:demo-dlq aws:SourceArn=events:here:rule/shop/demo-events",
            "source-role: kinesis:PutRecord,kinesis:PutRecords kinesis:here:stream/demo-stream",
            "source-role: sts:AssumeRole events.amazonaws.com aws:SourceArn=events:here:rule/shop/demo-events aws:SourceAccount=111122223333",
        ],
    ),
    (
        "events: { match: { source: [shop] } }",
        QUEUE,
        &[
            "dlq: sqs:SendMessage events.amazonaws.com sqs:here:demo-dlq aws:SourceArn=events:here:rule/demo-events",
            "stream: sqs:SendMessage events.amazonaws.com sqs:here:demo-queue aws:SourceArn=events:here:rule/demo-events",
        ],
    ),
    (
        "schedule: rate(1 hour)",
        "",
        &[
            "source-role: lambda:InvokeFunction lambda:here:function:demo-consumer",
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sts:AssumeRole scheduler.amazonaws.com aws:SourceArn=scheduler:here:schedule-group/demo-schedule aws:SourceAccount=111122223333",
        ],
    ),
    (
        "schedule: rate(1 hour)",
        KINESIS,
        &[
            "source-role: kinesis:PutRecord,kinesis:PutRecords kinesis:here:stream/demo-stream",
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sts:AssumeRole scheduler.amazonaws.com aws:SourceArn=scheduler:here:schedule-group/demo-schedule aws:SourceAccount=111122223333",
        ],
    ),
    (
        "schedule: rate(1 hour)",
        QUEUE,
        &[
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sqs:SendMessage sqs:here:demo-queue",
            "source-role: sts:AssumeRole scheduler.amazonaws.com aws:SourceArn=scheduler:here:schedule-group/demo-schedule aws:SourceAccount=111122223333",
        ],
    ),
    ("logs: { group: /shop }", "", &["permission: logs.amazonaws.com logs:here:log-group:/shop:*"]),
    (
        "logs: { group: /shop }",
        KINESIS,
        &[
            "source-role: kinesis:PutRecord kinesis:here:stream/demo-stream,logs:here:log-group:/shop",
            "source-role: sts:AssumeRole logs.amazonaws.com aws:SourceArn=logs:here:log-group:/shop,logs:here:log-group:/shop:* aws:SourceAccount=111122223333",
        ],
    ),
    (
        "iot: { topic: a/b }",
        "",
        &[
            "permission: iot.amazonaws.com iot:here:rule/demo_events",
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sts:AssumeRole iot.amazonaws.com aws:SourceArn=iot:here:rule/demo_events aws:SourceAccount=111122223333",
        ],
    ),
    (
        "iot: { topic: a/b }",
        KINESIS,
        &[
            "source-role: kinesis:PutRecord,kinesis:PutRecords kinesis:here:stream/demo-stream",
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sts:AssumeRole iot.amazonaws.com aws:SourceArn=iot:here:rule/demo_events aws:SourceAccount=111122223333",
        ],
    ),
    (
        "iot: { topic: a/b }",
        QUEUE,
        &[
            "source-role: sqs:SendMessage sqs:here:demo-dlq",
            "source-role: sqs:SendMessage sqs:here:demo-queue",
            "source-role: sts:AssumeRole iot.amazonaws.com aws:SourceArn=iot:here:rule/demo_events aws:SourceAccount=111122223333",
        ],
    ),
    (
        "alexa: { skill: amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f }",
        "",
        &["permission: alexa-appkit.amazon.com amzn1.ask.skill.0d8e21a5-3c4b-4f6a-9e7d-1a2b3c4d5e6f"],
    ),
];

/// All statements that let a source in, one line each.
fn let_in(source: &str, stream: &str) -> Vec<String> {
    let dlq = if source.starts_with("alexa") { "" } else { "dlq: { queue: {} }\n" };
    let text = format!(
        "name: demo\nsource: {{ {source} }}\n{stream}consumer: {{ function: {{ handler: my-handler, timeout_seconds: 8 }} }}\n{dlq}"
    );
    let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new("../tests/specs/good"))
        .unwrap_or_else(|why| panic!("{why}"));
    let graph = lower(&loaded, &place(), &Codes::unbuilt()).unwrap();
    let mut lines = Vec::new();
    for node in graph.nodes() {
        let (id, desired) = (node.id.as_str(), &node.desired);
        let statements = |policy: &Value| policy["Statement"].as_array().cloned().unwrap_or_default();
        match node.kind.name {
            Permission::KIND => {
                let shown = ["principal", "source_arn", "source_account", "token"]
                    .map(|key| desired[key].as_str().unwrap_or_default());
                lines.push(format!(
                    "{id}: {}",
                    shown.iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(" ")
                ));
            }
            Queue::KIND => lines.extend(statements(&desired["policy"]).iter().filter_map(|one| allowed(id, one))),
            Role::KIND if id == ROLE => {
                lines.extend(statements(&desired["trust"]).iter().filter_map(|one| allowed(id, one)));
                let policies = desired["policies"].as_object().into_iter().flatten();
                lines.extend(policies.flat_map(|(_, policy)| statements(policy)).filter_map(|one| allowed(id, &one)));
            }
            _ => {}
        }
    }
    lines.sort();
    lines.into_iter().map(|line| line.replace("arn:aws:", "").replace("eu-central-1:111122223333", "here")).collect()
}

/// Who may do what, to what and for whom, by a statement that allows.
fn allowed(id: &str, statement: &Value) -> Option<String> {
    let list = |value: &Value| match value.as_str() {
        Some(one) => one.to_owned(),
        None => texts(value).collect::<Vec<_>>().join(","),
    };
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    let keys = conditions.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    let conditions: Vec<String> = keys.map(|(key, value)| format!("{key}={}", list(value))).collect();
    let parts = [list(&statement["Action"]), list(&statement["Principal"]["Service"]), list(&statement["Resource"])];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).chain(conditions).collect();
    (statement["Effect"] == "Allow").then(|| format!("{id}: {}", parts.join(" ")))
}

#[test]
fn each_way_lets_in_its_own_source_alone() {
    for (source, stream, expected) in WAYS {
        assert_eq!(let_in(source, stream), *expected, "{source} {stream}");
    }
}

#[test]
fn what_is_said_of_a_topic_and_a_schedule_is_what_aws_gets() {
    let desired = |source: &str, id: &str| {
        let text = format!(
            "name: demo\nsource: {{ {source} }}\nconsumer: {{ function: {{ handler: my-handler }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new("../tests/specs/good"));
        let graph = lower(&loaded.unwrap_or_else(|why| panic!("{why}")), &place(), &Codes::unbuilt()).unwrap();
        graph.node(id).unwrap().desired.clone()
    };
    assert_eq!(desired("topic: {}", "topic").get("kms_key"), None);
    assert_eq!(desired("topic: { encryption: aws_managed }", "topic")["kms_key"], "alias/aws/sns");
    let every =
        |minutes: u32| desired(&format!("schedule: {{ every_minutes: {minutes} }}"), "schedule")["expression"].clone();
    assert_eq!([every(1), every(5)], ["rate(1 minute)", "rate(5 minutes)"]);
    let timed = desired("schedule: { rate: 1 hour, input: { at: 'of {time}', all: ['{time}', 1] } }", "schedule");
    let input: Value = serde_json::from_str(timed["input"].as_str().unwrap()).unwrap();
    let time = "<aws.scheduler.scheduled-time>";
    assert_eq!(input, serde_json::json!({ "at": format!("of {time}"), "all": [time, 1] }));
}
