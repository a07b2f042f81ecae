//! One at a time: two runs of one pipeline, and what a dead one leaves behind.

use std::io::{BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use pipe_test_support::{Rule, Run};
use serde_json::{Value, json};

use crate::site::{MAIN, Running, Site, WHOLE, heard, signal, until};

const LEASE: &str = "/pipe/gateway-events/lease";
/// Another spec of the same pipeline, so that there is something to do.
const MORE_MEMORY: (&str, &str) = ("memory_mb: 128", "memory_mb: 256");

/// The lease as it is in the account.
fn lease(site: &Site) -> Option<Value> {
    let answer = site.user.account.ask("ssm", "AmazonSSM.GetParameters", "/", &json!({ "Names": [LEASE] }));
    serde_json::from_str(answer["Parameters"][0]["Value"].as_str()?).ok()
}

/// Writes a lease as it is.
pub fn put(site: &Site, name: &str, value: &Value) {
    let input = json!({ "Name": name, "Value": value.to_string(), "Type": "String", "Overwrite": true });
    let answer = site.user.account.ask("ssm", "AmazonSSM.PutParameter", "/", &input);
    assert!(answer["Version"].is_i64(), "{answer}");
}

/// A lease as a run on another machine has it, ending so many seconds from now.
fn foreign(site: &Site, seconds: i64) {
    let time = |offset: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let time = aws_smithy_types::DateTime::from_secs(now + offset);
        time.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap()
    };
    // The names are other people's texts.
    let value = json!({ "holder": "ada@elsewhere\u{1b}[2J\n", "host": "elsewhere", "process": 1, "started": time(-100),
        "expires": time(seconds), "token": "another" });
    put(site, LEASE, &value);
}

/// Begins an apply that has the lease and waits until the account's rules are cleared, and returns when that is so.
fn holding(site: &Site) -> Running {
    let text = "The role defined for the function cannot be assumed by Lambda.";
    let waits = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer");
    let waits = site.user.account.set(waits.fail(400, "InvalidParameterValueException", text));
    let mut command = site.user.command(&["apply", "--yes"]);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    until("the consumer to be made", || site.user.account.fired(waits) >= 1);
    running
}

#[test]
fn the_second_is_told_who_has_it_and_since_when() {
    let site = Site::new(MAIN);
    let first = holding(&site);
    let lease = lease(&site).unwrap();
    let second = site.user.run(&["apply", "--yes"]);
    assert_eq!(second.code, Some(1), "{}", second.err);
    let (holder, started) = (lease["holder"].as_str().unwrap(), lease["started"].as_str().unwrap());
    let said = format!("`gateway-events` is being changed by {holder} since {started}");
    assert!(second.err.contains(&said) && second.err.contains("--wait"), "{}", second.err);
    // Looking needs no lease.
    assert_eq!(site.user.run(&["diff"]).code, Some(0));
    site.user.account.clear_rules();
    ended(first, 0);
    assert_eq!(self::lease(&site), None, "it is released");
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

fn ended(mut running: Running, code: i32) {
    assert_eq!(running.0.wait().unwrap().code(), Some(code));
}

#[test]
fn with_wait_it_plans_again_after_the_first() {
    let site = Site::new(MAIN);
    let first = holding(&site);
    let mut command = site.user.command(&["apply", "--yes", "--wait"]);
    let mut second = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut err = BufReader::new(second.0.stderr.take().unwrap());
    let said = heard(&mut err, "who has been changing `gateway-events`");
    assert!(said.contains("waiting for "), "{said}");
    site.user.account.clear_rules();
    let (mut out, mut more) = (String::new(), String::new());
    err.read_to_string(&mut more).unwrap();
    second.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.contains("Nothing to do"), "the first has done it all: {out}{more}");
    ended(second, 0);
    ended(first, 0);
    let made = site.calls_of("CreateFunction").into_iter().filter(|call| call.status == Some(201)).count();
    assert_eq!(made, 2, "each function was made once");
    assert_eq!(site.census(), WHOLE);
}

#[test]
fn what_a_killed_run_on_this_machine_held_is_free_at_once() {
    let site = Site::new(MAIN);
    let first = holding(&site);
    signal(first.0.id(), "KILL");
    drop(first);
    site.user.account.clear_rules();
    until("what was under way to end", || site.user.account.calls().iter().all(|call| call.ended.is_some()));
    assert!(lease(&site).is_some());
    site.user.converge();
    assert_eq!((site.census().as_str(), lease(&site)), (WHOLE, None));
}

#[test]
fn a_lease_from_elsewhere_holds_until_its_end() {
    let site = Site::applied();
    site.user.edit(MORE_MEMORY.0, MORE_MEMORY.1);
    foreign(&site, 600);
    let refused = site.user.run(&["apply", "--yes"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("is being changed by ada@elsewhere\\u{1b}[2J\\n since"), "{}", refused.err);
    let waited = site.user.run(&["apply", "--yes", "--wait", "--timeout", "5"]);
    assert_eq!(waited.code, Some(1));
    assert!(waited.err.ends_with("nothing was changed: the other run still has the lease\n"), "{}", waited.err);
    assert!(!site.written().iter().any(|operation| operation.starts_with("Update")), "nothing was changed");
    foreign(&site, 1);
    std::thread::sleep(Duration::from_secs(2));
    site.user.converge();
    assert_eq!(lease(&site), None);
}

/// Two that write one parameter at the same moment: neither may go on as if there were no leases here.
#[test]
fn too_many_updates_of_the_lease_are_waited_out() {
    let site = Site::new(MAIN);
    let both = Rule::on("ssm", "PutParameter").times(2).fail(400, "TooManyUpdates", "");
    let both = site.user.account.set(both);
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!((run.code, site.user.account.fired(both)), (Some(0), 2), "{}", run.err);
    assert!(!run.err.contains("lease"), "{}", run.err);
    assert_eq!(lease(&site), None);
}

/// The loser of two that take over an expired lease writes nothing more: its version was not the next one.
#[test]
fn of_two_that_take_over_one_wins() {
    let site = Site::applied();
    site.user.edit(MORE_MEMORY.0, MORE_MEMORY.1);
    foreign(&site, -1);
    let overwrite = Rule::on("ssm", "PutParameter").containing("\"Overwrite\":true");
    let both = site.user.account.set(overwrite.times(2).together(2));
    let commands = [&["apply", "--yes"], &["apply", "--yes"]].map(|arguments| site.user.command(arguments));
    let running: Vec<_> =
        commands.map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).into();
    let runs: Vec<Run> = running.into_iter().map(|child| Run::of(child.wait_with_output().unwrap())).collect();
    assert_eq!(site.user.account.fired(both), 2, "both found it expired");
    let mut codes: Vec<_> = runs.iter().map(|run| run.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)], "{runs:?}");
    assert!(runs.iter().any(|run| run.err.contains("is being changed by")), "{runs:?}");
    assert_eq!(site.calls_of("UpdateFunctionConfiguration").len(), 1);
}

#[test]
fn unlock_ends_it_after_asking() {
    let site = Site::applied();
    assert!(site.user.pipe(&["unlock"]).contains("`gateway-events` is not locked"));
    foreign(&site, 600);
    let asked = site.user.run(&["unlock"]);
    assert_eq!(asked.code, Some(3));
    assert!(asked.out.contains("held by ada@elsewhere") && asked.err.contains("--yes"), "{}{}", asked.out, asked.err);
    assert!(lease(&site).is_some());
    site.user.pipe(&["unlock", "--name", "gateway-events", "--yes"]);
    assert_eq!(lease(&site), None);
}

#[test]
fn without_the_right_to_it_a_run_goes_on_with_a_warning() {
    let site = Site::new(MAIN);
    let denied = Rule::on("ssm", "PutParameter").fail(
        400,
        "AccessDeniedException",
        "User is not authorized to perform: ssm:PutParameter",
    );
    site.user.account.set(denied);
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains("warning: this run has no lease"), "{}", run.err);
    assert_eq!(site.census(), WHOLE);
}

#[test]
fn a_lost_answer_to_the_first_write_is_no_foreign_lease() {
    let site = Site::applied();
    site.user.edit(MORE_MEMORY.0, MORE_MEMORY.1);
    let lost = site.user.account.set(Rule::on("ssm", "PutParameter").times(1).reset_after());
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!((run.code, run.err.contains("warning")), (Some(0), false), "{}", run.err);
    assert_eq!((site.user.account.fired(lost), lease(&site)), (1, None));
}

#[test]
fn after_its_time_nothing_new_is_begun() {
    let site = Site::new(MAIN);
    let slow = Rule::on("lambda", "CreateFunction").containing("gateway-events-consumer").delay(Duration::from_secs(8));
    site.user.account.set(slow);
    let run = site.user.run(&["apply", "--yes", "--timeout", "2"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.err.contains("2 s are over: finishing what is under way") && run.err.contains("left to do: "),
        "{}",
        run.err
    );
    assert_eq!(site.calls_of("CreateEventSourceMapping").len(), 0);
    assert_eq!(lease(&site), None, "it is released");
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}

/// A run that cannot know whether another is under way may not begin.
#[test]
fn while_nobody_knows_who_has_it_nothing_is_begun() {
    let site = Site::new(MAIN);
    let rule = site.user.account.set(Rule::on("ssm", "PutParameter").fail(500, "InternalServerError", ""));
    let run = site.user.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("it is not known whether another run is under way"), "{}", run.err);
    assert!(site.user.account.fired(rule) > 1, "it is asked for again");
    assert!(site.written().iter().all(|operation| operation == "PutParameter"), "{:?}", site.written());
}
