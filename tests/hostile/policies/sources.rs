//! Who sends for a source, and as which role.

use pipe::spec::{Bus, Source, Spec, Stream};
use serde_json::{Value, json};

use super::{allow, arn, document};

/// The service that brings to the dlq what it cannot deliver, and what it acts for.
pub fn sender(spec: &Spec) -> Option<(&'static str, String)> {
    match spec.source.as_ref()? {
        Source::Topic(_) => Some(("sns.amazonaws.com", arn("sns", &spec.topic_name()))),
        Source::Events(events) => {
            let bus = match &events.bus {
                Some(Bus::Own(name)) => format!("{name}/"),
                Some(Bus::Existing(existing)) => format!("{}/", existing.name()),
                None => String::new(),
            };
            let bus = if bus == "default/" { "" } else { &bus };
            Some(("events.amazonaws.com", arn("events", &format!("rule/{bus}{}", spec.rule_name()))))
        }
        _ => None,
    }
}

/// A role of a source may send to what is next alone, and to the dlq where no policy lets its service in.
pub fn role(spec: &Spec, desired: &Value) {
    let (service, from, brings) = match spec.source.as_ref().unwrap() {
        Source::Schedule(_) => {
            let group = arn("scheduler", &format!("schedule-group/{}", spec.schedule_name()));
            ("scheduler.amazonaws.com", group, true)
        }
        _ => {
            let (service, from) = sender(spec).unwrap();
            (service, from, false)
        }
    };
    let trust = json!({
        "Effect": "Allow", "Principal": { "Service": [service] }, "Action": ["sts:AssumeRole"],
        "Condition": { "ArnEquals": { "aws:SourceArn": [from] }, "StringEquals": { "aws:SourceAccount": ["123456789012"] } },
    });
    assert_eq!(desired["trust"], document(vec![trust]));
    let deliver = match &spec.stream {
        Some(Stream::Kinesis(_)) => {
            let stream = arn("kinesis", &format!("stream/{}", spec.stream_name()));
            allow("Deliver", &["kinesis:PutRecord", "kinesis:PutRecords"], &stream)
        }
        Some(_) => allow("Deliver", &["sqs:SendMessage"], &arn("sqs", &spec.fed_queue_name())),
        None => {
            allow("Deliver", &["lambda:InvokeFunction"], &arn("lambda", &format!("function:{}", spec.consumer_name())))
        }
    };
    let dead = brings.then_some(()).filter(|()| spec.dlq.is_some());
    let mut statements: Vec<Value> = dead
        .map(|()| allow("DeadLetters", &["sqs:SendMessage"], &arn("sqs", &spec.queue_name())))
        .into_iter()
        .collect();
    statements.push(deliver);
    assert_eq!(desired["policies"], json!({ "pipe": document(statements) }));
}
