//! The API of the main pipeline over HTTP: what it takes becomes a row, what it refuses is refused as AWS does.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::client::{Answer, Client, JSON};
use super::dev::{Dev, MAIN, TABLE, wait};

const EVENT: &str = "/submit/GatewayEventsStream/e1";
const LOG: &str = "/aws/apigateway/gateway-events-api";
/// The most that a record of the stream holds, with its key.
const MIB: usize = 1024 * 1024;

#[test]
fn the_main_pipeline_answers_as_on_aws() {
    let mut dev = Dev::new(MAIN);
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    what_is_posted_becomes_a_row(&mut dev, &client, &sdk);
    whoever_is_not_let_in_is_challenged(&client);
    what_is_not_there_is_refused(&client);
    bodies_that_do_not_fit_are_refused(&client);
    the_largest_record_is_a_mebibyte(&client);
    parameters_reach_the_row_as_they_are(&mut dev, &client, &sdk);
    parameters_never_break_the_call(&mut dev, &client, &sdk);
    no_answer_names_roles_or_accounts(&client);
    each_request_has_a_line_in_the_access_log(&mut dev, &client, &sdk);
    nothing_shown_holds_credentials(&mut dev, &client);
}

fn what_is_posted_becomes_a_row(dev: &mut Dev, client: &Client, sdk: &SdkConfig) {
    let answer = client.post(EVENT, r#"{"eventId": "e1", "amount": 1.50, "deep": {"list": [null, true]}}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let taken = answer.json();
    assert_eq!(taken["ShardId"], "shardId-000000000000");
    assert!(taken["SequenceNumber"].as_str().is_some_and(|number| number.parse::<u128>().is_ok()), "{taken}");
    assert_eq!(taken.as_object().unwrap().len(), 2, "{taken}");
    dev.until("the row", |dev| dev.row(sdk, "e1").then_some(()));
    let row = item(sdk, "e1");
    assert_eq!(row["amount"], AttributeValue::N("1.5".into()));
    let list = AttributeValue::L(vec![AttributeValue::Null(true), AttributeValue::Bool(true)]);
    assert_eq!(row["deep"], AttributeValue::M([("list".to_owned(), list)].into()));
}

fn whoever_is_not_let_in_is_challenged(client: &Client) {
    let wrong = ["Basic Z2F0ZXdheS1ldmVudHM6d3Jvbmc=", "Basic %%%", "Bearer x", ""];
    for authorization in wrong.into_iter().map(Some).chain([None]) {
        let header: Vec<(&str, &str)> = authorization.map(|value| ("Authorization", value)).into_iter().collect();
        let answer = client.open(EVENT, &header, "{}");
        assert_eq!(answer.refusal(), (401, "Unauthorized".to_owned()), "{authorization:?}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="gateway-events""#), "{authorization:?}");
    }
    // A header's name has no case, and neither has the scheme's.
    let right = client.authorization().replacen("Basic", "basic", 1);
    assert_eq!(client.open(EVENT, &[("AUTHORIZATION", &right)], r#"{"eventId": "e1"}"#).status, 200);
}

fn what_is_not_there_is_refused(client: &Client) {
    let missing = (403, "Missing Authentication Token".to_owned());
    for path in ["/nope", "", "/", "/submit", "/submit/GatewayEventsStream", "/submit/GatewayEventsStream/e1/more"] {
        assert_eq!(client.post(path, "{}").refusal(), missing, "{path}");
    }
    let authorization = client.authorization();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = client.send(method, EVENT, &[JSON, ("Authorization", &authorization)], b"{}");
        assert_eq!(answer.refusal(), missing, "{method}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    for stream in ["Other", "gatewayeventsstream", "no%20name"] {
        let answer = client.post(&format!("/submit/{stream}/e1"), "{}");
        assert_eq!(answer.refusal(), (404, "No such stream".to_owned()), "{stream}");
    }
}

fn bodies_that_do_not_fit_are_refused(client: &Client) {
    for body in ["{", "[1]", "[]", "\"text\"", "7", "null", "hello", "{\"a\":1}}"] {
        let expected = (400, "The request body must be a JSON object".to_owned());
        assert_eq!(client.post(EVENT, body).refusal(), expected, "{body}");
    }
    let authorization = client.authorization();
    for other in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let headers = [("Content-Type", other), ("Authorization", authorization.as_str())];
        let answer = client.send("POST", EVENT, &headers, br#"{"eventId": "e1"}"#);
        assert_eq!(answer.refusal(), (415, "Unsupported Media Type".to_owned()), "{other}");
    }
    let charset = [("Content-Type", "application/json; charset=utf-8"), ("Authorization", authorization.as_str())];
    assert_eq!(client.send("POST", EVENT, &charset, br#"{"eventId": "e1"}"#).status, 200);
}

/// A record's data and its partition key together; the key is `e1`.
fn the_largest_record_is_a_mebibyte(client: &Client) {
    let body = |length: usize| {
        let (start, end) = (r#"{"eventId": "e1", "x": ""#, "\"}");
        format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
    };
    let too_large = (413, "The body is too large for a record of the stream".to_owned());
    assert_eq!(client.post(EVENT, &body(MIB + 1)).refusal(), too_large);
    assert_eq!(client.post(EVENT, &body(MIB - 2)).status, 200, "it is no row, but it is a record");
    // API Gateway itself takes 10 MB.
    let answer = client.announce(EVENT, 10 * MIB as u64 + 1);
    assert_eq!(answer.refusal(), (413, "Request Too Long".to_owned()));
}

fn parameters_reach_the_row_as_they_are(dev: &mut Dev, client: &Client, sdk: &SdkConfig) {
    let events = [
        "it's",
        "a/b",
        "say \"hi\"",
        "zoë ☃ 🚀",
        "back\\slash",
        "a+b c&d=e?f#g",
        "100%",
        "$context.stage",
        "{}",
        "%2F",
    ];
    for event in events {
        let path = format!("/submit/GatewayEventsStream/{}", utf8_percent_encode(event, NON_ALPHANUMERIC));
        let body = json!({ "eventId": event, "from": "parameters" }).to_string();
        let answer = client.post(&path, &body);
        assert_eq!(answer.status, 200, "{event}: {answer:?}");
        let at = answer.json()["SequenceNumber"].as_str().unwrap().to_owned();
        assert_eq!(key(sdk, &at), event, "the partition key is the parameter");
    }
    for event in events {
        dev.until(event, |dev| dev.row(sdk, event).then_some(()));
        assert_eq!(item(sdk, event)["from"], AttributeValue::S("parameters".into()));
    }
}

fn parameters_never_break_the_call(dev: &mut Dev, client: &Client, sdk: &SdkConfig) {
    // A client that could close the text of the stream's name could put into any stream; one that could close the text of the key
    // could add an explicit hash key.
    let hostile = r#"x", "ExplicitHashKey": "1", "StreamName": "Other"#;
    let encoded = utf8_percent_encode(hostile, NON_ALPHANUMERIC);
    let answer = client.post(&format!("/submit/GatewayEventsStream/{encoded}"), r#"{"eventId": "hostile"}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(key(sdk, answer.json()["SequenceNumber"].as_str().unwrap()), hostile);
    dev.until("the row", |dev| dev.row(sdk, "hostile").then_some(()));
    let name = r#"Other", "StreamName": "GatewayEventsStream"#;
    let answer = client.post(&format!("/submit/{}/e1", utf8_percent_encode(name, NON_ALPHANUMERIC)), "{}");
    assert_eq!(answer.refusal(), (404, "No such stream".to_owned()));

    let why = "The partition key is missing or too long: the path parameter \"eventId\" must have 1 to 256 characters";
    let long = (400, why.to_owned());
    assert_eq!(client.post(&format!("/submit/GatewayEventsStream/{}", "e".repeat(300)), "{}").refusal(), long);
    let whole = format!("/submit/GatewayEventsStream/{}", "e".repeat(256));
    assert_eq!(client.post(&whole, r#"{"eventId": "long"}"#).status, 200);
    dev.until("the row", |dev| dev.row(sdk, "long").then_some(()));
}

fn no_answer_names_roles_or_accounts(client: &Client) {
    for answer in client.answers.lock().unwrap().iter() {
        assert_tells_nothing(answer);
    }
}

/// An answer is for strangers, too.
pub fn assert_tells_nothing(answer: &Answer) {
    let text = format!("{answer:?}").replace("shardId-000000000000", "");
    for told in ["arn:", "000000000000", "gateway-events-api", "assumed-role", "Exception: "] {
        assert!(!text.contains(told), "`{told}` in {text}");
    }
}

fn each_request_has_a_line_in_the_access_log(dev: &mut Dev, client: &Client, sdk: &SdkConfig) {
    let mut expected: Vec<String> =
        client.answers.lock().unwrap().iter().map(|answer| answer.status.to_string()).collect();
    expected.sort();
    let lines = dev.until("the access log", |_| {
        let lines = log(sdk);
        (lines.len() >= expected.len()).then_some(lines)
    });
    let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut statuses: Vec<&str> = parsed.iter().map(|line| line["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, expected);
    let ids: std::collections::BTreeSet<&str> =
        parsed.iter().filter_map(|line| line["extendedRequestId"].as_str()).collect();
    assert_eq!(ids.len(), lines.len(), "each request has an id of its own");
    let taken = parsed.iter().find(|line| line["status"] == "200").unwrap();
    assert_eq!((&taken["method"], &taken["integrationStatus"]), (&json!("POST"), &json!("200")), "{taken}");
    assert_eq!(taken["resourcePath"], "/submit/{streamName}/{eventId}");
    let (username, password) = client.credentials.split_once(':').unwrap();
    for line in lines {
        for secret in [password, &client.authorization()[6..], &format!("{username}:")] {
            assert!(!line.contains(secret), "credentials in {line}");
        }
    }
}

fn nothing_shown_holds_credentials(dev: &mut Dev, client: &Client) {
    let said = dev.until("what was answered", |dev| {
        Some(dev.said()).filter(|said| said.contains("401 POST") && said.contains("200 POST"))
    });
    let (_, password) = client.credentials.split_once(':').unwrap();
    assert!(password.len() == 32 && !said.contains(password), "the password was shown");
    assert!(!said.contains(&client.authorization()[6..]), "the credentials were shown");
}

fn item(sdk: &SdkConfig, event: &str) -> std::collections::HashMap<String, AttributeValue> {
    let table = aws_sdk_dynamodb::Client::new(sdk);
    let get = table.get_item().table_name(TABLE).key("eventId", AttributeValue::S(event.to_owned()));
    wait(get.consistent_read(true).send()).unwrap().item.unwrap()
}

/// The partition key of the record with this number.
pub fn key(sdk: &SdkConfig, number: &str) -> String {
    let kinesis = aws_sdk_kinesis::Client::new(sdk);
    let from = kinesis.get_shard_iterator().stream_name(super::dev::STREAM).shard_id("shardId-000000000000");
    let from = from.shard_iterator_type(aws_sdk_kinesis::types::ShardIteratorType::AtSequenceNumber);
    let from = wait(from.starting_sequence_number(number).send()).unwrap();
    let got = wait(kinesis.get_records().shard_iterator(from.shard_iterator().unwrap()).limit(1).send()).unwrap();
    let record = &got.records()[0];
    assert_eq!(record.sequence_number(), number);
    record.partition_key().unwrap().to_owned()
}

/// The lines of the access log.
fn log(sdk: &SdkConfig) -> Vec<String> {
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    let pages = logs.filter_log_events().log_group_name(LOG).into_paginator().send();
    let pages: Result<Vec<_>, _> = wait(pages.collect());
    // Before the first request is written, the group has no streams.
    let events = pages.unwrap_or_default().into_iter().flat_map(|page| page.events.unwrap_or_default());
    events.filter_map(|event| event.message).collect()
}
