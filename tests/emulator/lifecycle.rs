//! Up, unchanged, down: on MiniStack and on moto.

use std::path::Path;
use std::time::Duration;

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox, copy_folder, rounds};

const MAIN: &str = include_str!("../../pipeline.yaml");

const WITH_DOORS: &str = include_str!("../../examples/api-to-table.yaml");

/// What a diff that finds nothing may cost: calls, and how many of them may wait for one another.
struct Most {
    calls: usize,
    rounds: usize,
}

const MOST: Most = Most { calls: 60, rounds: 3 };
/// Where there are users, keys and plans: a list, the pool's clients, and the client that is the pipeline's.
const MOST_WITH_DOORS: Most = Most { calls: 75, rounds: 4 };

/// How many calls of a diff that finds nothing waited for one another.
fn rounds_of_a_diff(sandbox: &Sandbox, most: usize) -> usize {
    sandbox.account.clear();
    // So slow that calls which could overlap do: what is left after one another waits for an answer.
    sandbox.account.set(Rule::calls().delay(Duration::from_secs(3)));
    let again = sandbox.run(&["diff", "--exit-code"]);
    sandbox.account.clear_rules();
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let calls = sandbox.account.calls();
    assert!(calls.iter().all(|call| !call.write), "a diff writes nothing");
    let told: Vec<String> = calls.iter().map(|call| format!("{}:{}", call.service, call.operation)).collect();
    assert!(calls.len() <= most, "{} calls: {told:?}", calls.len());
    rounds(&calls)
}

/// A pause of the machine may put calls after one another that could overlap: the best of three counts.
fn is_within(sandbox: &Sandbox, most: &Most) {
    let mut tries = Vec::new();
    while tries.len() < 3 && tries.last().is_none_or(|rounds| *rounds > most.rounds) {
        tries.push(rounds_of_a_diff(sandbox, most.calls));
    }
    assert!(tries.last().is_some_and(|rounds| *rounds <= most.rounds), "{tries:?} calls after one another");
}

fn up_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), MAIN);
    sandbox.pipe(&["apply", "--yes"]);

    is_within(&sandbox, &MOST);

    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert!(sandbox.account.writes().is_empty(), "a second apply writes nothing");

    let down = sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(down.contains("left: apigateway:AccountLogging"), "{down}");
    assert!(down.contains("left: secretsmanager:Secret"), "{down}");
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
    sandbox.account.clear();
    assert!(sandbox.pipe(&["destroy", "--yes"]).contains("There is nothing of `"));
    assert!(sandbox.account.writes().is_empty(), "there is nothing left to destroy");
}

#[test]
fn ministack() {
    up_and_down(Kind::MiniStack);
}

#[test]
fn moto() {
    up_and_down(Kind::Moto);
}

#[test]
fn users_keys_and_plans() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), WITH_DOORS);
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/api-to-table");
    copy_folder(&schemas, &sandbox.path().join("api-to-table"));
    sandbox.pipe(&["apply", "--yes"]);
    is_within(&sandbox, &MOST_WITH_DOORS);
}
