//! Ctrl-C: the first finishes what is under way and says what is left, the second stops at once.

use std::io::BufReader;
use std::process::Stdio;
use std::time::{Duration, Instant};

use pipe_test_support::{Rule, Run};

use crate::site::{MAIN, Running, Site, WHOLE, heard, signal, until};

/// Begins an apply whose consumer takes so long, and returns when that is under way.
fn begun(site: &Site, consumer_takes: Duration) -> Running {
    let slow = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer").delay(consumer_takes);
    let slow = site.user.account.set(slow);
    let mut command = site.user.command(&["apply", "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running = Running(child);
    until("the consumer to be made", || site.user.account.fired(slow) == 1);
    running
}

fn ended(mut running: Running) -> Run {
    let mut run = Run { code: None, out: String::new(), err: String::new() };
    std::io::Read::read_to_string(&mut running.0.stderr.take().unwrap(), &mut run.err).unwrap();
    run.code = running.0.wait().unwrap().code();
    run
}

#[test]
fn what_is_under_way_is_finished_and_the_rest_is_told() {
    let site = Site::new(MAIN);
    let running = begun(&site, Duration::from_secs(6));
    signal(running.0.id(), "INT");
    let run = ended(running);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert!(run.err.contains("interrupted: finishing what is under way"), "{}", run.err);
    let made = site.calls_of("CreateFunction");
    assert!(made.iter().all(|call| call.ended.is_some() && call.status == Some(201)), "the call is finished: {made:?}");
    let left = run.err.lines().find_map(|line| line.strip_prefix("left to do: ")).unwrap_or_default();
    assert!(left.contains("consumer, mapping") && left.ends_with("; run it again to go on from here"), "{}", run.err);
    assert_eq!(site.calls_of("CreateEventSourceMapping").len(), 0, "the mapping was not to be begun");
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

#[test]
fn the_second_stops_at_once() {
    let site = Site::new(MAIN);
    let mut running = begun(&site, Duration::from_secs(8));
    let mut err = BufReader::new(running.0.stderr.take().unwrap());
    signal(running.0.id(), "INT");
    // Two that come before the process runs are one.
    heard(&mut err, "interrupted: finishing");
    signal(running.0.id(), "INT");
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
    let made = site.calls_of("CreateFunction");
    assert!(made.iter().any(|call| call.ended.is_none()), "it waited for the call: {made:?}");
    // The call that was under way takes effect in AWS all the same, and is found.
    until("the lost call to end", || site.calls_of("CreateFunction").iter().all(|call| call.ended.is_some()));
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

/// A step that waits has no call in flight: nothing is lost by ending its wait.
#[test]
fn a_wait_is_ended_at_once() {
    let site = Site::new(MAIN);
    let text = "The role defined for the function cannot be assumed by Lambda.";
    let never = Rule::on("lambda", "CreateFunction").fail(400, "InvalidParameterValueException", text);
    let never = site.user.account.set(never);
    let mut command = site.user.command(&["apply", "--yes"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    until("the role to be waited for", || site.user.account.fired(never) >= 6);
    let start = Instant::now();
    signal(running.0.id(), "INT");
    while running.0.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "it goes on waiting");
        std::thread::sleep(Duration::from_millis(20));
    }
    let run = ended(running);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert!(run.err.contains("left to do: "), "{}", run.err);
}
