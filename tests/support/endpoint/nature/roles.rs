//! Roles that IAM knows and other services do not yet, or not with their policies.

use super::Exchange;
use super::ledger::{Ledger, Spell};
use super::subject::{Kind, Subject, function_name};
use crate::endpoint::message::Answer;
use crate::endpoint::upstream::Lost;

const NOT_ASSUMABLE: &str = "The role defined for the function cannot be assumed by Lambda.";
const NO_LOGGING: &str = "The role ARN does not have required permissions configured. Please grant trust permission for \
                          API Gateway and add the required role policy.";

/// The refusal of a call that needs a role which has not reached its service.
pub async fn refuse(exchange: &Exchange<'_>) -> Result<Option<Answer>, Lost> {
    let input = exchange.request.json();
    match (exchange.call.service.as_str(), exchange.call.operation.as_str()) {
        ("lambda", "CreateFunction" | "UpdateFunctionConfiguration") => {
            let role = input["Role"].as_str().map(|arn| Subject::role(exchange.call, arn));
            let unknown = role.is_some_and(|role| exchange.ledger(|ledger| ledger.is(&role, Spell::Unassumable)));
            Ok(unknown.then(|| exchange.error(400, "InvalidParameterValueException", NOT_ASSUMABLE)))
        }
        ("lambda", "CreateEventSourceMapping" | "UpdateEventSourceMapping") => mapping(exchange).await,
        ("apigateway", "UpdateAccount") => {
            let roles = input["patchOperations"].as_array().into_iter().flatten();
            let mut roles = roles.filter_map(|patch| Some(Subject::role(exchange.call, patch["value"].as_str()?)));
            let unknown = |ledger: &mut Ledger| {
                roles.any(|role| ledger.is(&role, Spell::Unassumable) || ledger.is(&role, Spell::Unpermitted))
            };
            Ok(exchange.ledger(unknown).then(|| exchange.error(400, "BadRequestException", NO_LOGGING)))
        }
        _ => Ok(None),
    }
}

/// A mapping is made and changed with its function's role, which must be able to read the source.
async fn mapping(exchange: &Exchange<'_>) -> Result<Option<Answer>, Lost> {
    let mut input = exchange.request.json();
    if exchange.call.operation == "UpdateEventSourceMapping" {
        let there = exchange.inner.get(exchange.request.path()).await?.json();
        input["EventSourceArn"] = there["EventSourceArn"].clone();
        if input["FunctionName"].is_null() {
            input["FunctionName"] = there["FunctionArn"].clone();
        }
    }
    let source = input["EventSourceArn"].as_str().unwrap_or_default();
    let function = function_name(input["FunctionName"].as_str().unwrap_or_default());
    if let Some(refusal) = unseen_source(exchange, source) {
        return Ok(Some(refusal));
    }
    let path = format!("/2015-03-31/functions/{function}/configuration");
    let configuration = exchange.inner.get(&path).await?.json();
    let Some(role) = configuration["Role"].as_str().map(|arn| Subject::role(exchange.call, arn)) else {
        return Ok(None);
    };
    let refused = |text: &str| Ok(Some(exchange.error(400, "InvalidParameterValueException", text)));
    if exchange.ledger(|ledger| ledger.is(&role, Spell::Unassumable)) {
        return refused(NOT_ASSUMABLE);
    }
    if exchange.ledger(|ledger| ledger.is(&role, Spell::Unpermitted)) {
        return refused(&not_permitted(source));
    }
    Ok(None)
}

/// A stream that reads do not find yet is not there for Lambda either; nor is one that is being made.
fn unseen_source(exchange: &Exchange<'_>, source: &str) -> Option<Answer> {
    let (_, name) = source.split_once(":stream/")?;
    let stream = Subject::new(exchange.call, Kind::Stream, name);
    let there = |ledger: &mut Ledger| !ledger.is(&stream, Spell::Unseen) && !ledger.is(&stream, Spell::Creating);
    let text = format!("Stream not found: {source}");
    (!exchange.ledger(there)).then(|| exchange.error(400, "InvalidParameterValueException", &text))
}

fn not_permitted(source: &str) -> String {
    let actions = match source.split(':').nth(2) {
        Some("sqs") => {
            return "The function execution role does not have permissions to call ReceiveMessage on SQS".to_owned();
        }
        Some("dynamodb") => "GetRecords, GetShardIterator, DescribeStream, and ListStreams",
        _ => "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams",
    };
    format!(
        "Cannot access stream {source}. Please ensure the role can perform the {actions} Actions on your stream in IAM."
    )
}

/// Notes what a call that took effect changed of a role.
pub fn note(exchange: &Exchange<'_>) {
    if exchange.call.service != "iam" {
        return;
    }
    let Some(role) = Subject::of(exchange.call, exchange.request) else {
        return;
    };
    let times = &exchange.nature.roles;
    exchange.ledger(|ledger| match exchange.call.operation.as_str() {
        "CreateRole" | "UpdateAssumeRolePolicy" => ledger.begin(&role, Spell::Unassumable, times.assumable),
        "PutRolePolicy" | "AttachRolePolicy" => ledger.begin(&role, Spell::Unpermitted, times.permitted),
        _ => {}
    });
}
