//! With the real kinds, whose ARNs tell what belongs to what.

use serde_json::json;

use crate::graph::{Graph, Node};
use crate::kinds::KINDS;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::notification::Notification;
use crate::kinds::stream::Stream;
use crate::live::Found;
use crate::owner::{FOLLOWS, PIPELINE, RESOURCE};
use crate::plan::{Action, Plan, plan};
use crate::resource::{Handle, Id, Live, Name, Outputs, Resource, State, Tags, json};

mod consent;

const BORN: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2026-02-01T00:00:00Z";

fn stream() -> Stream {
    Stream { on_demand: false, shards: 1, retention_hours: 24, max_record_kb: 1024, encryption: "none".into() }
}

fn mapping_of(function: &str, stream: &str) -> Mapping {
    let edits = json!({
        "function": function, "source": format!("arn:aws:kinesis:eu-central-1:1:stream/{stream}"), "enabled": true,
        "batch_size": 100, "window_seconds": 0, "parallelization": 1, "start": "oldest", "retries": 100,
        "max_age_seconds": 43200, "bisect": true, "partial": true, "on_failure": "",
    });
    serde_json::from_value(edits).unwrap()
}

fn stream_node(name: &str) -> Node {
    Node::new::<Stream>("stream", name, &stream()).unwrap()
}

fn mapping_node(function: &str, stream: &str) -> Node {
    let props = mapping_of(function, stream);
    let name = mapping::name(function, &props.source);
    Node::new::<Mapping>("mapping", name.as_str(), &props).unwrap().follows("stream")
}

fn graph(nodes: Vec<Node>) -> Graph {
    Graph::new("demo", Tags::new(), nodes).unwrap()
}

/// Puts a resource of the pipeline into what was found.
fn put<R: Resource>(found: &mut Found, id: &str, name: &str, props: &R, identity: &str, follows: Option<&str>) {
    let mut tags = Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), id.into())]);
    tags.extend(follows.map(|identity| (FOLLOWS.to_owned(), identity.to_owned())));
    let live = Live {
        handle: Handle::new(format!("{id} {name}")),
        props: json(props).unwrap(),
        outputs: Outputs::new(),
        tags,
        identity: identity.into(),
        state: State::Live,
    };
    found.lives.entry((R::KIND, Name::new(name))).or_default().push(live);
    // As if the spec of the last apply had named it.
    found.evidence.names.insert((R::KIND, Name::new(name)));
    found.evidence.ids.insert((R::KIND, Id::new(id)));
}

/// A mapping between `f` and the stream `s`, which was born when it was made.
fn with_mapping() -> Found {
    let mut found = Found::default();
    put(&mut found, "mapping", "f/s", &mapping_of("f", "s"), "", Some(BORN));
    found
}

fn with_stream(born: &str) -> Found {
    let mut found = with_mapping();
    put(&mut found, "stream", "s", &stream(), born, None);
    found
}

/// What the plan does to mappings, and what it says of that.
fn told(nodes: Vec<Node>, found: &Found) -> Vec<(Action, Vec<String>)> {
    let Plan { changes, refusals, .. } = plan(&graph(nodes), found, KINDS, false);
    assert!(refusals.is_empty(), "{refusals:?}");
    changes.into_iter().filter(|it| it.kind.name == Mapping::KIND).map(|it| (it.action, it.means)).collect()
}

const ANEW: &str = "the new stream is read from its oldest record; the records that the old stream still held are lost";
const AGAIN: &str = "the stream is read again from its oldest record, so records that were handled before come again";
const UNREAD: &str =
    "the new stream is read from its oldest record; the records that the old stream still holds are no longer read";

#[test]
fn a_stream_that_this_plan_makes_again_is_new_under_its_arn() {
    let told = told(vec![stream_node("s"), mapping_node("f", "s")], &with_mapping());
    assert_eq!(told, [(Action::Replace, vec![ANEW.to_owned()])]);
}

/// By hand, or by a run that was killed before it came to the mapping.
#[test]
fn a_stream_that_was_made_again_before_this_plan_is_new_too() {
    let told = told(vec![stream_node("s"), mapping_node("f", "s")], &with_stream(LATER));
    assert_eq!(told, [(Action::Replace, vec![ANEW.to_owned()])]);
}

#[test]
fn a_stream_that_stays_is_read_again() {
    let told = told(vec![stream_node("s"), mapping_node("g", "s")], &with_stream(BORN));
    assert_eq!(told, [(Action::Replace, vec![AGAIN.to_owned()])]);
}

#[test]
fn a_renamed_stream_is_another_source_and_not_the_old_one_anew() {
    let told = told(vec![stream_node("t"), mapping_node("f", "t")], &with_stream(BORN));
    assert_eq!(told, [(Action::Replace, vec![UNREAD.to_owned()])]);
}

#[test]
fn nothing_is_said_of_what_stays() {
    let mut found = with_stream(BORN);
    for live in found.lives.values_mut().flatten() {
        let applied = crate::diff::hash(&live.props);
        live.tags.insert(crate::owner::APPLIED.into(), applied);
    }
    assert_eq!(told(vec![stream_node("s"), mapping_node("f", "s")], &found), [(Action::Same, Vec::new())]);
}

#[test]
fn a_mapping_that_goes_alone_leaves_records_waiting() {
    let told = told(vec![stream_node("s")], &with_stream(BORN));
    let [(Action::Delete, means)] = &told[..] else { panic!("{told:?}") };
    assert!(means[0].starts_with("records wait in the stream"), "{means:?}");
    assert!(means[1].starts_with("its checkpoint is lost"), "{means:?}");
}

#[test]
fn where_the_stream_goes_too_or_all_does_nothing_waits() {
    let other = Node::new::<Stream>("other", "o", &stream()).unwrap();
    assert_eq!(told(vec![other], &with_stream(BORN)), [(Action::Delete, Vec::new())]);
    // It is replaced under another name while the mapping goes.
    assert_eq!(told(vec![stream_node("t")], &with_stream(BORN)), [(Action::Delete, Vec::new())]);
    assert_eq!(told(Vec::new(), &with_stream(BORN)), [(Action::Delete, Vec::new())], "a destroy");
}

/// A run that was killed between the new mapping and the delete of the old one.
#[test]
fn a_mapping_that_has_another_in_its_place_does_not_end() {
    let mut found = with_stream(BORN);
    put(&mut found, "mapping", "g/s", &mapping_of("g", "s"), "", Some(BORN));
    let told = told(vec![stream_node("s"), mapping_node("g", "s")], &found);
    assert_eq!(told[1], (Action::Delete, Vec::new()), "{told:?}");
}

/// Nobody owned the stream: the plan says what the adoption means for it, and for what reads it from now on.
#[test]
fn who_adopts_learns_of_destroy_and_of_old_records() {
    let mut found = Found::default();
    put(&mut found, "stream", "s", &stream(), BORN, None);
    found.lives.values_mut().flatten().for_each(|live| live.tags.clear());
    let told = |start: &str, stream: Node| {
        let mut mapping = mapping_node("f", "s");
        mapping.desired["start"] = start.into();
        let plan = plan(&graph(vec![stream, mapping]), &found, KINDS, true);
        plan.changes.into_iter().map(|change| change.means.join("; ")).collect::<Vec<_>>()
    };
    const DESTROY: &str = "it belongs to the pipeline from now on: `pipe destroy` deletes it, unless the spec says `on_destroy: retain` for it";
    let old = "the records that `s` holds already are sent as well (`batch.start`)";
    assert_eq!(told("oldest", stream_node("s")), [DESTROY, old]);
    assert_eq!(told("newest", stream_node("s")), [DESTROY, ""]);
    assert_eq!(told("oldest", Node { retain: true, ..stream_node("s") }), ["", old]);
}

/// What is not there yet has no properties but those that say what others have in its place.
#[test]
fn what_others_have_in_the_place_of_a_new_one_may_forbid_it() {
    let entry =
        |prefix: &str| json!({ "id": "theirs", "target": "arn:t", "events": ["s3:ObjectCreated:*"], "prefix": prefix });
    let live_one = |state: State, target: &str, tags: Tags, others: &str| Live {
        handle: Handle::new(target),
        props: json!({ "target": target, "events": ["s3:ObjectCreated:*"], "prefix": "in/", "others": [entry(others)] }),
        outputs: Outputs::new(),
        tags,
        identity: String::new(),
        state,
    };
    let mut found = Found::default();
    let key = |name: &str| (Notification::KIND, Name::new(name));
    found.lives.insert(key("b"), vec![live_one(State::Absent, "", Tags::new(), "in/")]);
    let planned = |found: &Found, prefix: &str| {
        let props = json!({ "target": "arn:f", "events": ["s3:ObjectCreated:*"], "prefix": prefix });
        let props: Notification = serde_json::from_value(props).unwrap();
        let node = Node::new::<Notification>("notification", "b", &props).unwrap();
        let plan = plan(&graph(vec![node]), found, KINDS, false);
        let refusals: Vec<String> = plan.refusals.iter().map(|error| error.message().to_owned()).collect();
        (plan.changes[0].action, refusals)
    };
    let (action, refusals) = planned(&found, "in/a/");
    assert!(action == Action::Create && refusals[0].contains("`theirs`"), "{refusals:?}");
    assert_eq!(planned(&found, "out/"), (Action::Create, Vec::new()));

    // It comes from another bucket, where others have what would forbid it here.
    let ours = Tags::from([(PIPELINE.to_owned(), "demo".to_owned()), (RESOURCE.to_owned(), "notification".to_owned())]);
    let live = live_one(State::Live, "arn:f", ours, "out/");
    found.lives.insert(key("old"), vec![live]);
    assert_eq!(planned(&found, "out/"), (Action::Replace, Vec::new()));
    let (action, refusals) = planned(&found, "in/a/");
    assert!(action == Action::Replace && refusals.len() == 1, "{refusals:?}");
}
