//! Every property of a spec, edited on an applied pipeline: the plan says exactly what changes, applying it does just that, and
//! nothing is left to do. Where one emulator cannot show an edit, the chain says so and runs on the other.

mod alarms;
mod api;
mod changes;
mod consumer;
mod keys;
mod languages;
mod parts;
mod queues;
mod sources;
mod stores;

use pipe_test_support::Kind;

use crate::cloud::Cloud;
use crate::session::{Edit, chain, in_sync, plan, sandbox, snapshot};

#[test]
fn tags_and_permissions_boundary() {
    const EDITS: &[Edit] = &[
        ("a tag", "name: gateway-events\n", "name: gateway-events\ntags: { team: data }\n"),
        ("another value", "team: data", "team: events"),
        ("another key", "team: events", "squad: events"),
        ("no tags", "tags: { squad: events }\n", ""),
        (
            "a permissions boundary",
            "name: gateway-events\n",
            "name: gateway-events\npermissions_boundary: arn:aws:iam::aws:policy/PowerUserAccess\n",
        ),
        ("another boundary", "PowerUserAccess", "ReadOnlyAccess"),
        ("no boundary", "permissions_boundary: arn:aws:iam::aws:policy/ReadOnlyAccess\n", ""),
    ];
    chain(Kind::MiniStack, "200000000001", "edits_pipeline", EDITS);
}

/// The name is the pipeline's identity: under another one it is another pipeline, which may not take what the first has.
#[test]
fn name() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000002", crate::MAIN);
    sandbox.converge();
    sandbox.edit("name: gateway-events", "name: other-events");
    sandbox.account.clear();
    let refused = sandbox.run(&["apply", "--yes", "--adopt", "--allow-data-loss", "all"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(sandbox.account.writes().is_empty());
    snapshot("edits_name", &refused.err);
    sandbox.edit("name: other-events", "name: gateway-events");
    in_sync(&sandbox, "the first pipeline is as it was");
}

/// Every name at once: what has a new name is made, what had the old one is gone, and the API keeps its id.
#[test]
fn names_leave_nothing_of_the_old_ones() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000003", crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    let id = cloud.api();
    for (from, to) in [
        ("    stage: prod", "    name: new-api\n    stage: new-stage"),
        ("gateway/credentials", "new/credentials"),
        ("GatewayEventsStream", "new-stream"),
        ("    memory_mb", "    name: new-consumer\n    memory_mb"),
        ("EventTable", "new-table"),
        ("LambdaDeadLetterQueue", "new-dlq"),
    ] {
        sandbox.edit(from, to);
    }
    let plan = plan(&sandbox);
    crate::session::apply(&sandbox, "all names", &plan);
    snapshot("edits_names", &format!("{plan}\n{}\n", cloud.inventory().join("\n")));
    let stages = cloud.run(cloud.aws.apigateway.get_stages().rest_api_id(&id).send()).unwrap();
    let names: Vec<_> = stages.item().iter().filter_map(|stage| stage.stage_name()).collect();
    assert_eq!(names, ["new-stage"], "the API is the same one, with its new stage alone");
}
