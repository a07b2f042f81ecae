//! Reads that show the tags from before a change [AWS's reference of dynamodb:TagResource; others by analogy].

use serde_json::{Value, json};

use super::{Exchange, ago};
use crate::endpoint::message::Answer;
use crate::endpoint::tags::{TagMap, arn};

/// Reads of tags, the answer's member that they are in, and how they are spelled there.
static READS: &[(&str, &str, &str, Spelled)] = &[
    ("kinesis", "ListTagsForStream", "Tags", Spelled::Pairs),
    ("dynamodb", "ListTagsOfResource", "Tags", Spelled::Pairs),
    ("secretsmanager", "DescribeSecret", "Tags", Spelled::Pairs),
    ("lambda", "ListTags", "Tags", Spelled::Object),
    ("lambda", "GetFunction", "Tags", Spelled::Object),
    ("sqs", "ListQueueTags", "Tags", Spelled::Object),
    ("logs", "ListTagsForResource", "tags", Spelled::Object),
    ("apigateway", "GetTags", "tags", Spelled::Object),
];

#[derive(Clone, Copy)]
enum Spelled {
    Pairs,
    Object,
}

/// The answer with the tags as they were before changes that are too fresh.
pub fn show(exchange: &Exchange<'_>, answer: Answer) -> Answer {
    let (call, operation) = (exchange.call, exchange.call.operation.as_str());
    let read = READS.iter().find(|(service, read, ..)| *service == call.service && *read == operation);
    let (Some((_, _, member, spelled)), true) = (read, answer.is_success()) else {
        return answer;
    };
    if exchange.nature.old_tags.is_zero() {
        return answer;
    }
    let mut body = answer.json();
    let Some(arn) = arn_of(exchange, &body) else {
        return answer;
    };
    let Some(old) = exchange.memory.tags().before(&call.account, &arn, ago(exchange.nature.old_tags)) else {
        return answer;
    };
    body[*member] = spell(*spelled, &old);
    answer.with_json(&body)
}

fn spell(spelled: Spelled, tags: &TagMap) -> Value {
    match spelled {
        Spelled::Object => json!(tags),
        Spelled::Pairs => tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect(),
    }
}

fn arn_of(exchange: &Exchange<'_>, answer: &Value) -> Option<String> {
    let (call, input) = (exchange.call, exchange.request.json());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (call.service.as_str(), call.operation.as_str()) {
        ("kinesis", _) => {
            let by_name = || Some(arn(call, "kinesis", &format!("stream/{}", input["StreamName"].as_str()?)));
            text(&input["StreamARN"]).or_else(by_name)
        }
        ("dynamodb", _) => text(&input["ResourceArn"]),
        ("secretsmanager", _) => text(&answer["ARN"]),
        ("lambda", "GetFunction") => text(&answer["Configuration"]["FunctionArn"]),
        ("sqs", _) => Some(arn(call, "sqs", input["QueueUrl"].as_str()?.rsplit('/').next()?)),
        ("logs", _) => Some(input["resourceArn"].as_str()?.trim_end_matches(":*").to_owned()),
        _ => exchange.request.segments().pop(),
    }
}
