//! APIs of many routes: made by one import, edited by single calls, on MiniStack and on moto. Neither emulator can import as AWS does;
//! the forwarder makes the parts of the document one by one, and does what AWS was seen to do with them.

use std::fmt::Write;
use std::fs;

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox};

use crate::cloud::Cloud;

const SCHEMA: &str = r#"{ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } }"#;
/// What an edit of one route may write: two methods with their answers, the deployment and the stage.
const OF_ONE_ROUTE: usize = 40;

/// So many routes of all kinds, each with a path of its own.
fn spec(routes: usize) -> String {
    let mut text =
        "name: large\nsource:\n  api:\n    cors: { origins: ['https://a.example'] }\n    routes:\n".to_owned();
    for number in 0..routes {
        let route = match number % 4 {
            0 => format!("put: /r{number}, auth: members, to: {{ table: put }}, body: {{ schema: item.json }}"),
            1 => format!("get: /r{number}, auth: readers, to: {{ table: scan }}"),
            2 => format!("get: /r{number}, auth: basic, to: {{ table: scan }}"),
            _ => format!("get: /r{number}, auth: none, to: {{ table: scan }}"),
        };
        let _ = writeln!(text, "      - {{ {route} }}");
    }
    text + "      - { get: '/items/{id}', auth: basic, to: { table: get } }
auth:
  basic: {}
  members: { cognito: { users: people, scopes: [aws.cognito.signin.user.admin] } }
  readers: { api_key: { plans: [free] } }
plans:
  free: { rate_per_second: 5, burst: 10 }
users:
  people: { deletion_protection: false }
sink: { table: { partition_key: id } }
"
}

fn sandbox(kind: Kind, routes: usize) -> (Endpoint, Sandbox) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), &spec(routes));
    fs::write(sandbox.path().join("item.json"), SCHEMA).unwrap();
    (endpoint, sandbox)
}

/// The writes of API Gateway since the account was last cleared, by operation.
fn writes(sandbox: &Sandbox) -> Vec<String> {
    let writes = sandbox.account.writes().into_iter().filter(|call| call.service == "apigateway");
    writes.map(|call| call.operation).collect()
}

fn count(writes: &[String], operation: &str) -> usize {
    writes.iter().filter(|write| *write == operation).count()
}

/// Applies, and returns what was written; then nothing is left to do.
fn applied(sandbox: &Sandbox) -> Vec<String> {
    sandbox.account.clear();
    sandbox.converge();
    writes(sandbox)
}

fn up_edited_and_down(kind: Kind, routes: usize) {
    let (_endpoint, sandbox) = sandbox(kind, routes);
    let made = applied(&sandbox);
    assert_eq!(count(&made, "PutRestApi"), 1, "{made:?}");
    assert_eq!((count(&made, "PutMethod"), count(&made, "CreateResource")), (0, 0), "{made:?}");
    let id = Cloud::of(&sandbox.account).api();
    sandbox.edit("get: /r1, auth: readers", "get: /r1, auth: basic");
    let edited = applied(&sandbox);
    // The route, and the answer to browsers that ask for it: they send other credentials from now on.
    assert_eq!((count(&edited, "PutRestApi"), count(&edited, "PutMethod")), (0, 2), "{edited:?}");
    assert!(edited.len() <= OF_ONE_ROUTE, "{edited:?}");
    // Many at once: each answer of each route has another header.
    sandbox.edit("https://a.example", "https://b.example");
    let changed = applied(&sandbox);
    assert_eq!((count(&changed, "PutRestApi"), count(&changed, "PutMethod")), (1, 0), "{changed:?}");
    assert_eq!(Cloud::of(&sandbox.account).api(), id, "it is the same API");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

/// As many as there may be are for the benchmark: the forwarder makes some ten calls of each.
#[test]
fn forty_routes_on_ministack() {
    up_edited_and_down(Kind::MiniStack, 40);
}

#[test]
fn twenty_routes_on_moto() {
    up_edited_and_down(Kind::Moto, 20);
}

/// Both ways end in the same API: what an import made, single calls find as it is to be, and the other way round.
#[test]
fn an_api_that_aws_does_not_import_is_made_by_single_calls() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, 6);
    let text = "Warnings found during import: ..";
    let refused = sandbox.account.set(Rule::on("apigateway", "PutRestApi").fail(400, "BadRequestException", text));
    let made = applied(&sandbox);
    assert_eq!((sandbox.account.fired(refused), count(&made, "PutMethod")), (1, 14), "{made:?}");
    sandbox.account.clear_rules();
    sandbox.edit("https://a.example", "https://b.example");
    let changed = applied(&sandbox);
    assert_eq!((count(&changed, "PutRestApi"), count(&changed, "PutMethod")), (1, 0), "{changed:?}");
}

/// A run that ends after the import goes on with what is missing, and serves nothing before.
#[test]
fn a_run_that_ends_after_the_import_is_gone_on_with() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, 10);
    let lost = sandbox.account.set(Rule::on("apigateway", "PutRestApi").nth(1).reset_after());
    let stopped = Rule::on("apigateway", "CreateDeployment").fail(400, "BadRequestException", "stopped here");
    sandbox.account.set(stopped);
    let run = sandbox.run(&["apply", "--yes"]);
    assert_eq!((run.code, sandbox.account.fired(lost)), (Some(1), 1), "{}{}", run.out, run.err);
    sandbox.account.clear_rules();
    let rest = applied(&sandbox);
    assert_eq!((count(&rest, "PutRestApi"), count(&rest, "CreateDeployment")), (0, 1), "{rest:?}");
}
