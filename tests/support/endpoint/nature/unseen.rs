//! Reads that miss what was just made.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Exchange;
use super::ledger::Spell;
use super::settings::Unseen;
use super::shown::name_member;
use super::subject::{Kind, Subject};
use crate::endpoint::message::Answer;

/// The operations that make something which reads then miss.
static MAKERS: &[(&str, &str)] = &[
    ("iam", "CreateRole"),
    ("kinesis", "CreateStream"),
    ("dynamodb", "CreateTable"),
    ("lambda", "CreateFunction"),
    ("lambda", "CreateEventSourceMapping"),
    ("sqs", "CreateQueue"),
    ("logs", "CreateLogGroup"),
];

/// Lists that lack it: the operation, where the list is, and what is in it.
static LISTS: &[(&str, &str, &str, Kind)] = &[
    ("kinesis", "ListStreams", "/StreamSummaries", Kind::Stream),
    ("lambda", "ListFunctions", "/Functions", Kind::Function),
    ("lambda", "ListEventSourceMappings", "/EventSourceMappings", Kind::Mapping),
    ("logs", "DescribeLogGroups", "/logGroups", Kind::LogGroup),
];

/// Tags of a table, which nobody finds until the table is ACTIVE (measured by the ack-api-quirks project, 2026-10).
const TAGS_OF_TABLES: [&str; 3] = ["TagResource", "UntagResource", "ListTagsOfResource"];

fn lasting(unseen: &Unseen, kind: Kind) -> Duration {
    match kind {
        Kind::Role => unseen.roles,
        Kind::Stream => unseen.streams,
        Kind::Table => unseen.tables,
        Kind::Function => unseen.functions,
        Kind::Mapping => unseen.mappings,
        Kind::Queue => unseen.queues,
        Kind::LogGroup => unseen.log_groups,
        Kind::Api => Duration::ZERO,
    }
}

/// Notes that a call which took effect made something.
pub fn note(exchange: &Exchange<'_>, answer: &Answer) {
    if !MAKERS.contains(&(exchange.call.service.as_str(), exchange.call.operation.as_str())) {
        return;
    }
    if let Some(subject) = Subject::changed(exchange.call, exchange.request, answer) {
        let lasting = lasting(&exchange.nature.unseen, subject.kind);
        exchange.ledger(|ledger| ledger.begin(&subject, Spell::Unseen, lasting));
    }
}

/// The "not found" of a read that misses what is there.
pub fn refuse(exchange: &Exchange<'_>) -> Option<Answer> {
    let (call, operation) = (exchange.call, exchange.call.operation.as_str());
    let subject = Subject::of(call, exchange.request)?;
    let name = &subject.name;
    if subject.kind == Kind::Table && TAGS_OF_TABLES.contains(&operation) {
        let arn = exchange.request.json()["ResourceArn"].as_str().unwrap_or_default().to_owned();
        let creating = exchange.ledger(|ledger| ledger.is(&subject, Spell::Creating));
        let text = format!("Requested resource not found: ResourceArn: {arn} not found");
        return creating.then(|| exchange.error(400, "ResourceNotFoundException", &text));
    }
    let listed = LISTS.iter().any(|(service, list, ..)| *service == call.service && *list == operation);
    if call.write || listed || !exchange.ledger(|ledger| ledger.is(&subject, Spell::Unseen)) {
        return None;
    }
    let (status, code, text) = match subject.kind {
        Kind::Role => (404, "NoSuchEntity", format!("The role with name {name} cannot be found.")),
        Kind::Stream => {
            (400, "ResourceNotFoundException", format!("Stream {name} under account {} not found.", call.account))
        }
        Kind::Table => {
            (400, "ResourceNotFoundException", format!("Requested resource not found: Table: {name} not found"))
        }
        Kind::Function => {
            let arn = format!("arn:aws:lambda:{}:{}:function:{name}", call.region, call.account);
            (404, "ResourceNotFoundException", format!("Function not found: {arn}"))
        }
        Kind::Queue => return Some(Answer::queue_error("QueueDoesNotExist", "The specified queue does not exist.")),
        Kind::LogGroup => (400, "ResourceNotFoundException", "The specified log group does not exist.".to_owned()),
        Kind::Mapping | Kind::Api => {
            (404, "ResourceNotFoundException", "The resource you requested does not exist.".to_owned())
        }
    };
    Some(exchange.error(status, code, &text))
}

/// A list without what it misses.
pub fn leave_out(exchange: &Exchange<'_>, answer: Answer) -> Answer {
    let (call, operation) = (exchange.call, exchange.call.operation.as_str());
    if call.service == "iam" && operation == "ListRoles" {
        return without_roles(exchange, answer);
    }
    let list = LISTS.iter().find(|(service, list, ..)| *service == call.service && *list == operation);
    let Some((_, _, pointer, kind)) = list else {
        return answer;
    };
    let unseen = exchange.ledger(|ledger| ledger.names(*kind, &call.region, Spell::Unseen));
    let mut body = answer.json();
    let Some(Value::Array(list)) = body.pointer_mut(pointer) else {
        return answer;
    };
    list.retain(|one| one[name_member(*kind)].as_str().is_none_or(|name| !unseen.iter().any(|of| of == name)));
    answer.with_json(&body)
}

fn without_roles(exchange: &Exchange<'_>, answer: Answer) -> Answer {
    let unseen = exchange.ledger(|ledger| ledger.names(Kind::Role, "", Spell::Unseen));
    let mut text = String::from_utf8_lossy(&answer.body).into_owned();
    for name in unseen {
        if let Some((start, end)) = member_of(&text, &format!("<RoleName>{name}</RoleName>")) {
            text.replace_range(start..end, "");
        }
    }
    Answer { body: Bytes::from(text), ..answer }
}

/// Where in an XML list the member is that holds this text. Members hold lists, such as tags, of their own.
fn member_of(list: &str, text: &str) -> Option<(usize, usize)> {
    const OPEN: &str = "<member>";
    const CLOSE: &str = "</member>";
    let start = list[..list.find(text)?].rfind(OPEN)?;
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        let close = at + list[at..].find(CLOSE)?;
        match list[at..close].find(OPEN) {
            Some(open) => {
                depth += 1;
                at += open + OPEN.len();
            }
            None => {
                depth -= 1;
                at = close + CLOSE.len();
            }
        }
        if depth == 0 {
            return Some((start, at));
        }
    }
}
