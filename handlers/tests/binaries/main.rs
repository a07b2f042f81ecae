//! The bootstraps themselves, run as Lambda runs them: environment, Runtime API, AWS calls, log lines.

mod cloud;
mod feeds;
mod jwt;

use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud::{Aws, Function, Request, lambda_environment};
use serde_json::{Value, json};

const AUTHORIZER: &str = env!("CARGO_BIN_EXE_authorizer");
const CONSUMER: &str = env!("CARGO_BIN_EXE_stream-to-table");

fn secret(_operation: &str, body: &Value) -> (u16, Value) {
    assert_eq!(body["SecretId"], "gateway/credentials");
    (200, json!({ "Name": "gateway/credentials", "SecretString": "{\"username\":\"ann\",\"password\":\"hunter2\"}" }))
}

fn no_secret(_operation: &str, _body: &Value) -> (u16, Value) {
    (
        400,
        json!({ "__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret." }),
    )
}

/// Asks an authorizer with these credentials, and returns its answer and everything that it printed.
fn authorize(credentials: Option<&str>, aws: Aws) -> (Vec<Request>, Request, String) {
    let headers = credentials.map(|pair| json!({ "authorization": format!("Basic {}", STANDARD.encode(pair)) }));
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/submit/s/1",
        "headers": headers,
        "multiValueHeaders": null,
        "requestContext": { "stage": "prod" },
    });
    let function = Function::start(AUTHORIZER, &[("PIPE_SECRET", "gateway/credentials")], event, aws);
    let (calls, answer) = function.answer();
    let (lines, err) = function.end();
    assert_eq!(lines.len(), 1);
    (calls, answer, format!("{lines:?}{err}"))
}

#[test]
fn the_authorizer_lets_the_right_credentials_in() {
    let (calls, (path, policy), printed) = authorize(Some("ann:hunter2"), secret);
    assert_eq!(path, "/2018-06-01/runtime/invocation/r1/response");
    assert_eq!(policy["principalId"], "ann");
    let statement = &policy["policyDocument"]["Statement"][0];
    assert_eq!(statement["Resource"], "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/*");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].0, "GetSecretValue");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn wrong_and_missing_credentials_end_as_exactly_unauthorized() {
    for credentials in [Some("ann:wrong-hunter2"), Some("bob:hunter2"), None] {
        let (_, (path, error), printed) = authorize(credentials, secret);
        assert_eq!(path, "/2018-06-01/runtime/invocation/r1/error");
        assert_eq!(error["errorMessage"], "Unauthorized");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn an_unreadable_secret_is_another_error() {
    let (_, (path, error), _) = authorize(Some("ann:hunter2"), no_secret);
    assert!(path.ends_with("/error"));
    assert_eq!(error["errorMessage"], "failed to read the secret: ResourceNotFoundException");
}

/// A table that refuses the item `bad`, and a queue.
fn table(operation: &str, body: &Value) -> (u16, Value) {
    match operation {
        "PutItem" if body["Item"]["id"]["S"] == "bad" => {
            let message = "One or more parameter values were invalid: Type mismatch for key id expected: N actual: S";
            (400, json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": message }))
        }
        "PutItem" => (200, json!({})),
        "SendMessage" => (200, json!({ "MessageId": "1", "MD5OfMessageBody": "0" })),
        other => panic!("unexpected call {other}"),
    }
}

fn record(number: u32, data: &str) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": number.to_string(),
            "data": STANDARD.encode(data), "approximateArrivalTimestamp": 1545084650.987
        },
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": format!("shardId-000000000000:{number}"),
        "eventName": "aws:kinesis:record", "awsRegion": "eu-west-1", "invokeIdentityArn": "arn:aws:iam::1:role/r",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
    })
}

const ENVIRONMENT: [(&str, &str); 4] = [
    ("PIPE_TABLE", "EventTable"),
    ("PIPE_PARTITION_KEY", "id"),
    ("PIPE_SORT_KEY", ""),
    ("PIPE_DLQ_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/dlq"),
];

/// Gives a consumer these records, and returns its AWS calls, its answer and its log lines.
fn consume(environment: &[(&str, &str)], records: &[Value], aws: Aws) -> (Vec<Request>, Request, Vec<Value>) {
    let function = Function::start(CONSUMER, environment, json!({ "Records": records }), aws);
    let (calls, answer) = function.answer();
    let (lines, err) = function.end();
    assert!(!format!("{lines:?}{err}").contains("hunter2"));
    (calls, answer, lines)
}

#[test]
fn the_consumer_writes_items_and_buries_poison() {
    let records = [record(1, "{\"id\":\"a\",\"n\":1.50}"), record(2, "hunter2"), record(3, "{\"id\":\"bad\"}")];
    let (calls, (path, answer), lines) = consume(&ENVIRONMENT, &records, table);
    assert_eq!(path, "/2018-06-01/runtime/invocation/r1/response");
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let bodies = |operation: &str| -> Vec<Value> {
        calls.iter().filter(|call| call.0 == operation).map(|call| call.1.clone()).collect()
    };
    let puts = bodies("PutItem");
    let good = json!({ "TableName": "EventTable", "Item": { "id": { "S": "a" }, "n": { "N": "1.50" } } });
    assert!(puts.contains(&good) && puts.len() == 2, "{puts:?}");
    let sent: Vec<Value> = bodies("SendMessage").iter().map(body_of).collect();
    let reasons: Vec<(&Value, &Value)> = sent.iter().map(|body| (&body["sequenceNumber"], &body["reason"])).collect();
    assert_eq!(reasons, [(&json!("2"), &json!("bad-json")), (&json!("3"), &json!("wrong-key"))]);
    assert_eq!(sent[0]["payload"], STANDARD.encode("hunter2"));
    let batch = lines.last().expect("a line");
    assert_eq!((&batch["RecordsIn"], &batch["RecordsDeadLettered"]), (&json!(3), &json!(2)));
    assert_eq!(batch["FunctionName"], "tested");
}

/// A queue whose answer comes later than the table is given time for one.
fn slow_queue(operation: &str, body: &Value) -> (u16, Value) {
    std::thread::sleep(Duration::from_secs(7));
    table(operation, body)
}

#[test]
fn a_dead_letter_is_sent_once_where_the_answer_is_late() {
    let (calls, (_, answer), lines) = consume(&ENVIRONMENT, &[record(1, "hunter2")], slow_queue);
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(calls.iter().map(|call| call.0.as_str()).collect::<Vec<_>>(), ["SendMessage"]);
    assert_eq!(lines.last().expect("a line")["repeatedCalls"], 0);
}

/// A table whose items are all there.
fn full_table(_operation: &str, _body: &Value) -> (u16, Value) {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    (400, json!({ "__type": code, "message": "The conditional request failed" }))
}

#[test]
fn without_overwriting_the_item_that_is_there_stays() {
    let environment = [&ENVIRONMENT[..], &[("PIPE_OVERWRITE", "false")]].concat();
    let (calls, (_, answer), lines) = consume(&environment, &[record(1, "{\"id\":\"a\"}")], full_table);
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let put = json!({
        "TableName": "EventTable",
        "Item": { "id": { "S": "a" } },
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": { "#key": "id" },
    });
    assert_eq!(calls, [("PutItem".to_owned(), put)]);
    let batch = lines.last().expect("a line");
    assert_eq!((&batch["RecordsWritten"], &batch["alreadyThere"]), (&json!(1), &json!(1)));
}

/// A function of 128 MB handles a batch as large as Lambda sends them, of items as large as DynamoDB takes them, or of none.
#[cfg(target_os = "linux")]
#[test]
fn the_worst_batches_fit_into_the_memory_of_a_small_function() {
    let record =
        |number: u32, values: Vec<&str>| record(number, &format!(r#"{{"id":"{number}","v":[{}]}}"#, values.join(",")));
    let maps: Vec<Value> = (0..10).map(|number| record(number, vec![r#"{"a":1}"#; 51_000])).collect();
    let numbers = vec![record(0, vec!["1"; 2_200_000])];
    for (records, written, most) in [(maps, 10, 100), (numbers, 0, 60)] {
        let function = Function::start(CONSUMER, &ENVIRONMENT, json!({ "Records": records }), table);
        let (calls, (_, answer)) = function.answer();
        let peak = function.peak_kilobytes() / 1024;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        assert_eq!(calls.iter().filter(|call| call.0 == "PutItem").count(), written);
        assert!(peak < most, "{peak} MB");
    }
}

fn body_of(call: &Value) -> Value {
    serde_json::from_str(call["MessageBody"].as_str().expect("a body")).expect("json")
}

#[test]
fn a_missing_variable_is_named_when_the_function_starts() {
    for (bootstrap, variable) in [(AUTHORIZER, "PIPE_SECRET"), (CONSUMER, "PIPE_PARTITION_KEY")] {
        let output = Command::new(bootstrap)
            .env_clear()
            .envs(lambda_environment("127.0.0.1:9"))
            .env("PIPE_TABLE", "EventTable")
            .output()
            .expect("the bootstrap starts");
        assert!(!output.status.success());
        let line: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
        let message = format!("failed to start: the environment variable `{variable}` is missing or empty");
        assert_eq!((&line["message"], &line["level"]), (&json!(message), &json!("ERROR")));
    }
}
