//! Up, unchanged, down: on MiniStack and on moto.

use std::time::Duration;

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox, rounds};

const MAIN: &str = include_str!("../../pipeline.yaml");

/// How many calls of a diff may wait for one another.
const MOST_ROUNDS: usize = 3;

/// How many calls of a diff that finds nothing waited for one another.
fn rounds_of_a_diff(sandbox: &Sandbox) -> usize {
    sandbox.account.clear();
    // So slow that calls which could overlap do: what is left after one another waits for an answer.
    sandbox.account.set(Rule::calls().delay(Duration::from_secs(3)));
    let again = sandbox.run(&["diff", "--exit-code"]);
    sandbox.account.clear_rules();
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let calls = sandbox.account.calls();
    assert!(calls.iter().all(|call| !call.write), "a diff writes nothing");
    let told: Vec<String> = calls.iter().map(|call| format!("{}:{}", call.service, call.operation)).collect();
    assert!(calls.len() <= 60, "{} calls: {told:?}", calls.len());
    rounds(&calls)
}

fn up_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), MAIN);
    sandbox.pipe(&["apply", "--yes"]);

    let mut tries = Vec::new();
    // A pause of the machine may put calls after one another that could overlap: the best of three counts.
    while tries.len() < 3 && tries.last().is_none_or(|rounds| *rounds > MOST_ROUNDS) {
        tries.push(rounds_of_a_diff(&sandbox));
    }
    assert!(tries.last().is_some_and(|rounds| *rounds <= MOST_ROUNDS), "{tries:?} calls after one another");

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
