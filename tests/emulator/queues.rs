//! A queue as the stream: up, unchanged, down; and time-outs and visibility in the order that Lambda takes.

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox};

use crate::session::{in_sync, sandbox};

/// The example.
pub const EXAMPLE: &str = include_str!("../../examples/queue.yaml");

/// moto keeps no `RedriveAllowPolicy`, so that each apply there would write it again.
#[test]
fn up_unchanged_and_down() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), EXAMPLE);
    sandbox.pipe(&["apply", "--yes"]);
    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes"]);
    assert!(sandbox.account.writes().is_empty(), "a second apply writes nothing");
    assert!(sandbox.account.calls().len() <= 60, "{}", sandbox.account.calls().len());
    let outputs = sandbox.pipe(&["outputs"]);
    assert!(outputs.contains("stream.url = ") && outputs.contains("/jobs-queue"), "{outputs}");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

/// The writes of an apply that set how long a message is hidden or a function may work, in their order.
fn order(sandbox: &Sandbox, from: &str, to: &str) -> Vec<String> {
    sandbox.edit(from, to);
    sandbox.account.clear();
    sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
    let writes = sandbox.account.writes().into_iter().map(|call| call.operation);
    writes.filter(|name| ["SetQueueAttributes", "UpdateFunctionConfiguration"].contains(&name.as_str())).collect()
}

/// Lambda refuses a mapping whose function may work longer than the queue hides a message: the emulator's layer does, too.
#[test]
fn a_message_is_hidden_long_enough_at_every_moment() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000165", EXAMPLE);
    sandbox.converge();
    let longer = order(&sandbox, "    batch:", "    timeout_seconds: 300\n    batch:");
    assert_eq!(longer, ["SetQueueAttributes", "UpdateFunctionConfiguration"]);
    in_sync(&sandbox, "longer");
    let shorter = order(&sandbox, "timeout_seconds: 300", "timeout_seconds: 20");
    assert_eq!(shorter, ["UpdateFunctionConfiguration", "SetQueueAttributes"]);
    in_sync(&sandbox, "shorter");
}

/// A queue's name stays taken for 60 s after its delete: the run waits.
#[test]
fn a_name_that_is_still_taken_is_waited_for() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000166", EXAMPLE);
    let (code, message) = ("AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds");
    let rule = sandbox.account.set(Rule::on("sqs", "CreateQueue").times(1).fail(400, code, message));
    sandbox.converge();
    assert_eq!(sandbox.account.fired(rule), 1);
}
