//! The templates as they are deployed, rendered by the engine of the local gateway, with values of a hostile client.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipe_local::template::{Overrides, Params, Rendered, Scope, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::JSON;
use super::*;

/// The gateway's tests serve the templates as they are deployed, from a file of theirs: they know nothing of the deployer.
#[test]
fn the_gateways_tests_have_these_templates() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/src/gateway/tests/templates.json");
    let answers = responses(&PartitionKey::Random).into_iter();
    let mut all: BTreeMap<String, String> =
        answers.map(|(status, mut answer)| (status, answer.templates.remove(JSON).unwrap())).collect();
    all.insert("request".to_owned(), request(Stream::InPath, &PartitionKey::Random, &[]));
    let made = serde_json::to_string_pretty(&all).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), made, "run `UPDATE=1 cargo test -p pipe --lib templates`");
}

fn path() -> PartitionKey {
    PartitionKey::Path("id".into())
}

fn query() -> PartitionKey {
    PartitionKey::Query("key".into())
}

fn header() -> PartitionKey {
    PartitionKey::Header("X-Key".into())
}

fn body() -> PartitionKey {
    PartitionKey::Body("user.id".into())
}

fn named(key: &PartitionKey) -> Template {
    Template::parse(&request(Stream::Named("events"), key, &[])).unwrap()
}

/// As a client writes a value into a path: every byte that is no letter or digit is escaped.
fn in_path(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn run(template: &Template, body: &str, params: &Params) -> Rendered {
    let context = json!({ "extendedRequestId": "JKJaXmPLvHcESHA=", "requestId": "r" });
    template.render(&Scope { body, params, context: &context, stage_variables: &BTreeMap::new() }).unwrap()
}

/// The call that a template makes: the stream and the key. The text must be an object with these members, each once.
#[track_caller]
fn call(template: &Template, body: &str, params: &Params) -> (String, String) {
    let text = run(template, body, params).text;
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
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
fn all_routes(value: &str, sent: &str) {
    let events = |key: &str| ("events".to_owned(), key.to_owned());
    let params = Params { path: one("id", &in_path(value)), ..Params::default() };
    assert_eq!(call(&named(&path()), sent, &params), events(value));
    let params = Params { path: one("streamName", &in_path(value)), ..Params::default() };
    let id = "JKJaXmPLvHcESHA=".to_owned();
    let template = Template::parse(&request(Stream::InPath, &PartitionKey::Random, &[])).unwrap();
    assert_eq!(call(&template, sent, &params), (value.to_owned(), id));
    let params = Params { querystring: one("key", value), ..Params::default() };
    assert_eq!(call(&named(&query()), sent, &params), events(value));
    let other = ("other".to_owned(), "none".to_owned());
    let params =
        Params { header: [vec![other.clone()], one("x-KEY", value), vec![other]].concat(), ..Params::default() };
    assert_eq!(call(&named(&header()), sent, &params), events(value));
    let inner = json!({ "user": { "id": value } }).to_string();
    assert_eq!(call(&named(&body()), &inner, &Params::default()), events(value));
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
    for key in [query(), header(), body()] {
        assert_eq!(call(&named(&key), "", &none).1, "");
    }
    for (body, key) in [
        (r#"{"user": {"id": 12345678901234567890}}"#, "12345678901234567890"),
        (r#"{"user": {"id": 1.50}}"#, "1.5"),
        (r#"{"user": {"id": null}}"#, ""),
        (r#"{"user": "x"}"#, ""),
        (r#"{"user": {"id": {"a": "\"'"}}}"#, "{a=\"'}"),
        ("no json", ""),
    ] {
        assert_eq!(call(&named(&self::body()), body, &none).1, key, "{body}");
    }
}

#[test]
fn a_path_parameter_is_decoded_once_and_a_plus_is_a_plus() {
    for (segment, key) in [
        ("a%2Fb", "a/b"),
        ("user%3A1", "user:1"),
        ("%E6%97%A5", "日"),
        ("a+b", "a+b"),
        ("a%2Bb%20c", "a+b c"),
        ("100%2525", "100%25"),
        ("100%", "100%"),
        ("%zz+%41", "%zz+%41"),
    ] {
        let params = Params { path: one("id", segment), ..Params::default() };
        assert_eq!(call(&named(&path()), "{}", &params).1, key, "{segment}");
    }
}

#[test]
fn what_kinesis_took_is_told() {
    let template = &responses(&path())["200"].templates[JSON];
    let body = r#"{"SequenceNumber":"4966","ShardId":"shardId-000000000000","EncryptionType":"KMS"}"#;
    let made = run(&Template::parse(template).unwrap(), body, &Params::default());
    assert_eq!(made.text, "{\"SequenceNumber\":\"4966\",\"ShardId\":\"shardId-000000000000\"}\n");
    assert_eq!(made.overrides, Overrides::default());
}

#[track_caller]
fn refused(key: &PartitionKey, body: &str) -> (u16, String) {
    let template = Template::parse(&responses(key)["400"].templates[JSON]).unwrap();
    let made = run(&template, body, &Params::default());
    let value: Value = serde_json::from_str(&made.text).unwrap_or_else(|error| panic!("{error}: {}", made.text));
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
    let invalid = |words: &str| json!({ "__type": "InvalidArgumentException", "message": words }).to_string();
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
        (invalid("Record size exceeds the maximum record size of the stream"), 413),
        (invalid("The record is too large"), 413),
        (invalid("Partition key length must be less than or equal to 256"), 400),
        (invalid("Stream name a%2Fb is invalid"), 404),
        (invalid("StreamName and StreamARN: 1 of them"), 502),
        (kind("InternalFailure"), 502),
        (String::new(), 502),
        ("<html>".to_owned(), 502),
        ("[1]".to_owned(), 502),
        (r#"{"__type": {"a": 1}, "message": null}"#.to_owned(), 502),
    ] {
        let (found, message) = refused(&path(), &body);
        assert_eq!(found, status, "{body}");
        assert!(!message.contains("arn:"));
    }
}

#[test]
fn a_client_learns_where_the_key_is_missing() {
    let told = json!({ "__type": "ValidationException", "message": "Value '' at 'partitionKey' failed" }).to_string();
    for (key, place) in [
        (path(), "the path parameter \"id\""),
        (query(), "the query parameter \"key\""),
        (header(), "the header \"X-Key\""),
        (body(), "the body's field \"user.id\""),
    ] {
        let (status, message) = refused(&key, &told);
        assert!(status == 400 && message.contains(place), "{message}");
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
        let sent = json!({ "__type": kind, "message": message }).to_string();
        let (status, message) = refused(&path(), &sent);
        let known = match status {
            400 => message.contains("path parameter"),
            404 => message == NO_STREAM,
            413 => message == TOO_LARGE,
            429 => message == BUSY,
            status => status == 502 && message == NOT_TAKEN,
        };
        prop_assert!(known, "{} {}", status, message);
    }
}

/// What a route of a pipeline with the stream `Events` calls.
fn lowered(path: &str, key: &str) -> To {
    let text = format!(
        "name: demo\nsource: {{ api: {{ routes: [{{ post: '{path}', auth: none, partition_key: {key} }}] }} }}\n\
         stream: {{ kinesis: {{ name: Events }} }}\n"
    );
    let loaded = crate::spec::parse("p.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap();
    let (place, codes) = (crate::aws::mocked::place(), crate::bundle::Codes::unbuilt());
    let lowering = Lowering::of(&loaded, &place, &codes);
    to(&lowering, &loaded.spec.api().unwrap().routes[0])
}

#[test]
fn the_stream_is_the_paths_or_the_pipelines() {
    let template = |path: &str| lowered(path, "random").integration.templates[JSON].clone();
    let fixed = template("/{id}");
    assert!(
        fixed.contains(r#""StreamName": "Events""#)
            && fixed.contains(r#""PartitionKey": "$context.extendedRequestId""#)
    );
    assert!(template("/{streamName}").contains("path.get('streamName')"));
}

#[test]
fn keys_come_from_where_the_spec_says() {
    let template = |key: &str| lowered("/a", key).integration.templates[JSON].clone();
    assert!(template("query.q").contains("querystring.get('q')"));
    assert!(template("header.X-Id").contains(".equalsIgnoreCase(\"X-Id\")"));
    assert!(template("body.a.b").contains("$!input.path('$.a.b')"));
}

#[test]
fn answers_fail_closed() {
    let route = lowered("/a", "random");
    let patterns: Vec<_> =
        route.integration.responses.iter().map(|(status, one)| (status.as_str(), one.pattern.as_str())).collect();
    assert_eq!(patterns, [("200", "200"), ("400", r"4\d{2}"), ("502", "")]);
    assert!(route.integration.responses.keys().eq(route.statuses), "each has its method response");
    assert_eq!(route.integration.passthrough, "NEVER");
    let refusal = &route.integration.responses["400"].templates[JSON];
    let statuses: Vec<&str> = refusal.lines().filter_map(|line| line.split("status = ").nth(1)).collect();
    assert_eq!(statuses, ["429)", "502)", "404)", "502)", "400)", "413)", "404)", "502)"]);
    assert_eq!(refusal.lines().filter(|line| line.starts_with('{')).count(), 8, "each case answers in JSON");
    assert!(
        refusal.lines().filter(|line| line.starts_with('{')).all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
}
