use super::*;
use crate::aws::Place;
use crate::bundle::Codes;
use crate::lower::lower;
use std::path::Path;

fn loaded(text: &str) -> Loaded {
    crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn nothing_stands_in_front_of_the_api_here_and_that_is_said() {
    let text = "name: orders\nsource: { api: { domain: { name: api.example.com, certificate: 'arn:aws:acm:eu-west-1:123456789012:certificate/c' }, \
                waf: 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/b', routes: [ { post: /a, auth: none } ] } }\n\
                stream: { kinesis: {} }\n";
    assert!(lower(&loaded(text), &here(), &Codes::unbuilt()).is_err(), "they are another account's");
    for loaded in [loaded(text).with_stand_ins(), loaded(text).without_front()] {
        let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap();
        assert!(graph.nodes().iter().all(|node| node.id.as_str() != "domain.api"));
        assert_eq!(graph.node("api").unwrap().desired["stages"]["prod"].get("web_acl"), None);
        assert!(loaded.stand_ins[0].contains("`api.example.com`") && loaded.stand_ins[1].contains("webacl/a/b"));
    }
}

/// Of an account that no ARN of a spec names.
fn here() -> Place {
    Place { partition: "aws".into(), account: "000000000000".into(), region: "us-east-1".into() }
}

#[test]
fn what_exists_elsewhere_is_made_here_under_its_name() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/existing-resources.yaml");
    let loaded = crate::spec::load(Path::new(file)).unwrap_or_else(|report| panic!("{report}"));
    assert!(lower(&loaded, &here(), &Codes::unbuilt()).is_err(), "its queue is another account's");
    let loaded = loaded.with_stand_ins();
    let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap_or_else(|error| panic!("{error}"));
    assert!(graph.nodes().iter().all(|node| !node.existing));
    let name = |id: &str| graph.node(id).map(|node| node.name.to_string()).unwrap_or_default();
    assert_eq!(
        [name("secret"), name("table"), name("dlq")],
        ["devices/credentials", "Telemetry", "telemetry-failures"]
    );
    assert_eq!(loaded.stand_ins.len(), 3, "{:?}", loaded.stand_ins);
}

#[test]
fn a_function_that_exists_is_what_dev_says_or_none() {
    let text = |dev: &str| {
        format!(
            "name: orders\nstream: {{ kinesis: {{}} }}\nconsumer: {{ function: {{ existing: \
             'arn:aws:lambda:eu-west-1:123456789012:function:theirs'{dev} }} }}\n"
        )
    };
    assert!(lower(&loaded(&text("")), &here(), &Codes::unbuilt()).is_err(), "it is another account's");
    let ids = |loaded: &Loaded| {
        let graph = lower(loaded, &here(), &Codes::unbuilt()).unwrap();
        graph.nodes().iter().map(|node| format!("{} {}", node.id, node.name)).collect::<Vec<_>>().join(", ")
    };
    let without = loaded(&text("")).with_stand_ins();
    assert_eq!(ids(&without), "stream orders-stream");
    assert!(without.stand_ins[0].starts_with("none for the function `theirs`"), "{:?}", without.stand_ins);
    let with = loaded(&text(", dev: { handler: stream-to-table }")).with_stand_ins();
    assert!(ids(&with).contains("consumer theirs"), "{}", ids(&with));
    assert_eq!(with.stand_ins, ["the function `theirs` with the handler `stream-to-table`"]);
}

#[test]
fn a_stand_in_of_a_table_whose_changes_are_read_has_a_stream() {
    let made = |dev: &str| {
        let text = format!(
            "name: orders\nstream: {{ table_changes: {{ existing: people{dev} }} }}\n\
             consumer: {{ function: {{ handler: stream-to-table }} }}\nsink: {{ table: {{ partition_key: id }} }}\n\
             dlq: {{ queue: {{}} }}\n"
        );
        let loaded = loaded(&text).with_stand_ins();
        let graph = lower(&loaded, &here(), &Codes::unbuilt()).unwrap_or_else(|error| panic!("{error}"));
        let table = graph.node("stream").unwrap();
        assert!(!table.existing && table.name.as_str() == "people");
        assert_eq!(table.desired["stream_view"], "new_and_old_images");
        let key = table.desired["partition_key"]["name"].as_str().unwrap_or_default().to_owned();
        (key, loaded.stand_ins[0].contains("a guess"))
    };
    assert_eq!(made(""), ("id".into(), true));
    assert_eq!(made(", dev: { partition_key: email }"), ("email".into(), false));
}

#[test]
fn a_user_pool_of_aws_is_made_here_with_the_demo_user() {
    let arn = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC";
    let text = format!(
        "name: people\nsource: {{ api: {{ routes: [ {{ post: /a }} ] }} }}\nauth: {{ cognito: {{ users: '{arn}' }} }}\n\
         stream: {{ kinesis: {{}} }}\n"
    );
    let loaded = loaded(&text);
    let shown = |loaded: &Loaded| lower(loaded, &here(), &Codes::unbuilt()).map(|graph| graph.nodes().len()).ok();
    assert_eq!(shown(&loaded), None, "it is another account's");
    let loaded = loaded.with_stand_ins();
    assert!(shown(&loaded).is_some() && loaded.stand_ins[0].contains("eu-west-1_AbC"), "{:?}", loaded.stand_ins);
}

#[test]
fn a_boundary_of_another_account_bounds_nothing_here() {
    let text = "name: orders\npermissions_boundary: arn:aws:iam::123456789012:policy/bound\n\
                stream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                sink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
    let loaded = loaded(text).with_stand_ins();
    assert_eq!(loaded.spec.permissions_boundary, None, "no role could be made");
    assert!(loaded.stand_ins[0].contains("policy/bound"), "{:?}", loaded.stand_ins);
}

#[test]
fn a_stand_in_of_a_table_has_the_keys_that_the_spec_says_or_lets_guess() {
    let keys = |table: &str, key: &str| {
        let text = format!(
            "name: orders\nsource: {{ api: {{ routes: [ {{ post: '/o/{{id}}', auth: none, partition_key: {key} }} ] }} }}\n\
             stream: {{ kinesis: {{ existing: Shared }} }}\nconsumer: {{ function: {{ handler: stream-to-table }} }}\n\
             sink: {{ table: {{ existing: T01, overwrite: false{table} }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        let loaded = loaded(&text).with_stand_ins();
        let overwrites = loaded.spec.target().is_none_or(|target| target.overwrite);
        assert!(!overwrites && loaded.spec.throttle().is_none(), "the rest is as it was");
        let own = loaded.spec.table().and_then(OwnOrExisting::own).cloned().unwrap();
        assert_eq!(own.indexes.contains_key("by-day"), table.contains("by-day"));
        (own.partition_key.name, own.sort_key.map(|key| key.name), loaded.stand_ins[1].contains("a guess"))
    };
    assert_eq!(keys("", "path.id"), ("id".into(), None, true));
    assert_eq!(keys("", "body.order"), ("order".into(), None, true));
    assert_eq!(keys(", dev: { partition_key: at }", "body.order"), ("at".into(), None, false));
    let indexed = ", dev: { partition_key: at, indexes: { by-day: { partition_key: day } } }";
    assert_eq!(keys(indexed, "path.id").0, "at");
    let both = ", dev: { partition_key: at, sort_key: { name: n, type: number } }";
    assert_eq!(keys(both, "path.id"), ("at".into(), Some("n".into()), false));
}
