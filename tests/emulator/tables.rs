//! An API straight to a table: up, unchanged, edited, down, on MiniStack and on moto.

use std::path::Path;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox, copy_folder};

const SPEC: &str = include_str!("../../examples/every-table-action.yaml");

fn up_edited_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), SPEC);
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/api-to-table");
    copy_folder(&schemas, &sandbox.path().join("api-to-table"));
    sandbox.converge();
    // Another template, another method, another action: each is an edit of the API, and then there is nothing to do.
    for (from, to) in [
        ("{ if_absent: true }", "{ if_absent: false }"),
        ("- patch: /people", "- put: /people"),
        ("      - get: /people/{ID}\n        to: { table: query }\n", ""),
        ("- delete: /people/{ID}/{FirstName}", "- any: /people/{ID}/{FirstName}"),
    ] {
        sandbox.edit(from, to);
        sandbox.converge();
    }
    let down = sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(down.contains("left: secretsmanager:Secret"), "{down}");
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

#[test]
fn ministack() {
    up_edited_and_down(Kind::MiniStack);
}

#[test]
fn moto() {
    up_edited_and_down(Kind::Moto);
}
