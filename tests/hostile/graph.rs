//! What a graph may hold: names in the place of names, values as they were written, and policies as [`crate::hostile::policies`] has them.

use pipe::kinds::KINDS;
use pipe::spec::Spec;
use serde_json::{Value, json};

use crate::hostile::walk::Taken;
use crate::hostile::{policies, routes};

/// Checks everything that a spec became, but for what the requests of clients do to the templates.
pub fn check(taken: &Taken) {
    let spec = &taken.loaded.spec;
    assert_eq!(taken.graph.tags, spec.tags, "tags are as they were written");
    for node in taken.graph.nodes() {
        assert!(KINDS.iter().any(|kind| kind.name == node.kind.name));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-/+=@, :".contains(letter);
        assert!(node.name.as_str().chars().all(plain), "a name holds `{}`", node.name);
    }
    for change in &taken.plan.changes {
        for (key, value) in spec.tags.iter().filter(|_| !change.tags.is_empty()) {
            assert_eq!(change.tags.get(key), Some(value), "{}", change.id);
        }
        match change.id.as_str() {
            "consumer" => function(spec, &change.desired, "consumer"),
            "authorizer" => function(spec, &change.desired, "authorizer"),
            "secret" => {
                assert_eq!(
                    change.desired,
                    json!({ "description": format!("Basic credentials of the pipeline {}", spec.name) })
                );
            }
            "table" => table(spec, &change.desired),
            "api" => routes::document(spec, &change.desired),
            _ => {}
        }
        policies::check(spec, change.id.as_str(), &change.desired);
    }
}

/// The description says what `pipe` says, and each variable has the value that the spec gives it.
fn function(spec: &Spec, desired: &Value, id: &str) {
    assert_eq!(desired["description"], format!("{id} of the pipeline {}", spec.name));
    let environment = desired["environment"].as_object().unwrap();
    let mut own = environment.len();
    if id == "consumer" {
        for (name, value) in &spec.function().unwrap().environment {
            assert_eq!(environment[name], *value, "the variable {name}");
            own -= 1;
        }
    }
    let ours = environment
        .keys()
        .filter(|name| name.starts_with("PIPE_") || (spec.network.is_some() && name.starts_with("AWS_ENDPOINT_URL_")))
        .count();
    assert_eq!(own, ours, "no variable from elsewhere: {environment:?}");
    if let Some(table) = spec.table().and_then(|table| table.own()).filter(|_| id == "consumer") {
        assert_eq!(environment["PIPE_PARTITION_KEY"], table.partition_key.name);
        assert_eq!(environment["PIPE_TABLE"], spec.table_name());
    }
}

fn table(spec: &Spec, desired: &Value) {
    let own = spec.table().and_then(|table| table.own()).unwrap();
    assert_eq!(desired["partition_key"]["name"], own.partition_key.name);
    let sort = own.sort_key.as_ref().map(|key| key.name.as_str());
    assert_eq!(desired["sort_key"]["name"].as_str(), sort);
}
