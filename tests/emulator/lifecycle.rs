//! Up, unchanged, down: on MiniStack and on moto.

use std::time::Duration;

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox, rounds};

const MAIN: &str = include_str!("../../pipeline.yaml");

fn up_and_down(kind: Kind) {
    let endpoint = Endpoint::start(Emulator::shared(kind));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), MAIN);
    sandbox.pipe(&["apply", "--yes"]);

    sandbox.account.clear();
    // So slow that calls which could overlap do: what is left after one another waits for an answer.
    sandbox.account.set(Rule::calls().delay(Duration::from_millis(400)));
    let again = sandbox.run(&["diff", "--exit-code"]);
    sandbox.account.clear_rules();
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let calls = sandbox.account.calls();
    assert!(calls.iter().all(|call| !call.write), "a diff writes nothing");
    assert!(calls.len() <= 60, "{} calls", calls.len());
    assert!(rounds(&calls) <= 3, "{} calls after one another", rounds(&calls));

    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert!(sandbox.account.writes().is_empty(), "a second apply writes nothing");

    let down = sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(down.contains("left: apigateway:AccountLogging"), "{down}");
    assert!(down.contains("left: secretsmanager:Secret"), "{down}");
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
    sandbox.account.clear();
    assert!(sandbox.pipe(&["destroy", "--yes"]).contains("Nothing to do"));
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
