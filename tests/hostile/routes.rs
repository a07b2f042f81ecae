//! The REST API's document: what stands in each template, parsed and rendered by the engine that also serves `pipe dev`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipe::spec::{Authorizer, PartitionKey, Route, Spec, To};
use pipe_local::template::{Params, Scope, Template};
use serde_json::{Value, json};

use crate::hostile::walk::Taken;

/// What does not depend on a request: the log line, the challenge, the addresses, and that every template can be parsed.
pub fn document(spec: &Spec, desired: &Value) {
    let api = spec.api().unwrap();
    let routes = desired["routes"].as_object().unwrap();
    assert_eq!(routes.len(), api.routes.len());
    for route in &api.routes {
        let made = &routes[&format!("{} {}", route.method().name(), route.path())];
        let (authorization, authorizer, api_key) = guard(spec, route);
        assert_eq!(
            (&made["authorization"], &made["authorizer"], &made["api_key"]),
            (&json!(authorization), &json!(authorizer), &json!(api_key))
        );
        target(spec, route, made);
    }
    if let Some(challenge) = desired["gateway_responses"].get("UNAUTHORIZED") {
        let scheme = |authorizer: &Authorizer| match authorizer {
            Authorizer::Basic(_) => Some("Basic"),
            Authorizer::Jwt(_) | Authorizer::Cognito(_) => Some("Bearer"),
            Authorizer::ApiKey(_) | Authorizer::Iam(_) => None,
        };
        let schemes: BTreeSet<&str> = spec.authorizers().filter_map(|(_, authorizer)| scheme(authorizer)).collect();
        let challenges: Vec<String> =
            schemes.into_iter().map(|scheme| format!("{scheme} realm=\"{}\"", spec.name)).collect();
        let header = json!(format!("'{}'", challenges.join(", ")));
        assert_eq!(challenge["parameters"]["gatewayresponse.header.WWW-Authenticate"], header);
    }
    let stages = desired["stages"].as_object().unwrap();
    assert_eq!(stages.keys().collect::<Vec<_>>(), [&api.stage]);
    if let Some(log) = stages[&api.stage]["access_log"].as_object() {
        let group = format!(
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigateway/{}",
            spec.api_name().replace(' ', "-")
        );
        assert_eq!(log["group_arn"], group);
        let paths: Vec<&str> = api.routes.iter().map(|route| route.path()).collect();
        log_line(log["format"].as_str().unwrap(), &paths);
    }
}

/// What a route calls, and with what templates.
fn target(spec: &Spec, route: &Route, made: &Value) {
    let uri = made["integration"]["uri"].as_str().unwrap().strip_prefix("arn:aws:apigateway:eu-west-1:").unwrap();
    match spec.to(route).unwrap() {
        To::Function => {
            let function = format!("arn:aws:lambda:eu-west-1:123456789012:function:{}", spec.consumer_name());
            assert_eq!(uri, format!("lambda:path/2015-03-31/functions/{function}/invocations"));
            assert_eq!(made["integration"]["templates"], json!({}));
            return;
        }
        To::Stream => {
            let (call, taken) = match spec.fed_queue() {
                None => ("kinesis:action/PutRecord".to_owned(), &["SequenceNumber", "ShardId"][..]),
                Some(_) if spec.is_fifo() => (of_queue(spec), &["MessageId", "SequenceNumber"][..]),
                Some(_) => (of_queue(spec), &["MessageId"][..]),
            };
            assert_eq!(uri, call);
            answers(made, taken);
        }
        To::Table(_) => assert!(uri.starts_with("dynamodb:action/"), "{uri}"),
        To::Aws(call) => assert_eq!(uri, format!("{}:action/{}", call.service, call.action)),
    }
    Template::parse(template(route, made)).unwrap_or_else(|error| panic!("{error}: {}", template(route, made)));
}

fn of_queue(spec: &Spec) -> String {
    format!("sqs:path/123456789012/{}", spec.fed_queue_name())
}

/// What a route's authorizer is to API Gateway: its type, its name, and whether a key is needed.
fn guard<'a>(spec: &'a Spec, route: &'a Route) -> (&'static str, String, bool) {
    match spec.authorizer(route) {
        None => ("NONE", String::new(), false),
        Some((_, Authorizer::Basic(_))) => ("CUSTOM", spec.authorizer_name(), false),
        Some((name, Authorizer::Cognito(_))) => ("COGNITO_USER_POOLS", name.to_owned(), false),
        Some((name, Authorizer::Jwt(jwt))) => ("CUSTOM", name.to_owned(), !jwt.plan_by_group.is_empty()),
        Some((name, Authorizer::ApiKey(_))) if spec.counts_users() => ("CUSTOM", name.to_owned(), true),
        Some((_, Authorizer::ApiKey(_))) => ("NONE", String::new(), true),
        Some((_, Authorizer::Iam(_))) => ("AWS_IAM", String::new(), false),
    }
}

/// API Gateway puts values into the line without escapes. What holds: the line is one, each value has a text to itself, and
/// the one value that is the spec's own, the path of the resource, cannot leave it.
fn log_line(format: &str, paths: &[&str]) {
    assert_eq!(format.lines().count(), 1);
    let members: BTreeMap<String, String> = serde_json::from_str(format).unwrap();
    assert!(members.values().all(|value| value.strip_prefix("$context.").is_some_and(|name| !name.contains('$'))));
    for path in paths {
        let line = format.replace("$context.resourcePath", path);
        let read: BTreeMap<String, String> = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let (expected, changed) =
            (members.len(), read.iter().filter(|(name, value)| members[*name] != **value).count());
        assert_eq!((read.len(), changed, read["resourcePath"].as_str()), (expected, 1, *path));
    }
}

/// An answer of Kinesis or SQS, also one that quotes a client, never makes more of our answer than its message.
fn answers(route: &Value, taken: &[&str]) {
    let quoted = r##"{"__type": "ValidationException", "message": "\"}, \"a\": #set($x = 1) 'data' ${x}\n", "SequenceNumber": "1\"2", "MessageId": "m\"", "ShardId": "s\\"}"##;
    for (status, answer) in route["integration"]["responses"].as_object().unwrap() {
        let template = Template::parse(answer["templates"]["application/json"].as_str().unwrap()).unwrap();
        for body in [quoted, "{}", ""] {
            let text = render(&template, body, &Params::default());
            // Kinesis and SQS say all of it with 200; an answer without it is not theirs.
            if status != "200" || body == quoted {
                let made: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
                let mut names: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
                names.sort_unstable();
                assert_eq!(names, if status == "200" { taken } else { &["message"] });
            }
        }
    }
}

/// Every route, called by a client who sends this text wherever a client can.
pub fn check(taken: &Taken, hostile: &str) {
    let Some(desired) = taken.graph.node("api").map(|node| &node.desired) else { return };
    let spec = &taken.loaded.spec;
    for route in spec.api().unwrap().routes.iter().filter(|route| spec.calls_stream(route)) {
        let made = &desired["routes"][&format!("{} {}", route.method().name(), route.path())];
        match spec.fed_queue() {
            Some(_) => message(spec, route, template(route, made), hostile),
            None => call(spec, route, template(route, made), hostile),
        }
    }
}

/// The template of a route, which is the same for each type that it takes.
fn template<'a>(route: &Route, made: &'a Value) -> &'a str {
    let templates = made["integration"]["templates"].as_object().unwrap();
    let (types, kept): (BTreeSet<&str>, BTreeSet<&str>) =
        (route.types().collect(), templates.keys().map(String::as_str).collect());
    assert_eq!(types, kept);
    let texts: BTreeSet<&str> = templates.values().filter_map(Value::as_str).collect();
    assert_eq!(texts.len(), 1);
    texts.into_iter().next().unwrap()
}

/// The call that a request becomes has these three members, each once and each as it should be.
fn call(spec: &Spec, route: &Route, template: &str, hostile: &str) {
    let named = |name: &str| vec![("other".to_owned(), "x".to_owned()), (name.to_owned(), hostile.to_owned())];
    let parameter = route.path().rsplit("/{").next().and_then(|end| end.strip_suffix('}'));
    let mut params = Params { path: parameter.map(named).unwrap_or_default(), ..Params::default() };
    let mut body = json!({ "a": hostile, hostile: [hostile] });
    let key = match &route.partition_key {
        PartitionKey::Random => "JKJaXmPLvHcESHA=",
        PartitionKey::Path(_) => hostile,
        PartitionKey::Query(name) => {
            params.querystring = named(name);
            hostile
        }
        PartitionKey::Header(name) => {
            params.header = named(name);
            hostile
        }
        PartitionKey::Body(path) => {
            body = path.rsplit('.').fold(json!(hostile), |inner, name| json!({ name: inner }));
            hostile
        }
    };
    let stream = if route.path().contains("{streamName}") { hostile.to_owned() } else { spec.stream_name() };
    let bodies = match route.partition_key {
        PartitionKey::Body(_) => vec![body.to_string()],
        _ => vec![body.to_string(), hostile.to_owned()],
    };
    for body in bodies {
        let text = render(&Template::parse(template).unwrap(), &body, &params);
        let made: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let sent = if body.is_empty() { "{}" } else { &body };
        if !route.envelope.is_empty() {
            enveloped(&made, route, sent);
            continue;
        }
        assert_eq!(made, json!({ "StreamName": stream, "Data": STANDARD.encode(sent), "PartitionKey": key }), "{text}");
        // JSON's readers take the last of two members; a client may add none.
        assert_eq!(text.lines().count(), 5, "{text}");
    }
}

/// The call that a request becomes has the members of a message, each as it should be, whatever the client sends.
fn message(spec: &Spec, route: &Route, template: &str, hostile: &str) {
    let named = |from: Option<&PartitionKey>| match from {
        Some(PartitionKey::Header(name) | PartitionKey::Query(name) | PartitionKey::Path(name)) => {
            vec![(name.clone(), hostile.to_owned())]
        }
        _ => Vec::new(),
    };
    let all = [named(route.message_group.as_ref()), named(route.deduplication.as_ref())].concat();
    let params = Params { header: all.clone(), querystring: all.clone(), path: all };
    let body = json!({ "a": hostile }).to_string();
    let text = render(&Template::parse(template).unwrap(), &body, &params);
    let made: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut wanted = BTreeSet::from(["MessageBody", "QueueUrl"]);
    if spec.is_fifo() {
        wanted.extend(["MessageDeduplicationId", "MessageGroupId"]);
    }
    assert_eq!(made.keys().map(String::as_str).collect::<BTreeSet<_>>(), wanted, "{text}");
    if route.envelope.is_empty() {
        assert_eq!(made["MessageBody"], body, "{text}");
    }
}

/// A record with an envelope has the body in base64, and what the spec names, and nothing else.
fn enveloped(made: &Value, route: &Route, sent: &str) {
    let record = STANDARD.decode(made["Data"].as_str().unwrap()).unwrap();
    let record: BTreeMap<String, Value> = serde_json::from_slice(&record).unwrap();
    let fixed = ["body", "encoding"].into_iter();
    let wanted: BTreeSet<&str> = fixed.chain(route.envelope.iter().map(|piece| piece.place.word())).collect();
    assert_eq!(record.keys().map(String::as_str).collect::<BTreeSet<_>>(), wanted);
    assert_eq!((&record["body"], &record["encoding"]), (&json!(STANDARD.encode(sent)), &json!("base64")));
    for piece in &route.envelope {
        let value = &record[piece.place.word()][&piece.name];
        assert!(value.is_string() || value.is_null(), "{record:?}");
    }
}

fn render(template: &Template, body: &str, params: &Params) -> String {
    let context = json!({ "extendedRequestId": "JKJaXmPLvHcESHA=", "requestId": "r" });
    let scope = Scope { body, params, context: &context, stage_variables: &BTreeMap::new() };
    template.render(&scope).unwrap().text
}
