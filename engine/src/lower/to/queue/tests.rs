//! The templates as they are deployed, rendered by the engine of the local gateway, with values of a hostile client.

use std::collections::BTreeMap;

use pipe_local::template::{Params, Rendered, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::JSON;
use super::*;

const URL: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/jobs.fifo";

fn run(template: &str, body: &str, params: &Params) -> Rendered {
    let context = json!({ "extendedRequestId": "JKJaXmPLvHcESHA=", "requestId": "r" });
    let scope = Scope { body, params, context: &context, stage_variables: &BTreeMap::new() };
    Template::parse(template).unwrap().render(&scope).unwrap()
}

/// The call that a template makes: an object with these members alone.
#[track_caller]
fn call(order: Option<Order<'_>>, body: &str, params: &Params) -> Value {
    let text = run(&request(URL, order, &[]), body, params).text;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn header(name: &str) -> PartitionKey {
    PartitionKey::Header(name.into())
}

const HOSTILE: [&str; 10] = [
    "{\"a\": 'b'}",
    "it's \\' \\\\' ''",
    "\", \"MessageGroupId\": \"theirs",
    "a&MessageBody=b%20+c",
    "\n}\r\t\u{2028}",
    "$context.stage #set($group = 5) ${q}",
    "</\u{e9}\u{20ac}\u{1f600}\u{7f}",
    "<a>&amp;</a>",
    "\\u0041\\",
    "$0$1\\$",
];

#[test]
fn a_body_is_the_message_to_the_last_character() {
    for body in HOSTILE {
        let wanted = json!({ "QueueUrl": URL, "MessageBody": body });
        assert_eq!(call(None, body, &Params::default()), wanted);
    }
    assert_eq!(call(None, "", &Params::default())["MessageBody"], "{}", "as API Gateway has an empty body");
}

#[test]
fn a_group_and_an_id_come_from_where_the_spec_says() {
    let (group, id, random) = (PartitionKey::Body("user.id".into()), header("X-Id"), PartitionKey::Random);
    for value in HOSTILE {
        let params = Params { header: vec![("x-ID".to_owned(), value.to_owned())], ..Params::default() };
        let body = json!({ "user": { "id": 7 } }).to_string();
        let wanted = json!({
            "QueueUrl": URL, "MessageBody": body, "MessageGroupId": "7", "MessageDeduplicationId": value,
        });
        assert_eq!(call(Some(Order { group: &group, once: &id }), &body, &params), wanted);
        let made = call(Some(Order { group: &id, once: &random }), "{}", &params);
        assert_eq!(
            (&made["MessageGroupId"], &made["MessageDeduplicationId"]),
            (&json!(value), &json!("JKJaXmPLvHcESHA="))
        );
    }
    let none = call(Some(Order { group: &id, once: &random }), "{}", &Params::default());
    assert_eq!(none["MessageGroupId"], "", "SQS refuses it");
}

proptest! {
    #[test]
    fn no_client_adds_a_member_or_changes_a_character(body in "\\PC{1,60}", value in "[\\PC\"'\\\\$#{}\n\t]{1,40}") {
        let (group, id) = (PartitionKey::Query("g".into()), header("X-Id"));
        let params = Params {
            header: vec![("X-Id".to_owned(), value.clone())],
            querystring: vec![("g".to_owned(), value.clone())],
            ..Params::default()
        };
        let wanted = json!({
            "QueueUrl": URL, "MessageBody": body, "MessageGroupId": value, "MessageDeduplicationId": value,
        });
        prop_assert_eq!(call(Some(Order { group: &group, once: &id }), &body, &params), wanted);
    }
}

/// The status and the body of the answer to what SQS says.
fn answered(order: Option<Order<'_>>, status: &str, said: &Value) -> (Option<u16>, Value) {
    let template = responses(order).remove(status).unwrap().templates.remove(JSON).unwrap();
    let rendered = run(&template, &said.to_string(), &Params::default());
    (rendered.overrides.response_status, serde_json::from_str(&rendered.text).unwrap())
}

#[test]
fn each_refusal_has_a_status_of_its_own() {
    let (group, id) = (header("X-G"), header("X-Id"));
    let fifo = Some(Order { group: &group, once: &id });
    let told = |kind: &str, message: &str| {
        let (status, body) = answered(fifo, "400", &json!({ "__type": kind, "message": message }));
        assert!(body["message"].is_string(), "{body}");
        status
    };
    let invalid = "com.amazonaws.sqs#InvalidParameterValueException";
    let long = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";
    let rows = [
        ("com.amazonaws.sqs#RequestThrottled", "Rate exceeded", 429),
        ("com.amazonaws.sqs#KmsThrottled", "", 429),
        ("com.amazonaws.sqs#KmsAccessDenied", "", 502),
        ("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.", 404),
        ("com.amazon.coral.service#AccessDeniedException", "User: arn is not authorized", 404),
        ("com.amazonaws.sqs#InvalidMessageContents", "Invalid characters found", 400),
        (invalid, long, 413),
        ("com.amazonaws.sqs#MissingParameter", "The request must contain the parameter MessageGroupId.", 400),
        (invalid, "Value  for parameter MessageDeduplicationId is invalid.", 400),
        (invalid, "Something else", 502),
        ("com.amazonaws.sqs#InternalFailure", "message size", 502),
        ("", "", 502),
    ];
    for (kind, message, status) in rows {
        assert_eq!(told(kind, message), Some(status), "{kind} {message}");
    }
}

#[test]
fn a_taken_message_is_told_by_its_id() {
    let said = json!({ "MessageId": "m", "MD5OfMessageBody": "x", "SequenceNumber": "18" });
    assert_eq!(answered(None, "200", &said), (None, json!({ "MessageId": "m" })));
    let random = PartitionKey::Random;
    let fifo = Some(Order { group: &random, once: &random });
    assert_eq!(answered(fifo, "200", &said).1, json!({ "MessageId": "m", "SequenceNumber": "18" }));
}

#[test]
fn a_route_calls_the_pipelines_own_queue_alone() {
    let text = "name: demo\nsource: { api: { throttle: off, routes: [{ post: /a, auth: none, message_group: header.X-G }] } }\n\
                stream: { queue: { name: jobs, fifo: true } }\n";
    let loaded = crate::spec::parse("p.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
    let (place, codes) = (crate::aws::mocked::place(), crate::bundle::Codes::unbuilt());
    let lowering = Lowering::of(&loaded, &place, &codes);
    let made = to(&lowering, &loaded.spec.api().unwrap().routes[0]);
    let integration = made.integration;
    assert_eq!(integration.uri, "arn:aws:apigateway:eu-central-1:sqs:path/111122223333/jobs.fifo");
    assert_eq!(integration.parameters["integration.request.header.X-Amz-Target"], "'AmazonSQS.SendMessage'");
    assert!(integration.templates[JSON].contains(&format!("\"QueueUrl\": \"{URL}\"")));
    assert_eq!(made.statements[0]["Resource"], json!(["arn:aws:sqs:eu-central-1:111122223333:jobs.fifo"]));
    let patterns: Vec<_> =
        integration.responses.iter().map(|(status, one)| (status.as_str(), one.pattern.as_str())).collect();
    assert_eq!(patterns, [("200", "200"), ("400", r"4\d{2}"), ("502", "")]);
}
