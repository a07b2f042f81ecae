//! What the main pipeline does not use: open routes, other bodies, other partition keys, a throttle, a stream that refuses.

use pipe_test_support::{Account, Emulator, Endpoint, Kind, Rule};
use serde_json::{Value, json};

use super::client::Client;
use super::dev::{Dev, MAIN};
use super::http::{assert_tells_nothing, key};

const ROUTES: &str = "
name: routes
source:
  api:
    throttle: { rate_per_second: 500, burst: 500 }
    routes:
      - { post: /closed }
      - { post: /any, auth: none, body: any, partition_key: query.k }
      - { post: /order, auth: none, body: { schema: order.json }, partition_key: header.X-Customer }
      - { post: /body, auth: none, partition_key: body.customer.id }
auth: { basic: {} }
stream: { kinesis: { name: GatewayEventsStream } }
consumer: { function: { handler: stream-to-table } }
sink: { table: { name: EventTable, partition_key: eventId } }
dlq: { queue: { name: LambdaDeadLetterQueue } }
";
const ORDER: &str = r#"{
  "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["eventId", "amount"],
  "properties": { "eventId": { "type": "string" }, "amount": { "type": "number", "minimum": 1 } }
}"#;

#[test]
fn routes_have_bodies_and_partition_keys_of_their_own() {
    let mut dev = Dev::start(ROUTES, None, |folder| std::fs::write(folder.join("order.json"), ORDER).unwrap());
    let client = Client::of(&dev);
    assert_eq!(client.open("/closed", &[], "{}").status, 401, "a route that does not say `none` is guarded");
    assert_eq!(client.post("/closed", "{}").status, 200);
    any_body_is_taken_byte_for_byte(&mut dev, &client);
    a_schema_is_checked(&client);
    keys_come_from_query_header_and_body(&mut dev, &client);
    an_edited_throttle_refuses_what_is_too_much(&mut dev, &client);
    client.answers.lock().unwrap().iter().for_each(assert_tells_nothing);
}

fn any_body_is_taken_byte_for_byte(dev: &mut Dev, client: &Client) {
    let bodies = ["{", " [1,\t2] ", "hello \"'\\ ☃"];
    for body in bodies {
        assert_eq!(client.open("/any?k=x", &[], body).status, 200, "{body}");
    }
    let text = client.send("POST", "/any?k=x", &[("Content-Type", "text/plain")], b"hello");
    assert_eq!(text.status, 415, "any body, but not any type");
    dev.until("three dead letters", |dev| (dev.count("LambdaDeadLetterQueue: ") >= 3).then_some(()));
    let lines = dev.pipe(&["dlq", "ls", "--json"]);
    let letters = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids: Vec<String> = letters.filter_map(|letter| Some(letter["letter"]["id"].as_str()?.to_owned())).collect();
    let payload = |id: &String| serde_json::from_str::<Value>(&dev.pipe(&["dlq", "show", id, "--json"])).unwrap();
    let payloads: Vec<Value> = ids.iter().map(|id| payload(id)["letter"]["payload"]["text"].clone()).collect();
    for body in bodies {
        assert!(payloads.contains(&json!(body)), "{body} is not in {payloads:?}");
    }
}

fn a_schema_is_checked(client: &Client) {
    let customer = [("X-Customer", "c1")];
    for body in
        ["{}", r#"{"eventId": "o1"}"#, r#"{"eventId": 1, "amount": 2}"#, r#"{"eventId": "o1", "amount": 0}"#, "["]
    {
        let expected = (400, "The request body does not fit the schema of this route".to_owned());
        assert_eq!(client.open("/order", &customer, body).refusal(), expected, "{body}");
    }
    assert_eq!(client.open("/order", &customer, r#"{"eventId": "o1", "amount": 1.5}"#).status, 200);
}

fn keys_come_from_query_header_and_body(dev: &mut Dev, client: &Client) {
    let sdk = dev.sdk();
    let order = r#"{"eventId": "o2", "amount": 2}"#;
    let taken = [
        (client.open("/any?other=1&k=it%27s%20%22q%22%2B%2F%26+x", &[], "{}"), "it's \"q\"+/& x"),
        (client.open("/order", &[("x-customer", "c\"1\", \"x\": \"'")], order), "c\"1\", \"x\": \"'"),
        (client.open("/body", &[], r#"{"eventId": "b1", "customer": {"id": "zoë \"1\""}}"#), "zoë \"1\""),
        (client.open("/body", &[], r#"{"eventId": "b1", "customer": {"id": 7}}"#), "7"),
    ];
    for (answer, expected) in taken {
        assert_eq!(answer.status, 200, "{expected}: {answer:?}");
        assert_eq!(key(&sdk, answer.json()["SequenceNumber"].as_str().unwrap()), expected);
    }
    let none = |place: &str| {
        (400, format!("The partition key is missing or too long: the {place} must have 1 to 256 characters"))
    };
    assert_eq!(client.open("/any", &[], "{}").refusal(), none("query parameter \"k\""));
    assert_eq!(client.open("/order", &[], order).refusal(), none("header \"X-Customer\""));
    assert_eq!(client.open("/body", &[], r#"{"eventId": "b1"}"#).refusal(), none("body's field \"customer.id\""));
    for event in ["o1", "o2", "b1"] {
        dev.until(event, |dev| dev.row(&sdk, event).then_some(()));
    }
}

fn an_edited_throttle_refuses_what_is_too_much(dev: &mut Dev, client: &Client) {
    let applied = dev.count("Applied in");
    // One in ten seconds, so that the next request comes sooner than the next token.
    dev.edit("rate_per_second: 500, burst: 500", "rate_per_second: 0.1, burst: 1");
    dev.until("the edit", |dev| (dev.count("Applied in") > applied).then_some(()));
    // The bucket may have to fill first.
    dev.until("one that is taken", |_| (client.open("/any?k=x", &[], "{}").status == 200).then_some(()));
    let once_more = |_: &mut Dev| Some(client.open("/any?k=x", &[], "{}")).filter(|answer| answer.status != 200);
    let refused = dev.until("one that is refused", once_more);
    assert_eq!(refused.refusal(), (429, "Too Many Requests".to_owned()));
    assert_eq!(refused.header("x-amzn-errortype"), Some("TooManyRequestsException"));
    dev.until("another one that is taken", |_| (client.open("/any?k=x", &[], "{}").status == 200).then_some(()));
}

#[test]
fn what_the_stream_refuses_is_told_by_status() {
    let emulator = Emulator::shared(Kind::MiniStackWithAuth);
    let endpoint = Endpoint::start(emulator);
    let account = endpoint.account();
    let mut dev = Dev::on(account.clone(), MAIN);
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    let failed = "The stream did not take the record";
    let many = "Too many records for the stream: try again later";
    let cases = [
        (400, "ProvisionedThroughputExceededException", 429, many),
        (400, "KMSThrottlingException", 429, many),
        (400, "LimitExceededException", 429, many),
        (400, "KMSAccessDeniedException", 502, failed),
        (400, "AccessDeniedException", 404, "No such stream"),
        (400, "ResourceNotFoundException", 404, "No such stream"),
        (400, "WhatNobodyForesawException", 502, failed),
        (500, "InternalFailure", 502, failed),
        (503, "ServiceUnavailable", 502, failed),
    ];
    for (status, code, expected, message) in cases {
        let told = format!("role arn:aws:iam::{}:role/gateway-events-api-role may not", account.id());
        let answer = refused(&account, &client, Rule::on("kinesis", "PutRecord").fail(status, code, &told));
        assert_eq!(answer.refusal(), (expected, message.to_owned()), "{code}");
        let text = format!("{answer:?}");
        assert!(!text.contains("arn:") && !text.contains(account.id()) && !text.contains(code), "{text}");
    }
    let lost = refused(&account, &client, Rule::on("kinesis", "PutRecord").reset());
    assert_eq!(lost.refusal(), (504, "Network error communicating with endpoint".to_owned()));
    assert_eq!(client.post("/submit/GatewayEventsStream/e1", r#"{"eventId": "after"}"#).status, 200);
    dev.until("the row", |dev| dev.row(&sdk, "after").then_some(()));
    assert!(!dev.row(&sdk, "e1"), "what was refused is no row");
}

/// The answer while the rule holds, which is then taken back.
fn refused(account: &Account, client: &Client, rule: Rule) -> super::client::Answer {
    let rule = account.set(rule);
    let answer = client.post("/submit/GatewayEventsStream/e1", r#"{"eventId": "e1"}"#);
    assert_eq!(account.fired(rule), 1, "{answer:?}");
    account.clear_rules();
    answer
}
