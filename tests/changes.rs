//! What a spec becomes whose stream is a table's changes. Offline.
#![cfg(test)]

use pipe::aws::Place;
use pipe::bundle::Codes;
use pipe::evidence::Wanted;
use pipe::graph::Graph;
use pipe::kinds::KINDS;
use pipe::live::Found;
use pipe::lower::lower;
use pipe::plan::{Action, Plan, plan};
use pipe::resource::{Handle, Live, Outputs, State, Tags};
use serde_json::{Value, json};
use std::path::Path;

const LEAST: &str = include_str!("../examples/table-changes.yaml");
const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people-stream";

fn graph(spec: &str) -> Graph {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
    let loaded = pipe::spec::parse("pipeline.yaml", spec.as_bytes(), &root).unwrap_or_else(|report| panic!("{report}"));
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    lower(&loaded, &place, &Codes::unbuilt()).expect("it lowers")
}

fn desired(graph: &Graph, id: &str) -> Value {
    graph.node(id).unwrap_or_else(|| panic!("no `{id}`")).desired.clone()
}

#[test]
fn without_a_word_all_is_as_in_the_construct() {
    let graph = graph(LEAST);
    let table = desired(&graph, "stream");
    assert_eq!(table["partition_key"], json!({ "name": "id", "type": "string" }));
    let on = |key: &str| table[key] == true;
    assert!(on("on_demand") && on("point_in_time_recovery") && !on("deletion_protection"));
    assert_eq!((&table["encryption"], &table["stream_view"]), (&json!("aws_managed"), &json!("new_and_old_images")));
    let node = graph.node("stream").unwrap();
    assert!(node.retain && node.name.as_str() == "people-stream");
    let mapping = desired(&graph, "mapping");
    assert_eq!((&mapping["retries"], &mapping["max_age_seconds"]), (&json!(500), &json!(86400)));
    assert_eq!(
        (&mapping["bisect"], &mapping["start"], &mapping["batch_size"]),
        (&json!(true), &json!("oldest"), &json!(100))
    );
    assert_eq!(mapping["on_failure"], "arn:aws:sqs:eu-central-1:111122223333:people-dlq");
    assert_eq!(desired(&graph, "consumer")["tracing"], true);
}

#[test]
fn what_the_spec_says_wins_over_the_construct() {
    let said = LEAST.replace(
        "handler: stream-to-table",
        "handler: stream-to-table\n    xray: false\n    failures: { retries: 3, max_age_hours: 1 }",
    );
    let graph = graph(&said);
    let mapping = desired(&graph, "mapping");
    assert_eq!((&mapping["retries"], &mapping["max_age_seconds"]), (&json!(3), &json!(3600)));
    assert_eq!(desired(&graph, "consumer")["tracing"], false);
}

/// AWS assigns the ARN of the stream; the mapping's name and the role's policy hold for each that the table will have.
#[test]
fn the_mapping_reads_the_stream_that_the_table_has_by_then() {
    let graph = graph(LEAST);
    assert_eq!(desired(&graph, "mapping")["source"], "\u{fdd0}stream.stream_arn\u{fdd1}");
    assert_eq!(graph.node("mapping").unwrap().name.as_str(), "people-consumer/people-stream");
    let needs = &graph.node("mapping").unwrap().needs;
    assert!(needs.iter().any(|need| need.of.as_str() == "stream" && need.follow));
    let statements = desired(&graph, "consumer-role")["policies"]["pipe"]["Statement"].clone();
    let by_sid = |sid: &str| statements.as_array().unwrap().iter().find(|one| one["Sid"] == sid).cloned().unwrap();
    let read = by_sid("ReadStream");
    assert_eq!(read["Resource"], json!([format!("{TABLE}/stream/*")]));
    assert_eq!(read["Action"], json!(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]));
    assert_eq!(
        (&by_sid("ListStreams")["Resource"], &by_sid("WriteTable")["Action"]),
        (&json!(["*"]), &json!(["dynamodb:PutItem"]))
    );
}

#[test]
fn routes_without_a_sink_call_the_table_whose_changes_are_read() {
    let graph = graph(include_str!("specs/good/changes.yaml"));
    let api = desired(&graph, "api").to_string();
    assert!(api.contains("dynamodb:action/PutItem") && !api.contains("kinesis:action"), "{api}");
    let policy = desired(&graph, "api-role")["policies"].to_string();
    for (action, resource) in
        [("PutItem", "table/people"), ("GetItem", "table/people"), ("Query", "table/people/index/by-day")]
    {
        let resource = format!("arn:aws:dynamodb:eu-central-1:111122223333:{resource}\"");
        assert!(policy.contains(action) && policy.contains(&resource), "{action}: {policy}");
    }
    assert!(graph.node("table").is_none());
    assert_eq!(desired(&graph, "stream")["stream_view"], "new_image");
}

/// The copy of the consumer is no table that a body goes to.
#[test]
fn a_body_goes_into_the_table_whose_changes_are_read_and_not_into_the_sink() {
    let routes = "source:\n  api:\n    throttle: off\n    routes:\n      - { post: /people, auth: none, body: { schema: person.schema.json } }\n      \
                  - { get: '/people/{id}', auth: none, to: { table: get } }\n";
    let graph = graph(&LEAST.replace("stream:\n", &format!("{routes}stream:\n")));
    let policy = desired(&graph, "api-role")["policies"]["pipe"]["Statement"].clone();
    let may = |sid: &str| policy.as_array().unwrap().iter().find(|one| one["Sid"] == sid).unwrap()["Resource"].clone();
    assert_eq!(may("PutItem"), json!([TABLE]));
    assert_eq!(may("GetItem"), json!(["arn:aws:dynamodb:eu-central-1:111122223333:table/people-table"]));
    let put = desired(&graph, "api")["routes"]["POST /people"]["integration"]["templates"].to_string();
    assert!(put.contains("people-stream"), "{put}");
}

/// What AWS has after an apply, with the table's stream of this view under this ARN.
fn found(graph: &Graph, view: Option<&str>, stream: &str, read: &[&str]) -> Found {
    let mut found = Found::default();
    for node in graph.nodes() {
        found.evidence.tell(&Wanted::from(node));
        let mut props = (node.kind.sealed)(&node.desired).unwrap();
        let mut outputs = Outputs::new();
        if node.id.as_str() == "stream" {
            let held = props.as_object_mut().map(|props| props.remove("stream_view"));
            assert!(held.flatten().is_some() || node.existing);
            if let Some(view) = view {
                props["stream_view"] = view.into();
                outputs.insert("stream_arn".into(), stream.into());
            }
        }
        let plan = plan(graph, &Found::default(), KINDS, false);
        let tags = plan.changes.iter().find(|change| change.id == node.id).map(|change| change.tags.clone());
        let mut tags = tags.unwrap_or_default();
        let follows = node.needs.iter().find(|need| need.follow).map(|need| format!("identity of {}", need.of));
        tags.extend(follows.map(|identity| ("pipe:follows".to_owned(), identity)));
        let live = |props: Value, handle: String, state: State| Live {
            handle: Handle::new(handle),
            props,
            outputs: outputs.clone(),
            tags: tags.clone(),
            identity: format!("identity of {}", node.id),
            state,
        };
        let lives = match node.id.as_str() {
            "mapping" => {
                let of = |(at, source): (usize, &&str)| {
                    let mut props = props.clone();
                    props["source"] = (*source).into();
                    live(props, format!("uuid-{at}"), if at == 0 { State::Live } else { State::Draining })
                };
                read.iter().enumerate().map(of).collect()
            }
            id => vec![live(props.clone(), id.to_owned(), State::Live)],
        };
        found.lives.insert((node.kind.name, node.name.clone()), lives);
    }
    found
}

fn planned(graph: &Graph, found: &Found) -> Plan {
    let plan = plan(graph, found, KINDS, false);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    plan
}

fn work(plan: &Plan) -> Vec<(String, Action)> {
    plan.work().map(|change| (change.id.to_string(), change.action)).collect()
}

const OLD: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people-stream/stream/2026-01-01T00:00:00.000";
const NEW: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/people-stream/stream/2026-02-01T00:00:00.000";

#[test]
fn nothing_is_to_do_while_the_mapping_of_an_old_stream_goes_on() {
    let graph = graph(LEAST);
    let all = found(&graph, Some("new_and_old_images"), NEW, &[NEW]);
    assert_eq!(work(&planned(&graph, &all)), []);
    let plan = planned(&graph, &found(&graph, Some("new_and_old_images"), NEW, &[NEW, OLD]));
    assert_eq!(work(&plan), []);
    assert!(plan.notes[0].contains("goes on beside the new one"), "{:?}", plan.notes);
}

/// In AWS's own form: the one in its place knows the one that drains.
#[test]
fn what_drains_is_stopped_with_the_one_in_its_place() {
    let stopped = graph(&LEAST.replace("handler: stream-to-table", "handler: stream-to-table\n    enabled: false"));
    let mut all = found(&graph(LEAST), Some("new_and_old_images"), NEW, &[NEW, OLD]);
    let mapping = stopped.node("mapping").unwrap();
    let lives = all.lives.get_mut(&(mapping.kind.name, mapping.name.clone())).unwrap();
    let old = lives[1].props.clone();
    lives[0].props["draining"] = json!({ "uuid-1": old });
    assert_eq!(work(&planned(&graph(LEAST), &all)), []);
    let plan = planned(&stopped, &all);
    assert_eq!(work(&plan), [("mapping".to_owned(), Action::Update)]);
    let change = plan.work().next().unwrap();
    let told = |path: &str| change.fields.iter().any(|field| field.path == path && field.new == Some(json!(false)));
    assert!(told("enabled") && told("draining.uuid-1.enabled"), "{:?}", change.fields);
}

/// Under another name of the function there is another mapping, which reads the new stream alone.
#[test]
fn what_drains_is_not_ended_in_silence() {
    let all = found(&graph(LEAST), Some("new_and_old_images"), NEW, &[NEW, OLD]);
    let renamed = graph(&LEAST.replace("handler: stream-to-table", "handler: stream-to-table\n    name: other"));
    let plan = planned(&renamed, &all);
    let ended = plan.work().find(|change| change.kind.name.ends_with("Mapping") && change.action == Action::Delete);
    let told = &ended.unwrap_or_else(|| panic!("{:?}", work(&plan))).means;
    assert!(told.iter().any(|told| told.starts_with("records wait in the stream")), "{told:?}");
}

#[test]
fn what_has_drained_is_deleted_and_destroy_deletes_what_has_not() {
    let graph = graph(LEAST);
    let mut all = found(&graph, Some("new_and_old_images"), NEW, &[NEW, OLD]);
    let gone = planned(&Graph::empty("people"), &all);
    assert_eq!(gone.work().filter(|change| change.id.as_str() == "mapping").count(), 2);
    let mapping = graph.node("mapping").unwrap();
    let lives = all.lives.get_mut(&(mapping.kind.name, mapping.name.clone())).unwrap();
    lives[1].state = State::Drained;
    assert_eq!(work(&planned(&graph, &all)), [("mapping".to_owned(), Action::Delete)]);
}

/// The mapping is not replaced: that would end the one that reads the old stream.
#[test]
fn another_view_adds_a_mapping_and_asks_for_what_is_lost_between_the_two() {
    let live = graph(LEAST);
    let all = found(&live, Some("new_and_old_images"), OLD, &[OLD]);
    let graph = graph(&LEAST.replace("table_changes: {}", "table_changes: { view: new_image }"));
    let plan = planned(&graph, &all);
    let update = |id: &str| (id.to_owned(), Action::Update);
    assert_eq!(work(&plan), [update("stream"), update("mapping")]);
    let table = plan.changes.iter().find(|change| change.id.as_str() == "stream").unwrap();
    assert!(table.loss.as_ref().unwrap().contains("are in neither"), "{:?}", table.loss);
    let mapping = plan.changes.iter().find(|change| change.id.as_str() == "mapping").unwrap();
    assert!(mapping.means[0].contains("goes on beside it"), "{:?}", mapping.means);
    assert_eq!(mapping.loss, None);
}

#[test]
fn a_stream_that_others_disabled_is_begun_anew_and_the_gap_is_told() {
    let graph = graph(LEAST);
    let plan = planned(&graph, &found(&graph, None, OLD, &[OLD]));
    let update = |id: &str| (id.to_owned(), Action::Update);
    assert_eq!(work(&plan), [update("stream"), update("mapping")]);
    let table = plan.changes.iter().find(|change| change.id.as_str() == "stream").unwrap();
    assert!(table.drift && table.means[0].contains("without one are in none"), "{:?}", table.means);
}

#[test]
fn an_existing_table_without_a_stream_is_refused_with_what_to_do() {
    let graph = graph(&LEAST.replace("table_changes: {}", "table_changes: { existing: theirs }"));
    let stream = graph.node("stream").unwrap();
    let mut found = Found::default();
    let mut theirs = Live {
        handle: Handle::new("theirs"),
        props: json!({}),
        outputs: Outputs::new(),
        tags: Tags::new(),
        identity: "theirs".into(),
        state: State::Live,
    };
    found.lives.insert((stream.kind.name, stream.name.clone()), vec![theirs.clone()]);
    let refused = plan(&graph, &found, KINDS, false).refusals;
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].message().contains("`stream` (dynamodb:Table `theirs`) has no stream"), "{}", refused[0]);
    assert!(refused[0].hint_text().unwrap_or_default().contains("aws dynamodb update-table --table-name theirs"));
    theirs.outputs.insert("stream_arn".into(), OLD.replace("people-stream", "theirs"));
    found.lives.insert((stream.kind.name, stream.name.clone()), vec![theirs]);
    let plan = planned(&graph, &found);
    let mapping = plan.changes.iter().find(|change| change.id.as_str() == "mapping").unwrap();
    assert_eq!(mapping.desired["source"], OLD.replace("people-stream", "theirs"));
}
