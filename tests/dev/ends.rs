//! However `pipe dev` ends, nothing stays behind, and what it could not do it says.

use std::path::Path;
use std::time::{Duration, Instant};

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Run, until};
use rustix::process::Signal;

use super::client::Client;
use super::dev::{Dev, MAIN, pipe};
use super::process::{Process, Started, about, signal, tree};

/// What an end may take on the slowest machine. Nothing here would end by itself in that time.
const WITHIN: Duration = Duration::from_secs(30);

/// A consumer that takes as long as it is let.
const SLOW: &str = r#"import http.client, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    api.getresponse().read()
    print("holding on", flush=True)
    time.sleep(600)
"#;

#[test]
fn ctrl_c_ends_everything_in_order() {
    assert!((0..3).any(|_| ends_in_order()), "never does everything end in time");
}

/// Whether everything had ended in the four seconds that it has for that; on a machine that does much besides it may not have.
fn ends_in_order() -> bool {
    let mut dev = Dev::new(MAIN);
    let (client, sdk) = (Client::of(&dev), dev.sdk());
    assert_eq!(client.post("/submit/GatewayEventsStream/e1", r#"{"eventId": "e1"}"#).status, 200);
    dev.until("the row", |dev| dev.row(&sdk, "e1").then_some(()));
    let processes = whole(&dev);
    signal(dev.process(), Signal::INT);
    let (status, took) = dev.end();
    assert!(status.code() == Some(0) && took < WITHIN, "{status} after {took:?}");
    gone(&processes, dev.path(), Instant::now());
    assert!(dev.said().contains("stopping; a second Ctrl-C stops at once"), "{}", dev.said());
    let after = dev.run(&["list"]);
    assert!(after.err.contains("no `pipe dev` runs"), "{after:?}");
    let (_, password) = client.credentials.split_once(':').unwrap();
    assert!(!dev.said().contains(password), "the password was shown");
    !dev.said().contains("not everything ended in time")
}

#[test]
fn a_kill_ends_everything() {
    for how in [Signal::TERM, Signal::KILL] {
        let mut dev = Dev::new(MAIN);
        assert_eq!(Client::of(&dev).post("/submit/GatewayEventsStream/e1", r#"{"eventId": "e1"}"#).status, 200);
        let processes = whole(&dev);
        let start = Instant::now();
        signal(dev.process(), how);
        dev.end();
        gone(&processes, dev.path(), start);
        let after = dev.run(&["list"]);
        assert!(after.err.contains("no `pipe dev` runs"), "{how:?}: {after:?}");
    }
}

/// One whose function has a batch and does not come back.
fn holding_on() -> Dev {
    let spec = MAIN.replace("handler: stream-to-table", "handler: ./own");
    let mut dev = Dev::start(&spec, None, |folder| own(&folder.join("own"), SLOW));
    assert_eq!(Client::of(&dev).post("/submit/GatewayEventsStream/e1", r#"{"eventId": "e1"}"#).status, 200);
    dev.until("the function to hold on", |dev| (dev.count("holding on") > 0).then_some(()));
    dev
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_a_slow_function() {
    let mut dev = holding_on();
    let processes = whole(&dev);
    let start = Instant::now();
    signal(dev.process(), Signal::INT);
    dev.until("the first to be heard", |dev| dev.said().contains("a second Ctrl-C stops at once").then_some(()));
    signal(dev.process(), Signal::INT);
    let (status, took) = dev.end();
    // The first may have been enough.
    assert!(matches!(status.code(), Some(0 | 130)) && took < WITHIN, "{status} after {took:?}");
    gone(&processes, dev.path(), start);
}

#[test]
fn one_ctrl_c_ends_a_slow_function_too() {
    let mut dev = holding_on();
    let processes = whole(&dev);
    let start = Instant::now();
    signal(dev.process(), Signal::INT);
    let (status, took) = dev.end();
    assert!(status.code() == Some(0) && took < WITHIN, "{status} after {took:?}");
    gone(&processes, dev.path(), start);
}

#[test]
fn ctrl_c_while_the_emulator_comes_up() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
    let cache = folder.path().join("cache");
    mute(&cache.join("ministack"));
    let mut dev = Started::of(folder.path(), |command| {
        command.env("PIPE_CACHE", cache);
    });
    let (processes, _) = until("MiniStack's process", || running(&dev, "/ministack.py "));
    signal(dev.pid(), Signal::INT);
    let start = Instant::now();
    let (code, took) = dev.end();
    assert!(code == Some(0) && took < WITHIN, "{code:?} after {took:?}: {}", dev.err());
    gone(&processes, folder.path(), start);
}

/// Puts an emulator that never answers where the real one is installed: it comes up until the test is done.
fn mute(venv: &Path) {
    std::fs::create_dir_all(venv.join("bin")).unwrap();
    std::fs::write(venv.join("requirements.txt"), pipe_local::endpoint::MINISTACK).unwrap();
    program(&venv.join("bin/python"), "#!/bin/sh\nsleep 600; :\n");
}

/// Everything that runs, with the process that has this in its command line; not the supervisor, which has it, too.
fn running(dev: &Started, words: &str) -> Option<(Vec<Process>, u32)> {
    let processes = tree(dev.pid());
    let of = |one: &&Process| format!("{} ", one.command).contains(words) && !one.command.contains(" supervise ");
    let found = processes.iter().find(of)?.pid;
    Some((processes, found))
}

#[test]
fn an_end_while_the_emulator_is_installed() {
    // A package index that never answers.
    let index = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", index.local_addr().unwrap());
    for (step, how) in
        [(" -m ensurepip ", Signal::INT), (" -m pip install ", Signal::INT), (" -m ensurepip ", Signal::KILL)]
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
        let mut dev = Started::of(folder.path(), |command| {
            command.env("PIPE_CACHE", folder.path().join("cache")).env("PIP_INDEX_URL", &url);
        });
        let (processes, its) = until(step, || running(&dev, step));
        // So that it is not done before it is ended: what is stopped goes only when it is killed.
        signal(its, Signal::STOP);
        let start = Instant::now();
        signal(dev.pid(), how);
        let (code, took) = dev.end();
        let expected = if how == Signal::INT { Some(0) } else { None };
        assert!(code == expected && took < WITHIN, "{code:?} after {took:?}: {}", dev.err());
        gone(&processes, folder.path(), start);
    }
}

#[test]
fn ctrl_c_during_an_apply_finishes_what_is_under_way() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStackWithAuth));
    let account = endpoint.account();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), MAIN).unwrap();
    let held = account.set(Rule::on("kinesis", "CreateStream").delay(Duration::from_secs(6)));
    let start = || {
        Started::of(folder.path(), |command| {
            command.envs(account.environment()).args(["--endpoint-url", &endpoint.url()]);
        })
    };
    let mut dev = start();
    until("the stream to be made", || (account.fired(held) == 1).then_some(()));
    signal(dev.pid(), Signal::INT);
    let (code, took) = dev.end();
    assert!(code == Some(130) && took < WITHIN, "{code:?} after {took:?}: {}{}", dev.out(), dev.err());
    assert!(dev.err().contains("✓ stream "), "what was under way was finished: {}", dev.err());
    assert!(dev.err().contains("left to do: ") && dev.err().contains("mapping"), "{}", dev.err());
    until("its processes to end", || about(folder.path().to_str().unwrap()).is_empty().then_some(()));
    // The way out is forward: the next one goes on from there.
    let mut again = start();
    again.until("it to be up", |dev| dev.out().contains("Up in ").then_some(()));
    signal(again.pid(), Signal::INT);
    assert_eq!(again.end().0, Some(0));
}

#[test]
fn an_emulator_that_ends_is_told() {
    let mut dev = Dev::new(MAIN);
    let processes = whole(&dev);
    let emulator =
        processes.iter().find(|one| one.command.contains("/ministack.py ") && !one.command.contains("supervise"));
    signal(emulator.unwrap().pid, Signal::KILL);
    let start = Instant::now();
    let (status, took) = dev.end();
    assert!(status.code() == Some(1) && took < WITHIN, "{status} after {took:?}");
    gone(&processes, dev.path(), start);
    assert!(dev.said().contains("keep MiniStack running: it ended"), "{}", dev.said());
    assert!(dev.said().contains("hint: its whole output is in `"), "{}", dev.said());
    let after: Run = Run::of(pipe(dev.path(), None).args(["list", "--local"]).output().unwrap());
    assert_eq!(after.code, Some(1), "{after:?}");
}

/// Everything that a running one consists of: itself, MiniStack, functions, and a supervisor for each of these.
fn whole(dev: &Dev) -> Vec<Process> {
    let processes = tree(dev.process());
    let count = |text: &str| processes.iter().filter(|one| one.command.contains(text)).count();
    assert!(count("ministack") >= 2 && count("bootstrap") >= 2 && count(" supervise ") >= 2, "{processes:?}");
    let folder = dev.path().to_str().unwrap();
    assert!(!about(folder).is_empty(), "{folder} is in no process's environment");
    processes
}

/// Waits until all of them are gone, and nothing else has to do with the folder.
fn gone(processes: &[Process], folder: &Path, start: Instant) {
    until("all processes to end", || {
        let left: Vec<&Process> = processes.iter().filter(|one| one.is_there()).collect();
        let more = about(folder.to_str().unwrap());
        let done = left.is_empty() && more.is_empty();
        assert!(done || start.elapsed() < WITHIN, "there are still {left:?} and {more:?}");
        done.then_some(())
    });
}

/// The user's own handler: Python, by its absolute path, because functions have no search path to speak of.
fn own(folder: &Path, script: &str) {
    std::fs::create_dir_all(folder).unwrap();
    program(&folder.join("bootstrap"), &format!("#!{}\n{script}", super::runtime::python()));
}

fn program(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}
