//! With the real kinds: what others did to a resource, and what consent it takes to undo that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json as value;

use crate::aws::policy::{Policy, allow, trust};
use crate::diff::hash;
use crate::graph::{Graph, Node};
use crate::kinds::KINDS;
use crate::kinds::log_group::LogGroup;
use crate::kinds::role::Role;
use crate::live::Found;
use crate::owner::{APPLIED, PIPELINE, RESOURCE};
use crate::plan::{Change, plan};
use crate::resource::{Handle, Live, Name, Outputs, Resource, State, Tags, json};

fn role() -> Role {
    Role {
        path: "/pipe/demo/eu-central-1/".into(),
        trust: trust("lambda.amazonaws.com"),
        policies: BTreeMap::from([("pipe".into(), Policy::new(vec![allow("a", &["a:B"], &["arn:c".into()])]))]),
        managed: BTreeSet::new(),
        permissions_boundary: String::new(),
    }
}

/// What becomes of the live one, with these tags, where it is to be the desired one.
fn change<R: Resource>(desired: &R, live: &R, tags: Tags) -> Change {
    let live = Live {
        handle: Handle::new("it"),
        props: json(live).unwrap(),
        outputs: Outputs::new(),
        tags,
        identity: String::new(),
        state: State::Live,
    };
    let found = Found { lives: [((R::KIND, Name::new("it")), vec![live])].into(), ..Found::default() };
    let node = Node::new("it", "it", desired).unwrap().adopted();
    let mut plan = plan(&Graph::new("demo", Tags::new(), vec![node]).unwrap(), &found, KINDS, false);
    plan.changes.remove(0)
}

/// The tags of what was applied as this and not edited since.
fn applied<R: Resource>(desired: &R) -> Tags {
    let tags = [(PIPELINE, "demo".to_owned()), (RESOURCE, "it".to_owned()), (APPLIED, hash(&json(desired).unwrap()))];
    tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn what_others_forbade_is_lifted_with_consent_though_it_is_drift() {
    let deny = Policy::new(vec![value!({ "Effect": "Deny", "Action": "*", "Resource": "*" })]);
    let inline =
        Role { policies: [role().policies, [("held".into(), deny)].into()].into_iter().flatten().collect(), ..role() };
    let managed = Role { managed: ["arn:aws:iam::aws:policy/AWSDenyAll".into()].into(), ..role() };
    let bounded = Role { permissions_boundary: "arn:aws:iam::aws:policy/AWSDenyAll".into(), ..role() };
    for live in [inline, managed, bounded] {
        let change = change(&role(), &live, applied(&role()));
        assert!(change.drift && change.widens.len() == 1, "{:?}", change.widens);
    }
    let bare = change(&role(), &Role { policies: BTreeMap::new(), ..role() }, applied(&role()));
    assert!(bare.drift && bare.widens.len() == 1, "what others took away they may have meant: {:?}", bare.widens);
}

#[test]
fn a_log_group_of_others_is_taken_over_with_consent_where_its_events_would_go() {
    let of = |retention_days| LogGroup { retention_days };
    assert!(change(&of(30), &of(0), Tags::new()).loss.is_some());
    assert!(change(&of(30), &of(7), Tags::new()).loss.is_none());
    assert!(change(&of(30), &of(60), applied(&of(60))).loss.is_none(), "an edit of the pipeline's own");
}
