//! What is left under more than one name.

use serde_json::{Value, json};

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
fn found(names: &[&str], client: &Value) -> Found {
    let live = Live {
        handle: Handle::new("eu-central-1_Ab1"),
        props: json!({
            "sign_in": ["email"], "case_sensitive": false, "self_sign_up": true, "verifies": ["email"],
            "password": {
                "min_length": 8, "lowercase": true, "uppercase": true, "numbers": true, "symbols": true, "temporary_days": 7,
            },
            "deletion_protection": false, "groups": {}, "client": client,
        }),
        outputs: Outputs::new(),
        tags: Tags::from([(PIPELINE.into(), "demo".into()), (RESOURCE.into(), "users".into())]),
        identity: String::new(),
        state: State::Live,
    };
    let mut found = Found::default();
    found.evidence.tell(&Wanted {
        kind: pools(),
        name: Name::new("people"),
        why: Why::Own(Id::new("users")),
        likely: true,
    });
    found.lives = names.iter().map(|name| ((pools().name, Name::new(*name)), vec![live.clone()])).collect();
    found
}

fn deleted(names: &[&str], client: &Value) -> Vec<String> {
    let plan = plan(&Graph::empty("demo"), &found(names, client), KINDS, false);
    assert!(plan.changes.iter().all(|change| change.action == Action::Delete && change.loss.is_some()));
    plan.changes.iter().map(|change| change.live_name().to_string()).collect()
}

/// Its id comes first in the alphabet, but it is the name that consent is given for.
#[test]
fn a_resource_under_two_names_is_deleted_once_under_the_one_that_users_know() {
    assert_eq!(deleted(&["eu-central-1_Ab1", "people"], &Value::Null), ["people"]);
}

/// Under a name of its own that the spec gives no more, only the tagging API tells of it, by its id.
#[test]
fn what_has_the_label_of_the_pipeline_within_it_is_the_pipelines_and_tags_alone_are_not_enough() {
    let client = json!({
        "flows": [], "access_token_seconds": 300, "id_token_seconds": 300, "refresh_token_seconds": 3600,
        "hides_users": true, "revokes_tokens": true,
    });
    assert_eq!(deleted(&["eu-central-1_Ab1"], &client), ["eu-central-1_Ab1"]);
    assert!(deleted(&["eu-central-1_Ab1"], &Value::Null).is_empty());
}
