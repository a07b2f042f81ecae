//! What is left under more than one name.

use serde_json::json;

use crate::evidence::{Wanted, Why};
use crate::graph::Graph;
use crate::kinds::KINDS;
use crate::live::Found;
use crate::owner::{PIPELINE, RESOURCE};
use crate::plan::{Action, plan};
use crate::resource::{Handle, Id, Kind, Live, Name, Outputs, State, Tags};

fn pools() -> &'static Kind {
    KINDS.iter().find(|kind| kind.name == "cognito-idp:UserPool").unwrap()
}

/// A user pool of the pipeline as it is found: under its name, and under its id, which is what the tagging API tells.
fn found(names: &[&str]) -> Found {
    let live = Live {
        handle: Handle::new("eu-central-1_Ab1"),
        props: json!({
            "sign_in": ["email"], "case_sensitive": false, "self_sign_up": true, "verifies": ["email"],
            "password": {
                "min_length": 8, "lowercase": true, "uppercase": true, "numbers": true, "symbols": true, "temporary_days": 7,
            },
            "deletion_protection": false, "groups": {}, "client": null,
        }),
        outputs: Outputs::new(),
        tags: Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), "users".into())]),
        identity: String::new(),
        state: State::Live,
    };
    let mut found = Found::default();
    found.evidence.tell(&Wanted { kind: pools(), name: Name::new("people"), why: Why::Own(Id::new("users")) });
    found.lives = names.iter().map(|name| ((pools().name, Name::new(*name)), vec![live.clone()])).collect();
    found
}

fn deleted(names: &[&str]) -> Vec<String> {
    let plan = plan(&Graph::empty("demo"), &found(names), KINDS, false);
    assert!(plan.changes.iter().all(|change| change.action == Action::Delete && change.loss.is_some()));
    plan.changes.iter().map(|change| change.live_name().to_string()).collect()
}

/// Its id comes first in the alphabet, but it is the name that consent is given for.
#[test]
fn a_resource_under_two_names_is_deleted_once_under_the_one_that_users_know() {
    assert_eq!(deleted(&["eu-central-1_Ab1", "people"]), ["people"]);
}
