//! The templates that the deployer writes, with values of a hostile client.
//!
//! They stand here as `engine/src/lower/api/templates.rs` makes them: a change there is to be followed here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

const NAMED: &str = "\"StreamName\": \"events\"";
const IN_PATH: &str =
    r#""StreamName": "$util.escapeJavaScript($input.params().path.get('streamName')).replaceAll("\\'", "'")""#;
const RANDOM: &str = "$context.extendedRequestId";
const FROM_PATH: &str = r#"$util.escapeJavaScript($input.params().path.get('id')).replaceAll("\\'", "'")"#;
const FROM_KEY: &str = r#"$util.escapeJavaScript($key).replaceAll("\\'", "'")"#;
const QUERY: &str = "#set($key = \"$!input.params().querystring.get('key')\")\n";
const HEADER: &str = "#set($key = \"\")\n#set($headers = $input.params().header)\n#foreach($name in $headers.keySet())\n\
    #if($name.equalsIgnoreCase(\"X-Key\"))\n#set($key = $headers.get($name))\n#end\n#end\n";
const BODY: &str = "#set($key = \"$!input.path('$.user.id')\")\n";

fn request(before: &str, stream: &str, key: &str) -> Template {
    let data = "$util.base64Encode($input.body)";
    let text = format!("{before}{{\n  {stream},\n  \"Data\": \"{data}\",\n  \"PartitionKey\": \"{key}\"\n}}\n");
    Template::parse(&text).unwrap()
}

fn run(template: &Template, body: &str, params: &Params) -> Rendered {
    let context = json!({ "extendedRequestId": "JKJaXmPLvHcESHA=", "requestId": "r" });
    template.render(&Scope { body, params, context: &context, stage_variables: &BTreeMap::new() }).unwrap()
}

/// The call that a template makes: the stream and the key. The text must be an object with these members, each once.
#[track_caller]
fn call(template: &Template, body: &str, params: &Params) -> (String, String) {
    let text = run(template, body, params).text;
    let value: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    // Whether a map keeps the order of its members is for the whole workspace to choose.
    names.sort_unstable();
    assert_eq!(names, ["Data", "PartitionKey", "StreamName"], "{text}");
    let once = |name: &str| text.lines().filter(|line| line.trim_start().starts_with(&format!("\"{name}\":"))).count();
    assert_eq!([once("Data"), once("PartitionKey"), once("StreamName"), text.lines().count()], [1, 1, 1, 5], "{text}");
    let member = |name: &str| value[name].as_str().unwrap().to_owned();
    let expected = if body.is_empty() { "{}" } else { body };
    assert_eq!(STANDARD.decode(member("Data")).unwrap(), expected.as_bytes());
    (member("StreamName"), member("PartitionKey"))
}

fn one(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

const HOSTILE: [&str; 14] = [
    "plain",
    "",
    "'",
    "\"",
    "\\",
    "\\'",
    "\\\"",
    "\", \"Data\": \"eA==",
    "\n}\u{2028}",
    "$context.stage #set($key = 5)",
    "it's \\' \\\\' ''",
    "</é€😀\u{7f}\u{0}",
    "$0$1\\$",
    "{\"a\": 'b'}",
];

#[track_caller]
fn all_routes(value: &str, body: &str) {
    let events = |key: &str| ("events".to_owned(), key.to_owned());
    let params = Params { path: one("id", value), ..Params::default() };
    assert_eq!(call(&request("", NAMED, FROM_PATH), body, &params), events(value));
    let params = Params { path: one("streamName", value), ..Params::default() };
    let id = "JKJaXmPLvHcESHA=".to_owned();
    assert_eq!(call(&request("", IN_PATH, RANDOM), body, &params), (value.to_owned(), id));
    let params = Params { querystring: one("key", value), ..Params::default() };
    assert_eq!(call(&request(QUERY, NAMED, FROM_KEY), body, &params), events(value));
    let other = ("other".to_owned(), "none".to_owned());
    let params =
        Params { header: [vec![other.clone()], one("x-KEY", value), vec![other]].concat(), ..Params::default() };
    assert_eq!(call(&request(HEADER, NAMED, FROM_KEY), body, &params), events(value));
    let inner = json!({ "user": { "id": value } }).to_string();
    assert_eq!(call(&request(BODY, NAMED, FROM_KEY), &inner, &Params::default()), events(value));
}

#[test]
fn no_client_value_leaves_its_place() {
    for value in HOSTILE {
        all_routes(value, value);
    }
}

#[test]
fn no_value_is_an_empty_key_and_a_number_is_javas_text() {
    let none = Params::default();
    for before in [QUERY, HEADER, BODY] {
        assert_eq!(call(&request(before, NAMED, FROM_KEY), "", &none).1, "");
    }
    for (body, key) in [
        (r#"{"user": {"id": 12345678901234567890}}"#, "12345678901234567890"),
        (r#"{"user": {"id": 1.50}}"#, "1.5"),
        (r#"{"user": {"id": null}}"#, ""),
        (r#"{"user": "x"}"#, ""),
        (r#"{"user": {"id": {"a": "\"'"}}}"#, "{a=\"'}"),
        ("no json", ""),
    ] {
        assert_eq!(call(&request(BODY, NAMED, FROM_KEY), body, &none).1, key, "{body}");
    }
}

#[test]
fn what_kinesis_took_is_told() {
    let template = "{\"SequenceNumber\":$input.json('$.SequenceNumber'),\"ShardId\":$input.json('$.ShardId')}\n";
    let body = r#"{"SequenceNumber":"4966","ShardId":"shardId-000000000000","EncryptionType":"KMS"}"#;
    let made = run(&Template::parse(template).unwrap(), body, &Params::default());
    assert_eq!(made.text, "{\"SequenceNumber\":\"4966\",\"ShardId\":\"shardId-000000000000\"}\n");
    assert_eq!(made.overrides, Overrides::default());
}

const CASES: [(&str, u16, &str); 6] = [
    (
        r#"$type.contains("ProvisionedThroughputExceeded") || $type.contains("Throttling") || $type.contains("LimitExceeded")"#,
        429,
        "Too many records for the stream: try again later",
    ),
    (r#"$type.contains("KMS")"#, 502, "The stream did not take the record"),
    (r#"$type.contains("AccessDenied") || $type.contains("ResourceNotFound")"#, 404, "No such stream"),
    (
        r#"$type.contains("Validation") && $text.contains("'partitionKey'")"#,
        400,
        "The partition key must have 1 to 256 characters",
    ),
    (
        r#"$type.contains("Validation") && $text.contains("'data'")"#,
        413,
        "The body is too large for a record of the stream",
    ),
    (r#"$type.contains("Validation") && $text.contains("'streamName'")"#, 404, "No such stream"),
];

fn refusal() -> Template {
    let answer = |status: u16, message: &str| {
        format!("#set($context.responseOverride.status = {status})\n{}\n", json!({ "message": message }))
    };
    let mut text =
        "#set($type = \"$!input.path('$.__type')\")\n#set($text = \"$!input.path('$.message')\")\n".to_owned();
    for (at, (condition, status, message)) in CASES.iter().enumerate() {
        let word = if at == 0 { "#if" } else { "#elseif" };
        text.push_str(&format!("{word}({condition})\n{}", answer(*status, message)));
    }
    Template::parse(&(text + "#else\n" + &answer(502, "The stream did not take the record") + "#end\n")).unwrap()
}

#[track_caller]
fn refused(body: &str) -> (u16, String) {
    let made = run(&refusal(), body, &Params::default());
    let value: Json = serde_json::from_str(&made.text).unwrap_or_else(|error| panic!("{error}: {}", made.text));
    assert_eq!(value.as_object().unwrap().len(), 1);
    (made.overrides.response_status.unwrap(), value["message"].as_str().unwrap().to_owned())
}

#[test]
fn why_kinesis_refused_is_told_in_our_own_words() {
    let constraint = |member: &str| {
        let message = format!(
            "1 validation error detected: Value '' at '{member}' failed to satisfy constraint: Member must have length"
        );
        json!({ "__type": "ValidationException", "message": message }).to_string()
    };
    let kind = |kind: &str| json!({ "__type": kind, "message": "User: arn:aws:sts::1:x" }).to_string();
    for (body, status) in [
        (kind("ProvisionedThroughputExceededException"), 429),
        (kind("KMSThrottlingException"), 429),
        (kind("KMSAccessDeniedException"), 502),
        (kind("AccessDeniedException"), 404),
        (kind("com.amazonaws.kinesis#ResourceNotFoundException"), 404),
        (constraint("partitionKey"), 400),
        (constraint("data"), 413),
        (constraint("streamName"), 404),
        (constraint("other"), 502),
        (kind("InternalFailure"), 502),
        (String::new(), 502),
        ("<html>".to_owned(), 502),
        ("[1]".to_owned(), 502),
        (r#"{"__type": {"a": 1}, "message": null}"#.to_owned(), 502),
    ] {
        let (found, message) = refused(&body);
        assert_eq!(found, status, "{body}");
        assert!(!message.contains("arn:"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_client_value_stays_in_its_place(value in "\\PC*|[\\x00-\\x7f]*|(['\"\\\\$#{}/\n]|\\\\')*", body in ".*") {
        all_routes(&value, &body);
    }

    #[test]
    fn any_refusal_is_one_of_our_own(kind in "\\PC*|.*Validation.*|(\\\\|\"|')*", message in "\\PC*|('data'|'partitionKey'|\"|\n)*") {
        let (status, message) = refused(&json!({ "__type": kind, "message": message }).to_string());
        let known = CASES.iter().any(|(_, known, text)| *known == status && *text == message);
        prop_assert!(known || status == 502);
    }
}
