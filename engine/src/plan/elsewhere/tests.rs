//! With the real kinds: a role and a mapping that are pointed at something else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::aws::policy::{Policy, allow, trust};
use crate::graph::{Graph, Node};
use crate::kinds::KINDS;
use crate::kinds::mapping::Mapping;
use crate::kinds::role::Role;
use crate::kinds::stream::Stream;
use crate::live::Found;
use crate::owner::{PIPELINE, RESOURCE};
use crate::plan::plan;
use crate::resource::{Handle, Live, Name, Outputs, Resource, State, Tags, json};

fn arn(stream: &str) -> String {
    format!("arn:aws:kinesis:eu-central-1:1:stream/{stream}")
}

fn role(stream: &str) -> Role {
    Role {
        path: "/pipe/demo/eu-central-1/".into(),
        trust: trust("lambda.amazonaws.com"),
        policies: BTreeMap::from([(
            "pipe".into(),
            Policy::new(vec![allow("a", &["kinesis:PutRecord"], &[arn(stream)])]),
        )]),
        managed: BTreeSet::new(),
        permissions_boundary: String::new(),
    }
}

fn mapping(stream: &str) -> Mapping {
    let props = json!({
        "function": "f", "source": arn(stream), "enabled": true, "batch_size": 1, "window_seconds": 0, "parallelization": 1,
        "start": "oldest", "retries": 1, "max_age_seconds": 1, "bisect": true, "partial": true, "on_failure": "",
    });
    serde_json::from_value(props).unwrap()
}

fn put<R: Resource>(found: &mut Found, id: &str, name: &str, props: &R) {
    let live = Live {
        handle: Handle::new(name),
        props: json(props).unwrap(),
        outputs: Outputs::new(),
        tags: Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), id.into())]),
        identity: String::new(),
        state: State::Live,
    };
    found.lives.insert((R::KIND, Name::new(name)), vec![live]);
}

/// What a plan says about a role and a mapping that used the stream `old` and use what this node is.
fn told(node: Node) -> Vec<(String, Vec<String>)> {
    let mut found = Found::default();
    let stream =
        Stream { on_demand: false, shards: 1, retention_hours: 24, max_record_kb: 1024, encryption: "none".into() };
    put(&mut found, "role", "role", &role("old"));
    put(&mut found, "mapping", "mapping", &mapping("old"));
    put(&mut found, "other", node.name.as_str(), &stream);
    let name = node.name.to_string();
    let nodes = vec![
        node,
        Node::new("role", "role", &role(&name)).unwrap(),
        Node::new("mapping", "mapping", &mapping(&name)).unwrap(),
    ];
    let plan = plan(&Graph::new("demo", Tags::new(), nodes).unwrap(), &found, KINDS, false);
    plan.widening().map(|change| (change.id.to_string(), change.widens.clone())).collect()
}

#[test]
fn what_is_pointed_at_something_existing_widens() {
    let text = "it is pointed at kinesis:Stream `theirs`, which is not the pipeline's";
    let widens = |id: &str| (id.to_owned(), vec![text.to_owned()]);
    assert_eq!(told(Node::existing::<Stream>("stream", "theirs")), [widens("role"), widens("mapping")]);
}

#[test]
fn what_stays_where_it_was_or_is_replaced_by_the_pipeline_does_not() {
    assert_eq!(told(Node::existing::<Stream>("stream", "old")), []);
    let own =
        Stream { on_demand: false, shards: 1, retention_hours: 24, max_record_kb: 1024, encryption: "none".into() };
    assert_eq!(told(Node::new("other", "new", &own).unwrap()), []);
}
