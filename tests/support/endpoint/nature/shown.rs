//! Answers that show a state: as it is by the ledger, where the emulator is already done.

use serde_json::{Map, Value, json};

use super::Exchange;
use super::ledger::Spell;
use super::states::upper;
use super::subject::{Kind, Subject};
use crate::endpoint::message::Answer;

/// Operations whose answers show states, where in the answer the resource or the list of them is, and of which kind.
static SHOWN: &[(&str, &[&str], &str, Kind)] = &[
    ("kinesis", &["DescribeStream"], "/StreamDescription", Kind::Stream),
    ("kinesis", &["DescribeStreamSummary"], "/StreamDescriptionSummary", Kind::Stream),
    ("kinesis", &["ListStreams"], "/StreamSummaries", Kind::Stream),
    ("dynamodb", &["DescribeTable"], "/Table", Kind::Table),
    ("dynamodb", &["CreateTable", "UpdateTable", "DeleteTable"], "/TableDescription", Kind::Table),
    ("lambda", &["GetFunction"], "/Configuration", Kind::Function),
    (
        "lambda",
        &["CreateFunction", "GetFunctionConfiguration", "UpdateFunctionCode", "UpdateFunctionConfiguration"],
        "",
        Kind::Function,
    ),
    ("lambda", &["ListEventSourceMappings"], "/EventSourceMappings", Kind::Mapping),
    (
        "lambda",
        &["CreateEventSourceMapping", "GetEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping"],
        "",
        Kind::Mapping,
    ),
];

/// The member that names a resource in answers.
pub fn name_member(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "StreamName",
        Kind::Table => "TableName",
        Kind::Function => "FunctionName",
        Kind::LogGroup => "logGroupName",
        Kind::Mapping => "UUID",
        Kind::Role | Kind::Queue | Kind::Api => "",
    }
}

/// The answer with the states as they are.
pub fn show(exchange: &Exchange<'_>, answer: Answer) -> Answer {
    let (service, operation) = (exchange.call.service.as_str(), exchange.call.operation.as_str());
    let shown = SHOWN.iter().find(|(of, operations, ..)| *of == service && operations.contains(&operation));
    let (Some((_, _, pointer, kind)), true) = (shown, answer.is_success()) else {
        return answer;
    };
    let mut body = answer.json();
    match body.pointer_mut(pointer) {
        Some(Value::Array(list)) => {
            list.iter_mut().filter_map(Value::as_object_mut).for_each(|one| set(exchange, *kind, one));
        }
        Some(Value::Object(one)) => set(exchange, *kind, one),
        _ => return answer,
    }
    answer.with_json(&body)
}

fn set(exchange: &Exchange<'_>, kind: Kind, resource: &mut Map<String, Value>) {
    let name = resource.get(name_member(kind)).and_then(Value::as_str).unwrap_or_default();
    let subject = Subject::new(exchange.call, kind, name);
    let state = exchange.ledger(|ledger| ledger.state(&subject));
    match (kind, state) {
        (Kind::Stream, Some(state)) => drop(resource.insert("StreamStatus".into(), upper(state).into())),
        (Kind::Table, Some(state)) => drop(resource.insert("TableStatus".into(), upper(state).into())),
        (Kind::Mapping, Some(state)) => drop(resource.insert("State".into(), format!("{state:?}").into())),
        (Kind::Function, state) if !exchange.nature.states.functions.creating.is_zero() => function(resource, state),
        _ => {}
    }
}

/// A function is Pending while it is made, and Active while it is updated; MiniStack is
/// Pending for both, for a time of its own.
fn function(resource: &mut Map<String, Value>, state: Option<Spell>) {
    const WHY: [(&str, &str); 2] = [("Reason", "The function is being created."), ("ReasonCode", "Creating")];
    for member in ["State", "LastUpdateStatus"] {
        let failed = resource.get(member).is_some_and(|state| state == "Failed");
        if failed {
            return;
        }
        WHY.iter().for_each(|(part, _)| drop(resource.remove(&format!("{member}{part}"))));
    }
    let (state, update, why) = match state {
        Some(Spell::Creating) => ("Pending", None, Some("State")),
        Some(_) => ("Active", Some("InProgress"), Some("LastUpdateStatus")),
        None => ("Active", Some("Successful"), None),
    };
    resource.insert("State".into(), state.into());
    resource.remove("LastUpdateStatus");
    resource.extend(update.map(|update| ("LastUpdateStatus".to_owned(), json!(update))));
    if let Some(member) = why {
        resource.extend(WHY.iter().map(|(part, text)| (format!("{member}{part}"), json!(text))));
    }
}
