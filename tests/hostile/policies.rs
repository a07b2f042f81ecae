//! Every policy, statement by statement, as a spec of these sections may have it: the only wildcards are those written here.

mod sources;

use std::collections::{BTreeMap, BTreeSet};

use pipe::spec::{Authorizer, Spec, Statement, TableAction, To};
use serde_json::{Value, json};

use crate::hostile::walk::place;

/// Checks the policies of one resource.
pub fn check(spec: &Spec, id: &str, desired: &Value) {
    match id {
        "consumer-role" => {
            let own = spec.function().map_or(0, |function| function.statements.len());
            role(spec, desired, "lambda", consumer(spec), own);
        }
        "authorizer-role" => role(spec, desired, "lambda", authorizer(spec), 0),
        "api-role" => role(spec, desired, "apigateway", api(spec), own(spec)),
        "dlq" => {
            let statement = json!({
                "Sid": "TlsOnly", "Effect": "Deny", "Principal": { "AWS": ["*"] }, "Action": ["sqs:*"],
                "Resource": [arn("sqs", &spec.queue_name())],
                "Condition": { "Bool": { "aws:SecureTransport": ["false"] } },
            });
            let mut statements = vec![statement];
            // What a source cannot deliver.
            let sender = sources::sender(spec);
            statements.extend(sender.map(|(service, from)| {
                json!({
                    "Sid": format!("pipe-{}-source", spec.name), "Effect": "Allow",
                    "Principal": { "Service": [service] }, "Action": ["sqs:SendMessage"],
                    "Resource": [arn("sqs", &spec.queue_name())],
                    "Condition": { "ArnEquals": { "aws:SourceArn": [from] } },
                })
            }));
            assert_eq!(desired["policy"], document(statements));
        }
        "source-role" => sources::role(spec, desired),
        id if id.starts_with("jwt-role.") => role(spec, desired, "lambda", jwt(spec, &id["jwt-role.".len()..]), 0),
        other => assert!(desired.get("policies").is_none(), "{other} has policies that nobody checks"),
    }
}

/// `own`: how many statements of the user's own there are, which have no Sid and say what they like.
fn role(spec: &Spec, desired: &Value, service: &str, mut statements: Vec<Value>, own: usize) {
    let service = format!("{service}.amazonaws.com");
    let trust = json!({ "Effect": "Allow", "Principal": { "Service": [service] }, "Action": ["sts:AssumeRole"] });
    assert_eq!(desired["trust"], document(vec![trust]));
    let mut policies = desired["policies"].clone();
    let by_sid = |statement: &Value| statement["Sid"].to_string();
    let all = policies["pipe"]["Statement"].as_array_mut().unwrap();
    all.sort_by_key(by_sid);
    let before = all.len();
    all.retain(|statement| statement.get("Sid").is_some());
    assert_eq!(before - all.len(), own);
    if spec.network.is_some() {
        // What every function in a network has; its resources are known where it is.
        let joins = |statement: &Value| ["JoinNetwork", "NotByCode"].iter().any(|sid| statement["Sid"] == *sid);
        all.retain(|statement| !joins(statement));
    }
    statements.sort_by_key(by_sid);
    assert_eq!(policies, json!({ "pipe": document(statements) }));
    assert_eq!(desired["path"], format!("/pipe/{}/{}/", spec.name, place().region));
    assert_eq!(desired["permissions_boundary"], spec.permissions_boundary.clone().unwrap_or_default());
    assert_eq!(desired["managed"], json!([]));
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(sid: &str, actions: &[&str], resource: &str) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [resource] })
}

fn arn(service: &str, resource: &str) -> String {
    // Were one of these in a name, the text below would be as wide as the policy, and nobody would see it.
    assert!(!resource.contains(['*', '?', '$', '"', '\\', '\n']), "{resource}");
    format!("arn:aws:{service}:eu-west-1:123456789012:{resource}")
}

fn consumer(spec: &Spec) -> Vec<Value> {
    let function = spec.function().unwrap();
    let read = ["DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"];
    let read = read.map(|action| format!("kinesis:{action}"));
    let mut statements = Vec::new();
    if spec.table_changes().is_some() {
        let streams = arn("dynamodb", &format!("table/{}/stream/", spec.stream_name())) + "*";
        let read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
        statements.push(allow("ReadStream", &read, &streams));
        statements.push(allow("ListStreams", &["dynamodb:ListStreams"], "*"));
    }
    if spec.kinesis().is_some() {
        let stream = arn("kinesis", &format!("stream/{}", spec.stream_name()));
        statements.push(allow("ReadStream", &read.each_ref().map(String::as_str), &stream));
        statements.push(allow("ListStreams", &["kinesis:ListStreams"], "*"));
        if function.fan_out {
            let own = format!("{stream}/consumer/{}-consumer:", spec.name) + "*";
            statements.push(allow("ReadAlone", &["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"], &own));
        }
    }
    if spec.table().is_some() {
        let all = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
        let deletes = spec.target().is_some_and(|target| target.deletes);
        let actions = match (function.is_bundled(), deletes) {
            (true, false) => &all[2..3],
            (true, true) => &all[1..3],
            (false, _) => &all[..],
        };
        statements.push(allow("WriteTable", actions, &arn("dynamodb", &format!("table/{}", spec.table_name()))));
    }
    if spec.fed_queue().is_some() {
        let read = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
        statements.push(allow("ReadQueue", &read, &arn("sqs", &spec.fed_queue_name())));
    } else if spec.queue().is_some() {
        // Of a queue's messages SQS itself moves those that fail.
        statements.push(allow("SendToDlq", &["sqs:SendMessage"], &arn("sqs", &spec.queue_name())));
    }
    statements.extend(lambda(&spec.consumer_name(), spec.traces_consumer()));
    statements
}

fn authorizer(spec: &Spec) -> Vec<Value> {
    let secret = match spec.existing_secret() {
        // What Secrets Manager calls it; in the account of these tests there is none, and the plan refuses.
        Some(_) => pipe::resource::output_of("secret", "arn"),
        None => format!("{}-??????", arn("secretsmanager", &format!("secret:{}", spec.secret_name()))),
    };
    let mut statements = vec![allow("ReadSecret", &["secretsmanager:GetSecretValue"], &secret)];
    assert!(!secret.contains('*'), "{secret}");
    statements.extend(lambda(&spec.authorizer_name(), spec.api().unwrap().xray));
    statements
}

/// What every function may do: write its log, and be traced.
fn lambda(name: &str, xray: bool) -> Vec<Value> {
    let group = arn("logs", &format!("log-group:/aws/lambda/{name}"));
    let write = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let resources = [group.clone(), format!("{group}:*")];
    let mut statements = vec![json!({ "Sid": "WriteLogs", "Effect": "Allow", "Action": write, "Resource": resources })];
    if xray {
        statements.push(allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"));
    }
    statements
}

/// How many different statements of the user's own the API has.
fn own(spec: &Spec) -> usize {
    let mut all: Vec<&Statement> = Vec::new();
    for route in &spec.api().unwrap().routes {
        let Some(To::Aws(call)) = &route.to else { continue };
        for statement in &call.statements {
            if !all.contains(&statement) {
                all.push(statement);
            }
        }
    }
    all.len()
}

/// What calls of the table need: one statement for each action, on the table and on the indexes that are read.
fn table(spec: &Spec) -> Vec<Value> {
    let mut actions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for route in &spec.api().unwrap().routes {
        let Some(To::Table(call)) = spec.to(route) else { continue };
        let action = match call.action() {
            TableAction::Put(_) => "PutItem",
            TableAction::Get(_) => "GetItem",
            TableAction::Query(_) => "Query",
            TableAction::Scan(_) => "Scan",
            TableAction::Update(_) => "UpdateItem",
            TableAction::Delete(_) => "DeleteItem",
        };
        let table = arn("dynamodb", &format!("table/{}", spec.called_table_name(route)));
        let on = call.action().index().map_or(table.clone(), |index| format!("{table}/index/{index}"));
        actions.entry(action).or_default().insert(on);
    }
    let statement = |(action, on): (&str, BTreeSet<String>)| json!({ "Sid": action, "Effect": "Allow", "Action": [format!("dynamodb:{action}")], "Resource": on });
    actions.into_iter().map(statement).collect()
}

fn api(spec: &Spec) -> Vec<Value> {
    let stream = arn("kinesis", &format!("stream/{}", spec.stream_name()));
    let mut statements = table(spec);
    if spec.api().unwrap().routes.iter().any(|route| spec.calls_stream(route)) {
        statements.push(match spec.fed_queue() {
            Some(_) => allow("SendMessages", &["sqs:SendMessage"], &arn("sqs", &spec.fed_queue_name())),
            None => allow("PutRecords", &["kinesis:PutRecord"], &stream),
        });
    }
    if spec.answered().next().is_some() {
        let function = arn("lambda", &format!("function:{}", spec.consumer_name()));
        statements.push(allow("Invoke", &["lambda:InvokeFunction"], &function));
    }
    for (name, authorizer) in spec.authorizers() {
        let (sid, function) = match authorizer {
            Authorizer::Basic(_) => ("Authorize".to_owned(), spec.authorizer_name()),
            Authorizer::Jwt(_) => (format!("Authorize{name}"), format!("{}-jwt-{name}", spec.name)),
            Authorizer::ApiKey(_) if spec.counts_users() => {
                (format!("Authorize{name}"), format!("{}-jwt-{name}", spec.name))
            }
            Authorizer::ApiKey(_) | Authorizer::Cognito(_) | Authorizer::Iam(_) => continue,
        };
        let function = arn("lambda", &format!("function:{function}"));
        statements.push(allow(&sid, &["lambda:InvokeFunction"], &function));
    }
    statements
}

/// The authorizer of tokens with this name, or what hands on keys.
fn jwt(spec: &Spec, name: &str) -> Vec<Value> {
    let mut statements = Vec::new();
    if let Some((_, jwt)) = spec.jwts().find(|(known, _)| *known == name) {
        let key = |plan: &String| {
            format!(
                "arn:aws:apigateway:eu-west-1::/apikeys/{}",
                pipe::resource::output_of(&format!("key.{plan}"), "id")
            )
        };
        let keys: BTreeSet<String> = jwt.plan_by_group.values().map(key).collect();
        if !keys.is_empty() {
            let statement =
                json!({ "Sid": "ReadKeys", "Effect": "Allow", "Action": ["apigateway:GET"], "Resource": keys });
            statements.push(statement);
        }
    }
    statements.extend(lambda(&format!("{}-jwt-{name}", spec.name), spec.api().unwrap().xray));
    statements
}
