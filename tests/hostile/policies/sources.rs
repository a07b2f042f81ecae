//! Who sends for a source, and as which role.

use pipe::spec::{Bus, Source, Spec, Stream, Via};
use serde_json::{Value, json};

use super::{allow, arn, document};

/// The service that brings to the dlq what it cannot deliver, and what it acts for.
pub fn sender(spec: &Spec) -> Option<(&'static str, String)> {
    let on_bus = |bus: &str| {
        let bus = if bus == "default" { String::new() } else { format!("{bus}/") };
        ("events.amazonaws.com", arn("events", &format!("rule/{bus}{}", spec.rule_name())))
    };
    match spec.source.as_ref()? {
        Source::Topic(_) => Some(("sns.amazonaws.com", arn("sns", &spec.topic_name()))),
        Source::Bucket(bucket) => (bucket.way() == Via::Events).then(|| on_bus("default")),
        Source::Events(events) => Some(on_bus(match &events.bus {
            Some(Bus::Own(name)) => name,
            Some(Bus::Existing(existing)) => existing.name(),
            None => "default",
        })),
        _ => None,
    }
}

/// A role of a source may send to what is next alone, and to the dlq where no policy lets its service in.
pub fn role(spec: &Spec, desired: &Value) {
    let group = |name: &str| arn("logs", &format!("log-group:{name}"));
    let (service, from, brings) = match spec.source.as_ref().unwrap() {
        Source::Schedule(_) => {
            let group = arn("scheduler", &format!("schedule-group/{}", spec.schedule_name()));
            ("scheduler.amazonaws.com", group, true)
        }
        Source::Iot(_) => ("iot.amazonaws.com", arn("iot", &format!("rule/{}", spec.iot_rule_name())), true),
        Source::Logs(logs) => ("logs.amazonaws.com", group(&logs.group), false),
        _ => {
            let (service, from) = sender(spec).unwrap();
            (service, from, false)
        }
    };
    let any = matches!(spec.source, Some(Source::Logs(_))).then(|| format!("{from}:*"));
    let froms: Vec<String> = std::iter::once(from).chain(any).collect();
    let trust = json!({
        "Effect": "Allow", "Principal": { "Service": [service] }, "Action": ["sts:AssumeRole"],
        "Condition": { "ArnEquals": { "aws:SourceArn": froms }, "StringEquals": { "aws:SourceAccount": ["123456789012"] } },
    });
    assert_eq!(desired["trust"], document(vec![trust]));
    let dead = (brings && spec.dlq.is_some())
        .then(|| allow("DeadLetters", &["sqs:SendMessage"], &arn("sqs", &spec.queue_name())));
    let mut statements: Vec<Value> = dead.into_iter().chain(deliver(spec)).collect();
    statements.sort_by_key(Value::to_string);
    let mut given = desired["policies"]["pipe"]["Statement"].as_array().unwrap().clone();
    given.sort_by_key(Value::to_string);
    assert_eq!(given, statements);
}

/// What the role sends to; nothing where what receives lets the service in by its policy.
fn deliver(spec: &Spec) -> Option<Value> {
    let stream = || arn("kinesis", &format!("stream/{}", spec.stream_name()));
    match (spec.source.as_ref()?, &spec.stream) {
        (Source::Logs(logs), _) => {
            let resources = [arn("logs", &format!("log-group:{}", logs.group)), stream()];
            let mut both: Vec<&String> = resources.iter().collect();
            both.sort();
            Some(json!({ "Sid": "Deliver", "Effect": "Allow", "Action": ["kinesis:PutRecord"], "Resource": both }))
        }
        (Source::Iot(_), None) => None,
        (_, Some(Stream::Kinesis(_))) => {
            Some(allow("Deliver", &["kinesis:PutRecord", "kinesis:PutRecords"], &stream()))
        }
        (_, Some(_)) => Some(allow("Deliver", &["sqs:SendMessage"], &arn("sqs", &spec.fed_queue_name()))),
        (_, None) => {
            let function = arn("lambda", &format!("function:{}", spec.consumer_name()));
            Some(allow("Deliver", &["lambda:InvokeFunction"], &function))
        }
    }
}
