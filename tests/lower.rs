//! What a spec becomes: resources, needs, and the plan as it is printed. Offline.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::evidence::Why;
use pipe::graph::Graph;
use pipe::kinds::KINDS;
use pipe::live::Found;
use pipe::lower::lower;
use pipe::plan::{Verb, plan, steps};
use pipe::resource::{Handle, Live, Outputs, State, Tags};
use pipe::term::View;

const MAIN: &str = include_str!("../pipeline.yaml");

fn place(region: &str) -> Place {
    Place { partition: "aws".into(), account: "111122223333".into(), region: region.into() }
}

fn graph_in(region: &str, spec: &str) -> Graph {
    let place = place(region);
    let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), Path::new(".")).expect("the spec is good");
    lower(&loaded, &place, &Codes::unbuilt()).expect("it lowers")
}

fn graph(spec: &str) -> Graph {
    graph_in("eu-central-1", spec)
}

/// The ids along the longest chain of steps of a cold apply.
#[test]
fn the_critical_path_is_role_function_mapping() {
    let plan = plan(&graph(MAIN), &Found::default(), KINDS, false);
    let steps = steps(&plan, KINDS);
    let id = |step: usize| plan.changes[steps[step].change].id.as_str();
    assert!(steps.iter().all(|step| step.verb == Verb::Ensure));
    assert_eq!(steps.iter().map(|step| step.chain).max(), Some(3), "no chain is longer");
    let mapping = (0..steps.len()).find(|&step| id(step) == "mapping").unwrap();
    let mut before: Vec<&str> = steps[mapping].after.iter().map(|&step| id(step)).collect();
    before.sort_unstable();
    assert_eq!(before, ["consumer", "dlq", "stream"]);
    let consumer = (0..steps.len()).find(|&step| id(step) == "consumer").unwrap();
    let mut before: Vec<&str> = steps[consumer].after.iter().map(|&step| id(step)).collect();
    before.sort_unstable();
    assert_eq!(before, ["consumer-log", "consumer-role"]);
    assert_eq!(steps.iter().filter(|step| step.chain == 3).count(), 2, "only the consumer's role and log begin it");
}

/// The tags that the first release left on each resource of the main file, by id: a property that a kind gained since, or a
/// default that moved, would change the hash in `pipe:applied`, and every pipeline would show a difference after an upgrade. A
/// new property of a kind is left out of its JSON form where it is not used.
#[test]
fn a_pipeline_that_was_applied_before_shows_an_empty_diff() {
    let graph = graph(MAIN);
    let recorded: BTreeMap<String, Tags> = serde_json::from_str(include_str!("specs/applied.json")).unwrap();
    let mut found = Found::default();
    for node in graph.nodes() {
        let live = Live {
            handle: Handle::new(node.id.as_str()),
            props: (node.kind.sealed)(&node.desired).unwrap(),
            outputs: Outputs::new(),
            tags: recorded.get(node.id.as_str()).cloned().unwrap_or_default(),
            identity: format!("identity of {}", node.id),
            state: State::Live,
        };
        found.lives.insert((node.kind.name, node.name.clone()), vec![live]);
    }
    let plan = plan(&graph, &found, KINDS, false);
    let work: Vec<String> = plan.work().map(|change| format!("{}: {:?}", change.id, change.fields)).collect();
    assert!(work.is_empty() && plan.refusals.is_empty(), "{work:#?} {:?}", plan.refusals);
    assert_eq!(recorded.len(), graph.nodes().len() - 1, "all but the account's logging role have tags");
}

#[test]
fn the_plan_of_a_cold_apply_reads_like_this() {
    let mut plan = plan(&graph(MAIN), &Found::default(), KINDS, false);
    for change in &mut plan.changes {
        change.fields.retain(|field| field.path != "code_sha256");
    }
    insta::assert_snapshot!(
        anstream::adapter::strip_str(&pipe::term::render_plan(&plan, &View::new(&place("eu-central-1"), false)))
            .to_string()
    );
}

/// Nothing that a pipeline makes in one region has the name or the ARN of what it makes in another.
#[test]
fn two_regions_share_no_name() {
    let (here, there) = (graph_in("eu-central-1", MAIN), graph_in("eu-west-1", MAIN));
    for node in here.nodes().iter().filter(|node| node.kind.name == "iam:Role") {
        assert!(there.nodes().iter().all(|other| other.name != node.name), "roles are global: {}", node.name);
    }
    for node in here.nodes() {
        assert!(!node.desired.to_string().contains("eu-west-1"), "{} names the other region", node.id);
    }
}

/// A new source, stream, authorizer or sink joins the spec here, and its ids the list of its lowering.
#[test]
fn every_id_has_a_default_name_that_a_plan_looks_at() {
    let least = "name: demo\nsource: { api: { routes: [{ post: /a }] } }\nauth: { basic: {} }\nstream: { kinesis: {} }\n\
                 consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    let defaults = pipe::lower::defaults("demo", &place);
    // One spec has one stream.
    let changes = "name: demo\nstream: { table_changes: {} }\n".to_owned();
    let alone = least.replace("handler: stream-to-table", "handler: stream-to-table, fan_out: true");
    let graphs = [least.to_owned(), least.replace("kinesis", "queue"), changes, alone].map(|spec| graph(&spec));
    let nodes = || graphs.iter().flat_map(Graph::nodes).filter(|node| !node.kind.of_account);
    for node in nodes() {
        let known = defaults.iter().any(|default| {
            default.kind.name == node.kind.name && default.name == node.name && default.why == Why::Own(node.id.clone())
        });
        assert!(known, "{} `{}` would be forgotten when it leaves the spec", node.id, node.name);
    }
    for default in &defaults {
        let made = nodes().any(|node| node.kind.name == default.kind.name && node.name == default.name);
        assert!(made, "nothing makes the {} `{}`", default.kind.name, default.name);
    }
}

/// Asked for in one place, the dlq is where both the handler and the mapping send what fails.
#[test]
fn a_dlq_is_the_mappings_destination_without_asking() {
    let graph = graph(MAIN);
    let queue = "arn:aws:sqs:eu-central-1:111122223333:LambdaDeadLetterQueue";
    assert_eq!(graph.node("mapping").unwrap().desired["on_failure"], queue);
    let policy = graph.node("consumer-role").unwrap().desired["policies"].to_string();
    assert!(policy.contains(queue), "the function may send to it");
}

/// A function's own dead letter queue serves asynchronous calls only: for a stream it would be a promise that nothing keeps.
#[test]
fn the_function_has_no_dead_letter_queue_of_its_own() {
    let graph = graph(MAIN);
    let function = graph.node("consumer").unwrap().desired.as_object().unwrap().clone();
    let named: Vec<&String> = function.keys().filter(|key| key.contains("dead") || key.contains("dlq")).collect();
    assert!(named.is_empty(), "{named:?}");
    assert!(
        function["environment"]["PIPE_DLQ_URL"].as_str().is_some_and(|url| url.ends_with("/LambdaDeadLetterQueue"))
    );
}

/// IAM compares the six characters that a secret's ARN ends in; a spec may name the secret, or leave them out of its ARN.
#[test]
fn an_existing_secret_is_read_under_the_arn_that_aws_gives() {
    let arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mine";
    for existing in ["mine", arn] {
        let graph =
            graph(&MAIN.replace("secret: gateway/credentials", &format!("secret: {{ existing: \"{existing}\" }}")));
        let policy = graph.node("authorizer-role").unwrap().desired["policies"].to_string();
        assert!(policy.contains("\"Resource\":[\"\u{fdd0}secret.arn\u{fdd1}\"]"), "{policy}");
        assert!(!policy.contains("secret:mine"), "{policy}");
    }
}

/// As of every other kind: what exists elsewhere is not this pipeline's to use.
#[test]
fn a_secret_of_another_account_or_region_is_refused() {
    let lowered = |arn: &str| {
        let spec = format!(
            "name: demo\nsource: {{ api: {{ routes: [{{ post: /a }}] }} }}\nauth: {{ basic: {{ secret: {{ existing: '{arn}' }} }} }}\nstream: {{ kinesis: {{}} }}\n"
        );
        let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), Path::new(".")).expect("the spec is good");
        let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
        lower(&loaded, &place, &Codes::unbuilt()).map(drop)
    };
    assert_eq!(lowered("arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-AbCdEf"), Ok(()));
    for place in ["eu-central-1:444455556666", "us-east-1:111122223333"] {
        let error = lowered(&format!("arn:aws:secretsmanager:{place}:secret:a-AbCdEf")).unwrap_err();
        assert!(error.message().contains("is not in region eu-central-1 of account 111122223333"), "{error}");
    }
}

/// A pipeline without the key deploys the same as before the key existed.
#[test]
fn only_a_table_whose_rows_stay_is_told_to_the_handler() {
    for (said, told) in [("", None), ("\n    overwrite: true", None), ("\n    overwrite: false", Some("false"))] {
        let graph = graph(&MAIN.replace("partition_key: eventId", &format!("partition_key: eventId{said}")));
        let environment = &graph.node("consumer").unwrap().desired["environment"];
        assert_eq!(environment.get("PIPE_OVERWRITE").and_then(serde_json::Value::as_str), told);
        let policy = graph.node("consumer-role").unwrap().desired["policies"].to_string();
        assert!(policy.contains(r#""Action":["dynamodb:PutItem"]"#), "a condition needs no more: {policy}");
    }
    let existing = MAIN
        .replace("    name: EventTable\n    partition_key: eventId\n", "    existing: Mine\n    overwrite: false\n");
    let existing = existing.replace("    capacity: { read: 5, write: 10 }\n    point_in_time_recovery: true\n", "");
    assert_eq!(graph(&existing).node("consumer").unwrap().desired["environment"]["PIPE_OVERWRITE"], "false");
}

#[test]
fn own_statements_are_in_the_consumers_role_with_the_pipelines_arns() {
    let spec = "name: own\nstream: { kinesis: {} }\ndlq: { queue: {} }\nsink: { table: { partition_key: id } }\nconsumer:\n  function:\n    \
                handler: tests/specs/good/my-handler\n    statements:\n    - { actions: ['dynamodb:Query'], resources: [sink, sink/index/*] }\n    \
                - { effect: deny, actions: ['s3:*'], resources: ['arn:aws:ssm:${region}:${account}:parameter/x', '*'], conditions: \
                { Bool: { 'aws:SecureTransport': 'false' } } }\n";
    let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    let graph = lower(&loaded.expect("the spec is good"), &place, &Codes::unbuilt()).expect("it lowers");
    let role = graph.nodes().iter().find(|node| node.id.as_str() == "consumer-role").unwrap();
    let statements = role.desired["policies"]["pipe"]["Statement"].as_array().unwrap();
    let own: Vec<_> = statements.iter().filter(|statement| statement.get("Sid").is_none()).collect();
    let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/own-table";
    assert_eq!(own[0]["Resource"], serde_json::json!([table, format!("{table}/index/*")]));
    assert_eq!((&own[0]["Effect"], &own[0]["Action"][0]), (&"Allow".into(), &"dynamodb:Query".into()));
    assert_eq!(own[1]["Resource"], serde_json::json!(["*", "arn:aws:ssm:eu-central-1:111122223333:parameter/x"]));
    assert_eq!(
        (&own[1]["Effect"], &own[1]["Condition"]["Bool"]["aws:SecureTransport"][0]),
        (&"Deny".into(), &"false".into())
    );
}

/// One statement for each action, whatever is read: IAM refuses two statements of one Sid.
#[test]
fn a_route_that_reads_an_index_may_read_that_index_alone() {
    let spec = "name: demo\nsource:\n  api:\n    throttle: off\n    routes:\n    - { get: /all, auth: none, to: { table: scan } }\n    \
                - { get: /places, auth: none, to: { table: { scan: { index: by-place } } } }\n    \
                - { get: '/at/{place}', auth: none, to: { table: { query: { index: by-place } } } }\n\
                sink:\n  table:\n    partition_key: id\n    indexes: { by-place: { partition_key: place } }\n";
    let graph = graph(spec);
    let policies = &graph.node("api-role").unwrap().desired["policies"];
    let policy = policies.as_object().and_then(|all| all.values().next()).unwrap_or(policies);
    let may: BTreeMap<String, String> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["Sid"].as_str().unwrap().to_owned(), one["Resource"].to_string()))
        .collect();
    let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/demo-table";
    assert_eq!(may["Scan"], format!(r#"["{table}","{table}/index/by-place"]"#));
    assert_eq!(may["Query"], format!(r#"["{table}/index/by-place"]"#));
    let plan = plan(&graph, &Found::default(), KINDS, false);
    let table = plan.changes.iter().find(|change| change.id.as_str() == "table").unwrap();
    assert!(table.tags.contains_key("pipe:parts"), "the call that makes it says whose the index is: {:?}", table.tags);
}

#[test]
fn a_domain_leads_to_the_stage_and_what_is_of_another_region_is_told_where_it_stands() {
    let spec = "name: demo
source:
  api:
    domain: { name: api.example.com, certificate: 'arn:aws:acm:eu-central-1:111122223333:certificate/c' }
    waf: arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/a/b
    routes: [{ get: /a, auth: none, to: { table: scan } }]
sink: { table: { partition_key: id } }
";
    let here = graph(spec);
    let domain = here.node("domain.api").unwrap();
    assert_eq!((domain.name.as_str(), &domain.desired["root"]["stage"]), ("api.example.com", &"prod".into()));
    assert!(domain.needs.iter().any(|need| need.of.as_str() == "api"), "it leads to what must be there");
    let acl = &here.node("api").unwrap().desired["stages"]["prod"]["web_acl"]["arn"];
    assert_eq!(acl, "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/a/b");
    let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), Path::new(".")).unwrap();
    let error = lower(&loaded, &place("eu-west-1"), &Codes::unbuilt()).unwrap_err();
    assert!(error.message().starts_with("pipeline.yaml:4:51: `arn:aws:acm:"), "{error}");
    assert!(error.message().ends_with("is not in region eu-west-1 of account 111122223333"), "{error}");
}
