//! With the real kinds. Everything here carries the pipeline's tags; what is asked is what else says that it is the pipeline's.

use serde_json::{Value, json};

use crate::evidence::{Wanted, Why};
use crate::graph::{Graph, Node};
use crate::kinds::KINDS;
use crate::kinds::rest_api::RestApi;
use crate::kinds::table::Table;
use crate::live::Found;
use crate::owner::{PIPELINE, RESOURCE};
use crate::plan::{Action, Change, Plan, plan};
use crate::resource::{Handle, Id, Kind, Live, Name, Outputs, State, Tags};

const ROLE: &str = "arn:aws:iam::1:role/pipe/demo/eu-central-1/demo-consumer-role-eu-central-1";

fn kind(name: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.name == name).unwrap()
}

fn wanted(kind_name: &str, name: &str, why: Why) -> Wanted {
    Wanted { kind: kind(kind_name), name: Name::new(name), why, likely: true }
}

fn own(id: &str) -> Why {
    Why::Own(Id::new(id))
}

/// What was found where nothing but the default names of these ids is known.
fn found() -> Found {
    let mut found = Found::default();
    for (kind, name, id) in [
        ("iam:Role", "demo-consumer-role-eu-central-1", "consumer-role"),
        ("logs:LogGroup", "/aws/lambda/demo-consumer", "consumer-log"),
        ("logs:LogGroup", "/aws/apigateway/demo-api", "api-log"),
        ("dynamodb:Table", "demo-table", "table"),
        ("sqs:Queue", "demo-dlq", "dlq"),
        ("lambda:Function", "demo-consumer", "consumer"),
        ("lambda:EventSourceMapping", "demo-consumer/demo-stream", "mapping"),
        ("apigateway:RestApi", "demo-api", "api"),
    ] {
        found.evidence.tell(&wanted(kind, name, own(id)));
    }
    found
}

fn put(found: &mut Found, kind_name: &str, name: &str, id: &str, props: Value) {
    let lives = found.lives.entry((kind(kind_name).name, Name::new(name))).or_default();
    lives.push(Live {
        handle: Handle::new(format!("{name} {}", lives.len())),
        props,
        outputs: Outputs::new(),
        tags: Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), id.into())]),
        identity: String::new(),
        state: State::Live,
    });
}

fn role(on: &[&str]) -> Value {
    let statement = json!({ "Effect": "Allow", "Action": ["a:B"], "Resource": on });
    json!({
        "path": "/pipe/demo/eu-central-1/", "trust": {}, "policies": { "pipe": { "Statement": [statement] } }, "managed": [],
        "permissions_boundary": "",
    })
}

fn function(role: &str, variable: &str) -> Value {
    json!({
        "role": role, "runtime": "", "handler": "", "architecture": "", "memory_mb": 128, "timeout_seconds": 1,
        "environment": { "ROLE": variable }, "tracing": false, "log_group": "", "log_level": "", "code_sha256": "",
        "description": "",
    })
}

fn mapping() -> Value {
    json!({
        "function": "f", "source": "", "enabled": true, "batch_size": 1, "window_seconds": 0, "parallelization": 1,
        "start": "oldest", "retries": 1, "max_age_seconds": 1, "bisect": true, "partial": true, "on_failure": "",
    })
}

/// An API that calls under this role, and logs into the group of this name.
fn api(role: &str, group: &str) -> Value {
    let log = json!({ "group_arn": format!("arn:aws:logs:eu-central-1:1:log-group:{group}"), "format": "" });
    let guard = json!({ "uri": "", "credentials": role, "identity_source": "", "cache_seconds": 0 });
    json!({
        "endpoint_type": "REGIONAL", "security_policy": "TLS_1_0", "stages": { "prod": { "throttle": null, "xray": false, "access_log": log } },
        "routes": {}, "paths": [], "authorizers": { "a": guard }, "models": {}, "validators": {}, "gateway_responses": {},
        "deployed": "",
    })
}

fn table() -> Value {
    json!({
        "partition_key": { "name": "id", "type": "string" }, "sort_key": null, "on_demand": true, "read_capacity": 0,
        "write_capacity": 0, "encryption": "aws_owned", "point_in_time_recovery": false, "deletion_protection": false,
    })
}

fn log() -> Value {
    json!({ "retention_days": 1 })
}

fn destroy(found: &Found) -> Plan {
    plan(&Graph::empty("demo"), found, KINDS, false)
}

/// What a destroy deletes, in its order.
fn deleted(found: &Found) -> Vec<String> {
    let deletes = |change: &&Change| change.action == Action::Delete;
    destroy(found).changes.iter().filter(deletes).map(Change::kind_and_name).collect()
}

#[test]
fn a_tag_alone_is_no_proof() {
    let mut found = found();
    put(&mut found, "lambda:Function", "theirs", "consumer", function("arn:aws:iam::1:role/theirs", ""));
    put(&mut found, "apigateway:RestApi", "their api", "api", api("arn:aws:iam::1:role/theirs", "/their/log"));
    put(&mut found, "logs:LogGroup", "/their/log", "api-log", log());
    put(&mut found, "dynamodb:Table", "their-table", "table", table());
    let plan = destroy(&found);
    assert!(plan.is_empty() && plan.refusals.is_empty(), "{plan:?}");
    for name in ["lambda:Function/theirs", "'apigateway:RestApi/their api'", "logs:LogGroup//their/log"] {
        let told =
            format!("it carries our tags, but nothing else says that it is ours; if it is, pass --orphan {name}");
        assert!(plan.left.iter().any(|left| left.ends_with(&told)), "{name}: {:?}", plan.left);
    }
}

#[test]
fn what_the_policy_of_a_role_names_is_ours() {
    let mut found = found();
    let on = ["arn:aws:dynamodb:eu-central-1:1:table/rows", "arn:aws:logs:eu-central-1:1:log-group:/aws/lambda/f:*"];
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&on));
    put(&mut found, "dynamodb:Table", "rows", "table", table());
    put(&mut found, "logs:LogGroup", "/aws/lambda/f", "consumer-log", log());
    let plan = destroy(&found);
    let told: Vec<_> = plan.changes.iter().map(|change| (plan.consent(change), change.action)).collect();
    let deleted = |text: &str| (text.to_owned(), Action::Delete);
    // The role goes last: until then it says that the others are ours.
    let order = [deleted("dynamodb:Table/rows"), deleted("logs:LogGroup//aws/lambda/f"), deleted("consumer-role")];
    assert_eq!(told, order);
}

#[test]
fn what_acts_under_a_role_of_ours_is_ours_with_what_hangs_on_it() {
    let mut found = found();
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&[]));
    put(&mut found, "lambda:Function", "f", "consumer", function(ROLE, ""));
    put(&mut found, "lambda:EventSourceMapping", "f/s", "mapping", mapping());
    let key = |kind, name| (kind, Name::new(name));
    found.evidence.children.insert((key("lambda:Function", "f"), key("lambda:EventSourceMapping", "f/s")));
    put(&mut found, "apigateway:RestApi", "gateway", "api", api(ROLE, "/aws/apigateway/gateway"));
    put(&mut found, "logs:LogGroup", "/aws/apigateway/gateway", "api-log", log());
    assert_eq!(
        deleted(&found),
        [
            "apigateway:RestApi/gateway",
            "lambda:EventSourceMapping/f/s",
            "lambda:Function/f",
            "logs:LogGroup//aws/apigateway/gateway",
            "iam:Role/demo-consumer-role-eu-central-1"
        ]
    );
}

/// Anybody who may change a function of their own can write any ARN there. Names of APIs are not unique: anyone who may make an
/// API can give it our name and tags, but none of our roles.
#[test]
fn of_two_of_one_name_the_one_that_acts_under_our_role_is_ours() {
    let mut found = found();
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&[]));
    put(&mut found, "apigateway:RestApi", "demo-api", "api", api("arn:aws:iam::1:role/theirs", ""));
    put(&mut found, "apigateway:RestApi", "demo-api", "api", api(ROLE, ""));
    let ours = |plan: &Plan| {
        let handles = plan.changes.iter().filter(|change| change.kind.name == "apigateway:RestApi");
        handles.map(|change| change.handle().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ours(&destroy(&found)), ["demo-api 1"]);
    let node = Node::new("api", "demo-api", &serde_json::from_value::<RestApi>(api(ROLE, "new")).unwrap()).unwrap();
    let kept = plan(&Graph::new("demo", Tags::new(), vec![node]).unwrap(), &found, KINDS, false);
    assert_eq!(ours(&kept), ["demo-api 1"], "it is not taken for ours, though its handle is the smaller one");
    // One that calls nothing is what a dead run has left: it goes, and ours stays.
    found.lives.get_mut(&(kind("apigateway:RestApi").name, Name::new("demo-api"))).unwrap()[0].props["authorizers"] =
        json!({});
    let node = Node::new("api", "demo-api", &serde_json::from_value::<RestApi>(api(ROLE, "new")).unwrap()).unwrap();
    let plan = plan(&Graph::new("demo", Tags::new(), vec![node]).unwrap(), &found, KINDS, false);
    let done = |handle: &str| {
        let of = |change: &&Change| change.handle().is_some_and(|known| known.to_string() == handle);
        plan.changes.iter().find(of).map(|change| change.action)
    };
    assert_eq!((done("demo-api 1"), done("demo-api 0")), (Some(Action::Update), Some(Action::Delete)));
}

#[test]
fn a_mention_that_takes_no_right_is_no_proof() {
    let mut found = found();
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&[]));
    put(&mut found, "lambda:Function", "theirs", "consumer", function("arn:aws:iam::1:role/theirs", ROLE));
    // A resource is not ours merely because a variable of our function names it.
    let variable = "arn:aws:dynamodb:eu-central-1:1:table/theirs";
    put(&mut found, "lambda:Function", "demo-consumer", "consumer", function(ROLE, variable));
    put(&mut found, "dynamodb:Table", "theirs", "table", table());
    assert_eq!(deleted(&found), ["lambda:Function/demo-consumer", "iam:Role/demo-consumer-role-eu-central-1"]);
}

#[test]
fn an_id_of_another_kind_is_no_proof_even_under_a_default_name() {
    let mut found = found();
    put(&mut found, "dynamodb:Table", "demo-table", "dlq", table());
    assert_eq!(deleted(&found), [""; 0]);
}

#[test]
fn what_is_claimed_by_kind_and_name_is_taken() {
    let mut found = found();
    put(&mut found, "dynamodb:Table", "rows", "dlq", table());
    assert_eq!(deleted(&found), [""; 0]);
    found.evidence.tell(&wanted("dynamodb:Table", "rows", Why::Claimed));
    assert_eq!(deleted(&found), ["dynamodb:Table/rows"]);
    found.evidence.tell(&wanted("dynamodb:Table", "typo", Why::Claimed));
    assert_eq!(destroy(&found).notes, ["--orphan dynamodb:Table/typo: nothing of this name carries our tags"]);
}

#[test]
fn a_claim_that_may_mean_two_is_refused() {
    let mut found = found();
    found.evidence.tell(&wanted("apigateway:RestApi", "gateway", Why::Claimed));
    for _ in 0..2 {
        put(&mut found, "apigateway:RestApi", "gateway", "api", api("", ""));
    }
    assert!(destroy(&found).refusals[0].message().contains("more than one of this name"));
}

#[test]
fn a_foreign_one_is_not_taken_for_an_old_name() {
    let mut found = found();
    put(&mut found, "dynamodb:Table", "a-foreign-one", "table", table());
    let props: Table = serde_json::from_value(table()).unwrap();
    let graph = Graph::new("demo", Tags::new(), vec![Node::new("table", "rows", &props).unwrap()]).unwrap();
    let plan = plan(&graph, &found, KINDS, false);
    let done: Vec<_> = plan.changes.iter().map(|change| (change.name.as_str(), change.action)).collect();
    assert_eq!(done, [("rows", Action::Create)]);
    assert!(plan.notes[0].ends_with("pass --orphan dynamodb:Table/a-foreign-one"), "{:?}", plan.notes);
}

/// Its name is in the policy of a role, as if it were the pipeline's.
#[test]
fn what_a_spec_only_uses_is_not_destroyed_whatever_its_tags_say() {
    let mut found = found();
    let on = ["arn:aws:dynamodb:eu-central-1:1:table/theirs"];
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&on));
    put(&mut found, "dynamodb:Table", "theirs", "table", table());
    found.evidence.tell(&wanted("dynamodb:Table", "theirs", Why::Existing));
    assert_eq!(deleted(&found), ["iam:Role/demo-consumer-role-eu-central-1"]);
    let plan = destroy(&found);
    assert!(plan.changes[0].reasons[0].starts_with("released"), "{plan:?}");
}

#[test]
fn consent_never_means_two() {
    let mut found = found();
    put(&mut found, "dynamodb:Table", "demo-table", "table", table());
    let named = |found: &Found| {
        let plan = destroy(found);
        plan.losses().map(|change| plan.consent(change)).collect::<Vec<_>>()
    };
    assert_eq!(named(&found), ["table"]);
    put(&mut found, "dynamodb:Table", "rows", "table", table());
    found.evidence.tell(&wanted("dynamodb:Table", "rows", Why::Claimed));
    assert_eq!(named(&found), ["dynamodb:Table/demo-table", "dynamodb:Table/rows"]);
}

#[test]
fn a_function_of_its_own_name_is_known_by_its_log_group() {
    let group = "/aws/lambda/my-own";
    let mut found = found();
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&[&group_arn(group)]));
    put(&mut found, "logs:LogGroup", group, "consumer-log", log());
    put(&mut found, "lambda:Function", "my-own", "consumer", function("arn:aws:iam::1:role/other", ""));
    let key = |kind_name: &str, name: &str| (kind(kind_name).name, Name::new(name));
    found.evidence.children.insert((key("logs:LogGroup", group), key("lambda:Function", "my-own")));
    assert!(deleted(&found).contains(&"lambda:Function/my-own".to_owned()), "{:?}", deleted(&found));
}

#[test]
fn a_role_that_a_function_still_uses_stays() {
    let mut found = found();
    put(&mut found, "iam:Role", "demo-consumer-role-eu-central-1", "consumer-role", role(&[]));
    put(&mut found, "lambda:Function", "untagged", "consumer", function(ROLE, ""));
    found.lives.get_mut(&("lambda:Function", Name::new("untagged"))).unwrap()[0].tags.clear();
    let plan = destroy(&found);
    assert!(plan.is_empty(), "{:?}", plan.changes);
    let told = "iam:Role `demo-consumer-role-eu-central-1`: lambda:Function `untagged` acts under it";
    assert!(plan.left.contains(&told.to_owned()), "{:?}", plan.left);
}

fn group_arn(name: &str) -> String {
    format!("arn:aws:logs:eu-central-1:1:log-group:{name}")
}
